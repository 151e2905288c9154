"""Pieces of the page that several views share: tables, labelled inputs, notes, figures with their buttons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from .words import Language, words


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], numbers_from: int = 1) -> html.Div:
    """A table that scrolls sideways by itself where it is wider than the page; the first cell of a row names it."""
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="hidden" if not caption else ""),
                html.Thead(
                    html.Tr(
                        [
                            html.Th(head, scope="col", className="number" if place >= numbers_from else "")
                            for place, head in enumerate(heads)
                        ]
                    )
                ),
                html.Tbody(
                    [
                        html.Tr(
                            [
                                html.Th(cell, scope="row")
                                if place == 0
                                else html.Td(cell, className="number" if place >= numbers_from else "")
                                for place, cell in enumerate(row)
                            ]
                        )
                        for row in rows
                    ]
                ),
            ]
        ),
        className="scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": caption or (heads[0] if heads else "")},
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


def picture(figure: go.Figure, name: str, label: str, language: Language) -> html.Div:
    """A figure that can be saved as SVG and PNG. ``name`` is the file name, ``label`` what it shows."""
    text = words(language)
    return html.Div(
        [
            html.Div(
                [
                    html.Button(text["save_svg"], id={"type": "save", "name": name, "as": "svg"}, className="small"),
                    html.Button(text["save_png"], id={"type": "save", "name": name, "as": "png"}, className="small"),
                ],
                className="save",
            ),
            html.Div(
                dcc.Graph(
                    figure=figure,
                    id={"type": "figure", "name": name},
                    config={"displayModeBar": False, "responsive": True},
                    style={"height": f"{figure.layout.height}px"},
                ),
                role="img",
                **{"aria-label": label},
            ),
        ],
        className="picture",
    )


def number(value: float, unit: str = "", language: Language = "en") -> str:
    """A number with its unit where it is a share.

    >>> number(0.253, "share"), number(float("nan"))
    ('25.3 %', '–')
    """
    from ..pages.decision import amount

    return amount(value, unit, language) if math.isfinite(value) else "–"


def spanned(span: tuple[float, float, float], unit: str, language: Language, *, signed: bool = False) -> list[Any]:
    """A mean and its interval. A difference has a sign, and a star where the interval excludes zero."""
    from ..pages.decision import difference_text, interval_text

    mean, low, high = span
    if not math.isfinite(mean):
        return ["–"]
    clear = signed and (low > 0 or high < 0)
    first = difference_text(mean, unit, language) if signed else number(mean, unit, language)
    interval = interval_text(low, high, unit, language, signed=signed)
    return [
        html.Span(first + (" *" if clear else ""), className="clear" if clear else ""),
        html.Span(interval, className="interval"),
    ]


def note(text: str) -> html.P:
    return html.P(text, className="quiet")


def details(summary: str, content: Any) -> html.Details:
    return html.Details([html.Summary(summary), content])
