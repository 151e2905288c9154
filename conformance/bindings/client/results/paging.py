"""Lists in pages: by link, cursor or number until the last. A list whose end is not reached is no usable response."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from shenhe.core.text import visible

from ...language.bound import BoundPages, BoundRequest
from ...language.responses.conditions import holds
from ...language.responses.response import Response, ResponseError
from ...language.responses.sources import HeaderValue, as_text, truth, value_of
from ..http.connection import Connection
from ..requester import Call, Requester
from .acceptance import MOST, Acceptance
from .responses import accepted_response

_NEXT_LINK = re.compile(r"<([^<>]{1,4000})>[^<>]{0,1000}?;\s*rel=\"?next\"?", re.I)


def further_pages(requester: Requester, bound: BoundRequest, call: Call, first: Response) -> tuple[Response, ...]:
    """The pages that follow the first one.

    Raises :class:`ResponseError`, naming the line, for a page that is refused or comes twice, and for a list of more
    than ``pages.most`` pages or :data:`~.acceptance.MOST` items.
    """
    if bound.pages is None:
        return ()
    pages: list[Response] = []
    response, items = first, Acceptance(bound, first, call).items()
    page, count = call.values["page"], len(items)
    for _ in range(bound.pages.most):
        following = _following(requester.connection, bound, bound.pages, response, page, items, count)
        if following is None:
            return tuple(pages)
        url, page = following
        outcome = accepted_response(requester, bound, replace(call, values={**call.values, "page": page}), url)
        if not isinstance(outcome, Response):
            reason = outcome.reason or outcome.status
            raise ResponseError(f"{bound.place('pages')}: the next page was refused: {reason}")
        response, before = outcome, items
        items = Acceptance(bound, response, call).items()
        if items and items == before:
            raise ResponseError(f"{bound.place('pages')}: found the same page twice, expected the next one")
        pages.append(response)
        count += len(items)
        if count > MOST:
            break
    raise ResponseError(f"{bound.place('pages', 'most')}: the list goes on after {count} items, expected its end")


def _following(
    connection: Connection,
    bound: BoundRequest,
    pages: BoundPages,
    response: Response,
    page: dict[str, Any],
    items: list[Any],
    count: int,
) -> tuple[str, dict[str, Any]] | None:
    """The URL (``""`` for the operation's own) and the ``page`` value of the next request; ``None`` after the last."""
    try:
        if pages.more is not None and not holds(pages.more, response):
            return None
        if pages.number is not None:
            return ("", {**page, "number": page["number"] + 1, "offset": count}) if items else None
        if pages.cursor is not None:
            cursor = value_of(pages.cursor, response)
            if not truth(cursor) or isinstance(cursor, dict | list):
                return None
            if cursor == page["cursor"]:
                raise ResponseError(
                    f"found the cursor {visible(as_text(cursor))[:60]!r} twice, expected another on each page"
                )
            return "", {**page, "cursor": cursor, "offset": count}
        link = value_of(pages.next, response) if pages.next is not None else None
    except ResponseError as error:
        raise ResponseError(f"{bound.place('pages')}: {error}") from None
    if isinstance(pages.next, HeaderValue) and isinstance(link, str) and "<" in link:
        marked = _NEXT_LINK.search(link)
        link = marked[1] if marked else None
    if not isinstance(link, str) or not link:
        return None
    url, why = connection.resolved(response.url, link)
    if why or not connection.own(url):
        raise ResponseError(
            f"{bound.place('pages', 'next')}: found a URL that is not followed: {why or 'it is not the provider'}"
        )
    return url, {**page, "offset": count}
