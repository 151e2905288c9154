"""``shenhe replay``: send the requests of one failure again."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.core.text import visible

from . import completion
from .environment import Env, binding_environ
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.conformance.evidence.resend import Planned
    from shenhe.conformance.report import Report


def replay(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report.json of a run.")],
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="ID",
            autocompletion=completion.rules,
            help="The rule (or check) whose failure to reproduce.",
        ),
    ],
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Address of the target. Required unless it is on this machine."),
    ] = None,
    binding: Annotated[
        str | None,
        typer.Option(
            "--binding",
            metavar="BINDING",
            help="Run the check again with this binding and the seed of the report.",
        ),
    ] = None,
    env: Env = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Do not ask for confirmation before sending the requests of a foreign report."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a summary.")] = False,
) -> None:
    """Send the stored requests of one failure again and report whether the failure still occurs.

    Exit codes: 0 it no longer occurs, 1 it occurs again, 2 a usage error, 3 the responses do not decide it.

    Example:  shenhe replay results/report.json --rule cn-dsp-2023/9.2

    Example:  shenhe replay results/report.json --rule cn-dsp-2023/9.2 --binding binding.yaml
    """
    from shenhe.conformance.evidence.own import is_own
    from shenhe.conformance.report import parse_report, read_report_bytes

    data = read_report_bytes(report)
    stored, own = parse_report(data, str(report)), is_own(data)
    if binding is not None:
        _judge(stored, rule, binding, base_url, env, as_json)
        return
    from shenhe.conformance.bindings.client.http.connection import is_loopback
    from shenhe.conformance.evidence.resend import base_of, failure_of, planned, repeat

    _, finding = failure_of(stored, rule)
    target = base_url or base_of(finding)
    here = is_loopback(_host(target))
    if base_url is None and not here:
        raise typer.BadParameter(
            f"the report names {visible(target)}; give it, or another, as --base-url to send there",
            param_hint="--base-url",
        )
    if not here and stored.target.environment != "test":
        raise typer.BadParameter("a provider on another machine is probed only if its binding says `environment: test`")
    # A foreign report may name any host as one of media.
    media_hosts = stored.target.media_hosts if own else []
    plan = planned(finding, target, media_hosts)
    allowed = set(plan.variables) if own and env is None else set(env or ())
    _show(plan, own, allowed)
    if not own and not yes and not _agreed():
        raise typer.BadParameter("nothing was sent: add --yes to send these requests", param_hint="--yes")
    environ = {name: value for name, value in os.environ.items() if name in allowed}
    done = repeat(finding, target, environ, media_hosts=media_hosts)
    if as_json:
        echo_json(json.dumps(asdict(done), ensure_ascii=False, indent=1))
    else:
        for step in done.steps:
            typer.echo(
                visible(
                    f"{'=' if step.same else '≠'} {step.number}. {step.what} ({step.role}): {step.then} then,"
                    f" {step.now} now"
                )
            )
        typer.echo(visible(f"{done.outcome}: {done.reason}"))
        if done.outcome == "cannot tell":
            typer.echo(f"run the check again with: shenhe replay {report} --rule {rule} --binding BINDING", err=True)
    raise typer.Exit({"shows again": 1, "no longer shows": 0, "cannot tell": 3}[done.outcome])


def _show(plan: Planned, own: bool, allowed: set[str]) -> None:
    """Tell on stderr what will be sent where, and which variables go with it."""
    whose = "your own report" if own else "a report that was not written on this machine, or was edited since"
    typer.echo(f"shenhe: {len(plan.requests)} requests of {whose}:", err=True)
    for number, (method, url) in enumerate(plan.requests, start=1):
        typer.echo(f"  {number}. {method} {url[:200]}", err=True)
    for name in plan.variables:
        state = "is sent" if name in allowed else "is not allowed; allow it with --env"
        typer.echo(f"  environment variable {name}: {state}", err=True)


def _agreed() -> bool:
    """Whether the user confirms the requests at the terminal."""
    return sys.stdin.isatty() and typer.confirm("Send them?", err=True)


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def _judge(stored: Report, rule: str, name: str, base_url: str | None, env: list[str] | None, as_json: bool) -> None:
    """Run the checks of the rule again, as they were run."""
    from datetime import date

    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.engine.runner import run_checks
    from shenhe.conformance.evidence.resend import failure_of

    check, _ = failure_of(stored, rule)
    rules = [rule] if rule in check.rules else list(check.rules)
    with load_binding(name, environ=binding_environ(name, env)).connect(base_url) as provider:
        made = run_checks(
            provider,
            packs=stored.packs,
            level=stored.level,
            rules=rules,
            seed=stored.seed,
            examples=stored.examples,
            on=date.fromisoformat(stored.on),
        )
    if as_json:
        echo_json(made.model_dump_json(indent=1))
    else:
        for result in made.rules:
            typer.echo(visible(f"{result.verdict}: {result.rule}" + (f" ({result.reason})" if result.reason else "")))
    raise typer.Exit(made.summary.exit_code)
