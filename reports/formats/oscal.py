"""A report as OSCAL assessment results (NIST, model version 1.2.1), which audit tools import.

Checks are observations, rules are findings. A rule is ``satisfied`` only where its verdict is ``pass``;
what is inconclusive or left to review is ``not-satisfied`` with the reason ``other``; what does not apply
is neither reviewed nor found. Every UUID follows from the report, so that the same report gives the same
document.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shenhe.conformance.report import CheckResult, Report, RuleResult
from shenhe.conformance.verdict import VerdictName
from shenhe.core.text import one_line

from .har import timestamp

OSCAL_VERSION = "1.2.1"
#: The namespace of what ``props`` say beyond OSCAL's own vocabulary.
NAMESPACE = "urn:shenhe:oscal"

_REASONS: dict[VerdictName, str] = {"pass": "pass", "fail": "fail"}


def assessment_results(report: Report, report_sha256: str) -> dict[str, Any]:
    """The document, as plain JSON data. ``report_sha256`` is the hash of the ``report.json`` it is made
    from, in hexadecimal.
    """
    own = uuid5(NAMESPACE_URL, f"urn:shenhe:report:{report_sha256}")
    started = timestamp(report.timing.started)
    decided = [rule for rule in report.rules if rule.verdict != "not applicable"]
    checks = [check for check in report.checks if check.verdict != "not applicable"]
    result: dict[str, Any] = {
        "uuid": _id(own, "result"),
        "title": _line(f"Conformance of {report.target.name} at level {report.level}"),
        "description": _text(
            f"Automated probing of {report.target.name} (environment {report.target.environment}) "
            f"under the law of {report.on}: {report.summary.requests} requests for {len(decided)} rules. "
            f"{len(report.undecided)} more rules are not decided by such a run."
        ),
        "start": started,
        "props": [
            _prop("exit-code", str(report.summary.exit_code)),
            _prop("seed", str(report.seed)),
            _prop("level", report.level),
            _prop("law-of", report.on),
        ],
        "local-definitions": {
            "components": [_target(own, report)],
            "assessment-assets": {
                "components": [_tool(own, report)],
                "assessment-platforms": [
                    {"uuid": _id(own, "platform"), "uses-components": [{"component-uuid": _id(own, "tool")}]},
                ],
            },
        },
        "reviewed-controls": {"control-selections": [_selection(decided)]},
        "observations": [_observation(own, check, started) for check in checks],
        "findings": [_finding(own, rule, {check.name for check in checks}) for rule in decided],
    }
    return {
        "assessment-results": {
            "uuid": str(own),
            "metadata": {
                "title": _line(f"shenhe: {report.target.name}"),
                "last-modified": started,
                "version": "1",
                "oscal-version": OSCAL_VERSION,
                "props": [_prop("report-sha256", report_sha256)],
            },
            "import-ap": {
                "href": f"#{_id(own, 'plan')}",
                "remarks": "No separate plan: rulebook, level and binding determine the assessment.",
            },
            "results": [{name: value for name, value in result.items() if value != []}],
            "back-matter": {"resources": [_plan(own, report)]},
        }
    }


def control_id(rule: str) -> str:
    """The id of a rule as OSCAL allows it, a name without slashes: ``cn-dsp-2023/17.1.3`` is
    ``cn-dsp-2023_17.1.3``.
    """
    token = re.sub(r"[^\w.-]", "_", rule)
    return token if re.match(r"[^\W\d]", token) else f"_{token}"


def _selection(decided: list[RuleResult]) -> dict[str, Any]:
    if not decided:
        return {"include-controls": [{"control-id": "none"}], "remarks": "No rule was decided."}
    return {"include-controls": [{"control-id": control_id(rule.rule)} for rule in decided]}


def _target(own: UUID, report: Report) -> dict[str, Any]:
    target = report.target
    props = [
        _prop("environment", target.environment),
        _prop("transport", target.transport),
        _prop("binding-sha256", target.binding_sha256),
        *(_prop("service", service) for service in target.services),
        *(_prop("market", market) for market in target.markets),
    ]
    return {
        "uuid": _id(own, "target"),
        "type": "service",
        "title": _line(target.name),
        "description": "The provider that was probed, as its binding reaches it.",
        "props": [prop for prop in props if prop["value"]],
        "status": {"state": "operational"},
    }


def _tool(own: UUID, report: Report) -> dict[str, Any]:
    return {
        "uuid": _id(own, "tool"),
        "type": "software",
        "title": "shenhe",
        "description": "The conformance suite that probed and judged.",
        "props": [
            {"name": "version", "value": report.shenhe_version},
            _prop("rulebook-sha256", report.rulebook_sha256),
        ],
        "status": {"state": "operational"},
    }


def _plan(own: UUID, report: Report) -> dict[str, Any]:
    plan = {
        "level": report.level,
        "on": report.on,
        "packs": report.packs,
        "rulebook_sha256": report.rulebook_sha256,
        "rules": [r.rule for r in report.rules],
    }
    return {
        "uuid": _id(own, "plan"),
        "title": _line(f"shenhe rulebook at level {report.level}"),
        "description": _text("Packs: " + (", ".join(report.packs) or "none") + "."),
        "props": [_prop("rulebook-sha256", report.rulebook_sha256)],
        "base64": {
            "filename": "plan.json",
            "media-type": "application/json",
            "value": base64.b64encode(json.dumps(plan, indent=1).encode()).decode(),
        },
    }


def _observation(own: UUID, check: CheckResult, started: str) -> dict[str, Any]:
    probes = check.probes
    observation: dict[str, Any] = {
        "uuid": _id(own, f"check {check.name}"),
        "title": _line(check.name),
        "description": _text(f"{check.title} Verdict: {check.verdict}. {check.reason}"),
        "props": [
            _prop("check", check.name),
            _prop("verdict", check.verdict),
            _prop("probes-sent", str(probes.sent)),
            _prop("controls-accepted", str(probes.controls)),
            _prop("cases-decided", str(probes.decided)),
        ],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": _id(own, "tool")}]}],
        "subjects": [{"subject-uuid": _id(own, "target"), "type": "component"}],
        "collected": started,
    }
    if check.finding is not None:
        observation["relevant-evidence"] = [
            {"description": _text(f"Expected: {check.finding.expected}. Seen: {check.finding.seen}")},
            {"description": _text(f"To see it again: {check.finding.curl}", 8000)},
        ]
    return observation


def _finding(own: UUID, rule: RuleResult, observed: set[str]) -> dict[str, Any]:
    finding: dict[str, Any] = {
        "uuid": _id(own, f"rule {rule.rule}"),
        "title": _line(f"{rule.rule}: {rule.title.en}"),
        "description": _text(f"{rule.text.en} Verdict: {rule.verdict}. {rule.reason}"),
        "props": [
            _prop("rule", rule.rule),
            _prop("verdict", rule.verdict),
            _prop("keyword", rule.keyword),
            _prop("verification", rule.verification),
        ],
        "target": {
            "type": "objective-id",
            "target-id": control_id(rule.rule),
            "status": {
                "state": "satisfied" if rule.verdict == "pass" else "not-satisfied",
                "reason": _REASONS.get(rule.verdict, "other"),
            },
        },
    }
    related = [{"observation-uuid": _id(own, f"check {name}")} for name in rule.checks if name in observed]
    if related:
        finding["related-observations"] = related
    return finding


def _id(own: UUID, name: str) -> str:
    return str(uuid5(own, name))


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": one_line(value)}


def _line(text: str) -> str:
    return markup(text, 300)


def _text(text: str, limit: int = 2000) -> str:
    return markup(text, limit).strip()


#: What OSCAL's subset of Markdown and HTML gives a meaning inside a line.
_MARKUP = re.compile(r"[\\`*_~^\[\]<>{}|!\"]")
#: What Markdown gives a meaning at the start of a line, and a link that some readers recognise without markup.
_STARTS = re.compile(r"^(?=[-+#=])|^(\d+)(?=[.)])")


def markup(text: str, limit: int) -> str:
    """``text`` as a line of OSCAL markup that shows exactly this text. Ordinary punctuation stays as it is.

    >>> print(markup("shenhe: <b>*x*</b> at https://evil.test", 300))
    shenhe: \\<b\\>\\*x\\*\\</b\\> at https:\\//evil.test
    """
    escaped = _MARKUP.sub(lambda match: "\\" + match[0], one_line(text, limit).replace("&", "&amp;"))
    escaped = re.sub(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\w)(?=@\w)", r"\\", escaped)
    return _STARTS.sub(lambda match: f"{match[1]}\\" if match[1] else "\\", escaped)
