"""Drawn cases: a property run over a Hypothesis strategy with a seed and a bound on everything.

The same seed gives the same cases whatever else is loaded, nothing is written to the working folder, and the
minimal failing case is kept. How many cases really ran is counted here: a strategy with 48 distinct values
stops at 48, whatever was asked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .probe import BudgetSpent
from .registry import NotJudged, Undecided, Violation

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


class _EnoughError(BaseException):
    """Stops Hypothesis at once: it lets no ``BaseException`` be taken for a failure."""


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
    judge: Callable[[T], None],
    strategy: SearchStrategy[T],
    *,
    seed: int,
    examples: int,
    shrinks: int = 150,
) -> Explored[T]:
    """Draw up to ``examples`` cases, and shrink the first that raises :class:`Violation` in up to ``shrinks`` runs.

    :class:`Undecided` ends the search, :class:`NotJudged` passes over the case; any other exception is raised.
    """
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Flaky, Unsatisfiable

    found: Explored[T] = Explored()
    after_failure = 0

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategy)
    def drawn(case: T) -> None:
        nonlocal after_failure
        if found.failing is not None:
            after_failure += 1
            if after_failure > shrinks:
                raise _EnoughError
        try:
            judge(case)
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

    try:
        drawn()
    except (Violation, _EnoughError, Unsatisfiable):
        pass
    except BudgetSpent:
        # What was found before is kept; whoever asks again learns that nothing is left.
        if found.failing is None:
            raise
    except Flaky:
        found.flaky = True
    return found


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
