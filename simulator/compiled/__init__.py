"""The model as one compiled loop: the same draws, table and formulas as on SimPy, and the same log and outcomes, bit
for bit.

Every file here has a twin of the same name in :mod:`..reference`, where the same function has the same name. Those from
the inspection to the end of an appeal are in the room ``enforcement`` of both:

=============== ======================================================================================================
file            what both engines do there
=============== ======================================================================================================
``app_store``   listing, monitoring, removal, relisting
``appeal``      appeals and what they undo
``authority``   inspectors and budgets
``casework``    a case from the queue to its last step
``deterrence``  beliefs, fear, effort
``docket``      suspicions become cases
``engine``      one replication from a scenario to its result
``inspection``  who is visited, and what is found
``life``        entry, filing, closing, exit, re-entry
``occasion``    occasions and violations
``platform``    copies on propagation platforms
``public``      complaints and rumours
``registry``    filings
``sanction``    what one step of the ladder sets in force
``supporter``   technical supporters
``suspension``  suspensions of updates, registration and service
``sweep``       campaigns that look through the stores for unfiled apps
``users``       users who leave and come back
``world``       the log, harm, queues, bins; on SimPy also the change of a regime
=============== ======================================================================================================

Without a twin: ``events`` (the loop, and what acts on each entry of the agenda) and :mod:`.machine`, which does what
SimPy, Python's memory and generators do for the other engine (``agenda``, ``pools``, ``stream``, ``layout``, ``cache``,
``compilation``, ``tuned``, ``plain``, ``pure``). In the reference, ``clock`` and ``hook`` have none.

Control flow is written twice on purpose: processes are small state machines here, a calendar holds what comes next,
occasions that nothing can come of are counted ahead and never stand in it, and every entity is a record in an array.
numba is imported when something is run, not when this module is.

Memory grows in proportion: some 3 kB per provider of ``cn-2023``, what it has pending included, and 54 bytes per row of
the log (peaks of 50,000 providers over five years, without and with a log). What is pending takes 64 bytes, in an array
that doubles when it is full.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..kernel.replication import Beginning, Replication
    from ..scenario.schema import Scenario

COMPILING = "compiling the simulation engine, about {expected}, once"
TICK = 15.0
"""Seconds between two notes that compiling goes on."""


def replicate(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Callable[[Beginning], None] | None = None,
) -> Replication:
    """Replication ``number`` of a run with ``seed``: every bit of what :func:`..reference.engine.replicate` gives, but
    ``steps``.
    """
    from .engine import run

    return run(scenario, seed, number, keep_log=keep_log, prepare=prepare)


def refusal() -> str | None:
    """Why this engine cannot run here, in a sentence; None where it can: it knows every scenario."""
    try:
        import numba
    except ImportError as error:
        return f"The compiled engine needs numba ({error})."
    if numba.config.DISABLE_JIT:
        return "The compiled engine needs JIT compilation: unset NUMBA_DISABLE_JIT."
    return None


def is_tuned() -> bool:
    """Whether the engine is compiled in the way that was tuned for this version of numba."""
    from .machine.compilation import TUNED

    return TUNED


def numba_note() -> str | None:
    """What to tell a user whose numba is not one that the tuned way was tried on; None where it is."""
    import numba

    from .machine.cache import TRIED
    from .machine.compilation import TUNED

    if TUNED:
        return None
    return (
        f"numba {numba.__version__} is not a version that the fast way to compile was tried on ({', '.join(TRIED)}); "
        "compiling the engine plainly. Results are the same; an event takes about 1.7 times as long"
    )


def is_cached() -> bool:
    """Whether compiled code is there, so that no time goes into compiling it."""
    place = cache_folder()
    return place is not None and any(place.rglob("events.advance*.nbc"))


def cache_folder() -> Path | None:
    """Where compiled code is kept, a folder for each version of numba, of this engine, and way to compile it."""
    from .machine.cache import folder

    return folder()


def warm(note: Callable[[str], None] | None = None) -> None:
    """Load the engine, compiled again where it has to be, and say so: to standard error, or to ``note``.

    Raises :class:`ImportError` where numba cannot be used.
    """
    tell = note or (lambda text: print(f"shenhe: {text}", file=sys.stderr, flush=True))
    from ..scenario.loading import load_scenario

    smallest = load_scenario("no-enforcement", {"population.providers": 1, "horizon": 1.0}, check_rules=False)
    if is_cached():
        replicate(smallest, 1, 0)
        return
    with _progress(tell):
        replicate(smallest, 1, 0)


@contextmanager
def _progress(tell: Callable[[str], None]) -> Iterator[None]:
    """Say what takes so long, and again from time to time."""
    tell(COMPILING.format(expected="20 seconds" if is_tuned() else "3 minutes"))
    done, began = threading.Event(), time.monotonic()

    def tick() -> None:
        while not done.wait(TICK):
            tell(f"still compiling after {time.monotonic() - began:.0f} seconds")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
