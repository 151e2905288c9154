"""What the results of the checks say of the rules, and the run as a whole to the shell."""

from __future__ import annotations

from collections.abc import Iterable

from shenhe.rulebook import Keyword, Rule, SeenBy

from ..report import CheckResult, Probes, RuleResult, UndecidedRule, Words
from ..verdict import ExitCode, Level, Verdict, VerdictName
from .tally import softening


def exit_code(rules: Iterable[RuleResult], checks: Iterable[CheckResult]) -> ExitCode:
    """What the run tells the shell: a failure before anything else, then whatever is not verified.

    A run that decided nothing verified nothing.
    """
    verdicts = {rule.verdict for rule in rules} | {check.verdict for check in checks}
    if "fail" in verdicts:
        return ExitCode.FAILED
    if verdicts & {"error", "inconclusive", "review"} or "pass" not in verdicts:
        return ExitCode.NOT_VERIFIED
    return ExitCode.PASSED


def by_rule(
    chosen: dict[str, Rule], results: list[CheckResult], level: Level
) -> tuple[list[RuleResult], list[UndecidedRule]]:
    """The rules that checks decided, each with the gravest verdict among them, and the others with the reason."""
    decided, undecided = [], []
    for rule in chosen.values():
        concerned = [result for result in results if rule.provision in result.rules]
        title = Words(en=rule.title.en, zh=rule.title.zh)
        if not concerned:
            undecided.append(
                UndecidedRule(
                    rule=rule.provision,
                    pack=rule.pack,
                    title=title,
                    behaviour=rule.behaviour.value,
                    seen_by=rule.seen_by.value,
                    reason=_why_undecided(rule, level),
                )
            )
            continue
        judged = [_softened(result, rule) for result in concerned]
        gravest = max(judged, key=lambda result: Verdict.titled(result.verdict))
        decided.append(
            RuleResult(
                rule=rule.provision,
                pack=rule.pack,
                title=title,
                text=Words(en=rule.text.en, zh=rule.text.zh),
                behaviour=rule.behaviour.value,
                obligors=[obligor.value for obligor in rule.obligors],
                keyword=rule.keyword.value,
                verification=rule.verification.value,
                verdict=gravest.verdict,
                reason=f"{gravest.name}: {gravest.reason}" if gravest.reason else "",
                checks=[result.name for result in concerned],
                probes=total(result.probes for result in concerned),
            )
        )
    return decided, undecided


def _softened(result: CheckResult, rule: Rule) -> CheckResult:
    """What a check says of a rule: a failure that no run can be sure of is left to a person."""
    why = softening(rule)
    if result.verdict != "fail" or why is None:
        return result
    return result.model_copy(update={"verdict": "review", "reason": f"{result.reason} ({why})"})


def _why_undecided(rule: Rule, level: Level) -> str:
    from ..checks import all_checks

    if rule.seen_by is not SeenBy.PROBE:
        return rule.seen_by_reason or "no probe can see this"
    if rule.keyword is Keyword.MAY:
        return "a permission, which cannot be violated"
    higher = [check.level for check in all_checks() if check.decides(rule) and not level.includes(check.level)]
    if higher:
        return f"decided at level {min(higher, key=list(Level).index).value}"
    if any(check.decides(rule) for check in all_checks()):
        return "what this provider makes cannot be judged by the checks of this level"
    return "no check decides this rule yet"


def counts(rules: list[RuleResult]) -> dict[VerdictName, int]:
    """How many rules have each verdict."""
    names = [verdict.title for verdict in Verdict]
    return {name: sum(1 for rule in rules if rule.verdict == name) for name in names}


def total(parts: Iterable[Probes]) -> Probes:
    """The sum, count by count."""
    sums = dict.fromkeys(Probes.model_fields, 0)
    for part in parts:
        for name in sums:
            sums[name] += getattr(part, name)
    return Probes(**sums)
