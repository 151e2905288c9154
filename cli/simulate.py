"""``shenhe simulate``: run a scenario and summarise its outcomes with 95 % intervals."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Engine, Json, Replications, Seed, Set, Workers, writable_folder
from .output import echo_json
from .progress import ProgressLine

if TYPE_CHECKING:
    from shenhe.simulator import Run, Scenario

WATCHED = ("violations", "cases_sanctioned")
NO_INTERVAL = "too few replications for an interval of the mean"
"""Outcomes that --precision watches unless --watch names others."""
MANY = 50_000
"""Above this number of providers, the memory needed is printed before the run starts."""
BYTES_A_PROVIDER = {"simpy": 30_000, "compiled": 10_000}
"""Memory per provider and engine, beside that of the libraries, measured on cn-2023 with its event log."""


def simulate(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO",
            autocompletion=completion.scenarios,
            help="Name of a shipped scenario, a scenario file, or with --until a run folder.",
        ),
    ] = None,
    list_scenarios: Annotated[bool, typer.Option("--list", help="List the shipped scenarios, then exit.")] = False,
    replications: Replications = 20,
    seed: Seed = 1,
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=writable_folder,
            help="Folder for run.json, event log and outcomes. An unfinished run is resumed.",
        ),
    ] = None,
    sets: Set = None,
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            metavar="5%",
            help="Add replications until the 95 % interval of each watched outcome is within this share of its mean.",
        ),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            "--watch",
            metavar="OUTCOME",
            help="Outcome for --precision, such as harm. Repeatable. Default: violations and cases_sanctioned.",
        ),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option(
            "--until",
            metavar="DAY",
            help="Continue the finished run in the folder SCENARIO to this day, with its seed and replications.",
        ),
    ] = None,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Simulate many providers under a regulator's policy.

    Example:  shenhe simulate cn-2023 --replications 20 --seed 1 --out runs/cn-2023

    Example:  shenhe simulate cn-2023 --set policy.detection.inspection_rate=0.1

    Example:  shenhe simulate campaign-2025 --set population.scale=0.1 --precision 5% --watch harm

    Example:  shenhe simulate cn-2023 --replications 200 --engine compiled

    Example:  shenhe simulate runs/cn-2023 --until 1825 --out runs/cn-2023-longer
    """
    from shenhe.simulator.runs.engines import using

    if list_scenarios:
        _print_list(as_json)
        return
    if watch and precision is None:
        raise typer.BadParameter("expected --precision with it, such as --precision 5%", param_hint="--watch")
    if scenario is None:
        raise typer.BadParameter(
            "expected a scenario name or file; list the shipped ones with `shenhe simulate --list`"
        )
    before = _finished(scenario, until, [sets, precision])
    loaded = load(scenario, sets) if before is None else before.scenario
    with using(engine):
        if before is not None and until is not None:
            run = _continued(before, until, workers, out, scenario)
        elif precision is not None:
            run = _converged(loaded, share(precision), seed, workers, out, scenario, sets, watch)
        else:
            run = run_scenario(loaded, replications, seed, workers, out, reproduce(scenario, replications, seed, sets))
    if as_json:
        echo_json(json.dumps(_run_document(run), indent=2, ensure_ascii=False))
    else:
        from shenhe.reports.terminal.outcomes import print_run_summary

        print_run_summary(run)
        if out is not None:
            typer.echo(f"run folder: {out}", err=True)


def _finished(scenario: str, until: float | None, others: list[Any]) -> Run | None:
    """The run to continue, with --until; everything about it is checked before anything is computed."""
    if until is None and not Path(scenario).is_dir():
        return None
    if until is None:
        raise typer.BadParameter(f"{scenario} is a run folder; pass --until DAY to continue it", param_hint="SCENARIO")
    if not Path(scenario).is_dir():
        raise typer.BadParameter(f"found {scenario}, expected the folder of a finished run", param_hint="--until")
    if any(others):
        raise typer.BadParameter("--until continues a run unchanged: omit --set and --precision", param_hint="--until")
    from shenhe.simulator import read_run
    from shenhe.simulator.runs.continuation import longer_scenario

    run = read_run(scenario)
    longer_scenario(run, until)
    return run


def _continued(before: Run, until: float, workers: int | None, out: Path | None, name: str) -> Run:
    from shenhe.simulator import continue_run

    command = shlex.join(["shenhe", "simulate", name, "--until", f"{until:g}"])
    bar = progress_bar(f"{before.scenario.name}, to day {until:g}")
    try:
        return continue_run(before, until, workers or 1, out, bar, command=command)
    finally:
        bar(-1, before.replications)


def share(text: str) -> float:
    """``"5%"`` or ``"0.05"`` as a number between 0 and 1."""
    try:
        value = float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1.0:
        raise typer.BadParameter(f"found {text!r}, expected a share such as 5% or 0.05", param_hint="--precision")
    return value


def _converged(
    scenario: Scenario,
    precision: float,
    seed: int,
    workers: int | None,
    out: Path | None,
    name: str,
    sets: Sequence[str] | None,
    watch: Sequence[str] | None,
) -> Run:
    from shenhe.core.text import percent
    from shenhe.simulator import converge

    run, found = converge(
        scenario,
        precision,
        watch or WATCHED,
        seed=seed,
        workers=workers or 1,
        out=out,
        command=reproduce(name, 0, seed, sets),
    )
    for entry in found:
        reached = "" if entry.relative <= precision else f"; {entry.wanted:,} replications would be needed"
        width = f"± {percent(entry.relative)} %" if math.isfinite(entry.relative) else NO_INTERVAL
        typer.echo(f"{entry.metric}: {width} after {entry.replications} replications{reached}", err=True)
    return run


def load(name: str, sets: Sequence[str] | None) -> Scenario:
    """The scenario with the changes of ``--set``."""
    from shenhe.simulator import load_scenario
    from shenhe.simulator.scenario.loading import parse_override

    return load_scenario(name, dict(parse_override(text) for text in sets or ()), exact=True)


def reproduce(scenario: str, replications: int, seed: int, sets: Sequence[str] | None) -> str:
    """The command that makes the same run again."""
    words = ["shenhe", "simulate", scenario, "--replications", str(replications), "--seed", str(seed)]
    for text in sets or ():
        words += ["--set", text]
    return shlex.join(words)


def run_scenario(
    scenario: Scenario, replications: int, seed: int, workers: int | None, out: Path | None, command: str | None
) -> Run:
    """Run with progress on stderr; Ctrl-C ends with exit code 130 and says what was kept."""
    from shenhe import simulator

    if workers is None:
        # A process takes a second or two to start: small runs are quicker without.
        heavy = scenario.population.simulated * scenario.horizon * replications > 2e7
        workers = min(os.cpu_count() or 1, replications) if heavy else 1
    if scenario.population.simulated > MANY:
        typer.echo(memory_needed(scenario, replications, workers), err=True)
    finished = 0
    bar = progress_bar(f"{scenario.name}, {replications} replications")

    def progress(done: int, total: int) -> None:
        nonlocal finished
        finished = done
        bar(done, total)

    try:
        return simulator.simulate(scenario, replications, seed, workers, out, progress, command=command)
    except KeyboardInterrupt:
        kept = f"repeat the command to resume from {out}" if out else "nothing was saved: --out was not given"
        typer.echo(f"\nstopped after {finished} of {replications} replications; {kept}", err=True)
        raise typer.Exit(130) from None
    finally:
        bar(-1, replications)


def memory_needed(scenario: Scenario, replications: int, workers: int) -> str:
    """The memory that a run of a large market needs and that this machine has, as a sentence."""
    from shenhe.simulator.runs.engines import choose

    providers, engine = scenario.population.simulated, choose(None, [(scenario, replications)])
    each = providers * BYTES_A_PROVIDER[engine] / 1e9
    need = f"about {each:.1f} GB of memory" + (f" in each of {workers} workers" if workers > 1 else "")
    try:
        has = f", of {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB in this machine"
    except (AttributeError, ValueError, OSError):
        has = ""
    return f"{providers:,} providers will need {need}{has}; set population.scale below 1 for a smaller market"


def progress_bar(title: str) -> Callable[[int, int], None]:
    """A progress line on stderr, after two seconds. A negative count clears the line."""
    line = ProgressLine(title, delay=2)

    def show(done: int, total: int) -> None:
        if done < 0:
            line.clear()
        elif total > 1:
            line.show(done, total)

    return show


def _print_list(as_json: bool) -> None:
    from shenhe import scenarios
    from shenhe.simulator import load_scenario

    listed = [load_scenario(name) for name in scenarios.names()]
    if as_json:
        rows = [
            {
                "name": item.name,
                "title": item.title,
                "story": item.story,
                "sources": item.sources,
                "providers": item.population.simulated,
                "horizon_days": item.horizon,
            }
            for item in listed
        ]
        echo_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(item.name) for item in listed)
    for item in listed:
        typer.echo(f"{item.name:{width}}  {item.title}")


def finite(value: Any) -> float | None:
    """``value`` for JSON, which has no NaN: ``None`` for an undefined number."""
    return None if value != value else float(value)


def _run_document(run: Run) -> dict[str, Any]:
    return {
        "scenario": run.scenario.name,
        "scenario_hash": run.scenario.hash,
        "seed": run.seed,
        "replications": run.replications,
        "folder": str(run.folder) if run.folder else None,
        "notices": run.scenario.population.notices,
        "metrics": {
            str(name): {
                "title": entry.title,
                "unit": entry.unit,
                "mean": finite(entry["mean"]),
                "lo95": finite(entry.lo95),
                "hi95": finite(entry.hi95),
                "n": int(entry.n),
                **{name: finite(entry[name]) for name in ("median", "median_lo95", "median_hi95")},
                "interval_of": entry.interval_of,
            }
            for name, entry in run.summary.iterrows()
        },
    }
