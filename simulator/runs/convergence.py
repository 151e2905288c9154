"""How many replications are enough: run until the intervals are narrow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..scenario.schema import Scenario
from .engines import Wanted
from .intervals import mean_interval
from .outcomes import kind_of, metrics
from .run import Progress, Run, RunError, in_memory, note_of, ready, simulate
from .tails import needed_for_parts, replications_needed


class Convergence(NamedTuple):
    """How sure a run is of one metric: ``relative`` is the half-width of its 95 % interval as a share of its mean,
    ``wanted`` the replications after which that is expected to be within the precision asked for. ``relative`` is
    infinite while there are too few replications for an interval (:mod:`.tails`), and ``wanted`` then the replications
    that it takes.
    """

    metric: str
    replications: int
    relative: float
    wanted: int


def converge(
    scenario: Scenario,
    precision: float,
    watched: Sequence[str] = ("violations", "cases_sanctioned"),
    seed: int = 1,
    workers: int = 1,
    out: Path | str | None = None,
    progress: Progress | None = None,
    *,
    first: int = 8,
    most: int = 1000,
    command: str | None = None,
    engine: Wanted | None = None,
) -> tuple[Run, list[Convergence]]:
    """Run until the 95 % interval of every watched metric is within ``precision`` (0.05: five percent) of its mean.

    Begins with ``first`` replications and stops at ``most`` at the latest; the convergence says whether it got there. A
    metric whose mean is zero, or that was never defined, has no relative precision: that raises :class:`RunError`.
    """
    _check(precision, watched, first, most, scenario)
    n = max(first, _finished_replications(out)) if out is not None else first
    kept: dict[int, tuple[pa.Table, ...]] = {}
    while True:
        if out is None:
            chosen = ready(engine, scenario, n)
            run = in_memory(scenario, n, seed, workers, progress, chosen, kept=kept)
        else:
            run = simulate(scenario, n, seed, workers, out, progress, command=command, engine=engine)
        found = [_convergence(run, name, precision) for name in watched]
        wanted = min(most, max(entry.wanted for entry in found))
        if wanted <= n:
            return run, found
        n = wanted


def converge_difference(
    a: Scenario,
    b: Scenario,
    precision: float,
    watched: Sequence[str] = ("violations",),
    seed: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
    *,
    first: int = 8,
    most: int = 1000,
    engine: Wanted | None = None,
) -> tuple[Run, Run, list[Convergence]]:
    """Run two scenarios until the 95 % interval of the paired difference of every watched metric has a half-width of at
    most ``precision`` (0.02: two percent) of the first scenario's mean.

    Pairs share their draws, so a difference needs fewer replications than a mean. Raises :class:`RunError` as
    :func:`converge` does.
    """
    _check(precision, watched, first, most, a, b)
    kept: tuple[dict[int, tuple[pa.Table, ...]], dict[int, tuple[pa.Table, ...]]] = ({}, {})
    n = first
    while True:
        runs = []
        for scenario, done in zip((a, b), kept, strict=True):
            chosen = ready(engine, scenario, n)
            runs.append(in_memory(scenario, n, seed, workers, progress, chosen, kept=done))
        before, after = runs
        found = [_convergence_of_difference(before, after, name, precision) for name in watched]
        wanted = min(most, max(entry.wanted for entry in found))
        if wanted <= n:
            return before, after, found
        n = wanted


def _check(precision: float, watched: Sequence[str], first: int, most: int, *scenarios: Scenario) -> None:
    if not 0.0 < precision < 1.0:
        raise RunError(f"found a precision of {precision:g}, expected one above 0 and below 1, such as 0.05 or 5%")
    unknown = [name for name in watched if any(name not in metrics(scenario) for scenario in scenarios)]
    if unknown:
        raise RunError(f"found no metric {unknown[0]!r} among the outcomes, expected one such as violations or harm")
    if not 2 <= first <= most:
        raise RunError(f"found {first} first and at most {most} replications, expected 2 <= first <= most")


def _convergence_of_difference(a: Run, b: Run, name: str, precision: float) -> Convergence:
    before, after = a.values(name), b.values(name)
    scale = abs(mean_interval(before)[0])
    _, low, high, n = mean_interval(after - before)
    if n < 2 or not scale > 0.0:
        raise RunError(f"{name}: has no relative precision, its mean is {scale:g}; choose another metric")
    needed = min(needed_for_parts(run.scenario, run.outcomes, name) for run in (a, b))
    if needed > a.replications and high > low:
        return Convergence(name, a.replications, math.inf, needed)
    return _sized(name, a.replications, (high - low) / 2.0 / scale, precision)


def _sized(name: str, replications: int, relative: float, precision: float) -> Convergence:
    if relative <= precision:
        return Convergence(name, replications, relative, replications)
    # The half-width falls with the root of the number; at least one more, so that this ends.
    wanted = max(replications + 1, math.ceil(replications * (relative / precision) ** 2))
    return Convergence(name, replications, relative, wanted)


def _finished_replications(out: Path | str) -> int:
    """The replications that a finished run in this folder holds: fewer would cut its results."""
    note = note_of(Path(out))
    finished = note is not None and note.get("complete")
    return int(note["replications"]) if note is not None and finished else 0


def _convergence(run: Run, name: str, precision: float) -> Convergence:
    mean, low, high, n = mean_interval(run.values(name), kind_of(name, metrics(run.scenario)[name].unit))
    if n < 2 or mean == 0.0:
        raise RunError(f"{name}: has no relative precision, its mean is {mean:g}; choose another metric")
    needed = replications_needed(run.scenario, run.outcomes, name)
    if needed > run.replications:
        return Convergence(name, run.replications, math.inf, needed)
    return _sized(name, run.replications, (high - low) / 2.0 / abs(mean), precision)
