"""The doctor's tries of the operations of an app store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from shenhe.conformance.apps import App, AppOrder, AppSubmission, Filing, Listing, ListingState, Measure
from shenhe.conformance.checks.submissions import generating_app, plain_app
from shenhe.conformance.entities import Account, Publication
from shenhe.conformance.provider import Accepted, Operation, Result

from .diagnosis import Diagnosis
from .visit import Visit

#: Hours that a review may take by the clock of the store.
REVIEW = 24.0


def store_outcomes(visit: Visit) -> Iterator[Diagnosis]:
    """Try every operation of a store: an app that generates nothing, one that does, an update, and each order."""
    store, capabilities, ready = visit.provider, visit.provider.capabilities, visit.provider.ready_made

    def developer() -> Account:
        return ready.accounts.get("developer") or visit.account

    def submit(kind: str) -> Result[App]:
        name = f"shenhe {secrets.token_hex(4)}"
        if kind == "update":
            earlier: AppSubmission = visit.need("submission", "submit_app")
            return store.submit_app(developer(), replace(earlier, version="1.1.0", app=app()))
        submission = plain_app(name, capabilities.storefronts)
        if kind == "generative":
            filings: tuple[Filing, ...] = visit.need("filings", "filings.valid of the binding")
            submission = generating_app(name, capabilities.storefronts, filings[0])
        visit.given["submission"] = submission
        return visit.kept("app", store.submit_app(developer(), submission))

    def app() -> App:
        found: App = visit.need("app", "submit_app")
        return found

    def order(measure: Measure) -> Result[None]:
        number = f"TEST-{secrets.token_hex(4)}"
        reasons = "测试指令：未按规定标识。An order made as a test."
        return store.order_app(ready.accounts.get("authority"), AppOrder(app(), measure, reasons, number))

    if valid := ready.filings.get("valid"):
        visit.given["filings"] = valid
    for kind in ("plain", "generative", "update"):
        ask = partial(submit, kind)
        yield from visit.attempt(Operation.SUBMIT_APP, kind, ask, update=kind == "update", generative=kind != "plain")
    if "app" in visit.given:
        _wait_for_review(lambda: store.app_status(developer(), app(), capabilities.storefronts[0]), visit)
        visit.given.setdefault("publication", Publication(app().id, "app"))
        marker = capabilities.marker("mistaken")
        if marker is not None and Operation.APPEAL in capabilities.operations:
            # A report takes this one down, so that there is something to appeal against.
            plain = plain_app(f"shenhe {secrets.token_hex(4)}", capabilities.storefronts)
            marked = replace(plain, description=marker.in_text(plain.description))
            listed = store.submit_app(developer(), marked)
            if isinstance(listed, Accepted):
                _wait_for_review(lambda: store.app_status(developer(), app(), capabilities.storefronts[0]), visit)
                visit.given["reported"] = Publication(listed.value.id, "app")
    for storefront in capabilities.storefronts:
        status: Any = partial(lambda where: store.app_status(developer(), app(), where), storefront)
        yield from visit.attempt(Operation.APP_STATUS, storefront, status, storefront=storefront)
        for surface in capabilities.listing_surfaces:
            view: Any = partial(lambda shown, where: store.view_app(None, app(), shown, where), surface, storefront)
            detail = f"{surface} {storefront}"
            yield from visit.attempt(Operation.VIEW_APP, detail, view, surface=surface, storefront=storefront)
        search: Any = partial(store.search_apps, None, "shenhe", storefront)
        yield from visit.attempt(Operation.SEARCH_APPS, storefront, search, storefront=storefront)
    for measure in (*capabilities.orders, *([Measure.LIFT] if capabilities.orders else [])):
        yield from visit.attempt(Operation.ORDER_APP, measure.value, partial(order, measure), measure=measure)
    yield from visit.attempt(Operation.APP_MESSAGES, "", lambda: store.app_messages(developer(), app()))
    yield from visit.attempt(
        Operation.RELIST_APP, "", lambda: store.relist_app(developer(), app(), "测试：已整改。Rectified, as a test.")
    )


def _wait_for_review(status: Callable[[], Result[Listing]], visit: Visit) -> None:
    """Give the store the time that it declares to review what was submitted, then a day by its own clock."""
    capabilities = visit.provider.capabilities
    if Operation.APP_STATUS not in capabilities.operations:
        return
    until = time.monotonic() + capabilities.settling_seconds
    while time.monotonic() < until:
        answer = status()
        if not isinstance(answer, Accepted) or answer.value.state is not ListingState.IN_REVIEW:
            return
        time.sleep(0.2)
    answer = status()
    reviewing = isinstance(answer, Accepted) and answer.value.state is ListingState.IN_REVIEW
    if reviewing and Operation.ADVANCE_CLOCK in capabilities.operations:
        visit.provider.advance_clock(REVIEW)
