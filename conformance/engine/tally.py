"""The outcomes of one check so far, and the verdict that they give."""

from __future__ import annotations

from dataclasses import dataclass, field

from shenhe.core.links import check_link
from shenhe.rulebook import Rule

from ..checks.registry import Check
from ..report import CheckResult, Finding, Probes, Said, Sample
from ..verdict import Verdict
from .probing.recording import Counts

#: Added to a failure of a rule whose text has not been compared with its source.
PROVISIONAL = "the source of this rule was not read: a person has to compare it with the text of the law"


def softening(rule: Rule) -> str | None:
    """Why a failure of a rule is left to a person, or ``None`` where a run decides it."""
    if rule.provisional:
        return PROVISIONAL
    if rule.applies.users_over is not None:
        return f"the rule binds only services with more than {rule.applies.users_over:,} monthly users"
    return None


@dataclass
class Tally:
    """What one check has gathered so far. Its verdict is only ever raised."""

    check: Check
    verdict: Verdict = Verdict.NOT_APPLICABLE
    reason: str = ""
    finding: Finding | None = None
    sample: Sample | None = None
    sent: int = 0
    shared: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0
    decided: int = 0
    enumerated: int = 0
    generated: int = 0
    facets: dict[str, str | None] = field(default_factory=dict)
    #: What else was found that is no pass: the verdict keeps only the gravest.
    also: list[Said] = field(default_factory=list)
    #: Why cases are open, without the case that it was seen in.
    causes: list[str] = field(default_factory=list)

    def raise_to(self, verdict: Verdict, reason: str) -> None:
        """Keep the gravest verdict with the first reason that led to it, and the lesser ones beside it."""
        lesser = (verdict, reason)
        if verdict > self.verdict:
            lesser = (self.verdict, self.reason)
            self.verdict, self.reason = verdict, reason
        said = Said(verdict=lesser[0].title, reason=lesser[1])
        if lesser[0] >= Verdict.REVIEW and lesser != (self.verdict, self.reason) and said not in self.also:
            self.also.append(said)

    def leave_open(self, reason: str, case: str = "") -> None:
        """Make the check inconclusive because of one case."""
        if reason not in self.causes:
            self.causes.append(reason)
        self.raise_to(Verdict.INCONCLUSIVE, f"{case}: {reason}" if case else reason)

    def count(self, counts: Counts) -> None:
        """Add what one case asked."""
        self.sent += counts.sent
        self.shared += counts.shared
        self.accepted += counts.accepted
        self.refused += counts.refused
        self.unavailable += counts.unavailable
        self.controls += counts.controls

    def result(self, rules: dict[str, Rule]) -> CheckResult:
        """The tally as a report has it, with those of its rules that were chosen."""
        concerned = [rule for rule in rules.values() if self.check.decides(rule)]
        whys = [softening(rule) for rule in concerned]
        if self.verdict is Verdict.FAIL and all(whys):
            self.verdict, self.reason = Verdict.REVIEW, f"{self.reason} ({whys[0]})"
        return CheckResult(
            name=self.check.name,
            title=self.check.title,
            level=self.check.level.value,
            behaviour=self.check.behaviour.value,
            rules=[rule.provision for rule in concerned],
            verdict=self.verdict.title,
            reason=self.reason,
            probes=Probes(
                sent=self.sent,
                accepted=self.accepted,
                refused=self.refused,
                unavailable=self.unavailable,
                controls=self.controls,
                shared=self.shared,
                decided=self.decided,
                enumerated=self.enumerated,
                generated=self.generated,
            ),
            also=self.also,
            causes=self.causes,
            finding=self.finding,
            sample=self.sample,
            docs=check_link(self.check.name),
        )
