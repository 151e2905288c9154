"""The report of a run that is still going on: whatever ends the run, its finished checks are on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..engine.events import CheckFinished, Event
from ..report import Report


class PartialReport:
    """A listener that writes the report so far: at once after a check that found something, else at most once per
    second and in at most a tenth of the time. ``change`` is applied to each report. A disk that cannot be written does
    not end the run; ``complain`` is called once.
    """

    def __init__(
        self, path: Path, complain: Callable[[str], None], change: Callable[[Report], Report] = lambda report: report
    ) -> None:
        self._path = path
        self._complain = complain
        self._change = change
        self._next = 0.0
        self._failed = False

    def __call__(self, event: Event) -> None:
        """Write the report after a finished check."""
        if not isinstance(event, CheckFinished):
            return
        if time.monotonic() < self._next and (event.result is None or event.result.finding is None):
            return
        began = time.monotonic()
        try:
            self._change(event.report()).write(self._path)
        except OSError as error:
            if not self._failed:
                self._complain(f"{self._path} cannot be written: {error.strerror or error}; the run goes on")
            self._failed = True
        ended = time.monotonic()
        self._next = ended + max(1.0, 9 * (ended - began))
