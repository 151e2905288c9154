"""What each error means and how to put it right, from ``errors.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple


class ErrorText(NamedTuple):
    """One error for a reader. ``command`` or ``python`` causes it, and ``says`` is how its text then begins."""

    meaning: str
    fix: str
    command: str = ""
    python: str = ""
    says: str = ""
    files: Mapping[str, str] = {}
    env: Mapping[str, str] = {}


@functools.cache
def error_texts() -> Mapping[str, ErrorText]:
    """Every error by the name of its class."""
    # Reading YAML takes longer to import than the rest of the command line.
    from shenhe.core.document import read_yaml

    data, _ = read_yaml(files("shenhe.cli") / "errors.yaml", "errors.yaml")
    if not isinstance(data, dict):
        raise TypeError("errors.yaml holds no mapping")
    return {str(name): ErrorText(**entry) for name, entry in data.items()}  # type: ignore[arg-type]
