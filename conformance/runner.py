"""The run: which checks concern a provider, what each concludes, and what follows for the rules."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shenhe.rulebook import Keyword, Obligor, Rule, Rulebook, RulebookError, SeenBy, load_rulebook

from .examples import Explored, explore, explore_sequences, undisturbed
from .probe import CALL, Bounds, BudgetSpent, Names, Probe, ProviderGone, Session
from .provider import Capabilities, Operation, Provider, Unavailable
from .registry import Case, Check, NeedsReview, NotJudged, Undecided, Violation
from .report import (
    CheckResult,
    Finding,
    Probes,
    Report,
    RuleResult,
    Sample,
    Summary,
    Target,
    Timing,
    UndecidedRule,
    VerdictName,
    Words,
)
from .sampling import independent, upper_bound
from .verdict import ExitCode, Level, Verdict

if TYPE_CHECKING:
    from .exchange import Exchange

#: Called as ``progress(done, total, name)`` before each check and once at the end.
Progress = Callable[[int, int, str], None]
#: Why a check is open that Ctrl-C kept from finishing.
INTERRUPTED = "interrupted before it was finished"
#: How the reason begins where a check is open because the provider is not there.
GONE = "the provider does not answer"
#: What is added to a failure of a rule whose text nobody has compared with its source.
PROVISIONAL = "no source of the rule was read, so that a person has to compare it with the text of the law"
#: A failing case is repeated up to so often, until it is seen again.
_REPEATS = 2
#: After so many undecided cases of one facet the rest of them would be no different.
_ENOUGH_UNDECIDED = 2


class TargetRefused(ValueError):
    """The target is no test environment, so that nothing is sent to it."""


class NothingToCheck(ValueError):
    """No rule of the chosen packs is decided by any check: what was asked for is a mistake."""


def run_checks(
    provider: Provider,
    *,
    packs: Sequence[str] | None = None,
    level: Level | str = Level.CORE,
    rules: Sequence[str] | None = None,
    seed: int = 0,
    examples: int = 25,
    book: Rulebook | None = None,
    on: date | None = None,
    progress: Progress | None = None,
    target: Target | None = None,
    max_requests: int | None = None,
    max_seconds: float | None = None,
    max_generations: int | None = None,
    workers: int = 1,
    sample: int = 0,
    reset: bool = True,
) -> Report:
    """Probe a provider and judge it by every rule that a probe can see.

    ``packs`` are those in force ``on`` that day (today) for the provider's markets, roles and services; drafts
    only by name. ``rules`` are patterns (``cn-labeling-2025/*``) that narrow them. ``examples`` is how many
    cases each check draws after its enumerated ones, from ``seed``; the same seed asks the same. ``sample``
    independent draws a check, none of them left out, bound how often it can fail. Interrupted (Ctrl-C) or with
    ``max_requests``, ``max_seconds`` or ``max_generations`` (calls that may be charged for) spent, what is
    finished is kept and the rest is inconclusive. ``workers`` checks run at once, each on accounts of its own,
    where the provider is reached over the network; those that let time pass run alone, after the others. The
    provider is emptied first where it can be, unless ``reset`` is false: others may be using it.

    Raises :class:`TargetRefused` for a target that is neither on this machine nor a test environment,
    :class:`NothingToCheck` where no check is chosen, :class:`~shenhe.rulebook.RulebookError` for an unknown
    pack, ``TypeError`` for a provider that lacks a method it declares.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    level, on = Level(level), on or date.today()
    book = book if book is not None else load_rulebook()
    _must_have_methods(provider)
    target = target or target_of(provider)
    _must_be_a_test(provider, target)
    chosen = _chosen_rules(book, provider.capabilities, packs, rules, on)
    checks = _chosen_checks(chosen, level)
    if not checks:
        raise NothingToCheck(_nothing(chosen, packs, rules, level))
    session = Session(provider, seed=seed, on=on, bounds=Bounds(max_requests, max_seconds, max_generations))
    run = _Run(session, chosen, seed, examples, sample, progress, len(checks), reset)
    with undisturbed():
        # An application in this process is asked on one event loop, which one thread may turn.
        results = run.all(checks, 1 if target.transport == "asgi" else workers)
    results = [_redacted(result, provider) for result in results]
    decided, undecided = _by_rule(chosen, results, level)
    return Report(
        shenhe_version=version("shenhe"),
        rulebook_sha256=book.hash,
        packs=_pack_names(chosen, packs),
        on=on.isoformat(),
        target=target,
        level=level.value,
        seed=seed,
        examples=examples,
        summary=Summary(
            counts=_counts(decided),
            exit_code=int(exit_code(decided, results)),
            requests=session.requests,
            probes=_total(result.probes for result in results),
        ),
        rules=decided,
        checks=results,
        undecided=undecided,
        timing=Timing(started=started.isoformat(timespec="seconds"), seconds=round(time.monotonic() - began, 3)),
    )


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


def target_of(provider: Provider) -> Target:
    """What a report says about whom it is about: the provider's own word, else its class."""
    known = getattr(provider, "target", None)
    if isinstance(known, Target):
        return known
    capabilities = provider.capabilities
    return Target(
        name=type(provider).__name__,
        environment="test",
        transport="python",
        services=[service.value for service in capabilities.services],
        operations=sorted(operation.value for operation in capabilities.operations),
        markets=list(capabilities.markets),
        roles=list(capabilities.roles),
    )


# --- what is chosen ------------------------------------------------------------------------------------------


def _must_have_methods(provider: Provider) -> None:
    missing = sorted(
        operation.value for operation in provider.capabilities.operations if not callable(getattr(provider, operation.value, None))
    )
    if missing:
        raise TypeError(
            f"{type(provider).__name__} declares {', '.join(missing)} in capabilities.operations and has no such"
            " method: write the method, or declare only what there is"
        )


def _must_be_a_test(provider: Provider, target: Target) -> None:
    if target.environment != "test" and not getattr(provider, "loopback", False):
        raise TargetRefused(
            f"{target.name} is not on this machine, and its binding does not say `environment: test`. Checks make"
            " accounts, publish and report: write `environment: test` once you are sure that this is no"
            " production system."
        )


def _chosen_rules(
    book: Rulebook,
    capabilities: Capabilities,
    packs: Sequence[str] | None,
    patterns: Sequence[str] | None,
    on: date,
) -> dict[str, Rule]:
    """The rules of the packs that bind the provider on the day, by id, in the order of the packs."""
    if packs is None:
        named = book.in_force(on, capabilities.markets, capabilities.roles, capabilities.services or None)
    else:
        named = [book.pack(name) for name in packs]
    rules = {
        rule.id: rule
        for pack in named
        for rule in pack.rules
        if (packs is not None and rule.valid_from is None) or rule.in_force(on)
        if _binds(rule, capabilities)
    }
    if patterns:
        for pattern in patterns:
            if not any(fnmatch.fnmatchcase(name, pattern) for name in rules):
                raise RulebookError(_no_match(book, pattern, list(rules)))
        rules = {name: rule for name, rule in rules.items() if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)}
    return rules


def _binds(rule: Rule, capabilities: Capabilities) -> bool:
    """Whether a rule binds somebody of the provider's roles for a service it offers.

    What binds users is seen at the provider that serves them, where a check looks at it.
    """
    roles = {*capabilities.roles, Obligor.USER.value}
    services = set(capabilities.services)
    return any(obligor.value in roles for obligor in rule.obligors) and (not services or bool(services & set(rule.applies.services)))


def _no_match(book: Rulebook, pattern: str, chosen: list[str]) -> str:
    if any(fnmatch.fnmatchcase(name, pattern) for name in book.rules):
        return f"the rule {pattern!r} is in no pack that was chosen or does not bind this target"
    try:
        book.rule(pattern)
    except RulebookError as error:
        return str(error)
    return f"no rule matches {pattern!r}; there are {len(chosen)} to choose from, see `shenhe rules list`"


def _chosen_checks(rules: dict[str, Rule], level: Level) -> list[Check]:
    from .checks import all_checks

    seen = {name for name, rule in rules.items() if rule.seen_by is SeenBy.PROBE}
    return [check for check in all_checks() if level.includes(check.level) and seen & set(check.rules)]


@dataclass(frozen=True)
class Together:
    """Rules that share checks, so that one run decides all of them. ``waits``: time passes in it for everybody."""

    rules: tuple[str, ...]
    waits: bool


def decidable(
    capabilities: Capabilities,
    *,
    level: Level | str = Level.CORE,
    rules: Sequence[str] | None = None,
    book: Rulebook | None = None,
    on: date | None = None,
) -> list[Together]:
    """The rules that checks of a level decide for such a provider, by what is best run together; nothing is asked of it.

    Raises as :func:`run_checks` does for what is chosen.
    """
    chosen = _chosen_rules(book if book is not None else load_rulebook(), capabilities, None, rules, on or date.today())
    checks = _chosen_checks(chosen, Level(level))
    if not checks:
        raise NothingToCheck(_nothing(chosen, None, rules, Level(level)))
    groups: list[tuple[set[str], bool]] = []
    for check in checks:
        names, waits = set(check.rules) & set(chosen), check.waits
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, waits = names | group[0], waits or group[1]
        groups.append((names, waits))
    order = list(chosen)
    found = [Together(tuple(sorted(names, key=order.index)), waits) for names, waits in groups]
    return sorted(found, key=lambda together: order.index(together.rules[0]))


def _nothing(chosen: dict[str, Rule], packs: Sequence[str] | None, rules: Sequence[str] | None, level: Level) -> str:
    among = f"the packs {', '.join(packs)}" if packs else "the packs in force for this target"
    narrowed = f" that match {', '.join(rules)}" if rules else ""
    return f"no check of level {level.value} decides any of the {len(chosen)} rules of {among}{narrowed}"


def _pack_names(chosen: dict[str, Rule], packs: Sequence[str] | None) -> list[str]:
    return list(packs) if packs is not None else list(dict.fromkeys(rule.pack for rule in chosen.values()))


# --- running -------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    """What one check has gathered so far. Its verdict is only ever raised."""

    check: Check
    verdict: Verdict = Verdict.NOT_APPLICABLE
    reason: str = ""
    finding: Finding | None = None
    sample: Sample | None = None
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0
    decided: int = 0
    enumerated: int = 0
    generated: int = 0
    facets: dict[str, str | None] = field(default_factory=dict)

    def raise_to(self, verdict: Verdict, reason: str) -> None:
        """Keep the gravest verdict with the first reason that led to it."""
        if verdict > self.verdict:
            self.verdict, self.reason = verdict, reason

    def count(self, probe: Probe) -> None:
        counts = probe.counts
        self.sent += counts.sent
        self.accepted += counts.accepted
        self.refused += counts.refused
        self.unavailable += counts.unavailable
        self.controls += counts.controls

    def result(self, rules: dict[str, Rule]) -> CheckResult:
        """The tally as a report has it, with those of its rules that were chosen."""
        concerned = [rules[rule] for rule in self.check.rules if rule in rules]
        if self.verdict is Verdict.FAIL and all(rule.provisional for rule in concerned):
            self.verdict, self.reason = Verdict.REVIEW, f"{self.reason} ({PROVISIONAL})"
        return CheckResult(
            name=self.check.name,
            title=self.check.title,
            level=self.check.level.value,
            behaviour=self.check.behaviour.value,
            rules=[rule.id for rule in concerned],
            verdict=_name(self.verdict),
            reason=self.reason,
            probes=Probes(
                sent=self.sent,
                accepted=self.accepted,
                refused=self.refused,
                unavailable=self.unavailable,
                controls=self.controls,
                decided=self.decided,
                enumerated=self.enumerated,
                generated=self.generated,
            ),
            finding=self.finding,
            sample=self.sample,
        )


@dataclass
class _Run:
    """All checks of a run. What stops it (Ctrl-C, a bound, a provider that is gone) leaves the rest open."""

    session: Session
    rules: dict[str, Rule]
    seed: int
    examples: int
    sample: int
    progress: Progress | None
    total: int
    reset: bool = True
    done: int = 0

    def all(self, checks: list[Check], workers: int) -> list[CheckResult]:
        """Their results in the order of the checks, however many run at once."""
        self.session.stopped = _begin(self.session) if self.reset else ""
        tasks = list(enumerate(checks))
        if workers > 1:
            found = self._at_once([task for task in tasks if not task[1].waits], workers)
            tasks = [task for task in tasks if task[1].waits]
        else:
            found = {}
        for number, check in tasks:
            self._tell(check.name)
            found[number] = self._one(number, check)
            self.done += 1
        self._tell("")
        return [result for number in sorted(found) if (result := found[number]) is not None]

    def _at_once(self, tasks: list[tuple[int, Check]], workers: int) -> dict[int, CheckResult | None]:
        found: dict[int, CheckResult | None] = {}
        with ThreadPoolExecutor(workers, thread_name_prefix="shenhe-check") as pool:
            asked = {pool.submit(self._one, number, check): (number, check) for number, check in tasks}
            self._tell(tasks[0][1].name if tasks else "")
            waiting = as_completed(asked)
            while len(found) < len(asked):
                try:
                    future = next(waiting)
                except KeyboardInterrupt:
                    # Checks under way end at their next request; those not begun end before their first.
                    self.session.stopped = self.session.stopped or INTERRUPTED
                    waiting = as_completed([future for future in asked if asked[future][0] not in found])
                    continue
                number, check = asked[future]
                found[number] = future.result()
                self.done += 1
                self._tell(check.name)
        return found

    def _tell(self, name: str) -> None:
        if self.progress is not None:
            self.progress(self.done, self.total, name)

    def _one(self, number: int, check: Check) -> CheckResult | None:
        """One check to its end; ``None`` where another check has to decide its rules."""
        session = self.session
        tally = _Tally(check)
        absent = check.absent(session.capabilities)
        if absent is not None and absent.elsewhere:
            return None
        if absent is not None:
            verdict = Verdict.INCONCLUSIVE if absent.required else Verdict.NOT_APPLICABLE
            tally.verdict, tally.reason = verdict, absent.reason
        elif session.stopped:
            tally.raise_to(Verdict.INCONCLUSIVE, session.stopped)
        else:
            stopped = ""
            try:
                _run_check(session, session.names(check.name, number), tally, self.seed, self.examples, self.sample)
            except KeyboardInterrupt:
                stopped = INTERRUPTED
            except BudgetSpent as spent:
                stopped = str(spent)
            except ProviderGone as gone:
                stopped = f"{GONE}: {gone}"
            if stopped:
                session.stopped = session.stopped or stopped
                tally.raise_to(Verdict.INCONCLUSIVE, stopped)
        return tally.result(self.rules)


def _begin(session: Session) -> str:
    """Empty the provider where it can be emptied; why nothing can be asked of it, if so.

    A provider that declines to be emptied is probed as it is.
    """
    if Operation.RESET not in session.capabilities.operations:
        return ""
    try:
        result = session.provider.reset()
    except Exception as error:
        return f"{GONE}: reset raised {type(error).__name__}"
    session.requests += max(1, len(result.exchanges))
    if isinstance(result, Unavailable) and result.status is None:
        return f"{GONE}: {result.reason}"
    return ""


def _run_check(session: Session, names: Names, tally: _Tally, seed: int, examples: int, sample: int) -> None:
    """The enumerated cases in their order, then drawn ones, then the sample; the first failure ends it."""
    undecided: dict[str, int] = {}
    for case in tally.check.cases(session.capabilities):
        tally.facets.setdefault(case.facet, "no case was judged")
        if undecided.get(case.facet, 0) >= _ENOUGH_UNDECIDED:
            continue
        tally.enumerated += 1
        try:
            _judge(session, names, tally, case)
        except Violation as violation:
            _confirm(session, names, tally, case, violation)
            return
        except Undecided as reason:
            undecided[case.facet] = undecided.get(case.facet, 0) + 1
            tally.raise_to(Verdict.INCONCLUSIVE, f"{case.facet}: {reason.reason}")
        except NotJudged as passed_over:
            if tally.facets[case.facet] is not None:
                tally.facets[case.facet] = passed_over.reason
    if not tally.facets:
        tally.reason = "what the provider declares leaves no case to try"
        return
    if tally.check.machine is not None and examples > 0 and tally.verdict <= Verdict.PASS:
        lived = explore_sequences(
            lambda case: _judge(session, names, tally, case),
            tally.check.machine(),
            session.capabilities,
            seed=seed,
            examples=examples,
        )
        tally.generated = lived.ran
        _conclude(session, names, tally, lived)
    if tally.check.strategy is not None and examples > 0 and tally.verdict <= Verdict.PASS:
        explored = explore(
            lambda case: _judge(session, names, tally, case),
            tally.check.strategy(session.capabilities),
            seed=seed,
            examples=examples,
        )
        tally.generated = explored.ran
        _conclude(session, names, tally, explored)
    if tally.check.strategy is not None and sample > 0 and tally.verdict <= Verdict.PASS:
        drawn = independent(tally.check.strategy(session.capabilities), seed=f"{seed}/{tally.check.name}", count=sample)
        _take_sample(session, names, tally, drawn)
    for facet, missing in tally.facets.items():
        if missing is not None:
            tally.raise_to(Verdict.INCONCLUSIVE, f"{facet}: {missing}")


def _take_sample(session: Session, names: Names, tally: _Tally, cases: Iterable[Any]) -> None:
    """Judge every draw, failed or not, and say what that excludes. Undecided draws count as failures: they might be."""
    judged = failures = undecided = drawn = 0
    first: tuple[Case, Violation] | None = None
    for case in cases:
        drawn += 1
        try:
            _judge(session, names, tally, case)
        except Violation as violation:
            failures += 1
            first = first or (case, violation)
        except NotJudged:
            continue
        except Undecided:
            undecided += 1
        judged += 1
    bound = upper_bound(failures + undecided, judged)
    said = f"{failures} of {judged} independent draws failed" + (f" and {undecided} could not be judged" if undecided else "")
    excludes = (
        f"{said}: with 95 % confidence, at most {100 * bound:.2g} % of such cases fail"
        if judged
        else f"none of {drawn} independent draws could be judged: nothing is excluded"
    )
    tally.sample = Sample(drawn=drawn, judged=judged, failures=failures, undecided=undecided, upper95=round(bound, 6), excludes=excludes)
    if first is not None:
        _confirm(session, names, tally, *first)


def _judge(session: Session, names: Names, tally: _Tally, case: Case) -> None:
    """One case; raises what the property raises, except that a broken property is an error of its own."""
    probe = Probe(session, names, waits=tally.check.waits)
    try:
        tally.check.judge(probe, case)
    except Violation as violation:
        tally.decided += 1
        violation.taken = tuple(probe.taken)
        raise
    except NeedsReview as review:
        tally.decided += 1
        tally.facets[case.facet] = None
        tally.raise_to(Verdict.REVIEW, f"{case.facet}: {review.reason}")
        if review.evidence and tally.finding is None:
            shown = Violation(review.reason, *review.evidence)
            shown.taken = tuple(probe.taken)
            tally.finding = _finding(session, tally.check, case, shown)
    except (Undecided, NotJudged):
        raise
    except Exception as error:
        tally.raise_to(Verdict.ERROR, f"the check itself broke: {_where(error)}")
        raise Undecided("the check itself broke") from error
    else:
        tally.decided += 1
        tally.facets[case.facet] = None
        tally.raise_to(Verdict.PASS, "")
    finally:
        tally.count(probe)


def _where(error: Exception) -> str:
    """The class and place of an exception; its text may hold what no report may."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def _confirm(session: Session, names: Names, tally: _Tally, case: Case, violation: Violation) -> None:
    """Repeat a failing case: what is not seen again is inconclusive, with the evidence kept."""
    tally.finding = _finding(session, tally.check, case, violation)
    for _ in range(_REPEATS):
        session.forget()
        try:
            again = _again(session, names, tally, case)
        except (BudgetSpent, ProviderGone) as spent:
            tally.raise_to(Verdict.INCONCLUSIVE, f"seen once, and not repeated since {spent}: {violation.seen}")
            raise
        if again is not None:
            tally.finding = _finding(session, tally.check, case, again)
            tally.raise_to(Verdict.FAIL, again.seen)
            return
    tally.raise_to(Verdict.INCONCLUSIVE, f"seen once and not again when repeated: {violation.seen}")


def _again(session: Session, names: Names, tally: _Tally, case: Case) -> Violation | None:
    try:
        _judge(session, names, tally, case)
    except Violation as violation:
        return violation
    except (Undecided, NotJudged):
        return None
    return None


def _conclude(session: Session, names: Names, tally: _Tally, explored: Explored[Any]) -> None:
    """What the drawn cases add to the verdict."""
    if explored.failing is not None and explored.violation is not None:
        if explored.flaky:
            tally.finding = _finding(session, tally.check, explored.failing, explored.violation)
            tally.raise_to(Verdict.INCONCLUSIVE, f"seen once and not again when repeated: {explored.violation.seen}")
        else:
            _confirm(session, names, tally, explored.failing, explored.violation)
    elif explored.undecided is not None:
        tally.raise_to(Verdict.INCONCLUSIVE, f"a drawn case: {explored.undecided.reason}")


def _finding(session: Session, check: Check, case: Case, violation: Violation) -> Finding:
    from .exchange import to_step

    exchanges = [each.exchange for each in violation.taken]
    curl, pytest = _replays(session, check, exchanges)
    return Finding(
        expected=check.title,
        seen=violation.seen,
        case=str(case),
        steps=[to_step(each.exchange, each.role) for each in violation.taken],
        evidence=list(violation.evidence),
        curl=curl,
        pytest=pytest,
    )


def _redacted(result: CheckResult, provider: Provider) -> CheckResult:
    """``result`` without the secrets that a provider sent back inside what it made.

    Exchanges lost theirs when they were kept; what a check judges, and then shows, is what was really there.
    """
    redacted = getattr(provider, "redacted", None)
    if redacted is None:
        return result
    finding = result.finding
    if finding is not None:
        shown = [each.model_copy(update={"title": redacted(each.title), "data": redacted(each.data)}) for each in finding.evidence]
        finding = finding.model_copy(update={"seen": redacted(finding.seen), "case": redacted(finding.case), "evidence": shown})
    return result.model_copy(update={"reason": redacted(result.reason), "finding": finding})


def _replays(session: Session, check: Check, exchanges: list[Exchange]) -> tuple[str, str]:
    """The sequence as curl and as a pytest; a provider that is called from Python has calls instead."""
    from .replay import as_curl, as_pytest

    if not any(exchange.request.method == CALL for exchange in exchanges):
        return as_curl(exchanges), as_pytest(exchanges, check.name)
    calls = [exchange.request.body.decode("utf-8", "replace") for exchange in exchanges]
    curl = "\n".join(["# The provider is called from Python, not over HTTP. The calls, in their order:", *calls])
    pytest = (
        "from shenhe.conformance import check\n\n\n"
        f"def test_{check.name}(provider):  # `provider`: your own fixture\n"
        f"    check(provider, rules={list(check.rules)!r}, seed={session.seed})\n"
    )
    return curl, pytest


# --- what follows for the rules ------------------------------------------------------------------------------


def _by_rule(chosen: dict[str, Rule], results: list[CheckResult], level: Level) -> tuple[list[RuleResult], list[UndecidedRule]]:
    decided, undecided = [], []
    for rule in chosen.values():
        concerned = [result for result in results if rule.id in result.rules]
        title = Words(en=rule.title.en, zh=rule.title.zh)
        if not concerned:
            undecided.append(
                UndecidedRule(
                    rule=rule.id,
                    pack=rule.pack,
                    title=title,
                    behaviour=rule.behaviour.value,
                    seen_by=rule.seen_by.value,
                    reason=_why_undecided(rule, level),
                )
            )
            continue
        judged = [_softened(result, rule) for result in concerned]
        gravest = max(judged, key=lambda result: _verdict(result.verdict))
        decided.append(
            RuleResult(
                rule=rule.id,
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
                probes=_total(result.probes for result in concerned),
            )
        )
    return decided, undecided


def _softened(result: CheckResult, rule: Rule) -> CheckResult:
    """What a check says of a rule: a failure of a provisional one is left to a person."""
    if result.verdict != "fail" or not rule.provisional:
        return result
    return result.model_copy(update={"verdict": "review", "reason": f"{result.reason} ({PROVISIONAL})"})


def _why_undecided(rule: Rule, level: Level) -> str:
    from .checks import all_checks

    if rule.seen_by is not SeenBy.PROBE:
        return rule.seen_by_reason or "no probe can see this"
    if rule.keyword is Keyword.MAY:
        return "a permission, which nobody can break"
    higher = [check.level for check in all_checks() if rule.id in check.rules and not level.includes(check.level)]
    if higher:
        return f"decided at level {min(higher, key=list(Level).index).value}"
    if any(rule.id in check.rules for check in all_checks()):
        return "what this provider makes cannot be judged by the checks of this level"
    return "no check decides this rule yet"


def _counts(rules: list[RuleResult]) -> dict[VerdictName, int]:
    names = [_name(verdict) for verdict in Verdict]
    return {name: sum(1 for rule in rules if rule.verdict == name) for name in names}


def _total(parts: Iterable[Probes]) -> Probes:
    total = dict.fromkeys(Probes.model_fields, 0)
    for part in parts:
        for name in total:
            total[name] += getattr(part, name)
    return Probes(**total)


def _verdict(name: str) -> Verdict:
    return Verdict[name.replace(" ", "_").upper()]


def _name(verdict: Verdict) -> VerdictName:
    return verdict.title  # type: ignore[return-value]
