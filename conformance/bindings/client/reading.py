"""Reading an accepted answer as the binding's ``extract`` says. Each function raises :class:`AnswerError` naming the
line that found something else than was expected.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shenhe.conformance.provider import Operation, Ticket, TicketState
from shenhe.core.text import visible

from ..language.extraction import AnswerError, Query, as_text, describe, identifier_of, text_of, value_of
from .asking import Asked

MOST = 10_000
"""So many items of a list in an answer are read."""


def value(asked: Asked, name: str) -> Any:
    """What ``extract.NAME`` finds; ``None`` for nothing."""
    try:
        return value_of(asked.way.extract[name], asked.answer)
    except AnswerError as error:
        raise AnswerError(f"{asked.way.place('extract', name)}: {error}") from None


def unexpected(asked: Asked, name: str, found: Any, expected: str) -> AnswerError:
    """The error for ``extract.NAME`` that found something else than ``expected``."""
    shown = describe(asked.way.extract[name], found, asked.answer)
    return AnswerError(f"{asked.way.place('extract', name)}: found {shown}, expected {expected}")


def identifier(asked: Asked) -> str:
    """The id of what the operation made."""
    try:
        return identifier_of(asked.way.extract["id"], asked.answer)
    except AnswerError as error:
        raise AnswerError(f"{asked.way.place('extract', 'id')}: {error}") from None


def ticket(asked: Asked, known: str = "") -> Ticket:
    """The state of a report or an appeal; ``known`` is its id where the answer does not repeat it."""
    way, answer = asked.way, asked.answer
    number = identifier(asked) if "id" in way.extract else known
    state = TicketState.RECEIVED
    if "state" in way.extract:
        word = as_text(value(asked, "state"))
        if word not in way.states and (word or way.operation is Operation.REPORT_STATUS):
            place = way.place("extract", "state")
            found = repr(visible(word)[:60]) if word else describe(way.extract["state"], None, answer)
            raise AnswerError(
                f"{place}: found {found}, expected one of: {', '.join(way.states)}; name others under states"
            )
        state = way.states.get(word, state)
    receipt = text_of(way.extract.get("receipt"), answer)
    return Ticket(number, state, receipt, text_of(way.extract.get("reasons"), answer))


def items(asked: Asked) -> list[Any]:
    """The items of a list: what ``extract.items`` finds, else the whole answer where it is a list."""
    if "items" not in asked.way.extract:
        document = asked.answer.json
        return document[:MOST] if isinstance(document, list) else []
    found = value(asked, "items")
    if not isinstance(found, list):
        raise unexpected(asked, "items", found, "a list")
    return found[:MOST]


def field(asked: Asked, name: str, item: Any) -> str:
    """What ``extract.NAME`` finds in an item, as text; ``""`` for nothing."""
    source = asked.way.extract.get(name)
    try:
        return as_text(source.search(item)) if isinstance(source, Query) else ""
    except AnswerError as error:
        raise AnswerError(f"{asked.way.place('extract', name)}: {error}") from None


def time(text: str) -> datetime | None:
    """An ISO 8601 time; ``None`` for anything else."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def page(asked: Asked) -> str:
    """The whole answer as a page to read."""
    answer = asked.answer
    if not answer.is_text:
        found = f"found a body of {len(answer.body):,} bytes ({answer.media_type or 'no media type'}) that is not text"
        raise AnswerError(f"{asked.way.place('path')}: {found}, expected a page")
    return answer.text
