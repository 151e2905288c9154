"""One step of the ladder: what it imposes, and what an appeal against it may undo."""

from __future__ import annotations

from typing import Any

from ..kernel import table as policy
from ..kernel.case import STEPS
from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, FUNCTIONS, REGISTRATION, SERVICE, UPDATES
from . import app_store, deterrence, life
from .agenda import APPEAL_BEGINS, APPEAL_DECIDED, append, schedule
from .compilation import jit
from .pure import Purpose, exponential, fine_amount, fine_for_all, uniform
from .suspension import restore, suspend
from .users import move_away
from .world import give, log, take

SANCTIONED, WARNING, RECTIFY, FINE = int(Kind.SANCTIONED), int(Kind.WARNING), int(Kind.RECTIFY), int(Kind.FINE)
REMOVAL, APPEALED = int(Kind.APP_REMOVAL), int(Kind.APPEALED)
REJECTED, OVERTURNED = int(Kind.APPEAL_REJECTED), int(Kind.APPEAL_UPHELD)
FILED_APPEALS, REJECTED_APPEALS, UPHELD_APPEALS = range(3)  # of World.appealed
NOT_APPEALED = -1
# Bits of a step, as plain numbers that a compiled function can hold.
WARN, ORDER, FINES, STOP_UPDATES, STOP_REGISTRATION, STOP_SERVICE, REMOVE, REVOKE = (
    policy.WARNING,
    policy.RECTIFY,
    policy.FINE,
    policy.SUSPEND_UPDATES,
    policy.SUSPEND_REGISTRATION,
    policy.SUSPEND_SERVICE,
    policy.APP_REMOVAL,
    policy.REVOCATION,
)


@jit
def sanction(w: Any, place: int) -> None:
    """Impose the step that a case has come to, at once or, where an appeal suspends it, when the appeal has failed."""
    case, law = w.cases.records[place], w.law[w.regime]
    p, step = case.provider, case.step
    provider = w.providers[p]
    if not case.self_reported:
        provider.strikes = deterrence.strikes(w, p) + 1
        provider.struck = w.now
    provider.group = 1
    w.sanctioned_in_lot[p % law.targeting.lots] += 1
    provider.repeated += 1 if provider.sanctions != 0 else 0
    provider.sanctions += 1
    provider.wrongful += 0 if case.founded else 1
    deterrence.learn(w, p)
    rule = w.behaviours.shape[1] + step
    log(w, SANCTIONED, p, case.number, rule, float(step))
    share = law.appeals.guilty_appeal if case.founded else law.appeals.innocent_appeal
    index = case.number * STEPS + step
    appeal = NOT_APPEALED
    if w.steps[w.regime, step].appealable != 0 and uniform(w.seed, p, Purpose.APPEALED, index) < share:
        log(w, APPEALED, p, case.number, rule, 0.0)
        w.appealed[FILED_APPEALS] += 1
        appeal = _file_appeal(w, place)
        if law.appeals.suspensive:
            return
    impose(w, place, step, case.refused, appeal)


@jit
def _file_appeal(w: Any, place: int) -> int:
    appeal = take(w.appeals)
    case, record = w.cases.records[place], w.appeals.records[appeal]
    case.held += 1
    record.case = place
    record.step = case.step
    record.refused = case.refused
    record.regime = w.regime
    record.in_force = False
    record.removal = False
    record.fine = 0.0
    record.updates = record.registration = record.service = -1
    append(w.agenda.starting, APPEAL_BEGINS, appeal)
    return appeal


@jit
def impose(w: Any, place: int, step: int, refused: bool, appeal: int) -> None:
    """Set the sanctions of one step in force, mildest first, and note them where ``appeal`` may undo them."""
    case, terms, law = w.cases.records[place], w.steps[w.regime, step], w.law[w.regime]
    p, number, rule, bits = case.provider, case.number, w.behaviours.shape[1] + step, terms.sanctions
    provider = w.providers[p]
    fine, updates, registration, service = 0.0, -1, -1, -1
    if bits & WARN:
        log(w, WARNING, p, number, rule, float(step))
    if bits & ORDER:
        log(w, RECTIFY, p, number, rule, terms.deadline)
    if bits & FINES and (law.fine_on_first or refused or step > 0 or case.serious):
        u = uniform(w.seed, p, Purpose.FINE, number * STEPS + step)
        fine = fine_amount(u, terms.fine_low, terms.fine_high, terms.turnover, provider.revenue)
        if terms.per_violation != 0.0:
            fine = fine_for_all(fine, terms.per_violation, w.duties[p * w.behaviours.shape[1] + case.behaviour].live)
        if case.self_reported:
            fine *= 1.0 - law.self_report.discount
        provider.fines += fine
        w.fines += fine
        w.fines_gross += fine
        log(w, FINE, p, number, rule, fine)
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


@jit
def begin_appeal(w: Any, appeal: int) -> None:
    record = w.appeals.records[appeal]
    case = w.cases.records[record.case]
    index = case.number * STEPS + record.step
    days = exponential(w.seed, case.provider, Purpose.APPEAL_TIME, index) * w.law[record.regime].appeals.days
    schedule(w, days, REJECTED, case.provider, case.number, APPEAL_DECIDED).subject = appeal


@jit
def decide_appeal(w: Any, appeal: int) -> None:
    """An appeal against one step: when it succeeds, what was imposed is undone."""
    record = w.appeals.records[appeal]
    place = record.case
    case, law = w.cases.records[place], w.law[record.regime]
    p, number, step, founded = case.provider, case.number, record.step, case.founded
    rule = w.behaviours.shape[1] + step
    provider = w.providers[p]
    chance = law.appeals.overturned_guilty if founded else law.appeals.overturned_innocent
    if uniform(w.seed, p, Purpose.APPEAL_DECISION, number * STEPS + step) >= chance:
        w.appealed[REJECTED_APPEALS] += 1
        log(w, REJECTED, p, number, rule, 0.0)
        if not record.in_force and provider.status == ACTIVE:
            impose(w, place, step, record.refused, NOT_APPEALED)
    else:
        w.appealed[UPHELD_APPEALS] += 1
        case.overturned = True
        provider.fines -= record.fine
        w.fines -= record.fine
        log(w, OVERTURNED, p, number, rule, record.fine)
        remembered = deterrence.strikes(w, p)
        if remembered != 0 and not case.self_reported:
            provider.strikes = remembered - 1
        if record.in_force and provider.status == ACTIVE:
            _undo(w, p, UPDATES, record.updates, number)
            _undo(w, p, REGISTRATION, record.registration, number)
            _undo(w, p, SERVICE, record.service, number)
            if record.removal:
                app_store.reinstate(w, p, number)
    give(w.appeals, appeal)
    let_go(w, place)


@jit
def _undo(w: Any, p: int, function: int, epoch: int, number: int) -> None:
    if epoch >= 0 and w.functions[p * FUNCTIONS + function].suspension_epoch == epoch:
        restore(w, p, function, number)


@jit
def let_go(w: Any, place: int) -> None:
    """A case whose course has ended, or an appeal of it, needs its record no longer."""
    case = w.cases.records[place]
    case.held -= 1
    if case.held == 0:
        give(w.cases, place)
