"""What no order of operations may open: sequences that a state machine draws, carried out and judged.

A sequence also contains requests that must be accepted: without one, its refusals show nothing, and it ends with
one. What goes otherwise than the model expects and is another rule's matter ends the sequence without a verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour

from ..engine.cases.sequences import (
    AGREED,
    NOT_AGREED,
    UNLAWFUL,
    AccountModel,
    AgreementModel,
    ConsentModel,
    Lived,
    Model,
    Must,
    PublicationModel,
    SequenceStep,
    ViolationAt,
)
from ..engine.probing.probe import Probe
from ..entities import Account, Consent, Content, EditRequest, GenerationRequest, Subject, TicketState, View
from ..provider import Accepted, Capabilities, Operation, Refused
from ..verdict import Level
from .identity.consent import Edit, edit_request, must_send_consent
from .labels.copies import made_under_agreement
from .outcome import NotJudged, Undecided
from .prompted import decoded, labels_of_its_own
from .published import Published, after_settling, gone, made_public, seen_on, witness
from .registry import check
from .requests import PLAIN
from .scope import edits_persons, gives_unlabelled_copies, makes_anything, makes_text, publishes, texts
from .tickets import decided, decided_at_last, kind_of_report, report_of

if TYPE_CHECKING:
    from ..engine.cases.lifecycle import Life

Op = Operation
#: A consent that was never given.
_INVENTED = "consent-of-nobody"


def _machine(name: str) -> Callable[[], type[Life]]:
    """The machine of that name, loaded when something is drawn: Hypothesis takes its time."""

    def load() -> type[Life]:
        from ..engine.cases import lifecycle

        machine: type[Life] = getattr(lifecycle, name)
        return machine

    return load


def _lived(model: Model, *steps: SequenceStep) -> list[Lived]:
    """The one enumerated sequence of a check."""
    return [Lived("sequence", model.again(steps))]


# --- consents ------------------------------------------------------------------------------------------------


def _withdrawn_and_borrowed(capabilities: Capabilities) -> list[Lived]:
    scope = capabilities.edit_scopes[0]
    return _lived(
        ConsentModel(),
        SequenceStep(Op.GRANT_CONSENT, 0, 0, scope, consent=0),
        SequenceStep(Op.EDIT, 0, 0, scope, consent=0),
        SequenceStep(Op.EDIT, 1, 0, scope, consent=0),
        SequenceStep(Op.GRANT_CONSENT, 0, 1, scope, consent=1),
        SequenceStep(Op.EDIT, 0, 1, scope, consent=0),
        *([SequenceStep(Op.REVOKE_CONSENT, consent=0)] if Op.REVOKE_CONSENT in capabilities.operations else []),
        SequenceStep(Op.EDIT, 0, 0, scope, consent=1),
    )


@dataclass
class _Consents:
    probe: Probe
    accounts: list[Account]
    subjects: list[Subject]
    consents: dict[int, Consent] = field(default_factory=dict)
    #: The account that each consent was given to, by the consent's id.
    owners: dict[str, Account] = field(default_factory=dict)
    accepted: int = 0


@check(
    rules=("cn-dsp-2023/14.2",),
    behaviour=Behaviour.CONSENT,
    level=Level.EXTENDED,
    needs=(Op.EDIT, Op.GRANT_CONSENT),
    applies=(edits_persons,),
    cases=_withdrawn_and_borrowed,
    machine=_machine("Consents"),
)
def no_sequence_opens_an_edit(probe: Probe, case: Lived) -> None:
    """After any sequence of giving, using, borrowing and revoking consents, an edit needs a valid, matching one."""
    if probe.provider.ready_made.consents:
        raise Undecided("supplied consents would be used up", lasting=True)
    life = _Consents(probe, [probe.fresh_account(), probe.another_account()], [probe.subject(0), probe.subject(1)])
    for number, step in enumerate(case.steps, 1):
        if step.operation is Op.GRANT_CONSENT:
            owner = life.accounts[step.account]
            given = probe.consent(owner, life.subjects[step.thing], step.word)
            life.consents[step.consent or 0], life.owners[given.id] = given, owner
        elif step.operation is Op.REVOKE_CONSENT:
            probe.setup(probe.provider.revoke_consent, life.accounts[step.account], life.consents[step.consent or 0])
        elif step.operation is Op.EDIT:
            _edit(life, case, number, step)
    if not life.accepted:
        account, subject, scope = life.accounts[0], life.subjects[0], probe.capabilities.edit_scopes[0]
        request = edit_request(Edit(scope, scope, "让这个人微笑"), subject, probe.consent(account, subject, scope))
        probe.control(probe.provider.edit, account, request)


def _edit(life: _Consents, case: Lived, number: int, step: SequenceStep) -> None:
    subject = life.subjects[step.thing]
    consent = None if step.consent is None else life.consents.get(step.consent, Consent(_INVENTED, subject, step.word))
    request = edit_request(Edit(step.word, step.word, "让这个人微笑"), subject, consent)
    account = life.accounts[step.account]
    if step.must is Must.BE_ACCEPTED:
        life.probe.control(life.probe.provider.edit, account, request)
        life.accepted += 1
        return
    _must_say_what_differs(life, consent, account, request)
    if isinstance(life.probe.attempt(life.probe.provider.edit, account, request), Accepted):
        raise ViolationAt(case, number, "accepted")


def _must_say_what_differs(life: _Consents, consent: Consent | None, account: Account, request: EditRequest) -> None:
    """Raise :class:`Undecided` for an edit that is unlawful only by who asks, or by whose face it is, where no request
    says who or whose.
    """
    if consent is None or consent.id not in life.owners:
        return
    probe, owner = life.probe, life.owners[consent.id]
    if (consent.subject, consent.scope) != (request.subject, request.scope):
        must_send_consent(probe, owner, (request.subject, request.scope), (consent.subject, consent.scope))
        if consent.scope == request.scope:
            probe.must_differ(
                lambda provider: provider.edit(account, request),
                lambda provider: provider.edit(account, replace(request, subject=consent.subject)),
                "whose face or voice is edited",
                write="`{{ request.subject.id }}` under operations.edit",
            )
    elif owner != account:
        probe.must_send_account(Op.EDIT, account, owner, request)
        probe.must_send_account(Op.GRANT_CONSENT, account, owner, request.subject, request.scope, "I agree. [test]")


# --- accounts ------------------------------------------------------------------------------------------------


def _deleted_and_others(capabilities: Capabilities) -> list[Lived]:
    return _lived(
        AccountModel(),
        SequenceStep(Op.REGISTER, 0),
        SequenceStep(Op.PUBLISH, 0),
        SequenceStep(Op.PUBLISH, 0),  # a refusal must not open the next attempt
        SequenceStep(Op.VERIFY_IDENTITY, 0),
        SequenceStep(Op.PUBLISH, 0),
        *(
            [SequenceStep(Op.DELETE_ACCOUNT, 0), SequenceStep(Op.PUBLISH, 0)]
            if Op.DELETE_ACCOUNT in capabilities.operations
            else []
        ),
    )


@check(
    rules=("cn-dsp-2023/9.2",),
    behaviour=Behaviour.REAL_NAME,
    level=Level.EXTENDED,
    needs=(Op.REGISTER, Op.VERIFY_IDENTITY, Op.PUBLISH),
    applies=(publishes,),
    cases=_deleted_and_others,
    machine=_machine("Accounts"),
)
def no_sequence_publishes_unverified(probe: Probe, case: Lived) -> None:
    """After any sequence of creating, verifying and deleting accounts, only verified, existing accounts publish."""
    accounts: dict[int, Account] = {}
    contents: dict[int, Content] = {}
    accepted = 0
    for number, step in enumerate(case.steps, 1):
        if step.operation is Op.REGISTER:
            accounts[step.account] = probe.registered()
            continue
        account = accounts[step.account]
        if step.operation is Op.VERIFY_IDENTITY:
            probe.verify(account)
        elif step.operation is Op.DELETE_ACCOUNT:
            # What is published afterwards was made before: a deleted account makes nothing any more.
            contents[step.account] = _something(probe, account)
            probe.setup(probe.provider.delete_account, account)
        elif step.must is Must.BE_ACCEPTED:
            probe.control(probe.provider.publish, account, _something(probe, account), f"a lake {probe.names.token()}")
            accepted += 1
        else:
            content = contents.get(step.account) or _something(probe, account)
            probe.must_send_account(Op.PUBLISH, account, None, content, "a lake")
            answer = probe.attempt(probe.provider.publish, account, content, f"a lake {probe.names.token()}")
            if isinstance(answer, Accepted):
                raise ViolationAt(case, number, "accepted")
    if not accepted:
        account = probe.fresh_account()
        probe.control(probe.provider.publish, account, probe.some_content(account), f"a lake {probe.names.token()}")


def _something(probe: Probe, account: Account) -> Content:
    """What the account makes, or a verified one in its place where it may make nothing."""
    return probe.own_content(account) or probe.some_content(probe.account())


# --- publications --------------------------------------------------------------------------------------------


def _looked_at_and_removed(capabilities: Capabilities) -> list[Lived]:
    """Seen on every surface before and after, at once and later."""
    look = [SequenceStep(Op.VIEW, word=surface) for surface in capabilities.surfaces]
    later = [SequenceStep(Op.ADVANCE_CLOCK, hours=25.0), *look] if Op.ADVANCE_CLOCK in capabilities.operations else []
    return _lived(
        PublicationModel(), SequenceStep(Op.PUBLISH, word=UNLAWFUL), *look, SequenceStep(Op.REPORT), *look, *later
    )


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Op.PUBLISH, Op.VIEW, Op.REPORT),
    applies=(publishes,),
    cases=_looked_at_and_removed,
    machine=_machine("Publications"),
    waits=True,
)
def no_sequence_brings_back_what_was_removed(probe: Probe, case: Lived) -> None:
    """After any sequence of requests, rightly removed content stays gone from every surface."""
    published: dict[int, Published] = {}
    before: dict[tuple[int, str], View] = {}
    for number, step in enumerate(case.steps, 1):
        if step.operation is Op.PUBLISH:
            published[step.thing] = made_public(probe, UNLAWFUL if step.word == UNLAWFUL else None, picture=True)
            continue
        if step.operation is Op.ADVANCE_CLOCK:
            probe.wait("between the operations of a sequence", step.hours)
            continue
        about = published[step.thing]
        if step.operation is Op.REPORT:
            if step.word == UNLAWFUL:
                for surface in {word for thing, word in before if thing == step.thing}:
                    witness(probe, surface)
            ticket = probe.setup(probe.provider.report, probe.reporter(), report_of(about, kind_of_report(probe)))
            state = decided_at_last(probe, probe.reporter(), ticket, founded=step.word == UNLAWFUL).state
            if (state is TicketState.UPHELD) != (step.word == UNLAWFUL):
                raise NotJudged(f"a report was decided differently from what the test content requires ({state.value})")
        elif step.operation is Op.APPEAL:
            appeal = probe.observe(probe.provider.appeal, about.account, about.publication, "Please look again. [test]")
            if isinstance(appeal, Accepted) and decided(probe, about.account, appeal.value).state is TicketState.UPHELD:
                raise NotJudged("the appeal was upheld, so the publication may be visible again")
        else:
            _look(probe, case, number, about, before)
    if any(step.must is Must.BE_GONE for step in case.steps):
        probe.counts.shared += 1


def _look(probe: Probe, case: Lived, number: int, about: Published, before: dict[tuple[int, str], View]) -> None:
    step = case.steps[number - 1]
    seen = seen_on(probe, about, step.word)
    key = (step.thing, step.word)
    if step.must is Must.BE_SEEN:
        if seen is None or (seen.media is None and not seen.text):
            raise NotJudged(f"the publication does not appear on the surface {step.word}, which another check judges")
        before.setdefault(key, seen)
        probe.counts.controls += 1
    elif key in before and not gone(probe, about, step.word, before[key]):
        raise ViolationAt(case, number, f"still seen{after_settling(probe)}")


# --- agreements ----------------------------------------------------------------------------------------------


@check(
    rules=("cn-labeling-2025/9.1",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Op.GENERATE,),
    applies=(makes_anything, makes_text, gives_unlabelled_copies),
    cases=lambda capabilities: _lived(
        AgreementModel(),
        SequenceStep(Op.GENERATE, 0, word=AGREED),
        SequenceStep(Op.GENERATE, 1, word=NOT_AGREED),
        SequenceStep(Op.GENERATE, 0, word=NOT_AGREED),
    ),
    machine=_machine("Agreements"),
)
def no_sequence_frees_from_the_agreement(probe: Probe, case: Lived) -> None:
    """After any sequence of requests, only an account that agreed gets a copy without a label."""
    accounts = [probe.fresh_account(), probe.another_account()]
    service, media_type = texts(probe.capabilities)[0]
    agreed = GenerationRequest(service, media_type, PLAIN, labelled=False, agreed=True)
    bare = GenerationRequest(service, media_type, PLAIN, labelled=False, agreed=False)
    accepted = 0
    for number, step in enumerate(case.steps, 1):
        account = accounts[step.account]
        if step.must is Must.BE_ACCEPTED:
            made_under_agreement(probe, account, agreed)
            accepted += 1
            continue
        if step.must is Must.HAPPEN:
            probe.observe(probe.provider.generate, account, bare)
            continue
        answer = probe.attempt(probe.provider.generate, account, bare)
        if isinstance(answer, Refused):
            continue
        text = decoded(probe.bytes_of(account, answer.value))
        if not labels_of_its_own(text, PLAIN):
            probe.must_send_account(Op.GENERATE, accounts[0], accounts[1], bare)
            raise ViolationAt(case, number, "a text without a label was delivered")
    if not accepted:
        made_under_agreement(probe, accounts[0], agreed)
