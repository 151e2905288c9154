"""Pieces of the page that several views share: tables, labelled inputs, notes, figures with their buttons."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from ..pages.language import Language
from .words import words
from .work import PairedShift, Span

Cell = str | Mapping[str, Any]
"""Text; or a mapping of ``text`` with an interval ``below``, ``clear`` of zero, or ``ask`` where it is a button."""


def data_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], numbers_from: int = 1) -> html.Div:
    """A table that scrolls sideways by itself where it is wider than the page; the first cell of a row names it.

    The browser builds it (``explorer.js``): Dash takes seconds to follow thousands of cells.
    """
    data = {"caption": caption, "heads": list(heads), "rows": [list(row) for row in rows], "numbers": numbers_from}
    return html.Div(
        className="scroll",
        tabIndex=0,
        role="group",
        **{"data-table": json.dumps(data, ensure_ascii=False), "aria-label": caption or (heads[0] if heads else "")},
    )


def labelled(text: str, control: Any, note: str = "") -> html.Div:
    """An input under its label."""
    return html.Div(
        [html.Label(text, htmlFor=control.id), control, *([html.P(note, className="quiet")] if note else [])],
        className="field",
    )


def group(text: str, control: Any) -> html.Fieldset:
    """Several choices under one name."""
    return html.Fieldset([html.Legend(text), control])


def asking(text: str, about: Mapping[str, Any], **properties: Any) -> html.Button:
    """A button whose click the browser reports as ``about`` (see ``explorer.js``).

    A callback with such buttons as its inputs would depend on content that it makes itself.
    """
    return html.Button(text, **{"data-ask": json.dumps(about)}, **properties)


def picture(figure: go.Figure, name: str, label: str, language: Language, *, clicks: bool = False) -> html.Div:
    """A figure that can be saved as SVG and PNG. ``name`` is the file name, ``label`` what it shows; ``clicks`` says
    whether a click on it leads on.
    """
    text = words(language)
    return html.Div(
        [
            html.Div(
                [
                    html.Button(text[f"save_{kind}"], className="small", **{"data-save": kind})
                    for kind in ("svg", "png")
                ],
                className="save",
            ),
            html.Div(
                dcc.Graph(
                    figure=figure,
                    config={"displayModeBar": False, "responsive": True},
                    style={"height": f"{figure.layout.height}px"},
                ),
                role="img",
                **{"aria-label": label},
            ),
        ],
        className="picture",
        **{"data-figure": name, "data-clicks": "yes" if clicks else ""},
    )


def number(value: float, unit: str = "", language: Language = "en") -> str:
    """A number with its unit where it is a share.

    >>> number(0.253, "share"), number(float("nan"))
    ('25.3 %', '–')
    """
    from ..pages.decision import amount

    return amount(value, unit, language) if math.isfinite(value) else "–"


def spanned(span: Span | PairedShift, unit: str, language: Language, *, signed: bool = False) -> Cell:
    """A mean and its interval. A difference has a sign, and a star where it is beyond chance."""
    from ..pages.decision import difference_text, interval_text

    mean, low, high = span[:3]
    if not math.isfinite(mean):
        return "–"
    clear = span.beyond if isinstance(span, PairedShift) else signed and (low > 0 or high < 0)
    text = difference_text(mean, unit, language) if signed else number(mean, unit, language)
    return {
        "text": text + (" *" if clear else ""),
        "below": interval_text(low, high, unit, language, signed=signed),
        "clear": clear,
    }


def note(text: str) -> html.P:
    return html.P(text, className="quiet")


def details(summary: str, content: Any) -> html.Details:
    return html.Details([html.Summary(summary), content])
