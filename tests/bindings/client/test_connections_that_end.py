"""Connections that end: kept ones that the other side closes as they are used again, and those that take too long."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpcore
import httpx
import pytest

from shenhe.conformance.bindings.client.http.failures import is_late
from shenhe.conformance.bindings.client.http.transport import DeadlineTransport

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    return data


@contextmanager
def server(answered: int, *, reset: bool = False) -> Iterator[tuple[str, list[str]]]:
    """A server that answers so many requests on each connection, takes one more and ends without a response."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                for number in range(answered + 1):
                    request = _request(connection)
                    if not request:
                        break
                    seen.append(request.split(b" ", 1)[0].decode())
                    if number < answered:
                        connection.sendall(RESPONSE)
                    elif reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.mark.parametrize("reset", [False, True])
def test_a_read_is_sent_again_on_a_new_connection(reset: bool) -> None:
    with server(1, reset=reset) as (url, seen), httpx.Client(transport=DeadlineTransport()) as client:
        assert [client.get(url).text for _ in range(3)] == ["ok"] * 3
        assert len(seen) == 5, "the second and the third request were each sent twice"


def test_what_has_effects_is_never_sent_twice() -> None:
    with server(1) as (url, seen), httpx.Client(transport=DeadlineTransport()) as client:
        assert client.post(url).text == "ok"
        with pytest.raises(Exception, match=re.escape("Server disconnected without sending a response")):
            client.post(url)
        assert seen == ["POST", "POST"]


def test_a_new_connection_that_is_closed_is_a_failure() -> None:
    with server(0) as (url, seen), httpx.Client(transport=DeadlineTransport()) as client:
        with pytest.raises(Exception, match=re.escape("Server disconnected without sending a response")):
            client.get(url)
        assert seen == ["GET"]


@pytest.mark.parametrize(
    ("error", "left", "late"),
    [
        (httpcore.ReadTimeout("timed out"), 0.004, True),  # the timer of the socket came first
        (httpcore.ReadTimeout("timed out"), 0.5, False),
        (httpcore.ReadError("reset"), 0.004, False),
        (httpcore.ReadError("reset"), -0.001, True),
    ],
)
def test_a_timer_that_fires_early_ends_the_time_of_the_run(error: Exception, left: float, late: bool) -> None:
    """The target was called gone when the timer came some milliseconds before the clock."""
    assert is_late(error, left) is late
