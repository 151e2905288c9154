"""Many replications of one scenario: run them over processes, keep what is finished, resume, read back.

A run folder holds ``run.json``, the event log ``shards/r00000-<key>.parquet`` (one shard a replication, its key the
hash of what it was made from), ``parts/`` with each replication's own outcomes, and the merged ``outcomes.parquet``,
``providers.parquet`` and ``series.parquet``. Everything but ``run.json`` depends only on scenario, seed and model: the
same bytes whatever the number of workers and however often the run was interrupted.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from shenhe.core.errors import ShenheError
from shenhe.core.files import only_writer

from ..kernel.draws import MAX_SEED, compiled
from ..kernel.eventlog import read_events, to_table, write_table
from ..reference.hook import Hook
from ..scenario.schema import Scenario
from ..scenario.values import faults_of
from .engines import Engine, Wanted, choose, replicate_on, warm
from .executors import end_workers
from .identity import model_hash
from .interrupts import Interrupts
from .intervals import interval_of, mean_interval, median_interval
from .note import note_text, read_note, surroundings
from .outcomes import METRICS, Metric, kind_of, metrics, outcomes_table, providers_table, series_table
from .rates import counted, pooled
from .tails import replications_needed

FRAMES = ("outcomes", "providers", "series")
MAX_REPLICATIONS = 1_000_000
RUN_FORMAT = 1
SUMMARY = (
    *("title", "unit", "mean", "lo95", "hi95", "n"),
    *("median", "median_lo95", "median_hi95", "interval_of"),
)
"""Columns of :attr:`Run.summary`."""

Progress = Callable[[int, int], None]
"""Called with (replications finished, replications wanted)."""


class RunError(ShenheError, ValueError):
    """A run that cannot be made, resumed or read; the text says what to do about it."""


@dataclass(frozen=True)
class Run:
    """The result of a run. Frames are pandas; ``events`` is read from the shards when first asked for.

    ``outcomes``: one row per replication. ``providers``: one row per provider and replication. ``series``: one row per
    bin of 30 days and replication. ``summary``: one row per metric with mean, median and their 95 % intervals.
    """

    scenario: Scenario
    seed: int
    replications: int
    outcomes: pd.DataFrame
    providers: pd.DataFrame
    series: pd.DataFrame
    folder: Path | None = None
    model: str = field(default_factory=model_hash)
    """Hash of the model that made it."""
    logs: tuple[pa.Table, ...] = field(default=(), repr=False)
    _pooled: dict[int, dict[str, npt.NDArray[np.float64]]] = field(default_factory=dict, repr=False, compare=False)

    @functools.cached_property
    def events(self) -> pd.DataFrame:
        """The event log of all replications, in order; the columns are those of :mod:`..kernel.eventlog`."""
        if self.folder is None:
            frame: pd.DataFrame = pa.concat_tables(self.logs).unify_dictionaries().to_pandas()
            return frame
        return read_events(
            [_shard(self.folder, self.scenario, self.seed, number) for number in range(self.replications)]
        )

    def values(self, metric: str, n: int | None = None) -> npt.NDArray[np.float64]:
        """One value per replication (the first ``n``) whose mean is the metric's: its outcomes, or for a rate those of
        :mod:`.rates`.
        """
        n = self.replications if n is None else n
        if metric in (rates := self._rates(n)):
            return rates[metric]
        return np.asarray(self.outcomes[metric].to_numpy(dtype=np.float64)[:n])

    def _rates(self, n: int) -> dict[str, npt.NDArray[np.float64]]:
        if n not in self._pooled:
            classes = [item.name for item in self.scenario.population.classes]
            self._pooled[n] = pooled(counted(self.providers, self.series, classes, n))
        return self._pooled[n]

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """One row per metric, its name as index, with the columns title, unit, mean, lo95 and hi95 (the ends of the
        95 % interval, see :mod:`.intervals`), n (the replications in which it is defined), median, median_lo95 and
        median_hi95, and interval_of.

        ``interval_of`` is ``mean``; or ``median`` where the mean has no interval with so few replications (lo95 and
        hi95 are NaN): see :mod:`.tails`; or ``none`` where the median has none, either.
        """
        named = metrics(self.scenario)
        rows = []
        for name in self.outcomes.columns:
            if name != "replication":
                title, unit = named.get(name, Metric(name, ""))
                values, kind = self.values(name), kind_of(name, unit)
                mean, low, high, n = mean_interval(values, kind)
                if replications_needed(self.scenario, self.outcomes, name) > len(self.outcomes):
                    low = high = math.nan
                # The median of a rate is that of the single replications.
                middle = median_interval(self.outcomes[name].to_numpy(dtype=np.float64))
                shown = interval_of(low, middle[1])
                rows.append((name, title, unit, mean, low, high, n, *middle, shown))
        return pd.DataFrame(rows, columns=["metric", *SUMMARY]).set_index("metric")


def simulate(
    scenario: Scenario,
    replications: int = 20,
    seed: int = 1,
    workers: int = 1,
    out: Path | str | None = None,
    progress: Progress | None = None,
    *,
    command: str | None = None,
    policy: Hook | None = None,
    engine: Wanted | None = None,
) -> Run:
    """Run ``replications`` of a scenario, over ``workers`` processes, into the folder ``out`` or into memory.

    ``policy`` is a policy of your own in Python (:mod:`..reference.hook`), for runs in this process and in memory. No
    file records what it does, so a folder could not be resumed with it.

    ``engine``: ``simpy``, ``compiled`` or ``auto``, which picks the one expected to finish first (see
    :mod:`.engines`); results are the same bits, and ``run.json`` says which it was.

    With ``out``, replications that the folder already holds are not run again. ``command`` is what ``run.json`` names
    as the way to reproduce the run.

    Raises :class:`RunError` for arguments out of range, and for a folder that cannot be written or holds another run,
    :class:`.engines.EngineError` for an engine that cannot run this.
    A ``KeyboardInterrupt`` leaves every finished replication in the folder.
    """
    _check_arguments(replications, seed, workers)
    folder = Path(out) if out is not None else None
    if policy is not None:
        _check_policy(policy, folder, workers)
    if folder is not None:
        _check_folder(folder, scenario, seed, replications)
    chosen = ready(engine, scenario, replications, policy)
    try:
        if folder is None:
            return in_memory(scenario, replications, seed, workers, progress, chosen, policy=policy)
        folder.mkdir(parents=True, exist_ok=True)
        with only_writer(folder):
            _into_folder(folder, scenario, replications, seed, workers, progress, chosen, command)
    except BlockingIOError:
        raise RunError(f"{out}: another process runs a simulation into this folder; choose another --out") from None
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror or error})") from error
    except BrokenProcessPool as error:
        kept = f"; finished work is in {out}; repeat the command to resume" if out else ""
        reason = "for want of memory, or because a script without `if __name__ == '__main__':` started it"
        raise RunError(f"a worker process died, perhaps {reason}{kept}; try fewer workers") from error
    return read_run(folder)


def ready(engine: Wanted | None, scenario: Scenario, replications: int, policy: Hook | None = None) -> Engine:
    """The engine to use, its code and that of the draws compiled before any process starts that would do so for
    itself.

    Raises :class:`.engines.EngineError` for an engine that is unknown or cannot run this.
    """
    chosen = choose(engine, [(scenario, replications)], policy)
    compiled()
    warm(chosen)
    return chosen


def _into_folder(
    folder: Path,
    scenario: Scenario,
    replications: int,
    seed: int,
    workers: int,
    progress: Progress | None,
    engine: Engine,
    command: str | None,
) -> None:
    started = datetime.datetime.now(datetime.UTC)
    _prepare(folder, scenario, seed, replications)
    note = {
        "replications": replications,
        "workers": workers,
        "engine": str(engine),
        "started": started.isoformat(timespec="seconds"),
    }
    _write_note(folder, scenario, seed, {**note, "complete": False}, command)
    missing = [number for number in range(replications) if not _finished(folder, scenario, seed, number)]
    done = replications - len(missing)
    for _ in _each(scenario, seed, missing, min(workers, len(missing)), folder, engine):
        done += 1
        if progress:
            progress(done, replications)
    _merge(folder, scenario, seed, replications)
    ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    _write_note(folder, scenario, seed, {**note, "ended": ended, "complete": True}, command)


def _check_policy(policy: Hook, folder: Path | None, workers: int) -> None:
    from ..reference.hook import check

    check(policy)
    if folder is not None or workers > 1:
        raise RunError("A Python policy runs in memory and in one process: pass workers=1 and out=None.")


def _check_arguments(replications: int, seed: int, workers: int) -> None:
    if not 1 <= replications <= MAX_REPLICATIONS:
        raise RunError(f"found {replications} replications, expected 1 to {MAX_REPLICATIONS:,}")
    if not 0 <= seed <= MAX_SEED:
        raise RunError(f"found seed {seed}, expected 0 to 2^63 - 1")
    if not 1 <= workers <= 1024:
        raise RunError(f"found {workers} workers, expected 1 to 1,024")


def in_memory(
    scenario: Scenario,
    replications: int,
    seed: int,
    workers: int,
    progress: Progress | None,
    engine: Engine,
    *,
    policy: Hook | None = None,
    kept: dict[int, tuple[pa.Table, ...]] | None = None,
) -> Run:
    """As :func:`simulate` without a folder, on the engine given. ``kept`` holds the tables of replications by number,
    as :func:`run_one` returns them: these are not run again, and those that are run are added to it.
    """
    results: dict[int, tuple[pa.Table, ...]] = {} if kept is None else kept
    missing = [number for number in range(replications) if number not in results]
    for number, tables in _each(scenario, seed, missing, min(workers, len(missing)), None, engine, policy):
        results[number] = tables
        if progress:
            progress(len(results), replications)
    ordered = [results[number] for number in range(replications)]
    frames = [_joined([tables[place] for tables in ordered]).to_pandas() for place in range(1, 4)]
    logs = tuple(tables[0] for tables in ordered)
    return Run(scenario, seed, replications, frames[0], frames[1], frames[2], logs=logs)


def _each(
    scenario: Scenario,
    seed: int,
    numbers: list[int],
    workers: int,
    folder: Path | None,
    engine: Engine,
    policy: Hook | None = None,
) -> Iterator[tuple[int, tuple[pa.Table, ...]]]:
    """Run the replications ``numbers``, yielding each as it is finished: its tables, or nothing if in a folder."""
    if workers <= 1:
        with Interrupts() as interrupts:
            for number in numbers:
                tables = run_one(scenario, seed, number, folder, engine, policy)
                yield number, tables
                interrupts.raise_lost()
        return
    # Started afresh and not forked: a fork of a process with threads (numba, pyarrow) can hang.
    context = multiprocessing.get_context("spawn")
    work = functools.partial(run_one, scenario, seed, folder=folder, engine=engine)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(work,)) as executor:
        try:
            futures = {executor.submit(_work_on, number): number for number in numbers}
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BaseException:
            end_workers(executor)
            if folder is not None:
                _remove_unfinished(folder)
            raise


_work: list[Callable[[int], tuple[pa.Table, ...]]] = []
"""In a worker: what it does with a number. Handed over once and not with every number: a scenario fills the pipe to the
workers, and a pipe that is full when they are ended is waited for without end.
"""


def _begin_worker(work: Callable[[int], tuple[pa.Table, ...]]) -> None:
    """Ctrl-C is for the driver, which ends its workers; they need not each print where they were."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _work[:] = [work]


def _work_on(number: int) -> tuple[pa.Table, ...]:
    return _work[0](number)


def _remove_unfinished(folder: Path) -> None:
    """What workers were writing when they were ended."""
    for path in folder.glob("*/.*.part"):
        path.unlink(missing_ok=True)


def run_one(
    scenario: Scenario, seed: int, number: int, folder: Path | None, engine: Engine, policy: Hook | None = None
) -> tuple[pa.Table, ...]:
    """Replication ``number``: its log, outcomes, providers and series as Arrow tables. With a folder, they are written
    there, the log last, and the result is empty.

    Raises :class:`OSError` for a folder that cannot be written.
    """
    result = replicate_on(engine, scenario, seed, number, policy=policy)
    log = to_table(result.log, number, rule_names(scenario))
    tables = (log, outcomes_table(scenario, result), providers_table(scenario, result), series_table(scenario, result))
    if folder is None:
        return tables
    for name, table in zip(FRAMES, tables[1:], strict=True):
        write_table(table, _part(folder, scenario, seed, number, name))
    # The log last: a replication is finished when its shard exists.
    write_table(log, _shard(folder, scenario, seed, number))
    return ()


def rule_names(scenario: Scenario) -> list[str]:
    """What the rule codes of the log stand for: the rule of each behaviour, then the penalty of each step."""
    return [risk.rule for risk in scenario.behaviours] + [step.penalty for step in scenario.policy.steps]


def read_run(folder: Path | str) -> Run:
    """A finished run from its folder; raises :class:`RunError` when there is none or it is not whole."""
    folder = Path(folder)
    note = read_note(folder, RunError)
    if note is None:
        raise RunError(f"{folder}: no run here (there is no run.json)")
    if not note.get("complete"):
        raise RunError(f"{folder}: this run was not finished; to continue it, repeat: {note.get('command')}")
    try:
        scenario = Scenario.model_validate(note["scenario"])
        seed, replications = int(note["seed"]), int(note["replications"])
        frames = [pq.read_table(folder / f"{name}.parquet").to_pandas() for name in FRAMES]
    except ValidationError as error:
        faults = faults_of(error, Scenario)
        raise RunError(f"{folder}/run.json: {faults}; expected a run of this version of shenhe") from None
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        raise RunError(f"{folder}: this run cannot be read ({type(error).__name__}: {error})") from None
    model = str(note.get("model_hash", ""))
    return Run(scenario, seed, replications, frames[0], frames[1], frames[2], folder, model)


# -- the folder


def _stem(scenario: Scenario, seed: int, number: int) -> str:
    job = f"{model_hash()}/{scenario.hash}/{seed}/{number}"
    return f"r{number:06d}-{hashlib.sha256(job.encode()).hexdigest()[:12]}"


def _shard(folder: Path, scenario: Scenario, seed: int, number: int) -> Path:
    return folder / "shards" / f"{_stem(scenario, seed, number)}.parquet"


def _part(folder: Path, scenario: Scenario, seed: int, number: int, name: str) -> Path:
    return folder / "parts" / f"{_stem(scenario, seed, number)}.{name}.parquet"


def _finished(folder: Path, scenario: Scenario, seed: int, number: int) -> bool:
    parts = (_part(folder, scenario, seed, number, name) for name in FRAMES)
    return _shard(folder, scenario, seed, number).exists() and all(part.exists() for part in parts)


def _check_folder(folder: Path, scenario: Scenario, seed: int, replications: int) -> None:
    """Raise :class:`RunError` where a run cannot go into ``folder``, before anything is computed."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise RunError(f"{folder}: cannot be a folder, since {nearest} is a file; choose another --out")
    if not os.access(nearest, os.W_OK):
        raise RunError(f"{folder}: cannot be written (Permission denied); choose another --out")
    note = note_of(folder)
    damaged = note is None and (folder / "run.json").exists()
    if note is None and not damaged and folder.is_dir() and any(entry.name not in _OWN for entry in folder.iterdir()):
        raise RunError(f"{folder}: is not empty and holds no run; choose another --out")
    if note is not None:
        same = note.get("scenario_hash") == scenario.hash and note.get("seed") == seed
        if not same or note.get("model_hash") != model_hash():
            what = "of another scenario or seed" if not same else "made by another version of the model"
            raise RunError(f"{folder}: holds a run {what}; choose another --out, or remove the folder")
        held = int(note["replications"]) if note.get("complete") and isinstance(note.get("replications"), int) else 0
        if replications < held:
            raise RunError(
                f"{folder}: holds {held} finished replications, and {replications} would cut its results; ask for"
                f" {held} or more, or choose another --out"
            )


_OWN = frozenset({"shards", "parts", "run.json.damaged"})
"""What a run folder without ``run.json`` may hold: parts are named by what they were made from, and can be reused."""


def note_of(folder: Path) -> dict[str, Any] | None:
    """The note of a folder; a damaged one counts as missing where the parts beside it are there."""
    try:
        return read_note(folder, RunError)
    except RunError:
        if (folder / "run.json").is_file() and (folder / "parts").is_dir():
            return None
        raise


def _prepare(folder: Path, scenario: Scenario, seed: int, replications: int) -> None:
    _check_folder(folder, scenario, seed, replications)
    if (folder / "run.json").exists() and note_of(folder) is None:
        (folder / "run.json").replace(folder / "run.json.damaged")
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    (folder / "parts").mkdir(exist_ok=True)


def _merge(folder: Path, scenario: Scenario, seed: int, replications: int) -> None:
    for name in FRAMES:
        tables = [pq.read_table(_part(folder, scenario, seed, number, name)) for number in range(replications)]
        write_table(_joined(tables), folder / f"{name}.parquet")


def _joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _write_note(folder: Path, scenario: Scenario, seed: int, facts: dict[str, Any], command: str | None) -> None:
    note = {
        "format": RUN_FORMAT,
        "scenario": scenario.model_dump(mode="json"),
        "scenario_hash": scenario.hash,
        "seed": seed,
        **facts,
        "model_hash": model_hash(),
        "rulebook_hash": _rulebook_hash(),
        "command": command,
        **surroundings("shenhe", "simpy", "numpy", "numba", "pandas", "pyarrow"),
    }
    temporary = folder / ".run.json.part"
    temporary.write_text(note_text(note), encoding="utf-8")
    temporary.replace(folder / "run.json")


@functools.cache
def _rulebook_hash() -> str:
    from shenhe.rulebook import load_rulebook

    return load_rulebook().hash


__all__ = [
    "FRAMES",
    "METRICS",
    "Progress",
    "Run",
    "RunError",
    "model_hash",
    "read_run",
    "rule_names",
    "run_one",
    "simulate",
]
