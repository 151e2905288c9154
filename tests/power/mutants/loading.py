"""Fresh copies of the sample in this process: one module of it mutated, or all of them counting what is reached."""

from __future__ import annotations

import ast
import copy
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import shenhe.sample

from .lawful import lawful

ROOT = "shenhe.sample"
FOLDER = Path(shenhe.sample.__file__).parent
#: The modules that decide what the sample does.
MODULES = (
    *sorted(f"domain.{path.stem}" for path in (FOLDER / "domain").glob("[a-z]*.py")),
    "app",
    "media.marking",
)


@dataclass(frozen=True)
class Subject:
    """A sample whose mutants are tried: its modules, where it is created, and as which variant.

    Of a module that another role shares, ``within`` names the functions that this one runs; the rest of it is left out.
    """

    name: str
    modules: tuple[str, ...]
    create: str = "app:create_app"
    variant: str | None = None
    within: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def runs(self, module: str, function: str) -> bool:
        """Whether this role can run a function of one of its modules."""
        return module not in self.within or function.partition(".")[0] in self.within[module]

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants that it is created with."""
        return (self.variant,) if self.variant is not None else ()


#: What a platform does with a file that is brought; the rest of the module acts for faults.
PASSES_ON = ("", "labels_of", "passed_on", "_read", "_notice", "_propagator", "_with_propagator", "_labelled")

SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("provider", MODULES),
        Subject(
            "store",
            tuple(f"appstore.{name}" for name in ("apps", "desk", "front", "registry", "review")),
            "appstore.front:create_store",
        ),
        Subject(
            "platform",
            ("domain.moderation", "domain.publication", "domain.studio", "media.propagation", "styles.forms_platform"),
            variant="forms-platform",
            within={"domain.studio": ("take_in",), "media.propagation": PASSES_ON},
        ),
        Subject(
            "supporter",
            ("domain.accounts", "domain.consent", "domain.records", "domain.review", "styles.signed_gateway"),
            variant="supporter",
        ),
    )
}
PROVIDER = SUBJECTS["provider"]
#: Modules that a copy shares with the original: nothing in them is mutated, and names of faults have to be the same.
_SHARED = ("faults", "variants", "media.film", "media.voice", "media.pictures", "media.writing", "clock")

Hit = tuple[str, int]


@cache
def source(module: str) -> ast.Module:
    """The lawful tree of one module of the sample."""
    return lawful(ast.parse((FOLDER / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")))


@contextmanager
def copied(trees: dict[str, ast.Module], hits: set[Hit] | None = None, subject: Subject = PROVIDER) -> Iterator[Any]:
    """What creates the subject, of a copy of the sample in which these modules are compiled from other trees.

    The copy is loaded once more from its files; the original is back afterwards.
    """
    shared = tuple(f"{ROOT}.{name}" for name in _SHARED)

    def is_copied(name: str) -> bool:
        if name != ROOT and not name.startswith(f"{ROOT}."):
            return False
        return name not in shared and not name.startswith(f"{ROOT}.faults.")

    before = {name: module for name, module in sys.modules.items() if is_copied(name)}
    for name in before:
        del sys.modules[name]
    finder = _Finder({f"{ROOT}.{name}": tree for name, tree in trees.items()}, hits)
    sys.meta_path.insert(0, finder)
    try:
        module, _, name = subject.create.partition(":")
        create = getattr(importlib.import_module(f"{ROOT}.{module}"), name)
        yield partial(create, variants=subject.variants) if subject.variants else create
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if is_copied(name)]:
            del sys.modules[name]
        sys.modules.update(before)
        for name, module in before.items():
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)


class _Finder(MetaPathFinder, Loader):
    """Compiles the modules it knows a tree of."""

    def __init__(self, trees: dict[str, ast.Module], hits: set[Hit] | None) -> None:
        self.trees, self.hits = trees, hits

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in self.trees else None

    def exec_module(self, module: ModuleType) -> None:
        tree = self.trees[module.__name__]
        name = module.__name__.removeprefix(f"{ROOT}.")
        if self.hits is not None:
            module.__dict__["__hit__"] = self.hits.add
            tree = ast.fix_missing_locations(_Counting(name).visit(copy.deepcopy(tree)))
        module.__file__ = str(FOLDER / f"{name.replace('.', '/')}.py")
        exec(compile(tree, module.__file__, "exec"), module.__dict__)


class _Counting(ast.NodeTransformer):
    """Lets every statement of a function say that it was reached."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if self.depth:
            for name in ("body", "orelse", "finalbody"):
                steps = getattr(node, name, None)
                if isinstance(steps, list) and not isinstance(node, ast.Module):
                    setattr(node, name, [each for step in steps for each in (self._hit(step), step)])
        return node

    def _hit(self, step: ast.stmt) -> ast.stmt:
        place = ast.Tuple([ast.Constant(self.module), ast.Constant(step.lineno)], ast.Load())
        call = ast.Call(ast.Name("__hit__", ast.Load()), [place], [])
        return ast.copy_location(ast.Expr(call), step)
