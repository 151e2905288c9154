"""Work in the background: order, progress, Cancel, and what happens when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shenhe.core.errors import ShenheError
from shenhe.reports.explorer import desk as desks
from shenhe.reports.explorer.desk import Desk, Elsewhere, Here, Job
from shenhe.reports.explorer.work import Request, Stopped, Workshop


class Scripted(Here):
    """A workplace whose jobs wait to be let go."""

    def __init__(self) -> None:
        super().__init__(Workshop(engine="simpy"))
        self.go = threading.Event()
        self.performed: list[str] = []

    def perform(self, job: Job) -> Any:
        self.performed.append(job.name)
        if job.name == "fails":
            raise ShenheError("no such world")
        if job.name == "breaks":
            raise ZeroDivisionError("1/0")
        while not self.go.is_set():
            job.done, job.total = job.done + 1, 1000
            if job.stop.is_set():
                raise Stopped
            time.sleep(0.005)
        return job.arguments["value"]


@pytest.fixture
def place() -> Scripted:
    return Scripted()


@pytest.fixture
def desk(place: Scripted) -> Iterator[Desk]:
    found = Desk(place)
    yield found
    place.go.set()
    found.close()


def until_running(desk: Desk, name: str) -> Job:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        job = desk.job(name)
        if job is not None and job.stage == "running" and job.done:
            return job
        time.sleep(0.005)
    raise AssertionError(desk.job(name))


def test_a_job_is_done_with_progress(desk: Desk, place: Scripted) -> None:
    name = desk.submit("wait", "me", value=42)
    assert until_running(desk, name).total == 1000
    place.go.set()
    assert desk.wait(name).result == 42


def test_cancel_ends_a_job_and_the_next_goes_on(desk: Desk, place: Scripted) -> None:
    first, second = desk.submit("wait", "me", value=1), desk.submit("wait", "you", value=2)
    until_running(desk, first)
    desk.cancel(first)
    assert desk.wait(first).stage == "cancelled"
    place.go.set()
    assert desk.wait(second).result == 2


def test_a_new_job_takes_the_place_of_the_last_of_its_owner(desk: Desk, place: Scripted) -> None:
    first = desk.submit("wait", "me", value=1)
    until_running(desk, first)
    waiting, last = desk.submit("wait", "me", value=2), desk.submit("wait", "me", value=3)
    assert desk.wait(first).stage == "cancelled"
    place.go.set()
    assert desk.wait(last).result == 3
    assert desk.wait(waiting).stage == "cancelled"
    assert place.performed.count("wait") == 2, "what was replaced while it waited is never begun"


def test_failures_are_sentences(desk: Desk, place: Scripted) -> None:
    assert desk.wait(desk.submit("fails", "me")).error == "no such world"
    assert "internal error (ZeroDivisionError" in desk.wait(desk.submit("breaks", "me")).error
    place.go.set()
    assert desk.wait(desk.submit("wait", "me", value=1)).result == 1


def test_old_jobs_are_forgotten(desk: Desk, place: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "MAX_JOBS", 3)
    place.go.set()
    names = [desk.submit("wait", f"owner {k}", value=k) for k in range(5)]
    desk.wait(names[-1])
    assert desk.job(names[0]) is None
    assert desk.job("unknown") is None


@pytest.mark.heavy
@pytest.mark.slow
def test_a_worker_process_runs_stops_and_is_replaced(request_made: Request) -> None:
    place = Elsewhere()
    desk = Desk(place)
    try:
        first = desk.wait(desk.submit("explore", "me", request=request_made), 240)
        assert first.error == ""
        assert len(first.result.arms) == 2
        long = Request(request_made.scenarios, 100_000, 7)
        job = until_running(desk, desk.submit("explore", "me", request=long))
        desk.cancel(job.id)
        assert desk.wait(job.id, 20).stage == "cancelled"
        place._process.kill()
        again = desk.wait(desk.submit("explore", "me", request=request_made), 240)
        assert again.stage == "done", again.error
    finally:
        desk.close()
