"""The probe that a property drives: a conversation that knows where accounts, people, consents and content come
from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shenhe.rulebook import Service

from ...checks.outcome import NotJudged, Undecided
from ...checks.own_files import makeable, own_file
from ...checks.people import Person
from ...checks.requests import picture
from ...entities import (
    Account,
    Consent,
    Content,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Publication,
    Subject,
)
from ...provider import Accepted, Capabilities, Operation, Provider, Refused
from .conversation import Conversation, said

#: Number of people who try to register before registration counts as impossible: names and numbers may be taken.
_APPLICANTS = 2


class Probe(Conversation):
    """A conversation with what a case needs to begin: what the binding supplies, else what can be invented."""

    # --- people --------------------------------------------------------------------------------------------

    def account(self) -> Account:
        """A verified account that the cases of a run share. Nothing may be done to it that outlasts the case."""
        return self.once("account", self.fresh_account)

    def fresh_account(self) -> Account:
        """A new account of an ordinary user, or the one that the binding supplies.

        It is verified where the binding can verify it. Where that fails, the checks that need no verified account
        still go on.
        """
        supplied = self.provider.ready_made.accounts.get("verified_adult")
        return supplied if supplied is not None else self._ordinary_account()

    def _ordinary_account(self) -> Account:
        account = self.registered()
        if not self.offers(Operation.VERIFY_IDENTITY) or self.session.unverifiable:
            return account
        if self._verified(account) is None:
            return account
        # A number may be used up or barred: try another person.
        account = self.registered()
        self.session.unverifiable = self._verified(account) or ""
        return account

    def another_account(self) -> Account:
        """A second verified account, different from all others in this case."""
        ready_made = self.provider.ready_made
        if "verified_adult" not in ready_made.accounts:
            return self.fresh_account()
        further = ready_made.further_accounts.get("verified_adult", ())
        if len(further) > 1:
            return further[1]
        if "reporter" in ready_made.accounts:
            return ready_made.accounts["reporter"]
        if self.capabilities.identities == "synthetic" and self.offers(Operation.REGISTER):
            return self._ordinary_account()
        raise Undecided(
            "a second verified account is needed: supply another one under `accounts.verified_adult`, or"
            " `accounts.reporter`",
            lasting=True,
        )

    def reporter(self) -> Account:
        """A signed-in account that reports; shared."""
        supplied = self.provider.ready_made.accounts.get("reporter")
        return supplied if supplied is not None else self.once("reporter", self.fresh_account)

    def unverified_account(self) -> Account:
        """An account whose identity was never verified."""
        supplied = self.provider.ready_made.accounts.get("unverified")
        return supplied if supplied is not None else self.registered()

    def disposable_account(self) -> Account:
        """A verified account that may be deleted. Never a supplied one."""
        if self.capabilities.identities != "synthetic":
            raise Undecided(
                "an account would be deleted, and the binding supplies the only ones there are", lasting=True
            )
        return self._ordinary_account()

    def registered(self, **claims: str) -> Account:
        """A new account of an invented person, not verified. ``claims`` join or replace what it registers with."""
        if self.capabilities.identities != "synthetic":
            raise Undecided(
                "no account for this: the binding supplies none and declares `identities: supplied`",
                lasting=True,
            )
        if not self.offers(Operation.REGISTER):
            raise Undecided("no account for this: the binding has no operation register", lasting=True)
        for _ in range(_APPLICANTS):
            person = self.person()
            profile = {**self.profile_of(person), **claims}
            result = self._ask("set-up", self.provider.register, profile)
            if isinstance(result, Accepted):
                self.session.holders[result.value.id] = person
                self.session.profiles[result.value.id] = profile
                return result.value
            failed = result
            if not isinstance(result, Refused):
                break
        raise self._not_had("set-up", self.provider.register, failed)

    def profile_of(self, person: Person) -> dict[str, str]:
        """The profile that a person registers with."""
        token = self.names.token()
        profile = {
            "username": token,
            "name": person.name,
            "email": f"{token}@example.org",
            "phone": person.phone,
            "password": f"Pw-{token}",
        }
        # The organisation of a tenant: service type 1 (generation), model 0001.
        return {**profile, "producer_code": f"0011{person.uscc}10001"} if self.capabilities.producers_named else profile

    def person(self) -> Person:
        """The next invented adult."""
        return self.names.persons.adult()

    def identity(self, method: IdentityMethod, account: Account | None = None) -> Identity:
        """A valid identity: the supplied one of that method, else one of the account's holder or of a new person,
        where the binding allows that people are invented."""
        for identity in self.provider.ready_made.identities.values():
            if identity.method is method:
                return identity
        if self.capabilities.identities != "synthetic":
            raise Undecided(f"no valid {method.value} to compare with: supply one under `identities`", lasting=True)
        holder = self.session.holders.get(account.id) if account is not None else None
        return (holder or self.person()).identity(method)

    def identity_methods(self) -> tuple[IdentityMethod, ...]:
        """The methods of Art. 9 that the provider takes, as declared."""
        return listed_methods(self.capabilities)

    def verify(self, account: Account) -> None:
        """Have the account verified by a valid identity."""
        if not self.offers(Operation.VERIFY_IDENTITY):
            raise Undecided(
                "no verified account: bind verify_identity or supply `accounts.verified_adult`", lasting=True
            )
        if (why := self._verified(account)) is not None:
            raise Undecided(why)

    def _verified(self, account: Account) -> str | None:
        """Present a valid identity of one declared method after another; ``None`` once one verified the account, else
        why the first did not.
        """
        first = None
        works = self.session.identity_method
        for method in (works,) if works is not None else self.identity_methods():
            result = self._ask("set-up", self.provider.verify_identity, account, self.identity(method, account))
            if isinstance(result, Accepted) and result.value.verified:
                self.session.identity_method = method
                return None
            if isinstance(result, Accepted):
                first = first or "the provider accepts a valid identity and does not hold the account to be verified"
            else:
                first = first or self._not_had("set-up", self.provider.verify_identity, result).reason
        return first

    def subject(self, index: int = 0) -> Subject:
        """A person whose face or voice may be edited: a supplied one, else invented and new."""
        supplied = [who for who in self.provider.ready_made.subjects.values() if not who.minor]
        if index < len(supplied):
            return supplied[index]
        if self.capabilities.identities != "synthetic":
            raise Undecided(f"{index + 1} adult subjects are needed: supply them under `subjects`", lasting=True)
        return self.person().subject(self.session.on)

    def minor_subject(self) -> Subject:
        """A minor whose face or voice may be edited with a guardian's consent: a supplied one, else invented."""
        for who in self.provider.ready_made.subjects.values():
            if who.minor:
                return who
        if self.capabilities.identities != "synthetic":
            raise Undecided("a minor is needed: supply one under `subjects` with `minor: true`", lasting=True)
        return self.names.persons.minor().subject(self.session.on)

    def consent(self, account: Account, subject: Subject, scope: str) -> Consent:
        """A consent on record, given to the account by the subject."""
        for consent in self.provider.ready_made.consents.values():
            if consent.subject == subject and consent.scope == scope:
                return consent
        if not self.offers(Operation.GRANT_CONSENT):
            raise Undecided("no consent to compare with: bind grant_consent or supply `consents`", lasting=True)
        return self.setup(
            self.provider.grant_consent,
            account,
            subject,
            scope,
            f"I, {subject.name or subject.id}, agree that my {scope} is edited. [test]",
        )

    # --- content -------------------------------------------------------------------------------------------

    def generated(
        self, service: Service, media_type: str, prompt: str, options: Mapping[str, Any] | None = None
    ) -> tuple[Content, Media]:
        """What the provider makes of a prompt, with its bytes; the same prompt is paid for once per run.

        Raises :class:`NotJudged` where the provider declines the prompt.
        """
        request = GenerationRequest(service, media_type, prompt, options=options or {})
        return self.once(("generated", request), lambda: self.made(self.account(), request))

    def made(self, account: Account | None, request: GenerationRequest) -> tuple[Content, Media]:
        """What the provider makes of a request, with its bytes. Raises :class:`NotJudged` where it declines."""
        result = self.attempt(self.provider.generate, account, request)
        if isinstance(result, Refused):
            raise NotJudged(f"the provider declined the prompt: {said(result)}")
        return result.value, self.bytes_of(account, result.value)

    def bytes_of(self, account: Account | None, content: Content) -> Media:
        """The bytes of a piece of content, fetched unless the answer carried them."""
        if content.media is not None:
            return content.media
        if not self.offers(Operation.FETCH):
            raise Undecided("the answer carries no bytes, and the binding has no operation fetch", lasting=True)
        fetched = self.observe(self.provider.fetch, account, content)
        if isinstance(fetched, Refused):
            raise Undecided(f"the generated content cannot be fetched: {said(fetched)}")
        return fetched.value

    def returned(self, account: Account, content: Content) -> Media:
        """An upload as the provider gives it back: to its owner, or else to the public once it is published."""
        if self.offers(Operation.FETCH):
            fetched = self.observe(self.provider.fetch, account, content)
            if isinstance(fetched, Refused):
                raise Undecided(f"the upload cannot be fetched: {said(fetched)}")
            return fetched.value
        publication = self.setup(self.provider.publish, account, content, f"a work {self.names.token()}")
        for surface in self.capabilities.file_surfaces:
            seen = self.observe(self.provider.view, None, publication, surface)
            if isinstance(seen, Accepted) and seen.value.media is not None:
                return seen.value.media
        raise Undecided("no surface returns the published file")

    def some_content(self, account: Account) -> Content:
        """Something plain that the account made: of the first declared medium that can be had.

        Where nothing is generated it is an upload, and where nothing is uploaded either, nothing: a publication may
        hold no more than its title.
        """
        if not self.offers(Operation.GENERATE):
            if self.offers(Operation.UPLOAD):
                return self.setup(self.provider.upload, account, self.own_file(), False)
            return Content("")
        works = self.session.plain_medium
        failed: Undecided | None = None
        for medium in (works,) if works is not None else declared_media(self.capabilities):
            try:
                content = self.setup(self.provider.generate, account, self._plain(*medium))
            except Undecided as undecided:
                failed = failed or undecided
                continue
            self.session.plain_medium = medium
            return content
        assert failed is not None  # noqa: S101 - there is at least one medium
        raise failed

    def own_file(self) -> Media:
        """A file to upload, unlike every other of the run: a picture where the provider takes pictures."""
        kinds = self.capabilities.uploads or ("image/png",)
        if "image/png" in kinds:
            return picture(160, 120, self.names.colour())
        kind = next((each for each in makeable() if each in kinds), None)
        if kind is not None:
            return own_file(kind, self.names.colour())
        if "text/plain" in kinds:
            return Media(f"今天天气很好（{self.names.colour()}）。".encode(), "text/plain")
        return picture(160, 120, self.names.colour())

    def own_content(self, account: Account, provider: Provider | None = None) -> Content | None:
        """Something plain that the account made if it may make anything: who is not verified may be kept from it."""
        provider = provider or self.provider
        if self.offers(Operation.GENERATE):
            made = self.observe(provider.generate, account, self.plain_request())
        elif self.offers(Operation.UPLOAD):
            made = self.observe(provider.upload, account, self.own_file(), False)
        else:
            return Content("")
        return made.value if isinstance(made, Accepted) else None

    def plain_request(self) -> GenerationRequest:
        """A request for something plain, of the medium that :meth:`some_content` is of."""
        return self._plain(*(self.session.plain_medium or any_medium(self.capabilities)))

    def _plain(self, service: Service, media_type: str) -> GenerationRequest:
        return GenerationRequest(service, media_type, self.names.vary("a lake at dawn"))

    def must_send_title(self, account: Account, content: Content) -> None:
        """Raise :class:`Undecided` where the binding sends no title: what a title says is then never said."""
        self.must_differ(
            lambda provider: provider.publish(account, content, "a"),
            lambda provider: provider.publish(account, content, "b"),
            "the title of a publication",
            write="`{{ title }}` under operations.publish",
        )

    def must_send_account(
        self, operation: Operation, one: Account | None, other: Account | None, *arguments: object
    ) -> None:
        """Raise :class:`Undecided` where the binding writes the same request for both accounts: with one key of the
        service in place of their credentials, say.
        """
        name = operation.value
        self.must_differ(
            lambda provider: getattr(provider, name)(one, *arguments),
            lambda provider: getattr(provider, name)(other, *arguments),
            "which account asks",
            write=f"`{{{{ account.… }}}}` in the auth of operations.{name}",
        )

    def sends_account(self, operation: Operation, account: Account, *arguments: object) -> bool:
        """Whether a request says which account asks, and is not that of an operator."""
        try:
            self.must_send_account(operation, account, None, *arguments)
        except Undecided:
            return False
        return True

    def must_send_query(self) -> None:
        """Raise :class:`Undecided` where the binding sends no text to search for: then every search is the same."""
        self.must_differ(
            lambda provider: provider.search(None, "a"),
            lambda provider: provider.search(None, "b"),
            "the text searched for",
            write="`{{ query }}` under operations.search",
        )

    def must_send_record_kind(self, account: Account | None, kind: str) -> None:
        """Raise :class:`Undecided` where the binding asks for several kinds of record in the same words: then the
        records of ``kind`` were never asked for. A provider that lists one kind only need not get the kind.
        """
        kinds = self.capabilities.record_kinds or ()
        if kinds == (kind,):
            return
        other = next((name for name in kinds if name != kind), f"{kind}-other")
        self.must_differ(
            lambda provider: provider.records(account, kind),
            lambda provider: provider.records(account, other),
            "the kind of record",
            write="`{{ kind }}` under operations.records",
        )

    def some_publication(self, account: Account, title: str) -> Publication:
        """Something plain that the account published under a title."""
        return self.setup(self.provider.publish, account, self.some_content(account), title)


def listed_methods(capabilities: Capabilities) -> tuple[IdentityMethod, ...]:
    """The declared identity methods that Art. 9 lists; an identity card where none is declared."""
    listed = tuple(m for m in capabilities.identity_methods if m is not IdentityMethod.EMAIL)
    return listed or (IdentityMethod.ID_CARD,)


def declared_media(capabilities: Capabilities) -> list[tuple[Service, str]]:
    """Every declared medium with its service. Raises :class:`Undecided` where none is declared."""
    found = [(service, kind) for service in capabilities.services for kind in capabilities.media.get(service, ())]
    if not found:
        raise Undecided("the binding declares no medium of any service: write target.services", lasting=True)
    return found


def any_medium(capabilities: Capabilities) -> tuple[Service, str]:
    """The first service with a medium. Raises :class:`Undecided` where none is declared."""
    return declared_media(capabilities)[0]
