"""Figures as Plotly objects, for notebooks and papers: restyle them, combine them, write them in any format.

>>> from shenhe.reports.figures.research import analysis_figure, series_figure, survival_figure  # doctest: +SKIP
>>> analysis_figure(analyse("dose", run)).update_layout(title="Inspections").show()  # doctest: +SKIP

The figures of pages take their colours from the style sheet of the page. These carry their colours.
"""

from __future__ import annotations

import functools
import json
import re
from importlib.resources import files

import pandas as pd
import plotly.graph_objects as go

from shenhe.simulator.analysis import Analysis
from shenhe.simulator.analysis.survival import EVENTS
from shenhe.simulator.runs.outcomes import SERIES_UNITS
from shenhe.simulator.runs.run import Run, RunError

from .drawing import DASHES, blank_figure, figure_json, six_digits
from .study import figure_of


def analysis_figure(analysis: Analysis) -> go.Figure:
    """The figure of an analysis of a study: dose-response, heat map, Pareto front and the others.

    Raises :class:`ValueError` where there is nothing to draw.
    """
    drawn = figure_of(analysis)
    if drawn is None:
        raise ValueError(f"found nothing to draw: {analysis.title}")
    return standing_alone(drawn.spec).update_layout(title=analysis.title)


def survival_figure(curves: pd.DataFrame, event: str = "first_sanction") -> go.Figure:
    """The curves of :func:`shenhe.simulator.analysis.survival.survival`, with their 95 % intervals."""
    figure = blank_figure(height=420)
    for place, (name, rows) in enumerate(curves.groupby("group", sort=False)):
        key = f"--run-{place % len(DASHES) + 1}"
        x, low, high = (six_digits(rows[column]) for column in ("day", "lo95", "hi95"))
        for y, fill in ((high, None), (low, "tonexty")):
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines",
                line={"width": 0, "shape": "hv"},
                fill=fill,
                fillcolor=f"var({key}-band)",
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            name=str(name),
            x=x,
            y=six_digits(rows["survival"]),
            mode="lines",
            line={"color": f"var({key})", "shape": "hv", "dash": DASHES[place // len(DASHES) % len(DASHES)]},
        )
    figure.update_layout(
        xaxis={"title": {"text": "days since entry"}},
        yaxis={"title": {"text": f"share without a {EVENTS.get(event, event)}"}, "range": [0, 1.02]},
    )
    return standing_alone(figure_json(figure))


def series_figure(run: Run, name: str) -> go.Figure:
    """A column of ``run.series``, the mean over replications with the middle 95 % of them.

    Raises :class:`RunError` for a column that the series do not have.
    """
    if name not in run.series.columns:
        raise RunError(f"found no series {name!r}, expected one of: {', '.join(run.series.columns[4:])}")
    by_bin = run.series.groupby("end")[name]
    days, mean = by_bin.mean().index.tolist(), by_bin.mean()
    figure = blank_figure(height=400)
    for values, fill in ((by_bin.quantile(0.975), None), (by_bin.quantile(0.025), "tonexty")):
        figure.add_scatter(
            x=days,
            y=six_digits(values),
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor="var(--run-1-band)",
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(name=name, x=days, y=six_digits(mean), mode="lines", line={"color": "var(--run-1)"})
    unit = SERIES_UNITS.get(name, "")
    words = name.replace("_", " ") + (f", {unit}" if unit else "")
    figure.update_layout(xaxis={"title": {"text": "days since the start"}}, yaxis={"title": {"text": words}})
    return standing_alone(figure_json(figure))


def standing_alone(spec: str) -> go.Figure:
    """The figure of a page as an object with the colours of the light style sheet, which any renderer knows."""
    colours = _colours()
    text = re.sub(r"var\((--[a-z0-9-]+)\)", lambda found: colours[found[1]], spec)
    figure = go.Figure(json.loads(text))
    figure.update_xaxes(fixedrange=False)
    figure.update_yaxes(fixedrange=False)
    return figure.update_layout(dragmode="zoom", paper_bgcolor="white", plot_bgcolor="white")


@functools.cache
def _colours() -> dict[str, str]:
    """The variables of the light style sheet, which come first in it."""
    text = (files("shenhe.reports") / "templates" / "page.css").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, value in re.findall(r"(?<![a-z0-9-])(--[a-z0-9-]+):([^;}]+)", text):
        found.setdefault(name, value.strip())
    return found
