"""Intervals of means: exact where a formula is known, and covering as often as they say."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from shenhe.simulator.runs.intervals import (
    Kind,
    change_within_bounds,
    mean_interval,
    median_interval,
    relative_within_bounds,
    too_skewed,
)
from shenhe.simulator.runs.simultaneous import interval_for_all, level_for_all

Floats = npt.NDArray[np.float64]


def test_symmetric_values_get_students_interval() -> None:
    values = [1.0, 2.0, 3.0, math.nan]
    mean, low, high, n = mean_interval(values)
    expected = stats.t.interval(0.95, 2, loc=2.0, scale=1.0 / math.sqrt(3))
    assert (mean, n) == (2.0, 3)
    assert (low, high) == pytest.approx(expected)


def test_few_values_have_no_interval() -> None:
    assert mean_interval([5.0])[0] == 5.0
    assert math.isnan(mean_interval([5.0])[1])
    assert math.isnan(mean_interval([math.nan])[0])


def test_a_difference_that_is_always_zero_is_certainly_zero() -> None:
    assert mean_interval([0.0] * 5) == (0.0, 0.0, 0.0, 5)


def test_an_event_that_never_happened_may_still_be_rare() -> None:
    """The rule of three: with none in n, the rate may be up to about 3.7 / n at 97.5 %."""
    assert mean_interval([0.0] * 20, "count")[1:3] == pytest.approx((0.0, -math.log(0.025) / 20))


def test_the_first_event_gets_the_exact_poisson_interval() -> None:
    """Its lower end takes the 5 % of both sides: under a mean so small, no number of events is too small."""
    _, low, high, n = mean_interval([1.0, *[0.0] * 9], "count")
    assert low == pytest.approx(-math.log(0.95) / n)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 4) / 2 / n)


def test_a_rare_count_gets_the_mid_p_interval() -> None:
    """Half of the probability of exactly as many events counts on either side: 2.5 % at each end."""
    values = [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 3
    _, low, high, n = mean_interval(values, "count")
    events = 12
    assert stats.poisson.sf(events, low * n) + stats.poisson.pmf(events, low * n) / 2 == pytest.approx(0.025)
    assert stats.poisson.cdf(events, high * n) - stats.poisson.pmf(events, high * n) / 2 == pytest.approx(0.025)


def test_rare_counts_are_covered_as_often_as_they_say_on_average() -> None:
    """For every mean, since whole numbers of events leave no interval that covers each exactly: 92 % at least, and 95 %
    on average. Without dispersion the interval depends on the number of events alone.
    """
    ends = np.array([_ends(events) for events in range(30)])
    means = np.linspace(0.02, 14.0, 700)
    likely = stats.poisson.pmf(np.arange(30), means[:, None])
    covered = (likely * ((ends[:, 0] <= means[:, None]) & (means[:, None] <= ends[:, 1]))).sum(axis=1)
    assert covered.min() > 0.905
    assert covered[means > 1.0].mean() == pytest.approx(0.95, abs=0.006)
    assert (covered[means > 1.0] >= 0.975).mean() < 0.05


def _ends(events: int) -> tuple[float, float]:
    """The interval of the total of a thousand counts of 0 or 1."""
    _, low, high, n = mean_interval([1.0] * events + [0.0] * (1000 - events), "count")
    return low * n, high * n


@pytest.mark.parametrize(("kind", "values"), [("share", [0.0, 0.0, 1.0]), ("amount", [0.0, 0.1, 9.0])])
def test_bounds_are_respected(kind: Kind, values: list[float]) -> None:
    _, low, high, _ = mean_interval(values, kind)
    assert low >= 0.0
    assert kind != "share" or high <= 1.0


@pytest.mark.parametrize(
    ("kind", "change", "relative"),
    [
        ("any", (-3.0, 3.0), (-3.0, 3.0)),
        ("amount", (-3.0, 3.0), (-1.0, 3.0)),
        ("count", (-3.0, 3.0), (-1.0, 3.0)),
        ("share", (-1.0, 1.0), (-1.0, 0.25)),
    ],
)
def test_changes_stay_in_bounds(kind: Kind, change: tuple[float, float], relative: tuple[float, float]) -> None:
    """Relative to a mean of 0.8: a share can rise by a quarter of it at most."""
    assert change_within_bounds(-3.0, 3.0, kind) == change
    assert relative_within_bounds(-3.0, 3.0, 0.8, kind) == pytest.approx(relative)
    assert all(map(math.isnan, change_within_bounds(math.nan, math.nan, kind)))
    assert all(map(math.isnan, relative_within_bounds(math.nan, math.nan, 0.8, kind)))


def test_the_interval_mirrors_with_its_values() -> None:
    values = np.array([0.1, 0.2, 0.4, 5.0])
    mean, low, high, n = mean_interval(values)
    assert mean_interval(-values) == pytest.approx((-mean, -high, -low, n))


CASES: dict[str, tuple[Kind, float, Callable[[np.random.Generator, int], Floats]]] = {
    "normal": ("any", 0.0, lambda dice, n: dice.normal(size=n)),
    "exponential": ("amount", 1.0, lambda dice, n: dice.exponential(size=n)),
    "lognormal": ("amount", math.exp(0.18), lambda dice, n: dice.lognormal(sigma=0.6, size=n)),
    "rare": ("count", 0.1, lambda dice, n: dice.poisson(0.1, n).astype(float)),
    "seldom": ("count", 1.0, lambda dice, n: dice.poisson(1.0, n).astype(float)),
    "dispersed": ("count", 2.0, lambda dice, n: dice.negative_binomial(2, 0.5, n).astype(float)),
    "share": ("share", 0.9, lambda dice, n: dice.beta(9, 1, n)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("n", [16, 32])
def test_intervals_cover_as_often_as_they_say(name: str, n: int) -> None:
    """Discrete counts cannot be covered exactly: an exact interval covers at least, and more where events are few."""
    kind, truth, draw = CASES[name]
    dice = np.random.default_rng(3)
    runs = 4000
    covered = 0
    for _ in range(runs):
        _, low, high, _ = mean_interval(draw(dice, n), kind)
        covered += low <= truth <= high
    most = 0.995 if kind == "count" else 0.97
    assert 0.92 <= covered / runs <= most


def test_students_interval_would_not_cover_where_these_do() -> None:
    """The reason for the correction: the plain interval falls short on skewed values and rare counts."""
    dice = np.random.default_rng(3)
    covered = 0
    for _ in range(1500):
        values = dice.poisson(0.1, 16).astype(float)
        half = stats.t.ppf(0.975, 15) * values.std(ddof=1) / 4
        covered += abs(values.mean() - 0.1) <= half
    assert covered / 1500 < 0.85


def test_an_amount_that_never_came_up_has_no_interval() -> None:
    """Nothing says how large it would be: zero to zero would be a claim that it cannot happen."""
    mean, low, high, n = mean_interval([0.0] * 20, "amount")
    assert (mean, n) == (0.0, 20)
    assert math.isnan(low)
    assert math.isnan(high)


def test_the_interval_of_a_median_is_between_order_statistics() -> None:
    values = [float(k) for k in (3, 1, 2, 6, 5, 4)]
    median, low, high = median_interval(values)
    assert median == 3.5
    # Of six values, all lie on one side of the median in 2 of 64 cases: 96.9 % between the outermost.
    assert 1.0 <= low < 2.0
    assert low - 1.0 == pytest.approx(6.0 - high)
    assert all(map(math.isnan, median_interval(values[:5])[1:])), "93.8 % between the outermost of five"
    assert median_interval([2.0] * 5 + [math.nan]) == (2.0, 2.0, 2.0)
    assert all(map(math.isnan, median_interval([])))


@pytest.mark.parametrize("n", [6, 8, 20, 33])
def test_the_interval_of_a_median_covers_whatever_the_tail(n: int) -> None:
    dice, covered = np.random.default_rng(4), 0
    for _ in range(3000):
        _, low, high = median_interval(dice.standard_cauchy(n) ** 3)
        covered += low <= 0.0 <= high
    assert 0.94 <= covered / 3000 <= 0.98


def test_a_mean_that_hangs_on_few_values_is_said_to() -> None:
    shock = [5.0, 6.0] * 9 + [5.5, 400.0]
    assert too_skewed(shock)
    assert not too_skewed([5.0, 6.0] * 10)
    assert not too_skewed([1.0, 2.0, 4.0, 3.0, 9.0, 2.0, 5.0, 4.0])  # mildly skewed: corrected
    assert not too_skewed([3.0] * 20)
    assert not too_skewed([math.nan, 1.0])
    # With a shock in every twentieth of many, the mean no longer hangs on one of them.
    assert not too_skewed(shock * 40)


def test_rows_that_move_together_count_as_one() -> None:
    values = np.random.default_rng(1).standard_normal(40)
    assert level_for_all([values] * 30) == pytest.approx(0.95, abs=0.005)


def test_simultaneous_intervals_are_never_wider_than_bonferronis() -> None:
    rows = list(np.random.default_rng(2).standard_normal((30, 20)))
    level = level_for_all(rows)
    assert 0.995 < level <= 1 - 0.05 / 30
    low, high = interval_for_all(rows[0], level)
    alone = mean_interval(rows[0])
    assert low < alone[1] <= alone[2] < high


def test_rows_without_spread_or_values_do_not_widen_intervals() -> None:
    row = np.array([1.0, 2.0, 4.0, 3.0])
    assert level_for_all([row, np.zeros(4), np.full(4, math.nan)]) == 0.95
    assert interval_for_all(np.zeros(4), 0.99) == (0.0, 0.0)


@pytest.mark.costly
def test_all_simultaneous_intervals_hold_at_once_as_often_as_they_say() -> None:
    dice, held, alone, tables = np.random.default_rng(3), 0, 0, 120
    for _ in range(tables):
        rows = list(0.7 * dice.standard_normal(20) + dice.standard_normal((25, 20)))
        level = level_for_all(rows)
        held += all(low <= 0 <= high for low, high in (interval_for_all(row, level) for row in rows))
        alone += all(low <= 0 <= high for _, low, high, _ in map(mean_interval, rows))
    assert held / tables > 0.88
    assert alone / tables < 0.7, "intervals that hold one by one do not hold at once"
