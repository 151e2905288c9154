"""Suspensions of updates, of registration and of the service: they begin, run out or are lifted, and their days are
booked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE, COLLATERALLY, EXITED, FUNCTIONS, RIGHTLY, SERVICE, WRONGLY

if TYPE_CHECKING:
    from ...kernel.case import Case
    from ...kernel.table import Table
    from ..world import World

SUSPEND = (int(Kind.SUSPEND_UPDATES), int(Kind.SUSPEND_REGISTRATION), int(Kind.SUSPEND_SERVICE))
RESTORED = (int(Kind.UPDATES_RESTORED), int(Kind.REGISTRATION_RESTORED), int(Kind.SERVICE_RESTORED))
EXIT, SUPPORTER_SUSPENDED = int(Kind.EXITED), int(Kind.SUPPORTER_SUSPENDED)


class Suspensions:
    """What is suspended of every provider; an epoch distinguishes a suspension from a later one of the same
    function.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.days = (table.steps.updates.tolist(), table.steps.registration.tolist(), table.steps.service.tolist())
        self.exits = table.classes.exits.tolist()
        self.abroad = table.classes.abroad.tolist()

    def suspend(self, case: Case, function: int, step: int, rule: int) -> int:
        """Suspend one function of a provider; the epoch of the suspension, or -1 where a longer one is in force."""
        world = self.world
        state, now, days = world.state, world.env.now, self.days[function][step]
        p = case.provider
        place = p * FUNCTIONS + function
        world.log(SUSPEND[function], p, case.number, rule, days)
        if function == SERVICE:
            return self.interrupt_service(p, days, case.number, RIGHTLY if case.founded else WRONGLY)
        if state.suspended[place] and now + days <= state.suspended_until[place]:
            return -1
        return self.set_suspended(p, function, days, case.number)

    def suspend_for_supporter(self, p: int, days: float, number: int) -> None:
        """Suspend the service of a provider whose technical supporter has been sanctioned."""
        world = self.world
        world.log(SUPPORTER_SUSPENDED, p, number, -1, days)
        if self.interrupt_service(p, days, number, COLLATERALLY) >= 0:
            world.users.move_away(p, world.app_stores.count, 1.0, number)

    def interrupt_service(self, p: int, days: float, number: int, nature: int) -> int:
        """The service is down for some days. Return its epoch, or -1 where a longer suspension is in force."""
        world = self.world
        state, now = world.state, world.env.now
        place = p * FUNCTIONS + SERVICE
        if state.suspended[place] and now + days <= state.suspended_until[place]:
            return -1
        # A new suspension of another nature begins a new account of downtime.
        self.end_downtime(p)
        world.service_suspended += 1
        state.service_since[p] = now
        state.wrongly[p] = nature
        epoch = self.set_suspended(p, SERVICE, days, number)
        world.accrue(p)
        return epoch

    def set_suspended(self, p: int, function: int, days: float, number: int) -> int:
        state, place = self.world.state, p * FUNCTIONS + function
        state.suspended[place] = 1
        state.suspended_until[place] = self.world.env.now + days
        state.suspension_epoch[place] += 1
        epoch: int = state.suspension_epoch[place]
        self.world.clock.call(days, RESTORED[function], p, number, self.expire, p, function, epoch, number)
        return epoch

    def expire(self, p: int, function: int, epoch: int, number: int) -> None:
        """A suspension has run its time. Some providers do not come back from one of their service."""
        world = self.world
        if world.state.suspension_epoch[p * FUNCTIONS + function] != epoch:
            return
        self.restore(p, function, number)
        if function == SERVICE and world.state.status[p] == ACTIVE:
            u = world.draws.uniform(world.seed, p, Purpose.EXIT_AFTER_SANCTION, number)
            c = world.state.size_class[p]
            if u < self.exits[c]:
                if self.abroad[c] > 0.0 and world.draws.uniform(world.seed, p, Purpose.ABROAD, number) < self.abroad[c]:
                    world.lives.move_abroad(p, number)
                else:
                    world.lives.close(p, EXITED, EXIT, number, -1, driven_out=True)

    def restore(self, p: int, function: int, number: int) -> None:
        world = self.world
        state = world.state
        place = p * FUNCTIONS + function
        if function == SERVICE:
            self.end_downtime(p)
        state.suspended[place] = 0
        state.suspension_epoch[place] += 1
        if state.status[p] == ACTIVE:
            world.log(RESTORED[function], p, number, -1, 0.0)
            if function == SERVICE:
                world.users.come_back(p, world.app_stores.count)
            world.accrue(p)
            world.lives.settle(p, number)

    def end_downtime(self, p: int) -> None:
        """Book the days of service suspended so far, where it is."""
        world = self.world
        state = world.state
        if not state.suspended[p * FUNCTIONS + SERVICE] or state.status[p] != ACTIVE:
            return
        days = world.env.now - state.service_since[p]
        state.downtime[p] += days
        if state.wrongly[p] == WRONGLY:
            state.innocent_downtime[p] += days
        elif state.wrongly[p] == COLLATERALLY:
            state.collateral_downtime[p] += days
        world.service_suspended -= 1
