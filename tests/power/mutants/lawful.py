"""The lawful code of the sample: its source with every fault and variant switched off and folded away.

A mutant of a branch that only a fault or a variant reaches would change nothing. So what follows from the switches is
folded too: values that are the same whatever happens, functions that always answer the same, and code that is never
reached.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator

_SWITCHES = frozenset({"faults", "variants", "ways"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def lawful(tree: ast.Module) -> ast.Module:
    """A copy of the module without branches of faults and variants."""
    whole = copy.deepcopy(tree)
    named_before = _names(whole)
    _Switches().visit(whole)
    before = ""
    while before != (now := ast.dump(whole)):
        before = now
        _Fold().visit(whole)
        for function in _functions(whole):
            _Settled(function).visit(function)
        _Calls(whole).visit(whole)
    _forget_unused(whole, named_before)
    return ast.fix_missing_locations(whole)


class _Switches(ast.NodeTransformer):
    """Replaces ``X in house.faults`` by False."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn) and is_switch(node.comparators[0]):
            return ast.copy_location(ast.Constant(isinstance(node.ops[0], ast.NotIn)), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "isdisjoint" and is_switch(node.func.value):
            return ast.copy_location(ast.Constant(True), node)
        match node:
            case ast.Call(
                func=ast.Name(id="any"), args=[ast.GeneratorExp(generators=[ast.comprehension(iter=of)])]
            ) if is_switch(of):
                return ast.copy_location(ast.Constant(False), node)
        return node


class _Fold(ast.NodeTransformer):
    """Folds what follows from constants, and drops what is never reached."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot):
            sides = (node.left, node.comparators[0])
            if all(isinstance(side, ast.Constant) for side in sides):
                same = ast.dump(sides[0]) == ast.dump(sides[1])
                return ast.copy_location(ast.Constant(same is isinstance(node.ops[0], ast.Is)), node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        neutral = isinstance(node.op, ast.And)
        values: list[ast.expr] = []
        for value in node.values:
            if not isinstance(value, ast.Constant) or not isinstance(value.value, bool):
                values.append(value)
            elif value.value is not neutral:
                # What comes before a value that settles the result has no effect in this code.
                return ast.copy_location(ast.Constant(value.value), node)
        if not values:
            return ast.copy_location(ast.Constant(neutral), node)
        node.values = values
        return node if len(values) > 1 else values[0]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and (known := _known(node.operand)) is not None:
            return ast.copy_location(ast.Constant(not known), node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        known = _known(node.test)
        return node if known is None else node.body if known else node.orelse

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        known = _known(node.test)
        if known is None:
            idle = all(isinstance(step, ast.Pass) for step in [*node.body, *node.orelse])
            calls = any(isinstance(each, ast.Call) for each in ast.walk(node.test))
            return ast.copy_location(ast.Pass(), node) if idle and not calls else node
        return (node.body if known else node.orelse) or ast.copy_location(ast.Pass(), node)

    def visit_match_case(self, node: ast.match_case) -> ast.AST | None:
        self.generic_visit(node)
        known = _known(node.guard) if node.guard is not None else None
        if known is False:
            return None
        if known:
            node.guard = None
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [each for each in node.ifs if _known(each) is not True]
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            steps = getattr(node, name, None)
            if isinstance(steps, list) and steps:
                setattr(node, name, _reached(steps) or ([steps[0]] if name == "body" else []))
        return node


def _reached(steps: list[ast.stmt]) -> list[ast.stmt]:
    """The steps up to the first that ends the function, without those that do nothing."""
    kept: list[ast.stmt] = []
    for step in steps:
        if not isinstance(step, ast.Pass):
            kept.append(step)
        if isinstance(step, ast.Return | ast.Raise | ast.Continue | ast.Break):
            break
    return kept


class _Settled(ast.NodeTransformer):
    """Replaces names that are set once in a function, and to a constant, by it; drops ``x = x``, and names that nothing
    reads and whose values only name faults.
    """

    def __init__(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args
        bound = Counter(each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
        values: dict[str, ast.Constant] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                bound[node.id] += 1
            elif isinstance(node, ast.Global | ast.Nonlocal):
                bound.update(dict.fromkeys(node.names, 2))
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() as value) if _is_settled(value):
                    values[name] = value
        self._read = _names(function)
        self._values = {name: value for name, value in values.items() if bound[name] == 1}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return ast.copy_location(ast.Constant(self._values[node.id].value), node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Name):
            itself = isinstance(node.value, ast.Name) and node.value.id == target.id
            of_faults = not self._read[target.id] and (is_switch(node.value) or _names_faults(node.value))
            if itself or of_faults or target.id in self._values:
                return ast.copy_location(ast.Pass(), node)
        return node


class _Calls(ast.NodeTransformer):
    """Replaces calls of private functions of the module that always answer the same constant."""

    def __init__(self, tree: ast.Module) -> None:
        self._answers = {}
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("_"):
                answer = _only_answer(function)
                if answer is not None:
                    self._answers[function.name] = answer

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self._answers:
            return ast.copy_location(ast.Constant(self._answers[node.func.id].value), node)
        return node


def _only_answer(function: ast.FunctionDef) -> ast.Constant | None:
    """The constant that a function without effects returns whatever happens, if it is such a function."""
    answers: list[ast.Constant] = []
    for node in _within(function.body):
        if isinstance(node, ast.Return):
            if node.value is None or not _is_settled(node.value):
                return None
            assert isinstance(node.value, ast.Constant)
            answers.append(node.value)
        elif not isinstance(node, ast.If | ast.Pass | ast.Assign) and not _is_docstring(node):
            return None
    ends = isinstance(function.body[-1], ast.Return)
    return answers[0] if ends and len({ast.dump(each) for each in answers}) == 1 else None


def _within(steps: list[ast.stmt]) -> Iterator[ast.stmt]:
    for step in steps:
        yield step
        if isinstance(step, ast.If):
            yield from _within([*step.body, *step.orelse])


def _forget_unused(tree: ast.Module, before: Counter[str]) -> None:
    """Drop the functions and constants that the module itself used before, and that nothing in it uses now."""
    while True:
        now = _names(tree)

        def unused(name: str, now: Counter[str] = now) -> bool:
            return bool(before[name]) and not now[name]

        kept = [
            step
            for step in tree.body
            if not (isinstance(step, _FUNCTIONS) and step.name.startswith("_") and unused(step.name))
            and not (
                isinstance(step, ast.Assign | ast.AnnAssign) and all(map(unused, _targets(step))) and _is_inner(step)
            )
        ]
        if len(kept) == len(tree.body):
            return
        tree.body = kept


def _is_inner(step: ast.Assign | ast.AnnAssign) -> bool:
    """Whether no other module can want it: a private constant, or a table of faults."""
    private = all(name.startswith("_") for name in _targets(step))
    return private or (step.value is not None and _names_faults(step.value))


def _targets(step: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = step.targets if isinstance(step, ast.Assign) else [step.target]
    return [target.id if isinstance(target, ast.Name) else "" for target in targets]


def _names_faults(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in ("FaultName", "StoreFault") for each in ast.walk(node))


def _names(tree: ast.AST) -> Counter[str]:
    """How often each name is read."""
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]


def _is_docstring(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _is_settled(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | str))


def _known(test: ast.expr) -> bool | None:
    return bool(test.value) if isinstance(test, ast.Constant) else None


def is_switch(node: ast.expr) -> bool:
    """Whether an expression is a set of faults or variants."""
    return (isinstance(node, ast.Attribute) and node.attr in _SWITCHES) or (
        isinstance(node, ast.Name) and node.id in _SWITCHES
    )
