"""Where compiled code is kept.

numba caches a function only by the source of that function, not of those that it calls. The folder of the cache is
therefore named by a hash of every module whose code or constants end up in it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numba

from ...kernel import draws

TRIED = ("0.68",)
"""Versions of numba that :mod:`.tuned` was compared on. It rests on parts of numba that may change without notice, and
a change there need not show as an error.
"""

PLAIN_WANTED = "SHENHE_PLAIN_NUMBA"
"""Name of the environment variable that asks for :mod:`.plain` on any version, as when a result is in doubt."""

ROOMS = ("compiled", "kernel", "scenario")
"""Rooms whose functions or constants the compiled code takes in."""


@functools.cache
def folder() -> Path | None:
    """Where compiled code is kept, None where nothing can be written."""
    simulator = Path(__file__).parents[2]
    sources = [path for room in ROOMS for path in sorted((simulator / room).rglob("*.py"))]
    way = "-plain" if os.environ.get(PLAIN_WANTED) else ""
    return draws.cache_folder(numba.__version__ + way, sources)


@contextmanager
def caching() -> Iterator[bool]:
    """numba looks its folder up while decorating; afterwards the setting belongs to the user's own functions again."""
    before, place = numba.config.CACHE_DIR, folder()
    numba.config.CACHE_DIR = str(place or "")
    try:
        yield place is not None
    finally:
        numba.config.CACHE_DIR = before
