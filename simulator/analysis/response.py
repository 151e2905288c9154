"""How an outcome responds to one parameter (dose and response) or to two (a heat map), over the worlds of a study, and
how it develops over time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..runs.intervals import change_within_bounds, mean_interval
from ..runs.outcomes import SERIES_UNITS, kind_of
from ..study import StudyError, StudyRun
from .answer import Analysis, Subject, arm_of, subject_of
from .contrasts import bounded, is_common, mean_over_worlds

Floats = npt.NDArray[np.float64]
FEW_VALUES = 12
"""A parameter with more values than these is divided into :data:`BINS` groups of equally many worlds."""
BINS = 8


def dose_response(
    run: StudyRun,
    along: Sequence[str] = (),
    metric: str | None = None,
    arm: str | None = None,
    baseline: str | None = None,
) -> Analysis:
    """A metric (the first objective) for growing values of one parameter (the first), for each arm or one; with
    ``baseline`` the paired difference of each arm from that one.

    ``table``: arm, the parameter, mean, lo95, hi95, worlds. Where the design has many values, worlds are grouped by
    quantile, and the parameter is the mean of the group. The interval is over the worlds of a group: over the
    other unknowns, and over chance. A group of one world has the interval over its replications.
    """
    name = _numeric(run, along, 1)[0]
    arms = [arm] if arm is not None else [each for each in run.arms if each != baseline]
    subjects = [subject_of(run, metric, each, baseline) for each in arms]
    groups = _groups(run.worlds[name])
    rows = []
    for subject in subjects:
        for group in np.unique(groups):
            inside = groups == group
            dose = float(run.worlds.loc[inside, name].astype(np.float64).mean())
            rows.append((subject.arm, dose, *_ends(run, subject, inside), int(inside.sum())))
    table = pd.DataFrame(rows, columns=["arm", name, "mean", "lo95", "hi95", "worlds"])
    first = table[table["arm"] == subjects[0].arm]
    low, high = first.iloc[0], first.iloc[-1]
    title = (
        f"From {name} {low[name]:.3g} to {high[name]:.3g}, {subjects[0].words} goes from {low['mean']:.4g} to"
        f" {high['mean']:.4g}"
    )
    notes = (
        (
            "Intervals are over the worlds of a group (95 %), so they hold what the other unknowns add; a group of one"
            " world has that of its replications."
        ),
    )
    unit = run.metrics[subjects[0].metric].unit
    facts = {**subjects[0].facts, "along": name}
    return Analysis("dose", title, table, notes, dict.fromkeys(("mean", "lo95", "hi95"), unit), facts=facts)


def heat_map(
    run: StudyRun,
    along: Sequence[str] = (),
    metric: str | None = None,
    arm: str | None = None,
    baseline: str | None = None,
) -> Analysis:
    """A metric (the first objective) of one arm (the first) over two parameters (the first two that are numbers); with
    ``baseline`` its paired difference from that arm.

    ``table``: the two parameters, mean, lo95, hi95, worlds; values are grouped as in :func:`dose_response`.
    """
    across, up = _numeric(run, along, 2)
    subject = subject_of(run, metric, arm, baseline)
    columns, rows_of = _groups(run.worlds[across]), _groups(run.worlds[up])
    rows = []
    for column in np.unique(columns):
        for row in np.unique(rows_of):
            inside = (columns == column) & (rows_of == row)
            if inside.any():
                place = [
                    float(run.worlds.loc[group == key, name].astype(np.float64).mean())
                    for name, group, key in ((across, columns, column), (up, rows_of, row))
                ]
                rows.append((*place, *_ends(run, subject, inside), int(inside.sum())))
    table = pd.DataFrame(rows, columns=[across, up, "mean", "lo95", "hi95", "worlds"])
    best = table.iloc[int((table["mean"] * subject.sign).to_numpy().argmin())]
    title = (
        f"{subject.words[0].upper()}{subject.words[1:]} is best at {across} {best[across]:.3g} and {up} {best[up]:.3g}:"
        f" {best['mean']:.4g}"
    )
    notes = ("The best cell of many is partly lucky: compare its interval with those of its neighbours.",)
    unit = run.metrics[subject.metric].unit
    facts = {**subject.facts, "x": across, "y": up}
    return Analysis("heat", title, table, notes, dict.fromkeys(("mean", "lo95", "hi95"), unit), facts=facts)


def numeric_parameters(run: StudyRun) -> list[str]:
    """The parameters of the worlds that are numbers."""
    labels = [parameter.label for parameter in run.study.worlds.parameters] if run.study.worlds else []
    return [
        label
        for label in labels
        if run.worlds[label].dtype != bool and pd.api.types.is_numeric_dtype(run.worlds[label])
    ]


def _numeric(run: StudyRun, along: Sequence[str], count: int) -> list[str]:
    known = numeric_parameters(run)
    for name in along:
        if name not in known:
            raise StudyError(
                f"found --along {name}, expected a parameter of the worlds that is a number:"
                f" {', '.join(known) or 'there is none'}"
            )
    chosen = list(dict.fromkeys([*along, *known]))[:count] if len(along) <= count else []
    if len(chosen) < count:
        raise StudyError(
            f"found {len(along) or len(known)} parameters that are numbers, expected {count}; name"
            f" {'it' if count == 1 else 'them'} with --along"
        )
    return chosen


def _groups(column: pd.Series) -> npt.NDArray[np.int64]:
    values = column.to_numpy(dtype=np.float64)
    distinct, places = np.unique(values, return_inverse=True)
    if len(distinct) <= FEW_VALUES:
        return places.astype(np.int64)
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(ranks * BINS // len(values), dtype=np.int64)


def _ends(run: StudyRun, subject: Subject, inside: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    values = subject.values[inside]
    sample = subject.means[inside] if len(values) > 1 else values[0]
    kind = kind_of(subject.metric, run.metrics[subject.metric].unit)
    mean, low, high, _ = mean_interval(sample, "any" if subject.baseline is not None else kind)
    return (mean, *change_within_bounds(low, high, kind))


def over_time(run: StudyRun, name: str | None = None, arm: str | None = None, baseline: str | None = None) -> Analysis:
    """A time series that the study kept (the first), as the mean over worlds, for each arm or one; with ``baseline``
    the paired difference of each arm from that one.

    ``table``: arm, day (on which a bin of 30 days ends), mean, lo95, hi95. The interval is over chance, as in
    :func:`.contrasts.mean_over_worlds`.
    """
    if not run.study.series:
        raise StudyError(
            "found no section `series` in the study, expected the time series to keep (see docs/studies.md)"
        )
    chosen = name or run.study.series[0]
    values = run.series(chosen)
    base = arm_of(run, baseline) if baseline is not None else None
    arms = [arm_of(run, arm)] if arm is not None else [each for each in run.arms if each != base]
    if not arms or arms == [base]:
        raise StudyError("found no arm beside the baseline, expected another one for a difference")
    rows = []
    for each in arms:
        frame = values[each] - values[base] if base is not None else values[each]
        for day in frame.columns:
            estimate = mean_over_worlds(frame[day].unstack().to_numpy(dtype=np.float64), common=is_common(run))
            ends = bounded(run, chosen, estimate, difference=base is not None)
            rows.append((each, float(day), estimate.mean, *ends))
    table = pd.DataFrame(rows, columns=["arm", "day", "mean", "lo95", "hi95"])
    words = chosen.replace("_", " ")
    subject = words if base is None else f"the difference in {words} from {base}"
    title = f"{subject[0].upper()}{subject[1:]} over {table['day'].max():,.0f} days, in bins of 30 days"
    notes = (
        "Counts and sums are of a bin, levels are those at its end. Intervals (95 %) are over chance, bin by bin.",
    )
    facts = {"metric": chosen} | ({"baseline": base} if base is not None else {})
    unit = SERIES_UNITS.get(chosen, "")
    return Analysis("series", title, table, notes, dict.fromkeys(("mean", "lo95", "hi95"), unit), facts=facts)
