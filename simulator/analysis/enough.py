"""Whether a study has enough worlds: how its answer moved as worlds were added, and how far it may still move."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..study import StudyError, StudyRun
from .answer import Analysis, subject_of

FEWEST = 8
"""Worlds below which halving the design says nothing."""
STEPS = 4
"""The design is halved this often."""


def enough_worlds(
    run: StudyRun, metric: str | None = None, arm: str | None = None, baseline: str | None = None
) -> Analysis:
    """The mean of a metric (the first objective) over the first worlds of the design, for growing numbers of them.

    With several arms the quantity is the paired difference from ``baseline`` (the first arm), else the metric itself.
    ``table``: worlds, mean, mean_conf (half the width of the 95 % interval over worlds, Student's t), positive (the
    share of worlds in which it is above zero). The interval treats the worlds as a random sample of what is possible;
    for a Sobol or Latin design it is too wide rather than too narrow. Raises :class:`StudyError` for too few worlds.
    """
    if run.study.worlds is None or len(run.worlds) < FEWEST:
        raise StudyError(f"found {len(run.worlds)} worlds, expected at least {FEWEST} to see whether they are enough")
    subject = subject_of(run, metric, arm, baseline or (run.arms[0] if len(run.arms) > 1 else None))
    means = subject.means
    counts = sorted({max(FEWEST // 2, len(means) >> step) for step in range(STEPS)} | {len(means)})
    rows = []
    for count in counts:
        first = means[:count]
        half = float(stdtrit(count - 1, 0.975)) * float(first.std(ddof=1)) / math.sqrt(count)
        rows.append((count, float(first.mean()), half, float(np.mean(first > 0))))
    table = pd.DataFrame(rows, columns=["worlds", "mean", "mean_conf", "positive"])
    mean, half = float(table["mean"].iloc[-1]), float(table["mean_conf"].iloc[-1])
    moved = abs(mean - float(table["mean"].iloc[-2])) if len(table) > 1 else math.nan
    settled = abs(mean) > half
    title = (
        f"{len(means)} worlds determine the sign of {subject.words}"
        if settled
        else f"{len(means)} worlds do not determine the sign of {subject.words}"
    )
    notes = [
        f"Doubling the worlds last moved the mean by {moved:.3g}; the 95 % interval is ± {half:.3g}.",
        "Half-widths (conf) fall with the root of the number of worlds.",
    ]
    if not settled and mean != 0.0:
        wanted = math.ceil(len(means) * (half / abs(mean)) ** 2)
        notes.append(f"At this spread, about {wanted:,} worlds would determine it, if the mean does not change.")
    unit = run.metrics[subject.metric].unit
    return Analysis("worlds", title, table, tuple(notes), {"mean": unit, "positive": "share"}, facts=subject.facts)
