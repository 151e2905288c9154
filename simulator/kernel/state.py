"""The state of one replication: numbers in arrays by entity id, nothing else.

Flat arrays of (provider, behaviour) are indexed ``provider * B + behaviour``, those of (provider, store) ``provider *
S + store``, suspensions ``provider * 3 + function`` with the functions below.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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


F = TypeVar("F")
N = TypeVar("N")


@dataclass(slots=True)
class State(Generic[F, N]):
    """``F`` holds floats and ``N`` whole numbers: arrays in :data:`Arrays`, lists in :data:`Lists`.

    P providers, B behaviours, S stores, D destinations of users who leave. Times are days; money RMB; harm user-days
    weighted by severity."""

    size_class: N  # (P,)
    users: F  # (P,)
    revenue: F  # (P,) RMB per year
    entry: F  # (P,) day of entry
    compliance: F  # (P * B,)
    status: N  # (P,)
    ended: F  # (P,) day of exit or revocation, NaN before
    filed: F  # (P,) day of the published filing, NaN before
    applied: N  # (P,) 1 once a filing has been submitted
    strikes: N  # (P,)
    struck: F  # (P,) day of the last strike
    belief: F  # (P * B,) own belief; once it has entered and learns from its class, the distance from the latter's
    believed: F  # (P * B,) day of the last change of belief
    live: N  # (P * B,) live violations
    live_severity: F  # (P * B,)
    live_all: N  # (P,) live violations of every rule
    live_epoch: N  # (P * B,) raised when all of them are ended at once
    severity: F  # (P,) total of live_severity
    copies: F  # (P,) severity of copies on platforms
    copies_live: N  # (P,) number of them
    exposure: F  # (P,) share of users who can reach the service
    suspended: N  # (P * 3,)
    suspended_until: F  # (P * 3,)
    suspension_epoch: N  # (P * 3,)
    service_since: F  # (P,) day on which the present suspension of service began
    wrongly: N  # (P,) RIGHTLY, WRONGLY (on an unfounded case) or COLLATERALLY (a breach of the supporter)
    listed: N  # (P * S,)
    listing_epoch: N  # (P * S,)
    open_cases: N  # (P * B,)
    occasions: N  # (P,)
    violations: N  # (P,)
    cases: N  # (P,)
    sanctions: N  # (P,) times that a step of the ladder was imposed
    wrongful: N  # (P,) of these, on unfounded cases
    repeated: N  # (P,) of these, on a provider sanctioned before
    fines: F  # (P,) RMB, net of fines given back
    downtime: F  # (P,) days of suspended service
    innocent_downtime: F  # (P,) of these, days on unfounded cases
    harm: F  # (P,)
    harm_rate: F  # (P,) per day
    harm_at: F  # (P,) day up to which harm has been added up
    present: F  # (P,) users now: those of the beginning, less those who moved away, with those who came
    outside: N  # (P,) INSIDE, EXEMPT or ABROAD
    supporter: N  # (P,) number of the technical supporter, -1 for none
    records: N  # (P,) 1 where evidence is kept
    certified: N  # (P,) 1 in the safe harbour
    group: N  # (P,) 1 in the bad group of Harrington's targeting
    complained: N  # (P,) complaints since the last inspection
    lives: N  # (P,) times re-entered
    exits: N  # (P,) times it gave up
    base: F  # (P * B,) compliance without effort; `compliance` is what effort and failures make of it
    failing: F  # (P,) factor on compliance while the supporter fails
    effort: F  # (P * B,) 0 to 1
    effort_at: F  # (P,) day up to which the cost of effort has been added up
    compliance_cost: F  # (P,) RMB
    strictness: F  # (P,) of the filter, 0 to 1
    lawful_rate: F  # (P,) lawful use refused now, users' worth
    lawful_blocked: F  # (P,) user-days' worth of lawful use refused
    harm_outside: F  # (P,) harm while outside enforcement
    collateral_downtime: F  # (P,) days suspended for a breach of the supporter
    claims: F  # (P,) RMB awarded against it
    removed: N  # (P * S,) 1 while removed from a store, by order or by the store itself
    moved: F  # (P * (S + 1),) users who left for want of a store, or (last) of the service
    moved_to: N  # (P * (S + 1) * D,) where they went, in D equal parts, -1: nowhere
    insolvent: N  # (P,) times closed by what enforcement had cost it
    punished: N  # (P * B,) live violations for which a sanction has come already
    written_off: F  # (P,) RMB that it had paid before it re-entered under another name
    first_sanction: F  # (P,) day of the first sanction, NaN before
    first_removal: F  # (P,) day on which a store first removed it, by order or unasked, NaN before

    def values(self) -> list[Any]:
        """The numbers of every field, in the order of :data:`FIELDS`."""
        return [getattr(self, name) for name in FIELDS]


Arrays = State[Floats, Integers]
"""What a world begins with and leaves behind."""
Lists = State[list[float], list[int]]
"""What the SimPy engine works on: CPython reads and writes one element of a list several times as fast."""

FIELDS: dict[str, type] = {
    field.name: np.int64 if field.type == "N" else np.float64 for field in dataclasses.fields(State)
}
"""The type of each field's numbers, in order."""


def initial_state(scenario: Scenario, table: Table, draws: Draws, seed: int) -> Arrays:
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

    # Classes are apportioned. Which provider is of which class follows from the order of their draws.
    order = np.argsort(draws.across(seed, Purpose.SIZE_CLASS, 0, n), kind="stable")
    size_class = np.empty(n, dtype=np.int64)
    size_class[order] = np.repeat(np.arange(len(classes)), scenario.population.members)
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
    by_behaviour, inclined = np.empty((n, behaviours)), zeros(n)
    for b, risk in enumerate(scenario.behaviours):
        leaning = 2.0 * draws.across(seed, Purpose.COMPLIANCE, b, n) - 1.0
        around = scenario.population.compliance_spread * leaning
        inclined += leaning / behaviours
        wanted = of_class([item.compliance[risk.name] for item in classes]) + around
        by_behaviour[:, b] = np.where(wanted > 0.0, np.where(wanted < 1.0, wanted, 1.0), 0.0)
    direct = 1.0 - float(sum(table.stores.share.tolist()))
    supporter = np.full(n, -1, dtype=np.int64)
    if table.supporters.used_by > 0.0:
        building = draws.across(seed, Purpose.SUPPORTER, 0, n) < table.supporters.used_by
        choice = draws.across(seed, Purpose.SUPPORTER_CHOICE, 0, n)[building]
        supporter[building] = np.searchsorted(table.supporters.cumulative, choice, side="right")
    harbour = table.safe_harbour
    joins = (table.classes.certifies * float(harbour.offered))[size_class]
    if harbour.selection:
        # Means over many behaviours lie close to 0: by rank, each tenth of providers is as large.
        rank = np.argsort(np.argsort(inclined, kind="stable"), kind="stable")
        joins = joins * (1.0 + harbour.selection * (1.0 - 2.0 * (rank + 0.5) / n))
    certified = (draws.across(seed, Purpose.CERTIFIED, 0, n) < joins).astype(np.int64)
    joined = certified == 1
    if harbour.false_share > 0.0:
        joined &= draws.across(seed, Purpose.CERTIFICATE_FALSE, 0, n) >= harbour.false_share
    by_behaviour[joined] = compliance_after_rectification(by_behaviour[joined], harbour.gain)
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
        belief=np.full(n * behaviours, table.response.initial_belief),
        believed=zeros(n * behaviours),
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
        effort=zeros(n * behaviours),
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
        punished=counts(n * behaviours),
        written_off=zeros(n),
        first_sanction=np.full(n, np.nan),
        first_removal=np.full(n, np.nan),
    )


def as_lists(state: Arrays) -> Lists:
    """The same numbers as lists."""
    return State(*(values.tolist() for values in state.values()))


def as_arrays(state: Lists) -> Arrays:
    """Lists made arrays again."""
    return State(*map(np.array, state.values(), FIELDS.values()))
