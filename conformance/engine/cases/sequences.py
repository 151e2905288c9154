"""A sequence of operations as a case, and the models that say what each operation must come to.

Things have numbers that stay theirs when other steps are left out, so that a sequence can be made smaller: the model
goes over what is left once more, and drops what has become impossible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ...checks.outcome import Case, Violation
from ...provider import Operation


class Must(StrEnum):
    """What an operation must come to."""

    BE_ACCEPTED = "must be accepted"
    BE_REFUSED = "must be refused"
    BE_SEEN = "must be seen"
    BE_GONE = "must be gone"
    HAPPEN = ""


@dataclass(frozen=True)
class SequenceStep:
    """One operation. ``account``, ``thing`` (a person, a publication) and ``consent`` are numbers; ``word`` is a
    scope, a surface, or what a publication is."""

    operation: Operation
    account: int = 0
    thing: int = 0
    word: str = ""
    hours: float = 0.0
    consent: int | None = None
    must: Must = Must.HAPPEN

    def __str__(self) -> str:
        return f"{self._done()}, which {self.must.value}" if self.must.value else self._done()

    def _done(self) -> str:
        who = f"account {self.account}"
        match self.operation:
            case Operation.GRANT_CONSENT:
                return f"person {self.thing} gives {who} consent {self.consent} for the {self.word}"
            case Operation.REVOKE_CONSENT:
                return f"consent {self.consent} is withdrawn"
            case Operation.EDIT:
                relied = "without consent" if self.consent is None else f"on consent {self.consent}"
                return f"{who} edits the {self.word} of person {self.thing} {relied}"
            case Operation.ADVANCE_CLOCK:
                return f"{self.hours:g} hours pass"
            case Operation.VIEW | Operation.SEARCH:
                return f"publication {self.thing} is looked for on the surface {self.word}"
            case Operation.REPORT | Operation.APPEAL:
                return f"{self.operation.value} about publication {self.thing}"
            case Operation.PUBLISH if self.word:
                return f"publication {self.thing} is made, {self.word}"
            case Operation.GENERATE:
                return f"{who} asks for a copy without label, {self.word}"
        return f"{self.operation.value} by {who}"


@dataclass(frozen=True)
class Lived(Case):
    """A sequence of operations with what each must come to."""

    steps: tuple[SequenceStep, ...] = ()

    def __str__(self) -> str:
        return "; ".join(map(str, self.steps))


class ViolationAt(Violation):
    """A violation at one step, counted from 1: what comes after it is not needed to show it."""

    def __init__(self, case: Lived, number: int, seen: str) -> None:
        super().__init__(f"{seen} at step {number} of {len(case.steps)}: {case.steps[number - 1]}")
        self.number = number


class Model:
    """What is true after the steps so far. There is a separate model for each thing that must stay closed."""

    def expect(self, step: SequenceStep) -> SequenceStep | None:
        """The step with what it must come to, and the model after it; ``None`` where it is not possible."""
        raise NotImplementedError

    def again(self, steps: Iterable[SequenceStep]) -> tuple[SequenceStep, ...]:
        """Those of ``steps`` that are possible, one after another, with what each must come to."""
        return tuple(expected for step in steps if (expected := self.expect(step)) is not None)


@dataclass
class GivenConsent:
    """A consent as the model knows it."""

    account: int
    subject: int
    scope: str
    valid: bool = True


@dataclass
class ConsentModel(Model):
    """Only a valid consent, of that person, for that thing and given to that account, opens an edit."""

    consents: dict[int, GivenConsent] = field(default_factory=dict)

    def expect(self, step: SequenceStep) -> SequenceStep | None:
        number = step.consent
        if step.operation is Operation.GRANT_CONSENT:
            if number is None or number in self.consents:
                return None
            self.consents[number] = GivenConsent(step.account, step.thing, step.word)
            return step
        if step.operation is Operation.REVOKE_CONSENT:
            given = self.consents.get(number) if number is not None else None
            if given is None or not given.valid:
                return None
            given.valid = False
            return replace(step, account=given.account)
        lawful = number is not None and self.consents.get(number) == GivenConsent(step.account, step.thing, step.word)
        return replace(step, must=Must.BE_ACCEPTED if lawful else Must.BE_REFUSED)


@dataclass
class AccountModel(Model):
    """Only an account that is verified and was not deleted publishes."""

    verified: dict[int, bool] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)

    def expect(self, step: SequenceStep) -> SequenceStep | None:
        account = step.account
        if step.operation is Operation.REGISTER:
            if account in self.verified:
                return None
            self.verified[account] = False
            return step
        if account not in self.verified:
            return None
        if step.operation is Operation.PUBLISH:
            lawful = self.verified[account] and account not in self.deleted
            return replace(step, must=Must.BE_ACCEPTED if lawful else Must.BE_REFUSED)
        if account in self.deleted or (step.operation is Operation.VERIFY_IDENTITY and self.verified[account]):
            return None
        if step.operation is Operation.DELETE_ACCOUNT:
            self.deleted.add(account)
        else:
            self.verified[account] = True
        return step


#: What a publication is: something that has to go once it is reported, or not.
UNLAWFUL, PLAIN = "unlawful", "harmless"


@dataclass
class _Published:
    unlawful: bool
    reported: bool = False
    removed: bool = False
    seen_on: set[str] = field(default_factory=set)


@dataclass
class PublicationModel(Model):
    """What was removed for good reason stays gone wherever it was seen.

    A second look at the same surface without any change in between is skipped.
    """

    published: dict[int, _Published] = field(default_factory=dict)
    #: What was looked at since anything happened last: publications and surfaces.
    looked_at: set[tuple[int, str]] = field(default_factory=set)

    def expect(self, step: SequenceStep) -> SequenceStep | None:
        if step.operation in (Operation.VIEW, Operation.SEARCH):
            return self._look(step)
        happens = self._happens(step)
        if happens is not None:
            self.looked_at.clear()
        return happens

    def _look(self, step: SequenceStep) -> SequenceStep | None:
        about = self.published.get(step.thing)
        if about is None or (step.thing, step.word) in self.looked_at:
            return None
        self.looked_at.add((step.thing, step.word))
        if not about.removed:
            about.seen_on.add(step.word)
            return replace(step, must=Must.BE_SEEN)
        # Content that was never seen there cannot be distinguished from content that is gone.
        return replace(step, must=Must.BE_GONE) if step.word in about.seen_on else None

    def _happens(self, step: SequenceStep) -> SequenceStep | None:
        if step.operation is Operation.PUBLISH:
            if step.thing in self.published:
                return None
            self.published[step.thing] = _Published(step.word == UNLAWFUL)
            return step
        if step.operation is Operation.ADVANCE_CLOCK:
            return step if self.published else None
        about = self.published.get(step.thing)
        if about is None:
            return None
        if step.operation is Operation.REPORT:
            if about.reported:
                return None
            about.reported, about.removed = True, about.unlawful
            return replace(step, word=UNLAWFUL if about.unlawful else PLAIN)
        return step if about.removed else None


AGREED, NOT_AGREED = "agreed", "not agreed"


@dataclass
class AgreementModel(Model):
    """Only a user who agreed to label it gets a copy without label; an agreement serves no other user.

    An agreement may be for one copy, or last: what who agreed before gets without saying so again is open.
    """

    agreed: set[int] = field(default_factory=set)

    def expect(self, step: SequenceStep) -> SequenceStep | None:
        if step.word == AGREED:
            self.agreed.add(step.account)
            return replace(step, must=Must.BE_ACCEPTED)
        return replace(step, must=Must.HAPPEN if step.account in self.agreed else Must.BE_REFUSED)
