"""Independent draws and what they exclude."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shenhe.conformance.engine.cases.sampling import independent, upper_bound


@given(st.integers(1, 400).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged))))
def test_the_bound_is_that_of_clopper_and_pearson(drawn: tuple[int, int]) -> None:
    failures, judged = drawn
    wanted = 1.0 if failures == judged else stats.beta.ppf(0.95, failures + 1, judged - failures)
    assert upper_bound(failures, judged) == pytest.approx(wanted, abs=1e-9)


def test_without_judged_cases_there_is_no_bound() -> None:
    assert upper_bound(0, 0) == 1.0
    with pytest.raises(ValueError, match="3 failures among 2"):
        upper_bound(3, 2)


def test_the_bound_has_its_coverage() -> None:
    """At the true rate, the bound lies below it in at most one run of twenty."""
    rate, judged = 0.1, 60
    missed = sum(stats.binom.pmf(k, judged, rate) for k in range(judged + 1) if upper_bound(k, judged) < rate)
    assert missed <= 0.05


def test_draws_repeat_and_do_not_depend_on_how_many_are_wanted() -> None:
    strategy = st.tuples(st.integers(0, 10**6), st.booleans())
    first, again = (list(independent(strategy, seed="7/check", count=40)) for _ in range(2))
    assert first == again
    assert list(independent(strategy, seed="7/check", count=10)) == first[:10]
    assert list(independent(strategy, seed="8/check", count=40)) != first


def test_draws_are_spread_and_not_steered() -> None:
    drawn = list(independent(st.sampled_from(range(10)), seed="spread", count=1000))
    counts = [drawn.count(value) for value in range(10)]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_an_empty_strategy_is_given_up() -> None:
    assert list(independent(st.integers().filter(lambda _: False), seed="none", count=5)) == []
