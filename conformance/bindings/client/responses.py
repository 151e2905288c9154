"""One request of a binding to its accepted response: sent, its events read, classified, and its job followed."""

from __future__ import annotations

from shenhe.conformance.provider import Refused, Unavailable

from ..language.bound import BoundRequest
from ..language.response import Response, ResponseError
from ..language.stream import read_stream
from .classification import rejection
from .polling import poll_job
from .requester import Call, Requester


def accepted_response(
    requester: Requester, bound: BoundRequest, call: Call, url: str = ""
) -> Response | Refused | Unavailable:
    """The accepted response, or the refusal or failure instead. ``url`` replaces the one that ``bound`` describes.

    Raises :class:`~.sessions.SignInError`; :class:`ResponseError` and
    :class:`~..language.template.TemplateError` name the line of the binding.
    """
    response = requester.send(bound, call, url)
    if response is None:
        return Unavailable(call.log.failure, tuple(call.log.exchanges), call.log.status)
    if bound.stream is not None:
        try:
            response = read_stream(bound.stream, response)
        except ResponseError as error:
            raise ResponseError(f"{bound.place('stream')}: {error}") from None
    rejected = rejection(bound, response, call.log)
    if rejected is not None:
        return rejected
    if bound.poll is not None:
        return poll_job(requester, bound, bound.poll, call, response)
    return response
