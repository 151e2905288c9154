"""The fixed stream of occasions of each provider, read ahead to the next that could tempt it.

Seven in ten occasions are averted whatever happens in the meantime: the draw is above what is missing to full
compliance even without effort and with a failing supporter. Nothing comes of them but that they are counted, so they
are counted as soon as they are read, each in the bin in which it lies, and never stand in the agenda. Should the
provider stop to meet occasions before they have come, or begin again, those that are still to come are taken out of the
count or put back: :func:`follow_status`.
"""

from __future__ import annotations

import math
from typing import Any

from ...kernel.eventlog import Kind
from ...kernel.replication import BIN
from ...kernel.state import ACTIVE, FUNCTIONS, SERVICE
from .agenda import expect_occasion, key_of
from .compilation import jit
from .pure import Purpose, bisect_right, exponential, uniform, uniform_within, whole_steps

OCCASION = int(Kind.OCCASION)
AHEAD = 4
"""Occasions whose draws are made at once: about as many as are read until one of them could tempt."""
ROUNDING = 1e-9
"""More than the formulas of compliance lose by rounding: an occasion within it of its bound is looked at when it comes.
"""


@jit
def begin_occasions(w: Any, p: int) -> None:
    """A provider has entered: its stream begins."""
    provider = w.providers[p]
    rate = w.law[w.regime].occasion_rate * w.classes[w.regime, provider.size_class].activity
    if rate == 0.0:
        return
    provider.mean_gap = 1.0 / rate
    provider.next_occasion = 0
    provider.arrival = w.now
    note_temptation(w, p)
    read_ahead(w, p)


@jit
def note_temptation(w: Any, p: int) -> None:
    """What a provider could ever lack in compliance, over all behaviours: compliance without effort only rises."""
    behaviours = w.behaviours.shape[1]
    most = 0.0
    for b in range(behaviours):
        if w.behaviours[0, b].rate > 0.0:
            most = max(most, _could_lack(w, p, b))
    w.providers[p].most_tempted = most


@jit
def _could_lack(w: Any, p: int, b: int) -> float:
    lack: float = 1.0 - w.duties[p * w.behaviours.shape[1] + b].base * w.worst_failure + ROUNDING
    return lack


@jit
def read_ahead(w: Any, p: int) -> None:
    """Count the occasions from ``next_occasion`` on, the first of which comes after ``arrival``, up to one that could
    tempt.
    """
    provider = w.providers[p]
    k, arrival, mean_gap = provider.next_occasion, provider.arrival, provider.mean_gap
    provider.counted = k
    provider.counted_arrival = arrival
    seed, step, horizon, bound, counted = (
        w.seed,
        w.step,
        w.horizon,
        provider.most_tempted,
        w.counted_ahead[provider.size_class],
    )
    draws, met, place = w.draws_ahead, 0, AHEAD
    while True:
        if place == AHEAD:
            _draw_ahead(w, p, k)
            place = 0
        arrival += -math.log(draws[place]) * mean_gap
        time = whole_steps(arrival, step)
        u = draws[AHEAD + place]
        place += 1
        if time >= horizon:
            break
        if u < bound:
            b = bisect_right(w.cumulative, uniform(seed, p, Purpose.CANDIDATE_BEHAVIOUR, k))
            if u < _could_lack(w, p, b):
                provider.behaviour = b
                break
        counted[_bin(time)] += provider.meets
        met += provider.meets
        k += 1
    provider.occasions += met
    provider.next_occasion = k
    provider.arrival = arrival
    provider.draw = u
    expect_occasion(w.agenda, p, k, time)


@jit
def _draw_ahead(w: Any, p: int, first: int) -> None:
    """The uniform draws of the next occasions from ``first`` on: :data:`AHEAD` for the gaps before them, then as many
    that decide whether compliance averts them. In one loop, which becomes vector instructions.
    """
    seed, draws = w.seed, w.draws_ahead
    for each in range(2 * AHEAD):
        purpose = Purpose.CANDIDATE_GAP + (each // AHEAD) * (Purpose.CANDIDATE_ACCEPTED - Purpose.CANDIDATE_GAP)
        draws[each] = uniform_within(seed, p, purpose, first + each % AHEAD)


@jit
def _bin(time: float) -> int:
    """The bin that holds a moment: bins are half-open. The quotient is below a whole number for all moments before
    it.
    """
    return int(time / BIN)


@jit
def follow_status(w: Any, p: int) -> None:
    """The status of a provider or of its service has changed: it meets the occasions still to come, or it does not."""
    provider = w.providers[p]
    meets = int(provider.status == ACTIVE and w.functions[p * FUNCTIONS + SERVICE].suspended == 0)
    change = meets - provider.meets
    if change == 0:
        return
    provider.meets = meets
    k, arrival, counted = provider.counted, provider.counted_arrival, w.counted_ahead[provider.size_class]
    while k < provider.next_occasion:
        arrival += exponential(w.seed, p, Purpose.CANDIDATE_GAP, k) * provider.mean_gap
        time = whole_steps(arrival, w.step)
        if time < w.now or (time == w.now and key_of(OCCASION, p, k) < w.latest):
            provider.counted = k + 1
            provider.counted_arrival = arrival
        else:
            counted[_bin(time)] += change
            provider.occasions += change
        k += 1
