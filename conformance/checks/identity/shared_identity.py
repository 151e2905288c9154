"""One number under two names: an identity card is one person's, so that one of the two is not who they say."""

from __future__ import annotations

from dataclasses import replace

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import IdentityMethod
from ...provider import Accepted, Capabilities, Operation
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged
from ..registry import check
from .identities import takes


def _names_holders(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that learns the name of an identity's holder and registers invented people."""
    if not capabilities.holders_named:
        return Absent("identities are submitted without a name", elsewhere=True)
    if capabilities.identities != "synthetic":
        return Absent("the check needs two new people, and this binding supplies its accounts", elsewhere=True)
    return None


@check(
    rules=("cn-dsp-2023/9.1",),
    behaviour=Behaviour.REAL_NAME,
    level=Level.EXTENDED,
    needs=(Operation.VERIFY_IDENTITY,),
    applies=(takes(IdentityMethod.ID_CARD), _names_holders),
    cases=lambda capabilities: [Case("under another name")],
)
def identity_card_is_one_persons(probe: Probe, case: Case) -> None:
    """An identity number that verified one name does not verify an account under another name.

    Leads to a review: a test environment need not ask the register of identity numbers. That one person has
    two accounts is lawful, and not looked for.
    """
    holder, other = probe.registered(), probe.registered()
    identity, name = probe.identity(IdentityMethod.ID_CARD, holder), probe.session.holders[other.id].name
    if name == identity.name:
        raise NotJudged("both invented people have the same name")
    probe.control(probe.provider.verify_identity, holder, identity)
    answer = probe.attempt(probe.provider.verify_identity, other, replace(identity, name=name))
    if isinstance(answer, Accepted) and answer.value.verified:
        raise NeedsReview(
            "one identity card verified two accounts under two names: one of the two people is not the holder"
        )
