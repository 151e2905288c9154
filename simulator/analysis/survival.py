"""How long providers go without a first sanction or removal: the estimator of Kaplan and Meier (1958).

Providers leave the market and the horizon ends, so many are never seen to be sanctioned: they are *censored*, and
dropping them would make sanctions look earlier than they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from ..runs.run import Run, RunError

Floats = npt.NDArray[np.float64]
EVENTS = {"first_sanction": "first sanction", "first_removal": "first removal from a store", "ended": "end"}
"""Columns of the providers of a run that are the day of an event, with what it is called."""


def survival(run: Run, event: str = "first_sanction", by: str | None = "size_class") -> pd.DataFrame:
    """The share of providers without the ``event``, by days since they entered the market.

    ``event`` is one of :data:`EVENTS`; a provider that ends without it, or is there at the horizon, is censored. One
    curve per value of the column ``by`` of the providers, or one for all (``by=None``). Columns: group, day, at_risk,
    events, survival, lo95, hi95 (Greenwood's variance on the log-log scale, so that intervals stay between 0 and 1; it
    takes providers as independent, pooled over replications). The first row of a group is day 0. Raises
    :class:`RunError` for unknown names.
    """
    providers = run.providers
    if event not in EVENTS or event not in providers:
        raise RunError(f"found the event {event!r}, expected one of: {', '.join(EVENTS)}")
    if by is not None and by not in providers:
        raise RunError(f"found the column {by!r}, expected one of the providers, such as size_class")
    entered = providers[providers["entered"].notna()]
    groups = [("all", entered)] if by is None else list(entered.groupby(by, observed=True))
    frames = []
    for name, rows in groups:
        days = rows[event].to_numpy(dtype=np.float64)
        last = rows["ended"].fillna(run.scenario.horizon).to_numpy(dtype=np.float64)
        seen = ~np.isnan(days)
        since = np.where(seen, days, last) - rows["entered"].to_numpy(dtype=np.float64)
        frames.append(kaplan_meier(np.maximum(since, 0.0), seen).assign(group=str(name)))
    columns = ["group", "day", "at_risk", "events", "survival", "lo95", "hi95"]
    return pd.concat(frames, ignore_index=True)[columns]


def kaplan_meier(days: npt.ArrayLike, seen: npt.ArrayLike, level: float = 0.95) -> pd.DataFrame:
    """The curve of durations ``days``, of which those not ``seen`` are censored: a row at 0 and at each event.

    >>> kaplan_meier([1.0, 2.0, 2.0, 3.0], [True, True, False, True])["survival"].round(3).tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    durations, events = np.asarray(days, dtype=np.float64), np.asarray(seen, dtype=bool)
    times, counts = np.unique(durations[events], return_counts=True)
    at_risk = len(durations) - np.searchsorted(np.sort(durations), times, side="left")
    curve = np.cumprod(1.0 - counts / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(counts / (at_risk * (at_risk - counts)))
        spread = float(ndtri((1.0 + level) / 2.0)) * np.sqrt(variance) / np.abs(np.log(curve))
        low, high = curve ** np.exp(spread), curve ** np.exp(-spread)
    ended = curve == 0.0
    low[ended], high[ended] = 0.0, math.nan
    return pd.DataFrame(
        {
            "day": [0.0, *times],
            "at_risk": [len(durations), *at_risk],
            "events": [0, *counts],
            "survival": [1.0, *curve],
            "lo95": [1.0, *low],
            "hi95": [1.0, *high],
        }
    )


def share_without(curves: pd.DataFrame, day: float) -> dict[str, float]:
    """For each group of :func:`survival` the share that is still without the event after ``day``."""
    found: dict[str, float] = {}
    for name, rows in curves.groupby("group", sort=False):
        found[str(name)] = float(rows.loc[rows["day"] <= day, "survival"].iloc[-1])
    return found


__all__: Sequence[str] = ("EVENTS", "kaplan_meier", "share_without", "survival")
