"""The events of a run, reported to its listener as they happen. Progress bars and reports on disk are made from these
events.

Events are delivered one at a time, in the thread that started the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..report import Cause, CheckResult, Report


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The checks are chosen, and the provider has been reset.

    ``foreseen`` says which of them this binding cannot decide, and what to add to it.
    """

    checks: tuple[str, ...]
    foreseen: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check begins. Emitted only in a run that does one check at a time."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check has ended. ``result`` is ``None`` if another check decides its rules.

    ``report`` makes the report of a run that ends here: checks without a result are inconclusive in it.
    """

    name: str
    result: CheckResult | None
    done: int
    total: int
    report: Callable[[], Report] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RunFinished:
    """All checks have ended, or the run was stopped."""

    report: Report


Event: TypeAlias = RunStarted | CheckStarted | CheckFinished | RunFinished
Listener: TypeAlias = Callable[[Event], None]
