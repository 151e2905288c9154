"""Management of listings: records, reasons, proportion, reinstatement and published rules.

The duty to manage (Deep Synthesis Provisions, Art. 13) names no single act. What looks wrong here is put to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from shenhe.rulebook import Behaviour

from ...apps import AppSubmission, Measure
from ...engine.probing.probe import Probe
from ...entities import Record
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
    await_decision,
    developer,
    give_order,
    is_store,
    lawful_app,
    lawful_twin,
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
from .orders import (
    LIMIT,
    REMOVING,
    knows_unlawful_apps,
    reported,
    taken_down,
    unlawful_app,
)

#: The kind of record that is kept of an order.
ORDER = "order"
#: The kind of record that is kept of a measure that the store takes by itself.
REMOVED = "removed"


_OWN_MEASURE = "record of a measure of the store itself"


def _at_once(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("record of an order")
    reports = Operation.REPORT in capabilities.operations and knows_unlawful_apps(capabilities) is None
    if REMOVED in (capabilities.record_kinds or ()) and reports:
        yield Case(_OWN_MEASURE)


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
    if case.facet == _OWN_MEASURE:
        _own_measure_is_recorded(probe)
        return
    measure = _removal(probe.capabilities)
    made = new_listed_app(probe)
    order = give_order(probe, made, measure)
    if not _name(_records(probe, ORDER), made.app.id, made.submission.name, order.number):
        raise Violation(
            f"an order to {measure.value} an app was executed, and no record of it names the app or the order"
        )
    probe.counts.controls += 1


def _own_measure_is_recorded(probe: Probe) -> None:
    """The record of an app that the store took down after a report names the app."""
    made = unlawful_app(probe)
    earlier = _records(probe, REMOVED)
    reported(probe, made)
    if not taken_down(probe, made, LIMIT):
        raise NotJudged("the store does not take down the app that the marker names")
    kept = [record for record in _records(probe, REMOVED) if record not in earlier]
    # Its records may know the app by an id that no response gives: then it is one that no earlier record is about.
    known = {"", *(record.subject for record in earlier)}
    if not _name(kept, made.app.id, made.submission.name) and known.issuperset(record.subject for record in kept):
        raise Violation("the store took down an app after a report, and no record of it names the app")
    probe.counts.controls += 1


def _records(probe: Probe, kind: str) -> tuple[Record, ...]:
    authority = probe.provider.ready_made.accounts.get("authority")
    probe.must_send_record_kind(authority, kind)
    answer = probe.observe(probe.provider.records, authority, kind)
    return probe.declared(f"records of kind {kind}", answer)


def _name(records: Iterable[Record], *names: str) -> bool:
    return any(name in f"{record.subject} {record.text}" for record in records for name in names)


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
        unfiled = _told_of_rejection(probe, replace(good, filing=replace(good.filing, number="")))
        if unfiled is None:
            raise NotJudged("an app without filing is listed")
        other = lawful_app(probe, "generating")
        unlabelled = _told_of_rejection(probe, replace(other, label_material="", label_sample=None))
        if unfiled == unlabelled:
            raise NeedsReview(
                "an app without filing and one without material on labels were rejected, and the developer is given"
                f" the same reasons: {unfiled[:200]!r}"
            )
        return
    must_tell(probe)
    probe.once("how developers are told", lambda: _ways_exist(probe))
    told = [_told_of_removal(probe, reasons) for reasons in (UNLABELLED, UNSAFE)]
    if told[0] == told[1]:
        raise NeedsReview(
            "two apps were removed for different reasons, and the developer is given the same reasons:"
            f" {told[0][:200]!r}"
        )


def _told_of_rejection(probe: Probe, submission: AppSubmission) -> str | None:
    """What the developer of a flawed app learns, without names and numbers; ``None`` if the app is listed."""
    answer = submitted(probe, submission)
    if isinstance(answer, Refused):
        reads = probe.capabilities.reads
        if not reads(Operation.SUBMIT_APP, "reason") and not reads(Operation.SUBMIT_APP, "notice"):
            raise Undecided(
                "the reason for a rejected submission is not read: bind operations.submit_app.reason", lasting=True
            )
        told = f"{answer.reason} {answer.notice}".strip()
    else:
        must_tell(probe)
        if seen_in(probe, answer):
            return None
        probe.settled(lambda: bool(told_developer(probe, answer)))
        told = told_developer(probe, answer)
    if not told:
        raise NeedsReview("a submission was rejected, and the developer is not told why")
    app = "" if isinstance(answer, Refused) else answer.app.id
    return _general(told, app, submission.name, submission.package)


def _ways_exist(probe: Probe) -> bool:
    """The operations by which a developer learns something about an app find one that is listed."""
    made, account = new_listed_app(probe), developer(probe)
    answers: dict[Operation, Accepted[Any] | Refused] = {}
    if probe.offers(Operation.APP_STATUS):
        storefront = probe.capabilities.storefronts[0]
        answers[Operation.APP_STATUS] = probe.observe(probe.provider.app_status, account, made.app, storefront)
    if probe.offers(Operation.APP_MESSAGES):
        answers[Operation.APP_MESSAGES] = probe.observe(probe.provider.app_messages, account, made.app)
    for operation, answer in answers.items():
        must_be_found(operation, answer, "an app that is listed")
    return True


def must_be_found(operation: Operation, answer: Accepted[Any] | Refused, what: str) -> None:
    """Raise :class:`NeedsReview` where an operation that the binding declares does not find what is there."""
    if isinstance(answer, Refused) and answer.no_such_thing:
        raise NeedsReview(
            f"the binding declares operations.{operation.value}, but for {what} the store answers"
            f" {answer.status} {answer.reason[:120]}"
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
    return _general(
        told_developer(probe, made), made.app.id, made.submission.name, made.submission.package, order.number
    )


def _general(told: str, *names: str) -> str:
    """A message without these names, and without numbers."""
    for name in filter(None, names):
        told = told.replace(name, " ")
    # Numbers, versions, times and names with digits differ between two messages for other reasons than their grounds.
    general = _WORD.sub(lambda word: "" if any(map(str.isdecimal, word[0])) else word[0], told)
    return " ".join(general.split())


_NO_LONGER_WARNED = "an app whose warning was lifted"


def _proportions(capabilities: Capabilities) -> Iterator[Case]:
    if not set(REMOVING).isdisjoint(capabilities.orders):
        yield Case("another app of the developer")
        if len(capabilities.storefronts) > 1:
            yield Case("a storefront that the order does not name")
    if Measure.WARN in capabilities.orders:
        yield Case("a warned app")
        yield Case(_NO_LONGER_WARNED)


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
    if case.facet in ("a warned app", _NO_LONGER_WARNED):
        give_order(probe, made, Measure.WARN)
        if case.facet == _NO_LONGER_WARNED:
            with suppress(Undecided):  # a store may know no end of a warning
                give_order(probe, made, Measure.LIFT)
        must_stay(
            probe,
            [place for place in listing_places(capabilities) if not shows(probe, made, place)],
            "an app to be warned" if case.facet == "a warned app" else case.facet,
        )
        return
    named = capabilities.storefronts[:1] if case.facet.startswith("a storefront") else capabilities.storefronts
    give_order(probe, made, _removal(capabilities), named)
    if named != capabilities.storefronts:
        rest = [place for place in listing_places(capabilities) if place.storefront not in named]
        must_stay(probe, [place for place in rest if not shows(probe, made, place)], "an app, where no order reaches,")
        return
    missing = [place for place in listing_places(capabilities) if not shows(probe, other, place)]
    must_stay(probe, missing, "another app of the developer, which no order names,")


def must_stay(probe: Probe, missing: list[Place], what: str) -> None:
    """Raise :class:`NeedsReview` where an app is missing from a place."""
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


@dataclass(frozen=True)
class Reinstated(Case):
    """An app that was taken down: by an order, or else by the store after a report that it upheld."""

    ordered: bool = True

    def __str__(self) -> str:
        return self.facet if self.ordered else "a measure of the store itself"


def _reinstates(capabilities: Capabilities) -> Iterator[Reinstated]:
    removals = [measure.value for measure in REMOVING if measure in capabilities.orders]
    yield from map(Reinstated, removals)
    if Operation.REPORT in capabilities.operations and capabilities.marker("unlawful") is not None:
        yield from (Reinstated(removal, ordered=False) for removal in removals[:1])


@check(
    rules=("cn-dsp-2023/13.3",),
    behaviour=Behaviour.GOVERNANCE,
    needs=(*SEES_LISTINGS, Operation.ORDER_APP, Operation.RELIST_APP),
    applies=(is_store, takes_orders(*REMOVING)),
    cases=_reinstates,
    waits=True,
)
def rectified_app_is_listed_again(probe: Probe, case: Reinstated) -> None:
    """An app is listed again after rectification, once the order is lifted."""
    if not case.ordered:
        _rectified_by_an_update(probe)
        return
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


def _rectified_by_an_update(probe: Probe) -> None:
    """An unlawful app that the store took down is lawful in its next version, and listed again on request."""
    made = unlawful_app(probe)
    reported(probe, made)
    if not taken_down(probe, made, LIMIT):
        raise NotJudged("the store does not take down the app that the marker names")
    lawful = replace(lawful_app(probe, "plain"), name=made.submission.name, package=made.submission.package)
    update = submitted(probe, replace(lawful, app=made.app))
    if isinstance(update, Refused):
        raise NotJudged(f"the store takes no update of an app that it took down: {update.status} {update.reason}")
    await_decision(probe, made.app)
    answer = probe.attempt(
        probe.provider.relist_app, developer(probe), made.app, "违规内容已删除。The unlawful content is removed."
    )
    if not probe.settled(lambda: bool(seen_in(probe, made))):
        why = f" ({answer.status} {answer.reason[:120]})" if isinstance(answer, Refused) else ""
        raise NeedsReview(f"a lawful version was accepted, and the app is not listed again on request{why}")


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
