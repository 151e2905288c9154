"""What a provider publishes about itself: rules, duties, its filing, and how to find out what it made."""

from __future__ import annotations

import re

from shenhe.rulebook import Behaviour

from ..probe import Probe
from ..provider import Capabilities, Disclosure, Operation
from ..registry import Absent, Applies, Case, NeedsReview, Violation, check
from ..report import Evidence
from ..verdict import Level

#: The shape of the numbers on the lists that the CAC publishes; the rule of the last digit is not known.
_FILING_NUMBER = re.compile(r"网信算备\s*\d{21}\s*号")
_LINK = re.compile(r"https?://[^\s<>\"'，。]+", re.IGNORECASE)


def _publishes_page(topic: str, *, required: bool) -> Applies:
    def applies(capabilities: Capabilities) -> Absent | None:
        if topic in capabilities.disclosure_topics:
            return None
        return Absent(f"the binding declares no public page `{topic}` (disclosure_topics)", required=required)

    return applies


def _page(probe: Probe, topic: str) -> Disclosure:
    return probe.declared(f"the page `{topic}`", probe.attempt(probe.provider.disclosures, topic))


def _excerpt(page: Disclosure) -> Evidence:
    return Evidence(title=f"The page `{page.topic}`", data=page.text[:800])


@check(
    rules=("cn-dsp-2023/8.1",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(_publishes_page("rules", required=True),),
    cases=lambda capabilities: [Case("rules")],
)
def rules_are_published(probe: Probe, case: Case) -> None:
    """The management rules or the platform convention are published."""
    page = _page(probe, "rules")
    if not re.search(r"规则|公约|规范|rules?\b|convention|guidelines?", page.text, re.IGNORECASE):
        raise Violation("the page of the rules holds no rules", _excerpt(page))


@check(
    rules=("cn-dsp-2023/8.2",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(_publishes_page("agreement", required=True),),
    cases=lambda capabilities: [Case("agreement")],
)
def security_duties_are_told(probe: Probe, case: Case) -> None:
    """The user agreement reminds users of their duties of information security."""
    page = _page(probe, "agreement")
    if not re.search(r"安全(?:义务|责任)|security", page.text, re.IGNORECASE):
        raise Violation("the user agreement does not speak of duties of information security", _excerpt(page))


@check(
    rules=("cn-dsp-2023/19.3", "cn-penalties/algorithm-26"),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(_publishes_page("filing", required=False),),
    cases=lambda capabilities: [Case("number"), Case("link")],
)
def filing_is_shown(probe: Probe, case: Case) -> None:
    """The filing number and a link to the public information on the filing are shown."""
    page = _page(probe, "filing")
    if case.facet == "number":
        shown = page.fields.get("filing_number", "")
        if not _FILING_NUMBER.fullmatch(shown.strip()) and (shown.strip() or not _FILING_NUMBER.search(page.text)):
            raise Violation(f"the filing number is {shown!r}, which is not 网信算备, 21 digits and 号", _excerpt(page))
    elif not _LINK.fullmatch(page.fields.get("link", "").strip()) and not _LINK.search(page.text):
        raise Violation("there is no link to the public information on the filing", _excerpt(page))


@check(
    rules=("us-states/ca-sb942.detection-tool",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(_publishes_page("detection-tool", required=False),),
    cases=lambda capabilities: [Case("detection tool")],
)
def detection_tool_is_offered(probe: Probe, case: Case) -> None:
    """There is a public page of a tool by which people find out whether content was made by the provider."""
    page = _page(probe, "detection-tool")
    if not _LINK.search(f"{page.fields.get('link', '')} {page.text}"):
        raise NeedsReview("the page of the detection tool links to no tool; whether it is one itself has to be looked at")
