"""Options of every command that runs checks, and how their values are read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from shenhe.conformance.verdict import Level

#: What a shell expects of a command that was interrupted.
INTERRUPTED = 130

AtLevel = Annotated[Level, typer.Option("--level", help="How much is checked.")]
Packs = Annotated[
    list[str] | None,
    typer.Option("--packs", metavar="ID", help="Packs of rules, instead of those in force. Repeatable."),
]
Rules = Annotated[
    list[str] | None,
    typer.Option("--rules", metavar="PATTERN", help="Only these, e.g. 'cn-labeling-2025/*'. Repeatable."),
]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="Apply the law of this day (YYYY-MM-DD).")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed asks the same.")]
Examples = Annotated[int, typer.Option("--examples", min=0, help="Cases that each check draws after its fixed ones.")]


def day_of(text: str | None) -> date | None:
    """The day that ``--on`` gives; ``None`` for none. Raises ``typer.BadParameter``."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-01-31", param_hint="--on") from None


def split(values: list[str] | None) -> list[str] | None:
    """Repeated and comma-separated values alike."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()] if values else None
