"""Whether two replications are the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .replication import Replication
from .state import FIELDS, State

OWN = ("number", "steps", "pending")
"""Fields of a replication that say how an engine went about it, and may differ."""


def differing_fields(one: Replication, other: Replication) -> list[str]:
    """The names of the fields in which two replications differ by any bit (a NaN is like any other NaN)."""
    found = []
    for name in one.__dataclass_fields__:
        if name in OWN:
            continue
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, State):
            found += [
                f"state.{part}" for part, x, y in zip(FIELDS, a.values(), b.values(), strict=True) if not same(x, y)
            ]
        elif not same(a, b):
            found.append(name)
    return found


def same(a: Any, b: Any) -> bool:
    """Whether two arrays, numbers, or tuples of them are the same to the last bit, zero's sign included."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    return bool(np.array_equal(bits_of(x), bits_of(y)))


def bits_of(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The form in which numbers are compared: the bits of floats, all NaN alike; integers as they are."""
    if values.dtype.kind != "f":
        return values
    return np.where(np.isnan(values), np.nan, values).astype(np.float64).view(np.int64)
