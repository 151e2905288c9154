"""Small applications and servers to bind to: a polite one in process, and one that speaks whatever bytes it is
given.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shenhe.conformance.bindings import AsgiTransport, Binding, HttpProvider, load_binding

TARGET = """\
target:
  name: Test
  base_url: http://127.0.0.1:9
  environment: test
  identities: synthetic
  services: {text: [text/plain]}
"""


def bind(tmp_path: Path, text: str, *, target: str = TARGET, environ: dict[str, str] | None = None) -> Binding:
    """The binding of ``target`` followed by ``text``."""
    path = tmp_path / "binding.yaml"
    path.write_text(target + text, encoding="utf-8")
    return load_binding(path, environ=environ or {})


class Recorder:
    """An ASGI application that answers by a table of ``(method, path)`` and keeps what it was asked."""

    def __init__(self, answers: dict[tuple[str, str], Any] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        message = await receive()
        path = scope["raw_path"].decode()
        self.asked.append(
            {
                "method": scope["method"],
                "path": path,
                "query": scope["query_string"].decode(),
                "headers": {name.decode(): value.decode("utf-8") for name, value in scope["headers"]},
                "body": message["body"],
            }
        )
        answer = self.answers.get((scope["method"], path), {"id": "1"})
        if callable(answer):
            answer = answer(self.asked[-1])
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        if not isinstance(body, bytes):
            body, headers = json.dumps(body).encode(), {"content-type": "application/json", **headers}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def talking(binding: Binding, app: Any, **options: Any) -> Iterator[HttpProvider]:
    with binding.connect(transport=AsgiTransport(app), **options) as provider:
        yield provider


@contextlib.contextmanager
def raw_server(
    handle: Callable[[socket.socket], None], context: ssl.SSLContext | None = None, *, seen: list[bytes] | None = None
) -> Iterator[int]:
    """A loopback port whose connections are read up to the end of a request, body included, and handed to ``handle``; ``seen`` collects
    the requests.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(20)
                stream = context.wrap_socket(connection, server_side=True) if context else connection
                head = b""
                while b"\r\n\r\n" not in head:
                    chunk = stream.recv(65536)
                    if not chunk:
                        break
                    head += chunk
                else:
                    # Closing before all was read would reset the connection.
                    request = _with_body(stream, head)
                    if seen is not None:
                        seen.append(request)
                    handle(stream)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def _with_body(stream: socket.socket, head: bytes) -> bytes:
    lengths = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    wanted = head.index(b"\r\n\r\n") + 4 + (int(lengths[0]) if lengths else 0)
    while len(head) < wanted and (chunk := stream.recv(65536)):
        head += chunk
    return head
