"""Callbacks: what happens when the user moves a control."""

from __future__ import annotations

from dash import Dash

from .controls import register_controls
from .following import register_following
from .running import register_running
from .server import Server
from .viewing import register_viewing


def register(app: Dash, server: Server) -> None:
    """Give the app its callbacks."""
    register_controls(app, server)
    register_running(app, server)
    register_viewing(app, server)
    register_following(app, server)


__all__ = ["Server", "register"]
