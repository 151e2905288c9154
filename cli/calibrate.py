"""``shenhe calibrate``: fit a scenario to published figures and back-test the fit on 2025."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Engine, Json, PageFile, PageLang, PageLanguage, Seed, lang_words, writable_file
from .output import echo_json
from .progress import note_progress
from .simulate import finite, load

if TYPE_CHECKING:
    from shenhe.simulator.estimation.calibration import Calibration


def calibrate(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", autocompletion=completion.scenarios, help="Name of a shipped scenario, or a file."
        ),
    ] = "cn-2023",
    seed: Seed = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="Use a small market, one step and one prior, as a smoke test.")
    ] = False,
    scenario_out: Annotated[
        Path | None,
        typer.Option(
            "--scenario-out",
            metavar="FILE.yaml",
            callback=writable_file,
            help="Write the scenario fitted with the middle prior.",
        ),
    ] = None,
    out: PageFile = None,
    language: PageLang = PageLanguage.ENGLISH,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Fit a scenario to the published filing and enforcement figures, and back-test the fit on 2025.

    A full fit takes several minutes.

    Example:  shenhe calibrate cn-2023 --out calibration.html

    Example:  shenhe calibrate --scenario-out fitted.yaml
    """
    from shenhe.simulator.estimation.calibration import calibrate as run
    from shenhe.simulator.estimation.fitted import fitted_scenario
    from shenhe.simulator.runs.engines import using

    load(scenario, None)
    with using(engine):
        found = run(scenario, seed, quick=quick, progress=note_progress)
    if as_json:
        echo_json(json.dumps(_document(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if scenario_out is not None:
        scenario_out.write_text(fitted_scenario(found), encoding="utf-8")
        typer.echo(f"scenario: {scenario_out}", err=True)
    if out is not None:
        from shenhe.reports.pages.calibration import write_calibration_page

        words = [
            "shenhe",
            "calibrate",
            scenario,
            "--seed",
            str(seed),
            *(["--quick"] if quick else []),
            *lang_words(language),
            "--out",
            out.name,
        ]
        write_calibration_page(out, found, shlex.join(words), language.value)
        typer.echo(f"page: {out}", err=True)


def _print(found: Calibration) -> None:
    from rich.console import Console
    from rich.table import Table

    from shenhe.reports.pages.calibration import calibration_summary, cautions, tables

    console = Console(highlight=False)
    console.print(calibration_summary(found), markup=False)
    for title, numbers in tables(found):
        grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for place, head in enumerate(numbers.heads):
            grid.add_column(head, justify="right" if place else "left", overflow="fold")
        for cells in numbers.rows:
            grid.add_row(*cells)
        console.print()
        console.print(grid)
    console.print()
    for text in cautions(found):
        console.print(text, style="dim", markup=False)


def _document(found: Calibration) -> dict[str, Any]:
    filings = found.filings
    return {
        "scenario": found.scenario,
        "seed": found.seed,
        "quick": found.quick,
        "filings": {
            "happened_2025": filings.happened,
            "best": filings.best.curve,
            "back_test": [_filing_fit(fit) for fit in filings.back_test],
            "whole": [_filing_fit(fit) for fit in filings.whole],
            "said_of_2025_with_delays_times": {f"{factor:g}": list(said) for factor, said in filings.delayed.items()},
        },
        "rungs": [
            {
                "share": fit.share,
                "parameters": {
                    name: {"factor": factor, "sd_log": deviation, "learned": learned}
                    for name, (factor, deviation, learned) in fit.parameters.items()
                },
                "correlation": fit.correlation.tolist(),
                "moments_log": [moment._asdict() for moment in fit.moments],
                "back_test_2025": [
                    {
                        "name": test.name,
                        "said": list(test.said),
                        "happened": finite(test.happened),
                        "inside": test.inside,
                    }
                    for test in fit.back_test
                ],
                "said_of_2025_with_events_known": dict(
                    zip([test.name for test in fit.back_test], fit.known, strict=True)
                ),
                "overrides": fit.overrides,
            }
            for fit in found.rungs
        ],
        "campaigns_of_2026_over_2025": [
            {**each._asdict(), "published_at_least": each.published, "inside": each.inside} for each in found.campaigns
        ],
        "years": {
            "deviation_log": found.years.deviation,
            "degrees": found.years.degrees,
            "held_out": [{**each._asdict(), "inside": each.inside} for each in found.years.held_out],
            "naive_log": found.years.naive,
        },
    }


def _filing_fit(fit: Any) -> dict[str, Any]:
    return {
        "curve": fit.curve,
        "batches": fit.fitted,
        "parameters": {name: {"value": value, "se": error} for name, (value, error) in fit.parameters.items()},
        "dispersion": fit.dispersion,
        "said_of_2025": list(fit.forecast),
    }
