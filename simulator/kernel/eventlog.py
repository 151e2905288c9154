"""The event log: what happened, one row per event, as Parquet with the columns of ``COLUMNS``.

``kind`` is a code of :class:`Kind`, only ever appended; ``actor`` follows from the kind; ``rule`` is the id of the rule
broken or of the penalty applied. What ``value`` holds is said at each kind. ``case`` numbers the affairs of one
provider, so that (replication, provider, case) names one: see :func:`case_number`.
"""

from __future__ import annotations

import enum
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

COLUMNS = ("replication", "time", "kind", "provider", "case", "actor", "rule", "value")

Row = tuple[float, int, int, int, int, float]
"""time, kind, provider, case, rule code (-1 for none), value"""


class Columns(NamedTuple):
    """The rows of one replication in the order in which they happened, a column each: what either engine leaves."""

    time: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int16]
    provider: npt.NDArray[np.int32]
    case: npt.NDArray[np.int64]
    rule: npt.NDArray[np.int16]  # -1 for none
    value: npt.NDArray[np.float64]

    def rows(self) -> list[Row]:
        """The rows as tuples, to iterate over one by one."""
        return list(zip(*(column.tolist() for column in self), strict=True))


def columns(rows: array[float]) -> Columns:
    """Rows written one after another into one array, six numbers each, as columns."""
    table = np.frombuffer(rows, dtype=np.float64).reshape(-1, 6)
    time, kind, provider, case, rule, value = np.ascontiguousarray(table.T)
    return Columns(
        time,
        kind.astype(np.int16),
        provider.astype(np.int32),
        case.astype(np.int64),
        rule.astype(np.int16),
        value,
    )


class Actor(enum.StrEnum):
    PROVIDER = "provider"
    PUBLIC = "public"
    REGULATOR = "regulator"
    APP_STORE = "app-store"
    PLATFORM = "platform"
    REGISTRY = "registry"
    SUPPORTER = "technical-supporter"


class Kind(enum.IntEnum):
    """What an event is. Codes are only ever appended; the code also ranks events of the same moment."""

    ENTERED = 0  # value: number of users; case: number of the size class
    EXITED = 1
    VIOLATION = 2  # value: severity at the provider, harm per user and day; case: the occasion
    VIOLATION_ENDED = 3  # value: severity that ends; case: the occasion
    COPIES_SPREAD = 4  # value: severity of the copies; case: the occasion
    COPIES_REMOVED = 5  # value: severity that ends
    COPIES_FADED = 6  # value: severity that ends
    COMPLAINT = 7  # value: 1 where there was a violation, 0 where unfounded
    STORE_REPORT = 8  # value: number of the store
    INSPECTION = 9  # value: 1 where a live violation was met
    CASE_OPENED = 10  # value: 1 where there was a violation
    INVESTIGATION = 11  # value: days waited for an inspector
    UPHELD = 12  # value: 1 where there was a violation
    DISMISSED = 13  # value: 1 where there was a violation
    CASE_CLOSED = 14  # value: 0 dismissed, 1 sanctioned, 2 lapsed
    WARNING = 15  # value: step of the ladder
    RECTIFY = 16  # value: days of the deadline
    FINE = 17  # value: RMB
    SUSPEND_UPDATES = 18  # value: days
    SUSPEND_REGISTRATION = 19  # value: days
    SUSPEND_SERVICE = 20  # value: days
    APP_REMOVAL = 21  # value: days
    REVOCATION = 22
    UPDATES_RESTORED = 23
    REGISTRATION_RESTORED = 24
    SERVICE_RESTORED = 25
    RECTIFIED = 26  # every live violation of the rule ends
    NOT_RECTIFIED = 27  # value: the next step of the ladder
    FORGIVEN = 28
    APPEALED = 29
    APPEAL_REJECTED = 30
    APPEAL_UPHELD = 31  # value: RMB given back; the sanction is overturned
    FILING_SUBMITTED = 32
    FILING_SUPPLEMENT = 33
    FILING_DECIDED = 34  # value: days in review, supplements not counted
    FILED = 35
    LISTED = 36  # value: number of the store
    LISTING_REFUSED = 37  # value: number of the store
    DELISTED = 38  # value: number of the store
    RELISTED = 39  # value: number of the store
    RELISTING_REFUSED = 40  # value: number of the store
    OCCASION = 41  # one row per provider, at the horizon; value: occasions to breach a rule that it met
    UNFILED = 42  # never logged: the end of the grace period
    SANCTIONED = 43  # value: step of the ladder decided on, imposed at once or after an appeal that suspends it
    EFFORT = 44  # value: effort at compliance chosen at a review, 0 to 1
    STRICTNESS = 45  # value: strictness of the provider's filter chosen at a review, 0 to 1
    # value: 1 where the provider's own belief was enough, 2 where it took its peers' sanctions; case: the occasion
    DETERRED = 46
    USERS_MOVED = (
        47  # value: users gained (above 0) or lost; case: the slot, a store's number or that of all stores together
    )
    SUPPORTER_SANCTIONED = 48  # value: number of the supporter; provider and case: where it came to light
    SUPPORTER_SUSPENDED = 49  # value: days; the service of a provider built on that supporter is suspended
    SUPPORTER_FAILED = 50  # value: number of the supporter
    SUPPORTER_RECOVERED = 51  # value: number of the supporter
    MOVED_ABROAD = 52  # value: share of users who still reach it
    REENTERED = 53  # under another name: no strikes, no filing, no listing
    TAKEN_DOWN = 54  # value: severity that ends; the provider acted on a complaint; case: the occasion
    SELF_REPORTED = 55
    REFERRED = 56  # to criminal prosecution
    CLAIM = 57  # value: RMB awarded to the person depicted; case: the occasion
    ACCOUNT_MEASURE = (
        58  # value: 1 warned, 2 limited, 3 suspended, 4 closed: an account of a user who misused the service
    )
    OVER_REMOVED = 59  # value: number of the store, which removed the app on an unfounded complaint
    STORE_FINED = 60  # value: RMB; case: number of the store
    PLATFORM_FINED = 61  # value: RMB; case: number of the platform
    RUMOUR = 62  # value: 1 where the provider it reached refuted it in time; case: number of the episode
    POLICY_CHANGED = 63  # value: number of the regime that begins
    FOCUSED = 64  # value: number of the lot of providers that inspections concentrate on from now
    CERTIFIED = 65  # the provider joins the safe harbour
    FILING_CANCELLED = 66  # the provider is gone, and its filing with it
    EXEMPT = 67  # outside enforcement from the beginning
    BUDGET_SPENT = 68  # value: RMB spent since the year began; case: number of the authority
    BUDGET_RENEWED = 69  # value: RMB for the new year; case: number of the authority
    INSOLVENT = 70  # value: RMB that enforcement has cost the provider, which closes; case: what made it too much
    STAFF_FINED = 71  # value: RMB that the person responsible is to pay
    CONFISCATED = 72  # value: RMB of the gain from a breach
    PUBLISHED = 73  # value: factor by which the notice makes a sanction better known
    SWEPT = 74  # value: apps without a filing that a sweep of the stores found; case: number of the sweep


class Stream(enum.IntEnum):
    """Where a case comes from: the last three bits of its number. Only ever appended."""

    OCCASION = 0
    FALSE_COMPLAINT = 1
    INSPECTION = 2
    STANDING = 3
    STORE_REPORT = 4
    SUPPORTER = 5
    SELF_REPORT = 6
    SWEEP = 7


def case_number(stream: int, index: int) -> int:
    """The number of the case that draw ``index`` of ``stream`` gives rise to."""
    return (index << 3) | stream


ACTORS: dict[Kind, Actor] = {
    **dict.fromkeys(Kind, Actor.PROVIDER),
    **{
        kind: Actor.REGULATOR
        for kind in Kind
        if Kind.INSPECTION <= kind <= Kind.SERVICE_RESTORED
        or kind in (Kind.FORGIVEN, Kind.SANCTIONED, Kind.APPEAL_REJECTED, Kind.APPEAL_UPHELD)
    },
    Kind.COMPLAINT: Actor.PUBLIC,
    Kind.STORE_REPORT: Actor.APP_STORE,
    Kind.COPIES_REMOVED: Actor.PLATFORM,
    Kind.COPIES_FADED: Actor.PLATFORM,
    Kind.FILING_SUPPLEMENT: Actor.REGISTRY,
    Kind.FILING_DECIDED: Actor.REGISTRY,
    Kind.FILED: Actor.REGISTRY,
    **{kind: Actor.APP_STORE for kind in Kind if Kind.LISTED <= kind <= Kind.RELISTING_REFUSED},
    **dict.fromkeys((Kind.USERS_MOVED, Kind.CLAIM, Kind.RUMOUR), Actor.PUBLIC),
    **dict.fromkeys(
        (
            Kind.SUPPORTER_SANCTIONED,
            Kind.SUPPORTER_SUSPENDED,
            Kind.REFERRED,
            Kind.STORE_FINED,
            Kind.PLATFORM_FINED,
            Kind.POLICY_CHANGED,
            Kind.FOCUSED,
            Kind.BUDGET_SPENT,
            Kind.BUDGET_RENEWED,
            Kind.STAFF_FINED,
            Kind.CONFISCATED,
            Kind.PUBLISHED,
            Kind.SWEPT,
        ),
        Actor.REGULATOR,
    ),
    **dict.fromkeys((Kind.SUPPORTER_FAILED, Kind.SUPPORTER_RECOVERED), Actor.SUPPORTER),
    Kind.OVER_REMOVED: Actor.APP_STORE,
    Kind.FILING_CANCELLED: Actor.REGISTRY,
}

KIND_NAMES = tuple(kind.name.lower().replace("_", "-") for kind in Kind)
ACTOR_NAMES = tuple(str(actor) for actor in Actor)
_ACTOR_OF_KIND = np.array([ACTOR_NAMES.index(ACTORS[kind]) for kind in Kind], dtype=np.int16)


def schema() -> pa.Schema:
    """The Arrow schema of the log. ``kind``, ``actor`` and ``rule`` are dictionaries of text."""
    import pyarrow as pa

    text = pa.dictionary(pa.int16(), pa.string())
    return pa.schema(
        [
            ("replication", pa.int32()),
            pa.field("time", pa.float64(), metadata={"unit": "days since the start"}),
            ("kind", text),
            ("provider", pa.int32()),
            ("case", pa.int32()),
            ("actor", text),
            ("rule", text),
            ("value", pa.float64()),
        ]
    )


def to_table(log: Columns, replication: int, rules: Sequence[str]) -> pa.Table:
    """The log of one replication as an Arrow table."""
    import pyarrow as pa

    # Several steps of a ladder may rest on one provision: the dictionary names it once, or Parquet would not use it.
    distinct = list(dict.fromkeys(rules))
    code_of = np.array([distinct.index(name) for name in rules], dtype=np.int16)
    known = log.rule >= 0
    rule_codes = _nullable(np.where(known, code_of[log.rule], 0).astype(np.int16), known)
    return pa.table(
        [
            pa.array(np.full(len(log.time), replication, dtype=np.int32)),
            pa.array(log.time),
            pa.DictionaryArray.from_arrays(pa.array(log.kind), pa.array(KIND_NAMES)),
            pa.array(log.provider),
            pa.array(log.case.astype(np.int32)),
            pa.DictionaryArray.from_arrays(pa.array(_ACTOR_OF_KIND[log.kind]), pa.array(ACTOR_NAMES)),
            pa.DictionaryArray.from_arrays(rule_codes, pa.array(distinct, pa.string())),
            pa.array(log.value),
        ],
        schema=schema(),
    )


def _nullable(values: npt.NDArray[np.int16], valid: npt.NDArray[np.bool_]) -> pa.Array:
    """An Arrow array whose memory is ours also under its nulls: ``pa.array(mask=)`` leaves there whatever it finds,
    and some of that reaches the file."""
    import pyarrow as pa

    bits = pa.array(valid).buffers()[1]
    return pa.Array.from_buffers(pa.int16(), len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def write_table(table: pa.Table, path: Path) -> None:
    """Write Parquet whose bytes depend only on the rows, first to a temporary name, then renamed when complete."""
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.part")
    try:
        pq.write_table(table, temporary, compression="zstd", store_schema=True, write_statistics=True)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_events(paths: Sequence[Path]) -> pd.DataFrame:
    """Logs read back as one frame with categorical ``kind``, ``actor`` and ``rule``, in the order given."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.read_table(path) for path in paths]
    frame: pd.DataFrame = pa.concat_tables(tables or [schema().empty_table()]).unify_dictionaries().to_pandas()
    return frame
