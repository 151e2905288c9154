"""Asking an application in this process, without sockets: sync httpx transports for ASGI and WSGI.

The application runs on one event loop that belongs to the transport and turns only while a request is under way; there
is no thread a request. Work that the application leaves to the background goes on during the next request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import httpx

from .websocket import MOST_MESSAGES, WebsocketError

Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

T = TypeVar("T")

LARGEST = 64_000_000
"""Maximum bytes of a body if the request sets no limit."""
#: Seconds in which an application may end a conversation that is over.
_GRACE = 1.0


class _Stop(Exception):
    """Ends an application that sends more than is read."""


class AsgiTransport(httpx.BaseTransport):
    """Runs an ASGI application, its lifespan included. An application that raises before it responds gives status 500,
    as behind a server.
    """

    def __init__(self, app: Any) -> None:
        self._app: App = app
        self._loop = asyncio.new_event_loop()
        self._lifespan: asyncio.Task[None] | None = None
        self._wishes: asyncio.Queue[Message] = asyncio.Queue()
        self._state: dict[str, Any] = {}
        self._started = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._started:
            self._started = True
            self._run(self._start())
        return self._run(self._answer(request))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Turn the loop until ``work`` is done.

        Where another loop turns in this thread (a notebook, an asynchronous test), this one turns in another thread
        meanwhile: a thread can turn one loop at a time.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._loop.run_until_complete(work)
        with ThreadPoolExecutor(1) as other:
            return other.submit(self._loop.run_until_complete, work).result()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        if self._lifespan is not None and not self._lifespan.done():
            self._wishes.put_nowait({"type": "lifespan.shutdown"})
            self._run(asyncio.wait([self._lifespan], timeout=5))
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._run(asyncio.wait(left, timeout=5))
        self._run(self._loop.shutdown_asyncgens())
        self._run(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _start(self) -> None:
        ready = asyncio.Event()

        async def send(message: Message) -> None:
            ready.set()

        async def run() -> None:
            try:
                await self._app(
                    {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}, self._wishes.get, send
                )
            except Exception:
                # The ASGI specification: an application that raises on "lifespan" does not support it and is served
                # without.
                self._lifespan = None
            finally:
                ready.set()

        self._wishes.put_nowait({"type": "lifespan.startup"})
        self._lifespan = self._loop.create_task(run())
        await ready.wait()

    def converse(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        messages: Sequence[str],
        finished: Callable[[str], bool],
        *,
        seconds: float,
        limit: int,
    ) -> list[str]:
        """A WebSocket conversation with the application, as :func:`.websocket.converse` holds it with a server."""
        if not self._started:
            self._started = True
            self._run(self._start())
        return self._run(self._conversation(url, headers, messages, finished, seconds, limit))

    async def _conversation(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        messages: Sequence[str],
        finished: Callable[[str], bool],
        seconds: float,
        limit: int,
    ) -> list[str]:
        parts = httpx.URL(url)
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": parts.path,
            "raw_path": parts.raw_path.partition(b"?")[0],
            "query_string": parts.query,
            "root_path": "",
            "headers": [(b"host", parts.netloc), *((name.lower().encode(), value.encode()) for name, value in headers)],
            "server": (parts.host, parts.port),
            "client": ("127.0.0.1", 1),
            "subprotocols": [],
            "state": dict(self._state),
        }
        received: list[str] = []
        size = 0
        accepted = False
        over = asyncio.Event()
        waiting: list[Message] = [{"type": "websocket.connect"}]
        waiting += [{"type": "websocket.receive", "text": message} for message in messages]

        async def receive() -> Message:
            if waiting:
                return waiting.pop(0)
            await over.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message: Message) -> None:
            nonlocal size, accepted
            kind = message["type"]
            accepted = accepted or kind == "websocket.accept"
            if kind == "websocket.close":
                over.set()
            elif kind == "websocket.send" and not over.is_set():
                data = message.get("text")
                text = data if data is not None else message.get("bytes", b"").decode("utf-8", "replace")
                size += len(text.encode("utf-8", "replace"))
                if size > limit or len(received) == MOST_MESSAGES:
                    raise _Stop
                received.append(text)
                if finished(text):
                    over.set()

        task = asyncio.ensure_future(self._app(scope, receive, send))
        ended = asyncio.ensure_future(over.wait())
        both: set[asyncio.Future[Any]] = {task, ended}
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        timed_out = not (task.done() or over.is_set())
        if not task.done():
            # The application may end by itself once it hears that the other side has gone.
            over.set()
            await asyncio.wait({task}, timeout=0 if timed_out else _GRACE)
        for each in (task, ended):
            each.cancel()
        await asyncio.wait(both)
        if timed_out:
            raise WebsocketError("the conversation did not end in the time for the whole request")
        failed = None if task.cancelled() else task.exception()
        if isinstance(failed, _Stop):
            raise WebsocketError(f"found messages of more than {limit:,} bytes, or too many of them, expected less")
        if not accepted:
            raise WebsocketError("the WebSocket was refused")
        if failed is not None and not received:
            raise WebsocketError("the WebSocket failed (the application raised)")
        return received

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        limit = request.extensions.get("max_body", LARGEST)
        url = request.url
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 1),
            "state": dict(self._state),
        }
        status: int | None = None
        headers: list[tuple[bytes, bytes]] = []
        body: list[bytes] = []
        size = 0
        sent = finished = False
        over = asyncio.Event()

        async def receive() -> Message:
            nonlocal sent
            if sent:
                await over.wait()
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": request.content, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, size, headers, finished
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
            elif message["type"] == "http.response.body":
                chunk = message.get("body", b"")
                body.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise _Stop
                if not message.get("more_body", False):
                    finished = True
                    over.set()

        deadline = request.extensions.get("deadline", float("inf"))
        left = deadline - time.monotonic()
        try:
            async with asyncio.timeout(None if left == float("inf") else left):
                await self._app(scope, receive, send)
        except TimeoutError:
            raise httpx.ReadTimeout("the time for the whole request is over", request=request) from None
        except _Stop:
            pass
        except Exception:
            if not finished:
                status, headers, body = 500, [], []
        if status is None:
            status = 500
        return httpx.Response(status, headers=headers, stream=_Chunks(body))


class _Chunks(httpx.SyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def app_transport(app: Any) -> httpx.BaseTransport:
    """The transport for an application of either kind: a coroutine function or an object with an asynchronous
    ``__call__`` is ASGI.
    """
    call = getattr(app, "__call__", app)  # noqa: B004
    if asyncio.iscoroutinefunction(app) or asyncio.iscoroutinefunction(call):
        return AsgiTransport(app)
    return httpx.WSGITransport(app=app, raise_app_exceptions=False)
