"""The page of conformance reports, simulated futures, or both."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shenhe.conformance.report import Report
from shenhe.core.files import write_whole
from shenhe.core.text import one_line

from ..quantities import OF_MEDIANS, change, in_words, quantity, shown_change, shown_interval
from .clauses import MARKS, VERDICTS, PageError, matrix
from .language import Language, translated
from .self_contained import rendered

if TYPE_CHECKING:
    from shenhe.simulator import Comparison, Run


@dataclass(frozen=True)
class Outcome:
    """A row of a table of outcomes: title with unit, then a (mean, interval) for each run."""

    title: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Contrast:
    """The paired differences of one run with the first: per row title, both means, difference, interval, whether beyond
    chance.
    """

    a: str
    b: str
    rows: tuple[tuple[str, str, str, str, str, bool], ...]


@dataclass(frozen=True)
class Future:
    """One simulated run as the page shows it."""

    name: str
    title: str
    story: str
    sources: tuple[str, ...]
    providers: str
    days: str
    start: str
    replications: int
    seed: int
    scenario_hash: str
    versions: str
    rulebook_hash: str
    command: str
    data: int
    assumptions: int
    unstated: int
    basis: tuple[tuple[str, str, str], ...]


def write_page(path: Path, reports: Sequence[Report], runs: Sequence[Run] = (), language: Language = "en") -> None:
    """Write :func:`render_page` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_page(reports, runs, language))


def render_page(reports: Sequence[Report], runs: Sequence[Run] = (), language: Language = "en") -> str:
    """The page. Runs after the first are compared with it where they share its seed.

    What a check found and why, and what a scenario says of itself, are quoted in the language they are recorded in.

    Raises :class:`PageError` when there is nothing to show, or more than fits side by side.
    """
    if not reports and not runs:
        raise PageError("found neither a report nor a run, expected at least one")
    content: dict[str, Any] = {
        "matrix": matrix(reports),
        "futures": (),
        "figures": (),
        "outcomes": (),
        "contrasts": (),
        "notes": (),
    }
    if runs:
        content |= translated(_simulated(runs), language)
    return rendered(
        "page.html",
        with_figures=bool(runs),
        language=language,
        **content,
        title=translated(_title(bool(reports), bool(runs)), language),
        lead=_chinese_lead(reports, runs) if language == "zh" else _lead(reports, runs),
        verdicts=VERDICTS,
        marks=MARKS,
    )


def _title(conformance: bool, simulation: bool) -> str:
    if conformance and simulation:
        return "Conformance and enforcement"
    return "Conformance report" if conformance else "Simulated enforcement"


def _chinese_lead(reports: Sequence[Report], runs: Sequence[Run]) -> list[str]:
    """The summary at the top of the page, in Chinese."""
    if not reports:
        return translated(_lead(reports, runs), "zh")  # type: ignore[no-any-return]
    days = "、".join(dict.fromkeys(one_line(report.on, 20) for report in reports))
    sentences = [f"依据 {days} 有效的规定，检查了 {len(reports)} 家提供者。"]
    kept = sum(report.summary.exit_code == 0 for report in reports)
    if kept:
        sentences.append("全部规则均符合。" if len(reports) == 1 else f"{kept} 家全部符合。")
    for report in reports:
        counts = report.summary.counts
        if report.summary.exit_code == 1:
            sentences.append(f"{sum(counts.values())} 条规则中有 {counts.get('fail', 0)} 条不符合。")
    if rest := sum(report.summary.exit_code not in (0, 1) for report in reports):
        sentences.append("部分规则未能验证。" if len(reports) == 1 else f"{rest} 家有规则未能验证。")
    return [*sentences, *translated(_lead((), runs), "zh")]


def _lead(reports: Sequence[Report], runs: Sequence[Run]) -> list[str]:
    """The summary at the top of the page."""
    sentences = []
    if reports:
        days = " and ".join(dict.fromkeys(one_line(report.on, 20) for report in reports))
        broke = [report for report in reports if report.summary.exit_code == 1]
        kept = sum(report.summary.exit_code == 0 for report in reports)
        single = len(reports) == 1
        parts = [f"{'it' if single else in_words(kept)} passed every rule"] if kept else []
        for report in broke:
            counts = report.summary.counts
            failed, total = counts.get("fail", 0), sum(counts.values())
            parts.append(f"it failed {failed} of {total} rules" if single else f"one failed {failed} of {total}")
        if rest := len(reports) - kept - len(broke):
            parts.append(f"{'it' if single else in_words(rest)} could not be fully verified")
        sentences.append(
            f"{in_words(len(reports)).capitalize()} provider{'s were' if len(reports) > 1 else ' was'} checked against"
            f" the law of {days}: {', '.join(parts)}."
        )
    if runs:
        scenario = runs[0].scenario
        sentences.append(
            f"{in_words(len(runs)).capitalize()} polic{'ies were' if len(runs) > 1 else 'y was'} simulated with "
            f"{quantity(scenario.population.simulated)} providers over {quantity(scenario.horizon)} days."
        )
    return sentences


# -- simulated futures


def _simulated(runs: Sequence[Run]) -> dict[str, Any]:
    from shenhe.simulator import RunError, compare

    from ..figures.figures import MAX_RUNS, figures, names

    if len(runs) > MAX_RUNS:
        raise PageError(f"found {len(runs)} runs, expected at most {MAX_RUNS} on a page")
    called = names(runs)
    first, *others = runs
    paired, notes = [], []
    for name, run in zip(called[1:], others, strict=True):
        try:
            paired.append((name, compare(first, run)))
        except RunError as error:
            reason = str(error).splitlines()[0]
            notes.append(f"No differences are given between {called[0]} (A) and {name} (B). {reason}.")
    if any(run.replications == 1 for run in runs):
        notes.append("A run of one replication has no interval: its results may be chance.")
    if any(
        (frame["interval_of"] == "median").any()
        for frame in [*(run.summary for run in runs), *(c.table for _, c in paired)]
    ):
        notes.append(OF_MEDIANS)
    notes += dict.fromkeys(text for run in runs for text in run.scenario.population.notices)
    return {
        "futures": [_future(name, run) for name, run in zip(called, runs, strict=True)],
        "figures": figures(runs, [comparison for _, comparison in paired]),
        "outcomes": _outcomes(runs),
        "contrasts": [_contrast(comparison, called[0], name) for name, comparison in paired],
        "notes": notes,
    }


def _future(name: str, run: Run) -> Future:
    scenario, kinds = run.scenario, {"datum": 0, "assumption": 0, "": 0}
    for path, _ in scenario.parameters():
        basis = scenario.basis_of(path)
        kinds[basis.kind if basis else ""] += 1
    note = _run_note(run)
    versions = note.get("versions")
    return Future(
        name=name,
        title=one_line(scenario.title, 200),
        story=one_line(scenario.story, 2000),
        sources=tuple(one_line(source, 300) for source in scenario.sources[:30]),
        providers=quantity(scenario.population.simulated),
        days=quantity(scenario.horizon),
        start=scenario.start.isoformat(),
        replications=run.replications,
        seed=run.seed,
        scenario_hash=scenario.hash,
        versions=(
            one_line(", ".join(f"{key} {value}" for key, value in versions.items()), 300)
            if isinstance(versions, dict)
            else ""
        ),
        rulebook_hash=one_line(str(note.get("rulebook_hash", "")), 64),
        command=one_line(str(note.get("command") or ""), 500),
        data=kinds["datum"],
        assumptions=kinds["assumption"],
        unstated=kinds[""],
        basis=tuple(
            (one_line(path, 120), basis.kind, one_line(basis.source, 400))
            for path, basis in list(scenario.basis.items())[:300]
        ),
    )


def _run_note(run: Run) -> dict[str, Any]:
    """What ``run.json`` says beyond the run itself; nothing for a run in memory."""
    if run.folder is None:
        return {}
    note = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    return note if isinstance(note, dict) else {}


def _outcomes(runs: Sequence[Run]) -> list[Outcome]:
    summaries = [run.summary.to_dict("index") for run in runs]
    described = {metric: row for summary in reversed(summaries) for metric, row in summary.items()}
    rows = []
    for metric in dict.fromkeys(metric for summary in summaries for metric in summary):
        unit = str(described[metric]["unit"])
        values = []
        for summary in summaries:
            row = summary.get(metric, {"unit": unit, "mean": math.nan, "lo95": math.nan, "hi95": math.nan})
            values.append((quantity(row["mean"], unit), shown_interval(row)))
        rows.append(Outcome(_titled(str(described[metric]["title"]), unit), tuple(values)))
    return rows


def _contrast(comparison: Comparison, a: str, b: str) -> Contrast:
    rows = []
    for row in comparison.table.to_dict("records"):
        unit, low, high = str(row["unit"]), row["lo_all"], row["hi_all"]
        means = quantity(row["mean_a"], unit), quantity(row["mean_b"], unit)
        paired = change(row["difference"], unit), shown_change(row, "_all")
        rows.append((_titled(str(row["title"]), unit), *means, *paired, bool(low > 0 or high < 0)))
    return Contrast(a, b, tuple(rows))


def _titled(title: str, unit: str) -> str:
    words = one_line(title, 200)
    return f"{words} ({unit})" if unit and unit != "share" else words
