"""Every recipe of docs/binding-recipes.md, loaded from the page and run against a small server of its style."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from websockets.sync.server import serve

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.entities import (
    Content,
    Detection,
    GenerationRequest,
    Media,
    Publication,
    ReportRequest,
    TicketState,
)
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.rulebook import Service

from .recipes import PICTURE, RECIPES, TEXT, app, recipe


class Unusual:
    """The service of the recipe with the rarely needed keys, as far as the recipe says how it is."""

    def __init__(self) -> None:
        self.grants: list[dict[str, str]] = []
        self.polls = 0

    async def token(self, request: Request) -> Response:
        self.grants.append(dict(parse_qsl((await request.body()).decode())))
        return JSONResponse({"access_token": "access-token-1"})

    def known(self, request: Request) -> bool:
        return request.headers.get("authorization") == "Bearer access-token-1"

    async def graphql(self, request: Request) -> Response:
        assert self.known(request)
        body = await request.json()
        assert (body["operationName"], body["variables"]) == ("Make", {"p": "春天"})
        return JSONResponse({"data": {"make": {"id": "m1"}}})

    async def job(self, request: Request) -> Response:
        self.polls += 1
        states = [Response(status_code=204), Response(status_code=202), JSONResponse({"state": "done", "text": "好"})]
        return states[self.polls - 1]

    async def post(self, request: Request) -> Response:
        return Response(status_code=503)

    async def view(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "/pages/p1"})

    async def page(self, request: Request) -> Response:
        return Response("The page of p1", media_type="text/plain")

    async def search(self, request: Request) -> Response:
        query = {key: value for key, value in request.query_params.items() if key != "sign"}
        signed = f"/search?page={query['page']}&q=spring"
        wanted = hmac.new(b"signing-key-1", signed.encode(), hashlib.sha256).hexdigest()
        assert request.query_params["sign"] == wanted
        number = int(query["page"])
        return JSONResponse({"hits": [{"id": f"p{number}"}], "has_more": number < 3})

    async def report(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Basic " + base64.b64encode(b"desk:desk-password-1").decode()
        response = Response(headers={"x-case": '{"id": "c7"}'})
        response.set_cookie("receipt", quote('{"text": "taken"}'))
        return response


def test_rarely_needed_keys_do_what_they_say(tmp_path: Path) -> None:
    binding = recipe(
        tmp_path,
        "Keys that few services need",
        REFRESH_TOKEN="refresh-token-1",
        SIGNING_KEY="signing-key-1",
        CLIENT_SECRET="client-secret-1",
        DESK_PASSWORD="desk-password-1",
    )
    assert (binding.file.limits.retries, binding.file.limits.max_body) == (1, 50_000_000)
    service = Unusual()
    routes = app(
        ("POST", "/token", service.token),
        ("POST", "/graphql", service.graphql),
        ("GET", "/jobs/m1", service.job),
        ("POST", "/posts", service.post),
        ("GET", "/posts/p1", service.view),
        ("GET", "/pages/p1", service.page),
        ("GET", "/search", service.search),
        ("POST", "/reports", service.report),
    )
    with binding.connect(transport=routes, sleep=lambda seconds: None) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        made = provider.generate(account, TEXT)
        assert isinstance(made, Accepted), made
        assert (made.value.id, made.value.media) == ("m1", Media("好".encode(), "text/plain"))
        assert service.grants[0].items() >= {
            "grant_type": "refresh_token", "refresh_token": "refresh-token-1", "client_id": "tester",
            "client_secret": "client-secret-1", "scope": "media", "audience": "test",
        }.items()  # fmt: skip
        assert isinstance(provider.publish(account, made.value, "春天"), Refused)
        shown = provider.view(None, Publication("p1"), "page")
        assert isinstance(shown, Accepted), shown
        assert shown.value.text == "The page of p1"
        found = provider.search(account, "spring")
        assert isinstance(found, Accepted), found
        assert found.value.publications == ("p1", "p2", "p3")
        told = provider.report(account, ReportRequest(Publication("p1"), "illegal", "it is"))
        assert isinstance(told, Accepted), told
        assert (told.value.id, told.value.receipt) == ("c7", "taken")


def test_every_recipe_is_tested() -> None:
    source = "".join(each.read_text(encoding="utf-8") for each in Path(__file__).parent.glob("test_recipes*.py"))
    assert len(RECIPES) >= 12
    assert [title for title in RECIPES if f'"{title}"' not in source] == []


async def _code(request: Request) -> Response:
    return JSONResponse({"code": 0, "data": {"testCode": "4711"}})


async def _rpc_register(request: Request) -> Response:
    body = await request.json()
    if body["code"] != "4711":
        return JSONResponse({"code": 40001, "msg": "bad code"})
    return JSONResponse({"code": 0, "data": {"uid": 7, "token": "secret-token"}})


def _rpc(states: list[str]) -> AsgiTransport:
    async def create(request: Request) -> Response:
        assert request.headers["x-request-id"]
        if request.headers.get("x-token") != "secret-token":
            return JSONResponse({"code": 40100, "msg": "no token"})
        return JSONResponse({"code": 0, "data": {"taskId": "t1", "state": "QUEUED"}})

    async def query(request: Request) -> Response:
        assert await request.json() == {"taskId": "t1"}
        image = base64.b64encode(PICTURE.data).decode()
        return JSONResponse({"code": 0, "data": {"taskId": "t1", "state": states.pop(0), "image": image}})

    return app(
        ("POST", "/rpc/sendSms", _code),
        ("POST", "/rpc/register", _rpc_register),
        ("POST", "/rpc/createTask", create),
        ("POST", "/rpc/queryTask", query),
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [(["QUEUED", "DONE"], Accepted), (["REJECTED"], Refused), (["TIMEOUT"], Unavailable), (["FAILED"], Unavailable)],
)
def test_an_rpc_gateway_registers_by_code_and_is_polled_with_a_body(
    tmp_path: Path, states: list[str], expected: type
) -> None:
    binding = recipe(tmp_path, "Everything is a POST that answers 200")
    with binding.connect(transport=_rpc(states), sleep=lambda seconds: None) as provider:
        account = provider.register({"phone": "13800000000"})
        assert isinstance(account, Accepted)
        assert account.value.id == "7"
        picture = GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "x")
        result = provider.generate(account.value, picture)
        assert isinstance(result, expected)
        if isinstance(result, Accepted):
            assert result.value.media == PICTURE
        nobody = provider.generate(None, picture)
        assert isinstance(nobody, Refused)
        assert nobody.reason == "no token"
        assert "secret-token" not in repr(provider.log)


def _forum() -> AsgiTransport:
    tokens: set[str] = set()

    def page(text: str, status: int = 200, **cookies: str) -> Response:
        response = HTMLResponse(f"<!doctype html><html><body>{text}</body></html>", status)
        for name, value in cookies.items():
            response.set_cookie(name, value)
        return response

    async def login_page(request: Request) -> Response:
        tokens.add("login-csrf")
        return page(
            '<form id=login><input type=hidden name=csrf value="login-csrf"><input name=user>'
            "<input type=checkbox name=keep checked><input type=submit name=go value=Go></form>",
            csrf="cookie-1",
        )

    async def login(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        assert form == {"csrf": "login-csrf", "user": "li", "keep": "on", "password": "li-password"}
        assert request.cookies["csrf"] == "cookie-1"
        response = RedirectResponse("/home", 302)
        response.set_cookie("session", "session-of-li")
        return response

    async def new_post(request: Request) -> Response:
        if request.cookies.get("session") != "session-of-li":
            return RedirectResponse("/login", 302)
        return page("<form class=post><input type=hidden name=token value=t9><textarea name=body>\n…</textarea></form>")

    async def post(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        assert form["token"] == "t9"
        return RedirectResponse("/verify" if form["title"] == "unverified" else "/posts/猫-1", 303)

    async def view(request: Request) -> Response:
        return page(
            "<article><script>var h1 = '<h1>no</h1>'</script><h1> 春天 <b>来了</b>\n</h1><img src=../img/1.png>"
            "<p class=notice>AI生成</p><p class=notice>本内容由人工智能生成<style>p{}</style></p></article>"
        )

    async def image(request: Request) -> Response:
        return Response(PICTURE.data, media_type="image/png")

    async def search(request: Request) -> Response:
        if request.query_params.get("page") == "2":
            return page("<ul class=results><li><a data-id=3>c</a></ul>")
        return page(
            "<ul class=results><li><a data-id=1>a</a><li><a data-id=2>b</a></ul><a rel=next href='/search?page=2'>more</a>"
        )

    async def report(request: Request) -> Response:
        if b"empty" in await request.body():
            return page("<p class=flash-error>Say more</p>")
        return page("<p class=flash-success data-ticket=r5>Thank you</p>")

    return app(
        ("GET", "/login", login_page),
        ("POST", "/login", login),
        ("GET", "/posts/new", new_post),
        ("POST", "/posts", post),
        ("GET", "/posts/{id}", view),
        ("GET", "/img/1.png", image),
        ("GET", "/search", search),
        ("POST", "/posts/{id}/report", report),
    )


def test_forms_and_pages_are_read_by_selectors(tmp_path: Path) -> None:
    binding = recipe(tmp_path, "Forms and pages without JSON", FORUM_PASSWORD="li-password")
    with binding.connect(transport=_forum()) as provider:
        account = provider.ready_made.accounts["verified_adult"]
        published = provider.publish(account, Content("c"), "春天")
        assert isinstance(published, Accepted), published
        assert published.value.id == "猫-1"
        refused = provider.publish(account, Content("c"), "unverified")
        assert isinstance(refused, Refused)
        view = provider.view(None, published.value)
        assert isinstance(view, Accepted), view
        assert view.value.text == "春天 来了"
        assert view.value.notices == ("AI生成", "本内容由人工智能生成")
        assert view.value.media == PICTURE
        found = provider.search(None, "春")
        assert isinstance(found, Accepted), found
        assert found.value.publications == ("1", "2", "3")
        ticket = provider.report(None, ReportRequest(Publication("1"), "illegal", "because"))
        assert isinstance(ticket, Accepted), ticket
        assert (ticket.value.id, ticket.value.receipt) == ("r5", "Thank you")
        empty = provider.report(None, ReportRequest(Publication("1"), "illegal", "empty"))
        assert isinstance(empty, Refused)
        assert empty.reason == "Say more"
        assert "li-password" not in repr(provider.log)
        assert "session-of-li" not in repr(provider.log)


@pytest.mark.parametrize("broken", [False, True])
def test_lines_of_json_are_joined(tmp_path: Path, broken: bool) -> None:
    async def lines(request: Request) -> Response:
        parts = [{"id": "1", "response": "春", "done": False}, {"response": "天", "done": not broken}]
        return Response("\n".join(map(json.dumps, parts)), media_type="application/x-ndjson")

    binding = recipe(tmp_path, "Lines of JSON, and WebSockets")
    with binding.connect(transport=app(("POST", "/lines", lines))) as provider:
        result = provider.generate(None, TEXT)
    if broken:
        assert isinstance(result, Unavailable)
        assert "broke off" in result.reason
    else:
        assert isinstance(result, Accepted)
        assert result.value.media == Media("春天".encode(), "text/plain")


def test_a_websocket_reads_like_a_stream(tmp_path: Path) -> None:
    def handle(socket: Any) -> None:
        assert json.loads(socket.recv()) == {"type": "start", "prompt": "春天"}
        for message in ({"id": "w1", "delta": "春"}, {"delta": "天"}, {"type": "end"}):
            socket.send(json.dumps(message))
        socket.recv()

    with serve(handle, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        binding = recipe(tmp_path, "Lines of JSON, and WebSockets", STREAM_URL=url)
        with binding.connect() as provider:
            result = provider.generate(None, GenerationRequest(Service.TEXT, "text/markdown", "春天"))
            assert isinstance(result, Accepted), result
            assert (result.value.id, result.value.media) == ("w1", Media("春天".encode(), "text/plain"))
        server.shutdown()


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ('event: complete\ndata: [{"url": "/files/1.png"}]\n\n', Accepted),
        ('event: error\ndata: "unsafe"\n\n', Refused),
        ("event: heartbeat\ndata: null\n\n", Unavailable),
    ],
)
def test_a_stream_ends_with_an_event_of_a_name(tmp_path: Path, end: str, kind: type) -> None:
    async def call(request: Request) -> Response:
        assert (await request.json())["data"] == ["春天", 42]
        return JSONResponse({"event_id": "e1"})

    async def events(request: Request) -> Response:
        return Response("event: generating\ndata: null\n\n" + end, media_type="text/event-stream")

    async def file(request: Request) -> Response:
        return Response(PICTURE.data, media_type="image/png")

    binding = recipe(tmp_path, "A call whose result is a stream of named events")
    routes = app(("POST", "/call/infer", call), ("GET", "/call/infer/e1", events), ("GET", "/files/1.png", file))
    with binding.connect(transport=routes) as provider:
        made = provider.generate(None, GenerationRequest(Service.BIOMETRIC_IMAGE_VIDEO, "image/png", "春天"))
    assert isinstance(made, kind), made
    if isinstance(made, Accepted):
        assert (made.value.id, made.value.media) == ("e1", PICTURE)
    if isinstance(made, Refused):
        assert made.reason == "unsafe"
    if isinstance(made, Unavailable):
        assert "expected 'complete or error' at its end" in made.reason


def test_a_job_calls_back(tmp_path: Path) -> None:
    def call(url: str, body: dict[str, str]) -> int:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
        sent = json.dumps(body)
        key = hmac.digest(b"callback-key", b"callback", "sha512")
        signature = "v1=" + base64.b64encode(hmac.digest(key, sent.encode(), "sha512")).decode()
        connection.request("POST", parts.path, sent, {"Content-Type": "application/json", "X-Signature": signature})
        return connection.getresponse().status

    statuses: list[int] = []

    def later(url: str, prompt: str) -> None:
        statuses.append(call(url.rpartition("/")[0] + "/guess", {"status": "done", "job": "forged"}))
        statuses.append(call(url, {"status": "running", "job": "j1"}))
        state = "rejected" if prompt == "bad" else "done"
        statuses.append(call(url, {"status": state, "job": "j1", "text": "好"}))

    async def jobs(request: Request) -> Response:
        body = await request.json()
        threading.Timer(0.05, later, (body["notify"], body["prompt"])).start()
        return JSONResponse({"job": "j1"}, 202)

    binding = recipe(tmp_path, "A job that calls back", CALLBACK_KEY="callback-key")
    with binding.connect(transport=app(("POST", "/jobs", jobs)), sleep=lambda seconds: None) as provider:
        result = provider.generate(None, TEXT)
        assert isinstance(result, Accepted), result
        assert (result.value.id, result.value.media) == ("j1", Media("好".encode(), "text/plain"))
        assert statuses[:2] == [404, 204]
        bad = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "bad"))
        assert isinstance(bad, Refused)


def test_archives_parts_and_digits_are_unpacked(tmp_path: Path) -> None:
    async def make(request: Request) -> Response:
        kind = (await request.json())["kind"]
        headers = {"X-Id": "1"}
        if kind == "image/png":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("readme.txt", "hello")
                archive.writestr("out/1.png", PICTURE.data)
            return Response(packed.getvalue(), media_type="application/zip", headers=headers)
        if kind == "audio/wav":
            body = b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b--\r\n"
            return Response(body, media_type="multipart/mixed; boundary=b", headers=headers)
        return JSONResponse({"data": {"audio": "49443304"}}, headers=headers)

    with recipe(tmp_path, "Archives, parts, and bytes as digits").connect(
        transport=app(("POST", "/make", make))
    ) as provider:
        for service, kind, expected in (
            (Service.BIOMETRIC_IMAGE_VIDEO, "image/png", PICTURE),
            (Service.VOICE, "audio/wav", Media(b"RIFF", "audio/wav")),
            (Service.VOICE, "audio/mpeg", Media(b"ID3\x04", "audio/mpeg")),
        ):
            result = provider.generate(None, GenerationRequest(service, kind, "x"))
            assert isinstance(result, Accepted), result
            assert result.value.media == expected


def test_a_platform_is_moderated_and_published_to_in_several_ways(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def answer(name: str, document: dict[str, Any]) -> Any:
        async def handle(request: Request) -> Response:
            body = await request.body()
            seen[name] = json.loads(body) if body.startswith(b"{") else body
            seen[f"{name} by"] = request.headers.get("authorization", "")
            return JSONResponse(document)

        return handle

    transport = app(
        ("POST", "/text", answer("text", {"id": "c1", "text": "好"})),
        ("POST", "/feed", answer("feed", {"id": "p1"})),
        ("POST", "/stories", answer("story", {"id": "p2"})),
        ("DELETE", "/posts/p1", answer("unpublish", {})),
        ("POST", "/posts/p1/shares", answer("share", {"id": "p3"})),
        ("POST", "/detect", answer("detect", {"verdict": "ai", "score": 0.9})),
        ("POST", "/reports", answer("report", {"id": "r1"})),
        ("POST", "/reports/r1/decision", answer("decide", {"state": "removed"})),
        ("POST", "/appeals", answer("appeal", {"id": "a1"})),
        ("POST", "/sessions", answer("session", {"token": "second-token"})),
        ("DELETE", "/sessions", answer("end", {})),
        ("POST", "/clock", answer("clock", {})),
    )
    binding = recipe(
        tmp_path,
        "A platform with moderators, sessions and several ways to publish",
        LI_TOKEN="token-of-li",
        WANG_TOKEN="token-of-wang",
        MOD_TOKEN="token-of-mod",
    )
    capabilities = binding.capabilities
    assert capabilities.publish_ways == ("feed", "story")
    assert capabilities.uploads == ("image/png",)
    assert capabilities.options == {Service.TEXT: {"length": ("short", "long"), "stream": (False, True)}}
    assert capabilities.inputs == {Service.TEXT: ("negative",)}
    with binding.connect(transport=transport) as provider:
        ready = provider.ready_made
        li, moderator = ready.accounts["verified_adult"], ready.accounts["moderator"]
        assert [account.id for account in ready.further_accounts["verified_adult"]] == ["li", "wang"]
        assert isinstance(provider.generate(li, TEXT), Accepted)
        assert seen["text"] == {"prompt": "春天", "length": "short", "avoid": ""}
        long = GenerationRequest(
            Service.TEXT, "text/plain", "x", options={"length": "long"}, inputs={"negative": "blurry"}
        )
        assert isinstance(provider.generate(li, long), Accepted)
        assert seen["text"] == {"prompt": "x", "length": "long", "avoid": "blurry"}
        published = provider.publish(li, Content("c1"), "t")
        assert published == provider.publish(li, Content("c1"), "t", "feed") or isinstance(published, Accepted)
        before = seen["feed"]["at"]
        story = provider.publish(li, Content("c1"), "t", "story")
        assert isinstance(story, Accepted)
        assert story.value.id == "p2"
        post = Publication("p1")
        shared = provider.share(li, post)
        assert isinstance(shared, Accepted)
        assert shared.value.id == "p3"
        assert isinstance(provider.unpublish(li, post), Accepted)
        detected = provider.detect(li, PICTURE)
        assert isinstance(detected, Accepted)
        assert detected.value == Detection(True, 0.9)
        assert PICTURE.data in seen["detect"]
        ticket = provider.report(None, ReportRequest(post, "illegal", "s"))
        assert isinstance(ticket, Accepted)
        decided = provider.decide(moderator, ticket.value, True, "unlawful")
        assert isinstance(decided, Accepted)
        assert decided.value.state is TicketState.UPHELD
        assert seen["decide"] == {"decision": "remove", "reasons": "unlawful"}
        assert seen["decide by"] == "Bearer token-of-mod"
        assert isinstance(provider.appeal(li, post, "why"), Accepted)
        assert seen["appeal"] == {"post": "p1", "text": "why"}
        assert isinstance(provider.appeal(li, post, "why", PICTURE), Accepted)
        assert base64.b64decode(seen["appeal"]["file"]) == PICTURE.data
        second = provider.sign_in(li)
        assert isinstance(second, Accepted)
        assert second.value.credentials == {"token": "second-token"}
        assert isinstance(provider.sign_out(second.value), Accepted)
        assert seen["end by"] == "Bearer second-token"
        assert isinstance(provider.advance_clock(24 * 400), Accepted)
        assert isinstance(provider.publish(li, Content("c1"), "t"), Accepted)
        assert int(seen["feed"]["at"][:4]) > int(before[:4])
        assert "second-token" not in repr(provider.log)
