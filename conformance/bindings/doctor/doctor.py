"""Is the binding right? Each bound operation is tried once, with the most lawful request there is, in an order in which
one gives the next what it needs. A problem is reported with the line of the binding and its correction.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from shenhe.conformance.checks.own_files import makeable, own_file
from shenhe.conformance.checks.people import Person, Persons
from shenhe.conformance.checks.requests import picture, tone
from shenhe.conformance.entities import (
    Account,
    ChatRequest,
    ChatTurn,
    Consent,
    Content,
    EditRequest,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Publication,
    ReportRequest,
    Subject,
    Ticket,
)
from shenhe.conformance.provider import Accepted, Operation, Result
from shenhe.rulebook import Service

from ..client.binding import Binding
from ..client.provider import HttpProvider
from .diagnosis import Diagnosis
from .store import store_outcomes
from .visit import NeedsEarlier, Visit

T = TypeVar("T")


def examine(binding: Binding, provider: HttpProvider) -> Iterator[Diagnosis]:
    """Try every bound operation; one outcome for each try, as they come. Ends early when the provider cannot be reached
    at all.
    """
    visit = _Visit(binding, provider)
    for outcome in visit.outcomes():
        yield outcome
        if visit.unreachable:
            return


class _Visit(Visit):
    def __init__(self, binding: Binding, provider: HttpProvider) -> None:
        super().__init__(binding, provider)
        self._persons = Persons(secrets.randbelow(90_000) + 1)
        self._person: Person = self._persons.adult()
        self.given.update(self._ready_made())

    def _ready_made(self) -> dict[str, Any]:
        ready = self.provider.ready_made
        found = {
            "account": ready.accounts.get("verified_adult") or ready.accounts.get("developer"),
            "identity": ready.identities.get("verified_adult"),
            "subject": ready.subjects.get("subject"),
        }
        return {name: value for name, value in found.items() if value is not None}

    def outcomes(self) -> Iterator[Diagnosis]:
        capabilities = self.provider.capabilities
        if capabilities.identities == "synthetic":
            yield from self.attempt(Operation.REGISTER, "", self._register)
            methods = capabilities.identity_methods or (IdentityMethod.ID_CARD,)
            lawful = [method for method in methods if method is not IdentityMethod.EMAIL]
            for number, method in enumerate(lawful):
                verify = partial(self._verify, method, fresh=number > 0)
                yield from self.attempt(Operation.VERIFY_IDENTITY, method.value, verify, method=method.value)
        elif Operation.REGISTER in capabilities.operations:
            yield self.not_tried(Operation.REGISTER, "the binding sets identities: supplied, so no people are invented")
            yield from self._supplied_identity()
        yield from self.attempt(Operation.SIGN_IN, "", self._sign_in)
        yield from self._consent()
        yield from self._content()
        yield from store_outcomes(self)
        yield from self._takedown()
        yield from self._pages()
        yield from self._companion()
        yield from self._endings()

    def _supplied_identity(self) -> Iterator[Diagnosis]:
        if "identity" in self.given:
            identity: Identity = self.given["identity"]
            yield from self.attempt(
                Operation.VERIFY_IDENTITY,
                identity.method.value,
                lambda: self.provider.verify_identity(self.account, identity),
                method=identity.method.value,
            )
        elif Operation.VERIFY_IDENTITY in self.provider.capabilities.operations:
            yield self.not_tried(Operation.VERIFY_IDENTITY, "it needs identities.verified_adult")

    def _register(self) -> Result[Account]:
        return self.kept("account", self.provider.register(self._profile(self._person)))

    @staticmethod
    def _profile(person: Person) -> dict[str, str]:
        """The profile to register with: of the form that checks use, so that a name that is refused here is refused
        there.
        """
        name = f"t{secrets.token_hex(5)}"
        return {
            "username": name,
            "name": person.name,
            "email": f"{name}@example.org",
            "phone": person.phone,
            "password": f"Pw-{name}",
        }

    def _verify(self, method: IdentityMethod, *, fresh: bool) -> Result[Any]:
        """Verify the account; a further method is tried with a new person, whom no other method has verified."""
        if not fresh:
            return self.provider.verify_identity(self.account, self._person.identity(method))
        person = self._persons.adult()
        registered = self.provider.register(self._profile(person))
        if not isinstance(registered, Accepted):
            return registered
        return self.provider.verify_identity(registered.value, person.identity(method))

    def _sign_in(self) -> Result[Account]:
        return self.kept("session", self.provider.sign_in(self.account))

    def _sign_out(self) -> Result[None]:
        """End the session that ``sign_in`` began, so that no other operation loses its own."""
        session = self.given.get("session")
        if session is None and self.binding.file.login is None:
            if self.provider.capabilities.identities != "synthetic":
                raise NeedsEarlier("it would end the only session of a supplied account: bind sign_in or login too")
            registered = self.provider.register(self._profile(self._persons.adult()))
            if not isinstance(registered, Accepted):
                raise NeedsEarlier("it needs an account, which register would give")
            session = registered.value
        return self.provider.sign_out(session or self.account)

    def _consent(self) -> Iterator[Diagnosis]:
        for scope in self.provider.capabilities.edit_scopes or ("face",):
            yield from self.attempt(Operation.GRANT_CONSENT, scope, partial(self._grant, scope), scope=scope)

    def _grant(self, scope: str) -> Result[Consent]:
        statement = (
            f"同意编辑本人的{'人脸' if scope == 'face' else '声音'}（测试）。I agree to the editing of my {scope}"
            " (test)."
        )
        return self.kept(
            f"consent_{scope}", self.provider.grant_consent(self.account, self._subject(), scope, statement)
        )

    def _subject(self) -> Subject:
        if "subject" not in self.given:
            if self.provider.capabilities.identities != "synthetic":
                raise NeedsEarlier("it needs subjects.subject")
            self.given["subject"] = self._persons.adult().subject(datetime.now(UTC).date())
        subject: Subject = self.given["subject"]
        return subject

    def _content(self) -> Iterator[Diagnosis]:
        capabilities = self.provider.capabilities
        for service, kinds in capabilities.media.items():
            for kind in kinds:
                yield from self.attempt(
                    Operation.GENERATE,
                    f"{service.value} {kind}",
                    partial(self._generate, service, kind),
                    service=service.value,
                    media_type=kind,
                    labelled=True,
                    agreed=True,
                )
        for kind in capabilities.uploads or ("image/png",):
            yield from self.attempt(Operation.UPLOAD, kind, partial(self._upload, kind), media_type=kind, declared=True)
        for rendition in capabilities.renditions:
            yield from self.attempt(Operation.FETCH, rendition, partial(self._fetch, rendition), rendition=rendition)
        for scope in capabilities.edit_scopes:
            source = tone() if scope == "voice" else picture()
            service = Service.VOICE if scope == "voice" else Service.BIOMETRIC_IMAGE_VIDEO
            edit = partial(self._edit, scope, service, source)
            yield from self.attempt(
                Operation.EDIT, scope, edit, scope=scope, service=service.value, media_type=source.media_type
            )
        yield from self.attempt(Operation.PUBLISH, "", self._publish)
        for surface in capabilities.surfaces:
            yield from self.attempt(Operation.VIEW, surface, partial(self._view, surface), surface=surface)
        yield from self.attempt(Operation.SEARCH, "", lambda: self.provider.search(None, "春天"))
        yield from self.attempt(Operation.SHARE, "", self._share)
        yield from self.attempt(Operation.UNPUBLISH, "", self._unpublish)
        kind = (capabilities.uploads or ("image/png",))[0]
        yield from self.attempt(
            Operation.DETECT, kind, lambda: self.provider.detect(self.account, self._file(kind)), media_type=kind
        )

    def _generate(self, service: Service, kind: str) -> Result[Content]:
        request = GenerationRequest(service, kind, "写一句关于春天的话。One sentence about spring.", agreed=True)
        result = self.provider.generate(self.account, request)
        if isinstance(result, Accepted):
            self.given.setdefault("content", result.value)
            if kind.startswith("image/"):
                self.given.setdefault("picture", result.value)
        return result

    def _fetch(self, rendition: str) -> Result[Media]:
        content = self.given.get("picture") or self.need("content", "generate")
        if rendition == "unlabelled":
            content = self._without_label() or content
        return self.kept(f"media_{rendition}", self.provider.fetch(self.account, content, rendition))

    def _edit(self, scope: str, service: Service, source: Media) -> Result[Content]:
        consent = self.given.get(f"consent_{scope}") or self._ready_consent(scope)
        subject = consent.subject if consent else self._subject()
        request = EditRequest(service, source, subject, scope, "略作调整。A slight change.", consent)
        return self.provider.edit(self.account, request)

    def _view(self, surface: str) -> Result[Any]:
        return self.provider.view(None, self.need("publication", "publish"), surface)

    def _without_label(self) -> Content | None:
        """Content asked for without label under the agreement, whose unlabelled copy may lawfully be had."""
        for service, kinds in self.provider.capabilities.media.items():
            request = GenerationRequest(service, kinds[0], "写一句关于春天的话。", labelled=False, agreed=True)
            result = self.provider.generate(self.account, request)
            if isinstance(result, Accepted):
                return result.value
        return None

    def _ready_consent(self, scope: str) -> Consent | None:
        return next((consent for consent in self.provider.ready_made.consents.values() if consent.scope == scope), None)

    def _upload(self, kind: str) -> Result[Content]:
        result = self.provider.upload(self.account, self._file(kind), declared=True)
        if isinstance(result, Accepted):
            self.given.setdefault("content", result.value)
        return result

    @staticmethod
    def _file(kind: str) -> Media:
        """A file of a media type that was not uploaded before."""
        if kind.startswith("text/"):
            return Media(f"今天天气很好（测试 {secrets.token_hex(4)}）。".encode(), kind)
        if kind not in makeable():
            raise NeedsEarlier(f"it needs a file of {kind}, which shenhe cannot make here")
        return own_file(kind, (secrets.randbelow(196), secrets.randbelow(196), secrets.randbelow(196)))

    def _publish(self) -> Result[Publication]:
        """Publish in each way there is; the first is the publication that others are tried with."""
        first = self.provider.publish(self.account, self._work(), "春天（测试）")
        for way in self.provider.capabilities.publish_ways[1:]:
            if isinstance(first, Accepted):
                further = self.provider.publish(self.account, self._work(), "春天（测试）", way)
                if not isinstance(further, Accepted):
                    return further
        return self.kept("publication", first)

    def _share(self) -> Result[Publication]:
        return self.provider.share(self.account, self.need("publication", "publish"))

    def _unpublish(self) -> Result[None]:
        """Take down a publication that nothing else is tried with."""
        spare = self._another("春天（测试）")
        if spare is None:
            raise NeedsEarlier("it needs a second publication, and publish was not accepted twice")
        return self.provider.unpublish(self.account, spare)

    def _another(self, title: str) -> Publication | None:
        """A further publication: of the same work, or of a new one where each work is published once."""
        first: Publication = self.need("publication", "publish")
        for work in (self._work(), None):
            content = work or self._new_work()
            further = None if content is None else self.provider.publish(self.account, content, title)
            if isinstance(further, Accepted) and further.value.id != first.id:
                return further.value
        return None

    def _new_work(self) -> Content | None:
        """Something to publish that was not published yet."""
        capabilities = self.provider.capabilities
        made: Result[Content] | None = None
        if Operation.GENERATE in capabilities.operations:
            service, kinds = next(iter(capabilities.media.items()))
            made = self._generate(service, kinds[0])
        elif Operation.UPLOAD in capabilities.operations:
            made = self._upload((capabilities.uploads or ("image/png",))[0])
        return made.value if isinstance(made, Accepted) else None

    def _work(self) -> Content:
        """Something to publish: what was generated, or else uploaded, or else nothing, since a publication may hold no
        more than its title.
        """
        sources = {Operation.GENERATE, Operation.UPLOAD} & self.provider.capabilities.operations
        if not sources:
            return Content("")
        source = Operation.GENERATE if Operation.GENERATE in sources else Operation.UPLOAD
        content: Content = self.given.get("picture") or self.need("content", source.value)
        return content

    def _takedown(self) -> Iterator[Diagnosis]:
        """The report is about a second publication that carries the marker of test content, so that an appeal has
        something to appeal.
        """
        kinds = self.provider.capabilities.report_kinds or ("illegal",)
        kinds = tuple(sorted(kinds, key=lambda kind: kind != "illegal"))

        def report(kind: str) -> Result[Ticket]:
            target: Publication = self.given.get("reported") or self.need("publication", "publish")
            marker = self.provider.capabilities.markers.get("unlawful")
            decides = Operation.DECIDE in self.provider.capabilities.operations
            if target.about == "content" and (marker or decides):
                target = self._another(f"测试 {marker or ''}".strip()) or target
            self.given.setdefault("reported", target)
            request = ReportRequest(
                target, kind, "测试举报。A report made as a test.", "reporter@example.org", "测试人", good_faith=True
            )
            result = self.provider.report(self._reporter(), request)
            if isinstance(result, Accepted):
                self.given.setdefault("ticket", result.value)
            return result

        def lost(ticket: Ticket) -> str:
            receipt = self.need("ticket", "report").receipt
            reads = self.provider.capabilities.reads(Operation.REPORT_STATUS, "receipt")
            if not receipt or not reads or ticket.receipt == receipt:
                return ""
            return f"the report gave the receipt {receipt[:60]!r}, and its status gives {ticket.receipt[:60]!r}"

        def status() -> Result[Ticket]:
            return self.provider.report_status(self._reporter(), self.need("ticket", "report"))

        def decide() -> Result[Ticket]:
            moderator = self.provider.ready_made.accounts.get("moderator")
            if moderator is None:
                raise NeedsEarlier("it needs accounts.moderator, the account that decides reports")
            ticket = self.need("ticket", "report")
            return self.provider.decide(moderator, ticket, True, "测试裁定。A decision made as a test.")

        def appeal() -> Result[Ticket]:
            target: Publication = self.need("reported", "report")
            developer = self.provider.ready_made.accounts.get("developer")
            owner = developer if developer is not None and target.about == "app" else self.account
            return self.provider.appeal(owner, target, "测试申诉。An appeal made as a test.")

        for kind in kinds:
            yield from self.attempt(Operation.REPORT, kind, partial(report, kind), kind=kind)
        yield from self.attempt(Operation.REPORT_STATUS, "", status, wrong=lost)
        yield from self.attempt(Operation.DECIDE, "upheld", decide, upheld=True)
        yield from self.attempt(Operation.APPEAL, "", appeal)

    def _reporter(self) -> Account | None:
        supplied = self.provider.ready_made.accounts.get("reporter")
        account: Account | None = supplied or self.given.get("account")
        return account

    def _pages(self) -> Iterator[Diagnosis]:
        provider = self.provider
        yield from self.attempt(
            Operation.REFUTATIONS, "", lambda: provider.refutations(self.need("publication", "publish"))
        )
        for topic in provider.capabilities.disclosure_topics:
            yield from self.attempt(Operation.DISCLOSURES, topic, partial(provider.disclosures, topic), topic=topic)

        def records(kind: str) -> Result[Any]:
            return provider.records(provider.ready_made.accounts.get("authority") or self.account, kind)

        for kind in provider.capabilities.record_kinds or ("unlabelled-copy",):
            yield from self.attempt(Operation.RECORDS, kind, partial(records, kind), kind=kind)

    def _companion(self) -> Iterator[Diagnosis]:
        provider = self.provider

        def chat() -> Result[ChatTurn]:
            return self.kept("turn", provider.chat(self.account, ChatRequest("你好。Hello.")))

        def turn() -> ChatTurn:
            found: ChatTurn = self.need("turn", "chat")
            return found

        yield from self.attempt(Operation.CHAT, "", chat, persona="")
        yield from self.attempt(Operation.CHAT_HISTORY, "", lambda: provider.chat_history(self.account))
        yield from self.attempt(Operation.LEAVE_CHAT, "", lambda: provider.leave_chat(self.account, turn().chat))
        yield from self.attempt(Operation.DELETE_CHAT, "", lambda: provider.delete_chat(self.account, turn().chat))
        media = picture()
        yield from self.attempt(
            Operation.VERIFY_ORIGIN,
            media.media_type,
            lambda: provider.verify_origin(None, media),
            media_type=media.media_type,
        )

    def _endings(self) -> Iterator[Diagnosis]:
        provider = self.provider
        scopes = [name.removeprefix("consent_") for name in self.given if name.startswith("consent_")]
        scope = scopes[0] if scopes else "face"
        yield from self.attempt(Operation.REVOKE_CONSENT, "", lambda: self._revoke(scope), scope=scope)
        yield from self.attempt(Operation.ADVANCE_CLOCK, "1 h", lambda: provider.advance_clock(1.0))
        yield from self.attempt(Operation.SIGN_OUT, "", self._sign_out)
        if provider.capabilities.identities == "synthetic":
            yield from self.attempt(Operation.DELETE_ACCOUNT, "", lambda: provider.delete_account(self.account))
        elif Operation.DELETE_ACCOUNT in provider.capabilities.operations:
            yield self.not_tried(Operation.DELETE_ACCOUNT, "the account is supplied, and deleting it would lose it")
        yield from self.attempt(Operation.RESET, "", provider.reset)

    def _revoke(self, scope: str) -> Result[None]:
        return self.provider.revoke_consent(self.account, self.need(f"consent_{scope}", "grant_consent"))
