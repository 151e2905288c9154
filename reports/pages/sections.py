"""A page of sections: text, figures with their numbers, tables, notes. Used for validation, calibration and forecasts.

Content-Security-Policy, style and script are those of the other pages: see :mod:`.self_contained`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shenhe.core.files import write_whole

from ..figures.drawing import Figure, Numbers
from .language import Language, translated
from .self_contained import rendered


@dataclass(frozen=True)
class Section:
    """One part of a page. ``notes`` stand out: they say what is uncertain, or where something failed."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[tuple[str, Numbers], ...] = field(default=())
    """Caption and rows of each."""


def write_sections(
    path: Path,
    title: str,
    lead: str,
    sections: Sequence[Section],
    facts: Sequence[tuple[str, str]],
    language: Language = "en",
) -> None:
    """Write :func:`render_sections` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_sections(title, lead, sections, facts, language))


def render_sections(
    title: str, lead: str, sections: Sequence[Section], facts: Sequence[tuple[str, str]], language: Language = "en"
) -> str:
    """One self-contained page. ``facts`` are what is needed to make it again: name and value."""
    drawn = any(section.figures for section in sections)
    content = translated({"title": title, "lead": lead, "sections": sections, "facts": facts}, language)
    return rendered("sections.html", with_figures=drawn, language=language, **content)
