"""Whether the frames of a run add up: its providers and its bins each give the outcomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..runs.run import Run

TOLERANCE = 1e-9
"""Relative; sums of floats are taken in another order here. Counts are compared exactly."""


def agree(a: float, b: float) -> bool:
    """Whether two outcomes are equal within :data:`TOLERANCE`. NaN, an undefined outcome, equals NaN."""
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-6)


def broken_totals(run: Run) -> list[str]:
    """Sums over providers, or over bins of 30 days, that differ from the outcomes of their replication: one sentence
    each, empty when all agree.
    """
    found = []
    for what, frame, names in (
        ("providers", run.providers, ("fines", "harm", "downtime", "innocent_downtime")),
        ("series", run.series, ("fines", "harm", "violations", "cases_opened", "warnings")),
    ):
        for number, part in frame.groupby("replication"):
            outcome = run.outcomes[run.outcomes["replication"] == number]
            for name in names:
                total, expected = float(part[name].sum()), float(outcome[name].to_numpy()[0])
                if not agree(total, expected):
                    found.append(f"replication {number}: {name} of the {what} adds up to {total!r}, not {expected!r}")
    return found
