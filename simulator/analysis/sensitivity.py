"""Global sensitivity: which of the unknown parameters the outcome hangs on.

The design of the worlds decides the method: ``saltelli`` gives Sobol indices of first order and in total (Saltelli et
al. 2010), ``morris`` elementary effects (Campolongo et al. 2007), ``latin-hypercube`` and ``sobol`` first-order indices
by random balance (Tissot and Prieur 2012). All are SALib's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..scenario.designs import MORRIS_LEVELS, UNIT_PREFIX, Parameter, import_salib, unit_problem
from ..study import StudyError, StudyRun
from .answer import Analysis, subject_of
from .contrasts import is_common

Floats = npt.NDArray[np.float64]
FEWEST = 32
"""Worlds below which random balance says nothing."""


def indices(kind: str, names: list[str], points: Floats, values: Floats, seed: int = 0) -> pd.DataFrame:
    """Sensitivity of ``values`` (worlds,) to the ``points`` (worlds, parameters) of a design of ``kind`` in the unit
    cube.

    One row a parameter, the most important first. ``saltelli``: first, first_conf, total, total_conf; ``morris``: mu,
    mu_star, mu_star_conf, sigma; otherwise first, first_conf. ``conf`` is half the width of a 95 % bootstrap interval.
    Raises :class:`~.executors.MissingExtraError` where SALib is not installed.
    """
    salib = import_salib()
    problem = unit_problem(names)
    frame: pd.DataFrame
    if kind == "saltelli":
        found = salib["analyze.sobol"].analyze(problem, values, calc_second_order=False, seed=seed)
        frame = _frame(
            names, first=found["S1"], first_conf=found["S1_conf"], total=found["ST"], total_conf=found["ST_conf"]
        )
        return frame.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)
    if kind == "morris":
        found = salib["analyze.morris"].analyze(problem, points, values, num_levels=MORRIS_LEVELS, seed=seed)
        frame = _frame(
            names, mu=found["mu"], mu_star=found["mu_star"], mu_star_conf=found["mu_star_conf"], sigma=found["sigma"]
        )
        return frame.sort_values("mu_star", ascending=False, kind="stable").reset_index(drop=True)
    # Fewer harmonics where points are few: the bootstrap takes half of them, and needs more points than twice the
    # harmonics.
    # A half without spread has no index, which the frame shows as a missing value.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = salib["analyze.rbd_fast"].analyze(problem, points, values, M=10 if len(values) >= 200 else 4, seed=seed)
    frame = _frame(names, first=found["S1"], first_conf=found["S1_conf"])
    return frame.sort_values("first", ascending=False, kind="stable").reset_index(drop=True)


def _frame(names: list[str], **columns: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"parameter": names} | {key: np.asarray(value, dtype=np.float64) for key, value in columns.items()}
    )


def sensitivity(
    run: StudyRun, metric: str | None = None, arm: str | None = None, baseline: str | None = None
) -> Analysis:
    """How much each unknown parameter moves a metric (the first objective) of one arm (the first), or, with
    ``baseline``, the paired difference of two arms.

    ``table`` as :func:`indices`; for a difference also ``switches_at``, the value of the parameter at which the
    difference changes sign (see :func:`switching_values`). The mean over a world's replications represents the world;
    ``facts["chance"]`` is the share of the spread between worlds that is only chance, which no parameter explains.
    """
    worlds = run.study.worlds
    if worlds is None or worlds.design == "grid":
        raise StudyError(
            "found no design for sensitivity, expected saltelli, morris, sobol or latin-hypercube (see docs/studies.md)"
        )
    subject = subject_of(run, metric, arm, baseline)
    values = subject.means
    if np.ptp(values) == 0:
        raise StudyError(f"found {subject.words} to be the same in all worlds: it depends on none of the parameters")
    if worlds.design in ("sobol", "latin-hypercube") and len(values) < FEWEST:
        raise StudyError(f"found {len(values)} worlds, expected at least {FEWEST} for sensitivity")
    names = [parameter.label for parameter in worlds.parameters]
    points = run.worlds[[UNIT_PREFIX + name for name in names]].to_numpy(dtype=np.float64)
    table = indices(worlds.design, names, points, values, worlds.seed)
    chance = share_of_chance(subject.values, common=is_common(run))
    method = {"saltelli": "Sobol indices", "morris": "elementary effects"}.get(
        worlds.design, "first-order indices by random balance"
    )
    notes = [f"{method.capitalize()} over {len(values):,} worlds, using the mean over the replications of each world."]
    if chance == chance:
        notes.append(
            f"About {100 * min(chance, 1):.0f} % of the spread between worlds is chance; more replications reduce it."
        )
    if worlds.design == "morris":
        notes.append(
            "mu_star: mean size of the change when the parameter moves; sigma: how much that depends on the others."
        )
    else:
        notes.append("first: the share of the variance that would disappear if this parameter were known.")
    notes.append("Half-widths (conf) are of 95 % intervals by bootstrap.")
    measure = next(name for name in ("total", "mu_star", "first") if name in table)
    if (table[measure] < 0).any():
        notes.append(
            "An index cannot be negative; a negative estimate comes from too few worlds and means an index near zero."
        )
    if subject.baseline is not None:
        table, fit = switching_values(table, worlds.parameters, points, values)
        notes.append(
            "switches_at: the value at which the difference changes sign while the other parameters stay in the middle"
            f" of their ranges, by a linear fit that explains {100 * fit:.0f} % of the spread; a dash: none in range."
        )
    levers = {parameter.label for parameter in worlds.parameters if parameter.lever}
    if levers:
        kinds = ["lever" if name in levers else "unknown" for name in table["parameter"]]
        table.insert(1, "kind", kinds)
        notes.append("Levers were sampled together with unknowns: the spread is over settings and worlds alike.")
    title = title_of(table, measure, subject.words)
    return Analysis("sensitivity", title, table, tuple(notes), facts={**subject.facts, "chance": chance})


def title_of(table: pd.DataFrame, measure: str, words: str) -> str:
    """Which parameters matter most, as far as their intervals tell them apart."""
    sizes, halves = table[measure].to_numpy(), table[f"{measure}_conf"].to_numpy()
    names = table["parameter"].tolist()
    if not sizes[0] > halves[0]:
        return f"No parameter visibly moves {words}: chance hides the effect, or there is none"
    level = [name for name, size, half in zip(names, sizes, halves, strict=True) if size + half >= sizes[0] - halves[0]]
    if len(level) == 1:
        return f"{names[0]} moves {words} most"
    return f"{', '.join(level[:-1])} and {level[-1]} move {words} most; their intervals overlap"


def share_of_chance(values: Floats, *, common: bool) -> float:
    """The share of the variance between the world means of ``values`` (worlds, replications) that is chance.

    With separate draws, a world's mean has the variance of its replications over their number. With draws common to
    all worlds, what replications share moves all worlds alike and cannot be mistaken for a parameter: only the
    interaction of world and replication counts. NaN if it cannot be determined.
    """
    complete = values[:, ~np.isnan(values).any(axis=0)]
    worlds, replications = complete.shape if common else values.shape
    if replications < 2 or worlds < 2:
        return float("nan")
    if common:
        means = complete.mean(axis=1)
        rest = complete - means[:, None] - complete.mean(axis=0)[None, :] + complete.mean()
        noise = float((rest**2).sum() / ((worlds - 1) * (replications - 1)) / replications)
    else:
        means = np.nanmean(values, axis=1)
        counts = (~np.isnan(values)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            noise = float(np.nanmean(np.nanvar(values, axis=1, ddof=1) / counts))
    spread = float(np.var(means, ddof=1))
    return noise / spread if spread > 0 else float("nan")


def switching_values(
    table: pd.DataFrame, parameters: Sequence[Parameter], points: Floats, values: Floats
) -> tuple[pd.DataFrame, float]:
    """``table`` with the column ``switches_at``, and the share of the spread that the linear fit explains.

    A plane is fitted to ``values`` over the unit cube. For each parameter, the others stay at 0.5, and the point at
    which the plane crosses zero is turned into a value of the parameter; NaN (for a number) or an empty text (for a
    choice) where it crosses outside the range.
    """
    design = np.column_stack([np.ones(len(values)), points - 0.5])
    coefficients, *_ = np.linalg.lstsq(design, values, rcond=None)
    rest = values - design @ coefficients
    explained = 1.0 - float(rest.var() / values.var())
    found: dict[str, float] = {}
    for parameter, slope in zip(parameters, coefficients[1:], strict=True):
        place = 0.5 - coefficients[0] / slope if slope else math.nan
        value = parameter.value(float(place)) if 0.0 <= place <= 1.0 else math.nan
        found[parameter.label] = float(value) if isinstance(value, int | float) else math.nan
    return table.assign(switches_at=[found[name] for name in table["parameter"]]), explained
