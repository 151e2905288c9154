"""Covering arrays: few rows in which every pair of values of any two factors occurs.

Most faults that depend on a combination depend on two values of it (Kuhn, Wallace and Gallo, IEEE TSE 30, 2004).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import TypeVar

T = TypeVar("T")


def covering(factors: Mapping[str, Sequence[T]], strength: int = 2) -> list[dict[str, T]]:
    """Rows that give every factor a value, so that each combination of ``strength`` values occurs in one of them.

    The first row takes the first value of every factor. The same factors give the same rows. Greedy: each row covers
    as much as it can that no earlier row covered.

    >>> [len(covering({"a": "12", "b": "123", "c": "12"}, strength)) for strength in (1, 2, 3)]
    [3, 6, 12]
    """
    names = [name for name, values in factors.items() if values]
    if not names:
        return []
    strength = min(strength, len(names))
    left = {
        frozenset(zip(group, values, strict=True))
        for group in combinations(names, strength)
        for values in product(*(range(len(factors[name])) for name in group))
    }
    rows: list[dict[str, int]] = []
    row = dict.fromkeys(names, 0)
    while True:
        rows.append(row)
        left -= _of(row, strength)
        if not left:
            return [{name: factors[name][row[name]] for name in names} for row in rows]
        row = dict(min(left, key=sorted))
        for name in (name for name in names if name not in row):
            row[name] = max(
                range(len(factors[name])),
                key=lambda value, name=name: (len(_of({**row, name: value}, strength) & left), -value),  # type: ignore[misc]
            )


def _of(row: Mapping[str, int], strength: int) -> set[frozenset[tuple[str, int]]]:
    """The combinations that a row, which may be partial, holds."""
    return {frozenset(group) for group in combinations(row.items(), strength)}
