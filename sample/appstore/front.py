"""The HTTP interface of the sample store: actions with named parameters, reached by resources or by one RPC address."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..clock import Clock
from . import desk
from .apps import Release, StoredApp, StoreHouse, StoreRefusal
from .registry import CALLERS, Caller
from .switches import StoreFault, StoreVariant, store_faults, store_variants

LARGEST = 4_000_000
Parameters = Mapping[str, Any]
Action = Callable[["Counter", Caller | None, Parameters], Any]

RULES = (
    "上架规则：提供生成合成服务的应用须提交算法备案号、安全评估和标识材料；违规的不予上架、警示、暂停服务或者下架。"
    " Listing rules: apps that offer AI generation submit filing number, assessment and label material."
)
PAGES = {
    "rules": RULES,
    "complaints": "投诉举报：可举报应用，24小时内处理。AppReport an app; reports are handled within 24 hours.",
}


def create_store(
    faults: Iterable[str] = (),
    seed: int = 0,
    clock: Clock | None = None,
    variants: Iterable[str] = (),
    service_url: str = "",
) -> Starlette:
    """The store as an ASGI application: lawful except for the ``faults`` named, and in the ways of its ``variants``.

    Before it lists an app that generates, it asks the service at ``service_url``, where one is given, for its filing
    number and its words on labels.

    Raises:
        UnknownFaultError: there is no fault of one of the names.
        UnknownVariantError: one of the names is unknown.
    """
    house = StoreHouse(store_faults(faults), store_variants(variants), seed, clock or Clock())
    house.service_url = service_url
    counter = Counter(house)
    if StoreVariant.RPC in house.variants:
        return Starlette(routes=[Route("/rpc", counter.rpc, methods=["POST"])])
    return Starlette(
        routes=[Route(path, counter.resource(action), methods=[method]) for method, path, action in RESOURCES]
    )


class Counter:
    """Takes requests for one store."""

    def __init__(self, house: StoreHouse) -> None:
        self.house = house

    def resource(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        """The handler of an action at its own address."""

        async def handle(request: Request) -> Response:
            return await self._answer(request, lambda body: (action, body))

        return handle

    async def rpc(self, request: Request) -> Response:
        """The one handler of the RPC style: the method is named in the body."""

        def chosen(body: Parameters) -> tuple[Action, Parameters]:
            action, parameters = METHODS.get(str(body.get("method"))), body.get("params")
            if action is None or not isinstance(parameters, dict):
                raise StoreRefusal(404, "no_such_method", "没有该方法。There is no such method.")
            return action, parameters

        return await self._answer(request, chosen)

    async def _answer(self, request: Request, chosen: Callable[[Parameters], tuple[Action, Parameters]]) -> Response:
        try:
            body = await _body(request)
            action, parameters = chosen({**body, **request.query_params, **request.path_params})
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            return self._said(200, action(self, CALLERS.get(token), parameters))
        except StoreRefusal as refusal:
            reason = {"error": refusal.code, "message": refusal.message}
            if StoreFault.REJECTION_WITHOUT_REASONS in self.house.faults and refusal.code == "not_listed":
                reason = {"error": "", "message": ""}
            return self._said(refusal.status, reason)

    def _said(self, status: int, body: Any) -> Response:
        if StoreVariant.RPC in self.house.variants:
            return JSONResponse({"code": 0 if status == 200 else status, "data": body})
        return JSONResponse(body, 200 if StoreVariant.ALWAYS_OK in self.house.variants else status)

    # --- developers ---

    def submit(self, caller: Caller | None, given: Parameters) -> Any:
        developer = _developer(caller)
        where = tuple(each for each in given.get("storefronts", ()) if each in self.house.storefronts)
        return self._named(desk.submit(self.house, developer, _release(given), where))

    def update(self, caller: Caller | None, given: Parameters) -> Any:
        return self._named(desk.update(self.house, _developer(caller), str(given["app"]), _release(given)))

    def _named(self, app: StoredApp) -> Any:
        if StoreVariant.PSEUDONYMOUS_IDS in self.house.variants:
            return {"id": app.id, "public": app.public_id}
        return {"id": app.id}

    def status(self, caller: Caller | None, given: Parameters) -> Any:
        app = self.house.own(str(given["app"]), _developer(caller).id)
        if StoreFault.STATUS_OF_APPS_NOT_FOUND in self.house.faults:
            raise StoreRefusal(404, "no_such_page", "没有该页面。There is no such page.")
        return desk.state_of(self.house, app, str(given["storefront"]))

    def messages(self, caller: Caller | None, given: Parameters) -> Any:
        app = self.house.own(str(given["app"]), _developer(caller).id)
        return {"messages": [{"text": text} for text in app.messages]}

    def relist(self, caller: Caller | None, given: Parameters) -> Any:
        desk.relist(self.house, _developer(caller), str(given["app"]))
        return {}

    def appeal(self, caller: Caller | None, given: Parameters) -> Any:
        made = desk.appeal_about_app(self.house, _developer(caller), str(given["app"]))
        return {"id": made.id, "state": made.state, "reasons": made.reasons, "receipt": made.id}

    # --- the public ---

    def show(self, caller: Caller | None, given: Parameters) -> Any:
        app, surface = self.house.find(str(given["app"])), str(given.get("surface", "page"))
        release = desk.shown_release(self.house, app, str(given["storefront"]), surface)
        if release is None:
            raise StoreRefusal(404, "not_offered", "该应用未上架。The app is not offered.")
        return {"name": release.name, "version": release.version, "description": release.description}

    def search(self, caller: Caller | None, given: Parameters) -> Any:
        query, storefront = str(given.get("q", "")), str(given["storefront"])
        for app in self.house.apps.values():
            self.house.finish_review(app)
        public = StoreVariant.PSEUDONYMOUS_IDS in self.house.variants
        words = query.split() if StoreVariant.FINDS_ALIKE in self.house.variants else [query]
        found = [
            app.public_id if public else app.id
            for app in self.house.apps.values()
            if (release := desk.shown_release(self.house, app, storefront, "search"))
            and any(word in release.name for word in words)
        ]
        return {"apps": found}

    def report(self, caller: Caller | None, given: Parameters) -> Any:
        made = desk.report_app(self.house, str(given["app"]))
        return {"id": made.id, "state": made.state, "reasons": made.reasons, "receipt": made.id}

    def report_status(self, caller: Caller | None, given: Parameters) -> Any:
        made = self.house.reports.get(str(given["report"]))
        if made is None or StoreFault.REPORTS_NOT_FOUND in self.house.faults:
            raise StoreRefusal(404, "no_such_report", "没有该举报。There is no such report.")
        return {"id": made.id, "state": made.state, "reasons": made.reasons, "receipt": made.id}

    def page(self, caller: Caller | None, given: Parameters) -> Any:
        topic = str(given["topic"])
        if topic not in PAGES or (topic == "rules" and StoreFault.LISTING_RULES_UNPUBLISHED in self.house.faults):
            raise StoreRefusal(404, "no_such_page", "没有该页面。There is no such page.")
        return {"text": PAGES[topic]}

    # --- authorities and the sandbox ---

    def order(self, caller: Caller | None, given: Parameters) -> Any:
        believed = (
            StoreFault.ORDERS_OF_DEVELOPERS_EXECUTED in self.house.faults and caller is not None and caller.entity
        )
        if (caller is None or not caller.authority) and not believed:
            raise StoreRefusal(403, "authority_only", "仅限主管部门。Only an authority gives orders.")
        desk.order(
            self.house,
            str(given["app"]),
            str(given["measure"]),
            str(given.get("reasons", "")),
            str(given.get("number", "")),
            tuple(given.get("storefronts", ())),
        )
        return {}

    def records(self, caller: Caller | None, given: Parameters) -> Any:
        if caller is None or not caller.authority:
            raise StoreRefusal(403, "authority_only", "仅限主管部门。Only an authority reads the records.")
        kept = [each for each in self.house.records if each["kind"] == given.get("kind")]
        if StoreFault.RECORD_WITHOUT_APP in self.house.faults:
            kept = [{**each, "app": "", "text": each["text"].partition("：")[0][:6]} for each in kept]
        return {"records": kept}

    def advance(self, caller: Caller | None, given: Parameters) -> Any:
        return {"now": self.house.clock.advance(float(given["hours"])).isoformat()}

    def reset(self, caller: Caller | None, given: Parameters) -> Any:
        self.house.empty()
        return {}


def _developer(caller: Caller | None) -> Caller:
    if caller is None or not caller.entity:
        raise StoreRefusal(401, "developers_only", "请以开发者身份登录。Sign in as a developer.")
    return caller


def _release(given: Parameters) -> Release:
    filing = given.get("filing") or {}
    return Release(
        name=str(given["name"]),
        version=str(given["version"]),
        description=str(given.get("description", "")),
        generative=bool(given.get("generative")),
        companion=bool(given.get("companion")),
        minors_mode=bool(given.get("minors_mode")),
        filing=str(filing.get("number", "")),
        entity=str(filing.get("entity", "")),
        assessment=str(filing.get("assessment", "")),
        labels=str(given.get("labels", "")),
        label_sample=_decoded(given.get("label_sample", "")),
    )


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        raise StoreRefusal(400, "malformed", "样例文件编码错误。The sample is not base64.") from None


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > LARGEST:
            raise StoreRefusal(413, "too_large", "请求过大。The request is too large.")
    if not raw:
        return {}
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise StoreRefusal(400, "malformed", "请求格式错误。The body is not a JSON object.")
    return document


RESOURCES: tuple[tuple[str, str, Action], ...] = (
    ("POST", "/developer/apps", Counter.submit),
    ("POST", "/developer/apps/{app}/versions", Counter.update),
    ("GET", "/developer/apps/{app}/listings/{storefront}", Counter.status),
    ("GET", "/developer/apps/{app}/messages", Counter.messages),
    ("POST", "/developer/apps/{app}/relisting", Counter.relist),
    ("POST", "/developer/apps/{app}/appeals", Counter.appeal),
    ("GET", "/storefronts/{storefront}/apps", Counter.search),
    ("GET", "/storefronts/{storefront}/apps/{app}/{surface}", Counter.show),
    ("POST", "/apps/{app}/reports", Counter.report),
    ("GET", "/reports/{report}", Counter.report_status),
    ("GET", "/about/{topic}", Counter.page),
    ("POST", "/authority/orders", Counter.order),
    ("GET", "/authority/records", Counter.records),
    ("POST", "/sandbox/clock", Counter.advance),
    ("POST", "/sandbox/reset", Counter.reset),
)
METHODS: Mapping[str, Action] = {action.__name__: action for _, _, action in RESOURCES}
