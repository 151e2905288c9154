"""A report as GitLab reads code quality: a list of issues at lines of the binding, shown in the merge
request.
"""

from __future__ import annotations

from typing import Any

from shenhe.conformance.report import Report

from .issue import Issue, issues

#: Where a provider is bound by no file, GitLab needs a path all the same.
NO_FILE = "binding.yaml"


def code_quality(report: Report, *, binding: str = "") -> list[dict[str, Any]]:
    """One issue for each open rule and check, the gravest first, as plain JSON data.

    ``binding`` is the path of the binding inside the repository. Fingerprints stay the same from run to
    run: GitLab uses them to list only what a merge request adds.
    """
    return [_issue(issue) for issue in issues(report, binding)]


def _issue(issue: Issue) -> dict[str, Any]:
    path, line = (issue.place.path, issue.place.line) if issue.place else (NO_FILE, 1)
    return {
        "description": f"{issue.rule.rule}: {issue.sentence()}",
        "check_name": issue.check.name if issue.check else issue.rule.rule,
        "fingerprint": issue.fingerprint,
        "severity": _severity(issue),
        "location": {"path": path, "lines": {"begin": line}},
    }


def _severity(issue: Issue) -> str:
    """``blocker`` for a broken check, then by verdict and by how strongly the rule speaks."""
    if issue.verdict == "error":
        return "blocker"
    if issue.verdict == "fail":
        return "critical" if issue.binds else "minor"
    return "major" if issue.verdict == "inconclusive" else "info"
