"""Measures of a store: orders of an authority are executed everywhere, in time and for as long as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shenhe.rulebook import Behaviour

from ...apps import Measure
from ...engine.probing.probe import Probe
from ...entities import Publication, ReportRequest, Ticket, TicketState
from ...provider import Accepted, Capabilities, Operation, Refused
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check
from .admission import SEES_LISTINGS
from .listed import (
    Place,
    Submitted,
    appears,
    developer,
    give_order,
    is_store,
    lawful_app,
    listed_app,
    listing_places,
    must_show_versions,
    must_tell,
    new_listed_app,
    new_version,
    published_update,
    seen_in,
    shows,
    submitted,
    takes_orders,
    told_developer,
    version_seen,
)

#: Hours that a store has for an order, and for a report that it upheld where it publishes no limit.
LIMIT = 24.0
#: Hours after which an app that was taken down is looked for again.
LATER = 72.0
REMOVING = (Measure.REMOVE, Measure.SUSPEND_LISTING)


@dataclass(frozen=True)
class Ordered(Case):
    """An order: ``facet`` is its measure; ``then`` is what the developer does while it is in force."""

    then: str = ""

    def __str__(self) -> str:
        return f"{self.facet}, {self.then}" if self.then else self.facet

    @property
    def measure(self) -> Measure:
        return Measure(self.facet)


def _removals(capabilities: Capabilities) -> Iterator[Ordered]:
    for measure in REMOVING:
        if measure in capabilities.orders:
            yield Ordered(measure.value)
            yield Ordered(measure.value, "and later")
            yield Ordered(measure.value, "then an update")
            if Operation.RELIST_APP in capabilities.operations:
                yield Ordered(measure.value, "then a request to list it again")


def _drawn_removals(capabilities: Capabilities) -> SearchStrategy[Ordered]:
    return st.sampled_from(list(_removals(capabilities)))


@check(
    rules=("cn-dsp-2023/13.2", "cn-penalties/csl-50.2"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP),
    applies=(is_store, takes_orders(*REMOVING)),
    cases=_removals,
    strategy=_drawn_removals,
    waits=True,
)
def ordered_removal_is_executed_everywhere(probe: Probe, case: Ordered) -> None:
    """An app that an authority orders removed is gone from every surface and storefront in time, and stays gone."""
    made, other = (
        new_listed_app(probe),
        new_listed_app(probe),
    )
    order = give_order(probe, made, case.measure)
    if not taken_down(probe, made, order.hours):
        raise Violation(
            f"an order to {case.facet} gives {order.hours:g} hours, and the app is still listed after them:"
            f" {_listed(seen_in(probe, made))}"
        )
    if case.then == "and later":
        probe.wait("an app that was ordered down must not come back", LATER)
    elif case.then == "then an update":
        newer = replace(made.submission, version=new_version(probe), app=made.app)
        probe.attempt(probe.provider.submit_app, developer(probe), newer)
    elif case.then:
        probe.attempt(probe.provider.relist_app, developer(probe), made.app, "请恢复上架。Please list it again.")
    if found := seen_in(probe, made):
        raise Violation(f"the order to {case.facet} is in force, but the app is listed{_after(case)}: {_listed(found)}")
    _still_there(probe, other)


def taken_down(probe: Probe, made: Submitted, hours: float) -> bool:
    """Whether an app is no longer publicly visible after this many hours by the clock of the store, or sooner."""
    if probe.settled(lambda: not seen_in(probe, made)):
        return True
    probe.wait(f"an order gives {hours:g} hours", hours)
    return probe.settled(lambda: not seen_in(probe, made))


def _after(case: Ordered) -> str:
    return (
        f" {LATER:g} hours later"
        if case.then == "and later"
        else f" after {case.then.removeprefix('then ')}"
        if case.then
        else ""
    )


def _listed(found: list[Place]) -> str:
    return ", ".join(map(str, found))


def _still_there(probe: Probe, other: Submitted) -> None:
    """The control of an absence: a comparable app is still in every place. Raises :class:`Undecided` otherwise."""
    missing = [place for place in listing_places(probe.capabilities) if not shows(probe, other, place)]
    if missing:
        raise Undecided(f"a comparable app that no order names is gone too: {_listed(missing)}")
    probe.counts.controls += 1


def _stops(capabilities: Capabilities) -> Iterator[Ordered]:
    yield Ordered(Measure.SUSPEND_UPDATES.value)


@check(
    rules=("cn-dsp-2023/13.2",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP),
    applies=(is_store, takes_orders(Measure.SUSPEND_UPDATES)),
    cases=_stops,
    waits=True,
)
def ordered_stop_of_updates_is_executed(probe: Probe, case: Ordered) -> None:
    """An update is not published while an order stops updates of the app."""
    must_show_versions(probe)
    made, other = (
        new_listed_app(probe),
        new_listed_app(probe),
    )
    give_order(probe, made, case.measure)
    newer = replace(made.submission, version=new_version(probe), app=made.app)
    answer = probe.attempt(probe.provider.submit_app, developer(probe), newer)
    if isinstance(answer, Accepted) and (place := version_seen(probe, Submitted(made.app, newer))):
        raise Violation(f"an order suspends updates of the app, but a new version is published: {place}")
    published_update(probe, other, new_version(probe))


def _warnings(capabilities: Capabilities) -> Iterator[Ordered]:
    yield Ordered(Measure.WARN.value)


@check(
    rules=("cn-dsp-2023/13.2",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP),
    applies=(is_store, takes_orders(Measure.WARN)),
    cases=_warnings,
    waits=True,
)
def ordered_warning_reaches_the_developer(probe: Probe, case: Ordered) -> None:
    """A warning that an authority orders reaches the developer or the public."""
    must_tell(probe)
    made = new_listed_app(probe)
    before = told_developer(probe, made), _notices(probe, made)
    give_order(probe, made, case.measure)
    if not probe.settled(lambda: (told_developer(probe, made), _notices(probe, made)) != before):
        raise Violation("an authority ordered a warning, but neither the developer nor the public was warned")
    probe.counts.controls += 1


def _notices(probe: Probe, made: Submitted) -> tuple[str, ...]:
    notices: list[str] = []
    for place in listing_places(probe.capabilities):
        if place.surface in probe.capabilities.listing_surfaces:
            seen = probe.observe(probe.provider.view_app, None, made.app, place.surface, place.storefront)
            notices += seen.value.notices if isinstance(seen, Accepted) else ()
    return tuple(notices)


# --- reports of users --------------------------------------------------------------------------------------


def knows_unlawful_apps(capabilities: Capabilities) -> Absent | None:
    """Concerns a store whose test environment recognises an unlawful app."""
    if capabilities.marker("unlawful") is not None:
        return None
    return Absent("the binding declares no marker `unlawful`: write target.markers.unlawful", required=True)


UPHELD, RELISTED, IN_VAIN = "upheld report", "then a request to list it again", "then an appeal in vain"


def _reports(capabilities: Capabilities) -> Iterator[Case]:
    yield Case(UPHELD)
    if Operation.RELIST_APP in capabilities.operations:
        yield Case(RELISTED)
    if Operation.APPEAL in capabilities.operations:
        yield Case(IN_VAIN)


@check(
    rules=("cn-dsp-2023/13.2", "cn-penalties/csl-50.2"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(*SEES_LISTINGS, Operation.REPORT),
    applies=(is_store, knows_unlawful_apps),
    cases=_reports,
    waits=True,
)
def reported_unlawful_app_is_acted_on(probe: Probe, case: Case) -> None:
    """A store that upholds a report about an unlawful app acts in time, and keeps to that until rectification."""
    other = listed_app(probe, lawful_app(probe, "plain"))
    if case.facet == IN_VAIN:
        _stays_down_after_an_appeal(probe)
    else:
        made = unlawful_app(probe)
        _acted_on(probe, made)
        if case.facet == RELISTED:
            _stays_down(probe, made)
    _still_there(probe, other)


def unlawful_app(probe: Probe) -> Submitted:
    """An unlawful app that the public sees. Raises :class:`NotJudged` where the store does not list it."""
    marker = probe.capabilities.marker("unlawful")
    assert marker is not None  # noqa: S101 - see applies
    submission = lawful_app(probe, "plain")
    made = submitted(probe, replace(submission, description=marker.in_text(submission.description)))
    if isinstance(made, Refused) or not appears(probe, made):
        raise NotJudged("the store does not list an app that is unlawful")
    return made


def _acted_on(probe: Probe, made: Submitted) -> None:
    """Report an unlawful app, and see that something is done about it in time."""
    before = told_developer(probe, made)
    ticket = reported(probe, made)
    probe.settled(lambda: report_state(probe, ticket) is not TicketState.RECEIVED)
    if report_state(probe, ticket) is TicketState.REJECTED:
        raise Undecided("the report about the unlawful app was rejected: check target.markers.unlawful")

    def acted() -> bool:
        return not seen_in(probe, made) or told_developer(probe, made) != before

    if not probe.settled(acted):
        probe.wait(f"a store has {LIMIT:g} hours for a report", LIMIT)
        if not probe.settled(acted):
            raise Violation(f"{LIMIT:g} hours after a report about an unlawful app, no measure was taken against it")


def _stays_down(probe: Probe, made: Submitted) -> None:
    """Asked to list it again, the store does not do so while nothing in the app has changed."""
    if seen_in(probe, made):
        return  # the measure leaves it on sale
    probe.attempt(probe.provider.relist_app, developer(probe), made.app, "请恢复上架。Please list it again. [test]")
    if probe.settled(lambda: bool(seen_in(probe, made))):
        raise NeedsReview("an unlawful app that was taken down is listed again on request, and nothing in it changed")


def appealed_in_vain(probe: Probe) -> tuple[Submitted, Ticket | None]:
    """An unlawful app that the store acted on, and its developer's appeal; ``None`` where none was possible.

    Made once per run.
    """

    def appealed() -> tuple[Submitted, Ticket | None]:
        made = unlawful_app(probe)
        _acted_on(probe, made)
        if seen_in(probe, made):
            return made, None  # the measure leaves it on sale
        app, owner = Publication(made.app.id, "app"), developer(probe)
        answer = probe.attempt(probe.provider.appeal, owner, app, "请复核。Please look again. [test]")
        return made, appeal_seen(probe, answer.value) if isinstance(answer, Accepted) else None

    return probe.once("an appeal about an unlawful app", appealed)


def appeal_seen(probe: Probe, ticket: Ticket) -> Ticket:
    """A developer's appeal in its present state; its first state, if the binding has no operation for it."""
    if not probe.offers(Operation.REPORT_STATUS):
        return ticket
    told = probe.observe(probe.provider.report_status, developer(probe), ticket)
    if isinstance(told, Refused) or (told.value.state is TicketState.RECEIVED):
        return ticket
    return replace(told.value, reasons=told.value.reasons or ticket.reasons)


def _stays_down_after_an_appeal(probe: Probe) -> None:
    """An appeal against a rightful measure takes nothing back unless it is upheld, and then it does."""
    made, appeal = appealed_in_vain(probe)
    back = probe.settled(lambda: bool(seen_in(probe, made)))
    state = TicketState.REJECTED if appeal is None else appeal.state
    if state is TicketState.UPHELD and not back:
        raise NeedsReview("an appeal about an unlawful app was upheld, but the app is not listed again")
    if appeal is not None and state is not TicketState.UPHELD and back:
        raise NeedsReview("an appeal was not upheld, and the unlawful app is listed again all the same")


def upheld_report(probe: Probe) -> Ticket:
    """The report about an unlawful app, made once per run, as its sender sees it."""

    def seen() -> Ticket:
        return report_seen(probe, reported(probe, unlawful_app(probe)))

    return probe.once("a report about an unlawful app", seen)


def report_seen(probe: Probe, ticket: Ticket) -> Ticket:
    """A report in its present state; its first state, if the binding has no operation for it."""
    if not probe.offers(Operation.REPORT_STATUS):
        return ticket
    reporter = probe.provider.ready_made.accounts.get("reporter")
    answer = probe.observe(probe.provider.report_status, reporter, ticket)
    return answer.value if isinstance(answer, Accepted) else ticket


def reported(probe: Probe, made: Submitted, kind: str = "") -> Ticket:
    """A report about an app by an ordinary user."""
    request = ReportRequest(
        Publication(made.app.id, "app"),
        kind or next(iter(probe.capabilities.report_kinds), "illegal"),
        "该应用生成的内容没有标识。Content that this app generates has no label.",
        "reporter@example.org",
        good_faith=True,
    )
    reporter = probe.provider.ready_made.accounts.get("reporter")
    result = probe.attempt(probe.provider.report, reporter, request)
    if isinstance(result, Refused):
        raise Undecided(f"the store takes no report about an app: {result.status} {result.reason}")
    return result.value


def report_state(probe: Probe, ticket: Ticket) -> TicketState:
    """The state of a report; its first state, if the binding has no operation for it."""
    return report_seen(probe, ticket).state
