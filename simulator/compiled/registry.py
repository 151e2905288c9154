"""The filing registry: submissions wait for a reviewer, may be sent back, and take effect with a published batch."""

from __future__ import annotations

import math
from typing import Any

from ..kernel.case import ATTEMPTS
from ..kernel.eventlog import Kind
from ..kernel.state import ACTIVE
from .app_store import apply
from .machine.agenda import FILING_BEGINS, FILING_PUBLISHED, FILING_READY, FILING_REVIEWED, append, schedule
from .machine.compilation import jit
from .machine.pools import release, request
from .machine.pure import Purpose, exponential, next_publication, uniform
from .world import give, log, take

SUBMITTED, SUPPLEMENT = int(Kind.FILING_SUBMITTED), int(Kind.FILING_SUPPLEMENT)
DECIDED, FILED, CANCELLED = int(Kind.FILING_DECIDED), int(Kind.FILED), int(Kind.FILING_CANCELLED)
NEVER = math.nan


@jit
def submit(w: Any, p: int) -> None:
    """A provider decides to file; it does so once in each of its lives."""
    if w.providers[p].applied != 0:
        return
    w.providers[p].applied = 1
    place = take(w.filings)
    filing = w.filings.records[place]
    filing.provider = p
    append(w.agenda.starting, FILING_BEGINS, place)


@jit
def prepare(w: Any, place: int) -> None:
    filing = w.filings.records[place]
    p = filing.provider
    provider = w.providers[p]
    filing.life = provider.lives
    filing.attempt = provider.lives * ATTEMPTS
    filing.pool = len(w.authorities) + w.registry_of[provider.size_class]
    filing.in_review = 0.0
    delay = (
        exponential(w.seed, p, Purpose.FILING_PREPARATION, filing.attempt) * w.law[w.regime].registry.preparation_days
    )
    schedule(w, delay, SUBMITTED, p, 0, FILING_READY).subject = place


@jit
def hand_in(w: Any, place: int) -> None:
    """A filing, new or supplemented, waits for a reviewer. The rules of this moment hold until it is decided on."""
    filing = w.filings.records[place]
    p = filing.provider
    if w.providers[p].status != ACTIVE or w.providers[p].lives != filing.life:
        give(w.filings, place)
        return
    filing.regime = w.regime
    filing.arrived = w.now
    log(w, SUBMITTED, p, filing.attempt, w.law[0].filing, 0.0)
    request(w, filing.pool, place, False)


@jit
def review(w: Any, place: int) -> None:
    filing = w.filings.records[place]
    p = filing.provider
    days = exponential(w.seed, p, Purpose.FILING_REVIEW, filing.attempt) * w.law[filing.regime].registry.review_days
    schedule(w, days, DECIDED, p, filing.attempt, FILING_REVIEWED).subject = place


@jit
def decide(w: Any, place: int) -> None:
    """The review ends: the authority requests a supplement, or accepts the filing and waits for publication."""
    filing = w.filings.records[place]
    p, attempt, law, rule = filing.provider, filing.attempt, w.law[filing.regime], w.law[0].filing
    release(w, filing.pool)
    filing.in_review += w.now - filing.arrived
    if uniform(w.seed, p, Purpose.FILING_SUPPLEMENT, attempt) < law.registry.supplement_probability:
        log(w, SUPPLEMENT, p, attempt, rule, 0.0)
        answer = exponential(w.seed, p, Purpose.FILING_SUPPLEMENT_TIME, attempt) * law.registry.supplement_days
        filing.attempt = attempt + 1
        schedule(w, answer, SUBMITTED, p, attempt, FILING_READY).subject = place
        return
    w.review_total += filing.in_review
    log(w, DECIDED, p, attempt, rule, filing.in_review)
    if filing.in_review > w.law[w.regime].registry.limit_days:
        w.late_filings += 1
    delay = next_publication(w.now, w.law[w.regime].registry.publication_interval)
    schedule(w, delay, FILED, p, 0, FILING_PUBLISHED).subject = place


@jit
def publish(w: Any, place: int) -> None:
    filing = w.filings.records[place]
    p = filing.provider
    provider = w.providers[p]
    if provider.status == ACTIVE and provider.lives == filing.life:
        provider.filed = w.now
        log(w, FILED, p, 0, w.law[0].filing, 0.0)
        apply(w, p)
    give(w.filings, place)


@jit
def cancel(w: Any, p: int) -> None:
    """A provider that is gone has no filing any more."""
    if w.providers[p].filed >= 0.0:
        w.providers[p].filed = NEVER
        log(w, CANCELLED, p, 0, w.law[0].filing, 0.0)
