"""What the sample store does for developers, users and authorities, without HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .apps import OFF_SALE, AppReport, Measure, Measured, Release, StoredApp, StoreHouse, StoreRefusal
from .registry import Caller
from .review import fault_of
from .switches import StoreFault, StoreVariant

UNLAWFUL = "[test: unlawful]"
#: An app that a first look takes for unlawful, and a second does not.
MISTAKEN = "[test: removed by mistake]"
POLLS_IN_REVIEW = 2


def submit(house: StoreHouse, caller: Caller, release: Release, storefronts: tuple[str, ...]) -> StoredApp:
    """A new app, listed if review finds nothing wrong with it."""
    fault = fault_of(house, caller, release, None)
    if StoreFault.SECOND_SUBMISSION_LISTED in house.faults and release in house.refused:
        fault = ""
    if fault:
        house.refused.append(release)
    if StoreFault.FURTHER_STOREFRONTS_UNVERIFIED in house.faults and house.storefronts[0] not in (
        storefronts or house.storefronts
    ):
        fault = ""
    app = StoredApp(
        house.new_id("app"), house.new_id("pub"), caller.id, storefronts or house.storefronts, submitted=release
    )
    house.apps[app.id] = app
    if fault:
        _reject(house, app, release, fault)
    else:
        _list(house, app, release)
    return app


def update(house: StoreHouse, caller: Caller, number: str, release: Release) -> StoredApp:
    """A new version of an app. None is taken while an order stops updates or the app is off sale."""
    app = house.own(number, caller.id)
    stopped = [taken for taken in app.measures if taken.measure != "warn"]
    if stopped and StoreFault.UPDATE_LIFTS_SUSPENSION in house.faults:
        app.measures = [taken for taken in app.measures if taken.measure not in OFF_SALE]
        stopped = []
    if StoreFault.UPDATES_CONTINUE_UNDER_ORDER in house.faults:
        stopped = [taken for taken in stopped if taken.measure != "suspend-updates"]
    rectifying = bool(stopped) and all(not taken.ordered for taken in stopped)
    fault = fault_of(house, caller, release, app)
    if fault:
        raise StoreRefusal(422, "not_listed", _told(house, fault))
    if stopped and StoreFault.HELD_UPDATE_DOWNLOADED in house.faults:
        app.submitted = release
        return app
    if stopped and not rectifying:
        if StoreVariant.HOLDS_UPDATES in house.variants:
            app.submitted = release
            return app
        raise StoreRefusal(409, "updates_stopped", f"暂停更新。No updates: {stopped[0].reasons}")
    app.submitted = release
    if not rectifying:
        _list(house, app, release)
    return app


def _list(house: StoreHouse, app: StoredApp, release: Release) -> None:
    if StoreVariant.REVIEW_QUEUE in house.variants:
        app.waiting = POLLS_IN_REVIEW
        return
    if StoreVariant.REVIEWS_TAKE_A_DAY in house.variants:
        app.decided_at = house.clock.now() + timedelta(hours=20)
        return
    app.shown = dict.fromkeys(app.storefronts, release)


def _reject(house: StoreHouse, app: StoredApp, release: Release, fault: str) -> None:
    if StoreFault.UNVERIFIED_IN_ONE_STOREFRONT in house.faults and len(app.storefronts) > 1:
        app.shown = dict.fromkeys(app.storefronts[1:], release)
        return
    app.rejected = _told(house, fault)
    if app.rejected:
        house.tell(app, app.rejected)
    if StoreVariant.REJECTS_BY_MESSAGE not in house.variants and not _leaks(house):
        raise StoreRefusal(422, "not_listed", app.rejected)


def _leaks(house: StoreHouse) -> bool:
    return not house.faults.isdisjoint({StoreFault.REJECTED_LINK_WORKS, StoreFault.REJECTED_FOUND})


def _told(house: StoreHouse, fault: str) -> str:
    if StoreFault.REJECTION_REASONS_GENERAL in house.faults:
        return "不符合上架规则。Against the listing rules."
    return "" if StoreFault.REJECTION_WITHOUT_REASONS in house.faults else fault


def shown_release(house: StoreHouse, app: StoredApp, storefront: str, surface: str) -> Release | None:
    """The release that a surface of a storefront shows; ``None`` if it does not offer the app."""
    if app.rejected:
        if StoreFault.REFUSED_APP_FOUND in house.faults:
            return app.submitted
        leak = {"link": StoreFault.REJECTED_LINK_WORKS, "search": StoreFault.REJECTED_FOUND}.get(surface)
        return app.submitted if leak is not None and leak in house.faults else None
    if storefront not in app.shown or house.off_sale(app, storefront, surface):
        return None
    if StoreFault.HELD_UPDATE_DOWNLOADED in house.faults and surface == "download":
        return app.submitted
    return app.shown[storefront]


def state_of(house: StoreHouse, app: StoredApp, storefront: str) -> dict[str, Any]:
    """The status of an app in a storefront, as its developer sees it."""
    if app.decided_at is not None:
        return {"state": "in-review", "reasons": "", "version": ""}
    if app.waiting:
        app.waiting -= 1
        if not app.waiting:
            app.shown = dict.fromkeys(app.storefronts, app.submitted)
        return {"state": "in-review", "reasons": "", "version": ""}
    now = house.clock.now()
    concerned = [taken for taken in app.measures if storefront in taken.storefronts and taken.at <= now]
    reasons = [taken.reasons for taken in concerned]
    off_sale = [taken for taken in concerned if taken.measure in OFF_SALE]
    if StoreFault.REMOVAL_WITHOUT_REASONS in house.faults and off_sale:
        reasons = []
    release = app.shown.get(storefront)
    state = "not-listed" if app.rejected else "listed" if release is not None else "removed"
    if off_sale:
        state = "removed" if any(taken.measure == "remove" for taken in off_sale) else "suspended"
    if app.rejected:
        reasons.append(app.rejected)
    return {"state": state, "reasons": " ".join(reasons), "version": release.version if release else ""}


def order(
    house: StoreHouse, number: str, measure: str, reasons: str, document: str, storefronts: tuple[str, ...]
) -> None:
    """Execute the order of an authority."""
    app = house.find(number)
    where = storefronts or house.storefronts
    if StoreFault.REMOVES_WHERE_NOT_ORDERED in house.faults:
        where = house.storefronts
    if measure == "lift":
        was_off = any(taken.measure in OFF_SALE for taken in app.measures)
        app.measures = []
        if was_off or StoreFault.LIFTED_WARNING_REMOVES in house.faults:
            app.shown = {}
        else:
            app.shown = dict.fromkeys(app.storefronts, app.submitted)
        house.note("lift", app, f"{document} {reasons}")
        return
    taken: Measure = measure  # type: ignore[assignment]
    if measure == "warn" and StoreFault.WARNED_APP_REMOVED in house.faults:
        taken = "remove"
    _measure(house, app, Measured(taken, _told_of(house, reasons, document), where, house.clock.now()))


#: Words of the grounds of an order, and the kind that they are of.
_KINDS = {"标识": "内容标识。Labels.", "未成年人": "未成年人保护。Minors."}


def _told_of(house: StoreHouse, reasons: str, document: str) -> str:
    """What the developer is told of the reasons of an order."""
    if StoreFault.REMOVAL_REASONS_GENERAL in house.faults:
        return "依据主管部门的要求处置。As an authority requires."
    if StoreVariant.REASONS_BY_CATEGORY in house.variants:
        kind = next((kind for word, kind in _KINDS.items() if word in reasons), "其他。Others.")
        return f"{document}，{kind}"
    return f"{reasons}（{document}）"


def _measure(house: StoreHouse, app: StoredApp, taken: Measured) -> None:
    app.measures.append(taken)
    off_sale = taken.measure in OFF_SALE
    silent = (taken.measure == "warn" and StoreFault.WARNING_NOT_PASSED_ON in house.faults) or (
        off_sale and StoreFault.REMOVAL_WITHOUT_REASONS in house.faults
    )
    if taken.measure == "warn" and silent:
        app.measures.remove(taken)
    if not silent and taken.at <= house.clock.now():
        house.tell(app, f"{taken.measure}: {taken.reasons}")
    unrecorded = StoreFault.REMOVAL_UNRECORDED in house.faults or (
        StoreFault.OWN_REMOVALS_UNRECORDED in house.faults and not taken.ordered
    )
    if not (off_sale and unrecorded):
        house.note("order" if taken.ordered else "removed", app, f"{taken.measure}: {taken.reasons}")
    if off_sale and StoreFault.SIBLINGS_REMOVED in house.faults:
        for other in house.apps.values():
            if other.developer == app.developer and other is not app:
                other.shown = {}


def relist(house: StoreHouse, caller: Caller, number: str) -> None:
    """List an app again after rectification, unless an order is in force."""
    app = house.own(number, caller.id)
    standing = [taken for taken in app.measures if taken.measure in OFF_SALE]
    if StoreFault.RELISTED_WHILE_ORDERED in house.faults:
        app.measures, standing = [], []
    rectified = UNLAWFUL not in app.submitted.description
    unchanged = not rectified and StoreFault.RELISTED_UNCHANGED not in house.faults
    if StoreFault.RECTIFIED_APP_STAYS_DOWN in house.faults:
        unchanged |= any(not taken.ordered for taken in standing)
    if any(taken.ordered for taken in standing) or unchanged or app.rejected:
        reason = standing[0].reasons if standing else app.rejected
        raise StoreRefusal(409, "order_stands", f"尚不能恢复上架。Not listed again: {reason}")
    if StoreFault.NOT_REINSTATED in house.faults:
        return
    app.measures = []
    app.shown = dict.fromkeys(app.storefronts, app.submitted)
    house.note("relisting", app, "relisted after rectification")


def report_app(house: StoreHouse, number: str) -> AppReport:
    """Decide a report about an app: upheld where the app is unlawful."""
    app = house.find(number)
    made = AppReport(house.new_id("rep"), app.id, "received")
    house.reports[made.id] = made
    founded = any(mark in app.submitted.description for mark in (UNLAWFUL, MISTAKEN))
    founded = founded or StoreFault.BOGUS_REPORT_REMOVES in house.faults
    in_words = StoreFault.BOGUS_REPORT_UPHELD_IN_WORDS in house.faults
    made.state = "upheld" if founded or in_words else "rejected"
    alike = StoreFault.REPORTS_ALL_GIVE_ONE_REASON in house.faults
    made.reasons = (
        "该应用违反规定。The app violates the rules." if founded or alike else "未发现违规。No violation was found."
    )
    if founded and StoreFault.REPORTED_APP_STAYS not in house.faults:
        since = house.clock.now()
        if StoreFault.REPORTED_APP_REMOVED_LATE in house.faults:
            since += timedelta(hours=200)
        _measure(house, app, Measured("suspend-listing", made.reasons, house.storefronts, since, ordered=False))
    return made


def appeal_about_app(house: StoreHouse, caller: Caller, number: str) -> AppReport:
    """Review a measure that the store took by itself, and take it back if it was a mistake."""
    app = house.own(number, caller.id)
    taken = [each for each in app.measures if not each.ordered]
    if StoreFault.APPEALS_NOT_TAKEN in house.faults:
        raise StoreRefusal(404, "no_appeals", "不受理申诉。No appeals are taken.")
    if not taken:
        raise StoreRefusal(409, "nothing_to_appeal", "没有可申诉的处置。There is no measure to appeal against.")
    made = AppReport(house.new_id("apl"), app.id, "received")
    house.reports[made.id] = made
    if StoreFault.APPEALS_UNANSWERED in house.faults:
        return made
    mistaken = UNLAWFUL not in app.submitted.description and StoreFault.APP_APPEALS_NEVER_UPHELD not in house.faults
    in_words = StoreFault.APP_APPEALS_UPHELD_IN_WORDS in house.faults
    made.state = "upheld" if mistaken or in_words else "rejected"
    alike = StoreFault.APP_APPEALS_ALL_GIVE_ONE_REASON in house.faults
    made.reasons = (
        "经复核，处置有误。The measure was a mistake." if mistaken or alike else "经复核，维持处置。The measure stands."
    )
    restored = mistaken or StoreFault.APPEALS_IN_VAIN_RESTORE in house.faults
    heard = StoreFault.SECOND_APP_APPEALS_WITHOUT_EFFECT in house.faults and house.appealed_before(app)
    if restored and not heard and StoreFault.APPEALS_UPHELD_WITHOUT_EFFECT not in house.faults:
        app.measures = [each for each in app.measures if each.ordered]
        house.note("relisting", app, made.reasons)
    return made
