"""Which engine runs a replication: the readable model on SimPy, or the compiled one. Both give the same bits.

This is the one place that chooses. ``auto`` takes the engine that is expected to be done first: SimPy begins at once,
the compiled engine has to be loaded (and the first time on a machine compiled) and then makes an event in a small part
of the time.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from shenhe.core.errors import ShenheError

from ..kernel.tabulation import table

if TYPE_CHECKING:
    from ..kernel.replication import Beginning, Replication
    from ..reference.hook import Hook
    from ..scenario.schema import Scenario

Wanted = Literal["auto", "simpy", "compiled"]
"""What may be asked for."""

WANTED: tuple[Wanted, ...] = ("auto", "simpy", "compiled")

SIMPY_EVENTS = 200_000.0
COMPILED_EVENTS = 4_000_000.0
"""Events a second on one processor, as ``benchmarks/engine.py`` measures them; only the choice of ``auto`` depends on
them.
"""
LOADING, COMPILING, COMPILING_PLAINLY = 1.0, 25.0, 180.0
"""Seconds before the compiled engine begins: with its code in the cache, without, and on an untried numba."""


class Engine(StrEnum):
    SIMPY = "simpy"
    COMPILED = "compiled"


Prepare = Callable[["Beginning"], None]
"""What may change a world before anything happens in it."""


class EngineError(ShenheError, ValueError):
    """An engine that is unknown, or that cannot run the scenario; the text says which one can."""


HOOK_ON_SIMPY = "A policy in Python runs only on the SimPy engine."

_wanted: contextvars.ContextVar[Wanted] = contextvars.ContextVar("wanted", default="auto")


@contextlib.contextmanager
def using(wanted: Wanted | str) -> Iterator[None]:
    """Within this block, runs that name no engine ask for ``wanted``."""
    token = _wanted.set(_known(wanted))
    try:
        yield
    finally:
        _wanted.reset(token)


def choose(wanted: Wanted | str | None, runs: Iterable[tuple[Scenario, int]], hook: Hook | None = None) -> Engine:
    """The engine for these ``runs`` (scenarios, each with its number of replications); ``None`` asks as :func:`using`
    says.

    Raises :class:`EngineError` when ``compiled`` is requested and cannot run one of them. ``auto`` is SimPy then.
    Once the compiled engine has run in this process, ``auto`` is that engine also for the smallest run.
    """
    asked = _wanted.get() if wanted is None else _known(wanted)
    if asked == "simpy":
        return Engine.SIMPY
    if hook is not None:
        if asked == "compiled":
            raise EngineError(HOOK_ON_SIMPY)
        return Engine.SIMPY
    chosen = list(runs)
    events = sum(expected_events(scenario) * replications for scenario, replications in chosen)
    if asked == "auto" and not _is_loaded() and events / SIMPY_EVENTS < LOADING:
        # Not worth loading the other engine for.
        return Engine.SIMPY
    from ..compiled import is_cached, is_tuned, refusal

    reason = refusal()
    if reason is not None:
        return _refused(asked, reason)
    if asked == "compiled":
        return Engine.COMPILED
    if _is_loaded():
        return Engine.COMPILED
    begins = LOADING if is_cached() else COMPILING if is_tuned() else COMPILING_PLAINLY
    return Engine.COMPILED if begins + events / COMPILED_EVENTS < events / SIMPY_EVENTS else Engine.SIMPY


def _is_loaded() -> bool:
    """Whether the compiled engine has run in this process, so that nothing remains to be loaded."""
    return _loaded.is_set()


_loaded = threading.Event()


def _known(wanted: str) -> Wanted:
    for name in WANTED:
        if name == wanted:
            return name
    raise EngineError(f"found the engine {wanted!r}, expected one of: {', '.join(WANTED)}")


def _refused(asked: Wanted, reason: str) -> Engine:
    if asked == "compiled":
        raise EngineError(f"{reason} Or use --engine simpy.")
    _say_once(f"{reason} Using the SimPy engine, which takes about thirty times as long")
    return Engine.SIMPY


@functools.cache
def _say_once(text: str) -> None:
    print(f"shenhe: {text}", file=sys.stderr, flush=True)


def expected_events(scenario: Scenario) -> float:
    """About how many events SimPy processes in one replication: within a factor of two or so.

    Candidates of the fixed streams, and what follows from the violations among them without deterrence.
    """
    numbers = table(scenario)
    classes, behaviours = scenario.population.classes, scenario.behaviours
    occasions = violations = 0.0
    for size in classes:
        for risk in behaviours:
            rate = size.share * size.activity * risk.rate / 365.0
            occasions += rate
            violations += rate * (1.0 - size.compliance[risk.name])
    days = numbers.horizon * _presence(scenario)
    streams = occasions + numbers.detection.inspection_ceiling + 3.0 * numbers.public.false_complaint_rate
    return numbers.providers * (EVENTS_OF_PROVIDER + days * (streams + EVENTS_OF_VIOLATION * violations))


EVENTS_OF_PROVIDER, EVENTS_OF_VIOLATION = 20.0, 4.0


def _presence(scenario: Scenario) -> float:
    """The share of the horizon for which the average provider is in the market."""
    horizon = scenario.horizon
    present, before, day = 0.0, 0.0, 0.0
    for until, share in scenario.population.arrivals:
        end = min(max(until, 0.0), horizon)
        present += (end - day) * (before + share) / 2.0
        before, day = share, end
    return (present + (horizon - day) * before) / horizon


def replicate_on(
    engine: Engine,
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Prepare | None = None,
    policy: Hook | None = None,
) -> Replication:
    """One replication on ``engine``; see :func:`..reference.engine.replicate`. The result does not depend on the
    engine.
    """
    if engine is Engine.COMPILED:
        if policy is not None:
            raise EngineError(HOOK_ON_SIMPY)
        from ..compiled import replicate as run_compiled

        _prove()

        result = run_compiled(scenario, seed, number, keep_log=keep_log, prepare=prepare)
        _loaded.set()
        return result

    from ..reference.engine import replicate as run_simpy

    return run_simpy(scenario, seed, number, keep_log=keep_log, prepare=prepare, policy=policy)


def warm(engine: Engine, note: Callable[[str], None] | None = None) -> None:
    """Compile the code on this machine before processes start that would each compile it. ``note`` receives a message
    about what takes time.
    """
    if engine is Engine.COMPILED:
        from ..compiled import numba_note
        from ..compiled import warm as warm_compiled

        untried = numba_note()
        if untried is not None:
            _say_once(untried)
        warm_compiled(note)
        _prove()
        _loaded.set()


@functools.cache
def _prove() -> None:
    """Compare the engines on a small replication where the compiled one runs on an untried numba; once per cache.

    Raises :class:`EngineError` where any bit differs.
    """
    from .. import compiled

    if compiled.is_tuned():
        return
    place = compiled.cache_folder()
    proof = None if place is None else place / "agrees-with-simpy"
    if proof is not None and proof.exists():
        return
    import numba

    from ..compiled.machine.cache import TRIED
    from ..kernel.sameness import differing_fields
    from ..reference.engine import replicate as run_simpy
    from ..scenario.loading import load_scenario

    small = load_scenario("cn-2023", {"population.providers": 60, "horizon": 400.0}, check_rules=False)
    different = differing_fields(run_simpy(small, 1, 0), compiled.replicate(small, 1, 0))
    if different:
        raise EngineError(
            f"On numba {numba.__version__} the compiled engine does not agree with the SimPy engine (in "
            f"{', '.join(different)}), so it is not used. Install numba {' or '.join(TRIED)}, or use --engine "
            "simpy."
        )
    if proof is not None:
        proof.touch()
