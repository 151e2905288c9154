"""Two published results on enforcement, put to the model as far as it can state them.

**Harrington** (1988): a regulator that keeps two groups, inspects the second more often and lets providers out of it
when found clean, makes providers comply part of the time where random inspections at the same cost make them comply
never. All of it is simulated: the groups, inspections, release, and providers that look ahead (``response.foresight``)
and choose for themselves. What they should choose is the optimum of Harrington's average-cost problem, found by
comparing all stationary choices (:func:`harrington_choice`).

**Blundell, Gowrisankaran and Langer** (2020): at equal total fines, fines that do not escalate with a plant's record
leave far more damage, 164 per cent more in their estimate. The model states record, escalation and response to the
feared fine; it states neither investment as a decision nor plants that differ in what they pollute, so that the
direction and the order of size can be compared and the figure itself cannot.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

from ..runs.run import Run, simulate
from ..scenario.schema import Scenario
from .oracles import YEAR, stripped, times

PENALTY = "cn-penalties/genai-21"
LARGEST_FINE = 1e6
"""RMB: what Harrington's fines and costs are multiples of."""
FAR, NEAR = 1e9, 365.0
"""Days that providers look ahead: the average-cost problem, and one year."""

PUBLISHED_INCREASE = 1.64
"""Blundell, Gowrisankaran and Langer 2020: more damage without escalation, at equal fines."""


class Groups(NamedTuple):
    """Harrington's two groups. Inspections per provider and year; fines; the chance that a clean inspection
    releases.
    """

    first: float = 1.0
    second: float = 3.0
    first_fine: float = 0.0
    second_fine: float = 1.0
    release: float = 0.2

    @property
    def in_second(self) -> float:
        """Share of time in the second group of one that violates in the first and complies in the second."""
        return self.first / (self.first + self.second * self.release)

    @property
    def inspections(self) -> float:
        """Inspections per year that such a provider gets: the cost at which random inspections are compared."""
        return (1 - self.in_second) * self.first + self.in_second * self.second

    @property
    def threshold(self) -> float:
        """c*: compliance that costs more a year is never worth it. L2 + (p2 u / p1)(L2 - L1), Li = pi Fi."""
        return self.threshold_at(0.0)

    def threshold_at(self, discount: float) -> float:
        """c* of one that discounts the future by ``discount`` a year: L2 + p2 u / (discount + p1) (L2 - L1)."""
        low, high = self.first * self.first_fine, self.second * self.second_fine
        return high + self.second * self.release / (discount + self.first) * (high - low)

    @property
    def between(self) -> float:
        """A cost of compliance that one who looks ahead without end bears, and one who looks a year ahead does not."""
        return (self.threshold + self.threshold_at(YEAR / NEAR)) / 2


def harrington_choice(groups: Groups, cost: float) -> tuple[bool, bool]:
    """Whether to comply in the first and in the second group, at the least cost per year in the long run.

    ``cost`` is that of complying for a year. The four stationary choices are compared; a provider begins in the first
    group.
    """
    costs: dict[tuple[bool, bool], float] = {}
    for first, second in itertools.product((True, False), repeat=2):
        if first:
            costs[first, second] = cost
        elif not second:
            costs[first, second] = groups.second * groups.second_fine
        else:
            costs[first, second] = (1 - groups.in_second) * groups.first * groups.first_fine + groups.in_second * cost
    return min(costs, key=lambda choice: costs[choice])


class ArmResult(NamedTuple):
    """One policy simulated: ``compliance`` and ``inspections`` (per provider and year) of each replication."""

    compliance: npt.NDArray[np.float64]
    inspections: npt.NDArray[np.float64]


class Targeting(NamedTuple):
    """Harrington's result in the model: three costs of compliance, in years' worth of the largest fine."""

    groups: Groups
    occasions: float
    costs: tuple[float, ...]
    targeted: tuple[ArmResult, ...]
    random: tuple[ArmResult, ...]
    near: ArmResult
    far: ArmResult
    """Under targeting at :attr:`Groups.between`, where providers look one year ahead and where they look ahead without
    end.
    """

    def expected(self, cost: float) -> tuple[float, float]:
        """Compliance under targeting, where a violation needs an occasion first, and under random inspections."""
        groups = self.groups
        choice = harrington_choice(groups, cost)
        if choice == (False, True):
            outside, inside = 1 / groups.first + 1 / self.occasions, 1 / (groups.second * groups.release)
            targeted = inside / (inside + outside)
        else:
            targeted = float(choice[0])
        return targeted, float(cost < groups.inspections * groups.second_fine)


def harrington(seed: int, effort: float = 1.0) -> Targeting:
    """Targeted against random inspections at the same number of inspections, for a low, middle and high cost of
    compliance, and the look ahead on which the middle regime rests.
    """
    groups, occasions, costs = Groups(), 30.0, (1.0, 3.0, 6.0)
    replications = times(16, effort)

    def arm(cost: float, rate: float, weight: float, foresight: float = FAR) -> ArmResult:
        fines = (groups.first_fine, groups.second_fine) if weight > 1 else (groups.second_fine,)
        return _arm(
            simulate(_inspected(cost, rate, weight, fines, groups.release, occasions, foresight), replications, seed)
        )

    weight = groups.second / groups.first
    targeted = tuple(arm(c, groups.first, weight) for c in costs)
    rate = float(targeted[1].inspections.mean())
    random = tuple(arm(c, rate, 1.0) for c in costs)
    near, far = (arm(groups.between, groups.first, weight, foresight) for foresight in (NEAR, FAR))
    return Targeting(groups, occasions, costs, targeted, random, near, far)


def _inspected(
    cost: float,
    rate: float,
    weight: float,
    fines: tuple[float, ...],
    release: float,
    occasions: float,
    foresight: float,
) -> Scenario:
    """Providers under inspections only, to whom a year of compliance is worth ``cost`` of the largest fine.

    The bad group is inspected ``weight`` times as often. A clean inspection takes back the strike, so that the step of
    the ladder is that of the group, and releases from the group with probability ``release``.
    """
    return stripped(
        {
            "horizon": 15 * YEAR,
            "population": {
                "providers": 20,
                "classes": [{"name": "all", "gain": cost * LARGEST_FINE / occasions, "compliance": {"labeling": 0.0}}],
            },
            "behaviours": [{"name": "labeling", "rate": occasions, "lifetime": 1e6}],
            "response": {"foresight": foresight},
            "policy": {
                "detection": {
                    "inspection_rate": rate,
                    "inspection_ceiling": rate * weight,
                    "merge_open_cases": True,
                },
                "targeting": {"group_weight": weight, "group_back": release},
                "strikes": {"forgiveness": 1.0},
                "ladder": [
                    {
                        "sanctions": ["order-to-rectify", "fine"] if fine else ["order-to-rectify"],
                        "penalty": PENALTY,
                        "deadline": 0.001,
                        **({"fine": {"low": fine * LARGEST_FINE, "high": fine * LARGEST_FINE}} if fine else {}),
                    }
                    for fine in fines
                ],
            },
        }
    )


def _arm(run: Run) -> ArmResult:
    """What the years after the third show, when the groups have filled."""
    series = run.series[run.series["start"] >= 3 * YEAR]
    sums = series.groupby("replication")[["occasions_all", "violations_all", "inspections"]].sum()
    years = (
        float(series.groupby("replication")[["start", "end"]].apply(lambda f: (f["end"] - f["start"]).sum()).iloc[0])
        / YEAR
    )
    providers = run.scenario.population.providers
    return ArmResult(
        (1 - sums["violations_all"] / sums["occasions_all"]).to_numpy(dtype=np.float64),
        (sums["inspections"] / (providers * years)).to_numpy(dtype=np.float64),
    )


# -- escalation


class Escalation(NamedTuple):
    """Escalating against flat fines at equal totals, replication by replication: harm and fines of both arms.

    ``steepness`` is the factor from one fine to the next; ``flat_fine`` RMB.
    """

    steepness: float
    flat_fine: float
    harm: npt.NDArray[np.float64]  # (2, replications): escalating, flat
    fines: npt.NDArray[np.float64]  # (2, replications)

    @property
    def increase(self) -> tuple[float, float]:
        """How much more harm flat fines leave, as a share of that under escalation, and its standard error."""
        escalating, flat = self.harm
        ratio = float(flat.mean() / escalating.mean())
        # The delta method for a ratio of paired means.
        spread = (flat - ratio * escalating).std(ddof=1) / math.sqrt(len(flat))
        return ratio - 1.0, float(spread / escalating.mean())


BELIEF, DETECTION, FIRST_FINE, GAINS = 0.3, 0.3, 10_000.0, (3_000.0, 40_000.0)
"""Providers reckon with the share of violations that is detected. Two halves differ in what a breach is worth to them.
"""


def steepness_of_published(found: Sequence[Escalation]) -> float:
    """Where the increase passes the published one for the first time, interpolated between the nearest steepnesses
    simulated; NaN where it does not.
    """
    for one, two in itertools.pairwise(sorted(found, key=lambda each: each.steepness)):
        before, after = one.increase[0] - PUBLISHED_INCREASE, two.increase[0] - PUBLISHED_INCREASE
        if before < 0.0 <= after:
            return one.steepness + (two.steepness - one.steepness) * before / (before - after)
    return math.nan


def escalation(seed: int, effort: float = 1.0, steepness: float = 4.0) -> Escalation:
    """Three fines, each ``steepness`` times the one before, against one fine that raises the same in total.

    The flat fine follows in closed form: each half offends at the share exp(-b F / g) of its occasions, so fines come
    to d F sum(occasions exp(-b F / g)), which grows with F until the fine is too high to be met often. Occasions are
    those of the escalating arm, and the same in both.
    """
    replications = times(12, effort)
    escalating = simulate(_fined([FIRST_FINE * steepness**step for step in range(3)]), replications, seed)
    target = float(escalating.outcomes["fines"].mean())
    occasions = [float(escalating.series[name].sum()) / replications for name in ("occasions_all", "occasions_other")]

    def raised(fine: float) -> float:
        met = sum(n * math.exp(-BELIEF * fine / gain) for n, gain in zip(occasions, GAINS, strict=True))
        return DETECTION * fine * met

    peak = float(minimize_scalar(lambda fine: -raised(fine), bounds=(0, max(GAINS) / BELIEF * 2), method="bounded").x)
    fine = float(brentq(lambda f: raised(f) - target, 0.0, peak)) if raised(peak) > target else peak
    flat = simulate(_fined([fine]), replications, seed)
    harm, fines = (
        np.array([run.outcomes[name].to_numpy(dtype=np.float64) for run in (escalating, flat)])
        for name in ("harm", "fines")
    )
    return Escalation(steepness, fine, harm, fines)


_OCCASIONS, _PROVIDERS, _YEARS = 12.0, 100, 6


def _fined(fines: list[float]) -> Scenario:
    return stripped(
        {
            "horizon": _YEARS * YEAR,
            "population": {
                "providers": _PROVIDERS,
                "classes": [
                    {"name": "all", "share": 0.5, "gain": GAINS[0], "compliance": {"labeling": 0.0}},
                    {**_OTHER_HALF, "gain": GAINS[1], "compliance": {"labeling": 0.0}},
                ],
            },
            "behaviours": [{"name": "labeling", "rate": _OCCASIONS, "complained": DETECTION}],
            "response": {"initial_belief": BELIEF},
            "policy": {
                "detection": {"complaints_taken_up": 1.0},
                "strikes": {"memory_days": 2 * YEAR},
                "ladder": [
                    {"sanctions": ["fine"], "penalty": PENALTY, "fine": {"low": fine, "high": fine}} for fine in fines
                ],
            },
        }
    )


_OTHER_HALF: dict[str, Any] = {
    "name": "other",
    "share": 0.5,
    "users": 100.0,
    "spread": 0.0,
    "revenue_per_user": 0.0,
    "activity": 1.0,
    "rectifies": 1.0,
    "exits_after_suspension": 0.0,
}
