"""Two runs side by side: paired differences on common random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .outcomes import metrics
from .replication import Run, RunError, interval


@dataclass(frozen=True)
class Comparison:
    """What ``b`` does that ``a`` does not. ``table`` has one row a metric, with the columns metric, title, unit,
    mean_a, mean_b, difference (b - a), lo95, hi95 and n, the pairs of replications in which both are defined."""

    a: Run
    b: Run
    table: pd.DataFrame

    @property
    def cost_per_harm_avoided(self) -> tuple[float, float, float]:
        """RMB of regulator's cost that ``b`` spends beyond ``a``, for each user-day of harm that it avoids, with a 95 % interval
        (jackknife over paired replications). NaN where ``b`` avoids no harm on the mean: then there is no such price."""
        n = min(self.a.replications, self.b.replications)
        cost = self._differences("regulator_cost", n)
        avoided = -self._differences("harm", n)
        if n < 2 or avoided.mean() <= 0.0:
            return np.nan, np.nan, np.nan
        ratio = float(cost.mean() / avoided.mean())
        left_out = (cost.sum() - cost) / (avoided.sum() - avoided)
        low, high = interval(n * ratio - (n - 1) * left_out)[1:3]
        return ratio, low, high

    def _differences(self, metric: str, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        ours = self.b.outcomes[metric].to_numpy(dtype=np.float64)[:n]
        theirs = self.a.outcomes[metric].to_numpy(dtype=np.float64)[:n]
        return np.asarray(ours - theirs, dtype=np.float64)


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
