"""A target that misbehaves on the wire: redirects that collect credentials, responses without end, surplus bytes."""

from __future__ import annotations

import contextlib
import errno
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from shenhe.cli.main import message_of
from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.client.http import cassette
from shenhe.conformance.bindings.client.http.cassette import Recording
from shenhe.conformance.bindings.client.http.connection import (
    RUN_IS_OVER,
    Connection,
    ExchangeLog,
    Request,
    retry_after,
)
from shenhe.conformance.bindings.client.http.transport import DeadlineTransport
from shenhe.conformance.bindings.client.sessions import _lifetime
from shenhe.conformance.bindings.language.format import LimitsSection
from shenhe.conformance.bindings.language.responses.response import Response, ResponseError
from shenhe.conformance.bindings.language.responses.sources import Query
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.core.files import only_writer, write_whole
from shenhe.sample import create_app, sample_binding

from ...command_line import shenhe


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
    recording = Recording(path, "https://target.example", Redactor({}), in_process=False)
    for number in range(1000):
        recording.add(request("GET"), None, [], f"failure {number}")
    recording.close()
    assert path.stat().st_size <= 5_000
    assert "is full" in recording.trouble


def test_a_full_disk_ends_the_cassette_and_not_the_run() -> None:
    recording = Recording(Path("/dev/full"), "https://target.example", Redactor({}), in_process=False)
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


# --- responses that go on, or never end -------------------------------------------------------------------------------


@contextlib.contextmanager
def keeping(*responses: bytes) -> Iterator[str]:
    """A server that answers the requests of each connection by these responses, one after another."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = list(responses)

    def serve() -> None:
        while left:
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                connection.settimeout(5)
                while left and connection.recv(65536):
                    connection.sendall(left.pop(0))
                # So that the client sees the connection open.
                connection.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def connected(url: str, **limits: Any) -> Connection:
    client = httpx.Client(transport=DeadlineTransport(), trust_env=False)
    return Connection(client, base_url=url, limits=LimitsSection(**limits), redactor=Redactor({}))


def get(connection: Connection) -> tuple[Response | None, ExchangeLog]:
    log = ExchangeLog()
    return connection.send(Request("view", "GET", f"{connection.base_url}/a", (), b""), log), log


FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("surplus", [FORGED, b"HTTP/1.1 200 OK\r\nX-Rest: ", b"rest of a body"])
@pytest.mark.parametrize("chunked", [False, True])
def test_bytes_behind_a_response_are_an_error_and_not_the_next_response(surplus: bytes, chunked: bool) -> None:
    whole = b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" if chunked else b"Content-Length: 2\r\n\r\nok"
    with keeping(b"HTTP/1.1 200 OK\r\n" + whole + surplus, REFUSED) as url:
        connection = connected(url)
        response, log = get(connection)
        assert response is None
        assert "follow the end of the response" in log.failure
        response, log = get(connection)
    assert response is not None, log.failure
    assert (response.status, response.body) == (403, b"no")


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Checksum: 1\r\n\r\n",
    ],
    ids=["body of a 204", "empty line", "trailer"],
)
def test_harmless_surplus_is_left_unread(first: bytes) -> None:
    with keeping(first, REFUSED) as url:
        connection = connected(url)
        response, log = get(connection)
        assert response is not None, log.failure
        response, log = get(connection)
    assert response is not None, log.failure
    assert response.status == 403


def test_a_request_ends_with_the_run() -> None:
    with keeping(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n...", REFUSED) as url:
        connection = connected(url)
        connection.until = time.monotonic() + 0.3
        response, log = get(connection)
        assert response is None
        assert log.failure == RUN_IS_OVER
        assert time.monotonic() - connection.until < 15  # not a measure: nobody else ends it
        _, log = get(connection)
        assert log.failure == RUN_IS_OVER


def test_a_pause_ends_with_the_run() -> None:
    paused: list[float] = []
    connection = Connection(
        httpx.Client(),
        base_url="http://127.0.0.1:9",
        limits=LimitsSection(),
        redactor=Redactor({}),
        sleep=paused.append,
    )
    connection.until = time.monotonic() + 1
    connection.sleep(600)
    connection.until = 0
    connection.sleep(600)
    assert 0 < paused[0] <= 1
    assert paused[1] == 0


@pytest.mark.costly
def test_a_waiting_check_ends_with_the_run() -> None:
    """A report that is never decided is asked for again and again; ``max_seconds`` ends that."""
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=["search-survives"]))) as provider:
        provider._capabilities = replace(provider.capabilities, settling_seconds=600)
        began = time.monotonic()
        report = run_checks(provider, rules=["cn-dsp-2023/10.*"], level="full", examples=0, max_seconds=3)
    assert time.monotonic() - began < 30
    assert report.stopped is not None
    assert report.stopped.kind == "budget"


class _BreaksOnce(AsgiTransport):
    broken = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.broken:
            self.broken += 1
            raise httpx.ReadError("connection reset by peer")
        return super().handle_request(request)


def test_one_broken_connection_ends_no_run() -> None:
    transport = _BreaksOnce(create_app())
    with load_binding(sample_binding(), environ={}).connect(transport=transport) as provider:
        report = run_checks(provider, rules=["cn-dsp-2023/9.2"], examples=0)
    assert transport.broken
    assert report.stopped is None
    assert report.summary.exit_code == 0


# --- endings ----------------------------------------------------------------------------------------------------------


def test_an_interruption_while_loading_leaves_no_traceback() -> None:
    code = """
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "shenhe.cli.check":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from shenhe.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "shenhe: stopped; finished work is kept\n"


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with only_writer(tmp_path):
        done = shenhe("check", "sample", "--rules", "cn-dsp-2023/9.2", "--out", tmp_path)
    assert done.exit_code == 2
    assert "another process writes to it" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported_with_the_file_and_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, "x")
    assert message_of(caught.value) == (
        f"{path}: No space left on device; make room or choose another folder, then repeat the command"
    )
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_file_leave_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    def write(letter: str) -> None:
        for _ in range(100):
            write_whole(path, letter * 100_000)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    assert len(path.read_text()) == 100_000
    assert len(set(path.read_text())) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]
