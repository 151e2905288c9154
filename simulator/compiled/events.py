"""The course of time: what comes next happens, until the horizon."""

from __future__ import annotations

from typing import Any

from ..kernel.eventlog import Kind
from ..kernel.replication import BIN
from ..kernel.state import FUNCTIONS
from . import app_store, life, occasion, platform, public, registry, supporter
from .deterrence import join_class, review
from .enforcement import appeal, authority, casework, inspection, sweep
from .enforcement.authority import employ
from .enforcement.suspension import expire
from .machine import agenda, stream
from .machine.agenda import (
    NEVER,
    case_of,
    give_back,
    kind_of,
    pop_first,
    provider_of,
    remove_first,
    schedule,
    turn_pages,
)
from .machine.compilation import borrowed, entry, jit, prefetch
from .machine.pools import grant, resize
from .world import accrue, close_bin, inspectors_busy, log, pay_staff, queue_changed

ENTERED, OCCASION, POLICY_CHANGED = int(Kind.ENTERED), int(Kind.OCCASION), int(Kind.POLICY_CHANGED)
FULL = 1 << 13
"""Rows of the log after which Python takes them: as many as stay in the processor's cache."""
SUPPORTER_FAILED, STORE_FINED = int(Kind.SUPPORTER_FAILED), int(Kind.STORE_FINED)


@entry
def start(world: Any) -> None:
    """Put into the agenda what is bound to happen."""
    w = borrowed(world)
    law = w.law[0]
    for pool in range(w.reviewers.shape[1]):
        resize(w, len(w.authorities) + pool, max(1, w.reviewers[0, pool]))
    for number in range(len(w.authorities)):
        employ(w, number)
    for number in range(1, len(w.days)):
        schedule(w, w.days[number], POLICY_CHANGED, 0, number, agenda.REGIME_BEGINS)
    authority.begin_budgets(w)
    if law.targeting.lots > 1:
        inspection.concentrate(w, 0)
    if law.detection.inspection_ceiling > 0.0:
        inspection.expect_inspection(w, 0)
    if law.store_duty.audit_days > 0.0 and w.stores.shape[1] > 0:
        schedule(w, law.store_duty.audit_days, STORE_FINED, 0, 0, agenda.STORES_AUDITED)
    if law.store_duty.sweep_days > 0.0 and w.stores.shape[1] > 0:
        sweep.expect_sweep(w, 0)
    if law.public.false_complaint_rate > 0.0:
        public.expect_false_complaint(w, 0)
    if law.public.rumour_rate > 0.0:
        public.expect_rumour(w, 0)
    for number in range(w.failures.shape[1]):
        schedule(w, w.failures[0, number].day, SUPPORTER_FAILED, 0, number, agenda.SUPPORTER_FAILS)
    for p in range(len(w.providers)):
        if w.providers[p].entry < w.horizon:
            schedule(w, w.providers[p].entry, ENTERED, p, 0, agenda.ENTRY)


@entry
def advance(world: Any, most: int) -> bool:
    """Let at most this many events happen, or fewer if the log should be taken; whether the horizon has been
    reached.
    """
    w = borrowed(world)
    plan = w.agenda
    for _ in range(most):
        if w.logged >= FULL:
            return False
        w.events += 1
        look_ahead(w)
        if plan.starting.first < plan.starting.end:
            begin(w)
            continue
        if plan.granted.first < plan.granted.end:
            go_on(w)
            continue
        if plan.count == 0:
            turn_pages(w)
        time, key = NEVER, 0
        if plan.count > 0:
            time, key = plan.heap[0].time, plan.heap[0].key
        if time >= w.census:
            if w.census >= w.horizon:
                w.now = w.horizon
                return True
            # A bin is closed before anything else happens at its end: bins are half-open, like the horizon.
            w.now = w.census
            w.latest = -1
            close_bin(w)
            w.census = w.now + BIN
            continue
        if time >= w.horizon:
            w.now = w.horizon
            return True
        if time > w.now or key > w.latest:
            w.latest = key
        w.now = time
        place = plan.heap[0].due
        remove_first(plan)
        if place < len(w.providers):
            occasion.meet_occasion(w, place)
        else:
            happen(w, key, place)
    return False


@jit
def look_ahead(w: Any) -> None:
    """Have the processor fetch what one of the events of the next page will touch: by then it is there.

    With 50,000 providers an event waits for memory half of its time otherwise.
    """
    plan = w.agenda
    place = plan.scout
    if place < 0:
        return
    due = plan.dues[place]
    p = provider_of(due.key)
    plan.scout = due.next
    if due.next >= 0:
        prefetch(plan.dues, due.next, 0)
    if place < len(w.providers):
        prefetch(w.providers, place, 0)
        prefetch(w.providers, place, 64)
        prefetch(w.functions, place * FUNCTIONS, 0)
        prefetch(w.listings, place * w.stores.shape[1], 0)
        prefetch(w.listings, place * w.stores.shape[1], 64)
    elif due.what == agenda.REVIEW:
        for b in range(w.behaviours.shape[1]):
            prefetch(w.duties, p * w.behaviours.shape[1] + b, 0)
        prefetch(w.providers, p, 64)
        prefetch(w.providers, p, 384)
    else:
        prefetch(w.duties, p * w.behaviours.shape[1] + int(due.behaviour), 0)
    prefetch(w.providers, p, 128)
    prefetch(w.providers, p, 192)


@jit
def begin(w: Any) -> None:
    """A process begins."""
    what, subject = pop_first(w.agenda.starting)
    if what == agenda.CASE_BEGINS:
        casework.begin_case(w, subject)
    elif what == agenda.REMOVAL_BEGINS:
        app_store.begin_removal(w, subject)
    elif what == agenda.APPEAL_BEGINS:
        appeal.begin_appeal(w, subject)
    else:
        registry.prepare(w, subject)


@jit
def go_on(w: Any) -> None:
    """A member of staff takes what waited, or becomes free."""
    what, subject = pop_first(w.agenda.granted)
    if what == agenda.INSPECTOR_FREE:
        casework.take_up(w, subject)
    elif what == agenda.REVIEWER_FREE:
        registry.review(w, subject)
    else:
        grant(w, subject)


@jit
def happen(w: Any, key: int, place: int) -> None:
    """Something comes due that is no occasion."""
    kind, p, case = kind_of(key), provider_of(key), case_of(key)
    due = w.agenda.dues[place]
    what, b, subject = int(due.what), int(due.behaviour), due.subject
    flag, amount, since = due.flag, due.amount, due.since
    give_back(w.agenda, place)
    if what == agenda.VIOLATION_ENDS:
        occasion.end_violation(w, kind, p, b, case, amount, subject, since)
    elif what == agenda.COMPLAINT_MADE:
        public.complain(w, p, b, case, flag)
    elif what == agenda.COPIES_END:
        platform.end_copies(w, kind, p, b, case, amount)
    elif what == agenda.INSPECTION_DUE:
        inspection.inspect(w, case)
    elif what == agenda.INVESTIGATED:
        casework.decide_case(w, subject)
    elif what == agenda.ORDER_MET:
        casework.order_met(w, subject)
    elif what == agenda.DEADLINE_PASSED:
        casework.deadline_passed(w, subject)
    elif what == agenda.APPEAL_DECIDED:
        appeal.decide_appeal(w, subject)
    elif what == agenda.SUSPENSION_EXPIRES:
        expire(w, p, b, subject, case)
    elif what == agenda.STORE_REPORTS:
        app_store.report(w, p, b, subject, case, flag)
    elif what == agenda.FALSE_COMPLAINT:
        public.complain_without_cause(w, case)
    elif what == agenda.CLAIM_DECIDED:
        occasion.pay_claim(w, p, b, case)
    elif what == agenda.REVIEW:
        review(w, p)
    elif what == agenda.PLATFORM_FOUND_OUT:
        platform.fine(w, p, subject, amount)
    elif what == agenda.COPIES_REPORTED:
        platform.take_up(w, p, b, case, subject, amount, since)
    else:
        _happen_seldom(w, what, p, case, subject)


@jit
def _happen_seldom(w: Any, what: int, p: int, case: int, subject: int) -> None:
    if what == agenda.ENTRY:
        join_class(w, p)
        life.enter(w, p)
        stream.begin_occasions(w, p)
    elif what == agenda.EXIT:
        life.leave(w, p)
    elif what == agenda.GRACE_OVER:
        life.stay_unfiled(w, p, subject)
    elif what == agenda.REENTRY:
        life.reenter(w, p)
    elif what == agenda.LISTING_REVIEWED:
        app_store.decide(w, p, case, subject)
    elif what == agenda.ORDER_OBEYED:
        app_store.obey(w, subject)
    elif what == agenda.REMOVAL_OVER:
        app_store.seek_relisting(w, subject)
    elif what == agenda.RELISTING_REVIEWED:
        app_store.decide_relisting(w, subject)
    elif what == agenda.FILING_READY:
        registry.hand_in(w, subject)
    elif what == agenda.FILING_REVIEWED:
        registry.decide(w, subject)
    elif what == agenda.FILING_PUBLISHED:
        registry.publish(w, subject)
    elif what == agenda.STORES_AUDITED:
        app_store.audit(w, case)
    elif what == agenda.STORES_SWEPT:
        sweep.sweep(w, case)
    elif what == agenda.SUPPORTER_FAILS:
        supporter.fail(w, case)
    elif what == agenda.SUPPORTER_RECOVERS:
        supporter.recover(w, case)
    elif what == agenda.FOCUS_TURNS:
        inspection.concentrate(w, case)
    elif what == agenda.BUDGETS_RENEWED:
        authority.renew(w, case)
    elif what == agenda.RUMOUR_SPREADS:
        public.spread_rumour(w, case)
    elif what == agenda.REGIME_BEGINS:
        change_policy(w, case)


@jit
def change_policy(w: Any, number: int) -> None:
    """Another regime holds from now on. Cases under way are decided by it; sanctions imposed stand."""
    pay_staff(w)
    # What accrues at a rate that the regime sets is booked up to now.
    for p in range(len(w.providers)):
        if w.providers[p].lawful_rate != 0.0:
            accrue(w, p)
    w.regime = number
    for pool in range(w.reviewers.shape[1]):
        resize(w, len(w.authorities) + pool, w.reviewers[number, pool])
    for office in range(len(w.authorities)):
        employ(w, office)
    log(w, POLICY_CHANGED, 0, number, -1, float(number))
    for p in range(len(w.providers)):
        if w.providers[p].strictness != 0.0:
            accrue(w, p)


@entry
def finish(world: Any) -> None:
    """Book what is still under way at the horizon."""
    w = borrowed(world)
    queue_changed(w, 0)
    inspectors_busy(w, 0)
    pay_staff(w)
    close_bin(w)
    for number in range(len(w.authorities)):
        authority.end_shortage(w, number)
    for p in range(len(w.providers)):
        life.end_downtime(w, p)
        life.book_effort(w, p)
        if w.providers[p].occasions != 0:
            log(w, OCCASION, p, 0, -1, float(w.providers[p].occasions))
