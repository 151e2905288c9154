"""The model as one compiled loop: the same draws, table and formulas as on SimPy, and the same log and outcomes, bit
for bit.

What differs is control flow: processes are small state machines, a calendar holds what comes next (:mod:`.agenda`),
occasions that nothing can come of are counted ahead and never stand in it (:mod:`.stream`), and every entity is a
record in an array (:mod:`.layout`, :mod:`.world`). numba is imported when something is run, not when this module is.

Memory grows in proportion: some 3 kB a provider of ``cn-2023``, what it has pending included, and 54 bytes a row of the
log (peaks of 50,000 providers over five years, without and with a log). What is pending takes 64 bytes, in an array
that doubles when it is full.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..reference.model import Beginning, Replication
    from ..scenario.schema import Scenario

COMPILING = "compiling the simulation engine, some 20 seconds, once"
NUMBA = ("0.68",)
"""Versions of numba that this engine was compared on. :mod:`.compilation` and :mod:`.structure` rest on parts of numba
that may change without notice, and a change there need not show as an error.
"""


def replicate(
    scenario: Scenario,
    seed: int,
    number: int,
    *,
    keep_log: bool = True,
    prepare: Callable[[Beginning], None] | None = None,
) -> Replication:
    """Replication ``number`` of a run with ``seed``: every bit of what :func:`..reference.model.replicate` gives, but
    ``steps``.

    ``prepare`` finds arrays in the state where that engine has lists.
    """
    from .engine import run

    return run(scenario, seed, number, keep_log=keep_log, prepare=prepare)


def refusal(scenario: Scenario) -> str | None:
    """Why this engine cannot run a scenario here, in a sentence; None where it can: it knows every scenario."""
    try:
        import numba

        if numba.config.DISABLE_JIT:
            return "NUMBA_DISABLE_JIT is set, and the compiled engine is nothing without numba."
        if not numba.__version__.startswith(tuple(f"{version}." for version in NUMBA)):
            return f"The compiled engine was tried on numba {' and '.join(NUMBA)} alone; found {numba.__version__}."
        from . import compilation  # noqa: F401, what this engine asks of numba beyond its public functions
    except ImportError as error:
        return f"The compiled engine needs numba ({error})."
    return None


def is_cached() -> bool:
    """Whether compiled code is there, so that no time goes into compiling it."""
    from .compilation import folder

    place = folder()
    return place is not None and any(place.rglob("events.advance*.nbc"))


def warm(note: Callable[[str], None] | None = None) -> None:
    """Load the engine, compiled anew where it has to be, and say so first: to standard error, or to ``note``.

    Raises :class:`ImportError` where numba cannot be used.
    """
    if not is_cached():
        if note is None:
            print(f"shenhe: {COMPILING}", file=sys.stderr, flush=True)
        else:
            note(COMPILING)
    from ..scenario.loading import load_scenario

    smallest = load_scenario("no-enforcement", {"population.providers": 1, "horizon": 1.0}, check_rules=False)
    replicate(smallest, 1, 0)
