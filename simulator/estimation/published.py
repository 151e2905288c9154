"""The published figures of the authority, by year, and how far years lie from each other."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from shenhe.core.errors import ShenheError

Floats = npt.NDArray[np.float64]


START = datetime.date(2023, 1, 10)
"""Day 0 of the scenarios that are calibrated."""


FITTED_UNTIL = datetime.date(2025, 1, 1)
"""What happened from this day on is kept from the fit that is back-tested."""


class CalibrationError(ShenheError, ValueError):
    """Data that cannot be read, or a fit that cannot be made."""


def published_rows(name: str) -> list[dict[str, str]]:
    text = (files("shenhe.scenarios") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


RUNGS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "fines": ("Fined, for each interview", ("fined",), ("fines_imposed",)),
    "suspensions": (
        "Suspended, for each interview",
        ("functions_or_updates_suspended",),
        ("update_suspensions", "registration_suspensions", "service_suspensions"),
    ),
    "removals": ("Removed from app stores, for each interview", ("apps_removed",), ("removal_orders",)),
}
"""Ratio: title, rows of the yearly figures, columns of the series. Its denominator is interviews, `warnings` in the
model.
"""


class Figures(NamedTuple):
    """Log ratios of one rung to interviews, by year, and how far years lie apart."""

    rung: str
    by_year: dict[int, float]
    mean: float
    spread: float


def yearly() -> dict[str, dict[int, float]]:
    """The yearly figures; what is not published is not there."""
    table: dict[str, dict[int, float]] = {}
    for row in published_rows("cac_enforcement.csv"):
        table[row["measure"]] = {int(year): float(value) for year, value in row.items() if year.isdigit() and value}
    return table


def figures() -> dict[str, Figures]:
    """Each rung's log ratio in 2022 to 2024. Where a rung has one year only, years are taken to spread as those of the
    others do.
    """
    table = yearly()
    by_rung = {}
    for rung, (_, rows, _) in RUNGS.items():
        by_rung[rung] = {
            year: math.log(sum(table[row][year] for row in rows) / table["interviews"][year])
            for year in table["interviews"]
            if year >= 2022 and all(year in table[row] for row in rows)
        }
    before = {
        rung: [value for year, value in years.items() if year < FITTED_UNTIL.year] for rung, years in by_rung.items()
    }
    squares = [np.var(values, ddof=1) for values in before.values() if len(values) > 1]
    pooled = math.sqrt(float(np.mean(squares)))
    return {
        rung: Figures(
            rung,
            years,
            float(np.mean(before[rung])),
            float(np.std(before[rung], ddof=1)) if len(before[rung]) > 1 else pooled,
        )
        for rung, years in by_rung.items()
    }


class HeldOut(NamedTuple):
    """One year of one figure, predicted from the other years: the prediction, its 95 % interval, and the outcome; all
    as logarithms.
    """

    name: str
    year: int
    said: tuple[float, float, float]
    happened: float

    @property
    def inside(self) -> bool:
        return self.said[1] <= self.happened <= self.said[2]


class Years(NamedTuple):
    """How far years lie from each other.

    Three years of one figure show little of that, so it is taken to be the same for all figures, as logarithms:
    ``deviation``, with ``degrees`` of freedom. ``held_out`` says whether intervals made so would have held the years
    themselves, each left out in turn. ``naive`` is what one would have said of 2025 without any model.
    """

    by_figure: dict[str, dict[int, float]]
    deviation: float
    degrees: int
    held_out: tuple[HeldOut, ...]
    naive: dict[str, dict[str, float]]

    @property
    def covered(self) -> tuple[int, int]:
        """How many of the years left out lie in their intervals, and of how many."""
        return sum(each.inside for each in self.held_out), len(self.held_out)

    def reach(self, count: int, variance: float = 0.0) -> float:
        """Half the width of a 95 % interval for a future year, predicted from ``count`` years; ``variance`` is added to
        that of years.
        """
        return float(stdtrit(self.degrees, 0.975)) * math.sqrt(variance + self.deviation**2 * (1.0 + 1.0 / count))


def years() -> Years:
    """Years of each ratio and of the number of interviews, 2022 to 2024, and how they differ."""
    table = yearly()
    by_figure = {rung: dict(found.by_year) for rung, found in figures().items()}
    by_figure["interviews"] = {year: math.log(count) for year, count in table["interviews"].items() if year >= 2022}
    before = {
        name: {year: value for year, value in found.items() if year < FITTED_UNTIL.year}
        for name, found in by_figure.items()
    }
    deviation, degrees = _deviation(before)
    held_out = []
    for year in sorted({year for found in before.values() for year in found}):
        others = {name: {y: v for y, v in found.items() if y != year} for name, found in before.items()}
        rest = Years({}, *_deviation(others), (), {})
        for name, found in before.items():
            if year in found and others[name]:
                mean = float(np.mean(list(others[name].values())))
                reach = rest.reach(len(others[name]))
                held_out.append(HeldOut(name, year, (mean, mean - reach, mean + reach), found[year]))
    naive = {name: _naive(found) for name, found in before.items()}
    return Years(by_figure, deviation, degrees, tuple(held_out), naive)


def _deviation(by_figure: Mapping[str, Mapping[int, float]]) -> tuple[float, int]:
    """Standard deviation of years about the mean of their figure, all figures together, and its degrees of freedom."""
    groups = [np.array(list(found.values())) for found in by_figure.values() if len(found) > 1]
    degrees = sum(len(group) - 1 for group in groups)
    return math.sqrt(sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / degrees), degrees


def _naive(found: Mapping[int, float]) -> dict[str, float]:
    """Three forecasts of the next year that know of no model, as logarithms; the last two need more than one year."""
    mean = float(np.mean(list(found.values())))
    if len(found) < 2:
        return {"the mean of the years": mean}
    when = np.array(list(found), dtype=np.float64)
    # The constant of a line through years counted from the one to come is its value there.
    level = float(np.polyfit(when - FITTED_UNTIL.year, np.array(list(found.values())), 1)[1])
    return {"the mean of the years": mean, "the last year again": found[max(found)], "their trend gone on": level}


BACK_TEST_UNTIL = datetime.date(2026, 1, 1)
