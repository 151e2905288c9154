"""Technical supporters: many providers build on one, so that its sanction, or its failure, reaches them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.state import ACTIVE, INSIDE

if TYPE_CHECKING:
    from .world import World

SANCTIONED, SUSPENDED = int(Kind.SUPPORTER_SANCTIONED), int(Kind.SUPPORTER_SUSPENDED)
FAILED, RECOVERED = int(Kind.SUPPORTER_FAILED), int(Kind.SUPPORTER_RECOVERED)


class Supporters:
    """All technical supporters of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        count = len(world.table.supporters.cumulative)
        self.built_on: list[list[int]] = [[] for _ in range(count)]
        for p, supporter in enumerate(world.state.supporter):
            if supporter >= 0:
                self.built_on[supporter].append(p)
        self.suspended_until = [0.0] * count
        self.sanctions = 0

    def start(self) -> None:
        table = self.world.table
        for number, day in enumerate(table.failures.day.tolist()):
            self.world.clock.call(day, FAILED, 0, number, self.fail, number)

    def fail(self, number: int) -> None:
        """The providers built on a supporter lose a part of their compliance until it recovers."""
        table = self.world.table
        supporter = int(table.failures.supporter[number])
        self.world.log(FAILED, 0, number, -1, float(supporter))
        self.affect(supporter, float(table.failures.factor[number]))
        self.world.clock.call(float(table.failures.days[number]), RECOVERED, 0, number, self.recover, number)

    def recover(self, number: int) -> None:
        supporter = int(self.world.table.failures.supporter[number])
        self.world.log(RECOVERED, 0, number, -1, float(supporter))
        self.affect(supporter, 1.0)

    def affect(self, supporter: int, factor: float) -> None:
        for p in self.built_on[supporter]:
            self.world.state.failing[p] = factor
            self.world.lives.refresh_compliance(p)

    def trace(self, p: int, number: int) -> None:
        """A founded case against ``p`` may show that its supporter is at fault; that suspends all who build on it."""
        world = self.world
        state, table = world.state, world.table
        supporter = state.supporter[p]
        if supporter < 0 or table.supporters.traced == 0.0 or world.env.now < self.suspended_until[supporter]:
            return
        if world.draws.uniform(world.seed, p, Purpose.TRACED, number) >= table.supporters.traced:
            return
        world.log(SANCTIONED, p, number, -1, float(supporter))
        self.suspended_until[supporter] = world.env.now + table.supporters.days
        case = case_number(Stream.SUPPORTER, self.sanctions)
        self.sanctions += 1
        if table.supporters.days == 0.0:
            return
        for q in self.built_on[supporter]:
            if state.status[q] == ACTIVE and state.outside[q] == INSIDE:
                world.suspensions.suspend_for_supporter(q, table.supporters.days, case)
