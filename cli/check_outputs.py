"""The files that a check writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

if TYPE_CHECKING:
    from shenhe.conformance.report import Report


def output_files(out: Path | None, report: Path | None, junit: Path | None, html: Path | None) -> dict[str, Path]:
    """The output files, each checked to be writable before the first request is sent."""
    outputs = {}
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
            raise typer.BadParameter(f"cannot create the folder {path.parent}: {error.strerror}") from None
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise typer.BadParameter(f"cannot write {path}")
        outputs[kind] = path
    return outputs


def write_outputs(report: Report, outputs: dict[str, Path], language: Literal["en", "zh"] = "en") -> bool:
    """Write the outputs, each whatever becomes of the others; whether all were written."""
    from shenhe.conformance.evidence.own import remember
    from shenhe.reports.formats.junit import write_junit
    from shenhe.reports.pages.page import write_page

    writers: dict[str, Callable[[Path], object]] = {
        "report": report.write,
        "junit": lambda path: write_junit(report, path),
        "html": lambda path: write_page(path, [report], language=language),
    }
    written = True
    for kind, path in outputs.items():
        try:
            writers[kind](path)
        except OSError as error:
            typer.echo(f"shenhe: lost: {path} could not be written: {error.strerror or error}", err=True)
            written = False
        else:
            typer.echo(f"written: {path}", err=True)
            if kind == "report":
                remember(path.read_bytes())
    return written
