"""Propagation platforms: copies of what providers make live on them, until they fade or are taken down."""

from __future__ import annotations

from typing import Any

from ..kernel.eventlog import Kind, Stream
from ..kernel.replication import PLATFORM_FINES
from .machine.agenda import COPIES_END, COPIES_REPORTED, PLATFORM_FOUND_OUT, schedule
from .machine.compilation import jit
from .machine.pure import Purpose, bisect_right, case_number, uniform, whole_steps
from .world import accrue, log

COPIES_SPREAD, COPIES_REMOVED, COPIES_FADED = int(Kind.COPIES_SPREAD), int(Kind.COPIES_REMOVED), int(Kind.COPIES_FADED)
FINED = int(Kind.PLATFORM_FINED)
MET = int(Stream.OCCASION)


@jit
def spread(w: Any, p: int, b: int, k: int, severity: float, reported: float, where: float, fades: float) -> None:
    """Copies of occasion ``k`` appear. ``reported``: days until a complaint, or -1. ``where`` is the uniform draw of
    the platform, ``fades`` the exponential one of the time until they fade. The caller accrues harm.
    """
    provider, law = w.providers[p], w.law[w.regime]
    number = min(bisect_right(w.platform_cumulative, where), w.platforms.shape[1] - 1)
    platform = w.platforms[w.regime, number]
    provider.copies += severity
    provider.copies_live += 1
    case = case_number(MET, k)
    log(w, COPIES_SPREAD, p, case, b, severity)
    delay, kind = fades * platform.fades, COPIES_FADED
    missed = platform.misses * w.attention[number]
    seen = reported >= 0.0 and uniform(w.seed, p, Purpose.COPY_MISSED, k) >= missed
    found = law.platform_duty.found
    if reported >= 0.0 and not seen and found > 0.0 and uniform(w.seed, p, Purpose.NEGLECT_FOUND, k) < found:
        due = schedule(w, reported, FINED, p, case, PLATFORM_FOUND_OUT)
        due.subject = number
        due.amount = 1.0
    if seen and reported < delay and platform.handling > 0.0:
        due = schedule(w, reported, COPIES_SPREAD, p, case, COPIES_REPORTED)
        due.behaviour = b
        due.subject = number
        due.amount = severity
        due.since = delay - reported
        return
    if seen and reported + platform.lag < delay:
        delay, kind = reported + platform.lag, COPIES_REMOVED
        notice_delay(w, p, case, number, platform.lag, delay)
    due = schedule(w, delay, kind, p, case, COPIES_END)
    due.behaviour = b
    due.amount = severity


@jit
def take_up(w: Any, p: int, b: int, case: int, number: int, severity: float, left: float) -> None:
    """A report reaches the platform's staff, ``left`` days before the copy would fade."""
    platform = w.platforms[w.regime, number]
    begins = w.copies_staffed_at[number] if w.copies_staffed_at[number] > w.now else w.now
    w.copies_staffed_at[number] = begins + platform.handling
    lag = platform.lag + (w.copies_staffed_at[number] - w.now)
    delay, kind = left, COPIES_FADED
    if lag < left:
        delay, kind = lag, COPIES_REMOVED
        notice_delay(w, p, case, number, lag, lag)
    due = schedule(w, delay, kind, p, case, COPIES_END)
    due.behaviour = b
    due.amount = severity


@jit
def notice_delay(w: Any, p: int, case: int, number: int, lag: float, delay: float) -> None:
    """The regulator may notice that the copy which is taken down in ``delay`` days was up for ``lag`` days after the
    report.
    """
    limit, found = w.law[w.regime].platform_duty.limit_days, w.law[w.regime].platform_duty.found
    took = whole_steps(lag, w.step)
    if not 0.0 < limit < took or found == 0.0:
        return
    if uniform(w.seed, p, Purpose.NEGLECT_FOUND, case >> 3) < found:
        due = schedule(w, delay, FINED, p, case, PLATFORM_FOUND_OUT)
        due.subject = number
        due.amount = float(int(took / limit))


@jit
def fine(w: Any, p: int, platform: int, times: float) -> None:
    """The regulator notices a reported copy that a platform left up, or left up too long."""
    law = w.law[w.regime]
    amount = times * law.platform_duty.fine
    w.totals[PLATFORM_FINES] += amount
    w.attention[platform] *= 1.0 - law.platform_duty.learns
    log(w, FINED, p, platform, -1, amount)


@jit
def end_copies(w: Any, kind: int, p: int, b: int, case: int, severity: float) -> None:
    provider = w.providers[p]
    provider.copies_live -= 1
    provider.copies = provider.copies - severity if provider.copies_live != 0 else 0.0
    log(w, kind, p, case, b, severity)
    accrue(w, p)
