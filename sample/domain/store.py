"""What the provider keeps: one SQLite database in memory, one connection, every parameter bound."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

Value: TypeAlias = str | int | float | bytes | None

SCHEMA = """
CREATE TABLE account (
  id TEXT PRIMARY KEY, refresh_token TEXT UNIQUE NOT NULL, display_name TEXT NOT NULL, opened_at TEXT NOT NULL,
  phone TEXT, email TEXT, producer TEXT, born TEXT, guardian TEXT, verified_by TEXT, identity_digest TEXT,
  holder_digest TEXT,
  closed_at TEXT);
CREATE TABLE session (
  token TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, ended_at TEXT);
CREATE TABLE consent (
  id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, subject TEXT NOT NULL,
  subject_name TEXT NOT NULL, scope TEXT NOT NULL, statement TEXT NOT NULL,
  given_at TEXT NOT NULL, expires_at TEXT NOT NULL, revoked_at TEXT, used_at TEXT, last_used_at TEXT);
CREATE TABLE asset (
  id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, origin TEXT NOT NULL, kind TEXT NOT NULL,
  media_type TEXT NOT NULL, prompt TEXT NOT NULL, provenance TEXT NOT NULL,
  unlabelled_agreed INTEGER NOT NULL, made_at TEXT NOT NULL, consent TEXT REFERENCES consent, withdrawn_at TEXT);
CREATE TABLE form (
  asset TEXT NOT NULL REFERENCES asset, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (asset, name));
CREATE TABLE fingerprint (
  digest TEXT NOT NULL, asset TEXT NOT NULL REFERENCES asset, PRIMARY KEY (digest, asset)) WITHOUT ROWID;
CREATE INDEX fingerprint_asset ON fingerprint (asset);
CREATE TABLE publication (
  id TEXT PRIMARY KEY, asset TEXT NOT NULL REFERENCES asset, account TEXT REFERENCES account,
  title TEXT NOT NULL, published_at TEXT NOT NULL, removed_at TEXT, removed_for TEXT,
  shared_from TEXT REFERENCES publication);
CREATE INDEX publication_asset ON publication (asset);
CREATE TABLE ticket (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, publication TEXT NOT NULL REFERENCES publication, account TEXT,
  statement TEXT NOT NULL, contact TEXT NOT NULL, receipt TEXT, received_at TEXT NOT NULL,
  decided_at TEXT, upheld INTEGER NOT NULL, reasons TEXT NOT NULL);
CREATE TABLE refutation (
  publication TEXT NOT NULL REFERENCES publication, text TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE strike (account TEXT NOT NULL REFERENCES account, at TEXT NOT NULL);
CREATE INDEX strike_account ON strike (account);
CREATE TABLE glance (
  publication TEXT NOT NULL, surface TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (publication, surface));
CREATE TABLE link (key TEXT PRIMARY KEY, publication TEXT NOT NULL, form TEXT NOT NULL, UNIQUE (publication, form));
CREATE TABLE chat (
  id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, persona TEXT NOT NULL, begun_at TEXT NOT NULL,
  said_at TEXT NOT NULL, reminders INTEGER NOT NULL, ended_at TEXT);
CREATE TABLE message (
  chat TEXT NOT NULL, account TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX message_account ON message (account);
CREATE TABLE record (
  account TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX record_account ON record (account, kind);
"""

TABLES = (
    "record",
    "message",
    "chat",
    "glance",
    "link",
    "strike",
    "refutation",
    "ticket",
    "publication",
    "fingerprint",
    "form",
    "asset",
    "consent",
    "session",
    "account",
)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Store:
    """The database, and the names it gives to what it holds.

    Names are drawn from ``seed``: a sandbox needs repeatable runs more than names that cannot be guessed.
    """

    def __init__(self, seed: int) -> None:
        # The server's thread is the only one that uses the connection, but not always the one that makes it.
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;" + SCHEMA
        )
        self._names = random.Random(seed)
        #: What the provider signs its labels with.
        self.seal = self._names.randbytes(16)

    def new_name(self, prefix: str, length: int = 16) -> str:
        """A name never given before, such as ``acc_7h2k…``."""
        return f"{prefix}_{''.join(self._names.choices(ALPHABET, k=length))}"

    def next_number(self, table: str) -> int:
        """One more than there are rows in a table, which this program names."""
        row = self.row(f"SELECT count(*) + 1 AS number FROM {table}")  # noqa: S608 -- see above
        return int(row["number"]) if row is not None else 1

    def insert(self, table: str, **values: Value) -> None:
        """Add a row; columns are named by this program, never by a request."""
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        self._connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608 -- see above
            tuple(values.values()),
        )

    def run(self, statement: str, *values: Value) -> int:
        """Run a statement; the number of rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def row(self, statement: str, *values: Value) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def rows(self, statement: str, *values: Value) -> Sequence[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def empty(self) -> None:
        """Forget everything but which names were given."""
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 -- the names stand above


def written(moment: datetime) -> str:
    """A moment as the database holds it: ISO 8601 in UTC to the microsecond, which sorts as time does."""
    return moment.isoformat(timespec="microseconds")
