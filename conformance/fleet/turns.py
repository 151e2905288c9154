"""A provider's turn: all that it needs, and whether an earlier run already took it.

A report is kept for as long as nothing changes that it depends on: the binding, the variables of its target, the
version of shenhe, the rulebook, the law in force on the day, an option.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from shenhe.core.files import write_whole
from shenhe.rulebook import Rulebook

from ..report import ReportError, read_report, read_report_bytes
from .members import Member
from .process import Job
from .results import Options, Outcome, Result

#: Outcomes that a second run with the same command leaves as they are, if anything was judged.
KEPT: frozenset[Outcome] = frozenset({"checked", "cut short"})
#: No ``outcome.json`` comes near this many bytes.
_OUTCOME_BYTES = 4 * 1024 * 1024


_PREVIOUS = "previous-report"


class _Done(BaseModel):
    """``outcome.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    result: Result


@dataclass(frozen=True)
class Turn:
    """A member with all that its turn needs."""

    member: Member
    job: Job
    key: str
    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def outcome(self) -> Path:
        return self.folder / "outcome.json"

    def kept(self) -> Result | None:
        """The result of an earlier run with the same key, if its report is there, unchanged."""
        done = self._done()
        return done.result if done is not None and done.key == self.key else None

    def _done(self) -> _Done | None:
        """The outcome of a turn that was finished, with whatever key, if its report is there, unchanged."""
        try:
            with self.outcome.open("rb") as stream:
                done = _Done.model_validate_json(stream.read(_OUTCOME_BYTES))
            if done.result.outcome not in KEPT or not done.result.judged:
                return None
            data = read_report_bytes(self.report)
        except (OSError, ValueError):
            return None
        return done if hashlib.sha256(data).hexdigest() == done.result.report_sha256 else None

    def set_aside(self) -> None:
        """Make room for the report of a new turn. Raises ``OSError``.

        The report of a finished turn replaces those before it. A turn that was ended, by whatever, has not judged
        everything again: what earlier turns found stays, and so does its own report if it adds a failure. So there are
        never more reports than checks.
        """
        finished = self._done() is not None
        self.outcome.unlink(missing_ok=True)
        if not self.report.exists():
            return
        earlier = sorted(self.folder.glob(f"{_PREVIOUS}*.json"))
        if finished or not earlier:
            self.report.replace(self.folder / f"{_PREVIOUS}.json")
            for path in earlier:
                if path.name != f"{_PREVIOUS}.json":
                    path.unlink(missing_ok=True)
        elif _found(self.report) - set().union(*map(_found, earlier)):
            number = next(number for number in count(2) if not (self.folder / f"{_PREVIOUS}-{number}.json").exists())
            self.report.replace(self.folder / f"{_PREVIOUS}-{number}.json")
        else:
            self.report.unlink()

    def keep(self, result: Result) -> None:
        """Write the outcome that a later run is to find. Raises ``OSError``."""
        write_whole(self.outcome, _Done(key=self.key, result=result).model_dump_json(indent=1) + "\n")


def _found(path: Path) -> set[tuple[str, str]]:
    """What a report found: the names of checks with a failure or something to review. Nothing, if it cannot be read."""
    try:
        report = read_report(path)
    except (OSError, ReportError):
        return set()
    return {(check.name, check.verdict) for check in report.checks if check.verdict in {"fail", "review"}}


def turn_of(
    member: Member,
    out: Path,
    environ: Mapping[str, str],
    options: Options,
    memory: int,
    terms: dict[str, Any],
) -> Turn:
    """The turn of ``member`` with those variables of ``environ`` that its binding names; ``terms`` are :func:`terms_of`
    the fleet.
    """
    known = {name: environ[name] for name in sorted(member.asked) if name in environ}
    # Where a provider is, is public and decides what is found there; of a secret not even a hash is kept.
    public = {name: known[name] for name in known if name not in member.secret}
    terms = {**terms, "binding": member.sha256, "variables": public}
    key = hashlib.sha256(
        json.dumps(terms, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogateescape")
    ).hexdigest()
    folder = out / "providers" / member.name
    job = Job(
        binding=str(member.path.absolute()),
        sha256=member.sha256,
        environ=known,
        options=options,
        report=str((folder / "report.json").absolute()),
        memory=memory,
    )
    return Turn(member, job, key, folder)


def terms_of(book: Rulebook, day: date, options: Options) -> dict[str, Any]:
    """What the reports of all providers depend on."""
    return {
        "shenhe": version("shenhe"),
        "rulebook": book.hash,
        "law": _law(book, day),
        "options": options.model_dump(mode="json"),
    }


def _law(book: Rulebook, day: date) -> str:
    """A hash of the rules in force on a day: a report of another day holds as long as it is the same."""
    names = sorted(rule.provision for rule in book.rules_in_force(day))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
