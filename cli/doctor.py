"""``shenhe doctor``: try each operation of a binding once and name the lines to correct."""

from __future__ import annotations

import json
import os
import textwrap
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .environment import Env, binding_environ
from .output import echo_json
from .progress import name_openers

if TYPE_CHECKING:
    from shenhe.conformance.bindings.doctor.diagnosis import Diagnosis

MARKS = {"works": "✓", "refused": "!", "faulty": "✗", "not tried": "–"}


def doctor(
    binding: Annotated[
        str | None,
        typer.Argument(
            help="The binding file, the name of a ready-made binding, `sample` or `sample-store`.", metavar="BINDING"
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Address of the target. Overrides base_url of the binding."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", metavar="NAME", help="Use this environment of the binding instead of its default target."
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of bindings, for editors, then exit.")
    ] = False,
    env: Env = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a list.")] = False,
) -> None:
    """Try each operation of a binding once. For each problem, name the line of the binding and how to correct it.

    Exit codes: 0 everything works, 2 the binding or its target is wrong, 3 an operation was refused or not tried.

    Example:  shenhe doctor binding.yaml --base-url http://127.0.0.1:8000

    Example:  shenhe doctor sample

    Example:  shenhe doctor --schema > binding.schema.json
    """
    if schema:
        from shenhe.conformance.bindings.language.schema import binding_schema

        echo_json(json.dumps(binding_schema(), indent=1))
        return
    if binding is None:
        raise typer.BadParameter("expected a binding file; draft one with `shenhe init`", param_hint="BINDING")
    from shenhe.conformance.bindings import BindingError, load_binding
    from shenhe.conformance.bindings.doctor.doctor import examine
    from shenhe.conformance.verdict import ExitCode
    from shenhe.sample import SampleServer
    from shenhe.sample.samples import SAMPLES

    outcomes = []
    with ExitStack() as stack:
        try:
            if binding in SAMPLES:
                base_url = base_url or stack.enter_context(SampleServer(sample=SAMPLES[binding])).url
                environ = {**os.environ, "SHENHE_SAMPLE_URL": base_url}
                bound = load_binding(SAMPLES[binding].binding(None), environ=environ, environment=environment)
            else:
                bound = load_binding(binding, environ=binding_environ(binding, env), environment=environment)
            for doubt in bound.doubts:
                typer.echo(f"shenhe: {doubt}", err=True)
            provider = stack.enter_context(bound.connect(base_url))
        except BindingError as error:
            typer.echo(f"shenhe: the binding cannot be used\n{error}", err=True)
            raise typer.Exit(ExitCode.USAGE) from None
        if not provider.loopback and provider.target.environment != "test":
            typer.echo(
                f"shenhe: {bound.place('target', 'environment')}: nothing was sent: a provider on another"
                " machine is tried only where its binding says `environment: test`",
                err=True,
            )
            raise typer.Exit(ExitCode.USAGE)
        for outcome in examine(bound, provider):
            outcomes.append(outcome)
            if not as_json and outcome.state != "not tried":
                _print(outcome)
    states = [outcome.state for outcome in outcomes]
    code = ExitCode.PASSED
    if "faulty" in states:
        code = ExitCode.USAGE
    elif set(states) - {"works"}:
        code = ExitCode.NOT_VERIFIED
    if as_json:
        result = {"binding": bound.name, "exit_code": int(code), "outcomes": [asdict(outcome) for outcome in outcomes]}
        echo_json(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        _print_not_tried([outcome for outcome in outcomes if outcome.state == "not tried"])
        counts = ", ".join(f"{states.count(state)} {state}" for state in MARKS if state in states)
        typer.echo(f"{counts} ({provider.requests} request{'s' if provider.requests != 1 else ''})")
        name_openers(provider.capabilities)
    raise typer.Exit(code)


def _named(outcome: Diagnosis) -> str:
    return f"{outcome.operation} {outcome.detail}".strip()


def _print(outcome: Diagnosis) -> None:
    mark = MARKS[outcome.state]
    if outcome.state == "works":
        typer.echo(f"{mark} {_named(outcome)}")
        return
    typer.echo(f"{mark} {_named(outcome)} — {outcome.state}\n    {outcome.place}: {outcome.message}")
    if outcome.advice:
        typer.echo(f"    → {outcome.advice}")


def _print_not_tried(outcomes: list[Diagnosis]) -> None:
    """One paragraph per cause: one operation that fails keeps dozens of others from being tried."""
    causes: dict[tuple[str, str], list[Diagnosis]] = {}
    for outcome in outcomes:
        causes.setdefault((outcome.message, outcome.advice), []).append(outcome)
    for (message, advice), waiting in causes.items():
        if len(waiting) == 1:
            _print(waiting[0])
            continue
        names = textwrap.fill(", ".join(map(_named, waiting)), 76, break_on_hyphens=False)
        typer.echo(f"{MARKS['not tried']} {len(waiting)} not tried: {message}\n{textwrap.indent(names, '    ')}")
        if advice:
            typer.echo(f"    → {advice}")
