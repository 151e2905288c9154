"""Send the stored sequence of a finding again, and say whether the provider still answers as it did.

What differs from run to run is carried over: ids and tokens come from the new answers, what was redacted comes from the
environment. The answers are compared, not judged: where a provider makes something else each time, only the check
itself can say whether it is lawful now.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

import httpx

from shenhe.core.errors import ShenheError
from shenhe.core.hosts import is_named
from shenhe.core.text import one_line, visible

from ..bindings.client.http.body import BodyError, read_body
from ..bindings.client.http.failures import FAILURES, failure_text
from ..bindings.client.http.transport import DeadlineTransport
from ..exchange import Exchange, Headers, ReceivedResponse, SentRequest, body_text
from ..report import CheckResult, Finding, Report, Step
from .export.fresh import another
from .export.plan import FRESH, Attached, CarryPlan, Piece, Variable, carry_plan_of, looks_made, needed, url_pieces
from .export.request import basic_text, headers_to_resend, is_form, json_of, origin_text
from .redaction import NOTHING

Outcome: TypeAlias = Literal["shows again", "no longer shows", "cannot tell"]

MAX_BODY = 20_000_000
TIMEOUT = 30.0
"""Bytes and seconds of one answer."""

NOT_SENT = "not sent: another host"
"""What is said of a request to a host that is neither the provider nor one of its media."""

SHORTEST_ID = 6
"""Characters of an id that is looked for inside texts."""

_NOT_KEPT = re.compile(r"\([\d,]+ bytes, not (?:kept|text).*\)|.*\n… \([\d,]+ bytes in all\)", re.S)
_CHANGING = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.,Z+-]*|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|\d{3,}", re.I)


#: Characters of one URL, and of all bodies and headers of a finding.
_LONGEST_URL, _MOST_TEXT = 65_536, 4_000_000


class RepeatError(ShenheError, ValueError):
    """A finding whose sequence cannot be sent again."""


@dataclass(frozen=True)
class Repeated:
    """One request sent again: what came then, what came now, and whether that is the same."""

    number: int
    role: str
    what: str
    then: str
    now: str
    same: bool
    responded: bool = True


@dataclass(frozen=True)
class Repetition:
    """The whole sequence, and what it shows."""

    outcome: Outcome
    reason: str
    steps: tuple[Repeated, ...]


def failure_of(report: Report, rule: str) -> tuple[CheckResult, Finding]:
    """The failure of a rule (or check) in a report. Raises :class:`RepeatError` naming those there are."""
    found = [
        (check, check.finding)
        for check in report.checks
        if check.finding is not None and rule in (check.name, *check.rules)
    ]
    failing = [pair for pair in found if pair[0].verdict == "fail"] or found
    if not failing:
        known = sorted({name for check in report.checks if check.finding for name in check.rules})
        there = one_line(", ".join(known), 500) or "none at all"
        raise RepeatError(f"found no failure of {rule!r} in this report, it has: {there}")
    return failing[0]


def base_of(finding: Finding) -> str:
    """Scheme, host and port of the provider that a finding is about."""
    if not finding.steps:
        raise RepeatError("found no requests in this finding")
    return origin_text(finding.steps[0].url)


@dataclass(frozen=True)
class Planned:
    """What sending a finding again would do: the requests, and the environment variables that go with them."""

    requests: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]


def planned(finding: Finding, base_url: str, media_hosts: Collection[str] = ()) -> Planned:
    """What :func:`repeat` would send. Raises :class:`RepeatError` as it does."""
    exchanges = _exchanges(finding)
    plan, base = carry_plan_of(exchanges, finding.invented), base_of(finding)
    requests = tuple(
        (
            visible(step.method),
            visible(step.url if _elsewhere(step, base) else _target(step.url, base, base_url.rstrip("/"), plan, None)),
        )
        for step in finding.steps
        if not _elsewhere(step, base) or _is_media_host(step.url, media_hosts)
    )
    return Planned(requests, tuple(sorted(_variables(finding, plan, exchanges))))


def repeat(
    finding: Finding,
    base_url: str,
    environ: Mapping[str, str],
    transport: httpx.BaseTransport | None = None,
    media_hosts: Collection[str] = (),
) -> Repetition:
    """Send the requests of ``finding`` to ``base_url``, in their order. A set-up that fails ends it.

    What was fetched from another host is fetched again if its host is one of ``media_hosts`` (``host`` or
    ``host:port``), without credentials.

    Raises :class:`RepeatError` for a sequence that was not kept whole, that leads to another host, or needs a variable
    that ``environ`` does not have or the finding does not name. Nothing is sent then.
    """
    exchanges = _exchanges(finding)
    base, plan = base_of(finding), carry_plan_of(exchanges, finding.invented)
    for step in (each for each in finding.steps if not _elsewhere(each, base)):
        _target(step.url, base, base_url.rstrip("/"), plan, None)
    given = {name: environ.get(name) for name in _variables(finding, plan, exchanges)}
    missing = sorted(name for name, value in given.items() if not value)
    if missing:
        raise RepeatError(
            f"found no value for {', '.join(missing)}, expected them in the environment: the report has them redacted"
        )
    values: dict[Variable, str] = {Variable(name): value for name, value in given.items() if value}
    values[FRESH] = secrets.token_hex(4)
    values |= {variable: another(number) for number, variable in plan.numbers.items()}
    done: list[Repeated] = []
    made: set[str] = set()
    with httpx.Client(transport=transport or DeadlineTransport(), trust_env=False, follow_redirects=False) as client:
        for number, (step, exchange) in enumerate(zip(finding.steps, exchanges, strict=True), start=1):
            request = exchange.request
            if _elsewhere(step, base):
                url = _media_url(step.url, plan, values)
                if origin_text(url) != origin_text(base_url) and not _is_media_host(url, media_hosts):
                    then = str(step.status) if step.status is not None else "not at all"
                    done.append(Repeated(number, step.role, step.operation, then, NOT_SENT, True, False))
                    continue
                request = replace(request, headers=_without_credentials(request))
            else:
                url = _target(request.url, base, base_url.rstrip("/"), plan, values)
            status, body, headers, trouble = _sent(client, request, url, plan, values)
            _carry(plan, number, body, headers, values)
            repeated = _compared(number, step, status, body, trouble, made)
            done.append(repeated)
            if step.role == "set-up" and status != step.status:
                why = (
                    f"request {number} ({repeated.what}) only prepares the case, and was answered {repeated.now}, not"
                    f" {repeated.then}"
                )
                return Repetition("cannot tell", why, tuple(done))
    return _concluded(tuple(done))


def _exchanges(finding: Finding) -> list[Exchange]:
    base = base_of(finding)
    for number, step in enumerate(finding.steps, start=1):
        _check_kept(number, step, base)
    _must_be_small(finding)
    return [_exchange(step) for step in finding.steps]


def _must_be_small(finding: Finding) -> None:
    """Raises :class:`RepeatError` for requests larger than evidence of a run, which cost much to take apart."""
    total = 0
    for number, step in enumerate(finding.steps, start=1):
        if len(step.url) > _LONGEST_URL:
            raise RepeatError(
                f"the URL of request {number} has {len(step.url):,} characters, expected at most {_LONGEST_URL:,}"
            )
        total += len(step.request_body) + len(step.response_body)
        total += sum(map(len, (*step.request_headers.values(), *step.response_headers.values())))
    if total > _MOST_TEXT:
        raise RepeatError(f"the requests have {total:,} characters, expected at most {_MOST_TEXT:,}")


def _variables(finding: Finding, plan: CarryPlan, exchanges: Sequence[Exchange]) -> set[str]:
    """The variables to fill in. Raises :class:`RepeatError` for one that the finding does not name as such."""
    names = needed(plan, exchanges)
    unnamed = sorted(names - set(finding.variables))
    if unnamed:
        raise RepeatError(
            f"found ${{{unnamed[0]}}} in a request, which the report does not name among its variables "
            f"({', '.join(finding.variables) or 'none'}): it is not filled in"
        )
    return names


def _concluded(done: tuple[Repeated, ...]) -> Repetition:
    differing = [each for each in done if not each.same and each.role != "set-up"]
    unsent = next((each for each in done if each.now == NOT_SENT and each.role != "set-up"), None)
    if not differing and unsent is not None:
        why = f"request {unsent.number} ({unsent.what}) fetches from another host, which was not asked"
        return Repetition("cannot tell", why, done)
    if not any(each.responded for each in done):
        return Repetition("cannot tell", "no request got a response", done)
    if not differing:
        return Repetition("shows again", "every answer is as it was", done)
    other_status = next((each for each in differing if each.then.partition(",")[0] != each.now.partition(",")[0]), None)
    if other_status is not None:
        why = (
            f"request {other_status.number} ({other_status.what}) was answered {other_status.then}, and is answered"
            f" {other_status.now} now"
        )
        open_ = other_status.role == "control" or not other_status.responded
        return Repetition("cannot tell" if open_ else "no longer shows", why, done)
    why = (
        f"request {differing[0].number} ({differing[0].what}) got a response with different content;"
        " run the check again to decide"
    )
    return Repetition("cannot tell", why, done)


def _exchange(step: Step) -> Exchange:
    body = step.request_body.encode("utf-8", "surrogatepass")
    request = SentRequest(step.method, step.url, tuple(step.request_headers.items()), body, len(body))
    response = None
    if step.status is not None:
        answer = step.response_body.encode("utf-8", "surrogatepass")
        response = ReceivedResponse(step.status, tuple(step.response_headers.items()), answer, len(answer))
    return Exchange(step.operation, request, response, step.error, step.origin)


def _elsewhere(step: Step, base: str) -> bool:
    """Whether a step only fetches from another host, such as one of media: then nothing is sent there."""
    return step.method == "GET" and origin_text(step.url) != base


def _check_kept(number: int, step: Step, base: str) -> None:
    if urlsplit(step.url).scheme not in {"http", "https"}:
        raise RepeatError(f"request {number} is a call from Python, not a request over HTTP")
    if origin_text(step.url) != base and not _elsewhere(step, base):
        raise RepeatError(f"request {number} goes to {visible(origin_text(step.url))[:100]}, which is not the provider")
    if _NOT_KEPT.fullmatch(step.request_body):
        raise RepeatError(
            f"the body of request {number} was not kept whole in the report: run the check again, or the pytest of the"
            " finding"
        )


def _target(url: str, base: str, base_url: str, plan: CarryPlan, values: Mapping[Variable, str] | None) -> str:
    """Where a request goes now, with the names of variables where there are no values. Raises :class:`RepeatError` for
    what would lead to another host.
    """
    atoms = url_pieces(url, plan, base)
    if values is None:
        filled = "".join(_shown(piece) for atom in atoms for piece in atom)
    else:
        filled = "".join(_text(atom, values, percent=True) for atom in atoms)
    target = base_url + filled
    if filled[:1] not in {"", "/", "?"} or origin_text(target) != origin_text(base_url):
        raise RepeatError(f"found the URL {visible(url)[:100]!r}, expected one of {visible(base)[:100]}")
    return target


def _media_url(url: str, plan: CarryPlan, values: Mapping[Variable, str]) -> str:
    """Where a file is now: where the new response says, else where it was."""
    carried = plan.values.get(url)
    if carried is not None:
        return values.get(carried, "")
    origin = origin_text(url)
    return origin + "".join(_text(atom, values, percent=True) for atom in url_pieces(url, plan, origin))


def _is_media_host(url: str, media_hosts: Collection[str]) -> bool:
    """Whether a file may be fetched from there."""
    try:
        parts = urlsplit(url)
        named = is_named(url, media_hosts)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.username is None and parts.password is None and named


def _without_credentials(request: SentRequest) -> Headers:
    """The headers that say nothing of who asks."""
    return tuple((name, value) for name, value in request.headers if name.lower() == "accept" and "${" not in value)


def _shown(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Attached):
        return piece.name
    return f"/${{{piece.name}}}" if piece.path else f"${{{piece.name}}}"


def _sent(
    client: httpx.Client, request: SentRequest, url: str, plan: CarryPlan, values: Mapping[Variable, str]
) -> tuple[int | None, bytes, Mapping[str, str], str]:
    headers = []
    for name, value in headers_to_resend(request):
        plain = basic_text(value)
        if plain != value:
            encoded = base64.b64encode(_text(plan.pieces(plain), values).encode()).decode()
            headers.append((name, f"Basic {encoded}"))
        else:
            headers.append((name, _text(plan.atom(value), values)))
    deadline = time.monotonic() + TIMEOUT
    try:
        sent = httpx.Request(
            request.method,
            url,
            headers=[
                (name.encode(), value.encode()) for name, value in [*headers, ("Accept-Encoding", "gzip, deflate")]
            ],
            content=_body(request, plan, values) or None,
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT),
                "deadline": deadline,
                "max_body": MAX_BODY,
            },
        )
        response = client.send(sent, stream=True)
        try:
            body = read_body(response, limit=MAX_BODY, deadline=deadline)
        finally:
            response.close()
    except BodyError as error:
        return None, b"", {}, str(error)
    except FAILURES as error:
        return None, b"", {}, failure_text(error)
    return response.status_code, body, response.headers, ""


def _body(request: SentRequest, plan: CarryPlan, values: Mapping[Variable, str]) -> bytes:
    document = json_of(request)
    if document is not None:
        return json.dumps(_filled(document, plan, values), ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    text = body_text(request.body) or ""
    if not is_form(request):
        return _text(plan.pieces(text), values).encode("utf-8", "surrogatepass")
    pairs = [
        f"{quote_plus(name)}={quote_plus(_text(plan.atom(value), values))}"
        for name, value in parse_qsl(text, keep_blank_values=True)
    ]
    return "&".join(pairs).encode()


def _filled(value: Any, plan: CarryPlan, values: Mapping[Variable, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, plan, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, plan, values) for inner in value]
    if isinstance(value, str):
        return _text(plan.atom(value), values)
    carried = plan.values.get(str(value)) if isinstance(value, int) and not isinstance(value, bool) else None
    return int(values[carried]) if carried is not None and values.get(carried, "").isdigit() else value


def _text(pieces: Sequence[Piece], values: Mapping[Variable, str], *, percent: bool = False) -> str:
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        elif isinstance(piece, Attached):
            raise TypeError("a plan made from a report has no files")
        else:
            value = values.get(replace(piece, path=False), values.get(Variable(piece.name), ""))
            parts.append(quote(value, safe="/?=&%" if piece.path else "") if percent else value)
    return "".join(parts)


def _carry(plan: CarryPlan, number: int, body: bytes, headers: Mapping[str, str], values: dict[Variable, str]) -> None:
    """Take what later requests need from the new answer. What is not there is left out, and the next request shows
    it.
    """
    wanted = plan.of_step(number)
    if not wanted:
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    for variable in wanted:
        if variable.header:
            found: Any = _of_headers(variable, headers)
        else:
            found = document
            for step in variable.steps:
                inside = (isinstance(found, dict) and step in found) or (
                    isinstance(found, list) and isinstance(step, int) and step < len(found)
                )
                found = found[step] if inside else None
        if isinstance(found, str | int) and not isinstance(found, bool):
            values[variable] = str(found)


def _of_headers(variable: Variable, headers: Mapping[str, str]) -> str | None:
    """What a variable takes from the headers of a response."""
    if variable.cookie:
        several = (
            headers.get_list("set-cookie") if isinstance(headers, httpx.Headers) else [headers.get("set-cookie", "")]
        )
        pairs = (each.partition(";")[0].partition("=") for each in several)
        return next((value.strip() for name, _, value in pairs if name.strip() == variable.cookie), None)
    value = headers.get(variable.header)
    if value is not None and variable.last:
        return unquote(urlsplit(value).path.rstrip("/").rpartition("/")[2])
    return value


def _compared(number: int, step: Step, status: int | None, body: bytes, trouble: str, made: set[str]) -> Repeated:
    """Then beside now. ``made`` are the ids of all responses so far, then and now, which later texts may contain."""
    then = str(step.status) if step.status is not None else f"not at all ({step.error or 'unknown'})"
    now = str(status) if status is not None else f"not at all ({trouble})"
    same = status == step.status
    if same and status is not None and step.role != "set-up":
        recorded, received = step.response_body.replace(f"${{{NOTHING}}}", ""), visible(body_text(body) or "")
        made |= {*_made_in(recorded), *_made_in(received)}
        kept = not _NOT_KEPT.fullmatch(recorded)
        if kept and list(_constant(recorded, made)) != list(_constant(received, made)):
            same, now = False, f"{now}, otherwise"
    made |= {*_made_in(step.response_body), *_made_in(visible(body_text(body) or ""))}
    return Repeated(number, step.role, visible(step.operation), then, now, same, status is not None)


def _made_in(text: str) -> Iterator[str]:
    """The ids that a JSON response gives."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for steps, value in _leaves(document, ()):
        if isinstance(value, str) and len(value) >= SHORTEST_ID and looks_made(steps, value):
            yield value


def _constant(text: str, made: set[str]) -> Iterator[Any]:
    """What of an answer is the same in every run: the values of JSON that are no ids, tokens or times; a text without
    its numbers.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        for each in sorted(made, key=len, reverse=True):
            text = text.replace(each, "#")
        yield _CHANGING.sub("#", re.sub(r"\$\{\w+\}", "#", text))
        return
    for steps, value in _leaves(document, ()):
        if isinstance(value, str):
            # Ids stand inside texts too.
            for each in sorted(made, key=len, reverse=True):
                value = value.replace(each, "#")
            value = "#" if looks_made(steps, value) or "${" in value else _CHANGING.sub("#", value)
        yield steps, value


def _leaves(value: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _leaves(value[key], (*steps, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*steps, index))
    else:
        yield steps, value
