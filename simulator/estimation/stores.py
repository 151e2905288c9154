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
from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np

from ..kernel.eventlog import Kind, Row
from ..scenario.schema import Scenario
from .actors import ActorForecast, Draws, Options, Role, forecast_actor, weakest_failure_rates
from .measured import Measured

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
    "refused": ("Listings refused because of a missing filing", ""),
    "removed": ("Apps removed on order", ""),
    "lag": ("Mean days from order to removal", "days"),
    "late": ("Orders obeyed after the limit", "share"),
    "over_removed": ("Apps removed on an unfounded complaint", ""),
    "relisted": ("Apps listed again", ""),
    "fines": ("Fines on the store", "RMB"),
}
"""The outcomes of each replication: title and unit."""


def forecast_store(
    measured: Measured, scenario: Scenario, *, store: str | None = None, **options: Unpack[Options]
) -> ActorForecast:
    """Simulate the scenario with the measured store in place of one of its stores (the largest by default).

    Raises :class:`ForecastError` for a store, link or number of days that cannot be, or a report without a measured
    parameter.
    """
    return forecast_actor(STORE_ROLE, measured, scenario, place=store, **options)


def drawn_parameters(measured: Measured, scenario: Scenario, link: str, size: int, seed: int) -> Draws:
    """Draws of each parameter that the report measures, under a link."""
    found = {}
    for number, (name, (_, checks)) in enumerate(PARAMETERS.items()):
        rates = weakest_failure_rates(
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


def _with_store(scenario: Scenario, place: int, values: Mapping[str, float]) -> Scenario:
    """The scenario with other values of one store."""
    stores = list(scenario.stores)
    stores[place] = stores[place].model_copy(update=dict(values))
    return scenario.model_copy(update={"stores": stores})


def _outcomes(rows: Sequence[Row], store: int, since: float) -> dict[str, float]:
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


def _usual(scenario: Scenario, store: str, parameter: str) -> tuple[float, float]:
    found = next(each for each in scenario.stores if each.name == store)
    scale = scenario.policy.stores.checks_filing if parameter == "diligence" else 1.0
    return float(getattr(found, parameter)), scale


STORE_ROLE = Role(
    name="store",
    parameters=PARAMETERS,
    outcomes=STORE_OUTCOMES,
    places=lambda scenario: scenario.stores,
    draw=drawn_parameters,
    replace=_with_store,
    observe=lambda rows, scenario, store, seed, since, values: _outcomes(rows, store, since),
    usual=_usual,
)
