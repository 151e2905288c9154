"""Running policies in the background: starting, watching and cancelling."""

from __future__ import annotations

import secrets
import time
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update

from shenhe.core.errors import ShenheError

from ...pages.language import Language
from ..desk import Job
from ..state import State as Explored
from ..words import words
from ..work import Request
from .server import Server, language_in, new_of


def register_running(app: Dash, server: Server) -> None:
    """Start a run after each change, watch every job, cancel."""

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
            new_of(job, shown),
            words(language)["stale"],
            ran is None or (data == ran and not (job is not None and job.stage == "cancelled")),
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
        return str(job.done), str(max(1, job.total)), text, job.stage == "done", new_of(job, shown)

    @app.callback(
        Output("side-result", "data"),
        Input("tick", "n_intervals"),
        Input("side", "data"),
        State("side-result", "data"),
    )
    def watch_side(_ticks: Any, named: Any, shown: Any) -> Any:
        return new_of(server.desk.job(named["id"]) if named else None, shown)

    @app.callback(
        Output("tick", "disabled"),
        Input("tick", "n_intervals"),
        Input("job", "data"),
        Input("side", "data"),
        Input("heat-job", "data"),
    )
    def rest(_ticks: Any, name: Any, side: Any, heat: Any) -> bool:
        jobs = [server.desk.job(name), *(server.desk.job(each["id"]) for each in (side, heat) if each)]
        return all(job is None or job.settled for job in jobs)

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


def request_of(state: Explored) -> Request:
    """The request of a state. Raises :class:`ShenheError` for policies that cannot be run or compared."""
    from shenhe.simulator.runs.comparison import require_comparable

    found = state.checked()
    for other in found[1:]:
        require_comparable(found[0], other)
    return Request(found, state.replications, state.seed)


def status(job: Job | None, language: Language, server: Server, what: str = "running") -> str:
    """How far a job is, in words."""
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
