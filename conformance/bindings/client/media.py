"""The bytes in a response: its body, base64, a data URL, a text, or the file at a URL of an allowed host."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from shenhe.conformance.entities import Media
from shenhe.conformance.provider import Operation

from ..language.bound import BoundMedia, BoundRequest
from ..language.responses.response import Response, ResponseError
from ..language.responses.sources import CssValue, HeaderValue, Source, WholeText, as_text, describe, value_of
from .archives import other_entries, part_of, zip_entry
from .requester import Call, Requester
from .sessions import SignInError

_IN_PIECES = frozenset({"base64", "hex"})
_MOST_PIECES = 1_000


def media_of(requester: Requester, bound: BoundRequest, call: Call, response: Response, fallback: str) -> Media | None:
    """The media of a response, or ``None`` for an operation without any.

    Their type is the one that the binding gives, else the response, else ``fallback``. Raises :class:`ResponseError`
    naming the line.
    """
    media = bound.media
    if media is None:
        return None
    named = ""
    if media.media_type is not None:
        named = str(media.media_type(call.values))
    elif media.type is not None:
        named = as_text(_find(bound, media.type, response, "type"))
    if media.kind in {"zip", "part"}:
        try:
            data, own = zip_entry(response, media.entry) if media.kind == "zip" else part_of(response, media.entry)
        except ResponseError as error:
            raise ResponseError(f"{bound.place('media', media.kind)}: {error}") from None
        beside = other_entries(response, media.entry) if media.kind == "zip" else ()
        return Media(data, named or own or fallback or "application/octet-stream", beside)
    if media.kind == "body" or media.at is None:
        return Media(response.body, named or response.media_type or fallback or "application/octet-stream")
    value = _find(bound, media.at, response, media.kind)
    if media.kind == "urls":
        return _of_pieces(requester, bound, call, response, value, named, fallback)
    if media.kind in _IN_PIECES and isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return Media(_joined(bound, media, value), named or fallback or "application/octet-stream")
    if not isinstance(value, str) or not value:
        if value is None and bound.operation is Operation.VIEW:
            return None
        found = describe(media.at, value, response)
        raise ResponseError(f"{bound.place('media', media.kind)}: found {found}, expected text")
    if media.kind == "text":
        return Media(value.encode("utf-8", "surrogatepass"), named or "text/plain")
    if value[:5].lower() == "data:":
        data, own = _data_url(bound, media, value)
        return Media(data, named or own or fallback or "application/octet-stream")
    if media.kind == "hex":
        return Media(_hex(bound, value), named or fallback or "application/octet-stream")
    if media.kind == "base64":
        return Media(_base64(bound, media, value), named or fallback or "application/octet-stream")
    try:
        file = _downloaded(requester, bound, call, response, value)
    except _FileGoneError:
        # A page without its file still shows what else it has.
        if bound.operation is Operation.VIEW and "text" in bound.extract:
            return None
        raise
    return Media(file.body, named or file.media_type or fallback or "application/octet-stream")


class _FileGoneError(ResponseError):
    """The address of a file answered that there is none."""


def _of_pieces(
    requester: Requester, bound: BoundRequest, call: Call, response: Response, value: Any, named: str, fallback: str
) -> Media:
    """A file that is fetched in pieces, one after another: those of a list of URLs, or of an M3U playlist."""
    place = bound.place("media", "urls")
    if isinstance(value, str):
        value = [line.strip() for line in value.splitlines() if line.strip() and not line.startswith("#")]
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise ResponseError(
            f"{place}: found no list of URLs and no playlist, expected the URLs of the pieces of a file"
        )
    if len(value) > _MOST_PIECES:
        raise ResponseError(f"{place}: found {len(value):,} pieces, expected {_MOST_PIECES} at most")
    limit, files = requester.connection.limits.max_body, []
    for url in value:
        files.append(_downloaded(requester, bound, call, response, url, "urls"))
        if sum(len(file.body) for file in files) > limit:
            raise ResponseError(f"{place}: found pieces of more than {limit:,} bytes, which limits.max_body allows")
    types = {file.media_type for file in files} - {"application/octet-stream", ""}
    own = types.pop() if len(types) == 1 else ""
    return Media(b"".join(file.body for file in files), named or own or fallback or "application/octet-stream")


def _joined(bound: BoundRequest, media: BoundMedia, pieces: list[str]) -> bytes:
    """A file that comes in pieces, each encoded by itself, such as the audio in the events of a stream."""
    if media.kind == "hex":
        return b"".join(_hex(bound, piece) for piece in pieces)
    return b"".join(_base64(bound, media, piece) for piece in pieces)


def _find(bound: BoundRequest, source: Source, response: Response, key: str) -> Any:
    try:
        return value_of(source, response)
    except ResponseError as error:
        raise ResponseError(f"{bound.place('media', key)}: {error}") from None


def _downloaded(
    requester: Requester, bound: BoundRequest, call: Call, response: Response, url: str, key: str = "url"
) -> Response:
    place = bound.place("media", key)
    connection = requester.connection
    # A link on a page is relative to the page, a URL in JSON to the base URL.
    of_page = bound.media is not None and isinstance(bound.media.at, CssValue | HeaderValue | WholeText)
    absolute, why = connection.resolved(response.url if of_page else connection.base_url + "/", url)
    if why:
        raise ResponseError(f"{place}: found a URL that is not fetched: {why}")
    try:
        file = requester.download(bound, call, absolute)
    except SignInError as error:
        raise ResponseError(f"{place}: {error}") from None
    if file is None:
        raise ResponseError(f"{place}: {call.log.failure}")
    if file.status // 100 != 2:
        why = f"{place}: the URL of the media answered with status {file.status}"
        raise (_FileGoneError if file.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) else ResponseError)(why)
    return file


def _hex(bound: BoundRequest, value: str) -> bytes:
    try:
        return bytes.fromhex("".join(value.split()))
    except ValueError:
        raise ResponseError(f"{bound.place('media', 'hex')}: found text that is not hexadecimal") from None


def _data_url(bound: BoundRequest, media: BoundMedia, value: str) -> tuple[bytes, str]:
    head, comma, data = value[5:].partition(",")
    if not comma:
        raise ResponseError(f"{bound.place('media', media.kind)}: found a data: URL without a comma, expected one")
    named = head.partition(";")[0].strip().lower()
    if head.lower().endswith(";base64"):
        return _base64(bound, media, data), named
    return unquote_to_bytes(data), named


def _base64(bound: BoundRequest, media: BoundMedia, value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()).translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise ResponseError(
            f"{bound.place('media', media.kind)}: found text that is not base64, expected base64"
        ) from None
