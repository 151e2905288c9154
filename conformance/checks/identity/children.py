"""Accounts of children, which need a guardian's consent, and accounts of invented people of a given age."""

from __future__ import annotations

from datetime import date, timedelta

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, Violation
from ..registry import check

#: The birthday of invented people, late in the year: a service that compares only years takes them for a year older.
_BIRTHDAY = (12, 28)
#: The age of a child just below the limit of 14, and of one far below it.
_NEARLY, _YOUNG = 13, 8
_CONSENT = "本人系其监护人，同意其使用本服务。I am the guardian and I consent. [test]"


def names_ages(capabilities: Capabilities) -> Absent | None:
    """Concerns services whose users can give their age."""
    if capabilities.identities != "synthetic":
        return Absent("the binding supplies the only accounts there are, and none of a minor", elsewhere=True)
    if capabilities.ages_named:
        return None
    reason = "no request says how old a user is: use `profile.birth_date` in `operations.register`"
    return Absent(reason, required=True)


def _asks_ages(capabilities: Capabilities) -> Absent | None:
    """Concerns services that ask how old a user is; whether they have to ask is another rule."""
    absent = names_ages(capabilities)
    return None if absent is None else Absent(absent.reason, elsewhere=True)


@check(
    rules=("cn-pipl/31.1",),
    behaviour=Behaviour.CONSENT,
    level=Level.EXTENDED,
    needs=(Operation.REGISTER,),
    applies=(_asks_ages,),
    cases=lambda capabilities: [Case(f"at {_NEARLY}")],
)
def child_registers_with_its_guardian(probe: Probe, case: Case) -> None:
    """A child of 13 gets no account without a guardian's consent, like a child of 8.

    If both get one, a person is asked: what is known of the child may stay unused until a guardian consents.
    """
    profile = {**probe.profile_of(probe.person()), "birth_date": birth_date(probe, _NEARLY)}
    probe.must_differ(
        lambda provider: provider.register(profile),
        lambda provider: provider.register({**profile, "guardian_consent": _CONSENT}),
        "that a guardian consents",
        write="`{{ profile.guardian_consent | default(omit) }}` under operations.register",
    )
    aged(probe, _NEARLY, guardian=True)
    probe.counts.controls += 1
    if isinstance(_registered_alone(probe, _NEARLY), Refused):
        return
    if isinstance(_registered_alone(probe, _YOUNG), Refused):
        raise Violation(
            f"a child of {_NEARLY} gets an account without a guardian's consent, and a child of {_YOUNG} gets none"
        )
    raise NeedsReview(
        f"children of {_NEARLY} and {_YOUNG} get accounts without a guardian's consent: a person has to say whether"
        " anything of theirs is used before a guardian consents"
    )


def _registered_alone(probe: Probe, age: int) -> Accepted[Account] | Refused:
    profile = {**probe.profile_of(probe.person()), "birth_date": birth_date(probe, age)}
    return probe.attempt(probe.provider.register, profile)


def aged(probe: Probe, age: int, *, guardian: bool = False) -> Account:
    """A new account that registers with the birth date of a person of this age, and for a child with its guardian's
    consent.
    """
    claims = {"birth_date": birth_date(probe, age)}
    if guardian or age < 14:
        claims["guardian_consent"] = _CONSENT
    return probe.registered(**claims)


def birth_date(probe: Probe, age: int) -> str:
    """The birth date of a person who is of this age both on the day whose law applies and today."""
    day = max(probe.session.on, date.today()) + timedelta(hours=probe.session.passed)
    born = date(day.year - age - 1, *_BIRTHDAY)
    # In the last days of a year, time zones would make them older already.
    return (born if (day + timedelta(days=3)).year == day.year else born.replace(year=born.year + 1)).isoformat()
