"""What a view function takes from its request and responds with, read from its source: frameworks without schemas say
it nowhere else.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

#: Attributes of a request by where their values are sent.
_PLACES = {
    "json": "json", "get_json": "json", "form": "form", "files": "file", "args": "query", "query_params": "query",
    "values": "query", "POST": "form", "FILES": "file", "GET": "query",
}  # fmt: skip
_LONGEST = 100_000


#: What a view responds with, by the names of the functions that make a response of it.
_RESPONSES = frozenset({"JsonResponse", "JSONResponse", "jsonify", "Response", "json_response"})
_FILES = frozenset({"FileField", "ImageField"})


def taken_by(view: Any) -> list[tuple[str, str, bool]]:
    """The names that a view takes, each with its place (``json``, ``form``, ``file`` or ``query``) and whether it
    cannot do without. Nothing where the source cannot be read.
    """
    tree = _source(view)
    variables = {
        name.id: place
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (place := _place(node.value, {})) is not None
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    found: dict[tuple[str, str], bool] = {}
    for name, place, required in (*_of_forms(tree, view), *_accesses(tree, variables)):
        found[name, place] = found.get((name, place), False) or required
    return [(name, place, required) for (name, place), required in found.items()]


def returned_by(view: Any) -> dict[str, Any]:
    """The schema of the JSON that a view responds with; empty where its source does not show it."""
    for node in ast.walk(_source(view)):
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.Tuple) and value.elts:
            status = value.elts[1] if len(value.elts) > 1 else None
            value = None if _is_error(status) else value.elts[0]
        if isinstance(value, ast.Call) and _called(value) in _RESPONSES:
            if any(each.arg in {"status", "status_code"} and _is_error(each.value) for each in value.keywords):
                continue
            named = {each.arg: each.value for each in value.keywords if each.arg not in {None, "status", "safe"}}
            value = value.args[0] if value.args else ast.Dict([ast.Constant(n) for n in named], list(named.values()))
        if isinstance(value, ast.Dict) and value.keys:
            return _schema(value)
    return {}


def _source(view: Any) -> ast.AST:
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(view)))
        return ast.parse(source) if len(source) <= _LONGEST else ast.Module([], [])
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _is_error(status: ast.AST | None) -> bool:
    return isinstance(status, ast.Constant) and isinstance(status.value, int) and status.value >= 400


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _schema(node: ast.AST, depth: int = 0) -> dict[str, Any]:
    if isinstance(node, ast.Dict) and depth < 5:
        pairs = zip(node.keys, node.values, strict=True)
        inner = {str(key.value): _schema(each, depth + 1) for key, each in pairs if isinstance(key, ast.Constant)}
        return {"type": "object", "properties": inner}
    if isinstance(node, ast.List | ast.ListComp) and depth < 5:
        first = node.elt if isinstance(node, ast.ListComp) else node.elts[0] if node.elts else None
        return {"type": "array", "items": _schema(first, depth + 1) if first is not None else {}}
    kinds = {bool: "boolean", int: "integer", float: "number"}
    return {"type": kinds.get(type(node.value), "string") if isinstance(node, ast.Constant) else "string"}


def _of_forms(tree: ast.AST, view: Any) -> Iterator[tuple[str, str, bool]]:
    """The fields of the forms that a view makes of its request: `SignUpForm(request.POST)`."""
    known = getattr(inspect.unwrap(view), "__globals__", {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            places = {_place(each, {}) for each in (*node.args, *(each.value for each in node.keywords))}
            if "form" in places:
                yield from django_form_fields(known.get(node.func.id))


def django_form_fields(form: Any) -> Iterator[tuple[str, str, bool]]:
    """The fields of a form of Django: name, place, and whether it is required."""
    fields = getattr(form, "base_fields", None)
    for name, each in fields.items() if isinstance(fields, dict) else ():
        yield str(name), "file" if type(each).__name__ in _FILES else "form", bool(getattr(each, "required", True))


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
        elif isinstance(node, ast.Call) and _called(node) == "loads" and node.args:
            return "json" if _is_body(node.args[0]) else None
        else:
            node = node.func if isinstance(node, ast.Call) else node.values[0]
    if isinstance(node, ast.Name):
        return variables.get(node.id)
    return _PLACES.get(node.attr) if isinstance(node, ast.Attribute) and _is_request(node.value) else None


def _is_request(node: ast.AST) -> bool:
    """Whether an expression is the request: `request`, or `self.request`."""
    return (isinstance(node, ast.Name) and node.id in {"request", "req"}) or (
        isinstance(node, ast.Attribute) and node.attr == "request"
    )


def _is_body(node: ast.AST) -> bool:
    """Whether an expression is the body of the request, decoded or not."""
    return any(
        isinstance(each, ast.Attribute) and each.attr in {"body", "data", "get_data"} and _is_request(each.value)
        for each in ast.walk(node)
    )
