"""What one measured app store does to the market: its ``report.json``, put into a scenario as one of its stores.

A report sets three parameters of the simulated store, each with the uncertainty of its counts:

- **diligence**: the share of apps with a flawed filing that it does not list;
- **obeys_after**: the mean lag of obeying an order. Lags are exponential in the model, so that a share ``late`` of
  orders not executed within the :data:`LIMIT` of the checks means a lag of ``LIMIT / -ln(late)`` on average;
- **over_removes**: the probability that an unfounded complaint makes it remove an app.

Everything else of the store (its share, its reviews, its own monitoring) keeps the scenario's value. As for a provider,
how a rate among probes becomes one in the field is not known: every forecast is made under all links of
:data:`~.forecast.LINKS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..kernel.eventlog import Kind
from ..runs.engines import choose, replicate_on, warm
from ..runs.intervals import mean_interval
from ..scenario.schema import Scenario
from .forecast import LINKS, TYPICAL, Assumed, check_options, drawn_rates, mean_and_range, smaller_market
from .measured import Evidence, ForecastError, Measured

LIMIT = 1.0
"""Days that the checks give an order."""

VERIFYING = ("apps_are_listed_with_valid_filing_and_assessment", "updates_are_verified_like_new_apps")
OBEYING = ("ordered_removal_is_executed_everywhere",)
OVER_REMOVING = ("unfounded_report_removes_nothing",)
"""The checks, by their names in a report, whose failures set diligence, lag and over-removal."""

PARAMETERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "diligence": ("Share of flawed filings refused", VERIFYING),
    "obeys_after": ("Mean days to obey an order", OBEYING),
    "over_removes": ("Removals per unfounded complaint", OVER_REMOVING),
}
"""Title of each parameter of the store, and the checks that measure it."""

STORE_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "refused": ("Listings refused for want of a filing", ""),
    "removed": ("Apps removed on order", ""),
    "lag": ("Mean days from order to removal", "days"),
    "late": ("Orders obeyed after the limit", "share"),
    "over_removed": ("Apps removed on an unfounded complaint", ""),
    "relisted": ("Apps listed again", ""),
    "fines": ("Fines on the store", "RMB"),
}
"""The outcomes of each replication: title and unit."""


class StoreFuture(NamedTuple):
    """What followed under one assumption: ``runs`` has one row per replication with every outcome."""

    name: str
    runs: pd.DataFrame

    def mean(self, outcome: str) -> tuple[float, float, float]:
        """Mean over replications and its 95 % interval; NaN where no replication has the outcome."""
        values = self.runs[outcome].dropna().to_numpy()
        if len(values) < 2:
            return math.nan, math.nan, math.nan
        mean, low, high, _ = mean_interval(values)
        return mean, low, high


class StoreForecast(NamedTuple):
    """What a measured store does in a scenario over ``days``, under each link, beside the store of the scenario."""

    measured: Measured
    scenario: Scenario
    store: str
    days: float
    link: str
    seed: int
    replications: int
    parameters: dict[str, dict[str, tuple[float, float, float]]]
    """Link: parameter: mean, 2.5 % and 97.5 % of its draws. Parameters that were not measured are left out."""
    futures: tuple[StoreFuture, ...]
    """One for each link, and last the store as the scenario has it."""

    @property
    def unmeasured(self) -> list[str]:
        """The parameters that keep the value of the scenario."""
        return [name for name in PARAMETERS if name not in self.parameters[self.link]]

    @property
    def in_place_of(self) -> str:
        """The store of the scenario that it replaces."""
        return self.store

    @property
    def titles(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Its parameters: title, and the checks that measure each."""
        return PARAMETERS

    @property
    def outcomes(self) -> Mapping[str, tuple[str, str]]:
        """Its outcomes: title and unit."""
        return STORE_OUTCOMES

    def usual(self, parameter: str) -> tuple[float, float]:
        """The value of a parameter in the scenario, and the factor by which measured values are shown."""
        store = next(each for each in self.scenario.stores if each.name == self.store)
        scale = self.scenario.policy.stores.checks_filing if parameter == "diligence" else 1.0
        return float(getattr(store, parameter)), scale


def forecast_store(
    measured: Measured,
    scenario: Scenario,
    *,
    store: str | None = None,
    days: float = 365.0,
    link: str = "as-probed",
    replications: int = 20,
    seed: int = 1,
    progress: Callable[[str], None] = lambda name: None,
) -> StoreForecast:
    """Simulate the scenario with the measured store in place of one of its stores (the largest by default).

    Raises :class:`ForecastError` for a store, link or number of days that cannot be, or a report without a measured
    parameter.
    """
    names = [each.name for each in scenario.stores]
    if not names:
        raise ForecastError(f"the scenario {scenario.name} has no stores")
    chosen = store or max(scenario.stores, key=lambda each: each.share).name
    if chosen not in names:
        raise ForecastError(f"--store {chosen}: expected one of: {', '.join(names)}")
    check_options(scenario, link, days, replications)
    market, place = smaller_market(scenario), names.index(chosen)
    drawn = {name: drawn_parameters(measured, market, name, replications, seed) for name in LINKS}
    if not drawn[link]:
        checks = ", ".join(check for _, checks in PARAMETERS.values() for check in checks)
        raise ForecastError(f"{measured.name}: found none of the checks {checks} passed or failed, expected one")
    engine = choose(None, [(market, (len(LINKS) + 1) * replications)])
    warm(engine)

    def runs(parameters: Mapping[str, npt.NDArray[np.float64]]) -> pd.DataFrame:
        rows = []
        for number in range(replications):
            values = {name: float(draws[number]) for name, draws in parameters.items()}
            placed = _with_store(market, place, values)
            result = replicate_on(engine, placed, seed, number)
            rows.append(_outcomes(result.rows, place, market.horizon - days))
        return pd.DataFrame(rows)

    futures = []
    for name in LINKS:
        progress(name)
        futures.append(StoreFuture(name, runs(drawn[name])))
    progress(f"{chosen} as in {scenario.name}")
    futures.append(StoreFuture(TYPICAL, runs({})))
    many = {name: drawn_parameters(measured, market, name, 4000, seed) for name in LINKS}
    parameters = {
        link_name: {name: mean_and_range(values) for name, values in found.items()} for link_name, found in many.items()
    }
    return StoreForecast(measured, market, chosen, days, link, seed, replications, parameters, tuple(futures))


def drawn_parameters(
    measured: Measured, scenario: Scenario, link: str, size: int, seed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Draws of each parameter that the report measures, under a link."""
    found = {}
    for number, (name, (_, checks)) in enumerate(PARAMETERS.items()):
        rates = _failure_rates(
            [each for each in measured.evidence if each.check in checks], measured, link, size, (seed, number)
        )
        if rates is None:
            continue
        if name == "diligence":
            # The policy asks for checks of filings with some probability, which diligence multiplies.
            asked = scenario.policy.stores.checks_filing
            found[name] = np.minimum(1.0, (1.0 - rates) / asked) if asked > 0 else np.ones(size)
        elif name == "obeys_after":
            found[name] = LIMIT / -np.log(np.clip(rates, 1e-12, 1.0 - 1e-6))
        else:
            found[name] = rates
    return found


def _failure_rates(
    evidence: Sequence[Evidence], measured: Measured, link: str, size: int, seed: Sequence[int]
) -> npt.NDArray[np.float64] | None:
    """Draws of the failure rate of the weakest of some checks; ``None`` where none was measured."""
    if not evidence:
        return None
    alike = [each._replace(behaviour="store") for each in evidence]
    assumed = Assumed(link, "weakest-check")
    return drawn_rates(measured._replace(evidence=tuple(alike)), ["store"], assumed, size, seed)["store"]


def _with_store(scenario: Scenario, place: int, values: Mapping[str, float]) -> Scenario:
    """The scenario with other values of one store."""
    stores = list(scenario.stores)
    stores[place] = stores[place].model_copy(update=dict(values))
    return scenario.model_copy(update={"stores": stores})


def _outcomes(rows: Sequence[tuple[float, int, int, int, int, float]], store: int, since: float) -> dict[str, float]:
    """What a store did from some day on, from the log."""
    ordered: dict[tuple[int, int], float] = {}
    found = dict.fromkeys(("refused", "over_removed", "relisted", "fines"), 0.0)
    over_removed: set[tuple[int, int]] = set()
    lags: list[float] = []
    for time, kind, provider, case, _, value in rows:
        if kind == Kind.APP_REMOVAL:
            ordered[provider, case] = time
            continue
        if kind == Kind.STORE_FINED and case == store and time >= since:
            found["fines"] += value
        if int(value) != store or time < since:
            continue
        if kind == Kind.LISTING_REFUSED:
            found["refused"] += 1
        elif kind == Kind.OVER_REMOVED:
            found["over_removed"] += 1
            over_removed.add((provider, case))
        elif kind == Kind.RELISTED:
            found["relisted"] += 1
        elif kind == Kind.DELISTED and (provider, case) in ordered and (provider, case) not in over_removed:
            lags.append(time - ordered[provider, case])
    lag = float(np.mean(lags)) if lags else math.nan
    late = float(np.mean([each > LIMIT for each in lags])) if lags else math.nan
    return {**found, "removed": float(len(lags)), "lag": lag, "late": late}
