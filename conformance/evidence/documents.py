"""Rules that only documents can show: what a provider offers for them, and whether it still holds.

``evidence.yaml`` lies next to a binding::

    format: shenhe-evidence
    documents:
      - document: Security assessment of the recommendation model
        owner: Security office
        date: 2025-11-01
        expires: 2026-11-01
        sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        file: documents/assessment-2025.pdf
        rules: [cn-dsp-2023/15.1]

shenhe does not read the documents. A rule with one is ``evidence offered``, never passed.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    field_validator,
    model_validator,
)

from shenhe.core.document import Limits, read_yaml, validate

from ..report import UndecidedRule, Words

State = Literal["evidence offered", "expired", "missing"]
_LIMITS = Limits(size=1024 * 1024, depth=6, values=50_000)
#: A larger document is not hashed: its row says so.
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(_Model):
    """One document. ``expires`` is the last day it holds. ``file`` is where it lies, relative to the
    evidence file, if it lies there: then its bytes must have the ``sha256`` given.
    """

    document: Line
    owner: Line
    date: datetime.date
    expires: datetime.date
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    file: Line | None = None
    rules: Annotated[tuple[Line, ...], Field(min_length=1, max_length=1000)]

    @field_validator("file")
    @classmethod
    def _below_the_evidence_file(cls, file: str | None) -> str | None:
        if file is not None and (
            PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts or "\\" in file
        ):
            raise ValueError(f"found {file!r}, expected a path below the folder of the evidence file, written with /")
        return file

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.expires < self.date:
            raise ValueError(f"found a document of {self.date} that expires on {self.expires}, expected a later day")
        return self


class EvidenceFile(_Model):
    """What one file offers."""

    format: Literal["shenhe-evidence"] = "shenhe-evidence"
    format_version: Literal[1] = 1
    documents: tuple[Document, ...] = Field(default=(), max_length=5000)
    _folder: Path | None = PrivateAttr(None)


class DocumentRow(_Model):
    """One document rule and what is offered for it: ``reason`` says why nothing holds, ``documents`` name
    what was offered.
    """

    rule: str
    pack: str
    title: Words
    behaviour: str
    state: State
    reason: str = ""
    documents: tuple[str, ...] = ()


def read_evidence(path: Path) -> EvidenceFile:
    """Read an evidence file.

    Raises :class:`~shenhe.core.document.DocumentError` with file, line, path inside, what was found and
    what was expected, and ``OSError`` for a file that cannot be read.
    """
    data, locate = read_yaml(path, limits=_LIMITS)
    evidence = validate(EvidenceFile, {} if data is None else data, locate)
    evidence._folder = path.parent
    return evidence


def document_rows(
    undecided: Iterable[UndecidedRule], evidence: EvidenceFile, today: datetime.date
) -> list[DocumentRow]:
    """One row for each undecided rule that only a document shows, in their order.

    The best document decides: one that holds, else one that has expired. Rules that probes decide have no
    row, whatever the evidence says of them.
    """
    states = [(document, *_state(document, evidence._folder, today)) for document in evidence.documents]
    rows = []
    for rule in undecided:
        if rule.seen_by != "document":
            continue
        offered = [found for found in states if rule.rule in found[0].rules]
        best = min(offered, key=lambda found: _ORDER.index(found[1]), default=None)
        rows.append(
            DocumentRow(
                rule=rule.rule,
                pack=rule.pack,
                title=rule.title,
                behaviour=rule.behaviour,
                state=best[1] if best else "missing",
                reason=best[2] if best else "no document names this rule",
                documents=tuple(document.document for document, state, _ in offered if best and state == best[1]),
            )
        )
    return rows


def not_asked_for(undecided: Iterable[UndecidedRule], evidence: EvidenceFile) -> list[str]:
    """The rules that documents are offered for and that this run does not list as rules for documents:
    misspelt, of another pack, or decided by probes, which no document replaces.
    """
    asked = {rule.rule for rule in undecided if rule.seen_by == "document"}
    return sorted({rule for document in evidence.documents for rule in document.rules} - asked)


_ORDER: tuple[State, ...] = ("evidence offered", "expired", "missing")


def _state(document: Document, folder: Path | None, today: datetime.date) -> tuple[State, str]:
    """What a document is worth today, and why it is not worth more."""
    if document.date > today:
        return "missing", f"the document is dated {document.date}, which has not come yet"
    if document.file is not None and folder is not None and (wrong := _unlike(folder / document.file, document.sha256)):
        return "missing", wrong
    if document.expires < today:
        return "expired", f"the document expired on {document.expires}"
    return "evidence offered", ""


def _unlike(path: Path, sha256: str) -> str:
    """How the file differs from what the evidence says of it; empty where it does not."""
    digest, size = hashlib.sha256(), 0
    if not path.is_file():
        return f"there is no file {path.name} where the evidence list says it is"
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1024 * 1024):
                size += len(chunk)
                if size > MAX_DOCUMENT_BYTES:
                    return f"the file {path.name} is larger than {MAX_DOCUMENT_BYTES // 2**20} MiB"
                digest.update(chunk)
    except OSError as error:
        return f"the file {path.name} cannot be read ({error.strerror})"
    return "" if digest.hexdigest() == sha256 else f"the file {path.name} is not the one whose sha256 is given"
