"""Values put into a document by dotted path, and one document laid over another."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .values import ScenarioError

OPTIONAL_PARTS = ("supporters", "policy.platforms", "policy.self_report", "policy.safe_harbour")
"""Parts that a file may leave out and an override may still reach into."""

_RELATIVE = re.compile(r"(\+|×|\*)\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(%?)")


@dataclass(frozen=True)
class Relative:
    """A value given relative to the one that is there: ``+40``, ``+25%``, ``×2`` or ``*2``.

    >>> Relative.parse("+25%").of(80)
    100
    >>> Relative.parse("×2").of([10_000, 100_000])
    [20000, 200000]
    """

    text: str
    factor: float
    addend: float

    @classmethod
    def parse(cls, text: str) -> Relative | None:
        """The relative value that ``text`` expresses, or ``None`` where it is an ordinary value."""
        found = _RELATIVE.fullmatch(text.strip())
        if found is None:
            return None
        sign, number, percent = found[1], float(found[2]), bool(found[3])
        if sign == "+":
            return cls(text.strip(), 1.0 + number / 100.0, 0.0) if percent else cls(text.strip(), 1.0, number)
        return cls(text.strip(), number / 100.0 if percent else number, 0.0)

    def of(self, value: Any) -> Any:
        """The value that results from ``value``: a number, or a list of numbers.

        Raises ``ValueError`` where there is no number.
        """
        if isinstance(value, list) and value:
            return [self.of(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"found {value!r} there, expected a number that {self.text} can change")
        result = value * self.factor + self.addend
        if isinstance(value, float):
            return result
        # A number without a fraction may be meant as either kind; the schema knows which, and says so where it matters.
        return round(result) if abs(result - round(result)) <= 1e-9 * max(1.0, abs(result)) else result

    def __str__(self) -> str:
        return self.text


def override(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path of a document.

    Entries of lists are addressed by position or by their name; ``*`` addresses every entry of a list or mapping that
    has the rest of the path, such as each rung with a fine. A :class:`Relative` value changes the number that is there.

    Raises :class:`ScenarioError` for a path that leads nowhere, naming what there is instead.
    """
    _override(data, path.split("."), 0, value)


def _override(place: Any, steps: list[str], position: int, value: Any) -> None:
    path, step = ".".join(steps), steps[position]
    key: Any
    last = position == len(steps) - 1
    if step == "*":
        if not isinstance(place, list | dict) or not place:
            raise ScenarioError(f"--set {path}: found no entries that * could address")
        keys = list(range(len(place))) if isinstance(place, list) else list(place)
        rest = steps[position + 1 : -1]
        having = [key for key in keys if _has(place[key], rest)]
        for key in having or keys:
            _descend(place, key, steps, position, value)
        return
    if isinstance(place, list):
        names = [str(item.get("name", number)) for number, item in enumerate(place) if isinstance(item, dict)]
        names = names or [str(number) for number in range(len(place))]
        key = names.index(step) if step in names else int(step) if step.isdecimal() else -1
        if not 0 <= key < len(place):
            raise _unknown_step(path, step, names)
    elif isinstance(place, dict):
        key = step
        if ".".join(steps[: position + 1]) in OPTIONAL_PARTS and not last:
            place.setdefault(step, {})
        if step not in place and not last:
            raise _unknown_step(path, step, list(place))
    else:
        raise ScenarioError(f"--set {path}: {'.'.join(steps[:position])} is a single value, it has no {step!r}")
    _descend(place, key, steps, position, value)


def _has(place: Any, steps: Sequence[str]) -> bool:
    """Whether the parts that these steps name are there, as far as their next ``*``."""
    for step in steps:
        if step == "*":
            return True
        if not isinstance(place, dict) or place.get(step) is None:
            return isinstance(place, list)
        place = place[step]
    return True


def _descend(place: Any, key: Any, steps: list[str], position: int, value: Any) -> None:
    path = ".".join(steps)
    if position < len(steps) - 1:
        _override(place[key], steps, position + 1, value)
        return
    present = place[key] if isinstance(place, list) else place.get(key)
    if isinstance(value, Relative):
        if present is None:
            raise ScenarioError(f"--set {path}={value}: the scenario gives no value there; set one instead of {value}")
        try:
            value = value.of(present)
        except ValueError as error:
            raise ScenarioError(f"--set {path}={value}: {error}") from None
    elif isinstance(place, dict) and isinstance(present, dict | list) and not isinstance(value, dict | list):
        raise ScenarioError(f"--set {path}: found a single value, expected one of its parts to be set")
    # A copy: a further path may lead into it, and what the caller holds must not change.
    place[key] = copy.deepcopy(value)


def _unknown_step(path: str, step: str, known: Sequence[str]) -> ScenarioError:
    close = difflib.get_close_matches(step, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(known)}"
    return ScenarioError(f"--set {path}: there is no {step!r}; {hint}")


def merged(base: Any, change: Any) -> Any:
    """``base`` changed by ``change``: mappings key by key, lists of named entries name by name, the rest replaced.

    ``null`` in a mapping takes the key away, ``remove: true`` in a named entry takes the entry away.
    """
    if isinstance(base, dict) and isinstance(change, dict):
        kept = {key: value for key, value in base.items() if key not in change}
        return kept | {key: merged(base.get(key), value) for key, value in change.items() if value is not None}
    if _named(base) and _named(change):
        changes = {item["name"]: item for item in change}
        known = [item["name"] for item in base]
        together = [
            merged(item, changes.get(item["name"], {}))
            for item in base
            if not changes.get(item["name"], {}).get("remove")
        ]
        return together + [item for item in change if item["name"] not in known]
    return copy.deepcopy(change)


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) and "name" in i for i in value)


def leaves(value: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every single value of a document as (dotted path, value), entries of lists by their name where they have one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "name" or len(steps) == 0:
                yield from leaves(item, (*steps, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for position, item in enumerate(value):
            yield from leaves(item, (*steps, str(item.get("name", position))))
    else:
        yield ".".join(steps), value


@dataclass(frozen=True)
class Difference:
    """One value in which two documents differ. ``a`` or ``b`` is ``None`` where a document has no such value."""

    path: str
    a: Any
    b: Any


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """The values in which two documents differ, in the order of ``a``, then what only ``b`` has."""
    left, right = dict(leaves(dict(a))), dict(leaves(dict(b)))
    paths = [*left, *(path for path in right if path not in left)]
    return [Difference(path, left.get(path), right.get(path)) for path in paths if left.get(path) != right.get(path)]
