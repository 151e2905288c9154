"""``shenhe validate``: test the simulator against closed forms, invariants and published results."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Engine, Json, PageFile, PageLang, PageLanguage, lang_words
from .output import echo_json
from .progress import note_progress
from .simulate import finite

if TYPE_CHECKING:
    from shenhe.simulator.validation.suite import Validation


def validate(
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Random seed of the runs.")] = 2023,
    quick: Annotated[bool, typer.Option("--quick", help="Run fewer replications, with wider errors.")] = False,
    out: PageFile = None,
    language: PageLang = PageLanguage.ENGLISH,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Test the simulator against closed forms, invariants of every run, and published results.

    Exit codes: 0 every check passes, 1 a check fails.

    Example:  shenhe validate --out validation.html

    Example:  shenhe validate --quick --seed 7
    """
    from shenhe.simulator.runs.engines import using
    from shenhe.simulator.validation.suite import validate as run

    with using(engine):
        found = run(seed, quick=quick, progress=note_progress)
    if as_json:
        echo_json(json.dumps(_document(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if out is not None:
        from shenhe.reports.pages.validation import write_validation_page

        words = ["shenhe", "validate", "--seed", str(seed), *(["--quick"] if quick else [])]
        words += [*lang_words(language), "--out", out.name]
        write_validation_page(out, found, shlex.join(words), language.value)
        typer.echo(f"page: {out}", err=True)
    if found.failed:
        raise typer.Exit(1)


def _print(found: Validation) -> None:
    from rich.console import Console
    from rich.table import Table

    from shenhe.reports.pages.validation import table
    from shenhe.simulator.validation.suite import published_size

    console = Console(highlight=False)
    for group in dict.fromkeys(check.group for check in found.checks):
        checks = [check for check in found.checks if check.group == group]
        numbers = table(checks)
        grid = Table(title=group, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for place, head in enumerate(numbers.heads):
            grid.add_column(head, justify="left" if place < 2 else "right", style="dim" if place == 1 else "")
        for check, cells in zip(checks, numbers.rows, strict=True):
            grid.add_row(*cells, style="" if check.passed else "bold red")
        console.print(grid)
        console.print()
    console.print(published_size(found.escalations))
    passed = len(found.checks) - len(found.failed)
    console.print(f"{passed} of {len(found.checks)} checks passed", style="bold" if not found.failed else "bold red")


def _document(found: Validation) -> dict[str, Any]:
    return {
        "seed": found.seed,
        "quick": found.quick,
        "passed": not found.failed,
        "checks": [
            {**check._asdict(), "z": finite(check.z), "tolerance": check.tolerance, "passed": check.passed}
            for check in found.checks
        ],
        "harrington": {
            "costs": list(found.targeting.costs),
            "targeted": [float(arm.compliance.mean()) for arm in found.targeting.targeted],
            "random": [float(arm.compliance.mean()) for arm in found.targeting.random],
        },
        "escalation": [
            {
                "steepness": each.steepness,
                "flat_fine": each.flat_fine,
                "increase": each.increase[0],
                "error": each.increase[1],
            }
            for each in found.escalations
        ],
    }
