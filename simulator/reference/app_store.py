"""App stores: they review at listing, watch what they list, obey orders to remove, and relist after review."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ..kernel.case import ATTEMPTS
from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.replication import STORE_FINES
from ..kernel.state import ABROAD, ACTIVE, FUNCTIONS, SERVICE
from ..scenario.market import MAX_STORES

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

LISTED, REFUSED, REPORT = int(Kind.LISTED), int(Kind.LISTING_REFUSED), int(Kind.STORE_REPORT)
DELISTED, RELISTED, NOT_RELISTED = int(Kind.DELISTED), int(Kind.RELISTED), int(Kind.RELISTING_REFUSED)
STORE_NOTICED = Purpose.STORE_NOTICED
FINED, OVER_REMOVED = int(Kind.STORE_FINED), int(Kind.OVER_REMOVED)


class AppStores:
    """All stores; store ``s`` reaches ``table.stores.share[s]`` of each provider's users."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.share = world.table.stores.share.tolist()
        self.count = len(self.share)
        self.direct = max(0.0, 1.0 - float(sum(self.share)))
        self.applications = [0] * (world.table.providers * self.count)
        self.diligence = world.table.stores.diligence.tolist()
        self.staffed_at: list[float] = [
            0.0
        ] * self.count  # when the staff of a store has handled the orders that it has
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        self.review = table.stores.review.tolist()
        self.monitors = table.stores.monitors.tolist()
        self.delay = table.stores.delay.tolist()
        self.obeys = table.stores.obeys.tolist()
        self.relisting = table.stores.relisting.tolist()
        self.relists = table.stores.relists.tolist()
        self.over_removes = table.stores.over_removes.tolist()
        self.overreacts = any(self.over_removes)
        self.handling = table.stores.handling.tolist()
        self.seen = table.behaviours.seen.tolist()

    def start(self) -> None:
        if self.world.table.store_duty.audit_days > 0.0 and self.count:
            self.world.env.process(self.audit())

    def audit(self) -> Generator[Any, Any, None]:
        """The regulator looks at one listed app of each store; one that has not filed shows neglect."""
        world = self.world
        state, n = world.state, world.table.providers
        audit = 0
        while True:
            yield world.clock.after(world.table.store_duty.audit_days, FINED, 0, audit)
            for s in range(self.count):
                u = world.draws.uniform(world.seed, 0, Purpose.STORE_AUDIT, audit * MAX_STORES + s)
                listed = [p for p in range(n) if state.listed[p * self.count + s] and state.status[p] == ACTIVE]
                if listed and world.table.filing >= 0:
                    p = listed[int(u * len(listed))]
                    if not state.filed[p] >= 0.0:
                        self.fine(p, s, 1)
            audit += 1

    def fine(self, p: int, s: int, times: int) -> None:
        """A store is fined for neglect, and more diligent afterwards."""
        table = self.world.table
        amount = times * table.store_duty.neglect_fine
        self.world.totals[STORE_FINES] += amount
        self.diligence[s] += table.store_duty.learns * (1.0 - self.diligence[s])
        self.world.log(FINED, p, s, -1, amount)

    def apply(self, p: int) -> None:
        """A provider asks every store that neither lists nor has removed it to list its app."""
        state = self.world.state
        if state.outside[p] == ABROAD:
            return
        for s in range(self.count):
            place = p * self.count + s
            if not state.listed[place] and not state.removed[place]:
                attempt = self.applications[place]
                self.applications[place] += 1
                delay = self.world.draws.exponential(
                    self.world.seed, p, Purpose.LISTING_REVIEW, attempt * MAX_STORES + s
                )
                self.world.clock.call(delay * self.review[s], LISTED, p, s, self.decide, p, s, attempt)

    def decide(self, p: int, s: int, attempt: int) -> None:
        """The listing review: an app without filing is refused where the store checks."""
        world = self.world
        state = world.state
        place = p * self.count + s
        if state.status[p] != ACTIVE or state.outside[p] == ABROAD or state.listed[place] or state.removed[place]:
            return
        u = world.draws.uniform(world.seed, p, Purpose.LISTING_CHECKED, attempt * MAX_STORES + s)
        if u < world.table.store_duty.checks_filing * self.diligence[s] and not state.filed[p] >= 0.0:
            world.log(REFUSED, p, 0, -1, float(s))
            return
        self.list(p, s, LISTED)

    def list(self, p: int, s: int, kind: int) -> None:
        world = self.world
        world.state.listed[p * self.count + s] = 1
        world.state.removed[p * self.count + s] = 0
        world.listings += 1
        world.log(kind, p, 0, -1, float(s))
        world.users.come_back(p, s)
        self.expose(p)

    def delist(self, p: int, s: int, case: int) -> None:
        world = self.world
        world.state.listed[p * self.count + s] = 0
        world.listings -= 1
        world.log(DELISTED, p, case, -1, float(s))
        world.users.move_away(p, s, self.share[s], case)
        self.expose(p)

    def forget(self, p: int) -> None:
        """A provider is gone or starts over: no store lists it, or knows of a removal."""
        state = self.world.state
        for s in range(self.count):
            place = p * self.count + s
            if state.listed[place]:
                self.delist(p, s, 0)
            state.removed[place] = 0
            state.listing_epoch[place] += 1

    def overreact(self, p: int, case: int) -> None:
        """An unfounded complaint may be enough for a store to remove an app unasked."""
        world = self.world
        for s in range(self.count):
            if world.state.listed[p * self.count + s]:
                u = world.draws.uniform(world.seed, p, Purpose.OVER_REMOVED, case * MAX_STORES + s)
                if u < self.over_removes[s]:
                    world.log(OVER_REMOVED, p, case, -1, float(s))
                    world.env.process(self.remove(p, s, 0.0, case, ordered=False))

    def expose(self, p: int) -> None:
        """Who can reach the service: users who come directly, and those of the stores that list it."""
        state, first = self.world.state, p * self.count
        share = self.direct
        for s in range(self.count):
            if state.listed[first + s]:
                share += self.share[s]
        state.exposure[p] = share
        self.world.accrue(p)

    def notice(self, p: int, b: int, k: int, serious: bool) -> None:
        """A store's own monitoring may meet occasion ``k`` and report it to the regulator."""
        if self.seen[b] == 0.0:
            return
        world = self.world
        for s in range(self.count):
            if world.state.listed[p * self.count + s]:
                index = k * MAX_STORES + s
                if world.draws.uniform(world.seed, p, STORE_NOTICED, index) < self.monitors[s] * self.seen[b]:
                    delay = world.draws.exponential(world.seed, p, Purpose.STORE_DELAY, index) * self.delay[s]
                    case = case_number(Stream.STORE_REPORT, index)
                    world.clock.call(delay, REPORT, p, case, self.report, p, b, s, case, serious)

    def report(self, p: int, b: int, s: int, case: int, serious: bool) -> None:
        world = self.world
        world.log(REPORT, p, case, b, float(s))
        if world.draws.uniform(world.seed, p, Purpose.FORWARDED, case) < world.table.detection.store_taken_up:
            world.docket.suspect(p, b, case, True, serious)

    def order_removal(self, p: int, days: float, case: int) -> None:
        for s in range(self.count):
            if self.world.state.listed[p * self.count + s]:
                self.world.env.process(self.remove(p, s, days, case, ordered=True))

    def remove(self, p: int, s: int, days: float, case: int, *, ordered: bool) -> Generator[Any, Any, None]:
        """Obey an order after a lag, or remove unasked; when its time is over, review relisting until it is granted."""
        world = self.world
        state, clock, draws, seed = world.state, world.clock, world.draws, world.seed
        place = p * self.count + s
        index = case * MAX_STORES + s
        if ordered:
            lag = draws.exponential(seed, p, Purpose.DELISTING_LAG, index) * self.obeys[s]
            if self.handling[s] > 0.0:
                lag += self.wait_for_staff(s)
            lag = clock.whole(lag)
            yield clock.after(lag, DELISTED, p, case)
            if not state.listed[place]:
                return
            if 0.0 < world.table.store_duty.limit_days < lag:
                self.fine(p, s, int(lag / world.table.store_duty.limit_days))
        self.delist(p, s, case)
        if not state.first_removal[p] >= 0.0:
            state.first_removal[p] = world.env.now
        state.removed[place] = 1
        state.listing_epoch[place] += 1
        epoch = state.listing_epoch[place]
        yield clock.after(days, RELISTED, p, case)
        attempt = 0
        while state.listing_epoch[place] == epoch and state.status[p] == ACTIVE and state.outside[p] != ABROAD:
            draw = index * ATTEMPTS + attempt
            review = draws.exponential(seed, p, Purpose.RELISTING_REVIEW, draw) * self.relisting[s]
            yield clock.after(max(review, 1.0), RELISTED, p, case)
            if state.listing_epoch[place] != epoch or state.status[p] != ACTIVE:
                return
            unfiled = world.table.store_duty.removes_unfiled and not state.filed[p] >= 0.0
            suspended = state.suspended[p * FUNCTIONS + SERVICE]
            granted = draws.uniform(seed, p, Purpose.RELISTING_DECISION, draw) < self.relists[s]
            if granted and not unfiled and not suspended:
                self.list(p, s, RELISTED)
                return
            world.log(NOT_RELISTED, p, case, -1, float(s))
            attempt += 1

    def wait_for_staff(self, s: int) -> float:
        """Days until the staff of a store has handled another order, after those that it has."""
        now: float = self.world.env.now
        begins = self.staffed_at[s] if self.staffed_at[s] > now else now
        ends: float = begins + self.handling[s]
        self.staffed_at[s] = ends
        return ends - now

    def reinstate(self, p: int, case: int) -> None:
        """A removal is overturned: the stores list the app again at once."""
        state = self.world.state
        for s in range(self.count):
            place = p * self.count + s
            if state.removed[place] and not state.listed[place] and state.status[p] == ACTIVE:
                state.listing_epoch[place] += 1
                self.list(p, s, RELISTED)
