"""Codes that prove a telephone number or an address: without the right one, nothing is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour

from ...engine.probing.conversation import Proves
from ...engine.probing.probe import Probe
from ...entities import IdentityMethod
from ...provider import Accepted, Capabilities, Operation, Provider
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check

#: Hours after which a code no longer proves that a person holds a number.
_STALE = 24.0
_WRONG, _AGAIN, _GUESSED, _EMPTY, _OF_ANOTHER = (
    "a wrong code",
    "a wrong code again",
    "a second guess at a code",
    "an empty code",
    "the code of another person",
)
_EARLIER, _LATE = "the code of an earlier challenge", "a code a day later"
_USED, _NEAR = "a code that was used", "a code with another last sign"
#: The operations that a code opens.
_OPENED = (Operation.REGISTER, Operation.VERIFY_IDENTITY)


@dataclass(frozen=True)
class Coded(Case):
    """A code that is not the right one; ``facet`` is the operation that it would open."""

    code: str
    method: IdentityMethod = IdentityMethod.PHONE

    @property
    def operation(self) -> Operation:
        return Operation(self.facet)

    def __str__(self) -> str:
        about = "" if self.method is IdentityMethod.PHONE else f" with {self.method.value}"
        return f"{self.facet}{about}, {self.code}"


def _asks_for_codes(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that asks for a code where accounts are opened or identities verified."""
    if not capabilities.codes.isdisjoint(_OPENED):
        return None
    return Absent("no step of register or verify_identity extracts a `code`", elsewhere=True)


def _cases(capabilities: Capabilities) -> Iterator[Coded]:
    for operation in _OPENED:
        if operation in capabilities.codes:
            for code in (_WRONG, _AGAIN, _GUESSED, _EMPTY, _OF_ANOTHER, _EARLIER, _LATE):
                yield Coded(operation.value, code)
            if operation is Operation.VERIFY_IDENTITY and IdentityMethod.PHONE in capabilities.identity_methods:
                yield Coded(operation.value, _USED)
            # A number that is not the one of the telephone may be asked for with a code, too.
            if operation is Operation.VERIFY_IDENTITY and IdentityMethod.ID_CARD in capabilities.identity_methods:
                for code in (_WRONG, _GUESSED, _OF_ANOTHER):
                    yield Coded(operation.value, code, IdentityMethod.ID_CARD)


@check(
    rules=("cn-dsp-2023/9.1",),
    behaviour=Behaviour.REAL_NAME,
    level=Level.EXTENDED,
    needs=(Operation.REGISTER,),
    applies=(_asks_for_codes,),
    cases=_cases,
    waits=True,
)
def only_the_right_code_counts(probe: Probe, case: Coded) -> None:
    """A code that was not sent to this person for this purpose opens no account and verifies no person.

    How long a code counts, and whether a new one ends it, the law does not say: that is put to a person.
    """
    _sends_other_codes(probe)
    sent: list[str] = []
    ask = _attempts(probe, case)
    if case.code == _OF_ANOTHER and _attempts(probe, case)(_noting(sent, _other)):
        raise NotJudged("a wrong code counts")
    if case.code == _EARLIER and ask(_noting(sent, _other)):
        raise NotJudged("a wrong code counts")
    own: list[str] = []
    if case.code == _USED:
        _must_count_once(probe, case)
        return
    for number in range(2 if case.code == _AGAIN else 1):
        guesses = (_with_other_first,) if case.code == _GUESSED else ()
        # A target that compares only part of a code accepts one that differs in a single character.
        make = _with_other_last if number else _made(probe, case.code, sent)
        counts = ask(_noting(own, make), *guesses)
        if not own:
            raise NotJudged("no code was asked for")
        if sent and sent[0] == own[0]:
            raise NotJudged("every challenge has the same code")
        if counts and case.code in (_EARLIER, _LATE):
            raise NeedsReview(f"{case.code} still counts")
        if counts:
            raise Violation(f"{case.code} counts as the one that was sent")
    if not _attempts(probe, case)(lambda code: code):
        raise Undecided("the right code does not count either")
    probe.counts.controls += 1


def _must_count_once(probe: Probe, case: Coded) -> None:
    """A number that verified one account verifies another only with a new code."""
    account = probe.registered()
    identity, used, fresh = probe.identity(case.method, account), list[str](), list[str]()
    first = probe.control(_with(probe, _noting(used, lambda code: code)).verify_identity, account, identity)
    if not first.verified or not used:
        raise NotJudged("the number is not verified by a code")
    asked = _with(probe, _noting(fresh, lambda code: used[0]))
    answer = probe.attempt(asked.verify_identity, probe.registered(), identity)
    if not fresh or fresh[0] == used[0]:
        raise NotJudged("every challenge has the same code, or none follows")
    if isinstance(answer, Accepted) and answer.value.verified:
        raise Violation(f"{case.code} counts again, for another account")


def _sends_other_codes(probe: Probe) -> None:
    if not isinstance(probe.provider, Proves):
        raise Undecided("other codes can be sent only through a binding", lasting=True)


def _signs_in_by_code(capabilities: Capabilities) -> Absent | None:
    """Concerns providers that ask for a code at sign-in."""
    if Operation.SIGN_IN in capabilities.codes:
        return None
    return Absent("no step of sign_in extracts a `code`", elsewhere=True)


@check(
    rules=("cn-pipl/51",),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.EXTENDED,
    needs=(Operation.REGISTER, Operation.SIGN_IN),
    applies=(_signs_in_by_code,),
    cases=lambda capabilities: [
        Coded(Operation.SIGN_IN.value, code) for code in (_WRONG, _NEAR, _EMPTY, _OF_ANOTHER, _USED)
    ],
)
def sign_in_needs_its_code(probe: Probe, case: Coded) -> None:
    """A wrong, empty or used code, or one sent to another account, does not sign in."""
    _sends_other_codes(probe)
    account, sent, own = probe.registered(), list[str](), list[str]()
    if case.code == _OF_ANOTHER:
        probe.attempt(_with(probe, _noting(sent, _other)).sign_in, probe.registered())
    elif case.code == _USED:
        probe.control(_with(probe, _noting(sent, lambda code: code)).sign_in, account)
    makes = {_WRONG: _other, _NEAR: _with_other_last, _EMPTY: lambda code: ""}
    answer = probe.attempt(_with(probe, _noting(own, makes.get(case.code, lambda code: sent[0]))).sign_in, account)
    if not own or (case.code not in makes and (not sent or sent[0] == own[0])):
        raise NotJudged("every challenge has the same code, or none was asked for")
    if isinstance(answer, Accepted):
        raise Violation(f"{case.code} signs in to an account")
    probe.control(probe.provider.sign_in, account)


def _noting(codes: list[str], make: Callable[[str], str]) -> Callable[[str], str]:
    def made(code: str) -> str:
        codes.append(code)
        return make(code)

    return made


def _made(probe: Probe, facet: str, sent: list[str]) -> Callable[[str], str]:
    """What is presented in place of the code that was sent."""

    def later(code: str) -> str:
        probe.wait("a code is used later", _STALE)
        return code

    if facet == _EMPTY:
        return lambda code: ""
    if facet in (_OF_ANOTHER, _EARLIER):
        return lambda code: sent[0]
    return later if facet == _LATE else _other


def _other(code: str) -> str:
    """A code of the same form with every digit and letter changed."""
    return "".join(
        str((int(sign) + 3) % 10) if sign.isdecimal() else ("k" if sign != "k" else "m") if sign.isalpha() else sign
        for sign in code
    )


def _with_other_last(code: str) -> str:
    """The right code but for its last sign."""
    return code[:-1] + _other(code[-1:])


def _with_other_first(code: str) -> str:
    """The right code but for its first sign."""
    return _other(code[:1]) + code[1:]


def _attempts(probe: Probe, case: Coded) -> Callable[..., bool]:
    """How a new person attempts an operation with codes that are made of the one sent; whether it succeeds."""
    if case.operation is Operation.REGISTER:
        profile = probe.profile_of(probe.person())

        def registers(*makes: Callable[[str], str]) -> bool:
            return isinstance(probe.attempt(_with(probe, *makes).register, profile), Accepted)

        return registers
    account = probe.registered()
    identity = probe.identity(case.method, account)

    def verifies(*makes: Callable[[str], str]) -> bool:
        answer = probe.attempt(_with(probe, *makes).verify_identity, account, identity)
        return isinstance(answer, Accepted) and answer.value.verified

    return verifies


def _with(probe: Probe, *makes: Callable[[str], str]) -> Provider:
    assert isinstance(probe.provider, Proves)  # noqa: S101 - see the check
    return probe.provider.with_code(*makes)
