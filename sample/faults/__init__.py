"""Ways in which the sample provider can break the law, each a single change of behaviour with a name.

The provider obeys by default. A fault is switched on when the application is made, never by a request, and is
consulted at the very place where the behaviour lives. ``rules`` are the clauses that fail while it is on:
those and no others.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from shenhe.core.errors import ShenheError

from .companion import COMPANION_FAULTS
from .conduct import CONDUCT_FAULTS
from .fault import Fault, FaultName, Reach
from .labeling import LABELING_FAULTS

__all__ = ["FAULTS", "Reach", "UnknownFaultError", "chosen"]

FAULTS: Mapping[str, Fault] = {
    name.value: fault for name, fault in (LABELING_FAULTS | CONDUCT_FAULTS | COMPANION_FAULTS).items()
}


class UnknownFaultError(ShenheError, ValueError):
    """A name that no fault bears. ``closest`` are the names most like it, nearest first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closest = tuple(difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.6))
        hint = f" (closest: {', '.join(self.closest)})" if self.closest else ""
        super().__init__(f"there is no fault {name!r}{hint}")


def chosen(names: Iterable[str]) -> frozenset[FaultName]:
    """The faults of those names.

    Raises:
        UnknownFaultError: no fault bears one of the names.
    """
    names = tuple(names)
    for name in names:
        if name not in FAULTS:
            raise UnknownFaultError(name)
    return frozenset(FaultName(name) for name in names)
