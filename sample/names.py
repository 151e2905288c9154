"""Enums whose members are the entries of a data file."""

from __future__ import annotations

from collections.abc import Iterable
from enum import EnumType
from typing import Any


class NamesFromFile(EnumType):
    """Tells type checkers that the members of an enum come from a data file. Tests compare the code with the file."""

    def __getattr__(cls, name: str) -> Any:
        raise AttributeError(f"{cls.__name__}.{name}: the file has no entry {name.lower().replace('_', '-')!r}")


def members(names: Iterable[str]) -> dict[str, str]:
    """Members of an enum by identifier: ``TEXT_UNLABELLED`` for ``text-unlabelled``."""
    return {name.upper().replace("-", "_"): name for name in names}
