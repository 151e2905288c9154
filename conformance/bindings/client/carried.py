"""Values carried between operations: what an answer attached to a thing (``extract.carry``) is there for requests about
that thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shenhe.conformance.provider import Account, Consent, Content, Publication, Ticket

from ..language.bound import BoundRequest
from ..language.extraction import Answer, AnswerError, value_of

KINDS: Mapping[type, str] = {
    Account: "account",
    Content: "content",
    Publication: "publication",
    Ticket: "ticket",
    Consent: "consent",
}
"""What values are attached to, by the name that templates have for it: ``carried.content.key``."""


class Carried:
    """The values attached so far, by kind and id of what they are attached to."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], dict[str, Any]] = {}

    def by(self, account: Account | None, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What earlier answers attached to the things that a request with these ``values`` is about, by kind."""
        request = values.get("request")
        about = [account, *values.values(), getattr(request, "target", None), getattr(request, "consent", None)]
        return {
            kind: self._of.get((kind, each.id), {})
            for each in about
            if (kind := KINDS.get(type(each), "")) and each is not None
        }

    def keep(self, way: BoundRequest, answer: Answer, made: Any) -> None:
        """Attach what ``way`` extracts from ``answer`` to what the operation made. Raises :class:`AnswerError` naming
        the line.
        """
        sources = way.groups.get("carry")
        kind = KINDS.get(type(made))
        if not sources or kind is None:
            return
        carried = self._of.setdefault((kind, made.id), {})
        for name, source in sources.items():
            try:
                found = value_of(source, answer)
            except AnswerError as error:
                raise AnswerError(f"{way.place('extract', 'carry', name)}: {error}") from None
            if found is not None:
                carried[name] = found
