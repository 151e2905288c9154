"""Which version of the model made a run: a hash of its code."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

MODEL = ("scenario", "kernel", "reference", "compiled", "runs/outcomes.py")
"""The rooms and modules that decide what a replication comes to."""


@functools.cache
def model_hash() -> str:
    """SHA-256 over the code of the model: a shard of another version of the model is not reused.

    Docstrings, comments and blank lines do not count, so rewording them leaves run folders usable.
    """
    digest = hashlib.sha256()
    room = Path(__file__).parent.parent
    for name in MODEL:
        place = room / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(room).as_posix().encode())
            digest.update(code_of(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def code_of(source: str) -> str:
    """Python source without docstrings, comments, blank lines and spaces at the end of lines.

    A string that is a statement counts as a docstring wherever it stands: it documents the name above it. The text does
    not depend on the version of Python, as a dump of the syntax tree would.
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    documented = {
        # The start of a statement, which is preceded only by spaces: columns of bytes and of characters agree.
        starts[node.lineno - 1] + node.col_offset
        for node in _statements(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    kept, place = [], 0
    for found in _TEXT.finditer(source):
        kept.append(source[place : found.start()])
        if found.start() not in documented and not found[0].startswith("#"):
            kept.append(found[0].replace("\n", "\0"))
        place = found.end()
    kept.append(source[place:])
    return "\n".join(line.rstrip() for line in "".join(kept).splitlines() if line.strip())


_TEXT = re.compile(
    r"""#[^\n]*|(?:\b[rbfuRBFU]{1,2})?(?:"{3}(?:[^"\\]|\\.|"(?!""))*"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}"""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""",
    re.DOTALL,
)
"""A comment or a string, whichever begins first."""


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements of a module, without looking into expressions."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(node, name, ()) if isinstance(getattr(node, name, ()), list) else ():
            if isinstance(each, ast.stmt):
                yield each
            yield from _statements(each)


__all__ = ["MODEL", "code_of", "model_hash"]
