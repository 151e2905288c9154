"""Whose turn it is when several checks run at once: a fixed number at a time, and time passes only while all of them
wait for it.

A check that needs what another is just having made, or that lets time pass, gives its turn to the next meanwhile. A
provider has one clock, so time passes for all cases: the clock moves when no case is running any more, and only as far
as the first waiting case needs. For each case as much time passes as it waited for, as if it ran by itself.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Lock, Thread, local
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class _Waiting:
    """A thread that waits for this many more hours to pass, and the result of each move of the clock meanwhile."""

    hours: float
    rank: int
    moves: list[Any] = field(default_factory=list)
    #: Set once the hours have passed, or to have it move the clock.
    roused: Event = field(default_factory=Event)


class Turns:
    """Turns for ``parties`` threads, ``places`` of them at once. The default is a single thread that never waits.

    ``begin`` is called with the rank of a party, from 0, when it is to be begun in a separate thread, which is in
    :meth:`mine` from then to its end. A place that a thread gave away is had again before its call returns; those of
    lower rank go first, and running parties before new ones.
    """

    def __init__(self, places: int = 1, parties: int = 0, begin: Callable[[int], object] = lambda rank: None) -> None:
        self._lock = Lock()
        self._parties = parties
        self._free = places if parties else 0
        self._ranks = deque(range(parties))
        self._begin = begin
        #: Those that wait for a place: by rank, those of one rank as they came.
        self._queue: list[tuple[int, int, Event]] = []
        self._arrivals = count()
        #: How many neither wait for time nor for what another makes; those who have not begun are among them.
        self._awake = parties or 1
        self._making: dict[object, list[Event]] = {}
        self._waiting: list[_Waiting] = []
        self._own = local()

    def open(self) -> None:
        """Begin the first parties."""
        with self._lock:
            while self._free and self._ranks:
                self._free -= 1
                self._begin(self._ranks.popleft())

    @contextmanager
    def mine(self, rank: int) -> Iterator[None]:
        """One party's part, in its thread."""
        self._own.rank = rank
        try:
            yield
        finally:
            with self._lock:
                self._rest()

    @contextmanager
    def making(self, key: object) -> Iterator[None]:
        """Make something that no other thread makes at the same time. Others continue until it is made."""
        while (made := self._made_by_another(key)) is not None:
            made.wait()
            self._take_place()
        try:
            yield
        finally:
            with self._lock:
                for made in self._making.pop(key):
                    # Awake from now on, not from when its thread comes to run: or else time could pass in between.
                    self._awake += 1
                    made.set()

    def side_by_side(self, parts: Sequence[Callable[[], object]]) -> None:
        """Carry out parts of this thread's work, each in a thread that takes a place when it is its turn; one after
        another where there is only one thread. No part may raise.
        """
        if not self._parties or len(parts) < 2:
            for part in parts:
                part()
            return
        rank, left, done = self._rank, len(parts), Event()

        def carry_out(part: Callable[[], object]) -> None:
            nonlocal left
            self._own.rank = rank
            self._take_place()
            try:
                part()
            finally:
                with self._lock:
                    left -= 1
                    if not left:
                        # The caller is awake before the last part rests: or else time could pass in between.
                        self._awake += 1
                        done.set()
                    self._rest()

        with self._lock:
            self._awake += len(parts)
            self._rest()
        threads = [Thread(target=carry_out, args=(part,), name="shenhe-part", daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        done.wait()
        self._take_place()

    def pass_time(self, hours: float, move: Callable[[float], T]) -> list[T]:
        """Let this many hours pass for this thread. Returns the result of each move of the clock in the meantime, in
        order.

        Who wants the clock to be moved the least calls ``move`` with how far, once everybody waits. What it raises
        is raised only to that caller; the others try it themselves.
        """
        own = _Waiting(hours, self._rank)
        with self._lock:
            self._waiting.append(own)
            self._rest()
        own.roused.wait()
        try:
            if own in self._waiting:
                self._passed(own, move(own.hours))
        finally:
            with self._lock:
                if own in self._waiting:
                    self._waiting.remove(own)
                    self._awake += 1
            self._take_place()
        return own.moves

    def _made_by_another(self, key: object) -> Event | None:
        """``None`` if this thread makes it now; otherwise the event that says it is made, with the place given
        away.
        """
        with self._lock:
            if key not in self._making:
                self._making[key] = []
                return None
            made = Event()
            self._making[key].append(made)
            self._rest()
            return made

    def _passed(self, mover: _Waiting, moved: object) -> None:
        hours = mover.hours
        with self._lock:
            for one in list(self._waiting):
                one.hours -= hours
                one.moves.append(moved)
                if one.hours <= 0:
                    self._waiting.remove(one)
                    self._awake += 1
                    one.roused.set()

    @property
    def _rank(self) -> int:
        return getattr(self._own, "rank", 0)

    def _take_place(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            given = Event()
            heapq.heappush(self._queue, (self._rank, next(self._arrivals), given))
        given.wait()

    def _rest(self) -> None:
        """Give the place to the next; if no thread is awake any more, wake the one that moves the clock."""
        if self._queue:
            heapq.heappop(self._queue)[2].set()
        elif self._ranks:
            self._begin(self._ranks.popleft())
        else:
            self._free += 1
        self._awake -= 1
        if not self._awake and self._waiting:
            min(self._waiting, key=lambda one: (one.hours, one.rank)).roused.set()
