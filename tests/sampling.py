"""Parameters of which `make test` tries a sample and `make test-all` tries all."""

from __future__ import annotations

import random
import subprocess
import zlib
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import pytest


def one_in(count: int, values: Iterable[Any]) -> list[Any]:
    """The values as parameters: of every ``count`` in a row, all but the first are marked slow."""
    return [pytest.param(each, marks=pytest.mark.slow if place % count else ()) for place, each in enumerate(values)]


def only(quick: Collection[Any], values: Iterable[Any]) -> list[Any]:
    """The values as parameters: all that are not in ``quick`` are marked slow. Raises ``ValueError`` for a quick one
    that is no value.
    """
    parameters = list(values)
    if unknown := [each for each in quick if each not in parameters]:
        raise ValueError(f"found {unknown}, expected some of {parameters}")
    return [pytest.param(each, marks=() if each in quick else pytest.mark.slow) for each in parameters]


@cache
def commit() -> str:
    """The commit at hand, by which samples are drawn; ``none`` outside a repository."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "none"


#: Of the tests marked `costly`, one in so many runs at a commit.
ONE_IN = 6


def is_drawn(nodeid: str) -> bool:
    """Whether a costly test runs at the commit at hand. Every commit runs others, and each test runs in the long run."""
    return zlib.crc32(f"{commit()} {nodeid}".encode()) % ONE_IN == 0


def drawn(count: int, values: Iterable[Any], always: Collection[Any] = ()) -> list[Any]:
    """The values as parameters: ``count`` of them, drawn by the commit, and those of ``always`` are quick; the others
    are marked slow. Every commit tries other ones. Raises ``ValueError`` as :func:`only` does.
    """
    parameters = list(values)
    left = [each for each in parameters if each not in always]
    return only([*always, *random.Random(commit()).sample(left, min(count, len(left)))], parameters)
