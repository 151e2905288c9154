"""Studies: many policies under many uncertain worlds, many replications of each, kept on disk as they are made.

>>> from shenhe.simulator import study
>>> plan = study.load_study("inspections-or-fines")
>>> [arm.name for arm in plan.arms][:2]
['as-enacted', 'twice-the-inspectors']

``run_study(plan, "folder")`` runs it (or what is missing of it) and gives a :class:`StudyRun` whose frames are pandas;
``read_study("folder")`` reads a finished one. The analyses of :mod:`.analysis` take such a run.

A study folder holds ``run.json``, ``worlds.parquet`` (the design), ``results.parquet`` (one row an arm, world and
replication) and ``shards/``, one file a job, addressed by the hash of what it was made from. Everything but
``run.json`` follows from the study and the model alone: the same bytes on any executor, with any number of workers,
however often it was interrupted.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import functools
import hashlib
import importlib.metadata
import io
import json
import math
import os
import platform
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, ValidationError, model_validator

from shenhe.rulebook.document import DocumentError, Locate, dotted, read_yaml, validate

from .draws import MAX_SEED, compiled
from .eventlog import write_table
from .executors import InlineExecutor, MissingExtraError, Pool, Processes, Quarantined, SweepError, sweep
from .model import EXTRAS, replicate
from .outcomes import Metric, metrics, outcomes_table
from .replication import _Interrupts, interval, model_hash
from .scenario import Line, Name, Part, Positive, Scenario, ScenarioError, _override, load_scenario
from .worlds import DesignError, Parameter, Worlds, design

STUDY_FORMAT = 1
"""Raised when a row of the results, or what a study file means, changes: old shards are then not taken for new ones."""
MAX_ARMS = 10_000
MAX_REPLICATIONS = 100_000
ROW_GROUP = 32_768
"""Rows of one row group of the results: fixed, so that the bytes do not depend on how jobs were cut."""
JOB_SECONDS = 3.0
"""How long a job should take: long against the cost of handing it over, short against what a kill may lose."""
TAIL = 0.2
"""The share of the horizon that ``_early`` and ``_late`` metrics look at."""

STUDY_METRICS: dict[str, Metric] = {
    "compliance_early": Metric("Compliance in the first fifth of the time", "share"),
    "compliance_late": Metric("Compliance in the last fifth of the time", "share"),
    "backlog_late": Metric("Cases waiting for an inspector in the last fifth of the time", ""),
    "staff_years": Metric("Inspectors and reviewers paid for", "person-years"),
}
"""What the results of a study have besides the outcomes of a run."""

MORE_IS_BETTER = ("compliance", "filed", "relistings", "active_end")

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with (replications finished, replications wanted)."""


class StudyError(ValueError):
    """A study that cannot be run, resumed or read; the text says what to do about it."""


# -- what a study file may say


class Arm(Part):
    """One policy: a scenario (by default the study's) with changes by dotted path."""

    name: Name
    title: Line | None = None
    scenario: Line | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class Objective(Part):
    """What the study is about: a metric, whether ``less`` or ``more`` of it is better, and what is good enough."""

    metric: Line
    better: Literal["less", "more"] | None = None
    limit: float | None = None

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is: ``sign * value`` is to be made small."""
        return -1 if self.direction == "more" else 1

    @property
    def direction(self) -> Literal["less", "more"]:
        return self.better or ("more" if self.metric.startswith(MORE_IS_BETTER) else "less")


class Precision(Part):
    """Replicate until a 95 % interval is narrow enough.

    In each world the number of replications is doubled, from ``replications`` up to ``most``, until the half-width of
    the interval of ``metric`` is at most ``half_width``: of each arm's mean (``of: mean``) or of each arm's paired
    difference to the first (``of: difference``), as a share of the first arm's mean unless ``relative`` is false.
    """

    metric: Line
    half_width: Positive
    of: Literal["mean", "difference"] = "difference"
    relative: bool = True
    most: Annotated[int, Field(ge=2, le=MAX_REPLICATIONS)] = 1024


class Lever(Parameter):
    """A parameter of the policy that a search may set."""


class Search(Part):
    """A search over policies: which levers it may move, and how long it looks (see :mod:`.analysis.pareto`)."""

    levers: list[Lever] = Field(min_length=1, max_length=50)
    population: Annotated[int, Field(ge=4, le=1000)] = 24
    generations: Annotated[int, Field(ge=1, le=1000)] = 12
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0


class Tipping(Part):
    """Which parameter of the worlds is the state that a history starts in, along which other one its ends are
    compared, and the metric that tells where it ends."""

    start: Line
    along: Line | None = None
    end: Line = "compliance_late"


class Study(Part):
    """Arms in worlds, replicated. See ``docs/studies.md``."""

    name: Name
    title: Line
    story: Line | None = None
    scenario: Line
    set: dict[str, Any] = Field(default_factory=dict)
    arms: list[Arm] = Field(min_length=1, max_length=MAX_ARMS)
    worlds: Worlds | None = None
    replications: Annotated[int, Field(ge=1, le=MAX_REPLICATIONS)]
    precision: Precision | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 1
    objectives: list[Objective] = Field(default_factory=lambda: [Objective(metric="harm")], min_length=1, max_length=20)
    search: Search | None = None
    tipping: Tipping | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [arm.name for arm in self.arms]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"found the arm {name!r} twice, expected each once")
        if self.precision and self.precision.most < self.replications:
            raise ValueError(f"found precision.most {self.precision.most} below the {self.replications} replications")
        if self.precision and self.replications < 2:
            raise ValueError("found precision with 1 replication to begin with, expected at least 2")
        if self.tipping:
            labels = [parameter.label for parameter in self.worlds.parameters] if self.worlds else []
            for label in filter(None, (self.tipping.start, self.tipping.along)):
                if label not in labels:
                    raise ValueError(f"found tipping by {label!r}, expected a parameter of the worlds")
        return self


@dataclass(frozen=True)
class Plan:
    """A study with everything it names looked up: ``scenarios`` of the arms, in their order, and the ``worlds``."""

    study: Study
    scenarios: tuple[Scenario, ...]
    worlds: pd.DataFrame = field(repr=False)

    @property
    def arms(self) -> list[Arm]:
        return self.study.arms

    @functools.cached_property
    def metrics(self) -> dict[str, Metric]:
        """Every column of the results but arm, world and replication; those of any arm."""
        found: dict[str, Metric] = {}
        for scenario in self.scenarios:
            found |= metrics(scenario)
        return found | STUDY_METRICS

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over all that decides the results: not over titles, objectives, or what is made of the results."""
        worlds = self.study.worlds.model_dump(mode="json") if self.study.worlds else None
        said = {
            "format": STUDY_FORMAT,
            "arms": [[arm.name, scenario.hash] for arm, scenario in zip(self.arms, self.scenarios, strict=True)],
            "worlds": worlds,
            "replications": self.study.replications,
            "precision": self.study.precision.model_dump(mode="json") if self.study.precision else None,
            "seed": self.study.seed,
        }
        return _sha256(said)

    def overrides(self, arm: int, world: int) -> dict[str, Any]:
        """What a world changes in the scenario of an arm, by dotted path."""
        changed: dict[str, Any] = {}
        for parameter in self.study.worlds.parameters if self.study.worlds else ():
            value = self.worlds[parameter.label].iloc[world]
            changed |= parameter.overrides(self.known[arm], value.item() if hasattr(value, "item") else value)
        return changed

    @functools.cached_property
    def known(self) -> list[dict[str, Any]]:
        """The parameters of each arm's scenario, by dotted path."""
        return [dict(scenario.parameters()) for scenario in self.scenarios]

    def world_seed(self, world: int) -> int:
        """The seed of a world: the same for all its arms; for all worlds if draws are common."""
        if self.study.worlds is None or self.study.worlds.draws == "common":
            return self.study.seed
        digest = hashlib.sha256(f"world/{self.study.seed}/{world}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 2


def names() -> list[str]:
    """The names of the shipped studies."""
    entries = (entry.name for entry in files("shenhe.scenarios").joinpath("studies").iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def load_study(name: str | Path | Mapping[str, Any]) -> Plan:
    """A study by the name of a shipped one, by file, or as a mapping of what such a file says.

    A scenario that a study file names by file is looked for beside it. Raises :class:`StudyError`, one line a fault
    with file, line and path, when something in it is unknown or impossible; worlds are tried out before anything runs.
    """
    if isinstance(name, Mapping):
        try:
            study, locate, near = Study.model_validate(dict(name)), None, Path()
        except ValidationError as error:
            lines = (f"{dotted(tuple(fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False))
            raise StudyError("\n".join(lines)) from None
    else:
        study, locate, near = _read(name)
    at = functools.partial(_at, locate)
    scenarios = []
    for number, arm in enumerate(study.arms):
        named = arm.scenario or study.scenario
        source = near / named if named.endswith((".yaml", ".yml")) else named
        try:
            scenarios.append(load_scenario(source, {**study.set, **arm.set}))
        except ScenarioError as error:
            place = ("arms", number) if arm.set or arm.scenario else ("scenario",)
            raise StudyError(at(place, str(error))) from None
    try:
        plan = Plan(study, tuple(scenarios), design(study.worlds))
    except DesignError as error:
        raise StudyError(at(("worlds",), str(error))) from None
    _check_names(plan, at)
    _check_worlds(plan, at)
    return plan


def _read(name: str | Path) -> tuple[Study, Locate, Path]:
    text = str(name)
    origin: Any
    if text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        origin, source, near = Path(text), text, Path(text).parent
    elif text in names():
        origin, source, near = files("shenhe.scenarios").joinpath("studies", f"{text}.yaml"), f"{text}.yaml", Path()
    else:
        raise StudyError(f"no study is called {text!r}; shipped are: {', '.join(names())}. One of your own is named by its file.")
    try:
        data, locate = read_yaml(origin, source)
        return validate(Study, data, locate), locate, near
    except DocumentError as error:
        raise StudyError(str(error)) from None
    except OSError as error:
        raise StudyError(f"{text}: cannot be read ({error.strerror or error})") from None


def _at(locate: Locate | None, steps: tuple[str | int, ...], message: str) -> str:
    """The message with the place in the study file that it is about."""
    if locate is None:
        return f"{dotted(steps)}: {message}"
    mark = locate(steps)
    return f"{locate.source_name}:{mark.line}:{mark.column}: {dotted(steps)}: {message}"


def _check_names(plan: Plan, at: Callable[[tuple[str | int, ...], str], str]) -> None:
    import difflib

    study = plan.study
    asked: list[tuple[tuple[str | int, ...], str]] = [
        (("objectives", number, "metric"), objective.metric) for number, objective in enumerate(study.objectives)
    ]
    if study.precision:
        asked.append((("precision", "metric"), study.precision.metric))
    if study.tipping:
        asked.append((("tipping", "end"), study.tipping.end))
    for place, metric in asked:
        if metric not in plan.metrics:
            close = difflib.get_close_matches(metric, list(plan.metrics), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(plan.metrics)}"
            raise StudyError(at(place, f"found {metric!r}, which no result has; {hint}"))
    for number, lever in enumerate(study.search.levers if study.search else ()):
        try:
            lever.overrides(plan.known[0], lever.value(0.5))
        except ScenarioError as error:
            raise StudyError(at(("search", "levers", number), str(error))) from None


TRIED = 64
"""How many worlds are tried out before a study starts: all of a small one, else evenly spread ones and the extremes."""


def _check_worlds(plan: Plan, at: Callable[[tuple[str | int, ...], str], str]) -> None:
    """Build the scenarios of the worlds, so that an impossible one is found now and not after hours."""
    if plan.study.worlds is None:
        return
    parameters = plan.study.worlds.parameters
    tried = dict.fromkeys(np.linspace(0, len(plan.worlds) - 1, min(TRIED, len(plan.worlds))).astype(int).tolist())
    for parameter in parameters:
        column = plan.worlds[parameter.label]
        if column.dtype != object and column.dtype != bool:
            tried |= dict.fromkeys((int(column.argmin()), int(column.argmax())))
    several = dict(zip((scenario.hash for scenario in plan.scenarios), range(len(plan.arms)), strict=True))
    arms = list(several.values())[: max(1, 500 // len(tried))]
    for arm in arms:
        for number, parameter in enumerate(parameters):
            try:
                parameter.overrides(plan.known[arm], parameter.value(0.5))
            except ScenarioError as error:
                raise StudyError(at(("worlds", "parameters", number), str(error))) from None
        for world in tried:
            try:
                changed(plan.scenarios[arm], plan.overrides(arm, world))
            except ScenarioError as error:
                values = ", ".join(f"{p.label} = {plan.worlds[p.label].iloc[world]}" for p in parameters)
                where = f"arm {plan.arms[arm].name} in world {world} ({values})"
                raise StudyError(at(("worlds",), f"{where} is no possible scenario: {error}")) from None


def changed(scenario: Scenario, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario with other values at dotted paths; raises :class:`ScenarioError` where it is none any more."""
    if not overrides:
        return scenario
    data = scenario.model_dump(mode="json")
    for path, value in overrides.items():
        _override(data, path, value)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ScenarioError(f"{dotted(tuple(fault['loc']))}: {fault['msg']}, found {fault['input']!r:.60}") from None


# -- jobs


class Cell(NamedTuple):
    """Replications ``first`` to ``last`` (exclusive) of one arm in one world."""

    world: int
    arm: int
    first: int
    last: int


@dataclass(frozen=True)
class Job:
    """Some cells with all that is needed to run them, on whatever machine: nothing is read there but the code.

    ``key`` is the SHA-256 of that and of the model: the name of the job's shard.
    """

    key: str
    model: str
    columns: tuple[str, ...]
    bases: Mapping[int, str]  # arm: its scenario as JSON
    cells: tuple[tuple[Cell, int, Mapping[str, Any]], ...]  # with the seed and the overrides of the world

    @property
    def rows(self) -> int:
        return sum(cell.last - cell.first for cell, _, _ in self.cells)

    def __str__(self) -> str:
        first, last = self.cells[0][0], self.cells[-1][0]
        return f"job {self.key[:12]} (world {first.world} arm {first.arm} to world {last.world} arm {last.arm})"


def make_job(plan: Plan, cells: Sequence[Cell]) -> Job:
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
    bases = {arm: json.dumps(plan.scenarios[arm].model_dump(mode="json")) for arm in arms}
    return Job(_sha256(said), model_hash(), tuple(plan.metrics), bases, whole)


def run_job(job: Job) -> bytes:
    """The shard of a job, as the bytes of a Parquet file: a row an arm, world and replication.

    Runs on the worker. Raises :class:`StudyError` where another version of the model is installed there.
    """
    if job.model != model_hash():
        raise StudyError(f"{platform.node()} has another version of shenhe than the driver; install the same on every worker")
    bases = {arm: Scenario.model_validate(json.loads(text)) for arm, text in job.bases.items()}
    keys: list[tuple[int, int, int]] = []
    values = np.empty((job.rows, len(job.columns)))
    for cell, seed, overrides in job.cells:
        scenario = changed(bases[cell.arm], overrides)
        for number in range(cell.first, cell.last):
            row = _row(scenario, seed, number)
            values[len(keys)] = [row.get(name, math.nan) for name in job.columns]
            keys.append((cell.world, cell.arm, number))
    table = pa.table(
        [pa.array(np.array(part, dtype=np.int32)) for part in zip(*keys, strict=True)]
        + [pa.array(np.ascontiguousarray(values[:, place])) for place in range(len(job.columns))],
        names=["world", "arm", "replication", *job.columns],
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _row(scenario: Scenario, seed: int, number: int) -> dict[str, float]:
    """All metrics of one replication: the one place where a study meets the model."""
    result = replicate(scenario, seed, number, keep_log=False)
    table = outcomes_table(scenario, result)
    row = {name: float(table.column(name)[0].as_py()) for name in table.column_names if name != "replication"}
    occasions = result.class_occasions.sum(axis=1)
    violations = result.class_violations.sum(axis=1)
    tail = max(1, round(TAIL * len(result.bin_ends)))
    row["compliance_early"] = _compliance(occasions[tail - 1], violations[tail - 1])
    before = (occasions[-tail - 1], violations[-tail - 1]) if len(occasions) > tail else (0, 0)
    row["compliance_late"] = _compliance(occasions[-1] - before[0], violations[-1] - before[1])
    row["backlog_late"] = float(np.mean(result.extras[-tail:, EXTRAS.index("backlog")]))
    row["staff_years"] = (scenario.policy.staff.inspectors + scenario.registry.reviewers) * scenario.horizon / 365.0
    return row


def _compliance(occasions: Any, violations: Any) -> float:
    return 1.0 - float(violations) / float(occasions) if occasions else math.nan


def _sha256(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


# -- running


@dataclass(frozen=True)
class Estimate:
    """What a study will take, from timing a few replications: before it starts, and at the most if it is adaptive.

    ``seconds`` of work, ``wall`` seconds on the workers at hand, ``disk`` bytes, ``replications`` still to be run.
    """

    seconds_per_replication: float
    bytes_per_replication: float
    replications: int
    workers: int

    @property
    def wall(self) -> float:
        return self.seconds_per_replication * self.replications / max(1, min(self.workers, os.cpu_count() or 1))

    @property
    def disk(self) -> float:
        # In its shard and in the merged results.
        return 2 * self.bytes_per_replication * self.replications

    def __str__(self) -> str:
        return f"{self.replications:,} replications: about {duration(self.wall)} on {self.workers} workers, {self.disk / 1e6:,.0f} MB"


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(42), duration(1200), duration(9000)
    ('42 s', '20 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def run_study(
    study: Plan | str | Path | Mapping[str, Any],
    out: str | Path,
    pool: Pool | None = None,
    progress: Progress | None = None,
    *,
    agree: Callable[[Estimate], bool] | None = None,
    command: str | None = None,
) -> StudyRun:
    """Run what is missing of a study into the folder ``out``, and read it.

    ``pool`` is where jobs run (one process for each processor by default; see :mod:`.executors`); it is started and
    stopped here. ``agree`` is asked before anything long begins, with the estimate; where it says no,
    :class:`StudyError` is raised. ``command`` is what ``run.json`` names as the way to reproduce the study.

    Jobs that crash again and again are left out, named in ``StudyRun.quarantined``, and tried again by the next call.
    Raises :class:`StudyError` when the folder holds another study, is in use, or the disk is full. Whatever ends it,
    what was finished is kept and the same call goes on from there.
    """
    plan = study if isinstance(study, Plan) else load_study(study)
    folder = Path(out)
    with Ledger(folder, plan, command) as ledger:
        return _run(ledger, pool or Processes(os.cpu_count() or 1), progress, agree)


def _run(
    ledger: Ledger, pool: Pool, progress: Progress | None, agree: Callable[[Estimate], bool] | None
) -> StudyRun:
    plan = ledger.plan
    compiled()
    size = ledger.note.get("replications_per_job")
    if not isinstance(size, int):
        seconds, width = time_pilot(plan)
        precision = plan.study.precision
        each = precision.most if precision else plan.study.replications
        estimate = Estimate(seconds, width, each * len(plan.arms) * len(plan.worlds), pool.workers)
        ledger.check_space(estimate)
        if agree is not None and not agree(estimate):
            raise StudyError("not started: nobody agreed to what it would take")
        size = job_size(estimate)
        ledger.record(replications_per_job=size)
    ledger.record(executor=type(pool).__name__.lower(), workers=pool.workers, complete=False)
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
            jobs = [make_job(plan, part) for part in _cut(cells, size)]
            rounds.append(jobs)
            done = int(counts.sum()) * len(plan.arms)
            quarantined |= ledger.complete(jobs, executor, pool, _shifted(progress, done))
            counts[active] = last
            active = _wanting(plan, ledger, rounds, active, last)
            first, last = last, min(2 * last, plan.study.precision.most if plan.study.precision else last)
    _write_results(plan, ledger, rounds)
    ledger.record(complete=not quarantined, quarantined=quarantined, ended=_now())
    return read_study(ledger.folder, partial=True)


def _shifted(progress: Progress | None, done: int) -> Progress | None:
    if progress is None:
        return None
    return lambda finished, wanted: progress(done + finished, done + wanted)


def time_pilot(plan: Plan, seconds: float = 2.0) -> tuple[float, float]:
    """Mean seconds and bytes of one replication, over arms and worlds spread through the study."""
    worlds = np.linspace(0, len(plan.worlds) - 1, min(5, len(plan.worlds))).astype(int).tolist()
    cells = [Cell(world, arm, 0, 1) for world in worlds for arm in range(len(plan.arms))]
    order = np.random.default_rng(0).permutation(len(cells))
    run_job(make_job(plan, cells[:1]))  # the first is slow: it loads and compiles
    began, runs, size = time.perf_counter(), 0, 0
    for place in order:
        size += len(run_job(make_job(plan, [cells[place]])))
        runs += 1
        if time.perf_counter() - began > seconds:
            break
    # A file of one row is nearly all header; eight bytes a column is the most that rows take once they are many.
    width = min(size / runs, 8.0 * (len(plan.metrics) + 3))
    return (time.perf_counter() - began) / runs, width


def job_size(estimate: Estimate) -> int:
    """Replications in one job: ``JOB_SECONDS`` of them, fewer where every worker would not get a few jobs."""
    fitting = JOB_SECONDS / max(estimate.seconds_per_replication, 1e-6)
    sharing = estimate.replications / (4 * estimate.workers)
    return max(1, int(min(fitting, max(sharing, fitting / 10))))


def _cut(cells: Sequence[Cell], size: int) -> Iterator[list[Cell]]:
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
    """Whether the means (or differences to the first) of ``values``, shape (arms, replications), are known well enough."""
    rows = values[1:] - values[0] if wanted.of == "difference" else values
    scale = abs(interval(values[0])[0]) if wanted.relative else 1.0
    for row in rows:
        mean, low, _, n = interval(row)
        if n >= 2 and not mean - low <= wanted.half_width * scale:
            return False
    return True


def _write_results(plan: Plan, ledger: Ledger, rounds: Sequence[Sequence[Job]]) -> None:
    """Merge the shards by world, arm and replication, with one shard of each round in memory and one row group."""
    write_table(pa.Table.from_pandas(plan.worlds, preserve_index=False).replace_schema_metadata(None), ledger.folder / "worlds.parquet")
    arms = pa.array([arm.name for arm in plan.arms], pa.string())
    names_of_arms = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [("world", pa.int32()), ("arm", names_of_arms), ("replication", pa.int32())]
        + [(name, pa.float64()) for name in plan.metrics]
    )
    path = ledger.folder / "results.parquet"
    temporary = ledger.temporary(path.name)
    streams = [_Stream(ledger, jobs) for jobs in rounds]
    waiting: list[pa.Table] = []
    held = 0

    def flush(rows: int) -> None:
        nonlocal waiting, held
        together = pa.concat_tables(waiting)
        lot, rest = together.slice(0, rows), together.slice(rows)
        codes = pa.DictionaryArray.from_arrays(lot.column("arm").combine_chunks(), arms)
        writer.write_table(lot.set_column(1, "arm", codes).cast(schema).combine_chunks(), row_group_size=rows)
        waiting, held = [rest], rest.num_rows

    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for world in range(len(plan.worlds)):
                for arm in range(len(plan.arms)):
                    for stream in streams:
                        for table in stream.take(world, arm):
                            waiting.append(table)
                            held += table.num_rows
                while held >= ROW_GROUP:
                    flush(ROW_GROUP)
            if held:
                flush(held)
        temporary.replace(path)
    except OSError as error:
        raise _of_disk(error, ledger.folder) from error
    finally:
        temporary.unlink(missing_ok=True)


class _Stream:
    """The rows of the jobs of one round, handed out cell by cell in the order in which the jobs have them."""

    def __init__(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        self._parts = self._read(ledger, jobs)
        self._next = next(self._parts, None)

    @staticmethod
    def _read(ledger: Ledger, jobs: Iterable[Job]) -> Iterator[tuple[Cell, pa.Table]]:
        for job in jobs:
            table = ledger.read(job)
            if table is None:
                continue  # in quarantine
            offset = 0
            for cell, _, _ in job.cells:
                yield cell, table.slice(offset, cell.last - cell.first)
                offset += cell.last - cell.first

    def take(self, world: int, arm: int) -> Iterator[pa.Table]:
        while self._next is not None and self._next[0][:2] == (world, arm):
            yield self._next[1]
            self._next = next(self._parts, None)


# -- the folder


class Ledger:
    """A study's folder while it is being worked on: which shards it has, and its ``run.json``. For one driver at a time."""

    def __init__(self, folder: Path, plan: Plan, command: str | None) -> None:
        self.folder = folder
        self.plan = plan
        self.note: dict[str, Any] = {}
        self._command = command
        self._lock: Any = None

    def __enter__(self) -> Self:
        try:
            self._prepare()
        except OSError as error:
            raise StudyError(f"{self.folder}: cannot be written ({error.strerror or error})") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare(self) -> None:
        folder = self.folder
        note = read_note(folder)
        if note is None and folder.is_dir() and any(entry.name != ".lock" for entry in folder.iterdir()):
            if not (folder / "shards").is_dir():
                raise StudyError(f"{folder}: is not empty and holds no study; choose another --out")
        elif note is not None and "study_hash" not in note:
            raise StudyError(f"{folder}: holds a run that is no study; choose another --out")
        if note is not None and (note["study_hash"] != self.plan.hash or note.get("model_hash") != model_hash()):
            what = "another study" if note["study_hash"] != self.plan.hash else "this study, made by another version of the model"
            raise StudyError(f"{folder}: holds {what}; choose another --out, or remove the folder")
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        self._take_lock()
        for rest in (*folder.glob(".*.part"), *(folder / "shards").glob(".*.part")):
            rest.unlink(missing_ok=True)
        self.note = {**_facts(self.plan, self._command), **{k: v for k, v in (note or {}).items() if k in _KEPT}}
        self.note.setdefault("started", _now())
        self.record(complete=False)

    def _take_lock(self) -> None:
        """Two drivers in one folder would do everything twice. The lock goes with the process that holds it."""
        try:
            import fcntl
        except ImportError:
            return
        self._lock = (self.folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            self._lock = None
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise StudyError(f"{self.folder}: another process is running this study") from None
            # Some network file systems know no locks: one driver has to see to itself there.

    def temporary(self, name: str) -> Path:
        return self.folder / f".{name}.{uuid.uuid4().hex[:8]}.part"

    def record(self, **facts: Any) -> None:
        """Write facts into ``run.json``."""
        self.note |= facts
        text = json.dumps(self.note, indent=2, ensure_ascii=False) + "\n"
        self._write(self.folder / "run.json", text.encode())

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _of_disk(error, self.folder) from error

    def shard(self, job: Job) -> Path:
        return self.folder / "shards" / f"{job.key}.parquet"

    def complete(
        self, jobs: Sequence[Job], executor: Callable[[], Any], pool: Pool, progress: Progress | None
    ) -> dict[str, str]:
        """Run the jobs that have no shard; returns the reason for each that was put in quarantine, by its name."""
        held = {path.stem for path in (self.folder / "shards").glob("*.parquet")}
        missing = [job for job in jobs if job.key not in held]
        wanted = sum(job.rows for job in jobs)
        done = wanted - sum(job.rows for job in missing)
        if progress:
            progress(done, wanted)
        if not missing:
            return {}
        quarantined = {}
        try:
            with _Interrupts() as interrupts:
                for job, result in sweep(missing, executor(), run_job, window=lambda: pool.window, renew=pool.renew):
                    if isinstance(result, Quarantined):
                        quarantined[str(job)] = result.reason
                    else:
                        self._write(self.shard(job), result)
                    done += job.rows
                    if progress:
                        progress(done, wanted)
                    interrupts.raise_lost()
        except SweepError as error:
            raise StudyError(f"{error}; what was finished is kept in {self.folder}, the same command goes on from there") from error
        return quarantined

    def read(self, job: Job, columns: list[str] | None = None) -> pa.Table | None:
        """The rows of a job; None when it has no shard. A damaged one is removed, so that it will be made again."""
        path = self.shard(job)
        if not path.exists():
            return None
        try:
            return pq.read_table(path, columns=columns)
        except (pa.ArrowException, OSError) as error:
            path.unlink(missing_ok=True)
            raise StudyError(f"{path}: was damaged and is removed ({error}); the same command makes it again") from error

    def check_space(self, estimate: Estimate) -> None:
        free = shutil.disk_usage(self.folder).free
        if estimate.disk > free:
            raise StudyError(
                f"{self.folder}: has {free / 1e6:,.0f} MB free, and the study may take {estimate.disk / 1e6:,.0f} MB; "
                "free some or choose another --out"
            )


_KEPT = ("started", "replications_per_job")


def _of_disk(error: OSError, folder: Path) -> StudyError:
    kept = "what was finished is kept, and the same command goes on from there"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StudyError(f"{folder}: the disk is full; make room: {kept}")
    return StudyError(f"{folder}: cannot be written ({error.strerror or error}); {kept}")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _facts(plan: Plan, command: str | None) -> dict[str, Any]:
    from shenhe.rulebook import load_rulebook

    packages = ("shenhe", "simpy", "numpy", "numba", "scipy", "pandas", "pyarrow")
    return {
        "format": STUDY_FORMAT,
        "study": plan.study.model_dump(mode="json"),
        "study_hash": plan.hash,
        "scenarios": [scenario.model_dump(mode="json") for scenario in plan.scenarios],
        "worlds": len(plan.worlds),
        "model_hash": model_hash(),
        "rulebook_hash": load_rulebook().hash,
        "command": command,
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "host": {"python": platform.python_version(), "system": sys.platform, "processors": os.cpu_count()},
    }


def read_note(folder: Path) -> dict[str, Any] | None:
    """The ``run.json`` of a folder, or None; raises :class:`StudyError` when it cannot be read."""
    try:
        note = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise StudyError(f"{folder}: is a file, expected a folder") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"{folder}/run.json: cannot be read ({error})") from None
    if not isinstance(note, dict):
        raise StudyError(f"{folder}/run.json: expected a JSON object")
    return note


# -- reading


@dataclass(frozen=True)
class StudyRun:
    """A study that was run. Its frames are pandas; columns are read when asked for, since all may not fit in memory."""

    plan: Plan
    folder: Path
    note: Mapping[str, Any] = field(repr=False)

    @property
    def study(self) -> Study:
        return self.plan.study

    @property
    def arms(self) -> list[str]:
        """The names of the arms, in their order; the first is what others are compared with."""
        return [arm.name for arm in self.plan.arms]

    @property
    def worlds(self) -> pd.DataFrame:
        """The design: ``world``, a column for each uncertain parameter, and ``unit:<name>`` in [0, 1]."""
        return self.plan.worlds

    @property
    def metrics(self) -> dict[str, Metric]:
        return self.plan.metrics

    @property
    def quarantined(self) -> Mapping[str, str]:
        """Jobs that could not be run, and why; their rows are missing."""
        found: Mapping[str, str] = self.note.get("quarantined", {})
        return found

    def results(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row a world, arm and replication, in that order, with the metrics named (all by default)."""
        wanted = list(columns) if columns is not None else list(self.metrics)
        self.check_metrics(wanted)
        frame: pd.DataFrame = pq.read_table(
            self.folder / "results.parquet", columns=["world", "arm", "replication", *dict.fromkeys(wanted)]
        ).to_pandas()
        return frame

    def check_metrics(self, wanted: Iterable[str]) -> None:
        """Raise :class:`StudyError` for a name that no result has."""
        import difflib

        for name in wanted:
            if name not in self.metrics:
                close = difflib.get_close_matches(name, list(self.metrics), n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(self.metrics)}"
                raise StudyError(f"found the metric {name!r}, which no result has; {hint}")

    def cells(self, metric: str) -> pd.DataFrame:
        """One row a world and arm: ``mean`` and ``sd`` of a metric over the ``n`` replications that have it."""
        grouped = self.results([metric]).groupby(["world", "arm"], observed=True, sort=False)[metric]
        return grouped.agg(mean="mean", sd="std", n="count").reset_index()

    def values(self, metric: str) -> dict[str, pd.DataFrame]:
        """For each arm a frame of a metric: index world, columns replication; NaN where undefined or missing."""
        frame = self.results([metric])
        return {
            arm: frame[frame["arm"] == arm].pivot(index="world", columns="replication", values=metric)
            for arm in self.arms
        }


def read_study(folder: str | Path, *, partial: bool = False) -> StudyRun:
    """A study from its folder. Raises :class:`StudyError` when there is none, or it was not finished: then nothing is
    read unless ``partial`` allows rows that are missing because their jobs were put in quarantine."""
    folder = Path(folder)
    note = read_note(folder)
    if note is None or "study_hash" not in note:
        raise StudyError(f"{folder}: no study here (there is no run.json of one)")
    if not (folder / "results.parquet").exists() or not (note.get("complete") or (partial and "quarantined" in note)):
        how = note.get("command") or "the call that began it"
        lost = "; ".join(f"{name}: {reason}" for name, reason in (note.get("quarantined") or {}).items())
        raise StudyError(f"{folder}: this study was not finished{f' ({lost})' if lost else ''}; go on with: {how}")
    try:
        study = Study.model_validate(note["study"])
        scenarios = tuple(Scenario.model_validate(item) for item in note["scenarios"])
        worlds = pq.read_table(folder / "worlds.parquet").to_pandas()
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        raise StudyError(f"{folder}: this study cannot be read ({type(error).__name__}: {error})") from None
    return StudyRun(Plan(study, scenarios, worlds), folder, note)


__all__ = [
    "STUDY_METRICS",
    "Arm",
    "Estimate",
    "InlineExecutor",
    "MissingExtraError",
    "Objective",
    "Plan",
    "Precision",
    "Study",
    "StudyError",
    "StudyRun",
    "load_study",
    "names",
    "read_study",
    "run_study",
]
