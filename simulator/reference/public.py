"""The public: it complains about violations it meets, and sometimes about providers that did nothing wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE
from ..scenario.market import MAX_DESTINATIONS
from .clock import Course, run

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .model import World

COMPLAINT = int(Kind.COMPLAINT)
COMPLAINED, COMPLAINT_DELAY = Purpose.COMPLAINED, Purpose.COMPLAINT_DELAY
OCCASIONS = int(Stream.OCCASION)
RUMOUR, USERS_MOVED = int(Kind.RUMOUR), int(Kind.USERS_MOVED)
FIRST_RUMOUR = 1 << 24  # rumours are numbered after all occasions that a provider can meet
UNREFUTED = 4  # of model.TOTALS


class Public:
    """Everybody who may complain."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.slots = len(world.table.stores.share) + 1
        self.destinations = world.table.public.destinations
        self.adopt(world.table)
        users = list(accumulate(world.state.users))
        self.cumulative_users = [reached / users[-1] for reached in users]

    def adopt(self, table: Table) -> None:
        self.complained = table.behaviours.complained.tolist()

    def start(self) -> None:
        if self.world.table.public.false_complaint_rate > 0.0:
            run(self.world.env, self.complain_without_cause())
        if self.world.table.public.rumour_rate > 0.0:
            self.world.env.process(self.spread_rumours())

    def notice(self, p: int, b: int, k: int, serious: bool) -> float:
        """Whether somebody complains of occasion ``k``: the delay in days until then, or -1."""
        world = self.world
        if world.draws.uniform(world.seed, p, COMPLAINED, k) >= self.complained[b]:
            return -1.0
        delay = world.clock.whole(
            world.draws.exponential(world.seed, p, COMPLAINT_DELAY, k) * world.table.public.complaint_delay
        )
        world.clock.call(delay, COMPLAINT, p, k << 3 | OCCASIONS, self.complain, (p, b, k, serious))
        return delay

    def complain(self, event: Any) -> None:
        p, b, k, serious = event._value
        world = self.world
        case = k << 3 | OCCASIONS
        world.log(COMPLAINT, p, case, b, 1.0)
        world.state.complained[p] += 1
        if world.draws.uniform(world.seed, p, Purpose.FORWARDED, case) < world.table.detection.taken_up:
            world.regulator.suspect(p, b, case, True, serious)

    def complain_without_cause(self) -> Course:
        """Unfounded complaints, one stream for the whole market, drawn to providers by their users."""
        wait = yield
        world, clock = self.world, self.world.clock
        table, state, draws, seed = world.table, world.state, world.draws, world.seed
        mean = 1.0 / (table.public.false_complaint_rate * table.providers)
        f, arrival = 0, 0.0
        while True:
            gap = draws.exponential(seed, 0, Purpose.FALSE_COMPLAINT_GAP, f) * mean
            arrival += gap
            wait(clock.until(arrival, gap), clock.key(COMPLAINT, 0, f))
            yield
            p = bisect_right(self.cumulative_users, draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_TARGET, f))
            chance = world.table.public.false_complaint_chance
            made = chance >= 1.0 or draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_MADE, f) < chance
            if made and state.status[p] == ACTIVE:
                u = draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_BEHAVIOUR, f)
                b = bisect_right(world.providers.cumulative, u)
                b = min(b, world.behaviours - 1)
                case = case_number(Stream.FALSE_COMPLAINT, f)
                world.log(COMPLAINT, p, case, b, 0.0)
                state.complained[p] += 1
                if world.app_stores.overreacts:
                    world.app_stores.overreact(p, case)
                if draws.uniform(seed, p, Purpose.FORWARDED, case) < world.table.detection.taken_up:
                    world.regulator.suspect(p, b, case, False, False)
            f += 1

    def spread_rumours(self) -> Generator[Any, Any, None]:
        """Episodes of a rumour: each provider that one reaches refutes it in time, or breaches its duty to."""
        world = self.world
        table, state, draws, seed, b = world.table, world.state, world.draws, world.seed, world.table.rumour
        episode, arrival = 0, 0.0
        while True:
            gap = draws.exponential(seed, 0, Purpose.RUMOUR_GAP, episode) / table.public.rumour_rate
            arrival += gap
            yield world.clock.after(world.clock.until(arrival, gap), RUMOUR, 0, episode)
            for p in range(table.providers):
                if state.status[p] != ACTIVE or state.suspended[p * FUNCTIONS + SERVICE]:
                    continue
                if draws.uniform(seed, p, Purpose.RUMOUR_REACHES, episode) >= world.table.public.rumour_reach:
                    continue
                c = state.size_class[p]
                state.occasions[p] += 1
                world.class_occasions[c] += 1
                compliance = state.compliance[p * world.behaviours + b]
                refuted = draws.uniform(seed, p, Purpose.RUMOUR_REFUTED, episode) < compliance
                world.log(RUMOUR, p, episode, b, 1.0 if refuted else 0.0)
                if not refuted:
                    world.totals[UNREFUTED] += 1.0
                    state.violations[p] += 1
                    world.class_violations[c] += 1
                    world.providers.violate(p, b, FIRST_RUMOUR + episode, misused=False)
            episode += 1

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
        q = bisect_right(self.cumulative_users, u)
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
