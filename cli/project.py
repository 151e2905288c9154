"""Settings of a project: ``shenhe.toml``, or the table ``tool.shenhe`` of ``pyproject.toml``, in the working folder.

They are defaults of options: the command line wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from shenhe.conformance.verdict import Level
from shenhe.core.files import read_up_to

#: The option of each setting that has one, by command. ``env`` is read by :mod:`.environment`.
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "check": {
        "target": "target",
        "packs": "packs",
        "rules": "rules",
        "level": "level",
        "baseline": "baseline_file",
        "evidence": "evidence_file",
    },
    "fleet": {"packs": "packs", "rules": "rules", "level": "level"},
    "doctor": {"target": "binding"},
}

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST = 1_000_000


@dataclass(frozen=True)
class ProjectSettings:
    """The settings; ``None`` for each that the file does not have. ``source`` is the file."""

    source: Path
    target: str | None = None
    packs: list[str] | None = None
    rules: list[str] | None = None
    level: str | None = None
    baseline: str | None = None
    evidence: str | None = None
    env: list[str] | None = None

    def defaults(self, command: str) -> dict[str, Any]:
        """The defaults of a command, by the names of its parameters."""
        names = OPTIONS.get(command, {})
        values = {names[name]: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


def project_settings(folder: Path | None = None) -> ProjectSettings | None:
    """The settings of the project in a folder (the working folder), if it has any.

    Raises:
        typer.BadParameter: for a file that cannot be read, an unknown setting, or a value of the wrong kind.
    """
    folder = folder or Path()
    for path, tables in ((folder / "shenhe.toml", ()), (folder / "pyproject.toml", ("tool", "shenhe"))):
        values = _table(path, tables)
        if values is not None:
            return _checked(path, values)
    return None


def _table(path: Path, tables: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        values: Any = tomllib.loads(read_up_to(path, _MOST)[:_MOST].decode("utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from None
    for name in tables:
        if not isinstance(values, dict) or name not in values:
            return None
        values = values[name]
    if not isinstance(values, dict):
        raise typer.BadParameter(f"{path}: {'.'.join(tables)}: found {values!r}, expected a table")
    return values


def _checked(path: Path, values: dict[str, Any]) -> ProjectSettings:
    known = [field.name for field in fields(ProjectSettings) if field.name != "source"]
    for name, value in values.items():
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"expected one of: {', '.join(known)}"
            raise typer.BadParameter(f"{path}: unknown setting {name!r}; {hint}")
        if trouble := _trouble(name, value):
            raise typer.BadParameter(f"{path}: {name}: found {value!r}, {trouble}")
    return ProjectSettings(path, **values)


def _trouble(name: str, value: Any) -> str:
    """What a value should have been; empty for a good one."""
    match name:
        case "level":
            good = isinstance(value, str) and value in [*Level]
            return "" if good else f"expected one of: {', '.join(Level)}"
        case "env":
            good = isinstance(value, list) and all(
                isinstance(each, str) and _VARIABLE.fullmatch(each) for each in value
            )
            return "" if good else "expected a list of names of variables"
        case "packs" | "rules":
            good = isinstance(value, list) and all(isinstance(each, str) for each in value)
            return "" if good else "expected a list of texts"
        case _:
            return "" if isinstance(value, str) and value else "expected a text"


def use_project_settings(context: typer.Context) -> None:
    """Give the command that is about to run the settings of the project as its defaults."""
    command = context.invoked_subcommand
    if command is None or command not in OPTIONS:
        return
    settings = project_settings()
    if settings is not None:
        context.default_map = {**(context.default_map or {}), command: settings.defaults(command)}


def of_project(context: typer.Context, name: str) -> bool:
    """Whether the value of a parameter is a setting of the project."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT_MAP"
