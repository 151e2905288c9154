"""The sweep: every job gets its result or is named, whatever happens to workers."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from shenhe.simulator.runs.executors import Dask, Inline, Kept, Processes, Quarantined, SweepError, open_pool, sweep

# Workers find a function by its import name: `eval` is one that every process has, and a job can say anything.
DIES = "__import__('os')._exit(3)"


def ran(jobs: list[str], pool: Any, **options: Any) -> dict[str, Any]:
    try:
        return dict(sweep(jobs, pool.start(), eval, window=lambda: pool.window, renew=pool.renew, **options))
    finally:
        pool.stop()


@pytest.fixture(params=["inline", "processes"])
def pool(request: pytest.FixtureRequest) -> Any:
    return open_pool(request.param, 2)


def test_every_job_gets_its_result(pool: Any) -> None:
    jobs = [f"{k} * 2" for k in range(20)]
    assert ran(jobs, pool) == {f"{k} * 2": 2 * k for k in range(20)}


def test_a_job_that_raises_is_named_and_the_rest_finish(pool: Any) -> None:
    jobs = ["1", "1 / 0", "2", "[][0]", "3"]
    found = ran(jobs, pool)
    assert {job: found[job] for job in ("1", "2", "3")} == {"1": 1, "2": 2, "3": 3}
    assert found["1 / 0"] == Quarantined("ZeroDivisionError: division by zero")
    assert found["[][0]"].reason.startswith("IndexError")


def test_a_job_that_ends_its_worker_is_found_among_others() -> None:
    jobs = [str(k) for k in range(6)] + [DIES] + [str(k) for k in range(6, 12)]
    found = ran(jobs, Processes(2))
    assert {job: value for job, value in found.items() if job != DIES} == {str(k): k for k in range(12)}
    assert isinstance(found[DIES], Quarantined)
    assert "ended its worker" in found[DIES].reason


def test_a_crash_beside_it_does_not_condemn_a_job(tmp_path: Any) -> None:
    """A job whose worker dies once, for reasons not its own, is done at the second try."""
    mark = tmp_path / "mark"
    once = (
        f"7 if __import__('pathlib').Path({str(mark)!r}).exists() else"
        f" (__import__('pathlib').Path({str(mark)!r}).touch(), {DIES})"
    )
    assert ran([once, "1", "2"], Processes(2)) == {once: 7, "1": 1, "2": 2}


def test_when_nothing_works_it_stops_early() -> None:
    with pytest.raises(SweepError, match="none finished"):
        ran([f"1 / 0 + {k}" for k in range(50)], Inline())


def test_any_executor_will_do() -> None:
    with ThreadPoolExecutor(3) as executor:
        assert dict(sweep(["4", "5"], executor, eval)) == {"4": 4, "5": 5}


def test_no_more_than_the_window_is_handed_over() -> None:
    seen: list[int] = []
    lock = threading.Lock()
    flying = 0

    class Counting(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            nonlocal flying
            with lock:
                flying += 1
                seen.append(flying)
            return inner.submit(fn, *args, **kwargs)

    with ThreadPoolExecutor(8) as inner:
        for _ in sweep([str(k) for k in range(30)], Counting(), eval, window=lambda: 3):
            with lock:
                flying -= 1
    assert max(seen) == 3


def test_a_broken_executor_that_cannot_be_renewed_is_an_error() -> None:
    pool = Processes(1)
    try:
        with pytest.raises(SweepError, match="cannot be renewed"):
            list(sweep([DIES], pool.start(), eval))
    finally:
        pool.stop()


def test_a_kept_pool_stays_open_between_sweeps() -> None:
    kept = Kept(Processes(1))
    try:
        pids = [dict(sweep(["__import__('os').getpid()"], kept.start(), eval, renew=kept.renew)) for _ in range(2)]
        kept.stop()
        pids.append(dict(sweep(["__import__('os').getpid()"], kept.start(), eval, renew=kept.renew)))
    finally:
        kept.close()
    assert pids[0] == pids[1] == pids[2]


def test_unknown_executors_and_misplaced_schedulers_are_told() -> None:
    with pytest.raises(SweepError, match="expected one of: processes, inline, dask"):
        open_pool("ray", 2)
    with pytest.raises(SweepError, match="expected the executor dask"):
        open_pool("processes", 2, "tcp://127.0.0.1:1")


@pytest.mark.slow
def test_dask_names_a_job_that_ends_its_workers() -> None:
    pytest.importorskip("distributed")
    found = ran(["1", DIES, "2", "math.inf"], Dask(2))
    assert found["1"] == 1
    assert found["2"] == 2
    assert isinstance(found[DIES], Quarantined)
    assert found["math.inf"].reason.startswith("NameError")
    assert math.isfinite(found["1"])


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_told() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(SweepError, match="no Dask scheduler"):
        Dask(1, "tcp://127.0.0.1:9").start()
