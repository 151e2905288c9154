"""How often the 95 % intervals of a scenario's outcomes hold the truth: ``make interval-coverage``.

Many replications of a scenario give the distribution of each outcome, whose mean is the truth. Runs of a few
replications are drawn from them, and the share of runs whose interval holds the truth is counted.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from shenhe.simulator import load_scenario, metrics, simulate
from shenhe.simulator.runs.intervals import mean_interval
from shenhe.simulator.runs.outcomes import kind_of
from shenhe.simulator.runs.simultaneous import interval_for_all, level_for_all

SIZES = (8, 16, 20, 32)
OFTEN = 0.2
SKEWED = 2.0
"""Comparisons are measured without outcomes that differ in a smaller share of replications, and with and without those
whose differences are more skewed than this."""


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


def simultaneous_coverage(
    differences: npt.NDArray[np.float64], *, runs: int, seed: int
) -> list[tuple[int, float, float]]:
    """For each of ``SIZES``: how often all intervals of a table hold at once, single ones and simultaneous ones.

    ``differences`` has one row per outcome and one column per replication.
    """
    dice = np.random.default_rng(seed)
    truth = differences.mean(axis=1)
    found = []
    for n in SIZES:
        alone = together = 0
        for _ in range(runs):
            drawn = list(differences[:, dice.integers(0, differences.shape[1], n)])
            level = level_for_all(drawn)
            for row, value in zip(drawn, truth, strict=True):
                _, low, high, _ = mean_interval(row)
                if not low <= value <= high:
                    break
            else:
                alone += 1
            for row, value in zip(drawn, truth, strict=True):
                low, high = interval_for_all(row, level)
                if not low <= value <= high:
                    break
            else:
                together += 1
        found.append((n, alone / runs, together / runs))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="cn-2023")
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument(
        "--against", metavar="SCENARIO", help="Measure how often all intervals of a comparison with it hold at once."
    )
    chosen = parser.parse_args()
    scenario = load_scenario(chosen.scenario, {"population.scale": chosen.scale})
    run = simulate(scenario, chosen.replications, chosen.seed, chosen.workers, engine="compiled")
    if chosen.against:
        other = load_scenario(chosen.against, {"population.scale": chosen.scale})
        against = simulate(other, chosen.replications, chosen.seed, chosen.workers, engine="compiled")
        frame = (against.outcomes - run.outcomes).drop(columns="replication")
        frame = frame.loc[:, frame.notna().all() & (frame.nunique() > 1)]
        # What differs in few replications, or hangs on a few of them, is warned of and has no coverage to speak of.
        rare = (frame != 0).mean() < OFTEN
        skewed = frame.apply(lambda column: abs(column.skew()) > SKEWED) & ~rare
        print(f"{chosen.against} less {chosen.scenario}, scale {chosen.scale:g}: {frame.shape[1]} outcomes")
        print(f"differ in fewer than {100 * OFTEN:.0f} % of replications: {', '.join(frame.columns[rare])}")
        print(f"skewness above {SKEWED:g}: {', '.join(frame.columns[skewed])}\n")
        print("| outcomes | replications | all 95 % intervals hold | all simultaneous ones hold |\n|---|---|---|---|")
        for columns in (frame.loc[:, ~rare & ~skewed], frame.loc[:, ~rare]):
            found = simultaneous_coverage(columns.to_numpy().T, runs=chosen.runs, seed=chosen.seed)
            for n, alone, together in found:
                print(f"| {columns.shape[1]} | {n} | {100 * alone:.0f} % | {100 * together:.0f} % |")
        return
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
