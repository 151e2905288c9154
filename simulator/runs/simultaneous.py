"""Intervals that hold for many means at once: the max-t method.

One 95 % interval misses the truth in one case of twenty, so a table of twenty rows without any effect shows one effect.
Intervals that hold *simultaneously* are wider: the whole table misses in one case of twenty.

How much wider follows from how the rows move together. The largest of the studentised means is simulated by Gaussian
multipliers on the centred observations (Chernozhukov, Chetverikov and Kato 2013), which is valid with more rows than
observations, and divided by the scale of Student's t (Hothorn, Bretz and Westfall 2008). Correlations from few
observations are shrunk towards independence (Schäfer and Strimmer 2005), which is the careful side. Rows that always
move together count as one. Independent rows give nearly Bonferroni's intervals, and no table gets wider ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, stdtr, stdtrit

from .intervals import LEVEL, mean_interval

Floats = npt.NDArray[np.float64]
DRAWS = 4000
"""Multiplier draws: the level is known to about a third of a per cent of the table's own error rate."""


def level_for_all(rows: Sequence[Floats], level: float = LEVEL) -> float:
    """The confidence level of each interval at which all intervals hold at once with probability ``level``.

    ``rows`` are the values of each row by observation, NaN where undefined; observation ``k`` of all rows is of one
    replication. Rows with fewer than two values, or without any spread, do not count. Deterministic.
    """
    counted = [row for row in rows if _defined(row) >= 2 and np.nanmax(row) > np.nanmin(row)]
    if len(counted) < 2:
        return level
    longest = max(map(len, counted))
    table = np.full((len(counted), longest), np.nan)
    for place, row in enumerate(counted):
        table[place, : len(row)] = row
    centred = np.nan_to_num(table - np.nanmean(table, axis=1, keepdims=True))
    centred /= np.sqrt((centred**2).sum(axis=1, keepdims=True))
    freedom = np.array([_defined(row) - 1 for row in counted], dtype=np.float64)
    dice = np.random.default_rng(20130)
    shared = dice.random(DRAWS)
    scales = {df: np.sqrt(chdtri(df, shared) / df) for df in set(freedom.tolist())}
    smallest = np.ones(DRAWS)
    shrunk = _shrinkage(centred @ centred.T, float(freedom.min()))
    multiplied = np.sqrt(1.0 - shrunk) * (centred @ dice.standard_normal((longest, DRAWS)))
    multiplied += np.sqrt(shrunk) * dice.standard_normal((len(counted), DRAWS))
    for df in scales:
        largest = np.abs(multiplied[freedom == df]).max(axis=0) / scales[df]
        smallest = np.minimum(smallest, 2.0 * stdtr(df, -largest))
    found = 1.0 - float(np.quantile(smallest, 1.0 - level))
    bonferroni = 1.0 - (1.0 - level) / len(counted)
    return float(min(max(found, level), bonferroni))


def _shrinkage(correlations: Floats, freedom: float) -> float:
    """The share by which to shrink correlations that were estimated with this many degrees of freedom."""
    others = correlations[~np.eye(len(correlations), dtype=bool)]
    seen = float((others**2).sum())
    return min(1.0, float(((1.0 - others**2) ** 2).sum()) / freedom / seen) if seen > 0.0 else 1.0


def interval_for_all(values: npt.ArrayLike, level: float) -> tuple[float, float]:
    """The interval of a mean at the ``level`` of its table: Student's t and Hall's correction, whichever ends further
    out. So far in the tails, the skewness of few values is too uncertain to make an interval shorter.
    """
    mean, low, high, n = mean_interval(values, level=level)
    if n < 2:
        return low, high
    defined = np.asarray(values, dtype=np.float64)
    half = float(stdtrit(n - 1, (1.0 + level) / 2.0)) * float(np.nanstd(defined, ddof=1)) / math.sqrt(n)
    return min(low, mean - half), max(high, mean + half)


def _defined(row: Floats) -> int:
    return int(np.count_nonzero(~np.isnan(row)))
