"""The page of ``shenhe calibrate``: data, fit, misfit, what is not identified, and the back-test beside what happened."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np

from shenhe.simulator.calibration import LEARNED, PARAMETERS, START, Calibration, RungFit
from shenhe.simulator.replication import model_hash

from .figures import SYMBOLS, Figure, Numbers, _bars, _blank, _rounded, _spec
from .quantities import interval, quantity
from .sections import Section, render_sections, write_sections


def write_calibration_page(path: Path, found: Calibration, command: str) -> None:
    """Write :func:`render_calibration_page`."""
    write_sections(path, *_content(found, command))


def render_calibration_page(found: Calibration, command: str) -> str:
    """The whole page; ``command`` makes it again."""
    return render_sections(*_content(found, command))


def lead(found: Calibration) -> str:
    """How the back-test went, in two sentences."""
    best = found.filings.best
    mean, low, high = best.forecast
    inside = low <= found.filings.happened <= high
    middle = _middle(found)
    missed = [test.title.lower() for test in middle.back_test if not test.inside]
    told = (
        f"Fitted to 2023 and 2024, entry says {quantity(round(mean))} filings for 2025 ({interval(round(low), round(high))}); "
        f"{quantity(found.filings.happened)} were published, {'inside' if inside else 'outside'} the interval."
    )
    if missed:
        return f"{told} Of the yearly enforcement figures it misses {'; '.join(missed)}."
    return f"{told} The yearly enforcement figures of 2025 lie inside their intervals, which are wide."


def cautions(found: Calibration) -> list[str]:
    """Where the fit fails or says nothing."""
    placed = sum(not batch.dated for batch in found.filings.data)
    told = [
        (
            "The yearly figures count all of the authority’s work. What share is deep synthesis is not published: it is a prior "
            f"({', '.join(f'{fit.share:.0%}' for fit in found.rungs)}), and every result is given for each."
        ),
        "The figures of 2025 count removed apps by another unit (entities and times together), so that removals are not comparable.",
        "Revocations are not fitted: the published row counts sites closed, most of which are not services of this kind.",
        (
            f"Batches differ from a smooth curve {found.filings.best.dispersion:.0f} times as much as chance would make them: they are "
            "cut by the registry, not by time alone. Intervals are widened by that factor. "
            f"{placed} of {len(found.filings.data)} dates are placed between published ones."
        ),
    ]
    for fit in found.rungs:
        open_ones = [PARAMETERS[word] for word, (_, _, learned) in fit.parameters.items() if learned <= LEARNED]
        if open_ones:
            told.append(f"Not identified at {fit.share:.0%}, and kept at the prior: {'; '.join(open_ones)}.")
    return told


def tables(found: Calibration) -> list[tuple[str, Numbers]]:
    """All tables, each with its caption."""
    return [
        ("Filings: shapes of entry and what they say of 2025", _filings(found)),
        ("Filings: parameters of entry", _entry(found)),
        ("Rungs: what is fitted", _moments(found)),
        ("Rungs: parameters", _parameters(found)),
        ("Back-test: 2025, said and happened", _back_test(found)),
    ]


def _middle(found: Calibration) -> RungFit:
    return found.rungs[len(found.rungs) // 2]


def _content(found: Calibration, command: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    filings, entry, moments, parameters, back = tables(found)
    sections = [
        Section(
            "back-test",
            "What it says of 2025",
            (
                (
                    "Everything here was fitted to 2022–2024 alone. The interval holds what is not known of the parameters and "
                    "how years differ."
                ),
            ),
            tuple(cautions(found)),
            (_said(found),),
            (back,),
        ),
        Section(
            "filings",
            "Filings",
            (
                (
                    "Delays from entry to decision are simulated by the registry of the scenario; entry is a curve. Completions "
                    "alone do not tell a later entry from a longer delay, so that delays keep the scenario’s values; with delays "
                    + ", ".join(
                        f"{factor:g} times as long 2025 has {quantity(round(said[0]))}" for factor, said in found.filings.delayed.items()
                    )
                    + "."
                ),
            ),
            (),
            (_batches(found),),
            (filings, entry),
        ),
        Section(
            "rungs",
            "Ratios between rungs",
            (
                (
                    "Three ratios and the number of interviews, four parameters with a prior around the scenario’s own values. "
                    "“Learned” is the share of the prior’s variance that the data took away: near zero, nothing was."
                ),
            ),
            (),
            (),
            (moments, parameters, *((f"Correlation of the parameters at {fit.share:.0%}", _correlation(fit)) for fit in found.rungs)),
        ),
    ]
    facts = [
        ("Made by", command),
        ("Seed", str(found.seed)),
        ("Data", "deep_synthesis_filings.csv and cac_enforcement.csv: public copies of official announcements"),
        ("Effort", "quick: a small market and one step, too little to publish from" if found.quick else "full"),
        ("Model", model_hash()),
    ]
    return "What the published figures fix, and what they do not", lead(found), sections, facts


def _filings(found: Calibration) -> Numbers:
    rows = [
        (
            f"{fit.curve}, {until}",
            str(fit.fitted),
            f"{fit.dispersion:.0f}",
            f"{quantity(round(fit.forecast[0]))} ({interval(round(fit.forecast[1]), round(fit.forecast[2]))})",
            quantity(found.filings.happened),
        )
        for until, fits in (("to 2024", found.filings.back_test), ("all", found.filings.whole))
        for fit in fits
    ]
    return Numbers(("Entry", "Batches", "Variance over Poisson’s", "Filings in 2025, said", "happened"), tuple(rows))


def _entry(found: Calibration) -> Numbers:
    rows = [
        (f"{name} ({fit.curve}, {until})", f"{value:.2f}".replace("-", "−"), f"{error:.2f}")
        for until, fits in (("to 2024", found.filings.back_test), ("all", found.filings.whole))
        for fit in fits
        for name, (value, error) in fit.parameters.items()
    ]
    return Numbers(("Parameter", "Value", "± s.e."), tuple(rows))


def _moments(found: Calibration) -> Numbers:
    rows = []
    for fit in found.rungs:
        for moment in fit.moments:
            unit = "" if moment.name == "interviews" else "share"
            rows.append(
                (
                    f"{moment.title} ({fit.share:.0%})",
                    quantity(math.exp(moment.observed), unit),
                    f"× or ÷ {math.exp(moment.error):.2f}",
                    quantity(math.exp(moment.before), unit),
                    quantity(math.exp(moment.fitted), unit),
                    f"{(moment.fitted - moment.observed) / moment.error:+.1f}".replace("-", "−"),
                )
            )
    return Numbers(("Moment (share assumed)", "Published, 2022–2024", "Years differ by", "Scenario", "Fitted", "Misfit, s.e."), tuple(rows))


def _parameters(found: Calibration) -> Numbers:
    rows = []
    for fit in found.rungs:
        for word, (factor, deviation, learned) in fit.parameters.items():
            low, high = factor * math.exp(-1.96 * deviation), factor * math.exp(1.96 * deviation)
            rows.append((f"{PARAMETERS[word]} ({fit.share:.0%})", f"× {factor:.2f}", interval(low, high), quantity(learned, "share")))
    return Numbers(("Parameter (share assumed)", "Factor on the scenario", "95 % interval", "Learned"), tuple(rows))


def _back_test(found: Calibration) -> Numbers:
    rows = []
    mean, low, high = found.filings.best.forecast
    inside = low <= found.filings.happened <= high
    rows.append(("Filings", quantity(round(mean)), interval(round(low), round(high)), quantity(found.filings.happened), _word(inside)))
    for fit in found.rungs:
        for test in fit.back_test:
            unit = "" if test.name == "interviews" else "share"
            rows.append(
                (
                    f"{test.title} ({fit.share:.0%})",
                    quantity(test.said[0], unit),
                    interval(test.said[1], test.said[2], unit),
                    quantity(test.happened, unit),
                    _word(test.inside),
                )
            )
    return Numbers(("2025 (share assumed)", "Said", "95 % interval", "Happened", ""), tuple(rows))


def _word(inside: bool) -> str:
    return "inside" if inside else "OUTSIDE"


def _correlation(fit: RungFit) -> Numbers:
    words = list(fit.parameters)
    rows = [
        (word, *(f"{value:+.2f}".replace("-", "−") for value in row)) for word, row in zip(words, fit.correlation.tolist(), strict=True)
    ]
    return Numbers(("", *words), tuple(rows))


def _batches(found: Calibration) -> Figure:
    filings = found.filings
    dates = [(START + datetime.timedelta(days=batch.day)).isoformat() for batch in filings.data]
    figure = _blank(height=380)
    for dated, name, symbol in ((True, "published", "circle"), (False, "published, date placed", "circle-open")):
        rows = [(date, batch.filings) for date, batch in zip(dates, filings.data, strict=True) if batch.dated is dated]
        figure.add_scatter(
            name=name,
            x=[date for date, _ in rows],
            y=[count for _, count in rows],
            mode="markers",
            marker={"color": "var(--ink)", "size": 9, "symbol": symbol},
        )
    for place, fit in enumerate((*filings.back_test, *filings.whole)):
        told = "to 2024" if fit.fitted < len(dates) else "all"
        figure.add_scatter(
            name=f"{fit.curve}, {told}",
            x=dates[: fit.fitted],
            y=_rounded(fit.expected),
            mode="lines",
            line={"color": f"var(--run-{place % 2 + 1})", "dash": "dash" if told == "to 2024" else "solid"},
        )
    figure.update_layout(legend={"y": 1.06, "yanchor": "bottom"}, margin={"t": 70}, hovermode="closest")
    fits = (*filings.back_test, *filings.whole)
    heads = ("Batch", "Date", "Published", *(f"{fit.curve}, {'to 2024' if fit.fitted < len(dates) else 'all'}" for fit in fits))
    rows_told = tuple(
        (
            str(batch.number),
            date if batch.dated else f"about {date}",
            str(batch.filings),
            *(quantity(round(fit.expected[k])) if k < fit.fitted else "–" for fit in fits),
        )
        for k, (batch, date) in enumerate(zip(filings.data, dates, strict=True))
    )
    return Figure(
        "batches",
        f"Of two shapes of entry, the one {filings.best.curve} fits the first years better",
        "Filings in each published batch, and those that each fitted shape of entry gives.",
        _spec(figure),
        Numbers(heads, rows_told),
    )


def _said(found: Calibration) -> Figure:
    """Said over happened, in per cent, on a logarithmic axis: 100 is a hit."""
    figure = _blank(height=330)
    filings = found.filings
    series: list[tuple[str, list[tuple[str, tuple[float, float, float], float]]]] = [
        ("filings", [("Filings", filings.best.forecast, float(filings.happened))])
    ]
    series += [
        (f"share {fit.share:.0%}", [(test.title, test.said, test.happened) for test in fit.back_test]) for fit in found.rungs
    ]
    rows = []
    for place, (name, tests) in enumerate(series):
        ratio = np.array([[100 * value / actual for value in said] for _, said, actual in tests])
        colour = f"var(--run-{place + 1})"
        figure.add_scatter(
            name=name,
            x=_rounded(ratio[:, 0]),
            y=[title for title, _, _ in tests],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[place]},
            error_x=_bars(ratio[:, 0], ratio[:, 1], ratio[:, 2], colour),
            hovertemplate="%{y}: %{x:.0f} %",
        )
        rows += [
            (f"{title}, {name}", quantity(values[0] / 100, "share"), interval(values[1] / 100, values[2] / 100, "share"))
            for (title, _, _), values in zip(tests, ratio, strict=True)
        ]
    figure.add_vline(x=100, line={"color": "var(--ink)", "width": 1})
    figure.update_xaxes(type="log", ticksuffix=" %")
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_layout(hovermode="closest", legend={"y": 1.04, "yanchor": "bottom"}, margin={"l": 8, "r": 16, "t": 50, "b": 8})
    missed = sum(not test.inside for fit in found.rungs for test in fit.back_test)
    total = sum(len(fit.back_test) for fit in found.rungs)
    return Figure(
        "said",
        f"{missed} of {total} enforcement figures of 2025 lie outside what was said of them",
        "What the fit to 2022–2024 says of 2025, in per cent of what happened, with 95 % intervals. The line is a hit.",
        _spec(figure),
        Numbers(("Figure", "Said over happened", "95 % interval"), tuple(rows)),
    )
