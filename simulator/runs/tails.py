"""Which means have no interval yet, because they hang on what too few replications may contain.

No interval of a mean holds for every distribution (Bahadur and Savage 1956): a sample without the rare history that
decides a mean looks like any other. Whether there is one cannot be read off the sample, either. Samples that show the
tail have wide intervals, which hold; those that do not show it have the false ones. So the rules below are about the
outcome and the scenario, and were measured: ``docs/interval-coverage.md``. Such an outcome gets the interval of its
median, which holds for every distribution.

* **Sums of few large parts** (:data:`PARTS`): users of providers and the reach of violations are heavy-tailed, so that
  a single violation can decide the harm of many replications. Their means have intervals from so many parts on, in all
  replications together.
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

PARTS: Mapping[str, tuple[str, int]] = {
    "harm": ("violations", 1_000_000),
    "harm_outside": ("violations", 1_000_000),
    "blocked_user_days": ("service_suspensions", 600),
    "downtime": ("service_suspensions", 15),
    "collateral_downtime": ("supporter_sanctions", 10),
}
"""Outcome -> what its parts are, and how many of them its mean needs, in all replications together."""

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
        return HISTORIES if feared and moves and begins_sparse(scenario) else 0
    return needed_for_parts(outcomes, metric)


def needed_for_parts(outcomes: pd.DataFrame, metric: str) -> int:
    """As :func:`replications_needed`, for paired differences: both sides meet the same early histories, which leave the
    difference, so that only the :data:`PARTS` of either side count.
    """
    if metric not in PARTS:
        return 0
    n = len(outcomes)
    part, wanted = PARTS[metric]
    found = float(outcomes[part].sum()) if part in outcomes else 0.0
    if found >= wanted:
        return 0
    return max(n + 1, math.ceil(wanted * n / found) if found else wanted)
