"""What a CI system lists: one entry for each rule that a check did not find kept, at the line of the
binding that reaches it.

SARIF, GitHub annotations and GitLab code quality are all lists of these.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from shenhe.conformance.evidence.baseline import milder
from shenhe.conformance.report import CheckResult, Report, RuleResult, Step
from shenhe.conformance.verdict import VerdictName
from shenhe.core.text import one_line

#: The verdicts that require action, the gravest first.
OPEN: tuple[VerdictName, ...] = ("error", "fail", "inconclusive", "review")

_ORIGIN = re.compile(r"(?P<path>.+?):(?P<line>[0-9]{1,7})(?::[0-9]+)?\Z")
_DECIDING = ("probe", "observation", "control", "set-up")


@dataclass(frozen=True)
class Place:
    """A line of a file of the repository. ``path`` is relative to its root where the binding was named so."""

    path: str
    line: int

    @property
    def uri(self) -> str:
        """The path as a URI reference."""
        return quote(self.path, safe="/")


@dataclass(frozen=True)
class Issue:
    """A rule with the check by which it was not found kept. ``check`` is ``None`` for a rule that no check
    reached.
    """

    rule: RuleResult
    check: CheckResult | None
    place: Place | None

    @property
    def verdict(self) -> VerdictName:
        """The check's verdict, or the rule's where that is milder."""
        return milder(self.check.verdict, self.rule.verdict) if self.check else self.rule.verdict

    @property
    def fingerprint(self) -> str:
        """The same for the same rule and check on every run: 32 hexadecimal digits."""
        name = f"{self.rule.rule}\n{self.check.name if self.check else ''}"
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    @property
    def binds(self) -> bool:
        """Whether the rule is a duty, and not a recommendation."""
        return self.rule.keyword == "must"

    def sentence(self, limit: int = 600) -> str:
        """What is wrong, on one line that is safe to print."""
        return one_line(sentence(self.check, self.rule), limit)


def sentence(check: CheckResult | None, rule: RuleResult | None = None) -> str:
    """The conclusion of a check and its grounds, with the provider's text unchanged: not yet safe to print."""
    if check is None:
        return f"{rule.verdict}: {rule.reason or 'no check reached this rule'}" if rule else ""
    if check.finding is not None and check.verdict == "fail":
        return f"expected: {check.finding.expected} Seen: {check.finding.seen}"
    return f"{check.verdict}: {check.reason or check.title}"


def issues(report: Report, binding: str = "") -> list[Issue]:
    """The open rules of a report, the gravest first.

    ``binding`` is the path of the binding inside the repository; without it, the path is the one that the
    run was given.
    """
    checks = {check.name: check for check in report.checks}
    found = []
    for rule in report.rules:
        if rule.verdict not in OPEN:
            continue
        open_checks = [checks[name] for name in rule.checks if name in checks and checks[name].verdict in OPEN]
        if open_checks:
            found += [Issue(rule, check, place_of(report, check, binding)) for check in open_checks]
        else:
            found.append(Issue(rule, None, place_of(report, None, binding)))
    return sorted(found, key=lambda issue: OPEN.index(issue.verdict))


def deciding_step(check: CheckResult) -> Step | None:
    """The request whose response the verdict rests on; in a report that does not say, the last that it can rest on."""
    if check.finding is None:
        return None
    number = check.finding.wrong_step
    if number is not None and number <= len(check.finding.steps):
        return check.finding.steps[number - 1]
    for role in _DECIDING:
        for step in reversed(check.finding.steps):
            if step.role == role:
                return step
    return None


def place_of(report: Report, check: CheckResult | None, binding: str = "") -> Place | None:
    """The place in the binding of the deciding request of ``check``, or else its first line, if known."""
    step = deciding_step(check) if check else None
    place = place_of_step(step, binding) if step else None
    if place is not None:
        return place
    path = binding or next((place.path for place in _places(report)), "")
    return Place(path, 1) if path else None


def place_of_step(step: Step, binding: str = "") -> Place | None:
    """The place of a request in the binding; ``None`` for a provider without a binding file."""
    match = _ORIGIN.match(step.origin)
    if match is None or int(match["line"]) < 1:
        return None
    path = binding or match["path"].replace("\\", "/").removeprefix("./")
    return Place(path, int(match["line"]))


def _places(report: Report) -> Iterator[Place]:
    for check in report.checks:
        for step in check.finding.steps if check.finding else ():
            place = place_of_step(step)
            if place is not None:
                yield place
