"""Values put into a document by dotted path, and one document laid over another."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from .values import ScenarioError

OPTIONAL_PARTS = ("supporters", "policy.platforms", "policy.self_report", "policy.safe_harbour")
"""Parts that a file may leave out and an override may still reach into."""


def override(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path of a document; entries of lists are addressed by position or by their name.

    Raises :class:`ScenarioError` for a path that leads nowhere, naming what there is instead.
    """
    steps = path.split(".")
    place: Any = data
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if isinstance(place, list):
            names = [str(item.get("name", number)) for number, item in enumerate(place) if isinstance(item, dict)]
            names = names or [str(number) for number in range(len(place))]
            key: Any = names.index(step) if step in names else int(step) if step.isdecimal() else -1
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
        if last:
            if (
                isinstance(place, dict)
                and isinstance(place.get(key), dict | list)
                and not isinstance(value, dict | list)
            ):
                raise ScenarioError(f"--set {path}: found a single value, expected one of its parts to be set")
            place[key] = value
        else:
            place = place[key]


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
