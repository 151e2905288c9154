"""A target that misbehaves on the wire: redirects that collect credentials, responses without end, surplus bytes."""

from __future__ import annotations

import contextlib
import tracemalloc
from pathlib import Path

import httpx
import pytest

from shenhe.conformance.bindings.client.http import cassette
from shenhe.conformance.bindings.client.http.cassette import Recording
from shenhe.conformance.bindings.client.http.connection import Connection, ExchangeLog, Request, retry_after
from shenhe.conformance.bindings.client.sessions import _lifetime
from shenhe.conformance.bindings.language.format import LimitsSection
from shenhe.conformance.bindings.language.responses.response import Response, ResponseError
from shenhe.conformance.bindings.language.responses.sources import Query
from shenhe.conformance.evidence.redaction import Redactor


def redirecting(status: int, seen: list[httpx.Request]) -> Connection:
    """A connection to a target that redirects everything to a media host."""

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "media.example":
            return httpx.Response(200, stream=httpx.ByteStream(b"media"))
        return httpx.Response(status, headers={"location": "https://media.example/file"}, stream=httpx.ByteStream(b""))

    return Connection(
        httpx.Client(transport=httpx.MockTransport(respond)),
        base_url="https://target.example",
        limits=LimitsSection(),
        redactor=Redactor({}),
        media_hosts=frozenset({"media.example"}),
    )


def request(method: str, body: bytes = b"") -> Request:
    headers = (
        ("X-Api-Key", "secret-key"),
        ("Api-Key", "secret-key"),
        ("Authorization", "Bearer secret-key"),
        ("Cookie", "sid=secret-key"),
        ("X-Session", "secret-key"),
        ("Accept", "image/png"),
    )
    return Request("fetch", method, "https://target.example/media", headers, body, follow_redirects=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_credential_follows_a_redirect_to_a_media_host(status: int) -> None:
    seen: list[httpx.Request] = []
    log = ExchangeLog()
    response = redirecting(status, seen).send(request("GET"), log)
    assert response is not None
    assert response.body == b"media"
    assert "secret-key" not in str(seen[1].headers.multi_items()) + str(seen[1].url)
    assert seen[1].headers["accept"] == "image/png"


@pytest.mark.parametrize(("status", "method"), [(307, "POST"), (308, "PUT"), (308, "DELETE"), (301, "PUT")])
def test_no_request_is_repeated_at_a_media_host(status: int, method: str) -> None:
    seen: list[httpx.Request] = []
    log = ExchangeLog()
    assert redirecting(status, seen).send(request(method, b"password=secret"), log) is None
    assert len(seen) == 1
    assert "another host" in log.failure


def test_a_cassette_ends_at_the_size_that_can_be_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cassette, "MOST_BYTES", 5_000)
    path = tmp_path / "run.cassette"
    recording = Recording(path, "https://target.example", Redactor({}))
    for number in range(1000):
        recording.add(request("GET"), None, [], f"failure {number}")
    recording.close()
    assert path.stat().st_size <= 5_000
    assert "is full" in recording.trouble


def test_a_full_disk_ends_the_cassette_and_not_the_run() -> None:
    recording = Recording(Path("/dev/full"), "https://target.example", Redactor({}))
    recording.add(request("GET"), None, [], "failure")
    recording.close()
    assert "cannot be written any more" in recording.trouble


# --- bodies that are larger inside than outside -----------------------------------------------------------------------

BOMBS = {
    "empty lists": b"[" + b"[]," * 6_000_000 + b"[]]",
    "empty objects": b"[" + b"{}," * 6_000_000 + b"{}]",
    "short texts": b"[" + b'"a",' * 4_500_000 + b'"a"]',
    "nested lists": b"[" * 9_000_000 + b"]" * 9_000_000,
    "one long text": b'"' + b"a" * 18_000_000 + b'"',
    "many digits": b"[" + b"1" * 18_000_000 + b"]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_json_body_costs_a_small_multiple_of_itself(name: str) -> None:
    body = BOMBS[name]
    tracemalloc.start()
    try:
        response = Response(200, {"content-type": "application/json"}, body)
        _ = response.is_json
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(body), f"{peak:,} bytes for {len(body):,}"


@pytest.mark.parametrize(
    "value", ["9" * 400, "1e999", "Fri, 31 Dec 99999 23:59:59 GMT", "Mon, 1 Jan 0000", "-1", "\x00"]
)
def test_any_retry_after_is_read_or_ignored(value: str) -> None:
    wait = retry_after(value, "Fri, 31 Dec 1999 23:59:59 GMT")
    assert wait is None or wait >= 0


@pytest.mark.parametrize("value", [10**400, float("inf"), float("nan"), -1, "x", None, [], "1e999", True, 0])
def test_any_lifetime_of_a_token_is_read_or_ignored(value: object) -> None:
    _lifetime(value)


@pytest.mark.parametrize(
    "expression",
    [
        " | ".join(["[@, @][]"] * 40),
        " | ".join(["[@, @, @, @, @, @, @, @, @, @][]"] * 5),
        "(" * 5_000 + "@" + ")" * 5_000,
        ".".join(["a"] * 20) + " | " + " | ".join(["{a: @, b: @}.*[]"] * 30),
    ],
)
def test_an_expression_that_multiplies_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Query(expression)


@pytest.mark.parametrize("data", [[[[1e308, 1e308]]], ["a" * 9999], {"a": 10**400}, [None] * 9])
@pytest.mark.parametrize("expression", ["sum(@)", "avg(@)", "to_number(a)", "abs(a)", "sort(@)", "max(@)", "ceil(a)"])
def test_a_function_that_meets_the_wrong_value_is_an_unreadable_response(expression: str, data: object) -> None:
    with contextlib.suppress(ResponseError):
        Query(expression).search(data)
