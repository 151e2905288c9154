"""The figure of each analysis of a study, with the same numbers as a table, in the look of the other figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shenhe.core.text import one_line
from shenhe.simulator.analysis import Analysis
from shenhe.simulator.runs.intervals import change_within_bounds, relative_within_bounds, within_bounds
from shenhe.simulator.runs.outcomes import kind_of

from ..quantities import quantity
from .drawing import DASHES, SYMBOLS, Figure, Numbers, blank_figure, error_bars, figure_json, six_digits

MANY = 600
"""More points than these say no more to an eye."""


def shown(analysis: Analysis) -> pd.DataFrame:
    """The table of an analysis as text, numbers as a person reads them."""
    columns: dict[str, list[str]] = {}
    rows = analysis.table["unit"] if "unit" in analysis.table else [""] * len(analysis.table)
    for name in map(str, analysis.table.columns):
        if name not in ("title", "unit"):
            units = rows if name in OF_ROW else [analysis.units.get(name, "")] * len(analysis.table)
            columns[heading(name)] = [
                _cell(value, name, unit) for value, unit in zip(analysis.table[name], units, strict=True)
            ]
    return pd.DataFrame(columns)


OF_ROW = ("mean_baseline", "mean", "difference", "lo95", "hi95", "lo_all", "hi_all")
"""Columns whose unit is that of the row, where rows have one."""


HEADINGS = {
    "mean_baseline": "baseline",
    "lo95": "from",
    "hi95": "to",
    "lo_all": "from, all",
    "hi_all": "to, all",
    "p_holm": "p, Holm",
    "better_worlds": "better in worlds",
    "best_worlds": "best in worlds",
    "clearly_better": "clearly better in",
    "clearly_worse": "clearly worse in",
    "good_worlds": "good enough in worlds",
    "of_range": "of its range",
    "dropped_at": "dropped at",
}


def heading(name: str) -> str:
    """What a column is called in a table for people."""
    return HEADINGS.get(name, name.removesuffix("_conf") + " ±" if name.endswith("_conf") else name.replace("_", " "))


def _cell(value: Any, column: str, unit: str) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, int | float | np.integer | np.floating):
        if column in ("p", "p_holm"):
            return "–" if math.isnan(value) else f"{value:.2g}" if value >= 1e-4 else "< 0.0001"
        if column in ("n", "dropped_at", "worst_world"):
            return f"{int(value):,}" if value or column != "dropped_at" else ""
        return quantity(float(value), unit)
    return one_line(str(value), 120)


def figure_of(analysis: Analysis) -> Figure | None:
    """The figure of an analysis; None where there is nothing to draw."""
    draw = {
        "compare": _compare,
        "rank": _rank,
        "sensitivity": _sensitivity,
        "discover": _discover,
        "tree": _tree,
        "dose": _dose,
        "heat": _heat,
        "series": _series,
        "pareto": _pareto,
        "robust": _robust,
        "worlds": _worlds,
        "tipping": _tipping,
    }
    if analysis.table.empty:
        return None
    figure, caption = draw[analysis.kind](analysis)
    table = shown(analysis)
    numbers = Numbers(tuple(table.columns), tuple(tuple(row) for row in table.itertuples(index=False)))
    return Figure(analysis.kind, analysis.title, caption, figure_json(figure), numbers)


def _rows(count: int) -> int:
    return 70 + 27 * max(2, count)


def _names(figure: go.Figure, names: list[str]) -> None:
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False, ticks="")
    figure.update_layout(hovermode="closest", margin={"l": 8, "r": 16, "t": 8, "b": 8})


def _worlds(analysis: Analysis) -> tuple[go.Figure, str]:
    table = analysis.table
    figure = blank_figure(height=320)
    figure.add_scatter(
        x=table["worlds"].tolist(),
        y=six_digits(table["mean"]),
        mode="lines+markers",
        line={"color": "var(--run-1)"},
        error_y=_half_widths(analysis, table, str(analysis.facts["metric"]), "mean", "var(--run-1)", 1.5),
        hovertemplate="%{x} worlds: %{y:.4g}",
    )
    figure.update_xaxes(title="worlds", type="log")
    figure.update_yaxes(zeroline=True, zerolinecolor="var(--ink)", zerolinewidth=1)
    return figure, "The mean over the first worlds of the design. Bars are 95 % intervals over worlds."


def _compare(analysis: Analysis) -> tuple[go.Figure, str]:
    table = analysis.table.assign(scale=lambda f: 100 / f["mean_baseline"].abs().replace(0, np.nan))
    arms, metrics = list(dict.fromkeys(table["arm"])), list(dict.fromkeys(table["metric"]))[: len(DASHES)]
    figure = blank_figure(height=_rows(len(arms) * min(len(metrics), 3)) + 30)
    for place, metric in enumerate(metrics):
        rows = table[table["metric"] == metric].dropna(subset=["scale"])
        x = rows["difference"] * rows["scale"]
        low, high = relative_ends(rows)
        colour = f"var(--run-{place + 1})"
        figure.add_scatter(
            name=metric.replace("_", " "),
            x=six_digits(x),
            y=rows["arm"].tolist(),
            mode="markers",
            marker={"color": colour, "size": 8, "symbol": SYMBOLS[place]},
            error_x=error_bars(x, low, high, colour),
            hovertemplate="%{y}: %{x:+.1f} %",
            orientation="h",
            offsetgroup=metric,
        )
    # One line for each metric of an arm, or bars of the same arm would hide each other.
    figure.update_layout(scattermode="group", scattergap=0.4)
    figure.update_xaxes(ticksuffix=" %", zeroline=True, zerolinecolor="var(--ink)", zerolinewidth=1)
    _names(figure, arms)
    return (
        figure,
        (
            f"Change against {analysis.facts['baseline']}, in per cent of it. Bars are 95 % intervals that hold for all"
            " comparisons at once; where one leaves out zero, the difference is beyond chance."
        ),
    )


def relative_ends(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """The simultaneous intervals of the rows of a comparison of arms, in per cent of the baseline."""
    ends = [
        relative_within_bounds(low / abs(base), high / abs(base), base, kind_of(metric, unit))
        for low, high, base, metric, unit in rows[["lo_all", "hi_all", "mean_baseline", "metric", "unit"]].itertuples(
            index=False
        )
    ]
    return [100 * low for low, _ in ends], [100 * high for _, high in ends]


def _half_widths(
    analysis: Analysis, rows: pd.DataFrame, metric: str, column: str, colour: str, thickness: float
) -> dict[str, Any]:
    """Error bars from a column and its half-widths, cut where no mean of the metric, or no difference, can be."""
    kind = kind_of(metric, analysis.units.get(column, ""))
    cut = change_within_bounds if "baseline" in analysis.facts else within_bounds
    ends = [
        cut(mean - half, mean + half, kind) for mean, half in zip(rows[column], rows[f"{column}_conf"], strict=True)
    ]
    return error_bars(rows[column], [low for low, _ in ends], [high for _, high in ends], colour, thickness)


def _rank(analysis: Analysis) -> tuple[go.Figure, str]:
    table = analysis.table
    figure = blank_figure(height=_rows(len(table)))
    colours = {"best": "var(--run-1)", "undecided": "var(--run-2)"}
    for status in dict.fromkeys(table["status"]):
        rows = table[table["status"] == status]
        figure.add_bar(
            name=status,
            x=six_digits(rows["mean"]),
            y=rows["arm"].tolist(),
            orientation="h",
            marker={"color": colours.get(status, "var(--faint)")},
            hovertemplate="%{y}: %{x:.4g}",
        )
    _names(figure, table["arm"].tolist())
    return figure, "The mean of each arm over worlds and replications, best first. " + analysis.notes[0]


def _sensitivity(analysis: Analysis) -> tuple[go.Figure, str]:
    table = analysis.table.head(20)
    figure = blank_figure(height=_rows(len(table)) + 20)
    measures = [name for name in ("total", "first", "mu_star") if name in table]
    words = {
        "total": "with all its interactions",
        "first": "without interactions",
        "mu_star": "mean size of the effect",
    }
    for place, name in enumerate(measures):
        colour = f"var(--run-{place + 1})"
        x, conf = table[name], table[f"{name}_conf"]
        figure.add_scatter(
            name=words[name],
            x=six_digits(x),
            y=table["parameter"].tolist(),
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[place]},
            error_x=error_bars(x, x - conf, x + conf, colour),
            hovertemplate="%{y}: %{x:.3f}",
        )
    figure.update_xaxes(rangemode="tozero")
    _names(figure, table["parameter"].tolist())
    return (
        figure,
        "Which unknown moves the outcome, the most important first, with 95 % intervals by bootstrap. "
        + analysis.notes[0],
    )


def _discover(analysis: Analysis) -> tuple[go.Figure, str]:
    points = analysis.details["points"].head(MANY)
    numeric = [name for name in analysis.table["parameter"] if pd.api.types.is_numeric_dtype(points[name])]
    others = [
        name
        for name in points.columns
        if name not in numeric
        and name not in ("world", "value", "interesting", "inside")
        and pd.api.types.is_numeric_dtype(points[name])
    ]
    axes = (numeric + others)[:2]
    figure = blank_figure(height=420)
    for interesting, name, colour, symbol in (
        (True, "of interest", "var(--run-2)", "circle"),
        (False, "not", "var(--faint)", "circle-open"),
    ):
        rows = points[points["interesting"] == interesting]
        figure.add_scatter(
            name=name,
            x=six_digits(rows[axes[0]]),
            y=six_digits(rows[axes[1]]) if len(axes) > 1 else [0.0] * len(rows),
            mode="markers",
            marker={"color": colour, "size": 7, "symbol": symbol},
        )
    bounds = analysis.table.set_index("parameter")
    ends: list[float] = []
    for name in axes:
        if name in bounds.index and math.isfinite(bounds.loc[name, "low"]):
            ends += [float(bounds.loc[name, "low"]), float(bounds.loc[name, "high"])]
        else:
            ends += [float(points[name].min()), float(points[name].max())]
    if len(axes) > 1:
        figure.add_shape(
            type="rect", x0=ends[0], x1=ends[1], y0=ends[2], y1=ends[3], line={"color": "var(--run-1)", "width": 2}
        )
    figure.update_layout(hovermode="closest", xaxis={"title": {"text": axes[0]}})
    if len(axes) > 1:
        figure.update_layout(yaxis={"title": {"text": axes[1]}})
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 40})
    return figure, (
        "Each point is a world; the frame is the box, seen along the two parameters that bound it the most clearly. "
        + analysis.notes[0]
    )


def _tree(analysis: Analysis) -> tuple[go.Figure, str]:
    table = analysis.table
    figure = blank_figure(height=_rows(len(table)))
    figure.add_bar(
        x=six_digits(100 * table["share"]),
        y=table["region"].tolist(),
        customdata=table["worlds"].tolist(),
        orientation="h",
        marker={"color": "var(--run-1)"},
        hovertemplate="%{x:.0f} % of %{customdata} worlds",
    )
    figure.update_xaxes(ticksuffix=" %", range=[0, 100])
    _names(figure, table["region"].tolist())
    return figure, "The share of worlds of interest in each region of the tree. " + analysis.notes[0]


def _dose(analysis: Analysis) -> tuple[go.Figure, str]:
    table, along = analysis.table, str(analysis.facts["along"])
    figure = blank_figure(height=400)
    for place, (arm, rows) in enumerate(table.groupby("arm", sort=False)):
        colour = f"var(--run-{place % len(DASHES) + 1})"
        figure.add_scatter(
            name=str(arm),
            x=six_digits(rows[along]),
            y=six_digits(rows["mean"]),
            mode="lines+markers",
            line={"color": colour, "dash": DASHES[place // len(DASHES) % len(DASHES)]},
            marker={"symbol": SYMBOLS[place % len(SYMBOLS)]},
            error_y=error_bars(rows["mean"], rows["lo95"], rows["hi95"], colour),
        )
    words = heading(str(analysis.facts["metric"]))
    if "baseline" in analysis.facts:
        words += f", difference from {analysis.facts['baseline']}"
    figure.update_layout(xaxis={"title": {"text": along}}, yaxis={"title": {"text": words}})
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 40})
    return figure, f"How the outcome responds to {along}. {analysis.notes[0]}"


def _series(analysis: Analysis) -> tuple[go.Figure, str]:
    figure = blank_figure(height=400)
    for place, (arm, rows) in enumerate(analysis.table.groupby("arm", sort=False)):
        colour = f"var(--run-{place % len(DASHES) + 1})"
        x = six_digits(rows["day"])
        if not rows["lo95"].isna().any():
            figure.add_scatter(
                x=[*x, *x[::-1]],
                y=[*six_digits(rows["hi95"]), *six_digits(rows["lo95"])[::-1]],
                fill="toself",
                fillcolor=f"var(--run-{place % len(DASHES) + 1}-band)",
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            name=str(arm),
            x=x,
            y=six_digits(rows["mean"]),
            mode="lines",
            line={"color": colour, "dash": DASHES[place // len(DASHES) % len(DASHES)]},
        )
    words = heading(str(analysis.facts["metric"]))
    if "baseline" in analysis.facts:
        words += f", difference from {analysis.facts['baseline']}"
    figure.update_layout(xaxis={"title": {"text": "days since the start"}}, yaxis={"title": {"text": words}})
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 40})
    return figure, analysis.notes[0]


def _heat(analysis: Analysis) -> tuple[go.Figure, str]:
    x, y = str(analysis.facts["x"]), str(analysis.facts["y"])
    wide = analysis.table.pivot(index=y, columns=x, values="mean")
    figure = blank_figure(height=440)
    figure.add_heatmap(
        x=[f"{value:.4g}" for value in wide.columns],
        y=[f"{value:.4g}" for value in wide.index],
        z=[six_digits(row) for row in wide.to_numpy(dtype=float)],
        colorscale="Viridis",
        hovertemplate=f"{x} %{{x}}, {y} %{{y}}: %{{z:.4g}}<extra></extra>",
    )
    # Categories: the values of a design are not evenly spread, and a cell is a value and not an area.
    figure.update_layout(
        xaxis={"title": {"text": x}, "type": "category"}, yaxis={"title": {"text": y}, "type": "category"}
    )
    figure.update_layout(hovermode="closest")
    words = heading(str(analysis.facts["metric"]))
    return figure, f"{words[0].upper()}{words[1:]} over {x} and {y}, the mean over worlds. {analysis.notes[0]}"


def _pareto(analysis: Analysis) -> tuple[go.Figure, str]:
    table, x, y = analysis.table, str(analysis.facts["x"]), str(analysis.facts["y"])
    figure = blank_figure(height=440)
    for front, name, colour in ((True, "beaten by no other", "var(--run-1)"), (False, "beaten", "var(--faint)")):
        rows = table[table["front"] == front]
        labelled = front and len(rows) <= 12
        # Towards the middle, where there is room; arms at one point share a label.
        middle = (float(table[x].min()) + float(table[x].max())) / 2.0
        labels = rows.groupby([x, y], sort=False)["arm"].transform(
            lambda arms: ", ".join([*arms[:2], *["…"] * (len(arms) > 2)])
        )
        first = ~rows.duplicated([x, y])
        figure.add_scatter(
            name=name,
            x=six_digits(rows[x]),
            y=six_digits(rows[y]),
            text=[label if shown else "" for label, shown in zip(labels, first, strict=True)] if labelled else None,
            customdata=rows["arm"].tolist(),
            mode="markers+text" if labelled else "markers",
            textposition=["top right" if value <= middle else "top left" for value in rows[x]],
            cliponaxis=False,
            marker={"color": colour, "size": 9, "symbol": "circle" if front else "circle-open"},
            error_x=_half_widths(analysis, rows, x, x, colour, 1.0),
            error_y=_half_widths(analysis, rows, y, y, colour, 1.0),
            hovertemplate="%{customdata}: %{x:.4g}, %{y:.4g}",
        )
    words = [heading(x), heading(y)]
    figure.update_layout(hovermode="closest", xaxis={"title": {"text": words[0]}}, yaxis={"title": {"text": words[1]}})
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 40})
    caption = (
        "Two of the objectives, with 95 % intervals. A policy may be on the front for an objective that is not drawn."
    )
    return figure, f"{caption} {analysis.notes[0]}"


def _robust(analysis: Analysis) -> tuple[go.Figure, str]:
    long = analysis.details["regret"]
    arms = analysis.table["arm"].tolist()[:12]
    figure = blank_figure(height=_rows(len(arms)) + 20)
    for arm in arms:
        values = np.sort(long.loc[long["arm"] == arm, "regret"].to_numpy())
        figure.add_box(
            name=arm,
            y=[arm],
            q1=[float(np.quantile(values, 0.25))],
            median=[float(np.median(values))],
            q3=[float(np.quantile(values, 0.75))],
            lowerfence=[float(values[0])],
            upperfence=[float(values[-1])],
            orientation="h",
            marker={"color": "var(--run-1)"},
            fillcolor="var(--run-1-band)",
            showlegend=False,
        )
    _names(figure, arms)
    return figure, "Regret over the worlds: the box holds the middle half, the whiskers all. " + analysis.notes[0]


def _tipping(analysis: Analysis) -> tuple[go.Figure, str]:
    ends = analysis.details["ends"]
    along = str(ends.columns[1])
    figure = blank_figure(height=420)
    groups = list(ends.groupby(["arm", along], sort=False, dropna=False))
    for place, ((arm, value), rows) in enumerate(groups[: 2 * len(DASHES)]):
        colour = f"var(--run-{place % len(DASHES) + 1})"
        figure.add_scatter(
            name=str(arm) if value != value else f"{arm}, {value:g}",
            x=six_digits(rows["start"]),
            y=six_digits(rows["mean"]),
            mode="lines+markers",
            line={"color": colour, "dash": DASHES[place // len(DASHES) % len(DASHES)]},
            marker={"symbol": SYMBOLS[place % len(SYMBOLS)]},
            error_y=error_bars(rows["mean"], rows["lo95"], rows["hi95"], colour),
        )
    figure.update_layout(
        xaxis={"title": {"text": f"start: {analysis.facts['start']}"}},
        yaxis={"title": {"text": heading(str(analysis.facts["metric"]))}},
    )
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 40})
    caption = "Where histories end, by where they start. A line that jumps has two ends; one that is flat has one."
    return figure, f"{caption} {analysis.notes[0]}"
