"""Complaints to a store: a report about a lawful app removes nothing, and an appeal against a mistake is decided.

The duty to manage (Deep Synthesis Provisions, Art. 13) names no single act. What looks wrong here is put to a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Publication, Ticket, TicketState
from ...provider import Accepted, Capabilities, Operation, Refused
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check
from .admission import SEES_LISTINGS
from .listed import Place, Submitted, developer, is_store, lawful_app, listed_app, listing_places, seen_in, shows
from .management import must_be_found, must_stay
from .orders import LIMIT, appeal_seen, appealed_in_vain, knows_unlawful_apps, reported, taken_down, upheld_report

#: Hours after which an appeal that is not decided is put to a person.
APPEALED = 15 * 24.0


def _reports_about_apps(capabilities: Capabilities) -> Absent | None:
    return None if capabilities.report_kinds else Absent("the binding declares no report kind")


@dataclass(frozen=True)
class Unfounded(Case):
    """A report about a lawful app: the kind of app, and the kind of report."""

    app: str
    kind: str

    def __str__(self) -> str:
        return f"{self.facet} ({self.kind}) about a {self.app} app"


def _unfounded(capabilities: Capabilities) -> Iterator[Unfounded]:
    for kind in capabilities.report_kinds:
        for app in ("plain", "generating"):
            yield Unfounded("unfounded report", app, kind)


def _drawn_unfounded(capabilities: Capabilities) -> SearchStrategy[Unfounded]:
    return st.sampled_from(list(_unfounded(capabilities)))


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.REPORT),
    applies=(is_store, _reports_about_apps),
    cases=_unfounded,
    strategy=_drawn_unfounded,
    waits=True,
)
def unfounded_report_removes_nothing(probe: Probe, case: Unfounded) -> None:
    """A report about a lawful app does not take it down."""
    made = listed_app(probe, lawful_app(probe, case.app))
    ticket = reported(probe, made, case.kind)
    if probe.offers(Operation.REPORT_STATUS):
        reporter = probe.provider.ready_made.accounts.get("reporter")
        answer = probe.observe(probe.provider.report_status, reporter, ticket)
        must_be_found(Operation.REPORT_STATUS, answer, "a report that was accepted")
        ticket = answer.value if isinstance(answer, Accepted) else ticket
    missing = [place for place in listing_places(probe.capabilities) if not shows(probe, made, place)]
    must_stay(probe, missing, "a lawful app that a user reported")
    if ticket.state is TicketState.UPHELD:
        raise NeedsReview("a report about a lawful app was upheld")
    if knows_unlawful_apps(probe.capabilities) is None:
        # Whether a report about an unlawful app is upheld is for another check.
        other = None
        with suppress(NotJudged, Undecided, Violation, NeedsReview):
            other = upheld_report(probe)
        _reasons_differ("a report", other, ticket)


def knows_mistaken_apps(capabilities: Capabilities) -> Absent | None:
    """Concerns a store whose test environment takes an app down by mistake."""
    if capabilities.marker("mistaken") is not None:
        return None
    return Absent("the binding declares no marker `mistaken`: write target.markers.mistaken")


_TWICE = "after a second removal"


def _appeals(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("appeal against a mistake")
    yield Case(_TWICE)


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.REPORT, Operation.APPEAL),
    applies=(is_store, _reports_about_apps, knows_mistaken_apps),
    cases=_appeals,
    waits=True,
)
def appeal_about_an_app_is_decided(probe: Probe, case: Case) -> None:
    """A developer can appeal against a removal, the appeal is decided, and an upheld one brings the app back."""
    marker = probe.capabilities.marker("mistaken")
    assert marker is not None  # noqa: S101 - see applies
    submission = lawful_app(probe, "plain")
    made = listed_app(probe, replace(submission, description=marker.in_text(submission.description)))
    before = seen_in(probe, made)
    reported(probe, made)
    if not taken_down(probe, made, LIMIT):
        raise NotJudged("the store does not take down the app that the marker names")
    appeal = _appealed(probe, made)
    if appeal.state is TicketState.REJECTED:
        raise NeedsReview(
            "an appeal against a removal by mistake was rejected: a person has to say whether what the binding calls"
            " `mistaken` was rightly removed"
        )
    if not probe.settled(lambda: seen_in(probe, made) == before):
        raise NeedsReview("an appeal against a removal was upheld, but the app is not listed again everywhere")
    if case.facet == _TWICE:
        _ends_the_same_again(probe, made, before)
    elif knows_unlawful_apps(probe.capabilities) is None:
        # Whether unlawful apps are acted on, and appeals about them are rejected, is for another check.
        other = None
        with suppress(NotJudged, Undecided, Violation, NeedsReview):
            other = appealed_in_vain(probe)[1]
        _reasons_differ("an appeal", appeal, other)


def _appealed(probe: Probe, made: Submitted) -> Ticket:
    """The developer's appeal against the removal of an app, once decided."""
    app, owner = Publication(made.app.id, "app"), developer(probe)
    answer = probe.attempt(probe.provider.appeal, owner, app, "该应用合法。This app is lawful.")
    if isinstance(answer, Refused):
        raise NeedsReview(f"a developer cannot appeal against a removal: {answer.status} {answer.reason}")
    ticket = answer.value

    def is_decided() -> bool:
        nonlocal ticket
        ticket = appeal_seen(probe, ticket)
        return ticket.state is not TicketState.RECEIVED

    if not probe.settled(is_decided):
        probe.wait("a store decides an appeal", APPEALED)
        if not is_decided():
            raise NeedsReview(f"{APPEALED / 24:g} days after an appeal against a removal, it is not decided")
    return ticket


def _ends_the_same_again(probe: Probe, made: Submitted, before: list[Place]) -> None:
    """A second removal of the same app, and a second appeal, end as the first did."""
    reported(probe, made)
    if not taken_down(probe, made, LIMIT):
        return  # the store has looked at it before
    if _appealed(probe, made).state is not TicketState.UPHELD:
        raise NeedsReview("an appeal against a removal by mistake was upheld, and one against the same again was not")
    if not probe.settled(lambda: seen_in(probe, made) == before):
        raise NeedsReview("an app was removed by mistake a second time, and a second upheld appeal does not restore it")


def _reasons_differ(what: str, upheld: Ticket | None, rejected: Ticket | None) -> None:
    """A report or appeal that was upheld and one that was rejected have different reasons, where they have any."""
    if upheld is None or rejected is None or not rejected.reasons.strip():
        return
    if (upheld.state, rejected.state) != (TicketState.UPHELD, TicketState.REJECTED):
        return
    if rejected.reasons.strip() == upheld.reasons.strip():
        raise NeedsReview(
            f"{what} that was upheld and one that was rejected have the same reasons: {rejected.reasons[:200]!r}"
        )
