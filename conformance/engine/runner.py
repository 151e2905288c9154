"""The run: choose checks for a provider, run them one by one or several at once, and report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.metadata import version
from queue import SimpleQueue
from typing import TypeAlias

from shenhe.rulebook import Rule, Rulebook, load_rulebook

from ..checks.faces import channels
from ..checks.prompted import Prompted
from ..checks.registry import Check
from ..provider import Operation, Provider, Unavailable
from ..report import CheckResult, Report, Selection, Stopped, Summary, Target, Timing
from ..verdict import Level, Verdict
from .budgeting import beyond_budget, by_worth, longest_first, outputs_of_several, paid_share_of, strength_of
from .cases.examples import undisturbed
from .conclusions import by_rule, causes, counts, exit_code, foreseen, total
from .events import CheckFinished, CheckStarted, Event, Listener, RunFinished, RunStarted
from .probing.finding import redacted
from .probing.probe import Probe
from .probing.session import Bounds, RunStopped, Session, interrupted, lost_target
from .scheduler import Turns
from .selection import chosen_checks, chosen_rules, left_out_rules, pack_names
from .tally import Tally
from .target import must_be_a_test, must_have_methods, target_of
from .trial import Effort, Trial


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
    listen: Listener | None = None,
    target: Target | None = None,
    max_requests: int | None = None,
    max_seconds: float | None = None,
    max_generations: int | None = None,
    workers: int = 1,
    sample: int = 0,
    reset: bool = True,
    salt: str | None = None,
    strength: int | None = None,
) -> Report:
    """Probe a provider and judge it by every rule that a probe can see.

    ``packs`` are those in force ``on`` that day (today) for the provider's markets, roles and services; drafts
    only by name. ``rules`` are patterns (``cn-labeling-2025/*``) that narrow them. ``examples`` is how many
    cases each check draws after its enumerated ones, from ``seed``. ``salt`` makes names, people and prompts new: a
    fresh one per run by default; the same seed and salt send the same requests. ``strength`` is how many values of
    different factors the listed cases combine: 1 tries every value, 2 every pair, 3 also crosses prompts, options and
    channels. By default it is 1 at level core and 2 above. ``sample``
    independent draws per check, none of them left out, bound how often it can fail. Interrupted (Ctrl-C) or with
    ``max_requests``, ``max_seconds`` or ``max_generations`` (calls that may be charged for) spent, what is
    finished is kept and the rest is inconclusive. ``workers`` checks run at once, each on separate accounts,
    where the provider is reached over the network; time passes while none of them is under way. The provider is
    emptied first where it can be, unless ``reset`` is false: others may be using it. ``listen`` receives the
    events of the run (:mod:`.events`).

    Raises :class:`~shenhe.conformance.engine.target.TargetRefused` for a target that is neither on this machine nor a
    test environment, :class:`~shenhe.conformance.engine.selection.NothingToCheck` where no check is chosen,
    :class:`~shenhe.rulebook.RulebookError` for an unknown pack, ``TypeError`` for a provider that lacks a method it
    declares.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    chosen_level, day = Level(level), on or date.today()
    strength = strength_of(chosen_level) if strength is None else strength
    law = book if book is not None else load_rulebook()
    must_have_methods(provider)
    target = target or target_of(provider)
    must_be_a_test(provider, target)
    chosen = chosen_rules(law, provider.capabilities, packs, rules, day)
    checks = chosen_checks(chosen, chosen_level, packs, rules)
    session = Session(
        provider,
        seed=seed,
        on=day,
        bounds=Bounds(max_requests, max_seconds, max_generations),
        salt=_salt(provider) if salt is None else salt,
        strength=strength,
    )

    left_out = left_out_rules(law, provider.capabilities, chosen, packs, rules, chosen_level, day)

    def report(results: list[CheckResult], stopped: Stopped | None) -> Report:
        decided, undecided = by_rule(chosen, results, chosen_level)
        if stopped is None and session.unpaid:
            stopped = Stopped(kind="budget", reason=session.unpaid)
        if stopped is not None and stopped.kind == "budget":
            stopped = stopped.model_copy(update={"rules": beyond_budget(decided, results, stopped.reason)})
        return Report(
            shenhe_version=version("shenhe"),
            rulebook_sha256=law.hash,
            packs=pack_names(chosen, packs),
            on=day.isoformat(),
            target=target,
            level=chosen_level.value,
            seed=seed,
            salt=session.salt,
            examples=examples,
            selection=Selection(
                packs=list(packs) if packs is not None else None,
                rules=list(rules) if rules else None,
                sample=sample,
                strength=strength,
                max_requests=max_requests,
                max_seconds=max_seconds,
                max_generations=max_generations,
                left_out=left_out,
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
            coverage=session.covered.summary(session.capabilities, strength, channels(session.capabilities)),
            causes=causes(results),
            stopped=stopped,
            unused=_unused(provider),
            timing=Timing(started=started.isoformat(timespec="seconds"), seconds=round(time.monotonic() - began, 3)),
        )

    run = _Run(
        session,
        chosen,
        Effort(seed, examples, sample, paid_share=paid_share_of(chosen_level)),
        listen,
        report,
        checks,
        reset,
    )
    with undisturbed():
        # An application in this process runs on one event loop, which only one thread may drive.
        # A class in Python may keep something, such as a connection to a database, that belongs to its first thread.
        results = run.all(
            1 if target.transport == "asgi" else workers, threads=not getattr(provider, "one_thread", True)
        )
    finished = report(results, session.stopped)
    run.emit(RunFinished(finished))
    return finished


#: What a worker begins: a check with its number, or an output that several checks share.
_Job: TypeAlias = "tuple[int, Check] | Prompted"
#: A connection may break once without the provider being gone.
_RESET_ATTEMPTS = 2


@dataclass
class _Run:
    """All checks of a run. A stop (Ctrl-C, a spent budget, a provider that is gone) leaves the rest open."""

    session: Session
    rules: dict[str, Rule]
    effort: Effort
    listen: Listener | None
    report: Callable[[list[CheckResult], Stopped | None], Report]
    checks: list[Check]
    reset: bool = True
    results: dict[int, CheckResult | None] = field(default_factory=dict)

    def all(self, workers: int, *, threads: bool) -> list[CheckResult]:
        """The results in the order of the checks, however many run at once. Without ``threads``, one worker runs each
        check in the calling thread.
        """
        self.session.stopped = _reset(self.session) if self.reset else None
        names = tuple(check.name for check in self.checks)
        self.emit(RunStarted(names, tuple(foreseen(self.checks, self.rules, self.session.capabilities))))
        tasks = [(number, check) for number, check in enumerate(self.checks) if not check.ambient]
        limited = self.session.bounds != Bounds()
        if limited:
            tasks = by_worth(tasks, self.rules, self.session.capabilities, self.session.bounds)
        if workers > 1 and len(tasks) > 1:
            # Hypothesis looks into numpy where it is loaded: no thread may meet it while another still loads it.
            import_module("numpy")
            self._at_once(workers, tasks if limited else self._prepared(tasks))
        elif limited or not threads:
            self._in_turn(tasks)
        else:
            self._in_turn([task for task in tasks if not task[1].waits])
            # As with many workers, the clock moves once, for all that wait: or else what the checks share would be
            # made again after each move, and the number of requests would depend on the number of workers.
            if waiting := [task for task in tasks if task[1].waits]:
                self._at_once(1, waiting)
        self.session.turns = Turns()
        # What must hold in every response is judged once all have come.
        self._in_turn([(number, check) for number, check in enumerate(self.checks) if check.ambient])
        return self._in_order(self.results)

    def _in_turn(self, tasks: list[tuple[int, Check]]) -> None:
        for number, check in tasks:
            self.emit(CheckStarted(check.name, len(self.results), len(self.checks)))
            self._finish(number, self._one(number, check))

    def emit(self, event: Event) -> None:
        """Tell the listener, if there is one."""
        if self.listen is not None:
            self.listen(event)

    def _prepared(self, tasks: list[tuple[int, Check]]) -> list[_Job]:
        """What workers begin, in this order: the checks that make something for themselves, the outputs that several
        checks share, so that they are made at once and not one after another, and the checks that judge these.
        """
        capabilities = self.session.capabilities
        ordered = longest_first(tasks, capabilities)
        outputs = outputs_of_several((check for _, check in tasks), capabilities)
        own = [task for task in ordered if not task[1].shares]
        return [*own, *outputs, *(task for task in ordered if task[1].shares)]

    def _at_once(self, workers: int, order: Sequence[_Job]) -> None:
        """Run as many at once as there are workers; checks that wait for others, or for time, do not count."""
        over = SimpleQueue[Future[tuple[int, CheckResult | None] | None]]()
        broken: BaseException | None = None
        ended = 0

        def in_turn(rank: int) -> tuple[int, CheckResult | None] | None:
            with turns.mine(rank):
                job = order[rank]
                if isinstance(job, Prompted):
                    self._prepare(job)
                    return None
                number, check = job
                return number, self._one(number, check)

        # An idle thread is used before a new one: Hypothesis prepares each at some cost.
        with ThreadPoolExecutor(len(order), thread_name_prefix="shenhe-check") as pool:
            turns = Turns(workers, len(order), lambda rank: pool.submit(in_turn, rank).add_done_callback(over.put))
            self.session.turns = turns
            turns.open()
            while ended < len(order):
                try:
                    future = over.get()
                except KeyboardInterrupt:
                    # Running checks end at their next request; the others end before their first.
                    self.session.stopped = self.session.stopped or interrupted()
                    continue
                ended += 1
                if (error := future.exception()) is not None:
                    # The others have to end too, or some would wait for ever.
                    self.session.stopped, broken = self.session.stopped or interrupted(), broken or error
                    continue
                if (done := future.result()) is not None:
                    self._finish(*done)
        if broken is not None:
            raise broken

    def _prepare(self, output: Prompted) -> None:
        """Make an output that several checks share. Where it cannot be made, each of them finds that out by itself."""
        names = self.session.names()
        output = output.varied(names.vary)
        with suppress(Exception, RunStopped):
            Probe(self.session, names).generated(output.service, output.media_type, output.prompt, dict(output.options))

    def _finish(self, number: int, result: CheckResult | None) -> None:
        result = result and redacted(result, self.session.provider)
        self.results[number] = result
        name, done = self.checks[number].name, len(self.results)
        self.emit(CheckFinished(name, result, done, len(self.checks), self._report_so_far))

    def _report_so_far(self) -> Report:
        """The report of a run that ends now."""
        open_checks = {
            number: self._open(check, self.session.stopped or interrupted())
            for number, check in enumerate(self.checks)
            if number not in self.results
        }
        stopped = self.session.stopped or (interrupted() if open_checks else None)
        return self.report(self._in_order({**self.results, **open_checks}), stopped)

    @staticmethod
    def _in_order(results: dict[int, CheckResult | None]) -> list[CheckResult]:
        return [result for number in sorted(results) if (result := results[number]) is not None]

    def _open(self, check: Check, stopped: Stopped) -> CheckResult | None:
        """The result of a check that does not run any more; ``None`` if another check decides its rules."""
        tally = Tally(check)
        absent = check.absent(self.session.capabilities)
        if absent is not None and absent.elsewhere:
            return None
        if absent is not None:
            tally.verdict = Verdict.INCONCLUSIVE if absent.required else Verdict.NOT_APPLICABLE
            tally.reason = absent.reason
            tally.causes += (absent.causes or [absent.reason]) if absent.required else []
        else:
            tally.leave_open(stopped.reason)
        return tally.result(self.rules)

    def _one(self, number: int, check: Check) -> CheckResult | None:
        """One check to its end; ``None`` if another check decides its rules."""
        session = self.session
        if session.stopped is not None or check.absent(session.capabilities) is not None:
            return self._open(check, session.stopped or interrupted())
        tally = Tally(check)
        stopped = None
        try:
            Trial(session, session.names(check.name), tally, self.effort).run()
        except KeyboardInterrupt:
            stopped = interrupted()
        except RunStopped as stop:
            stopped = stop.stopped
        if stopped is not None:
            session.stopped = session.stopped or stopped
            tally.leave_open(stopped.reason)
        return tally.result(self.rules)


def _unused(provider: Provider) -> list[str]:
    """What a provider declares and was never asked for, if it keeps account of that."""
    unused = getattr(provider, "unused", None)
    return list(unused()) if callable(unused) else []


def _salt(provider: Provider) -> str:
    """The salt of a cassette that is recorded or replayed, else a fresh one."""
    recorded = getattr(provider, "salt", None)
    return recorded if isinstance(recorded, str) else secrets.token_hex(4)


def _reset(session: Session) -> Stopped | None:
    """Reset the provider if it offers that; why nothing can be sent to it, if so.

    A provider that refuses to be reset is probed as it is.
    """
    if Operation.RESET not in session.capabilities.operations:
        return None
    failure = ""
    for _ in range(_RESET_ATTEMPTS):
        try:
            result = session.provider.reset()
        except Exception as error:
            return lost_target(f"reset raised {type(error).__name__}")
        session.requests += max(1, len(result.exchanges))
        if not isinstance(result, Unavailable) or result.status is not None:
            return None
        failure = result.reason
    return session.lost(failure)
