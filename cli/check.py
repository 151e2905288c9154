"""``shenhe check``: probe a provider and say which rules it keeps."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.conformance.verdict import Level

from .options import INTERRUPTED, AtLevel, Examples, On, Packs, Rules, Seed, day_of, split

if TYPE_CHECKING:
    from shenhe.conformance.evidence.documents import Evidence
    from shenhe.conformance.provider import Provider
    from shenhe.conformance.report import Report

SAMPLE = "sample"


def check(
    target: Annotated[
        str | None, typer.Argument(help="A binding file, a ready-made one (openai, openai-chat), or `sample`.")
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME", help="Have the sample break the law so. Repeatable."),
    ] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", metavar="NAME", help="Have the sample keep the law in another way.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Where the provider is, instead of the binding's base_url.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--environment", metavar="NAME", help="One of the binding's environments, instead of its target."),
    ] = None,
    level: AtLevel = Level.CORE,
    packs: Packs = None,
    rules: Rules = None,
    on: On = None,
    seed: Seed = 0,
    examples: Examples = 25,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", min=0, help="Independent draws a check, all judged, to bound how often it can fail. 0: none."
        ),
    ] = 0,
    max_requests: Annotated[
        int | None, typer.Option("--max-requests", min=1, help="Send no more; what is left open stays open.")
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option("--max-time", metavar="SECONDS", min=0.1, help="Take no longer; what is left open stays open."),
    ] = None,
    max_generations: Annotated[
        int | None,
        typer.Option(
            "--max-generations", min=0, help="Call generate and edit, which may be charged for, no more often."
        ),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Keep every answer, redacted, in a cassette.")
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            "--replay", metavar="FILE", help="Send nothing: take the answers from a cassette of the same seed."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Checks at once, each on accounts of its own.")
    ] = 1,
    baseline_file: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="What is accepted for now: it decides the exit code."),
    ] = None,
    evidence_file: Annotated[
        Path | None,
        typer.Option(
            "--evidence", metavar="FILE", help="Documents that are offered for the rules that no probe decides."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for report.json, junit.xml and report.html.")
    ] = None,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write report.json here.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write the page here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json instead of a summary.")] = False,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks and the rules they decide.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json.")] = False,
) -> None:
    """Probe a provider and judge it by every rule that a probe can see.

    Exit code: 0 all passed, 1 a rule is broken, 2 a mistake in what was asked for, 3 not fully verified. With a
    baseline: 0 all is kept or accepted, 1 a new failure, a stale or an expired entry.

    Example:  shenhe check sample --fault text-unlabelled

    Example:  shenhe check binding.yaml --level core --out results
    """
    if list_checks:
        _list(level, as_json)
        return
    if schema:
        from shenhe.conformance.report import json_schema

        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    if target is None:
        raise typer.BadParameter("name a binding file, or `sample`; `shenhe init` drafts one", param_hint="TARGET")
    if (record is not None or replay is not None) and (workers > 1 or (record is not None and replay is not None)):
        raise typer.BadParameter("a cassette is recorded or replayed, by one worker", param_hint="--record, --replay")
    day = day_of(on)
    from shenhe.conformance.evidence.baseline import read_baseline
    from shenhe.conformance.evidence.documents import read_evidence

    known = read_baseline(baseline_file) if baseline_file is not None else None
    evidence = read_evidence(evidence_file) if evidence_file is not None else None
    wanted = _files(out, report_file, junit_file, html_file)
    with ExitStack() as stack:
        provider = _connect(stack, target, faults or [], variant, base_url, environment, record, replay)
        from shenhe.conformance.engine.runner import GONE, run_checks

        bar = _progress()
        try:
            report = run_checks(
                provider,
                packs=split(packs),
                level=level,
                rules=split(rules),
                seed=seed,
                examples=examples,
                on=day,
                progress=bar,
                max_requests=max_requests,
                max_seconds=max_time,
                max_generations=max_generations,
                workers=workers,
                sample=sample,
            )
        finally:
            bar(0, 0, "")
    _write(report, wanted)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=1) + "\n")
    else:
        from shenhe.reports.terminal.summary import print_check_summary

        print_check_summary(report)
        for line in [*_sampled(report), *_documents(report, evidence)]:
            typer.echo(line)
    for path in wanted.values():
        typer.echo(f"written: {path}", err=True)
    told = next((result.reason for result in report.checks if result.reason.startswith(GONE)), None)
    if told is not None:
        typer.echo(f"shenhe: {told}", err=True)
    if was_interrupted(report):
        typer.echo("shenhe: stopped; what was finished is kept, the rest is inconclusive", err=True)
        raise typer.Exit(INTERRUPTED)
    if known is not None:
        from shenhe.conformance.evidence.baseline import apply_baseline

        from .baseline import told as told_of

        outcome = apply_baseline(report, known, date.today())
        for line in told_of(outcome, known):
            typer.echo(line, err=as_json)
        raise typer.Exit(outcome.exit_code)
    raise typer.Exit(report.summary.exit_code)


def was_interrupted(report: Report) -> bool:
    """Whether Ctrl-C ended the run."""
    from shenhe.conformance.engine.runner import INTERRUPTED as REASON

    return any(result.reason == REASON for result in report.checks)


def _sampled(report: Report) -> list[str]:
    """What the sample excludes, check by check."""
    return [f"{result.name}: {result.sample.excludes}" for result in report.checks if result.sample is not None]


def _documents(report: Report, evidence: Evidence | None) -> list[str]:
    """What is offered for the rules that only documents show."""
    if evidence is None:
        return []
    from shenhe.conformance.evidence.documents import document_rows, not_asked_for
    from shenhe.reports.terminal.documents import documents_text

    rows = document_rows(report.undecided, evidence, date.today())
    return [documents_text(rows, not_asked_for(report.undecided, evidence))]


def _connect(
    stack: ExitStack,
    target: str,
    faults: list[str],
    variant: str | None,
    base_url: str | None,
    environment: str | None,
    record: Path | None,
    replay: Path | None,
) -> Provider:
    from shenhe.conformance.bindings import load_binding

    if target != SAMPLE:
        if faults:
            raise typer.BadParameter("only the sample has faults", param_hint="--fault")
        if variant is not None:
            raise typer.BadParameter("only the sample has variants", param_hint="--variant")
        binding = load_binding(target, environ=os.environ, environment=environment)
        return stack.enter_context(binding.connect(base_url=base_url, record=record, replay=replay))
    from shenhe.sample import SampleServer, sample_binding

    if base_url is None:
        variants = [variant] if variant is not None else []
        server = SampleServer(faults=faults, variants=variants) if replay is None else None
        base_url = stack.enter_context(server).url if server is not None else "http://127.0.0.1:9"
    elif faults:
        raise typer.BadParameter("a sample that runs already has the faults it was started with", param_hint="--fault")
    binding = load_binding(sample_binding(variant), environ={**os.environ, "SHENHE_SAMPLE_URL": base_url})
    return stack.enter_context(binding.connect(base_url=base_url, record=record, replay=replay))


def _files(out: Path | None, report: Path | None, junit: Path | None, html: Path | None) -> dict[str, Path]:
    """What is to be written where, in a place that can be written: found out before anything is sent."""
    wanted = {}
    for kind, given, name in (
        ("report", report, "report.json"),
        ("junit", junit, "junit.xml"),
        ("html", html, "report.html"),
    ):
        path = given if given is not None else out / name if out is not None else None
        if path is None:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise typer.BadParameter(f"the folder {path.parent} cannot be made: {error.strerror}") from None
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise typer.BadParameter(f"{path} cannot be written")
        wanted[kind] = path
    return wanted


def _write(report: Report, wanted: dict[str, Path]) -> None:
    if "report" in wanted:
        report.write(wanted["report"])
    if "junit" in wanted:
        from shenhe.reports.formats.junit import write_junit

        write_junit(report, wanted["junit"])
    if "html" in wanted:
        from shenhe.reports.pages.page import write_page

        write_page(wanted["html"], [report])


def _progress() -> Callable[[int, int, str], None]:
    """A line on stderr if somebody is there to see it; a total of 0 clears it."""
    shown = False

    def show(done: int, total: int, name: str) -> None:
        nonlocal shown
        if not sys.stderr.isatty():
            return
        if total == 0:
            if shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            return
        shown = True
        filled = round(24 * done / total)
        sys.stderr.write(f"\r\x1b[K{'█' * filled:░<24} {done}/{total} {name.replace('_', ' ')}")
        sys.stderr.flush()

    return show


def _list(level: Level, as_json: bool) -> None:
    from shenhe.conformance.checks import all_checks

    listed = [check for check in all_checks() if level.includes(check.level)]
    if as_json:
        rows = [
            {
                "name": check.name,
                "title": check.title,
                "behaviour": check.behaviour.value,
                "level": check.level.value,
                "rules": list(check.rules),
            }
            for check in listed
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for check in listed:
        typer.echo(f"{check.name}  ({check.behaviour.value}, {check.level.value})")
        typer.echo(f"    {check.title}")
        typer.echo(f"    {', '.join(check.rules)}")
