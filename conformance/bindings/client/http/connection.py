"""The HTTP connection of one provider: requests are bounded in bytes and time, paced, retried and kept as evidence."""

from __future__ import annotations

import email.utils
import hashlib
import ipaddress
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx

from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.exchange import KEPT_BINARY, KEPT_REQUEST, KEPT_TEXT, Exchange, ReceivedResponse, SentRequest
from shenhe.core.hosts import DEFAULT_PORTS, is_named

from ...language.format import LimitsSection
from ...language.responses.response import Response
from .body import BodyError, read_body
from .failures import FAILURES, UNWRITABLE, failure_text, is_late
from .receiver import Inbox, Receiver
from .websocket import WebsocketError, converse

_TEXTUAL = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/xml",
    "application/x-www-form-urlencoded",
)
_LONG_TEXT = 4_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
RUN_IS_OVER = "the time for the whole run is over"
"""The failure of a request that the end of a run cut short."""
_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "range", "user-agent"})


Headers: TypeAlias = tuple[tuple[str, str], ...]
Learn: TypeAlias = Callable[[Response], None]


@dataclass(frozen=True)
class Request:
    """A request ready to be sent. ``url`` is absolute; ``origin`` is the place in the binding that describes it."""

    operation: str
    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    origin: str = ""
    follow_redirects: bool = False
    #: The values of its templates, for extractions that are templates too.
    values: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass
class ExchangeLog:
    """The exchanges of one operation so far. ``failure`` says why the last request got no response, if it got none."""

    exchanges: list[Exchange] = field(default_factory=list)
    failure: str = ""
    status: int | None = None


class Connection:
    """Sends requests and records the exchanges.

    ``hosts`` are further base URLs of the provider, by name. Media and redirects may lead to the origins of these and
    of ``base_url`` and to ``media_hosts``, token requests to those
    origins and to ``auth_hosts``. Tests replace ``sleep`` and ``clock`` (seconds).
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        base_url: str,
        limits: LimitsSection,
        redactor: Redactor,
        media_hosts: frozenset[str] = frozenset(),
        auth_hosts: frozenset[str] = frozenset(),
        hosts: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        # Accounts must not share a session by way of the client: cookies are kept nowhere.
        client.cookies.jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.base_url = base_url.rstrip("/")
        self.limits = limits
        self.redactor = redactor
        self.exchanges: list[Exchange] = []
        self.requests = 0
        self._sleep = sleep
        self.clock = clock
        #: Receives each request with its response, in addition to the log.
        self.record: Callable[[Request, Response | None, list[tuple[str, str]], str], None] | None = None
        self._auth_hosts = auth_hosts
        self.hosts = {name: url.rstrip("/") for name, url in (hosts or {}).items()}
        self._origins = frozenset(origin_of(url) for url in (self.base_url, *self.hosts.values()))
        self._media_hosts = media_hosts
        #: For WebSockets, which do not go through the client: how it is secured, or the application in this process.
        self.ssl_context: SSLContext | None = None
        self.in_process: httpx.BaseTransport | None = None
        self._receiver: Receiver | None = None
        self._next = 0.0
        self._pacing = Lock()
        #: When the run ends, by :func:`time.monotonic`: no request and no pause goes on after it.
        self.until = math.inf

    def sleep(self, seconds: float) -> None:
        """Pause, but not longer than the run goes on."""
        self._sleep(max(0.0, min(seconds, self.until - time.monotonic())))

    def resolved(self, base: str, link: str) -> tuple[str, str]:
        """``link`` made absolute, and why it may not be fetched, else ``""``.

        Only the provider's own origins and ``media_hosts`` may be fetched from.
        """
        try:
            url = urljoin(base, link)
            return url, self._forbidden(url)
        except ValueError:
            return "", "it is no URL"

    def token_url_problem(self, url: str) -> str:
        """Why no token may be fetched from ``url`` (absolute), else ``""``."""
        parts = urlsplit(url)
        if parts.scheme == "http" and not self.own(url) and not is_loopback(parts.hostname or ""):
            return "a secret would go there unprotected, write https"
        return self._forbidden(url, self._auth_hosts, "auth_hosts")

    def own(self, url: str) -> bool:
        """Whether an absolute URL is the provider's own, so that credentials may be sent there."""
        return origin_of(url) in self._origins

    def _forbidden(self, url: str, hosts: frozenset[str] | None = None, key: str = "media_hosts") -> str:
        hosts = self._media_hosts if hosts is None else hosts
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            return f"its scheme is {parts.scheme[:20]!r}"
        if parts.username is not None or parts.password is not None:
            return "it carries a user name"
        if origin_of(url) in self._origins:
            return ""
        if is_named(url, hosts):
            return ""
        host, port = (parts.hostname or "").lower(), parts.port
        if host in hosts:
            return f"its port {port} is not in target.{key}, write {host[:80]}:{port} there"
        return f"its host {host[:80]!r} is not the provider's and not in target.{key}"

    def close(self) -> None:
        """Close the connections, and the receiver of callbacks if there is one."""
        self.client.close()
        if self._receiver is not None:
            self._receiver.close()

    def late_inboxes(self, owner: str) -> list[Inbox]:
        """The inboxes of an account in which something arrived that no call waited for."""
        return self._receiver.opened_for(owner) if self._receiver is not None else []

    def open_inbox(self, owner: str = "") -> Inbox:
        """A new address for a callback, for an account."""
        with self._pacing:
            if self._receiver is None:
                self._receiver = Receiver(self.limits.max_body)
        return self._receiver.open(owner)

    def receive_callback(self, request: Request, inbox: Inbox, seconds: float, log: ExchangeLog) -> Response | None:
        """The callback at ``inbox``, recorded as the response to ``request``; ``None`` if none comes in time."""
        started = time.monotonic()
        response = inbox.wait(seconds)
        log.status = None if response is None else response.status
        log.failure = "no callback came in time" if response is None else ""
        headers = [] if response is None else list(response.headers.items())
        self._keep(request, log, response, headers, (time.monotonic() - started) * 1000)
        return response

    def converse(
        self, request: Request, messages: Sequence[str], finished: Callable[[str], bool], log: ExchangeLog
    ) -> Response | None:
        """The messages of a WebSocket conversation, one per line of the body; ``None`` with ``log.failure`` set."""
        self._pace()
        started = time.monotonic()
        self.requests += 1
        limits = self.limits
        url = request.url.replace("http", "ws", 1)
        headers = [pair for pair in request.headers if pair[0].lower() not in {"accept", "accept-encoding"}]
        bounds: dict[str, Any] = {"seconds": limits.total_timeout, "limit": limits.max_body}
        try:
            if self.in_process is not None:
                received = self._in_process(self.in_process)(url, headers, messages, finished, **bounds)
            else:
                received = converse(url, headers, messages, finished, **bounds, context=self.ssl_context)
            body = "\n".join(message.replace("\n", " ") for message in received).encode("utf-8", "replace")
            headers = [("content-type", "application/x-ndjson")]
            response = Response(200, dict(headers), body, {}, request.values, request.url)
            log.failure, log.status = "", 200
        except WebsocketError as error:
            response, headers, log.failure, log.status = None, [], str(error), None
        sent = replace(request, body="\n".join(messages).encode("utf-8", "replace"))
        self._keep(sent, log, response, headers, (time.monotonic() - started) * 1000)
        return response

    @staticmethod
    def _in_process(transport: httpx.BaseTransport) -> Callable[..., list[str]]:
        """The function that holds a conversation with an application. Raises :class:`WebsocketError` if it has no
        WebSockets.
        """
        talk: Callable[..., list[str]] | None = getattr(transport, "converse", None)
        if talk is None:
            raise WebsocketError("the application in this process takes no WebSockets: it has to be ASGI")
        return talk

    def send(self, request: Request, log: ExchangeLog, *, learn: Learn | None = None) -> Response | None:
        """The response, or ``None`` with ``log.failure`` set. Every exchange is added to the log.

        ``learn`` sees each response before it is recorded, to tell the redactor of the secrets in it.
        """
        response = self._send_patiently(request, log, learn)
        for _ in range(_MOST_REDIRECTS):
            if response is None or response.status not in _REDIRECTS or not request.follow_redirects:
                return response
            location, why = self.resolved(request.url, response.headers.get("location", ""))
            if why:
                log.failure = f"redirected to a URL that may not be followed: {why}"
                return None
            request = _redirected(request, response.status, location)
            if not self.own(location):
                if request.body or request.method not in {"GET", "HEAD"}:
                    log.failure = "redirected to another host, where no request with a body is repeated"
                    return None
                request = replace(request, headers=_harmless(request.headers))
            response = self._send_patiently(request, log, learn)
        if response is not None and response.status in _REDIRECTS:
            log.failure = f"redirected more than {_MOST_REDIRECTS} times"
            return None
        return response

    def _send_patiently(self, request: Request, log: ExchangeLog, learn: Learn | None) -> Response | None:
        """The response to a request that is sent again, within limits, after 429 and 503."""
        for attempt in range(self.limits.retries + 1):
            response = self._send_once(request, log, learn)
            if response is None or response.status not in {429, 503} or attempt == self.limits.retries:
                return response
            wait = retry_after(response.headers.get("retry-after"), response.headers.get("date"))
            if wait is None and response.status == 503:
                return response
            wait = 2.0**attempt if wait is None else wait
            if wait > self.limits.max_retry_after:
                return response
            self.sleep(wait)
        return None

    def _send_once(self, request: Request, log: ExchangeLog, learn: Learn | None) -> Response | None:
        self._pace()
        started = time.monotonic()
        self.requests += 1
        deadline = min(started + self.limits.total_timeout, self.until)
        response, headers, log.status, log.failure = self._receive(request, deadline)
        if response is not None and learn is not None:
            learn(response)
        self._keep(request, log, response, headers, (time.monotonic() - started) * 1000)
        if self.record is not None:
            self.record(request, response, headers, log.failure)
        return response

    def _receive(
        self, request: Request, deadline: float
    ) -> tuple[Response | None, list[tuple[str, str]], int | None, str]:
        """The response with its headers and status, or the failure in place of the response."""
        limits = self.limits
        if time.monotonic() >= self.until:
            return None, [], None, RUN_IS_OVER
        try:
            outgoing = httpx.Request(
                request.method,
                request.url,
                headers=[(name.encode(), value.encode("utf-8")) for name, value in request.headers],
                content=request.body or None,
                extensions={
                    "timeout": dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout),
                    "deadline": deadline,
                    "max_body": limits.max_body,
                },
            )
            incoming = self.client.send(outgoing, stream=True)
            status = incoming.status_code
            try:
                headers = incoming.headers.multi_items()
                body = read_body(incoming, limit=limits.max_body, deadline=deadline)
            except BodyError as error:
                return None, [], status, str(error)
            finally:
                incoming.close()
        except FAILURES as error:
            late = is_late(error, deadline - time.monotonic())
            failure = "the answer did not end in the time for the whole request" if late else failure_text(error)
            failure = RUN_IS_OVER if late and deadline == self.until else failure
            return None, [], None, failure
        except UnicodeError:
            return None, [], None, UNWRITABLE
        response = Response(status, _first_of(headers), body, _cookies(headers), request.values, request.url)
        return response, headers, status, ""

    def _keep(
        self,
        request: Request,
        log: ExchangeLog,
        response: Response | None,
        headers: list[tuple[str, str]],
        elapsed: float,
    ) -> None:
        redact = self.redactor
        sent = SentRequest(
            method=request.method,
            url=redact.captured_text(request.url),
            headers=redact.headers(request.headers),
            body=redact.captured(request.body, KEPT_REQUEST),
            body_size=len(request.body),
        )
        received = None
        if response is not None:
            textual = not response.media_type or response.media_type.startswith(_TEXTUAL)
            shortened = _shortened(response, redact) if textual and len(response.body) > KEPT_TEXT else response.body
            received = ReceivedResponse(
                status=response.status,
                headers=redact.headers(tuple(headers)),
                body=redact.captured(shortened, KEPT_TEXT if textual else KEPT_BINARY),
                body_size=len(response.body),
                body_sha256=hashlib.sha256(response.body).hexdigest(),
                elapsed_ms=round(elapsed, 3),
            )
        exchange = Exchange(request.operation, sent, received, log.failure or None, request.origin)
        log.exchanges.append(exchange)
        self.exchanges.append(exchange)

    def _pace(self) -> None:
        rate = self.limits.requests_per_second
        if rate is None:
            return
        with self._pacing:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / rate
        if now < turn:
            self.sleep(turn - now)


def _shortened(response: Response, redact: Redactor) -> bytes:
    """A long JSON body with its long texts cut: the part that is kept is still JSON with the ids in it."""
    if not response.is_json:
        return response.body
    try:
        return json.dumps(_cut(response.json, redact), ensure_ascii=False).encode("utf-8", "surrogatepass")
    except RecursionError:
        return response.body


def _cut(value: Any, redact: Redactor) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONG_TEXT else f"{redact.cut(value, 200)}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {key: _cut(inner, redact) for key, inner in value.items()}
    return [_cut(inner, redact) for inner in value] if isinstance(value, list) else value


def _first_of(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _cookies(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    """The cookies that a response sets, by name; one that it deletes has no value."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == "set-cookie":
            key, equals, content = value.partition(";")[0].partition("=")
            if equals:
                cookies[key.strip()] = content.strip().strip('"')
    return cookies


def _redirected(request: Request, status: int, location: str) -> Request:
    headers = request.headers
    if status == 303 or (status in {301, 302} and request.method == "POST"):
        headers = tuple((name, value) for name, value in headers if name.lower() != "content-type")
        return replace(request, method="GET", url=location, headers=headers, body=b"")
    return replace(request, url=location, headers=headers)


def _harmless(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The headers that may go to a host that is not the provider's. Any other may hold a credential."""
    return tuple((name, value) for name, value in headers if name.lower() in _HARMLESS)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an absolute URL."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme)


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """``Retry-After`` in seconds; a date counts from the response's own ``Date``. ``None`` where it is absent or
    unreadable.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until = email.utils.parsedate_to_datetime(value)
        since = email.utils.parsedate_to_datetime(date or "")
        return max(0.0, (until - since).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
