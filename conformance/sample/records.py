"""Records: what the provider logged about an account, for its holder to see."""

from __future__ import annotations

from typing import Any

from .accounts import Account
from .house import House

MOST = 200


def records(house: House, caller: Account, kind: str) -> dict[str, Any]:
    """The newest records of one kind."""
    rows = house.store.rows(
        "SELECT kind, at, subject, text FROM record WHERE account = ? AND kind = ? ORDER BY rowid DESC LIMIT ?",
        caller.id,
        kind,
        MOST,
    )
    return {"records": [dict(row) for row in rows]}
