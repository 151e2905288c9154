"""How often the 95 % intervals of a scenario's outcomes hold the truth: ``make interval-coverage``.

Many replications of a scenario give the distribution of each outcome, whose mean is the truth. Runs of a few
replications are drawn from them, and the share of runs whose interval holds the truth is counted.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import pandas as pd

from shenhe.simulator import load_scenario, metrics, simulate
from shenhe.simulator.runs.intervals import mean_interval
from shenhe.simulator.runs.outcomes import kind_of

SIZES = (8, 16, 20, 32)


def coverage(outcomes: pd.DataFrame, units: dict[str, str], *, runs: int, seed: int) -> pd.DataFrame:
    """One row per metric: events per replication (or NaN), skewness, and the coverage at each of ``SIZES``."""
    dice = np.random.default_rng(seed)
    rows = []
    for name in outcomes.columns:
        values = outcomes[name].to_numpy(dtype=np.float64)
        values = values[~np.isnan(values)]
        if len(values) < len(outcomes) / 2 or np.ptp(values) <= 1e-9 * abs(values.mean()):
            continue
        kind, truth = kind_of(name, units[name]), float(values.mean())
        row: dict[str, object] = {"metric": name, "kind": kind, "mean": truth}
        row["skewness"] = float(((values - truth) ** 3).mean() / values.std() ** 3)
        for n in SIZES:
            held = 0
            for _ in range(runs):
                _, low, high, _ = mean_interval(dice.choice(values, n), kind)
                held += low <= truth <= high
            row[f"n={n}"] = held / runs
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="cn-2023")
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261129)
    chosen = parser.parse_args()
    scenario = load_scenario(chosen.scenario, {"population.scale": chosen.scale})
    run = simulate(scenario, chosen.replications, chosen.seed, chosen.workers, engine="compiled")
    units = {name: metric.unit for name, metric in metrics(scenario).items()}
    table = coverage(run.outcomes.drop(columns="replication"), units, runs=chosen.runs, seed=chosen.seed)
    error = 1.96 * math.sqrt(0.95 * 0.05 / chosen.runs)
    print(
        f"{chosen.scenario}, scale {chosen.scale:g}: {chosen.replications} replications, {chosen.runs} runs of each size;"
    )
    print(f"a coverage of 95 % is measured as 95 ± {100 * error:.1f} %\n")
    print(f"| outcome | kind | mean | skewness | {' | '.join(f'n={n}' for n in SIZES)} |")
    print(f"|---|---|---|---|{'---|' * len(SIZES)}")
    for row in table.sort_values("n=20").to_dict("records"):
        shares = " | ".join(f"{100 * row[f'n={n}']:.0f} %" for n in SIZES)
        print(f"| {row['metric']} | {row['kind']} | {row['mean']:.4g} | {row['skewness']:.1f} | {shares} |")
    within = ((table["n=20"] >= 0.93) & (table["n=20"] <= 0.97)).sum()
    below = table.loc[table["n=20"] < 0.93, "metric"].tolist()
    print(f"\n{within} of {len(table)} outcomes between 93 and 97 % at n=20; below: {', '.join(below) or 'none'}")


if __name__ == "__main__":
    main()
