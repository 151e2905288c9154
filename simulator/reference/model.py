"""One replication on SimPy: the world, its actors, and what is counted while it runs.

This is the readable model. Everything random comes from :mod:`..kernel.draws`, every number from :mod:`..kernel.table`,
every formula from :mod:`..kernel.formulas`.
"""

from __future__ import annotations

import contextlib
import gc
from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import simpy

from ..kernel.draws import compiled, replication_seed
from ..kernel.eventlog import Columns, Kind, Row, columns
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE, State, as_arrays, as_lists, initial_state
from ..kernel.table import Floats, Integers, Table
from ..kernel.tabulation import regimes
from .app_store import AppStores
from .appeal import Appeals
from .authority import Authorities
from .clock import Clock
from .inspection import Inspections
from .platform import Platforms
from .provider import Providers
from .public import Public
from .registry import Registry
from .regulator import Regulator
from .supporter import Supporters
from .suspension import Suspensions

if TYPE_CHECKING:
    from ..scenario.schema import Scenario
    from .hook import Hook

BIN = 30.0
"""Days of one bin of the series."""

KINDS = len(Kind)
EXTRAS = ("fines", "harm", "backlog", "listings", "active", "filed", "service_suspended", "violations_live")
TOTALS = ("deterred_own", "deterred_peers", "store_fines", "platform_fines", "rumours_unrefuted")
"""What is counted besides events of one kind: indices of :attr:`World.totals`."""


@dataclass(frozen=True)
class Replication:
    """What one replication leaves: its log, final state, and the counts at each bin's end."""

    number: int
    log: Columns  # empty where no log was kept
    state: State
    bin_ends: Floats  # (bins,) days
    kinds: Integers  # (bins, KINDS) events so far, by kind
    extras: Floats  # (bins, len(EXTRAS)) totals or levels at the end of each bin
    class_occasions: Integers  # (bins, C) so far
    class_violations: Integers  # (bins, C) so far
    action_delays: Floats
    backlog_area: float
    wait_total: float
    fines_gross: float
    review_total: float
    closed: tuple[int, int, int]  # cases dismissed, sanctioned, lapsed
    late_filings: int
    appeals: tuple[int, int, int]  # filed, rejected, upheld
    totals: Floats  # (len(TOTALS),)
    staff_cost: float  # RMB
    waiting_since: float  # sum of the days on which the cases still waiting were opened
    takedown_delays: Floats  # days from a complaint to the provider's own takedown
    spent: Floats  # (A,) RMB that each authority paid for investigations
    unfunded: Floats  # (A,) days that each authority's budget did not reach for another case
    # events that the engine handled, those included that it counts without handling; two engines count differently
    steps: int
    pending: int  # and those that were waiting at the horizon

    @property
    def rows(self) -> list[Row]:
        """The log as tuples."""
        return self.log.rows()


class Beginning(Protocol):
    """A world before anything happens in it."""

    @property
    def state(self) -> State: ...
    @property
    def table(self) -> Table: ...


class World:
    """Everything that the processes of one replication share."""

    def __init__(
        self,
        scenario: Scenario,
        numbers: list[tuple[float, Table]],
        seed: int,
        *,
        keep_log: bool,
        hook: Hook | None = None,
    ) -> None:
        self.env = simpy.Environment()
        self.clock = Clock(self.env, numbers[0][1].clock_step)
        self.table = numbers[0][1]
        self.regimes = numbers
        self.hook = hook
        self.seed = seed
        self.draws = compiled().for_python()
        self.initial = initial_state(scenario, self.table, self.draws, seed)
        self.state = as_lists(self.initial)
        self.behaviours = len(self.table.behaviours.rate)
        self.steps = len(self.table.steps.sanctions)
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
        self.providers = Providers(self)
        self.public = Public(self)
        self.platforms = Platforms(self)
        self.registry = Registry(self)
        self.app_stores = AppStores(self)
        self.supporters = Supporters(self)
        self.authorities = Authorities(self)
        self.inspections = Inspections(self)
        self.regulator = Regulator(self)
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
        self.public.start()
        self.supporters.start()
        self.providers.start()

    def change_policy(self, event: Any) -> None:
        """Another regime holds from now on. Cases under way are decided by it; sanctions imposed stand."""
        number = event._value
        self.pay_staff()
        # What accrues at a rate that the regime sets is booked up to now.
        for p in range(self.table.providers):
            if self.state.lawful_rate[p]:
                self.accrue(p)
        self.table = self.regimes[number][1]
        for actor in (
            self.providers, self.public, self.platforms, self.registry, self.app_stores,
            self.authorities, self.inspections, self.regulator, self.suspensions,
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
            self.rows.extend((self.env._now, kind, provider, case, rule, value))

    def penalty_rule(self, step: int) -> int:
        return self.behaviours + step

    def accrue(self, p: int) -> None:
        """Add up a provider's harm until now, and take its rate anew: to be called after each change of its causes."""
        state, now = self.state, self.env._now
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

    def take_census(self) -> Generator[Any, Any, None]:
        """Close each bin before anything else happens at its end: bins are half-open, like the horizon."""
        while True:
            event = simpy.Event(self.env)
            event._ok = True
            event._value = None
            self.env.schedule(event, 0, BIN)
            yield event
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
        ]
        self.bins.append((now, list(self.kinds), extras, list(self.class_occasions), list(self.class_violations)))

    def finish(self) -> None:
        """Book what is still under way at the horizon."""
        self.queue_changed(0)
        self.pay_staff()
        self.close_bin()
        for authority in range(len(self.authorities.budget)):
            self.authorities.end_shortage(authority)
        for p in range(self.table.providers):
            self.suspensions.end_downtime(p)
            self.providers.book_effort(p)
            if self.state.occasions[p]:
                self.log(int(Kind.OCCASION), p, 0, -1, float(self.state.occasions[p]))


@contextlib.contextmanager
def rare_collections() -> Generator[None, None, None]:
    """Let Python look for cyclic garbage seldom: there is little, and each search walks every waiting process."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def replicate(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Callable[[Beginning], None] | None = None,
    policy: Hook | None = None,
) -> Replication:
    """Run replication ``number`` of a run with ``seed`` on SimPy; the same arguments give the same bits on every
    machine.

    ``prepare`` may change the values in the state of the world before anything happens in it, so that a provider can be
    put there whose compliance was measured. The state's fields are lists here and arrays in :mod:`..compiled`.
    """
    with rare_collections():
        world = World(scenario, regimes(scenario), replication_seed(seed, number), keep_log=keep_log, hook=policy)
        if prepare is not None:
            prepare(world)
            # Compliance set from outside is what effort and failures start from.
            world.state.base[:] = world.state.compliance
        world.start()
        world.env.run(until=world.table.horizon)
        world.finish()
    ends, kinds, extras, occasions, violations = zip(*world.bins, strict=True)
    return Replication(
        number=number,
        log=columns(world.rows),
        state=as_arrays(world.state, world.initial),
        bin_ends=np.array(ends),
        kinds=np.array(kinds, dtype=np.int64),
        extras=np.array(extras, dtype=np.float64),
        class_occasions=np.array(occasions, dtype=np.int64),
        class_violations=np.array(violations, dtype=np.int64),
        action_delays=np.array(world.action_delays, dtype=np.float64),
        backlog_area=world.backlog_area,
        wait_total=world.wait_total,
        fines_gross=world.fines_gross,
        review_total=world.review_total,
        closed=(world.closed[0], world.closed[1], world.closed[2]),
        late_filings=world.late_filings,
        appeals=(world.appeals.filed, world.appeals.rejected, world.appeals.upheld),
        totals=np.array(world.totals, dtype=np.float64),
        staff_cost=world.staff_cost,
        waiting_since=world.waiting_since,
        takedown_delays=np.array(world.takedown_delays, dtype=np.float64),
        spent=np.array(world.authorities.spent, dtype=np.float64),
        unfunded=np.array(world.authorities.unfunded, dtype=np.float64),
        steps=next(world.env._eid) - len(world.env._queue),
        pending=len(world.env._queue),
    )
