"""The result of an operation: accepted, refused, or no usable response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from .exchange import Exchange

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The target did as asked. ``value`` was extracted from the last of ``exchanges``; ``notice`` is its notice to the
    user.
    """

    value: T
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""


#: Statuses that say that there is nothing at an address, or that it takes no such request.
NO_SUCH_THING = frozenset({404, 405, 410, 501})


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no. ``status`` is the HTTP status (or its nearest likeness), ``reason`` its own code or
    words. ``absent``: it said that there is no such thing, which the status need not tell.
    """

    status: int
    reason: str = ""
    exchanges: tuple[Exchange, ...] = ()
    notice: str = ""
    absent: bool = False

    @property
    def no_such_thing(self) -> bool:
        """Whether what was asked for does not exist, by the status or by what the response says."""
        return self.absent or self.status in NO_SUCH_THING


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No usable answer: timeout, reset, 429, 5xx, an oversized or unreadable body. Never counts for or against the
    provider's conduct.
    """

    reason: str
    exchanges: tuple[Exchange, ...] = ()
    status: int | None = None


Result: TypeAlias = Accepted[T] | Refused | Unavailable
