"""One replication on the compiled engine, from a scenario to what :class:`..kernel.replication.Replication` holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.experimental import structref

from ..kernel.draws import compiled, replication_seed
from ..kernel.eventlog import Columns
from ..kernel.replication import BIN, EXTRAS, FUNDED, KINDS, TOTALS, Beginning, Replication, inspector_days
from ..kernel.state import Arrays, initial_state
from ..kernel.table import ADAPTIVE, Table
from ..kernel.tabulation import regimes
from ..scenario.schema import Scenario
from . import occasion
from .enforcement import inspection
from .events import FULL, advance, finish, start
from .machine.agenda import new_agenda
from .machine.compilation import entry
from .machine.layout import People, Rules, people, rules, state_of
from .machine.stream import AHEAD
from .world import APPEAL, APPEALS, AUTHORITY, CASE, CASES, FILING, FILINGS, PEERS, POOL, REMOVAL, REMOVALS, ROW, WORLD

SLICE = 2_000_000
"""Events between two checks for an interrupt: under a second."""

# glibc gives freed memory back to the system and takes it again for the next replication, page by page: a seventh of
# the time of one with 500 providers. It keeps as much as this once an area of the size has been freed (mallopt(3),
# M_MMAP_THRESHOLD).
np.empty(30 << 20, dtype=np.uint8)


class Setting(NamedTuple):
    """What a world begins with beside its rules and people."""

    seed: int
    keep_log: bool
    horizon: float
    step: float
    direct: float
    cumulative_users: Any
    peers: Any
    diligence: Any
    attention: Any
    built_on: Any
    first_built_on: Any
    supporter_until: Any
    pools: Any
    authorities: Any
    sanctioned_in_lot: Any
    bins: int
    kinds: int
    extras: int
    totals: int


class Counts(NamedTuple):
    """What a world leaves that Python reads."""

    action_delays: Any
    takedown_delays: Any
    bin_ends: Any
    bin_kinds: Any
    bin_extras: Any
    bin_occasions: Any
    bin_violations: Any
    backlog_area: float
    busy_area: float
    wait_total: float
    fines_gross: float
    review_total: float
    closed: Any
    late_filings: int
    appealed: Any
    totals: Any
    staff_cost: float
    waiting_since: float
    authorities: Any
    events: int
    pending: int


@entry
def make_world(setting: Any, rules: Any, people: Any) -> Any:
    w = structref.new(WORLD)
    w.now = 0.0
    w.step = setting.step
    w.horizon = setting.horizon
    w.census = BIN
    w.seed = setting.seed
    w.regime = 0
    w.latest = -1
    w.events = 0
    w.inspection_target = 0
    w.inspection_arrival = w.complaint_arrival = w.rumour_arrival = 0.0
    w.agenda = new_agenda(len(people.providers), setting.horizon)
    w.days = rules.days
    w.law = rules.law
    w.classes = rules.classes
    w.behaviours = rules.behaviours
    w.steps = rules.steps
    w.stores = rules.stores
    w.platforms = rules.platforms
    w.failures = rules.failures
    w.worst_failure = 1.0
    for regime in range(rules.failures.shape[0]):
        for number in range(rules.failures.shape[1]):
            w.worst_failure = min(w.worst_failure, rules.failures[regime, number].factor)
    w.inspectors = rules.inspectors
    w.reviewers = rules.reviewers
    w.budgets = rules.budgets
    w.authority_of = rules.authority_of
    w.registry_of = rules.registry_of
    w.cumulative = rules.cumulative
    w.platform_cumulative = rules.platform_cumulative
    w.providers = people.providers
    w.duties = people.duties
    w.functions = people.functions
    w.listings = people.listings
    w.moved = people.moved
    w.moved_to = people.moved_to
    w.cumulative_users = setting.cumulative_users
    w.peers = setting.peers
    w.direct = setting.direct
    w.diligence = setting.diligence
    w.staffed_at = np.zeros(len(setting.diligence))
    w.copies_staffed_at = np.zeros(len(setting.attention))
    w.attention = setting.attention
    w.built_on = setting.built_on
    w.first_built_on = setting.first_built_on
    w.supporter_until = setting.supporter_until
    w.supporter_sanctions = 0
    cases = structref.new(CASES)
    cases.records = np.empty(256, CASE)
    cases.free = -1
    cases.used = 0
    w.cases = cases
    appeals = structref.new(APPEALS)
    appeals.records = np.empty(64, APPEAL)
    appeals.free = -1
    appeals.used = 0
    w.appeals = appeals
    filings = structref.new(FILINGS)
    filings.records = np.empty(64, FILING)
    filings.free = -1
    filings.used = 0
    w.filings = filings
    removals = structref.new(REMOVALS)
    removals.records = np.empty(64, REMOVAL)
    removals.free = -1
    removals.used = 0
    w.removals = removals
    w.pools = setting.pools
    w.authorities = setting.authorities
    w.focus = -1
    w.sanctioned_in_lot = setting.sanctioned_in_lot
    w.draws_ahead = np.empty(2 * AHEAD)
    w.violation_draws = np.empty(len(occasion.PURPOSES))
    w.inspection_draws = np.empty(len(inspection.PURPOSES))
    w.keep_log = setting.keep_log
    w.rows = np.empty(FULL + FULL // 8, ROW)
    w.logged = 0
    w.kinds = np.zeros(setting.kinds, np.int64)
    classes = rules.classes.shape[1]
    w.class_occasions = np.zeros(classes, np.int64)
    w.class_violations = np.zeros(classes, np.int64)
    w.counted_ahead = np.zeros((classes, setting.bins), np.int64)
    w.totals = np.zeros(setting.totals)
    w.fines = w.fines_gross = w.wait_total = w.review_total = 0.0
    w.closed = np.zeros(3, np.int64)
    w.backlog = 0
    w.backlog_at = w.backlog_area = 0.0
    w.busy = 0
    w.busy_at = w.busy_area = 0.0
    w.listed = w.service_suspended = w.violations_live = w.late_filings = 0
    w.appealed = np.zeros(3, np.int64)
    w.action_delays = np.empty(256)
    w.takedown_delays = np.empty(256)
    w.actions = w.takedowns = 0
    w.staff_cost = w.staff_paid = w.waiting_since = 0.0
    w.bins = 0
    w.bin_ends = np.zeros(setting.bins)
    w.bin_kinds = np.zeros((setting.bins, setting.kinds), np.int64)
    w.bin_extras = np.zeros((setting.bins, setting.extras))
    w.bin_occasions = np.zeros((setting.bins, classes), np.int64)
    w.bin_violations = np.zeros((setting.bins, classes), np.int64)
    return w


@entry
def counts_of(w: Any) -> Any:
    return Counts(
        w.action_delays[: w.actions],
        w.takedown_delays[: w.takedowns],
        w.bin_ends[: w.bins],
        w.bin_kinds[: w.bins],
        w.bin_extras[: w.bins],
        w.bin_occasions[: w.bins],
        w.bin_violations[: w.bins],
        w.backlog_area,
        w.busy_area,
        w.wait_total,
        w.fines_gross,
        w.review_total,
        w.closed,
        w.late_filings,
        w.appealed,
        w.totals,
        w.staff_cost,
        w.waiting_since,
        w.authorities,
        w.events + w.counted_ahead.sum(),
        w.agenda.pending,
    )


@entry
def rows_of(w: Any) -> Any:
    return w.rows[: w.logged]


@entry
def empty_log(w: Any) -> None:
    w.logged = 0


class Log:
    """The log of a world, taken from it piece by piece: one that is as long as the run would be moved about as it
    grows.
    """

    def __init__(self) -> None:
        self.pieces: list[list[Any]] = [[] for _ in Columns._fields]

    def take(self, world: Any) -> None:
        """Move the rows that a world has logged here."""
        rows = rows_of(world)
        for name, pieces in zip(Columns._fields, self.pieces, strict=True):
            pieces.append(np.ascontiguousarray(rows[name]))
        empty_log(world)

    def columns(self) -> Columns:
        """All rows. What was taken is gone then, column by column, so that little of it is in memory twice."""
        columns = []
        for pieces in self.pieces:
            columns.append(np.concatenate(pieces))
            pieces.clear()
        return Columns(*columns)


def run(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Callable[[Beginning], None] | None = None,
) -> Replication:
    """See :func:`..reference.engine.replicate`."""
    tables, law = _numbers_of(scenario)
    table, own_seed = tables[0][1], replication_seed(seed, number)
    state = initial_state(scenario, table, compiled(), own_seed)
    if prepare is not None:
        prepare(Beginning(state, table))
        # Compliance set from outside is what effort and failures start from.
        state.base[:] = state.compliance
    setting = _setting(table, state, own_seed, keep_log)
    persons = people(state)
    world = make_world(setting, law, persons)
    start(world)
    log = Log()
    while not advance(world, SLICE):
        log.take(world)
    finish(world)
    log.take(world)
    return _replication(number, log.columns(), persons, counts_of(world), inspector_days(tables))


_latest: list[tuple[Scenario, list[tuple[float, Table]], Rules]] = []


def _numbers_of(scenario: Scenario) -> tuple[list[tuple[float, Table]], Rules]:
    """The tables of a scenario, as they are and as records: made once for replications that follow one another.

    Of 500 providers over five years that is a thirtieth of a replication. No world writes into them.
    """
    for one, tables, law in _latest:
        if one is scenario:
            return tables, law
    tables = regimes(scenario)
    law = rules(tables)
    _latest[:] = [(scenario, tables, law)]
    return tables, law


def _setting(table: Any, state: Arrays, seed: int, keep_log: bool) -> Setting:
    shares = table.stores.share.tolist()
    sizes = np.bincount(state.size_class, minlength=len(table.classes.gain))
    behaviours = len(table.behaviours.rate)
    peers = np.zeros(len(sizes) * behaviours, PEERS)
    peers["count"] = np.repeat(np.maximum(1, sizes), behaviours)
    if table.response.model == ADAPTIVE:
        peers["belief"] = table.response.initial_belief
    supporters = len(table.supporters.cumulative)
    users = np.add.accumulate(state.users)
    pools = np.zeros(len(table.authorities.inspectors) + len(table.authorities.reviewers), POOL)
    authorities = np.zeros(len(table.authorities.inspectors), AUTHORITY)
    authorities["left"] = table.authorities.budget
    authorities["unfunded_since"] = FUNDED
    for field in ("first", "last", "first_serious", "last_serious"):
        pools[field] = -1
    return Setting(
        seed=seed,
        keep_log=keep_log,
        horizon=table.horizon,
        step=table.clock_step,
        direct=max(0.0, 1.0 - float(sum(shares))),
        cumulative_users=users / users[-1],
        peers=peers,
        diligence=table.stores.diligence.copy(),
        attention=np.ones(len(table.platforms.lag)),
        built_on=np.flatnonzero(state.supporter >= 0)[
            np.argsort(state.supporter[state.supporter >= 0], kind="stable")
        ].astype(np.int64),
        first_built_on=np.searchsorted(
            np.sort(state.supporter[state.supporter >= 0]), np.arange(supporters + 1)
        ).astype(np.int64),
        supporter_until=np.zeros(supporters),
        pools=pools,
        authorities=authorities,
        sanctioned_in_lot=np.zeros(table.targeting.lots, np.int64),
        bins=math.ceil(table.horizon / BIN) + 1,
        kinds=KINDS,
        extras=len(EXTRAS),
        totals=len(TOTALS),
    )


def _replication(number: int, log: Columns, persons: People, counts: Counts, staff_days: float) -> Replication:
    closed, appealed = counts.closed.tolist(), counts.appealed.tolist()
    return Replication(
        number=number,
        log=log,
        state=state_of(persons),
        bin_ends=counts.bin_ends.copy(),
        kinds=counts.bin_kinds.copy(),
        extras=counts.bin_extras.copy(),
        class_occasions=counts.bin_occasions.copy(),
        class_violations=counts.bin_violations.copy(),
        action_delays=counts.action_delays.copy(),
        backlog_area=counts.backlog_area,
        busy_area=counts.busy_area,
        inspector_days=staff_days,
        wait_total=counts.wait_total,
        fines_gross=counts.fines_gross,
        review_total=counts.review_total,
        closed=(closed[0], closed[1], closed[2]),
        late_filings=counts.late_filings,
        appeals=(appealed[0], appealed[1], appealed[2]),
        totals=counts.totals,
        staff_cost=counts.staff_cost,
        waiting_since=counts.waiting_since,
        takedown_delays=counts.takedown_delays.copy(),
        spent=np.ascontiguousarray(counts.authorities["spent"]),
        unfunded=np.ascontiguousarray(counts.authorities["unfunded"]),
        steps=counts.events,
        pending=counts.pending,
    )
