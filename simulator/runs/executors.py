"""Where the jobs of a study run: in this process, in processes of this machine, or on a Dask cluster.

:func:`sweep` is written once, against :class:`concurrent.futures.Executor`; the three executors here are such.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from shenhe.core.errors import MissingExtraError, ShenheError

CRASHES = 2
"""Number of crashes while it ran by itself (or of failures) after which a job is quarantined."""

J = TypeVar("J")
R = TypeVar("R")
P = ParamSpec("P")


class SweepError(ShenheError, RuntimeError):
    """No job can be run at all, or the cluster is gone; the text says what to look at."""


@dataclass(frozen=True)
class Quarantined:
    """What a job gets in place of a result after it ended its worker, or raised, too often."""

    reason: str


def sweep(
    jobs: Iterable[J],
    executor: Executor,
    run: Callable[[J], R],
    *,
    window: Callable[[], int] = lambda: 4,
    renew: Callable[[], Executor] | None = None,
) -> Iterator[tuple[J, R | Quarantined]]:
    """Run every job, yielding each with its result as it is finished, in no particular order.

    At most ``window()`` jobs are handed over at a time. When a worker of a process pool dies, the pool is lost with all
    that was handed to it: ``renew`` makes another, and what was lost is run again one job at a time, so that the one
    which ends its worker shows itself. A job that does so ``CRASHES`` times by itself, or raises as often, is yielded
    as :class:`Quarantined`; all others finish.

    Raises :class:`SweepError` when the executor is lost for good, or nothing at all can be run on it.
    """
    waiting = deque(enumerate(jobs))
    suspects: deque[tuple[int, J]] = deque()
    faults: Counter[int] = Counter()
    flying: dict[Future[R], tuple[int, J]] = {}
    isolated = False
    finished, quarantined = 0, 0

    while waiting or suspects or flying:
        if suspects and not flying:
            isolated = True
        ready = [suspects.popleft()] if suspects and not flying else []
        while waiting and not suspects and not isolated and len(flying) + len(ready) < window():
            ready.append(waiting.popleft())
        for entry in ready:
            try:
                future = executor.submit(run, entry[1])
            except BrokenExecutor as error:
                # Found broken only now: its futures say so too, and are dealt with below.
                future = _failed(error)
            flying[future] = entry
        done, _ = wait(flying, return_when=FIRST_COMPLETED)
        broken = any(isinstance(_error_of(future), BrokenExecutor) for future in done)
        if broken:
            if renew is None:
                raise SweepError("a worker died, and this executor cannot be renewed")
            # The pool loses all that it held, but each future learns of it in its own time.
            done, _ = wait(flying)
        for future in done:
            number, job = flying.pop(future)
            fault = _error_of(future)
            if fault is None:
                finished += 1
                yield job, future.result()
                continue
            # A crash counts against a job only when it ran by itself; an exception counts in any case.
            faults[number] += isolated or not _is_crash(fault)
            if faults[number] < CRASHES:
                suspects.append((number, job))
                continue
            quarantined += 1
            if not finished and quarantined > CRASHES:
                raise SweepError(f"several jobs failed in a row and none finished: {_described(fault)}") from fault
            yield job, Quarantined(_described(fault))
        isolated = False if not flying else isolated
        if broken and renew is not None:
            executor = renew()


def _failed(error: BaseException) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _error_of(future: Future[Any]) -> BaseException | None:
    """What a finished future raised; raises :class:`SweepError` where the cluster itself went away."""
    if future.cancelled():
        raise SweepError("the cluster cancelled a job, perhaps because its scheduler was stopped")
    error = future.exception()
    if isinstance(error, CancelledError) or type(error).__name__ in ("FutureCancelledError", "CommClosedError"):
        raise SweepError(f"the cluster was lost ({error})") from error
    if isinstance(error, KeyboardInterrupt):
        raise error
    return error


def _is_crash(error: BaseException) -> bool:
    """Whether a worker died: what a process pool says, and what Dask says once it has tried elsewhere."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _described(error: BaseException) -> str:
    if _is_crash(error):
        return (
            f"it ended its worker process {CRASHES} times while nothing else ran, possibly for lack of memory (a script"
            " that starts processes needs `if __name__ == '__main__':`)"
        )
    text = " ".join(str(error).split()) or "no text"
    return f"{type(error).__name__}: {text[:300]}"


# -- executors


class InlineExecutor(Executor):
    """Runs each job at once, in the calling thread."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Inline:
    """Jobs in this process, one after the other."""

    workers = 1
    window = 1

    def start(self) -> Executor:
        return InlineExecutor()

    def renew(self) -> Executor:
        return InlineExecutor()

    def stop(self) -> None:
        """Nothing is left running."""


FEEDING_ENDS = 10.0
"""Maximum seconds until the thread that hands out work notices that no worker is left."""


class Processes:
    """Jobs in ``workers`` processes of this machine, started afresh: a fork of a process with threads can hang."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # One job ready for each worker in addition to its current one.
        self.window = 2 * workers
        self._executor: ProcessPoolExecutor | None = None

    def start(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin_worker)
        return self._executor

    def renew(self) -> Executor:
        self.stop()
        return self.start()

    def stop(self) -> None:
        """Nothing is left running, nor waited for."""
        if self._executor is not None:
            end_workers(self._executor)
            self._executor = None


def end_workers(executor: Executor) -> None:
    """End the processes of an executor without waiting for what they are at: shards appear whole or not at all."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    feeding = getattr(executor, "_executor_manager_thread", None)
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    if feeding is not None:
        # Otherwise it closes its pipe while Python writes to it at its exit, and a traceback is printed.
        feeding.join(FEEDING_ENDS)


def _begin_worker() -> None:
    """Ctrl-C is for the driver. A driver that is killed takes its workers along, or they would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os._exit(1)


class Dask:
    """Jobs on Dask: the cluster at ``scheduler``, or a local one of ``workers`` processes that lives as long as this.

    Raises :class:`MissingExtraError` where Dask is not installed, :class:`SweepError` where no scheduler answers.
    """

    def __init__(self, workers: int, scheduler: str | None = None) -> None:
        try:
            import distributed
        except ImportError:
            raise MissingExtraError(
                "the executor dask needs Dask, which is not installed: python -m pip install 'shenhe[cluster]'"
            ) from None
        self._distributed: Any = distributed
        self._scheduler = scheduler
        self._cluster: Any = None
        self._client: Any = None
        self.workers = workers

    @property
    def window(self) -> int:
        """Two jobs for each thread that the cluster has now: it may grow while the study runs."""
        threads = sum(self._client.nthreads().values()) if self._client is not None else self.workers
        return 2 * max(threads, 1)

    def start(self) -> Executor:
        try:
            if self._scheduler is None:
                self._cluster = self._distributed.LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address=None,
                    silence_logs=50,
                )
            # A finite wait: an address without a scheduler is an error to report, not to wait for.
            self._client = self._distributed.Client(self._cluster or self._scheduler, timeout="20s")
            if self._scheduler is not None:
                self._client.wait_for_workers(1, timeout="60s")
        except (OSError, TimeoutError, ValueError) as error:
            self.stop()
            where = self._scheduler or "a local cluster"
            raise SweepError(f"{where}: no Dask scheduler with workers answered ({error})") from error
        executor: Executor = self._client.get_executor(pure=False, retries=2)
        return executor

    def renew(self) -> Executor:
        """Dask restarts its own workers."""
        executor: Executor = self._client.get_executor(pure=False, retries=2)
        return executor

    def stop(self) -> None:
        """Leave the cluster, and end it if it is ours."""
        for part in (self._client, self._cluster):
            if part is not None:
                part.close()
        self._client = self._cluster = None


class Kept:
    """A pool that stays open over several sweeps, until it is closed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._executor: Executor | None = None
        self.workers: int = pool.workers

    @property
    def window(self) -> int:
        return self._pool.window

    def start(self) -> Executor:
        if self._executor is None:
            self._executor = self._pool.start()
        return self._executor

    def renew(self) -> Executor:
        self._executor = self._pool.renew()
        return self._executor

    def stop(self) -> None:
        """It stays open."""

    def close(self) -> None:
        """End it."""
        self._executor = None
        self._pool.stop()


Pool = Inline | Processes | Dask | Kept


def open_pool(kind: str, workers: int, scheduler: str | None = None) -> Inline | Processes | Dask:
    """The pool called ``inline``, ``processes`` or ``dask``; raises :class:`SweepError` for another name."""
    if scheduler is not None and kind != "dask":
        raise SweepError(f"found a scheduler ({scheduler}) with the executor {kind}, expected the executor dask")
    if kind == "inline":
        return Inline()
    if kind == "processes":
        return Processes(workers)
    if kind == "dask":
        return Dask(workers, scheduler)
    raise SweepError(f"found the executor {kind!r}, expected one of: processes, inline, dask")
