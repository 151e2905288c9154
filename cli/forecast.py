"""``shenhe forecast``: simulate a measured provider's future, and which of its failures drives it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .options import Engine, Json, PageFile, PageLang, PageLanguage, Seed, Set, lang_words
from .output import echo_json
from .progress import note_progress
from .simulate import finite, load

if TYPE_CHECKING:
    from rich.console import Console

    from shenhe.reports.figures.drawing import Numbers
    from shenhe.simulator.estimation.actors import ActorForecast
    from shenhe.simulator.estimation.forecast import Forecast
    from shenhe.simulator.estimation.measured import Measured


def forecast(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="A report written by `shenhe check`.")],
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario",
            "-s",
            metavar="SCENARIO",
            autocompletion=completion.scenarios,
            help="Name of a shipped scenario, or a file.",
        ),
    ] = "cn-2023",
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="CLASS", help="Size class of the provider. Default: the most frequent one."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="NAME", help="Store of the scenario to replace. Default: the largest."),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option("--platform", metavar="NAME", help="Platform of the scenario to replace. Default: the largest."),
    ] = None,
    days: Annotated[
        float, typer.Option("--days", metavar="DAYS", help="Days to forecast, at the end of the scenario.")
    ] = 365.0,
    link: Annotated[
        str,
        typer.Option(
            "--link",
            metavar="NAME",
            help="How failure rates under test relate to the field: edges-are-rare, as-probed or field-is-harder.",
        ),
    ] = "as-probed",
    occasions: Annotated[
        str,
        typer.Option("--occasions", metavar="NAME", help="Which check an occasion tests: weakest-check or one-check."),
    ] = "weakest-check",
    replications: Annotated[
        int, typer.Option("--replications", "-n", metavar="N", min=2, help="Number of replications.")
    ] = 20,
    seed: Seed = 1,
    sets: Set = None,
    out: PageFile = None,
    language: PageLang = PageLanguage.ENGLISH,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Forecast sanctions, downtime, removals and costs of one measured provider, and what drives them.

    The report of an app store forecasts the store instead: its refusals, the lag of its removals and its over-removals,
    with the measured store instead of one in the scenario. The report of a platform that generates nothing forecasts
    the platform: the copies that stay, how long, and its over-removals.

    Run `shenhe check --sample 60` for the report: without a random sample, the failure rates and therefore the forecast
    are very uncertain.

    Example:  shenhe check sample --fault text-unlabelled --report report.json

    Example:  shenhe forecast report.json --scenario cn-2023 --size medium --out forecast.html

    Example:  shenhe forecast store.json --store store-a

    Example:  shenhe forecast platform.json --platform platform-a --out platform.html
    """
    from shenhe.simulator.estimation.forecast import forecast as run
    from shenhe.simulator.estimation.measured import PLATFORM, STORE, read_measured
    from shenhe.simulator.runs.engines import using

    measured = read_measured(report)
    if store is not None and platform is not None:
        raise typer.BadParameter("found both --store and --platform, expected one of them", param_hint="--store")
    role = ""
    if store is not None or (platform is None and measured.roles == (STORE,)):
        role = STORE
    elif platform is not None or measured.roles == (PLATFORM,):
        role = PLATFORM
    if role:
        name = store if role == STORE else platform
        _forecast_actor(
            measured,
            scenario,
            sets,
            role,
            name,
            days,
            link,
            replications,
            seed,
            engine,
            as_json,
            out,
            report.name,
            language,
        )
        return
    with using(engine):
        found = run(
            measured,
            load(scenario, sets),
            size_class=size,
            days=days,
            link=link,
            occasions=occasions,
            replications=replications,
            seed=seed,
            progress=note_progress,
        )
    if as_json:
        echo_json(json.dumps(_document(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if out is not None:
        from shenhe.reports.pages.forecast import write_forecast_page

        words = [
            "shenhe",
            "forecast",
            report.name,
            "--scenario",
            scenario,
            "--size",
            found.size_class,
            "--days",
            f"{days:g}",
        ]
        words += ["--link", link, "--occasions", occasions, "--replications", str(replications), "--seed", str(seed)]
        for text in sets or ():
            words += ["--set", text]
        write_forecast_page(out, found, shlex.join([*words, *lang_words(language), "--out", out.name]), language.value)
        typer.echo(f"page: {out}", err=True)


def _forecast_actor(
    measured: Measured,
    scenario: str,
    sets: list[str] | None,
    role: str,
    name: str | None,
    days: float,
    link: str,
    replications: int,
    seed: int,
    engine: str,
    as_json: bool,
    out: Path | None,
    report: str,
    language: PageLanguage,
) -> None:
    """Forecast a store or a platform."""
    from shenhe.simulator.estimation.actors import forecast_actor
    from shenhe.simulator.estimation.measured import STORE
    from shenhe.simulator.estimation.platforms import PLATFORM_ROLE
    from shenhe.simulator.estimation.stores import STORE_ROLE
    from shenhe.simulator.runs.engines import using

    with using(engine):
        found = forecast_actor(
            STORE_ROLE if role == STORE else PLATFORM_ROLE,
            measured,
            load(scenario, sets),
            place=name,
            days=days,
            link=link,
            replications=replications,
            seed=seed,
            progress=note_progress,
        )
    if as_json:
        echo_json(json.dumps(_actor_document(found, role), indent=2, ensure_ascii=False))
    else:
        _print_actor(found)
    if out is not None:
        from shenhe.reports.pages.actor_forecast import write_actor_page

        words = ["shenhe", "forecast", report, "--scenario", scenario, f"--{role}", found.in_place_of]
        words += ["--days", f"{days:g}", "--link", link, "--replications", str(replications), "--seed", str(seed)]
        for text in sets or ():
            words += ["--set", text]
        command = shlex.join([*words, *lang_words(language), "--out", out.name])
        write_actor_page(out, found, role, command, language.value)
        typer.echo(f"page: {out}", err=True)


def _print_actor(found: ActorForecast) -> None:
    from rich.console import Console

    from shenhe.reports.terminal.store_forecast import forecast_notes, outcome_rows, parameter_rows

    console = Console(highlight=False)
    title = f"{found.measured.name} in place of {found.in_place_of}, {found.days:g} days of {found.scenario.name}"
    console.print(title, markup=False)
    for rows in (parameter_rows(found), outcome_rows(found)):
        console.print()
        print_grid(console, rows)
    console.print()
    for text in forecast_notes(found):
        console.print(text, style="dim", markup=False)


def _actor_document(found: ActorForecast, role: str) -> dict[str, Any]:
    return {
        role: found.measured.name,
        "in_place_of": found.in_place_of,
        "scenario": found.scenario.name,
        "scenario_hash": found.scenario.hash,
        "days": found.days,
        "link": found.link,
        "seed": found.seed,
        "replications": found.replications,
        "parameters": {
            name: {parameter: _ends(ends) for parameter, ends in parameters.items()}
            for name, parameters in found.parameters.items()
        },
        "unmeasured": found.unmeasured,
        "futures": {
            future.name: {outcome: _ends(future.mean(outcome)) for outcome in found.outcomes}
            for future in found.futures
        },
    }


def _ends(ends: tuple[float, float, float]) -> dict[str, float | None]:
    return dict(zip(("mean", "lo95", "hi95"), map(finite, ends), strict=True))


def _print(found: Forecast) -> None:
    from rich.console import Console

    from shenhe.reports.pages.forecast import brief_table, driver_table, forecast_summary, warnings

    console = Console(highlight=False)
    console.print(forecast_summary(found), markup=False)
    console.print()
    print_grid(console, brief_table(found))
    console.print()
    # Sentences, since five columns with intervals do not fit a terminal.
    for check, rule, failures, sanctions, cost in driver_table(found).rows:
        console.print(
            f"{check} ({rule}), failed {failures}: repaired, {sanctions} sanctions and {cost} RMB.", markup=False
        )
    if found.drivers:
        console.print()
    for text in warnings(found):
        console.print(text, style="dim", markup=False)


def print_grid(console: Console, numbers: Numbers) -> None:
    """Print a table whose first column holds names."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 1))
    for place, head in enumerate(numbers.heads):
        grid.add_column(head, justify="right" if place else "left", overflow="fold")
    for cells in numbers.rows:
        grid.add_row(*cells)
    console.print(grid)


def _document(found: Forecast) -> dict[str, Any]:
    from shenhe.simulator.estimation.forecast import OUTCOMES

    return {
        "provider": found.measured.name,
        "scenario": found.scenario.name,
        "scenario_hash": found.scenario.hash,
        "size_class": found.size_class,
        "days": found.days,
        "assumed": found.assumed._asdict(),
        "seed": found.seed,
        "replications": found.replications,
        "paths": found.paths,
        "evidence": [
            {**each._asdict(), "rules": list(each.rules), "posterior": list(each.posterior)}
            for each in found.measured.evidence
        ],
        "unmeasured": list(found.measured.unmeasured),
        "rates": {
            name: {behaviour: _ends(ends) for behaviour, ends in rates.items()} for name, rates in found.rates.items()
        },
        "futures": {
            future.name: {
                outcome: {
                    **_ends(future.mean(outcome)),
                    "median": future.quantile(outcome, 0.5),
                    "p95": future.quantile(outcome, 0.95),
                }
                for outcome in OUTCOMES
            }
            for future in found.futures
        },
        "drivers": [
            {
                "check": d.evidence.check,
                "rules": list(d.evidence.rules),
                "sanctions_saved": _ends(d.sanctions),
                "cost_saved": _ends(d.cost),
            }
            for d in found.drivers
        ],
    }
