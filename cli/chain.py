"""``shenhe chain``: follow a file through several targets and judge what only the whole chain shows."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .environment import Env, binding_environ
from .options import (
    BUDGET,
    OUTPUT,
    CheckSalt,
    CheckSeed,
    HtmlFile,
    On,
    PageLang,
    PageLanguage,
    day_of,
    writable_folder,
)
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.chain.result import ChainReport


def chain(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.yaml", help="File that names the targets, in order.")
    ] = None,
    on: On = None,
    seed: CheckSeed = 0,
    salt: CheckSalt = None,
    max_requests: Annotated[
        int | None,
        typer.Option(
            "--max-requests", metavar="N", min=1, rich_help_panel=BUDGET, help="Stop after N requests per target."
        ),
    ] = None,
    env: Env = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=writable_folder,
            rich_help_panel=OUTPUT,
            help="Write chain.json and chain.html to this folder.",
        ),
    ] = None,
    html: HtmlFile = None,
    language: PageLang = PageLanguage.ENGLISH,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print chain.json instead of a summary.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", rich_help_panel=OUTPUT, help="Print the JSON Schema of chain.json, then exit.")
    ] = False,
) -> None:
    """Follow a file through several targets: supporter, provider, platform, and the app store beside them.

    FILE.yaml names each target with its binding and, if needed, its address. Their order is the path of the content.
    A hop that loses the producer's label is named.

    Exit codes: 0 all decided and passed, 1 a failure, 2 an unusable file, 3 not fully verified.

    Example:  shenhe chain chain.yaml --out results

    Example:  shenhe chain --schema
    """
    from shenhe.conformance.chain.document import binding_path, bindings_of, connected, read_chain
    from shenhe.conformance.chain.result import ChainReport
    from shenhe.conformance.chain.running import run_chain

    if schema:
        echo_json(json.dumps(ChainReport.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False))
        return
    if file is None:
        raise typer.BadParameter("expected a file that names the targets", param_hint="FILE.yaml")
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE.yaml")
    described = read_chain(file)
    environs = {name: binding_environ(binding_path(entry, file), env) for name, entry in described.targets.items()}
    bindings = bindings_of(described, file, environs)
    day, salt = day_of(on) or date.today(), salt or secrets.token_hex(4)
    with ExitStack() as stack:
        targets = connected(stack, described, bindings, seed=seed, salt=salt, on=day, max_requests=max_requests)
        report = run_chain(targets, on=day, seed=seed, salt=salt)
    show(report, out=out, html=html, as_json=as_json, language=language)
    raise typer.Exit(report.summary.exit_code)


def show(
    report: ChainReport,
    *,
    out: Path | None,
    html: Path | None,
    as_json: bool,
    language: PageLanguage = PageLanguage.ENGLISH,
) -> None:
    """Write the files that were asked for, and print the summary or the JSON."""
    from shenhe.reports.pages.chain import write_chain_page
    from shenhe.reports.terminal.chain import print_chain

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        report.write(out / "chain.json")
        write_chain_page(out / "chain.html", report, language.value)
        typer.echo(f"written: {out / 'chain.json'}, {out / 'chain.html'}", err=True)
    if html is not None:
        write_chain_page(html, report, language.value)
        typer.echo(f"written: {html}", err=True)
    if as_json:
        echo_json(report.model_dump_json(indent=1))
    else:
        print_chain(report)
