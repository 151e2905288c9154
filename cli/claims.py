"""``shenhe claims``: test the claim of each scenario, and that its refuting setting refutes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Engine, Json, Workers
from .output import echo_json
from .progress import note_progress
from .simulate import finite

if TYPE_CHECKING:
    from shenhe.simulator.validation.claims import ClaimReading, Verdict


def claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO",
            autocompletion=completion.scenarios,
            help="Scenario names or files. Default: every shipped one with a claim.",
        ),
    ] = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", metavar="N", min=2, help="Replications per side.")
    ] = 12,
    seed: Annotated[
        list[int] | None,
        typer.Option("--seed", metavar="N", min=0, help="Random seed. Repeatable. Default: 1, 2 and 3."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Run scenarios at full size instead of with their quick settings.")
    ] = False,
    workers: Workers = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a Markdown table, as in docs/scenarios.md.")
    ] = False,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Test the claim of each scenario with paired replications, a 95 % interval per seed, and its refuting setting.

    Exit codes: 0 every claim holds for every seed and fails under its refuting setting, 1 otherwise.

    Example:  shenhe claims campaign-2025

    Example:  shenhe claims --seed 7 --replications 24 --json
    """
    from shenhe import scenarios
    from shenhe.simulator import load_scenario
    from shenhe.simulator.runs.engines import using
    from shenhe.simulator.validation.claims import judge

    chosen = [load_scenario(name) for name in names or scenarios.names()]
    verdicts = []
    for scenario in chosen if names else [each for each in chosen if each.claim]:
        note_progress(scenario.name)
        with using(engine):
            verdict = judge(
                scenario, quick=not full, replications=replications, seeds=seed or (1, 2, 3), workers=workers or 1
            )
        verdicts.append(verdict)
    if as_json:
        echo_json(json.dumps([_document(verdict) for verdict in verdicts], indent=2, ensure_ascii=False))
    elif markdown:
        typer.echo(_markdown(verdicts))
    else:
        _print(verdicts)
    if not all(verdict.holds and verdict.can_fail for verdict in verdicts):
        raise typer.Exit(1)


HEADS = ("scenario", "claim", "outcome", "change", "refuted by", "change then")


def _row(verdict: Verdict) -> tuple[str, ...]:
    claim = verdict.claim
    claimed, refuted = _changes(verdict.claimed), _changes(verdict.refuted)
    return (
        verdict.scenario.name,
        claim.text,
        claim.metric,
        claimed if verdict.holds else f"{claimed} NOT SHOWN",
        _setting(claim.refuted_by),
        refuted if verdict.can_fail else f"{refuted} NOT REFUTED",
    )


def _changes(readings: Sequence[ClaimReading]) -> str:
    """The mean change over seeds, and from the least lower to the greatest upper end of their intervals."""
    mean = sum(reading.change for reading in readings) / len(readings)
    low, high = min(reading.lo95 for reading in readings), max(reading.hi95 for reading in readings)
    return f"{_percent(mean)} ({_percent(low)} to {_percent(high)})"


def _percent(value: float) -> str:
    return f"{100 * value:+.{1 if abs(value) < 0.1 else 0}f} %".replace("-", "−")


def _setting(values: dict[str, Any]) -> str:
    paths = list(values)
    first = f"{paths[0]}: {json.dumps(values[paths[0]])}" if not isinstance(values[paths[0]], dict) else paths[0]
    return first if len(paths) == 1 else f"{first} and the like"


def _markdown(verdicts: Sequence[Verdict]) -> str:
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for verdict in verdicts:
        name, text, metric, claimed, refuter, refuted = _row(verdict)
        lines.append(f"| `{name}` | {text} | `{metric}` | {claimed} | `{refuter}` | {refuted} |")
    return "\n".join(lines)


def _print(verdicts: Sequence[Verdict]) -> None:
    from rich.console import Console
    from rich.padding import Padding

    console = Console(highlight=False)
    for verdict in verdicts:
        name, text, metric, claimed, refuter, refuted = _row(verdict)
        good = verdict.holds and verdict.can_fail
        console.print(name, style="bold" if good else "bold red", markup=False)
        console.print(Padding(text, (0, 0, 0, 2)), markup=False)
        summary = f"{metric} {claimed}; with {refuter}, {refuted}"
        console.print(Padding(summary, (0, 0, 0, 2)), style="dim" if good else "red", markup=False)
    kept = sum(verdict.holds and verdict.can_fail for verdict in verdicts)
    console.print(
        f"{kept} of {len(verdicts)} claims hold and can be refuted",
        style="bold" if kept == len(verdicts) else "bold red",
    )


def _document(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim

    def readings(of: Sequence[ClaimReading]) -> list[dict[str, Any]]:
        return [
            {"seed": each.seed, **{name: finite(value) for name, value in each._asdict().items() if name != "seed"}}
            for each in of
        ]

    return {
        "scenario": verdict.scenario.name,
        "claim": claim.model_dump(mode="json", exclude={"quick"}),
        "replications": verdict.replications,
        "holds": verdict.holds,
        "can_fail": verdict.can_fail,
        "claimed": readings(verdict.claimed),
        "refuted": readings(verdict.refuted),
    }
