"""App stores: they review at listing, watch what they list, obey orders to remove, and relist after review."""

from __future__ import annotations

from typing import Any

from ..kernel.case import ATTEMPTS
from ..kernel.eventlog import Kind, Stream
from ..kernel.replication import STORE_FINES
from ..kernel.state import ABROAD, ACTIVE, FUNCTIONS, SERVICE
from ..scenario.market import MAX_STORES
from .enforcement.docket import suspect
from .machine.agenda import (
    LISTING_REVIEWED,
    ORDER_OBEYED,
    RELISTING_REVIEWED,
    REMOVAL_BEGINS,
    REMOVAL_OVER,
    STORE_REPORTS,
    STORES_AUDITED,
    append,
    schedule,
)
from .machine.compilation import jit
from .machine.pure import Purpose, case_number, exponential, uniform, whole_steps
from .users import come_back, move_away
from .world import accrue, give, log, take

LISTED, REFUSED, REPORT = int(Kind.LISTED), int(Kind.LISTING_REFUSED), int(Kind.STORE_REPORT)
DELISTED, RELISTED, NOT_RELISTED = int(Kind.DELISTED), int(Kind.RELISTED), int(Kind.RELISTING_REFUSED)
FINED, OVER_REMOVED = int(Kind.STORE_FINED), int(Kind.OVER_REMOVED)
REPORTED = int(Stream.STORE_REPORT)


@jit
def audit(w: Any, number: int) -> None:
    """The regulator looks at one listed app of each store; one that has not filed shows neglect."""
    stores = w.stores.shape[1]
    for s in range(stores):
        u = uniform(w.seed, 0, Purpose.STORE_AUDIT, number * MAX_STORES + s)
        listed = 0
        for p in range(len(w.providers)):
            listed += w.listings[p * stores + s].listed != 0 and w.providers[p].status == ACTIVE
        if listed == 0 or w.law[0].filing < 0:
            continue
        left = int(u * listed)
        for p in range(len(w.providers)):
            if w.listings[p * stores + s].listed != 0 and w.providers[p].status == ACTIVE:
                if left == 0:
                    if not w.providers[p].filed >= 0.0:
                        fine(w, p, s, 1)
                    break
                left -= 1
    schedule(w, w.law[w.regime].store_duty.audit_days, FINED, 0, number + 1, STORES_AUDITED)


@jit
def wait_for_staff(w: Any, s: int) -> float:
    """Days until the staff of a store has handled another order, after those that it has."""
    begins = w.staffed_at[s] if w.staffed_at[s] > w.now else w.now
    w.staffed_at[s] = begins + w.stores[w.regime, s].handling
    return w.staffed_at[s] - w.now  # type: ignore[no-any-return]


@jit
def fine(w: Any, p: int, s: int, times: int) -> None:
    """A store is fined for neglect, and more diligent afterwards."""
    law = w.law[w.regime]
    amount = times * law.store_duty.neglect_fine
    w.totals[STORE_FINES] += amount
    w.diligence[s] += law.store_duty.learns * (1.0 - w.diligence[s])
    log(w, FINED, p, s, -1, amount)


@jit
def apply(w: Any, p: int) -> None:
    """A provider asks every store that neither lists nor has removed it to list its app."""
    if w.providers[p].outside == ABROAD:
        return
    stores = w.stores.shape[1]
    for s in range(stores):
        listing = w.listings[p * stores + s]
        if listing.listed == 0 and listing.removed == 0:
            attempt = listing.applications
            listing.applications = attempt + 1
            delay = exponential(w.seed, p, Purpose.LISTING_REVIEW, attempt * MAX_STORES + s)
            schedule(w, delay * w.stores[w.regime, s].review, LISTED, p, s, LISTING_REVIEWED).subject = attempt


@jit
def decide(w: Any, p: int, s: int, attempt: int) -> None:
    """The listing review: an app without filing is refused where the store checks."""
    provider, listing = w.providers[p], w.listings[p * w.stores.shape[1] + s]
    if provider.status != ACTIVE or provider.outside == ABROAD or listing.listed != 0 or listing.removed != 0:
        return
    u = uniform(w.seed, p, Purpose.LISTING_CHECKED, attempt * MAX_STORES + s)
    if u < w.law[w.regime].store_duty.checks_filing * w.diligence[s] and not provider.filed >= 0.0:
        log(w, REFUSED, p, 0, -1, float(s))
        return
    put_on(w, p, s, LISTED)


@jit
def put_on(w: Any, p: int, s: int, kind: int) -> None:
    listing = w.listings[p * w.stores.shape[1] + s]
    listing.listed = 1
    listing.removed = 0
    w.listed += 1
    log(w, kind, p, 0, -1, float(s))
    come_back(w, p, s)
    expose(w, p)


@jit
def delist(w: Any, p: int, s: int, case: int) -> None:
    w.listings[p * w.stores.shape[1] + s].listed = 0
    w.listed -= 1
    log(w, DELISTED, p, case, -1, float(s))
    move_away(w, p, s, w.stores[0, s].share, case)
    expose(w, p)


@jit
def forget(w: Any, p: int) -> None:
    """A provider is gone or starts over: no store lists it, or knows of a removal."""
    stores = w.stores.shape[1]
    for s in range(stores):
        listing = w.listings[p * stores + s]
        if listing.listed != 0:
            delist(w, p, s, 0)
        listing.removed = 0
        listing.listing_epoch += 1


@jit
def overreact(w: Any, p: int, case: int) -> None:
    """An unfounded complaint may be enough for a store to remove an app unasked."""
    stores = w.stores.shape[1]
    for s in range(stores):
        if w.listings[p * stores + s].listed != 0:
            u = uniform(w.seed, p, Purpose.OVER_REMOVED, case * MAX_STORES + s)
            if u < w.stores[w.regime, s].over_removes:
                log(w, OVER_REMOVED, p, case, -1, float(s))
                _remove(w, p, s, 0.0, case, False)


@jit
def expose(w: Any, p: int) -> None:
    """Who can reach the service: users who come directly, and those of the stores that list it."""
    stores = w.stores.shape[1]
    share = w.direct
    for s in range(stores):
        if w.listings[p * stores + s].listed != 0:
            share += w.stores[0, s].share
    w.providers[p].exposure = share
    accrue(w, p)


@jit
def notice(w: Any, p: int, b: int, k: int, serious: bool) -> None:
    """A store's own monitoring may meet occasion ``k`` and report it to the regulator."""
    seen = w.behaviours[w.regime, b].seen
    if seen == 0.0:
        return
    stores = w.stores.shape[1]
    for s in range(stores):
        if w.listings[p * stores + s].listed != 0:
            store, index = w.stores[w.regime, s], k * MAX_STORES + s
            if uniform(w.seed, p, Purpose.STORE_NOTICED, index) < store.monitors * seen:
                delay = exponential(w.seed, p, Purpose.STORE_DELAY, index) * store.delay
                due = schedule(w, delay, REPORT, p, case_number(REPORTED, index), STORE_REPORTS)
                due.behaviour = b
                due.subject = s
                due.flag = serious


@jit
def report(w: Any, p: int, b: int, s: int, case: int, serious: bool) -> None:
    log(w, REPORT, p, case, b, float(s))
    if uniform(w.seed, p, Purpose.FORWARDED, case) < w.law[w.regime].detection.store_taken_up:
        suspect(w, p, b, case, True, serious, False)


# -- removals: obeyed after a lag, or made unasked; when their time is over, relisting is reviewed until it is granted


@jit
def order_removal(w: Any, p: int, days: float, case: int) -> None:
    stores = w.stores.shape[1]
    for s in range(stores):
        if w.listings[p * stores + s].listed != 0:
            _remove(w, p, s, days, case, True)


@jit
def _remove(w: Any, p: int, s: int, days: float, case: int, ordered: bool) -> None:
    place = take(w.removals)
    removal = w.removals.records[place]
    removal.provider = p
    removal.store = s
    removal.days = days
    removal.case = case
    removal.ordered = ordered
    append(w.agenda.starting, REMOVAL_BEGINS, place)


@jit
def begin_removal(w: Any, place: int) -> None:
    removal = w.removals.records[place]
    if not removal.ordered:
        take_off(w, place)
        return
    p, index = removal.provider, removal.case * MAX_STORES + removal.store
    obeys = w.stores[w.regime, removal.store].obeys
    lag = exponential(w.seed, p, Purpose.DELISTING_LAG, index) * obeys
    if w.stores[w.regime, removal.store].handling > 0.0:
        lag += wait_for_staff(w, removal.store)
    removal.lag = whole_steps(lag, w.step)
    schedule(w, removal.lag, DELISTED, p, removal.case, ORDER_OBEYED).subject = place


@jit
def obey(w: Any, place: int) -> None:
    removal = w.removals.records[place]
    p, s = removal.provider, removal.store
    if w.listings[p * w.stores.shape[1] + s].listed == 0:
        give(w.removals, place)
        return
    if 0.0 < w.law[w.regime].store_duty.limit_days < removal.lag:
        fine(w, p, s, int(removal.lag / w.law[w.regime].store_duty.limit_days))
    take_off(w, place)


@jit
def take_off(w: Any, place: int) -> None:
    removal = w.removals.records[place]
    p, s = removal.provider, removal.store
    delist(w, p, s, removal.case)
    if not w.providers[p].first_removal >= 0.0:
        w.providers[p].first_removal = w.now
    listing = w.listings[p * w.stores.shape[1] + s]
    listing.removed = 1
    listing.listing_epoch += 1
    removal.epoch = listing.listing_epoch
    removal.attempt = 0
    schedule(w, removal.days, RELISTED, p, removal.case, REMOVAL_OVER).subject = place


@jit
def seek_relisting(w: Any, place: int) -> None:
    """A provider whose removal is over, or that was refused, asks again; unless something else has come between."""
    removal = w.removals.records[place]
    p, s = removal.provider, removal.store
    provider = w.providers[p]
    epoch = w.listings[p * w.stores.shape[1] + s].listing_epoch
    if epoch != removal.epoch or provider.status != ACTIVE or provider.outside == ABROAD:
        give(w.removals, place)
        return
    draw = (removal.case * MAX_STORES + s) * ATTEMPTS + removal.attempt
    days = exponential(w.seed, p, Purpose.RELISTING_REVIEW, draw) * w.stores[w.regime, s].relisting
    schedule(w, max(days, 1.0), RELISTED, p, removal.case, RELISTING_REVIEWED).subject = place


@jit
def decide_relisting(w: Any, place: int) -> None:
    removal = w.removals.records[place]
    p, s = removal.provider, removal.store
    provider = w.providers[p]
    if w.listings[p * w.stores.shape[1] + s].listing_epoch != removal.epoch or provider.status != ACTIVE:
        give(w.removals, place)
        return
    draw = (removal.case * MAX_STORES + s) * ATTEMPTS + removal.attempt
    unfiled = w.law[w.regime].store_duty.removes_unfiled and not provider.filed >= 0.0
    suspended = w.functions[p * FUNCTIONS + SERVICE].suspended != 0
    granted = uniform(w.seed, p, Purpose.RELISTING_DECISION, draw) < w.stores[w.regime, s].relists
    if granted and not unfiled and not suspended:
        put_on(w, p, s, RELISTED)
        give(w.removals, place)
        return
    log(w, NOT_RELISTED, p, removal.case, -1, float(s))
    removal.attempt += 1
    seek_relisting(w, place)


@jit
def reinstate(w: Any, p: int, case: int) -> None:
    """A removal is overturned: the stores list the app again at once."""
    stores = w.stores.shape[1]
    for s in range(stores):
        listing = w.listings[p * stores + s]
        if listing.removed != 0 and listing.listed == 0 and w.providers[p].status == ACTIVE:
            listing.listing_epoch += 1
            put_on(w, p, s, RELISTED)
