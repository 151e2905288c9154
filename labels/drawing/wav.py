"""The audible label behind the samples of a WAV file."""

from __future__ import annotations

from ..containers.table import Container
from ..findings import Findings
from ..perceived import rhythm


def with_rhythm(_kind: Container, data: bytes, found: Findings) -> bytes:
    """``data`` with ``·– ··`` behind its sound. Raises ValueError where the samples are compressed."""
    return rhythm.write(data, found)
