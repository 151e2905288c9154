"""Jobs: the first response says that the work has begun, and the provider is polled until the job is done, refused,
failed or too late.
"""

from __future__ import annotations

from dataclasses import replace

from shenhe.conformance.provider import Refused, Unavailable

from ...language.bound import BoundPoll, BoundRequest
from ...language.responses.conditions import holds, met
from ...language.responses.response import Response, ResponseError
from ...language.responses.sources import Query, describe, value_of
from ..http.connection import Connection, ExchangeLog, retry_after
from ..requester import Call, Requester
from .classification import refusal


def poll_job(
    requester: Requester, bound: BoundRequest, poll: BoundPoll, call: Call, first: Response
) -> Response | Refused | Unavailable:
    """The response of a finished job; ``first`` itself if the job is finished already.

    Between two requests passes the time of ``Retry-After``, else ``poll.every``. Raises :class:`ResponseError` naming
    the line of ``poll``, :class:`~.sessions.SignInError` and :class:`~..language.template.TemplateError`.
    """
    connection, log = requester.connection, call.log
    deadline = connection.clock() + poll.timeout
    response, url = first, first.url
    begun = document = first.json if first.is_json else None
    try:
        while True:
            if _ready(poll, response) and (response is not first or not poll.callback or poll.until is not None):
                return _ended(bound, poll, response, log) or response
            document = response.json if response.is_json else document
            if (ended := _ended(bound, poll, response, log, refuse_when=False)) is not None:
                return ended
            wait = retry_after(response.headers.get("retry-after"), response.headers.get("date"))
            wait = poll.every if wait is None else wait
            if connection.clock() + wait > deadline:
                why = (
                    f"{bound.place('poll', 'timeout')}: the job was not ready within {poll.timeout:g} s; if it ended"
                    " otherwise, name that state under `failed` or `refused`"
                )
                return Unavailable(why, tuple(log.exchanges), response.status)
            if poll.callback:
                called_back = requester.await_callback(bound, call, deadline - connection.clock())
                if called_back is None:
                    why = f"{bound.place('poll', 'timeout')}: no callback came within {poll.timeout:g} s"
                    return Unavailable(why, tuple(log.exchanges), response.status)
                response = called_back
                if poll.until is None:
                    return _ended(bound, poll, response, log) or response
                continue
            connection.sleep(wait)
            url = _job_url(connection, poll, response, url, first.url)
            state = requester.poll(
                bound,
                poll,
                replace(call, values={**call.values, "answer": document, "first": begun, "response": first}),
                url,
            )
            if state is None:
                return Unavailable(log.failure, tuple(log.exchanges), log.status)
            if state.status not in bound.accepts | poll.pending and state.status != 202:
                why = f"{bound.place('poll')}: answered with status {state.status}"
                return Unavailable(why, tuple(log.exchanges), state.status)
            response = state
    except ResponseError as error:
        raise ResponseError(f"{bound.place('poll')}: {error}") from None


def _ended(
    bound: BoundRequest, poll: BoundPoll, response: Response, log: ExchangeLog, *, refuse_when: bool = True
) -> Refused | Unavailable | None:
    """The refusal or failure that a response says; a job that is done may have been refused all the same."""
    if met(poll.refused, response) or (refuse_when and met(bound.refuse_when, response)):
        return refusal(bound, response, log)
    if met(poll.failed, response):
        return Unavailable("the provider says that the job failed", tuple(log.exchanges), response.status)
    return None


def _ready(poll: BoundPoll, response: Response) -> bool:
    if poll.until is None:
        return response.status not in poll.pending
    if response.status in poll.pending and not response.is_json:
        return False
    return holds(poll.until, response)


def _job_url(connection: Connection, poll: BoundPoll, response: Response, url: str, first_url: str) -> str:
    """Where the job is polled next, ``""`` for ``poll.path``. A response that gives no new place leaves the old one."""
    if poll.location is None:
        return ""
    readable = response.is_json or not isinstance(poll.location, Query)
    link = value_of(poll.location, response) if readable else None
    if not isinstance(link, str) or not link:
        if url == first_url:
            raise ResponseError(f"found {describe(poll.location, None, response)}, expected the URL of the job")
        return url
    absolute, why = connection.resolved(url, link)
    if why or not connection.own(absolute):
        raise ResponseError(f"found a URL that is not requested: {why or 'it is not the provider'}")
    return absolute
