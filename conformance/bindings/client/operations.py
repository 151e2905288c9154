"""From an operation to its accepted response, in one direction.

:meth:`OperationClient.call` chooses the request that the binding describes, obtains its response (:mod:`.responses`),
downloads the media (:mod:`.media`) and reads the further pages (:mod:`.paging`). Each stage takes the result of the one
before and returns its own, or the :class:`Refused` or :class:`Unavailable` that ends the call.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from shenhe.conformance.entities import Account, Media
from shenhe.conformance.exchange import Exchange
from shenhe.conformance.provider import Accepted, Operation, Refused, Result, Unavailable

from ..language.bound import BoundRequest
from ..language.responses.response import Response, ResponseError
from ..language.responses.sources import as_text, text_of, value_of
from ..language.shapes import SHAPES
from ..language.template import TemplateError
from .addresses import named_in, signed_like, visited
from .carried_values import CarriedValues
from .http.connection import ExchangeLog, Request
from .media import media_of
from .requester import Call, Requester
from .requests import Previewed
from .results.acceptance import Acceptance
from .results.paging import further_pages
from .results.responses import complete
from .sessions import SignInError

T = TypeVar("T")


class OperationClient:
    """Calls the operations of a binding, and carries values from one to the next."""

    def __init__(
        self,
        requester: Requester,
        operations: Mapping[Operation, tuple[BoundRequest, ...]],
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        """``fixed`` are values that every template has."""
        self._requester = requester
        self._operations = operations
        self._fixed = fixed or {}
        self._carried = CarriedValues(_carried_names(operations))
        self._clock = Clock()
        self._with_code: tuple[Callable[[str], str], ...] = ()
        self._unfinished = False
        self._called: set[str] = set()
        self._named: set[tuple[Operation, str, object]] = set()

    def with_extra(
        self, headers: Mapping[str, str], query: Mapping[str, str], fields: Mapping[str, Any] | None = None
    ) -> OperationClient:
        """A client with the same carried values that adds these to every request."""
        other = copy.copy(self)
        other._requester = self._requester.with_extra(headers, query, fields)
        return other

    def with_code(self, *makes: Callable[[str], str]) -> OperationClient:
        """A client with the same carried values that makes other codes of the one that a step extracts."""
        other = copy.copy(self)
        other._with_code = makes
        return other

    def forgetting(self, thing: Any) -> OperationClient:
        """A client that has nothing of a thing but its id."""
        other = copy.copy(self)
        other._carried = self._carried.without(thing)
        return other

    def unfinished(self) -> OperationClient:
        """A client with the same carried values that sends the steps of an operation and not its last request."""
        other = copy.copy(self)
        other._unfinished = True
        return other

    def previewing(self) -> OperationClient:
        """A client that raises requests as :class:`~.requests.Previewed` instead of sending them."""
        other = copy.copy(self)
        other._requester = self._requester.previewing()
        other._called, other._named = set(), set()
        return other

    def unused(self) -> list[str]:
        """The requests of the binding that no call has used, each by its line.

        The entry for all other arguments of an operation is left out if one of its variants was used.
        """
        unused: list[str] = []
        for requests in self._operations.values():
            called = any(bound.place() in self._called for bound in requests)
            unused += [
                bound.place() for bound in requests if bound.place() not in self._called and (bound.when or not called)
            ]
        return list(dict.fromkeys(unused))

    def named(self, operation: Operation, facet: str, value: object) -> bool:
        """Whether a call of an operation has named this value of a facet, such as a surface."""
        return (operation, facet, value) in self._named

    def call(
        self,
        operation: Operation,
        account: Account | None,
        values: Mapping[str, Any],
        facets: Mapping[str, Any] | None = None,
        *,
        media_type: str = "",
        begun_by: Account | None = None,
        paused: Callable[[], None] | None = None,
    ) -> Acceptance | Refused | Unavailable:
        """Call an operation by the first request that matches ``facets``.

        ``values`` are those of the templates. ``media_type`` is that of the media if nothing else gives it.
        ``begun_by`` and ``paused`` are those of a :class:`Call`.
        """
        facets = facets or {}
        bound = next((each for each in self._operations.get(operation, ()) if each.matches(facets)), None)
        if bound is None:
            named = ", ".join(f"{name} {value}" for name, value in facets.items())
            return Unavailable(
                f"the binding does not say how to ask for {operation.value}" + (f" of {named}" if named else "")
            )
        self._called.add(bound.place())
        self._named.update((operation, name, value) for name, value in facets.items())
        carried = self._carried.about(account, values)
        given = {**self._fixed, "clock": self._clock.now(), "account": account, **values, "carried": carried}
        call = Call(
            account,
            given,
            ExchangeLog(),
            begun_by=begun_by,
            paused=paused,
            with_code=self._with_code,
            unfinished=self._unfinished,
        )
        if bound.held:
            return self._held(bound, call)
        if bound.pages is not None:
            call.values["page"] = {"number": bound.pages.number, "cursor": None, "offset": 0}
        try:
            response = complete(self._requester, bound, call)
            if not isinstance(response, Response):
                return response
            media = media_of(self._requester, bound, call, response, media_type)
            pages = further_pages(self._requester, bound, call, response)
        except SignInError as error:
            return error.result
        except (ResponseError, TemplateError) as error:
            return Unavailable(str(error), tuple(call.log.exchanges), call.log.status)
        return Acceptance(bound, response, call, media, pages)

    def late_callbacks(self, account: Account) -> Result[tuple[Media, ...]]:
        """What was sent to the addresses of an account and no call waited for."""
        log = ExchangeLog()
        late = self._requester.late_callbacks(account.id, log)
        files = tuple(Media(each.body, each.media_type) for each in late)
        return Accepted(files, tuple(log.exchanges))

    def _held(self, bound: BoundRequest, call: Call) -> Acceptance:
        """An upload that is not sent: its file, and what is carried with it, wait for the request that publishes."""
        nothing = Response(200, {}, b"", values=call.values)
        media: Media = call.values["media"]
        if self._requester.writes_only:
            carried = {name: as_text(value_of(each, nothing)) for name, each in bound.groups.get("carry", {}).items()}
            kept = Request(str(bound.operation), "", "", tuple(carried.items()), media.data, bound.origin)
            raise Previewed((kept,))
        return Acceptance(bound, nothing, call, media)

    def addresses(self, exchanges: Iterable[Exchange]) -> list[str]:
        """The addresses that the responses of these exchanges name and that may be fetched."""
        return named_in(exchanges, self._requester)

    def visit(self, account: Account | None, url: str) -> Result[Media]:
        """What a GET of an address returns."""
        return visited(self._requester, signed_like(self._operations), account, url)

    def result(self, outcome: Acceptance | Refused | Unavailable, read: Callable[[Acceptance], T]) -> Result[T]:
        """The value that ``read`` finds in an accepted response; a refusal or failure unchanged.

        A response in which ``read`` misses something (:class:`ResponseError`) is no usable one.
        """
        if not isinstance(outcome, Acceptance):
            return outcome
        bound, response, log = outcome.bound, outcome.response, outcome.call.log
        try:
            value = read(outcome)
            self._carried.keep(bound, response, value)
            if bound.operation == Operation.ADVANCE_CLOCK:
                self._clock.advance(outcome.call.values["hours"])
        except (ResponseError, TemplateError) as error:
            return Unavailable(str(error), tuple(log.exchanges), log.status)
        return Accepted(value, tuple(log.exchanges), text_of(bound.notice, response))


class Clock:
    """The clock of the target: the time of this machine, and the hours that the target was made to let pass."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time at the target."""
        return datetime.now(UTC) + self._ahead

    def advance(self, hours: float) -> None:
        """Note that the target has moved its clock."""
        self._ahead += timedelta(hours=hours)


def _carried_names(operations: Mapping[Operation, tuple[BoundRequest, ...]]) -> dict[str, frozenset[str]]:
    """The names of the values that operations carry, by the kind of what they are attached to."""
    names: dict[str, set[str]] = {}
    for operation, requests in operations.items():
        for bound in requests:
            names.setdefault(SHAPES[operation].makes, set()).update(bound.groups.get("carry", {}))
    return {kind: frozenset(found) for kind, found in names.items() if kind and found}
