"""A report without what a target said: for keeping longer, and for showing to others."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..engine.tally import PROVISIONAL
from ..report import CheckResult, Finding, Report, RuleResult, Step
from .export.request import origin_of

LEFT_OUT = "left out (--minimise)"
#: Text in quotation marks is what a target or a case said. Each kind of mark is searched for once, so this is linear.
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|「[^」\n]*」")


def minimised(report: Report) -> Report:
    """``report`` with its verdicts, rules, operations and statuses, and without bodies, headers, paths, excerpts and
    scripts.

    Reasons of failures are left out, because they repeat what was seen. In other reasons quoted text is.
    """
    checks = [_minimised(check) for check in report.checks]
    before = {check.name: check for check in report.checks}
    after = {check.name: check for check in checks}
    return report.model_copy(update={"checks": checks, "rules": [_rule(rule, before, after) for rule in report.rules]})


def _minimised(check: CheckResult) -> CheckResult:
    finding = check.finding and Finding(
        expected=check.finding.expected,
        seen=LEFT_OUT,
        steps=[_step(step) for step in check.finding.steps],
        curl="",
        pytest="",
    )
    return check.model_copy(update={"reason": _reason(check), "finding": finding})


def _reason(check: CheckResult) -> str:
    if not check.reason or check.verdict == "pass":
        return check.reason
    if check.finding is None:
        return _QUOTED.sub("'…'", check.reason)
    provisional = f" ({PROVISIONAL})" if check.reason.endswith(f" ({PROVISIONAL})") else ""
    return LEFT_OUT + provisional


def _step(step: Step) -> Step:
    return Step(
        role=step.role,
        operation=step.operation,
        method=step.method,
        url=f"{origin_of(step.url)}/…",
        status=step.status,
        error=_QUOTED.sub("'…'", step.error) if step.error else step.error,
        origin=step.origin,
    )


def _rule(rule: RuleResult, before: Mapping[str, CheckResult], after: Mapping[str, CheckResult]) -> RuleResult:
    """The rule with the reason of the check that decided it, in its new words."""
    for name in rule.checks:
        old, new = f"{name}: {before[name].reason}", f"{name}: {after[name].reason}"
        for end in ("", f" ({PROVISIONAL})"):
            if rule.reason == old + end:
                return rule.model_copy(update={"reason": new + end})
    return rule.model_copy(update={"reason": _QUOTED.sub("'…'", rule.reason)})
