"""A kept request taken apart: its headers, its body, its places for secrets. What was cut or left out when it was kept
is told.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from shenhe.conformance.evidence.redaction import NOTHING
from shenhe.conformance.exchange import KEPT_REQUEST, Exchange, SentRequest
from shenhe.core.text import visible

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""The placeholder of a secret in kept evidence."""
LEARNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}_[0-9]{1,9}")
"""The names of tokens that the redactor learned. Only these are carried from a response: an environment variable that a
target repeats is never assigned in a script.
"""
_WRITTEN_HEADERS = frozenset({"authorization", "cookie", "content-type", "accept"})
_UNSENT = frozenset({"host", "content-length", "accept-encoding", "connection", "transfer-encoding"})

Steps: TypeAlias = tuple[str | int, ...]


def leaves_of(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """The texts and whole numbers of a JSON value with where they stand, within bounds of depth, width and length."""
    if len(steps) > 20:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves_of(inner, (*steps, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:200]):
            yield from leaves_of(inner, (*steps, index))
    elif isinstance(value, str) and 0 < len(value) <= 2000:
        yield steps, value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield steps, str(value)


def atoms_of(request: SentRequest) -> Iterator[str]:
    """Every whole value in a request: its URL, segments of the path, values of the query, of headers and of a JSON or
    form body.
    """
    yield request.url
    yield from (value for name, value in headers_to_resend(request) if name.lower() not in _WRITTEN_HEADERS)
    parts = urlsplit(request.url)
    yield request.url.removeprefix(origin_text(request.url))
    yield from (unquote(segment) for segment in parts.path.split("/") if segment)
    yield from (value for _, value in parse_qsl(parts.query, keep_blank_values=True))
    for _, value in leaves_of(json_of(request), ()):
        yield value
    if is_form(request):
        yield from (value for _, value in parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def placeholders_of(request: SentRequest) -> Iterator[str]:
    """The names of the secrets that a request carried."""
    texts = [request.url, request.body.decode("utf-8", "replace")]
    for name, value in request.headers:
        texts.append(basic_text(value) if name.lower() == "authorization" else value)
    for text in texts:
        yield from (name for name in PLACEHOLDER.findall(text) if name != NOTHING)


def basic_text(value: str) -> str:
    """``user:password`` of a Basic header whose secrets are placeholders; any other value as it is."""
    if value[:6].lower() != "basic ":
        return value
    try:
        plain = base64.b64decode(value[6:], validate=True).decode()
    except (binascii.Error, ValueError):
        return value
    return plain if PLACEHOLDER.search(plain) else value


def content_type_of(request: SentRequest) -> str:
    """The media type of the body, without parameters."""
    return (
        next((value for name, value in request.headers if name.lower() == "content-type"), "")
        .partition(";")[0]
        .strip()
        .lower()
    )


def json_of(request: SentRequest) -> Any:
    """The body as JSON; ``None`` where it is none, or was not kept whole."""
    if content_type_of(request) != "application/json" or not is_whole(request):
        return None
    try:
        # As text: given bytes, `json` also reads UTF-16, which the redactor does not.
        return json.loads(request.body.decode())
    except (ValueError, RecursionError):
        return None


def is_form(request: SentRequest) -> bool:
    """Whether the body is a URL-encoded form."""
    return content_type_of(request) == "application/x-www-form-urlencoded"


def is_whole(request: SentRequest) -> bool:
    """Whether the body was kept whole. Placeholders change its length, so only one cut at the limit of capture counts
    as cut.
    """
    return len(request.body) < KEPT_REQUEST or request.body_size <= len(request.body)


def is_text_body(body: bytes) -> bool:
    """Whether a body can stand in a file of text."""
    try:
        return "\0" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def origin_text(url: str) -> str:
    """Scheme, host and port of a URL, as text."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def headers_to_resend(request: SentRequest) -> list[tuple[str, str]]:
    """The headers that have to be sent again; the others any client adds itself."""
    kept = [(name, value) for name, value in request.headers if name.lower() not in _UNSENT]
    return [(name, value) for name, value in kept if (name.lower(), value) != ("accept", "*/*")]


def title_of(exchange: Exchange) -> str:
    """One line for a comment: what was asked, where the binding says so, and how it was answered."""
    origin = f" ({visible(exchange.origin)})" if exchange.origin else ""
    answered = f"answered {exchange.response.status}" if exchange.response else "had no answer"
    return f"{visible(exchange.operation)}{origin} {answered}".replace("\n", " ")
