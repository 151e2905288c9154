"""The public: it complains about violations it meets, and sometimes about providers that did nothing wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .draws import Purpose
from .eventlog import Kind, Stream, case_number
from .state import ACTIVE

if TYPE_CHECKING:
    from .model import World

COMPLAINT = int(Kind.COMPLAINT)
COMPLAINED, COMPLAINT_DELAY = Purpose.COMPLAINED, Purpose.COMPLAINT_DELAY
OCCASIONS = int(Stream.OCCASION)


class Public:
    """Everybody who may complain."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.complained = world.table.behaviour_complained.tolist()
        users = list(accumulate(world.state.users))
        self.cumulative_users = [reached / users[-1] for reached in users]

    def start(self) -> None:
        if self.world.table.false_complaint_rate > 0.0:
            self.world.env.process(self.complain_without_cause())

    def notice(self, p: int, b: int, k: int, serious: bool) -> float:
        """Whether somebody complains of occasion ``k``: the delay in days until then, or -1."""
        world = self.world
        if world.draws.uniform(world.seed, p, COMPLAINED, k) >= self.complained[b]:
            return -1.0
        delay = world.draws.exponential(world.seed, p, COMPLAINT_DELAY, k) * world.table.complaint_delay
        world.clock.call(delay, COMPLAINT, p, k << 3 | OCCASIONS, self.complain, (p, b, k, serious))
        return delay

    def complain(self, event: Any) -> None:
        p, b, k, serious = event._value
        world = self.world
        case = k << 3 | OCCASIONS
        world.log(COMPLAINT, p, case, b, 1.0)
        if world.draws.uniform(world.seed, p, Purpose.FORWARDED, case) < world.table.taken_up:
            world.regulator.suspect(p, b, case, True, serious)

    def complain_without_cause(self) -> Generator[Any, Any, None]:
        """Unfounded complaints, one stream for the whole market, drawn to providers by their users."""
        world = self.world
        table, state, draws, seed = world.table, world.state, world.draws, world.seed
        mean = 1.0 / (table.false_complaint_rate * table.providers)
        f = 0
        while True:
            gap = draws.exponential(seed, 0, Purpose.FALSE_COMPLAINT_GAP, f) * mean
            yield world.clock.after(gap, COMPLAINT, 0, f)
            p = bisect_right(self.cumulative_users, draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_TARGET, f))
            if state.status[p] == ACTIVE:
                u = draws.uniform(seed, 0, Purpose.FALSE_COMPLAINT_BEHAVIOUR, f)
                b = bisect_right(world.providers.cumulative, u)
                b = min(b, world.behaviours - 1)
                case = case_number(Stream.FALSE_COMPLAINT, f)
                world.log(COMPLAINT, p, case, b, 0.0)
                if draws.uniform(seed, p, Purpose.FORWARDED, case) < table.taken_up:
                    world.regulator.suspect(p, b, case, False, False)
            f += 1
