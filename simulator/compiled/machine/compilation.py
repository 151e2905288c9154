"""How this engine is compiled: tuned for the versions of numba that were tried, plainly on any other."""

from __future__ import annotations

import os

import numba

from .cache import PLAIN_WANTED, TRIED

TUNED = numba.__version__.startswith(tuple(f"{version}." for version in TRIED)) and not os.environ.get(PLAIN_WANTED)

if TUNED:
    from .tuned import Structure, borrowed, entry, jit, prefetch
else:
    from .plain import Structure, borrowed, entry, jit, prefetch

__all__ = ["TUNED", "Structure", "borrowed", "entry", "jit", "prefetch"]
