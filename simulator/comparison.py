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
