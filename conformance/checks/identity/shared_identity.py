"""One identity number under two names, and one name with two numbers."""

from __future__ import annotations

from dataclasses import replace

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Identity, IdentityMethod
from ...provider import Accepted, Capabilities, Operation
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Violation
from ..registry import check
from .identities import takes, with_another_check_character


def _names_holders(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that learns the name of an identity's holder and registers invented people."""
    if not capabilities.holders_named:
        return Absent("identities are submitted without a name", elsewhere=True)
    if capabilities.identities != "synthetic":
        return Absent("the check needs two new people, and this binding supplies its accounts", elsewhere=True)
    return None


_ANOTHER_NAME, _ANOTHER_NUMBER = "under another name", "an impossible number under the same name"


@check(
    rules=("cn-dsp-2023/9.1",),
    behaviour=Behaviour.REAL_NAME,
    level=Level.EXTENDED,
    needs=(Operation.VERIFY_IDENTITY,),
    applies=(takes(IdentityMethod.ID_CARD), _names_holders),
    cases=lambda capabilities: [Case(_ANOTHER_NAME), Case(_ANOTHER_NUMBER)],
)
def identity_card_is_one_persons(probe: Probe, case: Case) -> None:
    """An identity number verifies one name only, and a verified name does not make an impossible number valid.

    Another name leads to a review: a test environment need not ask the register of identity numbers. That one person
    has two accounts is lawful, and not looked for.
    """
    identity, other = probe.once("a verified identity card", lambda: _verified(probe)), probe.registered()
    if case.facet == _ANOTHER_NUMBER:
        impossible = replace(identity, number=with_another_check_character(identity.number))
        answer = probe.attempt(probe.provider.verify_identity, other, impossible)
        if isinstance(answer, Accepted) and answer.value.verified:
            raise Violation("an impossible number verified an account under the name of a verified person")
        return
    name = probe.session.holders[other.id].name
    if name == identity.name:
        raise NotJudged("both invented people have the same name")
    answer = probe.attempt(probe.provider.verify_identity, other, replace(identity, name=name))
    if isinstance(answer, Accepted) and answer.value.verified:
        raise NeedsReview(
            "one identity card verified two accounts under two names: one of the two people is not the holder"
        )


def _verified(probe: Probe) -> Identity:
    """The identity card of a new account, which it verified."""
    holder = probe.registered()
    identity = probe.identity(IdentityMethod.ID_CARD, holder)
    probe.control(probe.provider.verify_identity, holder, identity)
    return identity
