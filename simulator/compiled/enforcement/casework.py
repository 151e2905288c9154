"""The course of a case: it waits for an inspector, is investigated and decided, and its order is seen through."""

from __future__ import annotations

from typing import Any

from ...kernel.case import CLOSED_DISMISSED, CLOSED_LAPSED, CLOSED_SANCTIONED, PHASES, STEPS
from ...kernel.eventlog import Kind, Stream
from ...kernel.state import ACTIVE, EXITED
from .. import life
from ..deterrence import get_away, learn, strikes
from ..machine.agenda import DEADLINE_PASSED, INVESTIGATED, ORDER_MET, schedule
from ..machine.compilation import jit
from ..machine.pools import release, request
from ..machine.pure import Purpose, exponential, step_on_ladder, uniform
from ..supporter import trace
from ..world import log, note_action, queue_changed
from .appeal import file_appeal, let_go
from .authority import begin_investigation, end_investigation
from .sanction import NOT_APPEALED, impose

INVESTIGATION, UPHELD, DISMISSED = int(Kind.INVESTIGATION), int(Kind.UPHELD), int(Kind.DISMISSED)
CASE_CLOSED, FORGIVEN, REFERRED = int(Kind.CASE_CLOSED), int(Kind.FORGIVEN), int(Kind.REFERRED)
SANCTIONED = int(Kind.SANCTIONED)
RECTIFIED, NOT_RECTIFIED = int(Kind.RECTIFIED), int(Kind.NOT_RECTIFIED)
BY_INSPECTION = int(Stream.INSPECTION)


@jit
def begin_case(w: Any, place: int) -> None:
    case = w.cases.records[place]
    queue_changed(w, 1)
    w.waiting_since += case.opened
    request(w, case.authority, place, w.law[0].staff.by_severity and case.serious)


@jit
def take_up(w: Any, place: int) -> None:
    """An inspector has time for the case."""
    case = w.cases.records[place]
    p = case.provider
    queue_changed(w, -1)
    w.waiting_since -= case.opened
    if w.providers[p].status != ACTIVE:
        authority = case.authority
        close_case(w, place, CLOSED_LAPSED)
        release(w, authority)
        return
    w.wait_total += w.now - case.opened
    log(w, INVESTIGATION, p, case.number, case.behaviour, w.now - case.opened)
    begin_investigation(w, case.authority)
    law = w.law[w.regime]
    total = 0.0
    for phase in range(law.staff.investigation_phases):
        total += exponential(w.seed, p, Purpose.INVESTIGATION, case.number * PHASES + phase)
    days = total * law.staff.investigation_days / law.staff.investigation_phases
    schedule(w, days, INVESTIGATION, p, case.number, INVESTIGATED).subject = place


@jit
def decide_case(w: Any, place: int) -> None:
    case = w.cases.records[place]
    p = case.provider
    end_investigation(w, case.authority)
    release(w, case.authority)
    if w.providers[p].status != ACTIVE:
        close_case(w, place, CLOSED_LAPSED)
        return
    founded = 1.0 if case.founded else 0.0
    if not _upheld(w, place):
        log(w, DISMISSED, p, case.number, case.behaviour, founded)
        if case.founded:
            get_away(w, p, case.behaviour)
        _forgive(w, place)
        close_case(w, place, CLOSED_DISMISSED)
        return
    log(w, UPHELD, p, case.number, case.behaviour, founded)
    note_action(w, w.now - case.opened)
    grave = case.founded and case.serious and w.law[w.regime].referral > 0.0
    if grave and uniform(w.seed, p, Purpose.REFERRED, case.number) < w.law[w.regime].referral:
        log(w, REFERRED, p, case.number, case.behaviour, 0.0)
        life.close(w, p, EXITED, life.EXIT, case.number, -1, True)
        close_case(w, place, CLOSED_SANCTIONED)
        return
    risk = w.behaviours[w.regime, case.behaviour]
    case.step = risk.first_step + step_on_ladder(strikes(w, p), case.serious, risk.after_step - risk.first_step)
    if case.founded:
        trace(w, p, case.number)
    climb(w, place)


@jit
def climb(w: Any, place: int) -> None:
    """Impose the step that the case has come to. Its order is met in time, or the deadline passes."""
    sanction(w, place)
    case = w.cases.records[place]
    p = case.provider
    deadline = w.steps[w.regime, case.step].deadline
    if deadline == 0.0 or w.providers[p].status != ACTIVE:
        close_case(w, place, CLOSED_SANCTIONED)
        return
    index = case.number * STEPS + w.steps[w.regime, case.step].place
    if uniform(w.seed, p, Purpose.RECTIFIES, index) < w.classes[w.regime, w.providers[p].size_class].rectifies:
        within = deadline * uniform(w.seed, p, Purpose.RECTIFICATION_TIME, index)
        schedule(w, within, RECTIFIED, p, case.number, ORDER_MET).subject = place
    else:
        schedule(w, deadline, NOT_RECTIFIED, p, case.number, DEADLINE_PASSED).subject = place


@jit
def sanction(w: Any, place: int) -> None:
    """Impose the step that a case has come to, at once or, where an appeal suspends it, when the appeal has failed."""
    case, law = w.cases.records[place], w.law[w.regime]
    p, step = case.provider, case.step
    provider = w.providers[p]
    if not case.self_reported:
        provider.strikes = strikes(w, p) + 1
        provider.struck = w.now
    provider.group = 1
    if law.safe_harbour.lost_on_sanction:
        provider.certified = 0
    w.sanctioned_in_lot[p % law.targeting.lots] += 1
    provider.repeated += 1 if provider.sanctions != 0 else 0
    provider.sanctions += 1
    if provider.sanctions == 1:
        provider.first_sanction = w.now
    provider.wrongful += 0 if case.founded else 1
    learn(w, p, case.behaviour, w.steps[w.regime, step].publicity)
    duty = w.duties[p * w.behaviours.shape[1] + case.behaviour]
    duty.punished = duty.live
    rule = w.behaviours.shape[1] + step
    log(w, SANCTIONED, p, case.number, rule, float(step))
    share = law.appeals.guilty_appeal if case.founded else law.appeals.innocent_appeal
    index = case.number * STEPS + w.steps[w.regime, step].place
    appeal = NOT_APPEALED
    if w.steps[w.regime, step].appealable != 0 and uniform(w.seed, p, Purpose.APPEALED, index) < share:
        appeal = file_appeal(w, place)
        if law.appeals.suspensive:
            return
    impose(w, place, step, case.refused, appeal)


@jit
def order_met(w: Any, place: int) -> None:
    case = w.cases.records[place]
    if w.providers[case.provider].status == ACTIVE and not case.overturned:
        life.rectify(w, case.provider, case.behaviour, case.number)
    close_case(w, place, CLOSED_SANCTIONED)


@jit
def deadline_passed(w: Any, place: int) -> None:
    """An order was not met: the next step follows, if there is one and its provider is still there."""
    case = w.cases.records[place]
    p = case.provider
    if (
        w.providers[p].status != ACTIVE
        or w.providers[p].outside != 0
        or case.overturned
        or w.steps[w.regime, case.step].ends != 0
    ):
        close_case(w, place, CLOSED_SANCTIONED)
        return
    case.step += 1
    case.refused = True
    log(w, NOT_RECTIFIED, p, case.number, case.behaviour, float(case.step))
    climb(w, place)


@jit
def _upheld(w: Any, place: int) -> bool:
    """Evidence is imperfect: some true cases are dismissed, some unfounded ones upheld."""
    case, law = w.cases.records[place], w.law[w.regime]
    chance = law.evidence.sensitivity if case.founded else 1.0 - law.evidence.specificity
    if case.founded and w.providers[case.provider].records == 0:
        chance *= law.evidence.without_records
    upheld: bool = uniform(w.seed, case.provider, Purpose.VERDICT, case.number) < chance
    return upheld


@jit
def _forgive(w: Any, place: int) -> None:
    """An unfounded case dismissed speaks for a provider: one strike may be taken back."""
    case, law = w.cases.records[place], w.law[w.regime]
    if case.founded:
        return
    p = case.provider
    provider = w.providers[p]
    inspected = provider.group != 0 and case.number & 7 == BY_INSPECTION
    if inspected and uniform(w.seed, p, Purpose.GROUP_BACK, case.number) < law.targeting.group_back:
        provider.group = 0
    remembered = strikes(w, p)
    if remembered != 0 and uniform(w.seed, p, Purpose.FORGIVEN, case.number) < law.strikes.forgiveness:
        provider.strikes = remembered - 1
        provider.struck = w.now
        log(w, FORGIVEN, p, case.number, case.behaviour, 0.0)


@jit
def close_case(w: Any, place: int, outcome: int) -> None:
    case = w.cases.records[place]
    w.closed[outcome] += 1
    w.duties[case.provider * w.behaviours.shape[1] + case.behaviour].open_cases -= 1
    log(w, CASE_CLOSED, case.provider, case.number, case.behaviour, float(outcome))
    let_go(w, place)
