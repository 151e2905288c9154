"""Data files of this package: deviations, word lists, marks of platforms."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_data(name: str) -> Any:
    """The content of one YAML file of this package. The YAML library is imported here, not with the package."""
    import yaml

    with (Path(__file__).parent / name).open("rb") as stream:
        return yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe loaders)
