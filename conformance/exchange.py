"""One request and its answer, kept as evidence.

Exchanges are immutable and redacted when they are captured: whatever is a secret (tokens, supplied identities) stands
in them only as the ``${NAME}`` it came from, so that nothing built from an exchange (a report, a log line, an
exception) can leak it.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from typing import Literal

from shenhe.core.text import visible

from .report import Step

KEPT_REQUEST = 1_000_000
KEPT_TEXT = 65_536
KEPT_BINARY = 1_024
"""Bytes of a body that are kept as evidence: of a request, of an answer in text, of any other answer. Size and hash are
always kept.
"""

SHOWN = 8_000
"""Characters of a body that a report repeats."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What went out. ``body`` is what was sent, cut at the capture limit; ``body_size`` is the whole size in bytes."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    body_size: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """What came back. ``body`` is cut at the capture limit; ``body_size`` and ``body_sha256`` speak of all that was
    read.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    body_size: int = 0
    body_sha256: str = ""
    elapsed_ms: float = 0.0

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or with the reason why none came."""

    operation: str
    request: SentRequest
    response: ReceivedResponse | None = None
    error: str | None = None
    #: Where the request was described: ``binding.yaml:41``; empty for a provider that is not bound by a file.
    origin: str = ""


def to_step(exchange: Exchange, role: Literal["set-up", "control", "probe", "observation"]) -> Step:
    """An exchange as a report shows it: bodies as text where they are text, bounded, else a description with size and
    hash.
    """
    request, response = exchange.request, exchange.response
    return Step(
        role=role,
        operation=exchange.operation,
        method=request.method,
        url=visible(request.url),
        request_headers=_shown_headers(request.headers),
        request_body=_shown_body(request.body, request.body_size, ""),
        status=response.status if response else None,
        response_headers=_shown_headers(response.headers) if response else {},
        response_body=_shown_body(response.body, response.body_size, response.body_sha256) if response else "",
        error=visible(exchange.error) if exchange.error else None,
        origin=exchange.origin,
    )


def _shown_headers(headers: Headers) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in headers[:100]:
        key = visible(name)[:200]
        shown[key] = f"{shown[key]}, {visible(value)[:2000]}" if key in shown else visible(value)[:2000]
    return shown


def _shown_body(body: bytes, size: int, sha256: str) -> str:
    if not body:
        return f"({size:,} bytes, not kept)" if size else ""
    text = body_text(body)
    if text is None:
        digest = sha256 or (hashlib.sha256(body).hexdigest() if size == len(body) else "")
        return f"({size:,} bytes, not text" + (f", sha256 {digest})" if digest else ")")
    shown = visible(text)
    cut = len(shown) > SHOWN or size > len(body) + 4096 or len(body) in {KEPT_TEXT, KEPT_REQUEST, KEPT_BINARY}
    return shown[:SHOWN] + (f"\n… ({size:,} bytes in all)" if cut else "")


def body_text(body: bytes) -> str | None:
    """A kept body as text, ``None`` where it is not text. A character cut in two at the end is left out."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


#: ``set-up`` prepares; ``control`` is the lawful counterpart that must be accepted for a refusal to count; ``probe``
#: is what the verdict rests on; ``observation`` looks at the effect.
Role = Literal["set-up", "control", "probe", "observation"]


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One exchange and its role in a case."""

    role: Role
    exchange: Exchange
