"""What happens next: a heap of what comes due, a winner tree of the occasions of all providers, and cascades of this moment.

The order is that of :mod:`..clock`: by time, then by key, then by the order of scheduling. What SimPy does at once, with its two
lowest priorities, stands in two queues that are emptied before time goes on: processes that start, then grants of a
resource.

Nine in ten events are occasions, of which each provider has one ahead at a time. They stand in a tree of their own, where
the next one takes the place of the last in as many steps as the tree has levels, and nothing is moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.experimental import structref

from ..clock import CASE_BITS, PROVIDER_BITS
from ..eventlog import Kind
from .compilation import jit
from .pure import whole_steps
from .structure import Structure

OCCASION = int(Kind.OCCASION)
CASE_MASK = (1 << CASE_BITS) - 1
PROVIDER_MASK = (1 << PROVIDER_BITS) - 1
NEVER = np.inf

# What an entry of the agenda is about: the code by which :mod:`.events` acts on it. Each says which fields of DUE it uses
# besides the provider and case, which its key holds.
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
    PLATFORM_FOUND_OUT,  # subject: the platform
    COPIES_END,  # behaviour, amount: the severity
    COMPLAINT_MADE,  # behaviour, flag: serious
    SUPPORTER_FAILS,
    SUPPORTER_RECOVERS,
    SUSPENSION_EXPIRES,  # behaviour: the function, subject: the epoch
    STORES_AUDITED,
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
) = range(32)

# What starts, or is granted, at once. Each has a subject.
CASE_BEGINS, APPEAL_BEGINS, FILING_BEGINS, REMOVAL_BEGINS, INSPECTOR_FREE, REVIEWER_FREE, POOL_RELEASED = range(7)

ENTRY_OF_HEAP = np.dtype([("time", "f8"), ("key", "i8"), ("order", "i8"), ("due", "i8")], align=True)
DUE = np.dtype(
    [("what", "i8"), ("behaviour", "i8"), ("flag", "?"), ("subject", "i8"), ("amount", "f8"), ("since", "f8"), ("next", "i8")],
    align=True,
)
CASCADE = np.dtype([("what", "i8"), ("subject", "i8")])
LEAF = np.dtype([("time", "f8"), ("provider", "i8")])


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
        ("heap", array_of(ENTRY_OF_HEAP)),
        ("count", types.int64),
        ("order", types.int64),  # of scheduling
        ("dues", array_of(DUE)),
        ("free", types.int64),  # first of the free dues, -1 for none
        ("used", types.int64),
        ("starting", QUEUE),
        ("granted", QUEUE),
        ("tree", array_of(LEAF)),  # 2 * leaves; node k has children 2k and 2k + 1, the root is 1
        ("leaves", types.int64),
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
def new_agenda(providers: int) -> Any:
    agenda = structref.new(AGENDA)
    agenda.heap = np.empty(1024, ENTRY_OF_HEAP)
    agenda.dues = np.empty(1024, DUE)
    agenda.count = agenda.order = agenda.used = 0
    agenda.free = -1
    agenda.starting = new_queue()
    agenda.granted = new_queue()
    leaves = 1
    while leaves < providers:
        leaves *= 2
    agenda.leaves = leaves
    agenda.tree = np.empty(2 * leaves, LEAF)
    for node in range(2 * leaves):
        agenda.tree[node].time = NEVER
        agenda.tree[node].provider = 0
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
def schedule(w: Any, delay: float, kind: int, provider: int, case: int, what: int) -> Any:
    """Something comes due ``delay`` days from now; the record of what there is to know of it, all zero, to be filled in."""
    agenda = w.agenda
    place = agenda.free
    if place >= 0:
        agenda.free = agenda.dues[place].next
    else:
        place = agenda.used
        agenda.used = place + 1
        if place == len(agenda.dues):
            more = np.empty(2 * place, DUE)
            more[:place] = agenda.dues
            agenda.dues = more
    due = agenda.dues[place]
    due.what = what
    due.behaviour = 0
    due.flag = False
    due.subject = 0
    due.amount = 0.0
    due.since = 0.0
    _push(agenda, w.now + whole_steps(delay, w.step), key_of(kind, provider, case), place)
    return due


@jit
def _push(agenda: Any, time: float, key: int, place: int) -> None:
    heap, child = agenda.heap, agenda.count
    if child == len(heap):
        more = np.empty(2 * child, ENTRY_OF_HEAP)
        more[:child] = heap
        agenda.heap = heap = more
    agenda.count = child + 1
    order = agenda.order
    agenda.order = order + 1
    while child > 0:
        parent = (child - 1) >> 1
        above = heap[parent]
        # The order of scheduling is the greatest yet: among equals this one comes last.
        if above.time < time or (above.time == time and above.key <= key):
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
    """Take the first entry off the heap. Its due must have been given back."""
    heap, count = agenda.heap, agenda.count - 1
    agenda.count = count
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
def give_back(agenda: Any, place: int) -> None:
    agenda.dues[place].next = agenda.free
    agenda.free = place


# -- the occasions


@jit
def expect_occasion(agenda: Any, provider: int, time: float) -> None:
    """The next occasion of a provider, or ``NEVER``. Among equal times the lower number comes first, as its key does."""
    tree = agenda.tree
    node = agenda.leaves + provider
    tree[node].time = time
    tree[node].provider = provider
    while node > 1:
        left = node & ~1
        winner = tree[left + 1] if tree[left + 1].time < tree[left].time else tree[left]
        node >>= 1
        above = tree[node]
        above.time = winner.time
        above.provider = winner.provider


@jit
def until(w: Any, arrival: float, gap: float) -> float:
    """Days until the next of a stream of events, ``gap`` after the one before and at ``arrival`` in continuous time."""
    if w.step == 0.0:
        return gap
    days: float = whole_steps(arrival, w.step) - w.now
    return days
