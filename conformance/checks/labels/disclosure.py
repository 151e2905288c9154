"""Pages and notices of a provider for its users and the public: rules, duties, labels, its filing, and a way to find
out what it made.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from shenhe.rulebook import Behaviour, Service

from ...engine.probing.probe import Probe
from ...entities import Disclosure, GenerationRequest
from ...provider import Capabilities, Operation, Refused
from ...report import Evidence
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Violation
from ..pages import Moment, informed_before, page_of, uninformed
from ..prompted import Prompted
from ..registry import Applies, check
from ..requests import PLAIN
from ..scope import makes_anything, media

#: The shape of the numbers on the lists that the CAC publishes; the rule of the last digit is not known.
_FILING_NUMBER = re.compile(r"网信算备\s*\d{21}\s*号")
_ANCHOR = re.compile(r"<a\b[^<>]{0,400}?\bhref\s*=\s*[\"']?(https?://[^\s<>\"']{1,2000})", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"'，。]+", re.IGNORECASE)


def publishes_page(topic: str, *, required: bool) -> Applies:
    """Concerns a provider that declares a public page of this topic: no other page is judged in its place."""

    def applies(capabilities: Capabilities) -> Absent | None:
        if topic in capabilities.disclosure_topics:
            return None
        return Absent(f"the binding declares no public page `{topic}` (disclosure_topics)", required=required)

    return applies


def _links_away(probe: Probe) -> bool:
    """Whether the page that was read last has a link to another site: the binding may read its words alone."""
    exchange = probe.recorded[-1].exchange if probe.recorded else None
    if exchange is None or exchange.response is None:
        return False
    own = urlsplit(exchange.request.url).hostname
    page = exchange.response.body.decode("utf-8", "replace")
    return any(_host_of(url) not in (own, None) for url in _ANCHOR.findall(page))


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _excerpt(page: Disclosure) -> Evidence:
    return Evidence(title=f"The page `{page.topic}`", data=page.text[:800])


@check(
    rules=("cn-dsp-2023/8.1",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("rules", required=True),),
    cases=lambda capabilities: [Case("rules")],
)
def rules_are_published(probe: Probe, case: Case) -> None:
    """The management rules or the platform convention are published."""
    page = page_of(probe, "rules")
    if not re.search(r"规则|公约|规范|rules?\b|convention|guidelines?", page.text, re.IGNORECASE):
        raise NeedsReview("the page of the rules does not mention rules: a person has to read it", _excerpt(page))


@check(
    rules=("cn-dsp-2023/8.2",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("agreement", required=True),),
    cases=lambda capabilities: [Case("agreement")],
)
def security_duties_are_told(probe: Probe, case: Case) -> None:
    """The user agreement reminds users of their information-security duties."""
    page = page_of(probe, "agreement")
    if not re.search(r"安全(?:义务|责任)|security", page.text, re.IGNORECASE):
        raise NeedsReview(
            "the user agreement does not speak of duties of information security in so many words: it has to be read",
            _excerpt(page),
        )


@check(
    rules=("cn-labeling-2025/8",),
    behaviour=Behaviour.LABELING,
    needs=(Operation.DISCLOSURES,),
    applies=(makes_anything, publishes_page("agreement", required=True)),
    cases=lambda capabilities: [Case("agreement")],
)
def agreement_explains_labels(probe: Probe, case: Case) -> None:
    """The user agreement explains how generated content is labelled."""
    agreement = page_of(probe, "agreement")
    if not re.search(r"标识|水印|label|watermark|\bmark(?:s|ed|ing)?\b", agreement.text, re.IGNORECASE):
        raise NeedsReview(
            "the user agreement does not speak of labels in so many words: it has to be read", _excerpt(agreement)
        )
    if not _METHOD.search(agreement.text):
        raise NeedsReview(
            "the user agreement speaks of labels, and in no word of how content is labelled: it has to be read",
            _excerpt(agreement),
        )


#: Words by which an agreement says how content is labelled: what kind of label, where, or by what.
_METHOD = re.compile(
    r"显式|隐式|元数据|方法|方式|样式|形式|位置|开头|末尾|结尾|角|文字|文本|水印|语音|节奏|提示|AIGC|metadata|visible|implicit|"
    r"explicit|watermark|corner|caption|notice|badge|method|\bhow\b|\btext|\bwords?\b|\bicon|\bsound|\btone",
    re.IGNORECASE,
)


#: Services that Art. 17 (1) does not name: for these, a mark is offered and not imposed.
_UNNAMED_SERVICES = (Service.NON_BIOMETRIC_IMAGE_VIDEO, Service.NON_VOICE_AUDIO)


def offers_other_services(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that offers services that Art. 17 (1) does not name."""
    if any(service in _UNNAMED_SERVICES for service, _ in media(capabilities)):
        return None
    return Absent("every service that the provider declares is named in Art. 17 (1)")


@check(
    rules=("cn-dsp-2023/17.2",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.GENERATE,),
    applies=(makes_anything, offers_other_services),
    cases=lambda capabilities: [
        Prompted(f"{service.value}, {media_type}", service, media_type, PLAIN)
        for service, media_type in media(capabilities)
        if service in _UNNAMED_SERVICES
    ],
)
def mark_function_is_told(probe: Probe, case: Prompted) -> None:
    """Services that need no conspicuous label tell their users that they can add one."""
    before = informed_before(probe, Moment.MARKING, _tells_of_marks)
    request = GenerationRequest(case.service, case.media_type, case.prompt)
    answer = probe.attempt(probe.provider.generate, probe.account(), request)
    if isinstance(answer, Refused):
        raise NotJudged(f"the provider declined the prompt: {answer.status} {answer.reason}")
    if before or _tells_of_marks(answer.notice):
        return
    facets = {"service": case.service.value, "media_type": case.media_type}
    probe.must_read(Operation.GENERATE, "notice", "the notice with the result", **facets)
    notice = f"the notice {answer.notice[:160]!r}" if answer.notice else "no notice"
    reason = f"the output comes with {notice}, which does not mention a function to mark it"
    raise uninformed(probe, Moment.MARKING, reason)


def _tells_of_marks(words: str) -> bool:
    return bool(re.search(r"标识|水印|\bmark|label|watermark", words, re.IGNORECASE))


@check(
    rules=("cn-dsp-2023/19.3",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("filing", required=False),),
    cases=lambda capabilities: [Case("number"), Case("link")],
)
def filing_is_shown(probe: Probe, case: Case) -> None:
    """The filing number and a link to the public filing information are shown."""
    page = page_of(probe, "filing")
    if case.facet == "number":
        shown = page.fields.get("filing_number", "")
        if not _FILING_NUMBER.fullmatch(shown.strip()) and (shown.strip() or not _FILING_NUMBER.search(page.text)):
            raise Violation(f"the filing number is {shown!r}, which is not 网信算备, 21 digits and 号", _excerpt(page))
    elif not (_LINK.fullmatch(page.fields.get("link", "").strip()) or _LINK.search(page.text) or _links_away(probe)):
        raise Violation("the page has no link to the public filing information", _excerpt(page))


@check(
    rules=("us-states/ca-sb942.detection-tool",),
    behaviour=Behaviour.DISCLOSURE,
    level=Level.EXTENDED,
    needs=(Operation.DISCLOSURES,),
    applies=(publishes_page("detection-tool", required=False),),
    cases=lambda capabilities: [Case("detection tool")],
)
def detection_tool_is_offered(probe: Probe, case: Case) -> None:
    """A public page offers a tool to detect whether the provider generated some content."""
    page = page_of(probe, "detection-tool")
    if not _LINK.search(f"{page.fields.get('link', '')} {page.text}"):
        raise NeedsReview(
            "the page of the detection tool links to no tool; a person has to check whether the page itself is one",
            _excerpt(page),
        )
