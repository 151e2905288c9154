"""Who is asking: logins, OAuth2 tokens and session cookies, each for one account, each renewed once, none in the
evidence.
"""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from shenhe.conformance.bindings import BindingError
from shenhe.conformance.entities import Account, GenerationRequest
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.rulebook import Service

from ..apps import TARGET, Recorder, bind, talking
from ..evidence.test_redaction import everywhere

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "x")
GENERATE = "operations:\n  generate: {path: /g, extract: {id: id}}\n"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- OAuth2
# ----------------------------------------------------------------------------------------------------

OAUTH = "auth: {type: oauth2, token_url: /token, client_id: 'me:1', client_secret: '${SECRET}', scope: 'a b'%s}\n"
ENVIRON = {"SECRET": "client-secret-of-ours"}


class TokenServer(Recorder):
    """Gives a new token each time, and takes only the newest."""

    def __init__(self, expires_in: object = 3600) -> None:
        super().__init__()
        self.given = 0
        self.expires_in = expires_in
        self.answers["POST", "/token"] = self.token
        self.answers["GET", "/g"] = self.generation

    def token(self, asked: dict[str, Any]) -> Any:
        self.given += 1
        return {"access_token": self.newest, "token_type": "Bearer", "expires_in": self.expires_in}

    @property
    def newest(self) -> str:
        return f"access-token-number-{self.given:04d}"

    def generation(self, asked: dict[str, Any]) -> Any:
        if asked["headers"].get("authorization") != f"Bearer {self.newest}":
            return 401, {}, {"error": "invalid_token", "seen": asked["headers"].get("authorization")}
        return {"id": "1", "seen": asked["headers"]["authorization"]}


def test_a_token_is_fetched_once_and_used_until_it_expires(tmp_path: Path) -> None:
    app, clock = TokenServer(expires_in=100), Clock()
    with talking(bind(tmp_path, OAUTH % "" + GENERATE, environ=ENVIRON), app, clock=clock) as provider:
        for _ in range(3):
            assert isinstance(provider.generate(None, REQUEST), Accepted)
        assert app.given == 1
        clock.now += 91  # a tenth of its time before its end
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        assert app.given == 2
        left = everywhere(provider)
    first = app.asked[0]
    assert parse_qs(first["body"].decode()) == {"grant_type": ["client_credentials"], "scope": ["a b"]}
    assert base64.b64decode(first["headers"]["authorization"].removeprefix("Basic ")) == b"me%3A1:client-secret-of-ours"
    assert "access-token-number" not in left
    assert "client-secret-of-ours" not in left
    assert "${access_token_2}" in left


def test_the_secret_may_go_in_the_form(tmp_path: Path) -> None:
    app = TokenServer()
    with talking(
        bind(tmp_path, OAUTH % ", client_auth: form, extra: {audience: x}" + GENERATE, environ=ENVIRON), app
    ) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        assert "client-secret" not in everywhere(provider)
    sent = parse_qs(app.asked[0]["body"].decode())
    assert sent["client_secret"] == ["client-secret-of-ours"]
    assert sent["audience"] == ["x"]
    assert "authorization" not in app.asked[0]["headers"]


def test_a_refused_token_is_renewed_once(tmp_path: Path) -> None:
    app = TokenServer(expires_in=None)
    with talking(bind(tmp_path, OAUTH % "" + GENERATE, environ=ENVIRON), app) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        app.given += 1  # the token in use is revoked
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Accepted)
        assert [each.operation for each in result.exchanges] == ["generate", "token", "generate"]
        app.answers["GET", "/g"] = (401, {}, {"error": "never"})
        result = provider.generate(None, REQUEST)
        assert isinstance(result, Refused)
        assert [each.operation for each in result.exchanges] == ["generate", "token", "generate"]


def test_a_fresh_token_that_is_refused_is_an_answer(tmp_path: Path) -> None:
    app = TokenServer()
    app.answers["GET", "/g"] = (401, {}, {})
    with talking(bind(tmp_path, OAUTH % "" + GENERATE, environ=ENVIRON), app) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Refused)
    assert app.given == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {}, {"error": "invalid_client"}), "the token was not given (status 400)"),
        ({"token": "elsewhere"}, "found an answer without access_token"),
        ((200, {}, b"<html>"), "found an answer without access_token"),
        ([], "found an answer without access_token"),
        ((302, {"location": "http://evil.example/"}, b""), "the token was not given (status 302)"),
    ],
)
def test_no_token_is_no_answer_and_names_the_line(tmp_path: Path, answer: Any, words: str) -> None:
    app = Recorder({("POST", "/token"): answer})
    with talking(bind(tmp_path, OAUTH % "" + GENERATE, environ=ENVIRON), app) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert result.reason.startswith("binding.yaml:7: auth.token_url: ")
    assert words in result.reason
    assert len(app.asked) == 1


AUTH_HOSTS = TARGET + "  auth_hosts: [login.example]\n"


def test_a_token_url_elsewhere_is_a_mistake_of_the_binding(tmp_path: Path) -> None:
    text = (OAUTH % "").replace("/token", "https://elsewhere.example/token") + GENERATE
    with pytest.raises(BindingError, match="auth.token_url: found the host 'elsewhere.example'"):
        bind(tmp_path, text, environ=ENVIRON, target=AUTH_HOSTS)


def test_a_secret_goes_to_an_allowed_host_by_https_only(tmp_path: Path) -> None:
    text = (OAUTH % "").replace("/token", "http://login.example/token") + GENERATE
    app = Recorder()
    with talking(bind(tmp_path, text, environ=ENVIRON, target=AUTH_HOSTS), app) as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert "write https" in result.reason
    assert app.asked == []


def test_a_token_from_an_allowed_host(tmp_path: Path) -> None:
    text = (OAUTH % "").replace("/token", "https://login.example/token") + GENERATE
    app = TokenServer()
    with talking(
        bind(tmp_path, text, environ=ENVIRON, target=TARGET + "  auth_hosts: [login.example]\n"), app
    ) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
    assert app.asked[0]["headers"]["host"] == "login.example"


def test_a_secret_written_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, OAUTH.replace("${SECRET}", "in-the-clear") % "" + GENERATE)
    assert "client_secret" in str(caught.value)
    assert "in-the-clear" not in str(caught.value)


def test_a_token_written_in_the_file_is_redacted_all_the_same(tmp_path: Path) -> None:
    app = Recorder({("GET", "/g"): lambda asked: {"id": "1", "echo": dict(asked["headers"])}})
    with talking(bind(tmp_path, "auth: {type: bearer, token: written-in-the-file}\n" + GENERATE), app) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        assert "written-in-the-file" not in everywhere(provider)


# --- login
# ----------------------------------------------------------------------------------------------------

LOGIN = """\
auth: {type: bearer, token: '{{ account.credentials.session }}'}
login:
  path: /login
  json: {user: '{{ account.credentials.user }}', password: '{{ account.credentials.password }}'}
  extract: {credentials: {session: data.session}}
  accept_when: code == `0`
  reason: message
  expired_when: code == `40101`
operations:
  register:
    path: /register
    json: {user: '{{ profile.username }}', password: '{{ profile.password }}'}
    extract: {id: id, credentials: {user: {value: '{{ profile.username }}'}, password: {value: '{{ profile.password }}'}}}
    auth: {type: none}
  generate: {path: /g, extract: {id: id}, accept_when: id}
"""


class LoginServer(Recorder):
    def __init__(self) -> None:
        super().__init__({("POST", "/register"): {"id": "7"}})
        self.sessions: dict[str, str] = {}
        self.closed: set[str] = set()
        self.answers["POST", "/login"] = self.login
        self.answers["GET", "/g"] = self.generation

    def login(self, asked: dict[str, Any]) -> Any:
        body = json.loads(asked["body"])
        if body["user"] in self.closed:
            return {"code": 40301, "message": "account closed"}
        self.sessions[body["user"]] = session = f"session-of-{body['user']}-{len(self.asked):03d}"
        return {"code": 0, "data": {"session": session}}

    def generation(self, asked: dict[str, Any]) -> Any:
        if asked["headers"].get("authorization", "").removeprefix("Bearer ") not in self.sessions.values():
            return {"code": 40101}
        return {"code": 0, "id": "1", "echo": asked["headers"]["authorization"]}


def test_accounts_sign_in_when_needed_and_never_share_a_session(tmp_path: Path) -> None:
    app = LoginServer()
    with talking(bind(tmp_path, LOGIN), app) as provider:
        people = [provider.register({"username": name, "password": f"pass-{name}"}) for name in ("ann", "bob")]
        for result in people * 2:
            assert isinstance(result, Accepted)
            assert isinstance(provider.generate(result.value, REQUEST), Accepted)
        assert [each["path"] for each in app.asked].count("/login") == 2
        assert len({each["headers"]["authorization"] for each in app.asked if each["path"] == "/g"}) == 2
        assert "session-of-ann" not in everywhere(provider)


def test_a_sign_in_carries_its_own_auth(tmp_path: Path) -> None:
    app = LoginServer()
    own = "login:\n  auth: {type: header, name: X-First, value: '{{ account.credentials.password }}'}\n"
    with talking(bind(tmp_path, LOGIN.replace("login:\n", own, 1)), app) as provider:
        assert isinstance(provider.generate(Account("7", {"user": "ann", "password": "pass-ann"}), REQUEST), Accepted)
    (sign_in,) = (each for each in app.asked if each["path"] == "/login")
    assert sign_in["headers"]["x-first"] == "pass-ann"


def test_a_session_that_is_over_is_renewed_once(tmp_path: Path) -> None:
    app = LoginServer()
    ann = Account("7", {"user": "ann", "password": "pass-ann"})
    with talking(bind(tmp_path, LOGIN), app) as provider:
        assert isinstance(provider.generate(ann, REQUEST), Accepted)
        app.sessions.clear()
        result = provider.generate(ann, REQUEST)
        assert isinstance(result, Accepted)
        assert [each.operation for each in result.exchanges] == ["generate", "login", "generate"]
        app.sessions.clear()
        app.closed.add("ann")
        assert isinstance(provider.generate(ann, REQUEST), Refused)


def test_who_may_not_sign_in_is_refused(tmp_path: Path) -> None:
    app = LoginServer()
    app.closed.add("ann")
    with talking(bind(tmp_path, LOGIN), app) as provider:
        result = provider.generate(Account("7", {"user": "ann", "password": "p"}), REQUEST)
    assert isinstance(result, Refused)
    assert result.reason == "login: account closed"


def test_a_login_without_the_session_names_its_line(tmp_path: Path) -> None:
    app = LoginServer()
    app.answers["POST", "/login"] = {"code": 0, "data": {"token": "x"}}
    with talking(bind(tmp_path, LOGIN), app) as provider:
        result = provider.generate(Account("7", {"user": "ann", "password": "p"}), REQUEST)
    assert isinstance(result, Unavailable)
    assert result.reason.startswith(
        "binding.yaml:11: login.extract.credentials.session: found nothing at 'data.session'"
    )


def test_an_account_that_came_with_a_session_does_not_sign_in(tmp_path: Path) -> None:
    app = LoginServer()
    app.sessions["x"] = "session-ready-made"
    with talking(bind(tmp_path, LOGIN), app) as provider:
        assert isinstance(provider.generate(Account("1", {"session": "session-ready-made"}), REQUEST), Accepted)
    assert [each["path"] for each in app.asked] == ["/g"]


# --- cookies
# ----------------------------------------------------------------------------------------------------

COOKIES = """\
auth: {type: cookie, cookies: {sid: '{{ account.credentials.sid }}', lang: zh}}
operations:
  register: {path: /register, method: POST, extract: {id: id, credentials: {sid: {cookie: sid}}}, auth: {type: none}}
  generate: {path: /g, extract: {id: id}}
"""


def test_a_session_cookie_belongs_to_one_account(tmp_path: Path) -> None:
    app = Recorder()
    count = iter(range(100))
    app.answers["POST", "/register"] = lambda asked: (
        200,
        {"set-cookie": f"sid=first-{next(count):08d}; Path=/; HttpOnly"},
        {"id": "1"},
    )
    app.answers["GET", "/g"] = (
        200,
        {"set-cookie": "sid=renewed-12345678; Path=/"},
        {"id": "1", "you": "renewed-12345678"},
    )
    with talking(bind(tmp_path, COOKIES), app) as provider:
        ann, bob = (provider.register({}) for _ in range(2))
        assert isinstance(ann, Accepted)
        assert isinstance(bob, Accepted)
        for account in (ann.value, ann.value, bob.value, None):
            provider.generate(account, REQUEST)
        left = everywhere(provider)
    sent = [each["headers"].get("cookie") for each in app.asked[2:]]
    assert sent == ["sid=first-00000000; lang=zh", "sid=renewed-12345678; lang=zh", "sid=first-00000001; lang=zh", None]
    assert "first-0000" not in left
    assert "renewed-1234" not in left


def test_threads_that_find_a_session_over_renew_it_once(tmp_path: Path) -> None:
    """Accounts at once: the server takes only the newest token, and no thread puts another's out of use."""
    app = TokenServer()
    both = Barrier(2)
    first: list[bool] = [True, True]

    def said(status: int, document: object) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(document).encode()))

    def handle(request: httpx.Request) -> httpx.Response:
        asked = {"headers": dict(request.headers), "body": request.content}
        if request.url.path == "/token":
            return said(200, app.token(asked))
        if first:
            first.pop()
            both.wait(10)
            return said(401, {})
        answer = app.generation(asked)
        return said(answer[0] if isinstance(answer, tuple) else 200, {"id": "1"})

    binding = bind(tmp_path, OAUTH % "" + GENERATE, environ=ENVIRON)
    with binding.connect(transport=httpx.MockTransport(handle)) as provider, ThreadPoolExecutor(2) as pool:
        first.clear()
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        first.extend([True, True])
        results = list(pool.map(lambda _: provider.generate(None, REQUEST), range(2)))
    assert all(isinstance(result, Accepted) for result in results), results
    assert app.given == 2


def test_a_session_that_goes_in_a_body_is_signed_in_for_too(tmp_path: Path) -> None:
    text = LOGIN.replace(
        "generate: {path: /g,",
        "generate: {path: /g, json: {s: '{{ account.credentials.session }}'}, auth: {type: none},",
    )
    app = LoginServer()
    app.answers["POST", "/g"] = {"code": 0, "id": "1"}
    with talking(bind(tmp_path, text), app) as provider:
        assert isinstance(provider.generate(Account("7", {"user": "ann", "password": "p"}), REQUEST), Accepted)
    assert app.asked[1]["body"] == json.dumps({"s": app.sessions["ann"]}, separators=(",", ":")).encode()
