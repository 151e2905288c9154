"""Is the binding right? Each bound operation is tried once, with the most lawful request there is, in an order in which one gives the next
what it needs. What does not work is told by the line of the binding and with what to write instead."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, TypeVar

from shenhe.rulebook import Service

from ..exchange import Exchange, visible
from ..people import Person, Persons
from ..provider import (
    Accepted,
    Account,
    Consent,
    Content,
    EditRequest,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Operation,
    Publication,
    Refused,
    ReportRequest,
    Result,
    Subject,
    Ticket,
    Unavailable,
)
from ..requests import picture, tone
from .http import HttpProvider
from .loading import Binding

T = TypeVar("T")
State = Literal["works", "refused", "faulty", "not tried"]

_PLACED = re.compile(r"(?P<place>[^\s:]+:\d+): (?P<rest>.*)", re.S)


@dataclass(frozen=True)
class Outcome:
    """What came of one try. ``place`` is the line of the binding that matters, ``advice`` what to do about it."""

    operation: str
    detail: str
    state: State
    place: str
    message: str = ""
    advice: str = ""


def examine(binding: Binding, provider: HttpProvider) -> Iterator[Outcome]:
    """Try every bound operation; one outcome for each try, as they come. Ends early when the provider cannot be reached at all."""
    visit = _Visit(binding, provider)
    for outcome in visit.outcomes():
        yield outcome
        if visit.unreachable:
            return


class _Needs(Exception):
    """Something is missing that an earlier operation should have given."""


class _Visit:
    def __init__(self, binding: Binding, provider: HttpProvider) -> None:
        self.binding = binding
        self.provider = provider
        self.unreachable = False
        self._persons = Persons(secrets.randbelow(90_000) + 1)
        self._person: Person = self._persons.adult()
        self._given: dict[str, Any] = {}
        self._given.update(self._ready_made())

    def _ready_made(self) -> dict[str, Any]:
        ready = self.provider.ready_made
        found = {
            "account": ready.accounts.get("verified_adult"),
            "identity": ready.identities.get("verified_adult"),
            "subject": ready.subjects.get("subject"),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _need(self, name: str, source: str) -> Any:
        if name not in self._given:
            raise _Needs(f"it needs {name.replace('_', ' ')}, which {source} would give")
        return self._given[name]

    @property
    def _account(self) -> Account:
        account: Account = self._need("account", "register (or accounts.verified_adult)")
        return account

    def _kept(self, name: str, result: Result[T]) -> Result[T]:
        if isinstance(result, Accepted):
            self._given[name] = result.value
        return result

    def outcomes(self) -> Iterator[Outcome]:
        capabilities = self.provider.capabilities
        if capabilities.identities == "synthetic":
            yield from self._try(Operation.REGISTER, "", self._register)
            methods = capabilities.identity_methods or (IdentityMethod.ID_CARD,)
            lawful = [method for method in methods if method is not IdentityMethod.EMAIL]
            if lawful:
                yield from self._try(
                    Operation.VERIFY_IDENTITY, lawful[0].value, lambda: self._verify(lawful[0]), method=lawful[0].value
                )
        elif Operation.REGISTER in capabilities.operations:
            yield self._not_tried(Operation.REGISTER, "the binding declares identities: supplied, so nobody is invented")
            yield from self._supplied_identity()
        yield from self._consent()
        yield from self._content()
        yield from self._takedown()
        yield from self._pages()
        yield from self._endings()

    def _supplied_identity(self) -> Iterator[Outcome]:
        if "identity" in self._given:
            identity: Identity = self._given["identity"]
            yield from self._try(
                Operation.VERIFY_IDENTITY,
                identity.method.value,
                lambda: self.provider.verify_identity(self._account, identity),
                method=identity.method.value,
            )
        elif Operation.VERIFY_IDENTITY in self.provider.capabilities.operations:
            yield self._not_tried(Operation.VERIFY_IDENTITY, "it needs identities.verified_adult")

    def _register(self) -> Result[Account]:
        person = self._person
        name = f"doctor-{secrets.token_hex(4)}"
        profile = {
            "username": name,
            "name": person.name,
            "email": f"{name}@example.org",
            "phone": person.phone,
            "password": secrets.token_urlsafe(12),
        }
        return self._kept("account", self.provider.register(profile))

    def _verify(self, method: IdentityMethod) -> Result[Any]:
        return self.provider.verify_identity(self._account, self._person.identity(method))

    def _consent(self) -> Iterator[Outcome]:
        for scope in self.provider.capabilities.edit_scopes or ("face",):

            def grant(scope: str = scope) -> Result[Consent]:
                statement = f"同意编辑本人的{'人脸' if scope == 'face' else '声音'}（测试）。I agree to the editing of my {scope} (test)."
                return self._kept(f"consent_{scope}", self.provider.grant_consent(self._account, self._subject(), scope, statement))

            yield from self._try(Operation.GRANT_CONSENT, scope, grant, scope=scope)

    def _subject(self) -> Subject:
        if "subject" not in self._given:
            if self.provider.capabilities.identities != "synthetic":
                raise _Needs("it needs subjects.subject")
            self._given["subject"] = self._persons.adult().subject(datetime.now(UTC).date())
        subject: Subject = self._given["subject"]
        return subject

    def _content(self) -> Iterator[Outcome]:
        capabilities = self.provider.capabilities
        for service, kinds in capabilities.media.items():
            for kind in kinds:

                def generate(service: Service = service, kind: str = kind) -> Result[Content]:
                    request = GenerationRequest(service, kind, "写一句关于春天的话。One sentence about spring.", agreed=True)
                    result = self.provider.generate(self._account, request)
                    if isinstance(result, Accepted):
                        self._given.setdefault("content", result.value)
                        if kind.startswith("image/"):
                            self._given.setdefault("picture", result.value)
                    return result

                facets = {"service": service.value, "media_type": kind, "labelled": True, "agreed": True}
                yield from self._try(Operation.GENERATE, f"{service.value} {kind}", generate, **facets)
        for rendition in capabilities.renditions:

            def fetch(rendition: str = rendition) -> Result[Media]:
                content = self._given.get("picture") or self._need("content", "generate")
                if rendition == "unlabelled":
                    content = self._without_label() or content
                return self._kept(f"media_{rendition}", self.provider.fetch(self._account, content, rendition))

            yield from self._try(Operation.FETCH, rendition, fetch, rendition=rendition)
        yield from self._try(Operation.UPLOAD, "image/png", self._upload, media_type="image/png", declared=True)
        for scope in capabilities.edit_scopes:
            source = tone() if scope == "voice" else picture()
            service = Service.VOICE if scope == "voice" else Service.BIOMETRIC_IMAGE_VIDEO

            def edit(scope: str = scope, source: Media = source, service: Service = service) -> Result[Content]:
                consent = self._given.get(f"consent_{scope}") or self._ready_consent(scope)
                subject = consent.subject if consent else self._subject()
                request = EditRequest(service, source, subject, scope, "略作调整。A slight change.", consent)
                return self.provider.edit(self._account, request)

            yield from self._try(Operation.EDIT, scope, edit, scope=scope, service=service.value, media_type=source.media_type)
        yield from self._try(Operation.PUBLISH, "", self._publish)
        for surface in capabilities.surfaces:

            def view(surface: str = surface) -> Result[Any]:
                return self.provider.view(None, self._need("publication", "publish"), surface)

            yield from self._try(Operation.VIEW, surface, view, surface=surface)
        yield from self._try(Operation.SEARCH, "", lambda: self.provider.search(None, "春天"))

    def _without_label(self) -> Content | None:
        """Content asked for without label under the agreement, whose unlabelled copy may lawfully be had."""
        for service, kinds in self.provider.capabilities.media.items():
            request = GenerationRequest(service, kinds[0], "写一句关于春天的话。", labelled=False, agreed=True)
            result = self.provider.generate(self._account, request)
            if isinstance(result, Accepted):
                return result.value
        return None

    def _ready_consent(self, scope: str) -> Consent | None:
        return next((consent for consent in self.provider.ready_made.consents.values() if consent.scope == scope), None)

    def _upload(self) -> Result[Content]:
        return self.provider.upload(self._account, picture(), declared=True)

    def _publish(self) -> Result[Publication]:
        content = self._given.get("picture") or self._need("content", "generate")
        return self._kept("publication", self.provider.publish(self._account, content, "春天（测试）"))

    def _takedown(self) -> Iterator[Outcome]:
        """The report is about a second publication that carries the marker of test content, so that an appeal has something to appeal."""
        kinds = self.provider.capabilities.report_kinds
        kind = "illegal" if "illegal" in kinds else kinds[0] if kinds else "illegal"

        def report() -> Result[Ticket]:
            target: Publication = self._need("publication", "publish")
            marker = self.provider.capabilities.markers.get("unlawful")
            if marker and "content" in self._given:
                marked = self.provider.publish(self._account, self._given["content"], f"测试 {marker}")
                if isinstance(marked, Accepted):
                    target = marked.value
            self._given["reported"] = target
            request = ReportRequest(
                target, kind, "测试举报。A report made as a test.", "reporter@example.org", "测试人", good_faith=True
            )
            return self._kept("ticket", self.provider.report(self._reporter(), request))

        def status() -> Result[Ticket]:
            return self.provider.report_status(self._reporter(), self._need("ticket", "report"))

        def appeal() -> Result[Ticket]:
            return self.provider.appeal(self._account, self._need("reported", "report"), "测试申诉。An appeal made as a test.")

        yield from self._try(Operation.REPORT, kind, report, kind=kind)
        yield from self._try(Operation.REPORT_STATUS, "", status)
        yield from self._try(Operation.APPEAL, "", appeal)

    def _reporter(self) -> Account | None:
        supplied = self.provider.ready_made.accounts.get("reporter")
        account: Account | None = supplied or self._given.get("account")
        return account

    def _pages(self) -> Iterator[Outcome]:
        provider = self.provider
        yield from self._try(Operation.REFUTATIONS, "", lambda: provider.refutations(self._need("publication", "publish")))
        for topic in provider.capabilities.disclosure_topics:
            yield from self._try(Operation.DISCLOSURES, topic, partial(provider.disclosures, topic), topic=topic)
        yield from self._try(Operation.RECORDS, "publication", lambda: provider.records(self._account, "publication"), kind="publication")

    def _endings(self) -> Iterator[Outcome]:
        provider = self.provider
        scopes = [name.removeprefix("consent_") for name in self._given if name.startswith("consent_")]
        for scope in scopes[:1] or ["face"]:

            def revoke(scope: str = scope) -> Result[None]:
                return provider.revoke_consent(self._account, self._need(f"consent_{scope}", "grant_consent"))

            yield from self._try(Operation.REVOKE_CONSENT, "", revoke, scope=scope)
        yield from self._try(Operation.ADVANCE_CLOCK, "1 h", lambda: provider.advance_clock(1.0))
        if provider.capabilities.identities == "synthetic":
            yield from self._try(Operation.DELETE_ACCOUNT, "", lambda: provider.delete_account(self._account))
        elif Operation.DELETE_ACCOUNT in provider.capabilities.operations:
            yield self._not_tried(Operation.DELETE_ACCOUNT, "the account is supplied, and deleting it would lose it")
        yield from self._try(Operation.RESET, "", provider.reset)

    # --- one try -----------------------------------------------------------------------------------------------------------------

    def _not_tried(self, operation: Operation, why: str, detail: str = "") -> Outcome:
        return Outcome(operation.value, detail, "not tried", self.binding.place("operations", operation.value), why)

    def _try(self, operation: Operation, detail: str, ask: Callable[[], Result[Any]], **facets: Any) -> Iterator[Outcome]:
        if operation not in self.provider.capabilities.operations:
            return
        try:
            result = ask()
        except _Needs as missing:
            yield self._not_tried(operation, str(missing), detail)
            return
        way = self.binding.way(operation, facets)

        def at(key: str) -> str:
            return way.place(key).partition(": ")[0] if way else self.binding.place("operations", operation.value)

        outcome = Outcome(operation.value, detail, "works", at(""))
        if isinstance(result, Refused):
            outcome = _refused(result, outcome, at)
        elif isinstance(result, Unavailable):
            outcome = self._unavailable(result, outcome, at)
        yield replace(outcome, message=visible(outcome.message)[:600])

    def _unavailable(self, result: Unavailable, outcome: Outcome, at: Callable[[str], str]) -> Outcome:
        placed = _PLACED.fullmatch(result.reason)
        if placed:
            return replace(outcome, state="faulty", place=placed["place"], message=placed["rest"], advice=_advice_for(placed["rest"]))
        last = result.exchanges[-1] if result.exchanges else None
        if last is not None and last.response is None and result.status is None:
            self.unreachable = self.unreachable or "could not connect" in result.reason or result.reason.startswith("TLS failed")
            return replace(
                outcome,
                state="faulty",
                place=self.binding.place("target", "base_url") if self.unreachable else at("path"),
                message=result.reason,
                advice=_advice_for(result.reason),
            )
        status = result.status or 0
        message = result.reason + _said(last)
        if status == 429:
            advice = "the provider asks for fewer requests: set limits.requests_per_second, or ask for a higher rate for testing"
            return replace(outcome, state="faulty", place=self.binding.place("limits"), message=message, advice=advice)
        if 300 <= status < 400:
            where = last.response.header("location") if last and last.response else None
            advice = f"it redirects to {visible(where or 'nowhere')[:200]}: write that path, or follow_redirects: true"
            return replace(outcome, state="faulty", place=at("path"), message=message, advice=advice)
        advice = "the provider failed; if that is how it says no or yes, name the status in refuse_status or accept_status"
        if status // 100 == 2:
            advice = "name this status in accept_status"
        return replace(outcome, state="faulty", place=at("accept_status"), message=message, advice=advice)


def _refused(result: Refused, outcome: Outcome, at: Callable[[str], str]) -> Outcome:
    last = result.exchanges[-1] if result.exchanges else None
    method = last.request.method if last else ""
    path = visible(last.request.url) if last else ""
    said = f": {result.reason}" if result.reason else _said(last)
    message = f"answered {result.status} to {method} {path}{said}"
    allow = last.response.header("allow") if last and last.response else None
    known = {
        404: ("path", "nothing is there: write the path that the provider's documentation gives, and check the ids in it"),
        405: ("method", f"the method {method} is not taken there: write {visible(allow or 'another')[:100]}"),
        406: ("headers", "the provider does not give the media type asked for: write an Accept header"),
        415: ("headers", "the provider does not take this kind of body: use json, form, multipart or body, or write Content-Type"),
        400: ("json", "the provider does not understand the body: compare its fields with the documentation"),
        422: ("json", "the provider does not understand the body: compare its fields with the documentation"),
        401: ("auth", "the provider does not know who asks: check auth, and where register finds the token"),
    }
    key, advice = known.get(result.status, ("", ""))
    if not key:
        advice = "the provider refuses a lawful request, or the binding leaves out what makes it lawful"
        return replace(outcome, state="refused", message=message, advice=advice)
    return replace(outcome, state="faulty", place=at(key), message=message, advice=advice)


def _said(last: Exchange | None) -> str:
    if last is None or last.response is None or not last.response.body:
        return ""
    text = " ".join(last.response.body[:400].decode("utf-8", "replace").split())
    return f", and said: {visible(text)[:200]}" if text and "\0" not in text else ""


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
        ("expected one of", "name the provider's own words under states"),
    ):
        if sign in reason:
            return advice
    return ""
