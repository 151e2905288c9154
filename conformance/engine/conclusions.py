"""What the results of the checks say of the rules, and the run as a whole to the shell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shenhe.core.links import rule_link
from shenhe.rulebook import Keyword, Rule, SeenBy

from ..checks.registry import Check
from ..provider import Capabilities
from ..report import Cause, CheckResult, Probes, RuleResult, Said, UndecidedRule, Words
from ..verdict import ExitCode, Level, Verdict, VerdictName
from .tally import softening


def exit_code(rules: Iterable[RuleResult], checks: Iterable[CheckResult]) -> ExitCode:
    """The exit code of a run: a failure before anything else, then anything not verified.

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
    from ..checks import deciding_levels

    decided, undecided = [], []
    levels = deciding_levels(chosen.values())
    deciding: dict[str, list[CheckResult]] = {}
    for result in results:
        for name in dict.fromkeys(result.rules):
            deciding.setdefault(name, []).append(result)
    for rule in chosen.values():
        concerned = deciding.get(rule.provision, [])
        title = Words(en=rule.title.en, zh=rule.title.zh)
        if not concerned:
            undecided.append(
                UndecidedRule(
                    rule=rule.provision,
                    pack=rule.pack,
                    title=title,
                    behaviour=rule.behaviour.value,
                    seen_by=rule.seen_by.value,
                    reason=_why_undecided(rule, level, levels[rule.provision]),
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
                also=_beside(gravest, judged),
                checks=[result.name for result in concerned],
                probes=total(result.probes for result in concerned),
                docs=rule_link(rule.provision),
            )
        )
    return decided, undecided


def _beside(gravest: CheckResult, judged: list[CheckResult]) -> list[Said]:
    """What the checks of a rule found that its verdict does not show: reviews and failures beside an inconclusive
    check, and what is still open beside a failure.
    """
    found = [
        Said(verdict=result.verdict, reason=f"{result.name}: {result.reason}")
        for result in judged
        if result is not gravest and Verdict.titled(result.verdict) >= Verdict.REVIEW
    ]
    found += [
        Said(verdict=said.verdict, reason=f"{result.name}: {said.reason}") for result in judged for said in result.also
    ]
    return sorted(dict.fromkeys(found), key=lambda said: -Verdict.titled(said.verdict))


def causes(results: Iterable[CheckResult]) -> list[Cause]:
    """Why checks are open, each cause once, with all that it blocks; those that block most come first."""
    return _grouped((reason, result.name, result.rules) for result in results for reason in result.causes)


def foreseen(
    checks: Iterable[Check], chosen: dict[str, Rule], capabilities: Capabilities, *, required: bool = True
) -> list[Cause]:
    """What a binding lacks for these checks, derived from what it declares: nothing is sent. With ``required`` false,
    what it may lack because the provider does not have it.
    """
    absences = ((check, check.absent(capabilities)) for check in checks)
    return _grouped(
        (reason, check.name, [rule for rule in check.rules if rule in chosen])
        for check, absent in absences
        if absent is not None and absent.required is required
        for reason in absent.causes or (absent.reason,)
    )


def openers(checks: Sequence[Check], chosen: dict[str, Rule], capabilities: Capabilities, most: int) -> list[Cause]:
    """The additions to a binding that most rules wait for: first of those that its operations call for, then of those
    that it needs only if the provider has them.
    """
    found: list[Cause] = []
    for required in (True, False):
        lacking = foreseen(checks, chosen, capabilities, required=required)
        found += sorted(lacking, key=lambda cause: -len(cause.rules))
    return [cause for cause in found if cause.rules][:most]


def _grouped(blocked: Iterable[tuple[str, str, list[str]]]) -> list[Cause]:
    """Causes from what each reason blocks: a check and its rules."""
    by_reason: dict[str, list[tuple[str, list[str]]]] = {}
    for reason, check, rules in blocked:
        by_reason.setdefault(reason, []).append((check, rules))
    found = [
        Cause(
            reason=reason,
            checks=[check for check, _ in concerned],
            rules=list(dict.fromkeys(rule for _, rules in concerned for rule in rules)),
        )
        for reason, concerned in by_reason.items()
    ]
    return sorted(found, key=lambda cause: -len(cause.checks))


def _softened(result: CheckResult, rule: Rule) -> CheckResult:
    """What a check says of a rule: a failure that no run can be sure of is left to a person."""
    why = softening(rule)
    if result.verdict != "fail" or why is None:
        return result
    return result.model_copy(update={"verdict": "review", "reason": f"{result.reason} ({why})"})


def _why_undecided(rule: Rule, level: Level, levels: frozenset[Level]) -> str:
    if rule.seen_by is not SeenBy.PROBE:
        return rule.seen_by_reason or "no probe can see this"
    if rule.keyword is Keyword.MAY:
        return "a permission, which cannot be violated"
    higher = [each for each in levels if not level.includes(each)]
    if higher:
        return f"decided at level {min(higher, key=list(Level).index).value}"
    if levels:
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
