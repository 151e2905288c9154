"""Ranking and selection: which arm is the best, with a stated probability of being right.

The procedure is KN of Kim and Nelson ("A fully sequential procedure for indifference-zone selection in simulation",
ACM TOMACS 11, 2001). It compares arms replication by replication, so common random numbers help it and do not break its
guarantee, and it drops an arm as soon as it is clearly worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..study import StudyError, StudyRun
from .answer import Analysis, objective_of
from .contrasts import is_common

Floats = npt.NDArray[np.float64]
FIRST = 10
"""Observations of every arm before any is dropped; the variances are estimated from them."""


@dataclass(frozen=True)
class Selection:
    """``best``: the index selected, or None when the observations ran out first. ``dropped_at[i]``: after how many
    observations arm i was dropped, 0 if it was not. ``means``: of each arm over the observations it was given."""

    best: int | None
    dropped_at: tuple[int, ...]
    means: tuple[float, ...]
    used: int


def kim_nelson(
    observe: Callable[[int], Floats | None], arms: int, delta: float, alpha: float = 0.05, first: int = FIRST
) -> Selection:
    """Select the arm with the smallest mean.

    ``observe(k)`` gives observation k of every arm, shape (arms,), or None when there are no more; observations are
    independent over k and normal, and may be correlated between arms. If the best arm is better than every other by at
    least ``delta``, the probability that it is selected is at least ``1 - alpha``; with others nearer than that, one of
    them may be selected instead.
    """
    if delta <= 0 or not 0 < alpha < 1 or first < 2:
        raise ValueError(
            f"found delta {delta}, alpha {alpha}, first {first}; expected delta > 0, 0 < alpha < 1, first >= 2"
        )
    if arms == 1:
        return Selection(0, (0,), (math.nan,), 0)
    drawn = [observe(k) for k in range(first)]
    begun = [row for row in drawn if row is not None]
    if len(begun) < first:
        return Selection(None, (0,) * arms, _means(begun, arms), len(begun))
    sample = np.array(begun)
    eta = 0.5 * ((2 * alpha / (arms - 1)) ** (-2 / (first - 1)) - 1)
    h2 = 2 * eta * (first - 1)
    variance = np.array([[np.var(sample[:, i] - sample[:, j], ddof=1) for j in range(arms)] for i in range(arms)])
    last = math.floor(h2 * float(variance.max()) / delta**2)
    sums, r = sample.sum(axis=0), first
    counts = np.full(arms, first)
    inside = np.ones(arms, dtype=bool)
    dropped = np.zeros(arms, dtype=int)
    while True:
        # Arm i stays while it is not behind any other by more than what chance may do; the room narrows with r.
        room = np.maximum(0.0, delta / 2 * (h2 * variance / delta**2 - r))
        behind = sums[:, None] - sums[None, :] > room
        worse = (behind & inside[None, :]).any(axis=1) & inside
        if not worse[inside].all():
            dropped[worse] = r
            inside &= ~worse
        if inside.sum() == 1 or r > last:
            means = sums / counts
            best = int(np.where(inside, means, np.inf).argmin())
            return Selection(best, tuple(dropped.tolist()), tuple(means.tolist()), r)
        row = observe(r)
        if row is None:
            return Selection(None, tuple(dropped.tolist()), tuple((sums / counts).tolist()), r)
        sums = np.where(inside, sums + row, sums)
        counts = np.where(inside, counts + 1, counts)
        r += 1


def _means(rows: list[Floats], arms: int) -> tuple[float, ...]:
    return tuple(np.mean(rows, axis=0).tolist()) if rows else (math.nan,) * arms


def rank_arms(run: StudyRun, metric: str | None = None, delta: float | None = None, alpha: float = 0.05) -> Analysis:
    """Which arm is best on a metric (the study's first objective), from the replications of a study.

    An observation is the mean over worlds of one replication. ``delta``: the smallest difference that matters; by
    default one per cent of the first arm's mean. ``table``: arm, metric, mean, status (best, dropped, undecided),
    dropped_at, sorted from best to worst.
    """
    objective = objective_of(run, metric)
    values = run.values(objective.metric)
    shared = [frame.loc[:, frame.notna().all(axis=0)] for frame in values.values()]
    numbers = sorted(set.intersection(*(set(frame.columns) for frame in shared)))
    if not numbers:
        raise StudyError(
            f"found no replication in which every arm and world has {objective.metric}; choose another metric"
        )
    table = np.array([frame[numbers].mean(axis=0).to_numpy() for frame in shared]) * objective.sign
    chosen = delta if delta is not None else 0.01 * abs(float(table[0].mean())) or 1.0
    if chosen <= 0:
        raise StudyError(f"found delta {chosen:g}, expected more than 0")
    first = min(FIRST, max(2, len(numbers)))
    selection = kim_nelson(lambda k: table[:, k] if k < len(numbers) else None, len(run.arms), chosen, alpha, first)
    means = table.mean(axis=1) * objective.sign
    status = [
        (
            "best"
            if k == selection.best
            else "dropped"
            if selection.dropped_at[k]
            else "undecided"
            if selection.best is None
            else "not best"
        )
        for k in range(len(run.arms))
    ]
    frame = pd.DataFrame(
        {
            "arm": run.arms,
            "metric": objective.metric,
            "mean": means,
            "status": status,
            "dropped_at": selection.dropped_at,
        }
    )
    order = {"best": 0, "undecided": 1, "not best": 2, "dropped": 3}
    frame["order"] = frame["status"].map(order)
    frame["key"] = frame["mean"] * objective.sign
    frame = frame.sort_values(["order", "key"], kind="stable").drop(columns=["order", "key"]).reset_index(drop=True)
    words, unit = run.metrics[objective.metric]
    if selection.best is None:
        left = int((frame["status"] == "undecided").sum())
        title = (
            f"{left} of {len(run.arms)} arms may still be the best on {words.lower()}: {len(numbers)} replications do"
            " not decide"
        )
    else:
        title = f"{run.arms[selection.best]} is the best of {len(run.arms)} arms on {words.lower()}"
    notes = [
        (
            f"If the best arm is better than every other by at least {chosen:.4g}, it is selected with a probability of"
            f" at least {100 * (1 - alpha):.0f} % (Kim and Nelson 2001). Arms closer to each other than that are not"
            " distinguished."
        ),
        (
            f"An observation is the mean over {len(run.worlds):,} worlds of one replication; "
            f"{'the worlds share their draws' if is_common(run) else 'each world has its own random draws'}."
        ),
    ]
    if selection.best is None:
        notes.append(
            "To decide: more replications (raise `replications` in the study file, with another --out), or a larger"
            " delta."
        )
    return Analysis(
        "rank",
        title,
        frame,
        tuple(notes),
        {"mean": unit},
        facts={"delta": chosen, "alpha": alpha, "used": selection.used},
    )
