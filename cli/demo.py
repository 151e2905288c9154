"""``shenhe demo``: check the built-in sample provider, simulate two policies, and write one page."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import PageLang, PageLanguage, Seed, Workers, writable_folder

if TYPE_CHECKING:
    from shenhe.conformance.report import Report
    from shenhe.simulator import Run

#: One fault per behaviour: labeling, consent, real-name, takedown.
FAULTS = ("text-unlabelled", "edit-without-consent", "publish-unverified", "search-survives")
POLICIES = ("cn-2022-draft", "cn-2023")
#: The outcomes compared on the terminal. The page has all of them.
SHOWN = (
    "compliance",
    "violations",
    "harm",
    "action_p50",
    "backlog_mean",
    "fines_imposed",
    "fines",
    "service_suspensions",
    "delistings",
)


def demo(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=writable_folder,
            help="Folder for the results. An earlier demo in it is replaced.",
        ),
    ] = Path("demo"),
    replications: Annotated[
        int, typer.Option("--replications", "-n", metavar="N", min=1, help="Replications per policy.")
    ] = 3,
    seed: Seed = 1,
    workers: Workers = None,
    language: PageLang = PageLanguage.ENGLISH,
    chain: Annotated[
        bool,
        typer.Option(
            "--chain",
            help="Instead, follow one picture through a supporter, a provider, a platform and a store, over HTTP.",
        ),
    ] = False,
) -> None:
    """Check a lawful and a faulty provider over HTTP, simulate two policies, and write one page.

    Example:  shenhe demo --out demo

    Example:  shenhe demo --chain --out demo
    """
    if chain:
        from .demo_chain import demo_chain

        raise typer.Exit(demo_chain(out, seed))
    from shenhe.reports.pages.page import write_page
    from shenhe.reports.terminal.outcomes import print_comparison
    from shenhe.simulator import compare

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"cannot create the folder {out}: {error.strerror}", param_hint="--out") from None
    _say("1/4  checking the sample provider, lawful, over HTTP")
    reports = [_checked("Sample provider, lawful", (), seed, out / "lawful")]
    _say(f"2/4  checking it with four faults: {', '.join(FAULTS)}")
    reports.append(_checked("Sample provider, four faults", FAULTS, seed, out / "faulty"))
    _say(f"3/4  simulating {' and '.join(POLICIES)}, {replications} replications each")
    runs = [_simulated(name, replications, seed, workers, out / "runs" / name) for name in POLICIES]
    page = out / "index.html"
    _say("4/4  writing the page")
    write_page(page, reports, runs, language.value)

    for report in reports:
        typer.echo(_sentence(report))
    typer.echo()
    print_comparison(compare(*runs), metrics=SHOWN)
    typer.echo(f"\nOpen {page} in a browser to see each failure with its evidence and both policies with figures.")
    typer.echo(
        f"The same folder holds {out / 'lawful'} and {out / 'faulty'} (report.json, junit.xml) and {out / 'runs'}"
        " (event logs, outcomes)."
    )
    typer.echo("Next: shenhe check sample --fault text-unlabelled    shenhe rules matrix    shenhe compare --help")


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _checked(name: str, faults: tuple[str, ...], seed: int, folder: Path) -> Report:
    """The report of the sample with these faults, reached over loopback like any other provider; also written to
    ``folder``.
    """
    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.engine.runner import run_checks
    from shenhe.reports.formats.junit import write_junit
    from shenhe.sample import SampleServer, sample_binding

    with SampleServer(faults=faults) as server:
        binding = load_binding(sample_binding(), environ={**os.environ, "SHENHE_SAMPLE_URL": server.url})
        with binding.connect(base_url=server.url) as provider:
            report = run_checks(provider, seed=seed, target=provider.target.model_copy(update={"name": name}))
    folder.mkdir(exist_ok=True)
    report.write(folder / "report.json")
    write_junit(report, folder / "junit.xml")
    return report


def _simulated(name: str, replications: int, seed: int, workers: int | None, folder: Path) -> Run:
    """A run of a shipped scenario in ``folder``. One that an earlier demo left there is gone on with, or replaced if it
    is another.
    """
    from shenhe.simulator import load_scenario

    from .simulate import reproduce, run_scenario

    scenario = load_scenario(name)
    if _is_another(folder, scenario.hash, seed):
        shutil.rmtree(folder)
    return run_scenario(scenario, replications, seed, workers, folder, reproduce(name, replications, seed, None))


def _is_another(folder: Path, scenario_hash: str, seed: int) -> bool:
    import json

    from shenhe.simulator.runs.run import model_hash

    try:
        note = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return (note["scenario_hash"], note["seed"], note["model_hash"]) != (
            scenario_hash,
            seed,
            model_hash(),
        )
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        return True


def _sentence(report: Report) -> str:
    counts = report.summary.counts
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    return f"{report.target.name}: {verdicts}; {report.summary.requests:,} requests in {report.timing.seconds:.1f} s"
