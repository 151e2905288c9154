"""Paired comparison of arms on common random numbers, with care for how many comparisons are made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

from ..runs.intervals import change_within_bounds, too_skewed, within_bounds
from ..runs.outcomes import kind_of
from ..runs.tails import PARTS
from ..study import StudyError, StudyRun
from .answer import Analysis, arm_of, objective_of

Floats = npt.NDArray[np.float64]


class Mean(NamedTuple):
    """An estimated mean: its standard error, the degrees of freedom of that, and the values it rests on."""

    mean: float
    se: float
    df: float
    n: int

    def half_width(self, level: float) -> float:
        """Half the width of the interval of this level (Student's t)."""
        return float(stdtrit(self.df, 0.5 + level / 2)) * self.se if self.df > 0 else math.nan

    @property
    def p(self) -> float:
        """Two-sided p-value of the mean being zero; a difference without any spread is certain."""
        if self.se == 0.0:
            return 1.0 if self.mean == 0.0 else 0.0
        return 2.0 * float(stdtr(self.df, -abs(self.mean / self.se))) if self.df > 0 else math.nan


def mean_over_worlds(values: Floats, *, common: bool) -> Mean:
    """The mean over worlds of what replications of shape (worlds, replications) estimate; NaN is missing.

    What is uncertain here is chance, not which world is the true one: the worlds are those of the design. With draws
    common to all worlds, replication k is one observation of the mean over worlds. With separate draws the worlds
    are strata: the variance is the sum of each world's, the degrees of freedom are Satterthwaite's. With a single
    replication per world, chance cannot be separated from worlds, and all spread counts as chance.
    """
    values = values[~np.isnan(values).all(axis=1)]
    if values.size == 0:
        return Mean(math.nan, math.nan, 0.0, 0)
    counts = (~np.isnan(values)).sum(axis=1)
    n = int(counts.sum())
    if common or len(values) == 1:
        seen = values[:, ~np.isnan(values).all(axis=0)]
        columns = np.nanmean(seen, axis=0)
        return _of_sample(columns, n)
    means = np.nanmean(values, axis=1)
    if (counts < 2).any():
        return _of_sample(means, n)
    parts = np.nanvar(values, axis=1, ddof=1) / counts
    total = float(parts.sum())
    if total == 0.0:
        return Mean(float(means.mean()), 0.0, float(n - len(values)), n)
    df = total**2 / float((parts**2 / (counts - 1)).sum())
    return Mean(float(means.mean()), math.sqrt(total) / len(values), df, n)


def chance_of(values: Floats, *, common: bool) -> Floats:
    """What chance adds to the values of (worlds, replications): the means over worlds where these share their draws,
    else the deviation of each replication from the mean of its world.
    """
    values = values[~np.isnan(values).all(axis=1)]
    if common or len(values) < 2:
        seen = values[:, ~np.isnan(values).all(axis=0)]
        return np.asarray(np.nanmean(seen, axis=0)) if seen.size else np.empty(0)
    if values.shape[1] < 2:
        return np.asarray(values.ravel())
    return np.asarray((values - np.nanmean(values, axis=1, keepdims=True)).ravel())


def skewed_note(names: Sequence[str]) -> str:
    """The warning that a few replications decide these means."""
    return (
        f"A few replications decide the mean of: {', '.join(names)}. Their 95 % intervals may cover less than they say;"
        " use more replications."
    )


def _of_few_parts(run: StudyRun, metric: str, arms: Sequence[str]) -> bool:
    """Whether the mean hangs on too few large parts under each of the arms: see :mod:`..runs.tails`."""
    if metric not in PARTS:
        return False
    part, wanted = PARTS[metric]
    values = run.values(part)
    return all(float(np.nansum(values[arm].to_numpy(dtype=np.float64))) < wanted for arm in arms)


def _of_sample(sample: Floats, n: int) -> Mean:
    if len(sample) < 2:
        return Mean(float(sample[0]), math.nan, 0.0, n)
    return Mean(float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(len(sample)), len(sample) - 1.0, n)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for being that many (Holm 1979): a family-wise error rate without assumptions on dependence.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03, float("nan")])]
    [0.03, 0.06, 0.06, nan]
    """
    known = [k for k, p in enumerate(p_values) if not math.isnan(p)]
    adjusted = [math.nan] * len(p_values)
    highest = 0.0
    for rank, k in enumerate(sorted(known, key=lambda k: p_values[k])):
        highest = max(highest, min(1.0, (len(known) - rank) * p_values[k]))
        adjusted[k] = highest
    return adjusted


def is_common(run: StudyRun) -> bool:
    """Whether all worlds of a study share their draws."""
    return run.study.worlds is None or run.study.worlds.draws == "common"


def compare_arms(
    run: StudyRun, metrics: Sequence[str] | None = None, baseline: str | None = None, level: float = 0.95
) -> Analysis:
    """Every arm against ``baseline`` (the first), for each metric (by default the study's objectives).

    ``table``: arm, metric, title, unit, mean_baseline, mean, difference, lo95, hi95 (only of this difference),
    lo_all, hi_all (Bonferroni: all of the table at once), p, p_holm, better_worlds (the share of worlds in which the
    arm's mean is better), n (pairs). Differences are arm minus baseline.
    """
    base = arm_of(run, baseline)
    wanted = list(metrics) if metrics else [objective.metric for objective in run.study.objectives]
    others = [arm for arm in run.arms if arm != base]
    if not others:
        raise StudyError("found one arm, expected at least two to compare")
    rows = []
    estimates = []
    kinds = []
    skewed = []
    for metric in wanted:
        objective = objective_of(run, metric)
        values = run.values(metric)
        title, unit = run.metrics[metric]
        kind = kind_of(metric, unit)
        for arm in others:
            left, right = values[base].align(values[arm])
            difference = (right - left).to_numpy(dtype=np.float64)
            estimate = mean_over_worlds(difference, common=is_common(run))
            estimates.append(estimate)
            kinds.append(kind)
            differs = bool(np.nan_to_num(difference).any())
            few = differs and _of_few_parts(run, metric, (base, arm))
            if few or too_skewed(chance_of(difference, common=is_common(run))):
                skewed.append(f"{metric.replace('_', ' ')} of {arm}")
            with np.errstate(invalid="ignore"):
                by_world = pd.DataFrame(difference).mean(axis=1).dropna()
            means = [float(frame.mean(axis=1).mean()) for frame in (left, right)]
            better = float((by_world * objective.sign < 0).mean()) if len(by_world) else math.nan
            ends95 = change_within_bounds(*_ends(estimate, level), kind)
            rows.append([arm, metric, title, unit, *means, estimate.mean, *ends95, better, estimate.n])
    columns = [
        "arm",
        "metric",
        "title",
        "unit",
        "mean_baseline",
        "mean",
        "difference",
        "lo95",
        "hi95",
        "better_worlds",
        "n",
    ]
    table = pd.DataFrame(rows, columns=columns)
    family = 1 - (1 - level) / len(rows)
    ends = [
        change_within_bounds(*_ends(estimate, family), kind) for estimate, kind in zip(estimates, kinds, strict=True)
    ]
    p_values = [estimate.p for estimate in estimates]
    table.insert(9, "lo_all", [low for low, _ in ends])
    table.insert(10, "hi_all", [high for _, high in ends])
    table.insert(11, "p", p_values)
    table.insert(12, "p_holm", holm(p_values))
    clear = int((table["p_holm"] < 1 - level).sum())
    title = f"{clear} of {len(table)} differences from {base} are beyond chance, all of them taken together"
    notes: tuple[str, ...] = (
        "Each difference is paired: in a world, an arm and the arm it is compared with meet the same random draws.",
        f"p_holm and the wider interval hold for all {len(table)} comparisons at once (Holm; Bonferroni).",
        "Intervals say how far chance can move the mean over these worlds, not which world is the true one.",
    )
    if skewed:
        notes = (*notes, skewed_note(skewed))
    return Analysis("compare", title, table, notes, {"better_worlds": "share"}, facts={"baseline": base})


def bounded(run: StudyRun, metric: str, estimate: Mean, *, difference: bool) -> tuple[float, float]:
    """The 95 % interval of a metric's mean, or of its ``difference`` between arms, within what such a mean can be."""
    series = metric not in run.metrics  # a column of the time series: counts, sums and levels
    kind = "amount" if series else kind_of(metric, run.metrics[metric].unit)
    return (change_within_bounds if difference else within_bounds)(*_ends(estimate, 0.95), kind)


def _ends(estimate: Mean, level: float) -> tuple[float, float]:
    half = estimate.half_width(level)
    return estimate.mean - half, estimate.mean + half
