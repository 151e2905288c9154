"""``shenhe compare``: the paired differences between two policies, on the same random numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Engine, Json, Replications, Seed, Set, Workers, writable_folder
from .output import echo_json
from .simulate import NO_INTERVAL, finite, load, run_scenario, share

if TYPE_CHECKING:
    from shenhe.simulator import Comparison, Run, Scenario


class Breakdown(StrEnum):
    """What the outcomes of a comparison are broken down by."""

    SIZE = "size"
    BEHAVIOUR = "behaviour"
    AUTHORITY = "authority"


def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", autocompletion=completion.scenarios, help="Scenario (name or file) or run folder."),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", autocompletion=completion.scenarios, help="Scenario or run folder to compare with A."
        ),
    ],
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
    by: Annotated[
        Breakdown,
        typer.Option("--by", help="Break the outcomes down by size class, behaviour or authority, below the summary."),
    ] = Breakdown.SIZE,
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="OUTCOME=RMB",
            help="Price one unit of an outcome, such as harm=0.05 or wrongful_sanctions=50000. Repeatable.",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            metavar="2%",
            help="Add replications until the 95 % interval of the difference of each watched outcome has a half-width"
            " within this share of its mean in A.",
        ),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option("--watch", metavar="OUTCOME", help="Outcome for --precision. Repeatable. Default: violations."),
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Compare runs of different horizon, market, calendar or model version.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=writable_folder,
            help="Write the tables to this folder, as CSV and Parquet.",
        ),
    ] = None,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Compare two scenarios or two runs on the same random numbers, replication by replication.

    Example:  shenhe compare cn-2022-draft cn-2023

    Example:  shenhe compare cn-2023 cn-2023 --set-b policy.staff.inspectors=160

    Example:  shenhe compare cn-2023 cn-2023 --set-b policy.staff.inspectors=+40 --by behaviour

    Example:  shenhe compare cn-2022-draft cn-2023 --precision 1% --watch violations

    Example:  shenhe compare cn-2022-draft cn-2023 --price harm=0.05 --price wrongful_sanctions=50000 --price fines=0.1
    """
    from shenhe import simulator
    from shenhe.simulator.runs.comparison import check_prices, require_comparable
    from shenhe.simulator.runs.engines import using

    # Both sides are read and compared before either is simulated: a misspelt name must not cost a run.
    sides = [_side(name, [*(sets or ()), *(own or ())]) for name, own in ((a, sets_a), (b, sets_b))]
    chosen = _prices(prices or [])
    scenarios = [side.scenario if isinstance(side, simulator.Run) else side for side in sides]
    check_prices(chosen, *scenarios)
    if not anyway:
        require_comparable(*scenarios)
    if by is Breakdown.AUTHORITY and not any(each.policy.authorities for each in scenarios):
        raise typer.BadParameter(
            "found no policy.authorities in either scenario, expected some, as in inspector-crunch", param_hint="--by"
        )
    if watch and precision is None:
        raise typer.BadParameter("expected --precision with it, such as --precision 2%", param_hint="--watch")
    with using(engine):
        runs = (
            _precise(sides, share(precision), watch or ["violations"], seed, workers)
            if precision
            else [
                side if isinstance(side, simulator.Run) else run_scenario(side, replications, seed, workers, None, None)
                for side in sides
            ]
        )
    comparison = simulator.compare(*runs, anyway=anyway)
    if out is not None:
        write_tables(comparison, out)
    if as_json:
        echo_json(json.dumps(_document(comparison, chosen), indent=2, ensure_ascii=False))
    else:
        from shenhe.reports.terminal.outcomes import print_comparison

        print_comparison(comparison, by=by.value, prices=chosen)


def _precise(
    sides: list[Scenario | Run], precision: float, watch: list[str], seed: int, workers: int | None
) -> list[Run]:
    """Both sides with as many replications as the precision of their differences takes."""
    from shenhe.core.text import percent
    from shenhe.simulator import Run, converge_difference

    scenarios = [side for side in sides if not isinstance(side, Run)]
    if len(scenarios) < len(sides):
        raise typer.BadParameter(
            "expected two scenarios: a finished run cannot get more replications", param_hint="--precision"
        )
    a, b, found = converge_difference(scenarios[0], scenarios[1], precision, watch, seed, workers or 1)
    for entry in found:
        reached = "" if entry.relative <= precision else f"; {entry.wanted:,} replications would be needed"
        width = f"difference ± {percent(entry.relative)} % of A" if math.isfinite(entry.relative) else NO_INTERVAL
        typer.echo(f"{entry.metric}: {width} after {entry.replications} pairs of replications{reached}", err=True)
    return [a, b]


def _prices(texts: list[str]) -> dict[str, float]:
    """``OUTCOME=RMB`` as a mapping. Raises :class:`RunError`."""
    from shenhe.simulator import RunError

    prices = {}
    for text in texts:
        name, _, price = text.partition("=")
        try:
            prices[name.strip()] = float(price)
        except ValueError:
            raise RunError(f"--price {text}: expected OUTCOME=RMB, such as harm=0.05") from None
    return prices


def write_tables(comparison: Comparison, folder: Path) -> None:
    """``differences``, ``outcomes`` and the three breakdowns as CSV and Parquet, each written whole."""
    import io

    import pandas as pd

    from shenhe.core.files import write_whole

    changed = [(each.path, str(each.a), str(each.b)) for each in comparison.differences]
    frames = {
        "differences": pd.DataFrame(changed, columns=["path", "a", "b"]),
        "outcomes": comparison.table,
        "by-size": comparison.by_size,
        "by-behaviour": comparison.by_behaviour,
    }
    if len(comparison.by_authority):
        frames["by-authority"] = comparison.by_authority
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        write_whole(folder / f"{name}.csv", frame.to_csv(index=False))
        data = io.BytesIO()
        frame.to_parquet(data, index=False, compression="zstd")
        write_whole(folder / f"{name}.parquet", data.getvalue())


def _side(name: str, sets: list[str]) -> Scenario | Run:
    from shenhe.simulator import RunError, read_run

    if Path(name).is_dir():
        if sets:
            raise RunError(
                f"{name}: is a finished run, whose parameters --set cannot change; name its scenario instead"
            )
        return read_run(name)
    return load(name, sets)


def _document(comparison: Comparison, prices: Mapping[str, float]) -> dict[str, Any]:
    def side(run: Run) -> dict[str, Any]:
        return {"scenario": run.scenario.name, "scenario_hash": run.scenario.hash, "replications": run.replications}

    numbers = (
        *("mean_a", "mean_b", "difference", "lo95", "hi95", "lo_all", "hi_all"),
        *("median", "median_lo95", "median_hi95"),
    )

    def rows(frame: Any, key: str) -> list[dict[str, Any]]:
        return [
            {
                key: row[key],
                "metric": row["metric"],
                **{name: finite(row[name]) for name in numbers},
                "n": int(row["n"]),
                "skewed": bool(row["skewed"]),
                "interval_of": row["interval_of"],
            }
            for row in frame.to_dict("records")
        ]

    price, low, high = comparison.cost_per_harm_avoided
    return {
        "a": side(comparison.a),
        "b": side(comparison.b),
        "seed": comparison.a.seed,
        "notices": comparison.a.scenario.population.notices,
        "differences": [{"path": each.path, "a": each.a, "b": each.b} for each in comparison.differences],
        "cost_per_harm_avoided": {"mean": finite(price), "lo95": finite(low), "hi95": finite(high)},
        "priced": [
            {
                name: finite(value) if name in ("price", "difference", "lo95", "hi95") else value
                for name, value in row.items()
            }
            for row in comparison.priced(prices).to_dict("records")
        ]
        if prices
        else [],
        "by_size": rows(comparison.by_size, "size_class"),
        "by_behaviour": rows(comparison.by_behaviour, "behaviour"),
        "by_authority": rows(comparison.by_authority, "authority"),
        "metrics": {
            str(row["metric"]): {
                "title": row["title"],
                "unit": row["unit"],
                **{name: finite(row[name]) for name in numbers},
                "n": int(row["n"]),
                "skewed": bool(row["skewed"]),
                "interval_of": row["interval_of"],
            }
            for row in comparison.table.to_dict("records")
        },
    }
