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
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..kernel.draws import Purpose, compiled, replication_seed
from ..kernel.eventlog import Kind
from ..runs.engines import choose, replicate_on, warm
from ..scenario.schema import Scenario
from .forecast import LINKS, TYPICAL, check_options, mean_and_range, smaller_market
from .measured import Evidence, ForecastError, Measured
from .stores import StoreFuture, _failure_rates

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


class PlatformForecast(NamedTuple):
    """What a measured platform does in a scenario over ``days``, under each link, beside that of the scenario."""

    measured: Measured
    scenario: Scenario
    platform: str
    days: float
    link: str
    seed: int
    replications: int
    parameters: dict[str, dict[str, tuple[float, float, float]]]
    """Link: parameter: mean, 2.5 % and 97.5 % of its draws. Parameters that were not measured are left out."""
    futures: tuple[StoreFuture, ...]
    """One for each link, and last the platform as the scenario has it."""

    @property
    def unmeasured(self) -> list[str]:
        """The parameters that keep the value of the scenario."""
        return [name for name in PLATFORM_PARAMETERS if name not in self.parameters[self.link]]

    @property
    def in_place_of(self) -> str:
        """The platform of the scenario that it replaces."""
        return self.platform

    @property
    def titles(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Its parameters: title, and the checks that measure each."""
        return PLATFORM_PARAMETERS

    @property
    def outcomes(self) -> Mapping[str, tuple[str, str]]:
        """Its outcomes: title and unit."""
        return PLATFORM_OUTCOMES

    def usual(self, parameter: str) -> tuple[float, float]:
        """The value of a parameter in the scenario, and the factor by which measured values are shown."""
        place = next(each for each in self.scenario.platforms if each.name == self.platform)
        return float(getattr(place, parameter, 0.0)), 1.0


def forecast_platform(
    measured: Measured,
    scenario: Scenario,
    *,
    platform: str | None = None,
    days: float = 365.0,
    link: str = "as-probed",
    replications: int = 20,
    seed: int = 1,
    progress: Callable[[str], None] = lambda name: None,
) -> PlatformForecast:
    """Simulate the scenario with the measured platform in place of one that it has (the largest by default).

    Raises :class:`ForecastError` for a platform, link or number of days that cannot be, or a report without a measured
    parameter.
    """
    names = [each.name for each in scenario.platforms]
    if not names:
        raise ForecastError(f"the scenario {scenario.name} has no platforms")
    chosen = platform or max(scenario.platforms, key=lambda each: each.share).name
    if chosen not in names:
        raise ForecastError(f"--platform {chosen}: expected one of: {', '.join(names)}")
    check_options(scenario, link, days, replications)
    market, place = smaller_market(scenario), names.index(chosen)
    drawn = {name: drawn_platform_parameters(measured, name, replications, seed) for name in LINKS}
    if not drawn[link]:
        checks = ", ".join(check for _, checks in PLATFORM_PARAMETERS.values() for check in checks)
        raise ForecastError(f"{measured.name}: found none of the checks {checks} passed or failed, expected one")
    engine = choose(None, [(market, (len(LINKS) + 1) * replications)])
    warm(engine)

    def runs(parameters: Mapping[str, npt.NDArray[np.float64]]) -> pd.DataFrame:
        rows = []
        for number in range(replications):
            values = {name: float(draws[number]) for name, draws in parameters.items()}
            over_removes = values.pop("over_removes", 0.0)
            placed = _with_platform(market, place, values)
            result = replicate_on(engine, placed, seed, number)
            rows.append(
                platform_outcomes(
                    result.rows,
                    placed,
                    place,
                    replication_seed(seed, number),
                    market.horizon - days,
                    over_removes=over_removes,
                )
            )
        return pd.DataFrame(rows)

    futures = []
    for name in LINKS:
        progress(name)
        futures.append(StoreFuture(name, runs(drawn[name])))
    progress(f"{chosen} as in {scenario.name}")
    futures.append(StoreFuture(TYPICAL, runs({})))
    many = {name: drawn_platform_parameters(measured, name, 4000, seed) for name in LINKS}
    parameters = {
        link_name: {name: mean_and_range(values) for name, values in found.items()} for link_name, found in many.items()
    }
    return PlatformForecast(measured, market, chosen, days, link, seed, replications, parameters, tuple(futures))


def drawn_platform_parameters(
    measured: Measured, link: str, size: int, seed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Draws of each parameter that the report measures, under a link."""
    found = {}
    for number, (name, (_, checks)) in enumerate(PLATFORM_PARAMETERS.items()):
        evidence = [each for each in measured.evidence if each.check in checks]
        if name == "takedown_lag":
            if evidence:
                found[name] = _lags(evidence, measured, link, size, (seed, number))
            continue
        rates = _failure_rates(evidence, measured, link, size, (seed, number))
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
        late = _failure_rates([each], measured, link, size, (*seed, list(LIMITS).index(each.check)))
        if late is not None:
            lags.append(LIMITS[each.check] / 24.0 / -np.log(np.clip(late, 1e-12, 1.0 - 1e-6)))
    slowest: npt.NDArray[np.float64] = np.max(lags, axis=0)
    return slowest


def _with_platform(scenario: Scenario, place: int, values: Mapping[str, float]) -> Scenario:
    platforms = list(scenario.platforms)
    platforms[place] = platforms[place].model_copy(update=dict(values))
    return scenario.model_copy(update={"platforms": platforms})


def platform_outcomes(
    rows: Sequence[tuple[float, int, int, int, int, float]],
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
