"""What an analysis gives: a sentence, a tidy table, notes on how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..study import Objective, StudyError, StudyRun


@dataclass(frozen=True)
class Analysis:
    """``title`` is what came out, in a sentence; ``table`` the tidy frame; ``units`` the unit of columns that have
    one; ``details`` further tidy frames by name; ``facts`` numbers and names a figure needs."""

    kind: str
    title: str
    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, str | float] = field(default_factory=dict)

    @classmethod
    def unanswered(cls, kind: str, reason: str) -> Analysis:
        """An analysis that could not be made, with the reason for it."""
        return cls(kind, f"Not answered ({kind}): {reason}", pd.DataFrame())


def objective_of(run: StudyRun, metric: str | None) -> Objective:
    """The objective about ``metric``, or the study's first; raises :class:`StudyError` for an unknown metric."""
    if metric is None:
        return run.study.objectives[0]
    run.check_metrics([metric])
    for objective in run.study.objectives:
        if objective.metric == metric:
            return objective
    return Objective(metric=metric)


def arm_of(run: StudyRun, arm: str | None) -> str:
    """``arm``, or the study's first; raises :class:`StudyError` for an unknown one."""
    if arm is None:
        return run.arms[0]
    if arm not in run.arms:
        raise StudyError(f"found the arm {arm!r}, expected one of: {', '.join(run.arms)}")
    return arm


def aligned(run: StudyRun, metric: str) -> dict[str, pd.DataFrame]:
    """The values of each arm with the same worlds and replications, so that arms can be subtracted."""
    values = run.values(metric)
    columns = sorted(set().union(*(frame.columns for frame in values.values())))
    return {arm: frame.reindex(index=range(len(run.worlds)), columns=columns) for arm, frame in values.items()}


@dataclass(frozen=True)
class Subject:
    """The quantity that an analysis is about: a metric of one arm, or the paired difference of two arms.

    ``values`` has one row per world and one column per replication, NaN where undefined; ``words`` names the quantity.
    """

    metric: str
    arm: str
    baseline: str | None
    sign: int
    limit: float | None
    values: npt.NDArray[np.float64]
    words: str

    @property
    def means(self) -> npt.NDArray[np.float64]:
        """The mean of each world over its replications."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nanmean(self.values, axis=1))

    @property
    def facts(self) -> dict[str, Any]:
        """What a figure needs to name the quantity."""
        return {"metric": self.metric, "arm": self.arm} | ({"baseline": self.baseline} if self.baseline else {})


def subject_of(run: StudyRun, metric: str | None, arm: str | None, baseline: str | None) -> Subject:
    """The metric (the study's first objective) of ``arm``, less that of ``baseline`` where one is named.

    Pairs replications, which meet the same random draws. The first arm is the default; where it is the baseline, the
    second is. Raises :class:`StudyError` for unknown names, for an arm that is its own baseline, and where a world has
    no value.
    """
    objective = objective_of(run, metric)
    base = arm_of(run, baseline) if baseline is not None else None
    others = [name for name in run.arms if name != base]
    if not others:
        raise StudyError("found one arm, expected at least two for a difference from a baseline")
    chosen = arm_of(run, arm) if arm is not None else others[0]
    if chosen == base:
        raise StudyError(f"found {chosen} as arm and as baseline, expected two different arms: {', '.join(run.arms)}")
    frames = run.values(objective.metric)
    frame = frames[chosen].reindex(range(len(run.worlds)))
    if base is not None:
        frame = frame - frames[base].reindex(range(len(run.worlds)))
    if frame.isna().all(axis=1).any():
        raise StudyError(
            f"found worlds without {objective.metric} of {chosen}; choose another metric, or let the study finish"
        )
    title = run.metrics[objective.metric].title.lower().split(":")[0]
    words = f"{title} of {chosen}" if base is None else f"the difference in {title} of {chosen} from {base}"
    limit = objective.limit if base is None else None
    return Subject(objective.metric, chosen, base, objective.sign, limit, frame.to_numpy(dtype=np.float64), words)
