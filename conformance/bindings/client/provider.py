"""A provider reached over HTTP as its binding says. No operation raises for anything that the provider does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shenhe.conformance import report as reporting
from shenhe.conformance.exchange import Exchange
from shenhe.conformance.provider import (
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
    Refutation,
    ReportRequest,
    Result,
    SearchPage,
    Subject,
    Ticket,
    Verification,
    View,
)
from shenhe.core.text import visible

from ..language.bound import BoundLogin, BoundRequest
from ..language.extraction import as_text, text_of
from . import reading
from .asking import Asked, Asking
from .caller import Caller
from .cassette import Recording
from .media import media_of
from .pages import whole_list
from .sessions import Sessions, credentials_of
from .wire import Wire

T = TypeVar("T")


class HttpProvider:
    """A :class:`~shenhe.conformance.provider.Provider` over one HTTP client. Use it as a context manager, or call
    :meth:`close`.
    """

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
        self._asking = Asking(Caller(wire, Sessions(wire, login)), ways)
        self._capabilities = capabilities
        self._ready_made = ready_made
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

    def with_extra(
        self, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
    ) -> HttpProvider:
        """The same provider (client, log, counts) whose every request carries these headers and query values besides
        its own.
        """
        other = copy.copy(self)
        other._asking = self._asking.with_extra(headers or {}, query or {})
        return other

    # --- accounts, identity, consent
    # ---------------------------------------------------------------------------------------------

    def register(self, profile: Mapping[str, str]) -> Result[Account]:
        def read(asked: Asked) -> Account:
            return Account(reading.identifier(asked), credentials_of(asked.way, asked.answer))

        return self._asking.ask(Operation.REGISTER, None, {"profile": profile}, {}, read)

    def verify_identity(self, account: Account | None, identity: Identity) -> Result[Verification]:
        def read(asked: Asked) -> Verification:
            verified = reading.value(asked, "verified") if "verified" in asked.way.extract else True
            if not isinstance(verified, bool):
                raise reading.unexpected(asked, "verified", verified, "true or false")
            return Verification(verified)

        facets = {"method": identity.method.value}
        return self._asking.ask(Operation.VERIFY_IDENTITY, account, {"identity": identity}, facets, read)

    def delete_account(self, account: Account) -> Result[None]:
        return self._asking.ask(Operation.DELETE_ACCOUNT, account, {}, {}, _nothing)

    def grant_consent(
        self, account: Account, subject: Subject, scope: str, statement: str, days: int | None = None
    ) -> Result[Consent]:
        def read(asked: Asked) -> Consent:
            return Consent(reading.identifier(asked), subject, scope)

        values = {"subject": subject, "scope": scope, "statement": statement, "days": days}
        return self._asking.ask(Operation.GRANT_CONSENT, account, values, {"scope": scope}, read)

    def revoke_consent(self, account: Account, consent: Consent) -> Result[None]:
        return self._asking.ask(
            Operation.REVOKE_CONSENT, account, {"consent": consent}, {"scope": consent.scope}, _nothing
        )

    # --- content
    # -----------------------------------------------------------------------------------------------------------------

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
        return self._ask_media(
            Operation.FETCH, account, values, {"rendition": rendition}, "", lambda asked, media: media
        )

    def publish(self, account: Account | None, content: Content, title: str) -> Result[Publication]:
        def read(asked: Asked) -> Publication:
            return Publication(reading.identifier(asked))

        return self._asking.ask(Operation.PUBLISH, account, {"content": content, "title": title}, {}, read)

    def view(self, account: Account | None, publication: Publication, surface: str = "page") -> Result[View]:
        def read(asked: Asked, media: Media | None) -> View:
            answer, extract = asked.answer, asked.way.extract
            if "text" in extract:
                text = as_text(reading.value(asked, "text"))
            else:
                text = answer.text if media is None and answer.media_type and answer.is_text else ""
            notices = reading.value(asked, "notices") if "notices" in extract else []
            listed = notices if isinstance(notices, list) else [notices]
            return View(media, text, tuple(filter(None, map(as_text, listed[: reading.MOST]))))

        values = {"publication": publication, "surface": surface}
        return self._ask_media(Operation.VIEW, account, values, {"surface": surface}, "", read)

    def upload(self, account: Account | None, media: Media, declared: bool = False) -> Result[Content]:
        facets = {"media_type": media.media_type, "declared": declared}
        values = {"media": media, "declared": declared}
        return self._ask_content(Operation.UPLOAD, account, values, facets, media.media_type)

    def search(self, account: Account | None, query: str) -> Result[SearchPage]:
        def read(asked: Asked) -> list[str]:
            found = reading.value(asked, "publications")
            if not isinstance(found, list):
                raise reading.unexpected(asked, "publications", found, "a list of ids")
            return [as_text(item) for item in found[: reading.MOST]]

        result = self._ask_list(Operation.SEARCH, account, {"query": query}, {}, read)
        return (
            Accepted(SearchPage(result.value), result.exchanges, result.notice)
            if isinstance(result, Accepted)
            else result
        )

    # --- takedown
    # ----------------------------------------------------------------------------------------------------------------

    def report(self, account: Account | None, request: ReportRequest) -> Result[Ticket]:
        return self._asking.ask(Operation.REPORT, account, {"request": request}, {"kind": request.kind}, reading.ticket)

    def report_status(self, account: Account | None, ticket: Ticket) -> Result[Ticket]:
        def read(asked: Asked) -> Ticket:
            return reading.ticket(asked, known=ticket.id)

        return self._asking.ask(Operation.REPORT_STATUS, account, {"ticket": ticket}, {}, read)

    def appeal(self, account: Account, publication: Publication, statement: str) -> Result[Ticket]:
        values = {"publication": publication, "statement": statement}
        return self._asking.ask(Operation.APPEAL, account, values, {}, reading.ticket)

    # --- rumours, disclosure, records, sandbox
    # -----------------------------------------------------------------------------------

    def refutations(self, publication: Publication) -> Result[tuple[Refutation, ...]]:
        def read(asked: Asked) -> list[Refutation]:
            return [
                Refutation(
                    reading.field(asked, "publication", item) or publication.id, reading.field(asked, "text", item)
                )
                for item in reading.items(asked)
            ]

        return self._ask_list(Operation.REFUTATIONS, None, {"publication": publication}, {}, read)

    def disclosures(self, topic: str) -> Result[Disclosure]:
        def read(asked: Asked) -> Disclosure:
            text = as_text(reading.value(asked, "text")) if "text" in asked.way.extract else reading.page(asked)
            fields = {
                name: text_of(source, asked.answer) for name, source in asked.way.groups.get("fields", {}).items()
            }
            return Disclosure(topic, text, {name: value for name, value in fields.items() if value})

        return self._asking.ask(Operation.DISCLOSURES, None, {"topic": topic}, {"topic": topic}, read)

    def records(self, account: Account | None, kind: str) -> Result[tuple[Record, ...]]:
        def read(asked: Asked) -> list[Record]:
            return [
                Record(
                    reading.field(asked, "kind", item) or kind,
                    reading.time(reading.field(asked, "at", item)),
                    reading.field(asked, "subject", item),
                    reading.field(asked, "text", item),
                )
                for item in reading.items(asked)
            ]

        return self._ask_list(Operation.RECORDS, account, {"kind": kind}, {"kind": kind}, read)

    def advance_clock(self, hours: float) -> Result[None]:
        return self._asking.ask(Operation.ADVANCE_CLOCK, None, {"hours": hours}, {}, _nothing)

    def reset(self) -> Result[None]:
        return self._asking.ask(Operation.RESET, None, {}, {}, _nothing)

    # --- answers with bytes, and lists
    # ---------------------------------------------------------------------------------------------

    def _ask_content(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        media_type: str,
    ) -> Result[Content]:
        def read(asked: Asked, media: Media | None) -> Content:
            return Content(reading.identifier(asked), media)

        return self._ask_media(operation, account, values, facets, media_type, read)

    def _ask_media(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        media_type: str,
        read: Callable[[Asked, Any], T],
    ) -> Result[T]:
        """For an answer that may carry bytes or the URL of bytes; ``media_type`` is theirs where nothing else says
        it.
        """
        asking = self._asking
        return asking.ask(
            operation, account, values, facets, lambda asked: read(asked, media_of(asking.caller, asked, media_type))
        )

    def _ask_list(
        self,
        operation: Operation,
        account: Account | None,
        values: dict[str, Any],
        facets: Mapping[str, Any],
        read: Callable[[Asked], list[T]],
    ) -> Result[tuple[T, ...]]:
        """For a list that may come in pages; ``read`` gives the items of one."""
        asking = self._asking
        return asking.ask(operation, account, values, facets, lambda asked: whole_list(asking, asked, read))


def _nothing(asked: Asked) -> None:
    return None
