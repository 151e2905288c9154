"""Drawn cases: a property run over a Hypothesis strategy with a seed and a bound on everything.

The same seed gives the same cases whatever else is loaded, nothing is written to the working folder, and the
minimal failing case is kept. How many cases really ran is counted here: a strategy with 48 distinct values
stops at 48, whatever was asked for.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...checks.outcome import NotJudged, Undecided, Violation
from ..probing.session import RunStopped
from .sequences import Lived, Model, ViolationAt

if TYPE_CHECKING:
    from hypothesis import settings as Settings  # noqa: N812 - a class, whose name here would be that of an argument
    from hypothesis.strategies import SearchStrategy

    from ...provider import Capabilities
    from .lifecycle import Life

T = TypeVar("T")


class _EnoughError(BaseException):
    """Stops Hypothesis at once: Hypothesis does not count a ``BaseException`` as a failure."""


@dataclass
class Explored(Generic[T]):
    """``ran`` cases were drawn and judged. ``failing`` is the smallest that failed, ``flaky`` that it did not fail
    again; ``undecided`` is what ended the search early."""

    ran: int = 0
    failing: T | None = None
    violation: Violation | None = None
    flaky: bool = False
    undecided: Undecided | None = None


def explore(
    judge: Callable[[T], object],
    strategy: SearchStrategy[T],
    *,
    seed: int,
    examples: int,
    shrinks: int = 150,
) -> Explored[T]:
    """Draw up to ``examples`` cases, and shrink the first that raises :class:`Violation` in up to ``shrinks`` runs.

    :class:`Undecided` ends the search, :class:`NotJudged` passes over the case; any other exception is raised.
    """
    from hypothesis import given
    from hypothesis import seed as seeded

    search = _Search(judge, shrinks)

    @seeded(seed)
    @_settings(examples)
    @given(strategy)
    def drawn(case: T) -> None:
        search.take(case)

    return search.run(drawn)


def explore_sequences(
    judge: Callable[[Lived], object],
    machine: type[Life],
    capabilities: Capabilities,
    *,
    seed: int,
    examples: int,
    steps: int = 14,
    shrinks: int = 100,
) -> Explored[Lived]:
    """As :func:`explore`, for sequences of up to ``steps`` operations that a state machine draws.

    A sequence that fails is cut off after the step that showed it, and then made without one step after another
    in up to ``shrinks`` runs: what is left is needed.
    """
    from hypothesis import seed as seeded
    from hypothesis.stateful import run_state_machine_as_test

    search = _Search(judge, 0)
    take = [search.take]

    class Drawn(machine):  # type: ignore[misc, valid-type]
        def teardown(self) -> None:
            # Hypothesis tears down what it abandoned as well; only a sequence that came to its end is a case.
            if self.steps and sys.exc_info()[0] is None:
                take[0](self.lived())

    Drawn.capabilities = capabilities
    settings = _settings(examples, stateful_step_count=steps)
    try:
        found = search.run(lambda: run_state_machine_as_test(seeded(seed)(Drawn), settings=settings))
    finally:
        # Hypothesis keeps every class of machine for ever; with it would stay the provider and all it was asked.
        take.clear()
    found.flaky = False
    with suppress(RunStopped):
        _without_what_is_not_needed(judge, machine.model, found, shrinks)
    return found


def _without_what_is_not_needed(
    judge: Callable[[Lived], object], model: type[Model], found: Explored[Lived], shrinks: int
) -> None:
    """Leave out half of the steps, then a quarter, and so on down to single ones, from the end to the beginning."""
    if found.failing is None:
        return

    def fails(case: Lived) -> bool:
        try:
            judge(case)
        except Violation as violation:
            number = violation.number if isinstance(violation, ViolationAt) else len(case.steps)
            found.failing, found.violation = replace(case, steps=case.steps[:number]), violation
            return True
        except (NotJudged, Undecided):
            return False
        return False

    if isinstance(found.violation, ViolationAt):
        found.failing = replace(found.failing, steps=found.failing.steps[: found.violation.number])
    size = len(found.failing.steps) // 2
    while size:
        end = len(found.failing.steps) - 1  # the last step is the one that shows it
        while end > 0:
            if shrinks == 0:
                return
            shrinks -= 1
            start = max(0, end - size)
            steps = found.failing.steps
            smaller = replace(found.failing, steps=model().again([*steps[:start], *steps[end:]]))
            end = min(start, len(found.failing.steps) - 1) if fails(smaller) else start
        size //= 2


def _settings(examples: int, **more: Any) -> Settings:
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        **more,
    )


class _Search(Generic[T]):
    """Judges what is drawn, and keeps the smallest failure."""

    def __init__(self, judge: Callable[[T], object], shrinks: int) -> None:
        self._judge = judge
        self._shrinks = shrinks
        self._after_failure = 0
        self.found: Explored[T] = Explored()

    def take(self, case: T) -> None:
        """Judge one case. Raises what Hypothesis is to take for a failure, or what stops it."""
        found = self.found
        if found.failing is not None:
            self._after_failure += 1
            if self._after_failure > self._shrinks:
                raise _EnoughError
        try:
            self._judge(case)
        except NotJudged:
            return
        except Undecided as undecided:
            # Between a failure and its minimum an undecided case is just not smaller.
            if found.failing is not None:
                return
            found.undecided = undecided
            raise _EnoughError from None
        except Violation as violation:
            found.ran += found.failing is None
            found.failing, found.violation = case, violation
            raise
        found.ran += found.failing is None

    def run(self, drawn: Callable[[], object]) -> Explored[T]:
        """Draw until it is over."""
        from hypothesis.errors import Flaky, Unsatisfiable

        try:
            drawn()
        except (Violation, _EnoughError, Unsatisfiable):
            pass
        except RunStopped:
            # Earlier findings are kept; a further request learns that nothing is left.
            if self.found.failing is None:
                raise
        except Flaky:
            self.found.flaky = True
        return self.found


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Hypothesis from reading constants out of whatever modules are loaded, and from writing to the
    working folder, for as long as this lasts."""
    from hypothesis import configuration
    from hypothesis.internal.conjecture import providers

    pinned: Any = getattr(providers, "_get_local_constants", None)
    home = getattr(configuration, "__hypothesis_home_directory", None)
    with tempfile.TemporaryDirectory(prefix="shenhe-hypothesis-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        if pinned is not None:
            internals: Any = providers
            nothing = internals.Constants()
            internals._get_local_constants = lambda: nothing
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(home)
            if pinned is not None:
                internals._get_local_constants = pinned
