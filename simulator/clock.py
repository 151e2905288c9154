"""Time on SimPy with ties decided by what happens, not by which process was started first.

Events of the same moment are ordered by (kind, provider, case). SimPy's own zero-delay events (a process starting, a
resource granted) come before them, since their priority is lower than any key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy

CASE_BITS = 31
PROVIDER_BITS = 20
FIRST_KEYED = 2  # SimPy uses 0 (urgent) and 1 (normal)


class Clock:
    """Schedules events of one environment with keys. ``clock.env.now`` is the time in days."""

    __slots__ = ("env",)

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env

    def after(self, delay: float, kind: int, provider: int, case: int) -> simpy.Event:
        """An event that a process may wait for, ``delay`` days from now."""
        env = self.env
        event = simpy.Event(env)
        event._ok = True
        event._value = None
        key = ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case
        env.schedule(event, FIRST_KEYED + key, delay)
        return event

    def call(
        self, delay: float, kind: int, provider: int, case: int, function: Callable[[Any], None], arguments: Any
    ) -> None:
        """Call ``function(event)`` after ``delay`` days; the event's ``_value`` holds ``arguments``.

        For the many short affairs that need no process of their own, such as the end of one violation.
        """
        env = self.env
        event = simpy.Event(env)
        event._ok = True
        event._value = arguments
        event.callbacks.append(function)
        key = ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case
        env.schedule(event, FIRST_KEYED + key, delay)
