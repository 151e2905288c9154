"""``shenhe sample``: serve a sample target and list its faults and variants."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .output import echo_json

if TYPE_CHECKING:
    from shenhe.sample.samples import Sample

app = typer.Typer(
    help="Serve a sample provider or store, lawful or with faults, and list its faults, variants and binding.",
    no_args_is_help=True,
)

NAME = typer.Argument(metavar="SAMPLE", help="`sample` (a provider) or `sample-store` (an app store).")
SampleName = Annotated[str, NAME]

SERVE_EXAMPLES = """Example:  shenhe sample serve --port 8000 --fault text-unlabelled

Example:  curl http://127.0.0.1:8000/about/rules"""
FAULTS_EXAMPLES = """Example:  shenhe sample faults --json

Example:  shenhe sample faults sample-store"""
VARIANTS_EXAMPLES = """Example:  shenhe sample variants --json

Example:  shenhe check sample --variant asynchronous"""
BINDING_EXAMPLES = """Example:  shenhe sample binding > binding.yaml

Example:  shenhe sample binding --variant envelope"""


@app.command("serve", epilog=SERVE_EXAMPLES)
def serve(
    name: SampleName = "sample",
    port: Annotated[
        int,
        typer.Option("--port", metavar="PORT", help="Port on 127.0.0.1 (0 = any free port).", min=0, max=65535),
    ] = 8000,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME", help="Enable this fault. Repeatable."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="NAME", help="Behave like this lawful variant. Repeatable."),
    ] = None,
) -> None:
    """Serve a sample target on 127.0.0.1 until you press Ctrl-C."""
    from shenhe.sample import SampleServer, UnknownFaultError, UnknownVariantError, VariantNotInstalledError

    try:
        server = SampleServer(fault or (), variants=variant or (), port=port, sample=_sample(name))
    except UnknownFaultError as error:
        _stop(f"{error}; `shenhe sample faults {name}` lists them")
    except UnknownVariantError as error:
        _stop(f"{error}; `shenhe sample variants {name}` lists them")
    except VariantNotInstalledError as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"port {port} is not available ({error.strerror}); choose another with --port, or 0 for any free port")
    with server:
        behaving = f"with {', '.join(fault)}" if fault else "lawful"
        typer.echo(f"{server.url}  ({behaving}; stop with Ctrl-C)")
        try:
            server.wait()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


@app.command("faults", epilog=FAULTS_EXAMPLES)
def faults(
    name: SampleName = "sample", as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the faults: what each does, and which rules fail with it."""
    faults_of = _sample(name).faults
    if as_json:
        listed = [
            {
                "name": fault.name,
                "summary": fault.summary,
                "behaviour": fault.behaviour,
                "level": fault.level,
                "reach": fault.reach.value,
                "rules": sorted(fault.rules),
            }
            for fault in faults_of.values()
        ]
        echo_json(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    width = max(map(len, faults_of))
    for behaviour in dict.fromkeys(fault.behaviour for fault in faults_of.values()):
        typer.echo(typer.style(behaviour, bold=True))
        for fault in faults_of.values():
            if fault.behaviour != behaviour:
                continue
            level = "" if fault.level == "core" else f" (seen at level {fault.level})"
            typer.echo(f"  {fault.name:{width}}  {fault.summary}{level}")
            for line in textwrap.wrap(", ".join(sorted(fault.rules)), 110 - width - 4):
                typer.echo(f"  {'':{width}}  {typer.style(line, dim=True)}")


@app.command("variants", epilog=VARIANTS_EXAMPLES)
def variants(
    name: SampleName = "sample", as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the lawful variants: different but lawful behaviours, which every check must pass."""
    variants_of = _sample(name).variants
    if as_json:
        listed = [{"name": variant.name, "summary": variant.summary} for variant in variants_of.values()]
        echo_json(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    width = max(map(len, variants_of))
    for variant in variants_of.values():
        typer.echo(f"{variant.name:{width}}  {variant.summary}")


@app.command("binding", epilog=BINDING_EXAMPLES)
def binding(
    name: SampleName = "sample",
    variant: Annotated[
        str | None, typer.Option("--variant", metavar="NAME", help="Print the binding of this lawful variant.")
    ] = None,
) -> None:
    """Print the binding of a sample target, as a starting point for your own."""
    from shenhe.sample import UnknownVariantError

    try:
        text = _sample(name).binding(variant).read_text(encoding="utf-8")
    except UnknownVariantError as error:
        _stop(f"{error}; `shenhe sample variants {name}` lists them")
    typer.echo(text, nl=False)


def _sample(name: str) -> Sample:
    """The sample target of that name; exits with a message where there is none."""
    from shenhe.sample.samples import SAMPLES

    if name not in SAMPLES:
        _stop(f"found {name!r}, expected one of: {', '.join(SAMPLES)}")
    return SAMPLES[name]


def _stop(message: str) -> NoReturn:
    typer.echo(f"shenhe: {message}", err=True)
    raise typer.Exit(2)
