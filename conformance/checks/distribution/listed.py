"""Apps at a store: how a check submits them, where the public sees them, and the messages that their developer gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...apps import App, AppOrder, AppSubmission, Filing, ListingState, Measure
from ...engine.probing.conversation import said
from ...engine.probing.probe import Probe
from ...entities import Account
from ...provider import Accepted, Capabilities, Operation, Refused, where_to_bind
from ..outcome import Absent, Undecided, Violation
from ..submissions import companion_app, generating_app, plain_app

#: Hours by the clock of the store after which its review is looked at again, and how often.
REVIEW, REVIEWS = 24.0, 4
#: So many results of a search are looked at.
_RESULTS = 10
#: The name of search among the places where the public sees an app.
SEARCH = "search"


@dataclass(frozen=True)
class Submitted:
    """An app that the store took in, and what was submitted last."""

    app: App
    submission: AppSubmission


@dataclass(frozen=True)
class Place:
    """One surface of one storefront."""

    surface: str
    storefront: str

    def __str__(self) -> str:
        return f"{self.surface} ({self.storefront})"


def is_store(capabilities: Capabilities) -> Absent | None:
    """Concerns a store whose listings the public can see."""
    if capabilities.listing_surfaces:
        return None
    return Absent("the binding declares no listing surface: write target.listing_surfaces", required=True)


def takes_orders(*measures: Measure) -> Applicable:
    """Concerns a store to which one of these orders can be given in a test."""
    return Applicable(measures)


@dataclass(frozen=True)
class Applicable:
    """Whether a binding declares one of some orders."""

    measures: tuple[Measure, ...]

    def __call__(self, capabilities: Capabilities) -> Absent | None:
        if not set(self.measures).isdisjoint(capabilities.orders):
            return None
        names = " or ".join(measure.value for measure in self.measures)
        return Absent(f"the binding declares no order {names}: write target.orders", required=True)


def listing_places(capabilities: Capabilities) -> list[Place]:
    """Every place where the public sees an app."""
    surfaces = [*capabilities.listing_surfaces, *([SEARCH] if Operation.SEARCH_APPS in capabilities.operations else [])]
    return [Place(surface, storefront) for storefront in capabilities.storefronts for surface in surfaces]


def developer(probe: Probe) -> Account:
    """The developer whose filings the binding supplies."""
    supplied = probe.provider.ready_made.accounts.get("developer")
    return supplied if supplied is not None else probe.account()


def supplied_filing(probe: Probe, kind: str = "valid") -> Filing:
    """A filing that the binding supplies. Raises :class:`Undecided` where it supplies none of that kind."""
    supplied = probe.provider.ready_made.filings.get(kind)
    if not supplied:
        raise Undecided(f"a filing is needed that the store knows: supply it under `filings.{kind}`", lasting=True)
    return supplied[0]


def new_name(probe: Probe) -> str:
    """The name of an app that no other app of the run has."""
    return f"应用 {probe.names.token()}"


def lawful_app(probe: Probe, kind: str) -> AppSubmission:
    """A lawful submission: ``plain``, ``generating`` or ``companion``."""
    storefronts = probe.capabilities.storefronts
    if kind == "plain":
        return plain_app(new_name(probe), storefronts, new_version(probe))
    make = companion_app if kind == "companion" else generating_app
    return make(new_name(probe), storefronts, supplied_filing(probe), new_version(probe))


def new_version(probe: Probe) -> str:
    """A version that no other submission of the run has."""
    number = int(probe.names.token()[1:7], 16)
    return f"{1 + number % 9}.{number // 9 % 1000}.{number % 1000}"


def submitted(probe: Probe, submission: AppSubmission) -> Submitted | Refused:
    """Submit an app as an attempt."""
    result = probe.attempt(probe.provider.submit_app, developer(probe), submission)
    return Submitted(result.value, submission) if isinstance(result, Accepted) else result


def listed_app(probe: Probe, submission: AppSubmission) -> Submitted:
    """A lawful app that the public sees in every place. Raises :class:`Undecided` where the store does not list it."""
    app = probe.control(probe.provider.submit_app, developer(probe), submission)
    made = Submitted(app, submission)
    await_decision(probe, app)
    missing: list[Place] = []

    def everywhere() -> bool:
        missing[:] = [place for place in listing_places(probe.capabilities) if not shows(probe, made, place)]
        return not missing

    if not probe.settled(everywhere):
        raise Undecided(f"a lawful app is not listed on {_names(missing)}{_status(probe, app)}")
    return made


def new_listed_app(probe: Probe) -> Submitted:
    """An app that generates, new and listed."""
    return listed_app(probe, lawful_app(probe, "generating"))


def lawful_twin(probe: Probe, kind: str) -> Submitted:
    """A lawful app of a kind that is listed, shared by the cases of a run: nothing may be done to it."""
    return probe.once(("listed app", kind), lambda: listed_app(probe, lawful_app(probe, kind)))


def shows(probe: Probe, made: Submitted, place: Place) -> bool:
    """Whether the public sees an app in a place."""
    if place.surface == SEARCH:
        found = probe.observe(probe.provider.search_apps, None, made.submission.name, place.storefront)
        return isinstance(found, Accepted) and made.app.id in found.value.apps
    seen = probe.observe(probe.provider.view_app, None, made.app, place.surface, place.storefront)
    return isinstance(seen, Accepted)


def seen_in(probe: Probe, made: Submitted) -> list[Place]:
    """The places where the public sees an app."""
    return [place for place in listing_places(probe.capabilities) if shows(probe, made, place)]


def appears(probe: Probe, made: Submitted) -> bool:
    """Whether an app becomes publicly visible somewhere, once the store has decided about it."""
    await_decision(probe, made.app)
    return probe.settled(lambda: bool(seen_in(probe, made)))


def await_decision(probe: Probe, app: App) -> None:
    """Wait until the store has reviewed a submission: the time that it declares, then days by its own clock."""
    if probe.settled(lambda: not _in_review(probe, app)) or not probe.offers(Operation.ADVANCE_CLOCK):
        return
    for _ in range(REVIEWS):
        probe.wait("the store reviews submissions", REVIEW)
        if not _in_review(probe, app):
            return


def stays_unlisted(probe: Probe, submission: AppSubmission, flaw: str, *, again: bool = False) -> None:
    """Raise :class:`Violation` if the public sees a flawed app that was submitted, now or once it is decided.

    With ``again``, a refused submission is made once more.
    """
    made = submitted(probe, submission)
    if isinstance(made, Refused):
        _must_not_be_found(probe, submission, flaw)
        if not again:
            return
        flaw = f"{flaw}, refused once and submitted again unchanged,"
        made = submitted(probe, submission)
        if isinstance(made, Refused):
            return
    await_decision(probe, made.app)
    found: list[Place] = []
    states = _look_at_status(probe, made.app)

    def is_listed() -> bool:
        found[:] = seen_in(probe, made)
        return bool(found) or (bool(states) and ListingState.LISTED not in states)

    probe.settled(is_listed)
    if found:
        raise Violation(f"an app {flaw} is listed: {_names(found)}")
    if ListingState.LISTED in states:
        raise Violation(f"an app {flaw} has the status {ListingState.LISTED.value}")


def _must_not_be_found(probe: Probe, submission: AppSubmission, flaw: str) -> None:
    """A refusal names no app: the public could still find one by the name that was submitted."""
    if Operation.SEARCH_APPS not in probe.capabilities.operations:
        return
    for storefront in probe.capabilities.storefronts:
        answer = probe.observe(probe.provider.search_apps, None, submission.name, storefront)
        for number in answer.value.apps[:_RESULTS] if isinstance(answer, Accepted) else ():
            made = Submitted(App(number), submission)
            for surface in probe.capabilities.listing_surfaces:
                if _shows_version(probe, made, Place(surface, storefront)):
                    raise Violation(f"an app {flaw} is refused, and listed: {Place(SEARCH, storefront)}")


def update_stays_unlisted(probe: Probe, made: Submitted, submission: AppSubmission, flaw: str) -> None:
    """Raise :class:`Violation` if the public sees a flawed update of an app."""
    result = probe.attempt(probe.provider.submit_app, developer(probe), submission)
    if isinstance(result, Refused):
        return
    if place := version_seen(probe, Submitted(made.app, submission)):
        raise Violation(f"an update {flaw} is listed: {place}")


def version_seen(probe: Probe, made: Submitted, surfaces: tuple[str, ...] = ()) -> Place | None:
    """The first place that shows the submitted version, as soon as one does."""
    found: list[Place] = []
    chosen = surfaces or probe.capabilities.listing_surfaces

    def is_listed() -> bool:
        for storefront in probe.capabilities.storefronts:
            for surface in chosen:
                if _shows_version(probe, made, Place(surface, storefront)):
                    found.append(Place(surface, storefront))
                    return True
        return False

    await_decision(probe, made.app)
    probe.settled(is_listed)
    return found[0] if found else None


def must_show_versions(probe: Probe) -> None:
    """Raise :class:`Undecided` if no public response gives the version that it shows."""
    probe.must_read_any(Operation.VIEW_APP, ("version", "text"), "the version of a listed app")


def published_update(probe: Probe, made: Submitted, provider_version: str) -> Submitted:
    """A lawful update of an app that the public sees. Raises :class:`Undecided` where the store does not publish it."""
    must_show_versions(probe)
    submission = replace(made.submission, version=provider_version, app=made.app)
    probe.control(probe.provider.submit_app, developer(probe), submission)
    newer = Submitted(made.app, submission)
    if version_seen(probe, newer) is None:
        raise Undecided(
            "the public does not see a lawful update: bind the version of the listed app at"
            f" {where_to_bind(Operation.VIEW_APP, 'version')}"
        )
    return newer


def _shows_version(probe: Probe, made: Submitted, place: Place) -> bool:
    seen = probe.observe(probe.provider.view_app, None, made.app, place.surface, place.storefront)
    if not isinstance(seen, Accepted):
        return False
    wanted = made.submission.version
    return wanted == seen.value.version or wanted in seen.value.text


def _in_review(probe: Probe, app: App) -> bool:
    """Whether the store says that it has not decided yet, in some storefront."""
    return ListingState.IN_REVIEW in _look_at_status(probe, app)


def _look_at_status(probe: Probe, app: App) -> list[ListingState]:
    if not probe.offers(Operation.APP_STATUS):
        return []
    answers = [
        probe.observe(probe.provider.app_status, developer(probe), app, storefront)
        for storefront in probe.capabilities.storefronts
    ]
    return [answer.value.state for answer in answers if isinstance(answer, Accepted)]


def _status(probe: Probe, app: App) -> str:
    states = ", ".join(state.value for state in _look_at_status(probe, app))
    return f" (status: {states})" if states else ""


def _names(found: list[Place]) -> str:
    return ", ".join(map(str, found))


# --- orders ------------------------------------------------------------------------------------------------


#: Two grounds of orders.
UNLABELLED = "生成合成内容未添加标识，责令限期处置。Generated content without labels."
UNSAFE = "诱导未成年人沉迷，侵害其身心健康。It harms minors."


def order_about(
    probe: Probe,
    made: Submitted,
    measure: Measure,
    storefronts: tuple[str, ...] = (),
    *,
    hours: float = 24.0,
    reasons: str = UNLABELLED,
) -> AppOrder:
    """An order about an app with another number."""
    number = f"测试令{probe.names.token()}"
    return AppOrder(made.app, measure, reasons, number, hours, storefronts or probe.capabilities.storefronts)


def give_order(
    probe: Probe,
    made: Submitted,
    measure: Measure,
    storefronts: tuple[str, ...] = (),
    *,
    hours: float = 24.0,
    reasons: str = UNLABELLED,
) -> AppOrder:
    """Give an order about an app. Raises :class:`Undecided` where the store does not take it."""
    order = order_about(probe, made, measure, storefronts, hours=hours, reasons=reasons)
    authority = probe.provider.ready_made.accounts.get("authority")
    result = probe.attempt(probe.provider.order_app, authority, order)
    if isinstance(result, Refused):
        raise Undecided(f"the store takes no order to {measure.value}: {said(result)}")
    return order


def told_developer(probe: Probe, made: Submitted) -> str:
    """The store's messages to the developer about an app, and the reasons of its status."""
    return " ".join(part for part in _told(probe, made) if part.strip())


def _told(probe: Probe, made: Submitted) -> Iterator[str]:
    if probe.offers(Operation.APP_STATUS) and probe.capabilities.reads(Operation.APP_STATUS, "reasons"):
        for storefront in probe.capabilities.storefronts:
            status = probe.observe(probe.provider.app_status, developer(probe), made.app, storefront)
            if isinstance(status, Accepted):
                yield status.value.reasons
    if probe.offers(Operation.APP_MESSAGES):
        messages = probe.observe(probe.provider.app_messages, developer(probe), made.app)
        if isinstance(messages, Accepted):
            yield from messages.value


def must_tell(probe: Probe) -> None:
    """Raise :class:`Undecided` if the binding reads no message of the store to developers."""
    if probe.offers(Operation.APP_MESSAGES):
        return
    if probe.offers(Operation.APP_STATUS) and probe.capabilities.reads(Operation.APP_STATUS, "reasons"):
        return
    where = where_to_bind(Operation.APP_STATUS, "reasons")
    raise Undecided(f"no message to the developer is read: bind {where} or operations.app_messages", lasting=True)
