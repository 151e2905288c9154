"""What every figure shares: its frame, its axes, its error bars, its table of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

FONT = 'system-ui, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
"""Of every text in a figure: with families that have Chinese, for SVG and PNG too."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


@dataclass(frozen=True)
class Numbers:
    """A table: column heads, and rows of the same length; the first cell of a row names it."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not all(head.strip() for head in self.heads):
            raise ValueError(f"found a column without a head in {self.heads}, expected a name for each")

    @property
    def are_words(self) -> tuple[bool, ...]:
        """By column, whether any of its cells begins like a word: such a column is set like text."""
        return tuple(any(row[at].strip()[:1].isalpha() for row in self.rows) for at in range(len(self.heads)))


@dataclass(frozen=True)
class Figure:
    """One figure: ``name`` is its anchor, ``spec`` the JSON that plotly.js draws, ``numbers`` the same as a table."""

    name: str
    title: str
    caption: str
    spec: str
    numbers: Numbers


def blank_figure(height: int) -> go.Figure:
    axis = {
        "gridcolor": "var(--grid)",
        "linecolor": "var(--grid)",
        "zeroline": False,
        "fixedrange": True,
        "tickangle": 0,
        "automargin": True,
        "title": None,
    }
    return go.Figure(
        layout={
            "template": go.layout.Template(),
            "height": height,
            "autosize": True,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": "var(--ink)"},
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": "var(--paper)",
                "bordercolor": "var(--grid)",
                "font": {"color": "var(--ink)"},
            },
            "dragmode": False,
            "margin": {"l": 8, "r": 12, "t": 30, "b": 8},
            # Below the dates, however high the figure is: the place is in shares of the drawing's height.
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": -34 / max(80, height - 110),
                "yanchor": "top",
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def lay_out_panel(figure: go.Figure, place: int, places: int, top: float | None, words: str) -> None:
    """Lay out panel ``place`` of ``places``, one under the other, with what its vertical axis counts written above
    it.
    """
    gap = 0.0 if places == 1 else 0.34 / places
    height = (1 - gap * (places - 1)) / places
    low = 1 - place * height - (place - 1) * gap
    suffix = "" if place == 1 else str(place)
    figure.update_layout(
        {
            f"xaxis{suffix}": {
                **figure.layout["xaxis"].to_plotly_json(),
                "anchor": f"y{suffix or ''}",
                "nticks": 6,
            },
            f"yaxis{suffix}": {
                **figure.layout["yaxis"].to_plotly_json(),
                "anchor": f"x{suffix}",
                "domain": [max(0.0, low), low + height],
                "rangemode": "tozero",
                "nticks": 5,
                **({"range": [0, top]} if top else {}),
            },
        }
    )
    figure.add_annotation(
        text=words,
        xref="paper",
        yref="paper",
        x=0,
        y=low + height,
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        yshift=6,
        font={"color": "var(--muted)"},
        align="left",
    )


def error_bars(mean: Any, low: Any, high: Any, colour: str, thickness: float = 1.6) -> dict[str, Any]:
    """Error bars from the ends of intervals; none where an end is undefined."""
    up = [max(0.0, top - value) if math.isfinite(top) else 0.0 for value, top in zip(mean, high, strict=True)]
    down = [max(0.0, value - bottom) if math.isfinite(bottom) else 0.0 for value, bottom in zip(mean, low, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": six_digits(up),
        "arrayminus": six_digits(down),
        "color": colour,
        "thickness": thickness,
        "width": 3,
    }


def figure_json(figure: go.Figure) -> str:
    return str(figure.to_json())


def six_digits(values: Any) -> list[float | None]:
    """To six significant figures: what no eye can see need not be in the page."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]
