"""A provider's life: it enters, files or does not, gives up or is closed, moves abroad, comes back under another
name.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.formulas import compliance_after_rectification, compliance_at, outlays
from ..kernel.state import ABROAD, ACTIVE, EXITED, FUNCTIONS, NOT_ENTERED, REVOKED
from .clock import run

if TYPE_CHECKING:
    from .world import World

ENTERED, EXIT, UNFILED, EFFORT = int(Kind.ENTERED), int(Kind.EXITED), int(Kind.UNFILED), int(Kind.EFFORT)
VIOLATION, RECTIFIED, REVOCATION = int(Kind.VIOLATION), int(Kind.RECTIFIED), int(Kind.REVOCATION)
EXEMPT, CERTIFIED, INSOLVENT = int(Kind.EXEMPT), int(Kind.CERTIFIED), int(Kind.INSOLVENT)
REENTERED, MOVED_ABROAD = int(Kind.REENTERED), int(Kind.MOVED_ABROAD)
STANDING = case_number(Stream.STANDING, 0)
NEVER = math.nan


class Lives:
    """The lives of all providers of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self.seed = world.seed
        self.uniform, self.exponential = world.draws.uniform, world.draws.exponential
        self.behaviours = world.behaviours
        classes = world.table.classes
        self.reenters = classes.reenters.tolist()
        self.effort_cost = classes.compliance_cost.tolist()
        self.capital = classes.capital.tolist()

    def start(self) -> None:
        for p in range(self.world.table.providers):
            entry = self.world.state.entry[p]
            if entry < self.world.table.horizon:
                self.world.clock.call(entry, ENTERED, p, 0, self.enter, p)

    def enter(self, p: int) -> None:
        world = self.world
        state, table, draws, seed = world.state, world.table, world.draws, world.seed
        state.status[p] = ACTIVE
        state.harm_at[p] = world.env.now
        world.deterrence.join_class(p)
        state.effort_at[p] = world.env.now
        world.log(ENTERED, p, state.size_class[p], -1, state.users[p])
        if state.outside[p]:
            world.log(EXEMPT, p, 0, -1, 0.0)
        if state.certified[p]:
            world.log(CERTIFIED, p, 0, -1, 0.0)
        if table.exit_rate > 0.0:
            delay = draws.exponential(seed, p, Purpose.EXIT_TIME, 0) / table.exit_rate
            world.clock.call(delay, EXIT, p, 0, self.leave, p)
        if table.response.review_days > 0.0:
            world.clock.call(table.response.review_days, EFFORT, p, 0, self.world.deterrence.review, p)
        self.begin(p)
        rate = table.occasion_rate * table.classes.activity.item(state.size_class[p])
        if rate > 0.0:
            run(world.env, self.world.occasions.operate(p, 1.0 / rate))

    def begin(self, p: int) -> None:
        """Ask the stores for listing, and file or not."""
        world = self.world
        state, table = world.state, world.table
        world.app_stores.apply(p)
        if table.filing < 0:
            return
        life = state.lives[p]
        compliance = state.compliance[p * world.behaviours + table.filing]
        if world.draws.uniform(world.seed, p, Purpose.FILES, life) < compliance:
            world.registry.submit(p)
        else:
            world.clock.call(table.registry.grace_days, UNFILED, p, STANDING, self.stay_unfiled, p, life)

    def stay_unfiled(self, p: int, life: int) -> None:
        """The standing breach of a provider that lets the time to file pass."""
        state = self.world.state
        if state.status[p] == ACTIVE and not state.applied[p] and state.lives[p] == life:
            self.begin_violation(
                p, self.world.table.filing, STANDING, self.world.table.behaviours.severity.item(self.world.table.filing)
            )
            self.world.accrue(p)

    def book_effort(self, p: int) -> None:
        """Add up the cost of the present effort until now."""
        state, now = self.state, self.world.env.now
        first, share = p * self.behaviours, 0.0
        for b in range(self.behaviours):
            effort = state.effort[first + b]
            share += self.world.deterrence.effort_share[b] * effort * effort
        if share and state.status[p] == ACTIVE:
            yearly = self.effort_cost[state.size_class[p]] * share
            state.compliance_cost[p] += yearly * (now - state.effort_at[p]) / 365.0
        state.effort_at[p] = now

    def refresh_compliance(self, p: int) -> None:
        """Compliance as effort and the state of the supporter make it."""
        state = self.state
        for place in range(p * self.behaviours, (p + 1) * self.behaviours):
            state.compliance[place] = compliance_at(state.base[place], state.effort[place], state.failing[p])

    def begin_violation(self, p: int, b: int, case: int, severity: float) -> None:
        """A violation is live from now on. The caller accrues harm when it has changed all there is to change."""
        state, place = self.state, p * self.behaviours + b
        state.live[place] += 1
        state.live_all[p] += 1
        state.live_severity[place] += severity
        state.severity[p] += severity
        self.world.violations_live += 1
        self.world.log(VIOLATION, p, case, b, severity)

    def end_all(self, p: int, b: int) -> None:
        """Every live violation of one rule ends at once: the cause has been removed, or the provider is gone."""
        state, place = self.state, p * self.behaviours + b
        live = state.live[place]
        state.live_all[p] -= live
        state.severity[p] = state.severity[p] - state.live_severity[place] if state.live_all[p] else 0.0
        state.live[place] = state.punished[place] = 0
        state.live_severity[place] = 0.0
        state.live_epoch[place] += 1
        self.world.violations_live -= live

    def rectify(self, p: int, b: int, case: int) -> None:
        """An order is met: live violations of the rule end, and compliance with it rises."""
        world = self.world
        place = p * world.behaviours + b
        state = world.state
        state.base[place] = compliance_after_rectification(state.base[place], world.table.response.rectification_gain)
        state.compliance[place] = compliance_at(state.base[place], state.effort[place], state.failing[p])
        self.end_all(p, b)
        world.log(RECTIFIED, p, case, b, 0.0)
        world.accrue(p)
        if b == world.table.filing:
            world.registry.submit(p)

    def leave(self, p: int) -> None:
        if self.world.state.status[p] == ACTIVE:
            self.close(p, EXITED, EXIT, 0, -1, driven_out=False)

    def close(self, p: int, status: int, kind: int, case: int, rule: int, *, driven_out: bool) -> None:
        """The end of a provider, by its own decision (``EXITED``) or the regulator's (``REVOKED``).

        One that a sanction drove out may come back under another name.
        """
        world = self.world
        state = world.state
        world.suspensions.end_downtime(p)
        self.book_effort(p)
        state.status[p] = status
        state.ended[p] = world.env.now
        state.exits[p] += 1 if status == EXITED else 0
        for b in range(world.behaviours):
            self.end_all(p, b)
        world.log(kind, p, case, rule, 0.0)
        world.accrue(p)
        world.registry.cancel(p)
        world.users.move_away(p, world.app_stores.count, 1.0, case)
        if driven_out and self.uniform(self.seed, p, Purpose.REENTRY, case) < self.reenters[state.size_class[p]]:
            away = self.exponential(self.seed, p, Purpose.REENTRY_TIME, case) * world.table.response.reentry_days
            world.clock.call(away, REENTERED, p, case, self.reenter, p)

    def paid(self, p: int) -> float:
        """What enforcement has cost a provider as far as it is booked, in RMB: a suspension under way is not."""
        state = self.state
        return outlays(state.fines[p], state.claims[p], state.compliance_cost[p], state.revenue[p], state.downtime[p])

    def settle(self, p: int, case: int) -> None:
        """A provider whose capital does not cover what enforcement has cost it closes, and does not come back."""
        state, capital = self.state, self.capital[self.state.size_class[p]]
        if capital == math.inf or state.status[p] != ACTIVE:
            return
        paid = self.paid(p) - state.written_off[p]
        if paid > capital:
            state.insolvent[p] += 1
            self.world.log(INSOLVENT, p, case, -1, paid)
            self.close(p, EXITED, EXIT, case, -1, driven_out=False)

    def reenter(self, p: int) -> None:
        """Back under another name: its strikes are forgotten, and it has neither filing nor listing."""
        world = self.world
        state = world.state
        if state.status[p] in (NOT_ENTERED, ACTIVE):
            return
        first = p * FUNCTIONS
        for function in range(FUNCTIONS):
            state.suspended[first + function] = 0
            state.suspension_epoch[first + function] += 1
        state.lives[p] += 1
        state.status[p] = ACTIVE
        state.strikes[p] = state.applied[p] = state.group[p] = state.complained[p] = 0
        state.ended[p] = NEVER
        state.effort_at[p] = world.env.now
        state.written_off[p] = self.paid(p)
        world.log(REENTERED, p, 0, -1, 0.0)
        world.app_stores.forget(p)
        world.accrue(p)
        self.begin(p)

    def move_abroad(self, p: int, case: int) -> None:
        """Out of reach of the regulator and of the stores, but not of users who come without one."""
        state = self.world.state
        state.outside[p] = ABROAD
        self.world.log(MOVED_ABROAD, p, case, -1, self.world.app_stores.direct)
        self.world.app_stores.forget(p)
        self.world.accrue(p)

    def revoke(self, p: int, case: int, penalty: int) -> None:
        self.close(p, REVOKED, REVOCATION, case, penalty, driven_out=True)
