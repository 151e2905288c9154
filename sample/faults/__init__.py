"""Ways in which the sample provider can break the law, each a single change of behaviour with a name.

The provider complies by default. A fault is switched on when the application is created, never by a request, and is
consulted where the behaviour is implemented. ``faults.yaml`` is the one list of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from shenhe.core.errors import ShenheError

from .fault import FAULTS, FaultName, Reach

__all__ = ["FAULTS", "Reach", "UnknownFaultError", "chosen"]


class UnknownFaultError(ShenheError, ValueError):
    """There is no fault of this name. ``closest`` are the most similar names, nearest first."""

    def __init__(self, name: str, known: Iterable[str] = FAULTS) -> None:
        self.name = name
        self.closest = tuple(difflib.get_close_matches(name, list(known), n=3, cutoff=0.6))
        hint = f" (closest: {', '.join(self.closest)})" if self.closest else ""
        super().__init__(f"the sample target has no fault {name!r}{hint}; list them with `shenhe sample faults`")


def chosen(names: Iterable[str]) -> frozenset[FaultName]:
    """The faults with these names.

    Raises:
        UnknownFaultError: there is no fault of one of the names.
    """
    names = tuple(names)
    for name in names:
        if name not in FAULTS:
            raise UnknownFaultError(name)
    return frozenset(FaultName(name) for name in names)
