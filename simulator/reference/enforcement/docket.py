"""The docket: a suspicion becomes a case, which waits for the authority with jurisdiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.case import Case
from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE

if TYPE_CHECKING:
    from ..world import World

CASE_OPENED = int(Kind.CASE_OPENED)


class Docket:
    """Where suspicions arrive."""

    def __init__(self, world: World) -> None:
        self.world = world

    def suspect(
        self, p: int, b: int, number: int, founded: bool, serious: bool, *, self_reported: bool = False
    ) -> None:
        """Open a case, unless the provider is gone or out of reach, or one on the same rule is open already."""
        world = self.world
        state = world.state
        if state.status[p] != ACTIVE or state.outside[p]:
            return
        if world.table.detection.merge and state.open_cases[p * world.behaviours + b]:
            return
        state.open_cases[p * world.behaviours + b] += 1
        state.cases[p] += 1
        world.log(CASE_OPENED, p, number, b, 1.0 if founded else 0.0)
        authority = world.authorities.over(state.size_class[p], b)
        case = Case(p, number, b, founded, serious, world.env.now, authority, self_reported)
        world.env.process(world.casework.handle(case))
