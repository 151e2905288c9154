"""Global sensitivity: which of the unknown parameters the outcome hangs on.

The design of the worlds decides the method: ``saltelli`` gives Sobol indices of first order and in total (Saltelli et
al. 2010), ``morris`` elementary effects (Campolongo et al. 2007), ``latin-hypercube`` and ``sobol`` first-order indices
by random balance (Tissot and Prieur 2012). All are SALib's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..scenario.designs import MORRIS_LEVELS, UNIT_PREFIX, import_salib, unit_problem
from ..study import StudyError, StudyRun
from .answer import Analysis, arm_of, objective_of

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
    found = salib["analyze.rbd_fast"].analyze(problem, points, values, M=10 if len(values) >= 200 else 4, seed=seed)
    frame = _frame(names, first=found["S1"], first_conf=found["S1_conf"])
    return frame.sort_values("first", ascending=False, kind="stable").reset_index(drop=True)


def _frame(names: list[str], **columns: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"parameter": names} | {key: np.asarray(value, dtype=np.float64) for key, value in columns.items()}
    )


def sensitivity(run: StudyRun, metric: str | None = None, arm: str | None = None) -> Analysis:
    """How much each unknown parameter moves a metric (the first objective) of one arm (the first).

    ``table`` as :func:`indices`. The mean over a world's replications stands for the world; ``facts["chance"]`` is the
    share of the spread between worlds that is only chance, which no parameter explains.
    """
    worlds = run.study.worlds
    if worlds is None or worlds.design == "grid":
        raise StudyError(
            "found no design for sensitivity, expected saltelli, morris, sobol or latin-hypercube (see docs/studies.md)"
        )
    objective, chosen = objective_of(run, metric), arm_of(run, arm)
    cells = run.cells(objective.metric)
    cells = cells[cells["arm"] == chosen].set_index("world").reindex(range(len(run.worlds)))
    if cells["mean"].isna().any():
        raise StudyError(
            f"found worlds without {objective.metric} of {chosen}; choose another metric, or let the study finish"
        )
    values = cells["mean"].to_numpy(dtype=np.float64)
    if np.ptp(values) == 0:
        raise StudyError(
            f"found the same {objective.metric} of {chosen} in all worlds: it depends on none of the parameters"
        )
    if worlds.design in ("sobol", "latin-hypercube") and len(values) < FEWEST:
        raise StudyError(f"found {len(values)} worlds, expected at least {FEWEST} for sensitivity")
    names = [parameter.label for parameter in worlds.parameters]
    points = run.worlds[[UNIT_PREFIX + name for name in names]].to_numpy(dtype=np.float64)
    table = indices(worlds.design, names, points, values, worlds.seed)
    noise = (cells["sd"] ** 2 / cells["n"]).to_numpy(dtype=np.float64)
    chance = float(np.nanmean(noise) / values.var(ddof=1)) if not np.isnan(noise).all() else float("nan")
    words = run.metrics[objective.metric].title.lower()
    method = {"saltelli": "Sobol indices", "morris": "elementary effects"}.get(
        worlds.design, "first-order indices by random balance"
    )
    notes = [f"{method.capitalize()} over {len(values):,} worlds, using the mean over the replications of each world."]
    if chance == chance:
        notes.append(
            f"About {100 * min(chance, 1):.0f} % of the spread between worlds is chance: more replications make it"
            " less."
        )
    if worlds.design == "morris":
        notes.append(
            "mu_star: mean size of the change when the parameter moves; sigma: how much that depends on the others."
        )
    else:
        notes.append("first: the share of the variance that knowing this parameter alone would take away.")
    notes.append("Half-widths (conf) are of 95 % intervals by bootstrap.")
    subject = words.split(":")[0]
    measure = next(name for name in ("total", "mu_star", "first") if name in table)
    certain = table[measure].iloc[0] > table[f"{measure}_conf"].iloc[0]
    title = (
        f"{table['parameter'].iloc[0]} moves {subject} of {chosen} the most"
        if certain
        else f"No unknown is seen to move {subject} of {chosen}: chance hides it, or nothing does"
    )
    facts: dict[str, str | float] = {"metric": objective.metric, "arm": chosen, "chance": chance}
    return Analysis("sensitivity", title, table, tuple(notes), facts=facts)
