"""The lawful code of the sample: its source with every fault and variant switched off and folded away.

A mutant of a branch that only a fault or a variant reaches would change nothing.
"""

from __future__ import annotations

import ast
import copy

_SWITCHES = frozenset({"faults", "variants", "ways"})


def lawful(tree: ast.Module) -> ast.Module:
    """A copy of the module without branches of faults and variants."""
    folded = _Fold().visit(copy.deepcopy(tree))
    assert isinstance(folded, ast.Module)
    return ast.fix_missing_locations(folded)


class _Fold(ast.NodeTransformer):
    """Replaces ``X in house.faults`` by False and folds what follows from it."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn) and _is_switch(node.comparators[0]):
            return ast.copy_location(ast.Constant(isinstance(node.ops[0], ast.NotIn)), node)
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
            return node
        return (node.body if known else node.orelse) or ast.copy_location(ast.Pass(), node)

    def visit_match_case(self, node: ast.match_case) -> ast.AST | None:
        self.generic_visit(node)
        known = _known(node.guard) if node.guard is not None else None
        if known is False:
            return None
        if known:
            node.guard = None
        return node


def _known(test: ast.expr) -> bool | None:
    return test.value if isinstance(test, ast.Constant) and isinstance(test.value, bool) else None


def _is_switch(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr in _SWITCHES) or (
        isinstance(node, ast.Name) and node.id in _SWITCHES
    )
