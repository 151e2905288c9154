"""The world of one replication on SimPy: its actors, and what is counted while it runs.

This is the readable model. Everything random comes from :mod:`..kernel.draws`, every number from :mod:`..kernel.table`,
every formula from :mod:`..kernel.formulas`. Each file here has a twin of the same name in :mod:`..compiled`, but for
:mod:`.clock` (time on SimPy) and :mod:`.hook` (a policy in Python, which only this engine runs).
"""

from __future__ import annotations

from array import array
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from ..kernel.draws import Draws
from ..kernel.eventlog import Kind
from ..kernel.replication import BIN, KINDS, TOTALS
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE, Arrays, as_lists
from ..kernel.table import Table
from .app_store import AppStores
from .clock import Clock
from .deterrence import Deterrence
from .enforcement.appeal import Appeals
from .enforcement.authority import Authorities
from .enforcement.casework import Casework
from .enforcement.docket import Docket
from .enforcement.inspection import Inspections
from .enforcement.sanction import Sanctions
from .enforcement.suspension import Suspensions
from .enforcement.sweep import Sweeps
from .hook import Bounded
from .life import Lives
from .occasion import Occasions
from .platform import Platforms
from .public import Public
from .registry import Registry
from .supporter import Supporters
from .users import Users

if TYPE_CHECKING:
    from .hook import Hook


class World:
    """Everything that the processes of one replication share."""

    def __init__(
        self,
        state: Arrays,
        numbers: list[tuple[float, Table]],
        draws: Draws,
        seed: int,
        *,
        keep_log: bool,
        hook: Hook | None = None,
    ) -> None:
        self.env = simpy.Environment()
        self.clock = Clock(self.env, numbers[0][1].clock_step)
        self.table = numbers[0][1]
        self.regimes = numbers
        self.hook = None if hook is None else Bounded(hook)
        self.seed = seed
        self.draws = draws
        self.state = as_lists(state)
        self.behaviours = len(self.table.behaviours.rate)
        # Six numbers a row: as objects the rows of a run would be some five times as large, and all be looked at again
        # to make columns of them.
        self.rows = array("d")
        self.keep_log = keep_log
        self.kinds = [0] * KINDS
        classes = len(self.table.classes.gain)
        self.class_occasions = [0] * classes
        self.class_violations = [0] * classes
        self.fines = 0.0
        self.fines_gross = 0.0
        self.wait_total = 0.0
        self.review_total = 0.0
        self.closed = [0, 0, 0]
        self.backlog = 0
        self.backlog_at = 0.0
        self.backlog_area = 0.0
        self.busy = 0
        self.busy_at = 0.0
        self.busy_area = 0.0
        self.listings = 0
        self.service_suspended = 0
        self.violations_live = 0
        self.late_filings = 0
        self.action_delays: list[float] = []
        self.takedown_delays: list[float] = []
        self.staff_cost = self.staff_paid = 0.0
        self.waiting_since = 0.0  # sum of the days on which the cases now waiting were opened
        self.totals = [0.0] * len(TOTALS)
        self.bins: list[tuple[float, list[int], list[float], list[int], list[int]]] = []
        self.lives = Lives(self)
        self.occasions = Occasions(self)
        self.deterrence = Deterrence(self)
        self.users = Users(self)
        self.public = Public(self)
        self.platforms = Platforms(self)
        self.registry = Registry(self)
        self.app_stores = AppStores(self)
        self.supporters = Supporters(self)
        self.authorities = Authorities(self)
        self.inspections = Inspections(self)
        self.sweeps = Sweeps(self)
        self.docket = Docket(self)
        self.casework = Casework(self)
        self.sanctions = Sanctions(self)
        self.suspensions = Suspensions(self)
        self.appeals = Appeals(self)

    def start(self) -> None:
        self.env.process(self.take_census())
        for number, (day, _) in enumerate(self.regimes):
            if number:
                self.clock.call(day, int(Kind.POLICY_CHANGED), 0, number, self.change_policy, number)
        self.authorities.start()
        self.inspections.start()
        self.app_stores.start()
        self.sweeps.start()
        self.public.start()
        self.supporters.start()
        self.lives.start()

    def change_policy(self, number: int) -> None:
        """Another regime holds from now on. Cases under way are decided by it; sanctions imposed stand."""
        self.pay_staff()
        # What accrues at a rate that the regime sets is booked up to now.
        for p in range(self.table.providers):
            if self.state.lawful_rate[p]:
                self.accrue(p)
        self.table = self.regimes[number][1]
        for actor in (
            self.occasions, self.deterrence, self.public, self.platforms, self.registry, self.app_stores,
            self.authorities, self.inspections, self.sweeps, self.casework, self.sanctions, self.suspensions,
        ):  # fmt: skip
            actor.adopt(self.table)
        self.log(int(Kind.POLICY_CHANGED), 0, number, -1, float(number))
        for p in range(self.table.providers):
            if self.state.strictness[p]:
                self.accrue(p)

    def pay_staff(self) -> None:
        """Inspectors and reviewers cost what they cost until now."""
        people = int(self.table.authorities.inspectors.sum()) + self.table.registry.reviewers
        self.staff_cost += people * self.table.staff.cost * (self.env.now - self.staff_paid)
        self.staff_paid = self.env.now

    def log(self, kind: int, provider: int, case: int, rule: int, value: float) -> None:
        """One row: ``rule`` is a behaviour's index, ``behaviours + step`` for a penalty, or -1."""
        self.kinds[kind] += 1
        if self.keep_log:
            self.rows.extend((self.env.now, kind, provider, case, rule, value))

    def penalty_rule(self, step: int) -> int:
        return self.behaviours + step

    def accrue(self, p: int) -> None:
        """Add up a provider's harm until now, and compute its rate again. Call this after each change of its causes."""
        state, now = self.state, self.env.now
        rate = state.harm_rate[p]
        if rate:
            harm = rate * (now - state.harm_at[p])
            state.harm[p] += harm
            if state.outside[p]:
                state.harm_outside[p] += harm
        if state.lawful_rate[p]:
            state.lawful_blocked[p] += state.lawful_rate[p] * (now - state.harm_at[p])
        state.harm_at[p] = now
        severity = state.severity[p]
        if severity:
            reached = state.status[p] == ACTIVE and not state.suspended[p * FUNCTIONS + SERVICE]
            severity = severity * state.exposure[p] if reached else 0.0
        state.harm_rate[p] = state.present[p] * (severity + state.copies[p])
        if state.strictness[p] or state.lawful_rate[p]:
            reached = state.status[p] == ACTIVE and not state.suspended[p * FUNCTIONS + SERVICE]
            blocked = state.strictness[p] * self.table.response.lawful_blocked * state.exposure[p] if reached else 0.0
            state.lawful_rate[p] = state.present[p] * blocked

    def queue_changed(self, by: int) -> None:
        now = self.env.now
        self.backlog_area += self.backlog * (now - self.backlog_at)
        self.backlog_at = now
        self.backlog += by

    def inspectors_busy(self, by: int) -> None:
        """More or fewer inspectors are at work from now on."""
        now = self.env.now
        self.busy_area += self.busy * (now - self.busy_at)
        self.busy_at = now
        self.busy += by

    def take_census(self) -> Generator[Any, Any, None]:
        """Close each bin before anything else happens at its end: bins are half-open, like the horizon."""
        while True:
            yield self.clock.before_all(BIN)
            self.close_bin()

    def close_bin(self) -> None:
        state, now = self.state, self.env.now
        rates, since = np.array(state.harm_rate), np.array(state.harm_at)
        passed = np.maximum(now - since, 0.0)
        more = rates * passed
        harm = np.array(state.harm) + more
        state.harm[:] = harm.tolist()
        outside = np.array(state.harm_outside) + np.where(np.array(state.outside) > 0, more, 0.0)
        state.harm_outside[:] = outside.tolist()
        state.lawful_blocked[:] = (np.array(state.lawful_blocked) + np.array(state.lawful_rate) * passed).tolist()
        state.harm_at[:] = np.maximum(now, since).tolist()
        extras = [
            self.fines,
            # accumulate adds in order, so that another engine's loop gives the same bits
            float(np.add.accumulate(harm)[-1]),
            float(self.backlog),
            float(self.listings),
            float(state.status.count(ACTIVE)),
            float(sum(day >= 0.0 for day in state.filed)),
            float(self.service_suspended),
            float(self.violations_live),
            float(self.busy),
        ]
        self.bins.append((now, list(self.kinds), extras, list(self.class_occasions), list(self.class_violations)))

    def finish(self) -> None:
        """Book what is still under way at the horizon."""
        self.queue_changed(0)
        self.inspectors_busy(0)
        self.pay_staff()
        self.close_bin()
        for authority in range(len(self.authorities.budget)):
            self.authorities.end_shortage(authority)
        for p in range(self.table.providers):
            self.suspensions.end_downtime(p)
            self.lives.book_effort(p)
            if self.state.occasions[p]:
                self.log(int(Kind.OCCASION), p, 0, -1, float(self.state.occasions[p]))
