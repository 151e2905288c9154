"""Statistics of the audit, which share no code with the model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return ratio(math.fsum(listed), len(listed))


def quantile(values: list[float], q: float) -> float:
    return float(np.quantile(values, q)) if values else math.nan
