"""What happens next: a calendar of what comes due, a heap of what is due soon, and cascades of this moment.

The order is that of :mod:`..reference.clock`: by time, then by key, then by the order of scheduling. What SimPy does at
once, with its two lowest priorities, is put into two queues that are emptied before time goes on: processes that start,
then grants of a resource.

The calendar (Brown 1988) has pages of equal length, whose entries are linked as they come. Only those of the open
page are kept in order, in a heap so small that the processor keeps it at hand however many entries are pending. What
comes due beyond the horizon is counted and forgotten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.experimental import structref

from ...kernel.case import CASE_BITS, PROVIDER_BITS
from ...kernel.eventlog import Kind
from .compilation import Structure, jit, prefetch
from .pure import whole_steps

OCCASION = int(Kind.OCCASION)
CASE_MASK = (1 << CASE_BITS) - 1
PROVIDER_MASK = (1 << PROVIDER_BITS) - 1
NEVER = np.inf
FEWEST_PAGES, MOST_PAGES = 1 << 13, 1 << 17
"""About one per provider, which makes some 170 entries per page of a large market over five years; turning thousands
takes microseconds.
"""
# What an entry of the agenda is about: the code by which :mod:`.events` acts on it. Each says which fields of DUE it
# uses in addition to the provider and case, which its key holds.
(
    ENTRY,
    EXIT,
    REVIEW,
    GRACE_OVER,  # subject: the life
    CLAIM_DECIDED,  # behaviour
    VIOLATION_ENDS,  # behaviour, subject: the epoch, amount: the severity, since: days since the report
    REENTRY,
    LISTING_REVIEWED,  # subject: the attempt; case: the store
    STORE_REPORTS,  # behaviour, subject: the store, flag: serious
    PLATFORM_FOUND_OUT,  # subject: the platform, amount: how many fines
    COPIES_REPORTED,  # behaviour, subject: the platform, amount: the severity, since: days until the copy fades
    COPIES_END,  # behaviour, amount: the severity
    COMPLAINT_MADE,  # behaviour, flag: serious
    SUPPORTER_FAILS,
    SUPPORTER_RECOVERS,
    SUSPENSION_EXPIRES,  # behaviour: the function, subject: the epoch
    STORES_AUDITED,
    STORES_SWEPT,
    ORDER_OBEYED,  # subject: the removal
    REMOVAL_OVER,  # subject: the removal
    RELISTING_REVIEWED,  # subject: the removal
    INSPECTION_DUE,
    FOCUS_TURNS,
    BUDGETS_RENEWED,
    INVESTIGATED,  # subject: the case
    ORDER_MET,  # subject: the case
    DEADLINE_PASSED,  # subject: the case
    APPEAL_DECIDED,  # subject: the appeal
    FILING_READY,  # subject: the filing; prepared, or supplemented
    FILING_REVIEWED,  # subject: the filing
    FILING_PUBLISHED,  # subject: the filing
    FALSE_COMPLAINT,
    RUMOUR_SPREADS,
    REGIME_BEGINS,
) = range(34)

# What starts, or is granted, at once. Each has a subject.
CASE_BEGINS, APPEAL_BEGINS, FILING_BEGINS, REMOVAL_BEGINS, INSPECTOR_FREE, REVIEWER_FREE, POOL_RELEASED = range(7)

ENTRY_OF_HEAP = np.dtype([("time", "f8"), ("key", "i8"), ("order", "i8"), ("due", "i8")], align=True)
DUE = np.dtype(
    [
        ("time", "f8"), ("key", "i8"), ("order", "i8"), ("next", "i8"),
        ("what", "i2"), ("behaviour", "i2"), ("flag", "?"), ("subject", "i8"), ("amount", "f8"), ("since", "f8"),
    ],
    align=True,
)  # fmt: skip
"""When something comes due and what it is about, in one line of the processor's cache; ``next`` links those of one
page, or those that are free.
"""
CASCADE = np.dtype([("what", "i8"), ("subject", "i8")])


def array_of(dtype: Any, dimensions: int = 1) -> Any:
    """The numba type of a contiguous array of records or numbers."""
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C")


@structref.register
class _Queue(Structure):
    pass


@structref.register
class _Agenda(Structure):
    pass


QUEUE = _Queue([("entries", array_of(CASCADE)), ("first", types.int64), ("end", types.int64)])

AGENDA = _Agenda(
    [
        ("horizon", types.float64),
        ("pages", array_of("i8")),  # the first due of each page, -1 for none
        ("pages_a_day", types.float64),
        ("page", types.int64),  # the one that is open: its dues stand in the heap
        ("scout", types.int64),  # a due of the page after it, -1 for none: see events.look_ahead
        ("heap", array_of(ENTRY_OF_HEAP)),
        ("count", types.int64),  # in the heap
        ("order", types.int64),  # of scheduling
        ("dues", array_of(DUE)),  # the occasion of each provider, one for what is forgotten, and the others
        ("free", types.int64),  # first of the free dues, -1 for none
        ("used", types.int64),
        ("pending", types.int64),  # what has been scheduled and has not happened
        ("starting", QUEUE),
        ("granted", QUEUE),
    ]
)


@jit
def new_queue() -> Any:
    queue = structref.new(QUEUE)
    queue.entries = np.empty(16, CASCADE)
    queue.first = queue.end = 0
    return queue


@jit
def append(queue: Any, what: int, subject: int) -> None:
    entries, end = queue.entries, queue.end
    if end == len(entries):
        more = np.empty(2 * end, CASCADE)
        more[:end] = entries
        queue.entries = entries = more
    entries[end].what = what
    entries[end].subject = subject
    queue.end = end + 1


@jit
def pop_first(queue: Any) -> tuple[int, int]:
    """What and subject of the first entry. The room is used again once the queue is empty, which it soon is."""
    entry = queue.entries[queue.first]
    what, subject = entry.what, entry.subject
    queue.first += 1
    if queue.first == queue.end:
        queue.first = queue.end = 0
    return what, subject


@jit
def new_agenda(providers: int, horizon: float) -> Any:
    agenda = structref.new(AGENDA)
    agenda.horizon = horizon
    pages = FEWEST_PAGES
    while pages < min(providers, MOST_PAGES):
        pages *= 2
    agenda.pages = np.full(pages, -1)
    agenda.pages_a_day = pages / horizon
    agenda.page = 0
    agenda.scout = -1
    agenda.heap = np.empty(1024, ENTRY_OF_HEAP)
    agenda.dues = np.empty(5 * providers + 1024, DUE)
    agenda.count = agenda.order = agenda.pending = 0
    agenda.used = providers + 1
    agenda.free = -1
    agenda.starting = new_queue()
    agenda.granted = new_queue()
    return agenda


@jit
def key_of(kind: int, provider: int, case: int) -> int:
    return ((kind << PROVIDER_BITS | provider) << CASE_BITS) | case


@jit
def provider_of(key: int) -> int:
    return (key >> CASE_BITS) & PROVIDER_MASK


@jit
def case_of(key: int) -> int:
    return key & CASE_MASK


@jit
def kind_of(key: int) -> int:
    return key >> (CASE_BITS + PROVIDER_BITS)


# -- the calendar


@jit
def schedule(w: Any, delay: float, kind: int, provider: int, case: int, what: int) -> Any:
    """Something comes due ``delay`` days from now; the record of what there is to know of it, all zero, to be filled
    in.
    """
    agenda = w.agenda
    time = w.now + whole_steps(delay, w.step)
    place = len(w.providers)
    if time < agenda.horizon:
        place = _room(agenda)
        _enter(agenda, place, time, key_of(kind, provider, case))
    else:
        agenda.pending += 1
    due = agenda.dues[place]
    due.what = what
    due.behaviour = 0
    due.flag = False
    due.subject = 0
    due.amount = 0.0
    due.since = 0.0
    return due


@jit
def expect_occasion(agenda: Any, provider: int, k: int, time: float) -> None:
    """Occasion ``k`` of a provider is the next that it meets."""
    if time < agenda.horizon:
        _enter(agenda, provider, time, key_of(OCCASION, provider, k))
    else:
        agenda.pending += 1


@jit
def _room(agenda: Any) -> int:
    """The number of a free due."""
    place: int = agenda.free
    if place >= 0:
        agenda.free = agenda.dues[place].next
        return place
    place = agenda.used
    agenda.used = place + 1
    if place == len(agenda.dues):
        more = np.empty(2 * place, DUE)
        more[:place] = agenda.dues
        agenda.dues = more
    return place


@jit
def _enter(agenda: Any, place: int, time: float, key: int) -> None:
    due, order = agenda.dues[place], agenda.order
    due.time = time
    due.key = key
    due.order = order
    agenda.order = order + 1
    agenda.pending += 1
    # Rounding may put a moment on the page before or after, but never two of them in the wrong order.
    page = min(int(time * agenda.pages_a_day), len(agenda.pages) - 1)
    if page <= agenda.page:
        _push(agenda, time, key, order, place)
    else:
        due.next = agenda.pages[page]
        agenda.pages[page] = place


@jit
def turn_pages(w: Any) -> None:
    """Open the next page that has entries, if there is one."""
    agenda = w.agenda
    pages, page = agenda.pages, agenda.page
    while agenda.count == 0 and page < len(pages) - 1:
        page += 1
        place = pages[page]
        while place >= 0:
            due = agenda.dues[place]
            _push(agenda, due.time, due.key, due.order, place)
            if place < len(w.providers):
                prefetch(w.duties, place * w.behaviours.shape[1] + w.providers[place].behaviour, 0)
            place = due.next
    agenda.page = page
    agenda.scout = pages[page + 1] if page < len(pages) - 1 else -1


@jit
def give_back(agenda: Any, place: int) -> None:
    agenda.dues[place].next = agenda.free
    agenda.free = place


# -- the heap


@jit
def precedes(a: Any, b: Any) -> bool:
    first: bool = a.order < b.order
    if a.time != b.time:
        first = a.time < b.time
    elif a.key != b.key:
        first = a.key < b.key
    return first


@jit
def _push(agenda: Any, time: float, key: int, order: int, place: int) -> None:
    heap, child = agenda.heap, agenda.count
    if child == len(heap):
        more = np.empty(2 * child, ENTRY_OF_HEAP)
        more[:child] = heap
        agenda.heap = heap = more
    agenda.count = child + 1
    while child > 0:
        parent = (child - 1) >> 1
        above = heap[parent]
        if above.time < time or (
            above.time == time and (above.key < key or (above.key == key and above.order < order))
        ):
            break
        _move(heap, parent, child)
        child = parent
    entry = heap[child]
    entry.time = time
    entry.key = key
    entry.order = order
    entry.due = place


@jit
def _move(heap: Any, source: int, target: int) -> None:
    a, b = heap[source], heap[target]
    b.time = a.time
    b.key = a.key
    b.order = a.order
    b.due = a.due


@jit
def remove_first(agenda: Any) -> None:
    """Take the first entry off the heap; its due is for the caller to give back."""
    heap, count = agenda.heap, agenda.count - 1
    agenda.count = count
    agenda.pending -= 1
    last = heap[count]
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= count:
            break
        if child + 1 < count and precedes(heap[child + 1], heap[child]):
            child += 1
        if precedes(last, heap[child]):
            break
        _move(heap, child, parent)
        parent = child
    _move(heap, count, parent)


@jit
def until(w: Any, arrival: float, gap: float) -> float:
    """Days until the next of a stream of events, ``gap`` after the one before and at ``arrival`` in continuous time."""
    if w.step == 0.0:
        return gap
    days: float = whole_steps(arrival, w.step) - w.now
    return days
