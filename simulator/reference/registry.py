"""The filing registry: submissions wait for a reviewer, may be sent back, and take effect with a published batch."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from ..kernel.case import ATTEMPTS
from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind
from ..kernel.formulas import next_publication
from ..kernel.state import ACTIVE
from .clock import resize

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

SUBMITTED, SUPPLEMENT = int(Kind.FILING_SUBMITTED), int(Kind.FILING_SUPPLEMENT)
DECIDED, FILED, CANCELLED = int(Kind.FILING_DECIDED), int(Kind.FILED), int(Kind.FILING_CANCELLED)
NEVER = math.nan


class Registry:
    """One office with a number of reviewers, or one for each authority that reviews filings; first come first
    served.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool_of = world.table.authorities.registry.tolist()
        # An authority without reviewers has an empty place here, which no filing is sent to.
        self.reviewers = [
            simpy.Resource(world.env, max(1, size)) for size in world.table.authorities.reviewers.tolist()
        ]

    def adopt(self, table: Table) -> None:
        for pool, size in zip(self.reviewers, table.authorities.reviewers.tolist(), strict=True):
            resize(pool, size)

    def submit(self, p: int) -> None:
        """A provider decides to file; it does so once in each of its lives."""
        if not self.world.state.applied[p]:
            self.world.state.applied[p] = 1
            self.world.env.process(self.file(p))

    def file(self, p: int) -> Generator[Any, Any, None]:
        world = self.world
        table, clock, draws, seed, env = world.table, world.clock, world.draws, world.seed, world.env
        rule, life = table.filing, world.state.lives[p]
        reviewers = self.reviewers[self.pool_of[world.state.size_class[p]]]
        first = life * ATTEMPTS
        yield clock.after(
            draws.exponential(seed, p, Purpose.FILING_PREPARATION, first) * table.registry.preparation_days,
            SUBMITTED,
            p,
            0,
        )
        attempt, in_review = first, 0.0
        while True:
            if world.state.status[p] != ACTIVE or world.state.lives[p] != life:
                return
            table = world.table
            arrived = env.now
            world.log(SUBMITTED, p, attempt, rule, 0.0)
            with reviewers.request() as turn:
                yield turn
                review = draws.exponential(seed, p, Purpose.FILING_REVIEW, attempt) * table.registry.review_days
                yield clock.after(review, DECIDED, p, attempt)
            in_review += env.now - arrived
            if draws.uniform(seed, p, Purpose.FILING_SUPPLEMENT, attempt) >= table.registry.supplement_probability:
                break
            world.log(SUPPLEMENT, p, attempt, rule, 0.0)
            answer = (
                draws.exponential(seed, p, Purpose.FILING_SUPPLEMENT_TIME, attempt) * table.registry.supplement_days
            )
            yield clock.after(answer, SUBMITTED, p, attempt)
            attempt += 1
        world.review_total += in_review
        world.log(DECIDED, p, attempt, rule, in_review)
        if in_review > world.table.registry.limit_days:
            world.late_filings += 1
        yield clock.after(next_publication(env.now, world.table.registry.publication_interval), FILED, p, 0)
        if world.state.status[p] == ACTIVE and world.state.lives[p] == life:
            world.state.filed[p] = env.now
            world.log(FILED, p, 0, rule, 0.0)
            world.app_stores.apply(p)

    def cancel(self, p: int) -> None:
        """A provider that is gone has no filing any more."""
        state = self.world.state
        if state.filed[p] >= 0.0:
            state.filed[p] = NEVER
            self.world.log(CANCELLED, p, 0, self.world.table.filing, 0.0)
