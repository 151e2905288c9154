"""A response of server-sent events, read as JSON.

The format is that of the HTML standard, section 9.2: lines end with CR, LF or both; ``data`` lines of one event are
joined by line feeds; a line that begins with a colon is a comment; an event ends with an empty line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .response import MOST_VALUES, Response, ResponseError, values_in
from .sources import Query, as_text, truth

MEDIA_TYPE = "text/event-stream"
MOST_EVENTS = 20_000

_LINE_ENDS = re.compile("[\r\n]+")
_ONE_END = frozenset({"\n", "\r", "\r\n"})


@dataclass(frozen=True)
class BoundStream:
    """Where the pieces of text are in the data of an event, and which data ends the stream."""

    text: Query | None = None
    done: str | None = None
    done_when: Query | None = None
    lines: bool = False
    done_event: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamedResponse(Response):
    """A response whose events were read: ``json`` is ``{"events": [{"event", "data"}], "text"}``."""

    document: Any = None

    @property
    def json(self) -> Any:
        return self.document


def read_stream(stream: BoundStream, response: Response) -> Response:
    """``response`` with its events read; a response of another media type (often a refusal) as it is.

    Raises :class:`ResponseError` for a stream that broke off before its end, or of too many events.
    """
    if stream.lines:
        if response.status // 100 != 2:
            return response
        pieces_of_stream: Iterator[tuple[str, str]] = (
            ("message", line) for line in _lines(response.text) if line.strip()
        )
    elif response.media_type == MEDIA_TYPE:
        pieces_of_stream = events_of(response.text)
    else:
        return response
    return streamed(stream, response, pieces_of_stream)


def streamed(stream: BoundStream, response: Response, pieces_of_stream: Iterator[tuple[str, str]]) -> Response:
    """``response`` with the named pieces of data as its document. Raises :class:`ResponseError` as above."""
    events: list[dict[str, Any]] = []
    pieces: list[str] = []
    ended = False
    values = 0
    for name, text in pieces_of_stream:
        if stream.done is not None and text.strip() == stream.done:
            ended = True
            break
        if len(events) == MOST_EVENTS:
            raise ResponseError(f"found a stream of more than {MOST_EVENTS:,} events, expected less")
        values += values_in(text)
        if values > MOST_VALUES:
            raise ResponseError(f"found a stream of more than {MOST_VALUES:,} values, expected fewer")
        data = _data(text)
        events.append({"event": name, "data": data})
        if stream.text is not None:
            pieces.append(as_text(stream.text.search(data)))
        if name in stream.done_event or (stream.done_when is not None and truth(stream.done_when.search(data))):
            ended = True
            break
    last = stream.done or (stream.done_when and stream.done_when.expression) or " or ".join(stream.done_event)
    if last and not ended:
        raise ResponseError(f"found a stream of {len(events)} events that broke off, expected {last!r} at its end")
    document = {"events": events, "text": "".join(pieces)}
    return StreamedResponse(
        response.status, response.headers, response.body, response.cookies, response.values, response.url, document
    )


def ends_stream(stream: BoundStream, text: str) -> bool:
    """Whether the data of a message is the last one."""
    if stream.done is not None and text.strip() == stream.done:
        return True
    try:
        return stream.done_when is not None and truth(stream.done_when.search(_data(text)))
    except ResponseError:
        return False


def events_of(text: str) -> Iterator[tuple[str, str]]:
    """The name (``message`` by default) and data of each event. An event that its empty line does not end is left
    out.
    """
    name, data = "", list[str]()
    for line in _lines(text.removeprefix("\ufeff")):
        if not line:
            if data:
                yield name or "message", "\n".join(data)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value


def _lines(text: str) -> Iterator[str]:
    """The lines of a text; of several empty ones in a row, the first."""
    last = 0
    for end in _LINE_ENDS.finditer(text):
        yield text[last : end.start()]
        if end[0] not in _ONE_END:
            yield ""
        last = end.end()
    yield text[last:]


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
