"""The operators: ways to change one place of the code into something that a careless developer might have written."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .lawful import is_switch

Replacement = tuple[str, ast.AST]
Operator = Callable[[ast.AST], Iterator[Replacement]]

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}
_BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_SQL = re.compile(r"\b(SELECT|UPDATE|DELETE FROM|INSERT|WHERE|AND|ORDER BY)\b")


def comparison(node: ast.AST) -> Iterator[Replacement]:
    """The opposite comparison."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield "opposite", _compare(node, _FLIPPED)


def boundary(node: ast.AST) -> Iterator[Replacement]:
    """A comparison that takes its boundary in, or leaves it out."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _BOUNDARIES:
        yield "boundary", _compare(node, _BOUNDARIES)


def constant(node: ast.AST) -> Iterator[Replacement]:
    """Another number, or the other truth value."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield "flipped", ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield "one more", ast.Constant(node.value + 1)
        if node.value:
            yield "none", ast.Constant(type(node.value)(0))


def dropped_condition(node: ast.AST) -> Iterator[Replacement]:
    """One condition less among several, or the other connective."""
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            values = [value for number, value in enumerate(node.values) if number != place]
            yield f"without condition {place + 1}", values[0] if len(values) == 1 else ast.BoolOp(node.op, values)
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "other connective", ast.BoolOp(other, node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node.operand


def dropped_check(node: ast.AST) -> Iterator[Replacement]:
    """A condition that refuses, and does not any more; a branch that is never or always taken."""
    if isinstance(node, ast.If):
        refuses = any(isinstance(step, ast.Raise) for step in node.body)
        yield "dropped check" if refuses else "skipped branch", ast.If(ast.Constant(False), node.body, node.orelse)
        if not refuses:
            yield "branch always taken", ast.If(ast.Constant(True), node.body, node.orelse)
    if isinstance(node, ast.IfExp):
        yield "first value always", node.body
        yield "second value always", node.orelse


def dropped_step(node: ast.AST) -> Iterator[Replacement]:
    """A statement that is not carried out: a call for its effect, a change to what is remembered, a loop."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "dropped call", ast.Pass()
    if isinstance(node, ast.AugAssign):
        yield "dropped change", ast.Pass()
    if isinstance(node, ast.For):
        yield "skipped loop", ast.For(node.target, ast.Tuple([], ast.Load()), node.body, node.orelse)
        first = ast.Subscript(ast.Call(ast.Name("list", ast.Load()), [node.iter], []), _slice(1), ast.Load())
        yield "first element alone", ast.For(node.target, first, node.body, node.orelse)
    if isinstance(node, ast.FunctionDef) and _has_effect_alone(node):
        changed = copy.copy(node)
        changed.body = [ast.Return(None)]
        yield "returns early", changed


def dropped_element(node: ast.AST) -> Iterator[Replacement]:
    """A collection without one of its elements: a surface, a table, a field of a response."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and not isinstance(getattr(node, "ctx", None), ast.Store):
        for place in range(len(node.elts) if len(node.elts) > 1 else 0):
            changed = copy.copy(node)
            changed.elts = [element for number, element in enumerate(node.elts) if number != place]
            yield f"without element {place + 1}", changed
    if isinstance(node, ast.Dict) and len(node.keys) > 1:
        for place in range(len(node.keys)):
            keep = [number for number in range(len(node.keys)) if number != place]
            yield (
                f"without entry {place + 1}",
                ast.Dict([node.keys[number] for number in keep], [node.values[number] for number in keep]),
            )
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "without filter", ast.comprehension(node.target, node.iter, [], node.is_async)


def swapped_arguments(node: ast.AST) -> Iterator[Replacement]:
    """Two neighbouring arguments in each other's place."""
    if not isinstance(node, ast.Call):
        return
    for place in range(len(node.args) - 1):
        one, other = node.args[place : place + 2]
        if _is_plain(one) and _is_plain(other) and ast.dump(one) != ast.dump(other):
            args = [*node.args[:place], other, one, *node.args[place + 2 :]]
            yield f"arguments {place + 1} and {place + 2} swapped", ast.Call(node.func, args, node.keywords)


def query(node: ast.AST) -> Iterator[Replacement]:
    """A query that asks for less, or for the opposite."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value)):
        return
    text = node.value
    where = text.find("WHERE")
    for found in re.finditer(r"[\w.]+ (?:=|!=|>=|>|<) (\?\d?)", text):
        if found.start() > where >= 0 or (where < 0 and text.lstrip().startswith("AND")):
            yield (
                f"without {found[0]}",
                ast.Constant(f"{text[: found.start()]}coalesce({found[1]}, 1) IS NOT NULL{text[found.end() :]}"),
            )
    for found in re.finditer(r"[\w.]+ IS (NOT )?NULL", text):
        yield f"without {found[0]}", ast.Constant(f"{text[: found.start()]}1{text[found.end() :]}")
    if " DESC" in text:
        yield "other order", ast.Constant(text.replace(" DESC", ""))


def other_path(node: ast.AST) -> Iterator[Replacement]:
    """A function of the state that answers for ever what it answered first: a stale cache."""
    if not isinstance(node, ast.FunctionDef) or not node.args.args or node.args.args[0].arg != "house":
        return
    if node.returns is None or ast.unparse(node.returns) == "None" or len(node.args.args) < 2:
        return
    changed = copy.copy(node)
    key = ast.parse(f"repr(({', '.join(each.arg for each in node.args.args[1:])},))", mode="eval").body
    template = ast.parse(f"def {node.name}__kept(): pass").body[0]
    assert isinstance(template, ast.FunctionDef)
    inner = copy.copy(node)
    inner.decorator_list = []
    inner.name = "_uncached"
    arguments = ", ".join(
        [each.arg for each in node.args.args] + [f"{each.arg}={each.arg}" for each in node.args.kwonlyargs]
    )
    changed.body = [
        inner,
        *ast.parse(
            f"_kept = getattr(house, 'store', house).__dict__.setdefault('_kept_{node.name}', {{}})\n"
            f"_key = {ast.unparse(key)}\n"
            f"if _key not in _kept:\n    _kept[_key] = _uncached({arguments})\n"
            "return _kept[_key]"
        ).body,
    ]
    yield "stale cache", changed


OPERATORS: dict[str, Operator] = {
    "comparison": comparison,
    "boundary": boundary,
    "constant": constant,
    "condition": dropped_condition,
    "check": dropped_check,
    "step": dropped_step,
    "element": dropped_element,
    "arguments": swapped_arguments,
    "query": query,
    "cache": other_path,
}


@dataclass(frozen=True)
class Mutant:
    """One changed place. ``number`` is the node's place in the walk over the lawful tree; ``statement`` the line of the
    statement that has to be reached, ``None`` outside functions."""

    module: str
    function: str
    operator: str
    how: str
    line: int
    statement: int | None
    original: str
    number: int
    variant: int

    @property
    def key(self) -> str:
        """A name that survives changes elsewhere in the file."""
        return f"{self.module}:{self.function}:{self.operator}:{self.how}:{self.original}"


def mutants_of(
    module: str, tree: ast.Module, fits: Callable[[ast.Call, int], bool] = lambda call, place: True
) -> list[Mutant]:
    """Every mutant of a lawful module, in the order of its code.

    ``fits`` says whether an argument of a call and the next one can be swapped without an error of types. Tuples of a
    fixed length keep it: without an element the module could not even be loaded.
    """
    found: list[Mutant] = []
    seen: dict[str, int] = {}
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    rows = _rows(tree)
    for node, function, statement in _places(tree):
        for name, operator in OPERATORS.items():
            if name == "element" and id(node) in rows:
                continue
            for variant, (how, _) in enumerate(operator(node)):
                if name == "arguments" and isinstance(node, ast.Call) and not fits(node, int(how.split()[1]) - 1):
                    continue
                where = node if isinstance(node, ast.stmt | ast.expr) else None
                line = statement or (where.lineno if where is not None else 0)
                shown = _shown(node)
                mutant = Mutant(
                    module,
                    function,
                    name,
                    how,
                    line,
                    statement if function else None,
                    shown,
                    numbers[id(node)],
                    variant,
                )
                seen[mutant.key] = seen.get(mutant.key, 0) + 1
                if seen[mutant.key] > 1:
                    mutant = Mutant(**{**mutant.__dict__, "original": f"{shown} ({seen[mutant.key]})"})
                found.append(mutant)
    return found


def mutated(tree: ast.Module, mutant: Mutant) -> ast.Module:
    """A copy of the lawful module with the one change."""
    changed = copy.deepcopy(tree)
    place = next(node for number, node in enumerate(ast.walk(changed)) if number == mutant.number)
    new = list(OPERATORS[mutant.operator](place))[mutant.variant][1]
    result = _Replace(place, new).visit(changed)
    assert isinstance(result, ast.Module)
    return ast.fix_missing_locations(result)


class _Replace(ast.NodeTransformer):
    def __init__(self, place: ast.AST, new: ast.AST) -> None:
        self.place, self.new = place, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.place:
            return ast.copy_location(self.new, node) if isinstance(node, ast.stmt | ast.expr) else self.new
        return self.generic_visit(node)


def _places(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Every node that may be changed, with the function it is in and the line of its statement."""

    def walk(node: ast.AST, function: str, statement: int | None) -> Iterator[tuple[ast.AST, str, int | None]]:
        if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.stmt) and function:
            statement = node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0].lineno
            yield node, f"{function}.{node.name}".lstrip("."), first
            for step in node.body:
                yield from walk(step, f"{function}.{node.name}".lstrip("."), first)
            return
        if isinstance(node, ast.ClassDef):
            for step in node.body:
                yield from walk(step, node.name, None)
            return
        yield node, function, statement
        if isinstance(node, ast.JoinedStr) and not _SQL.search(ast.unparse(node)):
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "decorator_list", "returns", "slice"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, function, statement)

    for step in tree.body:
        yield from walk(step, "", None)


def _rows(tree: ast.Module) -> set[int]:
    """The tuples that are taken apart, or are rows of a table: they have a fixed length."""
    found: list[ast.expr | None] = []
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=rows) | ast.List(elts=rows) | ast.Set(elts=rows):
                lengths = {len(row.elts) if isinstance(row, ast.Tuple) else 0 for row in rows}
                found += rows if len(lengths) == 1 else []
            case ast.Dict(values=rows):
                found += [row for row in rows if isinstance(row, ast.Tuple) and len(set(map(type, row.elts))) > 1]
            case ast.Assign(targets=[ast.Tuple()], value=value) | ast.Lambda(body=value):
                found.append(value)
            case ast.FunctionDef(returns=ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=types))):
                if not any(isinstance(each, ast.Constant) and each.value is Ellipsis for each in types):
                    found += [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
    return {id(each) for each in found if isinstance(each, ast.Tuple)}


def _compare(node: ast.Compare, others: dict[type[ast.cmpop], type[ast.cmpop]]) -> ast.Compare:
    return ast.Compare(node.left, [others[type(node.ops[0])]()], node.comparators)


def _slice(end: int) -> ast.Slice:
    return ast.Slice(None, ast.Constant(end), None)


def _has_effect_alone(node: ast.FunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns) == "None" and not node.name.startswith("__")


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not is_switch(node)


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef):
        return f"def {node.name}"
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"[:120]
    text = re.sub(r"\s+", " ", ast.unparse(node))
    return text if len(text) <= 120 else f"{text[:117]}..."
