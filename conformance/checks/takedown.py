"""Reports and takedown: who may report, what the reporter is told, and what becomes of the publication.

What is unlawful a provider decides for itself. Its test environment knows test content by a harmless marker,
which the binding names and which stands in the title of what is published here. A report of marked content is
well-founded, a report of other content is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shenhe.rulebook import Behaviour, Service

from ..probe import Probe
from ..provider import (
    Accepted,
    Account,
    Capabilities,
    Content,
    GenerationRequest,
    Operation,
    Publication,
    Refused,
    ReportRequest,
    Ticket,
    TicketState,
    View,
)
from ..registry import Absent, Case, NotJudged, Undecided, Violation, check
from ..requests import STATEMENTS, statements
from ..scope import is_text, media, publishes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Time limits end here: a provider that has not decided a report after this many hours decides none.
EVER = 30 * 24.0
#: The TAKE IT DOWN Act's limit, and the slack that a clock's own reading needs.
TAKE_IT_DOWN = 48.0
SEARCH = "search"
MARKERS = {"unlawful": "[test: unlawful]", "intimate": "[test: intimate]"}

_ANSWER = r"(?:反馈|答复|回复|处理|办结|answer|respon[ds]|reply|replies|decid|decision)"
_SPAN = r"(?:\d+|[一二三四五六七八九十]+)\s*(?:个)?(?:工作日|小时|日|天|(?:working |business )?(?:hours?|days?))"
#: A limit for the answer: other limits (removal of some content) stand on such pages too.
_TIME_LIMIT_IN_WORDS = re.compile(rf"{_ANSWER}[^。.;；]{{0,40}}{_SPAN}|{_SPAN}[^。.;；]{{0,20}}{_ANSWER}", re.IGNORECASE)


@dataclass(frozen=True)
class Reported(Case):
    """What a reporter writes."""

    statement: str

    def __str__(self) -> str:
        shown = self.statement if len(self.statement) <= 80 else f"{self.statement[:60]}…"
        return f"{self.facet}, statement {shown!r}"


@dataclass(frozen=True)
class Surface(Case):
    """A place where a publication is seen; the facet is its name."""


def _statements(capabilities: Capabilities) -> list[Reported]:
    return [Reported("report", statement) for statement in STATEMENTS[:3]]


def _drawn_statements(capabilities: Capabilities) -> SearchStrategy[Reported]:
    return statements().map(lambda statement: Reported("report", statement))


def _one_statement(capabilities: Capabilities) -> list[Reported]:
    return [Reported("report", STATEMENTS[0])]


def _surfaces(capabilities: Capabilities) -> Iterator[Surface]:
    for surface in capabilities.surfaces:
        yield Surface(surface)
    if Operation.SEARCH in capabilities.operations:
        yield Surface(SEARCH)


def _takes_intimate_requests(capabilities: Capabilities) -> Absent | None:
    """A covered platform must take such requests, so that not declaring them is no way out."""
    if "intimate" in capabilities.report_kinds:
        return None
    return Absent("the binding declares no report kind `intimate`", required=True)


# --- set-ups -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """A publication under a title that occurs once in the run."""

    account: Account
    content: Content
    publication: Publication
    title: str
    token: str


def made_public(probe: Probe, marker: str | None, *, picture: bool = False) -> Published:
    """Something that an account of its own published; ``marker`` names what its title says it is."""
    account = probe.fresh_account()
    content = _picture(probe, account) if picture else probe.some_content(account)
    return publish(probe, account, content, marker)


def publish(probe: Probe, account: Account, content: Content, marker: str | None) -> Published:
    token = probe.names.token()
    words = "" if marker is None else probe.capabilities.markers.get(marker, MARKERS[marker]) + " "
    title = f"{words}{token}"
    return Published(account, content, probe.setup(probe.provider.publish, account, content, title), title, token)


def _picture(probe: Probe, account: Account) -> Content:
    """A picture of the account's making, where the provider makes any: all surfaces can show one."""
    kinds: list[tuple[Service, str]] = [kind for kind in media(probe.capabilities) if not is_text(kind[1])]
    pictures = [kind for kind in kinds if kind[1].startswith("image/")]
    for service, media_type in (pictures or kinds)[:1]:
        return probe.setup(probe.provider.generate, account, GenerationRequest(service, media_type, "a quiet lake at dawn"))
    return probe.some_content(account)


def report_of(published: Published, kind: str, statement: str = STATEMENTS[0]) -> ReportRequest:
    plain = ReportRequest(published.publication, kind, statement, contact="reporter@example.org")
    if kind == "intimate":
        return replace(plain, signature="Wang Fang", good_faith=True)
    return plain


def kind_of_report(probe: Probe) -> str:
    """The kind under which unlawful content is reported."""
    kinds = probe.capabilities.report_kinds
    return "illegal" if "illegal" in kinds or not kinds else kinds[0]


def _reported(probe: Probe, published: Published) -> Ticket:
    request = report_of(published, kind_of_report(probe))
    return probe.setup(probe.provider.report, probe.reporter(), request)


def _status(probe: Probe, account: Account | None, ticket: Ticket) -> Ticket:
    """The ticket as the provider now tells it; the ticket itself where no status can be asked for."""
    if not probe.offers(Operation.REPORT_STATUS):
        return ticket
    answer = probe.observe(probe.provider.report_status, account, ticket)
    if isinstance(answer, Refused):
        raise Undecided(f"the status of the report was refused: {answer.status} {answer.reason}")
    return answer.value


def decided(probe: Probe, account: Account | None, ticket: Ticket) -> Ticket:
    """The ticket once decided, time passing as far as :data:`EVER`; still received where it never is."""
    ticket = _status(probe, account, ticket)
    if ticket.state is TicketState.RECEIVED:
        probe.wait("for the decision on a report", EVER)
        ticket = _status(probe, account, ticket)
    return ticket


def _upheld(probe: Probe, published: Published) -> Ticket:
    """A well-founded report of it that was upheld: what removal, reasons and appeal build on."""
    ticket = decided(probe, probe.reporter(), _reported(probe, published))
    if ticket.state is not TicketState.UPHELD:
        raise Undecided(f"a well-founded report was not upheld (it is {ticket.state.value})")
    return ticket


def _time_limit(probe: Probe) -> float | None:
    """The published hours within which reports are answered, if any are published."""
    if not probe.offers(Operation.DISCLOSURES):
        return None
    answer = probe.observe(probe.provider.disclosures, "complaints")
    return _hours(answer.value.fields.get("time_limit_hours", "")) if isinstance(answer, Accepted) else None


def _hours(written: str) -> float | None:
    try:
        hours = float(written)
    except ValueError:
        return None
    return hours if math.isfinite(hours) and hours > 0 else None


def seen_on(probe: Probe, published: Published, surface: str) -> View | None:
    """What the public sees of the publication there; ``None`` where it is not seen."""
    if surface == SEARCH:
        found = probe.observe(probe.provider.search, None, published.token)
        if isinstance(found, Refused):
            return None
        return View(text=published.title) if published.publication.id in found.value.publications else None
    answer = probe.observe(probe.provider.view, None, published.publication, surface)
    return answer.value if isinstance(answer, Accepted) else None


def same(before: View, after: View | None, published: Published) -> bool:
    """Whether what is seen now is still the publication, and no notice in its place."""
    if after is None:
        return False
    if before.media is not None and after.media is not None and before.media.data == after.media.data:
        return True
    if published.token in before.text:
        return published.token in after.text
    return bool(before.text) and before.text == after.text


def _must_be_seen(probe: Probe, published: Published, surface: str) -> View:
    """The publication as it is seen before anything happens to it: the control of every removal."""
    if surface == SEARCH:
        seen = seen_on(probe, published, surface)
        if seen is None:
            raise Undecided("the search does not list what was just published")
    else:
        answer = probe.observe(probe.provider.view, None, published.publication, surface)
        seen = probe.declared(f"the surface {surface}", answer)
        if seen.media is None and not seen.text:
            raise Undecided(f"the binding extracts neither text nor bytes from the surface {surface}")
    probe.counts.controls += 1
    return seen


# --- reporting -----------------------------------------------------------------------------------------------


@check(
    rules=("eu-dsa/16.1", "cn-dsp-2023/12.1", "us-take-it-down/3.a", "cn-dsp-2022-draft/complaints"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.REPORT),
    applies=(publishes,),
    cases=_statements,
    strategy=_drawn_statements,
)
def anyone_can_report(probe: Probe, case: Reported) -> None:
    """Somebody without an account can report a publication."""
    published = made_public(probe, None)
    request = report_of(published, kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, None, request)
    if isinstance(answer, Refused):
        twin = probe.observe(probe.provider.report, probe.reporter(), request)
        if isinstance(twin, Refused):
            raise NotJudged(f"the same report is refused to a user too: {twin.status} {twin.reason}")
        raise Violation(
            f"a report by somebody without an account was refused ({answer.status} {answer.reason[:120]}),"
            " the same report by a user was taken"
        )


@check(
    rules=("eu-dsa/16.4",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.REPORT),
    applies=(publishes,),
    cases=_statements,
    strategy=_drawn_statements,
)
def report_is_confirmed(probe: Probe, case: Reported) -> None:
    """Whoever reports gets a confirmation of receipt."""
    request = report_of(made_public(probe, None), kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    if not answer.value.receipt.strip():
        raise Violation("the report was taken and its answer confirms no receipt")


@check(
    rules=("cn-dsp-2023/12.3", "eu-dsa/16.5", "cn-dsp-2022-draft/complaints"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.REPORT, Operation.REPORT_STATUS),
    applies=(publishes,),
    cases=lambda capabilities: [Surface("well-founded report"), Surface("unfounded report")],
    waits=True,
)
def report_is_decided(probe: Probe, case: Surface) -> None:
    """Every report is decided, and the reporter can see the decision."""
    published = made_public(probe, "unlawful" if case.facet.startswith("well") else None)
    request = report_of(published, kind_of_report(probe))
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    ticket = decided(probe, probe.reporter(), answer.value)
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"a {case.facet} is undecided after {EVER / 24:g} days")


@check(
    rules=("cn-dsp-2023/12.3",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(
        Operation.GENERATE,
        Operation.PUBLISH,
        Operation.REPORT,
        Operation.REPORT_STATUS,
        Operation.DISCLOSURES,
    ),
    applies=(publishes,),
    cases=lambda capabilities: [Surface("well-founded report"), Surface("unfounded report")],
    waits=True,
)
def published_time_limit_is_kept(probe: Probe, case: Surface) -> None:
    """A report is decided within the time limit that the provider publishes."""
    limit = _time_limit(probe)
    if limit is None:
        raise Undecided("the provider publishes no time limit in hours that could be kept")
    published = made_public(probe, "unlawful" if case.facet.startswith("well") else None)
    request = report_of(published, kind_of_report(probe))
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the report was refused: {answer.status} {answer.reason}")
    ticket = _status(probe, probe.reporter(), answer.value)
    if ticket.state is TicketState.RECEIVED:
        probe.wait("for the published time limit to pass", limit)
        ticket = _status(probe, probe.reporter(), ticket)
    if ticket.state is TicketState.RECEIVED:
        raise Violation(f"a {case.facet} is undecided after the published {limit:g} hours")


@check(
    rules=("eu-dsa/17",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.REPORT),
    applies=(publishes,),
    cases=_one_statement,
    waits=True,
)
def decision_gives_reasons(probe: Probe, case: Reported) -> None:
    """A decision to remove something gives its reasons."""
    ticket = _upheld(probe, made_public(probe, "unlawful"))
    probe.counts.sent += 1
    if not ticket.reasons.strip():
        raise Violation("the report was upheld without a word of reasons")


@check(
    rules=("eu-dsa/16.6",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=_statements,
    strategy=_drawn_statements,
    waits=True,
)
def bogus_report_removes_nothing(probe: Probe, case: Reported) -> None:
    """A report without foundation removes nothing, while a well-founded one does."""
    published = made_public(probe, None)
    surface = probe.capabilities.surfaces[0]
    before = _must_be_seen(probe, published, surface)
    request = report_of(published, kind_of_report(probe), case.statement)
    answer = probe.attempt(probe.provider.report, probe.reporter(), request)
    if isinstance(answer, Accepted):
        state = decided(probe, probe.reporter(), answer.value).state
        if not same(before, seen_on(probe, published, surface), published):
            raise Violation(f"a publication that breaks no rule is gone after a report ({state.value})")
        if state is TicketState.UPHELD:
            raise Violation("a report of a publication that breaks no rule was upheld")
    probe.once("a well-founded report is upheld", lambda: _upheld(probe, made_public(probe, "unlawful")))
    probe.counts.controls += 1


# --- removal -------------------------------------------------------------------------------------------------


@check(
    rules=("cn-dsp-2023/10.4", "cn-dsp-2022-draft/takedown"),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes,),
    cases=_surfaces,
    waits=True,
)
def upheld_report_removes_everywhere(probe: Probe, case: Surface) -> None:
    """What a report was upheld against is gone from every surface."""
    published = made_public(probe, "unlawful", picture=True)
    before = _must_be_seen(probe, published, case.facet)
    _upheld(probe, published)
    probe.counts.sent += 1
    if same(before, seen_on(probe, published, case.facet), published):
        raise Violation(f"the report was upheld, and the publication is still seen on the surface {case.facet}")


@check(
    rules=("us-take-it-down/3.b",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, _takes_intimate_requests),
    cases=_surfaces,
    waits=True,
)
def intimate_image_gone_in_48_hours(probe: Probe, case: Surface) -> None:
    """48 hours after a valid request, an intimate image is gone from every surface."""
    published = made_public(probe, "intimate", picture=True)
    before = _must_be_seen(probe, published, case.facet)
    answer = probe.attempt(probe.provider.report, probe.reporter(), report_of(published, "intimate"))
    if isinstance(answer, Refused):
        raise Undecided(f"a valid request was refused: {answer.status} {answer.reason}")
    if not same(before, seen_on(probe, published, case.facet), published):
        return
    probe.wait("for the 48 hours of the TAKE IT DOWN Act to pass", TAKE_IT_DOWN)
    if same(before, seen_on(probe, published, case.facet), published):
        raise Violation(f"48 hours after a valid request, the image is still seen on the surface {case.facet}")


def _copies(capabilities: Capabilities) -> Iterator[Surface]:
    yield Surface("published twice")
    if Operation.UPLOAD in capabilities.operations and Operation.FETCH in capabilities.operations:
        yield Surface("uploaded by another account")


@check(
    rules=("us-take-it-down/3.c",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.GENERATE, Operation.PUBLISH, Operation.VIEW, Operation.REPORT),
    applies=(publishes, _takes_intimate_requests),
    cases=_copies,
    waits=True,
)
def identical_copies_go_too(probe: Probe, case: Surface) -> None:
    """With an intimate image, its identical copies go too."""
    published = made_public(probe, "intimate", picture=True)
    copy = _copy_of(probe, published, case.facet)
    surface = probe.capabilities.surfaces[0]
    before, copy_before = _must_be_seen(probe, published, surface), _must_be_seen(probe, copy, surface)
    answer = probe.attempt(probe.provider.report, probe.reporter(), report_of(published, "intimate"))
    if isinstance(answer, Refused):
        raise Undecided(f"a valid request was refused: {answer.status} {answer.reason}")
    if same(before, seen_on(probe, published, surface), published):
        probe.wait("for the 48 hours of the TAKE IT DOWN Act to pass", TAKE_IT_DOWN)
        if same(before, seen_on(probe, published, surface), published):
            raise Undecided("the image itself was not removed, so that nothing follows for its copies")
    if same(copy_before, seen_on(probe, copy, surface), copy):
        raise Violation(f"the image was removed, and its identical copy ({case.facet}) is still seen")


def _copy_of(probe: Probe, published: Published, how: str) -> Published:
    """The same bytes published once more, under a title of their own."""
    if how == "published twice":
        return publish(probe, published.account, published.content, None)
    data = probe.bytes_of(published.account, published.content)
    another = probe.another_account()
    return publish(probe, another, probe.setup(probe.provider.upload, another, data, True), None)


# --- after the decision --------------------------------------------------------------------------------------


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(
        Operation.GENERATE,
        Operation.PUBLISH,
        Operation.REPORT,
        Operation.REPORT_STATUS,
        Operation.APPEAL,
    ),
    applies=(publishes,),
    cases=_one_statement,
    waits=True,
)
def appeal_is_answered(probe: Probe, case: Reported) -> None:
    """Whoever lost a publication can appeal, and the appeal is answered."""
    published = made_public(probe, "unlawful")
    _upheld(probe, published)
    answer = probe.attempt(probe.provider.appeal, published.account, published.publication, case.statement)
    ticket = probe.declared("an appeal", answer)
    if decided(probe, published.account, ticket).state is TicketState.RECEIVED:
        raise Violation(f"the appeal is undecided after {EVER / 24:g} days")


@check(
    rules=("cn-dsp-2023/12.2",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.DISCLOSURES,),
    cases=lambda capabilities: [Case("complaints")],
)
def complaint_process_is_published(probe: Probe, case: Case) -> None:
    """The process for complaints is published together with the time limit for the answer."""
    page = probe.declared("the page on complaints", probe.attempt(probe.provider.disclosures, "complaints"))
    if not page.text.strip():
        raise Violation("the page on complaints is empty")
    written = page.fields.get("time_limit_hours", "")
    if _hours(written) is None and not _TIME_LIMIT_IN_WORDS.search(page.text):
        raise Violation(f"the page on complaints names no time limit for the answer (time_limit_hours is {written!r})")
