"""The requests of an operation to its accepted response: sent, events read, classified, and the job followed.

An operation that needs several requests sends its steps first. Each step adds its values to those of the templates
after it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shenhe.conformance.provider import Refused, Unavailable

from ...language.bound import CODE, BoundRequest, BoundStep
from ...language.responses.response import Response, ResponseError
from ...language.responses.sources import truth, value_of
from ...language.responses.stream import read_stream
from ...language.template import TemplateError, Unknown
from ..requester import Call, Requester
from .classification import rejection
from .polling import poll_job


def complete(requester: Requester, bound: BoundRequest, call: Call) -> Response | Refused | Unavailable:
    """The accepted response of an operation with its steps, or the refusal or failure of the first that has one.

    Raises as :func:`accepted_response`.
    """
    values: dict[str, dict[str, Any]] = {}
    sent: dict[str, str] = {}
    stepping = replace(call, account=call.begun_by) if call.begun_by is not None else call
    if bound.steps:
        call.values["steps"] = values
    for step in bound.steps:
        names = (*step.request.extract, *step.request.groups.get("credentials", {}))
        if not _wanted(step, call):
            values[step.name] = dict.fromkeys(names)
            continue
        if requester.write_step(step.request, call):
            # What the step would give is not known; its name keeps requests apart that use it differently.
            values[step.name] = {name: Unknown(f"{step.name}.{name}") for name in names}
            continue
        outcome = accepted_response(requester, step.request, stepping)
        if not isinstance(outcome, Response):
            return outcome
        values[step.name] = {name: _step_value(step, name, outcome) for name in names}
        if call.with_code and isinstance(code := values[step.name].get(CODE), str):
            sent[step.name] = code
            values[step.name][CODE] = call.with_code[0](code)
        if call.paused is not None and step is bound.steps[0]:
            call.paused()
    if call.unfinished and bound.steps:
        return Response(200, {}, b"", values=call.values)
    outcome = accepted_response(requester, bound, call)
    for make in call.with_code[1:] if sent else ():
        if not isinstance(outcome, Refused):
            break
        for name, code in sent.items():
            values[name][CODE] = make(code)
        outcome = accepted_response(requester, bound, call)
    return outcome


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


def _wanted(step: BoundStep, call: Call) -> bool:
    if step.condition is None:
        return True
    try:
        return truth(step.condition(call.values))
    except TemplateError as error:
        raise TemplateError(f"{step.request.place('if')}: {error}") from None


def _step_value(step: BoundStep, name: str, response: Response) -> Any:
    bound = step.request
    secret = name in bound.groups.get("credentials", {})
    source = bound.groups["credentials"][name] if secret else bound.extract[name]
    try:
        return value_of(source, response)
    except ResponseError as error:
        where = ("credentials", name) if secret else (name,)
        raise ResponseError(f"{bound.place('extract', *where)}: {error}") from None
