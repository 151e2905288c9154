"""An accepted operation, and what the binding's ``extract`` finds in its response."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from shenhe.conformance.apps import Listing, ListingState
from shenhe.conformance.entities import Media, Ticket, TicketState
from shenhe.conformance.provider import Operation
from shenhe.core.text import visible

from ...language.bound import BoundRequest
from ...language.responses.response import Response, ResponseError
from ...language.responses.sources import Query, as_text, describe, identifier_of, text_of, value_of
from ...language.shapes import SHAPES
from ..requester import Call

MOST = 10_000
"""The most items that are read of a list."""
_HELD = count(1)
#: A time after September 2001 as a number.
_COUNTED = re.compile(r"(\d{10}|\d{13}|\d{16})(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An accepted operation: its response, the media that came with it, and the further pages of a list.

    Methods raise :class:`ResponseError`, naming the line of the binding, for a response that lacks what they read.
    """

    bound: BoundRequest
    response: Response
    call: Call
    media: Media | None = None
    pages: tuple[Response, ...] = ()

    def __contains__(self, name: str) -> bool:
        """Whether the binding says where to find ``name``."""
        return name in self.bound.extract

    def value(self, name: str) -> Any:
        """What ``extract.NAME`` finds; ``None`` for nothing."""
        try:
            return value_of(self.bound.extract[name], self.response)
        except ResponseError as error:
            raise ResponseError(f"{self.bound.place('extract', name)}: {error}") from None

    def unexpected(self, name: str, value: Any, expected: str) -> ResponseError:
        """The error for a ``value`` of ``extract.NAME`` that is not the ``expected`` kind."""
        found = describe(self.bound.extract[name], value, self.response)
        return ResponseError(f"{self.bound.place('extract', name)}: found {found}, expected {expected}")

    def identifier(self) -> str:
        """The id of what the operation made. A file that is held gets one here: no request has it."""
        if self.bound.held and "id" not in self:
            return f"held-{next(_HELD)}"
        try:
            return identifier_of(self.bound.extract["id"], self.response)
        except ResponseError as error:
            raise ResponseError(f"{self.bound.place('extract', 'id')}: {error}") from None

    def text(self, name: str) -> str:
        """What ``extract.NAME`` finds, as text; ``""`` for nothing or an unbound name. Never raises."""
        return text_of(self.bound.extract.get(name), self.response)

    def ticket(self, known: Ticket | None = None) -> Ticket:
        """The state of a report or an appeal; ``known`` is the ticket that was looked at, whose id and receipt stay
        where the response does not repeat them.
        """
        number = self.identifier() if "id" in self else known.id if known else ""
        receipt = self.text("receipt") or (known.receipt if known else "")
        state = self._state(missing=self.bound.operation is not Operation.REPORT_STATUS)
        known_state = state if isinstance(state, TicketState) else TicketState.RECEIVED
        return Ticket(number, known_state, receipt, self.text("reasons"))

    def listing(self) -> Listing:
        """The status of an app."""
        state = self._state(missing=False)
        assert isinstance(state, ListingState)  # noqa: S101 - its shape has these states and requires one
        return Listing(state, self.text("reasons"), self.text("version"))

    def _state(self, *, missing: bool) -> TicketState | ListingState | None:
        """What ``extract.state`` finds, translated; ``None`` where none is bound, or none found and that is allowed."""
        if "state" not in self:
            return None
        word, states = as_text(self.value("state")), self.bound.states
        if word in states:
            return states[word]
        if not word and missing:
            return None
        found = repr(visible(word)[:60]) if word else describe(self.bound.extract["state"], None, self.response)
        place = self.bound.place("extract", "state")
        raise ResponseError(f"{place}: found {found}, expected one of: {', '.join(states)}; name others under states")

    def nothing(self) -> None:
        """The value of an operation that gives none."""

    def notices(self) -> tuple[str, ...]:
        """The notices that ``extract.notices`` finds: a list of texts, or one."""
        notices: Any = self.value("notices") if "notices" in self else []
        listed = notices if isinstance(notices, list) else [notices]
        return tuple(filter(None, map(as_text, listed[:MOST])))

    def items(self) -> list[Any]:
        """The items of a list: what its ``extract`` finds, else the whole response, which is a list or empty."""
        name = SHAPES[Operation(self.bound.operation)].items
        if name not in self:
            if not self.response.body.strip():
                return []
            document = self.response.json if self.response.is_json else None
            if isinstance(document, list):
                return document[:MOST]
            place = self.bound.place("extract", name)
            raise ResponseError(f"{place}: found a response that is no list, expected {name} to say where the list is")
        found = self.value(name)
        if not isinstance(found, list):
            raise self.unexpected(name, found, "a list of ids" if name in ("publications", "apps") else "a list")
        return found[:MOST]

    def all_items(self) -> Iterator[Any]:
        """The items of all pages."""
        for response in (self.response, *self.pages):
            yield from replace(self, response=response).items()

    def field(self, name: str, item: Any) -> str:
        """What ``extract.NAME``, or else ``extract.items.each.NAME``, finds in an item, as text; ``""`` for nothing."""
        source = self.bound.extract.get(name)
        if source is None and name in self.bound.of_items and isinstance(item, Mapping):
            return as_text(item.get(name))
        try:
            return as_text(source.search(item)) if isinstance(source, Query) else ""
        except ResponseError as error:
            raise ResponseError(f"{self.bound.place('extract', name)}: {error}") from None

    def page(self) -> str:
        """The whole response as a page to read."""
        response = self.response
        if not response.is_text:
            media_type = response.media_type or "no media type"
            found = f"found a body of {len(response.body):,} bytes ({media_type}) that is not text"
            raise ResponseError(f"{self.bound.place('path')}: {found}, expected a page")
        return response.text


def time_of(text: str) -> datetime | None:
    """A time in ISO 8601, or in seconds, milliseconds or microseconds since 1970; ``None`` for anything else."""
    if (counted := _COUNTED.fullmatch(text)) is not None:
        digits, fraction = counted.groups(default="")
        unit = {10: 1, 13: 1_000, 16: 1_000_000}[len(digits)]
        return datetime.fromtimestamp(float(f"{digits}{fraction}") / unit, UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
