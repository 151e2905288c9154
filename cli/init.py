"""``shenhe init``: draft a binding from an OpenAPI document, a ready-made binding, or questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import writable_file


def init(
    openapi: Annotated[
        Path | None,
        typer.Option("--openapi", metavar="SPEC", help="Draft from this OpenAPI 3.0 or 3.1 document (JSON or YAML)."),
    ] = None,
    ready: Annotated[
        str | None, typer.Option("--ready", metavar="NAME", help="Copy a ready-made binding: openai, openai-chat.")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Draft from your answers to a few questions.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", callback=writable_file, help="File to write. Default: standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Draft a binding. Missing values become `${FILL_IN_…}` placeholders. A mapping summary goes to stderr.

    The command reads local files only and sends no requests.

    Exit codes: 0 drafted, 2 a usage error, 3 no endpoint could be mapped.

    Example:  shenhe init --openapi openapi.json --out binding.yaml

    Example:  shenhe init --ready openai --out binding.yaml
    """
    if sum((openapi is not None, ready is not None, interactive)) != 1:
        raise typer.BadParameter("expected exactly one of --openapi, --ready and --interactive")
    if out is not None and out.exists() and not force:
        raise typer.BadParameter(f"{out} exists; pass --force to overwrite it", param_hint="--out")
    code = 0
    if openapi is not None:
        text, code = _from_openapi(openapi)
    elif ready is not None:
        text = _ready(ready)
    else:
        text = _asked()
    if out is None:
        typer.echo(text, nl=False)
    else:
        from shenhe.core.files import write_whole

        write_whole(out, text)
        typer.echo(f"written: {out}; next: shenhe doctor {out}", err=True)
    raise typer.Exit(code)


def _from_openapi(path: Path) -> tuple[str, int]:
    from shenhe.conformance.bindings.drafting.draft import draft
    from shenhe.conformance.bindings.drafting.openapi import read_openapi
    from shenhe.conformance.verdict import ExitCode
    from shenhe.core.text import visible

    drafted = draft(read_openapi(path, str(path)))
    notes = [
        ("mapped", drafted.mapped),
        ("not mapped (no matching endpoint)", drafted.missing),
        ("unused endpoints", drafted.unused),
        ("skipped", drafted.passed_over),
        ("to fill in", [f"{blank.text} {blank.hint}".rstrip() for blank in drafted.blanks]),
    ]
    for title, lines in notes:
        if lines:
            typer.echo(f"{title}:", err=True)
            for line in lines[:200]:
                typer.echo(f"  {visible(line)}", err=True)
    return drafted.text, 0 if drafted.mapped else int(ExitCode.NOT_VERIFIED)


def _ready(name: str) -> str:
    from shenhe.conformance.bindings import ready_names, ready_text

    if name not in ready_names():
        raise typer.BadParameter(f"{name!r} is none of: {', '.join(ready_names())}", param_hint="--ready")
    return ready_text(name)


def _asked() -> str:
    from shenhe.conformance.bindings.drafting.questions import AUTH, OPERATIONS, Answers, binding_text
    from shenhe.rulebook import Service

    typer.echo("Press Enter to accept the value in brackets. An operation without a path is left out.", err=True)
    name = typer.prompt("Name of the provider", err=True)
    base_url = typer.prompt("Base URL", default="http://127.0.0.1:8000", err=True)
    test = typer.confirm("Is this a place made for tests?", default=False, err=True)
    synthetic = typer.confirm("May invented persons be registered there?", default=False, err=True)
    services = typer.prompt(
        f"Services, by comma ({', '.join(service.value for service in Service)})", default="text", err=True
    )
    auth = typer.prompt(f"How does a request say who asks? ({', '.join(AUTH)})", default="bearer", err=True)
    paths = {}
    for operation, example in OPERATIONS.items():
        answer = typer.prompt(
            f"{operation}: method and path, such as {example}", default="", show_default=False, err=True
        )
        if answer.strip():
            paths[operation] = answer.strip()
    answers = Answers(
        name, base_url, test, synthetic, [each.strip() for each in services.split(",")], auth.strip(), paths
    )
    try:
        return binding_text(answers)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
