"""Running a study: how much it will take, which jobs are missing, when enough is known."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernel.draws import compiled
from ..runs.engines import Engine, Wanted, choose, warm
from ..runs.executors import Pool, Processes
from ..runs.intervals import mean_interval
from .document import Precision, StudyError
from .estimate import Estimate, job_size, time_pilot
from .jobs import Cell, Job, cut, make_job
from .ledger import Ledger, Progress, now
from .merging import write_results
from .plan import Plan, load_study
from .results import StudyRun, read_study

Floats = npt.NDArray[np.float64]


def run_study(
    study: Plan | str | Path | Mapping[str, Any],
    out: str | Path,
    pool: Pool | None = None,
    progress: Progress | None = None,
    *,
    agree: Callable[[Estimate], bool] | None = None,
    command: str | None = None,
    engine: Wanted | None = None,
) -> StudyRun:
    """Run what is missing of a study into the folder ``out``, and read it.

    ``pool`` is where jobs run (one process for each processor by default; see :mod:`.executors`); it is started and
    stopped here. ``agree`` is called with the estimate before anything long begins; if it returns false,
    :class:`StudyError` is raised. ``command`` is what ``run.json`` names as the way to reproduce the study. ``engine``
    is ``simpy``, ``compiled`` or ``auto``; results and shards do not depend on it.

    Jobs that crash again and again are left out, named in ``StudyRun.quarantined``, and tried again by the next call.
    Raises :class:`StudyError` when the folder holds another study, is in use, or the disk is full. Whatever ends it,
    what was finished is kept and the same call goes on from there.
    """
    plan = study if isinstance(study, Plan) else load_study(study)
    folder = Path(out)
    with Ledger(folder, plan, command) as ledger:
        each = plan.study.precision.most if plan.study.precision else plan.study.replications
        chosen = choose(engine, [(scenario, each * len(plan.worlds)) for scenario in plan.scenarios])
        return _run(ledger, pool or Processes(os.cpu_count() or 1), progress, agree, chosen)


def _run(
    ledger: Ledger, pool: Pool, progress: Progress | None, agree: Callable[[Estimate], bool] | None, engine: Engine
) -> StudyRun:
    plan = ledger.plan
    compiled()
    warm(engine)
    size = ledger.note.get("replications_per_job")
    if not isinstance(size, int):
        seconds, width = time_pilot(plan, engine)
        precision = plan.study.precision
        each = precision.most if precision else plan.study.replications
        estimate = Estimate(seconds, width, each * len(plan.arms) * len(plan.worlds), pool.workers)
        ledger.check_space(estimate)
        if agree is not None and not agree(estimate):
            raise StudyError("not started: the estimated cost was not confirmed (pass --yes to confirm it)")
        size = job_size(estimate)
        ledger.record(replications_per_job=size)
    ledger.record(executor=type(pool).__name__.lower(), workers=pool.workers, engine=str(engine), complete=False)
    rounds: list[list[Job]] = []
    active, first = list(range(len(plan.worlds))), 0
    counts = np.zeros(len(plan.worlds), dtype=np.int64)
    quarantined: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        started: list[Any] = []

        def executor() -> Any:
            if not started:
                started.append(pool.start())
                stack.callback(pool.stop)
            return started[0]

        last = plan.study.replications
        while active:
            cells = [Cell(world, arm, first, last) for world in active for arm in range(len(plan.arms))]
            jobs = [make_job(plan, part, engine) for part in cut(cells, size)]
            rounds.append(jobs)
            done = int(counts.sum()) * len(plan.arms)
            quarantined |= ledger.complete(jobs, executor, pool, _shifted(progress, done))
            counts[active] = last
            active = _wanting(plan, ledger, rounds, active, last)
            first, last = last, min(2 * last, plan.study.precision.most if plan.study.precision else last)
    write_results(plan, ledger, rounds)
    ledger.record(complete=not quarantined, quarantined=quarantined, ended=now())
    return read_study(ledger.folder, partial=True)


def _shifted(progress: Progress | None, done: int) -> Progress | None:
    if progress is None:
        return None
    return lambda finished, wanted: progress(done + finished, done + wanted)


def _wanting(plan: Plan, ledger: Ledger, rounds: Sequence[Sequence[Job]], active: list[int], last: int) -> list[int]:
    """The worlds that are not yet known as precisely as wanted, out of those active in the last round."""
    wanted = plan.study.precision
    if wanted is None or last >= wanted.most:
        return []
    values = {world: np.full((len(plan.arms), last), np.nan) for world in active}
    for jobs in rounds:
        for job in jobs:
            table = ledger.read(job, ["world", "arm", "replication", wanted.metric])
            if table is not None:
                columns = (column.to_numpy() for column in table.columns)
                for world, arm, number, value in zip(*columns, strict=True):
                    if world in values:
                        values[world][arm, number] = value
    missing = [world for world in active if not precise(values[world], wanted)]
    if plan.study.worlds is not None and plan.study.worlds.draws == "common":
        # Worlds with the same draws are compared replication by replication: all have equally many.
        return active if missing else []
    return missing


def precise(values: Floats, wanted: Precision) -> bool:
    """Whether the means (or differences to the first) of ``values``, shape (arms, replications), are known well
    enough.
    """
    rows = values[1:] - values[0] if wanted.of == "difference" else values
    scale = abs(mean_interval(values[0])[0]) if wanted.relative else 1.0
    for row in rows:
        mean, low, _, n = mean_interval(row)
        if n >= 2 and not mean - low <= wanted.half_width * scale:
            return False
    return True
