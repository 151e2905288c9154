"""Inspections: one fixed stream of candidates for the whole market, thinned by targeting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kernel import draws
from ...kernel.eventlog import Kind, Stream
from ...kernel.state import ACTIVE
from ..deterrence import strikes
from ..machine.agenda import FOCUS_TURNS, INSPECTION_DUE, schedule, until
from ..machine.compilation import jit, prefetch
from ..machine.pure import (
    Purpose,
    case_number,
    certificate_counts,
    inspection_chance,
    inspection_emphasis,
    uniform,
    uniform_within,
)
from ..world import log
from .docket import suspect

INSPECTION, FOCUSED = int(Kind.INSPECTION), int(Kind.FOCUSED)
INSPECTED = int(Stream.INSPECTION)
PURPOSES = np.array(
    [
        draws.Purpose.INSPECTION_GAP,
        draws.Purpose.INSPECTION_TARGET,
        draws.Purpose.INSPECTION_ACCEPTED,
        draws.Purpose.INSPECTION_BEHAVIOUR,
    ]
)
"""The draws of a candidate, which are made at once: see :data:`..occasion.PURPOSES`."""
GAP, TARGET, ACCEPTED, BEHAVIOUR = range(len(PURPOSES))


@jit
def expect_inspection(w: Any, a: int) -> None:
    mean = 1.0 / (w.law[0].detection.inspection_ceiling * len(w.providers))
    seed, drawn = w.seed, w.inspection_draws
    for each in range(len(PURPOSES)):
        drawn[each] = uniform_within(seed, 0, PURPOSES[each], a)
    gap = -math.log(drawn[GAP]) * mean
    w.inspection_arrival += gap
    p = w.inspection_target = int(drawn[TARGET] * len(w.providers))
    prefetch(w.providers, p, 64)
    prefetch(w.providers, p, 128)
    prefetch(w.providers, p, 192)
    schedule(w, until(w, w.inspection_arrival, gap), INSPECTION, 0, a, INSPECTION_DUE)


@jit
def inspect(w: Any, a: int) -> None:
    """Candidate ``a`` takes place, or not."""
    p = w.inspection_target
    provider = w.providers[p]
    if provider.status == ACTIVE and provider.outside == 0:
        law = w.law[w.regime]
        chance = inspection_chance(
            law.detection.inspection_rate,
            law.detection.inspection_ceiling,
            law.targeting.per_strike,
            strikes(w, p),
            law.targeting.strike_cap,
            w.classes[w.regime, provider.size_class].target,
        )
        if (
            law.targeting.group_weight != 1.0
            or law.targeting.per_complaint > 0.0
            or law.targeting.focus_weight != 1.0
            or law.safe_harbour.inspection_factor != 1.0
        ):
            counts = certificate_counts(provider.certified, w.now - provider.entry, law.safe_harbour.valid_days)
            chance *= inspection_emphasis(
                law.targeting.group_weight if provider.group != 0 else 1.0,
                provider.complained,
                law.targeting.per_complaint,
                law.targeting.complaint_cap,
                law.targeting.focus_weight if p % law.targeting.lots == w.focus else 1.0,
                law.safe_harbour.inspection_factor if counts else 1.0,
            )
        if w.inspection_draws[ACCEPTED] < chance:
            visit(w, p, a)
    expect_inspection(w, a + 1)


@jit
def visit(w: Any, p: int, a: int) -> None:
    """An inspection opens a case on the gravest live violation, or on a rule that is being kept."""
    provider, behaviours = w.providers[p], w.behaviours.shape[1]
    b, gravest = -1, 0.0
    for place in range(behaviours):
        duty = w.duties[p * behaviours + place]
        if duty.live != 0 and duty.live_severity >= gravest:
            b, gravest = place, duty.live_severity
    provider.complained = 0
    hides = w.classes[w.regime, provider.size_class].hides
    if b >= 0 and hides > 0.0 and provider.sanctions != 0 and uniform(w.seed, p, Purpose.HIDDEN, a) < hides:
        b = -1
    founded = b >= 0
    case = case_number(INSPECTED, a)
    if not founded:
        b = int(w.inspection_draws[BEHAVIOUR] * behaviours)
    log(w, INSPECTION, p, case, b, 1.0 if founded else 0.0)
    suspect(w, p, b, case, founded, False, False)


@jit
def concentrate(w: Any, turn: int) -> None:
    """Dynamic concentration: at each turn, the lot of providers with most sanctions since the last one."""
    most = 0
    for lot in range(len(w.sanctioned_in_lot)):
        if w.sanctioned_in_lot[lot] > w.sanctioned_in_lot[most]:
            most = lot
    w.focus = most
    log(w, FOCUSED, 0, turn, -1, float(most))
    w.sanctioned_in_lot[:] = 0
    schedule(w, w.law[w.regime].targeting.focus_days, FOCUSED, 0, turn + 1, FOCUS_TURNS)
