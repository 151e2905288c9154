"""What follows from a study: one module a question, each function giving an :class:`Analysis` with tidy frames.

``compare`` which arms differ · ``rank`` which is the best · ``sensitivity`` which unknown matters · ``discover`` in
which worlds a policy fails (a box) · ``tree`` the same, as regions of all worlds · ``dose`` and ``heat`` how an
outcome responds to one parameter or two · ``series`` how it develops over time · ``pareto`` which arms no other beats
on all objectives · ``robust`` which arm does least badly whatever the world · ``worlds`` whether the study has enough
worlds · ``tipping`` whether where a history starts decides where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..study import StudyError, StudyRun
from .answer import Analysis

KINDS = (
    "compare", "rank", "sensitivity", "discover", "tree", "dose", "heat", "series", "pareto", "robust", "worlds",
    "tipping",
)  # fmt: skip
WITHOUT_BASELINE = ("rank",)
WITH_ALONG = ("dose", "heat")
WITH_THRESHOLD = ("discover", "tree")


def analyse(
    kind: str,
    run: StudyRun,
    *,
    metric: str | None = None,
    arm: str | None = None,
    baseline: str | None = None,
    threshold: float | None = None,
    delta: float | None = None,
    along: Sequence[str] = (),
) -> Analysis:
    """One of ``KINDS`` by its name; raises :class:`StudyError` for another, and for options that do not fit the kind or
    the study.
    """
    if kind not in KINDS:
        raise StudyError(f"found the analysis {kind!r}, expected one of: {', '.join(KINDS)}")
    _check_options(kind, {"baseline": baseline, "along": along or None, "threshold": threshold, "delta": delta})
    if kind == "compare":
        from .contrasts import compare_arms

        return compare_arms(run, [metric] if metric else None, baseline)
    if kind == "rank":
        from .selection import rank_arms

        return rank_arms(run, metric, delta)
    if kind == "sensitivity":
        from .sensitivity import sensitivity

        return sensitivity(run, metric, arm, baseline)
    if kind in WITH_THRESHOLD:
        from .discovery import discover, divide

        return (discover if kind == "discover" else divide)(run, metric, arm, threshold, baseline)
    if kind in WITH_ALONG:
        from .response import dose_response, heat_map

        return (dose_response if kind == "dose" else heat_map)(run, along, metric, arm, baseline)
    if kind == "series":
        from .response import over_time

        return over_time(run, metric, arm, baseline)
    if kind == "pareto":
        from .pareto import pareto_arms

        return pareto_arms(run, baseline)
    if kind == "robust":
        from .robustness import robustness

        return robustness(run, metric, baseline)
    if kind == "worlds":
        from .enough import enough_worlds

        return enough_worlds(run, metric, arm, baseline)
    from .tipping import tipping_points

    return tipping_points(run, metric, arm, baseline)


def _check_options(kind: str, given: Mapping[str, object]) -> None:
    """Raise :class:`StudyError` for an option that this kind does not use, which it would otherwise ignore."""
    fitting = {
        "baseline": [name for name in KINDS if name not in WITHOUT_BASELINE],
        "along": WITH_ALONG,
        "threshold": WITH_THRESHOLD,
        "delta": ("rank",),
    }
    for name, value in given.items():
        if value is not None and kind not in fitting[name]:
            raise StudyError(
                f"found --{name} for {kind}, which has no use for it; it is for {', '.join(fitting[name])}"
            )


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
    if run.study.series:
        kinds.append("series")
    if run.study.tipping is not None:
        kinds.append("tipping")
    elif run.study.worlds is not None and run.study.worlds.design == "grid":
        from .response import numeric_parameters

        kinds += ["dose", "heat"][: len(numeric_parameters(run))]
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
