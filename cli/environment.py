"""Which environment variables a binding may read.

A binding sends the values it reads to the hosts it names. A foreign binding therefore gets only variables that the user
allows, with ``--env NAME`` or a list in the project's configuration. A binding in the working folder belongs to the
user and gets every variable it names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from .project import project_settings

Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="Let the binding read this environment variable, and no others. Repeatable.",
    ),
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: No binding is longer (see the reader of bindings).
_MOST = 1_000_000


def binding_environ(target: str | Path, env: Sequence[str] | None) -> Mapping[str, str]:
    """The variables for a binding, and a line on stderr that names those it takes.

    Raises ``typer.BadParameter`` for a name that is none and for a configuration that cannot be read.
    """
    from shenhe.conformance.bindings.language.template import VARIABLE

    path = Path(target)
    if not path.is_file():
        # A ready-made binding: it is part of shenhe.
        return os.environ
    for name in env or ():
        if not _NAME.fullmatch(name):
            raise typer.BadParameter(f"found {name!r}, expected the name of a variable", param_hint="--env")
    allowed = _allowed(env)
    with path.open("rb") as stream:
        text = stream.read(_MOST).decode("utf-8", "replace")
    named = {match[2] for match in VARIABLE.finditer(text) if match[2]} & os.environ.keys()
    if allowed is None and _in_working_folder(path):
        allowed = named
    taken, kept = sorted(named & (allowed or set())), sorted(named - (allowed or set()))
    if taken:
        typer.echo(f"shenhe: {path} takes from the environment: {', '.join(taken)}", err=True)
    if kept:
        typer.echo(
            f"shenhe: {path} names variables that it is not allowed: {', '.join(kept)}. Allow each with --env NAME if"
            " you trust the author of the binding with it.",
            err=True,
        )
    return {name: os.environ[name] for name in taken}


def _allowed(env: Sequence[str] | None) -> set[str] | None:
    """The names of ``--env`` and of the project's configuration; ``None`` where neither says anything."""
    settings = project_settings()
    configured = settings.env if settings is not None else None
    if env is None and configured is None:
        return None
    return {*(env or ()), *(configured or ())}


def _in_working_folder(path: Path) -> bool:
    return path.resolve().is_relative_to(Path.cwd().resolve())
