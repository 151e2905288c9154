"""Providers for a fleet: small ones on loopback sockets that misbehave, and bindings to reach them and the sample."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from shenhe.conformance.fleet import Options
from shenhe.sample import sample_binding

RULE = "cn-labeling-2025/4.1.1"
#: One rule or two, fixed cases only, a fixed day: enough to tell providers apart, and quick.
FEW = Options.model_validate({"rules": [RULE], "on": "2026-09-01", "examples": 0, "max_seconds": 60.0})
TWO = FEW.model_copy(update={"rules": (RULE, "cn-dsp-2023/9.2")})

Handle = Callable[[socket.socket, bytes], None]

SMALL = """\
target:
  name: {name}
  base_url: {url}
  environment: test
  services: {{text: [text/plain]}}
limits: {{timeout: {timeout}, total_timeout: {timeout}, retries: 0, max_body: 100000}}
auth: {auth}
accounts:
  verified_adult: {{id: writer}}
operations:
  generate:
    path: /generate
    json: {{prompt: "{{{{ request.prompt }}}}"}}
    extract: {{id: id}}
    media: {{text: text}}
"""


def small(
    folder: Path, name: str, url: str, *, title: str = "", auth: str = "{type: none}", timeout: float = 2
) -> Path:
    """A binding of one operation."""
    path = folder / f"{name}.yaml"
    path.write_text(SMALL.format(name=json.dumps(title or name), url=url, auth=auth, timeout=timeout), encoding="utf-8")
    return path


def of_sample(folder: Path, name: str, url: str, title: str) -> Path:
    """The sample's own binding under another name."""
    text = sample_binding().read_text(encoding="utf-8")
    text = text.replace("${SHENHE_SAMPLE_URL:-http://127.0.0.1:8000}", url).replace(
        "name: Sample provider", f"name: {title}", 1
    )
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@contextlib.contextmanager
def serving(handle: Handle) -> Iterator[str]:
    """The URL of a loopback port whose connections are read up to the end of a request and handed to ``handle``."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threads: list[threading.Thread] = []

    def meet(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(30)
            handle(connection, _request(connection))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=meet, args=(connection,), daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(timeout=10)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise ValueError("no request")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def answer(value: object) -> bytes:
    """An HTTP answer of JSON."""
    body = json.dumps(value).encode()
    return (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(body)
        + body
    )


def labelled(connection: socket.socket, request: bytes) -> None:
    """A lawful writer."""
    connection.sendall(answer({"id": "1", "text": "本内容由人工智能生成。Here is the text that was asked for."}))


def unlabelled(connection: socket.socket, request: bytes) -> None:
    connection.sendall(answer({"id": "1", "text": "Here is the text that was asked for."}))


def echo(connection: socket.socket, request: bytes) -> None:
    """Sends back all it was sent, without a label."""
    connection.sendall(answer({"id": "1", "text": "You said: " + request.decode("utf-8", "replace")}))


def hang(connection: socket.socket, request: bytes) -> None:
    while connection.recv(1024):
        pass


def reset(connection: socket.socket, request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def garbage(connection: socket.socket, request: bytes) -> None:
    connection.sendall(bytes(range(256)) * 40 + b"</script><script>alert(1)</script>\x1b[2J")


def flood(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(2000):
        connection.sendall(b"[" * 65536)


def drip(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.05)


def workers(of: int | None = None) -> set[int]:
    """The processes that a fleet in this process, or in that one, has started and not ended."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == (of or os.getpid()) and b"fleet.worker" in of_process(int(path.parent.name), "cmdline"):
            found.add(int(path.parent.name))
    return found


def of_process(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
