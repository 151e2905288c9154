"""Users who leave a provider that they cannot reach, and those of them who come back."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE
from ..scenario.market import MAX_DESTINATIONS

if TYPE_CHECKING:
    from .world import World

USERS_MOVED = int(Kind.USERS_MOVED)


class Users:
    """The users of all providers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.slots = len(world.table.stores.share) + 1
        self.destinations = world.table.public.destinations
        users = list(accumulate(world.state.users))
        self.cumulative = [reached / users[-1] for reached in users]

    def move_away(self, p: int, slot: int, share: float, index: int) -> None:
        """Users of ``p`` who can no longer reach it turn to others, in equal parts; ``slot`` is the store, or the whole
        service.
        """
        world = self.world
        if world.table.public.migrates == 0.0:
            return
        state = world.state
        place = p * self.slots + slot
        if state.moved[place]:
            return
        going = state.present[p] * world.table.public.migrates * share
        if going <= 0.0:
            return
        state.moved[place] = going
        self.count_users(p, -going, slot)
        part = going / self.destinations
        for number in range(self.destinations):
            q = self.destination(p, index * self.slots + slot, number)
            state.moved_to[place * self.destinations + number] = q
            if q >= 0:
                self.count_users(q, part, slot)

    def destination(self, p: int, index: int, number: int) -> int:
        """A provider drawn by size at the beginning, or -1 where that one is gone or cannot be reached either."""
        world = self.world
        state = world.state
        if number == 0:
            u = world.draws.uniform(world.seed, p, Purpose.MIGRATION, index)
        else:
            u = world.draws.uniform(world.seed, p, Purpose.DESTINATION, index * MAX_DESTINATIONS + number)
        q = bisect_right(self.cumulative, u)
        if q == p or q >= len(state.status) or state.status[q] != ACTIVE or state.suspended[q * FUNCTIONS + SERVICE]:
            return -1
        return q

    def come_back(self, p: int, slot: int) -> None:
        """The service, or its listing, is back, and with it some of those who left."""
        state = self.world.state
        place = p * self.slots + slot
        gone = state.moved[place]
        if not gone:
            return
        back = 0.0
        for number in range(self.destinations):
            part = gone * self.world.table.public.returns / self.destinations
            q = state.moved_to[place * self.destinations + number]
            if q >= 0:
                part = min(part, state.present[q])
                self.count_users(q, -part, slot)
            state.moved_to[place * self.destinations + number] = -1
            back += part
        state.moved[place] = 0.0
        self.count_users(p, back, slot)

    def count_users(self, p: int, change: float, slot: int) -> None:
        self.world.state.present[p] += change
        self.world.log(USERS_MOVED, p, slot, -1, change)
        self.world.accrue(p)
