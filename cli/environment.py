"""Which environment variables a binding may read, as an option of every command that takes one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="Let the binding read this environment variable, and no others. Repeatable.",
    ),
]


def binding_environ(target: str | Path, env: Sequence[str] | None) -> Mapping[str, str]:
    """The variables for a binding, and a line on stderr that names those it takes.

    Raises ``typer.BadParameter`` for a name that is none and for a configuration that cannot be read.
    """
    from shenhe.conformance.bindings.client.environ import EnvironError, environ_of

    path = Path(target)
    if not path.is_file():
        # A ready-made binding: it is part of shenhe.
        return os.environ
    try:
        found = environ_of(path, env)
    except EnvironError as error:
        raise typer.BadParameter(str(error), param_hint="--env") from None
    if found.taken:
        typer.echo(f"shenhe: {path} takes from the environment: {', '.join(found.taken)}", err=True)
    if found.refused:
        typer.echo(
            f"shenhe: {path} names variables that it is not allowed: {', '.join(found.refused)}. Allow each with --env"
            " NAME if you trust the author of the binding with it.",
            err=True,
        )
    return found.values
