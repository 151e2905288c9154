"""A report as SARIF 2.1.0 (OASIS, errata 01), as code scanning of GitHub and others read it.

One result for each open rule and check. What is kept or not applicable is no result: services that ignore
``kind`` would show it as an alert.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shenhe.conformance.report import CheckResult, Report, RuleResult, Step
from shenhe.core.text import cut, markdown, one_line, visible
from shenhe.rulebook import Rule

from .issue import Issue, Place, deciding_step, issues, place_of_step

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BODY = 4000
#: Characters of a script from which on further commands are left out.
_SCRIPT = 100_000
_LEVELS = {"must": "error", "should": "warning", "may": "note"}
_KINDS = {"fail": "fail", "review": "review", "inconclusive": "open"}


def sarif(report: Report, rules: Mapping[str, Rule], *, binding: str = "") -> dict[str, Any]:
    """The SARIF log of a report, as plain JSON data.

    ``rules`` is the rulebook, for sources and help; rules that are not in it are described only by
    the report. ``binding`` is the path of the binding inside the repository. A check that broke (``error``) is a
    notification, not a result.
    """
    index = {rule.rule: position for position, rule in enumerate(report.rules)}
    found = issues(report, binding)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "shenhe",
                        "version": report.shenhe_version,
                        "semanticVersion": report.shenhe_version,
                        # The project has no address yet; a package URL names it without inventing one.
                        "informationUri": f"pkg:pypi/shenhe@{report.shenhe_version}",
                        "rules": [_descriptor(rule, rules.get(rule.rule)) for rule in report.rules],
                        "properties": {"rulebookSha256": report.rulebook_sha256, "packs": list(report.packs)},
                    }
                },
                "automationDetails": {"id": f"shenhe/{_token(report.target.name)}/{report.level}/"},
                "invocations": [_invocation(report, found)],
                "columnKind": "unicodeCodePoints",
                "results": [_result(issue, index, binding) for issue in found if issue.verdict in _KINDS],
                "properties": {
                    "target": one_line(report.target.name),
                    "environment": one_line(report.target.environment),
                    "level": report.level,
                    "lawOf": report.on,
                    "seed": report.seed,
                    "requests": report.summary.requests,
                    "counts": dict(report.summary.counts),
                },
            }
        ],
    }


def _descriptor(result: RuleResult, rule: Rule | None) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": result.rule,
        "name": result.title.en,
        "shortDescription": {"text": result.title.en},
        "fullDescription": {"text": result.text.en},
        "help": _help(result, rule),
        "defaultConfiguration": {"level": _LEVELS.get(result.keyword, "warning")},
        "properties": {
            "tags": ["synthetic-media", result.behaviour, result.pack],
            "keyword": result.keyword,
            "obligors": list(result.obligors),
            "verification": result.verification,
            "verdict": result.verdict,
            "titleZh": result.title.zh,
        },
    }
    url = next((source.url for source in rule.sources if source.url), None) if rule else None
    if url:
        descriptor["helpUri"] = url
    return descriptor


def _help(result: RuleResult, rule: Rule | None) -> dict[str, str]:
    facts = [
        f"Binds: {', '.join(result.obligors)}.",
        f"Paraphrase of this project ({result.verification}); the official text prevails.",
    ]
    if rule is not None:
        facts.append("Sources: " + "; ".join(source.cite for source in rule.sources) + ".")
        if rule.penalties:
            facts.append("Punished under: " + ", ".join(link.penalty for link in rule.penalties) + ".")
    plain = "\n\n".join([result.text.en, result.text.zh, *facts])
    marked = [
        f"**{markdown(result.title.en)}** ({markdown(result.title.zh)})",
        markdown(result.text.en, 2000),
        markdown(result.text.zh, 2000),
    ]
    marked += [f"* {markdown(fact, 1000)}" for fact in facts]
    return {"text": plain, "markdown": "\n\n".join(marked)}


def _result(issue: Issue, index: Mapping[str, int], binding: str) -> dict[str, Any]:
    kind = _KINDS[issue.verdict]
    result: dict[str, Any] = {
        "ruleId": issue.rule.rule,
        "ruleIndex": index[issue.rule.rule],
        "kind": kind,
        # SARIF 3.27.10: a result that is no failure has no level.
        "level": _LEVELS.get(issue.rule.keyword, "warning") if kind == "fail" else "none",
        "message": {"text": issue.sentence(1000)},
        "partialFingerprints": {"shenheRuleAndCheck/v1": issue.fingerprint},
        "properties": {"verdict": issue.verdict, "keyword": issue.rule.keyword},
    }
    if issue.place is not None:
        result["locations"] = [_location(issue.place)]
    check = issue.check
    if check is None:
        return result
    result["properties"] |= {"check": check.name, "level": check.level, "probes": check.probes.model_dump()}
    if check.finding is None:
        return result
    finding = check.finding
    result["properties"] |= {
        "expected": one_line(finding.expected, 1000),
        "observed": one_line(finding.seen, 1000),
        "case": one_line(finding.case, 1000),
        "curl": visible(_whole_commands(finding.curl)),
    }
    if finding.wrong_at:
        result["properties"]["wrongAt"] = one_line(finding.wrong_at)
    if finding.difference:
        result["properties"]["difference"] = one_line(finding.difference, 1000)
    evidence = [each for each in finding.evidence if each.media_type.startswith("text/")]
    if evidence:
        result["properties"]["evidence"] = {one_line(each.title): visible(cut(each.data, _BODY)) for each in evidence}
    result["codeFlows"] = _code_flows(check, binding)
    step = deciding_step(check)
    if step is not None:
        result["webRequest"] = {
            "protocol": "HTTP",
            "method": step.method,
            "target": visible(step.url),
            "headers": {visible(name): visible(value) for name, value in step.request_headers.items()},
            "body": {"text": visible(cut(step.request_body, _BODY))},
        }
        result["webResponse"] = _response(step)
    return {name: value for name, value in result.items() if value != []}


def _whole_commands(script: str) -> str:
    """The first commands of a script that fit, none of them cut."""
    steps = re.split(r"\n(?=# \d+\. )", script)
    kept = steps[:1]
    for step in steps[1:]:
        if sum(map(len, kept)) + len(step) > _SCRIPT:
            break
        kept.append(step)
    left = len(steps) - len(kept)
    return "\n".join(kept) + (
        f"\n# {left} more commands: shenhe export scripts report.json --out FOLDER" if left else ""
    )


def _response(step: Step) -> dict[str, Any]:
    if step.status is None:
        return {"noResponseReceived": True, "reasonPhrase": one_line(step.error or "no answer")}
    return {
        "protocol": "HTTP",
        "statusCode": step.status,
        "headers": {visible(name): visible(value) for name, value in step.response_headers.items()},
        "body": {"text": visible(cut(step.response_body, _BODY))},
    }


def _code_flows(check: CheckResult, binding: str) -> list[dict[str, Any]]:
    """The sequence of requests, as a flow through the lines of the binding."""
    locations = []
    for step in check.finding.steps if check.finding else ():
        place = place_of_step(step, binding)
        answer = step.status if step.status is not None else step.error or "no answer"
        message = f"{step.role}: {step.operation} → {answer}"
        location: dict[str, Any] = {"message": {"text": one_line(message)}}
        if place is not None:
            location |= _location(place)
        locations.append({"location": location})
    return [{"threadFlows": [{"locations": locations}]}] if locations else []


def _location(place: Place) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": place.uri, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line},
        }
    }


def _invocation(report: Report, found: list[Issue]) -> dict[str, Any]:
    broken = {
        issue.check.name if issue.check else issue.rule.rule: issue for issue in found if issue.verdict == "error"
    }
    invocation: dict[str, Any] = {
        "executionSuccessful": not broken,
        "exitCode": report.summary.exit_code,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": f"{name}: {issue.sentence()}"},
                "associatedRule": {"id": issue.rule.rule},
            }
            for name, issue in broken.items()
        ],
    }
    return invocation


def _token(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-._" else "-" for char in one_line(name, 60)) or "provider"
