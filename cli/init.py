"""``shenhe init``: draft a binding from a description of an API, recorded traffic, a ready-made one or questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.conformance.operations import TargetRole

from .environment import binding_environ
from .options import writable_file
from .progress import name_openers

if TYPE_CHECKING:
    from shenhe.conformance.bindings.drafting.openapi import Description


#: The schema of bindings beside a draft, and the line by which editors with a YAML language server find it.
SCHEMA = "binding.schema.json"
#: Endpoints that no operation uses, on the terminal: a document may have hundreds.
_MOST_UNUSED = 12
EDITOR_HINT = f"# yaml-language-server: $schema={SCHEMA}"


def init(
    openapi: Annotated[
        Path | None,
        typer.Option(
            "--openapi", metavar="SPEC", help="Draft from this document of OpenAPI 3 or Swagger 2.0 (JSON or YAML)."
        ),
    ] = None,
    har: Annotated[
        Path | None, typer.Option("--har", metavar="FILE", help="Draft from recorded traffic: a HAR file of a browser.")
    ] = None,
    postman: Annotated[
        Path | None, typer.Option("--postman", metavar="FILE", help="Draft from a Postman collection (format 2.1).")
    ] = None,
    graphql: Annotated[
        Path | None,
        typer.Option(
            "--graphql",
            metavar="FILE",
            help="Draft from a GraphQL schema: an introspection response, or the schema language.",
        ),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app",
            metavar="MODULE:NAME",
            help="Draft from a FastAPI, Starlette, Flask or Django app, or from `MODULE:MAKE()`. Imports it.",
        ),
    ] = None,
    ready: Annotated[
        str | None,
        typer.Option("--ready", metavar="NAME", help="Copy a ready-made binding (list them with --list-ready)."),
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Draft from your answers to a few questions.")
    ] = False,
    role: Annotated[
        list[TargetRole] | None,
        typer.Option("--role", help="Map the operations of this role. Repeatable. Default: provider."),
    ] = None,
    list_ready: Annotated[bool, typer.Option("--list-ready", help="List the ready-made bindings.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", callback=writable_file, help="File to write. Default: standard output."),
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Also write binding.schema.json beside the file, and name it there for editors."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Draft a binding. Missing values become `${FILL_IN_…}` placeholders. A mapping summary goes to stderr.

    The command reads local files and sends no requests, with one exception: a finished draft whose base URL is on this
    machine is tried at once, as `shenhe doctor` does.

    Exit codes: 0 drafted, 2 a usage error, 3 no endpoint could be mapped.

    Example:  shenhe init --openapi openapi.json --out binding.yaml

    Example:  shenhe init --openapi store-api.json --role store --out store.yaml

    Example:  shenhe init --ready openai --out binding.yaml
    """
    if list_ready:
        from shenhe.conformance.bindings import ready_names

        typer.echo("\n".join(ready_names()))
        return
    sources = {"--openapi": openapi, "--har": har, "--postman": postman, "--graphql": graphql, "--app": app}
    chosen = [name for name, value in sources.items() if value is not None]
    if len(chosen) + (ready is not None) + interactive != 1:
        raise typer.BadParameter(f"expected exactly one of {', '.join(sources)}, --ready and --interactive")
    if out is not None and out.exists() and not force:
        raise typer.BadParameter(f"{out} exists; pass --force to overwrite it", param_hint="--out")
    if schema and out is None:
        raise typer.BadParameter("expected --out, the file beside which the schema is written", param_hint="--schema")
    code = 0
    if chosen:
        text, code = _drafted(chosen[0], sources[chosen[0]], role or [TargetRole.PROVIDER])
    elif ready is not None:
        text = _ready(ready)
    else:
        text = _asked()
    if out is None:
        typer.echo(text, nl=False)
    else:
        from shenhe.core.files import write_whole

        if schema:
            text = f"{EDITOR_HINT}\n{text}"
            write_whole(out.parent / SCHEMA, _schema())
        write_whole(out, text)
        typer.echo(f"written: {out}; next: shenhe doctor {out}", err=True)
        _tried(out)
    raise typer.Exit(code)


def _schema() -> str:
    import json

    from shenhe.conformance.bindings.language.schema import binding_schema

    return json.dumps(binding_schema(), indent=1) + "\n"


def _drafted(kind: str, source: Path | str | None, roles: Sequence[TargetRole]) -> tuple[str, int]:
    from shenhe.conformance.bindings.drafting.draft import draft
    from shenhe.conformance.verdict import ExitCode
    from shenhe.core.text import visible

    drafted = draft(_description(kind, source), roles)
    notes = [
        ("mapped", drafted.mapped),
        ("not mapped (no matching endpoint)", drafted.missing),
        ("close, but not chosen", drafted.close),
        ("unused endpoints", drafted.unused),
        ("skipped", drafted.passed_over),
        ("to fill in", [f"{blank.text} {blank.hint}".rstrip() for blank in drafted.blanks]),
        ("bind these next: they open most rules", _openers(drafted.missing)),
    ]
    for title, lines in notes:
        if lines:
            typer.echo(f"{title}:", err=True)
            most = _MOST_UNUSED if lines is drafted.unused else 200
            for line in lines[:most]:
                typer.echo(f"  {visible(line)}", err=True)
            if len(lines) > most:
                typer.echo(f"  … and {len(lines) - most} more, listed at the end of the draft", err=True)
    return drafted.text, 0 if drafted.mapped else int(ExitCode.NOT_VERIFIED)


def _description(kind: str, source: Path | str | None) -> Description:
    from shenhe.conformance.bindings.drafting.application import read_application
    from shenhe.conformance.bindings.drafting.introspection import read_introspection
    from shenhe.conformance.bindings.drafting.observed import read_har, read_postman
    from shenhe.conformance.bindings.drafting.openapi import read_openapi

    if not isinstance(source, Path):
        return read_application(source or "")
    readers = {
        "--openapi": read_openapi,
        "--har": read_har,
        "--postman": read_postman,
        "--graphql": read_introspection,
    }
    return readers[kind](source, str(source))


def _openers(missing: Sequence[str]) -> list[str]:
    """The three unbound operations that most rules wait for."""
    from shenhe.conformance.checks import all_checks

    waiting: dict[str, set[str]] = {name: set() for name in missing}
    for check in all_checks():
        for operation in check.needs:
            if operation in waiting:
                waiting[operation] |= set(check.rules)
    ranked = sorted(waiting.items(), key=lambda item: (-len(item[1]), item[0]))
    return [f"{name} ({len(rules)} rules)" for name, rules in ranked[:3] if rules]


def _tried(path: Path) -> None:
    """Try a finished draft for a target on this machine, and say which lines do not work."""
    from urllib.parse import urlsplit

    from shenhe.conformance.bindings import BindingError, load_binding
    from shenhe.conformance.bindings.client.http.connection import is_loopback
    from shenhe.conformance.bindings.doctor.doctor import examine

    try:
        binding = load_binding(path, environ=binding_environ(path, None))
        if not is_loopback(urlsplit(binding.base_url()).hostname or ""):
            return
        with binding.connect() as provider:
            outcomes = list(examine(binding, provider))
            capabilities = provider.capabilities
    except BindingError as error:
        typer.echo(f"before its first use ({_lines(len(error.faults))}): {error.faults[0]}", err=True)
        return
    working = sum(outcome.state == "works" for outcome in outcomes)
    typer.echo(f"tried: {working} of {len(outcomes)} operations work", err=True)
    for outcome in outcomes:
        if outcome.state in {"faulty", "refused"}:
            typer.echo(f"  {outcome.place}: {outcome.operation}: {outcome.message}; {outcome.advice}", err=True)
    name_openers(capabilities)


def _lines(count: int) -> str:
    return f"{count} line{'s' if count > 1 else ''} to complete"


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
