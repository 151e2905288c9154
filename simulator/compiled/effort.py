"""What a provider decides at its reviews: effort at compliance, and the strictness of its filter."""

from __future__ import annotations

import math
from typing import Any

from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE, EXEMPT
from .agenda import REVIEW, schedule
from .compilation import jit
from .deterrence import beliefs, fear
from .life import book_effort, refresh_compliance, settle
from .pure import best_effort, filter_strictness
from .world import accrue, log

EFFORT, STRICTNESS = int(Kind.EFFORT), int(Kind.STRICTNESS)


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
