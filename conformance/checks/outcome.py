"""What judging one case can come to, and the case itself.

A check returns where a case shows nothing wrong, and raises one of four exceptions otherwise::

    Violation       the provider did what the rule forbids; the message says what was observed
    Undecided       the case could not be judged: set-up or control was refused, or no response came
    NeedsReview     a person must look: what was observed is neither, or time would have to pass
    NotJudged       this case says nothing (the provider declined this prompt); others may
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

from ..exchange import RecordedExchange
from ..report import Evidence


class Violation(AssertionError):
    """The provider did what the rule forbids. ``evidence`` is what a person can look at."""

    def __init__(self, seen: str, *evidence: Evidence) -> None:
        super().__init__(seen)
        self.seen = seen
        self.evidence = evidence
        #: The exchanges of the case, in order; the engine records them here.
        self.exchanges: tuple[RecordedExchange, ...] = ()
        #: The number of the exchange that it rests on, counted from 1; the engine sets it.
        self.wrong_step: int | None = None


class Undecided(Exception):
    """The case could not be judged. ``lasting`` says that asking again in this run would not help."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


class RequestRefused(Undecided):
    """The provider refused a request that must succeed before the case can be judged: a control or set-up."""


class NeedsReview(Exception):
    """What was seen has to be looked at by a person. ``evidence`` is what there is to look at."""

    def __init__(self, reason: str, *evidence: Evidence) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence


class NotJudged(Exception):
    """This case says nothing about the rule; others may."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


#: The fields of cases that hold (a part of) a prompt.
_PROMPTED = frozenset({"prompt", "before", "title"})


@dataclass(frozen=True)
class Case:
    """What is varied between the probes of one check. ``facet`` names the medium, scope or surface it is about:
    each facet must have a case that could be judged, or the check is inconclusive."""

    facet: str

    def __str__(self) -> str:
        """The case in words, as a report shows it."""
        return self.facet

    def combination(self) -> dict[str, str]:
        """The factors that this case varies, for the table of what a run covered."""
        return {}

    def varied(self, vary: Callable[[str], str]) -> Self:
        """The same case with prompts about something else: ``vary`` changes a text."""
        changes = {}
        for each in fields(self):
            if each.name in _PROMPTED and isinstance(text := getattr(self, each.name), str):
                changes[each.name] = vary(text)
        return replace(self, **changes)


@dataclass(frozen=True)
class Absent:
    """Why a check does not concern a provider.

    ``required``: the level asks for it, so that the binding may be at fault. ``elsewhere``: the rule does
    concern the provider, and this check is not the one that could decide it.
    """

    reason: str
    required: bool = False
    elsewhere: bool = False
    #: What is missing, one thing each, where ``reason`` names several.
    causes: tuple[str, ...] = ()
