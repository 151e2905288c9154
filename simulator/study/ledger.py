"""A study's folder: which shards it has, what ``run.json`` says, and that one driver at a time works in it."""

from __future__ import annotations

import contextlib
import datetime
import errno
import shutil
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from shenhe.core.files import only_writer

from ..runs.executors import Pool, Quarantined, SweepError, sweep
from ..runs.interrupts import Interrupts
from ..runs.note import note_text, read_note, surroundings
from ..runs.run import model_hash
from .document import StudyError
from .jobs import Job, run_job
from .plan import STUDY_FORMAT, Plan

if TYPE_CHECKING:
    from .estimate import Estimate

Progress = Callable[[int, int], None]
"""Called with (replications finished, replications wanted)."""


class Ledger:
    """A study's folder while it is being worked on: which shards it has, and its ``run.json``. For one driver at a
    time.
    """

    def __init__(self, folder: Path, plan: Plan, command: str | None) -> None:
        self.folder = folder
        self.plan = plan
        self.note: dict[str, Any] = {}
        self._command = command
        self._held = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._prepare()
        except BlockingIOError:
            raise StudyError(f"{self.folder}: another process is running this study") from None
        except OSError as error:
            raise StudyError(f"{self.folder}: cannot be written ({error.strerror or error})") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _prepare(self) -> None:
        folder = self.folder
        note = read_note(folder, StudyError)
        if note is None and folder.is_dir() and any(entry.name != ".lock" for entry in folder.iterdir()):
            if not (folder / "shards").is_dir():
                raise StudyError(f"{folder}: is not empty and holds no study; choose another --out")
        elif note is not None and "study_hash" not in note:
            raise StudyError(f"{folder}: holds a run that is not a study; choose another --out")
        if note is not None and (note["study_hash"] != self.plan.hash or note.get("model_hash") != model_hash()):
            what = (
                "another study"
                if note["study_hash"] != self.plan.hash
                else "this study, made by another version of the model"
            )
            raise StudyError(f"{folder}: holds {what}; choose another --out, or remove the folder")
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        # Two drivers in one folder would do everything twice.
        self._held.enter_context(only_writer(folder))
        for rest in (*folder.glob(".*.part"), *(folder / "shards").glob(".*.part")):
            rest.unlink(missing_ok=True)
        self.note = {**_facts(self.plan, self._command), **{k: v for k, v in (note or {}).items() if k in _KEPT}}
        self.note.setdefault("started", now())
        self.record(complete=False)

    def temporary(self, name: str) -> Path:
        return self.folder / f".{name}.{uuid.uuid4().hex[:8]}.part"

    def record(self, **facts: Any) -> None:
        """Write facts into ``run.json``."""
        self.note |= facts
        self._write(self.folder / "run.json", note_text(self.note).encode())

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise of_disk(error, self.folder) from error

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
            with Interrupts() as interrupts:
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
            raise StudyError(f"{error}; finished work is in {self.folder}; repeat the command to resume") from error
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
            raise StudyError(
                f"{path}: was damaged and is removed ({error}); the same command makes it again"
            ) from error

    def check_space(self, estimate: Estimate) -> None:
        free = shutil.disk_usage(self.folder).free
        if estimate.disk > free:
            raise StudyError(
                f"{self.folder}: has {free / 1e6:,.0f} MB free, and the study may take {estimate.disk / 1e6:,.0f} MB; "
                "free some or choose another --out"
            )


_KEPT = ("started", "replications_per_job")


def of_disk(error: OSError, folder: Path) -> StudyError:
    kept = "finished work is kept; repeat the command to resume"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StudyError(f"{folder}: the disk is full; make room: {kept}")
    return StudyError(f"{folder}: cannot be written ({error.strerror or error}); {kept}")


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _facts(plan: Plan, command: str | None) -> dict[str, Any]:
    from shenhe.rulebook import load_rulebook

    return {
        "format": STUDY_FORMAT,
        "study": plan.study.model_dump(mode="json"),
        "study_hash": plan.hash,
        "scenarios": [scenario.model_dump(mode="json") for scenario in plan.scenarios],
        "worlds": len(plan.worlds),
        "model_hash": model_hash(),
        "rulebook_hash": load_rulebook().hash,
        "command": command,
        **surroundings("shenhe", "simpy", "numpy", "numba", "scipy", "pandas", "pyarrow"),
    }
