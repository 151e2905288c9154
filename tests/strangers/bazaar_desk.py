"""The interface of :class:`~tests.strangers.bazaar.Bazaar`: forms and drafts in several steps, XML and HTML pages, codes in
responses of status 200, Basic passwords, a key for the authority.
"""

from __future__ import annotations

import base64
from html import escape
from urllib.parse import parse_qs
from xml.etree import ElementTree

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from .bazaar import MARKETS, Bazaar, Form, No

PASSWORDS = {"shangjia": "p-1", "tongye": "p-2", "duzhe": "p-3"}
AUTHORITY_KEY = "zhuguan-key"


def desk(bazaar: Bazaar) -> Starlette:
    drafts: dict[str, Form] = {}

    def caller(request: Request) -> str:
        scheme, _, words = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return ""
        name, _, password = base64.b64decode(words).decode().partition(":")
        return name if PASSWORDS.get(name) == password else ""

    def developer(request: Request) -> str:
        name = caller(request)
        if not name:
            raise No("SIGN_IN", "请先登录")
        return name

    async def form(request: Request) -> dict[str, str]:
        text = (await request.body()).decode()
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}

    def xml(body: str, status: int = 200) -> Response:
        return Response(f'<?xml version="1.0" encoding="utf-8"?>{body}', status, media_type="application/xml")

    async def begin(request: Request) -> Response:
        developer(request)
        given = await form(request)
        number = f"d{len(drafts)}"
        drafts[number] = Form(title=given["title"], bundle=given["bundle"], build=given["build"], blurb=given["blurb"])
        return RedirectResponse(f"/console/drafts/{number}", 303)

    async def declare(request: Request) -> Response:
        developer(request)
        draft, given = drafts[request.path_params["draft"]], await form(request)
        draft.generates, draft.accompanies = given["generates"] == "是", given["accompanies"] == "是"
        draft.minors = given["minors"] == "是"
        draft.number, draft.company, draft.assessment = given["number"], given["company"], given["assessment"]
        draft.labels = given["labels"]
        draft.markets = tuple(m for m in given["markets"].split(",") if m) or MARKETS
        return RedirectResponse(f"/console/drafts/{request.path_params['draft']}", 303)

    async def send(request: Request) -> Response:
        owner, draft = developer(request), drafts[request.path_params["draft"]]
        replaced = (await form(request)).get("replaces", "")
        product = bazaar.update(owner, replaced, draft) if replaced else bazaar.submit(owner, draft)
        return xml(f'<result code="OK"><app no="{product.id}"/></result>')

    async def status(request: Request) -> Response:
        product = bazaar.own(developer(request), request.path_params["app"])
        market = request.path_params["market"]
        cause = escape(product.causes.get(market, ""))
        return xml(
            f'<listing phase="{product.phases[market]}" build="{product.build}"><cause>{cause}</cause></listing>'
        )

    async def letters(request: Request) -> Response:
        product = bazaar.own(developer(request), request.path_params["app"])
        return xml(
            f"<letters>{''.join(f'<letter><body>{escape(w)}</body></letter>' for w in product.letters)}</letters>"
        )

    async def relist(request: Request) -> Response:
        bazaar.relist(developer(request), request.path_params["app"])
        return xml('<result code="OK"/>')

    async def order(request: Request) -> Response:
        rank = "authority" if request.headers.get("x-authority") == AUTHORITY_KEY else "other"
        if rank == "other":
            developer(request)
        notice = ElementTree.fromstring(await request.body())

        def words(name: str) -> str:
            return notice.findtext(name) or ""

        markets = tuple(m for m in words("markets").split(",") if m)
        bazaar.order(rank, words("app"), words("measure"), words("grounds"), words("document"), markets)
        return xml('<result code="OK"/>')

    async def ledger(request: Request) -> Response:
        if request.headers.get("x-authority") != AUTHORITY_KEY:
            raise No("NO_POWER", "没有权限")
        rows = "".join(
            f'<entry at="{at}" about="{about}">{escape(words)}</entry>' for at, about, words in bazaar.ledger
        )
        return xml(f"<ledger>{rows}</ledger>")

    async def page(request: Request) -> Response:
        at = request.path_params
        product = bazaar.page(at["market"], at["app"], "page")
        return HTMLResponse(
            f"<h1>{escape(product.form.title)}</h1><p class=blurb>{escape(product.form.blurb)}</p>"
            f"<span class=build>{product.build}</span>"
        )

    async def package(request: Request) -> Response:
        at = request.path_params
        product = bazaar.page(at["market"], at["app"], "package")
        return HTMLResponse(f"<pre class=manifest>{escape(product.form.title)}</pre><i class=build>{product.build}</i>")

    async def find(request: Request) -> Response:
        found = bazaar.find(request.path_params["market"], request.query_params.get("kw", ""))
        rows = "".join(f'<li class=app data-no="{p.id}">{escape(p.form.title)}</li>' for p in found)
        return HTMLResponse(f"<ul id=found>{rows}</ul>")

    async def complain(request: Request) -> Response:
        made = bazaar.complain(request.path_params["app"])
        receipt = f"<p class=receipt>已收到您的投诉，编号{made.id}</p>"
        return HTMLResponse(f'<a class=ticket href="/tickets/{made.id}?key={made.key}">{made.id}</a>{receipt}')

    async def ticket(request: Request) -> Response:
        made = bazaar.complaints.get(request.path_params["ticket"])
        if made is None or made.key != request.query_params.get("key"):
            raise No("GONE", "没有这个编号")
        return HTMLResponse(f"<b class=outcome>{made.outcome}</b><p class=grounds>{made.grounds}</p>")

    async def appeal(request: Request) -> Response:
        made = bazaar.appeal(developer(request), request.path_params["app"])
        return HTMLResponse(
            f'<a class=ticket href="/tickets/{made.id}?key={made.key}">{made.id}</a><p class=receipt>已收到您的申诉</p>'
        )

    async def about(request: Request) -> Response:
        pages = {
            "guize": "平台规则：上架审核、日常管理、应急处置。生成合成类应用须提交备案编号、安全评估报告与标识材料。",
            "tousu": "投诉与申诉流程：提交投诉，获得编号，查询处理结果。我们在5个工作日内处理并反馈。",
        }
        if request.path_params["name"] not in pages:
            raise No("GONE", "没有这个页面")
        return HTMLResponse(f"<article>{pages[request.path_params['name']]}</article>")

    async def clock(request: Request) -> Response:
        bazaar.pass_time(float((await form(request))["hours"]))
        return xml('<result code="OK"/>')

    async def clear(request: Request) -> Response:
        bazaar.clear()
        drafts.clear()
        return xml('<result code="OK"/>')

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, No)
        if request.url.path.startswith(("/m/", "/tickets/", "/help/", "/complaints/", "/appeals/")):
            return HTMLResponse(f'<p class=no data-code="{error.code}">{error.words}</p>')
        return xml(f'<result code="{error.code}"><why>{error.words}</why></result>')

    post, get = ["POST"], ["GET"]
    return Starlette(
        routes=[
            Route("/console/drafts", begin, methods=post),
            Route("/console/drafts/{draft}/declaration", declare, methods=post),
            Route("/console/drafts/{draft}/send", send, methods=post),
            Route("/console/apps/{app}/{market}.xml", status, methods=get),
            Route("/console/apps/{app}/letters", letters, methods=get),
            Route("/console/apps/{app}/relist", relist, methods=post),
            Route("/gov/notices", order, methods=post),
            Route("/gov/ledger", ledger, methods=get),
            Route("/m/{market}/find", find, methods=get),
            Route("/m/{market}/{app}", page, methods=get),
            Route("/m/{market}/{app}/package", package, methods=get),
            Route("/complaints/{app}", complain, methods=post),
            Route("/appeals/{app}", appeal, methods=post),
            Route("/tickets/{ticket}", ticket, methods=get),
            Route("/help/{name}", about, methods=get),
            Route("/test/clock", clock, methods=post),
            Route("/test/clear", clear, methods=post),
        ],
        exception_handlers={No: refused},
    )
