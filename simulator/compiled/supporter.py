"""Technical supporters: many providers build on one, so that its sanction, or its failure, reaches them all."""

from __future__ import annotations

from typing import Any

from ..kernel.eventlog import Kind, Stream
from ..kernel.state import ACTIVE, INSIDE
from .enforcement.suspension import suspend_for_supporter
from .life import refresh_compliance
from .machine.agenda import SUPPORTER_RECOVERS, schedule
from .machine.compilation import jit
from .machine.pure import Purpose, case_number, uniform
from .world import log

SANCTIONED, FAILED, RECOVERED = (
    int(Kind.SUPPORTER_SANCTIONED),
    int(Kind.SUPPORTER_FAILED),
    int(Kind.SUPPORTER_RECOVERED),
)
COLLATERAL = int(Stream.SUPPORTER)


@jit
def fail(w: Any, number: int) -> None:
    """The providers built on a supporter lose a part of their compliance until it recovers."""
    failure = w.failures[w.regime, number]
    log(w, FAILED, 0, number, -1, float(failure.supporter))
    _affect(w, failure.supporter, failure.factor)
    schedule(w, failure.days, RECOVERED, 0, number, SUPPORTER_RECOVERS)


@jit
def recover(w: Any, number: int) -> None:
    supporter = w.failures[w.regime, number].supporter
    log(w, RECOVERED, 0, number, -1, float(supporter))
    _affect(w, supporter, 1.0)


@jit
def _affect(w: Any, supporter: int, factor: float) -> None:
    for place in range(w.first_built_on[supporter], w.first_built_on[supporter + 1]):
        p = w.built_on[place]
        w.providers[p].failing = factor
        refresh_compliance(w, p)


@jit
def trace(w: Any, p: int, number: int) -> None:
    """A founded case against ``p`` may show that its supporter is at fault; that suspends all who build on it."""
    supporter, law = w.providers[p].supporter, w.law[w.regime]
    if supporter < 0 or law.supporters.traced == 0.0 or w.now < w.supporter_until[supporter]:
        return
    if uniform(w.seed, p, Purpose.TRACED, number) >= law.supporters.traced:
        return
    log(w, SANCTIONED, p, number, -1, float(supporter))
    w.supporter_until[supporter] = w.now + law.supporters.days
    case = case_number(COLLATERAL, w.supporter_sanctions)
    w.supporter_sanctions += 1
    if law.supporters.days == 0.0:
        return
    for place in range(w.first_built_on[supporter], w.first_built_on[supporter + 1]):
        q = w.built_on[place]
        if w.providers[q].status == ACTIVE and w.providers[q].outside == INSIDE:
            suspend_for_supporter(w, q, law.supporters.days, case)
