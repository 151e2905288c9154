"""``shenhe baseline``: accept known failures for a while, and compare a report with them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import writable_file
from .output import echo_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shenhe.conformance.evidence.baseline import Baseline, BaselineOutcome, Entry

app = typer.Typer(help="Accept known failures, each with a reason and an expiry date.", no_args_is_help=True)

Report = Annotated[Path, typer.Argument(metavar="REPORT", help="The report.json of a run.")]


@app.command("write")
def write(
    report: Report,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why these failures are accepted for now.")],
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="Last day of the acceptance, such as 2026-03-31.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", callback=writable_file, help="File to write. Default: standard output."),
    ] = None,
) -> None:
    """Draft a baseline that accepts every failure in a report. Then edit it to give each entry its own reason.

    Example:  shenhe baseline write report.json --reason "fixed in 2.1" --expires 2099-03-31 --out baseline.yaml
    """
    from shenhe.conformance.evidence.baseline import draft_baseline
    from shenhe.conformance.report import read_report
    from shenhe.core.files import write_whole
    from shenhe.core.text import one_line

    if len(reason.strip()) < 3:
        raise typer.BadParameter("expected a reason of at least three characters", param_hint="--reason")
    last = _day(expires, "--expires")
    if last < date.today():
        raise typer.BadParameter(f"found {last}, which is past: expected today or later", param_hint="--expires")
    if out is not None and out.exists():
        raise typer.BadParameter(
            f"{out} exists and holds reasons; write to another file and merge them", param_hint="--out"
        )
    found = read_report(report)
    text = draft_baseline(found, reason, last)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_whole(out, text)
        typer.echo(f"written: {out}", err=True)
    broken = [check.name for check in found.checks if check.verdict == "error"]
    if broken:
        typer.echo(f"not accepted: checks that ended in an error: {one_line(', '.join(broken), 2000)}", err=True)


@app.command("apply")
def apply(
    report: Report,
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="The baseline file (YAML).")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="Date to compare expiry dates with. Default: today.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare a report with a baseline, without sending requests.

    Exit codes: 0 everything passed or is accepted, 1 a new failure or a stale or expired entry, 2 a usage error, 3
    something is neither verified nor accepted.

    Example:  shenhe baseline apply report.json baseline.yaml
    """
    from shenhe.conformance.evidence.baseline import apply_baseline, read_baseline
    from shenhe.conformance.report import read_report

    known = read_baseline(baseline)
    outcome = apply_baseline(read_report(report), known, _day(on, "--on") if on else date.today())
    if as_json:
        echo_json(json.dumps(_document(outcome), indent=1, ensure_ascii=False))
    else:
        for line in outcome_lines(outcome, known):
            typer.echo(line)
    raise typer.Exit(outcome.exit_code)


def outcome_lines(outcome: BaselineOutcome, baseline: Baseline) -> Iterator[str]:
    """The outcome in lines for a terminal, what breaks first."""
    from shenhe.core.text import one_line

    for problem in outcome.new:
        check = f" ({one_line(problem.check)})" if problem.check else ""
        yield f"new         {problem.verdict}: {one_line(problem.rule)}{check}"
    for kind, entry, why in outcome.unmatched():
        yield f"{kind:<11} {baseline.source}:{entry.line}: {one_line(entry.name)} ({entry.verdict}) {why}"
    for problem, entry in outcome.accepted:
        why = one_line(entry.reason, 120)
        yield f"accepted    {problem.verdict}: {one_line(problem.rule)}, until {entry.expires}: {why}"
    yield "Baseline: " + ", ".join(f"{count} {kind}" for kind, count in outcome.counts.items())


def _document(outcome: BaselineOutcome) -> dict[str, object]:
    from dataclasses import asdict

    def entry(found: Entry) -> dict[str, object]:
        return {"line": found.line, **found.model_dump(mode="json", exclude_none=True)}

    return {
        "exit_code": int(outcome.exit_code),
        "new": [asdict(problem) for problem in outcome.new],
        "accepted": [{**asdict(problem), "entry": entry(by)} for problem, by in outcome.accepted],
        "stale": [entry(found) for found in outcome.stale],
        "expired": [entry(found) for found in outcome.expired],
        "unobserved": [entry(found) for found in outcome.unobserved],
    }


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}, expected a date such as 2026-03-31", param_hint=option) from None
