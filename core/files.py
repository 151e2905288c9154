"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, data: bytes | str) -> None:
    """Write ``data`` (text as UTF-8, its line ends as they are) by way of a temporary file in the same folder. Raises
    ``OSError``.
    """
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    partial.replace(path)
