"""How this engine is compiled, and where the result is kept.

numba makes machine code of every compiled function and, with it, of all that the function calls, over and over on the
way up from the smallest to the largest: with a hundred functions that takes two minutes. Here the functions are only
put into LLVM's form one by one (:class:`_Part`), and optimised and made machine code once, with the function that
Python calls (:class:`_Whole`).

numba caches a function by the source of that function alone, not of those that it calls. The folder of the cache is
therefore named by a hash of every module whose code or constants end up in it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder

from ..kernel import draws

SHARED = ("kernel", "reference", "scenario")
"""Rooms whose functions or constants the compiled code takes in."""

Function = TypeVar("Function", bound=Callable[..., Any])


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function, left as it is for whoever links it."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing to do: what needs an environment, such as printing, is not done in a part."""


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that Python calls, with that of all that it calls."""

    def finalize(self) -> None:
        # Callers first: LLVM leaves out what nothing refers to yet.
        self._linking_libraries = _called_last(self)[-2::-1]
        super().finalize()


def _called_last(library: Any, seen: set[int] | None = None) -> list[Any]:
    """All libraries that one rests on, each before those that rest on it, and itself at the end."""
    seen = set() if seen is None else seen
    found: list[Any] = []
    for each in library._linking_libraries if isinstance(library, _Part | _Whole) else ():
        if id(each) not in seen:
            seen.add(id(each))
            found += _called_last(each, seen)
    return [*found, library]


class _PartCompiler(CompilerBase):  # type: ignore[misc]
    library = _Part

    def define_pipelines(self) -> list[Any]:
        self.state.library = self.library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _WholeCompiler(_PartCompiler):
    library = _Whole


def jit(function: Function) -> Function:
    """Compile a function into each of those that call it. No ``fastmath`` and no parallel sums: they change bits."""
    compiled = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler)(function)
    template = compiled.get_call_template

    def without_literals(arguments: Any, keywords: Any) -> Any:
        # numba would compile a function anew for every constant that it is called with.
        plain = tuple(numba.types.unliteral(each) for each in arguments)
        return template(plain, {name: numba.types.unliteral(each) for name, each in keywords.items()})

    compiled.get_call_template = without_literals
    return cast(Function, compiled)


def entry(function: Function) -> Function:
    """Compile a function that Python calls, and keep the machine code of it and of all that it calls."""
    with cache_in(folder()) as cached:
        return cast(Function, numba.njit(cache=cached, no_cfunc_wrapper=True, pipeline_class=_WholeCompiler)(function))


@functools.cache
def folder() -> Path | None:
    """Where compiled code is kept, None where nothing can be written."""
    here = Path(__file__).parent
    rooms = [here, *(here.with_name(name) for name in SHARED)]
    return draws.cache_folder(numba.__version__, [path for room in rooms for path in sorted(room.glob("*.py"))])


@contextmanager
def cache_in(place: Path | None) -> Iterator[bool]:
    """numba looks its folder up while decorating; afterwards the setting belongs to the user's own functions again."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(place or "")
    try:
        yield place is not None
    finally:
        numba.config.CACHE_DIR = before
