"""What providers expect of enforcement, what they learn from it, and the effort that they choose in view of it."""

from __future__ import annotations

import math
from typing import Any

from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, EXEMPT
from ..kernel.table import ADAPTIVE, FIXED, RATIONAL
from .life import book_effort, refresh_compliance, settle
from .machine.agenda import REVIEW, schedule
from .machine.compilation import jit
from .machine.pure import (
    belief_beside,
    belief_lowered,
    belief_raised,
    belief_remembered,
    best_effort,
    complies_looking_ahead,
    cost_ahead,
    filter_strictness,
    repetition_weight,
    share_acted_on,
    step_on_ladder,
    strikes_remembered,
)
from .world import accrue, log

EFFORT, STRICTNESS = int(Kind.EFFORT), int(Kind.STRICTNESS)


@jit
def strikes(w: Any, p: int) -> int:
    """Sanctions that still count against a provider."""
    provider = w.providers[p]
    if provider.strikes == 0:
        return 0
    return strikes_remembered(provider.strikes, w.now - provider.struck, w.law[w.regime].strikes.memory)


@jit
def _remembered(w: Any, p: int, b: int) -> float:
    """What one that learns from its class believes now."""
    response, behaviours = w.law[w.regime].response, w.behaviours.shape[1]
    duty, peers = w.duties[p * behaviours + b], w.peers[w.providers[p].size_class * behaviours + b]
    return belief_beside(peers.belief, duty.belief, (w.now - duty.believed) * response.peer_weight, response.memory)


@jit
def belief(w: Any, p: int, b: int) -> float:
    """The probability that a provider reckons a breach to be sanctioned with."""
    own, peers = beliefs(w, p, b)
    return own + peers - own * peers


@jit
def beliefs(w: Any, p: int, b: int) -> tuple[float, float]:
    """The two parts of belief, to be taken as independent chances: from a provider's own past, and from its peers'.
    One that learns from both at once has it all in the first part if it was ever sanctioned, else in the second.
    """
    provider, response = w.providers[p], w.law[w.regime].response
    behaviours = w.behaviours.shape[1]
    duty, peers = w.duties[p * behaviours + b], w.peers[provider.size_class * behaviours + b]
    if response.model == ADAPTIVE:
        both = _remembered(w, p, b)
    elif response.model == RATIONAL:
        since = w.now - peers.believed
        both = share_acted_on(response.initial_belief, peers.acted, peers.resolved, since, response.memory)
    else:
        floor = response.initial_belief if response.model == FIXED else 0.0
        own = belief_remembered(duty.belief, floor, w.now - duty.believed, response.memory)
        return own, belief_remembered(peers.belief, 0.0, w.now - peers.believed, response.memory)
    if provider.sanctions != 0:
        return both, 0.0
    return 0.0, both


@jit
def fear(w: Any, p: int, b: int, believed: float) -> float:
    """What a sanction for a breach of ``b`` would cost this provider, in RMB."""
    return cost_of_step(w, p, strikes(w, p), b, believed)


@jit
def cost_of_step(w: Any, p: int, counted: int, b: int, believed: float) -> float:
    """The cost of a sanction after this many strikes for this provider, in RMB: only of the step in the model
    ``fixed``, else with all that is ahead.
    """
    provider, law, risk = w.providers[p], w.law[w.regime], w.behaviours[w.regime, b]
    size, steps = w.classes[w.regime, provider.size_class], w.steps[w.regime, risk.first_step : risk.after_step]
    step = step_on_ladder(counted, False, len(steps))
    serious = referral = closure = repetition = 0.0
    rectifies = 1.0
    if law.response.model != FIXED:
        serious, referral = risk.serious, law.referral
        closure, rectifies = size.closure * provider.revenue, size.rectifies
        repetition = repetition_weight(size.breaches * believed, law.response.discount, law.strikes.memory)
    ahead = cost_ahead(
        step,
        serious,
        referral,
        steps.feared_fine,
        steps.feared_turnover,
        steps.feared_days,
        steps.closes,
        steps.refusals,
        provider.revenue,
        closure,
        rectifies,
        repetition,
    )
    feared: float = ahead + steps[step].confiscates * size.gain
    return feared


@jit
def join_class(w: Any, p: int) -> None:
    """A provider enters the market. One that learns from its class begins with what the class believes by now."""
    response, behaviours, c = w.law[w.regime].response, w.behaviours.shape[1], w.providers[p].size_class
    w.peers[c * behaviours].entered += 1
    for b in range(behaviours):
        duty = w.duties[p * behaviours + b]
        duty.believed = w.now
        if response.model == ADAPTIVE:
            duty.belief -= response.initial_belief


@jit
def learn(w: Any, p: int, b: int, publicity: float) -> None:
    """A sanction on ``p`` for a breach of ``b``: it fears the next one more, and so, a little, does every provider of
    its size, in proportion to its ``publicity``. Providers that learn only from sanctions do not distinguish
    behaviours.
    """
    provider, law, now, behaviours = w.providers[p], w.law[w.regime], w.now, w.behaviours.shape[1]
    response, c = law.response, provider.size_class
    pool = w.peers[c * behaviours]
    members = pool.count if response.model == FIXED else max(1, pool.entered)
    taught = min(1.0, response.peer_weight * law.publicity * publicity / members)
    if response.model == ADAPTIVE:
        experienced = belief_raised(_remembered(w, p, b), response.own_weight)
        for other in range(behaviours):
            peers = w.peers[c * behaviours + other]
            peers.belief = belief_raised(peers.belief, taught if other == b else taught * response.generalises)
        _note_experience(w, p, b, experienced)
    elif response.model == RATIONAL:
        _count(w, c, b, 1.0)
    else:
        floor = response.initial_belief if response.model == FIXED else 0.0
        for each in range(behaviours):
            duty, peers = w.duties[p * behaviours + each], w.peers[c * behaviours + each]
            own = belief_remembered(duty.belief, floor, now - duty.believed, response.memory)
            duty.belief = belief_raised(own, response.own_weight)
            duty.believed = now
            theirs = belief_remembered(peers.belief, 0.0, now - peers.believed, response.memory)
            peers.belief = belief_raised(theirs, taught)
            peers.believed = now


@jit
def get_away(w: Any, p: int, b: int) -> None:
    """A breach of ``b`` has ended without a sanction, which its provider notices, and some of its peers."""
    provider, response, behaviours = w.providers[p], w.law[w.regime].response, w.behaviours.shape[1]
    if provider.outside != 0 or provider.status != ACTIVE:
        return
    c = provider.size_class
    if response.model == ADAPTIVE:
        experienced = belief_lowered(_remembered(w, p, b), response.own_weight)
        taught = min(1.0, response.peer_weight * response.impunity_seen / max(1, w.peers[c * behaviours].entered))
        for other in range(behaviours):
            peers = w.peers[c * behaviours + other]
            peers.belief = belief_lowered(peers.belief, taught if other == b else taught * response.generalises)
        _note_experience(w, p, b, experienced)
    elif response.model == RATIONAL:
        _count(w, c, b, 0.0)


@jit
def _note_experience(w: Any, p: int, b: int, experienced: float) -> None:
    behaviours = w.behaviours.shape[1]
    duty = w.duties[p * behaviours + b]
    duty.belief = experienced - w.peers[w.providers[p].size_class * behaviours + b].belief
    duty.believed = w.now


@jit
def _count(w: Any, c: int, b: int, acted: float) -> None:
    """One more breach of a size class has ended, with a sanction or without."""
    peers = w.peers[c * w.behaviours.shape[1] + b]
    kept = math.exp(-(w.now - peers.believed) / w.law[w.regime].response.memory)
    peers.acted = peers.acted * kept + acted
    peers.resolved = peers.resolved * kept + 1.0
    peers.believed = w.now


@jit
def complies_ahead(w: Any, p: int) -> bool:
    """Whether complying in its present group of targeting is cheaper in the long run than violating."""
    provider, law = w.providers[p], w.law[w.regime]
    size = w.classes[w.regime, provider.size_class]
    behaviours = w.behaviours.shape[1]
    breaches = lasting = 0.0
    for b in range(behaviours):
        risk = w.behaviours[w.regime, b]
        each = risk.rate * 365.0 * (1.0 - w.duties[p * behaviours + b].compliance) * size.activity
        breaches += each
        lasting += each * risk.lifetime
    visits = law.detection.inspection_rate * 365.0 * size.target
    found = visits * law.evidence.sensitivity * (1.0 - math.exp(-lasting / 365.0))
    counted = strikes(w, p)
    second = provider.group != 0
    lower = counted - 1 if second and counted > 0 else counted
    return complies_looking_ahead(
        second,
        breaches * size.gain,
        found,
        found * law.targeting.group_weight,
        cost_of_step(w, p, lower, 0, 0.0),
        cost_of_step(w, p, lower + 1, 0, 0.0),
        visits * law.targeting.group_weight * law.evidence.specificity * law.targeting.group_back,
        365.0 / law.response.foresight,
    )


@jit
def review(w: Any, p: int) -> None:
    """Choose effort for each behaviour, and the strictness of the filter, in view of the sanctions now expected."""
    provider, law = w.providers[p], w.law[w.regime]
    size = w.classes[w.regime, provider.size_class]
    if provider.status == ACTIVE and size.capital < math.inf:
        book_effort(w, p)
        settle(w, p, 0)
    if provider.status == ACTIVE and provider.outside != EXEMPT:
        book_effort(w, p)
        behaviours, feared, counted = w.behaviours.shape[1], 0.0, strikes(w, p)
        for b in range(behaviours):
            risk, duty = w.behaviours[w.regime, b], w.duties[p * behaviours + b]
            believed = belief(w, p, b) if provider.outside == 0 else 0.0
            cost = cost_of_step(w, p, counted, b, believed)
            feared += believed * cost * risk.effort_share
            breaches = risk.rate * 365.0 * (1.0 - duty.base) * size.activity
            effort = best_effort(believed, cost, breaches, size.compliance_cost * risk.effort_share)
            if effort != duty.effort:
                duty.effort = effort
                log(w, EFFORT, p, 0, b, effort)
        refresh_compliance(w, p)
        strictness = filter_strictness(feared, law.response.strictness_scale)
        if strictness != provider.strictness:
            provider.strictness = strictness
            log(w, STRICTNESS, p, 0, -1, strictness)
            accrue(w, p)
    elif provider.status != ACTIVE and size.reenters == 0.0:
        return
    schedule(w, law.response.review_days, EFFORT, p, 0, REVIEW)
