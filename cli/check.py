"""``shenhe check``: probe a target and report which rules it complies with."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shenhe.conformance.verdict import ExitCode, Level
from shenhe.core.files import only_writer

from . import completion
from .check_outputs import output_files, write_outputs
from .environment import Env, binding_environ
from .options import (
    BUDGET,
    INTERRUPTED,
    OUTPUT,
    SCOPE,
    TARGET,
    AtLevel,
    CheckSalt,
    CheckSeed,
    Examples,
    HtmlFile,
    On,
    Packs,
    PageLang,
    PageLanguage,
    Rules,
    Strength,
    TakenReadings,
    chosen_readings,
    day_of,
    split,
    writable_file,
    writable_folder,
)
from .output import echo_json
from .plan import affordable, print_plan
from .progress import ProgressLine, foretell, of_run
from .project import of_project

if TYPE_CHECKING:
    from shenhe.conformance.engine.events import Event
    from shenhe.conformance.evidence.documents import EvidenceFile
    from shenhe.conformance.provider import Provider
    from shenhe.conformance.report import Report

SAMPLE = "sample"


def check(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            autocompletion=completion.targets,
            help="A binding file, a ready-made binding (openai, openai-chat), `sample` or `sample-store`.",
        ),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NAME",
            autocompletion=completion.faults,
            rich_help_panel=TARGET,
            help="Enable this fault in the sample target. Repeatable; list them with `shenhe sample faults`.",
        ),
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(
            "--variant",
            metavar="NAME",
            autocompletion=completion.variants,
            rich_help_panel=TARGET,
            help="Run the sample as this lawful variant; list them with `shenhe sample variants`.",
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            metavar="URL",
            rich_help_panel=TARGET,
            help="Address of the target. Overrides base_url of the binding.",
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            metavar="NAME",
            rich_help_panel=TARGET,
            help="Use this environment of the binding instead of its default target.",
        ),
    ] = None,
    env: Env = None,
    level: AtLevel = Level.CORE,
    packs: Packs = None,
    rules: Rules = None,
    reading: TakenReadings = None,
    on: On = None,
    seed: CheckSeed = 0,
    salt: CheckSalt = None,
    examples: Examples = 25,
    strength: Strength = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample",
            metavar="N",
            min=0,
            rich_help_panel=SCOPE,
            help="Extra random cases per check, used to bound its failure rate (0 = off).",
        ),
    ] = 0,
    max_requests: Annotated[
        int | None,
        typer.Option(
            "--max-requests",
            metavar="N",
            min=1,
            rich_help_panel=BUDGET,
            help="Stop after N requests. Unfinished checks are reported as inconclusive.",
        ),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            min=0.1,
            rich_help_panel=BUDGET,
            help="Stop after this time. Unfinished checks are reported as inconclusive.",
        ),
    ] = None,
    max_generations: Annotated[
        int | None,
        typer.Option(
            "--max-generations",
            metavar="N",
            min=0,
            rich_help_panel=BUDGET,
            help="Stop after N calls of generate and edit, which the target may charge for.",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            callback=writable_file,
            rich_help_panel=OUTPUT,
            help="Write every response, redacted, to this cassette for --replay.",
        ),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            "--replay",
            metavar="FILE",
            rich_help_panel=TARGET,
            help="Send nothing; read the responses from a cassette that was recorded with the same seed.",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=64,
            rich_help_panel=BUDGET,
            help="Checks to run at once. Each uses its own test accounts.",
        ),
    ] = 1,
    baseline_file: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="Known failures that are accepted for now. They no longer cause exit code 1.",
        ),
    ] = None,
    evidence_file: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="List of documents offered for rules that no request can decide.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=writable_folder,
            rich_help_panel=OUTPUT,
            help="Write report.json, junit.xml and report.html to this folder.",
        ),
    ] = None,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", callback=writable_file, rich_help_panel=OUTPUT, help="Write report.json here."
        ),
    ] = None,
    junit_file: Annotated[
        Path | None,
        typer.Option(
            "--junit", metavar="FILE", callback=writable_file, rich_help_panel=OUTPUT, help="Write JUnit XML here."
        ),
    ] = None,
    html_file: HtmlFile = None,
    language: PageLang = PageLanguage.ENGLISH,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", rich_help_panel=OUTPUT, help="Show each failure with its requests, and every open check."
        ),
    ] = False,
    minimise: Annotated[
        bool,
        typer.Option(
            "--minimise",
            rich_help_panel=OUTPUT,
            help="Leave bodies, headers, paths, excerpts and scripts out of every output.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print report.json instead of a summary.")
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            rich_help_panel=BUDGET,
            help="Print what this run would send, cost and take, send nothing, and exit.",
        ),
    ] = False,
    price: Annotated[
        float | None,
        typer.Option(
            "--price",
            metavar="AMOUNT",
            min=0,
            rich_help_panel=BUDGET,
            help="Price of one call of generate or edit. Overrides target.price of the binding.",
        ),
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(
            "--max-cost",
            metavar="AMOUNT",
            min=0,
            rich_help_panel=BUDGET,
            help="Make no more paid calls than this buys at --price, and ask before a run that needs more.",
        ),
    ] = None,
    list_checks: Annotated[
        bool, typer.Option("--list", help="List the checks and the rules that each decides, then exit.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json, then exit.")] = False,
) -> None:
    """Probe a target's API and report a verdict for every rule that requests can decide.

    Exit codes: 0 all decided and passed, 1 a failure, 2 a usage or configuration error, 3 not fully verified. With
    `--baseline`, 0 also means that every failure is accepted, and 1 includes stale and expired baseline entries.

    Example:  shenhe check sample --fault text-unlabelled

    Example:  shenhe check binding.yaml --level core --out results

    Example:  shenhe check sample --level full --plan --price 0.04
    """
    if list_checks:
        _list(level, as_json)
        return
    if schema:
        from shenhe.conformance.report import report_schema

        echo_json(json.dumps(report_schema(), indent=2, ensure_ascii=False))
        return
    if target is None:
        raise typer.BadParameter(
            "expected a binding file or `sample`; draft a binding with `shenhe init`", param_hint="TARGET"
        )
    if (record is not None or replay is not None) and (workers > 1 or (record is not None and replay is not None)):
        raise typer.BadParameter("use either --record or --replay, with --workers 1", param_hint="--record, --replay")
    if not of_project(context, "target"):
        # The accepted failures and documents of the project are about its own target.
        baseline_file = None if of_project(context, "baseline_file") else baseline_file
        evidence_file = None if of_project(context, "evidence_file") else evidence_file
    day = day_of(on)
    from shenhe.rulebook import load_rulebook

    book = load_rulebook().with_readings(chosen_readings(reading))
    from shenhe.conformance.evidence.baseline import read_baseline
    from shenhe.conformance.evidence.documents import read_evidence

    known = read_baseline(baseline_file) if baseline_file is not None else None
    evidence = read_evidence(evidence_file) if evidence_file is not None else None
    outputs = output_files(out, report_file, junit_file, html_file)
    if out is not None:
        context.with_resource(only_writer(out))
    with ExitStack() as stack:
        provider = _connect(stack, target, faults or [], variant, base_url, environment, record, replay, env)
        chosen: dict[str, Any] = {
            "packs": split(packs),
            "level": level,
            "rules": split(rules),
            "seed": seed,
            "examples": examples,
            "on": day,
            "book": book,
            "sample": sample,
            "strength": strength,
        }
        if plan:
            limits = {"--max-requests": max_requests, "--max-generations": max_generations}
            print_plan(provider, chosen, price, limits, max_cost, workers=workers, as_json=as_json)
            return
        if max_cost is not None:
            max_generations = affordable(provider, chosen, price, max_cost, max_generations)
        from shenhe.conformance.engine.runner import run_checks
        from shenhe.conformance.evidence.minimising import minimised
        from shenhe.conformance.evidence.partial import PartialReport

        bar = ProgressLine()
        change = minimised if minimise else _unchanged
        partial = PartialReport(outputs["report"], _complain, change) if "report" in outputs else None

        def listen(event: Event) -> None:
            foretell(event)
            of_run(bar, event)
            if partial is not None:
                partial(event)

        try:
            report = run_checks(
                provider,
                salt=salt,
                listen=listen,
                max_requests=max_requests,
                max_seconds=max_time,
                max_generations=max_generations,
                workers=workers,
                **chosen,
            )
        finally:
            bar.clear()
    report = change(report)
    written = write_outputs(report, outputs, language.value)
    if as_json:
        echo_json(report.model_dump_json(indent=1))
    else:
        from shenhe.reports.terminal.summary import print_check_summary

        print_check_summary(report, verbose=verbose)
        # A run of some rules leaves most of a binding unused, which says nothing about the binding.
        unused = _unused(report, 20 if verbose else 2) if not rules else []
        for line in [*unused, *_sampled(report), *_documents(report, evidence)]:
            typer.echo(line)
    if trouble := getattr(provider, "recording_trouble", ""):
        typer.echo(f"shenhe: {trouble}", err=True)
    if report.stopped is not None and report.stopped.kind == "gone":
        typer.echo(f"shenhe: {report.stopped.reason}", err=True)
    if report.stopped is not None and report.stopped.kind == "budget":
        more = f"; a larger budget would decide {len(report.stopped.rules)} more rules" if report.stopped.rules else ""
        typer.echo(f"shenhe: {report.stopped.reason}{more} (stopped in report.json)", err=True)
    if report.stopped is not None and report.stopped.kind == "interrupted":
        typer.echo("shenhe: stopped; finished checks are kept, the others are inconclusive", err=True)
        raise typer.Exit(INTERRUPTED)
    if known is not None:
        from shenhe.conformance.evidence.baseline import apply_baseline

        from .baseline import outcome_lines

        outcome = apply_baseline(report, known, date.today())
        for line in outcome_lines(outcome, known):
            typer.echo(line, err=as_json)
        raise typer.Exit(outcome.exit_code)
    raise typer.Exit(report.summary.exit_code if written else report.summary.exit_code or ExitCode.NOT_VERIFIED)


def _unused(report: Report, most: int) -> list[str]:
    """The lines of the binding that no check used, the first few by name."""
    if not report.unused:
        return []
    rest = len(report.unused) - most
    more = f", and {rest} more (unused in report.json)" if rest > 0 else ""
    return [f"declared and used by no check: {'; '.join(report.unused[:most])}{more}"]


def _sampled(report: Report) -> list[str]:
    """One line per sampled check: the failure rate that its sample excludes."""
    return [f"{result.name}: {result.sample.excludes}" for result in report.checks if result.sample is not None]


def _documents(report: Report, evidence: EvidenceFile | None) -> list[str]:
    """The documents offered for the rules that only documents can show."""
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
    env: list[str] | None,
) -> Provider:
    from shenhe.conformance.bindings import load_binding

    sample = None
    if target.startswith(SAMPLE):
        from shenhe.sample.samples import SAMPLES

        sample = SAMPLES.get(target)
    if sample is None:
        if faults:
            raise typer.BadParameter("only sample targets have faults", param_hint="--fault")
        if variant is not None:
            raise typer.BadParameter("only sample targets have variants", param_hint="--variant")
        binding = load_binding(target, environ=binding_environ(target, env), environment=environment)
        for doubt in binding.doubts:
            _complain(str(doubt))
        return stack.enter_context(binding.connect(base_url=base_url, record=record, replay=replay))
    from shenhe.sample import SampleServer

    if base_url is None:
        variants = [variant] if variant is not None else []
        server = SampleServer(faults, variants=variants, sample=sample) if replay is None else None
        base_url = stack.enter_context(server).url if server is not None else "http://127.0.0.1:9"
    elif faults:
        raise typer.BadParameter(
            "a running sample keeps the faults it was started with; pass --fault to `shenhe sample serve`",
            param_hint="--fault",
        )
    binding = load_binding(sample.binding(variant), environ={**os.environ, "SHENHE_SAMPLE_URL": base_url})
    return stack.enter_context(binding.connect(base_url=base_url, record=record, replay=replay))


def _unchanged(report: Report) -> Report:
    return report


def _complain(trouble: str) -> None:
    typer.echo(f"shenhe: {trouble}", err=True)


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
        echo_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for check in listed:
        typer.echo(f"{check.name}  ({check.behaviour.value}, {check.level.value})")
        typer.echo(f"    {check.title}")
        typer.echo(f"    {', '.join(check.rules)}")
