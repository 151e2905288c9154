"""What a case takes from a provider: exchanges, each in its role, and how they are counted.

Roles: ``set-up`` prepares, ``control`` is the lawful twin that must be accepted for a refusal to count, ``probe``
is what a verdict hangs on, ``observation`` looks at what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from .exchange import Exchange
from .registry import Undecided

Role = Literal["set-up", "control", "probe", "observation"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One exchange with the role it had."""

    role: Role
    exchange: Exchange


@dataclass(slots=True)
class Counts:
    """What was asked in the role of a probe, and how many lawful twins were accepted."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0

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
    taken: tuple[Taken, ...]
    counts: Counts
