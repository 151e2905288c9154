"""The part of the stand-in that is an app store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..apps import App, AppOrder, AppPage, AppSubmission, AppView, Listing, ListingState, Measure
from ..entities import Account
from ..operations import Operation
from ..provider import ReadyMade
from ..results import Accepted, Refused, Result


@dataclass
class _ListedApp:
    """An app, the version that the public sees, and the measures against it."""

    developer: str
    submission: AppSubmission
    orders: dict[Measure, str] = field(default_factory=dict)

    @property
    def gone(self) -> bool:
        return not self.orders.keys().isdisjoint({Measure.SUSPEND_LISTING, Measure.REMOVE})


@dataclass
class StoreStandIn:
    """A lawful store in memory, for :class:`~.rehearsal.StandIn`."""

    ready_made: ReadyMade
    calls: Counter[str] = field(default_factory=Counter, kw_only=True)
    _apps: dict[str, _ListedApp] = field(default_factory=dict, init=False)

    def submit_app(self, account: Account, submission: AppSubmission) -> Result[App]:
        self.calls[Operation.SUBMIT_APP.value] += 1
        if (fault := self._fault_of(submission)) is not None:
            return Refused(422, fault)
        if submission.app is None:
            app = App(f"app-{len(self._apps) + 1}")
            self._apps[app.id] = _ListedApp(account.id, submission)
            return Accepted(app)
        listed = self._apps.get(submission.app.id)
        if listed is None or listed.developer != account.id:
            return Refused(404, "no such app")
        if listed.orders.keys() - {Measure.WARN}:
            return Refused(409, f"no updates: {' '.join(listed.orders.values())}")
        listed.submission = submission
        return Accepted(submission.app)

    def _fault_of(self, submission: AppSubmission) -> str | None:
        """Why a store does not list it."""
        says_so = "AI" in submission.description
        if not submission.generative:
            return "the description names AI generation that the developer does not declare" if says_so else None
        if submission.filing not in self.ready_made.filings.get("valid", ()):
            return "filing or assessment not valid"
        if not submission.label_material:
            return "label material missing"
        return "minors' mode missing" if submission.companion and not submission.minors_mode else None

    def app_status(self, account: Account, app: App, storefront: str = "") -> Result[Listing]:
        self.calls[Operation.APP_STATUS.value] += 1
        listed = self._apps.get(app.id)
        if listed is None:
            return Refused(404, "no such app")
        reasons = " ".join(listed.orders.values())
        state = ListingState.LISTED
        if listed.gone:
            state = ListingState.REMOVED if Measure.REMOVE in listed.orders else ListingState.SUSPENDED
        return Accepted(Listing(state, reasons, listed.submission.version))

    def app_messages(self, account: Account, app: App) -> Result[tuple[str, ...]]:
        self.calls[Operation.APP_MESSAGES.value] += 1
        listed = self._apps.get(app.id)
        return Accepted(tuple(listed.orders.values())) if listed is not None else Refused(404, "no such app")

    def view_app(
        self, account: Account | None, app: App, surface: str = "page", storefront: str = ""
    ) -> Result[AppView]:
        self.calls[Operation.VIEW_APP.value] += 1
        listed = self._apps.get(app.id)
        if listed is None or listed.gone:
            return Refused(404, "no such app")
        shown = listed.submission
        return Accepted(AppView(f"{shown.name} {shown.version}", shown.version, tuple(listed.orders.values())))

    def search_apps(self, account: Account | None, query: str, storefront: str = "") -> Result[AppPage]:
        self.calls[Operation.SEARCH_APPS.value] += 1
        return Accepted(
            AppPage(tuple(n for n, each in self._apps.items() if query in each.submission.name and not each.gone))
        )

    def order_app(self, account: Account | None, order: AppOrder) -> Result[None]:
        self.calls[Operation.ORDER_APP.value] += 1
        listed = self._apps.get(order.app.id)
        if listed is None:
            return Refused(404, "no such app")
        if order.measure is Measure.LIFT:
            listed.orders.clear()
        else:
            listed.orders[order.measure] = f"{order.number}: {order.reasons}"
        return Accepted(None)

    def relist_app(self, account: Account, app: App, statement: str) -> Result[None]:
        self.calls[Operation.RELIST_APP.value] += 1
        listed = self._apps.get(app.id)
        return Accepted(None) if listed is not None and not listed.gone else Refused(409, "the order stands")
