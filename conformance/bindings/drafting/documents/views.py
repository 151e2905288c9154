"""What a view function takes from its request, read from its source: frameworks without schemas say it nowhere else."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

#: Attributes of a request by where their values are sent.
_PLACES = {
    "json": "json", "get_json": "json", "form": "form", "files": "file", "args": "query", "query_params": "query",
    "values": "query",
}  # fmt: skip
_LONGEST = 100_000


def taken_by(view: Any) -> list[tuple[str, str, bool]]:
    """The names that a view takes, each with its place (``json``, ``form``, ``file`` or ``query``) and whether it
    cannot do without. Nothing where the source cannot be read.
    """
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(view)))
        tree = ast.parse(source) if len(source) <= _LONGEST else ast.Module([], [])
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return []
    variables = {
        name.id: place
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (place := _place(node.value, {})) is not None
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    found: dict[tuple[str, str], bool] = {}
    for name, place, required in _accesses(tree, variables):
        found[name, place] = found.get((name, place), False) or required
    return [(name, place, required) for (name, place), required in found.items()]


def _accesses(tree: ast.AST, variables: dict[str, str]) -> Iterator[tuple[str, str, bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            name, of, required = node.slice.value, node.value, True
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"get", "getlist"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            name, of, required = node.args[0].value, node.func.value, False
        else:
            continue
        place = _place(of, variables)
        if place is not None and isinstance(name, str):
            yield name, place, required


def _place(node: ast.AST, variables: dict[str, str]) -> str | None:
    """Where the values of an expression come from, such as ``request.json`` or ``await request.form()``."""
    while isinstance(node, ast.Await | ast.Call | ast.BoolOp):
        if isinstance(node, ast.Await):
            node = node.value
        else:
            node = node.func if isinstance(node, ast.Call) else node.values[0]
    if isinstance(node, ast.Name):
        return variables.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"request", "req"}:
        return _PLACES.get(node.attr)
    return None
