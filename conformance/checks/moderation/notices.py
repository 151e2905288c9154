"""Reports: who may make one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Ticket, TicketState, View
from ...provider import Accepted, Capabilities, Operation, Refused
from ...verdict import Level
from ..faces import publication_of
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..prompted import PAIRS, Prompted
from ..published import (
    Published,
    Surface,
    after_settling,
    gone,
    harmless,
    kinds_of_content,
    made_public,
    must_be_seen,
    same,
    seen_on,
    surfaces,
    witness,
)
from ..registry import check
from ..reposts import REPOST, Reposted, reposts, sharer
from ..requests import PLAIN, STATEMENTS
from ..scope import media, publishes, reads
from ..tickets import (
    Reported,
    decided,
    decided_against,
    decided_in_favour,
    decides_by_itself,
    drawn_statements,
    enumerated_statements,
    has_moderator,
    kind_of_report,
    report_of,
    statements_and_kinds,
    taken,
    upheld,
)


def knows_mistakes(capabilities: Capabilities) -> Absent | None:
    """Concerns whose test environment recognises content that is removed by mistake, or has a moderator who decides."""
    if capabilities.markers.get("mistaken") or Operation.DECIDE in capabilities.operations:
        return None
    return Absent("the binding names no test phrase `markers.mistaken` for content that is removed by mistake")


@check(
    rules=("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes,),
    cases=lambda capabilities: [
        *statements_and_kinds(capabilities),
        *_of_reposts(capabilities),
        *_of_further_content(capabilities),
    ],
    strategy=drawn_statements,
)
def anyone_can_report(probe: Probe, case: Reported) -> None:
    """A person without an account can report a publication, whatever was published, and a repost as well."""
    published = harmless(probe)
    if case.facet == _OF_A_REPOST:
        published = _reposted(probe, published)
    elif isinstance(case, _OfContent):
        published = replace(published, publication=publication_of(probe, case.content))
    request = report_of(published, case.kind or kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, None, request)
    if isinstance(answer, Accepted):
        ticket = answer.value
        probe.once(("a stranger's report", request.kind), lambda: _must_have_arrived(probe, None, ticket))
        return
    twin = probe.observe(probe.provider.report, probe.reporter(), request)
    if isinstance(twin, Refused):
        if case.facet == _OF_A_REPOST or isinstance(case, _OfContent):
            raise NeedsReview(
                f"a {case.facet} is refused ({answer.status} {answer.reason[:120]}): a person has to say how such"
                " content is reported"
            )
        raise NotJudged(f"the same report is refused to a user too: {twin.status} {twin.reason}")
    raise Violation(
        f"a report without an account was refused ({answer.status} {answer.reason[:120]}),"
        " the same report by a signed-in user was accepted"
    )


_OF_A_REPOST = "report of a repost"


def _of_reposts(capabilities: Capabilities) -> list[Reported]:
    return [Reported(_OF_A_REPOST, STATEMENTS[0])] if Operation.SHARE in capabilities.operations else []


@dataclass(frozen=True)
class _OfContent(Reported):
    """A report of a publication of another kind of content."""

    content: Prompted = field(kw_only=True)


def _of_further_content(capabilities: Capabilities) -> Iterator[_OfContent]:
    """Above level core, one report of each kind of content after the first."""
    if capabilities.strength < PAIRS:
        return
    for kind in kinds_of_content(capabilities)[1:]:
        made = next((each for each in media(capabilities) if each[1].startswith(f"{kind}/")), None)
        if made is not None:
            content = Prompted(kind, *made, PLAIN)
            yield _OfContent(f"report of published {kind}", STATEMENTS[0], content=content)


def _reposted(probe: Probe, published: Published) -> Published:
    """The same in a repost. Raises :class:`NotJudged` where none can be made."""
    other = sharer(probe)
    repost = probe.observe(probe.provider.share, other, published.publication) if other is not None else None
    if not isinstance(repost, Accepted):
        raise NotJudged("nothing can be reposted")
    return replace(published, publication=repost.value)


def _must_have_arrived(probe: Probe, reporter: Account | None, ticket: Ticket) -> None:
    """Raise :class:`Undecided` where the ticket of an accepted report cannot be read back: a sign-in page may answer
    with 200 too.
    """
    if not probe.offers(Operation.REPORT_STATUS):
        raise Undecided("no response shows that the report arrived: bind report_status", lasting=True)
    answer = probe.observe(probe.provider.report_status, reporter, ticket)
    if isinstance(answer, Refused):
        raise Undecided(
            "the report was accepted, but the reporter cannot read the ticket"
            f" ({answer.status} {answer.reason[:120]}), so its arrival is not proven"
        )


@dataclass(frozen=True)
class _BogusReport:
    """A user's report of something harmless, and how that was seen before it."""

    published: Published
    before: View | None
    reporter: Account
    answer: Accepted[Ticket] | Refused


def _bogus_report(probe: Probe, kind: str, statement: str) -> _BogusReport:
    """Made once: whether it is confirmed and whether it removes anything is seen from the same report."""

    def made() -> _BogusReport:
        published, before = harmless(probe), None
        if probe.offers(Operation.VIEW):
            surface = probe.capabilities.surfaces[0]
            # Where nothing is seen, the report may be confirmed all the same.
            with suppress(Undecided, Violation):
                before = must_be_seen(probe, published, surface)
                witness(probe, surface)
        reporter = probe.reporter()
        answer = probe.attempt(probe.provider.report, reporter, report_of(published, kind, statement))
        return _BogusReport(published, before, reporter, answer)

    return probe.once(("a bogus report", kind, statement), made)


_AS_A_GUEST = "report without an account"


@check(
    rules=("eu-dsa/16.4",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.PUBLISH, Operation.REPORT),
    applies=(publishes, reads(Operation.REPORT, "receipt")),
    cases=lambda capabilities: [*statements_and_kinds(capabilities), Reported(_AS_A_GUEST, STATEMENTS[0])],
    strategy=drawn_statements,
)
def report_is_confirmed(probe: Probe, case: Reported) -> None:
    """Every reporter gets a confirmation of receipt."""
    if case.facet == _AS_A_GUEST:
        _guest_gets_a_receipt(probe)
        return
    reported = _bogus_report(probe, case.kind or kind_of_report(probe), case.statement)
    if isinstance(reported.answer, Refused):
        raise NotJudged(f"the report was refused: {reported.answer.status} {reported.answer.reason}")
    ticket = reported.answer.value
    if not ticket.receipt.strip():
        raise Violation("the report was accepted, but the response confirms no receipt")


def _guest_gets_a_receipt(probe: Probe) -> None:
    answer = probe.attempt(probe.provider.report, None, report_of(harmless(probe), kind_of_report(probe)))
    # Whether such a report may be refused is another rule.
    if isinstance(answer, Accepted) and not answer.value.receipt.strip():
        raise NeedsReview(
            "the response to a report without an account confirms no receipt; a person has to say whether the reporter"
            " gets one at the address that the report gives"
        )


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
    surface = probe.capabilities.surfaces[0]
    reported = _bogus_report(probe, kind_of_report(probe), case.statement)
    published, before, answer = reported.published, reported.before, reported.answer
    if before is None:
        before = must_be_seen(probe, published, surface)
    if isinstance(answer, Accepted):
        # Where only people decide, waiting for each report would decide none.
        waits = not has_moderator(probe) or decides_by_itself(probe)
        state = (decided if waits else decided_against)(probe, reported.reporter, answer.value).state
        missing = _is_gone(probe, published, before, surface)
        if missing and state is not TicketState.UPHELD:
            # Its content is shared: another report may have removed every copy. Content used only here tells.
            published = made_public(probe, None)
            before = must_be_seen(probe, published, surface)
            request = report_of(published, kind_of_report(probe), case.statement)
            state = decided(probe, probe.reporter(), taken(probe, request)).state
            missing = _is_gone(probe, published, before, surface)
        if missing:
            raise Violation(f"a publication that breaks no rule is gone after a report ({state.value})")
        if state is TicketState.UPHELD:
            raise Violation("a report of a lawful publication was upheld")
    probe.once("a well-founded report is upheld", lambda: upheld(probe, made_public(probe, "unlawful")))
    probe.counts.controls += 1


def _is_gone(probe: Probe, published: Published, before: View, surface: str) -> bool:
    return not same(before, seen_on(probe, published, surface), published) and gone(probe, published, surface, before)


def _contested(capabilities: Capabilities) -> Iterator[Case]:
    yield Case("many reports")
    if "impersonation" in capabilities.report_kinds:
        yield Case("a report of impersonation")


@check(
    rules=("eu-dsa/16.6",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=_contested,
    waits=True,
)
def insistence_removes_nothing(probe: Probe, case: Case) -> None:
    """Neither many unfounded reports of one publication nor one of another kind removes it."""
    published = made_public(probe, None)
    surface = probe.capabilities.surfaces[0]
    before = must_be_seen(probe, published, surface)
    witness(probe, surface)
    many = case.facet == "many reports"
    kind = kind_of_report(probe) if many else "impersonation"
    reporters = [probe.reporter(), *_crowd(probe)] if many else [probe.reporter()]
    for number, reporter in enumerate(reporters):
        request = report_of(published, kind, f"{STATEMENTS[0]} {number + 1}" if many else STATEMENTS[0])
        answer = probe.attempt(probe.provider.report, reporter, request)
        if isinstance(answer, Accepted) and probe.offers(Operation.REPORT_STATUS):
            decided(probe, reporter, answer.value)
    if not same(before, seen_on(probe, published, surface), published) and gone(probe, published, surface, before):
        raise Violation(f"a publication that breaks no rule is gone after {case.facet} ({len(reporters)} in all)")
    probe.once("a well-founded report is upheld", lambda: upheld(probe, made_public(probe, "unlawful")))
    probe.counts.controls += 1


#: So many people report one thing before it is clear that their number does not matter.
_MANY = 5


def _crowd(probe: Probe) -> list[Account | None]:
    """Others who report: each with an account where accounts can be had, else without."""
    if probe.capabilities.identities != "synthetic" or not probe.offers(Operation.REGISTER):
        return [None] * _MANY
    return [probe.registered() for _ in range(_MANY)]


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    level=Level.EXTENDED,
    needs=(Operation.PUBLISH, Operation.VIEW, Operation.REPORT, Operation.APPEAL),
    applies=(publishes, knows_mistakes),
    cases=lambda capabilities: _restored_places(capabilities),
    waits=True,
)
def upheld_appeal_restores_everywhere(probe: Probe, case: Surface) -> None:
    """Content removed by mistake is visible again on every surface, reposts included, once the appeal is upheld."""
    back = restored(probe)
    if back.appeal.state is TicketState.REJECTED and probe.capabilities.markers.get("mistaken"):
        raise NeedsReview(
            "an appeal against a removal by mistake was rejected: a person has to say whether what the binding calls"
            " `mistaken` was rightly removed"
        )
    if back.appeal.state is not TicketState.UPHELD:
        raise NotJudged("the appeal against a removal by mistake is undecided")
    if case.facet == REPOST:
        _repost_is_back(probe, back.published, back.repost)
        return
    if case.facet == SECOND_REMOVAL:
        _is_back_again(probe, back)
        return
    if case.facet not in back.seen:
        raise NotJudged(f"the surface {case.facet} did not show the publication before it was removed")
    probe.counts.shared += 1
    if not back.is_seen(probe, case.facet):
        raise Violation(
            f"the appeal was upheld, and the publication is not seen again on the surface {case.facet}"
            f"{after_settling(probe)}"
        )


def _restored_places(capabilities: Capabilities) -> Iterator[Surface]:
    yield from surfaces(capabilities)
    if Operation.SHARE in capabilities.operations:
        yield Surface(REPOST)
    # The last, since it removes once more what the others look at.
    yield Surface(SECOND_REMOVAL)


def _repost_is_back(probe: Probe, published: Published, repost: Reposted | None) -> None:
    """What was reposted before the removal is seen there again."""
    if repost is None:
        raise NotJudged("no account could repost the publication before it was removed")
    probe.counts.sent += 1
    if not probe.settled(lambda: same(repost.before, repost.seen(probe), published)):
        raise Violation(f"the appeal was upheld, and the repost is not seen again{after_settling(probe)}")


def _is_back_again(probe: Probe, back: Restored) -> None:
    """A second removal of the same publication, and a second appeal, end as the first did."""
    first = next(iter(back.seen))
    if not back.is_seen(probe, first):
        raise NotJudged("the publication is not seen after the first appeal")
    probe.counts.sent += 1
    # A service may rightly say that it has looked at this before: then the publication stays.
    with suppress(Undecided):
        upheld(probe, back.published)
    if not probe.settled(lambda: not back.shows(probe, first)):
        return
    if _appealed(probe, back.published).state is not TicketState.UPHELD:
        raise NeedsReview(
            "an appeal against a removal by mistake was upheld, and one against the same once more was not"
        )
    if not back.is_seen(probe, first):
        raise Violation(
            "removed by mistake a second time, the publication is not seen again, although the second appeal was upheld"
            f"{after_settling(probe)}"
        )


#: The case in which a publication is removed once more after it was restored.
SECOND_REMOVAL = "after a second removal"


@dataclass(frozen=True)
class Restored:
    """A publication that was removed by mistake, how each surface showed it before, a repost of it, and its author's
    appeal once decided, if ever.
    """

    published: Published
    seen: dict[str, View]
    repost: Reposted | None
    appeal: Ticket

    def shows(self, probe: Probe, surface: str) -> bool:
        """Whether a surface shows the publication now."""
        return same(self.seen[surface], seen_on(probe, self.published, surface), self.published)

    def is_seen(self, probe: Probe, surface: str) -> bool:
        """Whether a surface shows the publication within the settling time."""
        return probe.settled(lambda: self.shows(probe, surface))


def restored(probe: Probe) -> Restored:
    """Something that was removed by mistake and appealed about, once per run."""
    return probe.once("restored", lambda: _restored(probe))


def _restored(probe: Probe) -> Restored:
    kind = "mistaken" if probe.capabilities.markers.get("mistaken") else "unlawful"
    published = made_public(probe, kind, picture=True)
    seen = {}
    for surface in surfaces(probe.capabilities):
        view = seen_on(probe, published, surface.facet)
        if view is not None and (view.media is not None or view.text):
            seen[surface.facet] = view
    first = next(iter(seen), None)
    if first is None:
        raise Undecided("no surface shows the publication")
    repost = next(iter(reposts(probe, published, probe.capabilities.surfaces[0])), None)
    upheld(probe, published)
    if not probe.settled(lambda: not same(seen[first], seen_on(probe, published, first), published)):
        raise NotJudged("nothing was removed that could be restored")
    appeal = _appealed(probe, published)
    probe.counts.controls += 1
    return Restored(published, seen, repost, appeal)


def _appealed(probe: Probe, published: Published) -> Ticket:
    """The author's appeal, once decided: by the moderator of the test environment, who finds it right, or by time."""
    appeal = probe.setup(probe.provider.appeal, published.account, published.publication, STATEMENTS[2])
    if probe.capabilities.markers.get("mistaken"):
        return decided(probe, published.account, appeal)
    return decided_in_favour(probe, published.account, appeal)
