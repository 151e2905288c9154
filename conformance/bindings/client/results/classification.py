"""Whether a response accepts or refuses an operation, or is no usable response. The binding decides by status and
content.
"""

from __future__ import annotations

from shenhe.conformance.provider import Refused, Unavailable

from ...language.bound import BoundRequest
from ...language.responses.conditions import Condition, holds, met
from ...language.responses.response import NoPageError, Response, ResponseError
from ...language.responses.sources import text_of
from ..http.connection import ExchangeLog


def rejection(bound: BoundRequest, response: Response, log: ExchangeLog) -> Refused | Unavailable | None:
    """The refusal or failure that a response means, or ``None`` for an accepted operation.

    Raises :class:`ResponseError`, naming the line, if a condition of the binding cannot be evaluated.
    """
    if bound.poll is not None and response.status in bound.poll.pending and not response.is_json:
        return None
    if met(bound.unavailable_when, response):
        why = f"{bound.place('unavailable_when')}: the provider could not answer"
        return Unavailable(why, tuple(log.exchanges), response.status)
    if met(bound.absent_when, response):
        return refusal(bound, response, log)
    if response.status in bound.accepts:
        if not _holds(bound, "refuse_when", bound.refuse_when, response, unbound=False) and _holds(
            bound, "accept_when", bound.accept_when, response, unbound=True
        ):
            return None
    elif response.status not in bound.refuses and not _refused_by_content(bound, response):
        return Unavailable(f"answered with status {response.status}", tuple(log.exchanges), response.status)
    return refusal(bound, response, log)


def refusal(bound: BoundRequest, response: Response, log: ExchangeLog) -> Refused:
    """A refusal, with the provider's reason and notice where the binding says where they are."""
    reason, notice = text_of(bound.reason, response), text_of(bound.notice, response)
    return Refused(response.status, reason, tuple(log.exchanges), notice, met(bound.absent_when, response))


def _refused_by_content(bound: BoundRequest, response: Response) -> bool:
    """Whether a response says no although its status does not: a redirect that is not followed, by where it leads; a
    page where a redirect would have been a yes, by what it says.
    """
    return 200 <= response.status < 400 and met(bound.refuse_when, response)


def _holds(bound: BoundRequest, key: str, condition: Condition | None, response: Response, *, unbound: bool) -> bool:
    if condition is None:
        return unbound
    try:
        return holds(condition, response)
    except NoPageError as error:
        # A picture, or a redirect without a body, shows no element that says no.
        if key == "refuse_when":
            return False
        raise ResponseError(f"{bound.place(key)}: {error}") from None
    except ResponseError as error:
        raise ResponseError(f"{bound.place(key)}: {error}") from None
