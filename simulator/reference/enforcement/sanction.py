"""One step of the ladder: what it sets in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel import table as policy
from ...kernel.case import STEPS, Case
from ...kernel.draws import Purpose
from ...kernel.eventlog import Kind
from ...kernel.formulas import fine_amount, fine_for_all
from ...kernel.replication import CONFISCATED as CONFISCATED_MONEY
from ...kernel.replication import STAFF_FINES
from ...kernel.state import REGISTRATION, SERVICE, UPDATES
from ..hook import View
from .appeal import Imposed

if TYPE_CHECKING:
    from ...kernel.table import Table
    from ..world import World

WARNING, RECTIFY, FINE, REMOVAL = int(Kind.WARNING), int(Kind.RECTIFY), int(Kind.FINE), int(Kind.APP_REMOVAL)
STAFF_FINED, CONFISCATED, PUBLISHED = int(Kind.STAFF_FINED), int(Kind.CONFISCATED), int(Kind.PUBLISHED)


class Sanctions:
    """The steps of the ladder."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        steps = table.steps
        self.bits = steps.sanctions.tolist()
        self.deadline = steps.deadline.tolist()
        self.removal = steps.removal.tolist()
        self.low, self.high = steps.fine_low.tolist(), steps.fine_high.tolist()
        self.per_violation = steps.per_violation.tolist()
        self.turnover = steps.turnover.tolist()
        self.place = steps.place.tolist()
        self.at_once = steps.at_once.tolist()
        self.staff_low, self.staff_high = steps.staff_low.tolist(), steps.staff_high.tolist()
        self.confiscates, self.publicity = steps.confiscates.tolist(), steps.publicity.tolist()
        self.gain = table.classes.gain.tolist()

    def impose(self, case: Case, step: int, refused: bool) -> Imposed:
        """Set the sanctions of one step in force, mildest first."""
        world = self.world
        p, number, rule = case.provider, case.number, world.penalty_rule(step)
        bits = self.bits[step]
        index = number * STEPS + self.place[step]
        imposed = Imposed()
        if bits & policy.WARNING:
            world.log(WARNING, p, number, rule, float(step))
        if bits & policy.RECTIFY:
            world.log(RECTIFY, p, number, rule, self.deadline[step])
        if bits & policy.FINE and (self.at_once[step] or refused or case.serious):
            u = world.draws.uniform(world.seed, p, Purpose.FINE, index)
            fine = fine_amount(u, self.low[step], self.high[step], self.turnover[step], world.state.revenue[p])
            if self.per_violation[step]:
                live = world.state.live[p * world.behaviours + case.behaviour]
                fine = fine_for_all(fine, self.per_violation[step], live)
            if case.self_reported:
                fine *= 1.0 - world.table.self_report.discount
            if world.hook is not None:
                fine = world.hook.fine(View(world, p), fine, case.founded)
            imposed.fine = fine
            world.state.fines[p] += imposed.fine
            world.fines += imposed.fine
            world.fines_gross += imposed.fine
            world.log(FINE, p, number, rule, imposed.fine)
        if bits & policy.STAFF_FINE:
            u = world.draws.uniform(world.seed, p, Purpose.STAFF_FINE, index)
            staff_fine = fine_amount(u, self.staff_low[step], self.staff_high[step], 0.0, 0.0)
            world.totals[STAFF_FINES] += staff_fine
            world.log(STAFF_FINED, p, number, rule, staff_fine)
        if bits & policy.CONFISCATION:
            confiscated = self.confiscates[step] * self.gain[world.state.size_class[p]]
            world.totals[CONFISCATED_MONEY] += confiscated
            world.log(CONFISCATED, p, number, rule, confiscated)
        if bits & policy.PUBLIC_NOTICE:
            world.log(PUBLISHED, p, number, rule, self.publicity[step])
        for function, bit in (
            (UPDATES, policy.SUSPEND_UPDATES),
            (REGISTRATION, policy.SUSPEND_REGISTRATION),
            (SERVICE, policy.SUSPEND_SERVICE),
        ):
            if bits & bit:
                imposed.epochs[function] = world.suspensions.suspend(case, function, step, rule)
        if bits & policy.APP_REMOVAL:
            imposed.removal = True
            world.log(REMOVAL, p, number, rule, self.removal[step])
            world.app_stores.order_removal(p, self.removal[step], number)
        if bits & policy.REVOCATION:
            world.lives.revoke(p, number, rule)
        elif bits & policy.SUSPEND_SERVICE:
            world.users.move_away(p, world.app_stores.count, 1.0, number)
        world.lives.settle(p, number)
        return imposed
