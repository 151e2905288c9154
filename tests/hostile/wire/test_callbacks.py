"""Callbacks that no honest target sends: lengths that are none, bodies without end, and more than anybody waits for."""

from __future__ import annotations

import contextlib
import socket
import tracemalloc
from collections.abc import Iterator

import pytest

from shenhe.conformance.bindings.client.http.receiver import MOST_WAITING, Inbox, Receiver


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    receiver = Receiver(limit=1_000)
    yield receiver.open()
    receiver.close()


def posted(inbox: Inbox, length: str, body: bytes = b"", *, ends: bool = True) -> bytes:
    """The status line of the response, or nothing where the connection was closed."""
    host, _, path = inbox.url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    with contextlib.suppress(OSError), socket.create_connection((name, int(port)), timeout=5) as connection:
        connection.sendall(f"POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode("latin-1"))
        connection.sendall(body)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline()
    return b""


@pytest.mark.parametrize("length", ["²", "1e3", "-1", "+5", "0x10", "1 000", "", "9" * 20, "0" * 12 + "300000000"])
def test_a_length_that_is_none_is_refused_in_silence(
    length: str, inbox: Inbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """A length of `²` printed a traceback; zeros before a length hid it from the limit."""
    assert b"404" in posted(inbox, length)
    assert inbox.is_empty
    assert capfd.readouterr().err == ""


def test_a_body_behind_a_hidden_length_is_not_read(inbox: Inbox) -> None:
    tracemalloc.start()
    posted(inbox, "0" * 12 + "300000000", b"x" * 30_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000, "the body itself has 30 MB here"


def test_a_callback_that_breaks_off_is_none(inbox: Inbox) -> None:
    assert b"400" in posted(inbox, "10", b"abc")
    assert inbox.is_empty


def test_an_inbox_keeps_so_many_callbacks_and_no_more(inbox: Inbox) -> None:
    answers = [posted(inbox, "1", b"x", ends=False) for _ in range(MOST_WAITING + 3)]
    assert [b"204" in answer for answer in answers] == [True] * MOST_WAITING + [False] * 3
    assert b"429" in answers[-1]


def test_connections_without_a_request_leave_places_for_others(inbox: Inbox, capfd: pytest.CaptureFixture[str]) -> None:
    host, _, port = inbox.url.removeprefix("http://").partition("/")[0].partition(":")
    silent = [socket.create_connection((host, int(port)), timeout=5) for _ in range(60)]
    for each in silent:
        each.close()
    assert any(b"204" in posted(inbox, "1", b"x") for _ in range(20))
    assert capfd.readouterr().err == ""
