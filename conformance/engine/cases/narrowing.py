"""What makes a listed case fail, found by comparing it with one that passes.

A listed case differs from the plainest one in a field or two: a longer prompt, other characters, more turns. Each field
is set back to the plain value; what still fails then did not depend on it. The fields that are left are reduced along
their kind: a text to its shortest failing beginning, then to the characters that matter; a row to its fewest items; a
number to the smallest that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

from ...checks.outcome import Case
from ...entities import Media

C = TypeVar("C", bound=Case)

#: Runs of the property that narrowing one failure may take.
MOST_TRIES = 14
#: Fields that hold free text. The words of any other field are names, which have no meaning in part.
_FREE_TEXTS = frozenset({"prompt", "before", "title", "statement", "text"})
#: Characters of a text that are named.
_NAMED = 40


class _NoTriesLeftError(Exception):
    """Every run that narrowing may take was taken."""


@dataclass
class Narrowing(Generic[C]):
    """``case`` is the smallest that still fails; ``difference`` says how it differs from one that passes."""

    case: C
    fails: Callable[[C], bool]
    tries: int = MOST_TRIES
    reasons: list[str] = field(default_factory=list)

    @property
    def difference(self) -> str:
        """The difference in one sentence; empty where nothing was found."""
        return "; ".join(self.reasons)

    def still_fails(self, **changes: Any) -> bool:
        """Whether the case fails with these changes; then it is the case. Raises once no try is left."""
        if self.tries <= 0:
            raise _NoTriesLeftError
        self.tries -= 1
        smaller = replace(self.case, **changes)
        if not self.fails(smaller):
            return False
        self.case = smaller
        return True


def narrowed(case: C, passing: C, fails: Callable[[C], bool]) -> Narrowing[C]:
    """Reduce ``case``, which fails, to what sets it apart from ``passing``."""
    work = Narrowing(case, fails)
    if type(case) is not type(passing):
        return work
    names = [
        each.name
        for each in fields(case)
        if each.compare and each.init and getattr(case, each.name) != getattr(passing, each.name)
    ]
    try:
        matter = [name for name in names if len(names) == 1 or not work.still_fails(**{name: getattr(passing, name)})]
    except _NoTriesLeftError:
        return work
    for name in matter:
        try:
            work.reasons.append(_reduced(work, name, getattr(passing, name)))
        except _NoTriesLeftError:
            work.reasons.append(_as_it_is(work, name))
    return work


def _reduced(work: Narrowing[C], name: str, plain: object) -> str:
    value = getattr(work.case, name)
    what = name.replace("_", " ")
    if name in _FREE_TEXTS and isinstance(value, str) and value:
        return _of_text(work, name, what)
    if isinstance(value, tuple) and isinstance(plain, tuple) and len(value) > 1:
        least = _least(len(value), lambda size: work.still_fails(**{name: value[:size]}))
        return f"{what}: {least} or more of them" if least > 1 else f"{what} is not empty"
    if _is_number(value) and isinstance(plain, int) and value > plain:
        least = plain + _least(value - plain, lambda more: work.still_fails(**{name: plain + more}))
        return f"{what} is {least} or more"
    return _as_it_is(work, name)


def _of_text(work: Narrowing[C], name: str, what: str) -> str:
    value = getattr(work.case, name)
    length = _least(len(value), lambda size: work.still_fails(**{name: value[:size]}))
    if length > 2 and work.still_fails(**{name: "a" * length}):
        return f"{what} has {length} characters or more"
    text = value[:length]
    kept = _least(length, lambda size: work.still_fails(**{name: text[length - size :]}))
    return f"{what} contains {_named(text[length - kept :])}"


def _as_it_is(work: Narrowing[C], name: str) -> str:
    value, what = getattr(work.case, name), name.replace("_", " ")
    if isinstance(value, Media):
        return f"{what} is a file of type {value.media_type} and {len(value.data):,} bytes"
    if isinstance(value, bool):
        return f"{what} is {str(value).lower()}"
    return f"{what} is {_named(str(value))}" if value != "" else f"{what} is empty"


def _named(text: str) -> str:
    return repr(text) if len(text) <= _NAMED else f"{text[:_NAMED]!r}…"


def _least(size: int, fails: Callable[[int], bool]) -> int:
    """The smallest number up to ``size`` for which ``fails``, if all above it fail too; ``size`` is known to fail."""
    low, high = 0, size
    while high - low > 1:
        middle = (low + high) // 2
        if fails(middle):
            high = middle
        else:
            low = middle
    return high


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
