"""The page of a study: what was asked, what came out with how much certainty, and how to do it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shenhe.core.files import write_whole
from shenhe.core.text import one_line
from shenhe.simulator.analysis import Analysis
from shenhe.simulator.study import StudyRun

from ..figures.drawing import Figure
from ..figures.study import figure_of, shown
from ..quantities import quantity
from .language import Language, translated
from .self_contained import rendered

__all__ = ["figure_of", "render_study_page", "shown", "write_study_page"]

MAX_ROWS = 400
"""Rows of a table on the page; all of them stand in the results."""


@dataclass(frozen=True)
class Answer:
    """One analysis as the page shows it."""

    title: str
    notes: tuple[str, ...]
    figure: Figure | None
    rows_left_out: int

    @property
    def height(self) -> int:
        """Pixels that the figure takes, so that the page leaves neither a gap below it nor moves when it is drawn."""
        return int(json.loads(self.figure.spec)["layout"]["height"]) if self.figure else 0


def write_study_page(path: Path, run: StudyRun, analyses: Sequence[Analysis], language: Language = "en") -> None:
    """Write :func:`render_study_page` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_study_page(run, analyses, language))


def render_study_page(run: StudyRun, analyses: Sequence[Analysis], language: Language = "en") -> str:
    """One self-contained page: the arms, the unknowns, each analysis with figure, numbers and notes, and the method."""
    study, note = run.study, run.note
    worlds = study.worlds
    versions = note.get("versions", {})
    content: dict[str, Any] = {
        "title": one_line(study.title, 200),
        "story": one_line(study.story or "", 2000),
        "lead": (
            f"{len(run.arms)} polic{'ies' if len(run.arms) > 1 else 'y'} in {quantity(len(run.worlds))} "
            f"world{'s' if len(run.worlds) > 1 else ''}, {_replications(run)}."
        ),
        "arms": [
            (
                one_line(arm.name, 40),
                one_line(arm.title or scenario.title, 200),
                "; ".join(
                    f"{one_line(key, 120)} = {one_line(str(value), 80)}"
                    for key, value in {**study.set, **arm.set}.items()
                ),
            )
            for arm, scenario in zip(study.arms[:200], run.plan.scenarios, strict=False)
        ],
        "design": worlds.design if worlds else "",
        "draws": worlds.draws if worlds else "",
        "parameters": [
            (one_line(p.label, 80), _range(p), one_line(p.source or "not stated", 300))
            for p in (worlds.parameters if worlds else ())
        ],
        "answers": [Answer(a.title, a.notes, figure_of(a), max(0, len(a.table) - MAX_ROWS)) for a in analyses],
        "quarantined": [(one_line(name, 200), one_line(reason, 400)) for name, reason in run.quarantined.items()],
        "seed": study.seed,
        "study_hash": run.plan.hash,
        "model_hash": one_line(str(note.get("model_hash", "")), 64),
        "rulebook_hash": one_line(str(note.get("rulebook_hash", "")), 64),
        "command": one_line(str(note.get("command") or ""), 500),
        "versions": one_line(", ".join(f"{key} {value}" for key, value in versions.items()), 400),
    }
    return rendered("study.html", with_figures=True, language=language, **translated(content, language))


def _replications(run: StudyRun) -> str:
    precision = run.study.precision
    if precision is None:
        return f"{quantity(run.study.replications)} replications of each on common random numbers"
    return (
        f"{quantity(run.study.replications)} to {quantity(precision.most)} replications of each on common random"
        f" numbers, until {one_line(precision.metric, 60)} was known well enough"
    )


def _range(parameter: Any) -> str:
    if parameter.values is not None:
        text = ", ".join(str(value) for value in parameter.values[:12])
    else:
        text = f"{parameter.low:g} to {parameter.high:g}{', logarithmic' if parameter.scale == 'log' else ''}"
    return one_line(f"{text}{', times the scenario’s value' if parameter.apply == 'multiply' else ''}", 200)
