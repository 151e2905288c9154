"""The interface of :class:`~tests.strangers.atelier.Atelier`: JSON:API documents behind a session cookie and a CSRF token,
works in two steps (a draft, then a rendering that ends with a redirect), HTML pages for the public, a feed in Atom.
"""

from __future__ import annotations

from email import message_from_bytes
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape as xml

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .atelier import Atelier, Case, Member, No, Work

JSON_API = "application/vnd.api+json"


def desk(atelier: Atelier) -> Starlette:
    drafts: dict[str, tuple[Member, str, str]] = {}
    renders: dict[str, list[Any]] = {}

    def caller(request: Request) -> Member:
        csrf = request.headers.get("x-csrf", "") if request.method != "GET" else None
        return atelier.member(request.cookies.get("atl", ""), csrf)

    def document(kind: str, number: str, status: int = 200, meta: Any = None, **attributes: Any) -> Response:
        body = {"data": {"type": kind, "id": number, "attributes": attributes}, "meta": meta or {}}
        return JSONResponse(body, status, media_type=JSON_API)

    async def attributes_of(request: Request) -> dict[str, Any]:
        attributes: dict[str, Any] = (await request.json())["data"]["attributes"]
        return attributes

    async def join(request: Request) -> Response:
        said = await attributes_of(request)
        made = atelier.join(said["handle"], said.get("real_name") or "", said)
        response = document("members", made.id, 201, {"csrf": made.csrf}, handle=made.handle, verified=made.verified)
        response.set_cookie("atl", made.session, httponly=True)
        return response

    async def prove(request: Request) -> Response:
        said = await attributes_of(request)
        member = caller(request)
        atelier.prove(member, said["number"], said.get("real_name") or "")
        return document("members", member.id, verified=member.verified)

    async def leave(request: Request) -> Response:
        caller(request).gone = True
        return Response(status_code=204)

    async def draft(request: Request) -> Response:
        said = await attributes_of(request)
        number = f"d-{len(drafts) + 1}"
        drafts[number] = (caller(request), said["kind"], said["prompt"])
        return document("drafts", number, 201)

    async def render(request: Request) -> Response:
        member, kind, prompt = drafts[request.path_params["draft"]]
        if member is not caller(request):
            raise No(404, "no-draft", "没有这份草稿")
        number = f"j-{len(renders) + 1}"
        renders[number] = [0, atelier.render(member, kind, prompt)]
        return Response(status_code=202, headers={"Location": f"/renders/{number}"})

    async def rendering(request: Request) -> Response:
        job = renders[request.path_params["job"]]
        job[0] += 1
        if job[0] < 2:
            return document("renders", request.path_params["job"], state="working")
        return RedirectResponse(f"/works/{job[1].id}", 303)

    async def work(request: Request) -> Response:
        made = atelier.works.get(request.path_params["work"])
        if made is None or made.maker is not caller(request):
            raise No(404, "no-work", "没有这件作品")
        return shown(made)

    def shown(made: Work, status: int = 200) -> Response:
        text = made.data.decode() if made.media_type == "text/plain" else None
        return document("works", made.id, status, text=text, file=f"/works/{made.id}/file")

    async def file(request: Request) -> Response:
        variant = request.query_params.get("variant", "original")
        data, media_type = atelier.file(caller(request), request.path_params["work"], variant)
        return Response(data, media_type=media_type)

    async def keep(request: Request) -> Response:
        member, media_type = caller(request), request.headers["content-type"].partition(";")[0]
        declared = request.query_params.get("synthetic") == "yes"
        return shown(atelier.keep(member, await request.body(), media_type, declared), 201)

    async def release(request: Request) -> Response:
        said = await attributes_of(request)
        made = atelier.release(caller(request), said["person"], said["purposes"])
        return document("releases", made.id, 201)

    async def confirm(request: Request) -> Response:
        atelier.releases[request.path_params["release"]].confirmed = True
        return Response(status_code=204)

    async def withdraw(request: Request) -> Response:
        atelier.withdraw(caller(request), request.path_params["release"])
        return Response(status_code=204)

    async def portrait(request: Request) -> Response:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + await request.body()).get_payload()
        said = {}
        for part in parts if isinstance(parts, list) else []:
            data = part.get_payload(decode=True)  # type: ignore[union-attr]
            name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
            said[str(name)] = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
        made = atelier.portrait(
            caller(request), said["person"], said["purpose"], said.get("release", ""), said.get("wish", "")
        )
        return Response(made.data, 201, {"Content-Location": f"/works/{made.id}"}, made.media_type)

    async def publish(request: Request) -> Response:
        said = await attributes_of(request)
        made = atelier.publish(caller(request), request.path_params["work"], said["caption"])
        return Response(status_code=201, headers={"Location": f"/p/{made.slug}"})

    async def page(request: Request) -> Response:
        piece = atelier.piece(request.path_params["slug"])
        maker = escape(piece.work.maker.name) if atelier.broken("names-on-pages") else ""
        hidden = ' style="display:none"' if atelier.broken("texts-hidden-on-pages") else ""
        text = escape(atelier.text_of(piece)).replace("——", f"<span{hidden}>——") + "</span>"
        inside = (
            f"<p class=work>{text}</p>"
            if piece.work.media_type == "text/plain"
            else f'<img src="/f/{atelier.address(piece)}" alt="">'
        )
        refuted = '<p class="refutation">该内容已被辟谣：此为谣言。</p>' if piece.refuted else ""
        return HTMLResponse(
            f"<!doctype html><title>{escape(piece.caption)}</title><h1>{escape(piece.caption)}</h1>{inside}"
            f'<p class="notice">{"" if hidden else atelier.notice_of(piece)}</p>{refuted}<address>{maker}</address>'
        )

    async def feed(request: Request) -> Response:
        entries = "".join(
            f"<entry><id>{piece.slug}</id><title>{xml(piece.caption)}</title>"
            f"<content>{xml(atelier.text_of(piece, feed=True))}</content>"
            f"<rights>{'' if atelier.broken('texts-bare-in-feed') else atelier.notice_of(piece)}</rights></entry>"
            for piece in atelier.shown()
            if piece.slug == request.path_params["slug"]
        )
        if not entries:
            raise No(404, "gone", "没有这件作品")
        return Response(
            f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>',
            media_type="application/atom+xml",
        )

    async def preview(request: Request) -> Response:
        return Response(atelier.preview(request.path_params["slug"]), media_type="image/png")

    async def served(request: Request) -> Response:
        made = atelier.served(request.path_params["address"])
        return Response(made.data, media_type=made.media_type)

    async def search(request: Request) -> Response:
        words = request.query_params.get("q", "")
        found = [
            piece
            for piece in atelier.pieces.values()
            if words in piece.caption and (not piece.gone or atelier.broken("gone-but-found"))
        ]
        rows = "".join(f'<li data-slug="{piece.slug}">{escape(piece.caption)}</li>' for piece in found)
        return HTMLResponse(f"<!doctype html><title>搜索</title><ol>{rows}</ol>")

    async def complain(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        member = caller(request) if "atl" in request.cookies else None
        made = atelier.complain(
            member, request.path_params["slug"], form["kind"], form.get("contact", ""), form.get("words", "")
        )
        return to_case(made)

    def to_case(case: Case) -> Response:
        return RedirectResponse(f"/cases/{case.id}?key={quote(case.key)}", 303)

    async def object_to(request: Request) -> Response:
        said = await attributes_of(request)
        return to_case(atelier.object(caller(request), request.path_params["slug"], said["words"]))

    async def case(request: Request) -> Response:
        looked = atelier.look(request.path_params["case"], request.query_params.get("key", ""))
        state = {"open": "处理中", "upheld": "投诉成立", "dismissed": "投诉不成立"}[looked.state]
        return HTMLResponse(
            f'<!doctype html><title>受理单</title><p id="number">{looked.id}</p><p id="state">{state}</p>'
            f'<p id="reasons">{atelier.reasons(looked)}</p>'
        )

    async def journal(request: Request) -> Response:
        return JSONResponse({"data": atelier.journal(caller(request), request.path_params["member"])})

    async def about(request: Request) -> Response:
        return HTMLResponse(f"<!doctype html><main>{atelier.page(request.path_params['topic'])}</main>")

    async def clock(request: Request) -> Response:
        from datetime import timedelta

        atelier.now += timedelta(hours=float((await request.json())["hours"]))
        return Response(status_code=204)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, No)
        body = {"errors": [{"status": str(error.status), "code": error.kind, "detail": error.words}]}
        return JSONResponse(body, error.status, media_type=JSON_API)

    post, get, delete = ["POST"], ["GET"], ["DELETE"]
    return Starlette(
        routes=[
            Route("/members", join, methods=post),
            Route("/members/me/proofs", prove, methods=post),
            Route("/members/me", leave, methods=delete),
            Route("/members/{member}/journal", journal, methods=get),
            Route("/drafts", draft, methods=post),
            Route("/drafts/{draft}/render", render, methods=post),
            Route("/renders/{job}", rendering, methods=get),
            Route("/works/{work}", work, methods=get),
            Route("/works/{work}/file", file, methods=get),
            Route("/works/{work}/publication", publish, methods=post),
            Route("/library", keep, methods=["PUT"]),
            Route("/releases", release, methods=post),
            Route("/releases/{release}/confirmation", confirm, methods=post),
            Route("/releases/{release}", withdraw, methods=delete),
            Route("/portraits", portrait, methods=post),
            Route("/p/{slug}", page, methods=get),
            Route("/p/{slug}/feed.xml", feed, methods=get),
            Route("/p/{slug}/preview.png", preview, methods=get),
            Route("/p/{slug}/complaints", complain, methods=post),
            Route("/p/{slug}/objections", object_to, methods=post),
            Route("/f/{address}", served, methods=get),
            Route("/search", search, methods=get),
            Route("/cases/{case}", case, methods=get),
            Route("/about/{topic}", about, methods=get),
            Route("/dev/clock", clock, methods=post),
        ],
        exception_handlers={No: refused},
    )
