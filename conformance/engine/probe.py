"""The probe that a property drives: a conversation that knows where accounts, people, consents and content come
from.
"""

from __future__ import annotations

from shenhe.rulebook import Service

from ..checks.outcome import NotJudged, Undecided
from ..checks.people import Person
from ..provider import (
    Accepted,
    Account,
    Capabilities,
    Consent,
    Content,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Media,
    Operation,
    Publication,
    Refused,
    Subject,
)
from .conversation import Conversation, said


class Probe(Conversation):
    """A conversation with what a case needs to begin: what the binding supplies, else what can be invented."""

    # --- people --------------------------------------------------------------------------------------------

    def account(self) -> Account:
        """A verified account that the cases of a run share. Nothing may be done to it that outlasts the case."""
        return self.once("account", self.fresh_account)

    def fresh_account(self) -> Account:
        """A verified account of this case alone, or the one that the binding supplies."""
        supplied = self.provider.ready_made.accounts.get("verified_adult")
        if supplied is not None:
            return supplied
        account = self.registered()
        self.verify(account)
        return account

    def another_account(self) -> Account:
        """A second verified account, which is nobody's else in this case."""
        supplied = self.provider.ready_made.accounts
        if "verified_adult" in supplied:
            if "reporter" not in supplied:
                raise Undecided("a second verified account is needed: supply `accounts.reporter`", lasting=True)
            return supplied["reporter"]
        return self.fresh_account()

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
        account = self.registered()
        self.verify(account)
        return account

    def registered(self, **claims: str) -> Account:
        """A new account of an invented person, not verified. ``claims`` join or replace what it registers with."""
        if self.capabilities.identities != "synthetic":
            raise Undecided(
                "no account for this: the binding supplies none and declares `identities: supplied`",
                lasting=True,
            )
        if not self.offers(Operation.REGISTER):
            raise Undecided("no account for this: the binding has no operation register", lasting=True)
        person = self.person()
        profile = {**self._profile(person), **claims}
        result = self._ask("set-up", self.provider.register, profile)
        if isinstance(result, Refused) and not claims and self.names.salt_after_collision():
            person = self.person()
            profile = self._profile(person)
            result = self._ask("set-up", self.provider.register, profile)
        if isinstance(result, Accepted):
            self.session.holders[result.value.id] = person
            self.session.profiles[result.value.id] = profile
            return result.value
        raise self._not_had("set-up", self.provider.register, result)

    def _profile(self, person: Person) -> dict[str, str]:
        """What somebody registers with."""
        token = self.names.token()
        return {
            "username": token,
            "name": person.name,
            "email": f"{token}@example.org",
            "phone": person.phone,
            "password": f"Pw-{token}",
        }

    def person(self) -> Person:
        """The next invented adult."""
        return self.names.persons.adult()

    def identity(self, method: IdentityMethod, account: Account | None = None) -> Identity:
        """A valid identity: the supplied one of that method, else one of the account's holder or of somebody new,
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
        identity = self.identity(self.identity_methods()[0], account)
        verification = self.setup(self.provider.verify_identity, account, identity)
        if not verification.verified:
            raise Undecided("the provider took a valid identity and does not hold the account to be verified")

    def subject(self, index: int = 0) -> Subject:
        """Somebody whose face or voice may be edited: a supplied one, else invented and new."""
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

    def generated(self, service: Service, media_type: str, prompt: str) -> tuple[Content, Media]:
        """What the provider makes of a prompt, with its bytes; the same prompt is paid for once a run.

        Raises :class:`NotJudged` where the provider declines the prompt.
        """
        request = GenerationRequest(service, media_type, prompt)
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

    def some_content(self, account: Account) -> Content:
        """Something plain that the account made: of the first medium that the provider declares."""
        return self.setup(self.provider.generate, account, plain_request(self.capabilities))

    def some_publication(self, account: Account, title: str) -> Publication:
        """Something plain that the account published under a title."""
        return self.setup(self.provider.publish, account, self.some_content(account), title)


def listed_methods(capabilities: Capabilities) -> tuple[IdentityMethod, ...]:
    """The declared identity methods that Art. 9 lists; an identity card where none is declared."""
    listed = tuple(m for m in capabilities.identity_methods if m is not IdentityMethod.EMAIL)
    return listed or (IdentityMethod.ID_CARD,)


def plain_request(capabilities: Capabilities) -> GenerationRequest:
    """A request for something plain, of the first medium that the provider declares."""
    return GenerationRequest(*any_medium(capabilities), "a quiet lake at dawn")


def any_medium(capabilities: Capabilities) -> tuple[Service, str]:
    """The first service with a medium. Raises :class:`Undecided` where none is declared."""
    for service in capabilities.services:
        for media_type in capabilities.media.get(service, ()):
            return service, media_type
    raise Undecided("the binding declares no medium of any service", lasting=True)
