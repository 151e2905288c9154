"""Several objectives at once: the policies that no other beats on all of them, among arms or by search.

The search is NSGA-II (Deb et al. 2002) of pymoo, which the extra ``studies`` installs. Each generation is a study of
its own in one folder of shards: a search that was stopped repeats nothing, and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shenhe.core.errors import MissingExtraError

from ..runs.executors import Kept, Pool
from ..scenario.values import ScenarioError
from ..study import Arm, Estimate, Plan, StudyError, StudyRun, run_study
from ..study.document import Lever, Objective
from ..study.ledger import Progress
from ..study.plan import changed
from .answer import Analysis, aligned, arm_of
from .contrasts import is_common, mean_over_worlds

Floats = npt.NDArray[np.float64]
IMPOSSIBLE = 1e30
"""The cost of a policy that is no possible scenario."""


def undominated(costs: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which rows of ``costs`` (policies, objectives; less is better) no other row beats: none is at most as costly on
    every objective and less so on one.

    >>> undominated([[1.0, 3.0], [2.0, 2.0], [3.0, 3.0]]).tolist()
    [True, True, False]
    """
    table = np.asarray(costs, dtype=np.float64)
    front = np.ones(len(table), dtype=bool)
    for k, row in enumerate(table):
        front[k] = not ((table <= row).all(axis=1) & (table < row).any(axis=1)).any()
    return front


def within_limits(objectives: Sequence[Objective], costs: Floats) -> npt.NDArray[np.bool_]:
    """Which rows of ``costs`` (policies, objectives; less is better) keep the limit of every objective that has one."""
    limits = np.array([math.inf if item.limit is None else item.sign * item.limit for item in objectives])
    return np.asarray((costs <= limits).all(axis=1))


def pareto_arms(run: StudyRun, baseline: str | None = None) -> Analysis:
    """Which arms of a study no other beats on all its objectives, by their means over worlds.

    ``table``: arm, a column for each objective with its half-width ``<metric>_conf`` (95 %), ``within_limits`` where an
    objective has a limit, ``front``: an arm outside a limit is never on it, and ``clearly_beaten``: another arm within
    the limits is better on every objective on which they differ, by paired differences beyond chance. With
    ``baseline``, columns are paired
    differences from that arm, whose half-widths are those of the differences; limits still bind the arms themselves.
    """
    objectives = run.study.objectives
    if len(objectives) < 2:
        raise StudyError("found one objective, expected at least two in the section `objectives` of the study")
    base = arm_of(run, baseline) if baseline is not None else None
    columns: dict[str, Any] = {"arm": run.arms}
    costs, levels = [], []
    for item in objectives:
        values = {arm: frame.to_numpy(dtype=np.float64) for arm, frame in aligned(run, item.metric).items()}
        level = np.array([mean_over_worlds(each, common=is_common(run)).mean for each in values.values()])
        if base is not None:
            values = {arm: each - values[base] for arm, each in values.items()}
        estimates = [mean_over_worlds(each, common=is_common(run)) for each in values.values()]
        means = np.array([estimate.mean for estimate in estimates])
        columns[item.metric] = means
        columns[f"{item.metric}_conf"] = [estimate.half_width(0.95) for estimate in estimates]
        costs.append(np.where(np.isnan(means), np.inf, means * item.sign))
        levels.append(np.where(np.isnan(level), np.inf, level * item.sign))
    table = pd.DataFrame(columns)
    within = within_limits(objectives, np.array(levels).T)
    if any(item.limit is not None for item in objectives):
        table["within_limits"] = within
    front = np.zeros(len(table), dtype=bool)
    front[within] = undominated(np.array(costs).T[within])
    table["front"] = front
    table["clearly_beaten"] = _clearly_beaten(run, objectives, within)
    count = int(table["front"].sum())
    table = table.sort_values(["front", objectives[0].metric], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )
    words = ", ".join(item.metric.replace("_", " ") for item in objectives)
    title = f"{count} of {len(table)} policies are beaten by no other on {words} together"
    if not within.all():
        title += f"; {int((~within).sum())} are outside a limit"
    beaten = table["within_limits"] & ~table["front"] if "within_limits" in table else ~table["front"]
    unclear = int((beaten & ~table["clearly_beaten"]).sum())
    if unclear:
        title += f"; chance may decide for {unclear} of the others"
    notes = [
        (
            "An arm is on the front when no other is at least as good on every objective and better on one, by the"
            " means. clearly_beaten: another arm is better beyond chance, by the paired differences (95 %, Bonferroni"
            " over the objectives). More replications clear up the rest."
        )
    ]
    if base is not None:
        notes.append(
            f"Values are paired differences from {base}: both arms meet the same draws, so half-widths are those of the"
            " difference."
        )
    facts: dict[str, str | float] = {"x": objectives[0].metric, "y": objectives[1].metric}
    if base is not None:
        facts["baseline"] = base
    return Analysis("pareto", title, table, tuple(notes), _units(run, columns), facts=facts)


def _clearly_beaten(
    run: StudyRun, objectives: Sequence[Objective], within: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Which arms another within the limits beats beyond chance: better on one objective at least, worse on none, and
    every difference that is not exactly zero has its whole interval on that side.
    """
    level = 1.0 - 0.05 / len(objectives)
    values = {
        item.metric: [frame.to_numpy(dtype=np.float64) for frame in aligned(run, item.metric).values()]
        for item in objectives
    }
    found = np.zeros(len(run.arms), dtype=bool)
    for beaten, better in itertools.permutations(range(len(run.arms)), 2):
        if found[beaten] or not within[better]:
            continue
        best = []
        for item in objectives:
            difference = item.sign * (values[item.metric][better] - values[item.metric][beaten])
            estimate = mean_over_worlds(difference, common=is_common(run))
            if estimate.mean == 0.0 and estimate.se == 0.0:
                continue
            best.append(estimate.mean + estimate.half_width(level) < 0.0)
        found[beaten] = bool(best) and all(best)
    return found


def _units(run: StudyRun, columns: Sequence[str] | dict[str, Any]) -> dict[str, str]:
    return {name: run.metrics[name].unit for name in columns if name in run.metrics}


def search_policies(
    plan: Plan,
    out: Path | str,
    pool: Pool,
    progress: Progress | None = None,
    *,
    agree: Callable[[Estimate], bool] | None = None,
    command: str | None = None,
) -> tuple[Analysis, StudyRun]:
    """Search the levers of a study for policies that no other beats on its objectives; resumes what ``out`` holds.

    Starts from the first arm. Every candidate meets the worlds, replications and draws of the study. The candidates of
    the front are then run again as arms with another seed (folder ``front``): the analysis, as of :func:`pareto_arms`,
    is of that run, since of many candidates those seem best that were also lucky.

    Raises :class:`StudyError` where the study has no section ``search``, and :class:`MissingExtraError` where pymoo is
    not installed.
    """
    study = plan.study
    if study.search is None:
        raise StudyError(
            "found no section `search` in the study, expected one that names the levers (see docs/studies.md)"
        )
    if len(study.objectives) < 2:
        raise StudyError("found one objective, expected at least two in the section `objectives` of the study")
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem
    except ImportError:
        raise MissingExtraError(
            "the search needs pymoo, which is not installed: python -m pip install 'shenhe[studies]'"
        ) from None
    folder, search = Path(out), study.search
    kept = Kept(pool)
    each = search.population * len(plan.worlds) * study.replications
    limited = [position for position, item in enumerate(study.objectives) if item.limit is not None]
    limits = np.array([study.objectives[k].sign * float(study.objectives[k].limit or 0.0) for k in limited])
    problem: Any = Problem(
        n_var=len(search.levers), n_obj=len(study.objectives), n_ieq_constr=len(limited), xl=0.0, xu=1.0
    )
    algorithm: Any = NSGA2(pop_size=search.population)
    algorithm.setup(problem, termination=("n_gen", search.generations), seed=search.seed, verbose=False)
    seen: dict[str, Candidate] = {}
    try:
        generation = 0
        while algorithm.has_next():
            asked = algorithm.ask()
            candidates = [_candidate(plan, search.levers, point) for point in asked.get("X")]
            new = {item.name: item for item in candidates if item.name not in seen}
            seen |= _judged(
                plan, new, folder / "generations" / f"{generation:04d}", kept, agree if generation == 0 else None
            )
            costs = np.array([seen[item.name].costs for item in candidates])
            asked.set("F", costs)
            if limited:
                # A constraint is kept where its value is at most zero.
                asked.set("G", costs[:, limited] - limits)
            algorithm.tell(infills=asked)
            generation += 1
            if progress:
                progress(generation * each, (search.generations + 1) * each)
        possible = [item for item in seen.values() if item.costs[0] < IMPOSSIBLE]
        if not possible:
            raise StudyError("found no possible scenario among the candidates; narrow the levers")
        kept_limits = within_limits(study.objectives, np.array([item.costs for item in possible]))
        if not kept_limits.any():
            raise StudyError("found no candidate within the limits of the objectives; widen the levers or the limits")
        possible = [item for item, good in zip(possible, kept_limits, strict=True) if good]
        keep = undominated([item.costs for item in possible])
        front = [item for item, good in zip(possible, keep, strict=True) if good]
        again = _plan_of(plan, front, study.seed + 1, with_first=True)
        run = run_study(again, folder / "front", kept, command=command)
    finally:
        kept.close()
    analysis = pareto_arms(run)
    levers = pd.DataFrame([{"arm": item.name, **item.levers} for item in front])
    table = analysis.table.merge(levers, on="arm", how="left")
    still = int(table["front"].sum())
    title = (
        f"{len(front)} of {len(possible)} candidate policies are beaten by no other; run again with fresh draws beside "
        f"{run.arms[0]}, {still} of these {len(table)} are"
    )
    notes = (
        *analysis.notes,
        (
            f"NSGA-II, {search.generations} generations of {search.population}. The table is of another run of the"
            " front with fresh draws: of many candidates those seem best that were also lucky. The first arm is the"
            " policy the search set out from."
        ),
    )
    return Analysis("pareto", title, table, notes, analysis.units, facts=analysis.facts), run


@dataclass(frozen=True)
class Candidate:
    """A policy of the search: the value of each lever by its label, what that changes, and what it was found to
    cost.
    """

    name: str
    levers: Mapping[str, Any]
    changes: Mapping[str, Any]
    costs: tuple[float, ...] = ()


def _candidate(plan: Plan, moved: Sequence[Lever], point: Sequence[float]) -> Candidate:
    levers: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    for lever, unit in zip(moved, point, strict=True):
        value = lever.value(float(unit))
        if isinstance(value, float):
            # Four digits decide: candidates that differ by less are one, and a person can read them.
            value = float(f"{value:.4g}")
        levers[lever.label] = value
        changes |= lever.overrides(plan.known[0], value)
    digest = hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()
    return Candidate(f"policy-{digest[:8]}", levers, changes)


def _judged(
    plan: Plan, candidates: Mapping[str, Candidate], folder: Path, pool: Pool, agree: Callable[[Estimate], bool] | None
) -> dict[str, Candidate]:
    """The candidates with their costs, from a study of the possible ones."""
    judged: dict[str, Candidate] = {}
    possible = []
    for name, item in candidates.items():
        try:
            changed(plan.scenarios[0], item.changes)
            possible.append(item)
        except ScenarioError:
            judged[name] = replace(item, costs=(IMPOSSIBLE,) * len(plan.study.objectives))
    if possible:
        run = run_study(_plan_of(plan, possible, plan.study.seed), folder, pool, agree=agree)
        signs = [objective.sign for objective in plan.study.objectives]
        columns = []
        for objective in plan.study.objectives:
            cells = run.cells(objective.metric)
            columns.append(cells.groupby("arm", observed=True)["mean"].mean().reindex(run.arms).to_numpy())
        for item, means in zip(possible, np.array(columns).T, strict=True):
            costs = (float(sign * mean) for sign, mean in zip(signs, means, strict=True))
            judged[item.name] = replace(item, costs=tuple(IMPOSSIBLE if math.isnan(cost) else cost for cost in costs))
    return judged


def _plan_of(plan: Plan, candidates: Sequence[Candidate], seed: int, *, with_first: bool = False) -> Plan:
    """A study with the candidates as arms, in the worlds of ``plan``."""
    arms = [Arm(name=item.name) for item in candidates]
    scenarios = [changed(plan.scenarios[0], item.changes) for item in candidates]
    if with_first:
        arms.insert(0, plan.study.arms[0])
        scenarios.insert(0, plan.scenarios[0])
    changes = {"arms": arms, "seed": seed, "precision": None, "search": None}
    return Plan(plan.study.model_copy(update=changes), tuple(scenarios), plan.worlds)
