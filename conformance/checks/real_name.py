"""Real names: who may publish, and what counts as an identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    Identity,
    IdentityMethod,
    Operation,
    Provider,
    Publication,
    Refused,
    where_to_bind,
)
from .flawed import Flawed, born, flawed_identities
from .outcome import Absent, Case, NotJudged, Undecided, Violation
from .people import Person, flaw
from .published import must_be_public
from .registry import Applies, Property, check
from .scope import publishes

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
    """An identity as it is presented: a recipe, made for somebody new each time."""

    flawed: Flawed

    def __str__(self) -> str:
        return f"{self.flawed.method.value}: {self.flawed.flaw}"


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
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def unverified_cannot_publish(probe: Probe, case: Titled) -> None:
    """An unverified account cannot publish; the same account can once verified."""
    account = probe.unverified_account()
    answer = publish_something(probe, probe.provider, account, case.title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation("an account that was never verified published")
    _verified_twin(probe, account, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_titles,
    strategy=_drawn_titles,
)
def anonymous_cannot_publish(probe: Probe, case: Titled) -> None:
    """An anonymous request cannot publish; the signed-in owner can publish the same content."""
    account = probe.account()
    content = probe.some_content(account)
    probe.must_differ(
        lambda provider: provider.publish(None, content, case.title),
        lambda provider: provider.publish(account, content, case.title),
        "which account publishes",
        write="`{{ account.… }}` in the auth of operations.publish",
    )
    answer = probe.attempt(probe.provider.publish, None, content, case.title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation("a request without credentials published")
    probe.control(probe.provider.publish, account, content, case.title)


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH, Operation.DELETE_ACCOUNT),
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
        must_be_public(probe, answer.value)
        raise Violation("an account published after it was deleted")
    # Only while others still publish does the refusal say anything about the account.
    other = probe.account()
    probe.control(probe.provider.publish, other, probe.once("something to publish", _made_by(probe, other)), case.title)


def _made_by(probe: Probe, account: Account) -> Callable[[], Content]:
    return lambda: probe.some_content(account)


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
    needs=(Operation.PUBLISH,),
    applies=(publishes,),
    cases=_claims,
    strategy=_drawn_claims,
)
def verification_cannot_be_claimed(probe: Probe, case: Claim) -> None:
    """A self-declared "verified" flag in a header, parameter or profile is ignored."""
    title = f"an ordinary title {probe.names.token()}"
    if case.profile:
        _must_be_sent(probe, dict(case.profile))
    plain = publish_something(probe, probe.provider, probe.unverified_account(), title)
    if isinstance(plain, Accepted):
        raise NotJudged("an unverified account publishes without any claim")
    account = probe.registered(**dict(case.profile)) if case.profile else probe.unverified_account()
    asked = probe.provider if case.profile else probe.claiming(dict(case.headers), dict(case.query))
    answer = publish_something(probe, asked, account, title)
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation(f"an account that was never verified published by saying {str(case).partition(': ')[2]}")
    _verified_twin(probe, account, title)


def _must_be_sent(probe: Probe, claims: dict[str, str]) -> None:
    """Raise :class:`Undecided` where the binding registers people without these claims."""
    profile = probe.profile_of(probe.person())
    name = next(iter(claims))
    probe.must_differ(
        lambda provider: provider.register(profile),
        lambda provider: provider.register({**profile, **claims}),
        f"the claim {name!r} of a profile",
        write=f"`{{{{ profile.{name} | default(omit) }}}}` under operations.register",
    )


#: Where a request may say for whom it is made: what names a verified account there opens nothing.
_NAMED_IN_HEADERS = ("X-Account-Id", "X-User-Id", "X-Account", "X-On-Behalf-Of", "X-Impersonate-User")
_NAMED_IN_QUERIES = ("account_id", "user_id", "uid", "as_user", "on_behalf_of")


@check(
    rules=(_PUBLISHING,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.PUBLISH,),
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
    answer = publish_something(probe, asked, account, _TITLES[0])
    if isinstance(answer, Accepted):
        must_be_public(probe, answer.value)
        raise Violation(
            f"an account that was never verified published by naming one that was ({str(case).partition(': ')[2]})"
        )
    _verified_twin(probe, account, _TITLES[0])


def publish_something(
    probe: Probe, provider: Provider, account: Account, title: str
) -> Accepted[Publication] | Refused:
    """Have the account publish content of its own, or a verified account's where it can make none itself."""
    content = probe.own_content(account, provider) or probe.some_content(probe.account())
    return probe.attempt(provider.publish, account, content, title)


def _verified_twin(probe: Probe, account: Account, title: str) -> None:
    """The same account makes and publishes content once it is verified: else its refusal showed nothing."""
    if account == probe.provider.ready_made.accounts.get("unverified"):
        # A supplied account must stay unverified; a verified one that does the same is the nearest twin.
        twin = probe.account()
    else:
        probe.verify(account)
        twin = account
    must_be_public(probe, probe.control(probe.provider.publish, twin, probe.some_content(twin), title))


# --- what counts as an identity ------------------------------------------------------------------------------


def takes(method: IdentityMethod) -> Applies:
    """Concerns whoever takes identities of this method."""

    def applies(capabilities: Capabilities) -> Absent | None:
        if method in listed_methods(capabilities):
            return None
        return Absent(f"the provider does not take the method {method.value}", elsewhere=True)

    return applies


def _presented(method: IdentityMethod, flaws: Iterable[tuple[str, Callable[[str], str]]]) -> list[Presented]:
    return [Presented(method.value, Flawed(method, what, change)) for what, change in flaws]


def _drawn_presented(method: IdentityMethod) -> SearchStrategy[Presented]:
    return flawed_identities(method).map(lambda flawed: Presented(method.value, flawed))


def _other(char: str, alphabet: str) -> str:
    return alphabet[(alphabet.index(char) + 1) % len(alphabet)] if char in alphabet else alphabet[0]


def _year_swapped(number: str) -> str:
    return number[:8] + number[9] + number[8] + number[10:] if number[8] != number[9] else number[::-1]


def _all_alike(number: str) -> str:
    """One digit throughout, which is another for another number."""
    return str(sum(number.encode()) % 10) * len(number)


def _counted_up(number: str) -> str:
    start = sum(number.encode()) % 10
    return "".join(str((start + place) % 10) for place in range(len(number)))


#: What is wrong, and how a valid number is changed so that it is.
_FLAWED_ID_CARDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("another check character", lambda n: n[:17] + _other(n[17], "0123456789X")),
    ("another last digit before the check character", lambda n: n[:16] + _other(n[16], "0123456789") + n[17]),
    ("two digits of the year swapped", _year_swapped),
    *(
        (f"born {date}", born(date).change)
        for date in ("19900230", "19901301", "19900010", "19900132", "20990101", "18000101", "00000000")
    ),
    ("17 characters", lambda n: n[:17]),
    ("19 characters", lambda n: n + "0"),
    ("a letter in front", lambda n: "A" + n[1:]),
    ("an X in the middle", lambda n: n[:9] + "X" + n[10:]),
    ("digits counted up", _counted_up),
    ("one digit throughout", _all_alike),
)
_FLAWED_USCCS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("another check character", lambda c: c[:17] + _other(c[17], "0123456789")),
    ("another character in the middle", lambda c: c[:12] + _other(c[12], "0123456789") + c[13:]),
    ("17 characters", lambda c: c[:17]),
    ("19 characters", lambda c: c + "0"),
    ("an I in it", lambda c: c[:9] + "I" + c[10:]),
    ("an O in it", lambda c: c[:9] + "O" + c[10:]),
    ("one digit throughout", _all_alike),
    ("words", lambda c: f"COMPANY {c[9:12]} IN A CITY"),
)
_FLAWED_PHONES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("10 digits", lambda p: p[:10]),
    ("12 digits", lambda p: p + "0"),
    ("a 2 in front", lambda p: "2" + p[1:]),
    ("10 in front", lambda p: "10" + p[2:]),
    ("12 in front", lambda p: "12" + p[2:]),
    ("zeros in front", lambda p: "000000" + p[6:]),
    ("5 digits", lambda p: p[6:]),
    ("letters in the middle", lambda p: p[:5] + "abc" + p[8:]),
)


def identity_check(
    method: IdentityMethod, flaws: Iterable[tuple[str, Callable[[str], str]]]
) -> Callable[[Property[Presented]], Property[Presented]]:
    """Register a check of identities of one method that are nobody's: by ``flaws`` of a valid one, and drawn ones."""
    return check(
        rules=(_IDENTITY,),
        behaviour=Behaviour.REAL_NAME,
        needs=(Operation.VERIFY_IDENTITY,),
        applies=(takes(method),),
        cases=lambda capabilities: _presented(method, flaws),
        strategy=lambda capabilities: _drawn_presented(method),
    )


@identity_check(IdentityMethod.ID_CARD, _FLAWED_ID_CARDS)
def identity_number_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible resident identity number (length, birth date, check character) verifies no account."""
    _must_be_somebodys(probe, case.flawed)


@identity_check(IdentityMethod.USCC, _FLAWED_USCCS)
def credit_code_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible credit code (length, characters, check character) verifies no account."""
    _must_be_somebodys(probe, case.flawed)


@identity_check(IdentityMethod.PHONE, _FLAWED_PHONES)
def mobile_number_must_be_valid(probe: Probe, case: Presented) -> None:
    """An impossible mobile number (length, digits, prefix) verifies no account."""
    _must_be_somebodys(probe, case.flawed)


def _must_be_somebodys(probe: Probe, flawed: Flawed) -> None:
    """A number that can be nobody's must not verify; one that can be somebody's says nothing."""
    account, person = _applicant(probe)
    identity = flawed.of(person)
    # The law of another day may be applied; the provider's calendar shows today.
    wrong = flaw(identity, max(probe.session.on, date.today()))
    if wrong is None:
        raise NotJudged("this number may be somebody's")
    _must_not_verify(probe, account, identity, wrong)


def _applicant(probe: Probe) -> tuple[Account, Person]:
    """An unverified account, and the person it was registered for, or an invented one."""
    account = probe.unverified_account()
    return account, probe.session.holders.get(account.id) or probe.person()


@check(
    rules=(_IDENTITY,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.VERIFY_IDENTITY,),
    cases=lambda capabilities: [
        Presented("email", Flawed(IdentityMethod.EMAIL, what, address))
        for what, address in (
            ("an address", lambda address: address),
            ("an address that begins like a mobile number", lambda address: f"1{address.removeprefix('person')}"),
            ("an address that begins like an identity number", lambda address: f"11010119900307{address[6:]}"),
        )
    ],
)
def email_alone_is_no_identity(probe: Probe, case: Presented) -> None:
    """An e-mail address verifies no account: it is not one of the methods of Art. 9."""
    account, person = _applicant(probe)
    _must_not_verify(probe, account, case.flawed.of(person), "an e-mail address is none of the methods of Art. 9")


@check(
    rules=(_IDENTITY,),
    behaviour=Behaviour.REAL_NAME,
    needs=(Operation.VERIFY_IDENTITY,),
    cases=lambda capabilities: [
        Presented(method.value, Flawed(method, f"the number {number!r}", _nothing_but(number), named=named))
        for method in listed_methods(capabilities)
        for number in ("", " ", "\t", "　")
        for named in (True, False)
    ],
)
def identity_cannot_be_empty(probe: Probe, case: Presented) -> None:
    """An identity without a number verifies no account."""
    account, person = _applicant(probe)
    _must_not_verify(probe, account, case.flawed.of(person), "the number is empty")


def _nothing_but(number: str) -> Callable[[str], str]:
    return lambda valid: number


def _must_not_verify(probe: Probe, account: Account, identity: Identity, wrong: str) -> None:
    """Present it: an account that is then verified is a violation, a refusal counts once the account is
    verified by a valid identity of the same method."""
    method = identity.method
    if method not in listed_methods(probe.capabilities):
        method = listed_methods(probe.capabilities)[0]
    supplied = account == probe.provider.ready_made.accounts.get("unverified")
    # A supplied account must stay unverified: the nearest twin is the supplied verified one.
    twin = probe.account() if supplied else account
    valid = probe.identity(method, twin)
    probe.must_differ(
        lambda provider: provider.verify_identity(account, identity),
        lambda provider: provider.verify_identity(account, replace(identity, number=valid.number)),
        "the number of an identity",
        write="`{{ identity.number }}` under operations.verify_identity",
    )
    answer = probe.attempt(probe.provider.verify_identity, account, identity)
    if isinstance(answer, Accepted) and answer.value.verified and (answer.value.stated or _publishes(probe, account)):
        raise Violation(f"{identity.method.value} {identity.number!r} verified an account: {wrong}")
    verified = probe.control(probe.provider.verify_identity, twin, valid)
    if not verified.verified:
        raise Undecided("a valid identity of the same method verifies nobody either")


def _publishes(probe: Probe, account: Account) -> bool:
    """Whether an account publishes now, which an unverified one may not: the effect of a verification that the response
    does not state. Raises :class:`Undecided` where that shows nothing.
    """
    where = where_to_bind(Operation.VERIFY_IDENTITY, "verified")
    if not probe.offers(Operation.PUBLISH):
        raise Undecided(f"the identity was accepted, and nothing shows whether it verified anybody: bind {where}")

    def by_anybody() -> bool:
        return isinstance(publish_something(probe, probe.provider, probe.unverified_account(), _TITLES[0]), Accepted)

    if probe.once("an unverified account publishes", by_anybody):
        raise Undecided(
            f"unverified accounts publish too, so that nothing shows whether an accepted identity counts: bind {where}"
        )
    return isinstance(publish_something(probe, probe.provider, account, _TITLES[0]), Accepted)
