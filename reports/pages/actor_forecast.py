"""The page of ``shenhe forecast`` for a measured app store or platform: what was measured, and what follows from it."""

from __future__ import annotations

import math
from pathlib import Path

from shenhe.core.text import one_line
from shenhe.simulator.estimation.actors import ActorForecast
from shenhe.simulator.estimation.forecast import TYPICAL
from shenhe.simulator.runs.run import model_hash

from ..figures.drawing import SYMBOLS, Figure, Numbers, blank_figure, error_bars, figure_json, six_digits
from ..quantities import interval, quantity
from ..terminal.store_forecast import days_parameter, forecast_notes, outcome_rows, parameter_rows
from .language import Language
from .sections import Section, render_sections, write_sections


def write_actor_page(path: Path, found: ActorForecast, role: str, command: str, language: Language = "en") -> None:
    """Write :func:`render_actor_page`."""
    write_sections(path, *_content(found, role, command), language)


def render_actor_page(found: ActorForecast, role: str, command: str, language: Language = "en") -> str:
    """The whole page for a ``role`` (``store`` or ``platform``); ``command`` makes it again."""
    return render_sections(*_content(found, role, command), language)


def actor_summary(found: ActorForecast, role: str) -> str:
    """The forecast in two sentences."""
    main = next(each for each in found.futures if each.name == found.link)
    typical = next(each for each in found.futures if each.name == TYPICAL)
    outcome = "life" if role == "platform" else "lag"
    what = "a copy stays" if role == "platform" else "an order takes"
    days, usual = main.mean(outcome)[0], typical.mean(outcome)[0]
    lead = (
        f"{one_line(found.measured.name, 80)}, in place of {found.in_place_of} for {quantity(found.days)} days of"
        f" {found.scenario.name}."
    )
    if math.isnan(days) or math.isnan(usual):
        return lead
    return (
        f"{lead} There, {what} {quantity(days)} days on average, compared with {quantity(usual)} days for"
        f" {found.in_place_of}."
    )


def _content(found: ActorForecast, role: str, command: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    measured = sum(len(each) for each in found.parameters.values()) > 0
    sections = [
        Section(
            "measured",
            "What was measured",
            (
                (
                    "Failures and cases of the checks give each parameter a Beta posterior from Jeffreys’ prior; the"
                    f" link {found.link} gives the rate in the field. Everything else is as in the scenario."
                ),
            ),
            tuple(forecast_notes(found)) if measured else (),
            (_rates(found),) if _shares(found) else (),
            ((f"Parameters of the {role}", parameter_rows(found)), ("Checks that measure them", _evidence(found))),
        ),
        Section(
            "follows",
            "What follows",
            (
                (
                    f"{found.replications} replications per link, each with one draw of the parameters. Intervals are"
                    " those of the mean, over replications."
                ),
            ),
            (),
            (),
            ((f"What happens at the {role}", outcome_rows(found)),),
        ),
    ]
    facts = [
        ("Made by", command),
        ("Seed", str(found.seed)),
        ("Scenario", found.scenario.hash),
        ("Model", model_hash()),
    ]
    return f"Forecast for {one_line(found.measured.name, 80)}", actor_summary(found, role), sections, facts


def _evidence(found: ActorForecast) -> Numbers:
    """One row per check behind a parameter."""
    rows = [
        (
            one_line(each.check, 60),
            title,
            f"{each.failures} of {each.judged}",
            "random sample" if each.independent else "listed cases",
        )
        for title, checks in found.titles.values()
        for each in found.measured.evidence
        if each.check in checks
    ]
    return Numbers(("Check", "Parameter", "Failures", "Cases"), tuple(rows))


def _shares(found: ActorForecast) -> list[str]:
    """The measured parameters that are shares."""
    return [name for name in found.titles if name in found.parameters[found.link] and name != days_parameter(found)]


def _rates(found: ActorForecast) -> Figure:
    names = _shares(found)
    figure = blank_figure(height=150 + 54 * len(names))
    rows = []
    for place, (link, parameters) in enumerate(found.parameters.items()):
        ends = [[each * found.usual(name)[1] for each in parameters[name]] for name in names]
        colour = f"var(--run-{place + 1})"
        middle = [100 * mean for mean, _, _ in ends]
        figure.add_scatter(
            name=link,
            x=six_digits(middle),
            y=[found.titles[name][0] for name in names],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[place]},
            error_x=error_bars(middle, [100 * low for _, low, _ in ends], [100 * high for _, _, high in ends], colour),
            hovertemplate="%{y}: %{x:.1f} %",
        )
        rows += [
            (f"{found.titles[name][0]}: {link}", quantity(mean, "share"), interval(low, high, "share"))
            for name, (mean, low, high) in zip(names, ends, strict=True)
        ]
    figure.update_xaxes(ticksuffix=" %", rangemode="tozero")
    figure.update_yaxes(
        categoryorder="array", categoryarray=[found.titles[name][0] for name in names][::-1], showgrid=False, ticks=""
    )
    figure.update_layout(
        hovermode="closest", legend={"y": 1.04, "yanchor": "bottom"}, margin={"l": 8, "r": 16, "t": 60, "b": 8}
    )
    return Figure(
        "rates",
        "Measured shares, by link",
        "Mean and 95 % interval of each share under every assumption of how probes relate to the field.",
        figure_json(figure),
        Numbers(("Share and link", "Mean", "95 % interval"), tuple(rows)),
    )
