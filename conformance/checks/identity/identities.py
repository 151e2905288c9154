"""Real names: which identities verify an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe, listed_methods
from ...entities import Account, Identity, IdentityMethod
from ...provider import Accepted, Capabilities, Operation, Refused, where_to_bind
from ...verdict import Level
from ..flawed import Flawed, born, flawed_identities
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..people import Person, flaw, id_check_character
from ..registry import Applies, Property, check
from ..scope import publishes
from .real_name import TITLES, publish_something

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_IDENTITY = "cn-dsp-2023/9.1"


@dataclass(frozen=True)
class Presented(Case):
    """An identity as it is presented: a recipe, made for a new person each time."""

    flawed: Flawed

    def __str__(self) -> str:
        return f"{self.flawed.method.value}: {self.flawed.flaw}"


def takes(method: IdentityMethod) -> Applies:
    """Concerns a provider that accepts identities of this method."""

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


def with_another_check_character(number: str) -> str:
    """The number with a wrong check character."""
    return number[:17] + _other(number[17], "0123456789X")


def _year_swapped(number: str) -> str:
    return number[:8] + number[9] + number[8] + number[10:] if number[8] != number[9] else number[::-1]


def _all_alike(number: str) -> str:
    """One digit throughout, which is another for another number."""
    return str(sum(number.encode()) % 10) * len(number)


def _counted_up(number: str) -> str:
    start = sum(number.encode()) % 10
    return "".join(str((start + place) % 10) for place in range(len(number)))


def _digit_for_x(number: str) -> str:
    """A number of the same person, if need be with another sequence, that ends in a digit where X is right."""
    for step in range(1000):
        first = f"{number[:14]}{(int(number[14:17]) + step) % 1000:03d}"
        if id_check_character(first) == "X":
            return first + number[16]
    return number[:17] + _other(number[17], "0123456789X")


#: What is wrong, and how a valid number is changed so that it is.
_FLAWED_ID_CARDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("another check character", with_another_check_character),
    ("a digit where the check character is X", _digit_for_x),
    ("X where the check character is a digit", lambda n: n[:17] + ("X" if n[17] != "X" else "0")),
    ("another last digit before the check character", lambda n: n[:16] + _other(n[16], "0123456789") + n[17]),
    ("two digits of the year swapped", _year_swapped),
    *(
        (f"born {date}", born(date).change)
        for date in ("19900230", "19901301", "19900010", "19900132", "20990101", "18000101", "00000000")
    ),
    ("a province that does not exist", lambda n: f"00{n[2:17]}{id_check_character(f'00{n[2:17]}')}"),
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
#: Numbers of the right form with a prefix that no operator uses: a code that is sent there cannot arrive.
_NOT_GIVEN_OUT = ("10 in front", "12 in front")
_FLAWED_PHONES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("10 digits", lambda p: p[:10]),
    ("12 digits", lambda p: p + "0"),
    ("a 2 in front", lambda p: "2" + p[1:]),
    (_NOT_GIVEN_OUT[0], lambda p: "10" + p[2:]),
    (_NOT_GIVEN_OUT[1], lambda p: "12" + p[2:]),
    ("zeros in front", lambda p: "000000" + p[6:]),
    ("5 digits", lambda p: p[6:]),
    ("letters in the middle", lambda p: p[:5] + "abc" + p[8:]),
)


def identity_check(
    method: IdentityMethod, flaws: Iterable[tuple[str, Callable[[str], str]]]
) -> Callable[[Property[Presented]], Property[Presented]]:
    """Register a check of identities of one method that no person has: by ``flaws`` of a valid one, and drawn ones."""
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
    try:
        _must_be_somebodys(probe, case.flawed)
    except Violation as violation:
        if Operation.VERIFY_IDENTITY in probe.capabilities.codes and case.flawed.flaw in _NOT_GIVEN_OUT:
            raise NeedsReview(
                f"{violation.seen}; it is verified by a code, and a person has to say whether one can arrive there"
            ) from None
        raise


def _must_be_somebodys(probe: Probe, flawed: Flawed) -> None:
    """A number that no person can have must not verify; a number that a person may have shows nothing."""
    applicant = _applicant(probe, flawed.method.value)
    # One account may act for many companies, each with its own code.
    invented = probe.capabilities.identities == "synthetic" and flawed.method is IdentityMethod.USCC
    identity = flawed.of(probe.person() if invented else applicant.person)
    # The law of another day may be applied; the provider's calendar shows today.
    wrong = flaw(identity, max(probe.session.on, date.today()))
    if wrong is None:
        raise NotJudged("this number may be a person's real number")
    _must_not_verify(probe, applicant, identity, wrong)


#: So many identities are presented for one account: some services lock an account after a few more.
_PRESENTED = 4


@dataclass
class _Row:
    """The applicants of one kind, one after another."""

    number: int = 0
    presented: int = 0

    def next(self) -> None:
        self.number, self.presented = self.number + 1, 0


@dataclass(frozen=True)
class _Applicant:
    """An unverified account, and the person it was registered for, or an invented one."""

    account: Account
    person: Person
    row: _Row


def _applicant(probe: Probe, kind: str) -> _Applicant:
    """The applicant who presents the identities of a check until one verifies the account, or enough did not."""
    row = probe.once(("applicants", kind), _Row)
    if row.presented >= _PRESENTED:
        row.next()
    row.presented += 1

    def registered() -> tuple[Account, Person]:
        account = probe.unverified_account()
        return account, probe.session.holders.get(account.id) or probe.person()

    account, person = probe.once(("an applicant", kind, row.number), registered)
    return _Applicant(account, person, row)


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
    applicant = _applicant(probe, "email")
    identity = case.flawed.of(applicant.person)
    _must_not_verify(probe, applicant, identity, "an e-mail address is not one of the methods of Art. 9")


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
    applicant = _applicant(probe, "empty")
    _must_not_verify(probe, applicant, case.flawed.of(applicant.person), "the number is empty")


def _nothing_but(number: str) -> Callable[[str], str]:
    return lambda valid: number


def _must_not_verify(probe: Probe, applicant: _Applicant, identity: Identity, wrong: str) -> None:
    """Present it: an account that is then verified is a violation. A refusal counts once an account that was refused
    for the same reason is verified by a valid identity of the same method.
    """
    account, method = applicant.account, identity.method
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

    def becomes_verified() -> None:
        applicant.row.next()
        verified = probe.control(probe.provider.verify_identity, twin, valid)
        if not verified.verified:
            raise Undecided("a valid identity of the same method does not verify an account either")

    if isinstance(answer, Refused):
        probe.controlled(("a valid identity", method), answer, becomes_verified)
    else:
        becomes_verified()


def _publishes(probe: Probe, account: Account) -> bool:
    """Whether an account publishes now, which an unverified one may not: the effect of a verification that the response
    does not state. Raises :class:`Undecided` where that shows nothing.
    """
    where = where_to_bind(Operation.VERIFY_IDENTITY, "verified")
    if not probe.offers(Operation.PUBLISH):
        raise Undecided(
            f"the identity was accepted, but no response shows whether it verified the account: bind {where}"
        )

    if _anybody_publishes(probe):
        raise Undecided(
            "unverified accounts can publish too, so no response shows whether an accepted identity counts:"
            f" bind {where}"
        )
    return isinstance(publish_something(probe, probe.provider, account, TITLES[0]), Accepted)


def _anybody_publishes(probe: Probe) -> bool:
    """Whether an account publishes that presented no identity."""

    def publishes() -> bool:
        return isinstance(publish_something(probe, probe.provider, probe.unverified_account(), TITLES[0]), Accepted)

    return probe.once("an unverified account publishes", publishes)


def _refused_twice(capabilities: Capabilities) -> list[Presented]:
    """An impossible identity of the first declared method that can be one."""
    flaws = {
        IdentityMethod.ID_CARD: _FLAWED_ID_CARDS,
        IdentityMethod.USCC: _FLAWED_USCCS,
        IdentityMethod.PHONE: _FLAWED_PHONES,
    }
    methods = [method for method in listed_methods(capabilities) if method in flaws]
    return [Presented("refused twice", Flawed(method, *flaws[method][0])) for method in methods[:1]]


@check(
    rules=(_IDENTITY,),
    behaviour=Behaviour.REAL_NAME,
    level=Level.EXTENDED,
    needs=(Operation.VERIFY_IDENTITY, Operation.PUBLISH),
    applies=(publishes,),
    cases=_refused_twice,
)
def refused_identity_opens_nothing(probe: Probe, case: Presented) -> None:
    """An account whose identity was refused, and refused again, is not verified by having tried: it cannot publish."""
    registers = probe.capabilities.identities == "synthetic" and probe.offers(Operation.REGISTER)
    if registers:
        # A supplied account must stay one that never presented an identity.
        account = probe.registered()
        person = probe.session.holders.get(account.id) or probe.person()
    else:
        applicant = _applicant(probe, case.facet)
        account, person = applicant.account, applicant.person
    identity = case.flawed.of(person)
    for _ in range(2):
        answer = probe.attempt(probe.provider.verify_identity, account, identity)
        if isinstance(answer, Accepted) and answer.value.verified:
            raise NotJudged("an impossible identity is accepted")
    if isinstance(publish_something(probe, probe.provider, account, TITLES[0]), Accepted):
        published = len(probe.recorded)
        newcomer = probe.registered() if registers else probe.unverified_account()
        if isinstance(publish_something(probe, probe.provider, newcomer, TITLES[0]), Accepted):
            raise NotJudged("accounts publish that presented no identity")
        probe.judges(published)
        raise Violation(f"an account published whose {identity.method.value} was refused twice")
    probe.once("a verified account publishes", lambda: _verified_one_publishes(probe))
    probe.counts.controls += 1


def _verified_one_publishes(probe: Probe) -> None:
    answer = publish_something(probe, probe.provider, probe.account(), TITLES[0])
    if isinstance(answer, Refused):
        raise Undecided(f"a verified account cannot publish either: {answer.status} {answer.reason}")
