"""Sequences: what must be true after any mixture of operations, drawn by a state machine.

The machine is the model. It knows which accounts are verified, which consents stand, what was removed, and so what
the next operation must come to; it draws operations that are possible and writes them down with that expectation.
A sequence is then a case like any other: it is carried out from its start, judged, repeated and made small.

Each focus is a machine of its own, for one rule: a failure of another rule on the way ends the sequence without a
verdict, since a check of its own judges that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from .provider import Capabilities, Operation
from .registry import Case

#: Accounts, subjects, consents and publications in one sequence, so that operations meet.
_MOST = 3


class Must(StrEnum):
    """What an operation must come to."""

    BE_ACCEPTED = "must be accepted"
    BE_REFUSED = "must be refused"
    BE_SEEN = "must be seen"
    BE_GONE = "must be gone"
    HAPPEN = ""


@dataclass(frozen=True)
class Step:
    """One operation on what earlier steps made, by its number; ``word`` is a scope, a surface or a title's marker."""

    operation: Operation
    account: int = 0
    thing: int = 0
    word: str = ""
    hours: float = 0.0
    consent: int | None = None
    must: Must = Must.HAPPEN

    def __str__(self) -> str:
        said = f"{self.operation.value} by account {self.account}"
        if self.operation is Operation.ADVANCE_CLOCK:
            said = f"{self.hours:g} hours pass"
        elif self.operation is Operation.EDIT:
            relied = "without consent" if self.consent is None else f"on consent {self.consent}"
            said = f"account {self.account} edits the {self.word} of person {self.thing} {relied}"
        elif self.operation in (Operation.VIEW, Operation.SEARCH):
            said = f"publication {self.thing} is looked for on the surface {self.word}"
        elif self.word or self.thing:
            said += f" ({self.word or self.thing})"
        return f"{said}, which {self.must.value}" if self.must.value else said


@dataclass(frozen=True)
class Lived(Case):
    """A sequence of operations with what each must come to."""

    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return "; ".join(map(str, self.steps))


class Life(RuleBasedStateMachine):
    """A machine that writes down steps. ``capabilities`` are of the provider that will carry them out."""

    capabilities: Capabilities

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []

    def lived(self) -> Lived:
        """What has been drawn so far."""
        return Lived("sequence", tuple(self.steps))

    def offers(self, *operations: Operation) -> bool:
        """Whether the provider has all of these operations."""
        return self.capabilities.operations.issuperset(operations)

    def step(self, operation: Operation, **about: Any) -> None:
        self.steps.append(Step(operation, **about))


_number = st.integers(0, _MOST - 1)


@dataclass
class _Consent:
    account: int
    subject: int
    scope: str
    stands: bool = True


class Consents(Life):
    """Consents are given, used, borrowed, withdrawn and given again; only one that stands opens an edit."""

    def __init__(self) -> None:
        super().__init__()
        self.consents: list[_Consent] = []

    @rule(account=st.integers(0, 1), subject=st.integers(0, 1), scope=_number)
    def grant(self, account: int, subject: int, scope: int) -> None:
        """A person consents to an account's editing one thing of theirs."""
        if len(self.consents) < _MOST:
            word = self._scope(scope)
            self.consents.append(_Consent(account, subject, word))
            self.step(Operation.GRANT_CONSENT, account=account, thing=subject, word=word)

    @precondition(lambda self: any(consent.stands for consent in self.consents) and self.offers(Operation.REVOKE_CONSENT))
    @rule(number=_number)
    def revoke(self, number: int) -> None:
        """A consent that stands is withdrawn."""
        standing = [index for index, consent in enumerate(self.consents) if consent.stands]
        index = standing[number % len(standing)]
        self.consents[index].stands = False
        self.step(Operation.REVOKE_CONSENT, account=self.consents[index].account, thing=index)

    @precondition(lambda self: self.consents)
    @rule(number=_number)
    def use(self, number: int) -> None:
        """An edit for which a consent was given, which stands or not."""
        index = number % len(self.consents)
        consent = self.consents[index]
        self._edit(consent.account, consent.subject, consent.scope, index)

    @rule(account=st.integers(0, 1), subject=st.integers(0, 1), scope=_number, number=st.none() | _number)
    def edit(self, account: int, subject: int, scope: int, number: int | None) -> None:
        """Any edit on any consent, or on none."""
        index = None if number is None or not self.consents else number % len(self.consents)
        self._edit(account, subject, self._scope(scope), index)

    def _edit(self, account: int, subject: int, scope: str, index: int | None) -> None:
        lawful = index is not None and self.consents[index] == _Consent(account, subject, scope)
        must = Must.BE_ACCEPTED if lawful else Must.BE_REFUSED
        self.step(Operation.EDIT, account=account, thing=subject, word=scope, consent=index, must=must)

    def _scope(self, number: int) -> str:
        scopes = self.capabilities.edit_scopes
        return scopes[number % len(scopes)]


class Accounts(Life):
    """Accounts are made, verified and deleted; only a verified one that still exists publishes."""

    def __init__(self) -> None:
        super().__init__()
        self.verified: list[bool] = []
        self.deleted: list[bool] = []

    @initialize()
    def first(self) -> None:
        """There is an account to begin with."""
        self.register()

    @precondition(lambda self: len(self.verified) < _MOST)
    @rule()
    def register(self) -> None:
        """A new account."""
        self.step(Operation.REGISTER, account=len(self.verified))
        self.verified.append(False)
        self.deleted.append(False)

    @rule(number=_number)
    def verify(self, number: int) -> None:
        """An account presents an identity."""
        account = number % len(self.verified)
        if not self.verified[account] and not self.deleted[account]:
            self.verified[account] = True
            self.step(Operation.VERIFY_IDENTITY, account=account)

    @precondition(lambda self: self.offers(Operation.DELETE_ACCOUNT))
    @rule(number=_number)
    def delete(self, number: int) -> None:
        """An account is deleted; what signed it in is kept and used again."""
        account = number % len(self.verified)
        if not self.deleted[account]:
            self.deleted[account] = True
            self.step(Operation.DELETE_ACCOUNT, account=account)

    @rule(number=_number)
    def publish(self, number: int) -> None:
        """An account publishes."""
        account = number % len(self.verified)
        lawful = self.verified[account] and not self.deleted[account]
        self.step(Operation.PUBLISH, account=account, must=Must.BE_ACCEPTED if lawful else Must.BE_REFUSED)


@dataclass
class _Published:
    unlawful: bool
    upheld: bool = False
    looked_at: set[str] = field(default_factory=set)


class Publications(Life):
    """Things are published, looked at, reported and appealed about, and time passes; what was removed stays gone."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[_Published] = []

    @precondition(lambda self: len(self.published) < _MOST)
    @rule(unlawful=st.booleans())
    def publish(self, unlawful: bool) -> None:
        """Something is published, which the provider has to remove once it hears of it, or not."""
        self.step(Operation.PUBLISH, thing=len(self.published), word="unlawful" if unlawful else "")
        self.published.append(_Published(unlawful))

    @precondition(lambda self: self.published)
    @rule(number=_number, surface=st.integers(0, 9))
    def look(self, number: int, surface: int) -> None:
        """The public looks at a surface: as soon as it is published, at any time after."""
        index = number % len(self.published)
        publication = self.published[index]
        surfaces = [*self.capabilities.surfaces, *(["search"] if self.offers(Operation.SEARCH) else [])]
        word = surfaces[surface % len(surfaces)]
        # What was never seen there cannot be told from what is gone.
        if publication.upheld and word not in publication.looked_at:
            return
        publication.looked_at.add(word)
        must = Must.BE_GONE if publication.upheld else Must.BE_SEEN
        operation = Operation.SEARCH if word == "search" else Operation.VIEW
        self.step(operation, thing=index, word=word, must=must)

    @precondition(lambda self: self.published)
    @rule(number=_number)
    def report(self, number: int) -> None:
        """Somebody reports a publication, with reason or without."""
        index = number % len(self.published)
        if not self.published[index].upheld:
            self.published[index].upheld = self.published[index].unlawful
            self.step(Operation.REPORT, thing=index, word="unlawful" if self.published[index].unlawful else "")

    @precondition(lambda self: self.offers(Operation.APPEAL) and any(each.upheld for each in self.published))
    @rule(number=_number)
    def appeal(self, number: int) -> None:
        """The author of what was rightly removed appeals, in vain."""
        removed = [index for index, each in enumerate(self.published) if each.upheld]
        self.step(Operation.APPEAL, thing=removed[number % len(removed)])

    @precondition(lambda self: self.offers(Operation.ADVANCE_CLOCK) and self.published)
    @rule(hours=st.sampled_from((1.0, 25.0, 24.0 * 8)))
    def wait(self, hours: float) -> None:
        """Time passes."""
        self.step(Operation.ADVANCE_CLOCK, hours=hours)


class Agreements(Life):
    """Copies without label are asked for, with agreement and without, by several accounts."""

    @rule(account=st.integers(0, 1))
    def agree(self, account: int) -> None:
        """An account agrees to label its copy, and gets one without label."""
        self.step(Operation.GENERATE, account=account, word="agreed", must=Must.BE_ACCEPTED)

    @rule(account=st.integers(0, 1))
    def ask(self, account: int) -> None:
        """An account asks for a copy without label and agrees to nothing."""
        self.step(Operation.GENERATE, account=account, word="not agreed", must=Must.BE_REFUSED)


def said(steps: Iterable[Step]) -> str:
    """The steps as numbered lines, for evidence."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
