"""Both engines on thousands of random scenarios and all shipped ones: every row of the log and every number left,
compared bit for bit.

    make engines-agree                                             two thousand random scenarios
    python -m tests.simulator.engines_agree --scenarios 200 --first 5000
    python -m tests.simulator.engines_agree --only 4711            one of them, and where the engines part if they do
    python -m tests.simulator.engines_agree --only 4711 --write differs.yaml

Scenario ``number`` is the same on every machine. Nothing is written unless ``--write`` asks for one scenario, which
``shenhe engines`` then reads.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

from shenhe import scenarios
from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.kernel.replication import Beginning, Replication
from shenhe.simulator.kernel.sameness import differing_fields
from shenhe.simulator.runs.divergence import explained, first_divergence
from shenhe.simulator.runs.engines import Engine, Prepare, replicate_on, warm
from shenhe.simulator.runs.run import rule_names

from .random_scenarios import random_scenario

SMALL = {"population.scale": 0.02}
"""What makes a shipped scenario small enough to be run many times: a fiftieth of its market."""


class Compared(NamedTuple):
    """One replication in both engines: how many rows and numbers were compared, which fields differ, seconds of each
    engine.
    """

    name: str
    clock: str
    rows: int
    numbers: int
    different: list[str]
    simpy: float
    compiled: float


def compare(name: str, scenario: Scenario, seed: int, number: int) -> Compared:
    """Run one replication in both engines and compare what they leave."""
    prepare = _preparation(number)
    one, first = _timed(Engine.SIMPY, scenario, seed, number, prepare)
    other, second = _timed(Engine.COMPILED, scenario, seed, number, prepare)
    numbers = sum(len(values) for values in one.state.values()) + one.kinds.size + one.extras.size
    return Compared(name, scenario.clock, len(one.rows), numbers, differing_fields(one, other), first, second)


def _timed(
    engine: Engine, scenario: Scenario, seed: int, number: int, prepare: Prepare | None
) -> tuple[Replication, float]:
    began = time.process_time()
    return replicate_on(engine, scenario, seed, number, prepare=prepare), time.process_time() - began


def _preparation(number: int) -> Prepare | None:
    return _prepared if number % 4 == 3 else None


def _prepared(world: Beginning) -> None:
    """What studies and forecasts do to a world before it begins: beliefs, compliance and entry set from outside."""
    world.state.belief[:] = [0.5] * len(world.state.belief)
    world.state.compliance[0] = 0.25
    world.state.entry[0] = 0.0


def one(number: int) -> Compared:
    """Random scenario ``number``, with a seed and a replication of its own."""
    return compare(f"random scenario {number}", random_scenario(number), *_keys(number))


def _keys(number: int) -> tuple[int, int]:
    return 1 + number % 3, number


def shipped(name: str) -> Compared:
    return compare(name, load_scenario(name, SMALL), 1, 0)


def all_of(numbers: range, workers: int) -> Iterator[Compared]:
    warm(Engine.COMPILED, lambda text: print(text, file=sys.stderr))
    if workers == 1:
        yield from itertools.chain(map(shipped, scenarios.names()), map(one, numbers))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from itertools.chain(pool.map(shipped, scenarios.names()), pool.map(one, numbers, chunksize=20))


def explain(number: int, path: Path | None) -> int:
    """Say where the engines part in one scenario; 1 where they do."""
    scenario, (seed, replication) = random_scenario(number), _keys(number)
    if path:
        path.write_text(yaml.safe_dump(scenario.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
        print(f"shenhe engines {path} --seed {seed} --replication {replication}")
    found = first_divergence(scenario, seed, replication, prepare=_preparation(replication))
    print("the engines agree" if found is None else explained(found, rule_names(scenario)))
    return int(found is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=2000, help="how many random scenarios (2000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (0)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, help="this one scenario")
    parser.add_argument("--write", type=Path, help="with --only: write it to a file that `shenhe engines` reads")
    options = parser.parse_args()
    if options.only is not None:
        sys.exit(explain(options.only, options.write))
    numbers = range(options.first, options.first + options.scenarios)
    clocks: Counter[str] = Counter()
    count = rows = values = 0
    simpy = compiled = 0.0
    wrong = []
    for entry in all_of(numbers, options.workers):
        clocks[entry.clock] += 1
        count, rows, values = count + 1, rows + entry.rows, values + entry.numbers
        simpy, compiled = simpy + entry.simpy, compiled + entry.compiled
        if entry.different:
            wrong.append(entry.name)
            print(f"{entry.name} ({entry.clock}): differ in {', '.join(entry.different[:8])}", flush=True)
    told = ", ".join(f"{number:,} {clock}" for clock, number in sorted(clocks.items()))
    print(f"{count:,} scenarios ({told}): {rows:,} rows of the log and {values:,} other numbers compared bit for bit")
    print(f"{len(wrong)} of them differ; CPU seconds {simpy:,.0f} in SimPy, {compiled:,.0f} compiled")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
