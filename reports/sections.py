"""A page of sections: words, figures with their numbers, tables, notes. What validation, calibration and forecasts are told on.

Content-Security-Policy, style and script are those of the other pages: see :mod:`.page`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from . import plotlyjs
from .figures import Figure, Numbers
from .page import _data, _policy, _resource


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
    path: Path, title: str, lead: str, sections: Sequence[Section], facts: Sequence[tuple[str, str]]
) -> None:
    """Write :func:`render_sections` as UTF-8, by way of a temporary file in the same folder."""
    page = render_sections(title, lead, sections, facts)
    partial = path.with_name(path.name + ".part")
    partial.write_text(page, encoding="utf-8", newline="\n")
    partial.replace(path)


def render_sections(title: str, lead: str, sections: Sequence[Section], facts: Sequence[tuple[str, str]]) -> str:
    """One self-contained page. ``facts`` are what is needed to make it again: name and value."""
    drawn = any(section.figures for section in sections)
    style = _resource("page.css")
    scripts = [plotlyjs.source(), _resource("page.js")] if drawn else [_resource("page.js")]
    return (
        _environment()
        .get_template("sections.html")
        .render(
            title=title,
            lead=lead,
            sections=sections,
            facts=facts,
            policy=_policy(style, scripts, with_figures=drawn),
            style=Markup(style),  # noqa: S704  # a file of this package
            scripts=[Markup(script) for script in scripts],  # noqa: S704
        )
    )


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=DictLoader({"sections.html": _resource("sections.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data"] = _data
    return environment
