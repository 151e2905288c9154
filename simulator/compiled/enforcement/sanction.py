"""One step of the ladder: what it sets in force."""

from __future__ import annotations

from typing import Any

from ...kernel import table as policy
from ...kernel.case import STEPS
from ...kernel.eventlog import Kind
from ...kernel.replication import CONFISCATED as CONFISCATED_MONEY
from ...kernel.replication import STAFF_FINES
from ...kernel.state import REGISTRATION, SERVICE, UPDATES
from .. import app_store, life
from ..machine.compilation import jit
from ..machine.pure import Purpose, fine_amount, fine_for_all, uniform
from ..users import move_away
from ..world import log
from .suspension import suspend

WARNING, RECTIFY, FINE, REMOVAL = int(Kind.WARNING), int(Kind.RECTIFY), int(Kind.FINE), int(Kind.APP_REMOVAL)
STAFF_FINED, CONFISCATED, PUBLISHED = int(Kind.STAFF_FINED), int(Kind.CONFISCATED), int(Kind.PUBLISHED)
NOT_APPEALED = -1
# Bits of a step, as plain numbers that a compiled function can hold.
WARN, ORDER, FINES, STOP_UPDATES, STOP_REGISTRATION, STOP_SERVICE, REMOVE, REVOKE, FINE_STAFF, CONFISCATE, PUBLISH = (
    policy.WARNING,
    policy.RECTIFY,
    policy.FINE,
    policy.SUSPEND_UPDATES,
    policy.SUSPEND_REGISTRATION,
    policy.SUSPEND_SERVICE,
    policy.APP_REMOVAL,
    policy.REVOCATION,
    policy.STAFF_FINE,
    policy.CONFISCATION,
    policy.PUBLIC_NOTICE,
)


@jit
def impose(w: Any, place: int, step: int, refused: bool, appeal: int) -> None:
    """Set the sanctions of one step in force, mildest first, and note them where ``appeal`` may undo them."""
    case, terms = w.cases.records[place], w.steps[w.regime, step]
    p, number, rule, bits = case.provider, case.number, w.behaviours.shape[1] + step, terms.sanctions
    provider = w.providers[p]
    fine, updates, registration, service = 0.0, -1, -1, -1
    if bits & WARN:
        log(w, WARNING, p, number, rule, float(step))
    if bits & ORDER:
        log(w, RECTIFY, p, number, rule, terms.deadline)
    if bits & FINES and (terms.at_once != 0 or refused or case.serious):
        u = uniform(w.seed, p, Purpose.FINE, number * STEPS + terms.place)
        fine = fine_amount(u, terms.fine_low, terms.fine_high, terms.turnover, provider.revenue)
        if terms.per_violation != 0.0:
            fine = fine_for_all(fine, terms.per_violation, w.duties[p * w.behaviours.shape[1] + case.behaviour].live)
        if case.self_reported:
            fine *= 1.0 - w.law[w.regime].self_report.discount
        provider.fines += fine
        w.fines += fine
        w.fines_gross += fine
        log(w, FINE, p, number, rule, fine)
    if bits & FINE_STAFF:
        u = uniform(w.seed, p, Purpose.STAFF_FINE, number * STEPS + terms.place)
        staff_fine = fine_amount(u, terms.staff_low, terms.staff_high, 0.0, 0.0)
        w.totals[STAFF_FINES] += staff_fine
        log(w, STAFF_FINED, p, number, rule, staff_fine)
    if bits & CONFISCATE:
        confiscated = terms.confiscates * w.classes[w.regime, provider.size_class].gain
        w.totals[CONFISCATED_MONEY] += confiscated
        log(w, CONFISCATED, p, number, rule, confiscated)
    if bits & PUBLISH:
        log(w, PUBLISHED, p, number, rule, terms.publicity)
    if bits & STOP_UPDATES:
        updates = suspend(w, p, number, case.founded, UPDATES, terms.updates, rule)
    if bits & STOP_REGISTRATION:
        registration = suspend(w, p, number, case.founded, REGISTRATION, terms.registration, rule)
    if bits & STOP_SERVICE:
        service = suspend(w, p, number, case.founded, SERVICE, terms.service, rule)
    if bits & REMOVE:
        log(w, REMOVAL, p, number, rule, terms.removal)
        app_store.order_removal(w, p, terms.removal, number)
    if bits & REVOKE:
        life.revoke(w, p, number, rule)
    elif bits & STOP_SERVICE:
        move_away(w, p, w.stores.shape[1], 1.0, number)
    life.settle(w, p, number)
    if appeal != NOT_APPEALED:
        record = w.appeals.records[appeal]
        record.in_force = True
        record.fine = fine
        record.updates = updates
        record.registration = registration
        record.service = service
        record.removal = bits & REMOVE != 0
