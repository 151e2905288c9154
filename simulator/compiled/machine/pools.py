"""The people who take up cases and filings, and what waits for them, in SimPy's order.

SimPy grants a request, or what has waited longest, when one is made, when a place is released, and when the number of
places changes; what is granted goes on a moment later, after all that starts now.
"""

from __future__ import annotations

from typing import Any

from .agenda import INSPECTOR_FREE, POOL_RELEASED, REVIEWER_FREE, append
from .compilation import jit

NOTHING = -1


@jit
def request(w: Any, pool: int, waiting: int, serious: bool) -> None:
    """A case (or filing) asks for an inspector (or reviewer) of a pool. Serious ones go first where ``serious`` says
    so.
    """
    people = w.pools[pool]
    _set_next(w, pool, waiting, NOTHING)
    if serious:
        if people.first_serious == NOTHING:
            people.first_serious = waiting
        else:
            _set_next(w, pool, people.last_serious, waiting)
        people.last_serious = waiting
    else:
        if people.first == NOTHING:
            people.first = waiting
        else:
            _set_next(w, pool, people.last, waiting)
        people.last = waiting
    grant(w, pool)


@jit
def release(w: Any, pool: int) -> None:
    w.pools[pool].busy -= 1
    append(w.agenda.granted, POOL_RELEASED, pool)


@jit
def resize(w: Any, pool: int, capacity: int) -> None:
    people = w.pools[pool]
    people.capacity = capacity
    while people.busy < capacity and (people.first != NOTHING or people.first_serious != NOTHING):
        grant(w, pool)


@jit
def grant(w: Any, pool: int) -> None:
    """Whatever is first in the queue gets a place, if one is free."""
    people = w.pools[pool]
    if people.busy >= people.capacity:
        return
    if people.first_serious != NOTHING:
        waiting = people.first_serious
        people.first_serious = _next_of(w, pool, waiting)
    elif people.first != NOTHING:
        waiting = people.first
        people.first = _next_of(w, pool, waiting)
    else:
        return
    people.busy += 1
    append(w.agenda.granted, INSPECTOR_FREE if pool < len(w.authorities) else REVIEWER_FREE, waiting)


@jit
def _next_of(w: Any, pool: int, waiting: int) -> int:
    if pool < len(w.authorities):
        return w.cases.records[waiting].next  # type: ignore[no-any-return]
    return w.filings.records[waiting].next  # type: ignore[no-any-return]


@jit
def _set_next(w: Any, pool: int, waiting: int, following: int) -> None:
    if pool < len(w.authorities):
        w.cases.records[waiting].next = following
    else:
        w.filings.records[waiting].next = following
