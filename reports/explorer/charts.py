"""The figures of the explorer, from results to Plotly figures with concrete colours for light and dark."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from ..figures.curves import Curve
from ..figures.drawing import DASHES, SYMBOLS, error_bars, six_digits
from ..pages.language import Language
from .series import LEVELS, Breakdown
from .words import behaviour_title, class_title, outcome_title, words
from .work import Heat, Result, Timeline

Theme = Literal["light", "dark"]

FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",'
    " sans-serif"
)
"""With Chinese fonts of every system, so that Chinese shows in a saved picture too."""

COLOURS: Mapping[str, Mapping[str, Any]] = {
    "light": {
        "ink": "#1d2733", "muted": "#55606d", "grid": "#dfe3e8", "paper": "#ffffff",
        "arms": ("#0f5c99", "#c2540a", "#0a7d6b", "#7a4ea3"),
        "bands": ("rgba(15,92,153,.16)", "rgba(194,84,10,.16)", "rgba(10,125,107,.16)", "rgba(122,78,163,.16)"),
        "heat": ("#0f5c99", "#f4f4f2", "#c2540a"),
    },
    "dark": {
        "ink": "#e4e8ec", "muted": "#a5afba", "grid": "#313a44", "paper": "#1a1f26",
        "arms": ("#6cb2f0", "#f2a154", "#4cc9b0", "#c9a2ec"),
        "bands": ("rgba(108,178,240,.2)", "rgba(242,161,84,.2)", "rgba(76,201,176,.2)", "rgba(201,162,236,.2)"),
        "heat": ("#4a90cf", "#20262e", "#d98238"),
    },
}  # fmt: skip


def blank(theme: Theme, height: int) -> go.Figure:
    """An empty figure in the style of all others."""
    colours = COLOURS[theme]
    axis = {
        "gridcolor": colours["grid"], "linecolor": colours["grid"], "zerolinecolor": colours["muted"],
        "zeroline": False, "automargin": True, "fixedrange": True,
    }  # fmt: skip
    return go.Figure(
        layout={
            "template": go.layout.Template(),
            "height": height,
            "autosize": True,
            "paper_bgcolor": colours["paper"],
            "plot_bgcolor": colours["paper"],
            "font": {"family": FONT, "size": 13, "color": colours["ink"]},
            "margin": {"l": 8, "r": 12, "t": 34, "b": 8},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
            "hoverlabel": {"bgcolor": colours["paper"], "font": {"color": colours["ink"]}},
            "dragmode": False,
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def time_figures(
    result: Result, outcome: str, by: Breakdown, language: Language, theme: Theme, letters: str
) -> list[tuple[str, go.Figure]]:
    """One figure for the whole market, or one per size class or behaviour, each with its heading."""
    keys = list(result.arms[0].lines[outcome, by])
    found = []
    for key in keys:
        curves = [arm.lines[outcome, by][key] for arm in result.arms]
        if by != "all" and not any(curve.mean.any() for curve in curves):
            continue
        found.append(
            (
                line_title(key, by, language),
                _lines(result, curves, outcome, language, theme, letters, 360 if by == "all" else 240),
            )
        )
    return found


def line_title(key: str, by: Breakdown, language: Language) -> str:
    """What one curve of a breakdown is called; nothing for the whole market."""
    if by == "all":
        return ""
    return class_title(key, language) if by == "size" else behaviour_title(key, language)


def _lines(
    result: Result, curves: Sequence[Curve], outcome: str, language: Language, theme: Theme, letters: str, height: int
) -> go.Figure:
    figure, colours, text = blank(theme, height), COLOURS[theme], words(language)
    for place, curve in enumerate(curves):
        x = dates(result.start, curve.days)
        label = text["arm_name"].format(letter=letters[place])
        if all(map(math.isfinite, curve.low)):
            figure.add_scatter(
                x=[*x, *x[::-1]],
                y=[*six_digits(curve.high), *six_digits(curve.low)[::-1]],
                fill="toself", fillcolor=colours["bands"][place], line={"width": 0}, mode="lines",
                hoverinfo="skip", showlegend=False, legendgroup=label,
            )  # fmt: skip
        figure.add_scatter(
            name=label,
            x=x,
            y=six_digits(curve.mean),
            mode="lines+markers",
            marker={"size": 5, "symbol": SYMBOLS[place], "color": colours["arms"][place]},
            line={"color": colours["arms"][place], "width": 2.2, "dash": DASHES[place]},
            legendgroup=label,
            customdata=[[place, float(day), span] for day, span in zip(curve.days, _spans(curve), strict=True)],
            hovertemplate="%{x}: %{y:,.4~g} (%{customdata[2]})<extra>" + label + "</extra>",
        )
    figure.update_yaxes(
        rangemode="tozero",
        nticks=5,
        title={
            "text": text["at_end" if outcome in LEVELS else "per_month"],
            "font": {"color": colours["muted"], "size": 12},
        },
    )
    figure.update_xaxes(nticks=6, showgrid=False)
    return figure


def _spans(curve: Curve) -> list[str]:
    return [
        f"{low:,.4g} – {high:,.4g}" if math.isfinite(low) else "–"
        for low, high in zip(curve.low, curve.high, strict=True)
    ]


def dates(start: str, days: Sequence[float] | Any) -> list[str]:
    """Days of a run as dates."""
    first = datetime.date.fromisoformat(start)
    return [(first + datetime.timedelta(days=float(day))).isoformat() for day in days]


def difference_figure(
    result: Result, breakdown: str, metric: str, language: Language, theme: Theme, letters: str
) -> go.Figure:
    """Paired differences from A by size class or by behaviour: a bar per policy, a line for its interval."""
    colours, text = COLOURS[theme], words(language)
    names = result.sizes if breakdown == "size" else result.behaviours
    title = class_title if breakdown == "size" else behaviour_title
    shown = [name for name in names if any(_cell(arm, breakdown, name, metric) is not None for arm in result.arms[1:])]
    figure = blank(theme, 90 + len(shown) * (26 + 20 * (len(result.arms) - 1)))
    for place, arm in enumerate(result.arms[1:], 1):
        cells = [_cell(arm, breakdown, name, metric) or (math.nan, math.nan, math.nan) for name in shown]
        figure.add_bar(
            name=text["against"].format(letter=letters[place]),
            orientation="h",
            y=[title(name, language) for name in shown],
            x=six_digits(mean for mean, _, _ in cells),
            marker={"color": colours["arms"][place]},
            error_x=error_bars(
                [m for m, _, _ in cells], [low for _, low, _ in cells], [high for _, _, high in cells], colours["ink"]
            ),
            customdata=[
                [place, name, f"{low:,.4g} – {high:,.4g}"] for name, (_, low, high) in zip(shown, cells, strict=True)
            ],
            hovertemplate="%{y}: %{x:+,.4~g} (%{customdata[2]})",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(zeroline=True, nticks=6)
    figure.update_layout(bargap=0.35, showlegend=True)
    return figure


def _cell(arm: Any, breakdown: str, name: str, metric: str) -> tuple[float, float, float] | None:
    table = arm.by_size if breakdown == "size" else arm.by_behaviour
    found = table.get((name, metric))
    return None if found is None else (found.mean, found.low, found.high)


def heat_map(heat: Heat, titles: tuple[str, str], language: Language, theme: Theme) -> go.Figure:
    """Differences of every combination; the colour is symmetric about zero, bold where the interval excludes zero."""
    colours = COLOURS[theme]
    values = [[cell[0] if math.isfinite(cell[0]) else None for cell in row] for row in heat.cells]
    most = max((abs(value) for row in values for value in row if value is not None), default=1.0) or 1.0
    figure = blank(theme, 120 + 64 * len(heat.ys))
    figure.add_heatmap(
        x=[f"{x:,.6g}" for x in heat.xs],
        y=[f"{y:,.6g}" for y in heat.ys],
        z=values,
        zmid=0,
        zmin=-most,
        zmax=most,
        colorscale=[[0, colours["heat"][0]], [0.5, colours["heat"][1]], [1, colours["heat"][2]]],
        text=[[_cell_text(cell) for cell in row] for row in heat.cells],
        texttemplate="%{text}",
        textfont={"size": 12},
        customdata=[[f"{cell[1]:,.4g} – {cell[2]:,.4g}" for cell in row] for row in heat.cells],
        hovertemplate="%{x}, %{y}: %{z:+,.4~g} (%{customdata})<extra></extra>",
        xgap=2,
        ygap=2,
        colorbar={"thickness": 12, "outlinewidth": 0},
    )
    figure.update_xaxes(type="category", title={"text": titles[0]}, showgrid=False)
    figure.update_yaxes(type="category", title={"text": titles[1]}, showgrid=False)
    return figure


def _cell_text(cell: tuple[float, float, float]) -> str:
    mean, low, high = cell
    if not math.isfinite(mean):
        return "–"
    text = f"{mean:+,.3g}"
    return f"<b>{text}</b>" if low > 0 or high < 0 else text


_LANES: Sequence[tuple[str, tuple[str, ...]]] = (
    ("violation", ("violation", "violation-ended", "taken-down", "copies-spread", "copies-removed", "copies-faded")),
    ("suspicion", ("complaint", "store-report", "inspection", "self-reported", "supporter-sanctioned")),
    ("case", ("case-opened", "investigation", "upheld", "dismissed", "case-closed", "referred")),
    ("sanction", ("sanctioned", "warning", "rectify", "fine", "suspend-updates", "suspend-registration",
                  "suspend-service", "app-removal", "revocation", "staff-fined", "confiscated", "published")),
    ("follow-up", ("rectified", "not-rectified", "forgiven", "appealed", "appeal-rejected", "appeal-upheld",
                   "updates-restored", "registration-restored", "service-restored")),
    ("market", ("entered", "exited", "listed", "listing-refused", "delisted", "relisted", "relisting-refused",
                "filing-submitted", "filing-supplement", "filing-decided", "filed", "users-moved", "reentered",
                "moved-abroad", "over-removed", "insolvent", "certified", "filing-cancelled", "exempt")),
)  # fmt: skip

LANES: Mapping[Language, tuple[str, ...]] = {
    "en": ("Breaches", "Suspicion", "Case", "Measures", "Follow-up", "Market"),
    "zh": ("违法", "线索", "案件", "措施", "后续", "市场"),
}


def life(timeline: Timeline, start: str, language: Language, theme: Theme) -> go.Figure:
    """The events of one provider in lanes, from breaches at the top to the market at the bottom."""
    figure, colours = blank(theme, 330), COLOURS[theme]
    lane_of = {kind: place for place, (_, kinds) in enumerate(_LANES) for kind in kinds}
    symbols = ("x", "triangle-up", "circle", "diamond", "square", "circle-open")
    shades = (
        colours["arms"][1],
        colours["arms"][3],
        colours["muted"],
        colours["arms"][0],
        colours["arms"][2],
        colours["muted"],
    )
    for place, name in enumerate(LANES[language]):
        own = [event for event in timeline.events if lane_of.get(str(event["kind"])) == place]
        figure.add_scatter(
            name=name,
            x=dates(start, [event["time"] for event in own]),
            y=[place] * len(own),
            mode="markers",
            marker={"symbol": symbols[place], "size": 10, "color": shades[place]},
            text=[str(event["kind"]) for event in own],
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    figure.update_yaxes(
        tickvals=list(range(len(_LANES))), ticktext=list(LANES[language]), autorange="reversed", showgrid=True
    )
    figure.update_xaxes(nticks=6, showgrid=False)
    figure.update_layout(showlegend=False, margin={"t": 10})
    return figure


__all__ = ["COLOURS", "Theme", "dates", "difference_figure", "heat_map", "life", "outcome_title", "time_figures"]
