"""What providers expect of enforcement, and what they learn from sanctions on themselves and on their peers."""

from __future__ import annotations

import math
from typing import Any

from .compilation import jit
from .pure import (
    belief_raised,
    belief_remembered,
    complies_looking_ahead,
    feared_cost,
    step_on_ladder,
    strikes_remembered,
)


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
