"""Where the numbers of a world lie in memory: one record an entity, so that an event touches few cache lines.

The fields are those of :class:`...kernel.table.Table` and :class:`...kernel.state.State`, under the same names.
``table.classes.gain`` is ``gain`` of the record of a size class, ``table.appeals.days`` is ``law.appeals.days``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...kernel import table as numbers
from ...kernel.state import FIELDS, Arrays, State
from ...kernel.table import Table

Records = npt.NDArray[Any]

NUMBERS = {"float": "f8", "int": "i8", "bool": "?"}
ARRAYS = {"Floats": "f8", "Integers": "i8"}
ENTITIES = ("classes", "behaviours", "steps", "stores", "platforms", "failures")
"""Groups of the table whose arrays have one entry an entity: each becomes an array of records."""


def _fields_of(group: str, kinds: dict[str, str]) -> list[tuple[str, str]]:
    """The fields of one group of the table that are of some kinds."""
    declared = getattr(numbers, TABLE[group]).__annotations__
    return [(name, kinds[kind]) for name, kind in declared.items() if kind in kinds]


def _record(fields: list[tuple[str, Any]]) -> Any:
    return np.dtype(fields, align=True)


TABLE: dict[str, str] = dict(Table.__annotations__)
CLASS, BEHAVIOUR, STEP, STORE, PLATFORM, FAILURE = (_record(_fields_of(group, ARRAYS)) for group in ENTITIES)
SINGLE = [(name, NUMBERS[kind]) for name, kind in TABLE.items() if kind in NUMBERS]
GROUPED = {group: fields for group in TABLE if group not in dict(SINGLE) and (fields := _fields_of(group, NUMBERS))}
LAW = _record([*SINGLE, *((group, _record(fields)) for group, fields in GROUPED.items())])
"""Every number of the table outside an array: ``law.appeals.days`` is ``table.appeals.days``."""


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
    dtypes = dict(zip(ENTITIES, (CLASS, BEHAVIOUR, STEP, STORE, PLATFORM, FAILURE), strict=True))
    records = {}
    for group, dtype in dtypes.items():
        size = len(getattr(getattr(first, group), dtype.names[0]))
        records[group] = np.zeros((len(tables), size), dtype)
        for number, table in enumerate(tables):
            for field in dtype.names:
                records[group][field][number] = getattr(getattr(table, group), field)
    law = np.zeros(len(tables), LAW)
    for number, table in enumerate(tables):
        for name, _ in SINGLE:
            law[name][number] = getattr(table, name)
        for group, fields in GROUPED.items():
            for field, _ in fields:
                law[group][field][number] = getattr(getattr(table, group), field)
    return Rules(
        days=np.array([day for day, _ in regimes], dtype=np.float64),
        law=law,
        inspectors=np.array([table.authorities.inspectors for table in tables]),
        reviewers=np.array([table.authorities.reviewers for table in tables]),
        budgets=np.array([table.authorities.budget for table in tables]),
        authority_of=first.authorities.jurisdiction,
        registry_of=first.authorities.registry,
        cumulative=first.behaviours.cumulative,
        platform_cumulative=first.platforms.cumulative,
        **records,
    )


BY_BEHAVIOUR = (
    "compliance", "base", "live", "live_severity", "live_epoch", "open_cases", "punished", "belief", "believed",
    "effort",
)  # fmt: skip
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
AT_OCCASIONS = ("size_class", "occasions", "violations", "strikes", "struck", "revenue", "sanctions")
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
"""The fields that nearly all events read come first in the record of a provider, in the order of reading."""


def _fields(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, "i8" if FIELDS[name] is np.int64 else "f8") for name in names]


def _whole_lines(fields: list[tuple[str, str]]) -> Any:
    """A record of eight bytes per field that ends with a pair of lines."""
    names, formats = [name for name, _ in fields], [kind for _, kind in fields]
    offsets = [8 * place for place in range(len(fields))]
    size = -(-8 * len(fields) // LINES) * LINES
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size}, align=True)


PROVIDER = _whole_lines(
    STREAM
    + _fields(AT_OCCASIONS)
    + [("meets", "i8")]  # whether the provider meets occasions: it is active, and its service not suspended
    + _fields(AT_VIOLATIONS)
    + _fields([name for name in FIELDS if name not in (*ELSEWHERE, *AT_OCCASIONS, *AT_VIOLATIONS)])
)
DUTY = np.dtype(
    [(name, "i4" if kind == "i8" else kind) for name, kind in _fields(BY_BEHAVIOUR)], align=True
)  # one provider and behaviour: small counts, so that a duty is one line of the cache
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


def people(state: Arrays) -> People:
    """A state as records."""
    n = len(state.size_class)
    found = People(
        _at_a_line(n, PROVIDER),
        _at_a_line(len(state.compliance), DUTY),
        np.zeros(len(state.suspended), FUNCTION),
        np.zeros(len(state.listed), LISTING),
        state.moved.copy(),
        state.moved_to.copy(),
    )
    for name, values in zip(FIELDS, state.values(), strict=True):
        if name not in ("moved", "moved_to"):
            _holder(found, name)[name] = values
    return found


def _at_a_line(count: int, record: Any) -> Records:
    """Empty records, of which the first begins with a pair of lines."""
    memory = np.zeros(count * record.itemsize + LINES, dtype=np.uint8)
    begin = -memory.ctypes.data % LINES
    return memory[begin : begin + count * record.itemsize].view(record)


def state_of(people: People) -> Arrays:
    """Records made a state again."""
    values = {}
    for name in FIELDS:
        if name in ("moved", "moved_to"):
            values[name] = getattr(people, name)
        else:
            values[name] = np.ascontiguousarray(_holder(people, name)[name], dtype=FIELDS[name])
    return State(**values)


def _holder(people: People, name: str) -> Records:
    if name in BY_BEHAVIOUR:
        return people.duties
    if name in BY_FUNCTION:
        return people.functions
    if name in BY_STORE:
        return people.listings
    return people.providers
