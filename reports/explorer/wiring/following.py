"""From a figure to the providers behind it, to one provider and its events; decision pages and downloads."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update

from ...pages.language import Language
from .. import views
from ..parts import asking
from ..state import LETTERS
from ..words import words
from ..work import Request
from .server import Server, language_in, result_of

EXPORTS = ("yaml", "csv", "xlsx", "parquet", "events")


def register_following(app: Dash, server: Server) -> None:
    """What clicks on figures and buttons in tables lead to."""

    @app.callback(
        Output("drill", "data"),
        Output("view", "value"),
        Output("of-policy", "value"),
        Output("of-class", "value"),
        Input("asked", "data"),
        State("result", "data"),
        prevent_initial_call=True,
    )
    def drill(asked: Any, name: Any) -> Any:
        if asked and asked["what"] == "clear":
            return {}, no_update, no_update, ""
        found = drilled(asked, result_of(server, name)) if asked and asked["what"] == "figure" else None
        if found is None:
            return no_update, no_update, no_update, no_update
        place, size, about = found
        return about, "providers", place, size

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
        Input("result", "data"),
        Input("decision-of", "value"),
        Input("asked", "data"),
        State("owner", "data"),
        State("address", "search"),
        State("state", "data"),
        prevent_initial_call=True,
    )
    def side(view: str, drill: Any, place: Any, replication: Any, size: Any, status: Any, sort: str, *rest: Any) -> Any:
        name, decision_of, asked, owner, search, data = rest
        language, trigger = language_in(search, server.language), ctx.triggered_id
        job = server.desk.job(name)
        if job is None or job.stage != "done":
            return no_update, no_update
        request: Request = job.arguments["request"]
        place = min(int(place or 0), len(request.scenarios) - 1)
        which = min(max(int(replication or 1), 1), request.replications) - 1
        owner = f"{owner}/side"
        if trigger == "asked" and asked and asked["what"] == "provider":
            number = int(asked["number"])
            about = {"what": "timeline", "provider": number, "place": place, "replication": which}
            made = server.desk.submit(
                "timeline", owner, request=request, place=place, replication=which, provider=number
            )
            return {"id": made, "about": about}, number
        if trigger == "asked" and asked and asked["what"] in EXPORTS:
            return _asked_export(server, owner, request, asked, data), no_update
        # A click on a figure arrives together with the view and the filter that it leads to.
        if [each["prop_id"] for each in ctx.triggered] == ["asked.data"]:
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
        return side_content(server, name, side, result_of(server, result_name), language, theme, view)


def side_content(
    server: Server, name: Any, side: Any, result: Any, language: Language, theme: Any, view: str
) -> list[Any]:
    """What a finished side job puts where: table of providers, timeline, filter, decision page, download."""
    text = words(language)
    content: list[Any] = [no_update] * 5
    if view == "decision" and (result is None or len(result.arms) < 2):
        content[3] = html.P(text["decision_needs"], className="quiet")
        return content
    if ctx.triggered_id == "view" and view in ("decision", "providers"):
        content[3 if view == "decision" else 0] = html.P(text["computing"], className="quiet", role="status")
    job = server.desk.job(name)
    if job is None or side is None or side["id"] != name or result is None:
        return content
    about = side["about"]
    if job.stage == "failed":
        content[2] = html.P(f"{text['failed']} {job.error}", className="problem", role="alert")
    elif job.stage != "done":
        pass
    elif about["what"] == "providers":
        content[0], content[1] = views.providers_content(job.result, about["sort"], language), ""
        content[2] = _drill_note(about["drill"], language)
    elif about["what"] == "timeline":
        content[1] = views.timeline_content(job.result, about, result.start, language, theme)
    elif about["what"] == "decision":
        content[3] = views.decision_content(f"/decision/{name}", language)
    elif about["what"] == "export" and ctx.triggered_id == "side-result":
        content[4] = {
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
            asking(text["clear_filter"], {"what": "clear"}, className="small"),
        ]
    )


def drilled(click: Any, result: Any) -> tuple[int, str, dict[str, Any]] | None:
    """What a click on a figure asks for: policy, size class, and the outcome with its moment."""
    try:
        point = click["point"]
        kind, _, rest = str(click["name"]).partition("-")
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
