"""Work in the background: one worker process, a queue of jobs with progress, and Cancel.

A page asks for a job and then for its state. Work runs in its own process, because compiled code holds Python's
lock: the page would not answer while it runs. A new job of the same page takes the place of its last one of that kind.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import secrets
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from shenhe.core.errors import ShenheError

from .work import JOBS, Progress, Stopped, Workshop

MAX_JOBS = 64
"""Jobs that are remembered; the oldest are forgotten first."""
PATIENCE = 3.0
"""Seconds in which a cancelled job must stop by itself; then its process is ended."""

SETTLING = 2.0
"""Seconds for which pages go on asking after a job has ended."""

Stage = Literal["queued", "preparing", "running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """One piece of work. ``owner`` is the page and the kind of work that asked for it."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    owner: str
    stage: Stage = "queued"
    done: int = 0
    total: int = 0
    result: Any = None
    error: str = ""
    began: float = 0.0
    ended: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def finished(self) -> bool:
        return self.stage in ("done", "failed", "cancelled")

    @property
    def settled(self) -> bool:
        """Whether it ended long enough ago that every page has asked for its state since."""
        return self.finished and time.monotonic() - self.ended > SETTLING

    @property
    def seconds(self) -> float:
        """How long it has been at work, without the time in the queue."""
        return ((self.ended or time.monotonic()) - self.began) if self.began else 0.0


class Workplace(Protocol):
    """Where jobs run, one at a time. Raises :class:`Stopped` once ``stop`` is set, and other errors as they are."""

    def prepare(self) -> None: ...
    def perform(self, job: Job) -> Any: ...
    def close(self) -> None: ...


class Desk:
    """Takes jobs, gives them to a workplace one after the other, and says how far they are."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self.preparing = True
        self.opened = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="explorer", daemon=True)
        self._thread.start()

    def submit(self, name: str, owner: str, **arguments: Any) -> str:
        """Queue a job and return its id. An unfinished job of the same owner is cancelled."""
        job = Job(secrets.token_urlsafe(9), name, arguments, owner)
        with self._lock:
            for other in self._jobs.values():
                if other.owner == owner and not other.finished:
                    self._stop(other)
            self._jobs[job.id] = job
            while len(self._jobs) > MAX_JOBS:
                oldest = next(iter(self._jobs.values()))
                self._stop(oldest)
                del self._jobs[oldest.id]
        self._waiting.put(job)
        return job.id

    def job(self, name: str | None) -> Job | None:
        """The job of an id, or ``None`` for one that is unknown or forgotten."""
        with self._lock:
            return self._jobs.get(name or "")

    def cancel(self, name: str | None) -> None:
        with self._lock:
            job = self._jobs.get(name or "")
            if job is not None:
                self._stop(job)

    def cancel_of(self, owner: str) -> None:
        """Cancel what an owner has under way."""
        with self._lock:
            for job in self._jobs.values():
                if job.owner == owner and not job.finished:
                    self._stop(job)

    def wait(self, name: str, seconds: float = 60.0) -> Job:
        """The job once it is finished. Raises :class:`TimeoutError` after ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.job(name)
            if job is not None and job.finished:
                return job
            time.sleep(0.01)
        raise TimeoutError(name)

    def close(self) -> None:
        """Cancel everything and end the worker."""
        with self._lock:
            for job in self._jobs.values():
                self._stop(job)
        self._waiting.put(None)
        self._thread.join(timeout=PATIENCE + 5)
        self._place.close()

    @staticmethod
    def _stop(job: Job) -> None:
        job.stop.set()
        if job.stage == "queued":
            job.stage, job.ended = "cancelled", time.monotonic()

    def _work(self) -> None:
        with contextlib.suppress(ShenheError):
            self._place.prepare()
        self.preparing = False
        while (job := self._waiting.get()) is not None:
            if job.stop.is_set():
                self._stop(job)
                continue
            job.stage, job.began = "running", time.monotonic()
            try:
                job.result = self._place.perform(job)
                stage: Stage = "done"
            except Stopped:
                stage = "cancelled"
            except ShenheError as error:
                job.error, stage = str(error), "failed"
            except Exception as error:
                job.error, stage = f"internal error ({type(error).__name__}: {error})", "failed"
            job.ended = time.monotonic()
            job.stage = stage


class WorkplaceError(ShenheError, RuntimeError):
    """A worker that failed; the text is what it said."""


class WorkerDied(WorkplaceError):
    """A worker process that ended while it should have worked."""


class Here:
    """Jobs in this process, for tests and where no process can be started."""

    def __init__(self, shop: Workshop | None = None) -> None:
        self.shop = shop or Workshop()

    def prepare(self) -> None:
        pass

    def perform(self, job: Job) -> Any:
        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total
            if job.stop.is_set():
                raise Stopped

        return JOBS[job.name](self.shop, progress, **job.arguments)

    def close(self) -> None:
        pass


class Elsewhere:
    """Jobs in a separate process. It is started again if it dies or does not stop when asked."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Any = None
        self._stop: Any = None

    def prepare(self) -> None:
        """Start the worker and wait until its engine is loaded, and compiled where it never was."""
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._stop = context.Event()
        self._process = context.Process(target=serve, args=(other, self._stop, os.getpid()), daemon=True)
        self._process.start()
        other.close()
        try:
            if self._pipe.recv() != "ready":
                raise EOFError
        except (EOFError, OSError):
            raise WorkplaceError("the worker could not start; try again, or use the command line") from None

    def perform(self, job: Job) -> Any:
        if self._process is None or not self._process.is_alive():
            self.prepare()
        try:
            return self._perform(job)
        except WorkerDied:
            if job.done or job.stop.is_set():
                raise
        # It died before it began with this job: that was not the job's fault.
        self.prepare()
        return self._perform(job)

    def _perform(self, job: Job) -> Any:
        self._stop.clear()
        asked: float | None = None
        try:
            self._pipe.send((job.name, dict(job.arguments)))
            while True:
                if job.stop.is_set() and asked is None:
                    self._stop.set()
                    asked = time.monotonic()
                if asked is not None and time.monotonic() - asked > PATIENCE:
                    self.close()
                    raise Stopped
                if not self._pipe.poll(0.02):
                    if not self._process.is_alive():
                        raise EOFError
                    continue
                kind, value = self._pipe.recv()
                if kind == "progress":
                    job.done, job.total = value
                elif kind == "result":
                    return value
                elif kind == "stopped":
                    raise Stopped
                else:
                    raise WorkplaceError(value)
        except (EOFError, OSError):
            self.close()
            raise WorkerDied("the worker died, perhaps because memory ran out; try a smaller market") from None

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join(2)
            if self._process.is_alive():
                self._process.kill()
            self._pipe.close()
        self._process = None


def serve(pipe: Any, stop: Any, parent: int) -> None:
    """The worker: prepare, then do what the pipe asks for until it closes."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its worker
    shop = Workshop(engine="compiled")
    _warm(shop)
    pipe.send("ready")
    while True:
        try:
            name, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        last = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last
            if stop.is_set():
                raise Stopped
            if os.getppid() != parent:  # the server is gone
                os._exit(0)
            if done == total or time.monotonic() - last > 0.05:
                last = time.monotonic()
                pipe.send(("progress", (done, total)))

        pipe.send(_outcome(shop, name, arguments, progress))


def _outcome(shop: Workshop, name: str, arguments: Mapping[str, Any], progress: Progress) -> tuple[str, Any]:
    try:
        return "result", JOBS[name](shop, progress, **arguments)
    except Stopped:
        return "stopped", None
    except ShenheError as error:
        return "error", str(error)
    except Exception as error:
        return "error", f"internal error ({type(error).__name__}: {error})"


def _warm(shop: Workshop) -> None:
    """Load the engine and every library that the first figure needs; without the engine, take the readable one."""
    from shenhe.simulator import load_scenario

    from .work import Request, explore

    scenario = load_scenario("cn-2023", {"population.scale": 0.02, "horizon": 60})
    try:
        explore(shop, Request((scenario, scenario), 2, 1), lambda done, total: None)
    except ShenheError:
        shop.engine = "simpy"
        explore(shop, Request((scenario, scenario), 2, 1), lambda done, total: None)
    shop.runs.clear()


__all__ = ["Desk", "Elsewhere", "Here", "Job", "WorkerDied", "Workplace", "WorkplaceError", "serve"]
