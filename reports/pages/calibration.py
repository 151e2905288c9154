"""The page of ``shenhe calibrate``: data, fit, misfit, what is not identified, and the back-test beside what
happened.
"""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np

from shenhe.simulator.estimation.calibration import PARAMETERS, Calibration, RungFit
from shenhe.simulator.estimation.campaigns import phases
from shenhe.simulator.estimation.fitted import LEARNED
from shenhe.simulator.estimation.published import RUNGS, START
from shenhe.simulator.runs.run import model_hash

from ..figures.drawing import SYMBOLS, Figure, Numbers, blank_figure, error_bars, figure_json, six_digits
from ..quantities import interval, quantity
from .language import Language
from .sections import Section, render_sections, write_sections


def write_calibration_page(path: Path, found: Calibration, command: str, language: Language = "en") -> None:
    """Write :func:`render_calibration_page`."""
    write_sections(path, *_content(found, command), language)


def render_calibration_page(found: Calibration, command: str, language: Language = "en") -> str:
    """The whole page; ``command`` makes it again."""
    return render_sections(*_content(found, command), language)


def calibration_summary(found: Calibration) -> str:
    """How the back-test went, in two sentences."""
    best = found.filings.best
    mean, low, high = best.forecast
    inside = low <= found.filings.happened <= high
    middle = _middle(found)
    missed = [test.title.lower() for test in middle.back_test if not test.inside]
    sentences = (
        f"Fitted to 2023 and 2024, entry predicts {quantity(round(mean))} filings for 2025"
        f" ({interval(round(low), round(high))}); {quantity(found.filings.happened)} were published,"
        f" {'inside' if inside else 'outside'} the interval."
    )
    if missed:
        return f"{sentences} Of the yearly enforcement figures it misses {'; '.join(missed)}."
    return f"{sentences} The yearly enforcement figures of 2025 lie inside their intervals, which are wide."


def cautions(found: Calibration) -> list[str]:
    """Where the fit fails or says nothing."""
    placed = sum(not batch.dated for batch in found.filings.data)
    sentences = [
        (
            "The yearly figures count all of the authority’s work. What share is deep synthesis is not published: it"
            f" is a prior ({', '.join(f'{fit.share:.0%}' for fit in found.rungs)}), and every result is given for each."
        ),
        (
            "The figures of 2025 count removed apps in another unit (entities and times together), so removals are"
            " not comparable."
        ),
        (
            "Revocations are not fitted: the published row counts sites closed, most of which are not services of this"
            " kind."
        ),
        (
            f"Batches differ from a smooth curve {found.filings.best.dispersion:.0f} times as much as chance"
            f" explains: the registry, not only time, decides when a batch ends. Intervals are widened by that factor."
            f" {placed} of"
            f" {len(found.filings.data)} dates are interpolated between published ones."
        ),
    ]
    inside, of = found.years.covered
    sentences.append(
        f"Years differ by a factor of {math.exp(found.years.deviation):.2f} (one standard deviation,"
        f" {found.years.degrees} degrees of freedom); predicting each year of 2022 to 2024 from the others with"
        f" such intervals, {inside} of {of} lie inside. So few years without a break do not show that the next one has"
        " none."
    )
    for fit in found.rungs:
        for moment in fit.moments:
            misfit = (moment.fitted - moment.observed) / moment.error
            if abs(misfit) > MISFIT:
                sentences.append(
                    f"At {fit.share:.0%} the fit misses a moment it is fitted to: {moment.title.lower()}, "
                    f"{misfit:+.1f} standard errors. Do not rely on its predictions there.".replace("-", "−")
                )
    idle: dict[str, list[str]] = {}
    for fit in found.rungs:
        words = "; ".join(PARAMETERS[word] for word, (_, _, learned) in fit.parameters.items() if learned <= LEARNED)
        idle.setdefault(words, []).append(f"{fit.share:.0%}")
    sentences += [
        f"Not identified at {', '.join(shares)}, so their fitted values mean nothing: {words}."
        for words, shares in idle.items()
        if words
    ]
    return sentences


def tables(found: Calibration) -> list[tuple[str, Numbers]]:
    """All tables, each with its caption."""
    return [
        ("Filings: shapes of entry and their predictions for 2025", _filings(found)),
        ("Filings: parameters of entry", _entry(found)),
        ("Rungs: fitted moments", _moments(found)),
        ("Rungs: parameters", _parameters(found)),
        ("Back-test: 2025, predicted and actual", _back_test(found)),
        ("2025 without a model, and with the events of 2025 known", _otherwise(found)),
        ("Years left out, each predicted from the others", _held_out(found)),
        ("The campaign of 2026 beside that of 2025, which entered no fit", _campaigns(found)),
    ]


def _middle(found: Calibration) -> RungFit:
    return found.rungs[len(found.rungs) // 2]


def _content(found: Calibration, command: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    filings, entry, moments, parameters, back, otherwise, held_out, campaigns = tables(found)
    sections = [
        Section(
            "back-test",
            "Predictions for 2025",
            (
                (
                    "Everything here was fitted only to 2022–2024. The intervals include the uncertainty of the"
                    " parameters and the differences between years, as far as earlier years differed, all figures"
                    " together, by Student’s t."
                ),
                (
                    "For comparison: predictions without a model, and predictions of the model with the campaign of"
                    " spring and the label sweep of November 2025, whose dates are known and whose measures are"
                    " assumed."
                ),
            ),
            tuple(cautions(found)),
            (_said(found),),
            (back, otherwise, held_out),
        ),
        Section(
            "campaigns",
            "Campaigns of 2026",
            (
                (
                    "Campaigns announce products across everything that uses AI, as lower bounds. If deep synthesis has"
                    " the same share of both years, that share cancels from the ratio. Both campaigns have the"
                    " measures that campaign-2025 assumes, since those of 2026 were not published. Phase 2 of 2026"
                    " counted sites and accounts, which the model does not have."
                ),
            ),
            (),
            (),
            (campaigns,),
        ),
        Section(
            "filings",
            "Filings",
            (
                (
                    "Delays from entry to decision are simulated by the registry of the scenario; entry is a curve."
                    " Completions by themselves cannot distinguish a later entry from a longer delay, so delays keep"
                    " the scenario’s values. With delays "
                    + ", ".join(
                        f"{factor:g} times as long 2025 has {quantity(round(said[0]))}"
                        for factor, said in found.filings.delayed.items()
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
                    "Three ratios and the number of interviews, five parameters with a prior around the scenario’s own"
                    " values. “Learned” is the share of the prior’s variance that the data removed. Near zero,"
                    " the data taught nothing."
                ),
            ),
            (),
            (),
            (
                moments,
                parameters,
                *((f"Correlation of the parameters at {fit.share:.0%}", _correlation(fit)) for fit in found.rungs),
            ),
        ),
    ]
    facts = [
        ("Made by", command),
        ("Seed", str(found.seed)),
        ("Data", "deep_synthesis_filings.csv and cac_enforcement.csv: public copies of official announcements"),
        ("Effort", "quick: a small market and one step, too little to publish from" if found.quick else "full"),
        ("Model", model_hash()),
    ]
    return "What the published figures identify, and what they do not", calibration_summary(found), sections, facts


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
    return Numbers(("Entry", "Batches", "Variance over Poisson’s", "Filings in 2025, predicted", "actual"), tuple(rows))


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
    return Numbers(
        ("Moment (share assumed)", "Published, 2022–2024", "Years differ by", "Scenario", "Fitted", "Misfit, s.e."),
        tuple(rows),
    )


def _parameters(found: Calibration) -> Numbers:
    rows = []
    for fit in found.rungs:
        for word, (factor, deviation, learned) in fit.parameters.items():
            low, high = factor * math.exp(-1.96 * deviation), factor * math.exp(1.96 * deviation)
            rows.append(
                (
                    f"{PARAMETERS[word]} ({fit.share:.0%})",
                    f"× {factor:.2f}",
                    interval(low, high),
                    quantity(learned, "share"),
                )
            )
    return Numbers(("Parameter (share assumed)", "Factor on the scenario", "95 % interval", "Learned"), tuple(rows))


def _back_test(found: Calibration) -> Numbers:
    rows = []
    mean, low, high = found.filings.best.forecast
    inside = low <= found.filings.happened <= high
    rows.append(
        (
            "Filings",
            quantity(round(mean)),
            interval(round(low), round(high)),
            quantity(found.filings.happened),
            _word(inside),
        )
    )
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
    return Numbers(("2025 (share assumed)", "Predicted", "95 % interval", "Actual", "Within the interval"), tuple(rows))


def _campaigns(found: Calibration) -> Numbers:
    first, second = (quantity(each.products) for each in phases())
    rows = [
        (
            f"Dealt with in 2026, per one in 2025 ({test.share:.0%})",
            f"{quantity(round(test.dealt_with[1]))} / {quantity(round(test.dealt_with[0]))}",
            quantity(test.said[0]),
            interval(test.said[1], test.said[2]),
            f"{quantity(test.published)} or more ({second} / {first})",
            _word(test.inside),
        )
        for test in found.campaigns
    ]
    return Numbers(
        (
            "Phase 1 (share assumed)",
            "Providers sanctioned, 2026 / 2025",
            "Predicted ratio",
            "95 % interval",
            "Published",
            "Within the interval",
        ),
        tuple(rows),
    )


def _otherwise(found: Calibration) -> Numbers:
    names = [test.name for test in found.rungs[0].back_test]
    rows = []
    for place, name in enumerate(names):
        naive = found.years.naive[name]
        unit = "" if name == "interviews" else "share"
        title = (
            "Interviews, all of the authority’s work" if name == "interviews" else found.rungs[0].back_test[place].title
        )
        values = [math.exp(naive[word]) if word in naive else math.nan for word in NAIVE]
        happened = math.exp(found.years.by_figure[name].get(2025, math.nan))
        # Interviews of the model are those on deep synthesis; beside them stand all of the authority's.
        scales = [fit.share if name == "interviews" else 1.0 for fit in found.rungs]
        sentences = [
            f"{quantity(fit.known[place] / scale, unit)} ({fit.share:.0%})"
            for fit, scale in zip(found.rungs, scales, strict=True)
        ]
        rows.append(
            (title, *(quantity(value, unit) for value in values), "; ".join(sentences), quantity(happened, unit))
        )
    return Numbers(
        ("2025", *(word[0].upper() + word[1:] for word in NAIVE), "Fitted, events known (share)", "Actual"),
        tuple(rows),
    )


MISFIT = 2.0
"""Standard errors beyond which a fit that misses its own moment is warned of."""

NAIVE = ("the mean of the years", "the last year again", "their trend gone on")


def _held_out(found: Calibration) -> Numbers:
    rows = []
    for each in found.years.held_out:
        unit = "" if each.name == "interviews" else "share"
        mean, low, high = (math.exp(value) for value in each.said)
        title = "Interviews, all of the authority’s work" if each.name == "interviews" else RUNGS[each.name][0]
        rows.append(
            (
                f"{title}, {each.year}",
                quantity(mean, unit),
                interval(low, high, unit),
                quantity(math.exp(each.happened), unit),
                _word(each.inside),
            )
        )
    return Numbers(
        ("Year left out", "Predicted from the others", "95 % interval", "Actual", "Within the interval"), tuple(rows)
    )


def _word(inside: bool) -> str:
    return "inside" if inside else "OUTSIDE"


def _correlation(fit: RungFit) -> Numbers:
    words = list(fit.parameters)
    rows = [
        (word, *(f"{value:+.2f}".replace("-", "−") for value in row))
        for word, row in zip(words, fit.correlation.tolist(), strict=True)
    ]
    return Numbers(("Parameter", *words), tuple(rows))


def _batches(found: Calibration) -> Figure:
    filings = found.filings
    dates = [(START + datetime.timedelta(days=batch.day)).isoformat() for batch in filings.data]
    figure = blank_figure(height=380)
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
        sentences = "to 2024" if fit.fitted < len(dates) else "all"
        figure.add_scatter(
            name=f"{fit.curve}, {sentences}",
            x=dates[: fit.fitted],
            y=six_digits(fit.expected),
            mode="lines",
            line={"color": f"var(--run-{place % 2 + 1})", "dash": "dash" if sentences == "to 2024" else "solid"},
        )
    figure.update_layout(legend={"y": 1.06, "yanchor": "bottom"}, margin={"t": 70}, hovermode="closest")
    fits = (*filings.back_test, *filings.whole)
    heads = (
        "Batch",
        "Date",
        "Published",
        *(f"{fit.curve}, {'to 2024' if fit.fitted < len(dates) else 'all'}" for fit in fits),
    )
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
        figure_json(figure),
        Numbers(heads, rows_told),
    )


def _said(found: Calibration) -> Figure:
    """Said over happened, in per cent, on a logarithmic axis: 100 is a hit."""
    filings = found.filings
    series: list[tuple[str, list[tuple[str, tuple[float, float, float], float]]]] = [
        ("filings", [("Filings", filings.best.forecast, float(filings.happened))])
    ]
    # A row for each share, with a short name: intervals do not hide each other, and a narrow window has room for them.
    series += [
        (
            f"share {fit.share:.0%}",
            [(f"{test.name.capitalize()}, {fit.share:.0%}", test.said, test.happened) for test in fit.back_test],
        )
        for fit in found.rungs
    ]
    order = [
        "Filings",
        *(f"{test.name.capitalize()}, {fit.share:.0%}" for test in found.rungs[0].back_test for fit in found.rungs),
    ]
    figure = blank_figure(height=110 + 26 * len(order))
    rows = []
    for place, (name, tests) in enumerate(series):
        ratio = np.array([[100 * value / actual for value in said] for _, said, actual in tests])
        colour = f"var(--run-{place + 1})"
        figure.add_scatter(
            name=name,
            x=six_digits(ratio[:, 0]),
            y=[title for title, _, _ in tests],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[place]},
            error_x=error_bars(ratio[:, 0], ratio[:, 1], ratio[:, 2], colour),
            hovertemplate="%{y}: %{x:.0f} %",
        )
        rows += [
            (title, quantity(values[0] / 100, "share"), interval(values[1] / 100, values[2] / 100, "share"))
            for (title, _, _), values in zip(tests, ratio, strict=True)
        ]
    figure.add_vline(x=100, line={"color": "var(--ink)", "width": 1})
    figure.update_xaxes(type="log", ticksuffix=" %")
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], showgrid=False, ticks="")
    figure.update_layout(
        hovermode="closest", legend={"y": 1.02, "yanchor": "bottom"}, margin={"l": 8, "r": 16, "t": 50, "b": 8}
    )
    missed = sum(not test.inside for fit in found.rungs for test in fit.back_test)
    total = sum(len(fit.back_test) for fit in found.rungs)
    return Figure(
        "said",
        f"{missed} of {total} enforcement figures of 2025 lie outside their predicted intervals",
        "Predictions for 2025 from the fit to 2022–2024, in per cent of the actual figures, with 95 % intervals. Fines,"
        " suspensions and removals are per interview. The share is the assumed share of interviews on deep synthesis."
        " The line marks a perfect prediction.",
        figure_json(figure),
        Numbers(("Figure", "Predicted over actual", "95 % interval"), tuple(rows)),
    )
