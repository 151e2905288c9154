"""Which means have no interval yet, because they hang on what too few replications may contain.

No interval of a mean holds for every distribution (Bahadur and Savage 1956): a sample without the rare history that
decides a mean looks like any other. Whether there is one cannot be read off the sample, either. Samples that show the
tail have wide intervals, which hold; those that do not show it have the false ones. So the rules below are about the
outcome and the scenario, and were measured: ``docs/interval-coverage.md``. Such an outcome gets the interval of its
median, which holds for every distribution.

* **Sums of few large parts** (:data:`PARTS`): users of providers and the reach of violations are heavy-tailed, so that
  a single violation can decide the harm of many replications. So are fines by turnover, and the requests of the few
  removed apps that ask again and again. Their means have intervals from so many parts on, in all replications together.
* **Markets on one supporter** (:data:`SHAKEN`): where more than :data:`MANY` providers build on the largest, a sanction
  on it, in a few replications of a hundred, is what drives providers out.
* **Amounts that are mostly zero** (:data:`SEEN`): a wait in a queue that is nearly always empty. How large they are
  then are, the replications show in which they are not zero, and there have to be some of these.
* **A market that begins empty** (:func:`begins_sparse`): while a size class has few members, one sanction is most of
  what all of them know. In a few of a hundred replications the class then hardly dares a breach for years, and since
  it breaches so little, learns nothing else (the hot stove effect: Denrell and March 2001). What depends on deterrence
  has intervals from :data:`HISTORIES` replications on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..scenario.schema import Scenario
from .outcomes import kind_of, metrics

PARTS: Mapping[str, tuple[str, int]] = {
    "harm": ("violations", 1_000_000),
    "harm_outside": ("violations", 1_000_000),
    "blocked_user_days": ("service_suspensions", 600),
    "downtime": ("service_suspensions", 60),
    "collateral_downtime": ("supporter_sanctions", 10),
    "relisting_refusals": ("delistings", 800),
    "overturned_share": ("appeals", 40),
}
"""Outcome -> what its parts are, and how many of them its mean needs, in all replications together."""
BY_TURNOVER: Mapping[str, tuple[str, int]] = {"fines": ("fines_imposed", 4000), "fine_mean": ("fines_imposed", 4000)}
"""The same where a step of a ladder fines by turnover, now or after a change of the scenario."""
SHAKEN = ("exits", "active_end", "moved_abroad", "reentries", "filings_cancelled")
"""Outcomes that a sanction on a supporter on whom many providers build decides, and ``exits_…`` by size class."""
MANY, SANCTIONED = 150, 10
"""How many providers are many, and how many sanctions on a supporter with so many their means need. The outcomes count
those on all supporters, each as likely as providers build on it.
"""
SEEN = 5
"""Replications in which an amount has to be more than zero, if it is zero in others; or a share off its bounds."""

DETERRED = ("violations", "compliance", "deterred_peers")
"""Outcomes that depend on how deterrence begins, and those by size class (``compliance_…``)."""
SPARSE, EARLY = 50, 100.0
"""A market begins sparse with fewer providers than this by this day."""
HISTORIES = 512
NEARLY_FULL = 0.95


def begins_sparse(scenario: Scenario) -> bool:
    """Whether providers learn from each other in a market that begins with few of them and grows."""
    population, response = scenario.population, scenario.response
    if response.model == "fixed" or not (response.peer_weight > 0.0 or response.model == "rational"):
        return False
    days, shares = zip(*population.arrivals, strict=True)
    early = float(np.interp(EARLY, days, shares))
    return early < 0.5 and early * population.simulated < SPARSE


def replications_needed(scenario: Scenario, outcomes: pd.DataFrame, metric: str) -> int:
    """How many replications the mean of a metric needs before it has an interval, judged by the ``outcomes`` of those
    that there are (one row each): 0 where any number will do.
    """
    if metric in DETERRED or (metric.startswith("compliance_") and metric != "compliance_cost"):
        feared = bool(outcomes["deterred_peers"].any())
        # Fear cannot raise a compliance by much that is nearly full without it.
        moves = metric in DETERRED or float(outcomes[metric].mean()) < NEARLY_FULL
        if feared and moves and begins_sparse(scenario):
            return HISTORIES
    return max(needed_for_parts(scenario, outcomes, metric), _needed_to_be_seen(scenario, outcomes, metric))


def needed_for_parts(scenario: Scenario, outcomes: pd.DataFrame, metric: str) -> int:
    """As :func:`replications_needed`, for paired differences: both sides meet the same early histories, which leave the
    difference, so that only the parts (:data:`PARTS` and the like) of either side count.
    """
    parts = PARTS.get(metric)
    if metric in BY_TURNOVER and fines_by_turnover(scenario):
        parts = BY_TURNOVER[metric]
    elif (metric in SHAKEN or metric.startswith("exits_")) and (large := share_of_large(scenario)):
        parts = "supporter_sanctions", math.ceil(SANCTIONED / large)
    if parts is None:
        return 0
    part, wanted = parts
    found = float(outcomes[part].sum()) if part in outcomes else 0.0
    return _needed(len(outcomes), found, wanted)


def fines_by_turnover(scenario: Scenario) -> bool:
    """Whether a step of any ladder, of the first day or of a change, fines by a share of the turnover."""
    steps = (step for _, regime in scenario.regimes() for step in regime.policy.steps)
    return any(step.fine is not None and step.fine.turnover_share > 0.0 for step in steps)


def share_of_large(scenario: Scenario) -> float:
    """The share of those building on any supporter that build on one with more than :data:`MANY` providers: on the k-th
    build as many as 1/k of those on the first.
    """
    supporters = scenario.supporters
    if not supporters.count:
        return 0.0
    weights = [1.0 / k for k in range(1, supporters.count + 1)]
    total, building = sum(weights), scenario.population.simulated * supporters.used_by
    return sum(each for each in weights if building * each / total > MANY) / total


def _needed_to_be_seen(scenario: Scenario, outcomes: pd.DataFrame, metric: str) -> int:
    named = metrics(scenario).get(metric)
    kind = "any" if named is None else kind_of(metric, named.unit)
    if kind not in ("amount", "share"):
        return 0
    values = outcomes[metric].to_numpy(dtype=np.float64)
    values = values[~np.isnan(values)]
    off = (values != 0.0) & ((values != 1.0) | (kind == "amount"))
    # An amount that is zero throughout has no interval anyway, and no end to what it would take.
    return _needed(len(outcomes), float(off.sum()), SEEN) if off.any() and not off.all() else 0


def _needed(n: int, found: float, wanted: int) -> int:
    """How many replications hold ``wanted`` of what ``n`` hold ``found`` of; 0 where they hold enough."""
    if found >= wanted:
        return 0
    return max(n + 1, math.ceil(wanted * n / found) if found else wanted)
