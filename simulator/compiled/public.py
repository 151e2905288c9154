"""The public: it complains about violations it meets, and sometimes about providers that did nothing wrong."""

from __future__ import annotations

from typing import Any

from ..kernel.case import FIRST_RUMOUR
from ..kernel.eventlog import Kind, Stream
from ..kernel.replication import UNREFUTED
from ..kernel.state import ACTIVE, FUNCTIONS, SERVICE
from .app_store import overreact
from .enforcement.docket import suspect
from .machine.agenda import FALSE_COMPLAINT, RUMOUR_SPREADS, schedule, until
from .machine.compilation import jit
from .machine.pure import Purpose, bisect_right, case_number, exponential, uniform
from .occasion import violate
from .world import log

COMPLAINT, RUMOUR = int(Kind.COMPLAINT), int(Kind.RUMOUR)
MET, UNFOUNDED = int(Stream.OCCASION), int(Stream.FALSE_COMPLAINT)


@jit
def complain(w: Any, p: int, b: int, case: int, serious: bool) -> None:
    log(w, COMPLAINT, p, case, b, 1.0)
    w.providers[p].complained += 1
    if uniform(w.seed, p, Purpose.FORWARDED, case) < w.law[w.regime].detection.taken_up:
        suspect(w, p, b, case, True, serious, False)


@jit
def expect_false_complaint(w: Any, f: int) -> None:
    """Unfounded complaints, one stream for the whole market, drawn to providers by their users."""
    mean = 1.0 / (w.law[0].public.false_complaint_rate * len(w.providers))
    gap = exponential(w.seed, 0, Purpose.FALSE_COMPLAINT_GAP, f) * mean
    w.complaint_arrival += gap
    schedule(w, until(w, w.complaint_arrival, gap), COMPLAINT, 0, f, FALSE_COMPLAINT)


@jit
def complain_without_cause(w: Any, f: int) -> None:
    p = bisect_right(w.cumulative_users, uniform(w.seed, 0, Purpose.FALSE_COMPLAINT_TARGET, f))
    chance = w.law[w.regime].public.false_complaint_chance
    made = chance >= 1.0 or uniform(w.seed, 0, Purpose.FALSE_COMPLAINT_MADE, f) < chance
    if made and w.providers[p].status == ACTIVE:
        behaviours = w.behaviours.shape[1]
        b = bisect_right(w.cumulative, uniform(w.seed, 0, Purpose.FALSE_COMPLAINT_BEHAVIOUR, f))
        b = min(b, behaviours - 1)
        case = case_number(UNFOUNDED, f)
        log(w, COMPLAINT, p, case, b, 0.0)
        w.providers[p].complained += 1
        evidence = w.law[w.regime].public.false_evidence
        if evidence >= 1.0 or uniform(w.seed, 0, Purpose.FALSE_EVIDENCE, f) < evidence:
            overreact(w, p, case)
        if uniform(w.seed, p, Purpose.FORWARDED, case) < w.law[w.regime].detection.taken_up:
            suspect(w, p, b, case, False, False, False)
    expect_false_complaint(w, f + 1)


@jit
def expect_rumour(w: Any, episode: int) -> None:
    gap = exponential(w.seed, 0, Purpose.RUMOUR_GAP, episode) / w.law[0].public.rumour_rate
    w.rumour_arrival += gap
    schedule(w, until(w, w.rumour_arrival, gap), RUMOUR, 0, episode, RUMOUR_SPREADS)


@jit
def spread_rumour(w: Any, episode: int) -> None:
    """A rumour: each provider that it reaches refutes it in time, or breaches its duty to."""
    b, behaviours = w.law[0].rumour, w.behaviours.shape[1]
    for p in range(len(w.providers)):
        provider = w.providers[p]
        if provider.status != ACTIVE or w.functions[p * FUNCTIONS + SERVICE].suspended != 0:
            continue
        if uniform(w.seed, p, Purpose.RUMOUR_REACHES, episode) >= w.law[w.regime].public.rumour_reach:
            continue
        provider.occasions += 1
        w.class_occasions[provider.size_class] += 1
        refuted = uniform(w.seed, p, Purpose.RUMOUR_REFUTED, episode) < w.duties[p * behaviours + b].compliance
        log(w, RUMOUR, p, episode, b, 1.0 if refuted else 0.0)
        if not refuted:
            w.totals[UNREFUTED] += 1.0
            provider.violations += 1
            w.class_violations[provider.size_class] += 1
            violate(w, p, b, FIRST_RUMOUR + episode, False)
    expect_rumour(w, episode + 1)
