"""Keyed random numbers: every draw is a function of (seed, entity, purpose, index) and of nothing else.

Because no draw depends on how many were taken before it, two policies see the same world, a change without
consequence changes nothing, and the order in which processes run is irrelevant. The generator is Philox4x32-10
(Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

The functions here are written once, in integers below 2**63, so that CPython and numba compute the same bits.
Use :func:`compiled` to get the fast ones: numba is imported there, not when this module is.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import tempfile
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

MASK = 0xFFFFFFFF
MAX_SEED = 2**63 - 1

Draw = Callable[[int, int, int, int], float]
ManyDraws = Callable[[int, int, int, int, int], npt.NDArray[np.float64]]


class Purpose:
    """What a draw decides. Codes are only ever appended: changing one changes every published run.

    Plain integers and no enum, whose members take a compiled function several times as long to unpack.
    """

    REPLICATION: Final = 0
    SIZE_CLASS: Final = 1
    USERS: Final = 2
    COMPLIANCE: Final = 3
    ENTRY: Final = 4
    CANDIDATE_GAP: Final = 5
    CANDIDATE_BEHAVIOUR: Final = 6
    CANDIDATE_ACCEPTED: Final = 7
    SERIOUS: Final = 8
    LIFETIME: Final = 9
    COMPLAINED: Final = 10
    COMPLAINT_DELAY: Final = 11
    FORWARDED: Final = 12
    STORE_NOTICED: Final = 13
    STORE_DELAY: Final = 14
    PLATFORM: Final = 15
    COPY_FADE: Final = 16
    COPY_MISSED: Final = 17
    FALSE_COMPLAINT_GAP: Final = 18
    FALSE_COMPLAINT_TARGET: Final = 19
    FALSE_COMPLAINT_BEHAVIOUR: Final = 20
    INSPECTION_GAP: Final = 21
    INSPECTION_TARGET: Final = 22
    INSPECTION_ACCEPTED: Final = 23
    INSPECTION_BEHAVIOUR: Final = 24
    INVESTIGATION: Final = 25
    VERDICT: Final = 26
    FINE: Final = 27
    APPEALED: Final = 28
    APPEAL_TIME: Final = 29
    APPEAL_DECISION: Final = 30
    RECTIFIES: Final = 31
    RECTIFICATION_TIME: Final = 32
    FORGIVEN: Final = 33
    EXIT_AFTER_SANCTION: Final = 34
    EXIT_TIME: Final = 35
    FILES: Final = 36
    FILING_PREPARATION: Final = 37
    FILING_REVIEW: Final = 38
    FILING_SUPPLEMENT: Final = 39
    FILING_SUPPLEMENT_TIME: Final = 40
    LISTING_REVIEW: Final = 41
    LISTING_CHECKED: Final = 42
    DELISTING_LAG: Final = 43
    RELISTING_REVIEW: Final = 44
    RELISTING_DECISION: Final = 45
    USERS_SECOND: Final = 46
    SUPPORTER: Final = 47
    EXEMPT: Final = 48
    CERTIFIED: Final = 49
    RECORDS: Final = 50
    REENTRY: Final = 51
    REENTRY_TIME: Final = 52
    ABROAD: Final = 53
    HIDDEN: Final = 54
    TRACED: Final = 55
    MIGRATION: Final = 56
    HANDLED: Final = 57
    HANDLING_TIME: Final = 58
    SELF_REPORTED: Final = 59
    REFERRED: Final = 60
    CLAIMED: Final = 61
    CLAIM_TIME: Final = 62
    AWARD: Final = 63
    MISUSED: Final = 64
    ACCOUNT_MEASURE: Final = 65
    OVER_REMOVED: Final = 66
    STORE_AUDIT: Final = 67
    NEGLECT_FOUND: Final = 68
    RUMOUR_GAP: Final = 69
    RUMOUR_REACHES: Final = 70
    RUMOUR_REFUTED: Final = 71
    GROUP_BACK: Final = 72
    SUPPORTER_CHOICE: Final = 73
    HOOK: Final = 74
    DESTINATION: Final = 75
    FALSE_COMPLAINT_MADE: Final = 76
    REACH: Final = 77
    REACH_SECOND: Final = 78
    STAFF_FINE: Final = 79
    CERTIFICATE_FALSE: Final = 80
    SWEPT: Final = 81
    FALSE_EVIDENCE: Final = 82


def _philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Philox4x32-10: four 32-bit counter words and two 32-bit key words in, four 32-bit words out.

    In compiled code a product of two words may wrap round to a negative number. Its bits are still right, and
    the masks take away the signs that a shift brings in.
    """
    for _ in range(10):
        a = 0xD2511F53 * c0
        b = 0xCD9E8D57 * c2
        c0 = ((b >> 32) & MASK) ^ c1 ^ k0
        c2 = ((a >> 32) & MASK) ^ c3 ^ k1
        c1 = b & MASK
        c3 = a & MASK
        k0 = (k0 + 0x9E3779B9) & MASK
        k1 = (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def _uniform(seed: int, entity: int, purpose: int, index: int) -> float:
    """A number in the open interval (0, 1): 52 bits and a half, so that log(0) never happens."""
    x0, x1, _, _ = _philox(
        entity & MASK, purpose & MASK, index & MASK, (index >> 32) & MASK, seed & MASK, (seed >> 32) & MASK
    )
    return (((x0 << 20) | (x1 >> 12)) + 0.5) * 2.0**-52


def _exponential(seed: int, entity: int, purpose: int, index: int) -> float:
    """An exponential number of mean one. ``math.log`` and not numpy's, which differs in the last bit."""
    return -math.log(_uniform(seed, entity, purpose, index))


def _uniforms(seed: int, entity: int, purpose: int, first: int, count: int) -> npt.NDArray[np.float64]:
    """The uniform draws of ``count`` consecutive indices."""
    draws = np.empty(count)
    for k in range(count):
        draws[k] = _uniform(seed, entity, purpose, first + k)
    return draws


def _exponentials(seed: int, entity: int, purpose: int, first: int, count: int) -> npt.NDArray[np.float64]:
    """The exponential draws of ``count`` consecutive indices."""
    draws = np.empty(count)
    for k in range(count):
        draws[k] = _exponential(seed, entity, purpose, first + k)
    return draws


def _across(seed: int, purpose: int, index: int, count: int) -> npt.NDArray[np.float64]:
    """The uniform draws of one index for the entities from 0 to ``count`` - 1."""
    draws = np.empty(count)
    for entity in range(count):
        draws[entity] = _uniform(seed, entity, purpose, index)
    return draws


class Draws(NamedTuple):
    """The draws, compiled where numba can be used and identical where it cannot.

    ``uniforms`` and ``exponentials`` give many indices in one call, ``across`` many entities; that costs little more
    than a single draw.
    """

    uniform: Draw
    exponential: Draw
    uniforms: ManyDraws
    exponentials: ManyDraws
    across: Callable[[int, int, int, int], npt.NDArray[np.float64]]

    def for_python(self) -> Draws:
        """The same functions for calls from Python with plain whole numbers.

        Each has one signature, so that numba's search for the one that fits, half of the cost of a draw, is left out.
        """
        return Draws(*(_only_overload(function) for function in self))


def _only_overload(function: Any) -> Any:
    overloads = list(getattr(function, "overloads", {}).values())
    return getattr(overloads[0], "entry_point", function) if overloads else function


PLAIN = Draws(_uniform, _exponential, _uniforms, _exponentials, _across)


def replication_seed(seed: int, replication: int) -> int:
    """The seed of one replication: 62 bits drawn from the seed of the run."""
    x0, x1, _, _ = _philox(replication & MASK, Purpose.REPLICATION, 0, 0, seed & MASK, (seed >> 32) & MASK)
    return (x0 << 30) | (x1 >> 2)


@functools.cache
def compiled() -> Draws:
    """Compile the draws (about two seconds once, then read from a cache); plain Python where numba is absent.

    A plain draw costs some thirty times as much and gives the same bits, so a machine on which numba cannot be
    imported is slow, never wrong.
    """
    try:
        import numba
    except ImportError:
        return PLAIN
    if numba.config.DISABLE_JIT:
        return PLAIN
    folder = cache_folder(numba.__version__)
    before = numba.config.CACHE_DIR
    # numba looks the folder up while decorating; afterwards the setting belongs to the user's own functions again.
    numba.config.CACHE_DIR = str(folder or "")
    try:
        cached = folder is not None
        words = "int64, int64, int64, int64"
        # Inlined, so that a draw leaves out the call and the two words that it does not use.
        philox = numba.njit(inline="always")(_philox)
        namespace: dict[str, Any] = {"_philox": philox, "MASK": MASK, "math": math, "np": np}
        uniform: Draw = numba.njit(f"float64({words})", cache=cached)(_rebound(_uniform, namespace))
        namespace["_uniform"] = uniform
        exponential: Draw = numba.njit(f"float64({words})", cache=cached)(_rebound(_exponential, namespace))
        namespace["_exponential"] = exponential
        many = f"float64[::1]({words}, int64)"
        uniforms: ManyDraws = numba.njit(many, cache=cached)(_rebound(_uniforms, namespace))
        exponentials: ManyDraws = numba.njit(many, cache=cached)(_rebound(_exponentials, namespace))
        across = numba.njit(f"float64[::1]({words})", cache=cached)(_rebound(_across, namespace))
    finally:
        numba.config.CACHE_DIR = before
    return Draws(uniform, exponential, uniforms, exponentials, across)


def inlined_uniform() -> Draw:
    """The uniform draw, compiled into each function that calls it. A loop over such draws becomes vector instructions:
    a draw costs a fifth of a single one, and its bits are the same.
    """
    import numba

    namespace = {"_philox": numba.njit(inline="always")(_philox), "MASK": MASK}
    draw: Draw = numba.njit(inline="always")(_rebound(_uniform, namespace))
    return draw


def _rebound(function: Callable[..., Any], namespace: dict[str, Any]) -> Callable[..., Any]:
    """The same code with other globals, so that a compiled function calls compiled functions."""
    copy = types.FunctionType(function.__code__, namespace, function.__name__)
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__
    return copy


def cache_folder(numba_version: str, sources: Sequence[Path] = (Path(__file__),)) -> Path | None:
    """A writable folder of our own for code compiled from ``sources``, keyed by their hash; None where there is none.

    numba's default is beside the source, which fails in a read-only installation without a home folder. A folder
    under the shared temporary directory is used only if no other user can write to it, since a cache is executable.
    """
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + numba_version.encode()).hexdigest()[:16]
    for parent in _cache_parents():
        folder = parent / "numba" / key
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if hasattr(os, "getuid") and parent.stat().st_uid != os.getuid():
                continue
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _cache_parents() -> list[Path]:
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return [Path(named) / "shenhe"]
    parents = []
    if os.environ.get("XDG_CACHE_HOME"):
        parents.append(Path(os.environ["XDG_CACHE_HOME"]) / "shenhe")
    home = os.environ.get("HOME") or os.environ.get("LOCALAPPDATA")
    if home:
        parents.append(Path(home) / ".cache" / "shenhe")
    user = os.getuid() if hasattr(os, "getuid") else 0
    parents.append(Path(tempfile.gettempdir()) / f"shenhe-{user}")
    return parents
