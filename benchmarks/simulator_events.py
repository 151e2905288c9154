"""Events per second of the simulator's SimPy engine, as a share of what bare SimPy timeouts reach on the same machine.

    python benchmarks/simulator_events.py [--providers 500] [--rounds 5] [--json]

Both are measured in CPU seconds in one process, in alternating rounds; the figures are ratios of medians. Bare:
processes that each wait for one timeout after another, as many as there are providers (`ratio`), and as many as the
model has events pending (`ratio, equal pending`): a longer queue of events is slower for SimPy, whatever the events do.
Model: `cn-2023` with everybody present from the first day, log kept; an event is one that SimPy processed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Generator
from typing import Any

import simpy

from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.kernel.draws import compiled
from shenhe.simulator.reference.engine import replicate


def bare(processes: int, events: int) -> float:
    """Events per CPU second of timeouts alone."""
    env = simpy.Environment()

    def wait(k: int) -> Generator[Any, Any, None]:
        delay = 1.0 + k / processes
        while True:
            yield env.timeout(delay)

    for k in range(processes):
        env.process(wait(k))
    began = time.process_time()
    env.run(until=1.5 * events / processes)
    spent = time.process_time() - began
    events: int = next(env._eid) - len(env._queue)
    return events / spent


def model(scenario: Scenario, number: int) -> tuple[float, float, int, int, int]:
    """Events per CPU second, CPU seconds, events, rows of the log and events left pending of one replication."""
    began = time.process_time()
    result = replicate(scenario, 1, number)
    spent = time.process_time() - began
    return result.steps / spent, spent, result.steps, len(result.rows), result.pending


def measure(providers: int, days: float, rounds: int) -> dict[str, float]:
    scenario = load_scenario(
        "cn-2023",
        {
            "population.providers": providers,
            "population.arrivals": [[0, 1.0]],
            "horizon": days,
            "policy.staff.inspectors": max(1, providers // 40),
            "registry.reviewers": max(1, providers // 60),
        },
    )
    compiled()
    pending = replicate(scenario, 1, 0).pending
    bares, equals, models = [], [], []
    for number in range(rounds):
        bares.append(bare(providers, 300_000))
        equals.append(bare(pending, 300_000))
        models.append(model(scenario, number))
    rate = statistics.median(entry[0] for entry in models)
    return {
        "providers": providers,
        "days": days,
        "bare_events_per_second": statistics.median(bares),
        "model_events_per_second": rate,
        "ratio": rate / statistics.median(bares),
        "pending": pending,
        "ratio_equal_pending": rate / statistics.median(equals),
        "model_seconds": statistics.median(entry[1] for entry in models),
        "model_events": statistics.median(entry[2] for entry in models),
        "log_rows": statistics.median(entry[3] for entry in models),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--providers", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--days", type=float, default=1095)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [measure(providers, options.days, options.rounds) for providers in options.providers]
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print("providers   days   bare SimPy/s      model/s   ratio   ratio, equal pending   CPU s   events  log rows")
    for row in results:
        print(
            f"{row['providers']:9,.0f} {row['days']:6,.0f} {row['bare_events_per_second']:14,.0f} "
            f"{row['model_events_per_second']:12,.0f} {row['ratio']:7.2f} "
            f"{row['ratio_equal_pending']:12.2f} ({row['pending']:6,.0f}) "
            f"{row['model_seconds']:7.2f} {row['model_events']:8,.0f} {row['log_rows']:9,.0f}"
        )


if __name__ == "__main__":
    main()
