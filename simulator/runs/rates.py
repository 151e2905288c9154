"""Rates over all replications together: what happened, over what it happened to.

A rate of one replication, such as sanctions per hundred violations, is very large where next to nothing happened in it,
and the mean of such rates is decided by the replications that say least. So the rate of a run is its sum of sanctions
over its sum of violations. Each replication contributes a value whose mean is that rate (its linearisation), so that
intervals, paired differences and simultaneous intervals are made of rates as of any outcome. A replication with much of
what is counted moves the rate towards itself; its value makes up for that (the scaling of MacKinnon and White 1985).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def rate_values(parts: Floats, wholes: Floats) -> Floats:
    """One value per replication whose mean is the sum of ``parts`` over the sum of ``wholes``.

    NaN throughout where nothing is counted; only of the one replication that counts anything, where no other does.

    >>> rate_values(np.array([1.0, 3.0]), np.array([10.0, 10.0])).round(6).tolist()
    [0.0, 0.4]
    """
    whole = float(wholes.sum())
    if not whole > 0.0:
        return np.full(len(parts), np.nan)
    rate = float(parts.sum()) / whole
    weights = wholes / whole
    if weights.max() == 1.0:
        return np.where(weights == 1.0, rate, np.nan)
    moved = (parts - rate * wholes) * len(parts) / whole / (1.0 - weights)
    values: Floats = rate + moved - moved.mean()
    return values


def counted(
    providers: pd.DataFrame, series: pd.DataFrame, classes: list[str], n: int
) -> dict[str, tuple[Floats, Floats]]:
    """Column of a size class -> its sanctions and its violations in each of the first ``n`` replications. Empty where
    the frames hold no classes.
    """
    columns = [name.replace("-", "_") for name in classes]
    if "sanctions" not in providers or not {f"violations_{column}" for column in columns} <= set(series):
        return {}
    sanctions = providers.groupby(["size_class", "replication"], observed=False)["sanctions"].sum()
    violations = series.groupby("replication")[[f"violations_{column}" for column in columns]].sum()

    def first(values: pd.Series) -> Floats:
        return np.asarray(values.reindex(range(n)).fillna(0.0).to_numpy(dtype=np.float64))

    return {
        column: (first(sanctions.loc[name]), first(violations[f"violations_{column}"]))
        for name, column in zip(classes, columns, strict=True)
    }


def pooled(counts: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Floats]:
    """The values of the outcomes that are rates, from :func:`counted`: sanctions per hundred violations of each size
    class, and their ratio between the first class and the last.
    """
    found = {f"sanction_rate_{column}": 100.0 * rate_values(*each) for column, each in counts.items()}
    if found:
        first, *_, last = found.values() if len(found) > 1 else (*found.values(),) * 2
        found["disparity"] = _ratio_values(first, last)
    return found


def _ratio_values(above: Floats, below: Floats) -> Floats:
    """One value per replication whose mean is the mean of ``above`` over that of ``below``."""
    over, under = float(np.mean(above)), float(np.mean(below))
    if not under > 0.0 or over != over:
        return np.full(len(above), np.nan)
    values: Floats = over / under + (above - over) / under - (below - under) * over / under**2
    return values
