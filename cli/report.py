"""``shenhe report``: conformance reports and simulation runs as one HTML page, or a report as JUnit XML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import writable_file

if TYPE_CHECKING:
    from shenhe.conformance.report import Report
    from shenhe.simulator import Run


def report(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="report.json files and run folders.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.html", callback=writable_file, help="Write the HTML page here."),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(
            "--junit",
            metavar="FILE.xml",
            callback=writable_file,
            help="Write JUnit XML here. Takes exactly one report.json.",
        ),
    ] = None,
) -> None:
    """Render conformance reports and simulation runs as one self-contained HTML page.

    Several reports appear side by side. Further runs are compared with the first. Without `--out` or `--junit`, the
    page is written to report.html.

    Example:  shenhe report results/report.json --out report.html

    Example:  shenhe report a.json b.json runs/cn-2022-draft runs/cn-2023 --out report.html
    """
    if out is None and junit is None:
        out = Path("report.html")
    reports, runs = _read(inputs)
    if junit is not None and len(reports) != 1:
        raise typer.BadParameter(
            f"found {len(reports)} reports, expected exactly one report.json for JUnit", param_hint="--junit"
        )
    if out is not None:
        from shenhe.reports.pages.page import write_page

        out.parent.mkdir(parents=True, exist_ok=True)
        write_page(out, reports, runs)
        typer.echo(f"written: {out}", err=True)
    if junit is not None:
        from shenhe.reports.formats.junit import write_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        write_junit(reports[0], junit)
        typer.echo(f"written: {junit}", err=True)


def _read(inputs: list[Path]) -> tuple[list[Report], list[Run]]:
    """Reports and runs in the order given. A folder is a run, or what ``shenhe check --out`` left."""
    from shenhe.conformance.report import read_report

    reports, runs = [], []
    for path in inputs:
        if not path.exists():
            raise typer.BadParameter(f"{path}: no such file or folder", param_hint="INPUT")
        if path.is_dir() and not ((path / "run.json").exists() or not (path / "report.json").exists()):
            reports.append(read_report(path / "report.json"))
        elif path.is_dir():
            from shenhe.simulator import read_run

            runs.append(read_run(path))
        else:
            reports.append(read_report(path))
    return reports, runs
