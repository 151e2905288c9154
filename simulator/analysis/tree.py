"""Scenario discovery by a classification tree: regions of the unknown that together cover all worlds.

CART (Breiman et al. 1984) with Gini impurity. PRIM gives one box in which a policy fails; a tree divides all worlds, so
it also says where the policy is safe. The depth is chosen by ten-fold cross-validation with the rule of one standard
error, so that a tree of noise has no branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
DEEPEST = 4
FOLDS = 10


@dataclass(frozen=True)
class Split:
    """Worlds below (or, for text, of) ``value`` in ``column`` go to ``inside``, the others to ``outside``."""

    column: str
    value: float | str
    inside: Node
    outside: Node


@dataclass(frozen=True)
class Leaf:
    """A region: the share of its worlds that are of interest, and how many worlds it has."""

    share: float
    worlds: int


Node = Split | Leaf


def grow(columns: Mapping[str, npt.NDArray[np.generic]], y: Mask, depth: int, fewest: int) -> Node:
    """The tree of at most ``depth`` splits in a row whose leaves have at least ``fewest`` worlds."""
    leaf = Leaf(float(y.mean()), len(y))
    if depth == 0 or len(y) < 2 * fewest or y.all() or not y.any():
        return leaf
    best: tuple[float, str, float | str, Mask] | None = None
    for name, column in columns.items():
        for value, below in _splits(column, fewest):
            impurity = _gini(y[below]) + _gini(y[~below])
            if best is None or impurity < best[0] - 1e-12:
                best = (impurity, name, value, below)
    if best is None or best[0] >= _gini(y) - 1e-12:
        return leaf
    _, name, value, below = best
    halves = [
        grow({key: column[side] for key, column in columns.items()}, y[side], depth - 1, fewest)
        for side in (below, ~below)
    ]
    return Split(name, value, *halves)


def shares(node: Node, columns: Mapping[str, npt.NDArray[np.generic]]) -> Floats:
    """For each world the share of its leaf."""
    size = len(next(iter(columns.values())))
    if isinstance(node, Leaf):
        return np.full(size, node.share)
    below = _below(columns[node.column], node.value)
    found = np.empty(size)
    for side, half in ((below, node.inside), (~below, node.outside)):
        if side.any():
            found[side] = shares(half, {key: column[side] for key, column in columns.items()})
    return found


def classification_tree(x: pd.DataFrame, interesting: npt.ArrayLike, seed: int = 0) -> tuple[Node, float]:
    """The tree for the worlds ``x`` that separates the interesting ones, and its cross-validated accuracy.

    Deterministic. Raises :class:`ValueError` where all worlds are alike.
    """
    y = np.asarray(interesting, dtype=bool)
    if y.all() or not y.any():
        raise ValueError("found the same value at all points, expected some of interest and some not")
    columns = {str(name): _values(x[name]) for name in x.columns}
    fewest = max(4, len(y) // 20)
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    right = np.zeros((DEEPEST + 1, len(y)))
    for part in range(FOLDS):
        train, held = fold != part, fold == part
        if not held.any() or not train.any():
            continue
        for depth in range(DEEPEST + 1):
            tree = grow({key: column[train] for key, column in columns.items()}, y[train], depth, fewest)
            guessed = shares(tree, {key: column[held] for key, column in columns.items()}) > 0.5
            right[depth, held] = guessed == y[held]
    accuracy = right.mean(axis=1)
    best = int(accuracy.argmax())
    error = float(right[best].std()) / np.sqrt(len(y))
    depth = int(np.argmax(accuracy >= accuracy[best] - error))
    return grow(columns, y, depth, fewest), float(accuracy[depth])


def leaf_regions(node: Node, path: tuple[str, ...] = ()) -> list[tuple[str, Leaf]]:
    """Every leaf with the conditions that lead to it, as text."""
    if isinstance(node, Leaf):
        return [(" and ".join(path) or "all worlds", node)]
    if isinstance(node.value, str):
        words = f"{node.column} is {node.value}", f"{node.column} is not {node.value}"
    else:
        words = f"{node.column} < {node.value:.4g}", f"{node.column} ≥ {node.value:.4g}"
    return [*leaf_regions(node.inside, (*path, words[0])), *leaf_regions(node.outside, (*path, words[1]))]


def _values(column: pd.Series) -> npt.NDArray[np.generic]:
    if column.dtype == bool or not pd.api.types.is_numeric_dtype(column):
        return column.astype(str).to_numpy(dtype=str)
    return column.to_numpy(dtype=np.float64)


def _splits(column: npt.NDArray[np.generic], fewest: int) -> list[tuple[float | str, Mask]]:
    found: list[tuple[float | str, Mask]] = []
    if column.dtype.kind == "U":
        values: list[float | str] = [str(value) for value in np.unique(column)]
    else:
        distinct = np.unique(column.astype(np.float64))
        values = [float(value) for value in (distinct[1:] + distinct[:-1]) / 2.0]
    for value in values:
        below = _below(column, value)
        if fewest <= int(below.sum()) <= len(column) - fewest:
            found.append((value, below))
    return found


def _below(column: npt.NDArray[np.generic], value: float | str) -> Mask:
    return np.asarray(column == value) if isinstance(value, str) else column.astype(np.float64) < value


def _gini(y: Mask) -> float:
    share = float(y.mean())
    return len(y) * share * (1.0 - share)
