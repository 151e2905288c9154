"""Removal: what a report was upheld against is gone, everywhere and in time, and intimate images with their copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from shenhe.rulebook import Behaviour

from ...engine.probing.conversation import Visits
from ...engine.probing.probe import Probe
from ...entities import Media, Publication, TicketState, View
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..published import (
    Published,
    Surface,
    after_settling,
    gone,
    kinds_of_content,
    made_public,
    must_be_seen,
    publish,
    same,
    seen_on,
    surfaces,
    witness,
)
from ..registry import check
from ..responses.addresses import ADDRESSES, Address, serving, still_served
from ..scope import publishes
from ..tickets import decided_in_favour, report_of, upheld

#: The kind of record that is kept of a removal.
REMOVED = "removed"
#: Kinds of report that, once upheld, are against the content itself; a rumour may stay where it is refuted.
_OF_RIGHTS = ("infringement", "impersonation")
_Seen: TypeAlias = dict[str, View | Undecided | Violation]
#: The limits of the TAKE IT DOWN Act and of India's rules (complaints, orders), in hours.
TAKE_IT_DOWN, INDIA, INDIAN_ORDERS = 48.0, 2.0, 3.0


def takes_intimate_requests(capabilities: Capabilities) -> Absent | None:
    """A covered platform must take such requests, so that not declaring them is no way out."""
    if "intimate" in capabilities.report_kinds:
        return None
    return Absent("the binding declares no report kind `intimate`", required=True)


@dataclass(frozen=True)
class Removed(Surface):
    """A surface, and what kind of content (``image``, ``text`` …) is removed from it."""

    kind: str = ""
    #: The kind of report that is upheld, if it is not the usual one.
    report: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.facet, self.kind, self.report)))

    def combination(self) -> dict[str, str]:
        reported = {"report kind": self.report} if self.report else {}
        return {"removed from": self.facet, "kind of content": self.kind or "any", **reported}


def _kinds_and_surfaces(capabilities: Capabilities) -> Iterator[Removed]:
    """Every surface with what can be seen on all of them, then every other kind of content."""
    kinds = kinds_of_content(capabilities)
    for kind in kinds or [""]:
        for surface in surfaces(capabilities):
            yield Removed(surface.facet, kind)
    yield Removed(ADDRESSES, (kinds or [""])[0])
    if Operation.REPORT_STATUS in capabilities.operations and capabilities.surfaces:
        for report in _OF_RIGHTS:
            if report in capabilities.report_kinds and report != capabilities.usual_report_kind:
                yield Removed(capabilities.surfaces[0], report=report)


def _surfaces_and_addresses(capabilities: Capabilities) -> Iterator[Surface]:
    yield from surfaces(capabilities)
    yield Surface(ADDRESSES)


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=_kinds_and_surfaces,
    waits=True,
)
def upheld_report_removes_everywhere(probe: Probe, case: Removed) -> None:
    """Content removed after an upheld report is gone from every surface."""
    if case.report:
        _must_go_for(probe, case)
        return
    further = case.kind in kinds_of_content(probe.capabilities)[1:]
    try:
        published, seen, addresses = removed(probe, case.kind)
    except Undecided as undecided:
        if further:
            raise NotJudged(f"no {case.kind} was removed: {undecided.reason}") from None
        raise
    if case.facet == ADDRESSES:
        _must_serve_no_more(probe, addresses, "the report was upheld")
        return
    before = seen[case.facet]
    if not isinstance(before, View):
        if further:
            raise NotJudged(f"the surface {case.facet} shows no {case.kind}")
        raise before
    probe.counts.shared += 1
    if not gone(probe, published, case.facet, before):
        raise Violation(
            f"the report was upheld, and the publication is still seen on the surface {case.facet}"
            f"{after_settling(probe)}"
        )


def _must_go_for(probe: Probe, case: Removed) -> None:
    """Raise :class:`Violation` where unlawful content stays after an upheld report of another kind than the usual."""
    published = made_public(probe, "unlawful")
    before = must_be_seen(probe, published, case.facet)
    witness(probe, case.facet)
    reporter = probe.reporter()
    answer = probe.observe(probe.provider.report, reporter, report_of(published, case.report))
    if isinstance(answer, Refused):
        raise NotJudged(f"a report of the kind {case.report} was refused: {answer.status} {answer.reason}")
    ticket = decided_in_favour(probe, reporter, answer.value)
    if ticket.state is not TicketState.UPHELD:
        raise NotJudged(f"a report of the kind {case.report} was not upheld (it is {ticket.state.value})")
    probe.counts.sent += 1
    if not gone(probe, published, case.facet, before):
        raise Violation(
            f"a report of the kind {case.report} was upheld, and the publication is still seen on the surface"
            f" {case.facet}{after_settling(probe)}"
        )


def _lists_removals(capabilities: Capabilities) -> Absent | None:
    """Concerns a service that lists its records of removals: where it lists none, they show in documents."""
    if Operation.RECORDS in capabilities.operations and REMOVED in (capabilities.record_kinds or ()):
        return None
    return Absent(f"the binding does not say that records of kind {REMOVED!r} are listed (target.record_kinds)")


@check(
    rules=("cn-dsp-2023/10.4",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes, _lists_removals),
    cases=lambda capabilities: [Case("a removal after an upheld report")],
    waits=True,
)
def removals_are_recorded(probe: Probe, case: Case) -> None:
    """A removal after an upheld report is recorded where the service lists its records of removals."""
    probe.must_read_any(Operation.RECORDS, ("subject", "text"), "the subject of a record")
    published = made_public(probe, "unlawful")
    other = publish(probe, published.account, probe.some_content(published.account), None)
    probe.must_send_record_kind(published.account, REMOVED)
    upheld(probe, published)
    listed = probe.observe(probe.provider.records, published.account, REMOVED)
    if isinstance(listed, Refused):
        raise NotJudged(f"the records of kind {REMOVED!r} are not shown: {listed.status} {listed.reason}")

    def names(publication: Publication) -> bool:
        return any(each.subject == publication.id or publication.id in each.text for each in listed.value)

    if names(other.publication):
        raise Undecided("what was never removed is among the records of removals too, so they prove nothing")
    probe.counts.controls += 1
    probe.counts.sent += 1
    if not names(published.publication):
        probe.must_read(Operation.RECORDS, "subject", "what a record is about")
        raise Violation("a report was upheld and the publication removed, and no record of it is kept")
    # Records that only the author can read are out of reach after deletion. Supplied accounts are never deleted.
    invented = published.account.id in probe.session.holders
    readable = not probe.sends_account(Operation.RECORDS, published.account, REMOVED)
    if not (probe.offers(Operation.DELETE_ACCOUNT) and invented and readable):
        return
    probe.setup(probe.provider.delete_account, published.account)
    kept = probe.observe(probe.provider.records, published.account, REMOVED)
    if isinstance(kept, Accepted) and not any(
        each.subject == published.publication.id or published.publication.id in each.text for each in kept.value
    ):
        raise Violation("the record of a removal is gone once its author deletes the account")


def removed(probe: Probe, kind: str) -> tuple[Published, _Seen, list[Address]]:
    """The same as :func:`_removed`, once per run."""
    return probe.once(("removed", kind), lambda: _removed(probe, kind))


def _removed(probe: Probe, kind: str) -> tuple[Published, _Seen, list[Address]]:
    """A publication that a report was upheld against, how each surface showed it before, or why it did not, and the
    addresses that served it.
    """
    begin = len(probe.recorded)
    published = made_public(probe, "unlawful", kind=kind)
    seen = _as_seen(probe, published)
    first = (kinds_of_content(probe.capabilities) or [""])[0]
    addresses = _addresses(probe, begin, published, seen) if kind == first else []
    upheld(probe, published)
    return published, seen, addresses


def _addresses(probe: Probe, begin: int, published: Published, seen: _Seen) -> list[Address]:
    """The addresses in responses since ``begin`` that serve the publication or its file."""
    views = [view.media for view in seen.values() if isinstance(view, View) and view.media is not None]
    made = [published.content.media] if published.content.media is not None else []
    return [*serving(probe, begin, [*views, *made], published.token), *_pieces(probe, published)]


def _pieces(probe: Probe, published: Published) -> Iterator[Address]:
    """The addresses of the pieces in which a file can be downloaded, where they serve everybody."""
    provider, capabilities = probe.provider, probe.capabilities
    for rendition in capabilities.all_renditions:
        if isinstance(provider, Visits) and capabilities.reads(Operation.FETCH, "pieces", rendition=rendition):
            answer = probe.observe_leniently(provider.fetch, published.account, published.content, rendition)
            for exchange in answer.exchanges[1:] if isinstance(answer, Accepted) else ():
                piece = probe.observe_leniently(provider.visit, None, exchange.request.url)
                if isinstance(piece, Accepted):
                    yield Address(exchange.request.url, None, piece.value)
                    break


def _must_serve_no_more(probe: Probe, addresses: list[Address], since: str) -> None:
    """Raise :class:`Violation` where an address that an earlier response gave still serves what was removed."""
    probe.counts.shared += 1
    if left := still_served(probe, addresses) if addresses else []:
        raise Violation(
            f"{since}, and the address {left[0]}, which an earlier response gave, still serves the publication"
            f"{after_settling(probe)}"
        )


@check(
    rules=("us-take-it-down/3.b",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, takes_intimate_requests),
    cases=_surfaces_and_addresses,
    waits=True,
)
def intimate_image_gone_in_48_hours(probe: Probe, case: Surface) -> None:
    """An intimate image is gone from every surface 48 hours after a valid request."""
    if case.facet == ADDRESSES:
        _, _, addresses = probe.once(("requested", TAKE_IT_DOWN), lambda: _requested(probe, TAKE_IT_DOWN))
        _must_serve_no_more(probe, addresses, "48 hours have passed since a valid request")
    elif not _intimate_gone_within(TAKE_IT_DOWN, probe, case.facet):
        raise Violation(f"48 hours after a valid request, the image is still visible on the surface {case.facet}")


@check(
    rules=("in-2026/intimate-2h",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, takes_intimate_requests),
    cases=surfaces,
    waits=True,
)
def intimate_image_gone_in_2_hours(probe: Probe, case: Surface) -> None:
    """An intimate image is gone from every surface two hours after a complaint (India)."""
    if not _intimate_gone_within(INDIA, probe, case.facet):
        raise Violation(f"two hours after a complaint, the image is still seen on the surface {case.facet}")


def _intimate_gone_within(hours: float, probe: Probe, surface: str) -> bool:
    """Whether an image is gone from a surface within the hours after a valid request; one image serves all surfaces."""
    published, seen, _ = probe.once(("requested", hours), lambda: _requested(probe, hours))
    before = seen[surface]
    if not isinstance(before, View):
        raise before
    probe.counts.shared += 1
    return gone(probe, published, surface, before)


def _requested(probe: Probe, hours: float, kind: str = "intimate") -> tuple[Published, _Seen, list[Address]]:
    """An intimate image, or what is ordered down, how each surface showed it before a valid request, and the addresses
    that served it. The hours have passed since, unless no surface showed it any more.
    """
    begin = len(probe.recorded)
    published = made_public(probe, "intimate" if kind == "intimate" else "unlawful", picture=True)
    seen = _as_seen(probe, published)
    addresses = _addresses(probe, begin, published, seen)
    sender = probe.provider.ready_made.accounts.get("authority") if kind == "order" else None
    answer = probe.attempt(probe.provider.report, sender or probe.reporter(), report_of(published, kind))
    if isinstance(answer, Refused):
        raise Undecided(f"a valid request was refused: {answer.status} {answer.reason}")
    shown = [
        surface
        for surface, before in seen.items()
        if isinstance(before, View) and same(before, seen_on(probe, published, surface), published)
    ]
    if shown or (addresses and still_served(probe, addresses)):
        probe.wait(f"for the {hours:g} hours of the law to pass", hours)
    return published, seen, addresses


def _as_seen(probe: Probe, published: Published) -> _Seen:
    """How each surface shows a publication, or why it does not."""
    seen: _Seen = {}
    for surface in surfaces(probe.capabilities):
        try:
            seen[surface.facet] = must_be_seen(probe, published, surface.facet)
            witness(probe, surface.facet)
        except (Undecided, Violation) as why:
            seen[surface.facet] = why
    return seen


def _takes_orders(capabilities: Capabilities) -> Absent | None:
    """An order of the authorities reaches every service, by whichever way it takes them."""
    if "order" in capabilities.report_kinds:
        return None
    return Absent("the binding declares no report kind `order` for orders of the authorities", required=True)


@check(
    rules=("in-2026/order-3h",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, _takes_orders),
    cases=surfaces,
    waits=True,
)
def order_carried_out_in_3_hours(probe: Probe, case: Surface) -> None:
    """Content is gone from every surface three hours after an order of the authorities (India)."""
    published, seen, _ = probe.once("ordered down", lambda: _requested(probe, INDIAN_ORDERS, "order"))
    before = seen[case.facet]
    if not isinstance(before, View):
        raise before
    probe.counts.sent += 1
    if not gone(probe, published, case.facet, before):
        raise Violation(f"three hours after an order, the content is still visible on the surface {case.facet}")


def _copies(capabilities: Capabilities) -> Iterator[Surface]:
    yield Surface("published twice")
    returned = Operation.FETCH in capabilities.operations or capabilities.file_surfaces
    if Operation.UPLOAD in capabilities.operations and returned:
        yield Surface("uploaded by another account")


@check(
    rules=("us-take-it-down/3.c",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, takes_intimate_requests),
    cases=_copies,
    waits=True,
)
def identical_copies_go_too(probe: Probe, case: Surface) -> None:
    """Removing an intimate image also removes its identical copies."""
    published = made_public(probe, "intimate", picture=True)
    copy = _copy_of(probe, published, case.facet)
    surface = probe.capabilities.surfaces[0]
    before, copy_before = must_be_seen(probe, published, surface), must_be_seen(probe, copy, surface)
    witness(probe, surface)
    if not gone_within(TAKE_IT_DOWN, probe, published, surface, before):
        raise Undecided("the image itself was not removed, so its copies prove nothing")
    if not gone(probe, copy, surface, copy_before):
        raise Violation(f"the image was removed, and its identical copy ({case.facet}) is still seen")


def _copy_of(probe: Probe, published: Published, how: str) -> Published:
    """The same bytes published again, under another title."""
    if how == "published twice":
        return publish(probe, published.account, published.content, None)
    data = file_of(probe, published)
    another = probe.another_account()
    return publish(probe, another, probe.setup(probe.provider.upload, another, data, True), None)


def file_of(probe: Probe, published: Published) -> Media:
    """The file that was published, as its author or the public can download it."""
    if probe.offers(Operation.FETCH):
        return probe.bytes_of(published.account, published.content)
    for surface in probe.capabilities.file_surfaces:
        seen = probe.observe(probe.provider.view, None, published.publication, surface)
        if isinstance(seen, Accepted) and seen.value.media is not None:
            return seen.value.media
    raise Undecided("no surface returns the published file")


def gone_within(hours: float, probe: Probe, published: Published, surface: str, before: View) -> bool:
    """Whether a valid request, made here, removes the publication from a surface at once or within the hours."""
    answer = probe.attempt(probe.provider.report, probe.reporter(), report_of(published, "intimate"))
    if isinstance(answer, Refused):
        raise Undecided(f"a valid request was refused: {answer.status} {answer.reason}")
    if not same(before, seen_on(probe, published, surface), published):
        return gone(probe, published, surface, before)
    probe.wait(f"for the {hours:g} hours of the law to pass", hours)
    return gone(probe, published, surface, before)
