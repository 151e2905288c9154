"""The docket: a suspicion becomes a case, which waits for the authority with jurisdiction."""

from __future__ import annotations

from typing import Any

from ...kernel.eventlog import Kind
from ...kernel.state import ACTIVE
from ..machine.agenda import CASE_BEGINS, append
from ..machine.compilation import jit
from ..world import log, take

CASE_OPENED = int(Kind.CASE_OPENED)


@jit
def suspect(w: Any, p: int, b: int, number: int, founded: bool, serious: bool, self_reported: bool) -> None:
    """Open a case, unless the provider is gone or out of reach, or one on the same rule is open already."""
    provider, duty = w.providers[p], w.duties[p * w.behaviours.shape[1] + b]
    if provider.status != ACTIVE or provider.outside != 0:
        return
    if w.law[w.regime].detection.merge and duty.open_cases != 0:
        return
    duty.open_cases += 1
    provider.cases += 1
    log(w, CASE_OPENED, p, number, b, 1.0 if founded else 0.0)
    place = take(w.cases)
    case = w.cases.records[place]
    case.provider = p
    case.number = number
    case.behaviour = b
    case.founded = founded
    case.serious = serious
    case.opened = w.now
    case.authority = w.authority_of[provider.size_class * w.behaviours.shape[1] + b]
    case.self_reported = self_reported
    case.overturned = False
    case.refused = False
    case.step = 0
    case.held = 1
    append(w.agenda.starting, CASE_BEGINS, place)
