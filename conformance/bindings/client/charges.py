"""What calls of a target cost and take, as its binding declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

#: One number for all calls that it concerns, or a number by operation.
PerCall: TypeAlias = float | Mapping[str, float]

#: Seconds that are assumed of a call: of one that may be charged for, and of any other.
PAID_SECONDS, OTHER_SECONDS = 3.0, 0.2
#: Operations that a provider may charge for.
_PAID = ("generate", "edit")


def as_charges(declared: float | Mapping[Any, float] | None) -> PerCall | None:
    """What a binding declares, with operations by their names."""
    return {str(name): amount for name, amount in declared.items()} if isinstance(declared, Mapping) else declared


@dataclass(frozen=True)
class Charges:
    """``price`` is that of a paid call (``None`` if not declared), ``seconds`` how long calls take, and ``rate`` how
    many requests per second the target takes at most.
    """

    price: PerCall | None = None
    seconds: PerCall = field(default_factory=dict)
    rate: float | None = None

    def cost(self, calls: Mapping[str, int]) -> float | None:
        """The price of these calls, by operation; ``None`` where none is declared."""
        if self.price is None:
            return None
        return sum(count * self._price_of(operation) for operation, count in calls.items() if operation in _PAID)

    def dearest(self) -> float:
        """The price of the dearest call; 0 where none is declared."""
        return max((self._price_of(operation) for operation in _PAID), default=0.0)

    def duration(self, calls: Mapping[str, int], workers: int = 1) -> float:
        """About how many seconds these calls take, with this many at once."""
        taken = sum(count * self._seconds_of(operation) for operation, count in calls.items()) / max(workers, 1)
        return max(taken, sum(calls.values()) / self.rate) if self.rate else taken

    def _price_of(self, operation: str) -> float:
        if isinstance(self.price, Mapping):
            return self.price.get(operation, 0.0)
        return self.price or 0.0

    def _seconds_of(self, operation: str) -> float:
        assumed = PAID_SECONDS if operation in _PAID else OTHER_SECONDS
        if isinstance(self.seconds, Mapping):
            return self.seconds.get(operation, assumed)
        return self.seconds
