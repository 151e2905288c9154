"""The store beside a chain: the provider submits its app with the file of the chain as the sample of its labels; an
order ends updates of the app or takes it down, and lifting it undoes both.
"""

from __future__ import annotations

from dataclasses import replace

from ..apps import App, AppOrder, AppSubmission, Measure
from ..checks.outcome import NeedsReview, Undecided, Violation
from ..checks.submissions import generating_app, plain_app
from ..entities import Account, Media
from ..provider import Accepted, Operation
from ..verdict import Verdict
from .document import Station
from .trail import Trail

_MANAGEMENT = "cn-dsp-2023/13.3"
_NEEDED = (Operation.SUBMIT_APP, Operation.VIEW_APP, Operation.ORDER_APP)


def follow_order(station: Station, trail: Trail, rule: str, file: Media | None = None) -> None:
    """List an app, order its updates to stop, submit one, lift the order, and submit it again; then order the app down,
    and lift that. ``file`` is a file that the app made.
    """
    probe = station.probe
    missing = [operation.value for operation in _NEEDED if not station.offers(operation)]
    if missing:
        trail.skip(station, "the store", f"the binding has no operation {', '.join(missing)}")
        return
    app, developer, submission = None, None, _submission(station)
    with trail.hop(station, "the app is listed") as draft:
        developer = _developer(station)
        if file is not None and _sends_sample(station, developer, submission, file):
            submission, draft.media = replace(submission, label_sample=file), file
        app = probe.setup(probe.provider.submit_app, developer, submission)
        if not probe.settled(lambda: _version(station, app) == submission.version):
            raise Undecided(f"version {submission.version} of the app is not listed, and nothing can be updated")
        sample = ", with the file as the sample of its labels" if draft.media is not None else ""
        draft.seen = f"version {submission.version} is listed{sample}"
    if app is None or developer is None or draft.verdict is not Verdict.PASS:
        return
    update = replace(submission, version="1.1.0", app=app)
    with trail.hop(station, "an update after an order to suspend updates", rule) as draft:
        _order(station, app, Measure.SUSPEND_UPDATES)
        answer = probe.attempt(probe.provider.submit_app, developer, update)
        if isinstance(answer, Accepted) and probe.settled(lambda: _version(station, app) == update.version):
            raise Violation(f"updates are suspended by order, and version {update.version} is published anyway")
        draft.seen = f"version {update.version} is not published"
    if draft.verdict is not Verdict.PASS:
        return
    with trail.hop(station, "the update after the order is lifted", rule) as draft:
        _order(station, app, Measure.LIFT)
        probe.control(probe.provider.submit_app, developer, update)
        if not probe.settled(lambda: _version(station, app) == update.version):
            raise Undecided("the order is lifted, and the update is not published either, so nothing was stopped by it")
        draft.seen = f"version {update.version} is published"
    if draft.verdict is Verdict.PASS and Measure.REMOVE in station.probe.capabilities.orders:
        _removed_and_restored(station, trail, rule, app, developer)


def _removed_and_restored(station: Station, trail: Trail, rule: str, app: App, developer: Account) -> None:
    probe = station.probe
    with trail.hop(station, "the app after an order to remove it", rule) as draft:
        _order(station, app, Measure.REMOVE)
        if not probe.settled(lambda: not _is_seen(station, app)):
            raise Violation("an order removes the app, and the public still sees it")
        draft.seen = "the app is gone"
    if draft.verdict is not Verdict.PASS:
        return
    with trail.hop(station, "the app after that order is lifted", _MANAGEMENT) as draft:
        _order(station, app, Measure.LIFT)
        if station.offers(Operation.RELIST_APP):
            probe.attempt(probe.provider.relist_app, developer, app, "已按要求整改。Rectified as required. [test]")
        if not probe.settled(lambda: _is_seen(station, app)):
            raise NeedsReview("the order is lifted, and the app does not come back")
        draft.seen = "the app is listed again"


def _sends_sample(station: Station, developer: Account, submission: AppSubmission, file: Media) -> bool:
    """Whether the binding submits a file as the sample of an app's labels."""
    try:
        station.probe.must_differ(
            lambda store: store.submit_app(developer, submission),
            lambda store: store.submit_app(developer, replace(submission, label_sample=file)),
            "a sample of labels",
            write="`{{ submission.label_sample }}` under operations.submit_app",
        )
    except Undecided:
        return False
    return submission.generative


def _submission(station: Station) -> AppSubmission:
    probe = station.probe
    name, storefronts = f"Lake {probe.names.token()}", probe.capabilities.storefronts
    filings = probe.provider.ready_made.filings.get("valid", ())
    return generating_app(name, storefronts, filings[0]) if filings else plain_app(name, storefronts)


def _developer(station: Station) -> Account:
    return station.probe.provider.ready_made.accounts.get("developer") or station.probe.account()


def _is_seen(station: Station, app: App) -> bool:
    probe = station.probe
    surface = probe.capabilities.listing_surfaces[0]
    return isinstance(
        probe.observe(probe.provider.view_app, None, app, surface, probe.capabilities.storefronts[0]), Accepted
    )


def _version(station: Station, app: App) -> str:
    """The version that the public sees; empty where the app is not seen."""
    probe = station.probe
    surface = probe.capabilities.listing_surfaces[0]
    seen = probe.observe(probe.provider.view_app, None, app, surface, probe.capabilities.storefronts[0])
    if not isinstance(seen, Accepted):
        return ""
    if not seen.value.version:
        probe.must_read(Operation.VIEW_APP, "version", "the version of a listed app", surface=surface)
    return seen.value.version


def _order(station: Station, app: App, measure: Measure) -> None:
    probe = station.probe
    authority = probe.provider.ready_made.accounts.get("authority")
    order = AppOrder(app, measure, "标识不合规。 Labels are missing. [test]", f"T-{probe.names.token()}", hours=0)
    probe.setup(probe.provider.order_app, authority, order)
