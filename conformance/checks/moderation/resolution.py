"""How complaints are resolved: appeals are answered, and the process and its time limit are published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Ticket, TicketState, View
from ...provider import Capabilities, Operation, Refused
from ...report import Evidence
from ...verdict import Level
from ..labels.disclosure import publishes_page
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..pages import page_of
from ..prompted import PAIRS
from ..published import Published, gone, made_public, publish, same, seen_on, witness
from ..registry import Property, check
from ..requests import STATEMENTS
from ..scope import publishes, reads
from ..tickets import EVER, Reported, decided, decided_at_last, decided_in_favour, hours_of, one_statement, upheld
from .notices import knows_mistakes, restored

_ANSWER = r"(?:反馈|答复|回复|处理|办结|answer|respon[ds]|reply|replies|decid|decision)"
_SPAN = (
    r"(?:\d{1,6}|[一二三四五六七八九十]{1,8})\s*(?:个)?(?:工作日|小时|日|天|(?:working |business )?(?:hours?|days?))"
)
#: A limit for the answer: other limits (removal of some content) stand on such pages too.
_TIME_LIMIT_IN_WORDS = re.compile(
    rf"{_ANSWER}[^。.;；]{{0,40}}{_SPAN}|{_SPAN}[^。.;；]{{0,20}}{_ANSWER}", re.IGNORECASE
)


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS, Operation.APPEAL),
    applies=(publishes,),
    cases=one_statement,
    waits=True,
)
def appeal_is_answered(probe: Probe, case: Reported) -> None:
    """A user whose publication was removed can appeal, and is answered; an upheld appeal brings the content back."""
    published, before, ticket = _appealed(probe, case.statement)
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"the appeal is undecided after {EVER / 24:g} days")
    surface = next(iter(probe.capabilities.surfaces), "")
    if ticket.state is not TicketState.UPHELD or before is None:
        return
    if not probe.settled(lambda: same(before, seen_on(probe, published, surface), published)):
        raise Violation(f"the appeal was upheld, and the content is not back on the surface {surface}")


def _answered(probe: Probe, statement: str) -> tuple[Published, View | None, Ticket | Refused]:
    """Something that a report was upheld against, how the first surface showed it before, and its author's appeal once
    decided, if ever, or how the appeal was refused.
    """

    def appealed() -> tuple[Published, View | None, Ticket | Refused]:
        published = made_public(probe, "unlawful")
        surface = next(iter(probe.capabilities.surfaces), "") if probe.offers(Operation.VIEW) else ""
        before = seen_on(probe, published, surface) if surface else None
        upheld(probe, published)
        answer = probe.attempt(probe.provider.appeal, published.account, published.publication, statement)
        if isinstance(answer, Refused) and not answer.no_such_thing:
            return published, before, answer
        appeal = probe.declared("an appeal", answer)
        return published, before, decided_at_last(probe, published.account, appeal, founded=False)

    return probe.once(("an appeal", statement), appealed)


def _appealed(probe: Probe, statement: str) -> tuple[Published, View | None, Ticket]:
    """The same, where the appeal was taken."""
    published, before, ticket = _answered(probe, statement)
    if isinstance(ticket, Refused):
        raise Undecided(f"an appeal was refused: {ticket.status} {ticket.reason}")
    return published, before, ticket


def _takes_appeals(capabilities: Capabilities) -> Absent | None:
    """Concerns a service whose appeals can be made and followed; whether it must take any is another rule."""
    missing = {Operation.APPEAL, Operation.REPORT_STATUS} - capabilities.operations
    return Absent("no appeal can be made and followed", elsewhere=True) if missing else None


def appeal_check(
    *rules: str, cases: Callable[[Capabilities], list[Reported]] = one_statement
) -> Callable[[Property[Reported]], Property[Reported]]:
    """Register a check of the one appeal that a run makes against a removal. Other checks decide its rules too."""
    return check(
        rules=rules,
        behaviour=Behaviour.TAKEDOWN,
        needs=(Operation.PUBLISH, Operation.REPORT),
        applies=(publishes, _takes_appeals),
        cases=cases,
        waits=True,
    )


_SECOND_REMOVAL = "appeal against another removal"


def _against_removals(capabilities: Capabilities) -> list[Reported]:
    """One appeal, and above level core a second one of the same author against another removal."""
    again = capabilities.strength >= PAIRS and Operation.VIEW in capabilities.operations
    known = again and knows_mistakes(capabilities) is None
    return [*one_statement(capabilities), *([Reported(_SECOND_REMOVAL, STATEMENTS[0])] if known else [])]


@appeal_check("cn-dsp-2023/12.1", cases=_against_removals)
def appeals_are_taken(probe: Probe, case: Reported) -> None:
    """An author can appeal against a removal, and against a second one as well."""
    published, _, answer = _answered(probe, STATEMENTS[0])
    if case.facet == _SECOND_REMOVAL:
        if isinstance(answer, Refused):
            return  # which the plain case puts to a person
        answer = _another_appeal(probe, published.account)
    if isinstance(answer, Refused):
        raise NeedsReview(
            f"the {case.facet if case.facet == _SECOND_REMOVAL else 'appeal against the removal'} was refused"
            f" ({answer.status} {answer.reason} {answer.notice}); a person has to say whether its author finds another"
            " entry"
        )
    probe.counts.shared += 1


@appeal_check("cn-dsp-2023/12.3")
def appeal_is_handled(probe: Probe, case: Reported) -> None:
    """An appeal against a removal is handled and decided."""
    try:
        ticket = _appealed(probe, case.statement)[2]
    except Violation:
        raise NotJudged("no appeal is taken, which another check judges") from None
    probe.counts.shared += 1
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"the appeal is undecided after {EVER / 24:g} days")


_IN_VAIN, _WITH_SUCCESS = "an appeal against a lawful removal", "an appeal against a removal by mistake"


def _appeals(capabilities: Capabilities) -> Iterator[Case]:
    yield Case(_IN_VAIN)
    if knows_mistakes(capabilities) is None and Operation.VIEW in capabilities.operations:
        yield Case(_WITH_SUCCESS)


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS, Operation.APPEAL),
    applies=(publishes, reads(Operation.REPORT_STATUS, "reasons")),
    cases=_appeals,
    waits=True,
)
def appeal_decision_gives_reasons(probe: Probe, case: Case) -> None:
    """The decision on an appeal states its reasons, and an upheld appeal has others than a rejected one."""
    ticket = restored(probe).appeal if case.facet == _WITH_SUCCESS else _appealed(probe, STATEMENTS[0])[2]
    if ticket.state is TicketState.RECEIVED:
        raise NotJudged("the appeal is undecided")
    probe.counts.shared += 1
    if not ticket.reasons.strip():
        raise Violation(f"{case.facet} was decided ({ticket.state.value}) without reasons")
    if case.facet == _WITH_SUCCESS and ticket.state is TicketState.UPHELD:
        _reasons_differ(ticket, _appealed(probe, STATEMENTS[0])[2])


def _reasons_differ(upheld_one: Ticket, other: Ticket) -> None:
    """The reasons of opposite decisions are not the same."""
    if other.state is TicketState.REJECTED and other.reasons.strip() == upheld_one.reasons.strip():
        raise NeedsReview(
            f"an upheld appeal and a rejected one have the same reasons, {other.reasons.strip()[:200]!r}: a person has"
            " to say whether they explain both decisions"
        )


_OF_ANOTHER = "an appeal about something else"


def _other_appeals(capabilities: Capabilities) -> Iterator[Case]:
    yield Case(_IN_VAIN)
    if knows_mistakes(capabilities) is None:
        yield Case(_OF_ANOTHER)


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, _takes_appeals),
    cases=_other_appeals,
    waits=True,
)
def removed_content_outlives_other_appeals(probe: Probe, case: Case) -> None:
    """Neither an appeal in vain nor one about something else brings back what was removed after an upheld report."""
    try:
        published, before, ticket = _appealed(probe, STATEMENTS[0])
    except Violation:
        raise NotJudged("no appeal is taken, which another check judges") from None
    surface = probe.capabilities.surfaces[0]
    if before is None:
        raise Undecided(f"the surface {surface} did not show the publication before it was removed")
    probe.counts.sent += 1
    if ticket.state is TicketState.RECEIVED:
        raise Undecided("the appeal is undecided")
    if ticket.state is TicketState.UPHELD:
        return  # the service has decided otherwise
    if case.facet == _OF_ANOTHER:
        other = _another_appeal(probe, published.account)
        if isinstance(other, Refused) or other.state is not TicketState.UPHELD:
            raise NotJudged("the appeal about something else was not upheld")
    witness(probe, surface)
    if not gone(probe, published, surface, before):
        raise Violation(f"after {case.facet}, what was removed is seen again on the surface {surface}")


def _another_appeal(probe: Probe, author: Account) -> Ticket | Refused:
    """The same author's appeal, once decided, about something else that was removed by mistake, or how it was refused;
    once per run.
    """

    def appealed() -> Ticket | Refused:
        known = bool(probe.capabilities.markers.get("mistaken"))
        other = publish(probe, author, probe.some_content(author), "mistaken" if known else "unlawful")
        upheld(probe, other)
        about = probe.attempt(probe.provider.appeal, author, other.publication, STATEMENTS[2])
        return (
            about
            if isinstance(about, Refused)
            else (decided if known else decided_in_favour)(probe, author, about.value)
        )

    return probe.once("an appeal about something else", appealed)


#: Days after a decision on which an appeal is made: fewer than those of any six months.
_SIX_MONTHS = 178


def _has_clock(capabilities: Capabilities) -> Absent | None:
    if Operation.ADVANCE_CLOCK in capabilities.operations:
        return None
    return Absent("the binding has no operation advance_clock, and six months cannot be waited for", elsewhere=True)


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS, Operation.APPEAL),
    applies=(publishes, _has_clock),
    cases=lambda capabilities: [Case("almost six months later")],
    waits=True,
)
def appeals_are_taken_for_six_months(probe: Probe, case: Case) -> None:
    """An author can appeal against a removal for six months after the decision."""
    published = made_public(probe, "unlawful")
    upheld(probe, published)
    # An appeal that is made at once is the control.
    _appealed(probe, STATEMENTS[0])
    probe.wait("for almost six months to pass", 24.0 * _SIX_MONTHS)
    answer = probe.attempt(probe.provider.appeal, published.account, published.publication, STATEMENTS[0])
    if isinstance(answer, Refused):
        renewed = probe.setup(probe.provider.sign_in, published.account) if probe.offers(Operation.SIGN_IN) else None
        if renewed is not None:
            answer = probe.attempt(probe.provider.appeal, renewed, published.publication, STATEMENTS[0])
    if isinstance(answer, Refused):
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NotJudged(f"the session of the author has expired: {answer.reason[:120]}")
        raise Violation(
            f"{_SIX_MONTHS} days after the removal an appeal is refused: {answer.status} {answer.reason[:120]}"
        )


@check(
    rules=("cn-dsp-2023/12.2",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("complaints", required=True),),
    cases=lambda capabilities: [Case("complaints")],
)
def complaint_process_is_published(probe: Probe, case: Case) -> None:
    """The complaint process is published together with its time limit."""
    page = page_of(probe, "complaints", "the page on complaints")
    if not page.text.strip():
        raise Violation("the page on complaints is empty")
    written = page.fields.get("time_limit_hours", "")
    if hours_of(written) is None and not _TIME_LIMIT_IN_WORDS.search(page.text):
        shown = Evidence(title="The page `complaints`", data=page.text[:800])
        raise NeedsReview(
            f"the page on complaints names no time limit for the answer that is recognised (time_limit_hours is"
            f" {written!r}): it has to be read",
            shown,
        )
