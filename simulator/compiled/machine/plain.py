"""The engine compiled by what numba offers to everybody: for versions that :mod:`.tuned` was not tried on.

The same bits come out. An event takes about 1.7 times as long, and the first compilation some minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import types

from .cache import caching

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile a function for those that call it. No ``fastmath`` and no parallel sums: they change bits."""
    return cast(Function, numba.njit(function))


def entry(function: Function) -> Function:
    """Compile a function that Python calls, and keep the machine code of it and of all that it calls."""
    with caching() as cached:
        return cast(Function, numba.njit(cache=cached)(function))


class Structure(types.StructRef):  # type: ignore[misc]
    """A structure that is identified only by its name: numba would spell out all fields wherever a function takes
    it.
    """

    def __init__(self, fields: list[tuple[str, Any]]) -> None:
        super().__init__(fields)
        self.name = f"shenhe.{type(self).__name__}"


@jit
def borrowed(structure: Any) -> Any:
    """The structure itself."""
    return structure


@jit
def prefetch(array: Any, place: int, offset: int) -> None:
    """Nothing: the processor fetches when it must."""
