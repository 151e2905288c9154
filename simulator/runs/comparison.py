"""Two runs side by side: paired differences on common random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .outcomes import metrics
from .run import Run, RunError, interval

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """What ``b`` does that ``a`` does not. ``table`` has one row a metric, with the columns metric, title, unit,
    mean_a, mean_b, difference (b - a), lo95, hi95 and n, the pairs of replications in which both are defined."""

    a: Run
    b: Run
    table: pd.DataFrame

    @property
    def cost_per_harm_avoided(self) -> tuple[float, float, float]:
        """RMB of regulator's cost that ``b`` spends beyond ``a``, for each user-day of harm that it avoids, with a 95 %
        interval (jackknife over paired replications). NaN where ``b`` avoids no harm on the mean: then there is no such
        price.
        """
        (cost_a, cost_b), (harm_a, harm_b) = self._paired("regulator_cost"), self._paired("harm")
        avoided = harm_a - harm_b
        if not len(avoided) or avoided.mean() <= 0.0:
            return np.nan, np.nan, np.nan
        return _ratio(cost_b - cost_a, avoided)

    def relative(self, metric: str) -> tuple[float, float, float]:
        """How much more of a metric ``b`` has, as a share of what ``a`` has, with a 95 % interval (jackknife over
        paired replications in which both are defined). Zero where neither has any of it, NaN where ``a`` alone has
        none.
        """
        a, b = self._paired(metric)
        both = ~(np.isnan(a) | np.isnan(b))
        a, b = a[both], b[both]
        if len(a) and not a.any() and not b.any():
            return 0.0, 0.0, 0.0
        return _ratio(b - a, a)

    def _paired(self, metric: str) -> tuple[Floats, Floats]:
        n = min(self.a.replications, self.b.replications)
        a, b = (np.asarray(run.outcomes[metric].to_numpy(dtype=np.float64)[:n]) for run in (self.a, self.b))
        return a, b


def _ratio(above: Floats, below: Floats) -> tuple[float, float, float]:
    """Mean of ``above`` over mean of ``below`` with a 95 % interval by the jackknife; NaN where it is not defined."""
    n = len(above)
    if n < 2 or below.sum() == 0.0 or not (below.sum() - below).all():
        return np.nan, np.nan, np.nan
    ratio = float(above.mean() / below.mean())
    left_out = (above.sum() - above) / (below.sum() - below)
    low, high = interval(n * ratio - (n - 1) * left_out)[1:3]
    return ratio, low, high


def compare(a: Run, b: Run) -> Comparison:
    """Differences between two runs of the same seed, replication by replication, with 95 % intervals.

    Replication ``k`` of both has the same random numbers, so a change without consequence differs by exactly zero.
    Runs of different length are compared on the replications that both have.

    Raises :class:`RunError` when the seeds differ, so that nothing is paired that does not belong together.
    """
    if a.seed != b.seed:
        raise RunError(f"found runs of seeds {a.seed} and {b.seed}, expected the same seed: pairs need the same draws")
    n = min(a.replications, b.replications)
    named = metrics(a.scenario) | metrics(b.scenario)
    rows = []
    for name in a.outcomes.columns:
        if name == "replication" or name not in b.outcomes.columns:
            continue
        left = a.outcomes[name].to_numpy(dtype=np.float64)[:n]
        right = b.outcomes[name].to_numpy(dtype=np.float64)[:n]
        both = ~(np.isnan(left) | np.isnan(right))
        difference, low, high, pairs = interval((right - left)[both])
        mean_a, mean_b = interval(left[both])[0], interval(right[both])[0]
        rows.append((name, *named[name], mean_a, mean_b, difference, low, high, pairs))
    columns = ["metric", "title", "unit", "mean_a", "mean_b", "difference", "lo95", "hi95", "n"]
    return Comparison(a, b, pd.DataFrame(rows, columns=columns))
