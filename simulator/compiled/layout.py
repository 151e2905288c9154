"""Where the numbers of a world lie in memory: one record an entity, so that an event touches few cache lines.

The fields are those of :class:`..kernel.table.Table` and :class:`..kernel.state.State`, under the same names but for
the prefix that says what they belong to: ``class_gain`` of the table is ``gain`` of the record of a size class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernel.state import State
from ..kernel.table import Table

Records = npt.NDArray[Any]

KINDS_OF_FIELD = {"float": "f8", "int": "i8", "bool": "?", "Floats": "f8", "Integers": "i8"}
GROUPS = ("class", "behaviour", "step", "store", "platform", "failure")
"""Prefixes of the table's arrays that have one entry an entity."""
TARGETING = {"target_class": ("class", "target")}
ALONE = (
    "supporter_cumulative",
    "authority_inspectors",
    "authority_of",
    "authority_reviewers",
    "registry_of",
    "authority_budget",
)
"""Arrays of the table that stay as they are."""

FEAR = [("feared_fine", "f8"), ("feared_turnover", "f8"), ("feared_days", "f8")]
"""What providers reckon a step would cost, worked out once a regime: see :meth:`..kernel.table.Table.feared`."""


KINDS: dict[str, str] = dict(Table.__annotations__)


def _record(group: str) -> Any:
    fields = [(field, KINDS_OF_FIELD[KINDS[name]]) for name, (owner, field) in PLACES.items() if owner == group]
    return np.dtype(fields + (FEAR if group == "step" else []), align=True)


def _place(name: str, kind: str) -> tuple[str, str] | None:
    """The record and field that hold one field of the table; None for an array that stays alone."""
    if name in ALONE:
        return None
    if kind not in ("Floats", "Integers"):
        return "law", name
    if name in TARGETING:
        return TARGETING[name]
    group, _, rest = name.partition("_")
    if group not in GROUPS:
        raise TypeError(f"found the array {name} in policy.Table, expected one of a group: {', '.join(GROUPS)}")
    return group, rest


PLACES = {name: place for name, kind in KINDS.items() if (place := _place(name, kind)) is not None}
LAW, CLASS, BEHAVIOUR, STEP, STORE, PLATFORM, FAILURE = (
    _record(group) for group in ("law", "class", "behaviour", "step", "store", "platform", "failure")
)


class Rules(NamedTuple):
    """The tables of R regimes as records, each (R,) or (R, entities)."""

    days: npt.NDArray[np.float64]  # (R,) the day on which each begins
    law: Records  # (R,)
    classes: Records  # (R, C)
    behaviours: Records  # (R, B)
    steps: Records  # (R, L)
    stores: Records  # (R, S)
    platforms: Records  # (R, P)
    failures: Records  # (R, F)
    inspectors: npt.NDArray[np.int64]  # (R, A)
    reviewers: npt.NDArray[np.int64]  # (R, pools)
    budgets: npt.NDArray[np.float64]  # (R, A)
    authority_of: npt.NDArray[np.int64]  # (C * B,)
    registry_of: npt.NDArray[np.int64]  # (C,)
    cumulative: npt.NDArray[np.float64]  # (B,) of behaviours
    platform_cumulative: npt.NDArray[np.float64]  # (P,)


def rules(regimes: Sequence[tuple[float, Table]]) -> Rules:
    """The records of the regimes of one scenario."""
    tables = [table for _, table in regimes]
    first = tables[0]
    sizes = {
        "class": len(first.class_gain),
        "behaviour": len(first.behaviour_rate),
        "step": len(first.step_sanctions),
        "store": len(first.store_share),
        "platform": len(first.platform_lag),
        "failure": len(first.failure_day),
    }
    dtypes = dict(zip(GROUPS, (CLASS, BEHAVIOUR, STEP, STORE, PLATFORM, FAILURE), strict=True))
    records = {group: np.zeros((len(tables), sizes[group]), dtypes[group]) for group in GROUPS}
    law = np.zeros(len(tables), LAW)
    for number, table in enumerate(tables):
        for name, (owner, field) in PLACES.items():
            holder = law if owner == "law" else records[owner]
            holder[field][number] = getattr(table, name)
        fines, turnover, days = table.feared()
        records["step"]["feared_fine"][number] = fines
        records["step"]["feared_turnover"][number] = turnover
        records["step"]["feared_days"][number] = days
    return Rules(
        days=np.array([day for day, _ in regimes], dtype=np.float64),
        law=law,
        classes=records["class"],
        behaviours=records["behaviour"],
        steps=records["step"],
        stores=records["store"],
        platforms=records["platform"],
        failures=records["failure"],
        inspectors=np.array([table.authority_inspectors for table in tables]),
        reviewers=np.array([table.authority_reviewers for table in tables]),
        budgets=np.array([table.authority_budget for table in tables]),
        authority_of=first.authority_of,
        registry_of=first.registry_of,
        cumulative=first.behaviour_cumulative,
        platform_cumulative=first.platform_cumulative,
    )


INTEGERS = {
    "size_class",
    "status",
    "applied",
    "strikes",
    "live",
    "live_all",
    "live_epoch",
    "copies_live",
    "suspended",
    "suspension_epoch",
    "wrongly",
    "listed",
    "listing_epoch",
    "open_cases",
    "occasions",
    "violations",
    "cases",
    "sanctions",
    "wrongful",
    "repeated",
    "outside",
    "supporter",
    "records",
    "certified",
    "group",
    "complained",
    "lives",
    "exits",
    "removed",
    "insolvent",
}
BY_BEHAVIOUR = ("compliance", "base", "live", "live_severity", "live_epoch", "open_cases")
BY_FUNCTION = ("suspended", "suspended_until", "suspension_epoch")
BY_STORE = ("listed", "listing_epoch", "removed")
ELSEWHERE = (*BY_BEHAVIOUR, *BY_FUNCTION, *BY_STORE, "moved", "moved_to")
LINES = 128
"""Bytes of two lines of the processor's cache, which it fetches together."""
STREAM = [
    ("next_occasion", "i8"),
    ("arrival", "f8"),
    ("mean_gap", "f8"),
    ("most_tempted", "f8"),
    ("counted", "i8"),
    ("counted_arrival", "f8"),
    ("draw", "f8"),
    ("behaviour", "i8"),
]
"""What a provider has beside its state for its stream of occasions (:mod:`.stream`): the number of the next that could
tempt it, when that is in continuous time, the mean days between two, the most that it could ever lack in compliance;
the first of those counted ahead, after which moment it comes; the draw and the behaviour of the next.
"""
AT_OCCASIONS = ("size_class", "occasions", "violations", "strikes", "struck", "revenue", "belief", "believed")
AT_VIOLATIONS = (
    "harm_rate",
    "harm_at",
    "harm",
    "present",
    "severity",
    "exposure",
    "copies",
    "live_all",
    "copies_live",
    "strictness",
    "lawful_rate",
    "outside",
    "lawful_blocked",
    "harm_outside",
    "status",
)
"""What nearly all events look at stands first in the record of a provider, in the order in which they do."""


def _fields(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, "i8" if name in INTEGERS else "f8") for name in names]


def _whole_lines(fields: list[tuple[str, str]]) -> Any:
    """A record of eight bytes a field that ends with a pair of lines."""
    names, formats = [name for name, _ in fields], [kind for _, kind in fields]
    offsets = [8 * place for place in range(len(fields))]
    size = -(-8 * len(fields) // LINES) * LINES
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size}, align=True)


PROVIDER = _whole_lines(
    STREAM
    + _fields(AT_OCCASIONS)
    + [("meets", "i8")]  # whether the provider meets occasions: it is active, and its service not suspended
    + _fields(AT_VIOLATIONS)
    + _fields([name for name in State._fields if name not in (*ELSEWHERE, *AT_OCCASIONS, *AT_VIOLATIONS)])
)
DUTY = np.dtype(_fields(BY_BEHAVIOUR), align=True)  # one provider and behaviour
FUNCTION = np.dtype(_fields(BY_FUNCTION), align=True)  # one provider and function of its service
LISTING = np.dtype([*_fields(BY_STORE), ("applications", "i8")], align=True)  # one provider and store


class People(NamedTuple):
    """The state of N providers as records."""

    providers: Records  # (N,)
    duties: Records  # (N * B,)
    functions: Records  # (N * 3,)
    listings: Records  # (N * S,)
    moved: npt.NDArray[np.float64]  # (N * (S + 1),)
    moved_to: npt.NDArray[np.int64]  # (N * (S + 1) * D,)


def people(state: State) -> People:
    """A state as records; raises :class:`TypeError` for a field of another type than this engine gives it."""
    n = len(state.size_class)
    found = People(
        _at_a_line(n, PROVIDER),
        np.zeros(len(state.compliance), DUTY),
        np.zeros(len(state.suspended), FUNCTION),
        np.zeros(len(state.listed), LISTING),
        state.moved.copy(),
        state.moved_to.copy(),
    )
    for name, values in state._asdict().items():
        integer = name in INTEGERS or name == "moved_to"
        if (values.dtype == np.int64) is not integer:
            raise TypeError(f"found state.{name} of type {values.dtype}, expected layout.INTEGERS to say so")
        if name not in ("moved", "moved_to"):
            _holder(found, name)[name] = values
    return found


def _at_a_line(count: int, record: Any) -> Records:
    """Empty records, of which the first begins with a pair of lines."""
    memory = np.zeros(count * record.itemsize + LINES, dtype=np.uint8)
    begin = -memory.ctypes.data % LINES
    return memory[begin : begin + count * record.itemsize].view(record)


def state_of(people: People) -> State:
    """Records made a state again."""
    values = {}
    for name in State._fields:
        if name in ("moved", "moved_to"):
            values[name] = getattr(people, name)
        else:
            values[name] = np.ascontiguousarray(_holder(people, name)[name])
    return State(**values)


def _holder(people: People, name: str) -> Records:
    if name in BY_BEHAVIOUR:
        return people.duties
    if name in BY_FUNCTION:
        return people.functions
    if name in BY_STORE:
        return people.listings
    return people.providers
