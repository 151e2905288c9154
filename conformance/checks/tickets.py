"""Reports and their tickets: what a reporter writes, what is decided on it, and within which time.

A report of content that is marked as unlawful is well-founded, a report of other content is not (:mod:`.published`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..engine.probing.probe import Probe
from ..entities import Account, ReportRequest, Ticket, TicketState
from ..provider import Accepted, Capabilities, Operation, Refused
from .outcome import Case, NotJudged, Undecided
from .pages import must_name_topic
from .published import Published, harmless
from .requests import STATEMENTS, input_class, statements

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Time limits end here: a provider that has not decided a report after this many hours decides none.
EVER = 30 * 24.0


@dataclass(frozen=True)
class Reported(Case):
    """What a reporter writes, and under which kind it is reported if not under the usual one."""

    statement: str
    kind: str = ""

    def __str__(self) -> str:
        shown = self.statement if len(self.statement) <= 80 else f"{self.statement[:60]}…"
        kind = f" of kind {self.kind}" if self.kind else ""
        return f"{self.facet}{kind}, statement {shown!r}"

    def combination(self) -> dict[str, str]:
        return {"report kind": self.kind or "usual", "input": input_class(self.statement)}


def enumerated_statements(capabilities: Capabilities) -> list[Reported]:
    """Some statements, the plainest first."""
    return [Reported("report", statement) for statement in STATEMENTS[:3]]


def statements_and_kinds(capabilities: Capabilities) -> list[Reported]:
    """Some statements, then a report of each other kind that is declared."""
    usual = usual_kind(capabilities)
    kinds = [kind for kind in capabilities.report_kinds if kind != usual]
    return enumerated_statements(capabilities) + [Reported("report", STATEMENTS[0], kind) for kind in kinds]


def drawn_statements(capabilities: Capabilities) -> SearchStrategy[Reported]:
    """Statements as Hypothesis draws them."""
    return statements().map(lambda statement: Reported("report", statement))


def one_statement(capabilities: Capabilities) -> list[Reported]:
    """Only the plainest statement, for checks in which the words do not matter."""
    return [Reported("report", STATEMENTS[0])]


def report_of(published: Published, kind: str, statement: str = STATEMENTS[0]) -> ReportRequest:
    """A report of ``kind`` that has all that the law asks of one."""
    plain = ReportRequest(published.publication, kind, statement, contact=f"reporter-{published.token}@example.org")
    if kind == "intimate":
        return replace(plain, signature="Wang Fang", good_faith=True)
    return plain


def usual_kind(capabilities: Capabilities) -> str:
    """The kind under which unlawful content is reported."""
    return capabilities.usual_report_kind


def kind_of_report(probe: Probe) -> str:
    """The kind under which unlawful content is reported to this provider."""
    return usual_kind(probe.capabilities)


def _reported(probe: Probe, published: Published) -> Ticket:
    request = report_of(published, kind_of_report(probe))
    return probe.setup(probe.provider.report, probe.reporter(), request)


def status_of(probe: Probe, account: Account | None, ticket: Ticket) -> Ticket:
    """The ticket in its present state; the ticket itself if no status can be queried."""
    if not probe.offers(Operation.REPORT_STATUS):
        return ticket
    answer = probe.observe(probe.provider.report_status, account, ticket)
    if isinstance(answer, Refused):
        raise Undecided(f"the status of the report was refused: {answer.status} {answer.reason}")
    return answer.value


def decided(probe: Probe, account: Account | None, ticket: Ticket) -> Ticket:
    """The ticket once decided, time passing as far as :data:`EVER`; still received where it never is."""
    if not probe.offers(Operation.REPORT_STATUS) and ticket.state is TicketState.RECEIVED:
        raise Undecided("no response shows the decision on a report: bind report_status", lasting=True)
    states = [status_of(probe, account, ticket)]
    if states[-1].state is not TicketState.RECEIVED:
        return states[-1]

    def is_decided() -> bool:
        states.append(status_of(probe, account, states[-1]))
        return states[-1].state is not TicketState.RECEIVED

    # A target may decide by the real clock, so it also gets the declared settling time.
    if probe.offers(Operation.ADVANCE_CLOCK) or not probe.settled(is_decided):
        probe.wait("for the decision on a report", EVER)
        probe.settled(is_decided)
    return states[-1]


def upheld(probe: Probe, published: Published) -> Ticket:
    """A well-founded report of it that was upheld: what removal, reasons and appeal build on."""
    reporter = probe.reporter()
    ticket = decided_in_favour(probe, reporter, _reported(probe, published))
    if ticket.state is not TicketState.UPHELD:
        raise Undecided(f"a well-founded report was not upheld (it is {ticket.state.value})")
    return ticket


def decided_in_favour(probe: Probe, reporter: Account | None, ticket: Ticket) -> Ticket:
    """The ticket of a well-founded report once decided: by the moderator of the test environment where there is one."""
    return _decided_by_moderator(probe, reporter, ticket, founded=True) or decided(probe, reporter, ticket)


def decided_against(probe: Probe, reporter: Account | None, ticket: Ticket) -> Ticket:
    """The ticket of an unfounded report once decided: by the moderator of the test environment where there is one."""
    return _decided_by_moderator(probe, reporter, ticket, founded=False) or decided(probe, reporter, ticket)


def decided_at_last(probe: Probe, reporter: Account | None, ticket: Ticket, *, founded: bool) -> Ticket:
    """The ticket once decided. If it stays undecided, the moderator of the test environment decides it: there,
    no staff handle reports.
    """
    if has_moderator(probe) and not probe.offers(Operation.ADVANCE_CLOCK):
        by_itself = status_of(probe, reporter, ticket)
    else:
        by_itself = decided(probe, reporter, ticket)
    if by_itself.state is not TicketState.RECEIVED:
        return by_itself
    return _decided_by_moderator(probe, reporter, by_itself, founded=founded) or by_itself


def decides_by_itself(probe: Probe) -> bool:
    """Whether the target decides reports without the moderator of the test environment. One report is made to see."""

    def decides() -> bool:
        request = report_of(harmless(probe), kind_of_report(probe))
        return decided(probe, probe.reporter(), taken(probe, request)).state is not TicketState.RECEIVED

    return probe.once("reports that decide themselves", decides)


def has_moderator(probe: Probe) -> bool:
    """Whether the binding has a moderator who decides, as in the test environment of a service where people do."""
    return "moderator" in probe.provider.ready_made.accounts and probe.offers(Operation.DECIDE)


def _decided_by_moderator(probe: Probe, reporter: Account | None, ticket: Ticket, *, founded: bool) -> Ticket | None:
    """The ticket once the moderator of the test environment has decided it; ``None`` where the binding has none.

    Where people decide, no report is upheld by itself. A ticket that is decided already stays as it is.
    """
    moderator = probe.provider.ready_made.accounts.get("moderator")
    if moderator is None or not probe.offers(Operation.DECIDE):
        return None
    known = status_of(probe, reporter, ticket)
    if known.state is not TicketState.RECEIVED:
        return known
    reasons = "内容违法（测试）。Unlawful content (test)." if founded else "举报不成立（测试）。Unfounded (test)."
    decision = probe.setup(probe.provider.decide, moderator, ticket, founded, reasons)
    if probe.offers(Operation.REPORT_STATUS):
        return status_of(probe, reporter, ticket)
    if probe.capabilities.reads(Operation.DECIDE, "state"):
        return decision
    return replace(decision, state=TicketState.UPHELD if founded else TicketState.REJECTED)


def taken(probe: Probe, request: ReportRequest) -> Ticket:
    """The ticket of a user's report. Raises :class:`NotJudged` where none is given: whether it should be is another
    rule.
    """
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    return answer.value


def published_limit(probe: Probe) -> float | None:
    """The published hours within which reports are answered, if any are published."""
    if not probe.offers(Operation.DISCLOSURES) or "complaints" not in probe.capabilities.disclosure_topics:
        return None
    must_name_topic(probe, "complaints")
    answer = probe.observe(probe.provider.disclosures, "complaints")
    return hours_of(answer.value.fields.get("time_limit_hours", "")) if isinstance(answer, Accepted) else None


def hours_of(written: str) -> float | None:
    """A time limit as a page has it, in hours; ``None`` where it is none."""
    try:
        hours = float(written)
    except ValueError:
        return None
    return hours if math.isfinite(hours) and hours > 0 else None
