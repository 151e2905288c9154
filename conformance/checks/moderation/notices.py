"""Reports: who may make one, and what becomes of it."""

from __future__ import annotations

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, ReportRequest, Ticket, TicketState
from ...provider import Accepted, Operation, Refused
from ..outcome import NotJudged, Undecided, Violation
from ..published import Surface, gone, made_public, must_be_seen, same, seen_on, witness
from ..registry import check
from ..scope import publishes, reads
from ..tickets import (
    EVER,
    Reported,
    decided,
    drawn_statements,
    enumerated_statements,
    kind_of_report,
    one_statement,
    published_limit,
    report_of,
    status_of,
    upheld,
)


@check(
    rules=("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes,),
    cases=enumerated_statements,
    strategy=drawn_statements,
)
def anyone_can_report(probe: Probe, case: Reported) -> None:
    """A person without an account can report a publication."""
    published = made_public(probe, None)
    request = report_of(published, kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, None, request)
    if isinstance(answer, Accepted):
        _must_have_arrived(probe, None, answer.value)
        return
    twin = probe.observe(probe.provider.report, probe.reporter(), request)
    if isinstance(twin, Refused):
        raise NotJudged(f"the same report is refused to a user too: {twin.status} {twin.reason}")
    raise Violation(
        f"a report by somebody without an account was refused ({answer.status} {answer.reason[:120]}),"
        " the same report by a user was accepted"
    )


def _must_have_arrived(probe: Probe, reporter: Account | None, ticket: Ticket) -> None:
    """Raise :class:`Undecided` where the ticket of an accepted report cannot be read back: a sign-in page may answer
    with 200 too.
    """
    if not probe.offers(Operation.REPORT_STATUS):
        raise Undecided("nothing shows that the report arrived: bind report_status", lasting=True)
    answer = probe.observe(probe.provider.report_status, reporter, ticket)
    if isinstance(answer, Refused):
        raise Undecided(
            "the report was accepted, and its ticket cannot be read back by whoever made it"
            f" ({answer.status} {answer.reason[:120]}), so that nothing shows that it arrived"
        )


@check(
    rules=("eu-dsa/16.4",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes, reads(Operation.REPORT, "receipt")),
    cases=enumerated_statements,
    strategy=drawn_statements,
)
def report_is_confirmed(probe: Probe, case: Reported) -> None:
    """Every reporter gets a confirmation of receipt."""
    ticket = _taken(probe, report_of(made_public(probe, None), kind_of_report(probe), case.statement))
    if not ticket.receipt.strip():
        raise Violation("the report was accepted, but the response confirms no receipt")


@check(
    rules=("cn-dsp-2023/12.3", "eu-dsa/16.5"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS),
    applies=(publishes,),
    cases=lambda capabilities: [Surface("well-founded report"), Surface("unfounded report")],
    waits=True,
)
def report_is_decided(probe: Probe, case: Surface) -> None:
    """Every report is decided, and the reporter can see the decision."""
    published = made_public(probe, "unlawful" if case.facet.startswith("well") else None)
    ticket = decided(probe, probe.reporter(), _taken(probe, report_of(published, kind_of_report(probe))))
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"a {case.facet} is undecided after {EVER / 24:g} days")


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
    cases=lambda capabilities: [Surface("well-founded report"), Surface("unfounded report")],
    waits=True,
)
def published_time_limit_is_kept(probe: Probe, case: Surface) -> None:
    """Reports are decided within the time limit that the provider publishes."""
    probe.must_read(Operation.DISCLOSURES, "fields", "the published time limit", topic="complaints")
    limit = published_limit(probe)
    if limit is None:
        raise Undecided("the provider publishes no time limit in hours that could be kept")
    published = made_public(probe, "unlawful" if case.facet.startswith("well") else None)
    ticket = status_of(probe, probe.reporter(), _taken(probe, report_of(published, kind_of_report(probe))))
    if ticket.state is TicketState.RECEIVED:
        probe.wait("for the published time limit to pass", limit)
        ticket = status_of(probe, probe.reporter(), ticket)
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"a {case.facet} is undecided after the published {limit:g} hours")


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
    probe.counts.sent += 1
    if not ticket.reasons.strip():
        raise Violation("the report was upheld without reasons")


@check(
    rules=("eu-dsa/16.6",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=enumerated_statements,
    strategy=drawn_statements,
    waits=True,
)
def bogus_report_removes_nothing(probe: Probe, case: Reported) -> None:
    """An unfounded report removes nothing; a well-founded one does."""
    published = made_public(probe, None)
    surface = probe.capabilities.surfaces[0]
    before = must_be_seen(probe, published, surface)
    witness(probe, surface)
    request = report_of(published, kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Accepted):
        state = decided(probe, probe.reporter(), answer.value).state
        if not same(before, seen_on(probe, published, surface), published) and gone(probe, published, surface, before):
            raise Violation(f"a publication that breaks no rule is gone after a report ({state.value})")
        if state is TicketState.UPHELD:
            raise Violation("a report of a lawful publication was upheld")
    probe.once("a well-founded report is upheld", lambda: upheld(probe, made_public(probe, "unlawful")))
    probe.counts.controls += 1


def _taken(probe: Probe, request: ReportRequest) -> Ticket:
    """The ticket of a user's report. Raises :class:`NotJudged` where none is given: whether it should be is another
    rule.
    """
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    return answer.value
