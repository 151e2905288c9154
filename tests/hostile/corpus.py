"""Write docs/hostile-corpus.md, the table of what the hostile corpus tries: ``python -m tests.hostile.corpus``."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "hostile-corpus.md"

HEAD = """# The hostile corpus

What the tests in `tests/hostile` try, and what must hold. `make corpus` writes this page from the tests. See `SECURITY.md` for the threat model.
"""


def rows(path: Path) -> list[str]:
    """One row per test of a file: what must hold, and how many cases are listed beside it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            kinds = [ast.unparse(mark.func) for mark in node.decorator_list if isinstance(mark, ast.Call)]
            how = "random" if "given" in kinds else "listed" if any("parametrize" in kind for kind in kinds) else "one"
            found.append(f"| {node.name.removeprefix('test_').replace('_', ' ')} | {how} |")
    return found


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for path in sorted(FOLDER.rglob("test_*.py"), key=lambda each: each.name):
        title = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
        table = ["| what must hold | cases |", "|---|---|", *rows(path)]
        parts.append("\n".join([f"## {path.stem.removeprefix('test_').capitalize()}", "", title, "", *table, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE}")
