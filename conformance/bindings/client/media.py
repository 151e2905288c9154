"""The bytes in an answer: its body, base64, a data URL, a text, or what lies at a URL of an allowed host."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_to_bytes

from shenhe.conformance.provider import Media, Operation

from ..language.bound import BoundMedia, BoundRequest
from ..language.extraction import AnswerError, Query, as_text, describe
from .asking import Asked
from .caller import Caller
from .sessions import SignInError


def media_of(caller: Caller, asked: Asked, fallback: str) -> Media | None:
    """The media of an answer, or ``None`` where the operation gives none.

    Its type is what the binding says, else what the answer says, else ``fallback``. Raises :class:`AnswerError` naming
    the line.
    """
    way, answer, media = asked.way, asked.answer, asked.way.media
    if media is None:
        return None
    given = ""
    if media.media_type is not None:
        given = str(media.media_type(asked.values))
    elif media.type is not None:
        given = as_text(_found(asked, media.type, "type"))
    if media.kind == "body" or media.at is None:
        return Media(answer.body, given or answer.media_type or fallback or "application/octet-stream")
    value = _found(asked, media.at, media.kind)
    if not isinstance(value, str) or not value:
        if value is None and way.operation is Operation.VIEW:
            return None
        raise AnswerError(f"{way.place('media', media.kind)}: found {describe(media.at, value, answer)}, expected text")
    if media.kind == "text":
        return Media(value.encode("utf-8", "surrogatepass"), given or "text/plain")
    if value[:5].lower() == "data:":
        data, named = _data_url(way, media, value)
        return Media(data, given or named or fallback or "application/octet-stream")
    if media.kind == "base64":
        return Media(_base64(way, media, value), given or fallback or "application/octet-stream")
    return _fetched(caller, asked, value, given, fallback)


def _found(asked: Asked, query: Query, key: str) -> Any:
    try:
        return query.search(asked.answer.json)
    except AnswerError as error:
        raise AnswerError(f"{asked.way.place('media', key)}: {error}") from None


def _fetched(caller: Caller, asked: Asked, url: str, given: str, fallback: str) -> Media:
    way, trip = asked.way, asked.trip
    place = way.place("media", "url")
    absolute, why = caller.wire.resolved(caller.wire.base_url + "/", url)
    if why:
        raise AnswerError(f"{place}: found a URL that is not fetched: {why}")
    try:
        answer = caller.fetch(way, asked.account, asked.values, trip, absolute)
    except SignInError as error:
        raise AnswerError(f"{place}: {error}") from None
    if answer is None:
        raise AnswerError(f"{place}: {trip.trouble}")
    if answer.status // 100 != 2:
        raise AnswerError(f"{place}: the URL of the media answered with status {answer.status}")
    return Media(answer.body, given or answer.media_type or fallback or "application/octet-stream")


def _data_url(way: BoundRequest, media: BoundMedia, value: str) -> tuple[bytes, str]:
    head, comma, data = value[5:].partition(",")
    if not comma:
        raise AnswerError(f"{way.place('media', media.kind)}: found a data: URL without a comma, expected one")
    named = head.partition(";")[0].strip().lower()
    if head.lower().endswith(";base64"):
        return _base64(way, media, data), named
    return unquote_to_bytes(data), named


def _base64(way: BoundRequest, media: BoundMedia, value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()).translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise AnswerError(f"{way.place('media', media.kind)}: found text that is not base64, expected base64") from None
