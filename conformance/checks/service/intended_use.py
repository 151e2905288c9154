"""Intended use (Generative AI Measures, Art. 10): for whom, on which occasions and for what the service is meant."""

from __future__ import annotations

import re

from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...provider import Capabilities, Operation
from ...report import Evidence
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, Violation
from ..pages import page_of
from ..registry import check

TOPIC = "uses"

_WORDS = {
    "users": re.compile(r"适用人群|适用对象|适用用户|面向|intended users|for (?:adults|users)|audience", re.IGNORECASE),
    "occasions": re.compile(r"适用场合|适用场景|应用场景|occasions|scenarios|settings|contexts", re.IGNORECASE),
    "uses": re.compile(r"用途|用于|purposes?|uses?\b|intended to", re.IGNORECASE),
}


def _publishes_it(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that declares the topic."""
    if TOPIC in capabilities.disclosure_topics:
        return None
    return Absent(f"the binding declares no disclosure topic `{TOPIC}`", required=True)


@check(
    rules=("cn-genai-2023/10.1",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(_publishes_it,),
    cases=lambda capabilities: [Case(name) for name in _WORDS],
)
def intended_use_is_published(probe: Probe, case: Case) -> None:
    """A public page says for which users, on which occasions and for which uses the service is meant."""
    page = page_of(probe, TOPIC, "the page on intended use")
    text = " ".join((page.text, *page.fields.values())).strip()
    if not text:
        raise Violation("the page on intended use is empty")
    if not _WORDS[case.facet].search(text):
        raise NeedsReview(
            f"the page on intended use does not speak of {case.facet} in usual words; a person has to read it",
            Evidence(title="The page", data=text[:800]),
        )
