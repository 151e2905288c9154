"""Public pages, one per topic, and notices that the law wants before a user acts.

A provider may give such a notice on the page that a user sees before acting, and then need not repeat it in the
response. So each check reads that page first. A binding that declares no such page leaves the question to a person: the
response by itself does not show that no notice came before it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial

from ..engine.probing.probe import Probe
from ..entities import Disclosure
from ..provider import Operation, Provider, Refused
from ..report import Evidence
from .outcome import NeedsReview, Undecided, Violation


def page_of(probe: Probe, topic: str, what: str = "") -> Disclosure:
    """The declared page of ``topic``. A page that is declared and does not exist is a violation."""
    must_name_topic(probe, topic)
    return probe.declared(what or f"the page `{topic}`", probe.attempt(probe.provider.disclosures, topic))


def must_name_topic(probe: Probe, topic: str) -> None:
    """Raise :class:`Undecided` where the binding asks for the page of every other topic in the same words: no page is
    judged in place of another. A binding that asks for some topics in the same words says that one page serves them.
    """
    others = [other for other in probe.capabilities.disclosure_topics if other != topic]
    same: Undecided | None = None
    for other in others:
        try:
            probe.must_differ(
                partial(_asked, topic=topic),
                partial(_asked, topic=other),
                "the topic of a page",
                write="`{{ topic }}` under operations.disclosures",
            )
        except Undecided as alike:
            same = alike
        else:
            return
    if same is not None:
        raise same


def _asked(provider: Provider, topic: str) -> object:
    return provider.disclosures(topic)


class Moment(StrEnum):
    """What a user is about to do. The value is the topic of the page that the user sees before."""

    CONVERSATION = "conversation"
    EDITING = "editing"
    UPLOAD = "upload"
    MARKING = "marking"


def notice_before(probe: Probe, moment: Moment) -> str | None:
    """The text of the page that users see before they act; ``None`` if the binding declares no such page."""
    if moment.value not in probe.capabilities.disclosure_topics or not probe.offers(Operation.DISCLOSURES):
        return None

    def read() -> str:
        must_name_topic(probe, moment.value)
        answer = probe.observe(probe.provider.disclosures, moment.value)
        return "" if isinstance(answer, Refused) else answer.value.text

    return probe.once(("the page before", moment), read)


def informed_before(probe: Probe, moment: Moment, informs: Callable[[str], bool]) -> bool:
    """Whether the page before gives the notice. Call it before the request that the notice has to precede."""
    return informs(notice_before(probe, moment) or "")


def uninformed(probe: Probe, moment: Moment, reason: str, *evidence: Evidence) -> Violation | NeedsReview:
    """The outcome of a response without the notice: a violation if the page before was read and gives no notice either,
    else a question for a person.
    """
    if notice_before(probe, moment) is None:
        return NeedsReview(
            f"{reason}; if users are informed on a page before, declare it: disclosure_topics: [{moment.value}]",
            *evidence,
        )
    return Violation(f"{reason}, and the page `{moment.value}` before gives no such notice either", *evidence)
