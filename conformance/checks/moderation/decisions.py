"""Decisions on reports: every report gets one, within the published time, with reasons, and its reporter sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, ReportRequest, Ticket, TicketState
from ...provider import Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Violation
from ..published import harmless, made_public
from ..registry import check
from ..scope import publishes, reads
from ..tickets import (
    EVER,
    Reported,
    decided,
    decided_at_last,
    decides_by_itself,
    has_moderator,
    kind_of_report,
    one_statement,
    published_limit,
    report_of,
    status_of,
    taken,
    upheld,
    usual_kind,
)


@check(
    rules=("cn-dsp-2023/12.3", "eu-dsa/16.5"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS),
    applies=(publishes,),
    cases=lambda capabilities: _reports(capabilities),
    waits=True,
)
def report_is_decided(probe: Probe, case: ByWhom) -> None:
    """Every report is decided, and the reporter can see the decision."""
    founded = case.facet.startswith("well")
    published = made_public(probe, "unlawful") if founded else harmless(probe)
    request = report_of(published, case.kind or kind_of_report(probe))
    if case.facet == _SECOND:
        _second_is_decided(probe, request)
        return
    reporter = probe.reporter() if case.signed_in else None
    if reporter is None:
        answer = probe.attempt(probe.provider.report, None, request)
        if isinstance(answer, Refused):
            raise NotJudged(f"a report without an account is refused: {answer.status} {answer.reason}")
        ticket = answer.value
    else:
        ticket = taken(probe, request)
    decide = _decided_like_others if case.kind and has_moderator(probe) else decided_at_last
    if decide(probe, reporter, ticket, founded=founded).state is TicketState.RECEIVED:
        raise Violation(f"{case} is undecided after {EVER / 24:g} days")


def _decided_like_others(probe: Probe, reporter: Account | None, ticket: Ticket, *, founded: bool) -> Ticket:
    """The ticket once decided. The moderator decides only if the target does not decide usual reports automatically."""
    ticket = decided(probe, reporter, ticket)
    if ticket.state is TicketState.RECEIVED and not decides_by_itself(probe):
        return decided_at_last(probe, reporter, ticket, founded=founded)
    return ticket


def _second_is_decided(probe: Probe, request: ReportRequest) -> None:
    """Another account reports a publication whose first report was already handled."""
    first = decided(probe, probe.reporter(), taken(probe, request))
    other = probe.another_account()
    answer = probe.attempt(probe.provider.report, other, request)
    if isinstance(answer, Refused):
        raise NotJudged(f"a second report of one publication is refused: {answer.status} {answer.reason}")
    if first.state is not TicketState.RECEIVED:
        second = decided(probe, other, answer.value)
    else:
        second = decided_at_last(probe, other, answer.value, founded=False)
    if second.state is TicketState.RECEIVED:
        raise Violation(f"a second report of one publication, by another user, is undecided after {EVER / 24:g} days")


#: The facet of a report of what another user reported before.
_SECOND = "second report"


@dataclass(frozen=True)
class ByWhom(Case):
    """A report, by whom it is made, and under which kind if not the usual one."""

    kind: str = ""
    signed_in: bool = True

    def __str__(self) -> str:
        kind = f" of kind {self.kind}" if self.kind else ""
        return f"{_one(self.facet)}{kind}{'' if self.signed_in else ' by a person without an account'}"


def _one(report: str) -> str:
    """With its article: a well-founded report, an unfounded report."""
    return f"{'an' if report.startswith('u') else 'a'} {report}"


def _reports(capabilities: Capabilities) -> Iterator[ByWhom]:
    for facet in ("well-founded report", "unfounded report"):
        yield ByWhom(facet)
        yield ByWhom(facet, signed_in=False)
    yield ByWhom(_SECOND)
    for kind in capabilities.report_kinds:
        if kind != usual_kind(capabilities):
            yield ByWhom("unfounded report", kind)


@check(
    rules=("cn-dsp-2023/12.3",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(
        Operation.PUBLISH,
        Operation.REPORT,
        Operation.REPORT_STATUS,
        Operation.DISCLOSURES,
    ),
    applies=(publishes,),
    cases=lambda capabilities: [each for each in _reports(capabilities) if each.signed_in and each.facet != _SECOND],
    waits=True,
)
def published_time_limit_is_kept(probe: Probe, case: ByWhom) -> None:
    """Reports are decided within the time limit that the provider publishes."""
    probe.must_read(Operation.DISCLOSURES, "fields", "the published time limit", topic="complaints")
    limit = published_limit(probe)
    if limit is None:
        raise NeedsReview(
            "the provider publishes no time limit in hours that its decisions could keep: a person has to say whether"
            " reports are decided in time"
        )
    published = made_public(probe, "unlawful") if case.facet.startswith("well") else harmless(probe)
    # Shared accounts are replaced once time has passed, and only its reporter can read a ticket.
    reporter = probe.reporter()
    ticket = status_of(probe, reporter, taken(probe, report_of(published, case.kind or kind_of_report(probe))))
    if ticket.state is TicketState.RECEIVED:
        probe.wait("for the published time limit to pass", limit)
        seen = [ticket]

        def is_decided() -> bool:
            seen.append(status_of(probe, reporter, ticket))
            return seen[-1].state is not TicketState.RECEIVED

        probe.settled(is_decided)
        ticket = seen[-1]
    if ticket.state is TicketState.RECEIVED:
        late = f"{case} is undecided after the published {limit:g} hours"
        if has_moderator(probe) and decided(probe, reporter, ticket).state is TicketState.RECEIVED:
            raise NeedsReview(
                f"{late}: nothing is decided without people in the test environment; a person has to judge"
            )
        raise Violation(late)


def _authors_take_down(capabilities: Capabilities) -> Absent | None:
    if Operation.UNPUBLISH in capabilities.operations:
        return None
    return Absent("the binding has no operation unpublish", elsewhere=True)


@check(
    rules=("cn-dsp-2023/12.3",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.UNPUBLISH, Operation.REPORT, Operation.REPORT_STATUS),
    applies=(publishes, _authors_take_down),
    cases=lambda capabilities: [Case("taken down by its author")],
)
def ticket_outlives_the_publication(probe: Probe, case: Case) -> None:
    """The reporter can still read the ticket after the author takes the publication down."""
    published, reporter = made_public(probe, None), probe.reporter()
    ticket = taken(probe, report_of(published, kind_of_report(probe)))
    probe.control(probe.provider.report_status, reporter, ticket)
    probe.setup(probe.provider.unpublish, published.account, published.publication)
    answer = probe.attempt(probe.provider.report_status, reporter, ticket)
    if isinstance(answer, Refused):
        raise Violation(
            f"the author took the publication down, and its reporter reads the ticket no more: {answer.status}"
            f" {answer.reason[:120]}"
        )


@check(
    rules=("eu-dsa/17",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes, reads(Operation.REPORT_STATUS, "reasons")),
    cases=one_statement,
    waits=True,
)
def decision_gives_reasons(probe: Probe, case: Reported) -> None:
    """A decision to remove content states its reasons."""
    ticket = upheld(probe, made_public(probe, "unlawful"))
    probe.counts.shared += 1
    if not ticket.reasons.strip():
        raise Violation("the report was upheld without reasons")
