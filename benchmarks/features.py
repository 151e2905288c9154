"""The price of each feature of the model, as ratios: the compiled engine with the feature against without it.

    python -P benchmarks/features.py [--providers 500] [--rounds 9] [--years 5]

Every variant changes `cn-2023` with everybody present from the first day, as in ``engine.py``, without an event log.
Variants take turns, so that all meet the same load of the machine; figures are medians of CPU seconds. ``time`` is the
time of a replication as it is over that with the feature off; ``per event`` is the same per event, since a feature also
changes how much happens.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.runs.engines import Engine, replicate_on, warm

#: What is set to switch a feature off in the shipped scenario.
OFF: dict[str, dict[str, Any]] = {
    "fear of the whole ladder, learning from impunity": {"response.model": "fixed"},
    "learning from impunity alone": {"response.model": "salience"},
    "heavy-tailed reach": {"public.reach_spread": 0.0},
    "complaints by audience": {"public.audience_exponent": 0.001},
    "review of effort and filters": {"response.review_days": 10_000.0},
    "complaints, true and false": {"public.false_complaints": 0.0, "behaviours.*.complained": 0.0},
    "inspections": {"policy.detection.inspection_rate": 0.0},
    "monitoring by stores": {"stores.*.monitors": 0.0},
    "copies on platforms": {"behaviours.*.spreads": 0.0},
    "technical supporters": {"supporters.used_by": 0.0},
    "rumours": {"public.rumours": 0.0},
    "users who move away": {"public.migrates": 0.0},
    "appeals": {"policy.appeals.guilty_appeal": 0.0, "policy.appeals.innocent_appeal": 0.0},
}
#: What is set to switch on a feature that the shipped scenario does without.
ON: dict[str, dict[str, Any]] = {
    "foresight": {"response.foresight": 730.0},
    "daily clock": {"clock": "daily"},
    "platforms with staff and a limit": {"platforms.*.takedowns_per_day": 50.0, "policy.platforms.limit_days": 3.0},
    "stores with staff": {"stores.*.removals_per_day": 10.0},
    "stores that over-remove on evidence": {"stores.*.over_removes": 0.5, "public.false_evidence": 0.5},
    "sweeps of stores": {"policy.stores.sweep_days": 30.0, "policy.stores.sweep_finds": 0.2},
}


def market(providers: int, years: float, changes: dict[str, Any]) -> Scenario:
    return load_scenario(
        "cn-2023",
        {
            "population.providers": providers,
            "population.arrivals": [[0, 1.0]],
            "horizon": 365.0 * years,
            "policy.staff.inspectors": max(1, providers // 75),
            "registry.reviewers": max(1, providers // 60),
            **changes,
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--providers", type=int, default=500)
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    variants = {"": {}} | OFF | ON
    scenarios = {name: market(chosen.providers, chosen.years, changes) for name, changes in variants.items()}
    warm(Engine.COMPILED)
    seconds: dict[str, list[float]] = {name: [] for name in scenarios}
    events: dict[str, list[int]] = {name: [] for name in scenarios}
    for number in range(-1, chosen.rounds):
        for name, scenario in scenarios.items():
            began = time.process_time()
            steps = replicate_on(Engine.COMPILED, scenario, 1, max(number, 0), keep_log=False).steps
            if number >= 0:  # the first round loads
                seconds[name].append(time.process_time() - began)
                events[name].append(steps)
    took = {name: statistics.median(values) for name, values in seconds.items()}
    each = {
        name: statistics.median(s / e for s, e in zip(seconds[name], events[name], strict=True)) for name in seconds
    }
    print(
        f"{chosen.providers} providers, {chosen.years:g} years, {chosen.rounds} rounds; as it is: {1e9 * each['']:.0f}"
    )
    print("ns per event\n\n| feature | time | per event |\n|---|---|---|")
    for name in OFF:
        print(f"| {name} | {took[''] / took[name]:.2f} | {each[''] / each[name]:.2f} |")
    for name in ON:
        print(f"| {name} (off in `cn-2023`) | {took[name] / took['']:.2f} | {each[name] / each['']:.2f} |")


if __name__ == "__main__":
    main()
