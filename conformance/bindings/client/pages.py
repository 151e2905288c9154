"""Lists in pages: by a link, a cursor or a number, until the last. A list whose end is not reached is no answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from shenhe.core.text import visible

from ..language.bound import BoundPages
from ..language.extraction import AnswerError, HeaderValue, as_text, truth, value_of
from .asking import Asked, Asking
from .reading import MOST
from .wire import Wire

T = TypeVar("T")
_NEXT_LINK = re.compile(r"<([^<>]{1,4000})>[^<>]{0,1000}?;\s*rel=\"?next\"?", re.I)


def whole_list(asking: Asking, asked: Asked, read: Callable[[Asked], list[T]]) -> tuple[T, ...]:
    """All that ``read`` finds on the first page and on those that follow it.

    Raises :class:`AnswerError`, naming the line, for a page that is not given or comes twice, and for a list of more
    than ``pages.most`` pages or :data:`~.reading.MOST` items.
    """
    pages = asked.way.pages
    found = read(asked)
    if pages is None:
        return tuple(found)
    part = found
    for _ in range(pages.most):
        following = _following(asking.caller.wire, pages, asked, part, len(found))
        if following is None:
            return tuple(found)
        url, page = following
        again = asking.answered(asked.way, asked.account, {**asked.values, "page": page}, asked.trip, url)
        if not isinstance(again, Asked):
            raise AnswerError(
                f"{asked.way.place('pages')}: a further page was not given: {again.reason or again.status}"
            )
        before, asked = part, again
        part = read(asked)
        if part and part == before:
            raise AnswerError(f"{asked.way.place('pages')}: found the same page twice, expected the next one")
        found += part
        if len(found) > MOST:
            break
    raise AnswerError(
        f"{asked.way.place('pages', 'most')}: the list goes on after {len(found)} items, expected its end"
    )


def _following(
    wire: Wire, pages: BoundPages, asked: Asked, part: list[Any], count: int
) -> tuple[str, dict[str, Any]] | None:
    """The URL (``""`` for the operation's own) and the ``page`` to ask next with, or ``None`` after the last."""
    page = asked.values["page"]
    try:
        if pages.more is not None and not truth(pages.more.search(asked.answer.json)):
            return None
        if pages.number is not None:
            return ("", {**page, "number": page["number"] + 1, "offset": count}) if part else None
        if pages.cursor is not None:
            cursor = pages.cursor.search(asked.answer.json)
            if not truth(cursor) or isinstance(cursor, dict | list):
                return None
            if cursor == page["cursor"]:
                raise AnswerError(
                    f"found the cursor {visible(as_text(cursor))[:60]!r} twice, expected another on each page"
                )
            return "", {**page, "cursor": cursor, "offset": count}
        link = value_of(pages.next, asked.answer) if pages.next is not None else None
    except AnswerError as error:
        raise AnswerError(f"{asked.way.place('pages')}: {error}") from None
    if isinstance(pages.next, HeaderValue) and isinstance(link, str) and "<" in link:
        marked = _NEXT_LINK.search(link)
        link = marked[1] if marked else None
    if not isinstance(link, str) or not link:
        return None
    url, why = wire.resolved(asked.url, link)
    if why or not wire.own(url):
        raise AnswerError(
            f"{asked.way.place('pages', 'next')}: found a URL that is not followed: {why or 'it is not the provider'}"
        )
    return url, {**page, "offset": count}
