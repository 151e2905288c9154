"""The apps of the sample store: what developers submitted, and what the store and authorities decided about it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ..clock import Clock
from .switches import StoreFault, StoreVariant

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
Measure = Literal["warn", "suspend-updates", "suspend-listing", "remove"]
#: The measures under which an app is not offered.
OFF_SALE: tuple[Measure, ...] = ("suspend-listing", "remove")


class StoreRefusal(Exception):
    """The store says no: an HTTP status, a code, and words for the developer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Release:
    """One version of an app with its declarations and material."""

    name: str
    version: str
    description: str
    generative: bool
    companion: bool
    minors_mode: bool
    filing: str
    entity: str
    assessment: str
    labels: str
    #: A file as the app makes it, if the developer sends one.
    label_sample: bytes = b""


@dataclass
class Measured:
    """An order or decision in force: what it is, why, in which storefronts, and since when."""

    measure: Measure
    reasons: str
    storefronts: tuple[str, ...]
    at: datetime
    ordered: bool = True


@dataclass
class StoredApp:
    """An app: its releases, the one that each storefront shows, the measures against it, and messages about it."""

    id: str
    public_id: str
    developer: str
    storefronts: tuple[str, ...]
    submitted: Release
    shown: dict[str, Release] = field(default_factory=dict)
    rejected: str = ""
    waiting: int = 0
    decided_at: datetime | None = None
    measures: list[Measured] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass
class AppReport:
    """A report of a user about an app."""

    id: str
    app: str
    state: Literal["received", "upheld", "rejected"]
    reasons: str = ""


class StoreHouse:
    """One store. It shares nothing with another."""

    def __init__(
        self, faults: frozenset[StoreFault], variants: frozenset[StoreVariant], seed: int, clock: Clock
    ) -> None:
        self.faults = faults
        self.variants = variants
        self.clock = clock
        #: Where the service of the developers is, if the store asks it.
        self.service_url = ""
        self._names = random.Random(seed)
        self.empty()

    def empty(self) -> None:
        """Forget every app, report and record."""
        self.apps: dict[str, StoredApp] = {}
        self.reports: dict[str, AppReport] = {}
        self.refused: list[Release] = []
        self.records: list[dict[str, str]] = []

    @property
    def storefronts(self) -> tuple[str, ...]:
        """The storefronts of the store."""
        return ("cn", "sg") if StoreVariant.SEVERAL_COUNTRIES in self.variants else ("phone", "tablet")

    def new_id(self, prefix: str) -> str:
        """An ID that was never given before."""
        return f"{prefix}_{''.join(self._names.choices(ALPHABET, k=12))}"

    def note(self, kind: str, app: StoredApp, text: str) -> None:
        """Keep a record of a decision."""
        self.records.append({"kind": kind, "app": app.id, "text": text, "at": self.clock.now().isoformat()})

    def tell(self, app: StoredApp, text: str) -> None:
        """Write to the developer of an app."""
        app.messages.append(text)

    def find(self, number: str) -> StoredApp:
        """The app with an ID, which may be its public one."""
        for app in self.apps.values():
            if number in (app.id, app.public_id):
                self.finish_review(app)
                return app
        raise StoreRefusal(404, "no_such_app", "没有该应用。There is no such app.")

    def finish_review(self, app: StoredApp) -> None:
        """List what was in review, once its time is over."""
        if app.decided_at is not None and app.decided_at <= self.clock.now():
            app.decided_at = None
            app.shown = dict.fromkeys(app.storefronts, app.submitted)

    def appealed_before(self, app: StoredApp) -> bool:
        """Whether an appeal was made about an app, before the last one."""
        return sum(made.app == app.id and number.startswith("apl") for number, made in self.reports.items()) > 1

    def own(self, number: str, developer: str) -> StoredApp:
        """The app of a developer."""
        app = self.find(number)
        if app.developer != developer:
            raise StoreRefusal(404, "no_such_app", "没有该应用。There is no such app.")
        return app

    def off_sale(self, app: StoredApp, storefront: str, surface: str) -> bool:
        """Whether a surface of a storefront no longer offers an app."""
        for taken in app.measures:
            if taken.measure not in OFF_SALE or storefront not in taken.storefronts:
                continue
            if self._shows_effect(taken, storefront, surface, app):
                return True
        return False

    def _shows_effect(self, taken: Measured, storefront: str, surface: str, app: StoredApp) -> bool:
        age = self.clock.now() - taken.at
        if age < timedelta(0):
            return False
        survives = {
            StoreFault.REMOVED_LINK_SURVIVES: surface == "link",
            StoreFault.REMOVED_STILL_DOWNLOADABLE: surface == "download",
            StoreFault.REMOVED_STILL_FOUND: surface == "search",
            StoreFault.REMOVED_PAGE_SURVIVES: surface == "page",
            StoreFault.REMOVED_IN_ONE_STOREFRONT: storefront != self.storefronts[0],
            StoreFault.REMOVAL_LATE: age < timedelta(hours=72),
            StoreFault.REMOVED_APP_RETURNS: age > timedelta(hours=48),
            StoreFault.REMOVAL_ORDER_IGNORED: taken.measure == "remove",
            StoreFault.SUSPENSION_ORDER_IGNORED: taken.measure == "suspend-listing",
        }
        if any(survives.get(fault, False) for fault in self.faults):
            return False
        late = StoreVariant.REMOVES_WITHIN_THE_DAY in self.variants and taken.ordered
        return not late or age >= timedelta(hours=12)
