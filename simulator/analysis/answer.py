"""What an analysis gives: a sentence, a tidy table, notes on how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
