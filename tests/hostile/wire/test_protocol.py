"""Servers that break HTTP in fresh ways: each ends in a response or in an error of one line, within bounds."""

from __future__ import annotations

import gzip
import re
import resource
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.entities import Account, GenerationRequest
from shenhe.conformance.provider import Accepted, Refused, Unavailable
from shenhe.core.text import UNSEEN
from shenhe.rulebook import Service

from ...bindings.apps import bind, raw_server

BODY = b'{"id":"1","text":"x"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Handler = Callable[[Any], None]


def whole(body: bytes = BODY, more: bytes = b"") -> bytes:
    return OK + more + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def saying(*parts: bytes) -> Handler:
    def handle(connection: Any) -> None:
        for part in parts:
            connection.sendall(part)

    return handle


def repeating(first: bytes, again: bytes) -> Handler:
    """Until the other side has enough."""

    def handle(connection: Any) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)

    return handle


def answer(status: bytes, *headers: bytes) -> Handler:
    return saying(b"HTTP/1.1 " + status + b"\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n")


def nested(times: int) -> bytes:
    data = BODY
    for _ in range(times):
        data = gzip.compress(data)
    return data


#: Behaviours by name: what the server does, and whether its response may count as one.
SERVERS: dict[str, tuple[Handler, bool]] = {
    "interim responses without end": (repeating(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 200), False),
    "a few interim responses": (saying(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + whole()), True),
    "a chunk extension without end": (repeating(CHUNKED + b"1;", b"a" * 65_536), False),
    "trailers without end": (repeating(CHUNKED + b"1\r\nx\r\n0\r\n", b"A: " + b"b" * 60_000 + b"\r\n"), False),
    "a chunk of 2^64 bytes": (saying(CHUNKED + b"FFFFFFFFFFFFFFFF\r\nx"), False),
    "a chunk of negative size": (saying(CHUNKED + b"-1\r\nx\r\n0\r\n\r\n"), False),
    "chunks of one byte without end": (repeating(CHUNKED, b"1\r\na\r\n" * 5000), False),
    "two lengths": (saying(OK + b"Content-Length: 5\r\nContent-Length: 21\r\n\r\n" + BODY), False),
    "a negative length": (saying(OK + b"Content-Length: -1\r\n\r\n" + BODY), False),
    "a length of twenty digits": (saying(OK + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY), False),
    "a body that inflates": (saying(whole(gzip.compress(b" " * 60_000_000), b"Content-Encoding: gzip\r\n")), False),
    "encodings inside each other": (
        saying(whole(nested(12), b"Content-Encoding: " + b", ".join([b"gzip"] * 12) + b"\r\n")),
        True,
    ),
    "a broken encoding": (saying(whole(gzip.compress(BODY)[:-9], b"Content-Encoding: gzip\r\n")), False),
    "an encoding that is not": (saying(whole(BODY, b"Content-Encoding: gzip\r\n")), False),
    "bare deflate": (saying(whole(zlib.compress(BODY)[2:-4], b"Content-Encoding: deflate\r\n")), True),
    "no head at all": (saying(BODY), False),
    "another protocol": (saying(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), False),
    "a status of words": (answer(b"OK 200"), False),
    "a status line without end": (repeating(b"HTTP/1.1 200 ", b"A" * 65_536), False),
    "headers without end": (repeating(OK, b"".join(b"X%d: y\r\n" % number for number in range(2000))), False),
    "a header with a space": (saying(whole(more=b"Bad Name: x\r\n")), False),
    "a header with a zero byte": (saying(whole(more=b"X: a\x00b\r\n")), False),
    "five thousand cookies": (saying(whole(more=b"".join(b"Set-Cookie: c%d=1\r\n" % n for n in range(5000)))), True),
    "a wait that is no number": (answer(b"429 X", b"Retry-After: nan", b"Content-Length: 0"), False),
    "a wait without end": (answer(b"503 X", b"Retry-After: 1e999", b"Content-Length: 0"), False),
    "a wait of five thousand digits": (answer(b"429 X", b"Retry-After: " + b"9" * 5000, b"Content-Length: 0"), False),
    "a wait until the year 9999": (
        answer(b"429 X", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", b"Content-Length: 0"),
        False,
    ),
    "a charset that is code": (
        saying(whole().replace(b"application/json", b"application/json; charset=unicode_escape")),
        True,
    ),
    "a redirect to itself": (answer(b"302 X", b"Location: /g", b"Content-Length: 0", b"Connection: close"), False),
    "a redirect to a file": (answer(b"302 X", b"Location: file:///etc/passwd", b"Content-Length: 0"), False),
    "a redirect to half an address": (answer(b"302 X", b"Location: http://[::1", b"Content-Length: 0"), False),
    "an id that is no number": (saying(whole(b'{"id": 1e400}')), False),
    "an id of a megabyte": (saying(whole(b'{"id": "' + b"x" * 150_000 + b'"}')), True),
    "nothing": (saying(), False),
    "a page without a head": (saying(b"<html>hi</html>"), False),
    "empty lines without end": (repeating(b"", b"\r\n" * 20_000), False),
    "another protocol from here on": (answer(b"101 X", b"Upgrade: x", b"Connection: Upgrade"), False),
    "a status of four digits": (answer(b"1000 X", b"Content-Length: 0"), False),
    "no content, and then some without end": (repeating(b"HTTP/1.1 204 N\r\n\r\n", b"x" * 60_000), False),
    "chunks that are packed": (
        saying(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
        False,
    ),
    "a transfer encoding of two minds": (
        saying(
            OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n15\r\n" + BODY + b"\r\n0\r\n\r\n"
        ),
        False,
    ),
    "a chunk size in words of Python": (saying(CHUNKED + b"1_5\r\n" + BODY + b"\r\n0\r\n\r\n"), False),
    "a header behind a bare return": (
        saying(OK + b"X: a\rContent-Length: 0\r\nContent-Length: 21\r\n\r\n" + BODY),
        False,
    ),
    "a header without a colon": (saying(OK + b"Broken\r\nContent-Length: 21\r\n\r\n" + BODY), False),
    "a header folded without end": (repeating(OK + b"X: a", b"\r\n b" * 20_000), False),
    "half a character as an id": (saying(whole(b'{"id": "\\ud800"}')), True),
    "commands of a terminal as an id": (saying(whole(b'{"id": "\\u001b[31m\\u202e"}')), True),
    "an id of too many digits": (saying(whole(b'{"id": ' + b"9" * 4_301 + b"}")), False),
    "many prefixes against inclusion": (saying(whole(b")]}'" * 40_000 + BODY)), False),
    "a redirect to data": (answer(b"302 X", b"Location: data:application/json,{}", b"Content-Length: 0"), False),
    "a redirect with backslashes": (
        answer(b"302 X", b"Location: http:\\\\evil.example\\g", b"Content-Length: 0"),
        False,
    ),
    "a redirect with a password": (answer(b"302 X", b"Location: http://a:b@127.0.0.1/g", b"Content-Length: 0"), False),
    "a redirect to a port that is none": (
        answer(b"302 X", b"Location: http://127.0.0.1:99999/", b"Content-Length: 0"),
        False,
    ),
}


def costs_little(handler: Handler, good: bool, tmp_path: Path) -> None:
    """One operation of a provider behind ``handler``: bounded, and with a reason that people can read."""
    limits = "limits: {timeout: 0.5, total_timeout: 1, max_body: 200000, retries: 0, max_retry_after: 0.1}\n"
    operation = "operations:\n  generate: {path: /g, extract: {id: id}, media: {text: text}, follow_redirects: true}\n"
    before, began, clock = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), time.monotonic()
    with (
        raw_server(handler) as port,
        bind(tmp_path, limits + operation, environ={}).connect(f"http://127.0.0.1:{port}") as provider,
    ):
        result = provider.generate(Account("a"), GenerationRequest(Service.TEXT, "text/plain", "x"))
    assert time.process_time() - began < 4
    assert time.monotonic() - clock < 15
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000
    if good:
        assert isinstance(result, Accepted | Unavailable)
    else:
        assert isinstance(result, Refused | Unavailable), result
    if not isinstance(result, Accepted):
        assert "\n" not in result.reason
        assert not UNSEEN.search(result.reason)
        assert len(result.reason) < 1000
        assert not re.search(r"[a-z]Error\b|Errno|codec", result.reason)


@pytest.mark.parametrize("name", SERVERS)
def test_a_broken_server_costs_little(name: str, tmp_path: Path) -> None:
    costs_little(*SERVERS[name], tmp_path)
