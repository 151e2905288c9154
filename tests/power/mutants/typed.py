"""Whether two neighbouring arguments of a call are of one type, so that a type checker lets them be swapped."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from typing import Any

_ROOT = "shenhe.sample"
_Unknown = object()


def fits(module: str) -> Callable[[ast.Call, int], bool]:
    """Says of a call in a module of the sample whether an argument and the next one are of one type.

    Calls of what is only known at run time, and of what has no types, fit.
    """
    names = vars(importlib.import_module(f"{_ROOT}.{module}"))

    def fit(call: ast.Call, place: int) -> bool:
        called = _named(call.func, names)
        if called is _Unknown:
            return True
        try:
            parameters = list(inspect.signature(called).parameters.values())
        except (TypeError, ValueError):  # a builtin
            return True
        pair = parameters[place : place + 2]
        if len(pair) < 2 or any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in pair):
            return True
        one, other = (each.annotation for each in pair)
        return inspect.Parameter.empty in (one, other) or str(one) == str(other)

    return fit


def _named(node: ast.expr, names: dict[str, Any]) -> Any:
    """What a name, or a name in a module, stands for."""
    match node:
        case ast.Name(id=name):
            return names.get(name, _Unknown)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if inspect.ismodule(names.get(name)):
            return getattr(names[name], attribute, _Unknown)
    return _Unknown
