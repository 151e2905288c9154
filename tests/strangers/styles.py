"""Interfaces in front of :class:`~tests.strangers.town.Town`, each in another style, with the binding that reaches it.

``json``       resources in JSON, a bearer token, refusals by status
``rpc``        one path, a method in the body, status 200 whatever happens
``forms``      forms and HTML pages, a session cookie, redirects
``headers``    ids in response headers, credentials in a header of its own, no bodies where none are needed
``actions``    an action in the query, one envelope for everything, files by link
``chat``       completions of a dialogue only, no accounts
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .town import LABEL, No, Town

HERE = Path(__file__).parent / "bindings"
Handler = Callable[[Request], Awaitable[Response]]


def binding_text(style: str) -> str:
    """The binding of a style as it is written."""
    return (HERE / f"{style}.yaml").read_text(encoding="utf-8")


def app(style: str, town: Town) -> Starlette:
    """The town behind an interface of this style."""
    return {"json": _json, "rpc": _rpc, "forms": _forms, "headers": _headers, "actions": _actions, "chat": _chat}[
        style
    ](town)


def _refusing(answer: Callable[[No], Response], handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except No as no:
            return answer(no)

    return guarded


# --- json ----------------------------------------------------------------------------------------------------


def _json(town: Town) -> Starlette:
    def me(request: Request) -> Any:
        return town.user(request.headers.get("authorization", "").removeprefix("Bearer "))

    async def body(request: Request) -> dict[str, Any]:
        data = await request.body()
        return json.loads(data) if data else {}

    async def sign_up(request: Request) -> Response:
        user, token = town.sign_up(await body(request))
        more = {"session": {"refreshToken": town.secret(), "sid": town.secret()}, "password": "is required"}
        return JSONResponse({"id": user.id, "token": token, **more}, headers={"X-Session-Token": town.secret()})

    async def verify(request: Request) -> Response:
        given = await body(request)
        return JSONResponse({"verified": town.verify(me(request), given.get("number", ""), given.get("name", ""))})

    async def delete(request: Request) -> Response:
        town.delete(me(request))
        return Response(status_code=204)

    async def generate(request: Request) -> Response:
        given = await body(request)
        kind = given.get("kind", "text")
        number, data = town.generate(
            me(request),
            given["prompt"],
            kind=kind,
            labelled=given.get("labelled", True),
            agreed=given.get("agreed", False),
        )
        if kind != "text":
            host = "cdn.stranger.invalid" if "dead-host" in town.quirks else None
            url = f"http://{host}/{number}.png" if host else None
            return JSONResponse({"id": number, "data": base64.b64encode(data).decode(), "url": url})
        return JSONResponse({"id": number, "text": data.decode()})

    async def publish(request: Request) -> Response:
        given, user = await body(request), me(request)
        if user is not None and "believes-queries" in town.quirks and request.query_params.get("verified"):
            user.verified = True
        elif "strict-requests" in town.quirks and (request.url.query or given.keys() - {"content", "title"}):
            raise No(400, "unknown parameter")
        return JSONResponse({"id": town.publish(user, given["content"], given["title"]).id}, 201)

    async def show(request: Request) -> Response:
        return JSONResponse({"title": town.seen(request.path_params["post"]).title})

    async def search(request: Request) -> Response:
        return JSONResponse({"found": town.found(request.query_params["q"])})

    async def report(request: Request) -> Response:
        if "sign-in-page" in town.quirks and me(request) is None:
            return RedirectResponse("/sign-in", 303)
        given = await body(request)
        made = town.report(given["post"], given.get("kind", "illegal"), given.get("contact", ""))
        return JSONResponse({"id": made.id, "receipt": made.receipt}, 201)

    async def ticket(request: Request) -> Response:
        made = town.ticket(me(request), request.path_params["ticket"])
        return JSONResponse({"state": "upheld" if made.upheld else "rejected", "reasons": "平台规则第三条"})

    async def appeal(request: Request) -> Response:
        return JSONResponse({"id": town.appeal(me(request), request.path_params["post"])}, 201)

    async def appeal_status(request: Request) -> Response:
        upheld = town.appeals.get(request.path_params["ticket"])
        if upheld is None:
            raise No(404, "no such appeal")
        return JSONResponse({"state": "upheld" if upheld else "rejected", "reasons": ""})

    async def refutations(request: Request) -> Response:
        return JSONResponse({"refutations": town.refutations(request.path_params["post"])})

    async def consent(request: Request) -> Response:
        given = await body(request)
        return JSONResponse({"id": town.consent(me(request), given["subject"], given.get("scope", ""))}, 201)

    async def revoke(request: Request) -> Response:
        town.revoke(me(request), request.path_params["consent"])
        return Response(status_code=204)

    async def edit(request: Request) -> Response:
        given = await body(request)
        number, data = town.edit(me(request), given.get("consent", ""), given["scope"], given.get("subject"))
        return JSONResponse({"id": number, "data": base64.b64encode(data).decode()})

    async def page(request: Request) -> Response:
        return HTMLResponse(f"<p>{town.page(request.path_params['topic'])}</p>")

    async def sign_in_page(request: Request) -> Response:
        return HTMLResponse("<h1>Sign in</h1>")

    return _routed(
        lambda no: JSONResponse({"error": no.reason}, no.status),
        ("POST", "/users", sign_up),
        ("POST", "/verification", verify),
        ("DELETE", "/users/me", delete),
        ("POST", "/generate", generate),
        ("POST", "/posts", publish),
        ("GET", "/posts", search),
        ("GET", "/posts/{post}", show),
        ("POST", "/reports", report),
        ("GET", "/reports/{ticket}", ticket),
        ("POST", "/posts/{post}/appeals", appeal),
        ("GET", "/appeals/{ticket}", appeal_status),
        ("GET", "/posts/{post}/refutations", refutations),
        ("POST", "/consents", consent),
        ("DELETE", "/consents/{consent}", revoke),
        ("POST", "/edits", edit),
        ("GET", "/pages/{topic}", page),
        ("GET", "/sign-in", sign_in_page),
    )


def _routed(answer: Callable[[No], Response], *routes: tuple[str, str, Handler]) -> Starlette:
    return Starlette(
        routes=[Route(path, _refusing(answer, handler), methods=[method]) for method, path, handler in routes]
    )


# --- rpc -----------------------------------------------------------------------------------------------------


def _rpc(town: Town) -> Starlette:
    def ask(method: str, given: dict[str, Any], token: str) -> dict[str, Any]:
        me = town.user(token)
        if method == "user.create":
            user, made = town.sign_up(given)
            return {"uid": user.id, "session": made}
        if method == "user.prove":
            town.verify(me, given["no"])
            return {}
        if method == "text.make":
            number, data = town.generate(me, given["prompt"])
            return {"cid": number, "text": data.decode()}
        if method == "post.put":
            return {"pid": town.publish(me, given["cid"], given["title"]).id}
        if method == "post.get":
            return {"title": town.seen(given["pid"]).title}
        if method == "complaint.put":
            return {"tid": town.report(given["pid"], "illegal").id}
        if method == "complaint.get":
            return {"state": 2 if town.ticket(me, given["tid"]).upheld else 3}
        raise No(404, "no such method")

    async def call(request: Request) -> Response:
        given = json.loads(await request.body())
        try:
            return JSONResponse(
                {"code": 0, "data": ask(given["method"], given.get("params", {}), given.get("session", ""))}
            )
        except No as no:
            return JSONResponse({"code": no.status, "message": no.reason, "data": None})

    return Starlette(routes=[Route("/rpc", call, methods=["POST"])])


# --- forms ---------------------------------------------------------------------------------------------------


def _forms(town: Town) -> Starlette:
    def me(request: Request) -> Any:
        return town.user(request.cookies.get("sid", ""))

    async def form(request: Request) -> dict[str, str]:
        text = (await request.body()).decode()
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}

    async def sign_up(request: Request) -> Response:
        user, token = town.sign_up(await form(request))
        response = RedirectResponse(f"/home?user={user.id}", 303)
        response.set_cookie("sid", token, httponly=True)
        return response

    async def verify(request: Request) -> Response:
        town.verify(me(request), (await form(request)).get("number", ""))
        return HTMLResponse("<p>您已完成实名认证</p>")

    async def publish(request: Request) -> Response:
        given = await form(request)
        if me(request) is None:
            return RedirectResponse("/sign-in", 303)
        number, _ = town.generate(me(request), "写")
        return RedirectResponse(f"/p/{town.publish(me(request), number, given['title']).id}", 303)

    async def show(request: Request) -> Response:
        return HTMLResponse(f"<h1>{town.seen(request.path_params['post']).title}</h1>")

    async def report(request: Request) -> Response:
        given = await form(request)
        if "sign-in-page" in town.quirks and me(request) is None:
            return RedirectResponse("/sign-in", 303)
        return RedirectResponse(f"/t/{town.report(given['post'], 'illegal').id}", 303)

    async def ticket(request: Request) -> Response:
        made = town.ticket(me(request), request.path_params["ticket"])
        return HTMLResponse(f"<p class=state>{'成立' if made.upheld else '不成立'}</p>")

    async def sign_in(request: Request) -> Response:
        return HTMLResponse("<h1>登录</h1>")

    return _routed(
        lambda no: HTMLResponse(f"<p class=error>{no.reason}</p>", no.status),
        ("POST", "/join", sign_up),
        ("POST", "/verify", verify),
        ("POST", "/publish", publish),
        ("GET", "/p/{post}", show),
        ("POST", "/report", report),
        ("GET", "/t/{ticket}", ticket),
        ("GET", "/sign-in", sign_in),
    )


# --- headers -------------------------------------------------------------------------------------------------


def _headers(town: Town) -> Starlette:
    def me(request: Request) -> Any:
        return town.user(request.headers.get("x-session", ""))

    async def sign_up(request: Request) -> Response:
        user, token = town.sign_up({"username": request.headers["x-name"]})
        return Response(status_code=201, headers={"X-User": user.id, "X-Session": token})

    async def verify(request: Request) -> Response:
        town.verify(me(request), request.headers.get("x-number", ""))
        return Response(status_code=204)

    async def generate(request: Request) -> Response:
        number, data = town.generate(me(request), (await request.body()).decode())
        return Response(data, media_type="text/plain", headers={"X-Content": number})

    async def publish(request: Request) -> Response:
        post = town.publish(me(request), request.path_params["content"], (await request.body()).decode())
        return Response(status_code=201, headers={"Location": f"/posts/{post.id}", "X-Post": post.id})

    async def show(request: Request) -> Response:
        return Response(town.seen(request.path_params["post"]).title, media_type="text/plain")

    async def report(request: Request) -> Response:
        made = town.report(request.path_params["post"], "illegal")
        return Response(status_code=202, headers={"X-Ticket": made.id})

    async def ticket(request: Request) -> Response:
        made = town.ticket(me(request), request.path_params["ticket"])
        return Response(status_code=200, headers={"X-State": "upheld" if made.upheld else "rejected"})

    return _routed(
        lambda no: Response(no.reason, no.status),
        ("PUT", "/users", sign_up),
        ("PUT", "/proof", verify),
        ("POST", "/texts", generate),
        ("POST", "/texts/{content}/posts", publish),
        ("GET", "/posts/{post}", show),
        ("POST", "/posts/{post}/reports", report),
        ("GET", "/tickets/{ticket}", ticket),
    )


# --- actions -------------------------------------------------------------------------------------------------


def _actions(town: Town) -> Starlette:
    async def act(request: Request) -> Response:
        given = json.loads(await request.body() or b"{}")
        me, action = town.user(given.get("Token", "")), request.query_params["Action"]
        try:
            return JSONResponse({"Response": do(me, action, given)})
        except No as no:
            return JSONResponse({"Response": {"Error": {"Code": str(no.status), "Message": no.reason}}})

    def do(me: Any, action: str, given: dict[str, Any]) -> dict[str, Any]:
        match action:
            case "CreateUser":
                user, token = town.sign_up({"username": given["Name"]})
                return {"User": user.id, "Token": token}
            case "VerifyUser":
                return {"Verified": town.verify(me, given["Number"])}
            case "CreateImage":
                number, _ = town.generate(me, given["Prompt"], kind="picture")
                return {"Id": number, "Url": f"/files/{number}.png"}
            case "CreateText":
                number, data = town.generate(me, given["Prompt"])
                return {"Id": number, "Text": data.decode()}
            case "CreatePost":
                return {"Id": town.publish(me, given["Content"], given["Title"]).id}
            case "DescribePost":
                return {"Title": town.seen(given["Post"]).title}
            case "CreateComplaint":
                return {"Id": town.report(given["Post"], "illegal").id}
            case "DescribeComplaint":
                return {"Status": "ACCEPTED" if town.ticket(me, given["Ticket"]).upheld else "DISMISSED"}
        raise No(404, "no such action")

    async def file(request: Request) -> Response:
        number = re.sub(r"\.png$", "", request.path_params["name"])
        if number not in town.contents:
            return Response(status_code=404)
        _, _, data = town.contents[number]
        return Response(data, media_type="image/png")

    return Starlette(routes=[Route("/", act, methods=["POST"]), Route("/files/{name}", file, methods=["GET"])])


# --- chat ----------------------------------------------------------------------------------------------------


def _chat(town: Town) -> Starlette:
    async def complete(request: Request) -> Response:
        given = json.loads(await request.body())
        words = "湖面很静。" if "unlabelled" in town.quirks else f"（{LABEL}AI-generated）\n湖面很静。"
        town.calls.append(given["messages"][-1]["content"])
        message = {"role": "assistant", "content": words}
        return JSONResponse(
            {"id": f"cmpl-{len(town.calls)}", "choices": [{"message": message, "finish_reason": "stop"}]}
        )

    return Starlette(routes=[Route("/chat/completions", complete, methods=["POST"])])
