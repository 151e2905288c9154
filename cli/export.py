"""``shenhe export``: convert a report to the formats of other systems."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .environment import Env, binding_environ
from .options import writable_file, writable_folder
from .output import json_escaped

if TYPE_CHECKING:
    from shenhe.conformance.report import Report


class Format(StrEnum):
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"
    GITHUB_ANNOTATIONS = "github-annotations"
    GITHUB_SUMMARY = "github-summary"
    HAR = "har"
    OSCAL = "oscal"
    ARAZZO = "arazzo"
    SCRIPTS = "scripts"


def export(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help=" · ".join(Format))],
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The report.json of a run, or for arazzo a binding.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="File to write. Default: standard output. For scripts: the folder.",
        ),
    ] = None,
    binding: Annotated[
        str,
        typer.Option(
            "--binding",
            metavar="PATH",
            help=(
                "Path of the binding in your repository, for sarif, gitlab and github-annotations. Default: the path in"
                " the report."
            ),
        ),
    ] = "",
    only: Annotated[
        str, typer.Option("--only", metavar="NAME", help="For har: export only the finding of this check or rule.")
    ] = "",
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline", metavar="FILE", help="For github-summary: baseline whose accepted failures are marked."
        ),
    ] = None,
    openapi: Annotated[
        str | None,
        typer.Option(
            "--openapi",
            metavar="URL",
            help="For arazzo: the provider's OpenAPI document. Default: a generated one next to --out.",
        ),
    ] = None,
    env: Env = None,
) -> None:
    """Convert a report to SARIF, JUnit, GitLab, GitHub, HAR or OSCAL, its findings to scripts, or a binding to Arazzo.

    scripts writes a folder per finding: replay.sh (curl), test_replay.py, and the media that they send.

    Example:  shenhe export sarif results/report.json --out results/shenhe.sarif

    Example:  shenhe export github-summary results/report.json >> "$GITHUB_STEP_SUMMARY"

    Example:  shenhe export scripts results/report.json --out results/findings

    Example:  shenhe export arazzo binding.yaml --out course.arazzo.json
    """
    if form is not Format.SCRIPTS:
        writable_file(out)
    if form is Format.ARAZZO:
        _arazzo(report, out, openapi, env)
        return
    from shenhe.conformance.report import parse_report, read_report_bytes

    data = read_report_bytes(report)
    parsed = parse_report(data, str(report))
    if form is Format.SCRIPTS:
        _scripts(parsed, out)
        return
    if form is Format.GITHUB_SUMMARY:
        rendered = _summary(parsed, baseline)
    else:
        rendered = _render(form, parsed, hashlib.sha256(data).hexdigest(), binding, only)
    if out is None:
        sys.stdout.buffer.write(rendered)
        sys.stdout.buffer.flush()
    else:
        from shenhe.core.files import write_whole

        write_whole(out, rendered)
        typer.echo(f"written: {out}", err=True)


def _scripts(report: Report, out: Path | None) -> None:
    from shenhe.conformance.evidence.export import write_scripts

    if out is None:
        raise typer.BadParameter(
            "expected --out: each finding becomes a folder of scripts and media", param_hint="--out"
        )
    writable_folder(out)
    folders = write_scripts(report, out)
    for folder in folders:
        typer.echo(f"written: {folder}", err=True)
    if not folders:
        typer.echo("the report has no findings, so there are no scripts", err=True)


def _arazzo(binding: Path, out: Path | None, openapi: str | None, env: list[str] | None) -> None:
    from shenhe.conformance.bindings import BindingError, load_binding
    from shenhe.core.files import write_whole
    from shenhe.reports.formats.arazzo import arazzo_of

    if out is None and openapi is None:
        raise typer.BadParameter(
            "expected --out or --openapi: the workflow refers to an OpenAPI document, which is written next to --out",
            param_hint="--out",
        )
    bound = load_binding(binding, environ=binding_environ(binding, env))
    try:
        base_url = bound.base_url()
    except BindingError:
        base_url = "/"
    beside = None if out is None or openapi is not None else out.with_name(out.name.partition(".")[0] + ".openapi.json")
    arazzo, described = arazzo_of(bound.file, bound.name, openapi or (beside.name if beside else ""), base_url)
    if out is None:
        sys.stdout.buffer.write(_json(arazzo))
        sys.stdout.buffer.flush()
        return
    for path, document in ((out, arazzo), *([(beside, described)] if beside else [])):
        write_whole(path, _json(document))
        typer.echo(f"written: {path}", err=True)


def _render(form: Format, report: Report, report_sha256: str, binding: str, only: str) -> bytes:
    match form:
        case Format.SARIF:
            from shenhe.reports.formats.sarif import sarif
            from shenhe.rulebook import load_rulebook

            return _json(sarif(report, load_rulebook().rules, binding=binding))
        case Format.JUNIT:
            from shenhe.reports.formats.junit import junit

            return junit(report)
        case Format.GITLAB:
            from shenhe.reports.formats.gitlab import code_quality

            return _json(code_quality(report, binding=binding))
        case Format.GITHUB_ANNOTATIONS:
            from shenhe.reports.formats.github import workflow_commands

            return workflow_commands(report, binding=binding).encode()
        case Format.HAR:
            from shenhe.reports.formats.har import har

            return _json(har(report, only=only))
        case Format.ARAZZO | Format.GITHUB_SUMMARY | Format.SCRIPTS:
            raise ValueError(f"{form} is written from more than a report")
        case Format.OSCAL:
            from shenhe.reports.formats.oscal import assessment_results

            return _json(assessment_results(report, report_sha256))


def _summary(report: Report, baseline: Path | None) -> bytes:
    from shenhe.reports.formats.github import step_summary

    if baseline is None:
        return step_summary(report).encode()
    from shenhe.conformance.evidence.baseline import apply_baseline, read_baseline

    known = read_baseline(baseline)
    return step_summary(report, apply_baseline(report, known, date.today()), source=known.source).encode()


def _json(data: Any) -> bytes:
    return json_escaped(json.dumps(data, indent=1, ensure_ascii=False)).encode() + b"\n"
