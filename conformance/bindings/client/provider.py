"""A provider reached over HTTP as its binding says. No operation raises for anything that the provider does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from shenhe.conformance import report as reporting
from shenhe.conformance.entities import (
    Account,
    Chat,
    ChatMessage,
    ChatRequest,
    ChatTurn,
    Consent,
    Content,
    Detection,
    Disclosure,
    EditRequest,
    GenerationRequest,
    Identity,
    Media,
    Origin,
    Publication,
    Record,
    Refutation,
    ReportRequest,
    SearchPage,
    Subject,
    Ticket,
    Verification,
    View,
)
from shenhe.conformance.exchange import Exchange
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade, Refused, Result
from shenhe.core.text import visible
from shenhe.rulebook import Service

from ..language.bound import BoundLogin, BoundRequest
from ..language.responses.sources import as_text, text_of
from .charges import Charges
from .http.cassette import Recording
from .http.connection import Connection, Headers
from .login import LoginFlow
from .operations import OperationClient
from .requester import Requester
from .requests import Previewed
from .results.acceptance import MOST, Acceptance, time_of
from .sessions import Sessions, credentials_of
from .store import StoreClient


class HttpProvider(StoreClient):
    """A :class:`~shenhe.conformance.provider.Provider` over one HTTP client. Use it as a context manager, or call
    :meth:`close`.
    """

    def __init__(
        self,
        connection: Connection,
        operations: Mapping[Operation, tuple[BoundRequest, ...]],
        *,
        capabilities: Capabilities,
        ready_made: ReadyMade,
        target: reporting.Target,
        loopback: bool,
        login: BoundLogin | None = None,
        recording: Recording | None = None,
        fixed: Mapping[str, Any] | None = None,
        salt: str | None = None,
        one_thread: bool = False,
        charges: Charges | None = None,
    ) -> None:
        """``fixed`` are values that every template has: the constants and markers of the binding."""
        #: What the names of a recorded run were made unique with; ``None`` where none is recorded or replayed.
        self.salt = salt
        #: Whether the target may hold what belongs to the thread that first asks it, or is a recording of one that may.
        self.one_thread = one_thread
        self._recording = recording
        self._connection = connection
        fixed = fixed or {}
        flow = None
        if login is not None:
            flow = LoginFlow(Requester(connection, Sessions(connection)), login, fixed)
        self._client = OperationClient(Requester(connection, Sessions(connection, flow)), operations, fixed)
        self._capabilities = capabilities
        self._ready_made = ready_made
        self.target = target
        #: Whether the provider runs on this machine or in this process.
        self.loopback = loopback
        #: What calls cost and take, as the binding declares it.
        self.charges = charges or Charges()

    def __enter__(self) -> HttpProvider:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and the cassette if answers are recorded."""
        self._connection.close()
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
        return self._connection.exchanges

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._connection.requests

    @property
    def recording_trouble(self) -> str:
        """Why the cassette ends before the run does, else ``""``."""
        return self._recording.trouble if self._recording is not None else ""

    def redacted(self, text: str) -> str:
        """``text`` without the secrets of the binding and the tokens learned, each replaced by its name."""
        return visible(self._connection.redactor.excerpt(text))

    def end_by(self, moment: float) -> None:
        """Send nothing after ``moment`` (of :func:`time.monotonic`), and end what is under way then."""
        self._connection.until = moment

    def unused(self) -> list[str]:
        """The operations and variants of the binding that were never called, each by its line, and what the target
        declares and no call has named.
        """
        declared: list[tuple[Operation, str, str, Iterable[object]]] = [
            (Operation.VIEW, "surface", "surfaces", self._capabilities.surfaces),
            (Operation.FETCH, "rendition", "renditions", self._capabilities.renditions),
            (Operation.DISCLOSURES, "topic", "disclosure_topics", self._capabilities.disclosure_topics),
            (Operation.REPORT, "kind", "report_kinds", self._capabilities.report_kinds),
            (Operation.PUBLISH, "way", "publish_ways", self._capabilities.publish_ways),
            (Operation.UPLOAD, "media_type", "uploads", self._capabilities.uploads),
            (Operation.VIEW_APP, "surface", "listing_surfaces", self._capabilities.listing_surfaces),
            (Operation.VIEW_APP, "storefront", "storefronts", self._capabilities.storefronts),
            (Operation.ORDER_APP, "measure", "orders", self._capabilities.orders),
        ]
        left = [
            f"target.{key}: {value}"
            for operation, facet, key, values in declared
            if operation in self._capabilities.operations
            for value in values
            if not self._client.named(operation, facet, value)
        ]
        left += [
            f"target.services.{service}: {kind}"
            for service, kinds in self._capabilities.media.items()
            if Operation.GENERATE in self._capabilities.operations
            for kind in kinds
            if not self._client.named(Operation.GENERATE, "media_type", kind)
        ]
        return [*self._client.unused(), *left]

    def with_extra(
        self,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> HttpProvider:
        """The same provider (client, log, counts) whose every request carries these headers, query values and fields of
        its body in addition to its own.
        """
        other = copy.copy(self)
        other._client = self._client.with_extra(headers or {}, query or {}, fields or {})
        return other

    def with_code(self, *makes: Callable[[str], str]) -> HttpProvider:
        """The same provider, sent ``make(code)`` for a code that a step extracts; a further one after each refusal."""
        other = copy.copy(self)
        other._client = self._client.with_code(*makes)
        return other

    def forgetting(self, thing: Any) -> HttpProvider:
        """The same provider without what earlier responses carried along with a thing, such as the key to a ticket."""
        other = copy.copy(self)
        other._client = self._client.forgetting(thing)
        return other

    def unfinished(self) -> HttpProvider:
        """The same provider, of whose operations only the steps are sent, and not the last request."""
        other = copy.copy(self)
        other._client = self._client.unfinished()
        return other

    def preview(self, ask: Callable[[HttpProvider], object]) -> tuple[tuple[str, str, Headers, bytes], ...] | None:
        """Method, URL, headers and body of each request that ``ask`` would send for its operation, steps first, with
        the account's id in place of its credentials and the names of values in place of what steps would give. Nothing
        is sent. ``None`` where no request can be written.
        """
        other = copy.copy(self)
        other._client = self._client.previewing()
        try:
            ask(other)
        except Previewed as preview:
            return tuple((each.method, each.url, tuple(each.headers), each.body) for each in preview.requests)
        return None

    def addresses(self, exchanges: Iterable[Exchange]) -> list[str]:
        """The URLs that the responses of these exchanges name: a client that kept a response can still request them."""
        return self._client.addresses(exchanges)

    def visit(self, account: Account | None, url: str) -> Result[Media]:
        """The response to a GET of one of them, without credentials if there is no account."""
        return self._client.visit(account, url)

    def upload_in_parts(
        self, begun_by: Account, account: Account, media: Media, paused: Callable[[], None] | None = None
    ) -> Result[Content]:
        """Upload in the steps of the binding: ``begun_by`` sends them, and ``account`` the request after them.
        ``paused`` is called after the first step.
        """
        facets = {"media_type": media.media_type, "declared": False}
        values = {"media": media, "declared": False}
        outcome = self._client.call(
            Operation.UPLOAD, account, values, facets, media_type=media.media_type, begun_by=begun_by, paused=paused
        )
        return self._client.result(outcome, _content)

    def late_callbacks(self, account: Account) -> Result[tuple[Media, ...]]:
        """What arrived at the callback addresses of an account without a call that waits for it."""
        return self._client.late_callbacks(account)

    # --- accounts, identity, consent

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        def account(done: Acceptance) -> Account:
            return Account(done.identifier(), credentials_of(done.bound, done.response))

        outcome = self._client.call(Operation.REGISTER, None, {"profile": profile})
        return self._client.result(outcome, account)

    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]:
        def verification(done: Acceptance) -> Verification:
            if "verified" not in done:
                return Verification(True, stated=False)
            verified = done.value("verified")
            if not isinstance(verified, bool):
                raise done.unexpected("verified", verified, "true or false")
            return Verification(verified)

        facets = {"method": identity.method.value}
        outcome = self._client.call(Operation.VERIFY_IDENTITY, account, {"identity": identity}, facets)
        return self._client.result(outcome, verification)

    def delete_account(self, account: Account) -> Result[None]:
        return self._client.result(self._client.call(Operation.DELETE_ACCOUNT, account, {}), Acceptance.nothing)

    def sign_in(self, account: Account) -> Result[Account]:
        def session(done: Acceptance) -> Account:
            return Account(account.id, {**account.credentials, **credentials_of(done.bound, done.response)})

        return self._client.result(self._client.call(Operation.SIGN_IN, account, {}), session)

    def sign_out(self, account: Account) -> Result[None]:
        return self._client.result(self._client.call(Operation.SIGN_OUT, account, {}), Acceptance.nothing)

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        values = {"subject": subject, "scope": scope, "statement": statement, "days": days}
        outcome = self._client.call(Operation.GRANT_CONSENT, account, values, {"scope": scope})
        return self._client.result(outcome, lambda done: Consent(done.identifier(), subject, scope))

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]:
        facets = {"scope": consent.scope}
        outcome = self._client.call(Operation.REVOKE_CONSENT, account, {"consent": consent}, facets)
        return self._client.result(outcome, Acceptance.nothing)

    # --- content

    def generate(self, account: Account | None, request: GenerationRequest) -> Result[Content]:
        facets = {
            "service": request.service.value,
            "media_type": request.media_type,
            "labelled": request.labelled,
            "agreed": request.agreed,
        }
        values = {"request": replace(request, options={**self._default_options(request.service), **request.options})}
        outcome = self._client.call(Operation.GENERATE, account, values, facets, media_type=request.media_type)
        return self._client.result(outcome, _content)

    def edit(self, account: Account | None, request: EditRequest) -> Result[Content]:
        media_type = request.source.media_type
        facets = {"service": request.service.value, "media_type": media_type, "scope": request.scope}
        outcome = self._client.call(Operation.EDIT, account, {"request": request}, facets, media_type=media_type)
        return self._client.result(outcome, _content)

    def fetch(self, account: Account | None, content: Content, rendition: str = "original") -> Result[Media]:
        def media(done: Acceptance) -> Media:
            if done.media is None:
                raise TypeError("fetch is compiled with media")
            return done.media

        values = {"content": content, "rendition": rendition}
        outcome = self._client.call(Operation.FETCH, account, values, {"rendition": rendition})
        return self._client.result(outcome, media)

    def publish(self, account: Account | None, content: Content, title: str, way: str = "") -> Result[Publication]:
        ways = self._capabilities.publish_ways
        way = way or (ways[0] if ways else "")
        facets = {"way": way} if way else {}
        outcome = self._client.call(
            Operation.PUBLISH, account, {"content": content, "title": title, "way": way}, facets
        )
        return self._client.result(outcome, lambda done: Publication(done.identifier()))

    def unpublish(self, account: Account, publication: Publication) -> Result[None]:
        outcome = self._client.call(Operation.UNPUBLISH, account, {"publication": publication})
        return self._client.result(outcome, Acceptance.nothing)

    def share(self, account: Account, publication: Publication) -> Result[Publication]:
        outcome = self._client.call(Operation.SHARE, account, {"publication": publication})
        return self._client.result(outcome, lambda done: Publication(done.identifier()))

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]:
        values = {"publication": publication, "surface": surface}
        outcome = self._client.call(Operation.VIEW, account, values, {"surface": surface})
        if not isinstance(outcome, Acceptance) or "items" not in outcome:
            return self._client.result(outcome, _view)
        listed = self._client.result(outcome, lambda done: _listed(done, publication))
        if not isinstance(listed, Accepted):
            return listed
        if listed.value is None:
            return Refused(outcome.response.status, "not in the list", listed.exchanges, absent=True)
        return Accepted(listed.value, listed.exchanges, listed.notice)

    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]:
        facets = {"media_type": media.media_type, "declared": declared}
        values = {"media": media, "declared": declared}
        outcome = self._client.call(Operation.UPLOAD, account, values, facets, media_type=media.media_type)
        return self._client.result(outcome, _content)

    def detect(self, account: Account | None, media: Media) -> Result[Detection]:
        facets = {"media_type": media.media_type}
        outcome = self._client.call(Operation.DETECT, account, {"media": media}, facets)
        return self._client.result(outcome, _detection)

    def search(self, account: Account | None, query: str) -> Result[SearchPage]:
        outcome = self._client.call(Operation.SEARCH, account, {"query": query})
        return self._client.result(outcome, lambda done: SearchPage(tuple(map(as_text, done.all_items()))))

    def _default_options(self, service: Service) -> dict[str, Any]:
        return {name: values[0] for name, values in self._capabilities.options.get(service, {}).items()}

    # --- takedown

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]:
        facets = {"kind": request.kind, "about": request.target.about}
        outcome = self._client.call(Operation.REPORT, account, {"request": request}, facets)
        return self._client.result(outcome, Acceptance.ticket)

    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]:
        outcome = self._client.call(Operation.REPORT_STATUS, account, {"ticket": ticket})
        return self._client.result(outcome, lambda done: done.ticket(known=ticket))

    def decide(self, account: Account | None, ticket: Ticket, upheld: bool, reasons: str) -> Result[Ticket]:
        values = {"ticket": ticket, "upheld": upheld, "reasons": reasons}
        outcome = self._client.call(Operation.DECIDE, account, values, {"upheld": upheld})
        return self._client.result(outcome, lambda done: done.ticket(known=ticket))

    def appeal(
        self, account: Account, publication: Publication, statement: str, evidence: Media | None = None
    ) -> Result[Ticket]:
        values = {"publication": publication, "statement": statement, "evidence": evidence}
        facets = {"about": publication.about}
        return self._client.result(self._client.call(Operation.APPEAL, account, values, facets), Acceptance.ticket)

    # --- rumours, disclosure, records, test environment

    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]:
        def refutations(done: Acceptance) -> tuple[Refutation, ...]:
            return tuple(
                Refutation(done.field("publication", item) or publication.id, done.field("text", item))
                for item in done.all_items()
            )

        outcome = self._client.call(Operation.REFUTATIONS, None, {"publication": publication})
        return self._client.result(outcome, refutations)

    def disclosures(self, topic: str) -> Result[Disclosure]:
        def disclosure(done: Acceptance) -> Disclosure:
            text = as_text(done.value("text")) if "text" in done else done.page()
            sources = done.bound.groups.get("fields", {})
            fields = {name: text_of(source, done.response) for name, source in sources.items()}
            return Disclosure(topic, text, {name: value for name, value in fields.items() if value})

        outcome = self._client.call(Operation.DISCLOSURES, None, {"topic": topic}, {"topic": topic})
        return self._client.result(outcome, disclosure)

    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]:
        def records(done: Acceptance) -> tuple[Record, ...]:
            return tuple(
                Record(
                    done.field("kind", item) or kind,
                    time_of(done.field("at", item)),
                    done.field("subject", item),
                    done.field("text", item),
                )
                for item in done.all_items()
            )

        outcome = self._client.call(Operation.RECORDS, account, {"kind": kind}, {"kind": kind})
        return self._client.result(outcome, records)

    # --- companions, and where content is from

    def chat(self, account: Account, request: ChatRequest) -> Result[ChatTurn]:
        def turn(done: Acceptance) -> ChatTurn:
            ended = done.value("ended") if "ended" in done else False
            if not isinstance(ended, bool):
                raise done.unexpected("ended", ended, "true or false")
            return ChatTurn(Chat(done.identifier()), done.text("text"), done.notices(), ended)

        outcome = self._client.call(Operation.CHAT, account, {"request": request}, {"persona": request.persona})
        return self._client.result(outcome, turn)

    def leave_chat(self, account: Account, chat: Chat) -> Result[None]:
        return self._client.result(self._client.call(Operation.LEAVE_CHAT, account, {"chat": chat}), Acceptance.nothing)

    def chat_history(self, account: Account) -> Result[tuple[ChatMessage, ...]]:
        def messages(done: Acceptance) -> tuple[ChatMessage, ...]:
            return tuple(ChatMessage(done.field("chat", item), done.field("text", item)) for item in done.all_items())

        return self._client.result(self._client.call(Operation.CHAT_HISTORY, account, {}), messages)

    def delete_chat(self, account: Account, chat: Chat) -> Result[None]:
        return self._client.result(
            self._client.call(Operation.DELETE_CHAT, account, {"chat": chat}), Acceptance.nothing
        )

    def verify_origin(self, account: Account | None, media: Media) -> Result[Origin]:
        def origin(done: Acceptance) -> Origin:
            own = done.value("own")
            if not isinstance(own, bool):
                raise done.unexpected("own", own, "true or false")
            return Origin(own)

        facets = {"media_type": media.media_type}
        outcome = self._client.call(Operation.VERIFY_ORIGIN, account, {"media": media}, facets)
        return self._client.result(outcome, origin)

    # --- test environment

    def advance_clock(self, hours: float) -> Result[None]:
        return self._client.result(
            self._client.call(Operation.ADVANCE_CLOCK, None, {"hours": hours}), Acceptance.nothing
        )

    def reset(self) -> Result[None]:
        return self._client.result(self._client.call(Operation.RESET, None, {}), Acceptance.nothing)


def _content(done: Acceptance) -> Content:
    batch = done.value("batch") if "batch" in done else None
    listed = tuple(map(as_text, batch[:MOST])) if isinstance(batch, list) else ()
    return Content(done.identifier(), done.media, listed, done.call.values.get("callback_signed"))


def _detection(done: Acceptance) -> Detection:
    synthetic = done.value("synthetic") if "synthetic" in done else None
    score = done.value("score") if "score" in done else None
    if synthetic is not None and not isinstance(synthetic, bool):
        raise done.unexpected("synthetic", synthetic, "true or false")
    if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
        raise done.unexpected("score", score, "a number")
    return Detection(synthetic, None if score is None else float(score), done.text("text"))


def _listed(done: Acceptance, publication: Publication) -> View | None:
    """A publication on a surface that is a list; ``None`` where the list does not have it."""
    for item in done.all_items():
        if done.field("id", item) == publication.id:
            return View(None, done.field("text", item), tuple(filter(None, [done.field("notices", item)])))
    return None


def _view(done: Acceptance) -> View:
    response = done.response
    if "text" in done:
        text = as_text(done.value("text"))
    else:
        text = response.text if done.media is None and response.media_type and response.is_text else ""
    return View(done.media, text, done.notices())
