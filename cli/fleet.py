"""``shenhe fleet``: judge every provider of a folder of bindings, to a league table and a page."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.conformance.verdict import Level

from .options import INTERRUPTED, AtLevel, Examples, On, Packs, Rules, Seed, day_of, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shenhe.conformance.evidence.baseline import Baseline
    from shenhe.conformance.fleet import Fleet, Member, Provider, Result

#: A larger report has no page; its evidence stands in report.json.
LARGEST_SHOWN = 16 * 1024 * 1024


def fleet(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder of bindings, a *.yaml file each.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for fleet.json, index.html and a report each.")
    ] = Path("fleet"),
    level: AtLevel = Level.CORE,
    packs: Packs = None,
    rules: Rules = None,
    on: On = None,
    seed: Seed = 0,
    examples: Examples = 25,
    at_once: Annotated[
        int, typer.Option("--at-once", metavar="N", min=1, max=64, help="Providers asked at the same time.")
    ] = 4,
    max_time: Annotated[
        float,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            min=0.1,
            help="Ask each no longer; one that does not end soon after is ended.",
        ),
    ] = 1800.0,
    max_requests: Annotated[int | None, typer.Option("--max-requests", min=1, help="Send each no more.")] = None,
    max_generations: Annotated[
        int | None, typer.Option("--max-generations", min=0, help="Call what each may charge for no more often.")
    ] = None,
    max_memory: Annotated[
        int, typer.Option("--max-memory", metavar="MIB", min=64, help="Address space that each may take.")
    ] = 2048,
    env_dir: Annotated[
        Path | None,
        typer.Option("--env-dir", metavar="DIR", help="Take the variables of NAME.yaml from NAME.env here alone."),
    ] = None,
    baseline_dir: Annotated[
        Path | None,
        typer.Option(
            "--baseline-dir", metavar="DIR", help="What is accepted of NAME.yaml for now stands in NAME.yaml here."
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask everybody again, also those that an earlier run finished.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print fleet.json instead of the table.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of fleet.json.")] = False,
) -> None:
    """Judge every provider of a folder of bindings, each in a process of its own with a bound on time and memory.

    One that fails, hangs or dies stops nobody else. The same command again asks only those that were not finished. Exit
    code: that of `shenhe check` for the gravest: 1 a rule is broken, 2 a binding cannot be used, 3 not fully verified,
    0 all passed.

    Example:  shenhe fleet bindings --out results

    Example:  shenhe fleet bindings --level extended --at-once 8 --env-dir secrets
    """
    from shenhe.conformance.fleet import json_schema

    if schema:
        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    if folder is None:
        raise typer.BadParameter("name a folder of bindings, a *.yaml file each", param_hint="DIR")
    from shenhe.conformance.fleet import Options, members, read_variables, run_fleet, shared_secrets

    chosen = members(folder)
    own = read_variables(env_dir, chosen) if env_dir is not None else None
    if own is None:
        for name, files in shared_secrets(chosen).items():
            _say(f"{name} is given to several: {', '.join(files)}; --env-dir keeps the variables of each apart")
    wanted_packs, wanted_rules = split(packs), split(rules)
    whole = run_fleet(
        chosen,
        out,
        environ=os.environ,
        own_environ=own,
        options=Options(
            level=level.value,
            packs=tuple(wanted_packs) if wanted_packs else None,
            rules=tuple(wanted_rules) if wanted_rules else None,
            on=day_of(on),
            seed=seed,
            examples=examples,
            max_seconds=max_time,
            max_requests=max_requests,
            max_generations=max_generations,
        ),
        at_once=at_once,
        fresh=fresh,
        memory=max_memory << 20,
        baselines=_baselines(baseline_dir, chosen) if baseline_dir is not None else None,
        progress=_told,
    )
    _write_pages(whole, out)
    if as_json:
        sys.stdout.write(whole.model_dump_json(indent=1) + "\n")
    else:
        from shenhe.reports.terminal.league import print_league

        print_league(whole)
    typer.echo(f"written: {out / 'fleet.json'}", err=True)
    typer.echo(f"written: {out / 'index.html'}", err=True)
    if any(provider.outcome == "not run" for provider in whole.providers):
        typer.echo("shenhe: stopped; what was finished is kept, and the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(whole.exit_code)


def _baselines(folder: Path, chosen: Sequence[Member]) -> dict[str, Baseline]:
    """The baselines of a folder by the member they are for; one that is for nobody is told."""
    from shenhe.conformance.evidence.baseline import read_baseline

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder", param_hint="--baseline-dir")
    files = {member.name: folder / member.path.name for member in chosen}
    strangers = sorted({path.name for path in folder.glob("*.yaml")} - {path.name for path in files.values()})
    if strangers:
        _say(f"no binding bears the name of the baseline {', '.join(strangers)}")
    return {name: read_baseline(path) for name, path in files.items() if path.is_file()}


def _write_pages(whole: Fleet, out: Path) -> None:
    """The page of each provider that has a report, unless it is there already, and the page of all."""
    from shenhe.reports.pages.fleet import write_fleet_page

    pages = {}
    for provider in whole.providers:
        if provider.report is None:
            continue
        path = (out / provider.report).with_name("report.html")
        problem = _write_page(provider, out / provider.report, path)
        if problem:
            _say(f"no page for {provider.name}: {problem}")
        else:
            pages[provider.name] = path.relative_to(out).as_posix()
    write_fleet_page(out / "index.html", whole, pages)


def _write_page(provider: Provider, report: Path, page: Path) -> str:
    """Why there is no page, or nothing. Whatever a report holds, it costs no other provider its page."""
    from shenhe.conformance.report import ReportError, parse_report, read_report_bytes
    from shenhe.reports.pages.clauses import PageError
    from shenhe.reports.pages.page import write_page

    try:
        if page.exists() and page.stat().st_mtime_ns >= report.stat().st_mtime_ns:
            return ""
        data = read_report_bytes(report)
        if len(data) > LARGEST_SHOWN:
            return f"its report has {len(data):,} bytes; read it as it is"
        write_page(page, [parse_report(data, str(report))])
    except (OSError, ReportError, PageError) as error:
        return str(error)
    return ""


def _told(name: str, result: Result, done: int, total: int, kept: bool) -> None:
    """A line on stderr for each provider that is finished."""
    from shenhe.reports.terminal.league import first_line

    if kept:
        words = "finished by an earlier run"
    elif result.report_exit_code is not None:
        words = f"{len(result.failed)} broken, {len(result.unverified)} not verified"
    else:
        words = result.outcome
    detail = f": {first_line(result.detail, 160)}" if result.detail and not kept else ""
    typer.echo(f"{done}/{total}  {name}  {words}{detail}", err=True)


def _say(words: str) -> None:
    from shenhe.core.text import one_line

    typer.echo(f"note: {one_line(words, 400)}", err=True)
