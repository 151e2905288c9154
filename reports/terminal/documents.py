"""What is offered for the rules that only documents show, on a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shenhe.conformance.evidence.documents import DocumentRow, State
from shenhe.core.text import one_line

_MARKS: dict[State, str] = {"evidence offered": "▤", "expired": "⌛", "missing": "✗"}


def documents_text(rows: Sequence[DocumentRow], not_asked_for: Sequence[str] = ()) -> str:
    """One line per rule, then the counts. No rule counts as passed: shenhe does not read the documents."""
    width = max((len(row.rule) for row in rows), default=0)
    lines = []
    for row in rows:
        detail = row.reason or ", ".join(row.documents)
        lines.append(f"{_MARKS[row.state]} {row.state:<16} {row.rule:<{width}}  {one_line(detail, 120)}")
    lines += [
        f"! {one_line(rule, 120)}: documents are offered for it, but this run has no such rule for documents"
        for rule in not_asked_for
    ]
    counts = Counter(row.state for row in rows)
    summary = ", ".join(f"{counts[state]} {state}" for state in _MARKS if counts[state]) or "none"
    return "\n".join(
        [
            *lines,
            f"Rules that only documents show: {summary}. Documents are not read here: none of these passes.",
        ]
    )


def documents_json(rows: Sequence[DocumentRow], not_asked_for: Sequence[str] = ()) -> dict[str, Any]:
    """The same as plain JSON data."""
    return {
        "documents": [row.model_dump(mode="json") for row in rows],
        "counts": dict(Counter(row.state for row in rows)),
        "not_asked_for": list(not_asked_for),
    }
