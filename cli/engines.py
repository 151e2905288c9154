"""``shenhe engines``: run a scenario in both engines and show the first difference, if any."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Json, Seed, Set
from .output import echo_json
from .simulate import finite, load

if TYPE_CHECKING:
    from shenhe.simulator.runs.divergence import Divergence


def engines(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", autocompletion=completion.scenarios, help="Name of a shipped scenario, or a file."
        ),
    ],
    seed: Seed = 1,
    replication: Annotated[
        int, typer.Option("--replication", "-k", metavar="N", min=0, help="Index of the replication, from 0.")
    ] = 0,
    sets: Set = None,
    as_json: Json = False,
) -> None:
    """Run one replication in both engines and compare the results bit for bit.

    If they differ, the command replays both up to the first difference. It shows the surrounding rows of both logs and
    the provider's state in each engine. Exit codes: 0 they agree, 1 they differ.

    Example:  shenhe engines cn-2023 --set population.scale=0.1

    Example:  shenhe engines my-world.yaml --seed 7 --replication 3
    """
    from shenhe.simulator.runs.divergence import explained, first_divergence
    from shenhe.simulator.runs.engines import Engine, warm
    from shenhe.simulator.runs.run import rule_names

    loaded = load(scenario, sets)
    warm(Engine.COMPILED, lambda text: typer.echo(text, err=True))
    found = first_divergence(loaded, seed, replication)
    if as_json:
        document = None if found is None else _document(found, rule_names(loaded))
        echo_json(json.dumps({"agree": found is None, "divergence": document}, indent=2, ensure_ascii=False))
    elif found is None:
        where = f"seed {seed}, replication {replication}"
        typer.echo(f"{loaded.name}: both engines give the same log and results, bit for bit ({where})")
    else:
        typer.echo(explained(found, rule_names(loaded)))
    if found is not None:
        raise typer.Exit(1)


def _document(found: Divergence, rules: list[str]) -> dict[str, Any]:
    from shenhe.simulator.runs.divergence import ENGINES, row_text

    def numbers(entries: Any) -> list[dict[str, Any]]:
        return [{**entry._asdict(), "one": finite(entry.one), "other": finite(entry.other)} for entry in entries]

    return {
        "day": found.day,
        "provider": found.provider,
        "row": found.row,
        "first": found.first,
        "rows": {
            engine: [row_text(row, rules).strip() for row in rows]
            for engine, rows in zip(ENGINES, found.around, strict=True)
        },
        "differences": numbers(found.differences),
        "state": numbers(found.state),
    }
