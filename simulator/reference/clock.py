"""Time on SimPy with ties decided by what happens, not by which process was started first.

Events of the same moment are ordered by (kind, provider, case). SimPy's own zero-delay events (a process starting, a
resource granted) come before them, since their priority is lower than any key.

This is the only module that touches private attributes of SimPy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappush
from typing import Any

import simpy

from ..kernel.case import CASE_BITS, PROVIDER_BITS
from ..kernel.formulas import whole_steps

FIRST_KEYED = 2  # SimPy uses 0 (urgent) and 1 (normal)


class Due(simpy.Event):  # type: ignore[misc]
    """An event that is already decided and comes due after ``delay`` days, before others of greater ``key``.

    SimPy's Timeout, but for the key. Like Timeout it sets its own attributes, and it does what ``env.schedule`` does
    itself: most of a run is making events.
    """

    def __init__(self, env: simpy.Environment, delay: float, key: int) -> None:
        self.env = env
        self.callbacks: list[Callable[[Any], None]] = []
        self._value = None
        self._ok = True
        heappush(env._queue, (env._now + delay, FIRST_KEYED + key, next(env._eid), self))


class Call(Due):
    """An event that calls ``function(*arguments)`` when it comes due."""

    def __init__(
        self, env: simpy.Environment, delay: float, key: int, function: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        super().__init__(env, delay, key)
        self.function = function
        self.arguments = arguments
        self.callbacks.append(_call)


def _call(event: Call) -> None:
    event.function(*event.arguments)


Wait = Callable[[float, int], None]
Course = Generator[None, Wait, None]


class Recurrence(simpy.Event):  # type: ignore[misc]
    """One event that comes due again and again, each time to the same callback."""

    def __init__(self, env: simpy.Environment, callback: Callable[[Any], Any]) -> None:
        self.env = env
        self.callbacks = self.each_time = [callback]
        self._value = None
        self._ok = True

    def after(self, delay: float, key: int) -> None:
        """Come due in ``delay`` days, before others of greater ``key``."""
        env = self.env
        self.callbacks = self.each_time
        heappush(env._queue, (env._now + delay, FIRST_KEYED + key, next(env._eid), self))


def run(env: simpy.Environment, course: Course) -> None:
    """Start an endless course of events, which is given ``wait(delay, key)``, calls it, and yields until it is over.

    This is a SimPy process without what SimPy keeps of each: no process can wait for its end or interrupt it, and it
    must not return, only wait no more. Half of all events belong to such courses, and making and handling one costs
    half as much.
    """
    next(course)
    course.send(Recurrence(env, course.send).after)


def resize(resource: Any, capacity: int) -> None:
    """Give a SimPy resource another capacity: more takes effect at once, less as those at work finish.

    SimPy grants one waiting request each time that it checks its queue.
    """
    resource._capacity = capacity
    while resource.put_queue and resource.count < capacity:
        resource._trigger_put(None)


class Clock:
    """Schedules events of one environment with keys. ``clock.env.now`` is the time in days.

    With a ``step`` of one day or seven, whatever takes time takes whole steps, rounded up, and many things happen at
    once; 0 is continuous time.
    """

    __slots__ = ("env", "step")

    def __init__(self, env: simpy.Environment, step: float = 0.0) -> None:
        self.env = env
        self.step = step

    def whole(self, delay: float) -> float:
        """The days that something of ``delay`` days takes by this clock."""
        return whole_steps(delay, self.step)

    def until(self, arrival: float, gap: float) -> float:
        """Days until the next of a stream of events, ``gap`` after the one before and at ``arrival`` in continuous
        time.

        A stream is rounded event by event and not gap by gap, so that its rate stays what it is.
        """
        if self.step == 0.0:
            return gap
        return whole_steps(arrival, self.step) - float(self.env.now)

    @staticmethod
    def key(kind: int, provider: int, case: int) -> int:
        """What orders events of one moment."""
        return ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case

    def after(self, delay: float, kind: int, provider: int, case: int) -> Due:
        """An event that a process may wait for, ``delay`` days from now."""
        if self.step:
            delay = whole_steps(delay, self.step)
        return Due(self.env, delay, ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case)

    def call(
        self, delay: float, kind: int, provider: int, case: int, function: Callable[..., None], *arguments: Any
    ) -> None:
        """Call ``function(*arguments)`` after ``delay`` days.

        For the many short affairs that need no separate process, such as the end of one violation.
        """
        if self.step:
            delay = whole_steps(delay, self.step)
        Call(self.env, delay, ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case, function, arguments)

    def before_all(self, delay: float) -> simpy.Event:
        """An event ``delay`` days from now that comes before everything else of its moment."""
        event = simpy.Event(self.env)
        event._ok = True
        event._value = None
        self.env.schedule(event, 0, delay)
        return event

    def handled(self) -> int:
        """How many events have happened so far."""
        return int(next(self.env._eid)) - len(self.env._queue)

    def pending(self) -> int:
        """How many events are still to come."""
        return len(self.env._queue)
