"""A platform of forms and pages: it generates nothing, and a browser is all that it expects.

There is no JSON. A form carries a hidden token that a page handed out. What is done is answered by a redirect (303),
what is refused by a page with status 200 that says so. Users who are not signed in are sent to the sign-in page.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Awaitable, Callable, Mapping
from email.parser import Parser
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ..media.files import Media
from .inside import Inside, Reply, segment

LARGEST_BODY = 16_000_000
_FILES = ("thumbnail", "download")

Form = Mapping[str, Any]


class Refused(Exception):
    """A request that is answered by a page which says no."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def front(app: ASGIApp) -> Starlette:
    """The platform before a provider."""
    platform = _Platform(Inside(app))
    routes = [
        ("GET", "/join", platform.page("join")),
        ("POST", "/join", platform.join),
        ("GET", "/settings", platform.page("settings")),
        ("POST", "/settings/identity", platform.identify),
        ("POST", "/settings/close", platform.close),
        ("GET", "/upload", platform.page("upload")),
        ("POST", "/upload", platform.upload),
        ("GET", "/drafts/{draft}", platform.page("draft")),
        ("POST", "/drafts/{draft}", platform.publish),
        ("GET", "/p/{post}", platform.post),
        ("GET", "/p/{post}/refutations", platform.refutations),
        ("GET", "/p/{post}/{surface}", platform.post),
        ("POST", "/p/{post}/report", platform.report),
        ("POST", "/p/{post}/appeal", platform.appeal),
        ("POST", "/p/{post}/share", platform.share),
        ("GET", "/tickets/{ticket}", platform.ticket),
        ("GET", "/search", platform.search),
        ("GET", "/about/{topic}", platform.about),
        ("GET", "/records", platform.records),
        ("POST", "/sandbox/clock", platform.clock),
        ("POST", "/sandbox/reset", platform.reset),
    ]
    return Starlette(routes=[Route(path, _answering(handler), methods=[method]) for method, path, handler in routes])


Handler = Callable[[Request], Awaitable[Response]]


class _Platform:
    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    # --- people ---

    def page(self, name: str) -> Handler:
        """A page that holds nothing but a form with its hidden token."""

        async def handler(request: Request) -> Response:
            form = f'<form id="{name}" method="post"><input type="hidden" name="csrf" value="{_csrf(request)}"></form>'
            return _page(name, form)

        return handler

    async def join(self, request: Request) -> Response:
        form = await _form(request)
        reply = await self._ask(
            request,
            "POST",
            "/v1/accounts",
            content={
                "display_name": form.get("name", ""),
                "particulars": {
                    key: value for key, value in form.items() if key not in ("name", "born", "guardian", "csrf")
                },
                "born": form.get("born", ""),
                "guardian": form.get("guardian", ""),
            },
        )
        response = _moved(f"/people/{segment(reply['account']['id'])}", str(reply.get("notice", "")))
        response.set_cookie("session", reply["access_token"], httponly=True, samesite="lax")
        return response

    async def identify(self, request: Request) -> Response:
        form = await _form(request)
        document = {"type": form.get("type", ""), "number": form.get("number", ""), "holder": form.get("holder", "")}
        path = f"/v1/accounts/{segment(form.get('person', ''))}/identity"
        reply = await self._ask(request, "POST", path, content={"document": document})
        return _page("settings", f'<p class="badge">{"已认证" if reply["account"]["verified"] else "未认证"}</p>')

    async def close(self, request: Request) -> Response:
        form = await _form(request)
        await self._ask(request, "DELETE", f"/v1/accounts/{segment(form.get('person', ''))}")
        return _moved("/")

    # --- posts ---

    async def upload(self, request: Request) -> Response:
        form = await _form(request)
        file = form.get("file")
        if not isinstance(file, Media):
            raise Refused(_no(422, "file_missing", "没有文件。 There is no file."))
        reply = await self._ask(
            request,
            "POST",
            "/v1/assets",
            query={"declared": "true" if form.get("declared") == "on" else None},
            body=file.data,
            media_type=file.media_type,
        )
        return _moved(f"/drafts/{segment(reply['asset']['id'])}", str(reply.get("notice", "")))

    async def publish(self, request: Request) -> Response:
        form = await _form(request)
        asset, title = request.path_params["draft"], form.get("title", "")
        author = {"account": form["author"]} if form.get("author") else {}
        reply = await self._ask(request, "POST", "/v1/publications", content={"asset": asset, "title": title} | author)
        return _moved(f"/p/{segment(reply['publication']['id'])}")

    async def share(self, request: Request) -> Response:
        await _form(request)
        path = f"/v1/publications/{segment(request.path_params['post'])}/shares"
        reply = await self._ask(request, "POST", path)
        return _moved(f"/p/{segment(reply['publication']['id'])}")

    async def post(self, request: Request) -> Response:
        post, surface = segment(request.path_params["post"]), request.path_params.get("surface", "page")
        path = f"/v1/publications/{post}/{segment(surface)}"
        reply = await self._reply(request, "GET", path)
        if surface in _FILES:
            return Response(reply.body, media_type=reply.media_type, headers={"X-Content-Type-Options": "nosniff"})
        card = reply.json["publication"]
        shown = {"id", "title", "text", "notices", "refutations"}
        return _page(
            card["title"],
            f"<article><h1>{_text(card['title'])}</h1><div class=text>{_text(card.get('text', ''))}</div>"
            + _list("notices", card["notices"])
            + _list("refutations", card["refutations"])
            + _rest({key: value for key, value in card.items() if key not in shown})
            + "</article>"
            + f'<form id="act" method="post"><input type="hidden" name="csrf" value="{_csrf(request)}"></form>',
        )

    async def search(self, request: Request) -> Response:
        words, start = request.query_params.get("q", ""), request.query_params.get("from", "0")
        reply = await self._ask(request, "GET", "/v1/publications", query={"q": words, "offset": start})
        items = "".join(
            f'<li><a data-id="{_text(each["id"])}" href="/p/{segment(each["id"])}">{_text(each.get("title", ""))}</a>'
            + _rest({key: value for key, value in each.items() if key not in ("id", "title")})
            for each in reply["results"]
        )
        following = reply.get("next_offset")
        more = f'<a rel="next" href="/search?{_text(urlencode({"q": words, "from": following}))}">more</a>'
        return _page("search", f"<ul class=results>{items}</ul>{more if following is not None else ''}")

    async def refutations(self, request: Request) -> Response:
        path = f"/v1/publications/{segment(request.path_params['post'])}/refutations"
        reply = await self._ask(request, "GET", path)
        items = "".join(
            f'<li class=refutation><a data-post="{_text(each["publication"])}">about</a><p>{_text(each["text"])}</p>'
            for each in reply["refutations"]
        )
        return _page("refutations", f"<ul>{items}</ul>")

    # --- complaints ---

    async def report(self, request: Request) -> Response:
        form = await _form(request)
        content = {key: form.get(key, "") for key in ("kind", "statement", "contact", "signature")}
        path = f"/v1/publications/{segment(request.path_params['post'])}/reports"
        content_with_oath: dict[str, Any] = {**content, "good_faith": form.get("good_faith") == "on"}
        return _ticketed(await self._ask(request, "POST", path, content=content_with_oath))

    async def appeal(self, request: Request) -> Response:
        form = await _form(request)
        path = f"/v1/publications/{segment(request.path_params['post'])}/appeals"
        return _ticketed(await self._ask(request, "POST", path, content={"statement": form.get("statement", "")}))

    async def ticket(self, request: Request) -> Response:
        path = f"/v1/tickets/{segment(request.path_params['ticket'])}"
        ticket = (await self._ask(request, "GET", path))["ticket"]
        details = "".join(
            f"<dd class={name}>{_text(ticket[name])}</dd>" for name in ("state", "receipt", "reasons") if name in ticket
        )
        rest = {key: value for key, value in ticket.items() if key not in ("state", "receipt", "reasons")}
        return _page("ticket", f"<dl>{details}</dl>{_rest(rest)}")

    # --- the rest ---

    async def about(self, request: Request) -> Response:
        found = (await self._ask(request, "GET", f"/about/{segment(request.path_params['topic'])}"))["page"]
        more = "".join(
            f'<span class="{name}">{_text(found[name])}</span>'
            for name in ("time_limit_hours", "filing_number")
            if name in found
        )
        link = f'<a class="link" href="{_text(found["link"])}">link</a>' if "link" in found else ""
        return _page(found["title"], f"<main>{_text(found['text'])}</main>{more}{link}")

    async def records(self, request: Request) -> Response:
        query = {"kind": request.query_params.get("kind", "")}
        reply = await self._ask(request, "GET", "/v1/records", query=query)
        rows = "".join(
            "<tr>"
            + "".join(f'<td class="{name}">{_text(each[name])}</td>' for name in ("kind", "at", "subject", "text"))
            for each in reply["records"]
        )
        return _page("records", f"<table>{rows}</table>")

    async def clock(self, request: Request) -> Response:
        form = await _bare_form(request)
        try:
            hours = float(form.get("hours", ""))
        except ValueError:
            raise Refused(_no(422, "clock_refused", "hours is a number")) from None
        await self._ask(request, "POST", "/sandbox/clock", content={"hours": hours})
        return _moved("/")

    async def reset(self, request: Request) -> Response:
        await self._reply(request, "POST", "/sandbox/reset")
        return _moved("/")

    async def _ask(self, request: Request, method: str, path: str, **rest: Any) -> dict[str, Any]:
        return (await self._reply(request, method, path, **rest)).json

    async def _reply(self, request: Request, method: str, path: str, **rest: Any) -> Reply:
        token = request.cookies.get("session")
        reply = await self._inside.behind(request).ask(method, path, token=token, **rest)
        if not reply.good:
            raise Refused(reply)
        return reply


def _answering(handler: Handler) -> Handler:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            error = refused.reply.error
            if refused.reply.status == 401:
                return _moved("/sign-in", str(error.get("message", "")))
            said = _text(error.get("message", ""))
            if request.path_params.get("surface") in _FILES:
                return HTMLResponse(said, refused.reply.status)
            return _page("refused", f'<p class="error" data-code="{_text(error.get("code", ""))}">{said}</p>')

    return endpoint


async def _form(request: Request) -> Form:
    form = await _bare_form(request)
    if form.get("csrf") != _csrf(request):
        raise Refused(_no(403, "form_stale", "请刷新页面后重试。 Load the page again."))
    return form


async def _bare_form(request: Request) -> Form:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise Refused(_no(413, "body_too_large", f"A request may have {LARGEST_BODY:,} bytes."))
        parts.append(part)
    body = b"".join(parts)
    kind, _, options = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    boundary = options.partition("boundary=")[2].strip().strip('"').encode("latin-1", "replace")
    if not boundary:
        raise Refused(_no(400, "form_invalid", "The form has no boundary."))
    return dict(_part(part) for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1])


def _part(part: bytes) -> tuple[str, str | Media]:
    """The name and the value of one part of a form."""
    head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = Parser().parsestr(head.decode("utf-8", "replace"), headersonly=True)
    name = str(headers.get_param("name", "", "content-disposition"))
    if headers.get_filename() is None:
        return name, value.decode("utf-8", "replace")
    return name, Media(value, headers.get_content_type())


def _csrf(request: Request) -> str:
    """The hidden token of a session's forms."""
    return hashlib.sha256(b"forms of " + request.cookies.get("session", "").encode()).hexdigest()[:24]


def _no(status: int, code: str, message: str) -> Reply:
    return Reply(status, "application/json", json.dumps({"error": {"code": code, "message": message}}).encode())


def _ticketed(reply: Mapping[str, Any]) -> Response:
    ticket = reply["ticket"]
    receipt = f'<b class="receipt">{_text(ticket["receipt"])}</b>' if "receipt" in ticket else ""
    said = (
        f'<p class="flash">{_text(reply.get("message", ""))}</p>{receipt}<i class="state">{_text(ticket["state"])}</i>'
    )
    return _moved(f"/tickets/{segment(ticket['id'])}", markup=said)


def _moved(where: str, notice: str = "", *, markup: str = "") -> Response:
    said = f'<p class="notice">{_text(notice)}</p>' if notice else markup
    return HTMLResponse(f"<!doctype html><title>moved</title>{said}", 303, {"Location": where})


def _page(title: str, body: str) -> Response:
    return HTMLResponse(f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{_text(title)}</title>{body}')


def _list(name: str, items: list[str]) -> str:
    return f"<ul class={name}>{''.join(f'<li>{_text(each)}' for each in items)}</ul>"


def _rest(more: Mapping[str, Any]) -> str:
    """Whatever else is known of something, as small print."""
    return f"<small>{_text(json.dumps(more, ensure_ascii=False))}</small>" if more else ""


def _text(value: object) -> str:
    return html.escape(str(value))
