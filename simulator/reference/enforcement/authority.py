"""The authorities: each has its inspectors, its jurisdiction, and a budget that its investigations are paid from."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from ...kernel.eventlog import Kind
from ...kernel.formulas import cases_affordable
from ...kernel.replication import FUNDED
from ...kernel.table import YEAR
from ..clock import resize

if TYPE_CHECKING:
    from ...kernel.table import Table
    from ..world import World

BUDGET_SPENT, BUDGET_RENEWED = int(Kind.BUDGET_SPENT), int(Kind.BUDGET_RENEWED)


class Authorities:
    """All authorities of one replication; lists are by the number of the authority."""

    def __init__(self, world: World) -> None:
        self.world = world
        pool = simpy.PriorityResource if world.table.staff.by_severity else simpy.Resource
        self.inspectors: list[Any] = [pool(world.env, size) for size in world.table.authorities.inspectors.tolist()]
        self.jurisdiction = world.table.authorities.jurisdiction.tolist()
        self.budget: list[float] = world.table.authorities.budget.tolist()
        self.left = self.budget.copy()  # of the budget of the year, RMB
        self.investigating = [0] * len(self.budget)  # cases paid for and under way
        self.unfunded_since = [FUNDED] * len(self.budget)
        self.spent = [0.0] * len(self.budget)  # since the beginning, RMB
        self.unfunded = [0.0] * len(self.budget)  # days without budget
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.staff: list[int] = table.authorities.inspectors.tolist()
        for authority in range(len(self.staff)):
            self.employ(authority)

    def start(self) -> None:
        if min(self.budget) < math.inf:
            for authority in range(len(self.budget)):
                self.note_shortage(authority)
            self.world.env.process(self.renew())

    def over(self, size_class: int, behaviour: int) -> int:
        """The authority with jurisdiction over a behaviour of providers of a size class."""
        authority: int = self.jurisdiction[size_class * self.world.behaviours + behaviour]
        return authority

    def inspector(self, authority: int, serious: bool) -> Any:
        """Ask for an inspector: a SimPy request, to be given back when the investigation is over."""
        pool = self.inspectors[authority]
        if self.world.table.staff.by_severity:
            return pool.request(priority=0 if serious else 1)
        return pool.request()

    def employ(self, authority: int) -> None:
        """As many inspectors work as there are, and as the budget of the year has cases for."""
        size = self.staff[authority]
        if self.budget[authority] < math.inf:
            busy = self.investigating[authority]
            size = busy + cases_affordable(self.left[authority], self.world.table.staff.case_cost, size - busy)
        resize(self.inspectors[authority], size)

    def begin_investigation(self, authority: int) -> None:
        """Pay for one investigation."""
        cost = self.world.table.staff.case_cost
        self.spent[authority] += cost
        self.investigating[authority] += 1
        self.world.inspectors_busy(1)
        if self.budget[authority] < math.inf:
            self.left[authority] -= cost
            self.employ(authority)
            self.note_shortage(authority)

    def end_investigation(self, authority: int) -> None:
        """An investigation ends. Its inspector takes up another case only if there is money for it."""
        self.investigating[authority] -= 1
        self.world.inspectors_busy(-1)
        if self.budget[authority] < math.inf:
            self.employ(authority)

    def note_shortage(self, authority: int) -> None:
        """From now on there may be no money for another case this year."""
        world = self.world
        if self.unfunded_since[authority] == FUNDED and self.left[authority] < world.table.staff.case_cost:
            self.unfunded_since[authority] = world.env.now
            world.log(BUDGET_SPENT, 0, authority, -1, self.budget[authority] - self.left[authority])

    def end_shortage(self, authority: int) -> None:
        """Book the days without budget so far."""
        if self.unfunded_since[authority] != FUNDED:
            self.unfunded[authority] += self.world.env.now - self.unfunded_since[authority]
            self.unfunded_since[authority] = FUNDED

    def renew(self) -> Generator[Any, Any, None]:
        """Each new year every budget is whole again; what was left of the old one has lapsed."""
        world, year = self.world, 0
        while True:
            yield world.clock.after(YEAR, BUDGET_RENEWED, 0, year)
            year += 1
            for authority, budget in enumerate(self.budget):
                if budget < math.inf:
                    self.end_shortage(authority)
                    self.left[authority] = budget
                    world.log(BUDGET_RENEWED, 0, authority, -1, budget)
                    self.note_shortage(authority)
                    self.employ(authority)
