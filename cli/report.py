"""``shenhe report``: conformance reports and simulation runs as one HTML page, or a report as JUnit XML."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .options import writable_file

if TYPE_CHECKING:
    from shenhe.conformance.report import Report
    from shenhe.simulator import Run


class Language(StrEnum):
    """A language of the decision page."""

    ENGLISH = "en"
    CHINESE = "zh"


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
    decision: Annotated[
        bool,
        typer.Option("--decision", help="Write the decision page about two run folders: what B changes against A."),
    ] = False,
    language: Annotated[Language, typer.Option("--lang", help="Language of the decision page.")] = Language.ENGLISH,
    question: Annotated[
        str, typer.Option("--question", metavar="TEXT", help="Title of the decision page. Default: made from A and B.")
    ] = "",
    study: Annotated[
        Path | None,
        typer.Option(
            "--study",
            metavar="DIR",
            help="Finished study of both policies, with A as its first arm and B as its last: says what would flip the"
            " result.",
        ),
    ] = None,
) -> None:
    """Render conformance reports and simulation runs as one self-contained HTML page.

    Several reports appear side by side. Further runs are compared with the first. Without `--out` or `--junit`, the
    page is written to report.html.

    Example:  shenhe report results/report.json --out report.html

    Example:  shenhe report a.json b.json runs/cn-2022-draft runs/cn-2023 --out report.html

    Example:  shenhe report runs/cn-2022-draft runs/cn-2023 --decision --lang zh --out decision.html
    """
    if out is None and junit is None:
        out = Path("report.html")
    reports, runs = _read(inputs)
    if decision:
        _write_decision(out or Path("report.html"), reports, runs, inputs, language.value, question, study)
        return
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


def _write_decision(
    out: Path,
    reports: list[Report],
    runs: list[Run],
    inputs: list[Path],
    language: Literal["en", "zh"],
    question: str,
    folder: Path | None,
) -> None:
    import shlex

    from shenhe.reports.pages.decision import write_decision_page
    from shenhe.simulator import compare

    if reports or len(runs) != 2:
        raise typer.BadParameter(
            f"found {len(reports)} reports and {len(runs)} runs, expected exactly two run folders",
            param_hint="--decision",
        )
    analyses = []
    if folder is not None:
        from shenhe.simulator.analysis import analyse
        from shenhe.simulator.study import read_study

        done = read_study(folder)
        analyses.append(analyse("sensitivity", done, metric="violations", arm=done.arms[-1], baseline=done.arms[0]))
    words = ["shenhe", "report", *map(str, inputs), "--decision", "--lang", language, "--out", out.name]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_decision_page(out, compare(*runs), shlex.join(words), language=language, question=question, analyses=analyses)
    typer.echo(f"written: {out}", err=True)


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
