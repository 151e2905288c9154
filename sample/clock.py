"""The provider's clock. It moves only when the sandbox moves it, which makes runs repeatable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

OPENING = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that shows ``start`` until it is advanced."""

    def __init__(self, start: datetime = OPENING) -> None:
        self._now = start

    def now(self) -> datetime:
        """The present, in UTC."""
        return self._now

    def advance(self, hours: float) -> datetime:
        """Move forward by ``hours`` (never back) and return the new present.

        Raises:
            ValueError: ``hours`` is negative, or leads past the year 9999.
        """
        if not hours >= 0:
            raise ValueError(f"the clock only moves forward: {hours} hours")
        try:
            self._now += timedelta(hours=hours)
        except OverflowError:
            raise ValueError(f"the clock ends with the year 9999: {hours} hours is too far") from None
        return self._now
