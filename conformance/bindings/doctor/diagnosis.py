"""What an answer says of a binding: the line that is wrong, and what to write there instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from shenhe.conformance.entities import Content, Media, Verification, View
from shenhe.conformance.exchange import Exchange
from shenhe.conformance.provider import Operation, Refused, Result, Unavailable
from shenhe.core.text import visible

from ..client.binding import Binding
from .advice import advice_at

State = Literal["works", "refused", "faulty", "not tried"]

_PLACED = re.compile(r"(?P<place>[^\s:]+:\d+): (?P<rest>.*)", re.S)


@dataclass(frozen=True)
class Diagnosis:
    """What came of one try. ``place`` is the line of the binding that matters, ``advice`` what to do about it."""

    operation: str
    detail: str
    state: State
    place: str
    message: str = ""
    advice: str = ""


def diagnosed(result: Result[Any], outcome: Diagnosis, binding: Binding, at: Callable[[str], str]) -> Diagnosis:
    """``outcome``, which takes it that all works, as ``result`` corrects it; ``at`` gives the line of a key of the
    operation.
    """
    if isinstance(result, Refused):
        outcome = _refused(result, outcome, at)
    elif isinstance(result, Unavailable):
        outcome = _unavailable(result, outcome, binding, at)
    else:
        outcome = _accepted(result.value, outcome, at)
        if outcome.operation == Operation.VERIFY_IDENTITY and outcome.state == "faulty" and result.exchanges:
            outcome = replace(outcome, message=outcome.message + _said(result.exchanges[-1]))
    return replace(outcome, message=visible(outcome.message)[:600])


def _accepted(value: object, outcome: Diagnosis, at: Callable[[str], str]) -> Diagnosis:
    """What is wrong with an accepted result by what is in it."""
    if isinstance(value, Verification) and not value.verified:
        return replace(
            outcome,
            state="faulty",
            place=at("extract"),
            message="a valid identity was accepted, and the account is not verified",
            advice="check the path of extract.verified; or the provider does not verify the account, or not at once",
        )
    media = value if isinstance(value, Media) else value.media if isinstance(value, Content | View) else None
    if media is None:
        return outcome
    found = _mistyped(media)
    if found is None:
        return outcome
    return replace(
        outcome,
        state="faulty",
        place=at("media"),
        message=found,
        advice="check where media looks, and the media types under target.services",
    )


#: How the files of a type begin, for types whose files begin alike.
_BEGINNINGS = {
    "image/png": (b"\x89PNG",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF8",),
    "image/webp": (b"RIFF",),
    "audio/wav": (b"RIFF", b"RF64"),
    "video/x-msvideo": (b"RIFF",),
    "audio/ogg": (b"OggS",),
    "audio/flac": (b"fLaC",),
    "application/pdf": (b"%PDF",),
}


def _mistyped(media: Media) -> str | None:
    """Why the bytes cannot be what their media type says; ``None`` where they may be."""
    if not media.data.strip():
        return f"the media are empty ({len(media.data)} bytes, {visible(media.media_type)[:60]})"
    begins = _BEGINNINGS.get(media.media_type.partition(";")[0].strip().lower())
    if begins is None or media.data.startswith(begins):
        return None
    return f"the bytes are not {visible(media.media_type)[:60]}: they begin with {media.data[:8]!r}"


def unreachable(result: Result[Any]) -> bool:
    """Whether no server can be reached at all."""
    if not isinstance(result, Unavailable) or _PLACED.fullmatch(result.reason) or result.status is not None:
        return False
    if not result.exchanges or result.exchanges[-1].response is not None:
        return False
    return "could not connect" in result.reason or result.reason.startswith("TLS failed")


def _unavailable(result: Unavailable, outcome: Diagnosis, binding: Binding, at: Callable[[str], str]) -> Diagnosis:
    placed = _PLACED.fullmatch(result.reason)
    last = result.exchanges[-1] if result.exchanges else None
    if placed:
        return replace(
            outcome,
            state="faulty",
            place=placed["place"],
            message=placed["rest"] + _said(last),
            advice=_advice_on_files(placed["rest"])
            or _advice_on_states(placed["rest"], outcome)
            or _advice_on_jobs(placed["rest"], outcome, binding)
            or _advice_for(placed["rest"])
            or advice_at(placed["rest"].partition(": ")[0]),
        )
    if last is not None and last.response is None and result.status is None:
        return replace(
            outcome,
            state="faulty",
            place=binding.place("target", "base_url") if unreachable(result) else at("path"),
            message=result.reason,
            advice=_advice_for(result.reason),
        )
    status = result.status or 0
    message = result.reason + _said(last)
    if status == 429:
        advice = (
            "the provider asks for fewer requests: set limits.requests_per_second, or ask for a higher rate for testing"
        )
        return replace(outcome, state="faulty", place=binding.place("limits"), message=message, advice=advice)
    if 300 <= status < 400:
        where = last.response.header("location") if last and last.response else None
        advice = f"it redirects to {visible(where or 'nowhere')[:200]}: write that path, or follow_redirects: true"
        return replace(outcome, state="faulty", place=at("path"), message=message, advice=advice)
    advice = "the provider failed; if that is how it says no or yes, name the status in refuse_status or accept_status"
    if status // 100 == 2:
        advice = "name this status in accept_status"
    return replace(outcome, state="faulty", place=at("accept_status"), message=message, advice=advice)


def _refused(result: Refused, outcome: Diagnosis, at: Callable[[str], str]) -> Diagnosis:
    last = result.exchanges[-1] if result.exchanges else None
    method = last.request.method if last else ""
    path = visible(last.request.url) if last else ""
    # `to_string` of what is not there is "null".
    said = f": {result.reason}" if result.reason not in ("", "null") else _said(last)
    message = f"answered {result.status} to {method} {path}{said}"
    allow = last.response.header("allow") if last and last.response else None
    known = {
        404: (
            "path",
            "the path does not exist: write the path from the provider's documentation and check the IDs in it",
        ),
        405: ("method", f"the method {method} is not taken there: write {visible(allow or 'another')[:100]}"),
        406: ("headers", "the provider does not return the requested media type: add an Accept header"),
        415: (
            "headers",
            "the provider does not take this kind of body: use json, form, multipart or body, or write Content-Type",
        ),
        400: ("json", "the provider does not understand the body: compare its fields with the documentation"),
        422: ("json", "the provider does not understand the body: compare its fields with the documentation"),
        401: ("auth", "the provider does not know who asks: check auth, and where register finds the token"),
    }
    key, advice = known.get(result.status, ("", ""))
    if outcome.operation == Operation.APPEAL and result.status in (404, 409, 422):
        advice = "an appeal needs a removed publication: declare markers.unlawful, so that a report is upheld"
        return replace(outcome, state="refused", message=message, advice=advice)
    if not key:
        advice = "the provider refuses a lawful request, or the binding leaves out what makes it lawful"
        return replace(outcome, state="refused", message=message, advice=advice)
    return replace(outcome, state="faulty", place=at(key), message=message, advice=advice)


def _said(last: Exchange | None) -> str:
    if last is None or last.response is None or not last.response.body:
        return ""
    text = " ".join(last.response.body[:400].decode("utf-8", "replace").split())
    return f", and said: {visible(text)[:200]}" if text and "\0" not in text else ""


#: A link to a file whose host does not answer, as the client reports it.
_FILE = re.compile(r"\S*media\.url: (?:could not connect|TLS failed|timed out)")


def _advice_on_files(reason: str) -> str:
    """What to do where the provider answers and the host of its files does not."""
    if not _FILE.match(reason):
        return ""
    return (
        "the provider's link leads to a host that cannot be reached from here: make it reachable, or let the test"
        " environment serve its files from base_url"
    )


#: A state that the binding does not know, as the client reports it.
_STATE = re.compile(r"extract\.state: found ('[^']*'), expected one of: ([\w, -]+)")


def _advice_on_states(reason: str, outcome: Diagnosis) -> str:
    """The line that translates the provider's own states."""
    found = _STATE.search(reason)
    if found is None:
        return ""
    states = ", ".join(f"{each}: […]" for each in found[2].split(", "))
    return f"write `states: {{{states}}}` under operations.{outcome.operation}, with {found[1]} in one of the lists"


def _advice_on_jobs(reason: str, outcome: Diagnosis, binding: Binding) -> str:
    """Where a value is that only the response that began a job has."""
    section = binding.file.operations.get(Operation(outcome.operation))
    found = re.search(r"extract\.[\w.]{1,200}: found nothing at '([\w.]+)'", reason)
    polls = section is not None and (section.poll or any(each.poll for each in section.variants))
    if found is None or not polls:
        return ""
    return (
        "of a job, the last response is read: write the path of the value there, or "
        f'`{{value: "{{{{ first.{found[1]} }}}}"}}` for the one that began it'
    )


def _advice_for(reason: str) -> str:
    for sign, advice in (
        ("not JSON", "the path may lead to a page for people; or the answer is media: write media: body"),
        ("certificate", "use a host whose certificate a public authority signed"),
        ("does not speak TLS", "write http:// if the provider has no TLS"),
        ("could not connect", "check target.base_url, and that the provider runs"),
        ("timed out", "raise limits.timeout, or bind the operation with poll if the provider answers later"),
        ("media_hosts", "add the host to target.media_hosts if media are served from there"),
        ("Content-Length", "raise limits.max_body if such answers are right"),
        ("a body of more than", "raise limits.max_body if such answers are right"),
        ("found nothing at", "write the path of the value in the answer"),
        ("found an empty text", "write the path of the value in the answer; or the provider returned nothing"),
    ):
        if sign in reason:
            return advice
    return ""
