"""From published figures to a scenario, by simulated moments, with what they cannot say.

**Filings.** Completions in the eighteen published batches fix how services entered: delays from entry to decision are
simulated by the registry of the scenario, entry is a curve with few parameters, and the two together must give the
batches.

**Rungs.** The yearly figures of the authority fix the *ratios* between rungs (fines, suspensions and removals for each
interview). They count all of its work, so that the number of interviews says nothing before one assumes what share of
them is deep synthesis: that share is a prior, stated in :data:`SHARES` and varied.

Both are fitted to 2022–2024 and asked what they say of 2025. What the figures do not identify keeps its prior, and is
reported so. How far a year to come may lie from the years before is taken from how far these lie from each other
(:class:`Years`).
"""

from __future__ import annotations

import csv
import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import stdtrit

from shenhe.core.errors import ShenheError

from ..runs.engines import choose, using
from ..runs.run import simulate
from ..scenario.loading import load_scenario
from ..scenario.schema import Scenario

Floats = npt.NDArray[np.float64]

START = datetime.date(2023, 1, 10)
"""Day 0 of the scenarios that are calibrated."""

FITTED_UNTIL = datetime.date(2025, 1, 1)
"""What happened from this day on is kept from the fit that is back-tested."""

BACK_TEST_UNTIL = datetime.date(2026, 1, 1)


class CalibrationError(ShenheError, ValueError):
    """Data that cannot be read, or a fit that cannot be made."""


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shenhe.scenarios") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


# -- filings


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
    rows = _rows("deep_synthesis_filings.csv")
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


# -- rungs

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

SHARES = (0.02, 0.06, 0.2)
"""What share of all interviews concerns deep synthesis: not published. Three priors."""

PRIOR = 0.8
"""Standard deviation of the prior of each parameter, in logarithms: a factor of about 2.2 either way."""

PARAMETERS: Mapping[str, str] = {
    "rectify": "odds that an order is met, all size classes",
    "memory": "days until a strike lapses",
    "serious": "probability that a breach is serious",
    "detect": "odds that a complaint is taken up, and inspections",
    "staff": "inspectors",
}
"""What is fitted, each as the logarithm of a factor on the scenario's value."""


class Figures(NamedTuple):
    """Log ratios of one rung to interviews, by year, and how far years lie apart."""

    rung: str
    by_year: dict[int, float]
    mean: float
    spread: float


def yearly() -> dict[str, dict[int, float]]:
    """The yearly figures; what is not published is not there."""
    table: dict[str, dict[int, float]] = {}
    for row in _rows("cac_enforcement.csv"):
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
    """One year of one figure, told from the other years: what was said, its 95 % interval, and what happened; all as
    logarithms.
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
        """Half the width of a 95 % interval for a year to come, told from ``count`` years; ``variance`` is added to
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


class Effort(NamedTuple):
    """How much is simulated: size of the market, replications, steps of the search."""

    scale: float
    replications: int
    steps: int


FULL, QUICK = Effort(0.3, 8, 4), Effort(0.06, 4, 1)


class Moment(NamedTuple):
    """One moment of the fit, as logarithms: observed with its error, simulated at the start and at the fit."""

    name: str
    title: str
    observed: float
    error: float
    before: float
    fitted: float


class BackTest(NamedTuple):
    """What the fit says of 2025: ratio, mean and 95 % interval, beside what happened (NaN where not published)."""

    name: str
    title: str
    said: tuple[float, float, float]
    happened: float

    @property
    def inside(self) -> bool:
        return self.said[1] <= self.happened <= self.said[2]


class RungFit(NamedTuple):
    """The rungs fitted under one share.

    ``parameters``: factor on the scenario's value, standard deviation of its logarithm, and the share of the prior's
    variance that the data took away: near 0 is not identified.
    """

    share: float
    parameters: dict[str, tuple[float, float, float]]
    correlation: Floats
    moments: tuple[Moment, ...]
    back_test: tuple[BackTest, ...]
    interviews: tuple[float, float]
    """Simulated interviews a year in 2024 and 2025, in the whole market."""
    known: tuple[float, ...]
    """What the fit says of 2025, in the order of the back-test, had the campaign and the sweep of that year been known.
    """
    overrides: dict[str, Any]


class Calibration(NamedTuple):
    """Everything that was fitted."""

    scenario: str
    seed: int
    quick: bool
    filings: Filings
    rungs: tuple[RungFit, ...]
    years: Years


def calibrate(
    name: str = "cn-2023", seed: int = 1, *, quick: bool = False, progress: Callable[[str], None] = lambda text: None
) -> Calibration:
    """Fit filings and rungs, and back-test both. Raises :class:`ScenarioError` for an unknown scenario."""
    effort, shares = (QUICK, SHARES[1:2]) if quick else (FULL, SHARES)
    scenario = load_scenario(name)
    if scenario.start != START:
        raise CalibrationError(
            f"{name}: found a start on {scenario.start}, expected {START}: the batches are dated from there"
        )
    # One choice for all trials, since together they may be worth the compiled engine where each is not.
    whole = scenario.changed({"population.scale": effort.scale * scenario.population.scale})
    trials = effort.replications * len(shares) * (effort.steps + 1) * (len(PARAMETERS) + 1)
    fits, theta = [], np.zeros(len(PARAMETERS))
    with using(choose(None, [(whole, trials)]).value):
        progress("filings")
        filings = calibrate_filings(name, seed)
        for share in shares:
            progress(f"rungs, if {share:.0%} of interviews concern deep synthesis")
            fit, theta = fit_rungs(name, share, seed, effort, theta, progress)
            fits.append(fit)
    return Calibration(name, seed, quick, filings, tuple(fits), years())


def overrides_for(scenario: Scenario, theta: Sequence[float] | Floats) -> dict[str, Any]:
    """The changes of a scenario that parameters in logarithms stand for."""
    rectify, memory, serious, detect, staff = (math.exp(value) for value in theta)
    policy = scenario.policy
    changes: dict[str, Any] = {
        f"population.classes.{item.name}.rectifies": _odds(item.rectifies, rectify)
        for item in scenario.population.classes
    }
    changes |= {f"behaviours.{risk.name}.serious": min(1.0, risk.serious * serious) for risk in scenario.behaviours}
    ceiling = policy.detection.inspection_ceiling
    changes["policy.strikes.memory_days"] = policy.strikes.memory_days * memory
    changes["policy.detection.complaints_taken_up"] = _odds(policy.detection.complaints_taken_up, detect)
    changes["policy.detection.inspection_rate"] = policy.detection.inspection_rate * min(detect, 2.0)
    changes[INSPECTORS] = max(1, round(policy.staff.inspectors * staff))
    # Fixed for all trials, since it is the rate of the stream of candidates that they share.
    changes["policy.detection.inspection_ceiling"] = 2.0 * ceiling
    return changes


def _odds(probability: float, factor: float) -> float:
    return factor * probability / (1.0 - probability + factor * probability)


FIRST_YEARS = (180.0, float((FITTED_UNTIL - START).days))
"""Days of the model whose ratios are held against 2022 to 2024: from when the queue has filled."""


INSPECTORS = "policy.staff.inspectors"

EVENTS_OF_2025 = ("campaign-2025", "label-sweep-2025-11")
"""Scenarios whose changes of policy happened in the back-tested year: their dates are known, what they changed is
assumed.
"""


def events_of_2025(scenario: Scenario) -> dict[str, Any]:
    """The changes that put the campaign and the sweep of 2025 into a scenario that begins at :data:`START`."""
    changes, ceiling = [], scenario.policy.detection.inspection_ceiling
    for name in EVENTS_OF_2025:
        story = load_scenario(name)
        moved = float((story.start - START).days)
        ceiling = max(ceiling, story.policy.detection.inspection_ceiling)
        for change in story.changes:
            entry = change.model_dump(mode="json")
            if INSPECTORS in entry["set"]:
                more = entry["set"][INSPECTORS] / story.policy.staff.inspectors
                entry["set"][INSPECTORS] = round(more * scenario.policy.staff.inspectors)
            entry["day"] += moved
            entry["until"] = None if entry["until"] is None else entry["until"] + moved
            changes.append(entry)
    return {"changes": changes, "policy.detection.inspection_ceiling": ceiling}


def _simulated(
    name: str, theta: Sequence[float] | Floats, seed: int, effort: Effort, events: Mapping[str, Any] | None = None
) -> Floats:
    """(8,): logs of three ratios in the first years and of interviews in 2024, then the same of 2025. ``events`` are
    further changes.
    """
    scenario = load_scenario(name)
    last = float((BACK_TEST_UNTIL - START).days)
    changes = overrides_for(scenario, theta) | {
        "horizon": last,
        "population.scale": effort.scale * scenario.population.scale,
    }
    changes |= events or {}
    run = simulate(load_scenario(name, changes), effort.replications, seed)
    cut = FIRST_YEARS[1]
    windows = ((*FIRST_YEARS, cut - 365.0, cut), (cut, last, cut, last))
    result = []
    for begins, ends, interviews_begin, interviews_end in windows:
        series = run.series[(run.series["start"] >= begins) & (run.series["end"] <= ends + 30.0)]
        warnings = float(series["warnings"].sum())
        for _, _, columns in RUNGS.values():
            # Half an event keeps the logarithm finite where none happened.
            result.append(math.log((float(series[list(columns)].to_numpy().sum()) + 0.5) / (warnings + 0.5)))
        year = run.series[(run.series["start"] >= interviews_begin) & (run.series["end"] <= interviews_end + 30.0)]
        length = float((year["end"] - year["start"]).sum()) / effort.replications / 365.0
        result.append(math.log((float(year["warnings"].sum()) + 0.5) / effort.replications / effort.scale / length))
    return np.array(result)


def fit_rungs(
    name: str,
    share: float,
    seed: int,
    effort: Effort,
    start: Floats,
    progress: Callable[[str], None] = lambda text: None,
) -> tuple[RungFit, Floats]:
    """Gauss–Newton on simulated moments with common random numbers and a normal prior around the scenario's own values.

    Returns the fit and its parameters, from which the next share may begin.
    """
    observed = figures()
    table = yearly()["interviews"]
    level = [math.log(table[year]) for year in (2022, 2023, 2024)]
    targets = np.array([*(observed[rung].mean for rung in RUNGS), math.log(share * table[2024])])
    # What years differ by is what a year can be known to.
    errors = np.array([*(observed[rung].spread for rung in RUNGS), float(np.std(level, ddof=1))])
    theta, width, k = start.copy(), 0.3, len(PARAMETERS)
    untouched = _simulated(name, np.zeros(k), seed, effort)
    now = _simulated(name, theta, seed, effort) if theta.any() else untouched
    jacobian = np.zeros((8, k))
    for step in range(effort.steps + 1):
        for j in range(k):
            progress(f"  share {share:.0%}: step {step + 1}, {list(PARAMETERS)[j]}")
            moved = theta.copy()
            moved[j] += width
            jacobian[:, j] = (_simulated(name, moved, seed, effort) - now) / width
        weighted = jacobian[:4] / errors[:, None]
        precision = weighted.T @ weighted + np.eye(k) / PRIOR**2
        if step == effort.steps:
            break
        gradient = weighted.T @ ((targets - now[:4]) / errors) - theta / PRIOR**2
        move = np.linalg.solve(precision, gradient)
        theta = theta + move * min(1.0, 1.0 / float(np.abs(move).max()))
        now = _simulated(name, theta, seed, effort)
    covariance = np.linalg.inv(precision)
    deviations = np.sqrt(np.diag(covariance))
    titles = [*(title for title, _, _ in RUNGS.values()), "Interviews in 2024, deep synthesis"]
    names = [*RUNGS, "interviews"]
    moments = tuple(
        Moment(*each)
        for each in zip(
            names, titles, targets.tolist(), errors.tolist(), untouched[:4].tolist(), now[:4].tolist(), strict=True
        )
    )
    happened = [*(observed[rung].by_year.get(2025, math.nan) for rung in RUNGS), math.log(share * table[2025])]
    # A year to come differs from the mean of years as years differ from each other.
    spread = years()
    counts = [sum(year < FITTED_UNTIL.year for year in spread.by_figure[each]) for each in names]
    variances = np.einsum("ij,jk,ik->i", jacobian[4:], covariance, jacobian[4:]).tolist()
    reaches = [spread.reach(count, variance) for count, variance in zip(counts, variances, strict=True)]
    words = [*titles[:3], "Interviews in 2025, deep synthesis"]
    back = tuple(
        BackTest(word, title, (math.exp(mean), math.exp(mean - reach), math.exp(mean + reach)), math.exp(actual))
        for word, title, mean, reach, actual in zip(names, words, now[4:].tolist(), reaches, happened, strict=True)
    )
    progress(f"  share {share:.0%}: the events of 2025")
    known = _simulated(
        name, theta, seed, effort, events_of_2025(load_scenario(name, overrides_for(load_scenario(name), theta)))
    )
    fit = RungFit(
        share,
        {
            word: (math.exp(value), float(deviation), float(1.0 - (deviation / PRIOR) ** 2))
            for word, value, deviation in zip(PARAMETERS, theta, deviations, strict=True)
        },
        covariance / np.outer(deviations, deviations),
        moments,
        back,
        (math.exp(now[3]), math.exp(now[7])),
        tuple(np.exp(known[4:]).tolist()),
        overrides_for(load_scenario(name), theta.tolist()),
    )
    return fit, theta


def fitted_scenario(found: Calibration) -> str:
    """The middle prior's fit as a scenario file that extends the one it was fitted to; each change says what it rests
    on.

    Entry follows the shape that fits all batches better. What the data did not move is left as it was.
    """
    fit = found.rungs[len(found.rungs) // 2]
    scenario = load_scenario(found.scenario)
    moved = {word for word, (_, _, learned) in fit.parameters.items() if learned > LEARNED}
    theta = [math.log(fit.parameters[word][0]) if word in moved else 0.0 for word in PARAMETERS]
    changes = overrides_for(scenario, theta)
    best = min(found.filings.whole, key=lambda each: each.dispersion)
    document = {
        "extends": found.scenario,
        "name": f"{scenario.name}-fitted"[:40],
        "title": f"{scenario.title}, fitted to published figures",
        "story": (
            f"The scenario {scenario.name} with entry fitted to the published filing batches and sanctions to the"
            f" yearly ratios between rungs of 2022 to 2024, if {fit.share:.0%} of all interviews concern deep"
            " synthesis, which is not known."
        ),
        "sources": [*scenario.sources, f"shenhe calibrate {found.scenario} --seed {found.seed}"],
        "population": {
            "arrivals": _arrivals(best, scenario.horizon),
            "classes": [
                {"name": item.name, "rectifies": _rounded(changes[f"population.classes.{item.name}.rectifies"])}
                for item in scenario.population.classes
            ],
        },
        "behaviours": [
            {"name": str(risk.name), "serious": _rounded(changes[f"behaviours.{risk.name}.serious"])}
            for risk in scenario.behaviours
        ],
        "policy": {
            "detection": {
                key: _rounded(changes[f"policy.detection.{key}"])
                for key in ("inspection_rate", "inspection_ceiling", "complaints_taken_up")
            },
            "strikes": {"memory_days": _rounded(changes["policy.strikes.memory_days"])},
            "staff": {"inspectors": changes[INSPECTORS]},
        },
        "basis": {
            "population.arrivals": {
                "kind": "datum",
                "source": "fitted to the batches of deep_synthesis_filings.csv; delays simulated",
            },
            "population.classes.*.rectifies": _basis("rectify", fit, moved),
            "behaviours.*.serious": _basis("serious", fit, moved),
            "policy.strikes.memory_days": _basis("memory", fit, moved),
            "policy.detection.complaints_taken_up": _basis("detect", fit, moved),
            "policy.detection.inspection_rate": _basis("detect", fit, moved),
            INSPECTORS: _basis("staff", fit, moved),
        },
    }
    # JSON is YAML: quoted and escaped by the same rules.
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


LEARNED = 0.2
"""Share of the prior's variance that data must take away before a parameter counts as identified."""


def _basis(word: str, fit: RungFit, moved: set[str]) -> dict[str, str]:
    _, deviation, learned = fit.parameters[word]
    if word not in moved:
        source = f"not identified by cac_enforcement.csv ({learned:.0%} of the prior’s variance gone): left as it was"
    else:
        source = (
            "fitted to ratios of cac_enforcement.csv with a prior; standard deviation of its logarithm"
            f" {deviation:.2f}; share {fit.share:.0%} assumed"
        )
    return {"kind": "assumption", "source": source}


def _arrivals(fit: FilingFit, horizon: float) -> list[list[float]]:
    days = np.linspace(0.0, horizon, 25)
    entered = CURVES[fit.curve][0](
        days, *[value for value, _ in fit.parameters.values()], *([0.0] if len(fit.parameters) < 3 else [])
    )
    shares = [
        [float(round(day, 1)), float(round(share, 5))] for day, share in zip(days, entered / entered[-1], strict=True)
    ]
    return [[day, share] for day, share in shares[:-1]] + [[shares[-1][0], 1.0]]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
