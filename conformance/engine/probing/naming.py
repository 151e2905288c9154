"""Whether a request names the thing that it is about.

A binding may forget the id of a publication, a file, a ticket or a conversation. A target then refuses every such
request in the words for a thing that does not exist, which says nothing about the thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...entities import Chat, Content, Publication, ReportRequest, Ticket

#: Words for a thing and the expression that names it in a template, by its type.
_NAMED: dict[type, tuple[str, str]] = {
    Content: ("the content", "content.id"),
    Publication: ("the publication", "publication.id"),
    Ticket: ("the ticket", "ticket.id"),
    Chat: ("the conversation", "chat.id"),
    ReportRequest: ("the target of the report", "request.target.id"),
}


def unnamed(
    preview: Callable[[Callable[[Any], object]], object], operation: str, arguments: Sequence[Any]
) -> tuple[str, str] | None:
    """The first thing among ``arguments`` that the request of ``operation`` does not depend on, as ``preview`` writes
    it: in words, and as an expression of a template. ``None`` if the request names all things or cannot be written.
    """
    written = preview(partial(_call, operation, tuple(arguments)))
    if written is None:
        return None
    for thing, others in _with_another(arguments):
        if preview(partial(_call, operation, others)) == written:
            return thing
    return None


def _with_another(arguments: Sequence[Any]) -> Iterator[tuple[tuple[str, str], tuple[Any, ...]]]:
    for place, argument in enumerate(arguments):
        thing = _NAMED.get(type(argument))
        if thing is None:
            continue
        other = _another(argument)
        yield thing, (*arguments[:place], other, *arguments[place + 1 :])


def _another(thing: Any) -> Any:
    """The same with another id, and of a ticket with another receipt: a binding may ask by either."""
    match thing:
        case ReportRequest(target=target):
            return replace(thing, target=replace(target, id=f"{target.id}0"))
        case Ticket(id=number, receipt=receipt):
            return replace(thing, id=f"{number}0", receipt=f"{receipt}0" if receipt else "")
    return replace(thing, id=f"{thing.id}0")


def _call(operation: str, arguments: tuple[Any, ...], provider: Any) -> object:
    return getattr(provider, operation)(*arguments)
