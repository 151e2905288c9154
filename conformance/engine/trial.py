"""One check put to one provider: its enumerated cases, those that are drawn, and the sample."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shenhe.core.extras import missing_extra
from shenhe.core.text import percent

from ..checks.outcome import Case, NeedsReview, NotJudged, Undecided, Violation
from ..checks.registry import Check
from ..evidence.redaction import class_and_place
from ..report import Sample
from ..verdict import Verdict
from .cases.examples import Explored, explore, explore_sequences
from .cases.narrowing import narrowed
from .cases.sampling import independent, upper_bound
from .probing.finding import finding_of
from .probing.names import Names
from .probing.probe import Probe
from .probing.session import PAID, RunStopped, Session
from .tally import Tally

#: A failing case is repeated up to so often, until it is seen again: with fresh accounts, and a last time with those of
#: the repetition before, since some faults only show to who asks twice.
_REPEATS = 3
#: What a repetition leaves to a person, as a height near its limit does, contradicts nothing: so many do not count.
_LEFT_TO_A_PERSON = 2
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
#: After so many undecided cases of one facet the rest of them would be no different.
_ENOUGH_UNDECIDED = 2
_NO_FAULT = (Verdict.NOT_APPLICABLE, Verdict.PASS)


@dataclass(frozen=True)
class Effort:
    """How hard a check looks: up to ``examples`` drawn cases, ``sample`` independent ones, both from ``seed``.

    Where every case takes a call that a provider may charge for, or is a sequence of many calls, one of ``paid_share``
    cases is drawn.
    """

    seed: int = 0
    examples: int = 25
    sample: int = 0
    paid_share: int = 10

    def examples_of(self, check: Check) -> int:
        """How many cases are drawn for a check."""
        if PAID.isdisjoint(check.needs) and not check.pays and check.machine is None:
            return self.examples
        return -(-self.examples // self.paid_share)


@dataclass(frozen=True)
class Trial:
    """Puts a check to the provider of a session; what comes of it is gathered in the tally.

    The first failure ends the search, once it was seen again. The sample is drawn for a failed check too: it measures
    how often the check fails, which one failure does not say. :class:`~.session.RunStopped` and ``KeyboardInterrupt``
    pass through, with the tally as far as it got.
    """

    session: Session
    names: Names
    tally: Tally
    effort: Effort
    #: The first case of each facet that passed.
    passed: dict[str, Case] = field(default_factory=dict)
    #: What was seen in a case and not again when it was repeated.
    seen_once: set[str] = field(default_factory=set)

    def run(self) -> None:
        """The enumerated cases in their order, then drawn ones, then the sample."""
        tally, check, effort = self.tally, self.tally.check, self.effort
        ended = self._enumerated()
        if not ended and not tally.facets:
            tally.reason = "the provider's declarations leave no case to try"
            return
        if not ended:
            self._explored()
        if check.strategy is not None and effort.sample > 0 and tally.verdict in (*_NO_FAULT, Verdict.FAIL):
            strategy = check.strategy(self.session.capabilities)
            self._sampled(independent(strategy, seed=f"{effort.seed}/{check.name}", count=effort.sample))
        if not ended:
            for facet, missing in tally.facets.items():
                if missing is not None:
                    tally.leave_open(missing, facet)

    def _explored(self) -> None:
        """Judge drawn sequences and drawn cases, until one fails."""
        check, effort, capabilities = self.tally.check, self.effort, self.session.capabilities
        examples = effort.examples_of(check)
        if check.machine is not None and examples > 0 and self.tally.verdict in _NO_FAULT:
            machine = check.machine()
            self._conclude(explore_sequences(self._judge, machine, capabilities, seed=effort.seed, examples=examples))
        if check.strategy is not None and examples > 0 and self.tally.verdict in _NO_FAULT:
            self._conclude(explore(self._judge, check.strategy(capabilities), seed=effort.seed, examples=examples))

    def _enumerated(self) -> bool:
        """Judge the fixed cases; whether one of them failed."""
        tally = self.tally
        undecided: dict[str, int] = {}
        for case in tally.check.cases(self.session.capabilities):
            tally.facets.setdefault(case.facet, "no case was judged")
            if undecided.get(case.facet, 0) >= _ENOUGH_UNDECIDED:
                continue
            tally.enumerated += 1
            try:
                self._judge(case)
            except Violation as violation:
                self._confirm(case, violation)
                if self._is_settled(violation):
                    self._narrow(case)
                    return True
            except Undecided as reason:
                undecided[case.facet] = undecided.get(case.facet, 0) + 1
                if tally.facets[case.facet] is not None:
                    tally.facets[case.facet] = reason.reason
                tally.leave_open(reason.reason, case.facet)
            except NotJudged as passed_over:
                if tally.facets[case.facet] is not None:
                    tally.facets[case.facet] = passed_over.reason
        return False

    def _conclude(self, explored: Explored[Any]) -> None:
        """What the drawn cases add to the verdict."""
        self.tally.generated = explored.ran
        if explored.failing is not None and explored.violation is not None:
            if explored.flaky:
                self._show(explored.failing, explored.violation)
                self.tally.raise_to(
                    Verdict.INCONCLUSIVE, f"seen once and not again when repeated: {explored.violation.seen}"
                )
            else:
                self._confirm(explored.failing, explored.violation)
                self._narrow(explored.failing)
        elif explored.undecided is not None:
            self.tally.leave_open(explored.undecided.reason, "a drawn case")

    def _sampled(self, cases: Iterable[Any]) -> None:
        """Judge every draw, failed or not, and say what that excludes. Undecided draws count as failures: they might
        be.
        """
        judged = failures = undecided = reviews = drawn = 0
        first: tuple[Case, Violation] | None = None
        for case in cases:
            drawn += 1
            try:
                reviews += self._judge(case)
            except Violation as violation:
                failures += 1
                first = first or (case, violation)
            except NotJudged:
                continue
            except Undecided:
                undecided += 1
            judged += 1
        bound = upper_bound(failures + undecided + reviews, judged)
        said = f"{failures} of {judged} random cases failed" + (
            f" and {undecided} could not be judged" if undecided else ""
        )
        said += f" and {reviews} have to be reviewed" if reviews else ""
        excludes = (
            f"{said}: with 95 % confidence, at most {percent(bound)} % of such cases fail"
            if judged
            else f"none of {drawn} random cases could be judged, so there is no bound"
        )
        self.tally.sample = Sample(
            drawn=drawn,
            judged=judged,
            failures=failures,
            undecided=undecided,
            reviews=reviews,
            upper95=round(bound, 6),
            excludes=excludes,
        )
        if first is not None and self.tally.verdict is not Verdict.FAIL:
            self._confirm(*first)

    def _judge(self, case: Case) -> bool:
        """One case, and once more with new accounts if the provider lost the old ones; whether a person has to review
        it. Raises as it ends.
        """
        try:
            return self._judge_once(case)
        except Undecided:
            if not self.session.begins_anew():
                raise
            return self._judge_once(case)

    def _judge_once(self, case: Case) -> bool:
        """One case; raises what the property raises, except that a broken property is a separate error.

        A case that sent no probe decides nothing.
        """
        tally = self.tally
        probe = Probe(self.session, self.names, waits=tally.check.waits)
        original, case = case, case.varied(self.names.vary)
        try:
            tally.check.judge(probe, case)
            if not probe.counts.judged:
                raise NotJudged("no request was sent that could break the rule")
        except Violation as violation:
            self._decided(case)
            violation.exchanges = tuple(probe.recorded)
            violation.wrong_step = probe.wrong_step()
            raise
        except NeedsReview as review:
            self._decided(case)
            tally.facets[case.facet] = None
            tally.raise_to(Verdict.REVIEW, f"{case.facet}: {review.reason}")
            if tally.finding is None:
                shown = Violation(review.reason, *review.evidence)
                shown.exchanges = tuple(probe.recorded)
                shown.wrong_step = probe.wrong_step()
                self._show(case, shown)
            return True
        except (Undecided, NotJudged):
            raise
        except Exception as error:
            if isinstance(error, ImportError) and (missing := missing_extra(error)) is not None:
                raise Undecided(str(missing), lasting=True) from error
            tally.raise_to(Verdict.ERROR, f"the check itself broke: {class_and_place(error)}")
            raise Undecided("the check itself broke") from error
        else:
            self._decided(case)
            tally.facets[case.facet] = None
            tally.raise_to(Verdict.PASS, "")
            self.passed.setdefault(case.facet, original)
        finally:
            tally.count(probe.counts)
        return False

    def _decided(self, case: Case) -> None:
        self.tally.decided += 1
        self.session.covered.add(case.combination())

    def _confirm(self, case: Case, violation: Violation) -> None:
        """Repeat a failing case: what is not seen again is inconclusive, with the evidence kept."""
        self._show(case, violation)
        repeated = reviewed = 0
        while repeated < (last := _REPEATS + min(reviewed, _LEFT_TO_A_PERSON)):
            repeated += 1
            if repeated < last:
                self.names.keep_apart()
            try:
                reviewed += self._judge(case)
            except Violation as again:
                self._show(case, again)
                self.tally.raise_to(Verdict.FAIL, again.seen)
                return
            except (Undecided, NotJudged):
                continue
            except RunStopped as stop:
                self.tally.raise_to(Verdict.INCONCLUSIVE, f"seen once, and not repeated since {stop}: {violation.seen}")
                raise
        then = "left to a person" if reviewed else "not again"
        self.tally.raise_to(Verdict.INCONCLUSIVE, f"seen once and {then} when repeated: {violation.seen}")

    def _is_settled(self, violation: Violation) -> bool:
        """Whether a violation ends the search: it was repeated, or not repeated and seen in two cases.

        What happens every second time is seen in one case after another and in no repetition. Where time has to pass,
        two cases may both have been looked at too early.
        """
        if self.tally.verdict is Verdict.FAIL or self.tally.check.waits:
            return True
        # Two measurements of one thing differ in their numbers.
        kind = _NUMBER.sub("0", violation.seen)
        if kind not in self.seen_once:
            self.seen_once.add(kind)
            return False
        self.tally.raise_to(Verdict.FAIL, f"seen in two cases, and not each time: {violation.seen}")
        return True

    def _narrow(self, case: Case) -> None:
        """Reduce a confirmed failure to what sets it apart from the plainest case of its facet that passed."""
        passing = self.passed.get(case.facet)
        if self.tally.verdict is not Verdict.FAIL or passing is None:
            return

        def fails(smaller: Case) -> bool:
            try:
                self._judge(smaller)
            except Violation as violation:
                self._show(smaller, violation)
                self.tally.reason = violation.seen
                return True
            except (Undecided, NotJudged):
                return False
            return False

        # The failure holds, whatever ends the run now.
        with suppress(RunStopped):
            difference = narrowed(case, passing, fails).difference
            if self.tally.finding is not None:
                self.tally.finding = self.tally.finding.model_copy(update={"difference": difference})

    def _show(self, case: Case, violation: Violation) -> None:
        self.tally.finding = finding_of(
            self.tally.check, case, violation, seed=self.session.seed, invented=self.session.invented
        )
