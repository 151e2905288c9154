"""A provider's life: it enters, files or does not, gives up or is closed, moves abroad, comes back under another
name.
"""

from __future__ import annotations

import math
from typing import Any

from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.state import ABROAD, ACTIVE, COLLATERALLY, EXITED, FUNCTIONS, NOT_ENTERED, REVOKED, SERVICE, WRONGLY
from . import app_store, registry
from .machine import agenda
from .machine.agenda import schedule
from .machine.compilation import jit
from .machine.pure import Purpose, compliance_after_rectification, compliance_at, exponential, outlays, uniform
from .machine.stream import follow_status, note_temptation
from .users import move_away
from .world import accrue, log

ENTERED, EXIT, UNFILED, EFFORT = int(Kind.ENTERED), int(Kind.EXITED), int(Kind.UNFILED), int(Kind.EFFORT)
VIOLATION, RECTIFIED, REVOCATION = int(Kind.VIOLATION), int(Kind.RECTIFIED), int(Kind.REVOCATION)
EXEMPT, CERTIFIED, INSOLVENT = int(Kind.EXEMPT), int(Kind.CERTIFIED), int(Kind.INSOLVENT)
REENTERED, MOVED_ABROAD = int(Kind.REENTERED), int(Kind.MOVED_ABROAD)
STANDING = case_number(int(Stream.STANDING), 0)
NEVER = math.nan


@jit
def enter(w: Any, p: int) -> None:
    provider, law = w.providers[p], w.law[w.regime]
    provider.status = ACTIVE
    follow_status(w, p)
    provider.harm_at = provider.effort_at = w.now
    log(w, ENTERED, p, provider.size_class, -1, provider.users)
    if provider.outside != 0:
        log(w, EXEMPT, p, 0, -1, 0.0)
    if provider.certified != 0:
        log(w, CERTIFIED, p, 0, -1, 0.0)
    if law.exit_rate > 0.0:
        schedule(w, exponential(w.seed, p, Purpose.EXIT_TIME, 0) / law.exit_rate, EXIT, p, 0, agenda.EXIT)
    if law.response.review_days > 0.0:
        schedule(w, law.response.review_days, EFFORT, p, 0, agenda.REVIEW)
    begin(w, p)


@jit
def begin(w: Any, p: int) -> None:
    """Ask the stores for listing, and file or not."""
    app_store.apply(w, p)
    law = w.law[w.regime]
    if law.filing < 0:
        return
    life = w.providers[p].lives
    if uniform(w.seed, p, Purpose.FILES, life) < w.duties[p * w.behaviours.shape[1] + law.filing].compliance:
        registry.submit(w, p)
    else:
        schedule(w, law.registry.grace_days, UNFILED, p, STANDING, agenda.GRACE_OVER).subject = life


@jit
def stay_unfiled(w: Any, p: int, life: int) -> None:
    """The standing breach of a provider that lets the time to file pass."""
    provider = w.providers[p]
    if provider.status == ACTIVE and provider.applied == 0 and provider.lives == life:
        filing = w.law[0].filing
        begin_violation(w, p, filing, STANDING, w.behaviours[w.regime, filing].severity)
        accrue(w, p)


@jit
def begin_violation(w: Any, p: int, b: int, case: int, severity: float) -> None:
    """A violation is live from now on. The caller accrues harm when it has changed all there is to change."""
    provider, duty = w.providers[p], w.duties[p * w.behaviours.shape[1] + b]
    duty.live += 1
    provider.live_all += 1
    duty.live_severity += severity
    provider.severity += severity
    w.violations_live += 1
    log(w, VIOLATION, p, case, b, severity)


@jit
def end_all(w: Any, p: int, b: int) -> None:
    """Every live violation of one rule ends at once: the cause has been removed, or the provider is gone."""
    provider, duty = w.providers[p], w.duties[p * w.behaviours.shape[1] + b]
    live = duty.live
    provider.live_all -= live
    provider.severity = provider.severity - duty.live_severity if provider.live_all != 0 else 0.0
    duty.live = duty.punished = 0
    duty.live_severity = 0.0
    duty.live_epoch += 1
    w.violations_live -= live


@jit
def rectify(w: Any, p: int, b: int, case: int) -> None:
    """An order is met: live violations of the rule end, and compliance with it rises."""
    provider, duty = w.providers[p], w.duties[p * w.behaviours.shape[1] + b]
    duty.base = compliance_after_rectification(duty.base, w.law[w.regime].response.rectification_gain)
    duty.compliance = compliance_at(duty.base, duty.effort, provider.failing)
    note_temptation(w, p)
    end_all(w, p, b)
    log(w, RECTIFIED, p, case, b, 0.0)
    accrue(w, p)
    if b == w.law[0].filing:
        registry.submit(w, p)


@jit
def refresh_compliance(w: Any, p: int) -> None:
    """Compliance as effort and the state of the supporter make it."""
    provider, behaviours = w.providers[p], w.behaviours.shape[1]
    for place in range(p * behaviours, (p + 1) * behaviours):
        duty = w.duties[place]
        duty.compliance = compliance_at(duty.base, duty.effort, provider.failing)


@jit
def book_effort(w: Any, p: int) -> None:
    """Add up the cost of the present effort until now."""
    provider, behaviours, share = w.providers[p], w.behaviours.shape[1], 0.0
    for b in range(behaviours):
        effort = w.duties[p * behaviours + b].effort
        share += w.behaviours[w.regime, b].effort_share * effort * effort
    if share != 0.0 and provider.status == ACTIVE:
        yearly = w.classes[w.regime, provider.size_class].compliance_cost * share
        provider.compliance_cost += yearly * (w.now - provider.effort_at) / 365.0
    provider.effort_at = w.now


@jit
def end_downtime(w: Any, p: int) -> None:
    """Book the days of service suspended so far, where it is."""
    provider = w.providers[p]
    if w.functions[p * FUNCTIONS + SERVICE].suspended == 0 or provider.status != ACTIVE:
        return
    days = w.now - provider.service_since
    provider.downtime += days
    if provider.wrongly == WRONGLY:
        provider.innocent_downtime += days
    elif provider.wrongly == COLLATERALLY:
        provider.collateral_downtime += days
    w.service_suspended -= 1


@jit
def leave(w: Any, p: int) -> None:
    if w.providers[p].status == ACTIVE:
        close(w, p, EXITED, EXIT, 0, -1, False)


@jit
def close(w: Any, p: int, status: int, kind: int, case: int, rule: int, driven_out: bool) -> None:
    """The end of a provider, by its own decision (``EXITED``) or the regulator's (``REVOKED``).

    One that a sanction drove out may come back under another name.
    """
    end_downtime(w, p)
    book_effort(w, p)
    provider = w.providers[p]
    provider.status = status
    provider.ended = w.now
    follow_status(w, p)
    provider.exits += 1 if status == EXITED else 0
    for b in range(w.behaviours.shape[1]):
        end_all(w, p, b)
    log(w, kind, p, case, rule, 0.0)
    accrue(w, p)
    registry.cancel(w, p)
    move_away(w, p, w.stores.shape[1], 1.0, case)
    if driven_out and uniform(w.seed, p, Purpose.REENTRY, case) < w.classes[w.regime, provider.size_class].reenters:
        away = exponential(w.seed, p, Purpose.REENTRY_TIME, case) * w.law[w.regime].response.reentry_days
        schedule(w, away, REENTERED, p, case, agenda.REENTRY)


@jit
def paid(w: Any, p: int) -> float:
    """What enforcement has cost a provider as far as it is booked, in RMB: a suspension under way is not."""
    provider = w.providers[p]
    return outlays(provider.fines, provider.claims, provider.compliance_cost, provider.revenue, provider.downtime)


@jit
def settle(w: Any, p: int, case: int) -> None:
    """A provider whose capital does not cover what enforcement has cost it closes, and does not come back."""
    provider = w.providers[p]
    capital = w.classes[w.regime, provider.size_class].capital
    if capital == math.inf or provider.status != ACTIVE:
        return
    cost = paid(w, p) - provider.written_off
    if cost > capital:
        provider.insolvent += 1
        log(w, INSOLVENT, p, case, -1, cost)
        close(w, p, EXITED, EXIT, case, -1, False)


@jit
def reenter(w: Any, p: int) -> None:
    """Back under another name: its strikes are forgotten, and it has neither filing nor listing."""
    provider = w.providers[p]
    if provider.status in (NOT_ENTERED, ACTIVE):
        return
    for function in range(FUNCTIONS):
        w.functions[p * FUNCTIONS + function].suspended = 0
        w.functions[p * FUNCTIONS + function].suspension_epoch += 1
    provider.lives += 1
    provider.status = ACTIVE
    provider.strikes = provider.applied = provider.group = provider.complained = 0
    provider.ended = NEVER
    provider.effort_at = w.now
    follow_status(w, p)
    provider.written_off = paid(w, p)
    log(w, REENTERED, p, 0, -1, 0.0)
    app_store.forget(w, p)
    accrue(w, p)
    begin(w, p)


@jit
def move_abroad(w: Any, p: int, case: int) -> None:
    """Out of reach of the regulator and of the stores, but not of users who come without one."""
    w.providers[p].outside = ABROAD
    log(w, MOVED_ABROAD, p, case, -1, w.direct)
    app_store.forget(w, p)
    accrue(w, p)


@jit
def revoke(w: Any, p: int, case: int, penalty: int) -> None:
    close(w, p, REVOKED, REVOCATION, case, penalty, True)
