"""Users who leave a provider that they cannot reach, and those of them who come back: as ``Public`` on SimPy."""

from __future__ import annotations

from typing import Any

from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE
from ..scenario.market import MAX_DESTINATIONS
from .machine.compilation import jit
from .machine.pure import Purpose, bisect_right, uniform
from .world import accrue, log

USERS_MOVED = int(Kind.USERS_MOVED)


@jit
def move_away(w: Any, p: int, slot: int, share: float, index: int) -> None:
    """Users of ``p`` turn to others, in equal parts; ``slot`` is the store, or the whole service."""
    law = w.law[w.regime]
    if law.public.migrates == 0.0:
        return
    slots = w.stores.shape[1] + 1
    place = p * slots + slot
    if w.moved[place] != 0.0:
        return
    going = w.providers[p].present * law.public.migrates * share
    if going <= 0.0:
        return
    w.moved[place] = going
    count_users(w, p, -going, slot)
    destinations = w.law[0].public.destinations
    part = going / destinations
    for number in range(destinations):
        q = destination(w, p, index * slots + slot, number)
        w.moved_to[place * destinations + number] = q
        if q >= 0:
            count_users(w, q, part, slot)


@jit
def destination(w: Any, p: int, index: int, number: int) -> int:
    """A provider drawn by size at the beginning, or -1 where that one is gone or cannot be reached either."""
    if number == 0:
        u = uniform(w.seed, p, Purpose.MIGRATION, index)
    else:
        u = uniform(w.seed, p, Purpose.DESTINATION, index * MAX_DESTINATIONS + number)
    q = bisect_right(w.cumulative_users, u)
    if (
        q == p
        or q >= len(w.providers)
        or w.providers[q].status != ACTIVE
        or w.functions[q * FUNCTIONS + SERVICE].suspended != 0
    ):
        return -1
    return q


@jit
def come_back(w: Any, p: int, slot: int) -> None:
    """The service, or its listing, is back, and with it some of those who left."""
    place = p * (w.stores.shape[1] + 1) + slot
    gone = w.moved[place]
    if gone == 0.0:
        return
    destinations = w.law[0].public.destinations
    back = 0.0
    for number in range(destinations):
        part = gone * w.law[w.regime].public.returns / destinations
        q = w.moved_to[place * destinations + number]
        if q >= 0:
            part = min(part, w.providers[q].present)
            count_users(w, q, -part, slot)
        w.moved_to[place * destinations + number] = -1
        back += part
    w.moved[place] = 0.0
    count_users(w, p, back, slot)


@jit
def count_users(w: Any, p: int, change: float, slot: int) -> None:
    w.providers[p].present += change
    log(w, USERS_MOVED, p, slot, -1, change)
    accrue(w, p)
