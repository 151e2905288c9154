"""Hosts that a user names, with or without a port."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

#: The port of each scheme that is fetched from.
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_named(url: str, hosts: Collection[str]) -> bool:
    """Whether an absolute URL is at one of ``hosts``. Without a port, a host allows the scheme's default port.

    Raises :class:`ValueError` for a URL whose port is no number.

    >>> is_named("https://cdn.example/a.png", ["cdn.example"]), is_named("https://cdn.example:443/", ["cdn.example"])
    (True, True)
    >>> is_named("https://cdn.example:8443/", ["cdn.example"]), is_named("https://cdn.example/", ["cdn.example:443"])
    (False, True)
    """
    parts = urlsplit(url)
    host, default = (parts.hostname or "").lower(), DEFAULT_PORTS.get(parts.scheme.lower())
    port = default if parts.port is None else parts.port
    return f"{host}:{port}" in hosts or (port == default and host in hosts)
