"""Appeals: each is decided after a while, and where it succeeds, what was imposed is undone."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ...kernel.case import STEPS, Case
from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE, FUNCTIONS

if TYPE_CHECKING:
    from ..world import World

APPEALED, REJECTED, OVERTURNED = int(Kind.APPEALED), int(Kind.APPEAL_REJECTED), int(Kind.APPEAL_UPHELD)


class Imposed:
    """What one step of the ladder set in force, so that an appeal can undo it."""

    __slots__ = ("epochs", "fine", "removal")

    def __init__(self) -> None:
        self.fine = 0.0
        self.removal = False
        self.epochs = [-1] * FUNCTIONS


class Appeals:
    """All appeals of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.filed = self.rejected = self.upheld = 0
        # What appeals under way may undo, by (provider, draw index of the step); looked up, never iterated.
        self.imposed: dict[tuple[int, int], Imposed] = {}

    def file(self, case: Case, step: int, refused: bool) -> None:
        """A provider appeals against one step of the ladder."""
        self.filed += 1
        self.world.log(APPEALED, case.provider, case.number, self.world.penalty_rule(step), 0.0)
        self.world.env.process(self.decide(case, step, refused))

    def decide(self, case: Case, step: int, refused: bool) -> Generator[Any, Any, None]:
        """The course of one appeal until it is decided."""
        world = self.world
        table, draws, seed = world.table, world.draws, world.seed
        p, number, index = case.provider, case.number, case.number * STEPS + world.table.steps.place.item(step)
        rule = world.penalty_rule(step)
        delay = draws.exponential(seed, p, Purpose.APPEAL_TIME, index) * table.appeals.days
        yield world.clock.after(delay, REJECTED, p, number)
        chance = table.appeals.overturned_guilty if case.founded else table.appeals.overturned_innocent
        imposed = self.imposed.pop((p, index), None)
        if draws.uniform(seed, p, Purpose.APPEAL_DECISION, index) >= chance:
            self.rejected += 1
            world.log(REJECTED, p, number, rule, 0.0)
            if imposed is None and world.state.status[p] == ACTIVE:
                world.sanctions.impose(case, step, refused)
            return
        self.upheld += 1
        case.overturned = True
        fine = imposed.fine if imposed else 0.0
        world.state.fines[p] -= fine
        world.fines -= fine
        world.log(OVERTURNED, p, number, rule, fine)
        remembered = world.deterrence.strikes(p)
        if remembered and not case.self_reported:
            world.state.strikes[p] = remembered - 1
        if imposed is None or world.state.status[p] != ACTIVE:
            return
        for function, epoch in enumerate(imposed.epochs):
            if epoch >= 0 and world.state.suspension_epoch[p * FUNCTIONS + function] == epoch:
                world.suspensions.restore(p, function, number)
        if imposed.removal:
            world.app_stores.reinstate(p, number)
