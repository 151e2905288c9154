"""The sample provider as a service behind a front: requests that never leave the process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Reply:
    """A response of the provider behind the front."""

    status: int
    media_type: str
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the provider did as asked."""
        return 200 <= self.status < 300

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where there is none."""
        if not self.body or not self.media_type.startswith("application/json"):
            return {}
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}

    @property
    def error(self) -> dict[str, Any]:
        """What a refusal says: ``code``, ``message`` and whatever else."""
        found = self.json.get("error")
        return found if isinstance(found, dict) else {"code": "refused", "message": f"refused with {self.status}"}


class Inside:
    """Passes requests to an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers: tuple[tuple[bytes, bytes], ...] = ()
        self._query: Mapping[str, str] = {}

    def behind(self, request: Request) -> Inside:
        """The same application, which also sees the ``X-`` headers and the query of a request to the front, as it would
        behind a proxy.
        """
        other = Inside(self._app)
        other._headers = tuple(pair for pair in request.headers.raw if pair[0].startswith(b"x-"))
        other._query = dict(request.query_params)
        return other

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        query: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
        media_type: str = "application/json",
        content: Any = None,
    ) -> Reply:
        """Send a request; ``content`` is sent as JSON, ``body`` as it is. ``path`` is already percent-encoded."""
        data = body if body is not None else b"" if content is None else json.dumps(content).encode()
        asked = {**self._query, **{key: value for key, value in (query or {}).items() if value is not None}}
        headers = [(b"host", b"inside"), (b"content-type", media_type.encode("latin-1", "replace"))]
        headers += self._headers
        if token:
            headers.append((b"authorization", b"Bearer " + token.encode("latin-1", "replace")))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(asked).encode(),
            "headers": headers,
            "server": ("inside", 80),
            "client": ("127.0.0.1", 1),
        }
        sent = False
        status, kind, parts = 500, "", []

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, kind
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Reply(status, kind, b"".join(parts))


def segment(value: object) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")
