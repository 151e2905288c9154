"""The session that a property drives: it asks the provider, labels what is asked by role, and keeps the evidence.

Roles: ``set-up`` prepares, ``control`` is the lawful twin that must be accepted for a refusal to count, ``probe``
is what a verdict hangs on, ``observation`` looks at what came of it.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date
from threading import RLock
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, runtime_checkable

from shenhe.rulebook import Service

from .exchange import Exchange, ReceivedResponse, SentRequest
from .people import ROW, Person, Persons
from .provider import (
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
    Provider,
    Publication,
    Refused,
    Result,
    Subject,
    Unavailable,
)
from .registry import NeedsReview, NotJudged, Undecided

P = ParamSpec("P")
T = TypeVar("T")
Role = Literal["set-up", "control", "probe", "observation"]

#: Statuses by which a provider says that there is no such thing, as against that it may not be had.
NO_SUCH_THING = frozenset({404, 405, 410, 501})
#: The method of an exchange that was a call of a provider in Python.
CALL = "CALL"
_GONE_AFTER = 6


#: Operations that a provider may charge for.
PAID = frozenset({"generate", "edit"})
#: Of each row of persons, checks get so many each from the start; what is made once a run is at the end.
_PERSONS_EACH = 1000
_PERSONS_KEPT = 20_000


class BudgetSpent(BaseException):
    """The run may send no more requests, or has no more time. Not an ``Exception``: no property may swallow it."""


class ProviderGone(BaseException):
    """The provider stopped answering altogether; the message is the last reason."""


@runtime_checkable
class Claims(Protocol):
    """A provider whose requests can be made to carry more than the binding says."""

    def with_extra(self, headers: dict[str, str], query: dict[str, str]) -> Provider: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """One exchange with the role it had."""

    role: Role
    exchange: Exchange


@dataclass(slots=True)
class Counts:
    """What was asked in the role of a probe, and how many lawful twins were accepted."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum, field by field."""
        return self._with(other, 1)

    def less(self, other: Counts) -> Counts:
        """The difference, field by field."""
        return self._with(other, -1)

    def _with(self, other: Counts, sign: int) -> Counts:
        return Counts(*(getattr(self, f.name) + sign * getattr(other, f.name) for f in fields(self)))


@dataclass
class Kept:
    """What was made once, with the exchanges and counts that led to it."""

    value: Any
    undecided: Undecided | None
    taken: tuple[Taken, ...]
    counts: Counts


@dataclass(frozen=True)
class Bounds:
    """What a run may spend: requests, seconds, and calls that a provider charges for. ``None`` is no bound."""

    requests: int | None = None
    seconds: float | None = None
    generations: int | None = None


@dataclass
class Session:
    """What the probes of one run share, from several threads if need be. ``on`` is the day whose law applies."""

    provider: Provider
    seed: int = 0
    on: date = field(default_factory=date.today)
    bounds: Bounds = field(default_factory=Bounds)
    requests: int = 0
    generations: int = 0

    def __post_init__(self) -> None:
        self.capabilities: Capabilities = self.provider.capabilities
        #: Whose account it is, by the account's id: who registers as somebody presents that somebody's papers.
        self.holders: dict[str, Person] = {}
        self.kept: dict[object, Kept] = {}
        #: Why nothing more is asked, once a run has to stop.
        self.stopped = ""
        #: What names hold besides the seed, once some of them were found to be taken.
        self.taken = ""
        self._began = time.monotonic()
        self._unanswered = 0
        self._lock = RLock()
        self._making: dict[object, RLock] = {}
        self._made: Counter[object] = Counter()

    def names(self, scope: str = "", number: int = 0) -> Names:
        """The words and people of one check: the same whatever runs beside it, and nobody else's."""
        return Names(self, scope, min(number, (ROW - _PERSONS_KEPT) // _PERSONS_EACH - 1) * _PERSONS_EACH)

    def names_for(self, key: object) -> Names:
        """The words and people for what is made once a run, whoever comes to make it, and when it is made anew."""
        with self._lock:
            self._made[key] += 1
            scope = f"once {key!r} {self._made[key]}"
        return Names(self, scope, ROW - _PERSONS_KEPT + zlib.crc32(scope.encode()) % _PERSONS_KEPT)

    def taken_names(self) -> str:
        """From now on names hold something besides the seed; what it is."""
        with self._lock:
            self.taken = self.taken or secrets.token_hex(4)
            return self.taken

    def forget(self) -> None:
        """Make what was kept from earlier cases anew when it is next needed."""
        self.kept.clear()

    @contextmanager
    def making(self, key: object) -> Iterator[None]:
        """Hold back others who need the same thing while one makes it."""
        with self._lock:
            lock = self._making.setdefault(key, RLock())
        with lock:
            yield

    def answered(self, result: Accepted[Any] | Refused | Unavailable) -> None:
        """Count one call, and give up on a provider that is not there any more."""
        with self._lock:
            self.requests += max(1, len(result.exchanges))
            if isinstance(result, Unavailable) and result.status is None:
                self._unanswered += 1
                if self._unanswered >= _GONE_AFTER:
                    raise ProviderGone(result.reason)
            else:
                self._unanswered = 0

    def may_ask(self, operation: str) -> None:
        """Raise :class:`BudgetSpent` where the run has spent what it may, and :class:`Undecided` where it may not
        pay for this: other checks may still go on."""
        if self.stopped:
            raise BudgetSpent(self.stopped)
        most = self.bounds
        if most.requests is not None and self.requests >= most.requests:
            raise BudgetSpent(f"{most.requests} requests were sent, which is all this run may send")
        if most.seconds is not None and time.monotonic() - self._began >= most.seconds:
            raise BudgetSpent(f"{most.seconds:g} seconds have passed, which is all this run may take")
        if operation not in PAID:
            return
        with self._lock:
            if most.generations is not None and self.generations >= most.generations:
                raise Undecided(f"{most.generations} generations were asked for, which is all this run may pay for", lasting=True)
            self.generations += 1


class Names:
    """Words and invented people that follow from the seed and the name of their scope alone."""

    def __init__(self, session: Session, scope: str, first: int) -> None:
        self._session = session
        self._scope = scope
        self._first = first
        self._salt = session.taken
        self._tokens = 0
        self.persons = Persons(int(self._salt, 16) if self._salt else session.seed, first)

    def token(self) -> str:
        """A word that occurs once in a run."""
        self._tokens += 1
        digest = hashlib.sha256(f"{self._session.seed}/{self._salt}/{self._scope}/{self._tokens}".encode()).hexdigest()
        return f"t{digest[:10]}"

    def sow_afresh(self) -> bool:
        """Leave the names that follow from the seed, because somebody used them at this provider before.

        Once a scope; says whether it was done.
        """
        if self._salt:
            return False
        self._salt = self._session.taken_names()
        self.persons = Persons(int(self._salt, 16), self._first)
        return True


class Probe:
    """One case's conversation with the provider.

    Calls are written ``probe.setup(provider.publish, account, content, "title")``: the method, then its
    arguments. ``taken`` are the exchanges so far, in order, with their roles.
    """

    def __init__(self, session: Session, names: Names | None = None, *, waits: bool = True) -> None:
        self.session = session
        self.names = names if names is not None else session.names()
        self.waits = waits
        self.provider = session.provider
        self.capabilities = session.capabilities
        self.counts = Counts()
        self.taken: list[Taken] = []

    # --- asking --------------------------------------------------------------------------------------------

    def setup(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask for something a case builds on. Raises :class:`Undecided` unless it is accepted."""
        result = self._ask("set-up", operation, *args, **kwargs)
        if isinstance(result, Accepted):
            return result.value
        raise self._not_had("set-up", operation, result)

    def control(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask for the lawful twin of a probe. Raises :class:`Undecided` unless it is accepted: a provider that
        refuses this too has shown nothing by refusing the probe."""
        result = self._ask("control", operation, *args, **kwargs)
        if isinstance(result, Accepted):
            self.counts.controls += 1
            return result.value
        raise self._not_had("the lawful twin", operation, result)

    def attempt(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> Accepted[T] | Refused:
        """Ask for what the verdict hangs on. Raises :class:`Undecided` where no usable answer comes."""
        result = self._ask("probe", operation, *args, **kwargs)
        self.counts.sent += 1
        match result:
            case Accepted():
                self.counts.accepted += 1
                return result
            case Refused():
                self.counts.refused += 1
                return result
        self.counts.unavailable += 1
        raise self._not_had("probe", operation, result)

    def observe(self, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> Accepted[T] | Refused:
        """Look at what came of a probe. Raises :class:`Undecided` where no usable answer comes."""
        result = self._ask("observation", operation, *args, **kwargs)
        if isinstance(result, Unavailable):
            raise self._not_had("observation", operation, result)
        return result

    def declared(self, what: str, result: Accepted[T] | Refused) -> T:
        """The value of something the provider declares it offers; what is declared and absent is a violation."""
        from .registry import Violation

        if isinstance(result, Accepted):
            return result.value
        if result.status in NO_SUCH_THING:
            raise Violation(f"{what} is declared, and the provider answers {_said(result)}")
        raise Undecided(f"{what} was refused: {_said(result)}")

    def wait(self, reason: str, hours: float) -> None:
        """Let time pass by the provider's clock. Raises :class:`NeedsReview` where it offers none.

        Only for checks that are registered with ``waits=True``: time passes for everybody, so that nothing may
        run beside them.
        """
        if not self.waits:
            raise TypeError("a check that lets time pass is registered with waits=True")
        if Operation.ADVANCE_CLOCK not in self.capabilities.operations:
            raise NeedsReview(f"{hours:g} hours would have to pass ({reason}), and the provider offers no clock")
        self.setup(self.provider.advance_clock, hours)
        self.session.forget()

    def offers(self, *operations: Operation) -> bool:
        """Whether the provider is bound for all of these operations."""
        return self.capabilities.operations.issuperset(operations)

    def claiming(self, headers: dict[str, str], query: dict[str, str]) -> Provider:
        """The same provider, whose requests carry these besides their own.

        Raises :class:`NotJudged` for one that is not spoken to in headers.
        """
        if not isinstance(self.provider, Claims):
            raise NotJudged("this provider is not spoken to in headers and parameters")
        return self.provider.with_extra(headers, query)

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
            raise Undecided("an account would be deleted, and the binding supplies the only ones there are", lasting=True)
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
        result = self._ask("set-up", self.provider.register, {**self._profile(person), **claims})
        if isinstance(result, Refused) and not claims and self.names.sow_afresh():
            person = self.person()
            result = self._ask("set-up", self.provider.register, self._profile(person))
        if isinstance(result, Accepted):
            self.session.holders[result.value.id] = person
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
            raise Undecided("no verified account: bind verify_identity or supply `accounts.verified_adult`", lasting=True)
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
            raise NotJudged(f"the provider declined the prompt: {_said(result)}")
        return result.value, self.bytes_of(account, result.value)

    def bytes_of(self, account: Account | None, content: Content) -> Media:
        """The bytes of a piece of content, fetched unless the answer carried them."""
        if content.media is not None:
            return content.media
        if not self.offers(Operation.FETCH):
            raise Undecided("the answer carries no bytes, and the binding has no operation fetch", lasting=True)
        fetched = self.observe(self.provider.fetch, account, content)
        if isinstance(fetched, Refused):
            raise Undecided(f"what was made cannot be fetched: {_said(fetched)}")
        return fetched.value

    def some_content(self, account: Account) -> Content:
        """Something plain that the account made: of the first medium that the provider declares."""
        service, media_type = any_medium(self.capabilities)
        return self.setup(self.provider.generate, account, GenerationRequest(service, media_type, "a quiet lake at dawn"))

    def some_publication(self, account: Account, title: str) -> Publication:
        """Something plain that the account published under a title."""
        return self.setup(self.provider.publish, account, self.some_content(account), title)

    # --- keeping -------------------------------------------------------------------------------------------

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Make once a run. Later cases get the value together with the exchanges that led to it, and these count
        for them too: a verdict rests on them all the same."""
        with self.session.making(key):
            kept = self.session.kept.get(key)
            if kept is None:
                begin, before, own = len(self.taken), replace(self.counts), self.names
                self.names = self.session.names_for(key)
                try:
                    value = make()
                except Undecided as undecided:
                    if undecided.lasting:
                        self._keep(key, None, undecided, begin, before)
                    raise
                finally:
                    self.names = own
                self._keep(key, value, None, begin, before)
                return value
        self.taken.extend(kept.taken)
        self.counts = self.counts.plus(kept.counts)
        if kept.undecided is not None:
            raise Undecided(kept.undecided.reason, lasting=True)
        return kept.value  # type: ignore[no-any-return]

    def _keep(self, key: object, value: object, undecided: Undecided | None, begin: int, before: Counts) -> None:
        taken = tuple(self.taken[begin:])
        self.session.kept[key] = Kept(value, undecided, taken, self.counts.less(before))

    def _ask(self, role: Role, operation: Callable[P, Result[T]], *args: P.args, **kwargs: P.kwargs) -> Accepted[T] | Refused | Unavailable:
        name = getattr(operation, "__name__", "call")
        self.session.may_ask(name)
        result: Accepted[T] | Refused | Unavailable
        try:
            result = operation(*args, **kwargs)
        except Exception as error:  # a provider written in Python may raise anything; that is no conduct of its
            result = Unavailable(f"{name} raised {type(error).__name__}", status=500)
        if not result.exchanges:
            result = replace(result, exchanges=(self._as_exchange(name, args, kwargs, result),))
        self.taken.extend(Taken(role, exchange) for exchange in result.exchanges)
        self.session.answered(result)
        return result

    def _as_exchange(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Accepted[Any] | Refused | Unavailable,
    ) -> Exchange:
        """A call of a provider that is not spoken to over HTTP, as evidence."""
        said = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        for role, identity in self.provider.ready_made.identities.items():
            for secret in filter(None, (identity.number, identity.name)):
                said = said.replace(secret, f"${{{role}}}")
        body = f"{name}({said})".encode()[:4000]
        request = SentRequest(CALL, f"python:{name}", (), body, len(body))
        match result:
            case Accepted(value=value):
                answer = repr(value).encode()[:4000]
                return Exchange(name, request, ReceivedResponse(200, (), answer, len(answer)))
            case Refused(status=status, reason=reason):
                return Exchange(name, request, ReceivedResponse(status, (), reason.encode()[:4000], len(reason)))
        return Exchange(name, request, None, result.reason)

    def _not_had(self, what: str, operation: Callable[..., object], result: Refused | Unavailable) -> Undecided:
        name = getattr(operation, "__name__", "call")
        if isinstance(result, Refused):
            return Undecided(f"{what}: {name} was refused: {_said(result)}")
        return Undecided(f"{what}: {name} gave no usable answer: {result.reason}")


def listed_methods(capabilities: Capabilities) -> tuple[IdentityMethod, ...]:
    """The declared identity methods that Art. 9 lists; an identity card where none is declared."""
    listed = tuple(m for m in capabilities.identity_methods if m is not IdentityMethod.EMAIL)
    return listed or (IdentityMethod.ID_CARD,)


def any_medium(capabilities: Capabilities) -> tuple[Service, str]:
    """The first service with a medium. Raises :class:`Undecided` where none is declared."""
    for service in capabilities.services:
        for media_type in capabilities.media.get(service, ()):
            return service, media_type
    raise Undecided("the binding declares no medium of any service", lasting=True)


def _said(result: Refused) -> str:
    return f"{result.status} {result.reason[:200]}".strip()
