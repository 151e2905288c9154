"""A report as JUnit XML, the form that CI systems show.

One test suite per pack, one test case per rule. ``fail`` is a failure; ``error`` and ``inconclusive`` are errors, since
nothing was verified; ``review`` and ``not applicable`` are skipped, with the reason. The elements and their order are
those that Jenkins, GitLab and GitHub's readers agree on.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from shenhe.conformance.report import CheckResult, Report, RuleResult
from shenhe.core.files import write_whole
from shenhe.core.text import cut, one_line, visible

#: What XML 1.0 does not allow even as a character reference, left after :func:`visible` has written out what is unseen.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The element for a verdict; a rule that passed has none.
ELEMENTS = {
    "fail": "failure",
    "error": "error",
    "inconclusive": "error",
    "review": "skipped",
    "not applicable": "skipped",
}
TEXT_LIMIT = 20_000


def junit(report: Report) -> bytes:
    """The report as UTF-8 XML."""
    checks = {check.name: check for check in report.checks}
    root = ET.Element(
        "testsuites",
        _tally(report.rules),
        name=_text(f"shenhe {report.shenhe_version}"),
        time=f"{report.timing.seconds:.3f}",
    )
    packs = list(dict.fromkeys(rule.pack for rule in report.rules))
    for pack in packs:
        rules = [rule for rule in report.rules if rule.pack == pack]
        suite = ET.SubElement(
            root,
            "testsuite",
            _tally(rules),
            name=_text(pack),
            timestamp=_text(report.timing.started),
            hostname="",
            time="0.000",
        )
        facts = {
            "target": report.target.name,
            "level": report.level,
            "seed": str(report.seed),
            "on": report.on,
            "rulebook_sha256": report.rulebook_sha256,
        }
        properties = ET.SubElement(suite, "properties")
        for name, value in facts.items():
            ET.SubElement(properties, "property", name=name, value=_text(value))
        for rule in rules:
            _add_case(suite, rule, checks)
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def write_junit(report: Report, path: Path) -> None:
    """Write :func:`junit` by way of a temporary file in the same folder."""
    write_whole(path, junit(report))


def _tally(rules: list[RuleResult]) -> dict[str, str]:
    kinds = Counter(ELEMENTS.get(rule.verdict, "") for rule in rules)
    return {
        "tests": str(len(rules)),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
    }


def _add_case(suite: ET.Element, rule: RuleResult, checks: dict[str, CheckResult]) -> None:
    name = _text(f"{rule.rule} {rule.title.en}", 300)
    case = ET.SubElement(suite, "testcase", classname=_text(f"{rule.pack}.{rule.behaviour}"), name=name, time="0.000")
    element = ELEMENTS.get(rule.verdict)
    if element is None:
        return
    deciders = [checks[check] for check in rule.checks if check in checks]
    guilty = [check for check in deciders if check.verdict == rule.verdict]
    found = next((check.finding for check in guilty if check.finding), None)
    why = found.seen if found else rule.reason or next((check.reason for check in guilty if check.reason), "")
    outcome = ET.SubElement(case, element, message=_text(f"{rule.verdict}: {why}" if why else rule.verdict, 500))
    if element != "skipped":
        outcome.set("type", rule.verdict)
        outcome.text = _body(rule, guilty)


def _body(rule: RuleResult, guilty: list[CheckResult]) -> str:
    parts = [f"{rule.rule}: {rule.text.en}"]
    for check in guilty:
        parts.append(f"check {check.name}: {check.title}")
        if check.finding:
            parts += [
                f"expected: {check.finding.expected}",
                f"seen: {check.finding.seen}",
                f"where: {check.finding.wrong_at}" if check.finding.wrong_at else "",
                check.finding.curl,
            ]
        elif check.reason:
            parts.append(check.reason)
    return _legal(visible(cut("\n\n".join(part for part in parts if part), TEXT_LIMIT)))


def _text(text: str, limit: int = 300) -> str:
    return _legal(one_line(text, limit))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
