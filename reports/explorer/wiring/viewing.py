"""The views of a result: overview, over time, who is affected, the heat map, opened files, share and export."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from shenhe.core.errors import ShenheError

from .. import panel, views
from ..layout import VIEWS
from ..state import State as Explored
from ..state import StateError
from ..words import words
from .server import Server, language_in, result_of


def register_viewing(app: Dash, server: Server) -> None:
    """The callbacks of this module."""
    _views(app, server)
    _heat(app, server)
    _export(app, server)


def _views(app: Dash, server: Server) -> None:
    @app.callback([Output(f"view-{name}", "hidden") for name in VIEWS], Input("view", "value"))
    def show(view: str) -> Any:
        return [name != view for name in VIEWS]

    @app.callback(Output("overview", "children"), Input("result", "data"), State("address", "search"))
    def overview(name: Any, search: Any) -> Any:
        language = language_in(search, server.language)
        result = result_of(server, name)
        return (
            views.overview_content(result, language)
            if result
            else html.P(words(language)["none_yet"], className="quiet")
        )

    @app.callback(
        Output("time", "children"),
        Input("result", "data"),
        Input("view", "value"),
        Input("time-outcome", "value"),
        Input("time-by", "value"),
        Input("theme", "data"),
        State("address", "search"),
    )
    def time(name: Any, view: str, outcome: str, by: Any, theme: Any, search: Any) -> Any:
        result = result_of(server, name)
        if view != "time" or result is None:
            return no_update
        return views.over_time_content(result, outcome, by, language_in(search, server.language), theme)

    @app.callback(
        Output("who-outcome", "options"),
        Output("who-outcome", "value"),
        Input("who-by", "value"),
        State("who-outcome", "value"),
        State("address", "search"),
    )
    def outcomes(by: str, chosen: str, search: Any) -> Any:
        options = views.who_options(by, language_in(search, server.language))
        known = [each["value"] for each in options]
        return options, chosen if chosen in known else known[0]

    @app.callback(
        Output("who", "children"),
        Input("result", "data"),
        Input("view", "value"),
        Input("who-by", "value"),
        Input("who-outcome", "value"),
        Input("theme", "data"),
        State("address", "search"),
    )
    def who(name: Any, view: str, by: str, metric: str, theme: Any, search: Any) -> Any:
        result, language = result_of(server, name), language_in(search, server.language)
        if view != "who" or result is None:
            return no_update
        if metric not in [each["value"] for each in views.who_options(by, language)]:
            return no_update
        return views.who_content(result, by, metric, language, theme)

    @app.callback(
        Output("file-page", "children"), Input("view", "value"), Input("file", "value"), State("address", "search")
    )
    def files(view: str, place: Any, search: Any) -> Any:
        if view != "files" or place is None:
            return no_update
        language = language_in(search, server.language)
        text = words(language)
        return html.Iframe(src=f"/opened/{int(place)}?lang={language}", title=text["tabs"]["files"], className="page")


def _heat(app: Dash, server: Server) -> None:
    for axis in ("x", "y"):

        @app.callback(
            Output(f"heat-{axis}-from", "value"),
            Output(f"heat-{axis}-to", "value"),
            Input(f"heat-{axis}", "value"),
            State("state", "data"),
            State("edit", "value"),
            prevent_initial_call=True,
        )
        def ends(path: str | None, data: Any, edit: int) -> Any:
            if not path:
                return no_update, no_update
            state = server.state(data)
            found = {each.path: each for each in panel.found_settings(state, min(edit or 0, len(state.policies) - 1))}
            if path not in found:
                return no_update, no_update
            low, high, _ = panel.slider_range(found[path], found[path].value, state.size)
            return low, high

    @app.callback(
        Output("heat-job", "data"),
        Output("heat-problem", "children"),
        Input("heat-run", "n_clicks"),
        *(
            State(f"heat-{name}", "value")
            for name in ("x", "x-from", "x-to", "y", "y-from", "y-to", "outcome", "steps")
        ),
        State("state", "data"),
        State("edit", "value"),
        State("owner", "data"),
        State("address", "search"),
        prevent_initial_call=True,
    )
    def heat(_clicks: Any, *values: Any) -> Any:
        *asked, data, edit, owner, search = values
        language = language_in(search, server.language)
        text = words(language)
        x, x_from, x_to, y, y_from, y_to, metric, steps = asked
        if not x or not y or x == y:
            return no_update, html.P(text["heat_same"], className="problem", role="alert")
        if None in (x_from, x_to, y_from, y_to, steps):
            return no_update, no_update
        state = server.state(data)
        place = min(edit or 0, len(state.policies) - 1)
        try:
            base = state.checked()[place]
            axes = tuple((path, spread(state, place, path, float(a), float(b), int(steps)))
                         for path, a, b in ((x, x_from, x_to), (y, y_from, y_to)))  # fmt: skip
        except (ShenheError, ValueError) as error:
            return no_update, html.P(f"{text['failed']} {error}", className="problem", role="alert")
        titles = {each["value"]: each["label"] for each in panel.movable(state, place, language)}
        job_id = server.desk.submit(
            "heat",
            f"{owner}/heat",
            base=base,
            axes=axes,
            metric=metric,
            size=(min(state.replications, 20), state.seed),
        )
        about = {"x_title": titles.get(x, x), "y_title": titles.get(y, y), "metric": metric, "place": place}
        return {"id": job_id, "asked": about}, ""

    @app.callback(
        Output("heat", "children"),
        Input("heat-result", "data"),
        Input("theme", "data"),
        State("heat-job", "data"),
        State("address", "search"),
        prevent_initial_call=True,
    )
    def show(name: Any, theme: Any, job: Any, search: Any) -> Any:
        found = result_of(server, name)
        return (
            views.heat_content(found, job["asked"], language_in(search, server.language), theme)
            if found and job
            else ""
        )


def spread(state: Explored, place: int, path: str, low: float, high: float, steps: int) -> tuple[float, ...]:
    """Evenly spread values of a lever: whole where the scenario counts, and whole people at this size of market."""
    own = dict(state.base(place).parameters()).get(path)
    if not 2 <= steps <= 8:
        raise StateError(f"found {steps} values per lever, expected 2 to 8")
    values = [low + (high - low) * k / (steps - 1) for k in range(steps)]
    if isinstance(own, int) and not isinstance(own, bool):
        unit = max(1, round(1 / state.size)) if path in panel.WHOLE else 1
        values = [float(max(unit, round(value / unit) * unit)) if unit > 1 else float(round(value)) for value in values]
    return tuple(dict.fromkeys(float(f"{value:.6g}") for value in values))


def _export(app: Dash, server: Server) -> None:
    @app.callback(
        Output("export", "children"),
        Input("view", "value"),
        Input("state", "data"),
        State("address", "href"),
        State("address", "search"),
    )
    def export(view: str, data: Any, href: str, search: Any) -> Any:
        if view != "export":
            return no_update
        return views.export_content(server.state(data), href or "", language_in(search, server.language))

    @app.callback(Output("other-language", "href"), Input("state", "data"), State("address", "search"))
    def language(data: Any, search: Any) -> str:
        other = "en" if language_in(search, server.language) == "zh" else "zh"
        return f"/?lang={other}#{server.state(data).link()}"
