"""What an answer is: accepted, refused, or none that can be used. The binding says which statuses and which contents
mean which.
"""

from __future__ import annotations

from shenhe.conformance.provider import Refused, Unavailable

from ..language.bound import BoundRequest
from ..language.extraction import Answer, AnswerError, Query, text_of, truth
from .wire import Trip


def declined(way: BoundRequest, answer: Answer, trip: Trip) -> Refused | Unavailable | None:
    """The refusal or failure that an answer is, or ``None`` for an accepted one.

    Raises :class:`AnswerError`, naming the line, where a condition of the binding cannot be read from the answer.
    """
    if way.poll is not None and answer.status in way.poll.pending and not answer.is_json:
        return None
    if way.unavailable_when is not None and answer.is_json and truth(way.unavailable_when.search(answer.json)):
        why = f"{way.place('unavailable_when')}: the provider could not answer"
        return Unavailable(why, tuple(trip.exchanges), answer.status)
    if answer.status in way.accepts:
        if not _condition(way, "refuse_when", way.refuse_when, answer, unbound=False) and _condition(
            way, "accept_when", way.accept_when, answer, unbound=True
        ):
            return None
    elif answer.status not in way.refuses:
        return Unavailable(f"answered with status {answer.status}", tuple(trip.exchanges), answer.status)
    return refusal(way, answer, trip)


def refusal(way: BoundRequest, answer: Answer, trip: Trip) -> Refused:
    """An answer that says no, with the provider's own reason and notice where the binding says where they are."""
    return Refused(answer.status, text_of(way.reason, answer), tuple(trip.exchanges), text_of(way.notice, answer))


def _condition(way: BoundRequest, key: str, query: Query | None, answer: Answer, *, unbound: bool) -> bool:
    if query is None:
        return unbound
    try:
        return truth(query.search(answer.json))
    except AnswerError as error:
        raise AnswerError(f"{way.place(key)}: {error}") from None
