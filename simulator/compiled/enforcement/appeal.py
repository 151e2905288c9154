"""Appeals: each is decided after a while, and where it succeeds, what was imposed is undone."""

from __future__ import annotations

from typing import Any

from ...kernel.case import STEPS
from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE, FUNCTIONS, REGISTRATION, SERVICE, UPDATES
from .. import app_store, deterrence
from ..machine.agenda import APPEAL_BEGINS, APPEAL_DECIDED, append, schedule
from ..machine.compilation import jit
from ..machine.pure import Purpose, exponential, uniform
from ..world import give, log, take
from .sanction import NOT_APPEALED, impose
from .suspension import restore

APPEALED, REJECTED, OVERTURNED = int(Kind.APPEALED), int(Kind.APPEAL_REJECTED), int(Kind.APPEAL_UPHELD)
FILED_APPEALS, REJECTED_APPEALS, UPHELD_APPEALS = range(3)  # of World.appealed


@jit
def file_appeal(w: Any, place: int) -> int:
    """A provider appeals against the step that a case has come to; the number of the appeal."""
    appeal = take(w.appeals)
    case, record = w.cases.records[place], w.appeals.records[appeal]
    log(w, APPEALED, case.provider, case.number, w.behaviours.shape[1] + case.step, 0.0)
    w.appealed[FILED_APPEALS] += 1
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
def begin_appeal(w: Any, appeal: int) -> None:
    record = w.appeals.records[appeal]
    case = w.cases.records[record.case]
    index = case.number * STEPS + w.steps[w.regime, record.step].place
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
    if uniform(w.seed, p, Purpose.APPEAL_DECISION, number * STEPS + w.steps[w.regime, step].place) >= chance:
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
