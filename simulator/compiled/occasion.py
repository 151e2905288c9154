"""Occasions to breach a rule: averted, forgone for fear of sanctions, or taken; and the violations they become."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernel import draws
from ..kernel.case import MEASURES
from ..kernel.eventlog import Kind, Stream
from ..kernel.replication import BY_ITSELF, BY_PEERS, DETERRED_OWN, DETERRED_PEERS
from ..kernel.state import ABROAD, ACTIVE, FUNCTIONS, REGISTRATION, UPDATES
from . import app_store, platform
from .deterrence import beliefs, complies_ahead, fear, get_away
from .enforcement.docket import suspect
from .life import begin_violation, settle
from .machine.agenda import CLAIM_DECIDED, COMPLAINT_MADE, VIOLATION_ENDS, schedule
from .machine.compilation import jit
from .machine.pure import (
    Purpose,
    case_number,
    complaint_chance,
    exponential,
    misuse_chance,
    reach_of,
    uniform,
    uniform_within,
    violation_chance,
    whole_steps,
)
from .machine.stream import read_ahead
from .world import accrue, log, note_takedown

VIOLATION_ENDED, TAKEN_DOWN, COMPLAINT = int(Kind.VIOLATION_ENDED), int(Kind.TAKEN_DOWN), int(Kind.COMPLAINT)
DETERRED, SELF_REPORTED, CLAIM = int(Kind.DETERRED), int(Kind.SELF_REPORTED), int(Kind.CLAIM)
ACCOUNT_MEASURE = int(Kind.ACCOUNT_MEASURE)
MET, BY_OWN_REPORT = int(Stream.OCCASION), int(Stream.SELF_REPORT)
PURPOSES = np.array(
    [
        draws.Purpose.SERIOUS,
        draws.Purpose.LIFETIME,
        draws.Purpose.REACH,
        draws.Purpose.REACH_SECOND,
        draws.Purpose.COMPLAINED,
        draws.Purpose.PLATFORM,
        draws.Purpose.COPY_FADE,
        draws.Purpose.CLAIMED,
    ]
)
"""Draws that most violations need. They are made at once, in vector instructions, which is cheaper than four of them
one by one.
"""
SERIOUS, LIFETIME, REACH, REACH_SECOND, COMPLAINED, PLATFORM, COPY_FADE, CLAIMED = range(len(PURPOSES))
NOT_DONE = -1.0  # of days until something that does not happen


@jit
def meet_occasion(w: Any, p: int) -> None:
    """The occasion of a provider that could tempt it: see :mod:`.machine.stream` for those that could not."""
    provider = w.providers[p]
    k = provider.next_occasion
    if provider.meets != 0:
        provider.occasions += 1
        w.class_occasions[provider.size_class] += 1
        if provider.draw < 1.0 - w.duties[p * w.behaviours.shape[1] + provider.behaviour].compliance:
            _tempt(w, p, provider.behaviour, k, provider.draw)
    elif provider.status != ACTIVE and not w.classes[w.regime, provider.size_class].reenters > 0.0:
        return
    provider.next_occasion = k + 1
    read_ahead(w, p)


@jit
def _tempt(w: Any, p: int, b: int, k: int, u: float) -> None:
    """An occasion that compliance does not avert: forgone for fear of sanctions, or taken.

    ``u`` is the draw that decides; it has been found below 1 - compliance, which is the chance without fear.
    """
    provider, law = w.providers[p], w.law[w.regime]
    compliance = w.duties[p * w.behaviours.shape[1] + b].compliance
    gain = w.classes[w.regime, provider.size_class].gain
    inside = provider.outside == 0
    own, peers = beliefs(w, p, b) if inside else (0.0, 0.0)
    believed = own + peers - own * peers
    feared = fear(w, p, b, believed) if believed > 0.0 else 0.0
    misused_share = w.behaviours[w.regime, b].misused
    misused = misused_share > 0.0 and uniform(w.seed, p, Purpose.MISUSED, k) < misused_share
    chance = _chance(w, p, misused, violation_chance(compliance, believed, feared, gain))
    ahead = inside and law.response.foresight > 0.0 and complies_ahead(w, p)
    if u < chance and not ahead:
        provider.violations += 1
        w.class_violations[provider.size_class] += 1
        violate(w, p, b, k, misused)
    # Without belief the exponential of the chance is 1, and with one part of it only, the chance is known already.
    elif (feared > 0.0 or ahead) and u < _chance(w, p, misused, 1.0 - compliance):
        own_chance = chance
        if peers > 0.0:
            own_chance = _chance(w, p, misused, violation_chance(compliance, own, feared, gain))
        by_peers = u < own_chance and not ahead
        w.totals[DETERRED_PEERS if by_peers else DETERRED_OWN] += 1.0
        log(w, DETERRED, p, case_number(MET, k), b, float(BY_PEERS if by_peers else BY_ITSELF))


@jit
def _chance(w: Any, p: int, misused: bool, chance: float) -> float:
    """Suspended updates and registration leave fewer occasions; users misuse less where their names are known."""
    law = w.law[w.regime]
    if w.functions[p * FUNCTIONS + UPDATES].suspended != 0:
        chance *= law.response.updates_factor
    if w.functions[p * FUNCTIONS + REGISTRATION].suspended != 0:
        chance *= law.response.registration_factor
    if misused:
        anonymous = law.real_name >= 0 and w.duties[p * w.behaviours.shape[1] + law.real_name].live > 0
        chance = misuse_chance(chance, law.public.anonymity, anonymous)
    return chance


@jit
def violate(w: Any, p: int, b: int, k: int, misused: bool) -> None:
    """Occasion ``k`` becomes a violation: it lasts, is noticed or not, and spreads."""
    case, risk, law = case_number(MET, k), w.behaviours[w.regime, b], w.law[w.regime]
    seed, drawn = w.seed, w.violation_draws
    for each in range(len(PURPOSES)):
        drawn[each] = uniform_within(seed, p, PURPOSES[each], k)
    serious = drawn[SERIOUS] < risk.serious
    severity = risk.severity * risk.serious_factor if serious else risk.severity
    reach = _reached(w, b)
    severity *= reach
    own = severity * (1.0 - risk.spreads)
    begin_violation(w, p, b, case, own)
    delay = whole_steps(-math.log(drawn[LIFETIME]) * risk.lifetime, w.step)
    kind = VIOLATION_ENDED
    epoch = w.duties[p * w.behaviours.shape[1] + b].live_epoch
    reported = _notice(w, p, b, k, serious, w.providers[p].present * reach)
    if reported >= 0.0:
        handled = _handled(w, p, k, misused)
        if handled >= 0.0 and reported + handled < delay:
            delay, kind = reported + handled, TAKEN_DOWN
    elif misused:
        _handled(w, p, k, misused)
    due = schedule(w, delay, kind, p, case, VIOLATION_ENDS)
    due.behaviour = b
    due.subject = epoch
    due.amount = own
    due.since = delay - reported
    app_store.notice(w, p, b, k, serious)
    if risk.spreads > 0.0:
        platform.spread(w, p, b, k, severity * risk.spreads, reported, drawn[PLATFORM], -math.log(drawn[COPY_FADE]))
    accrue(w, p)
    if risk.claimed > 0.0 and drawn[CLAIMED] < risk.claimed:
        decided = exponential(w.seed, p, Purpose.CLAIM_TIME, k) * law.public.claim_days
        schedule(w, decided, CLAIM, p, case, CLAIM_DECIDED).behaviour = b
    reports = law.self_report.probability > 0.0 and w.providers[p].outside == 0
    if reports and uniform(w.seed, p, Purpose.SELF_REPORTED, k) < law.self_report.probability:
        own_case = case_number(BY_OWN_REPORT, k)
        log(w, SELF_REPORTED, p, own_case, b, 0.0)
        suspect(w, p, b, own_case, True, serious, True)


@jit
def _reached(w: Any, b: int) -> float:
    """The share of the provider's users that the violation which begins reaches."""
    spread, mean = w.law[w.regime].public.reach_spread, w.behaviours[w.regime, b].reach
    if spread == 0.0:
        return mean  # type: ignore[no-any-return]
    return reach_of(mean, spread, w.violation_draws[REACH], w.violation_draws[REACH_SECOND])


@jit
def _notice(w: Any, p: int, b: int, k: int, serious: bool, people: float) -> float:
    """Whether one of the ``people`` reached complains of occasion ``k``: the delay in days until then, or -1."""
    public = w.law[w.regime].public
    chance = complaint_chance(w.behaviours[w.regime, b].complained, people, public.audience, public.audience_exponent)
    if w.violation_draws[COMPLAINED] >= chance:
        return NOT_DONE
    delay = whole_steps(
        exponential(w.seed, p, Purpose.COMPLAINT_DELAY, k) * w.law[w.regime].public.complaint_delay, w.step
    )
    due = schedule(w, delay, COMPLAINT, p, case_number(MET, k), COMPLAINT_MADE)
    due.behaviour = b
    due.flag = serious
    return delay


@jit
def _handled(w: Any, p: int, k: int, misused: bool) -> float:
    """Days that the provider itself takes to act on a complaint, or -1 where it does not.

    A user who misused the service may lose the account, and what was made with it goes too.
    """
    law = w.law[w.regime]
    acts = law.response.handles > 0.0 and uniform(w.seed, p, Purpose.HANDLED, k) < law.response.handles
    if misused and law.response.account_measures > 0.0:
        u = uniform(w.seed, p, Purpose.ACCOUNT_MEASURE, k)
        if u < law.response.account_measures:
            measure = 1 + int(MEASURES * u / law.response.account_measures)
            log(w, ACCOUNT_MEASURE, p, case_number(MET, k), -1, float(measure))
            acts = acts or measure > MEASURES // 2
    if not acts:
        return NOT_DONE
    return whole_steps(exponential(w.seed, p, Purpose.HANDLING_TIME, k) * law.response.handling_days, w.step)


@jit
def end_violation(
    w: Any, kind: int, p: int, b: int, case: int, severity: float, epoch: int, since_report: float
) -> None:
    provider, duty = w.providers[p], w.duties[p * w.behaviours.shape[1] + b]
    if duty.live_epoch != epoch:
        return
    # Exactly zero when none is left, so that rounding leaves no trace of harm.
    duty.live -= 1
    duty.live_severity = duty.live_severity - severity if duty.live != 0 else 0.0
    provider.live_all -= 1
    provider.severity = provider.severity - severity if provider.live_all != 0 else 0.0
    w.violations_live -= 1
    if kind == TAKEN_DOWN:
        note_takedown(w, since_report)
    log(w, kind, p, case, b, severity)
    if duty.punished != 0:
        duty.punished -= 1
    elif duty.open_cases == 0:
        get_away(w, p, b)
    accrue(w, p)


@jit
def pay_claim(w: Any, p: int, b: int, case: int) -> None:
    """The person depicted is awarded damages, where the provider can still be reached by a court."""
    provider = w.providers[p]
    if provider.status == ACTIVE and provider.outside != ABROAD:
        award = exponential(w.seed, p, Purpose.AWARD, case >> 3) * w.behaviours[w.regime, b].award
        provider.claims += award
        log(w, CLAIM, p, case, b, award)
        settle(w, p, case)
