"""The addresses that responses name, and a plain GET of one of them, as a browser that kept the link would send it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from shenhe.conformance.entities import Account, Media
from shenhe.conformance.exchange import Exchange, body_text
from shenhe.conformance.provider import Accepted, Operation, Refused, Result, Unavailable

from ..language.bound import BoundRequest
from .http.connection import ExchangeLog
from .requester import Call, Requester
from .sessions import SignInError

MOST = 24
"""So many addresses of one thing are looked at."""
_LONGEST = 2_000
_ATTRIBUTE = re.compile(r"""\b(src|href|poster|content|data-src)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_LINK_HEADER = re.compile(r"<([^<>]+)>")
_PATH = re.compile(r"/[\w\-.~%!$&'()*+,;=:@/]*(?:\?\S*)?")
_DOCUMENT = re.compile(r"json|html|xml|javascript|x-www-form-urlencoded", re.IGNORECASE)
#: What a GET should not try, by a word of its path: some services act on one.
_ACTS = re.compile(
    r"(?:^|[/_.-])(?:log-?out|sign-?out|delete|remove|unpublish|unsubscribe|cancel|revoke|approve|reject|report|pay)"
    r"(?:$|[/_.-])",
    re.IGNORECASE,
)


def named_in(exchanges: Iterable[Exchange], requester: Requester) -> list[str]:
    """The absolute URLs that the responses of these exchanges name and that may be fetched, each once, in their order.

    What was itself requested is left out, except for files: a page that is gone no longer leads to its file. So is what
    a GET might change.
    """
    exchanges = list(exchanges)
    requested = {exchange.request.url.partition("?")[0] for exchange in exchanges if not _is_file(exchange)}
    found: dict[str, None] = {}
    for exchange in exchanges:
        for base, link in _links(exchange, requester.connection.base_url + "/"):
            url, why = requester.connection.resolved(base, link)
            url = url.partition("#")[0]
            if why or "${" in url or url.partition("?")[0] in requested or _ACTS.search(urlsplit(url).path):
                continue
            found[url] = None
    return list(found)[:MOST]


def _is_file(exchange: Exchange) -> bool:
    """Whether a response is a file rather than a document that a program or a person reads."""
    headers = dict(exchange.response.headers) if exchange.response is not None else {}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return bool(kind) and not _DOCUMENT.search(kind)


def _links(exchange: Exchange, base_url: str) -> Iterator[tuple[str, str]]:
    """What may be links in a response, each with what it is relative to."""
    response, page = exchange.response, exchange.request.url
    if response is None:
        return
    for name, value in response.headers:
        if name.lower() in {"location", "content-location"}:
            yield page, value
        elif name.lower() == "link":
            yield from ((page, link) for link in _LINK_HEADER.findall(value))
    text = body_text(response.body) or ""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        for quoted in _ATTRIBUTE.finditer(text):
            link = html.unescape(quoted[2] or quoted[3] or "").strip()
            # What a page says of itself is an address only where it looks like one.
            if quoted[1].lower() != "content" or link.startswith(("https://", "http://", "/")):
                yield page, link
        return
    for value in _strings(document):
        if value.startswith(("https://", "http://")) or _PATH.fullmatch(value):
            yield base_url, value


def _strings(document: Any) -> Iterator[str]:
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += reversed(value.values())
        elif isinstance(value, list):
            pending += reversed(value)
        elif isinstance(value, str) and 2 <= len(value) <= _LONGEST:
            yield value


def visited(requester: Requester, bound: BoundRequest | None, account: Account | None, url: str) -> Result[Media]:
    """What a GET of an address returns, without credentials or with those of an account, as ``bound`` sends them."""
    call = Call(account, {"account": account}, ExchangeLog())
    try:
        response = requester.download(bound if account is not None else None, call, url)
    except SignInError as error:
        return error.result
    exchanges = tuple(call.log.exchanges)
    if response is None:
        return Unavailable(call.log.failure, exchanges, call.log.status)
    if response.status == 429 or response.status >= 500:
        return Unavailable(f"status {response.status}", exchanges, response.status)
    if response.status // 100 != 2:
        return Refused(response.status, "", exchanges)
    return Accepted(Media(response.body, response.media_type or "application/octet-stream"), exchanges)


def signed_like(operations: Mapping[Operation, tuple[BoundRequest, ...]]) -> BoundRequest | None:
    """The request by whose credentials an account asks for an address: that of a view, else of a fetch."""
    for operation in (Operation.VIEW, Operation.FETCH):
        for bound in operations.get(operation, ()):
            return bound
    return None
