"""What commands say on stderr before and while they work."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from shenhe.conformance.engine.events import Event
    from shenhe.conformance.provider import Capabilities


#: Number of rules per cause that are listed by name.
_SHOWN = 3


class ProgressLine:
    """One line on stderr with a bar and the time left, after ``delay`` seconds. Silent in logs and in CI."""

    def __init__(self, title: str = "", *, delay: float = 0.0) -> None:
        self._title = title
        self._delay = delay
        self._began = time.monotonic()
        self._last = 0.0
        self._shown = False

    def show(self, done: int, total: int, what: str = "") -> None:
        """Draw the line, at most ten times per second."""
        now = time.monotonic()
        due = now - self._began >= self._delay and (now - self._last >= 0.1 or done == total)
        if total < 1 or not due or not watched():
            return
        self._last, self._shown = now, True
        words = f"{done:,}/{total:,}{time_left(now - self._began, done, total)}"
        if self._title:
            words = f"{self._title}: {words}"
        room = shutil.get_terminal_size().columns - 1
        filled = round(24 * done / total)
        line = f"{'█' * filled:░<24} {words}  {what}" if room >= 50 else words
        sys.stderr.write(f"\r\x1b[K{line[:room].rstrip()}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def watched() -> bool:
    """Whether a person is watching: stderr is a terminal that can redraw a line, and this is no CI job."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def time_left(passed: float, done: int, total: int) -> str:
    """What an even pace leaves, in words; empty before a twentieth is done or a second has passed.

    >>> time_left(30.0, 10, 40), time_left(600.0, 10, 40), time_left(0.5, 10, 40), time_left(9.0, 40, 40)
    (', about 90 s left', ', about 30 min left', '', '')
    """
    if passed < 1 or done * 20 < total or done >= total:
        return ""
    left = passed / done * (total - done)
    return f", about {left:.0f} s left" if left < 100 else f", about {left / 60:.0f} min left"


def of_run(line: ProgressLine, event: Event) -> None:
    """Draw the line after an event of a run of checks."""
    from shenhe.conformance.engine.events import CheckFinished, CheckStarted

    if isinstance(event, CheckStarted | CheckFinished):
        line.show(event.done, event.total, event.name.replace("_", " "))


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


def name_openers(capabilities: Capabilities) -> None:
    """Say on stderr which three additions to a binding most rules wait for."""
    from datetime import date

    from shenhe.conformance.engine.conclusions import openers
    from shenhe.conformance.engine.selection import NothingToCheck, chosen_checks, chosen_rules
    from shenhe.conformance.verdict import Level
    from shenhe.core.text import visible
    from shenhe.rulebook import load_rulebook

    chosen = chosen_rules(load_rulebook(), capabilities, None, None, date.today())
    try:
        checks = chosen_checks(chosen, Level.FULL, None, None)
    except NothingToCheck:
        return
    found = openers(checks, chosen, capabilities, _OPENERS)
    if found:
        typer.echo("these additions open most rules:", err=True)
    for cause in found:
        count = len(cause.rules)
        typer.echo(f"  {visible(cause.reason)} ({count} rule{'s' if count > 1 else ''})", err=True)


#: Additions to a binding that are named at the end of `init` and `doctor`.
_OPENERS = 3


def _few(rules: list[str]) -> str:
    return ", ".join(rules) if len(rules) <= _SHOWN else f"{', '.join(rules[:_SHOWN])} and {len(rules) - _SHOWN} more"
