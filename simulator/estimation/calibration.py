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

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..runs.engines import choose, using
from ..runs.run import simulate
from ..scenario.loading import load_scenario
from ..scenario.schema import Scenario
from .campaigns import CampaignTest, campaigns_compared
from .filings import Filings, calibrate_filings
from .published import (
    BACK_TEST_UNTIL,
    FITTED_UNTIL,
    RUNGS,
    START,
    CalibrationError,
    Floats,
    Years,
    figures,
    yearly,
    years,
)

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
    campaigns: tuple[CampaignTest, ...]
    """What each fit says of the campaign of 2026, which entered none of them."""


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
        progress("the campaign of 2026 beside that of 2025")
        campaigns = tuple(
            campaigns_compared(name, fit.share, fit.overrides, seed, effort.scale, effort.replications, years())
            for fit in fits
        )
    return Calibration(name, seed, quick, filings, tuple(fits), years(), campaigns)


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
