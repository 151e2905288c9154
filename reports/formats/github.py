"""A report for GitHub Actions: annotations at the lines of the binding, and a summary of the job in
Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator

from shenhe.conformance.evidence.baseline import BaselineOutcome
from shenhe.conformance.report import CheckResult, Report, RuleResult
from shenhe.conformance.verdict import ExitCode, VerdictName
from shenhe.core.text import fenced, markdown, one_line

from .issue import OPEN, Issue, issues

#: GitHub shows ten annotations of each kind for one step and drops the rest.
PER_KIND = 10
#: GitHub refuses a summary of more than 1 MiB for one step.
SUMMARY_BYTES = 900_000

_ORDER: tuple[VerdictName, ...] = (*OPEN, "pass", "not applicable")
_SIGNS: dict[VerdictName, str] = {
    "error": "💥 error",
    "fail": "❌ fail",
    "inconclusive": "❔ inconclusive",
    "review": "👁 review",
    "pass": "✅ pass",
    "not applicable": "– not applicable",
}
#: So many problems and entries of a baseline are listed.
MOST_ENTRIES = 300
_ACCEPTED = {
    ExitCode.PASSED: "No failures beyond those that the baseline accepts.",
    ExitCode.FAILED: "Failed: a failure that the baseline does not accept, or a stale or expired entry.",
    ExitCode.NOT_VERIFIED: "Not fully verified, and not accepted by the baseline.",
    ExitCode.USAGE: "The run ended with an error.",
}
_OUTCOMES = {
    0: "Every rule was decided and passed.",
    1: "At least one rule failed.",
    3: "Not fully verified: some rules could not be decided, or need a review.",
}


def workflow_commands(report: Report, *, binding: str = "") -> str:
    """Workflow commands, one line each: a check that found something open, at the line of the binding that
    shows it.

    Failures of duties and broken checks are errors, failures of recommendations and what is inconclusive
    are warnings, what is left to review is a notice. ``binding`` is the path of the binding inside the
    repository.
    """
    kinds: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for group in _by_check(issues(report, binding)):
        kind = _kind(group)
        kinds[kind].append(_command(kind, group))
    lines = []
    for kind, commands in kinds.items():
        lines += commands if len(commands) <= PER_KIND else commands[: PER_KIND - 1]
        if len(commands) > PER_KIND:
            more = len(commands) - PER_KIND + 1
            lines.append(f"::{kind} title=shenhe::{more} more; the summary of this job lists them all")
    return "".join(line + "\n" for line in lines)


def step_summary(report: Report, outcome: BaselineOutcome | None = None, *, source: str = "baseline") -> str:
    """The summary of a job: the outcome, with and without a baseline, the rules that are open with the requests
    that show it, then all rules.

    ``outcome`` is the result of the report under a baseline, which is then the headline; ``source`` names its file.
    All text of a provider or a binding is written as code or as character references: none of it becomes
    markup, a link, an image or a mention.
    """
    target, environment = markdown(report.target.name), markdown(report.target.environment)
    counts = {verdict: report.summary.counts.get(verdict, 0) for verdict in _ORDER}
    head = [
        f"## shenhe: {_outcome(report) if outcome is None else _ACCEPTED[outcome.exit_code]}",
        "",
        " · ".join(f"{_SIGNS[verdict]} {count}" for verdict, count in counts.items() if count)
        or "No rule was decided.",
        "",
        f"Provider <code>{target}</code> (environment <code>{environment}</code>), level {report.level},",
        f"law of {markdown(report.on)}, {report.summary.requests} requests, seed {report.seed}.",
        "",
    ]
    tail = [
        "",
        f"{len(report.undecided)} rules are not decided by this run: only documents or another level do.",
        "",
    ]
    parts = ["\n".join(head), *([_baseline(outcome, source)] if outcome is not None else []), _table(report.rules)]
    room = SUMMARY_BYTES - sum(len(part.encode()) for part in parts) - 1000
    left_out = 0
    for check in sorted((c for c in report.checks if c.verdict in OPEN), key=lambda check: OPEN.index(check.verdict)):
        detail = _detail(check)
        size = len(detail.encode())
        if size > room:
            left_out += 1
            continue
        room -= size
        parts.append(detail)
    if left_out:
        parts.append(f"\n{left_out} more findings are in report.json: a summary has no room for them.\n")
    return "\n".join([*parts, *tail])


def _outcome(report: Report) -> str:
    if not any(count for verdict, count in report.summary.counts.items() if verdict != "not applicable"):
        return "No rule was decided."
    return _OUTCOMES.get(report.summary.exit_code, "The run ended with an error.")


def _baseline(outcome: BaselineOutcome, source: str) -> str:
    """What the baseline accepts, and what still breaks the build; long lists are cut, the counts are not."""
    rows: list[tuple[str, str, str]] = [
        (
            "❌ new" if problem.verdict in ("fail", "error") else "❔ new",
            f"{problem.verdict}: {problem.rule}",
            problem.check,
        )
        for problem in outcome.new
    ]
    rows += [
        (
            f"{'–' if kind == 'unobserved' else '❌'} {kind}",
            f"{entry.verdict}: {entry.name}",
            f"{source}:{entry.line} {why}",
        )
        for kind, entry, why in outcome.unmatched()
    ]
    rows += [
        ("✅ accepted", f"{problem.verdict}: {problem.rule}", f"until {entry.expires}: {entry.reason}")
        for problem, entry in outcome.accepted
    ]
    counts = ", ".join(f"{count} {kind}" for kind, count in outcome.counts.items())
    lines = [f"**Baseline** <code>{markdown(source)}</code>: {counts}", ""]
    if rows:
        lines += ["| baseline | | |", "| --- | --- | --- |"]
        lines += [
            f"| {sign} | <code>{markdown(what)}</code> | {markdown(why)} |" for sign, what, why in rows[:MOST_ENTRIES]
        ]
    if len(rows) > MOST_ENTRIES:
        lines += ["", f"{len(rows) - MOST_ENTRIES} more are in the log."]
    return "\n".join([*lines, ""])


def _table(rules: list[RuleResult]) -> str:
    rows = ["| verdict | rule | | checks |", "| --- | --- | --- | --- |"]
    for rule in sorted(rules, key=lambda rule: _ORDER.index(rule.verdict)):
        checks = ", ".join(f"<code>{markdown(name)}</code>" for name in rule.checks)
        rows.append(
            f"| {_SIGNS[rule.verdict]} | <code>{markdown(rule.rule)}</code> | {markdown(rule.title.en)} | {checks} |"
        )
    return "\n".join(rows) + "\n"


def _detail(check: CheckResult) -> str:
    name = f"{_SIGNS[check.verdict]}: <code>{markdown(check.name)}</code>: {markdown(check.title)}"
    lines = [
        "<details>",
        f"<summary>{name}</summary>",
        "",
        "Decides " + ", ".join(f"<code>{markdown(rule)}</code>" for rule in check.rules) + ".",
        "",
    ]
    finding = check.finding
    if finding is None or check.verdict != "fail":
        lines += ["Why:", "", fenced(check.reason or "no reason was given"), ""]
    if finding is not None:
        lines += ["Expected:", "", fenced(finding.expected), "", "Seen:", "", fenced(finding.seen)]
        if finding.wrong_at:
            lines += ["", "Where:", "", fenced(finding.wrong_at)]
        if finding.case:
            lines += ["", "Case:", "", fenced(finding.case)]
        if finding.difference:
            lines += ["", "What makes the difference:", "", fenced(finding.difference)]
        lines += ["", "To see it again:", "", fenced(finding.curl, "sh", 8000)]
    return "\n".join([*lines, "", "</details>", ""])


def _by_check(found: list[Issue]) -> Iterator[list[Issue]]:
    """The issues grouped by the check that found them, in their order."""
    groups: dict[str, list[Issue]] = {}
    for issue in found:
        groups.setdefault(issue.check.name if issue.check else issue.rule.rule, []).append(issue)
    yield from groups.values()


def _kind(group: list[Issue]) -> str:
    first = group[0]
    if first.verdict == "review":
        return "notice"
    if first.verdict == "error" or (first.verdict == "fail" and any(issue.binds for issue in group)):
        return "error"
    return "warning"


def _command(kind: str, group: list[Issue]) -> str:
    first = group[0]
    rules = ", ".join(issue.rule.rule for issue in group)
    properties = {"title": one_line(f"{first.verdict}: {first.check.name if first.check else rules}", 120)}
    if first.place is not None:
        properties = {"file": first.place.path, "line": str(first.place.line)} | properties
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {given}::{_data(f'{rules}: {first.sentence()}')}"


def _data(text: str) -> str:
    """The message of a workflow command: one line whatever it holds."""
    return one_line(text, 1000).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property of a workflow command, which also ends at a comma or colon."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
