"""The state machines that draw sequences of operations; what each operation must come to is the model's to say.

A sequence that was drawn is a case like any other: it is carried out from its start, judged, repeated and made small.
Each machine is for one rule: what else goes wrong on the way ends the sequence without a verdict, since a check of
its own judges that.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ...provider import Capabilities, Operation
from .sequences import (
    AGREED,
    NOT_AGREED,
    PLAIN,
    UNLAWFUL,
    AccountModel,
    AgreementModel,
    ConsentModel,
    GivenConsent,
    Lived,
    Model,
    PublicationModel,
    SequenceStep,
)

#: Accounts, consents and publications in one sequence: few, so that operations meet.
_number = st.integers(0, 2)
_pair = st.integers(0, 1)
#: The number of a consent that was never given.
_NOBODYS = 3
_surface = st.integers(0, 11)


class Life(RuleBasedStateMachine):
    """A machine that writes down steps. ``capabilities`` are of the provider that will carry them out."""

    capabilities: Capabilities
    model: type[Model]

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[SequenceStep] = []
        self._model = self.model()

    def lived(self) -> Lived:
        """What has been drawn so far."""
        return Lived("sequence", tuple(self.steps))

    def offers(self, *operations: Operation) -> bool:
        """Whether the provider has all of these operations."""
        return self.capabilities.operations.issuperset(operations)

    def do(self, step: SequenceStep) -> None:
        """Write the step down if it is possible."""
        expected = self._model.expect(step)
        if expected is not None:
            self.steps.append(expected)


class Consents(Life):
    """Consents are given, used, borrowed, withdrawn and given again."""

    model = ConsentModel

    @initialize(account=_pair, person=_pair, scope=_number)
    def first(self, account: int, person: int, scope: int) -> None:
        """There is a consent to begin with."""
        self.grant(account, person, scope, 0)

    @rule(account=_pair, person=_pair, scope=_number, consent=_number)
    def grant(self, account: int, person: int, scope: int, consent: int) -> None:
        """A person consents to an account's editing one thing of theirs."""
        self.do(SequenceStep(Operation.GRANT_CONSENT, account, person, self._scope(scope), consent=consent))

    @precondition(lambda self: self.offers(Operation.REVOKE_CONSENT))
    @rule(consent=_number)
    def revoke(self, consent: int) -> None:
        """A consent is withdrawn."""
        self.do(SequenceStep(Operation.REVOKE_CONSENT, consent=self._number_of(consent)))

    @rule(consent=_number)
    def use(self, consent: int) -> None:
        """The edit that a consent is for, whether the consent is valid or not."""
        number = self._number_of(consent)
        given = self._consents[number]
        self.do(SequenceStep(Operation.EDIT, given.account, given.subject, given.scope, consent=number))

    @precondition(lambda self: self.offers(Operation.REVOKE_CONSENT))
    @rule(consent=_number)
    def use_before_and_after(self, consent: int) -> None:
        """A consent is used, withdrawn and used again."""
        self.use(consent)
        self.revoke(consent)
        self.use(consent)

    @rule(consent=_number, change=st.sampled_from(("account", "person", "scope", "unknown", "none")))
    def use_otherwise(self, consent: int, change: str) -> None:
        """The edit that a consent is for with one thing changed, so that it is for no such edit."""
        number = self._number_of(consent)
        given = self._consents[number]
        account = 1 - given.account if change == "account" else given.account
        person = 1 - given.subject if change == "person" else given.subject
        others = [scope for scope in self.capabilities.edit_scopes if scope != given.scope]
        scope = others[0] if change == "scope" and others else given.scope
        relied = {"unknown": _NOBODYS, "none": None}.get(change, number)
        self.do(SequenceStep(Operation.EDIT, account, person, scope, consent=relied))

    @property
    def _consents(self) -> dict[int, GivenConsent]:
        assert isinstance(self._model, ConsentModel)  # noqa: S101 - what `model` made
        return self._model.consents

    def _number_of(self, drawn: int) -> int:
        """One of the consents that were given."""
        given = sorted(self._consents)
        return given[drawn % len(given)]

    def _scope(self, number: int) -> str:
        scopes = self.capabilities.edit_scopes
        return scopes[number % len(scopes)]


class Accounts(Life):
    """Accounts are made, verified and deleted, and publish."""

    model = AccountModel

    @initialize()
    def first(self) -> None:
        """There is an account to begin with."""
        self.do(SequenceStep(Operation.REGISTER, 0))

    @rule(account=_number)
    def register(self, account: int) -> None:
        """A new account."""
        self.do(SequenceStep(Operation.REGISTER, account))

    @rule(account=_number)
    def verify(self, account: int) -> None:
        """An account presents an identity."""
        self.do(SequenceStep(Operation.VERIFY_IDENTITY, account))

    @precondition(lambda self: self.offers(Operation.DELETE_ACCOUNT))
    @rule(account=_number)
    def delete(self, account: int) -> None:
        """An account is deleted; what signed it in is kept and used again."""
        self.do(SequenceStep(Operation.DELETE_ACCOUNT, account))

    @rule(account=_number)
    def publish(self, account: int) -> None:
        """An account publishes."""
        self.do(SequenceStep(Operation.PUBLISH, account))


class Publications(Life):
    """Things are published, looked at, reported and appealed about, and time passes."""

    model = PublicationModel

    @initialize(surface=_surface)
    def first(self, surface: int) -> None:
        """There is content that must be removed, and it was seen."""
        self.publish(0, UNLAWFUL)
        self._look(0, surface)

    @rule(thing=_number, word=st.sampled_from((UNLAWFUL, UNLAWFUL, PLAIN)))
    def publish(self, thing: int, word: str) -> None:
        """Something is published, which the provider has to remove once it hears of it, or not."""
        self.do(SequenceStep(Operation.PUBLISH, thing=thing, word=word))

    @rule(thing=_number, surface=_surface)
    def look(self, thing: int, surface: int) -> None:
        """The public looks at a surface."""
        self._look(thing, surface)

    @rule(thing=_number)
    def look_before_and_after(self, thing: int) -> None:
        """The public looks everywhere, a user reports, and the public looks again."""
        for surface in range(len(self._surfaces)):
            self._look(thing, surface)
        self.report(thing)
        for surface in range(len(self._surfaces)):
            self._look(thing, surface)

    @rule(thing=_number)
    def report(self, thing: int) -> None:
        """A user reports a publication, with reason or without."""
        self.do(SequenceStep(Operation.REPORT, thing=self._existing(thing)))

    @precondition(lambda self: self.offers(Operation.APPEAL))
    @rule(thing=_number)
    def appeal(self, thing: int) -> None:
        """The author of what was rightly removed appeals, in vain."""
        self.do(SequenceStep(Operation.APPEAL, thing=self._existing(thing)))

    @precondition(lambda self: self.offers(Operation.ADVANCE_CLOCK))
    @rule(hours=st.sampled_from((1.0, 25.0, 24.0 * 8)))
    def wait(self, hours: float) -> None:
        """Time passes."""
        self.do(SequenceStep(Operation.ADVANCE_CLOCK, hours=hours))

    def _look(self, thing: int, surface: int) -> None:
        word = self._surfaces[surface % len(self._surfaces)]
        operation = Operation.SEARCH if word == "search" else Operation.VIEW
        self.do(SequenceStep(operation, thing=self._existing(thing), word=word))

    @property
    def _surfaces(self) -> list[str]:
        return [*self.capabilities.surfaces, *(["search"] if self.offers(Operation.SEARCH) else [])]

    def _existing(self, drawn: int) -> int:
        """One of the publications there are."""
        assert isinstance(self._model, PublicationModel)  # noqa: S101 - what `model` made
        there = sorted(self._model.published)
        return there[drawn % len(there)]


class Agreements(Life):
    """Several accounts request copies without a label, with and without an agreement."""

    model = AgreementModel

    @rule(account=_pair)
    def agree(self, account: int) -> None:
        """An account agrees to label its copy, and gets one without label."""
        self.do(SequenceStep(Operation.GENERATE, account, word=AGREED))

    @rule(account=_pair)
    def ask(self, account: int) -> None:
        """An account asks for a copy without label and agrees to nothing."""
        self.do(SequenceStep(Operation.GENERATE, account, word=NOT_AGREED))
