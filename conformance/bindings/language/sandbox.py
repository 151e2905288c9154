"""The sandbox that templates run in: without access to insides, and bounded in what they make.

You may not know the author of a binding. So a template that is a few characters long must not make gigabytes or run
for hours: repetitions, paddings, replacements and concatenations are measured before they are made, loops count their
steps, and filters that could hide either are not offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from .filters import FILTERS, TESTS

LONGEST = 1_000_000
"""The most characters, or items, that one step of a template may make."""
MOST_STEPS = 10_000
"""The most rounds that the loops of a template may take together."""
LONGEST_RANGE = 100_000
"""The most numbers of a range, from which one may be drawn."""

#: Filters of Jinja2 that are offered: what they make is no longer than what they are given.
_OFFERED = frozenset(
    {
        "abs", "capitalize", "count", "dictsort", "first", "float", "int", "items", "last", "length", "list",
        "lower", "random", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select",
        "selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode",
    }
)  # fmt: skip
#: A width in a format of either kind that makes more than a few characters, or that is taken from a value.
_WIDE = re.compile(r"[0-9]{5,}|%[^a-zA-Z%]*\*|\{[^{}]*\{")
_PADDING = frozenset({"center", "ljust", "rjust", "zfill"})


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment whose templates are compiled by :meth:`bounded` and :meth:`expression`."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, finalize: Callable[[Any], Any]) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, finalize=finalize, keep_trailing_newline=True)
        self.filters = {name: each for name, each in self.filters.items() if name in _OFFERED}
        self.filters |= {"join": _join, "replace": _replace, "format": _format, "tojson": FILTERS["json"]}
        self.filters.update(FILTERS)
        self.tests = {**self.tests, **TESTS}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("found **, which templates do not offer")
        if operator == "%" and isinstance(left, str | bytes):
            _checked_format(left)
        if operator == "*":
            sized = [side for side in (left, right) if isinstance(side, str | bytes | list | tuple)]
            times = [side for side in (left, right) if isinstance(side, int)]
            if sized and times:
                _checked(len(sized[0]) * times[0])
        if operator == "+" and isinstance(left, str | bytes | list | tuple) and hasattr(right, "__len__"):
            _checked(len(left) + len(right))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja2
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(owner, str | bytes):
            _check_method(owner, name, args)
        return super().call(__context, __obj, *args, **kwargs)

    def bounded(self, tree: nodes.Template) -> Callable[[Mapping[str, Any]], str]:
        """A function that fills in a template and stops once it makes too much."""
        template = self.from_string(_transformed(tree))

        def fill(values: Mapping[str, Any]) -> str:
            parts, size = [], 0
            for part in template.generate({**values, **_counters()}):
                size += len(part)
                _checked(size)
                parts.append(part)
            return "".join(parts)

        return fill

    def expression(self, node: nodes.Expr) -> Callable[[Mapping[str, Any]], Any]:
        """A function that gives the value of one expression."""
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), node, lineno=1)]
        compiled = TemplateExpression(self.from_string(_transformed(nodes.Template(body, lineno=1))), False)
        return lambda values: compiled({**values, **_counters()})


def _counters() -> dict[str, Callable[..., Any]]:
    left = MOST_STEPS

    def step() -> str:
        nonlocal left
        left -= 1
        if left < 0:
            raise SecurityError(f"found loops of more than {MOST_STEPS:,} rounds")
        return ""

    return {"step_": step, "joined_": _joined, "range": _range}


class _Bounding(NodeTransformer):
    """Lets loops count their rounds and concatenations be measured."""

    def visit_For(self, node: nodes.For, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802 - as in Jinja2
        self.generic_visit(node, *args, **kwargs)
        if node.recursive:
            raise TemplateSyntaxError("loops that call themselves are not offered", node.lineno)
        node.body.insert(0, nodes.ExprStmt(_call("step_", [])))
        return node

    def visit_Concat(self, node: nodes.Concat, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        self.generic_visit(node, *args, **kwargs)
        return _call("joined_", list(node.nodes))

    def visit_Macro(self, node: nodes.Macro, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        raise TemplateSyntaxError("macros are not offered", node.lineno)

    visit_CallBlock = visit_Macro  # noqa: N815


def _transformed(tree: nodes.Template) -> nodes.Template:
    _Bounding().visit(tree)
    tree.set_lineno(1)
    return tree


def _call(name: str, values: list[nodes.Expr]) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), values, [], None, None)


def _checked(size: int) -> None:
    if size > LONGEST:
        raise SecurityError(f"found something longer than {LONGEST:,} characters or items")


def _checked_format(text: str | bytes) -> None:
    shown = text.decode("latin-1") if isinstance(text, bytes) else text
    if _WIDE.search(shown):
        raise SecurityError(f"found a format with a width of 5 digits or more, or one from a value: {shown[:60]!r}")


def _check_method(owner: str | bytes, name: str, args: tuple[Any, ...]) -> None:
    """Measure what a method of a text would make."""
    first = args[0] if args else None
    if name in _PADDING and isinstance(first, int):
        _checked(first)
    elif name == "expandtabs":
        _checked(len(owner) * (first if isinstance(first, int) else 8))
    elif name == "replace" and len(args) > 1 and hasattr(args[1], "__len__"):
        _checked((len(owner) + 1) * len(args[1]) if not args[0] else owner.count(args[0]) * len(args[1]) + len(owner))
    elif name == "join" and first is not None:
        items = list(first) if isinstance(first, Iterable) else []
        _checked(len(owner) * len(items) + sum(len(item) for item in items if hasattr(item, "__len__")))
    elif name in {"format", "format_map"}:
        _checked_format(owner)
    elif name == "translate":
        raise SecurityError("found translate, which templates do not offer")


def _joined(*values: Any) -> str:
    texts = [str(value) for value in values]
    _checked(sum(map(len, texts)))
    return "".join(texts)


def _join(values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    items = [str(value if attribute is None else getattr(value, attribute)) for value in values]
    _checked(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _replace(text: Any, old: str, new: str, count: int = -1) -> str:
    _check_method(str(text), "replace", (old, new))
    return str(text).replace(old, new, count)


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    _checked_format(text)
    return text % (kwargs or args)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > LONGEST_RANGE:
        raise SecurityError(f"found a range of more than {LONGEST_RANGE:,} numbers")
    return found
