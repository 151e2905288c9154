"""One request and its answer over httpx: bounded in bytes and time, paced, retried where asked to, and kept as
evidence.
"""

from __future__ import annotations

import email.utils
import hashlib
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx

from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.exchange import KEPT_BINARY, KEPT_REQUEST, KEPT_TEXT, Exchange, ReceivedResponse, SentRequest

from ..language.extraction import Answer
from ..language.format import LimitsSection
from .body import BodyError, read_body
from .transport import FAILURES

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


Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sending:
    """A request ready to go. ``url`` is absolute; ``origin`` says where the binding describes it."""

    operation: str
    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    origin: str = ""
    follow_redirects: bool = False
    #: What the request was filled in with, for extractions that are templates.
    values: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass
class Trip:
    """The exchanges that one operation took so far. ``trouble`` says why there is no answer, where there is none."""

    exchanges: list[Exchange] = field(default_factory=list)
    trouble: str = ""
    status: int | None = None


class Wire:
    """Sends, and keeps what was sent and what came back.

    ``base_url`` is the origin that media and redirects may lead to, next to ``media_hosts``; tokens are fetched from it
    and from ``auth_hosts``. ``sleep`` and ``clock`` (seconds) are replaced in tests.
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
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        # Accounts must not share a session by way of the client: cookies are kept nowhere.
        client.cookies.jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.base_url = base_url.rstrip("/")
        self.limits = limits
        self.redactor = redactor
        self.log: list[Exchange] = []
        self.requests = 0
        self.sleep = sleep
        self.clock = clock
        #: Is shown each request with its answer, besides the log.
        self.record: Callable[[Sending, Answer | None, list[tuple[str, str]], str], None] | None = None
        self._auth_hosts = auth_hosts
        self._origin = origin_of(self.base_url)
        self._media_hosts = media_hosts
        self._next = 0.0
        self._pacing = Lock()

    def resolved(self, base: str, link: str) -> tuple[str, str]:
        """``link`` made absolute, and why it may not be fetched, else ``""``: only the own origin and ``media_hosts``
        may.
        """
        try:
            url = urljoin(base, link)
            return url, self._forbidden(url)
        except ValueError:
            return "", "it is no URL"

    def for_tokens(self, url: str) -> str:
        """Why no token may be fetched from ``url`` (absolute), else ``""``."""
        parts = urlsplit(url)
        if parts.scheme == "http" and not self.own(url) and not is_loopback(parts.hostname or ""):
            return "a secret would go there unprotected, write https"
        return self._forbidden(url, self._auth_hosts, "auth_hosts")

    def own(self, url: str) -> bool:
        """Whether an absolute URL is the provider's own, so that credentials may go there."""
        return origin_of(url) == self._origin

    def _forbidden(self, url: str, hosts: frozenset[str] | None = None, key: str = "media_hosts") -> str:
        hosts = self._media_hosts if hosts is None else hosts
        parts = urlsplit(url)
        port = parts.port
        if parts.scheme not in {"http", "https"}:
            return f"its scheme is {parts.scheme[:20]!r}"
        if parts.username is not None or parts.password is not None:
            return "it carries a user name"
        if origin_of(url) == self._origin:
            return ""
        host = (parts.hostname or "").lower()
        if host in hosts or f"{host}:{port}" in hosts:
            return ""
        return f"its host {host[:80]!r} is not the provider's and not in target.{key}"

    def send(self, sending: Sending, trip: Trip, *, learn: Callable[[Answer], None] | None = None) -> Answer | None:
        """The answer, or ``None`` with ``trip.trouble`` set. Every exchange is added to the trip and to the log.

        ``learn`` is shown the answer before it is kept, to tell the redactor of the secrets in it.
        """
        answer = self._send_patiently(sending, trip, learn)
        for _ in range(_MOST_REDIRECTS):
            if answer is None or answer.status not in _REDIRECTS or not sending.follow_redirects:
                return answer
            location, why = self.resolved(sending.url, answer.headers.get("location", ""))
            if why:
                trip.trouble = f"redirected to a URL that may not be followed: {why}"
                return None
            sending = _redirected(sending, answer.status, location)
            answer = self._send_patiently(sending, trip, learn)
        if answer is not None and answer.status in _REDIRECTS:
            trip.trouble = f"redirected more than {_MOST_REDIRECTS} times"
            return None
        return answer

    def _send_patiently(self, sending: Sending, trip: Trip, learn: Callable[[Answer], None] | None) -> Answer | None:
        for attempt in range(self.limits.retries + 1):
            answer = self._send_once(sending, trip, learn)
            if answer is None or answer.status not in {429, 503} or attempt == self.limits.retries:
                return answer
            wait = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
            if wait is None and answer.status == 503:
                return answer
            wait = 2.0**attempt if wait is None else wait
            if wait > self.limits.max_retry_after:
                return answer
            self.sleep(wait)
        return None

    def _send_once(self, sending: Sending, trip: Trip, learn: Callable[[Answer], None] | None) -> Answer | None:
        self._pace()
        limits = self.limits
        started = time.monotonic()
        deadline = started + limits.total_timeout
        self.requests += 1
        answer = None
        trouble = ""
        try:
            request = httpx.Request(
                sending.method,
                sending.url,
                headers=[(name.encode(), value.encode("utf-8")) for name, value in sending.headers],
                content=sending.body or None,
                extensions={
                    "timeout": dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout),
                    "deadline": deadline,
                    "max_body": limits.max_body,
                },
            )
            response = self.client.send(request, stream=True)
            try:
                headers = response.headers.multi_items()
                body = read_body(response, limit=limits.max_body, deadline=deadline)
            except BodyError as error:
                trouble = str(error)
                trip.status = response.status_code
            else:
                answer = Answer(response.status_code, _first_of(headers), body, _cookies(headers), sending.values)
                trip.status = answer.status
            finally:
                response.close()
        except FAILURES as error:
            late = time.monotonic() >= deadline
            trouble = "the answer did not end in the time for the whole request" if late else failure_text(error)
            trip.status = None
        except UnicodeError:
            trouble = "the request could not be written: a header or URL holds characters that HTTP does not carry"
        if answer is not None and learn is not None:
            learn(answer)
        elapsed = (time.monotonic() - started) * 1000
        self._keep(sending, trip, answer, headers if answer is not None else [], elapsed, trouble)
        if self.record is not None:
            self.record(sending, answer, headers if answer is not None else [], trouble)
        trip.trouble = trouble
        return answer

    def _keep(
        self,
        sending: Sending,
        trip: Trip,
        answer: Answer | None,
        headers: list[tuple[str, str]],
        elapsed: float,
        trouble: str,
    ) -> None:
        redact = self.redactor
        sent = SentRequest(
            method=sending.method,
            url=redact.text(sending.url),
            headers=redact.headers(sending.headers),
            body=_kept(redact, sending.body, KEPT_REQUEST),
            body_size=len(sending.body),
        )
        received = None
        if answer is not None:
            textual = not answer.media_type or answer.media_type.startswith(_TEXTUAL)
            shortened = _shortened(answer) if textual and len(answer.body) > KEPT_TEXT else answer.body
            received = ReceivedResponse(
                status=answer.status,
                headers=redact.headers(tuple(headers)),
                body=_kept(redact, shortened, KEPT_TEXT if textual else KEPT_BINARY),
                body_size=len(answer.body),
                body_sha256=hashlib.sha256(answer.body).hexdigest(),
                elapsed_ms=round(elapsed, 3),
            )
        exchange = Exchange(sending.operation, sent, received, trouble or None, sending.origin)
        trip.exchanges.append(exchange)
        self.log.append(exchange)

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


def _kept(redact: Redactor, body: bytes, keep: int) -> bytes:
    """The redacted start of a body; a margin is redacted with it so that no secret is cut in two at the end."""
    return redact.data(body[: keep + 4096])[:keep] if body else body


def _shortened(answer: Answer) -> bytes:
    """A long JSON answer with its long texts cut, so that what is kept is still JSON with the ids in it."""
    if not answer.is_json:
        return answer.body
    try:
        return json.dumps(_cut(answer.json), ensure_ascii=False).encode("utf-8", "surrogatepass")
    except RecursionError:
        return answer.body


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONG_TEXT else f"{value[:200]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items()}
    return [_cut(inner) for inner in value] if isinstance(value, list) else value


def _first_of(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _cookies(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    """The cookies that an answer sets, by name; one that it deletes has no value."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == "set-cookie":
            key, equals, content = value.partition(";")[0].partition("=")
            if equals:
                cookies[key.strip()] = content.strip().strip('"')
    return cookies


def _redirected(sending: Sending, status: int, location: str) -> Sending:
    headers = sending.headers
    if origin_of(location) != origin_of(sending.url):
        headers = tuple((name, value) for name, value in headers if name.lower() not in {"authorization", "cookie"})
    if status == 303 or (status in {301, 302} and sending.method == "POST"):
        headers = tuple((name, value) for name, value in headers if name.lower() != "content-type")
        return replace(sending, method="GET", url=location, headers=headers, body=b"")
    return replace(sending, url=location, headers=headers)


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
    return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """``Retry-After`` in seconds; a date counts from the answer's own ``Date``. ``None`` where it is absent or
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
    except (ValueError, TypeError):
        return None


def failure_text(error: Exception) -> str:
    """One calm sentence for a failed connection. Nothing of the request stands in it."""
    kind = type(error).__name__
    text = str(error)
    if kind == "RecordedFailure":
        return text
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        why = text.partition("failed: ")[2].partition(" (_ssl")[0]
        return f"TLS failed: the certificate is not trusted ({why or 'unknown reason'})"
    if "SSL" in text or "TLS" in text.upper().split():
        return "TLS failed: the other side does not speak TLS as expected"
    if "Timeout" in kind:
        return "timed out"
    if kind == "ConnectError" or isinstance(error, ConnectionRefusedError):
        if "refused" in text:
            return "could not connect: connection refused"
        if "Name or service" in text or "getaddrinfo" in text or "name resolution" in text or "nodename" in text:
            return "could not connect: the host name is not known"
        return "could not connect"
    if kind == "RemoteProtocolError":
        return "the answer broke off or is not HTTP"
    if kind == "LocalProtocolError":
        return "the request could not be written: a header or URL holds characters that HTTP does not carry"
    if kind in {"InvalidURL", "UnsupportedProtocol"}:
        return "the URL cannot be used"
    return f"the connection failed ({kind})"
