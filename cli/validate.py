"""``shenhe validate``: the simulator against its closed forms."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .simulate import Json

LIMIT = 4.0
"""Standard errors beyond which model and formula disagree."""


def validate(
    seed: Annotated[int, typer.Option("--seed", min=0, help="The seed of the runs.")] = 2023,
    as_json: Json = False,
) -> None:
    """Run the simulator against what queueing and renewal theory say it must give. Takes half a minute.

    Exit code 0 when every reading lies within four standard errors, 1 when one does not.

    Example:  shenhe validate --seed 7
    """
    from rich.console import Console
    from rich.table import Table

    from shenhe.simulator.oracles import ORACLES

    readings = []
    notes = Console(stderr=True, highlight=False)
    for oracle in ORACLES:
        if notes.is_terminal:
            notes.print(f"{(oracle.__doc__ or oracle.__name__).splitlines()[0]}", style="dim")
        readings.append(oracle(seed))
    failed = [reading for reading in readings if not abs(reading.z) < LIMIT]
    if as_json:
        rows = [{**reading._asdict(), "z": reading.z, "passed": reading not in failed} for reading in readings]
        typer.echo(json.dumps({"seed": seed, "limit": LIMIT, "readings": rows}, indent=2))
    else:
        table = Table(box=None, pad_edge=False)
        table.add_column("closed form")
        table.add_column("formula", style="dim")
        for heading in ("expected", "measured", "± s.e.", "z"):
            table.add_column(heading, justify="right")
        for reading in readings:
            style = "bold red" if reading in failed else ""
            numbers = (f"{value:.4g}" for value in (reading.expected, reading.measured, reading.error))
            table.add_row(reading.name, reading.formula, *numbers, f"{reading.z:+.2f}", style=style)
        Console(highlight=False).print(table)
    if failed:
        raise typer.Exit(1)
