"""How a study scales: efficiency against workers, the cost of handing out jobs, and time and memory against providers.

Efficiency is the time of one worker divided by workers times their time, on the same jobs with the pool already up: 1
is ideal, and more workers than processors cannot reach it. Overhead is that of a job that does nothing. Memory is the
peak of a process that runs one replication, without log. ``--out FILE.html`` draws it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from shenhe.core.errors import MissingExtraError
from shenhe.simulator import load_scenario
from shenhe.simulator.runs.engines import Engine, replicate_on, warm
from shenhe.simulator.runs.executors import Dask, Inline, Processes, sweep

WORLD = {"population.arrivals": [[0, 1.0]], "horizon": 365.0, "policy.staff.inspectors": 2, "registry.reviewers": 2}
JOBS = 24
REPLICATIONS = 200
PROVIDERS = (500, 2_000, 8_000, 32_000, 128_000)

# Workers know a function by its import name; eval is one they all have. The work is a year of 40 providers, some
# hundred times.
WORK = (
    "[__import__('shenhe.simulator.runs.engines', fromlist=['replicate']).replicate("
    "__import__('shenhe.simulator.runs.engines', fromlist=['Engine']).Engine('compiled'),"
    " __import__('shenhe.simulator', fromlist=['load_scenario']).load_scenario('cn-2023',"
    f" {dict(WORLD) | {'population.providers': 40}!r}), SEED, k, keep_log=False).number"
    f" for k in range({REPLICATIONS})][-1]"
)


def work(seed: int) -> str:
    return WORK.replace("SEED", str(seed))


def seconds(pool: Any, jobs: list[str]) -> float:
    """Wall time of the jobs on a pool that is up and warm."""
    executor = pool.start()
    try:
        warm = [work(1000 + k) for k in range(2 * pool.workers)]
        list(sweep(warm, executor, eval, window=lambda: pool.window, renew=pool.renew))
        began = time.perf_counter()
        list(sweep(jobs, executor, eval, window=lambda: pool.window, renew=pool.renew))
        return time.perf_counter() - began
    finally:
        pool.stop()


def efficiency(counts: list[int]) -> list[tuple[str, int, float, float]]:
    """(executor, workers, seconds, efficiency against one process) for each."""
    jobs = [work(seed) for seed in range(JOBS)]
    alone = seconds(Processes(1), jobs)
    rows = [("inline", 1, seconds(Inline(), jobs), 0.0), ("processes", 1, alone, 1.0)]
    rows += [("processes", count, seconds(Processes(count), jobs), 0.0) for count in counts if count > 1]
    try:
        rows.append(("dask", counts[-1], seconds(Dask(counts[-1]), jobs), 0.0))
    except MissingExtraError as error:
        print(error, file=sys.stderr)
    return [(kind, count, spent, alone / (count * spent)) for kind, count, spent, _ in rows]


def overhead(pool: Any, jobs: int = 400) -> float:
    """Milliseconds that handing over and taking back one job costs."""
    executor = pool.start()
    try:
        list(sweep(["0"] * 20, executor, eval, window=lambda: pool.window, renew=pool.renew))
        began = time.perf_counter()
        list(sweep(["0"] * jobs, executor, eval, window=lambda: pool.window, renew=pool.renew))
        return 1000 * (time.perf_counter() - began) / jobs
    finally:
        pool.stop()


def peak() -> float:
    """Peak memory of this process in MB. Not ``ru_maxrss`` on Linux: a process inherits there what its parent had."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_replication(providers: int) -> None:
    """Print processor seconds, events and peak memory of one replication; run in a separate process."""
    warm(Engine.COMPILED)
    people = {"policy.staff.inspectors": max(1, providers // 75), "registry.reviewers": max(1, providers // 60)}
    scenario = load_scenario("cn-2023", {**WORLD, "population.providers": providers, **people})
    before = peak()
    began = time.process_time()
    run = replicate_on(Engine.COMPILED, scenario, 1, 0, keep_log=False)
    spent = time.process_time() - began
    print(spent, run.steps, peak(), before)


def against_providers() -> list[tuple[int, float, float, float, float]]:
    """(providers, processor seconds, events, peak MB, MB before anything was simulated) for each size."""
    rows = []
    for providers in PROVIDERS:
        command = [sys.executable, "-P", __file__, "--one", str(providers)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent, events, peak, before = map(float, output.split())
        rows.append((providers, spent, events, peak, before))
    return rows


def draw(
    path: Path, workers: list[tuple[str, int, float, float]], sizes: list[tuple[int, float, float, float, float]]
) -> None:
    from plotly.subplots import make_subplots

    titles = ("efficiency against workers", "ns per event against providers", "peak MB against providers")
    figure = make_subplots(rows=1, cols=3, subplot_titles=titles)
    processes = [row for row in workers if row[0] == "processes"]
    figure.add_scatter(x=[row[1] for row in processes], y=[row[3] for row in processes], row=1, col=1, name="processes")
    figure.add_scatter(
        x=[row[0] for row in sizes], y=[1e9 * row[1] / row[2] for row in sizes], row=1, col=2, name="time"
    )
    figure.add_scatter(x=[row[0] for row in sizes], y=[row[3] for row in sizes], row=1, col=3, name="memory")
    figure.update_xaxes(type="log", row=1, col=2)
    figure.update_xaxes(type="log", row=1, col=3)
    figure.update_yaxes(rangemode="tozero")
    figure.write_html(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="draw the figure into this file")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one_replication(options.one)
        return
    warm(Engine.COMPILED)
    processors = os.cpu_count() or 1
    counts = sorted({1, 2, *(k for k in (4, 8, 16, 32) if k <= processors)})
    print(
        f"{JOBS} jobs of {REPLICATIONS} replications on the compiled engine, {processors} processors, load"
        f" {os.getloadavg()[0]:.1f}"
    )
    workers = efficiency(counts)
    for kind, count, spent, share in workers:
        print(f"  {kind:10} {count:3} workers  {spent:7.2f} s  efficiency {share:5.2f}")
    print(f"a job handed over and taken back: {overhead(Processes(2)):.2f} ms on two processes")
    sizes = against_providers()
    first = sizes[0][1] / sizes[0][2]
    for providers, spent, events, peak, before in sizes:
        cost = spent / events
        per_event = f"{1e9 * cost:6.0f} ns per event ({cost / first:4.2f} of the smallest)"
        each = f"{1e3 * (peak - before) / providers:5.1f} kB per provider"
        print(f"  {providers:7,} providers  {events:10,.0f} events  {per_event}  {peak:5.0f} MB, {each}")
    if options.out:
        draw(options.out, workers, sizes)


if __name__ == "__main__":
    main()
