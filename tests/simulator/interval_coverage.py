"""How often the 95 % intervals of a scenario's outcomes hold the truth: ``make interval-coverage``.

Many replications of a scenario give the distribution of each outcome, whose mean and median are the truth. Runs of a
few replications are drawn from them, and the share of runs whose interval holds the truth is counted: that of the mean
where it has one, that of the median where not.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from shenhe.scenarios import names as shipped
from shenhe.simulator import Run, load_scenario, metrics, simulate
from shenhe.simulator.runs.intervals import mean_interval, median_interval
from shenhe.simulator.runs.outcomes import kind_of
from shenhe.simulator.runs.rates import counted, pooled
from shenhe.simulator.runs.simultaneous import interval_for_all, level_for_all
from shenhe.simulator.runs.tails import needed_for_parts, replications_needed

Floats = npt.NDArray[np.float64]
SIZES = (8, 16, 20, 32)
IN_RANGE = (0.925, 0.975)
"""A coverage that rounds to 93 to 97 %."""


def coverage(run: Run, *, runs: int, seed: int, sizes: Sequence[int] = SIZES) -> pd.DataFrame:
    """One row per metric that varies, with its kind, mean and skewness; and for each of ``sizes`` the share of runs in
    which the mean has an interval (``given``), how often that holds (``mean``), how often it would if it were always
    given (``always``), how often the interval of the median holds where it is shown instead (``median``), and whether
    the sums of so few events leave an interval between (``possible``).
    """
    dice = np.random.default_rng(seed)
    outcomes, named = run.outcomes.drop(columns="replication"), metrics(run.scenario)
    parts = counted(run.providers, run.series, [each.name for each in run.scenario.population.classes], len(outcomes))
    whole = pooled(parts)
    rows: dict[str, dict[str, object]] = {}
    for name in outcomes.columns:
        values = outcomes[name].to_numpy(dtype=np.float64)
        values = values[~np.isnan(values)]
        if len(values) < len(outcomes) / 2 or np.ptp(values) <= 1e-9 * abs(values.mean()):
            continue
        spread = whole.get(name, values)
        truth = float(spread.mean())
        skewness = float(((spread - truth) ** 3).mean() / spread.std() ** 3)
        rows[name] = {
            "metric": name,
            "kind": kind_of(name, named[name].unit),
            "mean": truth,
            "middle": float(np.median(values)),
            "skewness": skewness,
        }
    for n in sizes:
        held = {name: np.zeros(4) for name in rows}
        sums: dict[str, list[float]] = {name: [] for name, row in rows.items() if row["kind"] == "count"}
        for _ in range(runs):
            places = dice.integers(0, len(outcomes), n)
            drawn = outcomes.iloc[places]
            rates = pooled({column: (each[0][places], each[1][places]) for column, each in parts.items()})
            for name, row in rows.items():
                held[name] += _held(run, drawn, rates, row)
            for name, found in sums.items():
                found.append(float(drawn[name].sum()))
        for name, row in rows.items():
            row[f"possible {n}"] = name not in sums or _leaves_between(np.array(sums[name]))
            given, mean, median, always = held[name]
            row |= {f"given {n}": given / runs, f"mean {n}": mean / given if given else math.nan}
            row |= {f"median {n}": median / (runs - given) if given < runs else math.nan, f"always {n}": always / runs}
    return pd.DataFrame(list(rows.values()))


def _held(run: Run, drawn: pd.DataFrame, rates: Mapping[str, Floats], row: Mapping[str, object]) -> Floats:
    """0 or 1 each: whether the mean has an interval, whether that holds, whether that of the median holds where the
    mean has none, and whether that of the mean would hold.
    """
    name = str(row["metric"])
    single = drawn[name].to_numpy(dtype=np.float64)
    _, low, high, _ = mean_interval(rates.get(name, single), row["kind"])  # type: ignore[arg-type]
    holds = bool(low <= float(row["mean"]) <= high)  # type: ignore[arg-type]
    if low == low and replications_needed(run.scenario, drawn, name) <= len(drawn):
        return np.array([1.0, holds, 0.0, holds])
    _, low, high = median_interval(single)
    return np.array([0.0, 0.0, low <= row["middle"] <= high, holds])  # type: ignore[operator]


def _leaves_between(sums: Floats) -> bool:
    """Whether the shares of runs with neighbouring sums add up to a coverage within ``IN_RANGE``. An interval is a
    function of the sum where events are few, and takes in whole sums or leaves them out.
    """
    _, counts = np.unique(sums, return_counts=True)
    below = np.concatenate([[0.0], np.cumsum(counts) / len(sums)])
    between = below[None, :] - below[:, None]
    return bool(((between >= IN_RANGE[0]) & (between < IN_RANGE[1])).any())


def simultaneous_coverage(a: Run, b: Run, *, runs: int, seed: int) -> list[tuple[int, float, float, float]]:
    """For each of ``SIZES``: how many rows of a comparison have an interval of the mean difference, on the mean; and
    how often all of these hold at once, single ones and simultaneous ones.
    """
    dice = np.random.default_rng(seed)
    names = [name for name in a.outcomes.columns if name != "replication" and name in b.outcomes]
    sides = [run.outcomes[names].to_numpy(dtype=np.float64) for run in (a, b)]
    usable = [k for k in range(len(names)) if not np.isnan(sides[1][:, k] - sides[0][:, k]).any()]
    truth = (sides[1] - sides[0]).mean(axis=0)
    found = []
    for n in SIZES:
        given = alone = together = 0
        for _ in range(runs):
            places = dice.integers(0, len(sides[0]), n)
            drawn = [run.outcomes.iloc[places] for run in (a, b)]
            differences = sides[1][places] - sides[0][places]
            rows = {
                k: differences[:, k]
                for k in usable
                if differences[:, k].any()
                and not all(
                    needed_for_parts(run.scenario, each, names[k]) for run, each in zip((a, b), drawn, strict=True)
                )
            }
            given += len(rows)
            level = level_for_all(list(rows.values()))
            ends = [(mean_interval(row)[1:3], interval_for_all(row, level), truth[k]) for k, row in rows.items()]
            alone += all(single[0] <= true <= single[1] for single, _, true in ends)
            together += all(every[0] <= true <= every[1] for _, every, true in ends)
        found.append((n, given / runs, alone / runs, together / runs))
    return found


def cell(row: Mapping[str, float], n: int) -> str:
    """A cell of the table: the coverage of what is shown, and what that is."""
    given, mean, median = (row[f"{key} {n}"] for key in ("given", "mean", "median"))
    if given in (0.0, 1.0):
        return f"{100 * mean:.0f} %" if given else f"median {100 * median:.0f} %"
    return f"{100 * (given * mean + (1.0 - given) * median):.0f} % (median in {100 * (1.0 - given):.0f} %)"


def summed_up(table: pd.DataFrame, n: int = 20) -> list[tuple[str, list[str]]]:
    """What the table says at ``n`` replications: a line and its outcomes each."""
    low, high = IN_RANGE
    mean, median, always = (table[f"{key} {n}"] for key in ("mean", "median", "always"))
    of_mean = table[f"given {n}"] >= 0.5
    lines = {
        "interval of the mean, covers 93 to 97 %, rounded": of_mean & (mean >= low) & (mean < high),
        "interval of the mean, covers more": of_mean & (mean >= high),
        "of those, no interval could cover 93 to 97 %": of_mean & (mean >= high) & ~table[f"possible {n}"].astype(bool),
        "interval of the mean, covers less": of_mean & (mean < low),
        "interval of the median, covers 93 % or more": ~of_mean & (median >= low),
        "interval of the median, covers less": ~of_mean & (median < low),
        "of those of the median, the mean's would have covered, too": ~of_mean & (always >= low),
    }
    return [(words, table.loc[chosen, "metric"].tolist()) for words, chosen in lines.items()]


def every(replications: int, runs: int, seed: int, workers: int) -> None:
    """Print a row for each shipped scenario: how many outcomes are covered, and which are not."""
    print("| scenario | providers | mean: 93 to 97 % | mean: more | none could | median | covered less |")
    print("|---|---|---|---|---|---|---|")
    sums = np.zeros(5, dtype=np.int64)
    for name in shipped():
        scenario = load_scenario(name)
        if scenario.population.simulated > 1000:
            scenario = load_scenario(name, {"population.scale": 0.1 * scenario.population.scale})
        run = simulate(scenario, replications, seed, workers, engine="compiled")
        table = coverage(run, runs=runs, seed=seed, sizes=(20,))
        good, more, forced, less, median, median_less, _ = (names for _, names in summed_up(table))
        low = [f"`{each}` ({table.set_index('metric').loc[each, 'always 20']:.0%})" for each in (*less, *median_less)]
        counts = [len(good), len(more), len(forced), len(median), len(low)]
        sums += counts
        shown = " | ".join(map(str, counts[:4]))
        print(f"| `{name}` | {scenario.population.simulated} | {shown} | {', '.join(low) or '-'} |", flush=True)
    print(f"| all | | {' | '.join(map(str, sums))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="cn-2023")
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="Replications of a run.")
    parser.add_argument(
        "--against", metavar="SCENARIO", help="Measure how often all intervals of a comparison with it hold at once."
    )
    parser.add_argument(
        "--every",
        action="store_true",
        help="Every shipped scenario, those of more than a thousand providers in their tenth, with 20 replications a run.",
    )
    chosen = parser.parse_args()
    if chosen.every:
        every(chosen.replications, chosen.runs, chosen.seed, chosen.workers)
        return
    scenario = load_scenario(chosen.scenario, {"population.scale": chosen.scale})
    run = simulate(scenario, chosen.replications, chosen.seed, chosen.workers, engine="compiled")
    if chosen.against:
        other = load_scenario(chosen.against, {"population.scale": chosen.scale})
        against = simulate(other, chosen.replications, chosen.seed, chosen.workers, engine="compiled")
        print(f"{chosen.against} less {chosen.scenario}, scale {chosen.scale:g}\n")
        print(
            "| replications | rows with an interval of the mean | all 95 % intervals hold | all simultaneous ones hold |"
        )
        print("|---|---|---|---|")
        for n, given, alone, together in simultaneous_coverage(run, against, runs=chosen.runs, seed=chosen.seed):
            print(f"| {n} | {given:.0f} | {100 * alone:.0f} % | {100 * together:.0f} % |")
        return
    table = coverage(run, runs=chosen.runs, seed=chosen.seed, sizes=chosen.sizes)
    main_size = 20 if 20 in chosen.sizes else chosen.sizes[0]
    error = 1.96 * math.sqrt(0.95 * 0.05 / chosen.runs)
    print(
        f"{chosen.scenario}, scale {chosen.scale:g}: {chosen.replications} replications, {chosen.runs} runs of each size;"
    )
    print(f"a coverage of 95 % is measured as 95 ± {100 * error:.1f} %\n")
    print(f"| at {main_size} replications | outcomes | |\n|---|---|---|")
    for words, names in summed_up(table, main_size):
        print(f"| {words} | {len(names)} | {', '.join(names) if len(names) < 20 else ''} |")
    print(f"| measured | {len(table)} | |\n")
    print(f"| outcome | kind | mean | skewness | {' | '.join(f'n={n}' for n in chosen.sizes)} |")
    print(f"|---|---|---|---|{'---|' * len(chosen.sizes)}")
    for row in table.sort_values(f"always {main_size}").to_dict("records"):
        shares = " | ".join(cell(row, n) for n in chosen.sizes)  # type: ignore[arg-type]
        print(f"| {row['metric']} | {row['kind']} | {row['mean']:.4g} | {row['skewness']:.1f} | {shares} |")


if __name__ == "__main__":
    main()
