"""Management of listings: records, reasons, proportion, reinstatement and published rules.

The duty to manage (Deep Synthesis Provisions, Art. 13) names no single act. What looks wrong here is put to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shenhe.rulebook import Behaviour

from ...apps import Measure
from ...engine.probing.probe import Probe
from ...entities import Publication, TicketState
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..pages import must_name_topic
from ..registry import check
from .admission import SEES_LISTINGS
from .listed import (
    UNLABELLED,
    UNSAFE,
    Place,
    developer,
    give_order,
    is_store,
    lawful_app,
    lawful_twin,
    listed_app,
    listing_places,
    must_tell,
    new_listed_app,
    order_about,
    seen_in,
    shows,
    submitted,
    takes_orders,
    told_developer,
)
from .orders import LIMIT, REMOVING, reported, taken_down

#: Hours after which an appeal that is not decided is put to a person.
APPEALED = 15 * 24.0
#: The kind of record that is kept of an order.
ORDER = "order"


def _at_once(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("record of an order")


@check(
    rules=("cn-penalties/csl-50.2",),
    behaviour=Behaviour.RECORDS,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP, Operation.RECORDS),
    applies=(is_store, takes_orders(*REMOVING)),
    cases=_at_once,
    waits=True,
)
def orders_are_recorded(probe: Probe, case: Case) -> None:
    """A store keeps a record of the measures that it takes against an app."""
    if ORDER not in (probe.capabilities.record_kinds or ()):
        raise Undecided(
            f"the binding does not say that records of kind {ORDER!r} are listed: declare target.record_kinds",
            lasting=True,
        )
    probe.must_read_any(Operation.RECORDS, ("subject", "text"), "what a record is about")
    measure = _removal(probe.capabilities)
    made = new_listed_app(probe)
    order = give_order(probe, made, measure)
    authority = probe.provider.ready_made.accounts.get("authority")
    probe.must_send_record_kind(authority, ORDER)
    answer = probe.observe(probe.provider.records, authority, ORDER)
    records = probe.declared("records of orders", answer)
    names = (made.app.id, made.submission.name, order.number)
    if not any(name in f"{record.subject} {record.text}" for record in records for name in names):
        raise Violation(
            f"an order to {measure.value} an app was executed, and no record of it names the app or the order"
        )
    probe.counts.controls += 1


def _removal(capabilities: Capabilities) -> Measure:
    return next(measure for measure in REMOVING if measure in capabilities.orders)


def _grounds(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("rejected submission")
    if not set(REMOVING).isdisjoint(capabilities.orders) and Operation.ORDER_APP in capabilities.operations:
        yield Case("removed app")


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=SEES_LISTINGS,
    applies=(is_store,),
    cases=_grounds,
    waits=True,
)
def developers_are_told_why(probe: Probe, case: Case) -> None:
    """The developer of an app that is rejected or removed learns why."""
    if case.facet == "rejected submission":
        lawful_twin(probe, "generating")
        good = lawful_app(probe, "generating")
        answer = submitted(probe, replace(good, filing=replace(good.filing, number="")))
        if isinstance(answer, Refused):
            reads = probe.capabilities.reads
            if not reads(Operation.SUBMIT_APP, "reason") and not reads(Operation.SUBMIT_APP, "notice"):
                raise Undecided(
                    "the reason for a rejected submission is not read: bind operations.submit_app.reason", lasting=True
                )
            if not (answer.reason.strip() or answer.notice.strip()):
                raise NeedsReview("a submission was rejected, and the developer is not told why")
            return
        must_tell(probe)
        if seen_in(probe, answer):
            raise NotJudged("an app without filing is listed")
        if not probe.settled(lambda: bool(told_developer(probe, answer))):
            raise NeedsReview("a submission was rejected, and the developer is not told why")
        return
    must_tell(probe)
    told = [_told_of_removal(probe, reasons) for reasons in (UNLABELLED, UNSAFE)]
    if told[0] == told[1]:
        raise NeedsReview(
            f"two apps were removed for different reasons, and their developer is told the same: {told[0][:200]!r}"
        )


_WORD = re.compile(r"[\w.:/+-]+", re.ASCII)


def _told_of_removal(probe: Probe, reasons: str) -> str:
    """What the developer of an app learns when it is removed, without names and numbers."""
    made = new_listed_app(probe)
    before = told_developer(probe, made)
    order = give_order(probe, made, _removal(probe.capabilities), reasons=reasons)
    if not probe.settled(lambda: told_developer(probe, made) != before):
        if seen_in(probe, made):
            raise NotJudged("the app was not removed")
        raise NeedsReview("an app was removed, and its developer is not told why")
    told = told_developer(probe, made)
    for name in (made.app.id, made.submission.name, made.submission.package, order.number):
        told = told.replace(name, " ")
    # Numbers, versions, times and names with digits differ between two messages for other reasons than their grounds.
    general = _WORD.sub(lambda word: "" if any(map(str.isdecimal, word[0])) else word[0], told)
    return " ".join(general.split())


def _proportions(capabilities: Capabilities) -> Iterator[Case]:
    if not set(REMOVING).isdisjoint(capabilities.orders):
        yield Case("another app of the developer")
        if len(capabilities.storefronts) > 1:
            yield Case("a storefront that the order does not name")
    if Measure.WARN in capabilities.orders:
        yield Case("a warned app")


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP),
    applies=(is_store, takes_orders(*REMOVING, Measure.WARN)),
    cases=_proportions,
    waits=True,
)
def measures_reach_no_further_than_ordered(probe: Probe, case: Case) -> None:
    """An order takes down nothing but what it names."""
    capabilities = probe.capabilities
    made, other = (
        new_listed_app(probe),
        new_listed_app(probe),
    )
    if case.facet == "a warned app":
        give_order(probe, made, Measure.WARN)
        _must_stay(
            probe,
            [place for place in listing_places(capabilities) if not shows(probe, made, place)],
            "an app to be warned",
        )
        return
    named = capabilities.storefronts[:1] if case.facet.startswith("a storefront") else capabilities.storefronts
    give_order(probe, made, _removal(capabilities), named)
    if named != capabilities.storefronts:
        rest = [place for place in listing_places(capabilities) if place.storefront not in named]
        _must_stay(probe, [place for place in rest if not shows(probe, made, place)], "an app, where no order reaches,")
        return
    missing = [place for place in listing_places(capabilities) if not shows(probe, other, place)]
    _must_stay(probe, missing, "another app of the developer, which no order names,")


def _must_stay(probe: Probe, missing: list[Place], what: str) -> None:
    if missing:
        raise NeedsReview(f"{what} is gone from {', '.join(map(str, missing))}")


def _orders_are_signed(capabilities: Capabilities) -> Absent | None:
    """Concerns a store that knows an authority by its account."""
    if capabilities.orders_signed:
        return None
    return Absent("the binding gives orders without an account: they are of the test environment")


def _orders_of_others(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("an order of another developer")
    yield Case("an order without an account")


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP),
    applies=(is_store, takes_orders(*REMOVING), _orders_are_signed),
    cases=_orders_of_others,
    waits=True,
)
def only_an_authority_gives_orders(probe: Probe, case: Case) -> None:
    """An order that no authority gives takes no app down."""
    accounts = probe.provider.ready_made.accounts
    other = None
    if case.facet == "an order of another developer":
        other = accounts.get("other_developer") or accounts.get("reporter")
        if other is None:
            raise Undecided("another developer is needed: supply `accounts.other_developer`", lasting=True)
    made = new_listed_app(probe)
    measure = _removal(probe.capabilities)
    order = order_about(probe, made, measure)
    probe.must_send_account(Operation.ORDER_APP, accounts.get("authority"), other, order)
    answer = probe.attempt(probe.provider.order_app, other, order)
    if isinstance(answer, Accepted) and taken_down(probe, made, order.hours):
        raise NeedsReview(f"{case.facet} to {measure.value} an app was executed")
    if isinstance(answer, Refused):
        give_order(probe, made, measure)
        probe.counts.controls += 1


def _reinstates(capabilities: Capabilities) -> Iterator[Case]:
    for measure in REMOVING:
        if measure in capabilities.orders:
            yield Case(measure.value)


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP, Operation.RELIST_APP),
    applies=(is_store, takes_orders(*REMOVING)),
    cases=_reinstates,
    waits=True,
)
def rectified_app_is_listed_again(probe: Probe, case: Case) -> None:
    """An app is listed again after rectification, once the order is lifted."""
    made = new_listed_app(probe)
    order = give_order(probe, made, Measure(case.facet))
    if not taken_down(probe, made, order.hours):
        raise NotJudged("the order was not executed, so nothing is reinstated")
    give_order(probe, made, Measure.LIFT)
    answer = probe.attempt(
        probe.provider.relist_app, developer(probe), made.app, "已按要求整改。Rectified as required."
    )
    if isinstance(answer, Refused):
        raise NeedsReview(f"the order is lifted, but the app is not listed again: {answer.status} {answer.reason}")
    if not probe.settled(lambda: bool(seen_in(probe, made))):
        raise NeedsReview("the order is lifted and the developer asked, but the app is not listed again")


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
    reported(probe, made, case.kind)
    missing = [place for place in listing_places(probe.capabilities) if not shows(probe, made, place)]
    _must_stay(probe, missing, "a lawful app that a user reported")


def knows_mistaken_apps(capabilities: Capabilities) -> Absent | None:
    """Concerns a store whose test environment takes an app down by mistake."""
    if capabilities.marker("mistaken") is not None:
        return None
    return Absent("the binding declares no marker `mistaken`: write target.markers.mistaken")


def _appeals(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("appeal against a mistake")


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
    app, owner = Publication(made.app.id, "app"), developer(probe)
    answer = probe.attempt(probe.provider.appeal, owner, app, "该应用合法。This app is lawful.")
    if isinstance(answer, Refused):
        raise NeedsReview(f"a developer cannot appeal against a removal: {answer.status} {answer.reason}")

    def state() -> TicketState:
        if answer.value.state is not TicketState.RECEIVED or not probe.offers(Operation.REPORT_STATUS):
            return answer.value.state
        told = probe.observe(probe.provider.report_status, owner, answer.value)
        return told.value.state if isinstance(told, Accepted) else TicketState.RECEIVED

    if not probe.settled(lambda: state() is not TicketState.RECEIVED):
        probe.wait("a store decides an appeal", APPEALED)
        if state() is TicketState.RECEIVED:
            raise NeedsReview(f"{APPEALED / 24:g} days after an appeal against a removal, it is not decided")
    if state() is TicketState.REJECTED:
        raise NotJudged("the appeal was rejected")
    if not probe.settled(lambda: seen_in(probe, made) == before):
        raise NeedsReview("an appeal against a removal was upheld, but the app is not listed again everywhere")


def _pages(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("rules")


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    level=Level.CORE,
    needs=(Operation.DISCLOSURES,),
    applies=(is_store,),
    cases=_pages,
)
def listing_rules_are_published(probe: Probe, case: Case) -> None:
    """The rules by which a store lists apps are published."""
    if case.facet not in probe.capabilities.disclosure_topics:
        raise Undecided("the binding declares no page of rules: write target.disclosure_topics: [rules]", lasting=True)
    must_name_topic(probe, case.facet)
    answer = probe.attempt(probe.provider.disclosures, case.facet)
    if not isinstance(answer, Accepted) or not answer.value.text.strip():
        raise NeedsReview("no page with the rules by which apps are listed")
