"""Figures as Plotly objects, to restyle or embed: the colours of the page become those of a theme."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go

from .drawing import Figure

if TYPE_CHECKING:
    from shenhe.simulator import Run

Theme = Literal["light", "dark"]


def run_figures(runs: Sequence[Run], theme: Theme = "light") -> dict[str, go.Figure]:
    """The figures of a report about simulation runs, by name, as ``plotly.graph_objects.Figure``.

    >>> from shenhe.simulator import load_scenario, simulate
    >>> run = simulate(load_scenario("cn-2023", {"population.scale": 0.01}), replications=2, engine="simpy")
    >>> figures = run_figures([run])
    >>> _ = figures["backlog"].update_layout(font_family="Noto Serif CJK SC")
    """
    from .figures import figures

    return {each.name: plotly_object(each, theme) for each in figures(runs)}


def plotly_object(figure: Figure, theme: Theme = "light") -> go.Figure:
    """One figure with concrete colours. On a page colours are CSS variables, which only that page can resolve."""
    return go.Figure(json.loads(figure.spec, object_hook=functools.partial(_painted, colours=colours(theme))))


def _painted(data: dict[str, Any], colours: Mapping[str, str]) -> dict[str, Any]:
    return {key: _value(value, colours) for key, value in data.items()}


def _value(value: Any, colours: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_value(each, colours) for each in value]
    if isinstance(value, str) and (found := re.fullmatch(r"var\((--[a-z0-9-]+)\)", value)):
        return colours[found[1]]
    return value


@functools.cache
def colours(theme: Theme) -> Mapping[str, str]:
    """The colours of the pages by the name of their CSS variable, from ``page.css``."""
    text = (files("shenhe.reports") / "templates" / "page.css").read_text(encoding="utf-8")
    light, dark = text.partition("@media (prefers-color-scheme: dark)")[::2]
    pattern = re.compile(r"(--[a-z0-9-]+):\s*([^;]+);")
    found = dict(pattern.findall(light))
    if theme == "dark":
        found |= dict(pattern.findall(dark.partition("\n*,")[0]))
    return {name: value.strip() for name, value in found.items()}


__all__ = ["colours", "plotly_object", "run_figures"]
