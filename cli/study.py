"""``shenhe study``: run many policies in many uncertain worlds and analyse the results."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .help import HelpGroup
from .options import Engine, Json, PageLang, PageLanguage, lang_words, page_file, writable_folder
from .output import echo_json

if TYPE_CHECKING:
    from shenhe.simulator.analysis import Analysis
    from shenhe.simulator.runs.executors import Pool
    from shenhe.simulator.study import Estimate, StudyRun

ASK_SECONDS = 600.0
ASK_BYTES = 1e9
"""A study that is estimated to need more time or disk than this asks for confirmation."""


class _RunByDefault(HelpGroup):
    """``shenhe study FILE`` is ``shenhe study run FILE``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asks = {"-h", "--help"}
        if args and args[0] not in self.commands and args[0] not in asks:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunByDefault,
    no_args_is_help=True,
    help=(
        "Run many policies in many uncertain worlds, and analyse the results.\n\n"
        "`shenhe study STUDY --out DIR` is short for `shenhe study run`. Repeat it to resume.\n\n"
        "Example:  shenhe study first-look --out runs/first-look"
    ),
)

Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", callback=writable_folder, help="Folder for the results. An unfinished study is resumed."
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, help="Worker processes. Default: one per processor.")
]
Kind = Annotated[
    str, typer.Option("--executor", metavar="processes|inline|dask", help="Where jobs run. Does not affect results.")
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="URL", help="Dask scheduler to connect to, such as tcp://10.0.0.5:8786."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@app.command("run")
def run(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=completion.studies, help="Name of a shipped study, or a study file."
        ),
    ],
    out: Out,
    workers: Workers = None,
    executor: Kind = "processes",
    scheduler: Scheduler = None,
    engine: Engine = "auto",
    yes: Yes = False,
    language: PageLang = PageLanguage.ENGLISH,
    as_json: Json = False,
) -> None:
    """Run a study, or the part of it that is not finished.

    Example:  shenhe study first-look --out runs/first-look

    Example:  shenhe study my-study.yaml --out runs/mine --executor dask --scheduler tcp://10.0.0.5:8786 --yes
    """
    from shenhe.reports.pages.study import write_study_page
    from shenhe.simulator.analysis import overview
    from shenhe.simulator.runs.engines import using
    from shenhe.simulator.study import load_study, run_study

    plan = load_study(study)
    command = shlex.join(["shenhe", "study", study, *lang_words(language), "--out", str(out)])
    for sentence in dict.fromkeys(text for scenario in plan.scenarios for text in scenario.population.notices):
        typer.echo(sentence, err=True)
    with (
        using(engine),
        _Progress(f"{plan.study.name}, {len(plan.arms)} arms, {len(plan.worlds):,} worlds", out) as progress,
    ):
        done = run_study(
            plan, out, _pool(executor, workers, scheduler), progress, agree=None if yes else _agree, command=command
        )
        analyses = overview(done)
    page = out / "index.html"
    write_study_page(page, done, analyses, language.value)
    if as_json:
        echo_json(json.dumps(_document(done, analyses), indent=2, ensure_ascii=False))
    else:
        for analysis in analyses:
            _print_analysis(analysis)
        typer.echo(f"results: {out}    page: {page}", err=True)
    if done.quarantined:
        for name, reason in done.quarantined.items():
            typer.echo(f"not run: {name}: {reason}", err=True)
        typer.echo(
            f"{len(done.quarantined)} jobs could not run; the other results are in {out}. Repeat the command to try"
            " them again.",
            err=True,
        )
        raise typer.Exit(3)


@app.command("list")
def list_studies(as_json: Json = False) -> None:
    """List the shipped studies.

    Example:  shenhe study list
    """
    from shenhe.simulator.study import load_study, names

    plans = [load_study(name) for name in names()]
    if as_json:
        rows = [
            {"name": p.study.name, "title": p.study.title, "arms": len(p.arms), "worlds": len(p.worlds)} for p in plans
        ]
        echo_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(plan.study.name) for plan in plans)
    for plan in plans:
        typer.echo(
            f"{plan.study.name:{width}}  {plan.study.title} ({len(plan.arms)} arms, {len(plan.worlds):,} worlds)"
        )


KINDS = "compare, rank, sensitivity, discover, tree, dose, heat, series, pareto, robust, worlds, tipping"


@app.command("analyse")
def analyse(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {KINDS}.")],
    run: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a finished study.")],
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="Metric to analyse. Default: the study's first objective."),
    ] = None,
    arm: Annotated[
        str | None,
        typer.Option("--arm", metavar="NAME", help="Arm to analyse."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Arm to compare with: the analysis is of the paired difference (all kinds but rank).",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="VALUE", help="Metric value from which a world counts (discover, tree)."),
    ] = None,
    along: Annotated[
        list[str] | None,
        typer.Option(
            "--along", metavar="NAME", help="Parameter of the worlds: one for dose, two for heat. Repeatable."
        ),
    ] = None,
    delta: Annotated[
        float | None, typer.Option("--delta", metavar="VALUE", help="Smallest difference that matters (rank).")
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE.html", callback=page_file, help="Write the figure as an HTML page."),
    ] = None,
    language: PageLang = PageLanguage.ENGLISH,
    as_json: Json = False,
) -> None:
    """Answer one question from the results of a study.

    Example:  shenhe study analyse compare runs/first-look --metric harm

    Example:  shenhe study analyse discover runs/first-look --metric harm --arm as-enacted --figure box.html

    Example:  shenhe study analyse sensitivity runs/first-look --arm inspect-twice-as-often --baseline as-enacted

    Example:  shenhe study analyse dose runs/first-look --metric harm --baseline as-enacted
    """
    from shenhe.simulator.analysis import analyse as ask
    from shenhe.simulator.study import read_study

    done = read_study(run)
    analysis = ask(
        kind, done, metric=metric, arm=arm, baseline=baseline, threshold=threshold, delta=delta, along=along or ()
    )
    if figure is not None:
        from shenhe.reports.pages.study import write_study_page

        write_study_page(figure, done, [analysis], language.value)
    if as_json:
        echo_json(json.dumps(_rows(analysis), indent=2, ensure_ascii=False))
    else:
        _print_analysis(analysis)


@app.command("search")
def search(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY",
            autocompletion=completion.studies,
            help="Name of a shipped study, or a study file, with a section `search`.",
        ),
    ],
    out: Out,
    workers: Workers = None,
    executor: Kind = "processes",
    scheduler: Scheduler = None,
    engine: Engine = "auto",
    yes: Yes = False,
    language: PageLang = PageLanguage.ENGLISH,
    as_json: Json = False,
) -> None:
    """Search the levers of a policy for Pareto-optimal settings: no other setting is better on all objectives.

    Example:  shenhe study search levers --out runs/levers
    """
    from shenhe.reports.pages.study import write_study_page
    from shenhe.simulator.analysis.pareto import search_policies
    from shenhe.simulator.runs.engines import using
    from shenhe.simulator.study import load_study

    plan = load_study(study)
    command = shlex.join(["shenhe", "study", "search", study, *lang_words(language), "--out", str(out)])
    with using(engine), _Progress(f"{plan.study.name}, search", out) as progress:
        analysis, done = search_policies(
            plan, out, _pool(executor, workers, scheduler), progress, agree=None if yes else _agree, command=command
        )
    write_study_page(out / "index.html", done, [analysis], language.value)
    if as_json:
        echo_json(json.dumps(_rows(analysis), indent=2, ensure_ascii=False))
    else:
        _print_analysis(analysis)
        typer.echo(f"results: {out}    page: {out / 'index.html'}", err=True)


def _pool(kind: str, workers: int | None, scheduler: str | None) -> Pool:
    from shenhe.simulator.runs.executors import open_pool

    return open_pool(kind, workers or os.cpu_count() or 1, scheduler)


def _agree(estimate: Estimate) -> bool:
    """Print the estimated time and disk use, and ask for confirmation above the limits."""
    typer.echo(f"{estimate}", err=True)
    if estimate.wall <= ASK_SECONDS and estimate.disk <= ASK_BYTES:
        return True
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "the study is above the limits and there is no terminal for a confirmation: pass --yes, or make it smaller"
        )
    return bool(typer.confirm("Run it?", err=True))


class _Progress:
    """Progress on stderr with the time left. Ctrl-C exits with 130 and names the folder to resume from."""

    def __init__(self, title: str, out: Path) -> None:
        from .simulate import progress_bar

        self._bar: Callable[[int, int], None] = progress_bar(title)
        self._out = out
        self._last = (0, 1)

    def __enter__(self) -> Callable[[int, int], None]:
        def show(done: int, total: int) -> None:
            self._last = (done, total)
            self._bar(done, total)

        return show

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar(-1, 1)
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            done, total = self._last
            typer.echo(
                f"\nstopped after {done:,} of {total:,} replications; repeat the command to resume from {self._out}",
                err=True,
            )
            raise typer.Exit(130)


def _print_analysis(analysis: Analysis) -> None:
    from rich.console import Console
    from rich.table import Table

    from shenhe.reports.figures.study import shown as readable

    # Do not wrap rows in a pipe: a table is easier to search with one row per line.
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(f"\n[bold]{analysis.title}[/bold]")
    table = Table(box=None, pad_edge=False, header_style="dim")
    # The page and --json have every column; a terminal has room for what decides.
    shown = readable(analysis).drop(columns=["from", "to", "p"] if analysis.kind == "compare" else [])
    for column in map(str, shown.columns):
        first = column == shown.columns[0]
        table.add_column(
            column,
            justify="left" if first else "right",
            no_wrap=first or column in ("metric", "parameter"),
            overflow="fold",
        )
    for row in shown.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    console.print(table)
    for note in analysis.notes:
        console.print(f"[dim]{note}[/dim]")


def _rows(analysis: Analysis) -> dict[str, Any]:
    return {
        "kind": analysis.kind,
        "title": analysis.title,
        "notes": list(analysis.notes),
        "table": json.loads(analysis.table.to_json(orient="records", double_precision=12)),
        "details": {
            name: json.loads(frame.to_json(orient="records", double_precision=12))
            for name, frame in analysis.details.items()
        },
    }


def _document(run: StudyRun, analyses: list[Analysis]) -> dict[str, Any]:
    return {
        "study": run.study.name,
        "study_hash": run.plan.hash,
        "folder": str(run.folder),
        "arms": run.arms,
        "worlds": len(run.worlds),
        "quarantined": dict(run.quarantined),
        "notices": list(dict.fromkeys(text for each in run.plan.scenarios for text in each.population.notices)),
        "analyses": [_rows(analysis) for analysis in analyses],
    }
