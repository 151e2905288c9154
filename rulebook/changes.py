"""What changed in the law between two days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from .book import Rulebook, Versions
from .penalty import Penalty
from .rule import Rule, Text
from .vocabulary import CourtState

V = TypeVar("V", Rule, Penalty)


class Kind(StrEnum):
    """How an entry differs between two days."""

    BEGAN = "began"
    ENDED = "ended"
    AMENDED = "amended"
    BLOCKED = "blocked"
    RESTORED = "restored"


@dataclass(frozen=True)
class Change:
    """One rule or penalty that differs. ``fields`` has the old and the new value of what was amended."""

    kind: Kind
    what: str
    id: str
    title: Text
    fields: Mapping[str, tuple[Any, Any]]


#: What an amendment is not: where it was read, and how it is numbered here.
_BESIDE_THE_POINT = frozenset(
    {"id", "kind", "wording", "valid_from", "valid_to", "court"}
    | {"sources", "verification", "verification_note", "readings"}
)


def changes(book: Rulebook, before: date, after: date) -> list[Change]:
    """The rules and penalties that differ between two days, rules first, in the order of the packs."""
    return [*_changes("rule", book.rules, before, after), *_changes("penalty", book.penalties, before, after)]


def _changes(what: str, entries: Versions[V], before: date, after: date) -> Iterator[Change]:
    for provision in dict.fromkeys(entry.provision for entry in entries.values()):
        versions = entries.of(provision)
        old = next((entry for entry in versions if entry.in_force(before)), None)
        new = next((entry for entry in versions if entry.in_force(after)), None)
        if old is None and new is not None:
            kind = Kind.RESTORED if _court_changed(new, before, after) else Kind.BEGAN
            yield Change(kind, what, provision, new.title, {})
        elif old is not None and new is None:
            kind = Kind.BLOCKED if _court_changed(old, before, after) else Kind.ENDED
            yield Change(kind, what, provision, old.title, {})
        elif old is not None and new is not None and old is not new:
            fields = _differences(old, new)
            if fields:
                yield Change(Kind.AMENDED, what, provision, new.title, fields)


def _court_changed(entry: Rule | Penalty, before: date, after: date) -> bool:
    """Whether it is a court, and not its dates, that made the entry bind on only one of the days."""
    if not isinstance(entry, Rule):
        return False
    states = [event.state if (event := entry.court_on(day)) else CourtState.IN_FORCE for day in (before, after)]
    return CourtState.BLOCKED in states and states[0] is not states[1]


def _differences(old: Rule | Penalty, new: Rule | Penalty) -> dict[str, tuple[Any, Any]]:
    left, right = old.model_dump(mode="json"), new.model_dump(mode="json")
    return {
        name: (left[name], right[name])
        for name in left
        if name not in _BESIDE_THE_POINT and _bare(left[name]) != _bare(right[name])
    }


def _bare(value: Any) -> Any:
    """A value without what is not law: notes and how well something is founded."""
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name not in {"verification", "note"}}
    return [_bare(each) for each in value] if isinstance(value, list) else value
