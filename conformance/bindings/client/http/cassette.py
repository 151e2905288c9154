"""Recording the responses of a provider to a file, and replaying them without the provider.

A cassette is lines of JSON: one about the file, then one per request, in order. Everything in it is redacted as
evidence is, so it can be kept beside tests. A replayed provider hands out the placeholders of secrets (``${NAME}``)
and expects them back. A response is found by the method, URL and body of its request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

import httpx

from shenhe.conformance.evidence.redaction import Redactor
from shenhe.core.document import DocumentError, Fault, Mark
from shenhe.core.files import read_up_to

from ...language.responses.response import Response
from .connection import Request, origin_of
from .failures import RecordedFailure

FORMAT = "shenhe-cassette"
MOST_BYTES = 512 * 1024 * 1024


class CassetteError(DocumentError):
    """A file that is no cassette."""


class Recording:
    """Writes a cassette while the responses arrive, up to the size that can be replayed.

    A cassette that is full, or cannot be written any more, ends; the run goes on. ``trouble`` then says so. ``salt``
    makes the names in it unique, and is kept with it; so is whether the target runs ``in_process``, which decides the
    order of the checks.
    """

    def __init__(self, path: Path, base_url: str, redactor: Redactor, *, in_process: bool) -> None:
        self._origin = origin_of(base_url)
        self._redactor = redactor
        self._lock = Lock()
        self._path = path
        self._stream: IO[bytes] = path.open("wb")
        self._size = 0
        self.trouble = ""
        self.salt = secrets.token_hex(4)
        self._write({"format": FORMAT, "format_version": 1, "salt": self.salt, "in_process": in_process})

    def add(self, request: Request, response: Response | None, headers: list[tuple[str, str]], failure: str) -> None:
        """Record one request with its response or failure."""
        if self.trouble:
            return
        entry: dict[str, Any] = {
            "operation": request.operation,
            **_key(self._redactor, request.method, request.url, request.body, self._origin),
        }
        if response is None:
            entry["error"] = failure
        else:
            kept = tuple(
                (name, value)
                for name, value in headers
                if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
            )
            entry |= {
                "status": response.status,
                "headers": self._redactor.headers(kept),
                **_body(self._redactor.data(response.body)),
            }
        with self._lock:
            self._write(entry)

    def close(self) -> None:
        """Finish the file."""
        with suppress(OSError):
            self._stream.close()

    def _write(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry).encode() + b"\n"
        self._size += len(line)
        if self._size > MOST_BYTES:
            self.trouble = f"{self._path} is full ({MOST_BYTES:,} bytes): later responses are not in it"
            return
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as error:
            self.trouble = f"{self._path} cannot be written any more ({error.strerror}): later responses are not in it"


class CassetteTransport(httpx.BaseTransport):
    """Responds from a cassette. Equal requests get their recorded responses in order; the last one is repeated.

    Raises :class:`CassetteError` for a file that is none, and ``OSError`` for one that cannot be read.
    """

    def __init__(self, path: Path, base_url: str, redactor: Redactor) -> None:
        self._origin = origin_of(base_url)
        self._redactor = redactor
        self._answers: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        #: What the names in it were made unique with.
        self.salt = ""
        #: Whether it was recorded of a target in the process of the checks.
        self.in_process = False
        data = read_up_to(path, MOST_BYTES)
        if len(data) > MOST_BYTES:
            raise _fault(path, 1, f"found more than {MOST_BYTES:,} bytes, expected less")
        for number, line in enumerate(data.splitlines() or [b""], start=1):
            entry = _entry(path, number, line)
            if number == 1:
                self.salt = str(entry.get("salt", ""))
                self.in_process = entry.get("in_process") is True
            else:
                self._answers[_text(entry)].append(entry)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        key = _key(self._redactor, request.method, str(request.url), request.content, self._origin)
        kept = self._answers.get(_text(key))
        if not kept:
            raise RecordedFailure(f"the cassette has no answer to {key['method']} {key['url'][:200]}", request=request)
        entry = kept.popleft() if len(kept) > 1 else kept[0]
        if "error" in entry:
            raise RecordedFailure(str(entry["error"])[:500], request=request)
        body = entry["text"].encode("utf-8", "surrogatepass") if "text" in entry else base64.b64decode(entry["base64"])
        headers = [(name.encode(), value.encode()) for name, value in entry["headers"]]
        return httpx.Response(entry["status"], headers=headers, stream=httpx.ByteStream(body))


def _key(redactor: Redactor, method: str, url: str, body: bytes, origin: Any) -> dict[str, str]:
    shown = redactor.text(url)
    if origin_of(url) == origin:
        shown = "/" + shown.split("/", 3)[3] if shown.count("/") > 2 else "/"
    return {"method": method, "url": shown, "body_sha256": hashlib.sha256(redactor.data(body)).hexdigest()}


def _text(key: Mapping[str, Any]) -> str:
    return f"{key['method']} {key['url']} {key['body_sha256']}"


def _body(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if number == 1:
        if not isinstance(entry, dict) or entry.get("format") != FORMAT or entry.get("format_version") != 1:
            raise _fault(
                path, 1, "found another format, expected a cassette of this version, written by `shenhe check --record`"
            )
        return entry
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(key), str) for key in ("method", "url", "body_sha256")
    ):
        raise _fault(path, number, "found a line that is no request of a cassette, expected one")
    if "error" not in entry and not _answers(entry):
        raise _fault(path, number, "found a request without a readable answer, expected status, headers and a body")
    return entry


def _answers(entry: Mapping[str, Any]) -> bool:
    headers, status = entry.get("headers"), entry.get("status")
    if not isinstance(status, int) or not 100 <= status <= 999 or not isinstance(headers, list):
        return False
    if not all(
        isinstance(each, list) and len(each) == 2 and all(isinstance(part, str) for part in each) for each in headers
    ):
        return False
    if isinstance(entry.get("text"), str):
        return True
    try:
        base64.b64decode(entry["base64"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        return False
    return True


def _fault(path: Path, line: int, message: str) -> CassetteError:
    return CassetteError([Fault(path.name, Mark(line, 1), (), message)])


__all__ = ["CassetteError", "CassetteTransport", "Recording"]
