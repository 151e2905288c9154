"""The page of ``shenhe validate``: every check with its z-score, and the two published results."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from shenhe.simulator.runs.run import model_hash
from shenhe.simulator.validation.suite import (
    CLOSED,
    LAWS,
    LIMIT,
    METAMORPHIC,
    PUBLISHED,
    Check,
    Validation,
    published_size,
)

from ..figures.drawing import Figure, Numbers, blank_figure, error_bars, figure_json, six_digits
from ..quantities import quantity
from .language import Language
from .sections import Section, render_sections, write_sections

WORDS = {
    CLOSED: (
        "Closed forms",
        (
            "The model reduced to cases that a formula describes: queues, thinned Poisson streams, renewal, pure birth,"
            " deterrence. Each measurement has a standard error, which puts the difference in proportion."
        ),
    ),
    LAWS: (
        "Laws of every run",
        (
            "Each shipped scenario is run at small scale. All outcomes are recomputed from the event log by other code,"
            " and the queue, cases, appeals, suspensions, fines and harm are checked for conservation and Little’s law."
            " None may differ."
        ),
    ),
    METAMORPHIC: (
        "Metamorphic properties",
        "Consequences that a change must have, although no formula gives the figures themselves.",
    ),
    PUBLISHED: (
        "Published results",
        (
            "Harrington 1988 and Blundell, Gowrisankaran and Langer 2020, as far as the model can express them. The"
            " first is simulated completely: groups, inspections, release, and providers that look ahead and choose"
            " for themselves. Their optimal choice comes from a separate solution of Harrington’s problem. In"
            " the second,"
            " investment as a decision of the plant and plants that pollute differently are not in the model."
        ),
    ),
}


def write_validation_page(path: Path, found: Validation, command: str, language: Language = "en") -> None:
    """Write :func:`render_validation_page`."""
    write_sections(path, *_content(found, command), language)


def render_validation_page(found: Validation, command: str, language: Language = "en") -> str:
    """The whole page; ``command`` makes it again."""
    return render_sections(*_content(found, command), language)


def _content(found: Validation, command: str) -> tuple[str, str, list[Section], list[tuple[str, str]]]:
    failed = found.failed
    judged = [check for check in found.checks if check.error > 0]
    lead = (
        f"All {len(found.checks)} checks passed: {len(judged)} within {LIMIT:g} standard errors, the others exactly."
        if not failed
        else f"{len(found.checks)} checks, {len(failed)} failed: {', '.join(check.name for check in failed)}."
    )
    sections = [Section("overview", "Distances", (), (), (_distances(judged),))]
    for group, (title, words) in WORDS.items():
        rows = [check for check in found.checks if check.group == group]
        figures: tuple[Figure, ...] = ()
        notes: tuple[str, ...] = ()
        if group == PUBLISHED:
            figures = (_targeting(found), _escalation(found))
            notes = (published_size(found.escalations),)
        sections.append(
            Section(group.replace(" ", "-"), title, (words,), notes, figures, ((f"{len(rows)} checks", table(rows)),))
        )
    facts = [
        ("Made by", command),
        ("Seed", str(found.seed)),
        (
            "Tolerance",
            (
                f"{LIMIT:g} standard errors for random results, none for others; by chance one check in sixteen"
                " thousand fails"
            ),
        ),
        ("Model", model_hash()),
    ]
    return "Does the simulator give the known results?", lead, sections, facts


def table(checks: list[Check]) -> Numbers:
    """One row per check, as a person reads it."""
    rows = []
    for check in checks:
        sign = {"<=": "≤ ", ">=": "≥ "}.get(check.bound, "")
        rows.append(
            (
                check.name,
                check.statement,
                sign + quantity(check.expected),
                quantity(check.measured),
                quantity(check.error) if check.error > 0 else "–",
                f"{check.z:+.2f}".replace("-", "−") if check.error > 0 else "exact",
                "passed" if check.passed else "FAILED",
            )
        )
    return Numbers(("Check", "Comparison", "Expected", "Measured", "± s.e.", "z", "Result"), tuple(rows))


def _distances(checks: list[Check]) -> Figure:
    figure = blank_figure(height=90 + 24 * len(checks))
    names = [check.name for check in checks]
    for passed, name, colour in ((True, "within tolerance", "var(--run-1)"), (False, "beyond it", "var(--run-2)")):
        rows = [check for check in checks if check.passed is passed]
        if rows:
            figure.add_scatter(
                name=name,
                x=six_digits([check.z for check in rows]),
                y=[check.name for check in rows],
                mode="markers",
                marker={"color": colour, "size": 9, "symbol": "circle" if passed else "x"},
                hovertemplate="%{y}: %{x:+.2f}",
            )
    for edge in (-LIMIT, 0.0, LIMIT):
        figure.add_vline(x=edge, line={"color": "var(--faint)", "width": 1, "dash": "dot" if edge else "solid"})
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False, ticks="")
    figure.update_layout(hovermode="closest", margin={"l": 8, "r": 16, "t": 30, "b": 8})
    one_sided = [check.name for check in checks if check.bound != "="]
    caption = f"Distance between measured and expected in standard errors; dotted: the tolerance of {LIMIT:g}."
    if one_sided:
        caption += f" One-sided, so any distance below is correct: {', '.join(one_sided)}."
    worst = max((abs(check.z) for check in checks if check.bound == "="), default=math.nan)
    numbers = Numbers(("Check", "z"), tuple((check.name, f"{check.z:+.2f}".replace("-", "−")) for check in checks))
    return Figure(
        "distances",
        f"The largest distance from a closed form is {worst:.1f} standard errors",
        caption,
        figure_json(figure),
        numbers,
    )


def _targeting(found: Validation) -> Figure:
    harrington = found.targeting
    costs = np.linspace(0.2, 7.0, 137)
    figure = blank_figure(height=340)
    arms = (
        ("two groups", 0, harrington.targeted, "solid", "circle"),
        ("random, as many inspections", 1, harrington.random, "dash", "square"),
    )
    rows = []
    for place, (name, column, simulated, dash, symbol) in enumerate(arms):
        colour = f"var(--run-{place + 1})"
        figure.add_scatter(
            name=f"{name}: theory",
            x=six_digits(costs),
            y=six_digits([harrington.expected(cost)[column] for cost in costs]),
            mode="lines",
            line={"color": colour, "dash": dash, "shape": "hv"},
        )
        means = np.array([arm.compliance.mean() for arm in simulated])
        half = np.array([2 * arm.compliance.std(ddof=1) / math.sqrt(len(arm.compliance)) for arm in simulated])
        figure.add_scatter(
            name=f"{name}: simulated",
            x=list(harrington.costs),
            y=six_digits(means),
            mode="markers",
            marker={"color": colour, "size": 10, "symbol": symbol},
            error_y=error_bars(means, means - half, means + half, colour),
        )
        rows += [
            (
                f"{name}, c = {cost:g} F",
                quantity(harrington.expected(cost)[column], "share"),
                quantity(mean, "share"),
                f"± {quantity(h, 'share')}",
            )
            for cost, mean, h in zip(harrington.costs, means, half, strict=True)
        ]
    figure.update_layout(
        xaxis={"title": {"text": "what compliance costs a year, in largest fines"}}, yaxis={"tickformat": ".0%"}
    )
    figure.update_layout(legend={"y": 1.08, "yanchor": "bottom"}, margin={"t": 60}, hovermode="closest")
    groups = harrington.groups
    return Figure(
        "harrington",
        "Two groups reach what random inspections of the same number cannot",
        f"Share of occasions on which providers comply. Inspections come {groups.first:g} and {groups.second:g} times a"
        f" year in the two groups, a clean one releases with probability {groups.release:g}; random ones come"
        f" {groups.inspections:.2f} times a year. Where compliance is cheap, random inspections do better.",
        figure_json(figure),
        Numbers(("Policy and cost", "Theory", "Simulated", "two s.e."), tuple(rows)),
    )


def _escalation(found: Validation) -> Figure:
    steps = [each.steepness for each in found.escalations]
    means = np.array([100 * each.increase[0] for each in found.escalations])
    half = np.array([200 * each.increase[1] for each in found.escalations])
    figure = blank_figure(height=320)
    figure.add_scatter(
        name="flat against escalating fines",
        x=steps,
        y=six_digits(means),
        mode="lines+markers",
        line={"color": "var(--run-1)"},
        marker={"size": 9},
        error_y=error_bars(means, means - half, means + half, "var(--run-1)"),
    )
    figure.add_hline(y=164, line={"color": "var(--faint)", "dash": "dash"})
    figure.update_layout(
        xaxis={"title": {"text": "each fine is so many times the one before"}},
        yaxis={"ticksuffix": " %", "zeroline": True},
        hovermode="closest",
    )
    rows = tuple(
        (
            f"× {each.steepness:g}",
            quantity(each.flat_fine, "RMB"),
            f"{each.fines[1].mean() / each.fines[0].mean() - 1:+.1%}",
            f"{each.increase[0]:+.0%}",
            f"± {2 * each.increase[1]:.0%}",
        )
        for each in found.escalations
    )
    return Figure(
        "escalation",
        "Without escalation harm grows where the last fine deters",
        "Harm under a flat fine against three escalating ones that raise the same in total; bars are two standard"
        " errors. Dashed: the published estimate of 164 per cent.",
        figure_json(figure),
        Numbers(("Steepness", "Flat fine, RMB", "Fines, flat over escalating", "Harm", "two s.e."), rows),
    )
