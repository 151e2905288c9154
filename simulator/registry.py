"""The filing registry: submissions wait for a reviewer, may be sent back, and take effect with a published batch."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from .draws import Purpose
from .eventlog import Kind
from .formulas import next_publication
from .state import ACTIVE

if TYPE_CHECKING:
    from .model import World

SUBMITTED, SUPPLEMENT = int(Kind.FILING_SUBMITTED), int(Kind.FILING_SUPPLEMENT)
DECIDED, FILED = int(Kind.FILING_DECIDED), int(Kind.FILED)


class Registry:
    """One office with a number of reviewers, first come first served."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reviewers = simpy.Resource(world.env, capacity=world.table.reviewers)

    def submit(self, p: int) -> None:
        """A provider decides to file; it does so once."""
        if not self.world.state.applied[p]:
            self.world.state.applied[p] = 1
            self.world.env.process(self.file(p))

    def file(self, p: int) -> Generator[Any, Any, None]:
        world = self.world
        table, clock, draws, seed, env = world.table, world.clock, world.draws, world.seed, world.env
        rule = table.filing
        yield clock.after(
            draws.exponential(seed, p, Purpose.FILING_PREPARATION, 0) * table.preparation_days, SUBMITTED, p, 0
        )
        attempt, in_review = 0, 0.0
        while True:
            if world.state.status[p] != ACTIVE:
                return
            arrived = env.now
            world.log(SUBMITTED, p, attempt, rule, 0.0)
            with self.reviewers.request() as turn:
                yield turn
                review = draws.exponential(seed, p, Purpose.FILING_REVIEW, attempt) * table.review_days
                yield clock.after(review, DECIDED, p, attempt)
            in_review += env.now - arrived
            if draws.uniform(seed, p, Purpose.FILING_SUPPLEMENT, attempt) >= table.supplement_probability:
                break
            world.log(SUPPLEMENT, p, attempt, rule, 0.0)
            answer = draws.exponential(seed, p, Purpose.FILING_SUPPLEMENT_TIME, attempt) * table.supplement_days
            yield clock.after(answer, SUBMITTED, p, attempt)
            attempt += 1
        world.review_total += in_review
        world.log(DECIDED, p, attempt, rule, in_review)
        if in_review > table.limit_days:
            world.late_filings += 1
        yield clock.after(next_publication(env.now, table.publication_interval), FILED, p, 0)
        if world.state.status[p] == ACTIVE:
            world.state.filed[p] = env.now
            world.log(FILED, p, 0, rule, 0.0)
            world.app_stores.apply(p)
