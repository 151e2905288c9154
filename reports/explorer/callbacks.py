"""What happens when somebody moves something: the state, the run, and each view."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash
from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from shenhe.core.errors import ShenheError

from . import panel, views
from .desk import Desk, Job
from .layout import from_box, page, story_of
from .opened import Opened
from .state import LETTERS, Policy, StateError, changed_scenarios, from_json, from_link
from .state import State as Explored
from .words import Language, language_of, words
from .work import Request

STAGES = ("overview", "time", "who")


@dataclass(frozen=True)
class Server:
    """What the callbacks share: the desk, the results that were opened, and the state to begin with."""

    desk: Desk
    opened: Sequence[Opened]
    first: Explored
    documents: Mapping[str, Mapping[str, Any]]
    language: Language

    def state(self, data: Any) -> Explored:
        return from_json(data, self.documents)


def register(app: Dash, server: Server) -> None:
    """Give the app its callbacks."""
    _page(app, server)
    _state(app, server)
    _controls(app, server)
    _run(app, server)
    _views(app, server)
    _heat(app, server)
    _drill(app, server)
    _export(app, server)
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
    app.clientside_callback(
        ClientsideFunction("explorer", "save"),
        Output({"type": "save", "name": MATCH, "as": ALL}, "title"),
        Input({"type": "save", "name": MATCH, "as": ALL}, "n_clicks"),
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


def language_in(search: str | None, otherwise: Language) -> Language:
    """The language that the query of an address asks for.

    >>> language_in("?lang=zh", "en"), language_in("", "zh")
    ('zh', 'zh')
    """
    return language_of("zh" if "lang=zh" in (search or "") else "en") if "lang=" in (search or "") else otherwise


def read_link(link: str | None, server: Server, language: Language) -> tuple[Explored, str]:
    """The state of a link, or the first one and what is wrong with the link."""
    text = (link or "").lstrip("#")
    if not text or text == "results":
        return server.first, ""
    try:
        state = from_link(text, server.documents)
    except StateError as error:
        return server.first, words(language)["bad_link"].format(reason=error)
    return state, words(language)["other_version"] if changed_scenarios(state) else ""


def _state(app: Dash, server: Server) -> None:
    @app.callback(
        Output("state", "data"),
        Output("redraw", "data"),
        Output("edit", "value"),
        Input({"type": "lever", "path": ALL}, "value"),
        Input({"type": "undo", "place": ALL, "path": ALL}, "n_clicks"),
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
    def move(_levers: Any, _undo: Any, _add: Any, _remove: Any, *others: Any) -> Any:
        start, size, replications, seed, data, edit, redraw = others
        state = server.state(data)
        values = {"from": start, "size": size, "replications": replications, "seed": seed}
        clicked = any(each.get("value") for each in ctx.triggered)
        moved = [(each["prop_id"], each["value"]) for each in ctx.triggered]
        try:
            found = moved_state(state, edit, ctx.triggered_id, moved, values, clicked)
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
    kind = trigger["type"] if isinstance(trigger, Mapping) else trigger
    if kind == "lever":
        after = state
        for name, value in moved:
            path = _path_in(name)
            if path and value is not None:
                after = after.changed(edit, path, _whole(state, edit, path, value))
        return None if after == state else (after, edit, False)
    if kind == "undo" and clicked and isinstance(trigger, Mapping):
        place, path = int(trigger["place"]), str(trigger["path"])
        policy = state.policies[place]
        kept = {key: value for key, value in policy.changes.items() if key != path}
        return state.with_policy(place, Policy(policy.scenario, kept)), edit, True
    if kind == "add" and clicked and len(state.policies) < len(LETTERS):
        return state.with_one_more(edit), len(state.policies), True
    if kind == "remove" and clicked and len(state.policies) > 1:
        return state.without(edit), max(0, edit - 1), True
    if kind == "from" and values["from"] and values["from"] != state.policies[edit].scenario:
        return state.with_policy(edit, Policy(str(values["from"]))), edit, True
    from dataclasses import replace

    if kind in ("size", "replications", "seed") and values[kind] is not None:
        number = float(values[kind]) if kind == "size" else int(values[kind])
        after = replace(state, **{kind: number})
        return None if after == state else (after, edit, kind == "size")
    return None


def _path_in(name: str) -> str:
    """The path in the name of an input, which Dash writes as JSON before its property."""
    import json

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
            panel.differences(state, language),
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


def _run(app: Dash, server: Server) -> None:
    @app.callback(
        Output("job", "data"),
        Output("problem", "children"),
        Output("problem", "hidden"),
        Output("owner", "data"),
        Output("ran", "data"),
        Input("state", "data"),
        Input("run", "n_clicks"),
        State("auto", "value"),
        State("owner", "data"),
        State("ran", "data"),
        State("address", "search"),
    )
    def start(data: Any, _clicks: Any, auto: Any, owner: str | None, ran: Any, search: str | None) -> Any:
        language = language_in(search, server.language)
        owner = owner or secrets.token_urlsafe(9)
        if ctx.triggered_id == "state" and not auto and ran is not None:
            return no_update, no_update, no_update, owner, no_update
        if data == ran and ctx.triggered_id == "state":
            return no_update, no_update, no_update, owner, no_update
        try:
            state = server.state(data)
            request = request_of(state)
        except ShenheError as error:
            server.desk.cancel_of(f"{owner}/explore")
            return None, [html.B(words(language)["failed"]), f" {error}"], False, owner, data
        job = server.desk.submit("explore", f"{owner}/explore", request=request)
        return job, "", True, owner, data

    @app.callback(
        Output("progress", "value"),
        Output("progress", "max"),
        Output("status", "children"),
        Output("cancel", "disabled"),
        Output("result", "data"),
        Output("stale", "children"),
        Output("stale", "hidden"),
        Input("tick", "n_intervals"),
        Input("job", "data"),
        Input("state", "data"),
        State("ran", "data"),
        State("result", "data"),
        State("address", "search"),
    )
    def watch(_ticks: Any, name: Any, data: Any, ran: Any, shown: Any, search: Any) -> Any:
        language = language_in(search, server.language)
        job = server.desk.job(name)
        busy = job is not None and not job.finished
        done, total = (job.done, max(1, job.total)) if job is not None and busy else (1 if job else 0, 1)
        return (
            str(done),
            str(total),
            status(job, language, server),
            not busy,
            _new(job, shown),
            words(language)["stale"],
            ran is None or data == ran,
        )

    @app.callback(
        Output("heat-progress", "value"),
        Output("heat-progress", "max"),
        Output("heat-status", "children"),
        Output("heat-row", "hidden"),
        Output("heat-result", "data"),
        Input("tick", "n_intervals"),
        Input("heat-job", "data"),
        State("heat-result", "data"),
        State("address", "search"),
    )
    def watch_heat(_ticks: Any, named: Any, shown: Any, search: Any) -> Any:
        job = server.desk.job(named["id"]) if named else None
        if job is None:
            return "0", "1", "", True, no_update
        text = status(job, language_in(search, server.language), server, "cells")
        return str(job.done), str(max(1, job.total)), text, job.stage == "done", _new(job, shown)

    @app.callback(
        Output("side-result", "data"),
        Input("tick", "n_intervals"),
        Input("side", "data"),
        State("side-result", "data"),
    )
    def watch_side(_ticks: Any, named: Any, shown: Any) -> Any:
        return _new(server.desk.job(named["id"]) if named else None, shown)

    @app.callback(
        Output("tick", "disabled"),
        Input("tick", "n_intervals"),
        Input("job", "data"),
        Input("side", "data"),
        Input("heat-job", "data"),
    )
    def rest(_ticks: Any, name: Any, side: Any, heat: Any) -> bool:
        jobs = [server.desk.job(name), *(server.desk.job(each["id"]) for each in (side, heat) if each)]
        return all(job is None or job.finished for job in jobs)

    @app.callback(Output("cancel", "title"), Input("cancel", "n_clicks"), State("job", "data"))
    def cancel(clicks: int | None, job: str | None) -> Any:
        if clicks:
            server.desk.cancel(job)
        return ""

    @app.callback(Output("heat-cancel", "title"), Input("heat-cancel", "n_clicks"), State("heat-job", "data"))
    def cancel_heat(clicks: int | None, job: Any) -> Any:
        if clicks and job:
            server.desk.cancel(job["id"])
        return ""


def _new(job: Job | None, shown: str | None) -> Any:
    """The id of a job that is done and not shown yet."""
    return job.id if job is not None and job.finished and job.id != shown else no_update


def request_of(state: Explored) -> Request:
    """The request of a state. Raises :class:`ShenheError` for policies that cannot be run or compared."""
    from shenhe.simulator.runs.comparison import require_comparable

    found = state.checked()
    for other in found[1:]:
        require_comparable(found[0], other)
    return Request(found, state.replications, state.seed)


def status(job: Job | None, language: Language, server: Server, what: str = "running") -> str:
    """How far a job is, in words."""
    import time

    text = words(language)
    if job is None:
        return str(text["none_yet"])
    if job.stage == "failed":
        return f"{text['failed']} {job.error}"
    if job.stage == "cancelled":
        return str(text["cancelled"])
    if job.stage == "done":
        if what == "cells":
            return ""
        request: Request = job.arguments["request"]
        return str(
            text["finished"].format(
                arms=len(request.scenarios), replications=request.replications, seconds=f"{job.seconds:.1f}"
            )
        )
    if server.desk.preparing:
        seconds = time.monotonic() - server.desk.opened
        return str(text["preparing"] if seconds < 5 else text["compiling"].format(seconds=f"{seconds:.0f}"))
    if job.stage == "queued":
        return str(text["queued"])
    return str(text["cells" if what == "cells" else "running"].format(done=job.done, total=job.total))


def _result(server: Server, name: Any) -> Any:
    job = server.desk.job(name)
    return job.result if job is not None and job.stage == "done" else None


def _views(app: Dash, server: Server) -> None:
    @app.callback([Output(f"view-{name}", "hidden") for name in views_shown()], Input("view", "value"))
    def show(view: str) -> Any:
        return [name != view for name in views_shown()]

    @app.callback(Output("overview", "children"), Input("result", "data"), State("address", "search"))
    def overview(name: Any, search: Any) -> Any:
        language = language_in(search, server.language)
        result = _result(server, name)
        return views.overview(result, language) if result else html.P(words(language)["none_yet"], className="quiet")

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
        result = _result(server, name)
        if view != "time" or result is None:
            return no_update
        return views.over_time(result, outcome, by, language_in(search, server.language), theme)

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
        result, language = _result(server, name), language_in(search, server.language)
        if view != "who" or result is None:
            return no_update
        if metric not in [each["value"] for each in views.who_options(by, language)]:
            return no_update
        return views.who(result, by, metric, language, theme)

    @app.callback(
        Output("file-page", "children"), Input("view", "value"), Input("file", "value"), State("address", "search")
    )
    def files(view: str, place: Any, search: Any) -> Any:
        if view != "files" or place is None:
            return no_update
        text = words(language_in(search, server.language))
        return html.Iframe(src=f"/opened/{int(place)}", title=text["tabs"]["files"], className="page")


def views_shown() -> tuple[str, ...]:
    from .layout import VIEWS

    return VIEWS


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
        found = _result(server, name)
        return views.heat(found, job["asked"], language_in(search, server.language), theme) if found and job else ""


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


def _drill(app: Dash, server: Server) -> None:
    @app.callback(
        Output("drill", "data"),
        Output("view", "value"),
        Output("of-policy", "value"),
        Output("of-class", "value"),
        Input({"type": "figure", "name": ALL}, "clickData"),
        Input({"type": "clear", "name": ALL}, "n_clicks"),
        State("result", "data"),
        prevent_initial_call=True,
    )
    def drill(clicked: Any, _clear: Any, name: Any) -> Any:
        trigger = ctx.triggered_id
        if not isinstance(trigger, Mapping) or not ctx.triggered[0]["value"]:
            return no_update, no_update, no_update, no_update
        if trigger["type"] == "clear":
            return {}, no_update, no_update, None
        found = drilled(str(trigger["name"]), ctx.triggered[0]["value"], _result(server, name))
        if found is None:
            return no_update, no_update, no_update, no_update
        place, size, about = found
        return about, "providers", place, size or None

    @app.callback(
        Output("side", "data"),
        Output("provider", "data"),
        Input("view", "value"),
        Input("drill", "data"),
        Input("of-policy", "value"),
        Input("of-replication", "value"),
        Input("of-class", "value"),
        Input("of-status", "value"),
        Input("of-sort", "value"),
        Input({"type": "provider", "number": ALL}, "n_clicks"),
        Input("result", "data"),
        Input("decision-of", "value"),
        Input({"type": "export", "what": ALL, "place": ALL}, "n_clicks"),
        State("owner", "data"),
        State("address", "search"),
        State("state", "data"),
        prevent_initial_call=True,
    )
    def side(view: str, drill: Any, place: Any, replication: Any, size: Any, status: Any, sort: str, *rest: Any) -> Any:
        _providers, name, decision_of, _exports, owner, search, data = rest
        language, trigger = language_in(search, server.language), ctx.triggered_id
        job = server.desk.job(name)
        if job is None or job.stage != "done":
            return no_update, no_update
        request: Request = job.arguments["request"]
        place = min(int(place or 0), len(request.scenarios) - 1)
        which = min(max(int(replication or 1), 1), request.replications) - 1
        owner = f"{owner}/side"
        clicked = bool(ctx.triggered and ctx.triggered[0]["value"])
        if isinstance(trigger, Mapping) and trigger["type"] == "provider" and clicked:
            number = int(trigger["number"])
            about = {"what": "timeline", "provider": number, "place": place, "replication": which}
            made = server.desk.submit(
                "timeline", owner, request=request, place=place, replication=which, provider=number
            )
            return {"id": made, "about": about}, number
        if isinstance(trigger, Mapping) and trigger["type"] == "export" and clicked:
            return _asked_export(server, owner, request, trigger, data), no_update
        if isinstance(trigger, Mapping):
            return no_update, no_update
        if view == "providers":
            filters = {"size": size or "", "status": status or "", "sort": sort}
            filters |= {key: drill[key] for key in ("outcome", "until") if drill and key in drill}
            made = server.desk.submit(
                "providers", owner, request=request, place=place, replication=which, filters=filters
            )
            return {"id": made, "about": {"what": "providers", "sort": sort, "drill": drill}}, None
        if view == "decision" and len(request.scenarios) > 1:
            other = min(int(decision_of or 1), len(request.scenarios) - 1)
            state = server.state(data)
            commands = state.commands()
            command = commands[min(other, len(commands)) - 1]
            made = server.desk.submit(
                "decision", owner, request=request, place=other, command=command, language=language
            )
            return {"id": made, "about": {"what": "decision"}}, no_update
        return no_update, no_update

    @app.callback(
        Output("providers", "children"),
        Output("timeline", "children"),
        Output("drilled", "children"),
        Output("of-class", "options"),
        Output("decision", "children"),
        Output("download", "data"),
        Input("side-result", "data"),
        Input("theme", "data"),
        Input("view", "value"),
        State("side", "data"),
        State("result", "data"),
        State("address", "search"),
        prevent_initial_call=True,
    )
    def shown(name: Any, theme: Any, view: str, side: Any, result_name: Any, search: Any) -> Any:
        language = language_in(search, server.language)
        return side_content(server, name, side, _result(server, result_name), language, theme, view)


def side_content(
    server: Server, name: Any, side: Any, result: Any, language: Language, theme: Any, view: str
) -> list[Any]:
    """What a finished side job puts where: table of providers, timeline, filter, classes, decision page, download."""
    text = words(language)
    content: list[Any] = [no_update] * 6
    if view == "decision" and (result is None or len(result.arms) < 2):
        content[4] = html.P(text["decision_needs"], className="quiet")
        return content
    job = server.desk.job(name)
    if job is None or side is None or side["id"] != name or result is None:
        return content
    about = side["about"]
    if job.stage == "failed":
        content[2] = html.P(f"{text['failed']} {job.error}", className="problem", role="alert")
    elif job.stage != "done":
        pass
    elif about["what"] == "providers":
        content[0], content[1] = views.providers(job.result, about["sort"], language), ""
        content[2] = _drill_note(about["drill"], language)
        from .words import class_title

        content[3] = [{"value": each, "label": class_title(each, language)} for each in result.sizes]
    elif about["what"] == "timeline":
        content[1] = views.timeline(job.result, about, result.start, language, theme)
    elif about["what"] == "decision":
        content[4] = views.decision(f"/decision/{name}", language)
    elif about["what"] == "export" and ctx.triggered_id == "side-result":
        content[5] = {
            "content": base64.b64encode(job.result).decode(),
            "filename": about["name"],
            "base64": True,
            "type": "application/octet-stream",
        }
    return content


def _drill_note(drill: Any, language: Language) -> Any:
    if not drill or "outcome" not in drill:
        return ""
    text = words(language)
    return html.P(
        [
            text["filtered"].format(outcome=text["series"][drill["outcome"]], date=drill["date"]) + " ",
            html.Button(text["clear_filter"], id={"type": "clear", "name": "drill"}, className="small"),
        ]
    )


def drilled(name: str, click: Any, result: Any) -> tuple[int, str, dict[str, Any]] | None:
    """What a click on a figure asks for: policy, size class, and the outcome with its moment."""
    try:
        point = click["points"][0]
        kind, _, rest = name.partition("-")
        if kind == "time" and result is not None:
            outcome, by, place_of_key = rest.rsplit("-", 2)
            place, until = int(point["customdata"][0]), float(point["customdata"][1])
            if outcome == "harm":
                return None
            keys = [key for key in result.arms[0].lines[outcome, by]
                    if by == "all" or any(arm.lines[outcome, by][key].mean.any() for arm in result.arms)]  # fmt: skip
            size = keys[int(place_of_key)] if by == "size" else ""
            return place, size, {"outcome": outcome, "until": until, "date": str(point["x"])}
        if kind == "who" and rest.startswith("size-"):
            return int(point["customdata"][0]), str(point["customdata"][1]), {}
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return None


def _asked_export(server: Server, owner: str, request: Request, trigger: Mapping[str, Any], data: Any) -> Any:
    what, place = str(trigger["what"]), min(int(trigger["place"]), len(request.scenarios) - 1)
    letter = LETTERS[place]
    if what == "yaml":
        state = server.state(data)
        made = server.desk.submit("yaml", owner, scenario=state.scenario(min(place, len(state.policies) - 1)))
        return {"id": made, "about": {"what": "export", "name": f"policy-{letter}.yaml"}}
    if what == "events":
        made = server.desk.submit("events", owner, request=request, place=place)
        return {"id": made, "about": {"what": "export", "name": f"events-{letter}.parquet"}}
    made = server.desk.submit("tables", owner, request=request, letters=LETTERS, kind=what)
    ending = {"csv": "csv.zip", "parquet": "parquet.zip", "xlsx": "xlsx"}[what]
    return {"id": made, "about": {"what": "export", "name": f"tables.{ending}"}}


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
        return views.export(server.state(data), href or "", language_in(search, server.language))

    @app.callback(Output("other-language", "href"), Input("state", "data"), State("address", "search"))
    def language(data: Any, search: Any) -> str:
        other = "en" if language_in(search, server.language) == "zh" else "zh"
        return f"/?lang={other}#{server.state(data).link()}"


__all__ = ["Server", "dash", "dcc", "drilled", "language_in", "moved_state", "read_link", "register", "request_of"]
