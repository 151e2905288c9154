"""Secrets stay out of evidence, in whatever form they come back."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.conformance.entities import Account, GenerationRequest
from shenhe.conformance.evidence.export import as_curl, as_pytest
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.exchange import KEPT_TEXT, Exchange, ReceivedResponse, SentRequest, to_step
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.core.text import visible
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "x")
SECRET = 's3cr3t/+"&é王~?token'


def everywhere(provider: Any) -> str:
    """All that could leave the process."""
    steps = [to_step(each, "probe").model_dump_json() for each in provider.log]
    return "\n".join([repr(provider.log), *steps, as_curl(provider.log), as_pytest(provider.log)])


@pytest.mark.parametrize(
    "form",
    [
        str,
        lambda text: quote(text, safe=""),
        quote,
        quote_plus,
        lambda text: quote(text, safe="").lower(),
        lambda text: json.dumps(text),
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(text).replace("/", "\\/"),
        html.escape,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(b"u:" + text.encode() + b":more").decode(),
        lambda text: base64.urlsafe_b64encode(b"ab" + text.encode()).decode(),
        lambda text: base64.b64encode(b"abc" + text.encode() + b"z").decode(),
    ],
)
def test_a_secret_is_found_in_every_form(form: Any) -> None:
    redacted = Redactor({"KEY": SECRET}).text(f"before {form(SECRET)} after")
    assert "${KEY}" in redacted
    assert "s3cr3t" not in redacted
    assert "czNjcjN0" not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
@pytest.mark.costly
def test_any_secret_between_anything(secret: str, before: str, after: str) -> None:
    placeholder = "${KEY}"
    redactor = Redactor({"KEY": secret})
    for text in (
        before + secret + after,
        json.dumps([before + secret + after]),
        quote(before + secret + after, safe="", errors="surrogatepass"),
    ):
        redacted = redactor.text(text)
        assert secret not in redacted.replace(placeholder, "\0") or secret in placeholder
        assert placeholder in redacted


def test_tokens_are_numbered_and_old_ones_stay_hidden() -> None:
    redactor = Redactor({})
    tokens = [f"tok-{number:04d}-abcdefgh" for number in range(200)]
    for token in tokens:
        redactor.learn("token", token)
        redactor.learn("token", token)
    text = redactor.text(" ".join(tokens))
    assert text == " ".join(f"${{token_{number}}}" for number in range(1, 201))


def test_a_token_from_an_answer_is_hidden_from_the_first_exchange_on(tmp_path: Path) -> None:
    binding = bind(
        tmp_path,
        """\
auth: {type: bearer, token: '{{ account.credentials.token }}'}
operations:
  register: {path: /a, json: {}, extract: {id: id, credentials: {token: session.token}}, auth: {type: none}}
  generate: {path: /g, query: {key: '{{ account.credentials.token }}'}, extract: {id: id}}
""",
    )
    token = "eyJhbGciOi+J9/x=="

    def echo(asked: dict[str, Any]) -> Any:
        told = {"id": "1", "you": asked["headers"]["authorization"], "again": [token, quote(token, safe="")], token: 1}
        return 200, {"X-Echo": token, "Set-Cookie": f"s={token}; HttpOnly"}, told

    app = Recorder({("POST", "/a"): {"id": "acc-1", "session": {"token": token}}, ("GET", "/g"): echo})
    with talking(binding, app) as provider:
        registered = provider.register({})
        assert isinstance(registered, Accepted)
        assert registered.value.credentials == {"token": token}
        provider.generate(registered.value, REQUEST)
        left = everywhere(provider)
    assert token not in left
    assert quote(token, safe="") not in left
    assert "${token_1}" in left
    assert "eyJhbGci" not in left


def test_environment_values_never_leave(tmp_path: Path) -> None:
    binding = bind(
        tmp_path,
        """\
auth: {type: basic, username: '${USERNAME}', password: '${PASSWORD}'}
accounts: {verified_adult: {id: '${ACCOUNT}', credentials: {token: '${TOKEN}'}}}
identities: {verified_adult: {method: id-card, number: '${NUMBER}', name: '${NAME}'}}
operations:
  verify_identity: {path: '/i/{{ account.id }}', json: {n: '{{ identity.number }}', name: '{{ identity.name }}'}}
  generate: {path: /g, headers: {X: '${TOKEN}'}, extract: {id: id}}
""",
        environ=(
            environ := {
                "USERNAME": "user-of-ours",
                "PASSWORD": "pass-word-of-ours",
                "ACCOUNT": "account-77",
                "TOKEN": "token+of/ours=",
                "NUMBER": "110101199003070011",
                "NAME": "王小明",
            }
        ),
    )
    app = Recorder()
    app.answers["GET", "/g"] = lambda asked: (403, {}, {"said": [*environ.values(), dict(asked["headers"])]})
    app.answers["POST", "/i/account-77"] = lambda asked: (200, {}, {"echo": asked["body"].decode()})
    with talking(binding, app) as provider:
        ready = provider.ready_made
        provider.verify_identity(ready.accounts["verified_adult"], ready.identities["verified_adult"])
        provider.generate(ready.accounts["verified_adult"], REQUEST)
        left = everywhere(provider) + repr(binding)
    for name, value in environ.items():
        for form in (value, quote(value, safe=""), base64.b64encode(value.encode()).decode(), json.dumps(value)[1:-1]):
            assert form not in left, (name, form)
    assert "${NUMBER}" in left
    basic = base64.b64encode(b"${USERNAME}:${PASSWORD}").decode()
    assert f"Basic {basic}" in left


def test_an_error_repeats_no_secret(tmp_path: Path) -> None:
    header = "{X: '{{ account.credentials.token }} {{ account.credentials.other }}'}"
    text = f"operations:\n  generate: {{path: /g, headers: {header}, extract: {{id: id}}}}\n"
    with talking(bind(tmp_path, text), Recorder()) as provider:
        result = provider.generate(Account("a", {"token": "very-secret-token"}), REQUEST)
    assert isinstance(result, Unavailable)
    assert "very-secret" not in repr(result)


def test_a_secret_cut_at_the_end_of_a_body_is_redacted(tmp_path: Path) -> None:
    secret = "abcdefghijklmnopqrstuvwxyz0123456789"
    text = "operations:\n  generate: {path: /g, headers: {X: '${KEY}'}, extract: {id: id}}\n"
    filler = "x" * (KEPT_TEXT - 20)
    app = Recorder({("GET", "/g"): (200, {"content-type": "text/plain"}, f"{filler}{secret}".encode())})
    with talking(bind(tmp_path, text, environ={"KEY": secret}), app) as provider:
        provider.generate(None, REQUEST)
        body = provider.log[0].response.body  # type: ignore[union-attr]
    assert b"abcdef" not in body
    assert len(body) <= KEPT_TEXT


# --- what a report shows
# ---------------------------------------------------------------------------------------------------------


def exchange(body: bytes, **response: Any) -> Exchange:
    received = ReceivedResponse(200, (("X", "\x1b[31m\u202ered"),), body, len(body), "f" * 64, **response)
    return Exchange("view", SentRequest("GET", "http://127.0.0.1/\x1b]0;t\x07"), received, None, "b.yaml:1")


def test_terminal_escapes_are_written_out() -> None:
    step = to_step(exchange("a\x1b[2J\x07\u202e\u200bb\tc\nd\x9b\r".encode()), "probe")
    assert step.response_body == "a\\x1b[2J\\x07\\u202e\\u200bb\tc\nd\\x9b\\x0d"
    assert step.response_headers == {"X": "\\x1b[31m\\u202ered"}
    assert step.url == "http://127.0.0.1/\\x1b]0;t\\x07"


def test_binary_is_described_and_long_text_is_cut() -> None:
    binary = to_step(exchange(b"\x89PNG\r\n\x1a\n\x00\xff"), "probe").response_body
    assert binary == f"(10 bytes, not text, sha256 {'f' * 64})"
    long = to_step(exchange("字".encode() * 10_000), "probe").response_body
    assert len(long) < 8_100
    assert long.endswith("(30,000 bytes in all)")
    assert to_step(exchange("字".encode()[:2]), "probe").response_body == ""


def test_an_exchange_without_answer() -> None:
    step = to_step(Exchange("view", SentRequest("GET", "http://h/"), None, "timed out", "b.yaml:1"), "set-up")
    assert (step.status, step.error, step.role, step.origin) == (None, "timed out", "set-up", "b.yaml:1")


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_visible_text_has_no_control_characters(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(ord(character) < 32 and character not in "\t\n" for character in shown)
    shown.encode()


@pytest.mark.parametrize("cut", range(4, len("abcdefgh-01234567")))
def test_an_excerpt_shows_no_part_of_a_secret_that_it_cuts(cut: int) -> None:
    secret = "abcdefgh-01234567"
    redactor = Redactor({"KEY": secret})
    start, end = secret[:cut], secret[-cut:]
    for excerpt in (f"it said: {start}", f"it said: {start}\n[…]\nmore", f"{end} was said", f"notice '{start}'"):
        shown = redactor.excerpt(excerpt)
        assert "<redacted>" in shown
        assert not any(secret[at : at + 4] in shown for at in range(len(secret) - 3))
    assert redactor.excerpt(f"whole {secret}, and abc…") == "whole ${KEY}, and abc…"
