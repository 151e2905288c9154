"""Fleets run for the tests, and their rows by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shenhe.conformance.fleet import (
    Fleet,
    FleetRow,
    Result,
    members,
    run_fleet,
)

from .providers import (
    FEW,
)


def run(folder: Path, out: Path, **changes: Any) -> tuple[Fleet, list[str]]:
    """The fleet of a folder, and the names of those that were asked rather than kept from before."""
    asked: list[str] = []

    def told(name: str, result: Result, done: int, total: int, kept: bool) -> None:
        if not kept:
            asked.append(name)

    given: dict[str, Any] = {"environ": {}, "options": FEW, "at_once": 4, "progress": told}
    return run_fleet(members(folder), out, **(given | changes)), asked


def by_name(fleet: Fleet) -> dict[str, FleetRow]:
    return {provider.name: provider for provider in fleet.providers}


def auth(name: str) -> str:
    return f'{{type: header, name: X-Key, value: "${{{name}}}"}}'
