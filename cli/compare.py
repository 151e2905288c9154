"""``shenhe compare``: the paired differences between two policies, on the same random numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Engine, Json, Replications, Seed, Set, Workers
from .output import echo_json
from .simulate import finite, load, run_scenario

if TYPE_CHECKING:
    from shenhe.simulator import Comparison, Run


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="Scenario (name or file) or run folder.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Scenario or run folder to compare with A.")],
    replications: Replications = 20,
    seed: Seed = 1,
    workers: Workers = None,
    sets: Set = None,
    sets_a: Annotated[
        list[str] | None,
        typer.Option("--set-a", metavar="PATH=VALUE", help="Change a parameter of A only. Repeatable."),
    ] = None,
    sets_b: Annotated[
        list[str] | None,
        typer.Option("--set-b", metavar="PATH=VALUE", help="Change a parameter of B only. Repeatable."),
    ] = None,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Compare two scenarios or two runs on the same random numbers, replication by replication.

    Example:  shenhe compare cn-2022-draft cn-2023

    Example:  shenhe compare cn-2023 cn-2023 --set-b policy.staff.inspectors=160
    """
    from shenhe import simulator
    from shenhe.simulator.runs.engines import using

    with using(engine):
        runs = [
            _run(name, replications, seed, workers, [*(sets or ()), *(own or ())])
            for name, own in ((a, sets_a), (b, sets_b))
        ]
    comparison = simulator.compare(*runs)
    if as_json:
        echo_json(json.dumps(_document(comparison), indent=2, ensure_ascii=False))
    else:
        from shenhe.reports.terminal.summary import print_comparison

        print_comparison(comparison)


def _run(name: str, replications: int, seed: int, workers: int | None, sets: list[str]) -> Run:
    from shenhe.simulator import RunError, read_run

    if Path(name).is_dir():
        if sets:
            raise RunError(
                f"{name}: is a finished run, whose parameters --set cannot change; name its scenario instead"
            )
        return read_run(name)
    return run_scenario(load(name, sets), replications, seed, workers, None, None)


def _document(comparison: Comparison) -> dict[str, Any]:
    def side(run: Run) -> dict[str, Any]:
        return {"scenario": run.scenario.name, "scenario_hash": run.scenario.hash, "replications": run.replications}

    numbers = ("mean_a", "mean_b", "difference", "lo95", "hi95")
    return {
        "a": side(comparison.a),
        "b": side(comparison.b),
        "seed": comparison.a.seed,
        "metrics": {
            str(row["metric"]): {
                "title": row["title"],
                "unit": row["unit"],
                **{name: finite(row[name]) for name in numbers},
                "n": int(row["n"]),
            }
            for row in comparison.table.to_dict("records")
        },
    }
