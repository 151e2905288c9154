"""A document that is split into files, made one: references to files beside it are followed, and no others.

A file is read if it is in the folder of the document or below it. Nothing is fetched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from shenhe.core.document import DocumentError, Fault, Limits, Mark, read_yaml

MOST_FILES = 300
"""So many files of one document are read."""
MOST_BYTES = 16 * 1024 * 1024
"""So many bytes of them, all together."""
FILES = "x-files"
"""The key under which the other files are in the whole document."""


def in_one(document: Any, path: Path, limits: Limits) -> Any:
    """``document``, read from ``path``, with the files that it refers to under :data:`FILES`, and its references to
    them made references into itself. A reference to a file that does not exist or is elsewhere stays as it is.

    Raises :class:`DocumentError` for a file that cannot be read as YAML, and for too many files.
    """
    joiner = _Joiner(path, limits)
    whole = joiner.with_references(document, path, "")
    while joiner.waiting:
        file = joiner.waiting.pop()
        name = joiner.names[file]
        joiner.files[name] = joiner.with_references(joiner.read(file), file, f"/{FILES}/{_step(name)}")
    if joiner.files and isinstance(whole, dict):
        whole[FILES] = joiner.files
    return whole


def _step(name: str) -> str:
    """A key as a reference writes it."""
    return name.replace("~", "~0").replace("/", "~1")


class _Joiner:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._main = path.resolve()
        self._folder = self._main.parent
        self._limits = limits
        self._bytes = 0
        self.files: dict[str, Any] = {}
        #: The names of all files that were referred to.
        self.names: dict[Path, str] = {}
        self.waiting: list[Path] = []

    def read(self, file: Path) -> Any:
        """The data of a file."""
        self._bytes += file.stat().st_size
        if self._bytes > MOST_BYTES:
            raise self._fault(file, f"found more than {MOST_BYTES:,} bytes in all files, expected less")
        data, _ = read_yaml(file, self.names[file], limits=self._limits, foreign=True)
        return data

    def with_references(self, value: Any, file: Path, here: str) -> Any:
        """``value`` with its references into the whole document; ``here`` is where its own file is there."""
        if isinstance(value, list):
            return [self.with_references(each, file, here) for each in value]
        if not isinstance(value, dict):
            return value
        made = {key: self.with_references(each, file, here) for key, each in value.items()}
        reference = value.get("$ref")
        if isinstance(reference, str):
            made["$ref"] = self._followed(reference, file, here)
        return made

    def _followed(self, reference: str, file: Path, here: str) -> str:
        name, _, pointer = reference.partition("#")
        if not name:
            return f"#{here}{pointer}" if here and pointer.startswith("/") else f"#{here}" if here else reference
        if "://" in name or name.startswith(("/", "\\")) or "\0" in name:
            return reference
        try:
            target = (file.parent / unquote(name)).resolve()
            if not target.is_relative_to(self._folder) or not target.is_file():
                return reference
        except (OSError, ValueError):
            return reference
        if target == self._main:
            return f"#{pointer}"
        if target not in self.names:
            if len(self.names) >= MOST_FILES:
                raise self._fault(file, f"found more than {MOST_FILES} files, expected fewer")
            self.names[target] = target.relative_to(self._folder).as_posix()
            self.waiting.append(target)
        return f"#/{FILES}/{_step(self.names[target])}{pointer}"

    def _fault(self, file: Path, why: str) -> DocumentError:
        return DocumentError([Fault(self.names.get(file, file.name), Mark(1, 1), (), why)])
