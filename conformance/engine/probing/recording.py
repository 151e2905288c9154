"""What one case sends and receives, counted, and what is made once per run and reused by later cases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ...checks.outcome import Undecided
from ...exchange import RecordedExchange


@dataclass(slots=True)
class Counts:
    """What was asked in the role of a probe, and how many controls were accepted.

    ``shared`` counts requests that the verdict also rests on and that are not of this case: those of something made
    once per run, or a set-up whose response decides.
    """

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0
    shared: int = 0

    @property
    def judged(self) -> bool:
        """Whether any request could show a violation."""
        return bool(self.sent or self.shared)

    def reused(self) -> Counts:
        """These counts for a later case that rests on the same requests."""
        return Counts(controls=self.controls, shared=self.sent + self.shared)

    def plus(self, other: Counts) -> Counts:
        """The sum, field by field."""
        return self._with(other, 1)

    def less(self, other: Counts) -> Counts:
        """The difference, field by field."""
        return self._with(other, -1)

    def _with(self, other: Counts, sign: int) -> Counts:
        return Counts(*(getattr(self, f.name) + sign * getattr(other, f.name) for f in fields(self)))


@dataclass
class Kept:
    """What was made once, with the exchanges and counts that led to it."""

    value: Any
    undecided: Undecided | None
    recorded: tuple[RecordedExchange, ...]
    counts: Counts
    #: Whether it is kept when time passes.
    lasting: bool = False
