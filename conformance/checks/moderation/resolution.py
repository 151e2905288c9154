"""How complaints are resolved: appeals are answered, and the process and its time limit are published."""

from __future__ import annotations

import re

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import TicketState
from ...provider import Operation
from ...report import Evidence
from ..labels.disclosure import publishes_page
from ..outcome import Case, NeedsReview, Violation
from ..published import made_public, same, seen_on
from ..registry import check
from ..scope import publishes
from ..tickets import EVER, Reported, decided, hours_of, one_statement, upheld

_ANSWER = r"(?:反馈|答复|回复|处理|办结|answer|respon[ds]|reply|replies|decid|decision)"
_SPAN = (
    r"(?:\d{1,6}|[一二三四五六七八九十]{1,8})\s*(?:个)?(?:工作日|小时|日|天|(?:working |business )?(?:hours?|days?))"
)
#: A limit for the answer: other limits (removal of some content) stand on such pages too.
_TIME_LIMIT_IN_WORDS = re.compile(
    rf"{_ANSWER}[^。.;；]{{0,40}}{_SPAN}|{_SPAN}[^。.;；]{{0,20}}{_ANSWER}", re.IGNORECASE
)


@check(
    rules=("eu-dsa/20",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(
        Operation.PUBLISH,
        Operation.REPORT,
        Operation.REPORT_STATUS,
        Operation.APPEAL,
    ),
    applies=(publishes,),
    cases=one_statement,
    waits=True,
)
def appeal_is_answered(probe: Probe, case: Reported) -> None:
    """A user whose publication was removed can appeal, and is answered; an upheld appeal brings the content back."""
    published = made_public(probe, "unlawful")
    surface = next(iter(probe.capabilities.surfaces), "") if probe.offers(Operation.VIEW) else ""
    before = seen_on(probe, published, surface) if surface else None
    upheld(probe, published)
    answer = probe.attempt(probe.provider.appeal, published.account, published.publication, case.statement)
    ticket = probe.declared("an appeal", answer)
    state = decided(probe, published.account, ticket).state
    if state is TicketState.RECEIVED:
        raise Violation(f"the appeal is undecided after {EVER / 24:g} days")
    if state is not TicketState.UPHELD or before is None:
        return
    if not probe.settled(lambda: same(before, seen_on(probe, published, surface), published)):
        raise Violation(f"the appeal was upheld, and the content is not back on the surface {surface}")


@check(
    rules=("cn-dsp-2023/12.2",),
    behaviour=Behaviour.TAKEDOWN,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("complaints", required=True),),
    cases=lambda capabilities: [Case("complaints")],
)
def complaint_process_is_published(probe: Probe, case: Case) -> None:
    """The complaint process is published together with its time limit."""
    page = probe.declared("the page on complaints", probe.attempt(probe.provider.disclosures, "complaints"))
    if not page.text.strip():
        raise Violation("the page on complaints is empty")
    written = page.fields.get("time_limit_hours", "")
    if hours_of(written) is None and not _TIME_LIMIT_IN_WORDS.search(page.text):
        shown = Evidence(title="The page `complaints`", data=page.text[:800])
        raise NeedsReview(
            f"the page on complaints names no time limit for the answer that is recognised (time_limit_hours is"
            f" {written!r}): it has to be read",
            shown,
        )
