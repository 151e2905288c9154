"""Ctrl-C during work that must not lose it."""

from __future__ import annotations

import signal
import threading
from typing import Any, Self


class Interrupts:
    """Remembers Ctrl-C. Raised while a finished replication's generators are collected, it would be lost: Python
    ignores exceptions there."""

    def __enter__(self) -> Self:
        self.seen = False
        self.before: Any = None
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, number: int, frame: Any) -> None:
        self.seen = True
        raise KeyboardInterrupt

    def raise_lost(self) -> None:
        """Raise what was caught and lost since."""
        if self.seen:
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
