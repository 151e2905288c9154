"""Records: what the provider logged about an account, for its holder to see."""

from __future__ import annotations

from typing import Any

from ..faults.fault import FaultName
from .accounts import Account
from .state import House
from .store import written

MOST = 200
#: Which kinds of records a fault shows to every tenant; ``None`` for all.
_SHOWN_TO_ALL = {
    FaultName.RECORDS_OF_ALL_TENANTS: None,
    FaultName.GENERATION_RECORDS_OF_ALL_TENANTS: "generated",
    FaultName.CONSENT_RECORDS_OF_ALL_TENANTS: "consent-granted",
    FaultName.UPLOAD_RECORDS_OF_ALL_TENANTS: "uploaded",
}
PURGED_AFTER = 90 * 24.0


def records(house: House, caller: Account, kind: str) -> dict[str, Any]:
    """The newest records of one kind."""
    since = written(house.hours_ago(PURGED_AFTER)) if FaultName.RECORDS_PURGED in house.faults else ""
    rows = house.store.rows(
        "SELECT kind, at, subject, text FROM record WHERE (account = ? OR ?) AND kind = ? AND at >= ?"
        " ORDER BY rowid DESC LIMIT ?",
        caller.id,
        any(fault in house.faults and shown in (None, kind) for fault, shown in _SHOWN_TO_ALL.items()),
        kind,
        since,
        MOST,
    )
    return {"records": [dict(row) for row in rows]}
