"""The state of one replication: numbers in arrays by entity id, nothing else.

Flat arrays of (provider, behaviour) are indexed ``provider * B + behaviour``, those of (provider, store) ``provider *
S + store``, suspensions ``provider * 3 + function`` with the functions below.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple, cast

import numpy as np

from ..scenario.schema import Scenario
from .draws import Draws, Purpose
from .formulas import compliance_after_rectification, users_of, whole_steps
from .table import Floats, Integers, Table

NOT_ENTERED, ACTIVE, EXITED, REVOKED = range(4)
STATUS_NAMES = ("not-entered", "active", "exited", "revoked")

INSIDE, EXEMPT, ABROAD = range(3)
RIGHTLY, WRONGLY, COLLATERALLY = range(3)

UPDATES, REGISTRATION, SERVICE = range(3)
FUNCTIONS = 3


class State(NamedTuple):
    """N providers, B behaviours, S stores, D destinations of users who leave. Times are days; money RMB; harm user-days
    weighted by severity."""

    size_class: Any  # (N,)
    users: Any  # (N,)
    revenue: Any  # (N,) RMB a year
    entry: Any  # (N,) day of entry
    compliance: Any  # (N * B,)
    status: Any  # (N,)
    ended: Any  # (N,) day of exit or revocation, NaN before
    filed: Any  # (N,) day of the published filing, NaN before
    applied: Any  # (N,) 1 once a filing has been submitted
    strikes: Any  # (N,)
    struck: Any  # (N,) day of the last strike
    belief: Any  # (N,)
    believed: Any  # (N,) day of the last change of belief
    live: Any  # (N * B,) live violations
    live_severity: Any  # (N * B,)
    live_all: Any  # (N,) live violations of every rule
    live_epoch: Any  # (N * B,) raised when all of them are ended at once
    severity: Any  # (N,) total of live_severity
    copies: Any  # (N,) severity of copies on platforms
    copies_live: Any  # (N,) number of them
    exposure: Any  # (N,) share of users who can reach the service
    suspended: Any  # (N * 3,)
    suspended_until: Any  # (N * 3,)
    suspension_epoch: Any  # (N * 3,)
    service_since: Any  # (N,) day on which the present suspension of service began
    wrongly: Any  # (N,) RIGHTLY, WRONGLY (on an unfounded case) or COLLATERALLY (a breach of the supporter)
    listed: Any  # (N * S,)
    listing_epoch: Any  # (N * S,)
    open_cases: Any  # (N * B,)
    occasions: Any  # (N,)
    violations: Any  # (N,)
    cases: Any  # (N,)
    sanctions: Any  # (N,) times that a step of the ladder was imposed
    wrongful: Any  # (N,) of these, on unfounded cases
    repeated: Any  # (N,) of these, on a provider sanctioned before
    fines: Any  # (N,) RMB, net of fines given back
    downtime: Any  # (N,) days of suspended service
    innocent_downtime: Any  # (N,) of these, days on unfounded cases
    harm: Any  # (N,)
    harm_rate: Any  # (N,) per day
    harm_at: Any  # (N,) day up to which harm has been added up
    present: Any  # (N,) users now: those of the beginning, less those who moved away, with those who came
    outside: Any  # (N,) INSIDE, EXEMPT or ABROAD
    supporter: Any  # (N,) number of the technical supporter, -1 for none
    records: Any  # (N,) 1 where evidence is kept
    certified: Any  # (N,) 1 in the safe harbour
    group: Any  # (N,) 1 in the bad group of Harrington's targeting
    complained: Any  # (N,) complaints since the last inspection
    lives: Any  # (N,) times re-entered
    exits: Any  # (N,) times it gave up
    base: Any  # (N * B,) compliance without effort; `compliance` is what effort and failures make of it
    failing: Any  # (N,) factor on compliance while the supporter fails
    effort: Any  # (N,) 0 to 1
    effort_at: Any  # (N,) day up to which the cost of effort has been added up
    compliance_cost: Any  # (N,) RMB
    strictness: Any  # (N,) of the filter, 0 to 1
    lawful_rate: Any  # (N,) lawful use refused now, users' worth
    lawful_blocked: Any  # (N,) user-days' worth of lawful use refused
    harm_outside: Any  # (N,) harm while outside enforcement
    collateral_downtime: Any  # (N,) days suspended for a breach of the supporter
    claims: Any  # (N,) RMB awarded against it
    removed: Any  # (N * S,) 1 while removed from a store, by order or by the store itself
    moved: Any  # (N * (S + 1),) users who left for want of a store, or (last) of the service
    moved_to: Any  # (N * (S + 1) * D,) where they went, in D equal parts, -1: nowhere
    insolvent: Any  # (N,) times closed by what enforcement had cost it
    written_off: Any  # (N,) RMB that it had paid before it re-entered under another name


def initial_state(scenario: Scenario, table: Table, draws: Draws, seed: int) -> State:
    """The population at time zero: sizes, users, revenue, entry and compliance drawn for each provider."""
    n, behaviours, stores = table.providers, len(table.behaviours.rate), len(table.stores.share)
    classes = scenario.population.classes

    def zeros(size: int) -> Floats:
        return np.zeros(size, dtype=np.float64)

    def counts(size: int) -> Integers:
        return np.zeros(size, dtype=np.int64)

    def drawn(purpose: int, chance: Floats) -> Integers:
        """1 for each provider whose draw falls below the chance of its size class."""
        below: Integers = (draws.across(seed, purpose, 0, n) < chance[size_class]).astype(np.int64)
        return below

    def of_class(values: list[float]) -> Floats:
        each: Floats = np.array(values, dtype=np.float64)[size_class]
        return each

    shares = list(itertools.accumulate(item.share for item in classes))
    size_class = np.searchsorted(shares, draws.across(seed, Purpose.SIZE_CLASS, 0, n), side="right").clip(
        max=len(classes) - 1
    )
    size_class = size_class.astype(np.int64)
    sizes = zip(
        of_class([item.users for item in classes]).tolist(),
        of_class([item.spread for item in classes]).tolist(),
        draws.across(seed, Purpose.USERS, 0, n).tolist(),
        draws.across(seed, Purpose.USERS_SECOND, 0, n).tolist(),
        strict=True,
    )
    users = np.array([users_of(*each) for each in sizes], dtype=np.float64)
    revenue = users * of_class([item.revenue_per_user for item in classes])
    days = [day for day, _ in scenario.population.arrivals]
    by_then = [share for _, share in scenario.population.arrivals]
    entered = np.interp(draws.across(seed, Purpose.ENTRY, 0, n), by_then, days)
    entry = np.where(entered > 0.0, entered, 0.0)
    if table.clock_step:
        entry = np.array([whole_steps(day, table.clock_step) for day in entry.tolist()])
    by_behaviour = np.empty((n, behaviours))
    for b, risk in enumerate(scenario.behaviours):
        around = scenario.population.compliance_spread * (2.0 * draws.across(seed, Purpose.COMPLIANCE, b, n) - 1.0)
        wanted = of_class([item.compliance[risk.name] for item in classes]) + around
        by_behaviour[:, b] = np.where(wanted > 0.0, np.where(wanted < 1.0, wanted, 1.0), 0.0)
    direct = 1.0 - float(sum(table.stores.share.tolist()))
    supporter = np.full(n, -1, dtype=np.int64)
    if table.supporters.used_by > 0.0:
        building = draws.across(seed, Purpose.SUPPORTER, 0, n) < table.supporters.used_by
        choice = draws.across(seed, Purpose.SUPPORTER_CHOICE, 0, n)[building]
        supporter[building] = np.searchsorted(table.supporters.cumulative, choice, side="right")
    certified = drawn(Purpose.CERTIFIED, table.classes.certifies * float(table.safe_harbour.offered))
    joined = certified == 1
    by_behaviour[joined] = compliance_after_rectification(by_behaviour[joined], table.safe_harbour.gain)
    compliance = by_behaviour.ravel()
    return State(
        size_class=size_class,
        users=users,
        revenue=revenue,
        entry=entry,
        compliance=compliance,
        status=counts(n),
        ended=np.full(n, np.nan),
        filed=np.full(n, np.nan),
        applied=counts(n),
        strikes=counts(n),
        struck=zeros(n),
        belief=np.full(n, table.response.initial_belief),
        believed=zeros(n),
        live=counts(n * behaviours),
        live_severity=zeros(n * behaviours),
        live_all=counts(n),
        live_epoch=counts(n * behaviours),
        severity=zeros(n),
        copies=zeros(n),
        copies_live=counts(n),
        exposure=np.full(n, max(0.0, direct)),
        suspended=counts(n * FUNCTIONS),
        suspended_until=zeros(n * FUNCTIONS),
        suspension_epoch=counts(n * FUNCTIONS),
        service_since=zeros(n),
        wrongly=counts(n),
        listed=counts(n * stores),
        listing_epoch=counts(n * stores),
        open_cases=counts(n * behaviours),
        occasions=counts(n),
        violations=counts(n),
        cases=counts(n),
        sanctions=counts(n),
        wrongful=counts(n),
        repeated=counts(n),
        fines=zeros(n),
        downtime=zeros(n),
        innocent_downtime=zeros(n),
        harm=zeros(n),
        harm_rate=zeros(n),
        harm_at=zeros(n),
        present=users.copy(),
        outside=drawn(Purpose.EXEMPT, table.classes.exempt),
        supporter=supporter,
        records=drawn(Purpose.RECORDS, table.classes.records),
        certified=certified,
        group=counts(n),
        complained=counts(n),
        lives=counts(n),
        exits=counts(n),
        base=compliance.copy(),
        failing=np.ones(n),
        effort=zeros(n),
        effort_at=zeros(n),
        compliance_cost=zeros(n),
        strictness=zeros(n),
        lawful_rate=zeros(n),
        lawful_blocked=zeros(n),
        harm_outside=zeros(n),
        collateral_downtime=zeros(n),
        claims=zeros(n),
        removed=counts(n * stores),
        moved=zeros(n * (stores + 1)),
        moved_to=np.full(n * (stores + 1) * table.public.destinations, -1, dtype=np.int64),
        insolvent=counts(n),
        written_off=zeros(n),
    )


class _Fields:
    """The fields of a state as slots, which CPython reads three times as fast as the fields of a tuple."""

    __slots__ = State._fields


def as_lists(state: State) -> State:
    """The same numbers as lists, which CPython reads and writes several times as fast, one element at a time.

    The result has the fields of a :class:`State` and is no tuple.
    """
    lists = _Fields()
    for name, array in zip(State._fields, state, strict=True):
        setattr(lists, name, array.tolist())
    return cast(State, lists)


def as_arrays(state: State, like: State) -> State:
    """Lists made arrays again, of the types they had in ``like``."""
    return State(
        *(np.array(getattr(state, name), dtype=array.dtype) for name, array in zip(State._fields, like, strict=True))
    )
