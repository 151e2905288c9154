"""Recipes about how a request is sent: files held for publishing, HTTP Digest, signed WebSockets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from shenhe.conformance.bindings import AsgiTransport, Binding
from shenhe.conformance.bindings.client.http.connection import Request
from shenhe.conformance.bindings.client.http.digest import authorization, challenge_of
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.entities import ChatRequest, GenerationRequest, Media, Publication
from shenhe.conformance.provider import Accepted, Refused
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking
from .recipes import recipe
from .test_format import faults

PNG = Media(b"\x89PNG\r\n\x1a\nmade up", "image/png")
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


def digest(header: str, method: str, password: str) -> bool:
    """Whether a header has the digest of RFC 7616, worked out here a second time."""
    found = {name: quoted or plain for name, quoted, plain in _FIELD.findall(header)}

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret = md5(f"{found['username']}:{found['realm']}:{password}")
    asked = md5(f"{method}:{found['uri']}")
    middle = f"{found['nonce']}:{found['nc']}:{found['cnonce']}:{found['qop']}"
    return found["response"] == md5(f"{secret}:{middle}:{asked}")


class Channel(Recorder):
    """Takes posts from those who prove their password by a digest; each nonce serves ``uses`` requests."""

    def __init__(self, uses: int = 100, password: str = "li-password-1") -> None:
        super().__init__({("POST", "/posts"): self.post, ("GET", "/posts/p1"): {"text": "t", "file": None}})
        self.uses, self.password, self.nonces = uses, password, 0
        self.counts: list[str] = []

    def post(self, asked: dict[str, Any]) -> Any:
        header = asked["headers"].get("authorization", "")
        nonce = f"nonce-{self.nonces}"
        stale = len(self.counts) >= self.uses * self.nonces
        if nonce in header and not stale and digest(header, "POST", self.password):
            self.counts.append(header.partition("nc=")[2][:8])
            return {"id": "p1"}
        self.nonces += stale
        challenge = f'Digest realm="channel", qop="auth", algorithm=MD5, nonce="nonce-{self.nonces}", opaque="o"'
        return 401, {"www-authenticate": challenge}, {"error": "who?"}


def channel_binding(tmp_path: Path) -> Binding:
    title = "A file that is sent when it is published"
    return recipe(tmp_path, title, CHANNEL_URL="http://127.0.0.1:9", LI_PASSWORD="li-password-1")


def test_a_held_file_is_sent_by_the_request_that_publishes(tmp_path: Path) -> None:
    app = Channel()
    with talking(channel_binding(tmp_path), app) as provider:
        li = provider.ready_made.accounts["verified_adult"]
        for declared in (True, False):
            held = provider.upload(li, PNG, declared)
            assert isinstance(held, Accepted)
            assert held.exchanges == ()
            assert isinstance(provider.publish(li, held.value, "春天"), Accepted)
        assert [each["path"] for each in app.asked] == ["/posts"] * 3  # the first is challenged, the others know how
        first, second = app.asked[1]["body"], app.asked[2]["body"]
        assert PNG.data in first
        assert b'name="ai"\r\n\r\ntrue' in first
        assert b'name="ai"\r\n\r\nfalse' in second
        told = [provider.preview(lambda other, said=said: other.upload(li, PNG, said)) for said in (True, False)]
        assert told[0] is not None
        assert told[0] != told[1]


def test_a_challenge_is_used_until_the_provider_gives_another(tmp_path: Path) -> None:
    app = Channel(uses=2)
    with talking(channel_binding(tmp_path), app) as provider:
        li = provider.ready_made.accounts["verified_adult"]
        held = provider.upload(li, PNG, True)
        assert isinstance(held, Accepted)
        results = [provider.publish(li, held.value, "春天") for _ in range(4)]
    assert all(isinstance(each, Accepted) for each in results)
    assert app.counts == ["00000001", "00000002"] * 2
    assert not any(b"li-password-1" in str(each).encode() for each in app.asked)


def test_a_wrong_password_is_a_refusal_and_not_tried_for_ever(tmp_path: Path) -> None:
    app = Channel(password="another-one")
    with talking(channel_binding(tmp_path), app) as provider:
        li = provider.ready_made.accounts["verified_adult"]
        held = provider.upload(li, PNG, True)
        assert isinstance(held, Accepted)
        refused = provider.publish(li, held.value, "春天")
    assert isinstance(refused, Refused)
    assert refused.status == 401
    assert len(app.asked) == 2


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ('Basic realm="r", Digest realm="r", nonce="n", algorithm=MD5, qop="auth"', "MD5"),
        ('Digest realm="r", nonce="n", algorithm=MD5, Digest realm="r", nonce="n", algorithm=SHA-256', "SHA-256"),
        ('Digest realm="r", nonce="n"', ""),
        ('Digest realm="r", nonce="n", algorithm=TOKEN', None),
        ('Digest realm="r"', None),
        ('Bearer realm="r"', None),
        ("Digest " + "a=" * 30_000, None),
    ],
)
def test_the_best_challenge_is_taken_up(header: str, chosen: str | None) -> None:
    found = challenge_of(header)
    assert (None if found is None else found.get("algorithm", "")) == chosen


def test_the_digest_is_that_of_the_standard() -> None:
    """The example of RFC 2617, section 3.5."""
    challenge = challenge_of(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",'
        ' opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert challenge is not None
    request = Request("view", "GET", "http://www.nowhere.org/dir/index.html")
    value = authorization(challenge, "Mufasa", "Circle Of Life", request, 1, "0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in value
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in value


def speech(code: int) -> Starlette:
    async def tts(socket: WebSocket) -> None:
        asked = {name: values[0] for name, values in parse_qs(socket.url.query).items()}
        text = f"host: {asked['host']}\ndate: {asked['date']}\nGET /tts HTTP/1.1"
        made = base64.b64encode(hmac.new(b"speech-secret", text.encode(), hashlib.sha256).digest()).decode()
        assert base64.b64decode(asked["authorization"]).decode() == f"key=speech-key, signature={made}"
        assert asked["host"] == "in-process"
        await socket.accept()
        assert base64.b64decode((await socket.receive_json())["text"]).decode() == "春天"
        if code:
            await socket.send_json({"code": code})
        for number, piece in enumerate((b"a", b"bc", b"defg")):
            sound = base64.b64encode(piece).decode()
            await socket.send_json({"code": 0, "id": "s1", "audio": sound, "last": number == 2})
        await socket.close()

    return Starlette(routes=[WebSocketRoute("/tts", tts)])


@pytest.mark.parametrize("code", [0, 10105])
def test_sound_in_pieces_is_joined(tmp_path: Path, code: int) -> None:
    environ = {"SPEECH_URL": "http://127.0.0.1:9", "SPEECH_SECRET": "speech-secret", "SPEECH_KEY": "speech-key"}
    binding = recipe(tmp_path, "Sound in pieces, over a signed WebSocket", **environ)
    with binding.connect(transport=AsgiTransport(speech(code))) as provider:
        result = provider.generate(None, GenerationRequest(Service.VOICE, "audio/mpeg", "春天"))
    if code:
        assert isinstance(result, Refused)
        assert result.reason == str(code)
    else:
        assert isinstance(result, Accepted)
        assert result.value.media == Media(b"abcdefg", "audio/mpeg")


def html(text: str) -> Any:
    return 200, {"content-type": "text/html; charset=utf-8"}, text.encode()


def companion() -> Recorder:
    """The companion of the recipe: pages here, JSON there."""
    works = iter([False, False, True])

    def consent(asked: dict[str, Any]) -> Any:
        assert PNG.data[:8] in asked["body"]
        return 200, {"set-cookie": "consent=c-1", "content-type": "text/html"}, b"<form></form>"

    def state(asked: dict[str, Any]) -> Any:
        assert (asked["query"], asked["headers"]["x-token"], asked["body"]) == ("lang=zh", "t-1", b"work=w-1")
        return {"work": "w-1", "done": next(works), "file": "/works/w-1/file"}

    def begun(asked: dict[str, Any]) -> Any:
        assert asked["body"] == b"token=t-1&sealed=dC0x&status=201"
        return {"work": "w-1", "done": False}

    page = '<h1>春天</h1><p class="label">AI生成</p><script id="state">{"post": {"id": "p-1"}}</script>'
    return Recorder(
        {
            ("POST", "/consents"): consent,
            ("POST", "/drafts"): (201, {"content-type": "text/plain"}, b"t-1"),
            ("POST", "/works"): begun,
            ("POST", "/works/state"): state,
            ("GET", "/works/w-1/file"): (200, {"x-kind": "text/plain"}, "春天来了".encode()),
            ("POST", "/posts"): html(page),
            ("GET", "/posts/p-1"): html(page),
            ("GET", "/posts/p-1/refutations"): html("<ul><li><p>不实</p></li></ul>"),
            ("GET", "/records"): {"records": [{"at": "2026-11-30T00:00:00+00:00", "text": "r"}]},
            ("POST", "/chat"): {"chat": "c-1", "reply": "你好", "state": "over"},
            ("GET", "/chat"): [{"id": "c-1", "text": "你好"}],
            ("POST", "/origin"): {"ours": False},
        }
    )


def test_every_operation_of_a_companion_works_as_the_recipe_says(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(PNG.data)
    environ = {"COMPANION_URL": "http://127.0.0.1:9", "LI_SESSION": "session-1", "SUBJECT_NUMBER": "110101199003070000"}
    binding = recipe(tmp_path, "A companion on pages, with jobs and records", **environ)
    with talking(binding, companion(), sleep=lambda seconds: None) as provider:
        outcomes = list(examine(binding, provider))
        chatted = provider.chat(provider.ready_made.accounts["verified_adult"], ChatRequest("你好"))
        told = provider.refutations(Publication("p-1"))
    tried = {each.operation for each in outcomes if each.state == "works"}
    assert {each.value for each in binding.capabilities.operations} - tried == {"delete_account"}
    assert isinstance(chatted, Accepted)
    assert chatted.value.ended
    assert isinstance(told, Accepted)
    assert [each.text for each in told.value] == ["不实"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operations:\n  upload: {held: true, path: /files}\n", "found held and path"),
        ("operations:\n  publish: {held: true, extract: {id: id}}\n", "which only upload can be"),
        ("defaults: {held: true}\noperations:\n  reset: {path: /r}\n", "found held, which only an operation can have"),
    ],
)
def test_only_uploads_are_held(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in each for each in faults(tmp_path, text))


PLATFORM = """\
target: {name: T, base_url: "http://127.0.0.1:9", environment: test, services: {text: [text/plain], voice: [audio/wav]}}
defaults: {path: /rpc, json: {session: s}, accept_when: "id"}
"""


def test_an_operation_of_variants_takes_the_address_of_defaults(tmp_path: Path) -> None:
    """A body of its own makes it the request for all other arguments; without one it is none."""
    variants = "    variants: [{when: {service: voice}, json: {call: speak}}]\n    extract: {id: id}\n"
    with_body = "operations:\n  generate:\n    json: {call: write}\n" + variants
    app = Recorder({("POST", "/rpc"): {"id": "1"}})
    with talking(bind(tmp_path, with_body, target=PLATFORM), app) as provider:
        for service, kind in ((Service.TEXT, "text/plain"), (Service.VOICE, "audio/wav")):
            assert isinstance(provider.generate(None, GenerationRequest(service, kind, "x")), Accepted)
    assert [each["body"] for each in app.asked] == [
        b'{"session":"s","call":"write"}',
        b'{"session":"s","call":"speak"}',
    ]
    told = faults(tmp_path, "operations:\n  generate:\n" + variants, target=PLATFORM)
    assert any("no variant for service text" in each and "a body, query or method" in each for each in told)


def test_variables_stand_in_strings_of_templates(tmp_path: Path) -> None:
    environ = {"SECRET": "se'cr\\et-1", "KEY": "key-0001"}
    text = (
        "operations:\n  generate:\n    path: /g\n    extract: {id: id}\n    json:\n"
        '      plain: "a ${KEY} b"\n      whole: "{{ \'${SECRET}\' | hex }}"\n'
        "      mixed: \"{{ ('k=${KEY}, $${' ~ request.prompt) }}\"\n"
        "      nested: \"{{ {'user': {'id': '${KEY}'}} | json }}\"\n"
    )
    app = Recorder()
    with talking(bind(tmp_path, text, environ=environ), app) as provider:
        provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "x"))
    sent = app.asked[0]["body"].decode()
    assert '"plain":"a key-0001 b"' in sent
    assert environ["SECRET"].encode().hex() in sent
    assert '"mixed":"k=key-0001, ${x"' in sent
    assert '{\\"user\\":{\\"id\\":\\"key-0001\\"}}' in sent
    told = faults(
        tmp_path,
        "operations:\n  generate: {path: /g, extract: {id: id}, query: {q: '{{ ${KEY} }}'}}\n",
        environ=environ,
    )
    assert any("expected it in quotes there" in each for each in told)
