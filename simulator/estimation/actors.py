"""The forecast of a measured store or platform: a scenario is simulated with it in place of one of the scenario's.

What the two roles share is here: the forecast and its result. :class:`Role` holds what differs between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..kernel.draws import replication_seed
from ..kernel.eventlog import Row
from ..runs.engines import choose, replicate_on, warm
from ..runs.intervals import Kind, mean_interval
from ..scenario.market import Platform, Store
from ..scenario.schema import Scenario
from .forecast import LINKS, TYPICAL, Assumed, check_options, drawn_rates, mean_and_range, smaller_market
from .measured import Evidence, ForecastError, Measured

Draws = dict[str, npt.NDArray[np.float64]]
"""Draws of each measured parameter."""

_PREVIEW = 4000
"""Draws of each parameter that its mean and range are computed from."""


@dataclass(frozen=True)
class Role:
    """What differs between stores and platforms. ``name`` is the role, and the option that chooses one of a scenario.

    ``parameters`` has the title of each and the checks that measure it, ``outcomes`` the title and unit of each.
    ``places`` are those of a scenario, ``draw`` gives the parameters of a report under a link, ``replace`` a scenario
    with other values of one place, ``observe`` the outcomes of one replication, and ``usual`` the value of a parameter
    in a scenario with the factor by which measured values are shown.
    """

    name: str
    parameters: Mapping[str, tuple[str, tuple[str, ...]]]
    outcomes: Mapping[str, tuple[str, str]]
    places: Callable[[Scenario], Sequence[Store | Platform]]
    draw: Callable[[Measured, Scenario, str, int, int], Draws]
    replace: Callable[[Scenario, int, Mapping[str, float]], Scenario]
    observe: Callable[[Sequence[Row], Scenario, int, int, float, Mapping[str, float]], dict[str, float]]
    usual: Callable[[Scenario, str, str], tuple[float, float]]


class Options(TypedDict, total=False):
    """The options that stores and platforms share: see :func:`forecast_actor`."""

    days: float
    link: str
    replications: int
    seed: int
    progress: Callable[[str], None]


class ActorFuture(NamedTuple):
    """What followed under one assumption: ``runs`` has one row per replication with every outcome."""

    name: str
    runs: pd.DataFrame

    def mean(self, outcome: str, kind: Kind = "any") -> tuple[float, float, float]:
        """Mean over replications and its 95 % interval, within what values of the ``kind`` can be; NaN if no
        replication has the outcome.
        """
        values = self.runs[outcome].dropna().to_numpy()
        if len(values) < 2:
            return math.nan, math.nan, math.nan
        mean, low, high, _ = mean_interval(values, kind)
        return mean, low, high


class ActorForecast(NamedTuple):
    """What a measured store or platform does in a scenario over ``days``, under each link, beside that of the scenario.

    ``in_place_of`` names the store or platform of the scenario that it replaces.
    """

    role: Role
    measured: Measured
    scenario: Scenario
    in_place_of: str
    days: float
    link: str
    seed: int
    replications: int
    parameters: dict[str, dict[str, tuple[float, float, float]]]
    """Link: parameter: mean, 2.5 % and 97.5 % of its draws. Parameters that were not measured are left out."""
    futures: tuple[ActorFuture, ...]
    """One for each link, and last that of the scenario."""

    @property
    def unmeasured(self) -> list[str]:
        """The parameters that keep the value of the scenario."""
        return [name for name in self.titles if name not in self.parameters[self.link]]

    @property
    def titles(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Its parameters: title, and the checks that measure each."""
        return self.role.parameters

    @property
    def outcomes(self) -> Mapping[str, tuple[str, str]]:
        """Its outcomes: title and unit."""
        return self.role.outcomes

    def kind(self, outcome: str) -> Kind:
        """What values of an outcome can be."""
        kinds: dict[str, Kind] = {"share": "share", "": "count"}
        return kinds.get(self.outcomes[outcome][1], "amount")

    def usual(self, parameter: str) -> tuple[float, float]:
        """The value of a parameter in the scenario, and the factor by which measured values are shown."""
        return self.role.usual(self.scenario, self.in_place_of, parameter)


def forecast_actor(
    role: Role,
    measured: Measured,
    scenario: Scenario,
    *,
    place: str | None = None,
    days: float = 365.0,
    link: str = "as-probed",
    replications: int = 20,
    seed: int = 1,
    progress: Callable[[str], None] = lambda name: None,
) -> ActorForecast:
    """Simulate the scenario with the measured actor in place of one of the same role (the largest by default).

    Raises :class:`ForecastError` for a place, link or number of days that cannot be, or a report without a measured
    parameter.
    """
    places = role.places(scenario)
    if not places:
        raise ForecastError(f"the scenario {scenario.name} has no {role.name}s")
    names = [each.name for each in places]
    chosen = place or max(places, key=lambda each: each.share).name
    if chosen not in names:
        raise ForecastError(f"--{role.name} {chosen}: expected one of: {', '.join(names)}")
    check_options(scenario, link, days, replications)
    market, at = smaller_market(scenario), names.index(chosen)
    drawn = {name: role.draw(measured, market, name, replications, seed) for name in LINKS}
    if not drawn[link]:
        checks = ", ".join(check for _, checks in role.parameters.values() for check in checks)
        raise ForecastError(f"{measured.name}: found none of the checks {checks} passed or failed, expected one")
    engine = choose(None, [(market, (len(LINKS) + 1) * replications)])
    warm(engine)

    def runs(parameters: Draws) -> pd.DataFrame:
        rows = []
        for number in range(replications):
            values = {name: float(draws[number]) for name, draws in parameters.items()}
            placed = role.replace(market, at, values)
            log = replicate_on(engine, placed, seed, number).rows
            since = market.horizon - days
            rows.append(role.observe(log, placed, at, replication_seed(seed, number), since, values))
        return pd.DataFrame(rows)

    futures = []
    for name in LINKS:
        progress(name)
        futures.append(ActorFuture(name, runs(drawn[name])))
    progress(f"{chosen} as in {scenario.name}")
    futures.append(ActorFuture(TYPICAL, runs({})))
    preview = {name: role.draw(measured, market, name, _PREVIEW, seed) for name in LINKS}
    parameters = {
        name: {parameter: mean_and_range(values) for parameter, values in draws.items()}
        for name, draws in preview.items()
    }
    return ActorForecast(role, measured, market, chosen, days, link, seed, replications, parameters, tuple(futures))


def weakest_failure_rates(
    evidence: Sequence[Evidence], measured: Measured, link: str, size: int, seed: Sequence[int]
) -> npt.NDArray[np.float64] | None:
    """Draws of the failure rate of the weakest of some checks; ``None`` if none was measured."""
    if not evidence:
        return None
    alike = [each._replace(behaviour="actor") for each in evidence]
    assumed = Assumed(link, "weakest-check")
    return drawn_rates(measured._replace(evidence=tuple(alike)), ["actor"], assumed, size, seed)["actor"]
