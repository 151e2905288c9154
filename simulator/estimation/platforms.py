"""What one measured platform does to the market: its ``report.json``, put into a scenario as one of its platforms.

A report sets two parameters of the simulated platform, and a rate that is applied to the log, each with the uncertainty
of its counts:

- **takedown_lag**: days from a report to the removal. A check gives a removal some hours (:data:`LIMITS`); a share
  ``late`` beyond them means ``limit / -ln(late)`` on average, if lags are exponential. Of several checks the slowest
  that failed counts; if none failed, the one with the shortest limit;
- **misses**: the share of reported copies that stay, the weakest check of copies, reposts and files that come back;
- **over_removes**: the probability that an unfounded report removes a lawful publication. The model has no such
  removals on platforms: they are the unfounded complaints of a run, times the platform's share, times this rate.

Everything else of the platform keeps the scenario's value. How a rate among probes becomes one in the field is not
known: every forecast is made under all links of :data:`~.forecast.LINKS`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np
import numpy.typing as npt

from ..kernel.draws import Purpose, compiled
from ..kernel.eventlog import Kind, Row
from ..scenario.schema import Scenario
from .actors import ActorForecast, Draws, Options, Role, forecast_actor, weakest_failure_rates
from .measured import Evidence, Measured

LIMITS: Mapping[str, float] = {
    "intimate_image_gone_in_2_hours": 2.0,
    "order_carried_out_in_3_hours": 3.0,
    "intimate_image_gone_in_48_hours": 48.0,
}
"""The checks that time a removal, and the hours that each gives it."""

MISSING = (
    "upheld_report_removes_everywhere",
    "upheld_report_removes_reposts",
    "identical_copies_go_too",
    "removed_file_does_not_return",
)
OVER_REMOVING = ("bogus_report_removes_nothing", "insistence_removes_nothing")
"""The checks, by their names in a report, whose failures set misses and over-removal."""

PLATFORM_PARAMETERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "takedown_lag": ("Mean days from report to removal", tuple(LIMITS)),
    "misses": ("Share of reported copies that stay", MISSING),
    "over_removes": ("Removals per unfounded report", OVER_REMOVING),
}
"""Title of each parameter of the platform, and the checks that measure it."""

PLATFORM_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "copies": ("Unlawful copies that appeared on it", ""),
    "taken_down": ("Of these taken down", "share"),
    "life": ("Mean days that a copy stays", "days"),
    "over_removed": ("Lawful publications removed on an unfounded report", ""),
    "fines": ("Fines on the platform", "RMB"),
}
"""The outcomes of each replication: title and unit."""


def forecast_platform(
    measured: Measured, scenario: Scenario, *, platform: str | None = None, **options: Unpack[Options]
) -> ActorForecast:
    """Simulate the scenario with the measured platform in place of one that it has (the largest by default).

    Raises :class:`ForecastError` for a platform, link or number of days that cannot be, or a report without a measured
    parameter.
    """
    return forecast_actor(PLATFORM_ROLE, measured, scenario, place=platform, **options)


def drawn_platform_parameters(measured: Measured, link: str, size: int, seed: int) -> Draws:
    """Draws of each parameter that the report measures, under a link."""
    found = {}
    for number, (name, (_, checks)) in enumerate(PLATFORM_PARAMETERS.items()):
        evidence = [each for each in measured.evidence if each.check in checks]
        if name == "takedown_lag":
            if evidence:
                found[name] = _lags(evidence, measured, link, size, (seed, number))
            continue
        rates = weakest_failure_rates(evidence, measured, link, size, (seed, number))
        if rates is not None:
            found[name] = rates
    return found


def _lags(
    evidence: Sequence[Evidence], measured: Measured, link: str, size: int, seed: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Mean lags in days: those of the slowest check that failed, or else of the check with the shortest limit."""
    failed = [each for each in evidence if each.failures]
    lags = []
    for each in failed or [min(evidence, key=lambda each: LIMITS[each.check])]:
        late = weakest_failure_rates([each], measured, link, size, (*seed, list(LIMITS).index(each.check)))
        if late is not None:
            lags.append(LIMITS[each.check] / 24.0 / -np.log(np.clip(late, 1e-12, 1.0 - 1e-6)))
    slowest: npt.NDArray[np.float64] = np.max(lags, axis=0)
    return slowest


def _with_platform(scenario: Scenario, place: int, values: Mapping[str, float]) -> Scenario:
    """The scenario with other values of one platform. Over-removal is no parameter of the model."""
    modelled = {name: value for name, value in values.items() if name != "over_removes"}
    platforms = list(scenario.platforms)
    platforms[place] = platforms[place].model_copy(update=modelled)
    return scenario.model_copy(update={"platforms": platforms})


def platform_outcomes(
    rows: Sequence[Row],
    scenario: Scenario,
    platform: int,
    seed: int,
    since: float,
    *,
    over_removes: float = 0.0,
) -> dict[str, float]:
    """What happened on a platform from some day on, from the log. The log has no column for the platform of a copy: it
    follows from the draw that the engines make for it.
    """
    draw = compiled().uniform
    cumulative = np.add.accumulate([each.share for each in scenario.platforms]).tolist()
    last = len(cumulative) - 1
    appeared: dict[tuple[int, int], float] = {}
    ended: dict[bool, list[float]] = {True: [], False: []}
    copies, complaints, fines = 0, 0, 0.0
    for time, kind, provider, case, _, value in rows:
        if kind == Kind.COPIES_SPREAD:
            drawn = draw(seed, provider, Purpose.PLATFORM, case >> 3)
            if min(bisect_right(cumulative, drawn), last) == platform and time >= since:
                appeared[provider, case] = time
                copies += 1
        elif kind in (Kind.COPIES_REMOVED, Kind.COPIES_FADED) and (provider, case) in appeared:
            ended[kind == Kind.COPIES_REMOVED].append(time - appeared.pop((provider, case)))
        elif kind == Kind.PLATFORM_FINED and case == platform and time >= since:
            fines += value
        elif kind == Kind.COMPLAINT and value == 0.0 and time >= since:
            complaints += 1
    lives = [*ended[True], *ended[False]]
    return {
        "copies": float(copies),
        "taken_down": len(ended[True]) / len(lives) if lives else math.nan,
        "life": float(np.mean(lives)) if lives else math.nan,
        "over_removed": complaints * scenario.platforms[platform].share * over_removes,
        "fines": fines,
    }


def _observe(
    rows: Sequence[Row], scenario: Scenario, platform: int, seed: int, since: float, values: Mapping[str, float]
) -> dict[str, float]:
    over_removes = values.get("over_removes", 0.0)
    return platform_outcomes(rows, scenario, platform, seed, since, over_removes=over_removes)


def _usual(scenario: Scenario, platform: str, parameter: str) -> tuple[float, float]:
    found = next(each for each in scenario.platforms if each.name == platform)
    return float(getattr(found, parameter, 0.0)), 1.0


PLATFORM_ROLE = Role(
    name="platform",
    parameters=PLATFORM_PARAMETERS,
    outcomes=PLATFORM_OUTCOMES,
    places=lambda scenario: scenario.platforms,
    draw=lambda measured, scenario, link, size, seed: drawn_platform_parameters(measured, link, size, seed),
    replace=_with_platform,
    observe=_observe,
    usual=_usual,
)
