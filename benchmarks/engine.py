"""The compiled engine in ratios, each taken in one run: against the SimPy engine, against a bare heap, against itself
at other sizes.

    python benchmarks/engine.py [--only simpy|sizes|registry] [--rounds 5] [--replications 20] [--workers 1] [--json]

All in CPU seconds of one processor, in alternating rounds, medians. Model: `cn-2023` with everybody present from the
first day, and inspectors and reviewers in proportion. An event is what the SimPy engine takes from its queue of what
comes next; the compiled engine counts a third of them, occasions that nothing can come of, without putting them into
its own (``simulator/compiled/stream.py``), and they count as events here. The bare heap is a binary heap of
(time, number) in numba, from which the next is taken and put back later, with as many entries as the model has pending.
The whole registry is run for ``--replications`` on ``--workers`` processes, extrapolated to a thousand from fewer,
beside a queue (M/M/4) with as many customers as the model opens cases in the simulators that are installed: see
``queues.py``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.kernel.draws import compiled as compile_draws
from shenhe.simulator.runs.engines import Engine, replicate_on, warm

YEARS = 5
SIZES = (500, 5_000, 50_000)
REGISTRY = 7_764
"""Filed services up to the eighteenth batch (scenarios/data/deep_synthesis_filings.csv)."""

Floats = npt.NDArray[np.float64]


def beside(name: str) -> Any:
    """Another benchmark as a module: run with -P, as `make bench` does, Python does not look for modules beside the
    script.
    """
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


queues, events, scaling = beside("queues"), beside("simulator_events"), beside("scaling")


def market(providers: int, years: float) -> Scenario:
    return load_scenario(
        "cn-2023",
        {
            "population.providers": providers,
            "population.arrivals": [[0, 1.0]],
            "horizon": 365.0 * years,
            "policy.staff.inspectors": max(1, providers // 75),
            "registry.reviewers": max(1, providers // 60),
        },
    )


def run(engine: Engine, scenario: Scenario, number: int, *, keep_log: bool = True) -> tuple[float, int, int, int]:
    """CPU seconds, events, rows of the log, and events left pending of one replication."""
    began = time.process_time()
    result = replicate_on(engine, scenario, 1, number, keep_log=keep_log)
    return time.process_time() - began, result.steps, len(result.log.time), result.pending


@njit
def _hold(times: Floats, numbers: npt.NDArray[np.int64], delays: Floats, events: int) -> float:
    """Take the earliest entry of a binary heap and put it back later, ``events`` times."""
    count, next_number, now = len(times), len(times), 0.0
    for k in range(events):
        now = times[0]
        time, number = now + delays[k & 65535], next_number
        next_number += 1
        place = 0
        while True:
            child = 2 * place + 1
            if child >= count:
                break
            right = child + 1
            if right < count and (
                times[right] < times[child] or (times[right] == times[child] and numbers[right] < numbers[child])
            ):
                child = right
            if times[child] > time or (times[child] == time and numbers[child] > number):
                break
            times[place], numbers[place] = times[child], numbers[child]
            place = child
        times[place], numbers[place] = time, number
    return now


def bare_heap(pending: int, events: int) -> float:
    """Events a CPU second of a heap that holds ``pending`` entries."""
    dice = np.random.default_rng(1)
    times = np.sort(dice.exponential(size=pending))
    delays = dice.exponential(size=65536)
    began = time.process_time()
    _hold(times, np.arange(pending), delays, events)
    return events / (time.process_time() - began)


def against_simpy(rounds: int) -> dict[str, float]:
    """Both engines at 500 providers for five years, log kept, and SimPy's against timeouts alone."""
    scenario = market(500, YEARS)
    ours, theirs, timeouts = [], [], []
    for number in range(rounds):
        theirs.append(run(Engine.SIMPY, scenario, number))
        ours.append(run(Engine.COMPILED, scenario, number))
        timeouts.append(events.bare(500, 300_000))
    simpy, compiled = (statistics.median(entry[0] for entry in runs) for runs in (theirs, ours))
    handled = statistics.median(entry[1] for entry in theirs)
    return {
        "events_simpy": handled,
        "rows": statistics.median(entry[2] for entry in theirs),
        "seconds_simpy": simpy,
        "seconds_compiled": compiled,
        "compiled_against_simpy": simpy / compiled,
        "simpy_against_bare_timeouts": handled / simpy / statistics.median(timeouts),
    }


def against_size(rounds: int) -> list[dict[str, float]]:
    """Cost of an event, log kept, at each size; the rate of a bare heap with as many pending; memory of a process of
    its own.
    """
    rows = []
    for providers in SIZES:
        scenario = market(providers, YEARS)
        runs, heaps = [], []
        for number in range(rounds):
            runs.append(run(Engine.COMPILED, scenario, number))
            heaps.append(bare_heap(runs[0][3], 2_000_000))
        seconds = statistics.median(entry[0] / entry[1] for entry in runs)
        rows.append(
            {
                "providers": providers,
                "events": runs[0][1],
                "pending": runs[0][3],
                "nanoseconds_per_event": 1e9 * seconds,
                "against_smallest": seconds / (rows[0]["nanoseconds_per_event"] / 1e9) if rows else 1.0,
                "events_per_second": 1.0 / seconds,
                "against_bare_heap": 1.0 / seconds / statistics.median(heaps),
                "peak_megabytes": peak_megabytes(providers, keep_log=False),
                "peak_megabytes_with_log": peak_megabytes(providers, keep_log=True),
            }
        )
    return rows


def peak_megabytes(providers: int, *, keep_log: bool) -> float:
    """Peak memory of a process that runs one replication."""
    command = [sys.executable, "-P", __file__, "--one", str(providers), str(int(keep_log))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def one(providers: int, keep_log: bool) -> None:
    run(Engine.COMPILED, market(providers, YEARS), 0, keep_log=keep_log)
    print(scaling.peak())


def _of_registry(number: int) -> tuple[float, int, int]:
    """CPU seconds, events and cases of one replication of the whole registry."""
    began = time.process_time()
    result = replicate_on(Engine.COMPILED, market(REGISTRY, 3), 1, number, keep_log=False)
    return time.process_time() - began, result.steps, int(result.state.cases.sum())


def registry(replications: int, workers: int) -> dict[str, Any]:
    """The whole registry for three years, no log, and queues with as many customers as cases are opened."""
    began = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        done = list(pool.map(_of_registry, range(replications), chunksize=max(1, replications // (8 * workers))))
    passed = time.perf_counter() - began
    spent, steps, cases = zip(*done, strict=True)
    each, opened = statistics.fmean(spent), statistics.fmean(cases)
    found: dict[str, Any] = {
        "replications": replications,
        "workers": workers,
        "seconds_by_the_clock": passed,
        "seconds_per_replication": each,
        "events_per_replication": statistics.fmean(steps),
        "cases_per_replication": opened,
        "hours_of_thousand": each * 1000 / 3600,
        "queues": {},
        "missing": {},
    }
    for name in queues.SIMULATORS:
        # In a separate process: Cimba-py changes how numba types records, and finds ours changed.
        command = [sys.executable, "-P", queues.__file__, "--only", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            found["missing"][name] = done.stderr.strip().splitlines()[-1]
            continue
        cost, wait = map(float, done.stdout.split())
        found["queues"][name] = {
            "microseconds_per_customer": 1e6 * cost,
            "mean_wait": wait,
            "hours_for_a_thousand": cost * opened * 1000 / 3600,
            "against_ours": cost * opened / each,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--replications", type=int, default=20, help="of the whole registry")
    parser.add_argument("--workers", type=int, default=1, help="processes that run the whole registry")
    parser.add_argument("--only", choices=("simpy", "sizes", "registry"), help="this part alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(int(options.one[0]), options.one[1] == "1")
        return
    compile_draws()
    warm(Engine.COMPILED, lambda text: print(text, file=sys.stderr))
    bare_heap(10, 10)
    run(Engine.COMPILED, market(10, 1), 0)
    found: dict[str, Any] = {}
    parts = (
        ("simpy", lambda: against_simpy(options.rounds), _simpy),
        ("sizes", lambda: against_size(options.rounds), _sizes),
        ("registry", lambda: registry(options.replications, options.workers), _registry),
    )
    if not options.json:
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; CPU seconds of one", flush=True)
    for name, measure, describe in parts:
        if options.only not in (None, name):
            continue
        found[name] = measure()
        if not options.json:
            print(describe(found[name]), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))


def _simpy(found: dict[str, float]) -> str:
    return "\n".join(
        (
            f"500 providers, {YEARS} years, log kept ({found['events_simpy']:,.0f} events, {found['rows']:,.0f} rows):",
            f"  compiled against SimPy engine      {found['compiled_against_simpy']:6.1f} x",
            f"    seconds                          {found['seconds_compiled']:6.3f} and {found['seconds_simpy']:.2f}",
            f"  SimPy engine against bare timeouts {found['simpy_against_bare_timeouts']:6.2f}",
        )
    )


def _sizes(rows: list[dict[str, float]]) -> str:
    head = "providers      events   pending  ns/event  of smallest  of a bare heap  peak MB  peak MB, log kept"
    return "\n".join([head, *map(_size, rows)])


def _registry(found: dict[str, Any]) -> str:
    opened = f"{found['events_per_replication']:,.0f} events, {found['cases_per_replication']:,.0f} cases"
    return "\n".join(
        [
            (
                f"the whole registry, {REGISTRY:,} services, 3 years, no log ({opened}; {found['replications']}"
                " replications run):"
            ),
            (
                f"  {found['seconds_per_replication']:.3f} s each, {found['hours_of_thousand']:.3f} processor hours for"
                " a thousand"
            ),
            (
                f"  {found['seconds_by_the_clock']:.1f} s by the clock for {found['replications']} on"
                f" {found['workers']} processes"
            ),
            f"a queue (M/M/4, mean wait {queues.expected_wait():.3f}) with as many customers as these open cases:",
            *(_queue(name, entry) for name, entry in found["queues"].items()),
            *(f"  {name}: left out, {reason}" for name, reason in found["missing"].items()),
        ]
    )


def _size(row: dict[str, float]) -> str:
    return (
        f"{row['providers']:9,} {row['events']:11,} {row['pending']:9,} {row['nanoseconds_per_event']:9.0f} "
        f"{row['against_smallest']:12.2f} {row['against_bare_heap']:15.2f} {row['peak_megabytes']:8.0f} "
        f"{row['peak_megabytes_with_log']:18.0f}"
    )


def _queue(name: str, entry: dict[str, float]) -> str:
    return (
        f"  {name:10} {entry['microseconds_per_customer']:8.2f} µs a customer (mean wait {entry['mean_wait']:.3f}); a"
        f" thousand: {entry['hours_for_a_thousand']:6.2f} processor hours, {entry['against_ours']:6.2f} of ours"
    )


if __name__ == "__main__":
    main()
