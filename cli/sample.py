"""``shenhe sample``: the sample provider, served, its faults listed, its binding shown."""

from __future__ import annotations

import json
import textwrap
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    help="Serve the sample provider, lawful or with faults, and see what its faults break.",
    no_args_is_help=True,
)

SERVE_EXAMPLES = """Example:  shenhe sample serve --port 8000 --fault text-unlabelled

Look:     curl http://127.0.0.1:8000/about/rules"""
FAULTS_EXAMPLES = """Example:  shenhe sample faults --json

Try one:  shenhe check sample --fault upload-strips-labels"""
BINDING_EXAMPLES = "Example:  shenhe sample binding > binding.yaml"


@app.command("serve", epilog=SERVE_EXAMPLES)
def serve(
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="PORT", help="A port on 127.0.0.1; 0 takes a free one.", min=0, max=65535
        ),
    ] = 8000,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME", help="A law to break, by name (repeatable). Default: none."),
    ] = None,
) -> None:
    """Serve the sample provider on this machine until Ctrl-C."""
    from shenhe.conformance.sample import SampleServer, UnknownFaultError

    try:
        server = SampleServer(fault or (), port=port)
    except UnknownFaultError as error:
        _stop(f"{error}; `shenhe sample faults` lists them")
    except OSError as error:
        _stop(f"port {port} cannot be served ({error.strerror}); choose another with --port; 0 takes a free one")
    with server:
        behaving = f"with {', '.join(fault)}" if fault else "lawful"
        typer.echo(f"{server.url}  ({behaving}; stop with Ctrl-C)")
        try:
            server.wait()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


@app.command("faults", epilog=FAULTS_EXAMPLES)
def faults(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the faults: what each does, and the rules that then fail."""
    from shenhe.conformance.sample.faults import FAULTS

    if as_json:
        listed = [
            {
                "name": fault.name.value,
                "summary": fault.summary,
                "behaviour": fault.behaviour,
                "level": fault.level.value,
                "rules": sorted(fault.rules),
            }
            for fault in FAULTS.values()
        ]
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    width = max(map(len, FAULTS))
    for behaviour in dict.fromkeys(fault.behaviour for fault in FAULTS.values()):
        typer.echo(typer.style(behaviour, bold=True))
        for fault in FAULTS.values():
            if fault.behaviour != behaviour:
                continue
            level = "" if fault.level == "core" else f" (seen at level {fault.level})"
            typer.echo(f"  {fault.name:{width}}  {fault.summary}{level}")
            for line in textwrap.wrap(", ".join(sorted(fault.rules)), 110 - width - 4):
                typer.echo(f"  {'':{width}}  {typer.style(line, dim=True)}")


@app.command("binding", epilog=BINDING_EXAMPLES)
def binding() -> None:
    """Print the binding of the sample provider, to start one of your own from."""
    from shenhe.conformance.sample import sample_binding

    typer.echo(sample_binding().read_text(encoding="utf-8"), nl=False)


def _stop(message: str) -> NoReturn:
    typer.echo(f"shenhe: {message}", err=True)
    raise typer.Exit(2)
