"""BMP, which holds pixels and no metadata."""

from __future__ import annotations

from ...bytes.pages import Source
from ...findings import Findings


def read(_data: Source, _found: Findings) -> None:
    """Nothing to read: what people see is looked at by itself."""
