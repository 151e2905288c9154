"""The public: it complains about violations it meets, and sometimes about providers that did nothing wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ..kernel.case import FIRST_RUMOUR
from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.formulas import complaint_chance
from ..kernel.replication import UNREFUTED
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE
from .clock import Course, run

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

COMPLAINT = int(Kind.COMPLAINT)
COMPLAINED, COMPLAINT_DELAY = Purpose.COMPLAINED, Purpose.COMPLAINT_DELAY
OCCASIONS = int(Stream.OCCASION)
RUMOUR = int(Kind.RUMOUR)


class Public:
    """Everybody who may complain."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        self.complained = table.behaviours.complained.tolist()

    def start(self) -> None:
        if self.world.table.public.false_complaint_rate > 0.0:
            run(self.world.env, self.complain_without_cause())
        if self.world.table.public.rumour_rate > 0.0:
            self.world.env.process(self.spread_rumours())

    def notice(self, p: int, b: int, k: int, serious: bool, people: float) -> float:
        """Whether one of the ``people`` reached complains of occasion ``k``: the delay in days until then, or -1."""
        world = self.world
        public = world.table.public
        chance = complaint_chance(self.complained[b], people, public.audience, public.audience_exponent)
        if world.draws.uniform(world.seed, p, COMPLAINED, k) >= chance:
            return -1.0
        delay = world.clock.whole(
            world.draws.exponential(world.seed, p, COMPLAINT_DELAY, k) * world.table.public.complaint_delay
        )
        world.clock.call(delay, COMPLAINT, p, k << 3 | OCCASIONS, self.complain, p, b, k, serious)
        return delay

    def complain(self, p: int, b: int, k: int, serious: bool) -> None:
        world = self.world
        case = k << 3 | OCCASIONS
        world.log(COMPLAINT, p, case, b, 1.0)
        world.state.complained[p] += 1
        if world.draws.uniform(world.seed, p, Purpose.FORWARDED, case) < world.table.detection.taken_up:
            world.docket.suspect(p, b, case, True, serious)

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
            p = bisect_right(world.users.cumulative, draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_TARGET, f))
            chance = world.table.public.false_complaint_chance
            made = chance >= 1.0 or draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_MADE, f) < chance
            if made and state.status[p] == ACTIVE:
                u = draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_BEHAVIOUR, f)
                b = bisect_right(world.occasions.cumulative, u)
                b = min(b, world.behaviours - 1)
                case = case_number(Stream.FALSE_COMPLAINT, f)
                world.log(COMPLAINT, p, case, b, 0.0)
                state.complained[p] += 1
                if world.app_stores.overreacts and self.looks_sound(f):
                    world.app_stores.overreact(p, case)
                if draws.uniform(seed, p, Purpose.FORWARDED, case) < world.table.detection.taken_up:
                    world.docket.suspect(p, b, case, False, False)
            f += 1

    def looks_sound(self, f: int) -> bool:
        """Whether unfounded complaint ``f`` brings evidence that a store believes."""
        world = self.world
        share = world.table.public.false_evidence
        return share >= 1.0 or world.draws.uniform(world.seed, 0, Purpose.FALSE_EVIDENCE, f) < share

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
                    world.occasions.violate(p, b, FIRST_RUMOUR + episode, misused=False)
            episode += 1
