"""What every part of the provider works with: its store, its clock, and the faults and variants it was made with."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..clock import Clock
from ..faults.fault import FaultName
from ..variants import VariantName
from .store import Store, written


class House:
    """The state of one provider. Several providers in one process share nothing."""

    def __init__(
        self,
        faults: frozenset[FaultName],
        seed: int,
        clock: Clock,
        variants: frozenset[VariantName] = frozenset(),
        producer_url: str = "",
    ) -> None:
        self.faults = faults
        self.variants = variants
        self.clock = clock
        #: Where the verification tool of another producer is asked; empty for nowhere.
        self.producer_url = producer_url
        self.store = Store(seed)

    def now(self) -> datetime:
        """The present by the provider's clock."""
        return self.clock.now()

    def hours_ago(self, hours: float) -> datetime:
        """The moment that lies ``hours`` before the present."""
        return self.clock.now() - timedelta(hours=hours)

    def note(self, account: str | None, kind: str, subject: str, text: str) -> None:
        """Keep a record of something done (the logs of Art. 16, the records of Art. 10 and 11)."""
        self.store.insert(
            "record", account=account or "", kind=kind, subject=subject, text=text, at=written(self.now())
        )
