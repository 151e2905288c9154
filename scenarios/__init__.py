"""Scenario files, and the data they are calibrated to. Data only: they are read by :mod:`shenhe.simulator`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["names", "path"]


def names() -> list[str]:
    """The names of the shipped scenarios, in alphabetical order."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def path(name: str) -> Traversable:
    """The file of a shipped scenario; raises ``KeyError`` for a name that is not in :func:`names`."""
    if name not in names():
        raise KeyError(name)
    return files(__name__) / f"{name}.yaml"
