"""What follows from a study: one module a question, each function giving an :class:`Analysis` with tidy frames.

``compare`` which arms differ · ``rank`` which is the best · ``sensitivity`` which unknown matters · ``discover`` in
which worlds a policy fails · ``pareto`` which arms no other beats on all objectives · ``robust`` which arm does least
badly whatever the world · ``worlds`` whether the study has enough worlds · ``tipping`` whether where a history starts
decides where it ends.
"""

from __future__ import annotations

from ..study import StudyError, StudyRun
from .answer import Analysis

KINDS = ("compare", "rank", "sensitivity", "discover", "pareto", "robust", "worlds", "tipping")
WITH_BASELINE = ("compare", "sensitivity", "discover", "worlds")


def analyse(
    kind: str,
    run: StudyRun,
    *,
    metric: str | None = None,
    arm: str | None = None,
    baseline: str | None = None,
    threshold: float | None = None,
    delta: float | None = None,
) -> Analysis:
    """One of ``KINDS`` by its name; raises :class:`StudyError` for another, and for options that do not fit the
    study.
    """
    if baseline is not None and kind in KINDS and kind not in WITH_BASELINE:
        raise StudyError(f"found a baseline for {kind}, which compares with none; it is for {', '.join(WITH_BASELINE)}")
    if kind == "compare":
        from .contrasts import compare_arms

        return compare_arms(run, [metric] if metric else None, baseline)
    if kind == "rank":
        from .selection import rank_arms

        return rank_arms(run, metric, delta)
    if kind == "sensitivity":
        from .sensitivity import sensitivity

        return sensitivity(run, metric, arm, baseline)
    if kind == "discover":
        from .discovery import discover

        return discover(run, metric, arm, threshold, baseline)
    if kind == "pareto":
        from .pareto import pareto_arms

        return pareto_arms(run)
    if kind == "robust":
        from .robustness import robustness

        return robustness(run, metric)
    if kind == "worlds":
        from .enough import enough_worlds

        return enough_worlds(run, metric, arm, baseline)
    if kind == "tipping":
        from .tipping import tipping_points

        return tipping_points(run, metric, arm)
    raise StudyError(f"found the analysis {kind!r}, expected one of: {', '.join(KINDS)}")


def overview(run: StudyRun) -> list[Analysis]:
    """The analyses that suit a study: what its page shows."""
    several = len(run.arms) > 1
    worlds = len(run.worlds) > 1
    kinds = []
    if several:
        kinds += ["compare", "rank"]
    if several and len(run.study.objectives) > 1:
        kinds.append("pareto")
    if several and worlds:
        kinds.append("robust")
    if run.study.worlds is not None and run.study.worlds.design != "grid" and len(run.worlds) >= 32:
        kinds.append("sensitivity")
        kinds.append("discover")
    if run.study.tipping is not None:
        kinds.append("tipping")
    from shenhe.core.errors import MissingExtraError

    found = []
    for kind in kinds:
        try:
            found.append(analyse(kind, run))
        except MissingExtraError as error:
            # The study is done, and what needs no extra is answered; what does says what to install.
            found.append(Analysis.unanswered(kind, str(error)))
    return found


__all__ = ["KINDS", "Analysis", "analyse", "overview"]
