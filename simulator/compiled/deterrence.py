"""What providers expect of enforcement, what they learn from it, and the effort that they choose in view of it."""

from __future__ import annotations

import math
from typing import Any

from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, EXEMPT
from .life import book_effort, refresh_compliance, settle
from .machine.agenda import REVIEW, schedule
from .machine.compilation import jit
from .machine.pure import (
    belief_raised,
    belief_remembered,
    best_effort,
    complies_looking_ahead,
    feared_cost,
    filter_strictness,
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
def beliefs(w: Any, p: int) -> tuple[float, float]:
    """The probability of a sanction that a provider reckons with: from its own past, and from its peers'."""
    provider, law = w.providers[p], w.law[w.regime]
    own = belief_remembered(
        provider.belief, law.response.initial_belief, w.now - provider.believed, law.response.memory
    )
    peers = w.peers[provider.size_class]
    return own, belief_remembered(peers.belief, 0.0, w.now - peers.believed, law.response.memory)


@jit
def fear(w: Any, p: int) -> float:
    """What the next step of the ladder would cost this provider, in RMB."""
    return cost_of_step(w, p, strikes(w, p))


@jit
def cost_of_step(w: Any, p: int, counted: int) -> float:
    """What the step of the ladder that follows so many strikes would cost this provider, in RMB."""
    step = w.steps[w.regime, step_on_ladder(counted, False, w.steps.shape[1])]
    return feared_cost(step.feared_fine, step.feared_turnover, w.providers[p].revenue, step.feared_days)


@jit
def learn(w: Any, p: int) -> None:
    """A sanction on ``p``: it fears the next one more, and so, a little, does every provider of its size."""
    provider, law, now = w.providers[p], w.law[w.regime], w.now
    own = belief_remembered(provider.belief, law.response.initial_belief, now - provider.believed, law.response.memory)
    provider.belief = belief_raised(own, law.response.own_weight)
    provider.believed = now
    peers = w.peers[provider.size_class]
    belief = belief_remembered(peers.belief, 0.0, now - peers.believed, law.response.memory)
    taught = min(1.0, law.response.peer_weight * law.publicity / peers.count)
    peers.belief = belief_raised(belief, taught)
    peers.believed = now


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
        cost_of_step(w, p, lower),
        cost_of_step(w, p, lower + 1),
        visits * law.targeting.group_weight * law.evidence.specificity * law.targeting.group_back,
        365.0 / law.response.foresight,
    )


@jit
def review(w: Any, p: int) -> None:
    """Choose effort and the strictness of the filter in view of the sanctions now expected."""
    provider, law = w.providers[p], w.law[w.regime]
    size = w.classes[w.regime, provider.size_class]
    if provider.status == ACTIVE and size.capital < math.inf:
        book_effort(w, p)
        settle(w, p, 0)
    if provider.status == ACTIVE and provider.outside != EXEMPT:
        own, peers = beliefs(w, p)
        belief = own + peers - own * peers if provider.outside == 0 else 0.0
        feared = fear(w, p)
        behaviours, breaches = w.behaviours.shape[1], 0.0
        for b in range(behaviours):
            breaches += w.behaviours[w.regime, b].rate * 365.0 * (1.0 - w.duties[p * behaviours + b].base)
        effort = best_effort(belief, feared, breaches * size.activity, size.compliance_cost)
        if effort != provider.effort:
            book_effort(w, p)
            provider.effort = effort
            refresh_compliance(w, p)
            log(w, EFFORT, p, 0, -1, effort)
        strictness = filter_strictness(belief, feared, law.response.strictness_scale)
        if strictness != provider.strictness:
            provider.strictness = strictness
            log(w, STRICTNESS, p, 0, -1, strictness)
            accrue(w, p)
    elif provider.status != ACTIVE and size.reenters == 0.0:
        return
    schedule(w, law.response.review_days, EFFORT, p, 0, REVIEW)
