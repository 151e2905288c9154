"""The web application: Dash on a local server, with the checks that keep it local and harmless."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dash
import flask
from werkzeug.serving import BaseWSGIServer, make_server

from shenhe.core.errors import ShenheError

from ..pages.language import Language, language_of
from .desk import Desk, Workplace
from .layout import shell
from .opened import Opened, page_of
from .state import State
from .wiring import Server, register
from .words import words

MAX_BODY = 2_000_000
"""Bytes of a request; a state takes a few thousand."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORT = 8321


INDEX = """<!DOCTYPE html>
<html lang="LANGUAGE">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{%title%}</title>
<link rel="icon" href="data:,">
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""
"""The page around the application. Dash's own puts its scripts into a footer, which screen readers announce."""


class ServeError(ShenheError, OSError):
    """A server that cannot begin; the text says what to do."""


def create_app(
    first: State,
    place: Workplace,
    *,
    opened: Sequence[Opened] = (),
    language: Language = "en",
    hosts: Sequence[str] = LOOPBACK,
) -> tuple[dash.Dash, Desk]:
    """The application and the desk where its work is done.

    ``hosts`` are the names under which a browser may reach it: a page elsewhere on the web that points a name of its
    own at this machine is refused.
    """
    desk = Desk(place)
    app = dash.Dash(
        "shenhe.reports.explorer",
        title=words(language)["title"],
        update_title=None,
        assets_folder=str(Path(__file__).parent / "assets"),
        suppress_callback_exceptions=True,
        serve_locally=True,
        include_pages_meta=False,
    )
    app.index_string = INDEX.replace("LANGUAGE", "zh-Hans" if language == "zh" else "en")
    app.layout = shell
    register(app, Server(desk, tuple(opened), first, dict(first.documents), language))
    _guard(app, hosts)
    _pages(app.server, desk, tuple(opened))
    return app, desk


def _guard(app: dash.Dash, hosts: Sequence[str]) -> None:
    """Answer only to our own names, take only small requests, and allow nothing but our own files to run."""
    server: flask.Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    policy = ""

    @server.before_request
    def refuse() -> Any:
        host = _host_of(flask.request.host)
        origin = flask.request.headers.get("Origin", "")
        foreign = origin and _host_of(origin.partition("://")[2]) != host
        if host not in hosts or foreign:
            return flask.Response("refused: this server is for this machine only", 403, content_type="text/plain")
        if (flask.request.content_length or 0) > MAX_BODY:
            return flask.Response("refused: the request is too large", 413, content_type="text/plain")
        return None

    @server.after_request
    def protect(response: flask.Response) -> flask.Response:
        nonlocal policy
        if not policy:
            policy = content_policy(app.csp_hashes())
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _host_of(address: str) -> str:
    """The name in ``name:port``, without the brackets of an IPv6 address."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0]


def content_policy(scripts: Sequence[str]) -> str:
    """The Content-Security-Policy: our own scripts and those that Dash writes into its page, nothing evaluated."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _pages(server: flask.Flask, desk: Desk, opened: Sequence[Opened]) -> None:
    """Pages that shenhe renders: each brings its own policy, so the server's only says who may frame it."""
    own = {"Content-Security-Policy": "frame-ancestors 'self'"}

    @server.get("/opened/<int:place>")
    def show(place: int) -> flask.Response:
        if place >= len(opened):
            return flask.Response("not found", 404, content_type="text/plain")
        try:
            return flask.Response(
                page_of(opened[place], language_of(flask.request.args.get("lang"))),
                headers=own,
                content_type="text/html; charset=utf-8",
            )
        except (ShenheError, OSError) as error:
            return flask.Response(str(error), 422, content_type="text/plain; charset=utf-8")

    @server.get("/decision/<name>")
    def decision(name: str) -> flask.Response:
        job = desk.job(name)
        if job is None or job.name != "decision" or job.stage != "done":
            return flask.Response("not found", 404, content_type="text/plain")
        return flask.Response(job.result, headers=own, content_type="text/html; charset=utf-8")


def open_server(app: dash.Dash, host: str, port: int | None) -> BaseWSGIServer:
    """A server that listens. Without ``port``, the usual one or, where that is taken, any free one."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line per request would bury everything else
    for wanted in [port] if port is not None else [PORT, 0]:
        try:
            return make_server(host, wanted or _free(host), app.server, threaded=True)
        except (OSError, SystemExit):
            continue
    raise ServeError(f"port {port} of {host} cannot be used; choose another with --port, or leave it out")


def _free(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


__all__ = ["LOOPBACK", "create_app", "open_server"]
