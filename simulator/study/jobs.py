"""Jobs: the cells of a study that one worker runs in one go, and the shard that they become."""

from __future__ import annotations

import io
import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..kernel.replication import EXTRAS, Beginning
from ..kernel.tabulation import regimes
from ..runs.engines import Engine, replicate_on
from ..runs.outcomes import outcomes_row, series_table
from ..runs.run import model_hash
from ..scenario.designs import INITIAL
from ..scenario.schema import Scenario
from .document import StudyError
from .plan import SERIES_PREFIX, STUDY_FORMAT, Plan, changed, sha256_of

TAIL = 0.2
"""The share of the horizon that ``_early`` and ``_late`` metrics look at."""


class Cell(NamedTuple):
    """Replications ``first`` to ``last`` (exclusive) of one arm in one world."""

    world: int
    arm: int
    first: int
    last: int


@dataclass(frozen=True)
class Job:
    """Some cells with all that is needed to run them, on whatever machine: nothing is read there but the code.

    ``key`` is the SHA-256 of that and of the model, without the ``engine``, on which results do not depend: the name of
    the job's shard.
    """

    key: str
    model: str
    columns: tuple[str, ...]
    bases: Mapping[int, str]  # arm: its scenario as JSON
    cells: tuple[tuple[Cell, int, Mapping[str, Any]], ...]  # with the seed and the overrides of the world
    engine: Engine
    series: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(cell.last - cell.first for cell, _, _ in self.cells)

    def __str__(self) -> str:
        first, last = self.cells[0][0], self.cells[-1][0]
        return f"job {self.key[:12]} (world {first.world} arm {first.arm} to world {last.world} arm {last.arm})"


def make_job(plan: Plan, cells: Sequence[Cell], engine: Engine) -> Job:
    """The job that runs ``cells`` of a study."""
    whole = tuple((cell, plan.world_seed(cell.world), plan.overrides(cell.arm, cell.world)) for cell in cells)
    arms = sorted({cell.arm for cell in cells})
    said = {
        "format": STUDY_FORMAT,
        "model": model_hash(),
        "columns": list(plan.metrics),
        "scenarios": {str(arm): plan.scenarios[arm].hash for arm in arms},
        "cells": [[*cell, seed, overrides] for cell, seed, overrides in whole],
    }
    if plan.study.series:
        said["series"] = plan.study.series
    bases = {arm: json.dumps(plan.scenarios[arm].model_dump(mode="json")) for arm in arms}
    return Job(sha256_of(said), model_hash(), tuple(plan.metrics), bases, whole, engine, tuple(plan.study.series))


def run_job(job: Job) -> bytes:
    """The shard of a job, as the bytes of a Parquet file: one row per arm, world and replication.

    Runs on the worker. Raises :class:`StudyError` where another version of the model is installed there.
    """
    if job.model != model_hash():
        raise StudyError(
            f"{platform.node()} has another version of shenhe than the driver; install the same on every worker"
        )
    bases = {arm: Scenario.model_validate(json.loads(text)) for arm, text in job.bases.items()}
    keys: list[tuple[int, int, int]] = []
    values = np.empty((job.rows, len(job.columns)))
    series: dict[str, list[list[float]]] = {name: [] for name in job.series}
    for cell, seed, overrides in job.cells:
        scenario = changed(bases[cell.arm], overrides)
        start = {path: float(value) for path, value in overrides.items() if path in INITIAL}
        staff = _staff_years(scenario)
        for number in range(cell.first, cell.last):
            row, table = _row(job.engine, scenario, seed, number, start, with_series=bool(series))
            row |= staff
            for name, kept in series.items():
                kept.append(table.column(name).to_pylist())
            values[len(keys)] = [row.get(name, math.nan) for name in job.columns]
            keys.append((cell.world, cell.arm, number))
    table = pa.table(
        [pa.array(np.array(part, dtype=np.int32)) for part in zip(*keys, strict=True)]
        + [pa.array(np.ascontiguousarray(values[:, place])) for place in range(len(job.columns))]
        + [pa.array(kept, pa.list_(pa.float64())) for kept in series.values()],
        names=["world", "arm", "replication", *job.columns, *(SERIES_PREFIX + name for name in series)],
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _row(
    engine: Engine, scenario: Scenario, seed: int, number: int, start: Mapping[str, float], *, with_series: bool
) -> tuple[dict[str, float], pa.Table]:
    """All metrics of one replication and, if wanted, its series: the one place where a study meets the model."""

    def prepare(world: Beginning) -> None:
        if "initial.belief" in start:
            # Held until a provider enters, so that late ones begin like early ones.
            state = world.state
            state.belief[:] = [start["initial.belief"]] * len(state.belief)
            state.believed[:] = np.repeat(state.entry, len(state.believed) // len(state.entry))

    result = replicate_on(engine, scenario, seed, number, keep_log=False, prepare=prepare if start else None)
    row = outcomes_row(scenario, result)
    occasions = result.class_occasions.sum(axis=1)
    violations = result.class_violations.sum(axis=1)
    tail = max(1, round(TAIL * len(result.bin_ends)))
    row["compliance_early"] = _compliance(occasions[tail - 1], violations[tail - 1])
    before = (occasions[-tail - 1], violations[-tail - 1]) if len(occasions) > tail else (0, 0)
    row["compliance_late"] = _compliance(occasions[-1] - before[0], violations[-1] - before[1])
    row["backlog_late"] = float(np.mean(result.extras[-tail:, EXTRAS.index("backlog")]))
    return row, series_table(scenario, result) if with_series else pa.table({})


def _staff_years(scenario: Scenario) -> dict[str, float]:
    """Inspectors and reviewers paid for, those of the market that is simulated, through all regimes."""
    tables = regimes(scenario)
    ends = [day for day, _ in tables[1:]] + [scenario.horizon]
    days = sum(
        (int(table.authorities.inspectors.sum()) + table.registry.reviewers) * (end - day)
        for (day, table), end in zip(tables, ends, strict=True)
    )
    return {"staff_years": days / 365.0}


def _compliance(occasions: Any, violations: Any) -> float:
    return 1.0 - float(violations) / float(occasions) if occasions else math.nan


def cut(cells: Sequence[Cell], size: int) -> Iterator[list[Cell]]:
    """Cells in lots of about ``size`` replications; a cell that is larger is divided."""
    lot: list[Cell] = []
    room = size
    for cell in cells:
        first = cell.first
        while first < cell.last:
            last = min(cell.last, first + room)
            lot.append(Cell(cell.world, cell.arm, first, last))
            room -= last - first
            first = last
            if room == 0:
                yield lot
                lot, room = [], size
    if lot:
        yield lot
