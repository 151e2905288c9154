"""``shenhe fleet``: check every binding in a folder and write a ranking and an HTML page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.conformance.verdict import Level

from .environment import binding_environ
from .options import (
    BUDGET,
    INTERRUPTED,
    AtLevel,
    CheckSeed,
    Examples,
    On,
    Packs,
    PageLang,
    PageLanguage,
    Rules,
    day_of,
    split,
    writable_folder,
)
from .output import echo_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shenhe.conformance.evidence.baseline import Baseline
    from shenhe.conformance.fleet import Fleet, FleetRow, Member, Result

#: A report above this size gets no HTML page. Its evidence is in report.json.
LARGEST_SHOWN = 16 * 1024 * 1024


def fleet(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder of bindings, one *.yaml file per provider.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=writable_folder,
            help="Folder for fleet.json, index.html and one report per provider.",
        ),
    ] = Path("fleet"),
    level: AtLevel = Level.CORE,
    packs: Packs = None,
    rules: Rules = None,
    on: On = None,
    seed: CheckSeed = 0,
    examples: Examples = 25,
    at_once: Annotated[
        int,
        typer.Option(
            "--at-once", metavar="N", min=1, max=64, rich_help_panel=BUDGET, help="Providers to check at the same time."
        ),
    ] = 4,
    max_time: Annotated[
        float,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            min=0.1,
            rich_help_panel=BUDGET,
            help="Time limit per provider. A process that overruns it is killed.",
        ),
    ] = 1800.0,
    max_requests: Annotated[
        int | None,
        typer.Option(
            "--max-requests", metavar="N", min=1, rich_help_panel=BUDGET, help="Maximum requests per provider."
        ),
    ] = None,
    max_generations: Annotated[
        int | None,
        typer.Option(
            "--max-generations",
            metavar="N",
            min=0,
            rich_help_panel=BUDGET,
            help="Maximum calls of generate and edit per provider, which it may charge for.",
        ),
    ] = None,
    max_memory: Annotated[
        int,
        typer.Option(
            "--max-memory",
            metavar="MIB",
            min=64,
            rich_help_panel=BUDGET,
            help="Maximum address space per process, in MiB.",
        ),
    ] = 2048,
    env_dir: Annotated[
        Path | None,
        typer.Option(
            "--env-dir",
            metavar="DIR",
            help="Folder of environment files. NAME.yaml gets its variables only from NAME.env.",
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Let every binding read this environment variable, and no others. Repeatable.",
        ),
    ] = None,
    baseline_dir: Annotated[
        Path | None,
        typer.Option(
            "--baseline-dir",
            metavar="DIR",
            help="Folder of baselines. NAME.yaml applies to the binding of the same name.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Check every provider again, including those that an earlier run finished.")
    ] = False,
    language: PageLang = PageLanguage.ENGLISH,
    as_json: Annotated[bool, typer.Option("--json", help="Print fleet.json instead of the table.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of fleet.json, then exit.")] = False,
) -> None:
    """Check every binding in a folder, one process each, and write a ranking and an HTML page.

    Each process has a time and a memory limit. A provider that fails, hangs or crashes does not affect the others.
    Repeat the command to check only unfinished providers.

    Exit codes, the first that applies to any provider: 1 a failure, 2 an unusable binding, 3 not fully verified, 0 all
    decided and passed.

    Example:  shenhe fleet bindings --out results

    Example:  shenhe fleet bindings --level extended --at-once 8 --env-dir secrets
    """
    from shenhe.conformance.fleet import fleet_schema

    if schema:
        echo_json(json.dumps(fleet_schema(), indent=2, ensure_ascii=False))
        return
    if folder is None:
        raise typer.BadParameter("expected a folder of bindings, one *.yaml file per provider", param_hint="DIR")
    from shenhe.conformance.fleet import Options, members, read_variables, run_fleet, shared_secrets

    chosen = members(folder)
    if env and env_dir is not None:
        raise typer.BadParameter("expected one of --env and --env-dir, found both", param_hint="--env")
    if env_dir is not None:
        own = read_variables(env_dir, chosen)
    else:
        own = {member.name: dict(_environ(member, env)) for member in chosen}
        for name, files in shared_secrets(chosen).items():
            _say(f"several bindings read {name}: {', '.join(files)}; pass --env-dir to keep their variables apart")
    wanted_packs, wanted_rules = split(packs), split(rules)
    whole = run_fleet(
        chosen,
        out,
        environ={},
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
        progress=_print_finished,
    )
    _write_pages(whole, out, language)
    if as_json:
        echo_json(whole.model_dump_json(indent=1))
    else:
        from shenhe.reports.terminal.league import print_league

        print_league(whole)
    typer.echo(f"written: {out / 'fleet.json'}", err=True)
    typer.echo(f"written: {out / 'index.html'}", err=True)
    if any(provider.outcome == "not run" for provider in whole.providers):
        typer.echo("shenhe: stopped; finished work is kept. Repeat the command to resume", err=True)
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(whole.exit_code)


def _environ(member: Member, env: list[str] | None) -> Mapping[str, str]:
    """What a binding may take. One that cannot be read takes nothing; its provider is reported as not usable."""
    try:
        return binding_environ(member.path, env)
    except OSError:
        return {}


def _baselines(folder: Path, chosen: Sequence[Member]) -> dict[str, Baseline]:
    """The baselines of a folder by member. Warn about a baseline that matches no member."""
    from shenhe.conformance.evidence.baseline import read_baseline

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder", param_hint="--baseline-dir")
    files = {member.name: folder / member.path.name for member in chosen}
    strangers = sorted({path.name for path in folder.glob("*.yaml")} - {path.name for path in files.values()})
    if strangers:
        _say(f"no binding has the name of the baseline {', '.join(strangers)}")
    return {name: read_baseline(path) for name, path in files.items() if path.is_file()}


def _write_pages(whole: Fleet, out: Path, language: PageLanguage) -> None:
    """Write the page of each provider that has a report, unless it is there in this language, and that of the fleet."""
    from shenhe.reports.pages.fleet import write_fleet_page

    pages = {}
    for provider in whole.providers:
        if provider.report is None:
            continue
        path = (out / provider.report).with_name("report.html")
        problem = _write_page(provider, out / provider.report, path, language)
        if problem:
            _say(f"no page for {provider.name}: {problem}")
        else:
            pages[provider.name] = path.relative_to(out).as_posix()
    write_fleet_page(out / "index.html", whole, pages, language.value)


def _write_page(provider: FleetRow, report: Path, page: Path, language: PageLanguage) -> str:
    """Why there is no page, or nothing. Whatever a report holds, it costs no other provider its page."""
    from shenhe.conformance.report import ReportError, parse_report, read_report_bytes
    from shenhe.reports.pages.clauses import PageError
    from shenhe.reports.pages.page import write_page

    try:
        if page.exists() and page.stat().st_mtime_ns >= report.stat().st_mtime_ns and _is_in(page, language):
            return ""
        data = read_report_bytes(report)
        if len(data) > LARGEST_SHOWN:
            return f"its report has {len(data):,} bytes; read it as it is"
        write_page(page, [parse_report(data, str(report))], language=language.value)
    except (OSError, ReportError, PageError) as error:
        return str(error)
    return ""


def _is_in(page: Path, language: PageLanguage) -> bool:
    """Whether an existing page is in a language."""
    with page.open("rb") as file:
        return (b'lang="zh' in file.read(200)) == (language is PageLanguage.CHINESE)


def _print_finished(name: str, result: Result, done: int, total: int, kept: bool) -> None:
    """Print a line to stderr for each finished provider."""
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
