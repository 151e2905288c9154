"""The operations of an app store over HTTP."""

from __future__ import annotations

from shenhe.conformance.apps import App, AppOrder, AppPage, AppSubmission, AppView, Listing
from shenhe.conformance.entities import Account
from shenhe.conformance.provider import Operation, Result

from ..language.responses.sources import as_text
from .operations import OperationClient
from .results.acceptance import Acceptance


class StoreClient:
    """The group :class:`~shenhe.conformance.roles.Distribution` of an HTTP target."""

    _client: OperationClient

    def submit_app(self, account: Account, submission: AppSubmission) -> Result[App]:
        facets = {"update": submission.app is not None, "generative": submission.generative}
        outcome = self._client.call(Operation.SUBMIT_APP, account, {"submission": submission}, facets)
        return self._client.result(outcome, lambda done: App(done.identifier()))

    def app_status(self, account: Account, app: App, storefront: str = "") -> Result[Listing]:
        values = {"app": app, "storefront": storefront}
        outcome = self._client.call(Operation.APP_STATUS, account, values, {"storefront": storefront})
        return self._client.result(outcome, Acceptance.listing)

    def app_messages(self, account: Account, app: App) -> Result[tuple[str, ...]]:
        def messages(done: Acceptance) -> tuple[str, ...]:
            whole = "text" not in done
            return tuple(as_text(item) if whole else done.field("text", item) for item in done.all_items())

        return self._client.result(self._client.call(Operation.APP_MESSAGES, account, {"app": app}), messages)

    def view_app(
        self, account: Account | None, app: App, surface: str = "page", storefront: str = ""
    ) -> Result[AppView]:
        def view(done: Acceptance) -> AppView:
            text = as_text(done.value("text")) if "text" in done else done.response.text
            return AppView(text, done.text("version"), done.notices())

        facets = {"surface": surface, "storefront": storefront}
        outcome = self._client.call(Operation.VIEW_APP, account, {"app": app, **facets}, facets)
        return self._client.result(outcome, view)

    def search_apps(self, account: Account | None, query: str, storefront: str = "") -> Result[AppPage]:
        values = {"query": query, "storefront": storefront}
        outcome = self._client.call(Operation.SEARCH_APPS, account, values, {"storefront": storefront})
        return self._client.result(outcome, lambda done: AppPage(tuple(map(as_text, done.all_items()))))

    def order_app(self, account: Account | None, order: AppOrder) -> Result[None]:
        outcome = self._client.call(Operation.ORDER_APP, account, {"order": order}, {"measure": order.measure})
        return self._client.result(outcome, Acceptance.nothing)

    def relist_app(self, account: Account, app: App, statement: str) -> Result[None]:
        values = {"app": app, "statement": statement}
        return self._client.result(self._client.call(Operation.RELIST_APP, account, values), Acceptance.nothing)
