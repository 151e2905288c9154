"""Servers that break HTTP, a second list: lengths of two kinds, drips, packed bodies, redirects, ids that mean something."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest

from .test_protocol import BODY, CHUNKED, OK, Handler, answer, costs_little, repeating, saying, whole


def dripping(first: bytes, again: bytes, pause: float = 0.1) -> Handler:
    """Each byte in time, and all of them never."""

    def handle(connection: Any) -> None:
        connection.sendall(first)
        while True:
            time.sleep(pause)
            connection.sendall(again)

    return handle


def an_id(value: str) -> Handler:
    return saying(whole(json.dumps({"id": value, "text": "x"}).encode()))


#: Behaviours by name: what the server does, and whether its response may count as one.
SERVERS: dict[str, tuple[Handler, bool]] = {
    "a length and chunks": (
        saying(OK + b"Content-Length: 21\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" + BODY + b"\r\n0\r\n\r\n"),
        True,
    ),
    "a length twice in one header": (saying(OK + b"Content-Length: 21, 21\r\n\r\n" + BODY), True),
    "lengths that differ in one header": (saying(OK + b"Content-Length: 21, 5\r\n\r\n" + BODY), False),
    "a length with a sign": (saying(OK + b"Content-Length: +21\r\n\r\n" + BODY), False),
    "a length in full width": (saying(OK + "Content-Length: ２１\r\n\r\n".encode() + BODY), False),
    "line feeds alone": (saying(whole().replace(b"\r\n", b"\n")), True),
    "a header of a megabyte": (saying(whole(more=b"X: " + b"a" * 1_000_000 + b"\r\n")), False),
    "a status of zeros": (answer(b"000 X", b"Content-Length: 0"), False),
    "an interim status that is unknown": (saying(b"HTTP/1.1 199 Odd\r\n\r\n" + whole()), True),
    "only an interim status": (saying(b"HTTP/1.1 100 Continue\r\n\r\n"), False),
    "a body byte by byte": (dripping(OK + b"Content-Length: 9000\r\n\r\n{", b" "), False),
    "a head byte by byte": (dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a"), False),
    "comments of a stream without end": (
        repeating(OK.replace(b"application/json", b"text/event-stream") + b"\r\n", b": hi\n\n" * 3000),
        False,
    ),
    "a chunk size with zeros before it": (
        saying(CHUNKED + b"0" * 70_000 + b"15\r\n" + BODY + b"\r\n0\r\n\r\n"),
        False,
    ),
    "a chunk size with a prefix": (saying(CHUNKED + b"0x15\r\n" + BODY + b"\r\n0\r\n\r\n"), False),
    "a chunk that is longer than its size": (saying(CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n"), False),
    "chunks without a last one": (saying(CHUNKED + b"15\r\n" + BODY + b"\r\n"), False),
    "a trailer with another length": (
        saying(CHUNKED + b"15\r\n" + BODY + b"\r\n0\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\n"),
        True,
    ),
    "two archives, and the second inflates": (
        saying(whole(gzip.compress(BODY) + gzip.compress(b" " * 80_000_000), b"Content-Encoding: gzip\r\n")),
        True,
    ),
    "an archive with words behind it": (
        saying(whole(gzip.compress(BODY) + b"more words", b"Content-Encoding: gzip\r\n")),
        True,
    ),
    "an encoding that was not requested": (saying(whole(b"\x0b\x02\x80x\x03", b"Content-Encoding: br\r\n")), False),
    "an unknown encoding": (saying(whole(BODY, b"Content-Encoding: aws-chunked\r\n")), True),
    "an unknown charset": (
        saying(whole().replace(b"application/json", b"application/json; charset=x-evil\x80")),
        True,
    ),
    "UTF-16": (saying(whole(BODY.decode().encode("utf-16"))), True),
    "a mark of the byte order": (saying(whole(b"\xef\xbb\xbf" + BODY)), True),
    "a redirect to nowhere": (answer(b"302 X", b"Location: ", b"Content-Length: 0", b"Connection: close"), False),
    "a redirect without a place": (answer(b"303 X", b"Content-Length: 0", b"Connection: close"), False),
    "a redirect of a megabyte": (answer(b"302 X", b"Location: /" + b"a" * 90_000, b"Content-Length: 0"), False),
    "a redirect with a line": (answer(b"302 X", b"Location: /%0d%0aX:y", b"Content-Length: 0"), False),
    "a redirect to another letter": (answer(b"302 X", "Location: //ⅼocalhost/".encode(), b"Content-Length: 0"), False),
    "a redirect to a socket": (answer(b"307 X", b"Location: unix:///var/run/docker.sock", b"Content-Length: 0"), False),
    "ten thousand challenges": (
        answer(b"401 X", b"WWW-Authenticate: " + b", ".join([b"Digest nonce=x"] * 3000), b"Content-Length: 0"),
        False,
    ),
    "an id with a line": (an_id("a\r\nX-Admin: 1\r\n\r\n"), True),
    "an id that is a path": (an_id("../../../etc/passwd"), True),
    "an id that is a template": (an_id("{{ 7 * 7 }}${HOME}"), True),
    "an id that is an address": (an_id("http://169.254.169.254/latest/meta-data"), True),
    "an id of nothing": (an_id(""), True),
    "an id with a zero": (an_id("a\0b"), True),
    "an id that is a truth": (saying(whole(b'{"id": true, "text": "x"}')), True),
    "an object as an id": (saying(whole(b'{"id": {"id": {"id": []}}, "text": "x"}')), True),
    "names of JavaScript": (saying(whole(b'{"__proto__": {"id": 1}, "constructor": 1, "id": "1", "text": "x"}')), True),
    "zlib with a dictionary": (saying(whole(b"x\xbb\0\0\0\1", b"Content-Encoding: deflate\r\n")), False),
}


@pytest.mark.parametrize("name", SERVERS)
def test_another_broken_server_costs_little(name: str, tmp_path: Path) -> None:
    costs_little(*SERVERS[name], tmp_path)
