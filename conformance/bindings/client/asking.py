"""Asking for an operation: from its values to an accepted answer, or to the refusal or failure that came instead."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from shenhe.conformance.provider import Accepted, Account, Operation, Refused, Result, Unavailable

from ..language.bound import BoundRequest
from ..language.extraction import Answer, AnswerError, text_of
from ..language.stream import streamed
from ..language.template import TemplateError
from .caller import Caller
from .carried import Carried
from .jobs import finished
from .outcome import declined
from .sessions import SignInError
from .wire import Trip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """An accepted answer with what it answered. ``url`` is where was asked."""

    way: BoundRequest
    answer: Answer
    values: dict[str, Any]
    account: Account | None
    trip: Trip
    url: str


class Asking:
    """Asks for the operations of ``ways`` by way of ``caller``, and carries values from one to the next."""

    def __init__(self, caller: Caller, ways: Mapping[Operation, tuple[BoundRequest, ...]]) -> None:
        self.caller = caller
        self._ways = ways
        self._carried = Carried()

    def with_extra(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Asking:
        """The same, with the same carried values, whose every request carries these besides its own."""
        other = copy.copy(self)
        other.caller = self.caller.with_extra(headers, query)
        return other

    def ask(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        read: Callable[[Asked], T],
    ) -> Result[T]:
        """Ask the first way that matches ``facets``, and let ``read`` make the value of an accepted answer.

        ``values`` are what templates are filled in with. Where ``read`` raises :class:`AnswerError`, there was no
        usable answer.
        """
        way = next((way for way in self._ways.get(operation, ()) if way.matches(facets)), None)
        if way is None:
            named = ", ".join(f"{name} {value}" for name, value in facets.items())
            return Unavailable(
                f"the binding does not say how to ask for {operation.value}" + (f" of {named}" if named else "")
            )
        trip = Trip()
        values = {"account": account, **values, "carried": self._carried.by(account, values)}
        if way.pages is not None:
            values["page"] = {"number": way.pages.number, "cursor": None, "offset": 0}
        try:
            asked = self.answered(way, account, values, trip)
            if not isinstance(asked, Asked):
                return asked
            value = read(asked)
            self._carried.keep(way, asked.answer, value)
        except (AnswerError, TemplateError) as error:
            return Unavailable(str(error), tuple(trip.exchanges), trip.status)
        return Accepted(value, tuple(trip.exchanges), text_of(way.notice, asked.answer))

    def answered(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip, url: str = ""
    ) -> Asked | Refused | Unavailable:
        """An accepted answer, its events read and its job followed where need be. ``url`` takes the place of the one
        that ``way`` describes. Raises :class:`AnswerError` and :class:`TemplateError`, naming the line of the binding.
        """
        try:
            sent = self.caller.send(way, account, values, trip, url)
        except SignInError as error:
            return error.result
        if sent is None:
            return Unavailable(trip.trouble, tuple(trip.exchanges), trip.status)
        sending, answer = sent
        if way.stream is not None:
            try:
                answer = streamed(way.stream, answer)
            except AnswerError as error:
                raise AnswerError(f"{way.place('stream')}: {error}") from None
        no = declined(way, answer, trip)
        if no is not None:
            return no
        if way.poll is not None:
            done = finished(self.caller, way, way.poll, account, values, answer, trip, sending.url)
            if not isinstance(done, Answer):
                return done
            answer = done
        return Asked(way, answer, values, account, trip, sending.url)
