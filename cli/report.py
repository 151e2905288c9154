"""``shenhe report``: conformance reports and simulation runs as one page (HTML, PDF, Markdown), or as JUnit XML."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .options import PageLang, PageLanguage, writable_file

if TYPE_CHECKING:
    from shenhe.conformance.report import Report
    from shenhe.simulator import Run


class PageFormat(StrEnum):
    """What a page is written as."""

    HTML = "html"
    PDF = "pdf"
    MARKDOWN = "md"


def report(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="report.json files and run folders.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", callback=writable_file, help="Write the page here."),
    ] = None,
    page_format: Annotated[
        PageFormat | None,
        typer.Option(
            "--format",
            help="Format of the page. Default: by the ending of --out, else HTML. PDF needs Chromium or Chrome.",
        ),
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
    language: PageLang = PageLanguage.ENGLISH,
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
    """Render conformance reports and simulation runs as one self-contained page: HTML, PDF or Markdown.

    Several reports appear side by side. Further runs are compared with the first. Without `--out` or `--junit`, the
    page is written to report.html (or report.pdf, report.md).

    Example:  shenhe report results/report.json --out report.html

    Example:  shenhe report results/report.json --format md --out report.md

    Example:  shenhe report results/report.json --lang zh --out report-zh.html

    Example:  shenhe report a.json b.json runs/cn-2022-draft runs/cn-2023 --out report.html

    Example:  shenhe report runs/cn-2022-draft runs/cn-2023 --lang zh --out runs.html

    Example:  shenhe report runs/cn-2022-draft runs/cn-2023 --decision --lang zh --out decision.html
    """
    written_as = page_format or _format_of(out)
    if out is None and (junit is None or page_format is not None):
        out = Path(f"report.{written_as}")
    if decision and written_as is PageFormat.MARKDOWN:
        raise typer.BadParameter("the decision page is HTML or PDF", param_hint="--format")
    if written_as is PageFormat.PDF and out is not None:
        from shenhe.reports.formats.pdf import browser

        browser()  # a missing browser is reported before anything is computed
    reports, runs = _read(inputs)
    if decision:
        out = out or Path(f"report.{written_as}")
        _write(_decision(reports, runs, inputs, language.value, question, study, out), out, written_as)
        return
    if junit is not None and len(reports) != 1:
        raise typer.BadParameter(
            f"found {len(reports)} reports, expected exactly one report.json for JUnit", param_hint="--junit"
        )
    if out is not None:
        if written_as is PageFormat.MARKDOWN:
            from shenhe.reports.formats.markdown import render_markdown

            page = render_markdown(reports, runs, language.value)
        else:
            from shenhe.reports.pages.page import render_page

            page = render_page(reports, runs, language.value)
        _write(page, out, written_as)
    if junit is not None:
        from shenhe.reports.formats.junit import write_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        write_junit(reports[0], junit)
        typer.echo(f"written: {junit}", err=True)


def _format_of(out: Path | None) -> PageFormat:
    """The format that the ending of a file asks for; HTML without a file."""
    endings = {
        ".html": PageFormat.HTML,
        ".htm": PageFormat.HTML,
        ".pdf": PageFormat.PDF,
        ".md": PageFormat.MARKDOWN,
    }
    if out is None:
        return PageFormat.HTML
    if (found := endings.get(out.suffix.lower())) is None:
        raise typer.BadParameter(f"{out} has no ending of a page: write {out}.html, .pdf or .md", param_hint="--out")
    return found


def _write(page: str, out: Path, written_as: PageFormat) -> None:
    from shenhe.core.files import write_whole

    out.parent.mkdir(parents=True, exist_ok=True)
    if written_as is PageFormat.PDF:
        from shenhe.reports.formats.pdf import write_pdf

        write_pdf(page, out)
    else:
        write_whole(out, page)
    typer.echo(f"written: {out}", err=True)


def _decision(
    reports: list[Report],
    runs: list[Run],
    inputs: list[Path],
    language: Literal["en", "zh"],
    question: str,
    folder: Path | None,
    out: Path,
) -> str:
    """The decision page about two runs."""
    import shlex

    from shenhe.reports.pages.decision import render_decision_page
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
    return render_decision_page(
        compare(*runs), shlex.join(words), language=language, question=question, analyses=analyses
    )


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
