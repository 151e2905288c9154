"""A provider reached over HTTP as its binding says. No operation raises for anything that the provider does."""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from .. import report as reporting
from ..exchange import Exchange, visible
from ..provider import (
    Accepted,
    Account,
    Capabilities,
    Consent,
    Content,
    Disclosure,
    EditRequest,
    GenerationRequest,
    Identity,
    Media,
    Operation,
    Publication,
    ReadyMade,
    Record,
    Refused,
    Refutation,
    ReportRequest,
    Result,
    SearchPage,
    Subject,
    Ticket,
    TicketState,
    Unavailable,
    Verification,
    View,
)
from .body import ENCODINGS
from .extraction import Answer, AnswerError, Query, as_text, describe, identifier_of, text_of, value_of
from .operations import BoundAuth, BoundMedia, BoundPart, BoundPoll, BoundRequest
from .template import TemplateError
from .wire import Sending, Trip, Wire

T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]
Read = Callable[[BoundRequest, Answer], T]
MOST = 10_000
"""So many items of a list in an answer are read."""


class HttpProvider:
    """A :class:`~shenhe.conformance.provider.Provider` over one HTTP client. Use it as a context manager, or call :meth:`close`."""

    def __init__(
        self,
        wire: Wire,
        ways: Mapping[Operation, tuple[BoundRequest, ...]],
        *,
        capabilities: Capabilities,
        ready_made: ReadyMade,
        target: reporting.Target,
        loopback: bool,
    ) -> None:
        self._wire = wire
        self._ways = ways
        self._capabilities = capabilities
        self._ready_made = ready_made
        self._extra_headers: Headers = ()
        self._extra_query: tuple[tuple[str, str], ...] = ()
        self.target = target
        #: Whether the provider runs on this machine or in this process.
        self.loopback = loopback

    def __enter__(self) -> HttpProvider:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.client.close()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def ready_made(self) -> ReadyMade:
        return self._ready_made

    @property
    def log(self) -> list[Exchange]:
        """Every exchange so far, in order, redacted."""
        return self._wire.log

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._wire.requests

    def with_extra(self, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> HttpProvider:
        """The same provider (client, log, counts) whose every request carries these headers and query values besides its own."""
        other = copy.copy(self)
        other._extra_headers = (*self._extra_headers, *(headers or {}).items())
        other._extra_query = (*self._extra_query, *(query or {}).items())
        return other

    # --- accounts, identity, consent ---------------------------------------------------------------------------------------------

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        def read(way: BoundRequest, answer: Answer) -> Account:
            credentials = {}
            for name, source in way.groups.get("credentials", {}).items():
                place = way.place("extract", "credentials", name)
                try:
                    value = value_of(source, answer)
                except AnswerError as error:
                    raise AnswerError(f"{place}: {error}") from None
                if not isinstance(value, str) or not value:
                    raise AnswerError(f"{place}: {_nothing(source, value, answer)}, expected text")
                credentials[name] = value
            return Account(_identifier(way, answer), credentials)

        return self._ask(Operation.REGISTER, None, {"profile": profile}, {}, read)

    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]:
        def read(way: BoundRequest, answer: Answer) -> Verification:
            source = way.extract.get("verified")
            value = True if source is None else _value(way, "verified", answer)
            if not isinstance(value, bool):
                place = way.place("extract", "verified")
                raise AnswerError(f"{place}: {_nothing(source, value, answer)}, expected true or false")
            return Verification(value)

        facets = {"method": identity.method.value}
        return self._ask(Operation.VERIFY_IDENTITY, account, {"identity": identity}, facets, read)

    def delete_account(self, account: Account) -> Result[None]:
        return self._ask(Operation.DELETE_ACCOUNT, account, {}, {}, _nothing_more)

    def grant_consent(self, account: Account, subject: Subject, scope: str, statement: str) -> Result[Consent]:
        def read(way: BoundRequest, answer: Answer) -> Consent:
            return Consent(_identifier(way, answer), subject, scope)

        values = {"subject": subject, "scope": scope, "statement": statement}
        return self._ask(Operation.GRANT_CONSENT, account, values, {"scope": scope}, read)

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]:
        return self._ask(
            Operation.REVOKE_CONSENT, account, {"consent": consent}, {"scope": consent.scope}, _nothing_more
        )

    # --- content -----------------------------------------------------------------------------------------------------------------

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
        facets = {
            "service": request.service.value,
            "media_type": request.media_type,
            "labelled": request.labelled,
            "agreed": request.agreed,
        }
        return self._ask_content(Operation.GENERATE, account, {"request": request}, facets, request.media_type)

    def edit(self, account: Account | None, request: EditRequest) -> Result[Content]:
        media_type = request.source.media_type
        facets = {"service": request.service.value, "media_type": media_type, "scope": request.scope}
        return self._ask_content(Operation.EDIT, account, {"request": request}, facets, media_type)

    def fetch(self, account: Account | None, content: Content, rendition: str = "original") -> Result[Media]:
        values = {"content": content, "rendition": rendition}
        return self._ask_media(Operation.FETCH, account, values, {"rendition": rendition}, "", lambda way, answer, media: media)

    def publish(self, account: Account | None, content: Content, title: str) -> Result[Publication]:
        def read(way: BoundRequest, answer: Answer) -> Publication:
            return Publication(_identifier(way, answer))

        return self._ask(Operation.PUBLISH, account, {"content": content, "title": title}, {}, read)

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]:
        def read(way: BoundRequest, answer: Answer, media: Media | None) -> View:
            if "text" in way.extract:
                text = as_text(_value(way, "text", answer))
            else:
                text = answer.text if media is None and _is_text(answer) else ""
            notices = _value(way, "notices", answer) if "notices" in way.extract else []
            listed = notices if isinstance(notices, list) else [notices]
            return View(media, text, tuple(filter(None, map(as_text, listed[:MOST]))))

        values = {"publication": publication, "surface": surface}
        return self._ask_media(Operation.VIEW, account, values, {"surface": surface}, "", read)

    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]:
        facets = {"media_type": media.media_type, "declared": declared}
        return self._ask_content(
            Operation.UPLOAD, account, {"media": media, "declared": declared}, facets, media.media_type
        )

    def search(self, account: Account | None, query: str) -> Result[SearchPage]:
        def read(way: BoundRequest, answer: Answer) -> SearchPage:
            found = _value(way, "publications", answer)
            if not isinstance(found, list):
                place = way.place("extract", "publications")
                raise AnswerError(f"{place}: {_nothing(way.extract['publications'], found, answer)}, expected a list of ids")
            return SearchPage(tuple(as_text(item) for item in found[:MOST]))

        return self._ask(Operation.SEARCH, account, {"query": query}, {}, read)

    # --- takedown ----------------------------------------------------------------------------------------------------------------

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]:
        return self._ask(Operation.REPORT, account, {"request": request}, {"kind": request.kind}, _ticket)

    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]:
        def read(way: BoundRequest, answer: Answer) -> Ticket:
            return _ticket(way, answer, known=ticket.id)

        return self._ask(Operation.REPORT_STATUS, account, {"ticket": ticket}, {}, read)

    def appeal(self, account: Account, publication: Publication, statement: str) -> Result[Ticket]:
        values = {"publication": publication, "statement": statement}
        return self._ask(Operation.APPEAL, account, values, {}, _ticket)

    # --- rumours, disclosure, records, sandbox -----------------------------------------------------------------------------------

    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]:
        def read(way: BoundRequest, answer: Answer) -> tuple[Refutation, ...]:
            return tuple(
                Refutation(_field(way, "publication", item) or publication.id, _field(way, "text", item))
                for item in _items(way, answer)
            )

        return self._ask(Operation.REFUTATIONS, None, {"publication": publication}, {}, read)

    def disclosures(self, topic: str) -> Result[Disclosure]:
        def read(way: BoundRequest, answer: Answer) -> Disclosure:
            text = as_text(_value(way, "text", answer)) if "text" in way.extract else answer.text
            fields = {name: text_of(source, answer) for name, source in way.groups.get("fields", {}).items()}
            return Disclosure(topic, text, {name: value for name, value in fields.items() if value})

        return self._ask(Operation.DISCLOSURES, None, {"topic": topic}, {"topic": topic}, read)

    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]:
        def read(way: BoundRequest, answer: Answer) -> tuple[Record, ...]:
            return tuple(
                Record(
                    _field(way, "kind", item) or kind,
                    _time(_field(way, "at", item)),
                    _field(way, "subject", item),
                    _field(way, "text", item),
                )
                for item in _items(way, answer)
            )

        return self._ask(Operation.RECORDS, account, {"kind": kind}, {"kind": kind}, read)

    def advance_clock(self, hours: float) -> Result[None]:
        return self._ask(Operation.ADVANCE_CLOCK, None, {"hours": hours}, {}, _nothing_more)

    def reset(self) -> Result[None]:
        return self._ask(Operation.RESET, None, {}, {}, _nothing_more)

    # --- asking ------------------------------------------------------------------------------------------------------------------

    def _ask(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        read: Read[T],
    ) -> Result[T]:
        """Ask, and let ``read`` make the value of an accepted answer."""
        return self._ask_any(operation, account, values, facets, lambda asked: read(asked.way, asked.answer))

    def _ask_content(
        self, operation: Operation, account: Account | None, values: dict[str, Any], facets: Mapping[str, Any], media_type: str
    ) -> Result[Content]:
        def read(way: BoundRequest, answer: Answer, media: Media | None) -> Content:
            return Content(_identifier(way, answer), media)

        return self._ask_media(operation, account, values, facets, media_type, read)

    def _ask_media(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        media_type: str,
        read: Callable[[BoundRequest, Answer, Any], T],
    ) -> Result[T]:
        """As :meth:`_ask`, for an answer that may carry bytes or the URL of bytes."""
        return self._ask_any(
            operation, account, values, facets, lambda asked: read(asked.way, asked.answer, self._media(asked, media_type))
        )

    def _ask_any(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        read: Callable[[_Asked], T],
    ) -> Result[T]:
        way = next((way for way in self._ways.get(operation, ()) if way.matches(facets)), None)
        if way is None:
            named = ", ".join(f"{name} {value}" for name, value in facets.items())
            return Unavailable(f"the binding does not say how to ask for {operation.value}" + (f" of {named}" if named else ""))
        trip = Trip()
        try:
            asked = self._asked(way, account, {"account": account, **values}, trip)
            if not isinstance(asked, _Asked):
                return asked
            value = read(asked)
        except (AnswerError, TemplateError) as error:
            return Unavailable(str(error), tuple(trip.exchanges), trip.status)
        return Accepted(value, tuple(trip.exchanges), text_of(way.notice, asked.answer))

    def _asked(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip
    ) -> _Asked | Refused | Unavailable:
        for secret in account.credentials.values() if account else ():
            self._wire.redactor.use(secret)
        sending = self._sending(way, account, values)
        learn = None
        if way.operation is Operation.REGISTER and "credentials" in way.groups:
            learn = self._learner(way)
        answer = self._wire.send(sending, trip, learn=learn)
        if answer is None:
            return Unavailable(trip.trouble, tuple(trip.exchanges), trip.status)
        no = self._no(way, answer, trip)
        if no is not None:
            return no
        if way.poll is not None:
            polled = self._poll(way, way.poll, account, values, answer, trip)
            if not isinstance(polled, Answer):
                return polled
            answer = polled
        return _Asked(way, answer, values, account, trip)

    def _no(self, way: BoundRequest, answer: Answer, trip: Trip) -> Refused | Unavailable | None:
        """The refusal or failure that an answer is, or ``None`` for an accepted one."""
        if answer.status in way.accepts:
            if not self._condition(way, "refuse_when", way.refuse_when, answer, unbound=False) and self._condition(
                way, "accept_when", way.accept_when, answer, unbound=True
            ):
                return None
        elif answer.status not in way.refuses:
            return Unavailable(f"answered with status {answer.status}", tuple(trip.exchanges), answer.status)
        reason, notice = text_of(way.reason, answer), text_of(way.notice, answer)
        return Refused(answer.status, reason, tuple(trip.exchanges), notice)

    @staticmethod
    def _condition(way: BoundRequest, key: str, query: Query | None, answer: Answer, *, unbound: bool) -> bool:
        if query is None:
            return unbound
        try:
            return _truth(query.search(answer.json))
        except AnswerError as error:
            raise AnswerError(f"{way.place(key)}: {error}") from None

    def _poll(
        self,
        way: BoundRequest,
        poll: BoundPoll,
        account: Account | None,
        values: dict[str, Any],
        answer: Answer,
        trip: Trip,
    ) -> Answer | Refused | Unavailable:
        """Ask again until ``until`` holds. A first answer that already fulfils it is taken as it is."""
        ends = time.monotonic() + poll.timeout
        try:
            while True:
                document = answer.json
                if _truth(poll.until.search(document)):
                    return answer
                if poll.refused is not None and _truth(poll.refused.search(document)):
                    reason, notice = text_of(way.reason, answer), text_of(way.notice, answer)
                    return Refused(answer.status, reason, tuple(trip.exchanges), notice)
                if poll.failed is not None and _truth(poll.failed.search(document)):
                    return Unavailable("the provider says that the job failed", tuple(trip.exchanges), answer.status)
                if time.monotonic() + poll.every > ends:
                    why = f"{way.place('poll', 'timeout')}: the job was not ready within {poll.timeout:g} s"
                    return Unavailable(why, tuple(trip.exchanges), answer.status)
                self._wire.sleep(poll.every)
                given = {**values, "answer": document}
                sending = self._addressed(way, account, given, poll.method, poll.path, poll.query, poll.headers)
                again = self._wire.send(sending, trip)
                if again is None:
                    return Unavailable(trip.trouble, tuple(trip.exchanges), trip.status)
                if again.status not in way.accepts and again.status != 202:
                    return Unavailable(
                        f"{way.place('poll', 'path')}: answered with status {again.status}", tuple(trip.exchanges), again.status
                    )
                answer = again
        except AnswerError as error:
            raise AnswerError(f"{way.place('poll')}: {error}") from None

    def _learner(self, way: BoundRequest) -> Callable[[Answer], None]:
        def learn(answer: Answer) -> None:
            for name, source in way.groups["credentials"].items():
                try:
                    secret = value_of(source, answer)
                except AnswerError:
                    continue
                if isinstance(secret, str):
                    self._wire.redactor.learn(name, secret)

        return learn

    # --- writing requests --------------------------------------------------------------------------------------------------------

    def _sending(self, way: BoundRequest, account: Account | None, values: dict[str, Any]) -> Sending:
        content_type, body = _body(way, values)
        headers = (("Content-Type", content_type),) if content_type else ()
        return self._addressed(way, account, values, way.method, way.path, way.query, way.headers, headers, body)

    def _addressed(
        self,
        way: BoundRequest,
        account: Account | None,
        values: dict[str, Any],
        method: str,
        path: Callable[[Mapping[str, Any]], Any],
        query: Callable[[Mapping[str, Any]], Any],
        headers: Callable[[Mapping[str, Any]], Any],
        more: Headers = (),
        body: bytes = b"",
    ) -> Sending:
        url = self._wire.base_url + _filled(way, "path", path, values)
        pairs = [*_pairs(_filled(way, "query", query, values)), *self._extra_query]
        if pairs:
            url += ("&" if "?" in url else "?") + urlencode(pairs)
        own = tuple(_pairs(_filled(way, "headers", headers, values)))
        given = {name.lower() for name, _ in (*own, *self._extra_headers)}
        written = (
            *(pair for pair in (("Accept", "*/*"), *more) if pair[0].lower() not in given),
            ("Accept-Encoding", ENCODINGS),
            *own,
            *(pair for pair in _auth(way, way.auth, account, values) if pair[0].lower() not in given),
            *self._extra_headers,
        )
        return Sending(way.operation.value, method, url, written, body, way.origin, way.follow_redirects)

    # --- reading media -----------------------------------------------------------------------------------------------------------

    def _media(self, asked: _Asked, fallback: str) -> Media | None:
        way, answer, media = asked.way, asked.answer, asked.way.media
        if media is None:
            return None
        given = ""
        if media.media_type is not None:
            given = str(media.media_type(asked.values))
        elif media.type is not None:
            given = as_text(_searched(way, media.type, answer, "type"))
        if media.kind == "body":
            return Media(answer.body, given or answer.media_type or fallback or "application/octet-stream")
        value = None if media.at is None else _searched(way, media.at, answer, media.kind)
        if not isinstance(value, str) or not value:
            if value is None and way.operation is Operation.VIEW:
                return None
            raise AnswerError(f"{way.place('media', media.kind)}: {_nothing(media.at, value, answer)}, expected text")
        if media.kind == "text":
            return Media(value.encode("utf-8", "surrogatepass"), given or "text/plain")
        if value[:5].lower() == "data:":
            data, named = _data_url(way, media, value)
            return Media(data, given or named or fallback or "application/octet-stream")
        if media.kind == "base64":
            return Media(_base64(way, media, value), given or fallback or "application/octet-stream")
        return self._fetched(asked, value, given, fallback)

    def _fetched(self, asked: _Asked, url: str, given: str, fallback: str) -> Media:
        way, trip = asked.way, asked.trip
        place = way.place("media", "url")
        absolute, why = self._wire.resolved(self._wire.base_url + "/", url)
        if why:
            raise AnswerError(f"{place}: found a URL that is not fetched: {why}")
        own = urlsplit(absolute).netloc == urlsplit(self._wire.base_url).netloc
        auth = _auth(way, way.auth, asked.account, asked.values) if own else ()
        headers = (("Accept", "*/*"), ("Accept-Encoding", ENCODINGS), *auth)
        sending = Sending(way.operation.value, "GET", absolute, headers, b"", way.origin, way.follow_redirects)
        answer = self._wire.send(sending, trip)
        if answer is None:
            raise AnswerError(f"{place}: {trip.trouble}")
        if answer.status // 100 != 2:
            raise AnswerError(f"{place}: the URL of the media answered with status {answer.status}")
        return Media(answer.body, given or answer.media_type or fallback or "application/octet-stream")


class _Asked:
    """An accepted answer with what it answered."""

    __slots__ = ("account", "answer", "trip", "values", "way")

    def __init__(
        self, way: BoundRequest, answer: Answer, values: dict[str, Any], account: Account | None, trip: Trip
    ) -> None:
        self.way = way
        self.answer = answer
        self.values = values
        self.account = account
        self.trip = trip


def _body(way: BoundRequest, values: Mapping[str, Any]) -> tuple[str, bytes]:
    """The body of a request with its media type; ``("", b"")`` for none."""
    if way.json is not None:
        document = _filled(way, "json", way.json, values)
        try:
            return "application/json", _json(document).encode("utf-8")
        except UnicodeEncodeError:
            return "application/json", json.dumps(document).encode()
        except TypeError:
            raise TemplateError(f"{way.place('json')}: found a value that JSON does not carry (bytes need the filter base64)") from None
    if way.form is not None:
        filled = _filled(way, "form", way.form, values)
        return "application/x-www-form-urlencoded", urlencode(_pairs(filled), errors="surrogatepass").encode()
    if way.multipart is not None:
        return _multipart(way, way.multipart, values)
    if way.body is not None:
        filled = _filled(way, "body", way.body, values)
        return "", filled if isinstance(filled, bytes) else str(filled).encode("utf-8", "surrogatepass")
    return "", b""


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _multipart(way: BoundRequest, parts: tuple[BoundPart, ...], values: Mapping[str, Any]) -> tuple[str, bytes]:
    """A form whose boundary follows from its content, so that equal requests are equal bytes."""
    blocks: list[bytes] = []
    for part in parts:
        data = _filled(way, "multipart", part.data, values, part.name)
        if data is None:
            continue
        head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
        if part.filename is not None and part.type is not None:
            head += f'; filename="{_quoted(str(_filled(way, "multipart", part.filename, values, part.name)))}"'
            head += f"\r\nContent-Type: {_quoted(str(_filled(way, 'multipart', part.type, values, part.name)))}"
        content = data if isinstance(data, bytes) else _scalar(data).encode("utf-8", "surrogatepass")
        blocks.append(head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + content + b"\r\n")
    boundary = hashlib.sha256(b"".join(blocks)).hexdigest()[:32]
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + block for block in blocks) + mark + b"--\r\n"
    return f"multipart/form-data; boundary={boundary}", body


def _quoted(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _scalar(value: Any) -> str:
    """A value in a form, query or header: booleans as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _json(value)
    return str(value)


def _pairs(filled: Any) -> list[tuple[str, str]]:
    """Names with values, those that are ``null`` left out and lists repeated."""
    pairs: list[tuple[str, str]] = []
    for name, value in filled.items():
        items = value if isinstance(value, list | tuple) else [value]
        pairs.extend((name, _scalar(item)) for item in items if item is not None)
    return pairs


def _filled(way: BoundRequest, key: str, fill: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any], *inner: str) -> Any:
    try:
        return fill(values)
    except TemplateError as error:
        raise TemplateError(f"{way.place(key, *inner)}: {error}") from None


def _auth(way: BoundRequest, auth: BoundAuth | None, account: Account | None, values: Mapping[str, Any]) -> Headers:
    if auth is None or (auth.of_account and account is None):
        return ()
    if auth.basic is not None:
        user, password = (str(_filled(way, "auth", fill, values)) for fill in auth.basic)
        return (("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()),)
    value = str(_filled(way, "auth", auth.value, values))
    return ((auth.header, f"Bearer {value}" if auth.bearer else value),)


def _truth(value: Any) -> bool:
    """JMESPath's own notion: false, null, and empty lists, mappings and texts are false."""
    return value not in (False, None, "", [], {}) or (isinstance(value, int | float) and not isinstance(value, bool))


def _value(way: BoundRequest, name: str, answer: Answer) -> Any:
    try:
        return value_of(way.extract[name], answer)
    except AnswerError as error:
        raise AnswerError(f"{way.place('extract', name)}: {error}") from None


def _searched(way: BoundRequest, query: Query, answer: Answer, key: str) -> Any:
    try:
        return query.search(answer.json)
    except AnswerError as error:
        raise AnswerError(f"{way.place('media', key)}: {error}") from None


def _identifier(way: BoundRequest, answer: Answer) -> str:
    try:
        return identifier_of(way.extract["id"], answer)
    except AnswerError as error:
        raise AnswerError(f"{way.place('extract', 'id')}: {error}") from None


def _nothing(source: Any, value: Any, answer: Answer) -> str:
    return f"found {describe(source, value, answer)}"


def _nothing_more(way: BoundRequest, answer: Answer) -> None:
    return None


def _ticket(way: BoundRequest, answer: Answer, known: str = "") -> Ticket:
    number = _identifier(way, answer) if "id" in way.extract else known
    state = TicketState.RECEIVED
    if "state" in way.extract:
        word = as_text(_value(way, "state", answer))
        if word not in way.states and (word or way.operation is Operation.REPORT_STATUS):
            place = way.place("extract", "state")
            found = repr(visible(word)[:60]) if word else _nothing(way.extract["state"], None, answer).removeprefix("found ")
            raise AnswerError(f"{place}: found {found}, expected one of: {', '.join(way.states)}; name others under states")
        state = way.states.get(word, state)
    receipt = text_of(way.extract.get("receipt"), answer)
    return Ticket(number, state, receipt, text_of(way.extract.get("reasons"), answer))


def _items(way: BoundRequest, answer: Answer) -> list[Any]:
    if "items" not in way.extract:
        return answer.json[:MOST] if isinstance(answer.json, list) else []
    items = _value(way, "items", answer)
    if not isinstance(items, list):
        raise AnswerError(f"{way.place('extract', 'items')}: {_nothing(way.extract['items'], items, answer)}, expected a list")
    return items[:MOST]


def _field(way: BoundRequest, name: str, item: Any) -> str:
    source = way.extract.get(name)
    try:
        return as_text(source.search(item)) if isinstance(source, Query) else ""
    except AnswerError as error:
        raise AnswerError(f"{way.place('extract', name)}: {error}") from None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_text(answer: Answer) -> bool:
    return answer.media_type.startswith("text/") or answer.media_type.endswith(("json", "xml"))


def _data_url(way: BoundRequest, media: BoundMedia, value: str) -> tuple[bytes, str]:
    head, comma, data = value[5:].partition(",")
    if not comma:
        raise AnswerError(f"{way.place('media', media.kind)}: found a data: URL without a comma, expected one")
    named = head.partition(";")[0].strip().lower()
    if head.lower().endswith(";base64"):
        return _base64(way, media, data), named
    return unquote_to_bytes(data), named


def _base64(way: BoundRequest, media: BoundMedia, value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()).translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise AnswerError(f"{way.place('media', media.kind)}: found text that is not base64, expected base64") from None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

