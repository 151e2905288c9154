"""An httpx transport whose every read and write ends by one deadline, however slowly the other side drips.

httpx bounds each read; a server that sends one byte a second would keep it busy for ever. Here the bound of a whole
request is in ``request.extensions["deadline"]`` (seconds of :func:`time.monotonic`).
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from .failures import SurplusError


class _Deadline(threading.local):
    at: float = float("inf")

    def within(self, timeout: float | None) -> float:
        """``timeout`` or what is left, whichever is less. Raises :class:`httpcore.ReadTimeout` when nothing is left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for the whole request is over")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.connect_tcp(host, port, self._deadline.within(timeout), local_address, socket_options)
        return _Stream(inner, self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Body(httpx.SyncByteStream):
    """The body of a response. A connection with surplus bytes is not used again, or they would begin the next
    response. ``empty`` is a response that has no body by its status or method: bytes that come anyway are left unread.
    """

    def __init__(self, inner: Any, network: httpcore.NetworkStream | None, *, empty: bool) -> None:
        self._inner = inner
        self._network = network
        self._empty = empty

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner
        surplus = _surplus(self._inner)
        if not surplus:
            return
        if self._network is not None:
            self._network.close()
        # Some old servers end each response with an empty line.
        if surplus.strip() and not self._empty:
            raise SurplusError("bytes follow the end of the response")

    def close(self) -> None:
        self._inner.close()


def _surplus(stream: Any) -> bytes:
    """What a connection has read behind the end of a response. httpcore gives it no public name."""
    connection = getattr(getattr(stream, "_stream", stream), "_connection", None)
    parser = getattr(connection, "_h11_state", None)
    trailing: bytes = parser.trailing_data[0] if parser is not None else b""
    return trailing


@dataclass(frozen=True)
class Proxy:
    """A proxy that requests go through, and who we are to it."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)


#: What httpcore says where a connection ends before the first byte of a response.
_CLOSED = "Server disconnected without sending a response"
_WITHOUT_EFFECTS = frozenset({"GET", "HEAD"})


def _outgoing(request: httpx.Request, steps: list[str]) -> httpcore.Request:
    """The request for the pool, which adds the name of each step on the way to ``steps``."""
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions={
            "timeout": request.extensions.get("timeout", {}),
            "trace": lambda name, _: steps.append(name),
        },
    )


class DeadlineTransport(httpx.BaseTransport):
    """HTTP/1.1 over sockets; by way of a proxy only where one is given. Failures are httpcore's own exceptions
    (:data:`~.failures.FAILURES`).
    """

    def __init__(
        self, *, ssl_context: ssl.SSLContext | None = None, connections: int = 10, proxy: Proxy | None = None
    ) -> None:
        self._deadline = _Deadline()
        options: dict[str, Any] = {
            "ssl_context": ssl_context or httpx.create_ssl_context(trust_env=False),
            "max_connections": connections,
            "max_keepalive_connections": connections,
            "keepalive_expiry": (
                4.0
            ),  # below uvicorn's five seconds, so that a reused connection is never one being closed
            "network_backend": _Backend(self._deadline),
        }
        self._pool: httpcore.ConnectionPool
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**options)
        else:
            pair = (proxy.username, proxy.password) if proxy.username else None
            self._pool = httpcore.HTTPProxy(proxy_url=proxy.url, proxy_auth=pair, **options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._deadline.at = request.extensions.get("deadline", float("inf"))
        steps: list[str] = []
        try:
            response = self._pool.handle_request(_outgoing(request, steps))
        except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError) as error:
            # A connection that was kept may be closed by the other side at the moment it is used again. No byte of a
            # response came, so a request without effects is sent once more, on a new connection (RFC 9110, 9.2.2).
            broke = not isinstance(error, httpcore.RemoteProtocolError) or str(error).startswith(_CLOSED)
            kept = not any(step.startswith("connection.connect") for step in steps)
            if not (broke and kept and request.method in _WITHOUT_EFFECTS):
                raise
            response = self._pool.handle_request(_outgoing(request, steps))
        empty = request.method == "HEAD" or response.status in {204, 304}
        body = _Body(response.stream, response.extensions.get("network_stream"), empty=empty)
        return httpx.Response(response.status, headers=response.headers, stream=body, extensions=response.extensions)

    def close(self) -> None:
        self._pool.close()
