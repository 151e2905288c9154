"""The world of one replication in one structure, and what every actor does to it: rows of the log, harm, the queue,
bins.

``w`` is always the world, ``p`` the index of a provider. Times are days since the start, money is RMB, harm is
user-days. These functions are compiled: an index out of range is not noticed, and nothing is raised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.experimental import structref

from ..kernel.state import ACTIVE
from .machine.agenda import AGENDA, array_of
from .machine.compilation import Structure, jit
from .machine.layout import BEHAVIOUR, CLASS, DUTY, FAILURE, FUNCTION, LAW, LISTING, PLATFORM, PROVIDER, STEP, STORE

ROW = np.dtype(
    [("time", "f8"), ("value", "f8"), ("case", "i8"), ("provider", "i4"), ("kind", "i2"), ("rule", "i2")], align=True
)
# All whole numbers but those of a row have one width: numba compiles a function again for every other type it is given.
CASE = np.dtype(
    [
        ("provider", "i8"),
        ("number", "i8"),
        ("opened", "f8"),
        ("behaviour", "i8"),
        ("authority", "i8"),
        ("step", "i8"),
        ("held", "i8"),  # by its own course and by appeals under way: at zero the record is free
        ("founded", "?"),
        ("serious", "?"),
        ("overturned", "?"),
        ("self_reported", "?"),
        ("refused", "?"),
        ("next", "i8"),
    ],
    align=True,
)
APPEAL = np.dtype(
    [
        ("case", "i8"),
        ("step", "i8"),
        ("regime", "i8"),
        ("refused", "?"),
        # What the step set in force, which a successful appeal undoes; epochs are -1 where nothing was suspended.
        ("in_force", "?"),
        ("removal", "?"),
        ("fine", "f8"),
        ("updates", "i8"),
        ("registration", "i8"),
        ("service", "i8"),
        ("next", "i8"),
    ],
    align=True,
)
FILING = np.dtype(
    [
        ("provider", "i8"),
        ("life", "i8"),
        ("attempt", "i8"),
        ("pool", "i8"),
        ("regime", "i8"),
        ("arrived", "f8"),
        ("in_review", "f8"),
        ("next", "i8"),
    ],
    align=True,
)
REMOVAL = np.dtype(
    [
        ("provider", "i8"),
        ("store", "i8"),
        ("case", "i8"),
        ("days", "f8"),
        ("lag", "f8"),
        ("epoch", "i8"),
        ("attempt", "i8"),
        ("ordered", "?"),
        ("next", "i8"),
    ],
    align=True,
)
POOL = np.dtype(
    [
        ("capacity", "i8"),
        ("busy", "i8"),
        ("first", "i8"),
        ("last", "i8"),
        ("first_serious", "i8"),
        ("last_serious", "i8"),
    ]
)
"""People who take up cases or filings, and what waits for them, linked by ``next``: serious cases have a queue of their
own where they go first. -1: nothing.
"""
AUTHORITY = np.dtype(
    [("left", "f8"), ("investigating", "i8"), ("unfunded_since", "f8"), ("spent", "f8"), ("unfunded", "f8")], align=True
)
PEERS = np.dtype(
    [
        ("count", "i8"),
        ("entered", "i8"),
        ("belief", "f8"),
        ("believed", "f8"),
        ("acted", "f8"),
        ("resolved", "f8"),
    ],
    align=True,
)
"""What a size class has seen of its members' breaches of one behaviour, and when that was last brought up to date. The
record of the first behaviour also holds how many members there are and how many have entered so far.
"""


@structref.register
class _Cases(Structure):
    pass


@structref.register
class _Appeals(Structure):
    pass


@structref.register
class _Filings(Structure):
    pass


@structref.register
class _Removals(Structure):
    pass


@structref.register
class _World(Structure):
    pass


class World(structref.StructRefProxy):  # type: ignore[misc]
    """A world as Python holds it: opaque, passed from one compiled function to another."""


structref.define_boxing(_World, World)


def _store(dtype: Any) -> list[tuple[str, Any]]:
    """Records that are taken and given back: the first of those that are free, -1 for none, and how many were ever
    used.
    """
    return [("records", array_of(dtype)), ("free", types.int64), ("used", types.int64)]


CASES, APPEALS, FILINGS, REMOVALS = (
    _Cases(_store(CASE)),
    _Appeals(_store(APPEAL)),
    _Filings(_store(FILING)),
    _Removals(_store(REMOVAL)),
)

WORLD = _World(
    [
        ("now", types.float64),
        ("step", types.float64),  # days of the clock, 0 for continuous time
        ("horizon", types.float64),
        ("census", types.float64),  # the day on which the present bin ends
        ("seed", types.int64),
        ("regime", types.int64),
        ("latest", types.int64),  # greatest key of what has happened at this moment, -1 for nothing yet
        ("events", types.int64),
        # the next of each stream for the whole market, in continuous time
        ("inspection_arrival", types.float64),
        ("inspection_target", types.int64),  # the provider that the next candidate is
        ("complaint_arrival", types.float64),
        ("rumour_arrival", types.float64),
        ("agenda", AGENDA),
        # the rules: see layout.Rules
        ("days", array_of("f8")),
        ("law", array_of(LAW)),
        ("classes", array_of(CLASS, 2)),
        ("behaviours", array_of(BEHAVIOUR, 2)),
        ("steps", array_of(STEP, 2)),
        ("stores", array_of(STORE, 2)),
        ("platforms", array_of(PLATFORM, 2)),
        ("failures", array_of(FAILURE, 2)),
        ("worst_failure", types.float64),  # smallest factor on compliance, 1 where no supporter fails
        ("inspectors", array_of("i8", 2)),
        ("reviewers", array_of("i8", 2)),
        ("budgets", array_of("f8", 2)),
        ("authority_of", array_of("i8")),
        ("registry_of", array_of("i8")),
        ("cumulative", array_of("f8")),
        ("platform_cumulative", array_of("f8")),
        # the people: see layout.People
        ("providers", array_of(PROVIDER)),
        ("duties", array_of(DUTY)),
        ("functions", array_of(FUNCTION)),
        ("listings", array_of(LISTING)),
        ("moved", array_of("f8")),
        ("moved_to", array_of("i8")),
        ("cumulative_users", array_of("f8")),
        ("peers", array_of(PEERS)),  # (C * B,)
        ("direct", types.float64),  # share of users who need no store
        ("diligence", array_of("f8")),  # (S,) of the stores' checks
        ("staffed_at", array_of("f8")),  # (S,) when the staff of a store has handled the orders that it has
        ("copies_staffed_at", array_of("f8")),  # (P,) when the staff of a platform has handled the reports that it has
        ("attention", array_of("f8")),  # (P,) what fines have left of the share that a platform misses
        ("built_on", array_of("i8")),  # providers by supporter, those of supporter s from first_built_on[s] on
        ("first_built_on", array_of("i8")),
        ("supporter_until", array_of("f8")),
        ("supporter_sanctions", types.int64),
        # the regulator
        ("cases", CASES),
        ("appeals", APPEALS),
        ("filings", FILINGS),
        ("removals", REMOVALS),
        ("pools", array_of(POOL)),  # inspectors of each authority, then reviewers
        ("authorities", array_of(AUTHORITY)),
        ("focus", types.int64),
        ("sanctioned_in_lot", array_of("i8")),
        # what is counted
        ("draws_ahead", array_of("f8")),  # of the occasions that are being read: see stream.read_ahead
        ("violation_draws", array_of("f8")),  # of the violation that begins: see occasion.violate
        ("inspection_draws", array_of("f8")),  # of the candidate that comes next: see inspection.expect_inspection
        ("keep_log", types.boolean),
        ("rows", array_of(ROW)),
        ("logged", types.int64),
        ("kinds", array_of("i8")),
        ("class_occasions", array_of("i8")),
        ("class_violations", array_of("i8")),
        ("counted_ahead", array_of("i8", 2)),  # (C, bins) occasions in each bin that never stood in the agenda
        ("totals", array_of("f8")),
        ("fines", types.float64),
        ("fines_gross", types.float64),
        ("wait_total", types.float64),
        ("review_total", types.float64),
        ("closed", array_of("i8")),  # cases dismissed, sanctioned, lapsed
        ("backlog", types.int64),
        ("backlog_at", types.float64),
        ("backlog_area", types.float64),
        ("busy", types.int64),
        ("busy_at", types.float64),
        ("busy_area", types.float64),
        ("listed", types.int64),
        ("service_suspended", types.int64),
        ("violations_live", types.int64),
        ("late_filings", types.int64),
        ("appealed", array_of("i8")),  # filed, rejected, upheld
        ("action_delays", array_of("f8")),
        ("actions", types.int64),
        ("takedown_delays", array_of("f8")),
        ("takedowns", types.int64),
        ("staff_cost", types.float64),
        ("staff_paid", types.float64),
        ("waiting_since", types.float64),
        ("bins", types.int64),
        ("bin_ends", array_of("f8")),
        ("bin_kinds", array_of("i8", 2)),
        ("bin_extras", array_of("f8", 2)),
        ("bin_occasions", array_of("i8", 2)),
        ("bin_violations", array_of("i8", 2)),
    ]
)


@jit
def take(store: Any) -> int:
    """The index of a free record in ``store.records``, which doubles when none is left. The record holds what was in it
    before: the caller writes every field.
    """
    place: int = store.free
    if place >= 0:
        store.free = store.records[place].next
        return place
    place = store.used
    store.used = place + 1
    if place == len(store.records):
        more = np.empty(2 * place, store.records.dtype)
        more[:place] = store.records
        store.records = more
    return place


@jit
def give(store: Any, place: int) -> None:
    """Make the record at index ``place`` free again. Give each back once, when nothing refers to it any more."""
    store.records[place].next = store.free
    store.free = place


@jit
def log(w: Any, kind: int, provider: int, case: int, rule: int, value: float) -> None:
    """Count an event, and append its row to the log unless none is kept: ``rule`` is a behaviour's index,
    ``behaviours + step`` for a penalty, or -1. What ``value`` means depends on the kind: see :mod:`..kernel.eventlog`.
    """
    w.kinds[kind] += 1
    if not w.keep_log:
        return
    end = w.logged
    if end == len(w.rows):
        more = np.empty(2 * end, ROW)
        more[:end] = w.rows
        w.rows = more
    row = w.rows[end]
    row.time = w.now
    row.kind = kind
    row.provider = provider
    row.case = case
    row.rule = rule
    row.value = value
    w.logged = end + 1


@jit
def note_action(w: Any, days: float) -> None:
    """Keep the days from the opening of a case to its verdict, for one that is upheld."""
    if w.actions == len(w.action_delays):
        w.action_delays = _twice_as_long(w.action_delays)
    w.action_delays[w.actions] = days
    w.actions += 1


@jit
def note_takedown(w: Any, days: float) -> None:
    """Keep the days from a complaint to the provider's own takedown."""
    if w.takedowns == len(w.takedown_delays):
        w.takedown_delays = _twice_as_long(w.takedown_delays)
    w.takedown_delays[w.takedowns] = days
    w.takedowns += 1


@jit
def _twice_as_long(values: Any) -> Any:
    more = np.empty(2 * len(values), values.dtype)
    more[: len(values)] = values
    return more


@jit
def accrue(w: Any, p: int) -> None:
    """Add up a provider's harm until now, and compute its rate again. Call this after each change of its causes."""
    provider, now = w.providers[p], w.now
    rate = provider.harm_rate
    if rate != 0.0:
        harm = rate * (now - provider.harm_at)
        provider.harm += harm
        if provider.outside != 0:
            provider.harm_outside += harm
    if provider.lawful_rate != 0.0:
        provider.lawful_blocked += provider.lawful_rate * (now - provider.harm_at)
    provider.harm_at = now
    reached = provider.meets != 0
    severity = provider.severity
    if severity != 0.0:
        severity = severity * provider.exposure if reached else 0.0
    provider.harm_rate = provider.present * (severity + provider.copies)
    if provider.strictness != 0.0 or provider.lawful_rate != 0.0:
        blocked = provider.strictness * w.law[w.regime].response.lawful_blocked * provider.exposure if reached else 0.0
        provider.lawful_rate = provider.present * blocked


@jit
def queue_changed(w: Any, by: int) -> None:
    """``by`` more cases wait from now on, fewer where it is negative; the area under the queue (case-days) grows."""
    w.backlog_area += w.backlog * (w.now - w.backlog_at)
    w.backlog_at = w.now
    w.backlog += by


@jit
def inspectors_busy(w: Any, by: int) -> None:
    """``by`` more inspectors are at work from now on, fewer where it is negative; their area (inspector-days) grows."""
    w.busy_area += w.busy * (w.now - w.busy_at)
    w.busy_at = w.now
    w.busy += by


@jit
def pay_staff(w: Any) -> None:
    """Book what inspectors and reviewers of the current regime cost since the last call, in RMB."""
    people = w.law[w.regime].registry.reviewers
    for authority in range(w.inspectors.shape[1]):
        people += w.inspectors[w.regime, authority]
    w.staff_cost += people * w.law[w.regime].staff.cost * (w.now - w.staff_paid)
    w.staff_paid = w.now


@jit
def close_bin(w: Any) -> None:
    """Book harm until now, and write all counts and levels as the next row of the bins."""
    now, harm, active, filed = w.now, 0.0, 0, 0
    for p in range(len(w.providers)):
        provider = w.providers[p]
        passed = max(now - provider.harm_at, 0.0)
        more = provider.harm_rate * passed
        provider.harm += more
        if provider.outside > 0:
            provider.harm_outside += more
        provider.lawful_blocked += provider.lawful_rate * passed
        provider.harm_at = max(now, provider.harm_at)
        harm += provider.harm
        active += provider.status == ACTIVE
        filed += provider.filed >= 0.0
    number = w.bins
    w.bins = number + 1
    for c in range(len(w.class_occasions)):
        w.class_occasions[c] += w.counted_ahead[c, number]
    w.bin_ends[number] = now
    w.bin_kinds[number] = w.kinds
    w.bin_occasions[number] = w.class_occasions
    w.bin_violations[number] = w.class_violations
    extras = w.bin_extras[number]
    extras[0] = w.fines
    extras[1] = harm
    extras[2] = w.backlog
    extras[3] = w.listed
    extras[4] = active
    extras[5] = filed
    extras[6] = w.service_suspended
    extras[7] = w.violations_live
    extras[8] = w.busy
