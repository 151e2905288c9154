"""How services entered, fitted to the published batches of filings."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from ..runs.run import simulate
from ..scenario.loading import load_scenario
from .published import (
    BACK_TEST_UNTIL,
    FITTED_UNTIL,
    START,
    CalibrationError,
    Floats,
    published_rows,
)


class Batch(NamedTuple):
    """One published batch. ``day`` since :data:`START`; ``dated``: whether its date is published, or placed evenly
    between such dates.
    """

    number: int
    day: float
    filings: int
    dated: bool


def batches() -> list[Batch]:
    """The published batches; a month counts as its middle, and batches without a date lie evenly between those with
    one.
    """
    rows = published_rows("deep_synthesis_filings.csv")
    days = np.array([_day(row["published"]) for row in rows])
    known = ~np.isnan(days)
    numbers = np.arange(len(rows))
    placed = np.interp(numbers, numbers[known], days[known])
    return [
        Batch(int(row["batch"]), float(day), int(row["filings"]), "verified" in row["published_status"])
        for row, day in zip(rows, placed, strict=True)
    ]


def _day(text: str) -> float:
    if not text:
        return math.nan
    day = datetime.date.fromisoformat(text if len(text) > 7 else f"{text}-15")
    return float((day - START).days)


def _exponential(t: Floats, a: float, b: float, c: float) -> Floats:
    """Services that have entered by day ``t``: a rate exp(a) a year that grows by ``b`` a year. ``c`` has no part in
    it.
    """
    years = np.maximum(t, 0.0) / 365.0
    return math.exp(a) * (years if abs(b) < 1e-9 else np.expm1(b * years) / b)


def _saturating(t: Floats, a: float, b: float, c: float) -> Floats:
    """A rate that rises as a logistic curve to exp(a) a year, half of it ``b`` years after the start, with width exp(c)
    years.
    """
    years, width = np.maximum(t, 0.0) / 365.0, math.exp(c)
    entered: Floats = math.exp(a) * width * (np.logaddexp(0.0, (years - b) / width) - np.logaddexp(0.0, -b / width))
    return entered


CURVES: Mapping[str, tuple[Callable[..., Floats], tuple[float, ...], tuple[str, ...]]] = {
    "growing": (_exponential, (6.5, 0.5), ("log of services a year at the start", "growth a year")),
    "levelling off": (
        _saturating,
        (8.0, 1.0, -1.5),
        ("log of services a year at the end", "years until half of that", "log of the width, years"),
    ),
}
"""Two shapes of entry that rival each other: formula, where the search begins, and what the parameters are."""


class FilingFit(NamedTuple):
    """One shape of entry fitted to batches.

    ``dispersion`` is how many times the variance of the batches exceeds Poisson's. ``forecast``: mean and 95 % interval
    of completions in the back-tested year.
    """

    curve: str
    parameters: dict[str, tuple[float, float]]
    expected: Floats
    fitted: int
    dispersion: float
    forecast: tuple[float, float, float]


class Filings(NamedTuple):
    """Completions: data, delays (days, as simulated), each shape fitted up to the cut and to all, and what happened."""

    data: list[Batch]
    delays: Floats
    back_test: tuple[FilingFit, ...]
    whole: tuple[FilingFit, ...]
    happened: int
    delayed: dict[float, tuple[float, float, float]]
    """Forecast of the best back-tested shape with all delays multiplied by the key."""

    @property
    def best(self) -> FilingFit:
        """The shape that fits the years before the cut better."""
        return min(self.back_test, key=lambda fit: fit.dispersion)


def filing_delays(name: str, seed: int, providers: int = 1500) -> Floats:
    """Days from entry to the decision on a filing, simulated by the scenario's registry at its load. Everything else is
    off.
    """
    scenario = load_scenario(name)
    changes: dict[str, Any] = {f"behaviours.{risk.name}.rate": 0.0 for risk in scenario.behaviours}
    changes |= {f"population.classes.{item.name}.compliance.filing": 1.0 for item in scenario.population.classes}
    changes |= {"policy.detection.inspection_rate": 0.0, "public.false_complaints": 0.0, "population.exit_rate": 0.0}
    changes |= {"population.compliance_spread": 0.0, "population.scale": providers / scenario.population.providers}
    events = simulate(load_scenario(name, changes), 1, seed).events
    entered = events[events["kind"] == "entered"].drop_duplicates("provider").set_index("provider")["time"]
    decided = events[events["kind"] == "filing-decided"].drop_duplicates("provider").set_index("provider")["time"]
    delays: Floats = (decided - entered.reindex(decided.index)).to_numpy(dtype=np.float64)
    if not len(delays):
        raise CalibrationError(f"{name}: found no filing decided, expected a registry that decides some")
    return np.sort(delays)


def calibrate_filings(name: str = "cn-2023", seed: int = 1, draws: int = 2000) -> Filings:
    """Fit both shapes up to the cut and to everything."""
    data, delays = batches(), filing_delays(name, seed)
    cut = float((FITTED_UNTIL - START).days)
    end = float((BACK_TEST_UNTIL - START).days)
    before = [batch for batch in data if batch.day < cut]
    year = (before[-1].day, max(batch.day for batch in data if batch.day < end))
    happened = sum(batch.filings for batch in data if cut <= batch.day < end)
    tested = tuple(_fit_filings(curve, before, delays, year, seed, draws) for curve in CURVES)
    whole = tuple(_fit_filings(curve, data, delays, year, seed, draws) for curve in CURVES)
    best = min(tested, key=lambda fit: fit.dispersion).curve
    delayed = {
        factor: _fit_filings(best, before, delays * factor, year, seed, draws).forecast
        for factor in (0.5, 1.0, 2.0, 4.0)
    }
    return Filings(data, delays, tested, whole, happened, delayed)


def completed(curve: str, parameters: Sequence[float] | Floats, days: Floats, delays: Floats) -> Floats:
    """Filings decided by each of ``days``: entry, delayed."""
    entered = CURVES[curve][0]
    padded = [*parameters, 0.0][:3]
    result: Floats = entered(days[:, None] - delays[None, :], *padded).mean(axis=1)
    return result


def _fit_filings(
    curve: str, data: list[Batch], delays: Floats, year: tuple[float, float], seed: int, draws: int
) -> FilingFit:
    """Weighted least squares on the batches, variances proportional to their means, which follow the fit."""
    _, start, words = CURVES[curve]
    coarse = np.quantile(delays, (np.arange(40) + 0.5) / 40)
    days = np.array([0.0, *(batch.day for batch in data)])
    counts = np.array([batch.filings for batch in data], dtype=np.float64)
    weights = 1.0 / np.sqrt(counts)
    parameters = np.array(start)
    for _ in range(4):

        def residuals(trial: Floats, weights: Floats = weights) -> Floats:
            return (np.diff(completed(curve, trial, days, coarse)) - counts) * weights

        found = least_squares(residuals, parameters, x_scale=0.3, bounds=([-5.0] * len(start), [14.0] * len(start)))
        parameters = found.x
        weights = 1.0 / np.sqrt(np.maximum(np.diff(completed(curve, parameters, days, coarse)), 1.0))
    degrees = max(1, len(counts) - len(parameters))
    dispersion = float((found.fun**2).sum() / degrees)
    jacobian = np.asarray(found.jac, dtype=np.float64)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * max(1.0, dispersion)
    generator = np.random.default_rng([seed, len(data)])
    trials = generator.multivariate_normal(parameters, covariance, size=draws, method="svd")
    ends = np.array(year)
    means = np.array([np.diff(completed(curve, trial, ends, coarse))[0] for trial in np.clip(trials, -5.0, 14.0)])
    noise = generator.standard_normal(draws) * np.sqrt(np.maximum(means, 0.0) * max(1.0, dispersion))
    low, high = np.quantile(np.maximum(means + noise, 0.0), (0.025, 0.975))
    central = float(np.diff(completed(curve, parameters, ends, coarse))[0])
    errors = np.sqrt(np.diag(covariance))
    return FilingFit(
        curve,
        {word: (float(value), float(error)) for word, value, error in zip(words, parameters, errors, strict=True)},
        np.diff(completed(curve, parameters, days, coarse)),
        len(data),
        dispersion,
        (central, float(low), float(high)),
    )
