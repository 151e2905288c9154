"""The page of an audit: what of many files is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shenhe.core.files import write_whole
from shenhe.core.text import one_line
from shenhe.labels.audit import STATUSES, AuditedFile, counts

from .language import Language, translated
from .self_contained import rendered

#: More rows than a browser shows well are in the result file only.
MAX_ROWS = 2_000
MEANING = {
    "conforming": "The file has a label of GB 45438, and every label conforms.",
    "departing": "The file has a label that breaks a binding clause.",
    "other": "The file has only marks of other schemes, such as IPTC or C2PA.",
    "unlabelled": "The file has no label at all.",
    "inconclusive": "The file could not be read or decided, or has a content credential that was not read.",
}


@dataclass(frozen=True)
class Kind:
    """A row of the table of kinds: a media type and how many files have each status."""

    media_type: str
    numbers: tuple[int, ...]
    total: int


def write_audit_page(path: Path, folder: str, rows: Sequence[AuditedFile], language: Language = "en") -> None:
    """Write :func:`render_audit_page` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_audit_page(folder, rows, language))


def render_audit_page(folder: str, rows: Sequence[AuditedFile], language: Language = "en") -> str:
    """One self-contained page: a table of kinds of file, then the files that need attention."""
    kinds = [
        Kind(media_type, tuple(found[status] for status in STATUSES), found.total())
        for media_type, found in counts(rows).items()
    ]
    attention = [row for row in rows if row.status != "conforming"]
    attention.sort(key=lambda row: (-STATUSES.index(row.status), row.file))
    unlabelled = sum(row.status == "unlabelled" for row in rows)
    return rendered(
        "audit.html",
        language=language,
        title=translated("Audit of labels", language),
        with_figures=False,
        lead=translated(f"{len(rows):,} files in {one_line(folder)}: {unlabelled:,} without a label.", language),
        statuses=STATUSES,
        meaning=MEANING,
        kinds=kinds,
        totals=tuple(sum(kind.numbers[number] for kind in kinds) for number in range(len(STATUSES))),
        files=[(one_line(row.file), row) for row in attention[:MAX_ROWS]],
        left_out=max(0, len(attention) - MAX_ROWS),
    )
