"""Values that one operation attaches to what it makes (``extract.carry``), for later requests about the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shenhe.conformance.apps import App
from shenhe.conformance.entities import Account, Consent, Content, Publication, Ticket

from ..language.bound import BoundRequest
from ..language.responses.response import Response, ResponseError
from ..language.responses.sources import value_of

KINDS: Mapping[type, str] = {
    Account: "account",
    Content: "content",
    Publication: "publication",
    Ticket: "ticket",
    Consent: "consent",
    App: "app",
}
"""The kinds of thing that values are attached to, by their name in templates: ``carried.content.key``."""


class CarriedValues:
    """The values attached so far, by kind and id of the thing."""

    def __init__(self, names: Mapping[str, frozenset[str]]) -> None:
        #: The names that operations carry, by kind: those that are not attached are ``none`` in templates.
        self._names = names
        self._values: dict[tuple[str, str], dict[str, Any]] = {}

    def about(self, account: Account | None, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The values attached to the things that a request with these ``values`` is about, by kind."""
        request = values.get("request")
        things = [account, *values.values(), getattr(request, "target", None), getattr(request, "consent", None)]
        things += [getattr(values.get(name), "app", None) for name in ("submission", "order")]
        carried: dict[str, dict[str, Any]] = {kind: dict.fromkeys(names) for kind, names in self._names.items()}
        for thing in things:
            kind = KINDS.get(type(thing))
            if kind is not None and thing is not None:
                carried.setdefault(kind, {}).update(self._values.get((kind, thing.id), {}))
        return carried

    def without(self, thing: Any) -> CarriedValues:
        """The same values without those attached to a thing: what a caller knows who has only its id."""
        other = CarriedValues(self._names)
        lost = KINDS.get(type(thing)), thing.id
        other._values = {key: values for key, values in self._values.items() if key != lost}
        return other

    def keep(self, bound: BoundRequest, response: Response, thing: Any) -> None:
        """Attach the values that ``bound`` extracts from ``response`` to the thing that the operation made.

        Raises :class:`ResponseError` naming the line.
        """
        sources = bound.groups.get("carry")
        kind = KINDS.get(type(thing))
        if not sources or kind is None:
            return
        attached = self._values.setdefault((kind, thing.id), {})
        for name, source in sources.items():
            try:
                value = value_of(source, response)
            except ResponseError as error:
                raise ResponseError(f"{bound.place('extract', 'carry', name)}: {error}") from None
            if value is not None:
                attached[name] = value
