"""From the frames of a run to curves and estimates."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from shenhe.simulator import Run

MONTH = 30.0
"""Days: the width of the bins of a run's series, and the time that rates are given per."""


POINTS = 16
"""About how many points a line or row of bars has; more would show noise, not time."""


@dataclass(frozen=True)
class Curve:
    """Mean and 95 % interval at each of some moments; ``days`` since the start, ``low`` and ``high`` NaN for one
    replication.
    """

    days: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def rate(run: Run, *columns: str) -> Curve:
    """Events (or sums) of the series per 30 days, over about ``POINTS`` stretches of time."""
    frame = run.series
    bins = int(frame["bin"].max()) + 1
    together = max(1, round(bins / POINTS))
    # A short rest joins the stretch before it: by itself it would be a noisy point.
    stretch = (frame["bin"] // together).clip(upper=max(1, round(bins / together)) - 1)
    grouped = frame.assign(
        stretch=stretch, total=frame[list(columns)].sum(axis=1), days=frame["end"] - frame["start"]
    ).groupby(["replication", "stretch"])
    found = grouped.agg(
        total=("total", "sum"), days=("days", "sum"), start=("start", "min"), end=("end", "max")
    ).reset_index()
    found["rate"] = found["total"] / found["days"] * MONTH
    middle = found.groupby("stretch").agg(start=("start", "first"), end=("end", "first"))
    days = ((middle["start"] + middle["end"]) / 2).to_numpy()
    return curve_of(days, found.pivot(index="replication", columns="stretch", values="rate").to_numpy(dtype=float))


def level(run: Run, column: str, *, cumulative: bool = False) -> Curve:
    """A level of the series at the end of each bin, or a count since the start."""
    frame = run.series
    wide = frame.pivot(index="replication", columns="bin", values=column)
    days = frame.groupby("bin")["end"].first().to_numpy()
    return curve_of(days, (wide.cumsum(axis=1) if cumulative else wide).to_numpy(dtype=float))


def curve_of(days: np.ndarray, values: np.ndarray) -> Curve:
    """The curve of ``values``: a row per replication, a column per moment."""
    mean, n = values.mean(axis=0), len(values)
    if n < 2:
        nothing = np.full_like(mean, np.nan)
        return Curve(days, mean, nothing, nothing)
    half = float(stdtrit(n - 1, 0.975)) * values.std(axis=0, ddof=1) / math.sqrt(n)
    # A mean of counts is never negative, so neither is what is drawn of its interval.
    return Curve(days, mean, np.maximum(mean - half, 0.0), mean + half)


def same_start(runs: Sequence[Run]) -> bool:
    return len({run.scenario.start for run in runs}) == 1


def moments(runs: Sequence[Run]) -> Callable[[Any], list[Any]]:
    """How to write days on the horizontal axis: as dates where all runs start on the same day, else as days since the
    start of each."""
    if not same_start(runs):
        return lambda days: [round(float(day), 1) for day in days]
    start = runs[0].scenario.start
    return lambda days: [(start + datetime.timedelta(days=float(day))).isoformat() for day in days]


def bar_width(days: float, moment: Callable[[Any], list[Any]]) -> float:
    """The width of a bar in the unit of the axis: milliseconds on an axis of dates."""
    return 0.86 * days * (86_400_000.0 if isinstance(moment([0.0])[0], str) else 1.0)


class Estimate(NamedTuple):
    """The mean of an outcome over replications and its 95 % interval; NaN for an outcome that the run does not have."""

    mean: float
    low: float
    high: float


def estimate(run: Run, metric: str) -> Estimate:
    if metric not in run.summary.index:
        return Estimate(math.nan, math.nan, math.nan)
    return Estimate(*(float(run.summary[column].to_dict()[metric]) for column in ("mean", "lo95", "hi95")))
