"""Tipping points: whether where a history starts decides where it ends.

With two stable equilibria (Kleiman and Kilmer 2009), histories under the same policy that start from good and from bad
compliance end apart. A mean over histories hides this; a sweep of initial states shows it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..study import StudyError, StudyRun
from .answer import Analysis, aligned, arm_of, objective_of
from .contrasts import Mean, bounded, holm, mean_over_worlds

Floats = npt.NDArray[np.float64]
STEEP = 0.5
"""A gap is a tipping point and not a slope when one step of the start makes more than this share of it."""


def tipping(starts: Floats, ends: Floats) -> dict[str, float]:
    """Where histories that start at ``starts`` (S,) end, from ``ends`` (S, replications), paired by replication.

    ``gap``: mean end from the highest start less that from the lowest, with ``se``, ``lo95``, ``hi95`` and ``p``;
    ``threshold``: the middle of the step between neighbouring starts where the mean end changes the most;
    ``steepness``: that change as a share of the gap (a straight line has ``1 / (S - 1)``, a jump 1).
    """
    order = np.argsort(starts)
    x, y = np.asarray(starts, dtype=np.float64)[order], np.asarray(ends, dtype=np.float64)[order]
    if len(x) < 2:
        raise ValueError("found one initial state, expected at least two")
    gap: Mean = mean_over_worlds((y[-1] - y[0])[None, :], common=True)
    half = gap.half_width(0.95)
    means = np.array([float(np.nanmean(row)) if not np.isnan(row).all() else math.nan for row in y])
    steps = np.diff(means)
    place = int(np.nanargmax(np.abs(steps))) if not np.isnan(steps).all() else 0
    return {
        "gap": gap.mean,
        "se": gap.se,
        "lo95": gap.mean - half,
        "hi95": gap.mean + half,
        "p": gap.p,
        "threshold": float((x[place] + x[place + 1]) / 2),
        "steepness": float(steps[place] / gap.mean) if gap.mean else math.nan,
    }


def tipping_points(
    run: StudyRun, metric: str | None = None, arm: str | None = None, baseline: str | None = None
) -> Analysis:
    """For each arm (or one), and each value of the parameter along which the study looks: where histories end.

    The study's ``tipping`` section names the parameter that is the initial state. ``table``: arm, the value along, gap,
    lo95, hi95, p_holm, threshold, steepness, verdict (``two ends`` where the gap is beyond chance and most of it comes
    in one step; ``slow`` where it is beyond chance and gradual: a start not yet forgotten; ``one end``).
    ``details["ends"]``: arm, along, start, mean, lo95, hi95. With ``baseline``, what ends is the paired difference from
    that arm: a tipping point is then a policy whose effect depends on where the history starts.
    """
    study = run.study
    if study.tipping is None or study.worlds is None:
        raise StudyError(
            "found no section `tipping` in the study, expected one that names the initial state (see docs/studies.md)"
        )
    start, along = study.tipping.start, study.tipping.along
    objective = objective_of(run, metric or study.tipping.end)
    base = arm_of(run, baseline) if baseline is not None else None
    arms = [arm_of(run, arm)] if arm else [name for name in run.arms if name != base]
    if not arms or arms == [base]:
        raise StudyError("found no arm beside the baseline, expected another one for a difference")
    values = aligned(run, objective.metric)
    if base is not None:
        values = {name: values[name] - values[base] for name in arms}
    rows, ends = [], []
    for name in arms:
        for value, group in run.worlds.groupby(along) if along else [(math.nan, run.worlds)]:
            if group[start].nunique() < 2:
                raise StudyError(f"found one value of {start} at {along} = {value}, expected a grid with several")
            by_start = values[name].reindex(group["world"])
            averaged = by_start.groupby(group[start].to_numpy()).mean()
            x, y = averaged.index.to_numpy(dtype=np.float64), averaged.to_numpy(dtype=np.float64)
            found = tipping(x, y)
            rows.append((name, value, *found.values()))
            for level, row in zip(x, y, strict=True):
                estimate = mean_over_worlds(row[None, :], common=True)
                interval = bounded(run, objective.metric, estimate, difference=base is not None)
                ends.append((name, value, level, estimate.mean, *interval))
    label = along or "along"
    table = pd.DataFrame(rows, columns=["arm", label, "gap", "se", "lo95", "hi95", "p", "threshold", "steepness"])
    table["p_holm"] = holm(table["p"].tolist())
    clear = table["p_holm"] < 0.05
    table["verdict"] = np.where(clear & (table["steepness"] > STEEP), "two ends", np.where(clear, "slow", "one end"))
    table = table.drop(columns=["se", "p"])
    two = table[table["verdict"] == "two ends"]
    words = run.metrics[objective.metric].title.lower()
    if base is not None:
        words = f"the difference in {words} from {base}"
    if len(two) and along:
        span = f"{along} from {two[along].min():g} to {two[along].max():g}"
        title = f"With {span}, where a history starts decides where {words} ends"
    elif len(two):
        title = f"Where a history starts decides where {words} ends"
    else:
        title = (
            f"No tipping point: {words} ends alike from every start"
            if not clear.any()
            else (f"No tipping point: {words} still shows where it started, but gradually")
        )
    if not along:
        table = table.drop(columns=label)
    notes = [
        (
            f"Histories differ in their start ({start}) and meet the same draws; p_holm is for all {len(table)} rows at"
            " once."
        ),
        (
            "A gap can also be a start that the horizon is too short to forget: try twice the horizon before calling it"
            " an equilibrium."
        ),
    ]
    if study.worlds.draws != "common":
        notes.append(
            "Each world of this study has its own draws, so starts are not paired: `draws: common` detects smaller"
            " gaps."
        )
    frame = pd.DataFrame(ends, columns=["arm", label, "start", "mean", "lo95", "hi95"])
    facts: dict[str, str | float] = {"metric": objective.metric, "start": start, "along": along or ""}
    if base is not None:
        facts["baseline"] = base
    return Analysis("tipping", title, table, tuple(notes), {}, {"ends": frame}, facts)
