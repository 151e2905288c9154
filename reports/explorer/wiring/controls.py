"""The left side: the page for an address, the state after something was moved, and what the controls then show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update

from .. import panel
from ..layout import from_box, page, story_of
from ..state import LETTERS, Policy, StateError
from ..state import State as Explored
from ..words import words
from .server import Server, language_in, read_link


def register_controls(app: Dash, server: Server) -> None:
    """The callbacks of this module, and those that run in the browser."""
    _page(app, server)
    _state(app, server)
    _controls(app, server)
    for name in ("theme", "address"):
        inputs = {"theme": Input("redraw", "data"), "address": Input("state", "data")}[name]
        output = {"theme": Output("theme", "data"), "address": Output("saved", "data")}[name]
        app.clientside_callback(
            ClientsideFunction("explorer", name), output, inputs, *([State("theme", "data")] if name == "theme" else [])
        )
    app.clientside_callback(
        ClientsideFunction("explorer", "pair"),
        Output({"type": "lever", "path": MATCH}, "value"),
        Output({"type": "slide", "path": MATCH}, "value"),
        Input({"type": "lever", "path": MATCH}, "value"),
        Input({"type": "slide", "path": MATCH}, "value"),
        prevent_initial_call=True,
    )


def _page(app: Dash, server: Server) -> None:
    @app.callback(
        Output("root", "children"), Input("address", "search"), State("address", "hash"), prevent_initial_call=False
    )
    def draw(search: str | None, link: str | None) -> Any:
        language = language_in(search, server.language)
        state, problem = read_link(link, server, language)
        opened = [
            {"value": str(place), "label": f"{words(language)['kinds'][each.what]}: {each.name}"}
            for place, each in enumerate(server.opened)
        ]
        return page(language, state, opened, problem)


def _state(app: Dash, server: Server) -> None:
    @app.callback(
        Output("state", "data"),
        Output("redraw", "data"),
        Output("edit", "value"),
        Input({"type": "lever", "path": ALL}, "value"),
        Input("asked", "data"),
        Input("add", "n_clicks"),
        Input("remove", "n_clicks"),
        Input("from", "value"),
        Input("size", "value"),
        Input("replications", "value"),
        Input("seed", "value"),
        State("state", "data"),
        State("edit", "value"),
        State("redraw", "data"),
        prevent_initial_call=True,
    )
    def move(_levers: Any, asked: Any, _add: Any, _remove: Any, *others: Any) -> Any:
        start, size, replications, seed, data, edit, redraw = others
        state = server.state(data)
        values = {"from": start, "size": size, "replications": replications, "seed": seed}
        clicked = any(each.get("value") for each in ctx.triggered)
        trigger = asked if ctx.triggered_id == "asked" else ctx.triggered_id
        moved = [(each["prop_id"], each["value"]) for each in ctx.triggered]
        try:
            found = moved_state(state, edit, trigger, moved, values, clicked)
        except StateError:
            return no_update, redraw + 1, no_update  # shows the values that still hold
        if found is None:
            return no_update, no_update, no_update
        after, shown, again = found
        return after.to_json(), redraw + 1 if again else no_update, shown if shown != edit else no_update


def moved_state(
    state: Explored, edit: int, trigger: Any, moved: Sequence[tuple[str, Any]], values: Mapping[str, Any], clicked: bool
) -> tuple[Explored, int, bool] | None:
    """The state after something was moved, which policy is then edited, and whether the levers are drawn again.

    ``None`` where nothing changed: drawing the levers sets them all.
    """
    edit = min(edit or 0, len(state.policies) - 1)
    kind = trigger.get("type", trigger.get("what")) if isinstance(trigger, Mapping) else trigger
    if kind == "lever":
        after = state
        for name, value in moved:
            path = _path_in(name)
            if path and value is not None:
                after = after.changed(edit, path, _whole(state, edit, path, value))
        return None if after == state else (after, edit, False)
    if kind == "undo" and clicked and isinstance(trigger, Mapping):
        place, path = min(int(trigger["place"]), len(state.policies) - 1), str(trigger["path"])
        policy = state.policies[place]
        kept = {key: value for key, value in policy.changes.items() if key != path}
        return state.with_policy(place, Policy(policy.scenario, kept)), edit, True
    if kind == "add" and clicked and len(state.policies) < len(LETTERS):
        return state.with_one_more(edit), len(state.policies), True
    if kind == "remove" and clicked and len(state.policies) > 1:
        return state.without(edit), max(0, edit - 1), True
    if kind == "from" and values["from"] and values["from"] != state.policies[edit].scenario:
        return state.with_policy(edit, Policy(str(values["from"]))), edit, True
    if kind in ("size", "replications", "seed") and values[kind] is not None:
        match kind:
            case "size":
                after = replace(state, size=float(values[kind]))
            case "replications":
                after = replace(state, replications=int(values[kind]))
            case _:
                after = replace(state, seed=int(values[kind]))
        return None if after == state else (after, edit, kind == "size")
    return None


def _path_in(name: str) -> str:
    """The path in the name of an input, which Dash writes as JSON before its property."""
    try:
        return str(json.loads(name.rpartition(".")[0])["path"])
    except (ValueError, KeyError, TypeError):
        return ""


def _whole(state: Explored, place: int, path: str, value: Any) -> Any:
    """A number from an input in the kind that the scenario has there."""
    own = dict(state.base(place).parameters()).get(path)
    if isinstance(own, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(own, int) and not isinstance(own, bool) and isinstance(value, float) and value == round(value):
        return round(value)
    return value


def _controls(app: Dash, server: Server) -> None:
    @app.callback(
        Output("edit", "options"),
        Output("differs", "children"),
        Output("of-policy", "options"),
        Output("decision-of", "options"),
        Output("remove", "disabled"),
        Output("add", "disabled"),
        Input("state", "data"),
        State("address", "search"),
    )
    def show(data: Any, search: str | None) -> Any:
        state, language = server.state(data), language_in(search, server.language)
        names = panel.policy_names(state, language)
        several = [{"value": each["value"], "label": LETTERS[each["value"]]} for each in names]
        many = len(state.policies)
        return (
            names,
            panel.changes_list(state, language),
            several,
            several[1:],
            many == 1,
            many == len(LETTERS),
        )

    @app.callback(
        Output("levers", "children"),
        Output("group", "options"),
        Output("from-box", "children"),
        Output("story", "children"),
        Output("heat-x", "options"),
        Output("heat-y", "options"),
        Input("edit", "value"),
        Input("group", "value"),
        Input("find", "value"),
        Input("redraw", "data"),
        State("state", "data"),
        State("address", "search"),
    )
    def levers(edit: int | None, chosen: str | None, find: str | None, _redraw: Any, data: Any, search: Any) -> Any:
        state, language = server.state(data), language_in(search, server.language)
        place = min(edit or 0, len(state.policies) - 1)
        name = state.policies[place].scenario
        movable = panel.movable(state, place, language)
        return (
            panel.lever_panel(state, place, chosen or "staff", find or "", language),
            panel.group_options(state, place, language),
            from_box(name, state, language),
            story_of(name, state),
            movable,
            movable,
        )
