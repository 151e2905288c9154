"""The run: checks are chosen for a provider, put to it one by one or several at once, and told as a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from queue import SimpleQueue

from shenhe.rulebook import Rule, Rulebook, load_rulebook

from ..checks.registry import Check
from ..provider import Capabilities, Operation, Provider, Unavailable
from ..report import CheckResult, Report, Selection, Summary, Target, Timing
from ..verdict import Level, Verdict
from .conclusions import by_rule, counts, exit_code, total
from .examples import undisturbed
from .finding import redacted
from .scheduler import Turns
from .selection import chosen_checks, chosen_rules, left_out_rules, pack_names
from .session import PAID, Bounds, BudgetSpent, ProviderGone, Session
from .tally import Tally
from .target import must_be_a_test, must_have_methods, target_of
from .trial import Effort, Trial

#: Called as ``progress(done, total, name)`` before each check and once at the end.
Progress = Callable[[int, int, str], None]
#: Why a check is open that Ctrl-C kept from finishing.
INTERRUPTED = "interrupted before it was finished"
#: How the reason begins where a check is open because the provider is not there.
GONE = "the provider does not answer"


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
    where the provider is reached over the network; time passes while none of them is under way. The provider is
    emptied first where it can be, unless ``reset`` is false: others may be using it.

    Raises :class:`~shenhe.conformance.engine.target.TargetRefused` for a target that is neither on this machine nor a
    test environment, :class:`~shenhe.conformance.engine.selection.NothingToCheck` where no check is chosen,
    :class:`~shenhe.rulebook.RulebookError` for an unknown pack, ``TypeError`` for a provider that lacks a method it
    declares.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    level, on = Level(level), on or date.today()
    book = book if book is not None else load_rulebook()
    must_have_methods(provider)
    target = target or target_of(provider)
    must_be_a_test(provider, target)
    chosen = chosen_rules(book, provider.capabilities, packs, rules, on)
    checks = chosen_checks(chosen, level, packs, rules)
    session = Session(provider, seed=seed, on=on, bounds=Bounds(max_requests, max_seconds, max_generations))
    run = _Run(session, chosen, Effort(seed, examples, sample), progress, len(checks), reset)
    with undisturbed():
        # An application in this process is asked on one event loop, which one thread may turn.
        results = run.all(checks, 1 if target.transport == "asgi" else workers)
    results = [redacted(result, provider) for result in results]
    decided, undecided = by_rule(chosen, results, level)
    return Report(
        shenhe_version=version("shenhe"),
        rulebook_sha256=book.hash,
        packs=pack_names(chosen, packs),
        on=on.isoformat(),
        target=target,
        level=level.value,
        seed=seed,
        examples=examples,
        selection=Selection(
            packs=list(packs) if packs is not None else None,
            rules=list(rules) if rules else None,
            sample=sample,
            max_requests=max_requests,
            max_seconds=max_seconds,
            max_generations=max_generations,
            left_out=left_out_rules(book, provider.capabilities, chosen, packs, rules, level, on),
            decided_elsewhere=[check.name for check in checks if check.name not in {r.name for r in results}],
        ),
        summary=Summary(
            counts=counts(decided),
            exit_code=int(exit_code(decided, results)),
            requests=session.requests,
            probes=total(result.probes for result in results),
        ),
        rules=decided,
        checks=results,
        undecided=undecided,
        timing=Timing(started=started.isoformat(timespec="seconds"), seconds=round(time.monotonic() - began, 3)),
    )


@dataclass
class _Run:
    """All checks of a run. What stops it (Ctrl-C, a bound, a provider that is gone) leaves the rest open."""

    session: Session
    rules: dict[str, Rule]
    effort: Effort
    progress: Progress | None
    total: int
    reset: bool = True
    done: int = 0

    def all(self, checks: list[Check], workers: int) -> list[CheckResult]:
        """Their results in the order of the checks, however many run at once."""
        self.session.stopped = _begin(self.session) if self.reset else ""
        tasks = list(enumerate(checks))
        found: dict[int, CheckResult | None] = {}
        if workers > 1 and len(tasks) > 1:
            found = self._at_once(tasks, workers)
        else:
            for number, check in tasks:
                self._tell(check.name)
                found[number] = self._one(number, check)
                self.done += 1
        self._tell("")
        return [result for number in sorted(found) if (result := found[number]) is not None]

    def _at_once(self, tasks: list[tuple[int, Check]], workers: int) -> dict[int, CheckResult | None]:
        """As many at once as there are workers; those that wait for others, or for time, besides."""
        found: dict[int, CheckResult | None] = {}
        order, over = (
            _longest_first(tasks, self.session.capabilities),
            SimpleQueue[Future[tuple[int, CheckResult | None]]](),
        )
        broken: BaseException | None = None

        def in_turn(rank: int) -> tuple[int, CheckResult | None]:
            with turns.mine(rank):
                number, check = order[rank]
                return number, self._one(number, check)

        # A thread that is free is taken before a new one: Hypothesis prepares each at some cost.
        with ThreadPoolExecutor(len(tasks), thread_name_prefix="shenhe-check") as pool:
            turns = Turns(workers, len(tasks), lambda rank: pool.submit(in_turn, rank).add_done_callback(over.put))
            self.session.turns = turns
            self._tell(order[0][1].name)
            turns.open()
            while self.done < len(tasks):
                try:
                    ended = over.get()
                except KeyboardInterrupt:
                    # Checks under way end at their next request; those not begun end before their first.
                    self.session.stopped = self.session.stopped or INTERRUPTED
                    continue
                self.done += 1
                if (error := ended.exception()) is not None:
                    # The others have to come to their end, or some would wait for ever.
                    self.session.stopped, broken = self.session.stopped or INTERRUPTED, broken or error
                    continue
                number, found[number] = ended.result()
                self._tell(tasks[number][1].name)
        if broken is not None:
            raise broken
        return found

    def _tell(self, name: str) -> None:
        if self.progress is not None:
            self.progress(self.done, self.total, name)

    def _one(self, number: int, check: Check) -> CheckResult | None:
        """One check to its end; ``None`` where another check has to decide its rules."""
        session = self.session
        tally = Tally(check)
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
                Trial(session, session.names(check.name, number), tally, self.effort).run()
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


def _longest_first(tasks: list[tuple[int, Check]], capabilities: Capabilities) -> list[tuple[int, Check]]:
    """The checks in the order in which workers begin them: last comes what takes no time, so that no long one is left
    at the end.

    How long one takes is told by how often it may have something made, as near as its cases tell that.
    """

    def length(task: tuple[int, Check]) -> int:
        check = task[1]
        if check.absent(capabilities) is not None or PAID.isdisjoint(check.needs):
            return 0
        return sum(1 for _ in check.cases(capabilities))

    return sorted(tasks, key=length, reverse=True)


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
