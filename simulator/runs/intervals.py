"""95 % intervals of means over replications, whose coverage was measured for every shipped outcome.

A mean of many replications is nearly normal, but outcomes are skewed (harm), counts of rare events (revocations) or
bounded (shares). Student's t then covers 61 to 90 % instead of 95 for small numbers of replications. So:

* **Skewness** is corrected by the cubic transformation of Hall (1992), which is monotone. Few values show less skewness
  than there is, or the opposite by chance, so it is taken :data:`AMPLIFIED` times, and the interval reaches at least as
  far as Student's.
* **Counts of rare events**, fewer than :data:`RARE` in all, get the mid-P interval of a Poisson mean (Lancaster 1961),
  widened by their dispersion (the quasi-Poisson variance). The exact one (Garwood 1936) covers small means in 98 to
  100 % of cases; it is used for counts of 0 and 1. For a mean so small that even a count of 0 is not improbable, the
  whole 5 % is used for counts that are improbably high, as in the intervals of Crow and Gardner (1959).
* **Bounds** are respected: an interval of a share ends at 0 and 1, one of a count or an amount at 0.
* **What cannot be known is not given**: an amount that is zero in every replication has no upper end (NaN). Which means
  hang on events too rare for any interval is in :mod:`.tails`; their outcomes get :func:`median_interval`.

``python -m tests.simulator.interval_coverage`` measures the coverage; ``docs/interval-coverage.md`` has the table.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import bdtr, chdtri, gammainc, gammaincc, gammaincinv, ndtri, stdtrit

Floats = npt.NDArray[np.float64]
Kind = Literal["any", "count", "amount", "share"]
"""What values can be: ``any`` number (a difference), a ``count`` or an ``amount`` from 0 on, a ``share`` in [0, 1]."""

LEVEL = 0.95
RARE = 30.0
"""Events in all replications together, below which a count is treated as rare."""
AMPLIFIED = 1.2
"""How much more skewed than the values their distribution is taken to be."""
FEW = 8
"""Replications below which no interval can be trusted to cover: see the table."""


def mean_interval(values: npt.ArrayLike, kind: Kind = "any", level: float = LEVEL) -> tuple[float, float, float, int]:
    """Mean and interval (95 % unless ``level`` says otherwise) of the values that are defined (not NaN), and how many
    these are.

    One value has no interval (NaN). Values that are all alike have an interval of no width, so that a change without
    effect differs by exactly zero. Where they are all zero, a rare event may not have happened yet: a ``count`` keeps
    an upper end, and an ``amount`` has no interval, since nothing says how large it may be.
    """
    defined = np.asarray(values, dtype=np.float64)
    defined = defined[~np.isnan(defined)]
    n = len(defined)
    if n == 0:
        return math.nan, math.nan, math.nan, 0
    mean = float(np.mean(defined))
    if n == 1:
        return mean, math.nan, math.nan, 1
    total = float(defined.sum())
    if kind == "count" and total < RARE and bool(np.all(defined == np.round(defined))):
        low, high = _rare(total, n, float(np.var(defined, ddof=1)), mean, (1.0 + level) / 2.0)
    elif kind == "amount" and not defined.any():
        low, high = math.nan, math.nan
    else:
        low, high = _skewed(defined, mean, (1.0 + level) / 2.0)
    return mean, *within_bounds(low, high, kind), n


def median_interval(values: npt.ArrayLike, level: float = LEVEL) -> tuple[float, float, float]:
    """Median of the defined values and its interval, which covers whatever the distribution: between order statistics,
    interpolated after Hettmansperger and Sheather (1986).

    Fewer than 6 values have no 95 % interval (NaN), unless all are alike. Ties make it cover more.
    """
    defined = np.asarray(values, dtype=np.float64)
    ordered = np.sort(defined[~np.isnan(defined)])
    n = len(ordered)
    if n == 0:
        return math.nan, math.nan, math.nan
    median = float(np.median(ordered))
    if n > 1 and ordered[0] == ordered[-1]:
        return median, median, median
    # The interval between the k-th values from either end misses the median where fewer than k values are beyond it.
    wanted, k = (1.0 - level) / 2.0, 0
    while k < n // 2 and bdtr(k, n, 0.5) <= wanted:
        k += 1
    if k == 0:
        return median, math.nan, math.nan
    wide, narrow = (1.0 - 2.0 * float(bdtr(j, n, 0.5)) for j in (k - 1, k))
    excess = (wide - level) / (wide - narrow)
    inwards = (n - k) * excess / (k + (n - 2 * k) * excess)
    low = (1.0 - inwards) * ordered[k - 1] + inwards * ordered[k]
    high = (1.0 - inwards) * ordered[n - k] + inwards * ordered[n - k - 1]
    return median, float(low), float(high)


def interval_of(low: float, median_low: float) -> Literal["mean", "median", "none"]:
    """What to show an interval of: the mean if it has one, else the median if that has one."""
    if low == low:
        return "mean"
    return "median" if median_low == median_low else "none"


def within_bounds(low: float, high: float, kind: Kind) -> tuple[float, float]:
    """An interval of a mean of values of this ``kind``, cut where no such mean can be. NaN stays NaN."""
    if kind != "any" and low < 0.0:
        low = 0.0
    if kind == "share" and high > 1.0:
        high = 1.0
    return low, high


def change_within_bounds(low: float, high: float, kind: Kind) -> tuple[float, float]:
    """An interval of the difference of two such means: that of two shares lies between -1 and 1."""
    if kind == "share":
        low, high = (min(max(end, -1.0), 1.0) if end == end else end for end in (low, high))
    return low, high


def relative_within_bounds(low: float, high: float, base: float, kind: Kind) -> tuple[float, float]:
    """An interval of a difference as a share of ``base``, the mean that is compared with: what is never negative cannot
    fall by more than all of it, and a share cannot rise above 1.
    """
    if kind != "any" and low < -1.0:
        low = -1.0
    if kind == "share" and base > 0.0 and high > 1.0 / base - 1.0:
        high = 1.0 / base - 1.0
    return low, high


def too_skewed(values: npt.ArrayLike) -> bool:
    """Whether there are too few values for how skewed they are: fewer than 25 times the squared skewness (Cochran
    1977), where the skewness is beyond what Hall's correction was measured to make up for (2).

    It cannot tell of a shock that has not happened in any of the values.
    """
    defined = np.asarray(values, dtype=np.float64)
    defined = defined[~np.isnan(defined)]
    if len(defined) < 3 or not np.ptp(defined):
        return False
    skewness = float(np.mean((defined - defined.mean()) ** 3)) / float(np.std(defined)) ** 3
    return abs(skewness) > 2.0 and len(defined) < 25.0 * skewness**2


def _rare(total: float, n: int, variance: float, mean: float, tail: float) -> tuple[float, float]:
    """The quasi-Poisson interval of the mean of ``n`` counts with this ``total``. The excess of their variance over
    Poisson's is itself estimated, which widens it as Student's t is wider than the normal distribution.
    """
    excess = max(0.0, variance / mean - 1.0) if mean > 0 else 0.0
    dispersion = 1.0 + excess * float(stdtrit(n - 1, tail) / ndtri(tail)) ** 2
    low, high = (dispersion * end / n for end in _poisson(total / dispersion, 1.0 - tail))
    return low, high


def _poisson(events: float, tail: float) -> tuple[float, float]:
    """The smallest and the largest Poisson mean for which the count ``events`` is not improbable: its upper and its
    lower tail have at least the probability ``tail``. From 2 events on, half of the probability of exactly this count
    belongs to a tail (mid-P).

    >>> [[round(end, 2) for end in _poisson(events, 0.025)] for events in (0.0, 1.0, 4.0, 10.0)]
    [[0.0, 3.69], [0.05, 5.57], [1.59, 9.65], [5.08, 17.82]]
    """
    none, exact = (float(chdtri(2.0 * (few + 1.0), tail)) / 2.0 for few in (0.0, events))
    if events <= 0.0:
        return 0.0, none
    # For means below `none`, a count of 0 is not improbable: both tails are used for high counts.
    low = max(_at_least(events, tail), min(_at_least(events, 2.0 * tail), none))
    if events <= 1.0:
        return low, exact
    return low, float(
        brentq(lambda mean: gammaincc(events, mean) + gammaincc(events + 1.0, mean) - 2.0 * tail, 0.0, exact)
    )


def _at_least(events: float, tail: float) -> float:
    """The Poisson mean for which the upper tail of the count ``events`` has the probability ``tail``."""
    if events <= 1.0:
        return float(gammaincinv(events, tail))
    return float(
        brentq(lambda mean: gammainc(events, mean) + gammainc(events + 1.0, mean) - 2.0 * tail, 0.0, events + 1.0)
    )


def _skewed(values: Floats, mean: float, tail: float) -> tuple[float, float]:
    """The interval by Hall's transformation of the t statistic, or Student's where that reaches further."""
    n = len(values)
    deviation = float(np.std(values, ddof=1))
    if deviation == 0.0:
        return mean, mean
    error = deviation / math.sqrt(n)
    skewness = AMPLIFIED * float(np.mean((values - mean) ** 3)) / deviation**3
    quantile = float(stdtrit(n - 1, tail))
    above, below = (_untransformed(point, skewness, n) for point in (quantile, -quantile))
    return mean - error * max(above, quantile), mean - error * min(below, -quantile)


def _untransformed(point: float, skewness: float, n: int) -> float:
    """The value of the t statistic whose transform is ``point``: the inverse of Hall's cubic."""
    slope = skewness / math.sqrt(n)
    if abs(slope) < 1e-9:
        return point
    return 3.0 * (float(np.cbrt(1.0 + slope * (point - slope / 6.0))) - 1.0) / slope
