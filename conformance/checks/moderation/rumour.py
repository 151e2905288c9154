"""Rumours: a false statement is refuted where it was published, and the refutation is recorded."""

from __future__ import annotations

from collections.abc import Iterator

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Publication, Refutation, ReportRequest, Ticket, TicketState
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..registry import check
from ..scope import publishes
from ..tickets import decided_against, decided_in_favour

RUMOUR = "rumour"
#: The kind of record that a provider keeps of a refutation.
REFUTED = "refuted"


def _takes_reports_of_rumours(capabilities: Capabilities) -> Absent | None:
    if RUMOUR not in capabilities.report_kinds:
        return Absent("the binding declares no report kind `rumour`", required=True)
    if not capabilities.markers.get(RUMOUR):
        return Absent("the binding names no test phrase `markers.rumour` for a rumour", required=True)
    return None


def _facets(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("refutation")
    yield Case("refutation of a second rumour")
    if Operation.RECORDS in capabilities.operations:
        yield Case("record")


@check(
    rules=("cn-dsp-2023/11",),
    behaviour=Behaviour.RUMOUR_REFUTATION,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT, Operation.REFUTATIONS),
    applies=(publishes, _takes_reports_of_rumours),
    cases=_facets,
    waits=True,
)
def rumour_is_refuted(probe: Probe, case: Case) -> None:
    """A publication reported as a rumour gets a refutation attached, and a record is kept."""
    account, publication, attached = _refuted(probe)
    if case.facet == "refutation of a second rumour":
        # The same author again: handling one rumour does not settle the next.
        account, publication, attached = _refuted(probe, "another refuted rumour", account)
    probe.counts.shared += 1
    if case.facet != "record":
        refutations = probe.declared("the list of refutations", attached)
        if not _about(publication, refutations):
            others = f" (the {len(refutations)} listed are about other publications)" if refutations else ""
            raise Violation(f"the report of a rumour was upheld, and no refutation is attached to it{others}")
        return
    probe.must_send_record_kind(account, REFUTED)
    kept = probe.observe(probe.provider.records, account, REFUTED)
    if isinstance(kept, Refused):
        raise NotJudged(f"the records of kind {REFUTED!r} are not shown: {kept.status} {kept.reason}")
    if REFUTED not in (probe.capabilities.record_kinds or ()):
        raise NotJudged(f"the binding does not say that records of kind {REFUTED!r} are kept (target.record_kinds)")
    probe.must_read_any(Operation.RECORDS, ("subject", "text"), "the subject of a record")
    if not any(record.subject == publication.id or publication.id in record.text for record in kept.value):
        probe.must_read(Operation.RECORDS, "subject", "what a record is about")
        raise Violation("a rumour was refuted, and no record of it is kept")


def _refuted(
    probe: Probe, which: str = "a refuted rumour", author: Account | None = None
) -> tuple[Account, Publication, Accepted[tuple[Refutation, ...]] | Refused]:
    """A rumour that a report was upheld against, by whom it was published, and its refutations since; once per run."""

    def refuted() -> tuple[Account, Publication, Accepted[tuple[Refutation, ...]] | Refused]:
        probe.must_read(Operation.REFUTATIONS, "text", "the text of a refutation")
        account = author or probe.fresh_account()
        marker = probe.capabilities.marker(RUMOUR)
        assert marker is not None  # noqa: S101 - the checks apply only where there is one
        publication, ticket = _reported(probe, account, marker.in_text(probe.names.token()), founded=True)
        if ticket.state is not TicketState.UPHELD:
            raise Undecided(f"a well-founded report of a rumour was not upheld (it is {ticket.state.value})")
        return account, publication, probe.attempt(probe.provider.refutations, publication)

    found = probe.once(which, refuted)
    probe.counts.controls += 1
    return found


def _reported(probe: Probe, account: Account, title: str, *, founded: bool) -> tuple[Publication, Ticket]:
    """Something published under a title and reported as a rumour, with the decision."""
    content = probe.some_content(account)
    probe.must_send_title(account, content)
    publication = probe.setup(probe.provider.publish, account, content, title)
    before = probe.observe(probe.provider.refutations, publication)
    if isinstance(before, Accepted) and _about(publication, before.value):
        raise Undecided("a refutation is attached before any report, so one after the report proves nothing")
    request = ReportRequest(
        publication, RUMOUR, "This is false. [test]", contact=f"reporter-{probe.names.token()}@example.org"
    )
    reporter = probe.reporter()
    decide = decided_in_favour if founded else decided_against
    return publication, decide(probe, reporter, probe.setup(probe.provider.report, reporter, request))


def _knows_rumours(capabilities: Capabilities) -> Absent | None:
    if Operation.REFUTATIONS not in capabilities.operations:
        return Absent("the binding has no operation refutations", elsewhere=True)
    absent = _takes_reports_of_rumours(capabilities)
    return None if absent is None else Absent(absent.reason)


@check(
    rules=("eu-dsa/16.6",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes, _knows_rumours),
    cases=lambda capabilities: [Case("an unfounded report of a rumour")],
    waits=True,
)
def unfounded_report_attaches_no_refutation(probe: Probe, case: Case) -> None:
    """An unfounded report of a rumour attaches no refutation; a well-founded one does."""
    _, refuted, attached = _refuted(probe)
    if isinstance(attached, Refused) or not _about(refuted, attached.value):
        raise Undecided("no refutation is attached after a well-founded report either")
    publication, ticket = _reported(probe, probe.fresh_account(), probe.names.token(), founded=False)
    found = _about(publication, probe.setup(probe.provider.refutations, publication))
    probe.counts.sent += 1
    if found:
        raise Violation(
            f"a publication that is no rumour has a refutation after a report ({ticket.state.value}):"
            f" {found[0].text[:120]!r}"
        )


def _about(publication: Publication, refutations: tuple[Refutation, ...]) -> list[Refutation]:
    """The refutations of this very publication that say anything."""
    return [each for each in refutations if each.publication == publication.id and each.text.strip()]
