"""A report without what a target said: for keeping longer, and for showing to others."""

from __future__ import annotations

import re

from shenhe.rulebook import load_rulebook

from ..engine.conclusions import by_rule, causes
from ..report import CheckResult, Finding, Report, Said, Step
from ..verdict import Level
from .consistency import rules_of
from .export.request import origin_text

LEFT_OUT = "left out (--minimise)"
#: Text in quotation marks is what a target or a case said. Each kind of mark is searched for once, so this is linear.
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^“”\n]*”|「[^「」\n]*」")


def minimised(report: Report) -> Report:
    """``report`` with its verdicts, rules, operations and statuses, and without bodies, headers, paths, excerpts and
    scripts.

    Reasons of findings are left out, because they repeat what was seen. In other reasons quoted text is. The rules are
    concluded again from the checks, with the installed rulebook.
    """
    checks = [_minimised(check) for check in report.checks]
    rules, undecided = by_rule(rules_of(report, load_rulebook()), checks, Level(report.level))
    return report.model_copy(
        update={"checks": checks, "rules": rules, "undecided": undecided, "causes": causes(checks)}
    )


def _minimised(check: CheckResult) -> CheckResult:
    finding = check.finding and Finding(
        expected=check.finding.expected,
        seen=LEFT_OUT,
        steps=[_step(step) for step in check.finding.steps],
        wrong_step=check.finding.wrong_step,
        curl="",
        pytest="",
    )
    also = list(dict.fromkeys(Said(verdict=said.verdict, reason=LEFT_OUT) for said in check.also))
    reason = LEFT_OUT if check.reason and check.finding is not None else _QUOTED.sub("'…'", check.reason)
    changes = {"reason": reason, "also": also, "causes": [_QUOTED.sub("'…'", cause) for cause in check.causes]}
    return check.model_copy(update={"finding": finding, **changes})


def _step(step: Step) -> Step:
    return Step(
        role=step.role,
        operation=step.operation,
        method=step.method,
        url=f"{origin_text(step.url)}/…",
        status=step.status,
        error=_QUOTED.sub("'…'", step.error) if step.error else step.error,
        origin=step.origin,
    )
