"""Jobs: a first answer says that the work was taken, and the provider is asked again until it is done, refused, failed
or too late.
"""

from __future__ import annotations

from typing import Any

from shenhe.conformance.provider import Account, Refused, Unavailable

from ..language.bound import BoundPoll, BoundRequest
from ..language.extraction import Answer, AnswerError, HeaderValue, describe, truth, value_of
from .caller import Caller
from .outcome import refusal
from .sessions import SignInError
from .wire import Trip, Wire, retry_after


def finished(
    caller: Caller,
    way: BoundRequest,
    poll: BoundPoll,
    account: Account | None,
    values: dict[str, Any],
    answer: Answer,
    trip: Trip,
    asked_at: str,
) -> Answer | Refused | Unavailable:
    """The answer of a job that is done; a first ``answer`` (of ``asked_at``) that already is, is taken as it is.

    Between two requests passes what ``Retry-After`` says, else ``poll.every``. Raises :class:`AnswerError` naming the
    line of ``poll``, and :class:`~..language.template.TemplateError`.
    """
    wire = caller.wire
    ends = wire.clock() + poll.timeout
    url = asked_at
    try:
        while True:
            if _ready(poll, answer):
                refused = way.refuse_when is not None and answer.is_json and truth(way.refuse_when.search(answer.json))
                return refusal(way, answer, trip) if refused else answer
            document = answer.json if answer.is_json else None
            if poll.refused is not None and truth(poll.refused.search(document)):
                return refusal(way, answer, trip)
            if poll.failed is not None and truth(poll.failed.search(document)):
                return Unavailable("the provider says that the job failed", tuple(trip.exchanges), answer.status)
            wait = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
            wait = poll.every if wait is None else wait
            if wire.clock() + wait > ends:
                why = f"{way.place('poll', 'timeout')}: the job was not ready within {poll.timeout:g} s"
                return Unavailable(why, tuple(trip.exchanges), answer.status)
            wire.sleep(wait)
            url = _place(wire, poll, answer, url, asked_at)
            again = caller.send_poll(way, poll, account, {**values, "answer": document}, trip, url)
            if again is None:
                return Unavailable(trip.trouble, tuple(trip.exchanges), trip.status)
            if again.status not in way.accepts | poll.pending and again.status != 202:
                return Unavailable(
                    f"{way.place('poll')}: answered with status {again.status}", tuple(trip.exchanges), again.status
                )
            answer = again
    except SignInError as error:
        return error.result
    except AnswerError as error:
        raise AnswerError(f"{way.place('poll')}: {error}") from None


def _ready(poll: BoundPoll, answer: Answer) -> bool:
    if poll.until is None:
        return answer.status not in poll.pending
    if answer.status in poll.pending and not answer.is_json:
        return False
    return truth(poll.until.search(answer.json))


def _place(wire: Wire, poll: BoundPoll, answer: Answer, url: str, asked_at: str) -> str:
    """Where the job is asked for next; ``""`` where ``poll.path`` says it. An answer without a new place leaves the old
    one.
    """
    if poll.location is None:
        return ""
    link = value_of(poll.location, answer) if answer.is_json or isinstance(poll.location, HeaderValue) else None
    if not isinstance(link, str) or not link:
        if url == asked_at:
            raise AnswerError(f"found {describe(poll.location, None, answer)}, expected where the job can be asked for")
        return url
    absolute, why = wire.resolved(url, link)
    if why or not wire.own(absolute):
        raise AnswerError(f"found a URL that is not asked: {why or 'it is not the provider'}")
    return absolute
