"""Which environment variables a binding may take.

A binding sends what it takes to the hosts that it names. So a binding outside the working folder gets only the
variables that its user allows: by name, or with a list in the project's configuration. A binding in the working folder
is the user's own and gets what it names, unless either says otherwise. The command line, the fleet, the pytest plugin
and the library share this rule.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shenhe.core.errors import ShenheError
from shenhe.core.files import read_up_to

from ..language.template import VARIABLE

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: No binding is longer (see the reader of bindings).
_MOST = 1_000_000


class EnvironError(ShenheError, ValueError):
    """A name that no variable can have, or a project configuration that cannot be read."""


@dataclass(frozen=True)
class Environ:
    """What a binding takes. ``values`` are the variables by name, ``refused`` those that it names and may not take."""

    values: Mapping[str, str] = field(repr=False)
    refused: tuple[str, ...] = ()

    @property
    def taken(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(sorted(self.values))


def environ_of(path: Path, allowed: Iterable[str] | None = None, environ: Mapping[str, str] = os.environ) -> Environ:
    """The variables for the binding in a file. ``allowed`` are the names that the user gave, ``None`` if none.

    Raises :class:`EnvironError` for a name that is none and for a configuration that cannot be read.
    """
    for name in allowed or ():
        if not _NAME.fullmatch(name):
            raise EnvironError(f"found {name!r}, expected the name of a variable")
    permitted = _permitted(allowed)
    text = read_up_to(path, _MOST)[:_MOST].decode("utf-8", "replace")
    named = {match[2] for match in VARIABLE.finditer(text) if match[2]} & environ.keys()
    if permitted is None and path.resolve().is_relative_to(Path.cwd().resolve()):
        permitted = named
    taken = named & (permitted or set())
    return Environ({name: environ[name] for name in sorted(taken)}, tuple(sorted(named - taken)))


def _permitted(allowed: Iterable[str] | None) -> set[str] | None:
    """The names that were given and those of the project; ``None`` where neither says anything."""
    configured = _configured(Path("shenhe.toml"), ())
    if configured is None:
        configured = _configured(Path("pyproject.toml"), ("tool", "shenhe"))
    if allowed is None and configured is None:
        return None
    return {*(allowed or ()), *(configured or ())}


def _configured(path: Path, table: Sequence[str]) -> list[str] | None:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnvironError(f"{path} cannot be read: {error}") from None
    for name in table:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    names = found.get("env") if isinstance(found, dict) else None
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise EnvironError(f"{path}: env: found {names!r}, expected a list of names of variables")
    return names
