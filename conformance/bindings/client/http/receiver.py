"""A receiver for callbacks: a server on the loopback address, opened when a binding first needs it.

Each call of an operation gets a separate address that cannot be guessed. Only a ``POST`` or ``PUT`` to such an
address is accepted, within bounds. Everything else gets 404.
"""

from __future__ import annotations

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Full, Queue
from typing import Any

from ...language.responses.response import Response

MOST_WAITING = 20
"""Callbacks that an inbox keeps; more are refused."""

#: Connections that are read at the same time, each by its thread; more are closed.
_MOST_CONNECTIONS = 50


def _length(text: str) -> int | None:
    """A ``Content-Length``; ``None`` for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


class _Server(ThreadingHTTPServer):
    """The sockets: bounded in number, and silent about connections that break."""

    daemon_threads = True
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed: what a target sends is no error of ours."""


class Inbox:
    """Where one callback arrives."""

    def __init__(self, url: str, owner: str = "") -> None:
        self.url = url
        #: The id of the account for which it was opened.
        self.owner = owner
        self._arrived: Queue[Response] = Queue(MOST_WAITING)

    def put(self, message: Response) -> bool:
        """Take what was sent; false where too much waits already."""
        try:
            self._arrived.put_nowait(message)
        except Full:
            return False
        return True

    @property
    def is_empty(self) -> bool:
        """Whether no callback is left in it."""
        return self._arrived.empty()

    def wait(self, seconds: float) -> Response | None:
        """The next callback, or ``None`` if none comes in time."""
        try:
            return self._arrived.get(timeout=max(0.0, seconds))
        except Empty:
            return None


class Receiver:
    """The server. ``limit`` bounds a body in bytes."""

    def __init__(self, limit: int) -> None:
        self._inboxes: dict[str, Inbox] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                inbox = receiver._inboxes.get(self.path.partition("?")[0])
                length = _length(self.headers.get("content-length", ""))
                self.close_connection = True
                if inbox is None or length is None or length > limit:
                    self.send_error(404)
                    return
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                if len(body) < length or not inbox.put(Response(200, headers, body, url=inbox.url)):
                    self.send_error(400 if len(body) < length else 429)
                    return
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
                """Nothing is printed."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def opened_for(self, owner: str) -> list[Inbox]:
        """The inboxes of an account that hold a message for which no call waited."""
        return [inbox for inbox in list(self._inboxes.values()) if inbox.owner == owner and not inbox.is_empty]

    def open(self, owner: str = "") -> Inbox:
        """A new address, for an account."""
        path = f"/{secrets.token_urlsafe(24)}"
        inbox = Inbox(f"http://127.0.0.1:{self._server.server_address[1]}{path}", owner)
        self._inboxes[path] = inbox
        return inbox

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
