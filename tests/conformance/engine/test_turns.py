"""Several checks at once: how many, who goes on meanwhile, and how much time passes for each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock

import pytest

from shenhe.conformance.engine.scheduler import Turns

#: Seconds after which something is held to hang.
LONG = 10.0


def together(places: int, *parts: Callable[[Turns], object]) -> list[Future[object]]:
    """Each part in a thread of its own, in turn."""
    futures: list[Future[object]] = []

    def in_turn(rank: int) -> object:
        with turns.mine(rank):
            return parts[rank](turns)

    with ThreadPoolExecutor(len(parts)) as pool:
        turns = Turns(places, len(parts), lambda rank: futures.append(pool.submit(in_turn, rank)))
        turns.open()
        for number in range(len(parts)):
            while len(futures) <= number:
                Event().wait(0.001)
            futures[number].exception(LONG)
    return futures


class Clock:
    """A clock that notes its moves, and who was under way at each."""

    def __init__(self) -> None:
        self.now = 0.0
        self.moves: list[float] = []
        self.busy = 0
        self._lock = Lock()

    def move(self, hours: float) -> float:
        assert self.busy == 0, "time passed while somebody was under way"
        self.now += hours
        self.moves.append(hours)
        return hours

    def case(self, *waits: float) -> Callable[[Turns], list[float]]:
        """A case that waits so often so long; what it saw pass at each."""

        def run(turns: Turns) -> list[float]:
            seen = []
            self._enter(1)
            for hours in waits:
                before = self.now
                self._enter(-1)
                turns.pass_time(hours, self.move)
                self._enter(1)
                seen.append(self.now - before)
            self._enter(-1)
            return seen

        return run

    def _enter(self, by: int) -> None:
        with self._lock:
            self.busy += by


def test_parallel_threads_are_limited() -> None:
    lock, under_way, most = Lock(), [0], [0]

    def part(turns: Turns) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        Event().wait(0.01)
        with lock:
            under_way[0] -= 1

    for done in together(2, *[part] * 8):
        done.result(LONG)
    assert most == [2]


def test_a_waiting_thread_lets_the_next_run() -> None:
    begun, third = Event(), Event()
    kept: list[str] = []

    def first(turns: Turns) -> bool:
        with turns.making("output"):
            begun.set()
            kept.append("made")
            return third.wait(LONG)

    def second(turns: Turns) -> list[str]:
        assert begun.wait(LONG)
        with turns.making("output"):
            return list(kept)

    makes, wants, _ = together(2, first, second, lambda turns: third.set())
    assert makes.result(LONG), "the third had no turn while the second wanted what the first made"
    assert wants.result(LONG) == ["made"]


@pytest.mark.parametrize("places", [1, 2, 4])
def test_each_thread_sees_exactly_its_waiting_time(places: int) -> None:
    asked = [(24.0,), (72.0, 1.0), (14.0, 14.0), (), (24.0,)]
    clock = Clock()
    cases = [clock.case(*waits) for waits in asked]
    assert [done.result(LONG) for done in together(places, *cases)] == [list(waits) for waits in asked]
    assert clock.moves == [14.0, 10.0, 4.0, 44.0, 1.0]


def test_a_single_thread_waits_its_full_time() -> None:
    clock = Clock()
    assert clock.case(0.1, 72.1, 1 / 3)(Turns()) == pytest.approx([0.1, 72.1, 1 / 3])
    assert clock.moves == [0.1, 72.1, 1 / 3]


def test_each_thread_learns_the_result_of_every_clock_move() -> None:
    clock = Clock()
    short, long = together(
        3, lambda turns: turns.pass_time(5, clock.move), lambda turns: turns.pass_time(12, clock.move)
    )
    assert short.result(LONG) == [5]
    assert long.result(LONG) == [5, 7]


def test_a_clock_that_cannot_be_moved_is_each_ones_own_trouble() -> None:
    tried: list[float] = []

    def refused(hours: float) -> None:
        tried.append(hours)
        raise ValueError(hours)

    def waiting(hours: float) -> Callable[[Turns], object]:
        return lambda turns: turns.pass_time(hours, refused)

    for done in together(2, *map(waiting, (3, 1, 2))):
        assert isinstance(done.exception(LONG), ValueError)
    assert tried == [1, 2, 3]


def test_slow_results_are_waited_for() -> None:
    clock, begun = Clock(), Event()

    def makes(turns: Turns) -> float:
        with turns.making("a decision"):
            begun.set()
            turns.pass_time(24, clock.move)
        return clock.now

    def wants(turns: Turns) -> float:
        assert begun.wait(LONG)
        with turns.making("a decision"):
            return clock.now

    assert [done.result(LONG) for done in together(2, makes, wants)] == [24, 24]


@pytest.mark.parametrize("places", [1, 2, 8])
def test_parts_of_a_case_wait_side_by_side(places: int) -> None:
    clock = Clock()
    seen: list[object] = []

    def case(turns: Turns) -> None:
        turns.side_by_side([lambda: seen.append(clock.case(14, 14)(turns)), lambda: seen.append(clock.case(28)(turns))])

    together(places, case, clock.case(20))
    assert clock.moves == [14, 6, 8]
    assert sorted(map(str, seen)) == ["[14.0, 14.0]", "[28.0]"]


def test_many_parts_of_several_cases_come_to_their_end() -> None:
    count: list[int] = []

    def case(turns: Turns) -> None:
        turns.side_by_side([lambda: count.append(1) for _ in range(20)])

    assert [future.exception(LONG) for future in together(2, *[case] * 10)] == [None] * 10
    assert len(count) == 200


def test_parts_go_one_after_another_in_a_single_thread() -> None:
    seen: list[int] = []
    Turns().side_by_side([lambda: seen.append(1), lambda: seen.append(2)])
    assert seen == [1, 2]
