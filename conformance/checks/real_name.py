"""Real names: who may publish, and what counts as an identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ..engine.probe import Probe, listed_methods
from ..provider import (
    Accepted,
    Account,
    Capabilities,
    Content,
    GenerationRequest,
    Identity,
    IdentityMethod,
    Operation,
    Provider,
    Publication,
    Refused,
)
from .outcome import Absent, Case, NotJudged, Undecided, Violation
from .people import Person, Persons, flaw, flawed_identities, id_number, uscc_check_character
from .registry import Applies, Property, check
from .requests import PLAIN
from .scope import media, publishes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PUBLISHING = "cn-dsp-2023/9.2"
_IDENTITY = "cn-dsp-2023/9.1"


@dataclass(frozen=True)
class Titled(Case):
    """A publication under a title."""

    title: str

    def __str__(self) -> str:
        return f"title {self.title!r}"


@dataclass(frozen=True)
class Claim(Case):
    """Somebody unverified who says to be verified: in headers, in the query, or in the profile they register with."""

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    profile: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        said = [f"{key}: {value}" for key, value in self.headers]
        said += [f"?{key}={value}" for key, value in self.query]
        said += [f"{key}={value} in the profile" for key, value in self.profile]
        return f"{self.facet}: {', '.join(said)}"


@dataclass(frozen=True)
class Presented(Case):
    """An identity as it is presented."""

    identity: Identity

    def __str__(self) -> str:
        return f"{self.identity.method.value} {self.identity.number!r}"


_TITLES = ("秋天的湖", "Breaking news", "通知", "x" * 200, "<b>title</b>")


def _titles(capabilities: Capabilities) -> list[Titled]:
    return [Titled("publish", title) for title in _TITLES[:3]]


def _drawn_titles(capabilities: Capabilities) -> SearchStrategy[Titled]:
    from hypothesis import strategies as st

    words = ("秋天", "news", "🙂", "通知", "&", "'", "<i>", "2026", "admin", "official")
    return st.lists(st.sampled_from(words), min_size=1, max_size=6).map(lambda said: Titled("publish", " ".join(said)))


# --- who may publish -----------------------------------------------------------------------------------------


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.GENERATE, Operation.PUBLISH),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def unverified_cannot_publish(probe: Probe, case: Titled) -> None:
    """An unverified account cannot publish; the same account can once verified."""
    account = probe.unverified_account()
    answer = publish_something(probe, probe.provider, account, case.title)
    if isinstance(answer, Accepted):
        raise Violation("an unverified account published")
    _verified_twin(probe, account, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.GENERATE, Operation.PUBLISH),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def anonymous_cannot_publish(probe: Probe, case: Titled) -> None:
    """An anonymous request cannot publish; the signed-in owner can publish the same content."""
    account = probe.account()
    content = probe.some_content(account)
    answer = probe.attempt(probe.provider.publish, None, content, case.title)
    if isinstance(answer, Accepted):
        raise Violation("a request without credentials published")
    probe.control(probe.provider.publish, account, content, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.DELETE_ACCOUNT),
    applies=(publishes,),
    cases=_titles,
)
def deleted_account_cannot_publish(probe: Probe, case: Titled) -> None:
    """The credentials of a deleted account no longer publish."""
    account = probe.disposable_account()
    first, second = probe.some_content(account), probe.some_content(account)
    probe.control(probe.provider.publish, account, first, case.title)
    probe.setup(probe.provider.delete_account, account)
    answer = probe.attempt(probe.provider.publish, account, second, case.title)
    if isinstance(answer, Accepted):
        raise Violation("a deleted account published")


#: In a claim, stands for the id of an account that is verified.
_VERIFIED_ACCOUNT = "<a verified account>"
_CLAIM_WORDS = ("verified", "real-name", "real_name_verified", "is_verified", "identity-verified")
_CLAIM_PREFIXES = ("X-", "X-User-", "X-Account-", "")
_CLAIM_VALUES = ("true", "1", "yes", "verified")


def _claims(capabilities: Capabilities) -> Iterator[Claim]:
    for name, value in (
        ("X-Verified", "true"),
        ("X-User-Verified", "true"),
        ("X-Real-Name-Verified", "1"),
        ("X-Identity-Verified", "yes"),
        ("X-Role", "admin"),
        ("X-Forwarded-For", "127.0.0.1"),
    ):
        yield Claim("header", headers=((name, value),))
    for name, value in (
        ("verified", "true"),
        ("real_name_verified", "1"),
        ("is_verified", "true"),
        ("admin", "1"),
    ):
        yield Claim("query", query=((name, value),))
    for name, value in (("verified", "true"), ("real_name_verified", "true"), ("role", "admin")):
        yield Claim("profile", profile=((name, value),))


def _drawn_claims(capabilities: Capabilities) -> SearchStrategy[Claim]:
    """Several claims at once, headers and parameters crossed: one that is believed is found by shrinking."""
    from hypothesis import strategies as st

    word, value = st.sampled_from(_CLAIM_WORDS), st.sampled_from(_CLAIM_VALUES)
    header = st.tuples(st.sampled_from(_CLAIM_PREFIXES), word).map(
        lambda drawn: (drawn[0] + drawn[1].replace("_", "-")).title()
    )
    headers = st.lists(st.tuples(header, value), min_size=1, max_size=5, unique_by=lambda pair: pair[0]).map(tuple)
    query = st.lists(st.tuples(word, value), max_size=2, unique_by=lambda pair: pair[0]).map(tuple)
    requests = st.tuples(headers, query).map(lambda drawn: Claim("header", headers=drawn[0], query=drawn[1]))
    parameters = st.tuples(st.tuples(word, value), query).map(
        lambda drawn: Claim("query", query=tuple(dict((*drawn[1], drawn[0])).items()))
    )
    profile = st.tuples(word, value).map(lambda pair: Claim("profile", profile=(pair,)))
    return st.sampled_from((requests, requests, requests, parameters, profile)).flatmap(lambda claims: claims)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.GENERATE, Operation.PUBLISH),
    applies=(publishes,),
    cases=_claims,
    strategy=_drawn_claims,
)
def verification_cannot_be_claimed(probe: Probe, case: Claim) -> None:
    """A self-declared "verified" flag in a header, parameter or profile is ignored."""
    title = "an ordinary title"
    account = probe.registered(**dict(case.profile)) if case.profile else probe.unverified_account()
    plain = publish_something(probe, probe.provider, account, title) if not case.profile else None
    if isinstance(plain, Accepted):
        raise NotJudged("an unverified account publishes without any claim")
    asked = probe.claiming(dict(case.headers), dict(case.query)) if not case.profile else probe.provider
    answer = publish_something(probe, asked, account, title)
    if isinstance(answer, Accepted):
        raise Violation(f"an unverified account published by claiming {str(case).partition(': ')[2]}")
    _verified_twin(probe, account, title)


#: Where a request may say for whom it is made: what names a verified account there opens nothing.
_NAMED_IN_HEADERS = ("X-Account-Id", "X-User-Id", "X-Account", "X-On-Behalf-Of", "X-Impersonate-User")
_NAMED_IN_QUERIES = ("account_id", "user_id", "uid", "as_user", "on_behalf_of")


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.GENERATE, Operation.PUBLISH),
    applies=(publishes,),
    cases=lambda capabilities: [
        *(Claim("header", headers=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_HEADERS),
        *(Claim("query", query=((name, _VERIFIED_ACCOUNT),)) for name in _NAMED_IN_QUERIES),
    ],
)
def verification_cannot_be_borrowed(probe: Probe, case: Claim) -> None:
    """An unverified account cannot publish by naming a verified account in a header or parameter."""
    account, verified = probe.unverified_account(), probe.account()

    def naming(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
        return {name: verified.id if value == _VERIFIED_ACCOUNT else value for name, value in pairs}

    plain = publish_something(probe, probe.provider, account, _TITLES[0])
    if isinstance(plain, Accepted):
        raise NotJudged("an unverified account publishes without naming another")
    asked = probe.claiming(naming(case.headers), naming(case.query))
    if isinstance(publish_something(probe, asked, account, _TITLES[0]), Accepted):
        raise Violation(f"an unverified account published by naming a verified one ({str(case).partition(': ')[2]})")
    _verified_twin(probe, account, _TITLES[0])


def publish_something(
    probe: Probe, provider: Provider, account: Account, title: str
) -> Accepted[Publication] | Refused:
    """Have the account publish content of its own, or a verified account's where it can make none itself."""
    service, media_type = next(media(probe.capabilities), (None, None))
    if service is None or media_type is None:
        raise Undecided("the binding declares no medium that can be published", lasting=True)
    request = GenerationRequest(service, media_type, PLAIN)
    made: Accepted[Content] | Refused = probe.observe(provider.generate, account, request)
    content = made.value if isinstance(made, Accepted) else probe.some_content(probe.account())
    return probe.attempt(provider.publish, account, content, title)


def _verified_twin(probe: Probe, account: Account, title: str) -> None:
    """The same account makes and publishes content once it is verified: else its refusal showed nothing."""
    if account == probe.provider.ready_made.accounts.get("unverified"):
        # A supplied account must stay unverified; a verified one that does the same is the nearest twin.
        twin = probe.account()
    else:
        probe.verify(account)
        twin = account
    probe.control(probe.provider.publish, twin, probe.some_content(twin), title)


# --- what counts as an identity ------------------------------------------------------------------------------


def takes(method: IdentityMethod) -> Applies:
    """Concerns whoever takes identities of this method."""

    def applies(capabilities: Capabilities) -> Absent | None:
        if method in listed_methods(capabilities):
            return None
        return Absent(f"the provider does not take the method {method.value}", elsewhere=True)

    return applies


def _presented(method: IdentityMethod, numbers: Callable[[Person], Iterator[str]]) -> list[Presented]:
    person = Persons(4).adult()
    return [Presented(method.value, Identity(method, number, person.name)) for number in numbers(person)]


def _drawn_presented(method: IdentityMethod) -> SearchStrategy[Presented]:
    return flawed_identities(method).map(lambda identity: Presented(method.value, identity))


def _flawed_id_cards(person: Person) -> Iterator[str]:
    number = person.id_number
    region, sequence = number[:6], int(number[14:17])
    yield number[:17] + _other(number[17], "0123456789X")
    yield number[:16] + _other(number[16], "0123456789") + number[17]
    yield number[:8] + number[9] + number[8] + number[10:] if number[8] != number[9] else number[::-1]
    for born in ("19900230", "19901301", "19900010", "19900132", "20990101", "18000101", "00000000"):
        yield id_number(region, born, sequence)
    yield number[:17]
    yield number + "0"
    yield "A" + number[1:]
    yield number[:9] + "X" + number[10:]
    yield "123456789012345678"
    yield "000000000000000000"


def _flawed_usccs(person: Person) -> Iterator[str]:
    code = person.uscc
    yield code[:17] + _other(code[17], "0123456789")
    yield code[:12] + _other(code[12], "0123456789") + code[13:]
    yield code[:17]
    yield code + "0"
    yield code[:9] + "I" + code[10:]
    yield code[:9] + "O" + code[10:]
    yield "9" * 18 if uscc_check_character("9" * 17) != "9" else "8" * 18
    yield "A COMPANY IN A CITY"


def _flawed_phones(person: Person) -> Iterator[str]:
    phone = person.phone
    yield phone[:10]
    yield phone + "0"
    yield "2" + phone[1:]
    yield "10" + phone[2:]
    yield "12" + phone[2:]
    yield "00000000000"
    yield "12345"
    yield phone[:5] + "abc" + phone[8:]


def identity_check(
    method: IdentityMethod, numbers: Callable[[Person], Iterator[str]]
) -> Callable[[Property[Presented]], Property[Presented]]:
    """Register a check of identities of one method that are nobody's: by ``numbers`` made from a good one, and drawn
    ones.
    """
    return check(
        rules=(_IDENTITY,),
        behaviour=Behaviour.REAL_NAME,
        needs=(Operation.VERIFY_IDENTITY,),
        applies=(takes(method),),
        cases=lambda capabilities: _presented(method, numbers),
        strategy=lambda capabilities: _drawn_presented(method),
    )


def _other(char: str, alphabet: str) -> str:
    return alphabet[(alphabet.index(char) + 1) % len(alphabet)] if char in alphabet else alphabet[0]


@identity_check(IdentityMethod.ID_CARD, _flawed_id_cards)
def identity_number_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible resident identity number (length, birth date, check character) verifies no account."""
    _must_be_somebodys(probe, case.identity)


@identity_check(IdentityMethod.USCC, _flawed_usccs)
def credit_code_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible credit code (length, characters, check character) verifies no account."""
    _must_be_somebodys(probe, case.identity)


@identity_check(IdentityMethod.PHONE, _flawed_phones)
def mobile_number_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible mobile number (length, digits, prefix) verifies no account."""
    _must_be_somebodys(probe, case.identity)


def _must_be_somebodys(probe: Probe, identity: Identity) -> None:
    """A number that can be nobody's must not verify; one that can be somebody's says nothing."""
    # The law of another day may be applied; the provider's calendar shows today.
    wrong = flaw(identity, max(probe.session.on, date.today()))
    if wrong is None:
        raise NotJudged("this number may belong to a real person")
    _must_not_verify(probe, identity, wrong)


@check(
    rules=(_IDENTITY,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.VERIFY_IDENTITY,),
    cases=lambda capabilities: [
        Presented("email", Identity(IdentityMethod.EMAIL, address, "王芳"))
        for address in ("person@example.org", "13800000000@example.org", "110101199003074258@example.org")
    ],
)
def email_alone_is_no_identity(probe: Probe, case: Presented) -> None:
    """An e-mail address verifies no account: it is not one of the methods of Art. 9."""
    _must_not_verify(probe, case.identity, "an e-mail address is not one of the methods of Art. 9")


@check(
    rules=(_IDENTITY,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.VERIFY_IDENTITY,),
    cases=lambda capabilities: [
        Presented(method.value, Identity(method, number, name))
        for method in listed_methods(capabilities)
        for number in ("", " ", "\t", "　")
        for name in ("王芳", "")
    ],
)
def identity_cannot_be_empty(probe: Probe, case: Presented) -> None:
    """An identity without a number verifies no account."""
    _must_not_verify(probe, case.identity, "the number is empty")


def _must_not_verify(probe: Probe, identity: Identity, wrong: str) -> None:
    """Present it: an account that is then verified is a violation, a refusal counts once the account is
    verified by a valid identity of the same method."""
    account = probe.unverified_account()
    holder = probe.session.holders.get(account.id)
    if holder is not None and identity.name:
        identity = replace(identity, name=holder.name)
    answer = probe.attempt(probe.provider.verify_identity, account, identity)
    if isinstance(answer, Accepted) and answer.value.verified:
        raise Violation(f"{identity.method.value} {identity.number!r} verified an account: {wrong}")
    method = identity.method
    if method not in listed_methods(probe.capabilities):
        method = listed_methods(probe.capabilities)[0]
    if account == probe.provider.ready_made.accounts.get("unverified"):
        # A supplied account must stay unverified: the nearest twin is the supplied verified one.
        account = probe.account()
    verified = probe.control(probe.provider.verify_identity, account, probe.identity(method, account))
    if not verified.verified:
        raise Undecided("a valid identity of the same method was not accepted either")
