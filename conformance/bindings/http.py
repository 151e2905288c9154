"""A provider reached over HTTP as its binding says. No operation raises for anything that the provider does."""

from __future__ import annotations

import base64
import binascii
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

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
from .cassette import Recording
from .extraction import Answer, AnswerError, HeaderValue, Query, as_text, describe, identifier_of, text_of, truth, value_of
from .operations import BoundLogin, BoundMedia, BoundPages, BoundPoll, BoundRequest
from .sending import filled_in, headers_of, pairs_of, with_query, written
from .sessions import Sessions, Signed, SignInError, credentials_of, learn_credentials
from .stream import streamed
from .template import TemplateError
from .wire import Headers, Sending, Trip, Wire, retry_after

T = TypeVar("T")
Read = Callable[[BoundRequest, Answer], T]
MOST = 10_000
"""So many items of a list in an answer are read."""

_KINDS: Mapping[type, str] = {Account: "account", Content: "content", Publication: "publication", Ticket: "ticket", Consent: "consent"}
_NEXT_LINK = re.compile(r"<([^<>]{1,4000})>[^<>]{0,1000}?;\s*rel=\"?next\"?", re.I)


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
        login: BoundLogin | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._recording = recording
        self._wire = wire
        self._sessions = Sessions(wire, login)
        self._carried: dict[tuple[str, str], dict[str, Any]] = {}
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
        """Close the connections, and the cassette if answers are recorded."""
        self._wire.client.close()
        if self._recording is not None:
            self._recording.close()

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

    def redacted(self, text: str) -> str:
        """``text`` without the secrets of the binding and the tokens learned, each replaced by its name."""
        return visible(self._wire.redactor.excerpt(text))

    def with_extra(self, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> HttpProvider:
        """The same provider (client, log, counts) whose every request carries these headers and query values besides its own."""
        other = copy.copy(self)
        other._extra_headers = (*self._extra_headers, *(headers or {}).items())
        other._extra_query = (*self._extra_query, *(query or {}).items())
        return other

    # --- accounts, identity, consent ---------------------------------------------------------------------------------------------

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        def read(way: BoundRequest, answer: Answer) -> Account:
            return Account(_identifier(way, answer), credentials_of(way, answer))

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

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        def read(way: BoundRequest, answer: Answer) -> Consent:
            return Consent(_identifier(way, answer), subject, scope)

        values = {"subject": subject, "scope": scope, "statement": statement, "days": days}
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
                text = answer.text if media is None and answer.media_type and answer.is_text else ""
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
        def read(way: BoundRequest, answer: Answer) -> list[str]:
            found = _value(way, "publications", answer)
            if not isinstance(found, list):
                place = way.place("extract", "publications")
                raise AnswerError(f"{place}: {_nothing(way.extract['publications'], found, answer)}, expected a list of ids")
            return [as_text(item) for item in found[:MOST]]

        result = self._ask_list(Operation.SEARCH, account, {"query": query}, {}, read)
        return Accepted(SearchPage(result.value), result.exchanges, result.notice) if isinstance(result, Accepted) else result

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
        def read(way: BoundRequest, answer: Answer) -> list[Refutation]:
            return [
                Refutation(_field(way, "publication", item) or publication.id, _field(way, "text", item))
                for item in _items(way, answer)
            ]

        return self._ask_list(Operation.REFUTATIONS, None, {"publication": publication}, {}, read)

    def disclosures(self, topic: str) -> Result[Disclosure]:
        def read(way: BoundRequest, answer: Answer) -> Disclosure:
            text = as_text(_value(way, "text", answer)) if "text" in way.extract else _page(way, answer)
            fields = {name: text_of(source, answer) for name, source in way.groups.get("fields", {}).items()}
            return Disclosure(topic, text, {name: value for name, value in fields.items() if value})

        return self._ask(Operation.DISCLOSURES, None, {"topic": topic}, {"topic": topic}, read)

    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]:
        def read(way: BoundRequest, answer: Answer) -> list[Record]:
            return [
                Record(
                    _field(way, "kind", item) or kind,
                    _time(_field(way, "at", item)),
                    _field(way, "subject", item),
                    _field(way, "text", item),
                )
                for item in _items(way, answer)
            ]

        return self._ask_list(Operation.RECORDS, account, {"kind": kind}, {"kind": kind}, read)

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
        values = {"account": account, **values, "carried": self._carried_by(account, values)}
        if way.pages is not None:
            values["page"] = {"number": way.pages.number, "cursor": None, "offset": 0}
        try:
            asked = self._asked(way, account, values, trip)
            if not isinstance(asked, _Asked):
                return asked
            value = read(asked)
            self._carry(asked, value)
        except (AnswerError, TemplateError) as error:
            return Unavailable(str(error), tuple(trip.exchanges), trip.status)
        return Accepted(value, tuple(trip.exchanges), text_of(way.notice, asked.answer))

    def _ask_list(
        self, operation: Operation, account: Account | None, values: dict[str, Any], facets: Mapping[str, Any], read: Read[list[T]]
    ) -> Result[tuple[T, ...]]:
        """As :meth:`_ask`, for a list that may come in pages. A list whose end is not reached is no answer."""

        def read_all(asked: _Asked) -> tuple[T, ...]:
            pages = asked.way.pages
            found = read(asked.way, asked.answer)
            if pages is None:
                return tuple(found)
            part = found
            for _ in range(pages.most):
                following = self._following(pages, asked, part, len(found))
                if following is None:
                    return tuple(found)
                url, page = following
                again = self._asked(asked.way, account, {**asked.values, "page": page}, asked.trip, url)
                if not isinstance(again, _Asked):
                    raise AnswerError(f"{asked.way.place('pages')}: a further page was not given: {again.reason or again.status}")
                before, asked = part, again
                part = read(asked.way, asked.answer)
                if part and part == before:
                    raise AnswerError(f"{asked.way.place('pages')}: found the same page twice, expected the next one")
                found += part
                if len(found) > MOST:
                    break
            raise AnswerError(f"{asked.way.place('pages', 'most')}: the list goes on after {len(found)} items, expected its end")

        return self._ask_any(operation, account, values, facets, read_all)

    def _following(self, pages: BoundPages, asked: _Asked, part: list[Any], count: int) -> tuple[str, dict[str, Any]] | None:
        """The URL (``""`` for the operation's own) and the ``page`` to ask next with, or ``None`` after the last."""
        page = asked.values["page"]
        try:
            if pages.more is not None and not truth(pages.more.search(asked.answer.json)):
                return None
            if pages.number is not None:
                return ("", {**page, "number": page["number"] + 1, "offset": count}) if part else None
            if pages.cursor is not None:
                cursor = pages.cursor.search(asked.answer.json)
                if not truth(cursor) or isinstance(cursor, dict | list):
                    return None
                if cursor == page["cursor"]:
                    raise AnswerError(f"found the cursor {visible(as_text(cursor))[:60]!r} twice, expected another on each page")
                return "", {**page, "cursor": cursor, "offset": count}
            link = value_of(pages.next, asked.answer) if pages.next is not None else None
        except AnswerError as error:
            raise AnswerError(f"{asked.way.place('pages')}: {error}") from None
        if isinstance(pages.next, HeaderValue) and isinstance(link, str) and "<" in link:
            marked = _NEXT_LINK.search(link)
            link = marked[1] if marked else None
        if not isinstance(link, str) or not link:
            return None
        url, why = self._wire.resolved(asked.url, link)
        if why or not self._wire.own(url):
            raise AnswerError(f"{asked.way.place('pages', 'next')}: found a URL that is not followed: {why or 'it is not the provider'}")
        return url, {**page, "offset": count}

    def _carried_by(self, account: Account | None, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What earlier answers attached to the things that a request is about."""
        request = values.get("request")
        about = [account, *values.values(), getattr(request, "target", None), getattr(request, "consent", None)]
        return {kind: self._carried.get((kind, each.id), {}) for each in about if (kind := _KINDS.get(type(each), "")) and each is not None}

    def _carry(self, asked: _Asked, value: Any) -> None:
        sources = asked.way.groups.get("carry")
        kind = _KINDS.get(type(value))
        if not sources or kind is None:
            return
        carried = self._carried.setdefault((kind, value.id), {})
        for name, source in sources.items():
            try:
                found = value_of(source, asked.answer)
            except AnswerError as error:
                raise AnswerError(f"{asked.way.place('extract', 'carry', name)}: {error}") from None
            if found is not None:
                carried[name] = found

    def _asked(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip, url: str = ""
    ) -> _Asked | Refused | Unavailable:
        """An accepted answer, polled for where need be. ``url`` takes the place of the one that ``way`` describes."""
        try:
            sent = self._sent(way, account, values, trip, url)
        except SignInError as error:
            return error.result
        if sent is None:
            return Unavailable(trip.trouble, tuple(trip.exchanges), trip.status)
        sending, answer = sent
        if way.stream is not None:
            try:
                answer = streamed(way.stream, answer)
            except AnswerError as error:
                raise AnswerError(f"{way.place('stream')}: {error}") from None
        no = self._no(way, answer, trip)
        if no is not None:
            return no
        if way.poll is not None:
            polled = self._poll(way, way.poll, account, values, answer, trip, sending.url)
            if not isinstance(polled, Answer):
                return polled
            answer = polled
        return _Asked(way, answer, values, account, trip, sending.url)

    def _sent(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip, url: str
    ) -> tuple[Sending, Answer] | None:
        """What was sent and its answer; sent once more where the session was over. Raises :class:`SignInError`."""
        signed = self._sessions.signed(way, account, values, trip)
        sending, answer = self._send(way, signed, values, trip, url)
        if answer is not None and signed.renewable and not signed.fresh and self._sessions.expired(answer):
            try:
                signed = self._sessions.signed(way, account, values, trip, stale=signed)
            except SignInError:
                return sending, answer
            sending, answer = self._send(way, signed, values, trip, url)
        return None if answer is None else (sending, answer)

    def _send(
        self, way: BoundRequest, signed: Signed, values: dict[str, Any], trip: Trip, url: str
    ) -> tuple[Sending, Answer | None]:
        values = {**values, "account": signed.account}
        sending = written(
            way,
            self._wire.base_url,
            values,
            auth=signed.headers,
            extra_headers=self._extra_headers,
            extra_query=self._extra_query,
        )
        if url:
            sending = replace(sending, url=url)

        def learn(answer: Answer) -> None:
            if way.operation is Operation.REGISTER:
                learn_credentials(self._wire, way, answer)
            self._sessions.see(way, signed.account, answer)

        watched = "credentials" in way.groups or (way.auth is not None and bool(way.auth.cookies))
        return sending, self._wire.send(sending, trip, learn=learn if watched else None)

    def _no(self, way: BoundRequest, answer: Answer, trip: Trip) -> Refused | Unavailable | None:
        """The refusal or failure that an answer is, or ``None`` for an accepted one."""
        if way.poll is not None and answer.status in way.poll.pending and not answer.is_json:
            return None
        if way.unavailable_when is not None and answer.is_json and truth(way.unavailable_when.search(answer.json)):
            why = f"{way.place('unavailable_when')}: the provider could not answer"
            return Unavailable(why, tuple(trip.exchanges), answer.status)
        if answer.status in way.accepts:
            if not self._condition(way, "refuse_when", way.refuse_when, answer, unbound=False) and self._condition(
                way, "accept_when", way.accept_when, answer, unbound=True
            ):
                return None
        elif answer.status not in way.refuses:
            return Unavailable(f"answered with status {answer.status}", tuple(trip.exchanges), answer.status)
        return self._refusal(way, answer, trip)

    @staticmethod
    def _condition(way: BoundRequest, key: str, query: Query | None, answer: Answer, *, unbound: bool) -> bool:
        if query is None:
            return unbound
        try:
            return truth(query.search(answer.json))
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
        asked_at: str,
    ) -> Answer | Refused | Unavailable:
        """Ask again until the answer is ready. A first answer that already is, is taken as it is."""
        ends = self._wire.clock() + poll.timeout
        url = asked_at
        try:
            while True:
                if _ready(poll, answer):
                    refused = way.refuse_when is not None and answer.is_json and truth(way.refuse_when.search(answer.json))
                    return self._refusal(way, answer, trip) if refused else answer
                document = answer.json if answer.is_json else None
                if poll.refused is not None and truth(poll.refused.search(document)):
                    return self._refusal(way, answer, trip)
                if poll.failed is not None and truth(poll.failed.search(document)):
                    return Unavailable("the provider says that the job failed", tuple(trip.exchanges), answer.status)
                wait = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
                wait = poll.every if wait is None else wait
                if self._wire.clock() + wait > ends:
                    why = f"{way.place('poll', 'timeout')}: the job was not ready within {poll.timeout:g} s"
                    return Unavailable(why, tuple(trip.exchanges), answer.status)
                self._wire.sleep(wait)
                url = self._job(way, poll, answer, url, asked_at)
                again = self._polled(way, poll, account, {**values, "answer": document}, trip, url)
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

    def _job(self, way: BoundRequest, poll: BoundPoll, answer: Answer, url: str, asked_at: str) -> str:
        """Where the job is asked for next; ``""`` where ``poll.path`` says it. An answer without a new place leaves the old one."""
        if poll.location is None:
            return ""
        link = value_of(poll.location, answer) if answer.is_json or isinstance(poll.location, HeaderValue) else None
        if not isinstance(link, str) or not link:
            if url == asked_at:
                raise AnswerError(f"{_nothing(poll.location, None, answer)}, expected where the job can be asked for")
            return url
        absolute, why = self._wire.resolved(url, link)
        if why or not self._wire.own(absolute):
            raise AnswerError(f"found a URL that is not asked: {why or 'it is not the provider'}")
        return absolute

    def _polled(
        self, way: BoundRequest, poll: BoundPoll, account: Account | None, values: dict[str, Any], trip: Trip, url: str
    ) -> Answer | None:
        signed = self._sessions.signed(way, account, values, trip)
        values = {**values, "account": signed.account}
        if poll.path is not None:
            url = self._wire.base_url + filled_in(way, "poll", poll.path, values, "path")
        pairs = [*pairs_of(filled_in(way, "poll", poll.query, values, "query")), *self._extra_query]
        own = tuple(pairs_of(filled_in(way, "poll", poll.headers, values, "headers")))
        headers = headers_of(own, auth=signed.headers, extra=self._extra_headers)
        # A job that is done may answer 303 with the place of its result.
        follow = way.follow_redirects or poll.location is not None
        sending = Sending(str(way.operation), poll.method, with_query(url, pairs), headers, b"", way.origin, follow, values)
        return self._wire.send(sending, trip)

    @staticmethod
    def _refusal(way: BoundRequest, answer: Answer, trip: Trip) -> Refused:
        return Refused(answer.status, text_of(way.reason, answer), tuple(trip.exchanges), text_of(way.notice, answer))

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
        try:
            # Credentials go to the provider alone, never to where its media lie.
            own = self._wire.own(absolute)
            auth = self._sessions.signed(way, asked.account, asked.values, trip).headers if own else ()
        except SignInError as error:
            raise AnswerError(f"{place}: {error}") from None
        headers = (("Accept", "*/*"), ("Accept-Encoding", ENCODINGS), *auth)
        sending = Sending(str(way.operation), "GET", absolute, headers, b"", way.origin, way.follow_redirects)
        answer = self._wire.send(sending, trip)
        if answer is None:
            raise AnswerError(f"{place}: {trip.trouble}")
        if answer.status // 100 != 2:
            raise AnswerError(f"{place}: the URL of the media answered with status {answer.status}")
        return Media(answer.body, given or answer.media_type or fallback or "application/octet-stream")


class _Asked:
    """An accepted answer with what it answered."""

    __slots__ = ("account", "answer", "trip", "url", "values", "way")

    def __init__(
        self, way: BoundRequest, answer: Answer, values: dict[str, Any], account: Account | None, trip: Trip, url: str
    ) -> None:
        self.way = way
        self.answer = answer
        self.values = values
        self.account = account
        self.trip = trip
        self.url = url


def _ready(poll: BoundPoll, answer: Answer) -> bool:
    if poll.until is None:
        return answer.status not in poll.pending
    if answer.status in poll.pending and not answer.is_json:
        return False
    return truth(poll.until.search(answer.json))


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


def _page(way: BoundRequest, answer: Answer) -> str:
    if not answer.is_text:
        found = f"found a body of {len(answer.body):,} bytes ({answer.media_type or 'no media type'}) that is not text"
        raise AnswerError(f"{way.place('path')}: {found}, expected a page")
    return answer.text


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
