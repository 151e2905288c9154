"""Scenario discovery: the region of the unknown in which a policy fails, as a box that a person can read.

The method is PRIM, the patient rule induction method of Friedman and Fisher ("Bump hunting in high-dimensional data",
Statistics and Computing 9, 1999), as scenario discovery uses it (Bryant and Lempert 2010): coverage, density, and a
quasi-p-value for each bound of a box.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtrc

from ..study import StudyError, StudyRun
from .answer import Analysis, Subject, subject_of
from .tree import classification_tree, leaf_regions

Floats = npt.NDArray[np.float64]
DISTINCT = 0.05
"""The quasi-p-value up to which a bound of a box is distinguished from one that means nothing."""
Mask = npt.NDArray[np.bool_]
Bound: TypeAlias = "tuple[float, float] | frozenset[str]"


@dataclass(frozen=True)
class Box:
    """A region: for each restricted column the closed interval, or the set of values, that is inside.

    ``mass``: the share of all points inside. ``density``: the mean of y inside. ``coverage``: the share of the total of
    y that is inside. ``points``: how many are inside.
    """

    bounds: Mapping[str, Bound] = field(default_factory=dict)
    mass: float = 1.0
    density: float = math.nan
    coverage: float = 1.0
    points: int = 0

    def holds(self, x: pd.DataFrame) -> Mask:
        """Which rows of ``x`` are inside."""
        inside = np.ones(len(x), dtype=bool)
        for name, bound in self.bounds.items():
            inside &= _inside(x[name], bound)
        return inside


def _inside(column: pd.Series, bound: Bound) -> Mask:
    if isinstance(bound, frozenset):
        return column.astype(str).isin(list(bound)).to_numpy(dtype=bool)
    low, high = bound
    values = column.to_numpy(dtype=np.float64)
    return (values >= low) & (values <= high)


@dataclass(frozen=True)
class Peeling:
    """The boxes of one peeling, from everything to the smallest, each with one bound tightened; the last may be a
    pasted (widened again) one."""

    boxes: tuple[Box, ...]

    def frame(self) -> pd.DataFrame:
        """One row a box: box, mass, density, coverage, points, restricted (how many columns)."""
        rows = [(k, b.mass, b.density, b.coverage, b.points, len(b.bounds)) for k, b in enumerate(self.boxes)]
        return pd.DataFrame(rows, columns=["box", "mass", "density", "coverage", "points", "restricted"])

    def best(self) -> Box:
        """The box with the best balance of coverage and density: the largest harmonic mean of the two."""

        def balance(box: Box) -> float:
            total = box.coverage + box.density
            return 2 * box.coverage * box.density / total if total > 0 else 0.0

        return max(self.boxes, key=balance)


def prim(x: pd.DataFrame, y: npt.ArrayLike, *, peel: float = 0.05, paste: float = 0.05, mass: float = 0.05) -> Peeling:
    """Peel a box off ``x`` (columns of numbers or of text) in which the mean of ``y`` is high, then paste.

    Each step takes away the slice, a share ``peel`` of the points in the box at one end of one column (or one value of
    a column of text), whose removal leaves the highest mean, until the box would hold less than ``mass`` of all points
    or nothing is gained. Then bounds are moved outward by the share ``paste`` of the box's points while the mean rises.

    Raises :class:`ValueError` for shares outside (0, 1), or when there is nothing to find.
    """
    for name, share in (("peel", peel), ("paste", paste), ("mass", mass)):
        if not 0 < share < 1:
            raise ValueError(f"found {name} {share}, expected more than 0 and less than 1")
    values = np.asarray(y, dtype=np.float64)
    if len(values) != len(x) or not len(values):
        raise ValueError(
            f"found {len(x)} points with {len(values)} values, expected one value per point, and at least one point"
        )
    if values.sum() <= 0 or np.ptp(values) == 0:
        raise ValueError("found the same value at all points, expected some of interest and some not")
    columns = {name: _column(x[name]) for name in map(str, x.columns)}
    inside = np.ones(len(values), dtype=bool)
    bounds: dict[str, Bound] = {}
    boxes = [_box(bounds, inside, values)]
    while True:
        step = _best_peel(columns, values, inside, peel, mass)
        if step is None:
            break
        name, keep, bound = step
        if values[keep].mean() < values[inside].mean():
            break
        inside = keep
        bounds = bounds | {name: bound}
        boxes.append(_box(bounds, inside, values))
        if boxes[-1].density == values.max():
            break
    pasted, wider = _paste(columns, values, inside, bounds, paste)
    if wider:
        boxes.append(_box(wider, pasted, values))
    return Peeling(tuple(boxes))


def _column(column: pd.Series) -> Floats | npt.NDArray[np.str_]:
    """A column as numbers, or as text where it is none (truth values are text: they have no order)."""
    if column.dtype == bool or not pd.api.types.is_numeric_dtype(column):
        return column.astype(str).to_numpy(dtype=str)
    return column.to_numpy(dtype=np.float64)


def _box(bounds: Mapping[str, Bound], inside: Mask, y: Floats) -> Box:
    return Box(
        dict(bounds),
        mass=float(inside.mean()),
        density=float(y[inside].mean()) if inside.any() else math.nan,
        coverage=float(y[inside].sum() / y.sum()),
        points=int(inside.sum()),
    )


def _best_peel(
    columns: Mapping[str, npt.NDArray[np.generic]], y: Floats, inside: Mask, peel: float, mass: float
) -> tuple[str, Mask, Bound] | None:
    """The slice whose removal leaves the highest mean; of equals the thinner one, the patient choice."""
    best: tuple[tuple[float, int], str, Mask, Bound] | None = None
    for name, column in columns.items():
        for keep, bound in _peels(column, inside, peel):
            left = int(keep.sum())
            if left == 0 or left == int(inside.sum()) or left < mass * len(y):
                continue
            rank = (float(y[keep].mean()), left)
            if best is None or rank > best[0]:
                best = (rank, name, keep, bound)
    return best[1:] if best else None


def _peels(column: npt.NDArray[np.generic], inside: Mask, peel: float) -> list[tuple[Mask, Bound]]:
    if column.dtype.kind == "U":
        present = sorted(set(column[inside].tolist()))
        return [
            (inside & (column != value), frozenset(str(other) for other in present if other != value))
            for value in present
        ]
    numbers = column.astype(np.float64)
    within = numbers[inside]
    low, high = float(within.min()), float(within.max())
    found: list[tuple[Mask, Bound]] = []
    # At least one point goes, also where many share the value at the end.
    above = within[within > np.quantile(within, peel)] if low < high else within[:0]
    if len(above):
        found.append((inside & (numbers >= above.min()), (float(above.min()), high)))
    below = within[within < np.quantile(within, 1 - peel)] if low < high else within[:0]
    if len(below):
        found.append((inside & (numbers <= below.max()), (low, float(below.max()))))
    return found


def _paste(
    columns: Mapping[str, npt.NDArray[np.generic]], y: Floats, inside: Mask, bounds: Mapping[str, Bound], paste: float
) -> tuple[Mask, dict[str, Bound]]:
    """Widen one bound at a time while the mean rises; no bounds where none could be widened."""
    current = dict(bounds)
    changed = False
    while True:
        best: tuple[float, str, Mask, Bound] | None = None
        for name in current:
            others = np.ones(len(y), dtype=bool)
            for other, bound in current.items():
                if other != name:
                    others &= _within(columns[other], bound)
            for keep, wider in _pastes(columns[name], others, current[name], max(1, int(paste * inside.sum()))):
                mean = float(y[keep].mean())
                if mean > float(y[inside].mean()) and (best is None or mean > best[0]):
                    best = (mean, name, keep, wider)
        if best is None:
            return inside, current if changed else {}
        _, name, inside, current[name] = best
        changed = True


def _within(column: npt.NDArray[np.generic], bound: Bound) -> Mask:
    if isinstance(bound, frozenset):
        return np.isin(column, sorted(bound))
    numbers = column.astype(np.float64)
    return (numbers >= bound[0]) & (numbers <= bound[1])


def _pastes(column: npt.NDArray[np.generic], others: Mask, bound: Bound, count: int) -> list[tuple[Mask, Bound]]:
    if isinstance(bound, frozenset):
        absent = sorted(set(column[others].tolist()) - bound)
        return [(others & np.isin(column, sorted(bound | {value})), bound | {str(value)}) for value in absent]
    numbers = column.astype(np.float64)
    low, high = bound
    found: list[tuple[Mask, Bound]] = []
    below, above = np.sort(numbers[others & (numbers < low)]), np.sort(numbers[others & (numbers > high)])
    if len(below):
        wider = float(below[-min(count, len(below))])
        found.append((others & (numbers >= wider) & (numbers <= high), (wider, high)))
    if len(above):
        wider = float(above[min(count, len(above)) - 1])
        found.append((others & (numbers >= low) & (numbers <= wider), (low, wider)))
    return found


def quasi_p_values(x: pd.DataFrame, interesting: npt.ArrayLike, box: Box) -> dict[str, float]:
    """For each bound of a box the probability that a bound which means nothing would do as well (Bryant and Lempert
    2010): with the others kept, a binomial test of the points inside against the density without this bound."""
    y = np.asarray(interesting, dtype=bool)
    inside = box.holds(x)
    found = {}
    for name in box.bounds:
        without = Box({other: bound for other, bound in box.bounds.items() if other != name}).holds(x)
        share = float(y[without].mean())
        hits, points = int(y[inside].sum()), int(inside.sum())
        found[name] = 1.0 if hits == 0 or share >= 1 else float(bdtrc(hits - 1, points, share))
    return found


def worlds_of_interest(
    run: StudyRun, metric: str | None, arm: str | None, threshold: float | None, baseline: str | None
) -> tuple[Subject, pd.Series, float, Mask, tuple[str, ...]]:
    """The quantity of interest, its mean in each world, the threshold, the worlds in which it is worse than that, and
    notes on the threshold.

    Raises :class:`StudyError` where no world or every world is, if the threshold was given or all worlds are equal.
    """
    if run.study.worlds is None:
        raise StudyError("found one world, expected several, from uncertain parameters")
    subject = subject_of(run, metric, arm, baseline)
    values = pd.Series(subject.means)
    limit = threshold if threshold is not None else subject.limit
    worst = float(values.quantile(0.75 if subject.sign > 0 else 0.25))
    side = "above" if subject.sign > 0 else "below"
    notes: tuple[str, ...] = ()
    is_chosen = limit is not None
    if limit is None:
        # A difference has a natural threshold: from zero on, the arm does worse than its baseline.
        limit = 0.0 if subject.baseline else worst
    bad = _beyond(values, limit, subject.sign)
    if not is_chosen and (not bad.any() or bad.all()):
        share = "Every world" if bad.all() else "No world"
        notes = (f"{share} has a difference {side} 0, so the quarter with the worst difference is described.",)
        limit = worst
        bad = _beyond(values, limit, subject.sign)
    if not bad.any() or bad.all():
        raise StudyError(
            f"found {subject.words} {side} {limit:g} in {'all' if bad.all() else 'none'} of the worlds, which lie"
            f" between {values.min():.4g} and {values.max():.4g}; choose another --threshold"
        )
    return subject, values, limit, bad, notes


def _beyond(values: pd.Series, limit: float, sign: float) -> Mask:
    return ((values - limit) * sign > 0).to_numpy(dtype=bool)


def divide(
    run: StudyRun,
    metric: str | None = None,
    arm: str | None = None,
    threshold: float | None = None,
    baseline: str | None = None,
) -> Analysis:
    """The question of :func:`discover`, answered by a classification tree over all worlds (:mod:`.tree`).

    ``table``: region (the conditions on the parameters), share (of its worlds that are of interest), worlds, coverage
    (its share of all worlds of interest), the worst region first.
    """
    subject, _, limit, bad, limits = worlds_of_interest(run, metric, arm, threshold, baseline)
    x = run.worlds[[parameter.label for parameter in run.study.worlds.parameters]] if run.study.worlds else run.worlds
    tree, accuracy = classification_tree(x, bad)
    rows = [
        (region, leaf.share, leaf.worlds, leaf.share * leaf.worlds / int(bad.sum()))
        for region, leaf in leaf_regions(tree)
    ]
    table = pd.DataFrame(rows, columns=["region", "share", "worlds", "coverage"])
    table = table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
    side = "above" if subject.sign > 0 else "below"
    where = f"{subject.words[0].upper()}{subject.words[1:]} is {side} {limit:.4g} in {100 * bad.mean():.0f} % of worlds"
    first = table.iloc[0]
    title = (
        f"{where}; no parameter distinguishes them from the others"
        if len(table) == 1
        else f"{where}, and in {100 * float(first['share']):.0f} % of those with {first['region']}"
    )
    unsplit = max(float(bad.mean()), 1.0 - float(bad.mean()))
    notes = (
        *limits,
        (
            "Classification tree (CART, Breiman et al. 1984). In ten-fold cross-validation it puts"
            f" {100 * accuracy:.0f} % of worlds on the right side; without a split {100 * unsplit:.0f} % would be. Its"
            " depth was chosen in that way."
        ),
    )
    facts: dict[str, str | float] = {**subject.facts, "threshold": limit, "accuracy": accuracy}
    return Analysis("tree", title, table, notes, {"share": "share", "coverage": "share"}, facts=facts)


def discover(
    run: StudyRun,
    metric: str | None = None,
    arm: str | None = None,
    threshold: float | None = None,
    baseline: str | None = None,
) -> Analysis:
    """In which worlds a metric (the first objective) of an arm (the first) is worse than ``threshold``; with
    ``baseline``, in which worlds the paired difference of two arms is.

    The threshold is by default the objective's limit, or else the worst quarter of the worlds; for a difference it is
    zero: the worlds in which the arm does worse than its baseline, or, where there is none, the worst quarter.
    ``table``: parameter, low, high (or values), of_range (how much of the range that is), p (quasi-p-value), one row
    per bound of the chosen box. ``details``: ``peeling`` (:meth:`Peeling.frame`) and ``points`` (the worlds with value,
    interesting, inside).
    """
    subject, values, limit, bad, limits = worlds_of_interest(run, metric, arm, threshold, baseline)
    x = run.worlds[[parameter.label for parameter in run.study.worlds.parameters]] if run.study.worlds else run.worlds
    side = "above" if subject.sign > 0 else "below"
    peeling = prim(x, bad, mass=max(0.05, min(0.5, 8 / len(x))))
    box = peeling.best()
    p_values = quasi_p_values(x, bad, box)
    rows = []
    for name, bound in box.bounds.items():
        if isinstance(bound, frozenset):
            rows.append(
                (name, math.nan, math.nan, ", ".join(sorted(bound)), len(bound) / x[name].nunique(), p_values[name])
            )
        else:
            whole = float(x[name].max() - x[name].min())
            rows.append((name, *bound, "", (bound[1] - bound[0]) / whole if whole else 1.0, p_values[name]))
    table = pd.DataFrame(rows, columns=["parameter", "low", "high", "values", "of_range", "p"])
    table = table.sort_values("p", kind="stable").reset_index(drop=True)
    if (table["values"] == "").all():
        table = table.drop(columns="values")
    where = f"{subject.words[0].upper()}{subject.words[1:]} is {side} {limit:.4g} in {100 * bad.mean():.0f} % of worlds"
    title = (
        f"{where}; the box has {100 * box.coverage:.0f} % of those, and {100 * box.density:.0f} % of the box is such"
        if (table["p"] <= DISTINCT).any()
        else f"{where}; no bound separates them from the others"
    )
    notes = (
        *limits,
        (
            "PRIM (Friedman and Fisher 1999); p: the probability that a meaningless bound does as well (Bryant"
            f" and Lempert 2010). A bound with p above {DISTINCT:g} is better left out."
        ),
        (
            "The box was chosen on the worlds it is judged by; another study with another seed of the design would show"
            " how much of it holds."
        ),
    )
    points = x.assign(world=run.worlds["world"], value=values.to_numpy(), interesting=bad, inside=box.holds(x))
    facts: dict[str, str | float] = {
        **subject.facts,
        "threshold": limit,
        "coverage": box.coverage,
        "density": box.density,
        "mass": box.mass,
    }
    return Analysis(
        "discover", title, table, notes, {"of_range": "share"}, {"peeling": peeling.frame(), "points": points}, facts
    )
