"""The figures that a regulator reads from simulated futures.

Every figure is built by plotly.py from the frames of one run or several, has a title that says what is seen in it, a
caption that says how to read it, and a table of the same numbers. Colours are names (``var(--run-1)``) that the page
resolves, so that one figure serves light and dark; runs differ by dash as well as by colour. Bands and bars are 95 %
intervals over replications, point by point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from shenhe.core.text import one_line
from shenhe.simulator import Comparison, Run
from shenhe.simulator.runs.intervals import relative_within_bounds
from shenhe.simulator.runs.outcomes import kind_of

from ..quantities import change, interval, quantity, shown_change
from .curves import MONTH, Curve, bar_width, estimate, level, moments, rate, same_start
from .drawing import DASHES, SYMBOLS, Figure, Numbers, blank_figure, error_bars, figure_json, lay_out_panel, six_digits

#: Readers cannot distinguish more runs than these.
MAX_RUNS = len(DASHES)

#: The rungs of the ladder, mildest first: column of the series, and what a person calls it.
RUNGS = {
    "warnings": "Interview or warning",
    "rectification_orders": "Order to rectify",
    "fines_imposed": "Fine",
    "update_suspensions": "Updates suspended",
    "registration_suspensions": "Registration suspended",
    "service_suspensions": "Service suspended",
    "removal_orders": "Removal from stores ordered",
    "revocations": "Revocation",
}

#: Outcomes whose difference between two policies is drawn, and in how many words.
CONTRASTS = {
    "violations": "Violations",
    "harm": "Harm",
    "complaints": "Complaints",
    "cases_opened": "Cases opened",
    "backlog_mean": "Backlog, mean",
    "action_p50": "Time to action, median",
    "warnings": "Interviews, warnings",
    "rectification_orders": "Orders to rectify",
    "fines_imposed": "Fines, number",
    "fines": "Fines, RMB",
    "update_suspensions": "Updates suspended",
    "registration_suspensions": "Registration suspended",
    "service_suspensions": "Service suspended",
    "delistings": "Removals from stores",
    "wrongful_sanctions": "Wrongful sanctions",
    "appeals": "Appeals",
    "exits": "Providers giving up",
}


def figures(runs: Sequence[Run], comparisons: Sequence[Comparison] = ()) -> list[Figure]:
    """All figures of these runs (1 to ``MAX_RUNS``), and of comparisons between them."""
    named = list(zip(names(runs), runs, strict=True))
    called = {id(run): name for name, run in named}
    contrasts = [_contrast(each, called[id(each.a)], called[id(each.b)]) for each in comparisons]
    return [
        *contrasts,
        _sanctions(named),
        _backlog(named),
        _compliance(named),
        _harm(named),
        _removals(named),
    ]


def names(runs: Sequence[Run]) -> list[str]:
    """A short name for each run: its scenario, with a number where two have the same."""
    found: list[str] = []
    for run in runs:
        base = one_line(run.scenario.name, 40)
        found.append(
            base if base not in found else f"{base} ({1 + sum(name.split(' (')[0] == base for name in found)})"
        )
    return found


# -- what is drawn


class Shift(NamedTuple):
    """How much an outcome differs, in per cent of the first policy, with the row of the comparison it comes from."""

    words: str
    change: float
    low: float
    high: float
    row: dict[str, Any]

    @property
    def unknown(self) -> bool:
        """Whether the mean difference has no interval with so few replications."""
        return not math.isfinite(self.low)

    @property
    def beyond_chance(self) -> bool:
        return self.low > 0 or self.high < 0


def _contrast(comparison: Comparison, a: str, b: str) -> Figure:
    rows = {str(row["metric"]): row for row in comparison.table.to_dict("records")}
    shifts = []
    for metric, words in CONTRASTS.items():
        row: dict[str, Any] = {str(key): value for key, value in rows.get(metric, {"mean_a": 0.0}).items()}
        # What never happens under the first policy has no per cent of it; the table of all differences has it.
        if row["mean_a"] and math.isfinite(row["mean_a"]):
            base = row["mean_a"]
            moved, low, high = (row[key] / abs(base) for key in ("difference", "lo_all", "hi_all"))
            low, high = relative_within_bounds(low, high, base, kind_of(metric, str(row["unit"])))
            shifts.append(Shift(words, 100 * moved, 100 * low, 100 * high, row))
    beyond = [shift for shift in shifts if shift.beyond_chance]
    largest = sorted(beyond, key=lambda shift: -abs(shift.change))[:3]
    listed = "; ".join(f"{shift.words.lower()} {_signed(shift.change)}" for shift in largest)
    title = f"{b} against {a}: {len(beyond)} of {len(shifts)} outcomes differ beyond chance"

    figure = blank_figure(height=56 + 27 * max(1, len(shifts)))
    for group, chosen, colour, symbol in (
        ("beyond chance", beyond, "var(--run-1)", "circle"),
        (
            "not distinguishable from no change",
            [shift for shift in shifts if shift not in beyond and not shift.unknown],
            "var(--faint)",
            "circle-open",
        ),
        (
            "too few replications for an interval of the mean",
            [shift for shift in shifts if shift.unknown],
            "var(--faint)",
            "x-thin-open",
        ),
    ):
        if not chosen and symbol == "x-thin-open":
            continue
        changes = [shift.change for shift in chosen]
        figure.add_scatter(
            name=group,
            x=six_digits(changes),
            y=[shift.words for shift in chosen],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": symbol},
            error_x=error_bars(changes, [shift.low for shift in chosen], [shift.high for shift in chosen], colour),
            hovertemplate="%{y}: %{x:+.1f} %<extra></extra>",
        )
    figure.update_xaxes(
        ticksuffix=" %",
        tickformat=",.0f",
        nticks=6,
        zeroline=True,
        zerolinecolor="var(--ink)",
        zerolinewidth=1,
    )
    upwards = [shift.words for shift in reversed(shifts)]
    figure.update_yaxes(categoryorder="array", categoryarray=upwards, showgrid=False, ticks="")
    figure.update_layout(margin={"l": 8, "r": 16, "t": 8, "b": 8}, hovermode="closest")
    cells = []
    for shift in shifts:
        unit = str(shift.row["unit"])
        means = [quantity(shift.row[key], unit) for key in ("mean_a", "mean_b")]
        span = shown_change(shift.row, "_all")
        cells.append((_with_unit(shift.words, unit), *means, change(shift.row["difference"], unit), span))
    caption = (
        f"Change from {a} to {b} in per cent of {a}: both policies use the same random draws, replication by"
        f" replication. The 95 % intervals are simultaneous (max-t): with a probability of 95 %, those of all"
        f" {len(comparison.table)} outcomes hold at once. Filled: the interval excludes zero."
    )
    return Figure(
        f"difference-{_anchor(b)}",
        f"{title} ({listed})" if listed else title,
        caption,
        figure_json(figure),
        Numbers(("Outcome", a, b, "Difference", "Simultaneous 95 % interval"), tuple(cells)),
    )


def _sanctions(named: Sequence[tuple[str, Run]]) -> Figure:
    imposed = {key: words for key, words in RUNGS.items() if any(run.series[key].any() for _, run in named)}
    rungs = imposed or RUNGS
    figure = blank_figure(height=110 + 250 * len(named))
    moment = moments([run for _, run in named])
    top, rows, spoken = 0.0, [], []
    for place, (name, run) in enumerate(named, start=1):
        suffix = "" if place == 1 else str(place)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        curves = {key: rate(run, key) for key in rungs}
        total = rate(run, *rungs)
        step = float(np.diff(total.days).min()) if len(total.days) > 1 else MONTH
        for number, (key, words) in enumerate(rungs.items()):
            figure.add_bar(
                name=words,
                x=moment(total.days),
                y=six_digits(curves[key].mean),
                marker={
                    "color": f"var(--rung-{1 + list(RUNGS).index(key)})",
                    "line": {"color": "var(--paper)", "width": 0.5},
                },
                width=bar_width(step, moment),
                legendgroup=key,
                legendrank=number,
                showlegend=place == 1,
                hovertemplate="%{y:,.2f}",
                **axes,
            )
        if run.replications > 1:
            figure.add_scatter(
                name="All, 95 % interval",
                x=moment(total.days),
                y=six_digits(total.mean),
                mode="markers",
                marker={"color": "var(--ink)", "size": 3},
                error_y=error_bars(total.mean, total.low, total.high, "var(--ink)", thickness=1),
                showlegend=place == 1,
                hovertemplate="%{y:,.2f}",
                **axes,
            )
        top = max(top, float(np.nanmax(np.where(np.isnan(total.high), total.mean, total.high), initial=0.0)))
        sums = {key: _of(run, key) for key in rungs}
        rows += [(f"{name}: {words}", *_cells(run, key)) for key, words in rungs.items()]
        money = sums.get("fines_imposed", math.nan)
        spoken.append((name, sum(value for value in sums.values() if math.isfinite(value)), money))
    for place, (name, _) in enumerate(named, start=1):
        lay_out_panel(figure, place, len(named), top=1.08 * top or 1.0, words=f"<b>{name}</b>  sanctions per 30 days")
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, margin={"t": 34})
    listed = _listed(f"{_about(total)} under {name} ({_about(fines)} of them fines)" for name, total, fines in spoken)
    if not imposed:
        listed = "none"
    return Figure(
        "sanctions",
        f"Sanctions imposed: {listed}",
        "Mean number of sanctions per 30 days by rung, mildest at the bottom; one case can draw several. The whiskers"
        " are the 95 % interval of all rungs together.",
        figure_json(figure),
        Numbers(("Sanction, whole time", "Mean", "95 % interval"), tuple(rows)),
    )


def _backlog(named: Sequence[tuple[str, Run]]) -> Figure:
    curves = [level(run, "backlog") for _, run in named]
    peaks = [(name, curve, int(np.argmax(curve.mean))) for (name, _), curve in zip(named, curves, strict=True)]
    moment = moments([run for _, run in named])
    listed = _listed(f"{_about(float(curve.mean[at]))} under {name}" for name, curve, at in peaks)
    return _lines(
        "backlog",
        f"Cases waiting for an inspector: at most {listed}",
        "Cases opened and not yet taken up, at the end of each 30 days: mean over replications; the band is the 95 %"
        " interval of the mean at that moment. The title gives the highest mean.",
        named,
        curves,
        "cases waiting",
        moment,
    )


def _harm(named: Sequence[tuple[str, Run]]) -> Figure:
    curves = [rate(run, "harm") for _, run in named]
    moment = moments([run for _, run in named])
    listed = _listed(f"{quantity(_of(run, 'harm'))} user-days under {name}" for name, run in named)
    return _lines(
        "harm",
        f"Harm over the whole time: {listed}",
        "Users exposed to violations that are still live, weighted by severity, per 30 days, with the 95 % interval of"
        " the mean. A few very large providers carry most of it, so the band is wide; the paired differences are the"
        " sharper test of a policy.",
        named,
        curves,
        "user-days per 30 days",
        moment,
    )


def _removals(named: Sequence[tuple[str, Run]]) -> Figure:
    curves = [level(run, "delistings", cumulative=True) for _, run in named]
    moment = moments([run for _, run in named])
    listed = _listed(
        f"{_about(_of(run, 'delistings'))} under {name} ({_about(_of(run, 'relistings'))} came back)"
        for name, run in named
    )
    return _lines(
        "removals",
        f"Removals from app stores: {listed}",
        "Removals since the start, one for each store that an app is taken out of, with the 95 % interval of the mean.",
        named,
        curves,
        "removals since the start",
        moment,
    )


def _compliance(named: Sequence[tuple[str, Run]]) -> Figure:
    classes = list(dict.fromkeys(item.name for _, run in named for item in run.scenario.population.classes))
    figure = blank_figure(height=84 + (30 + 18 * len(named)) * len(classes))
    rows, lowest = [], []
    for place, (name, run) in enumerate(named):
        spots = []
        for position, item in enumerate(classes):
            found = estimate(run, f"compliance_{item.replace('-', '_')}")
            if math.isfinite(found.mean):
                spots.append((position + (place - (len(named) - 1) / 2) * 0.22, item, found))
                span = interval(found.low, found.high, "share")
                rows.append((f"{item}: {name}", quantity(found.mean, "share"), span))
        colour = f"var(--run-{place + 1})"
        figure.add_scatter(
            name=name,
            x=six_digits(100 * found.mean for _, _, found in spots),
            y=[height for height, _, _ in spots],
            text=[item for _, item, _ in spots],
            mode="markers",
            marker={"color": colour, "size": 10, "symbol": SYMBOLS[place]},
            error_x=error_bars(
                [100 * found.mean for _, _, found in spots],
                [100 * found.low for _, _, found in spots],
                [100 * found.high for _, _, found in spots],
                colour,
            ),
            hovertemplate="%{text}: %{x:.1f} %",
        )
        if spots:
            _, item, found = min(spots, key=lambda spot: spot[2].mean)
            lowest.append((item, f"{100 * found.mean:.0f} % under {name}"))
    figure.update_xaxes(ticksuffix=" %", title=None, nticks=6)
    figure.update_yaxes(
        tickvals=list(range(len(classes))),
        ticktext=classes,
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        ticks="",
    )
    figure.update_layout(hovermode="closest", margin={"t": 8})
    return Figure(
        "compliance",
        _lowest(lowest),
        "Occasions on which a rule could have been broken and was not, by size class of the provider, with the 95 %"
        " interval of the mean.",
        figure_json(figure),
        Numbers(
            ("Size class", "Compliance", "95 % interval"),
            tuple(sorted(rows, key=lambda row: classes.index(row[0].split(":")[0]))),
        ),
    )


# -- how it is drawn


def _lines(
    name: str,
    title: str,
    caption: str,
    named: Sequence[tuple[str, Run]],
    curves: Sequence[Curve],
    words: str,
    moment: Callable[[Any], list[Any]],
) -> Figure:
    figure = blank_figure(height=360)
    rows = []
    for place, ((run, _), curve) in enumerate(zip(named, curves, strict=True)):
        colour = f"var(--run-{place + 1})"
        x, mean = moment(curve.days), six_digits(curve.mean)
        if np.isfinite(curve.low).any():
            figure.add_scatter(
                x=[*x, *x[::-1]],
                y=[*six_digits(curve.high), *six_digits(curve.low)[::-1]],
                fill="toself",
                fillcolor=f"var(--run-{place + 1}-band)",
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                legendgroup=run,
            )
        figure.add_scatter(
            name=run,
            x=x,
            y=mean,
            mode="lines",
            line={"color": colour, "width": 2.2, "dash": DASHES[place]},
            legendgroup=run,
            customdata=[interval(low, high) for low, high in zip(curve.low, curve.high, strict=True)],
            hovertemplate="%{y:,.3s} (%{customdata})",
        )
        rows += [
            (f"{run}: {day}", quantity(float(value)), interval(float(low), float(high)))
            for day, value, low, high in zip(x, curve.mean, curve.low, curve.high, strict=True)
        ]
    when = "" if same_start([run for _, run in named]) else ", by day since the start of each"
    lay_out_panel(figure, 1, 1, top=None, words=words + when)
    return Figure(name, title, caption, figure_json(figure), Numbers(("When", "Mean", "95 % interval"), tuple(rows)))


def _of(run: Run, metric: str) -> float:
    return estimate(run, metric).mean


def _cells(run: Run, metric: str) -> tuple[str, str]:
    found = estimate(run, metric)
    return quantity(found.mean), interval(found.low, found.high)


def _with_unit(words: str, unit: str) -> str:
    return f"{words} ({unit})" if unit and unit not in ("share", "RMB") else words


def _signed(change: float) -> str:
    return ("+" if change > 0 else "−") + f"{abs(change):.0f} %"


def _lowest(found: Sequence[tuple[str, str]]) -> str:
    """Which size class complies least, said once where it is the same under every policy."""
    if not found:
        return "Compliance by size of provider"
    if len({item for item, _ in found}) == 1:
        return f"Compliance is lowest among {found[0][0]} providers: {_listed(share for _, share in found)}"
    return f"Compliance is lowest at {_listed(f'{share} ({item} providers)' for item, share in found)}"


def _about(value: float) -> str:
    """A mean count in the words of a title: from ten on without decimals, which the table below has."""
    return quantity(round(value) if math.isfinite(value) and abs(value) >= 10 else value)


def _listed(parts: Iterable[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _anchor(name: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in name.lower())
