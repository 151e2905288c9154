"""What a report shows of a case that failed: the steps, what was seen, and the same as curl and as a pytest."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from ...checks.outcome import Case, Violation
from ...checks.registry import Check
from ...evidence.export import as_curl, as_pytest, carry_plan_of, needed
from ...exchange import Exchange, to_step
from ...provider import Provider
from ...report import Attachment, CheckResult, Finding
from .conversation import CALL


def finding_of(check: Check, case: Case, violation: Violation, *, seed: int, invented: Iterable[str] = ()) -> Finding:
    """What is shown of a violation that a case led to. ``invented`` are the numbers and names of invented people."""
    exchanges = [each.exchange for each in violation.exchanges]
    plan = carry_plan_of(exchanges, invented)
    curl, pytest = _replays(check, exchanges, seed, plan.numbers)
    return Finding(
        expected=check.title,
        seen=violation.seen,
        case=str(case),
        steps=[to_step(each.exchange, each.role) for each in violation.exchanges],
        wrong_step=violation.wrong_step,
        evidence=list(violation.evidence),
        curl=curl,
        pytest=pytest,
        files=[Attachment(name=name, data=base64.b64encode(data).decode("ascii")) for name, data in plan.files.items()],
        invented=sorted(plan.numbers),
        variables=sorted(needed(plan, exchanges)),
    )


def redacted(result: CheckResult, provider: Provider) -> CheckResult:
    """``result`` without the secrets that a provider sent back inside what it made.

    Exchanges lost theirs when they were kept; what a check judges, and then shows, is what was really there.
    """
    hide: Callable[[str], str] | None = getattr(provider, "redacted", None)
    if hide is None:
        return result
    finding = result.finding
    if finding is not None:
        shown = [
            each.model_copy(update={"title": hide(each.title), "data": hide(each.data)}) for each in finding.evidence
        ]
        finding = finding.model_copy(
            update={
                "seen": hide(finding.seen),
                "case": hide(finding.case),
                "difference": hide(finding.difference),
                "evidence": shown,
            }
        )
    return result.model_copy(update={"reason": hide(result.reason), "finding": finding})


def _replays(check: Check, exchanges: list[Exchange], seed: int, invented: Iterable[str]) -> tuple[str, str]:
    """The sequence as curl and as a pytest; a provider that is called from Python has calls instead."""
    if not any(exchange.request.method == CALL for exchange in exchanges):
        return as_curl(exchanges, invented), as_pytest(exchanges, check.name, invented)
    calls = [exchange.request.body.decode("utf-8", "replace") for exchange in exchanges]
    curl = "\n".join(["# The provider is called from Python, not over HTTP. The calls, in their order:", *calls])
    pytest = (
        "from shenhe.conformance import check\n\n\n"
        f"def test_{check.name}(provider):  # `provider`: your own fixture\n"
        f"    check(provider, rules={list(check.rules)!r}, seed={seed})\n"
    )
    return curl, pytest
