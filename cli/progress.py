"""Progress on stderr: of checks, and of long computations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from shenhe.conformance.engine.events import Event


#: Number of rules per cause that are listed by name.
_SHOWN = 3


class ProgressBar:
    """One line on stderr, if a person is watching."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, event: Event) -> None:
        """Draw the bar after an event of the run."""
        from shenhe.conformance.engine.events import CheckFinished, CheckStarted

        if not isinstance(event, CheckStarted | CheckFinished) or not sys.stderr.isatty():
            return
        self._shown = True
        filled = round(24 * event.done / event.total)
        name = event.name.replace("_", " ")
        sys.stderr.write(f"\r\x1b[K{'█' * filled:░<24} {event.done}/{event.total} {name}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the bar."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def note_progress(step: str) -> None:
    """Print a step of a long computation on stderr, if a person is watching."""
    from rich.console import Console

    notes = Console(stderr=True, highlight=False)
    if notes.is_terminal:
        notes.print(step, style="dim")


def foretell(event: Event) -> None:
    """Say on stderr, before the first request, what this binding cannot decide and what to add to it."""
    from shenhe.conformance.engine.events import RunStarted
    from shenhe.core.text import visible

    if not isinstance(event, RunStarted) or not event.foreseen:
        return
    rules = {rule for cause in event.foreseen for rule in cause.rules}
    typer.echo(f"{len(rules)} rules cannot be decided, or not by every check, with this binding:", err=True)
    for cause in event.foreseen:
        typer.echo(f"  {visible(cause.reason)}: {_few(cause.rules)}", err=True)


def _few(rules: list[str]) -> str:
    return ", ".join(rules) if len(rules) <= _SHOWN else f"{', '.join(rules[:_SHOWN])} and {len(rules) - _SHOWN} more"
