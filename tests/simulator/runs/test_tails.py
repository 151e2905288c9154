"""Outcomes whose mean too few replications can tell: they get the interval of their median, named as such."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from shenhe.simulator import Run, compare, converge, load_scenario, simulate
from shenhe.simulator.runs.rates import pooled, rate_values
from shenhe.simulator.runs.tails import (
    begins_sparse,
    fines_by_turnover,
    needed_for_parts,
    replications_needed,
    share_of_large,
)
from tests.command_line import shenhe
from tests.factories import run as counted_run
from tests.simulator.interval_coverage import coverage, summed_up

SMALL = {"population.scale": 0.05}


@pytest.fixture(scope="module")
def market() -> Run:
    return simulate(load_scenario("cn-2023", SMALL), 12, 3, engine="compiled")


def test_a_mean_of_few_large_parts_has_no_interval(market: Run) -> None:
    row = market.summary.loc["harm"]
    assert row["interval_of"] == "median"
    assert math.isnan(row["lo95"])
    assert row["median_lo95"] <= row["median"] <= row["median_hi95"]
    assert row["mean"] == pytest.approx(market.outcomes["harm"].mean())


def test_every_outcome_shows_an_interval_or_says_which_it_shows(market: Run) -> None:
    summary = market.summary
    assert set(summary["interval_of"]) == {"mean", "median"}
    for _, row in summary.iterrows():
        assert math.isnan(row["lo95"]) == (row["interval_of"] == "median")
        assert math.isfinite(row["lo95" if row["interval_of"] == "mean" else "median_lo95"])


def test_enough_parts_give_the_mean_its_interval() -> None:
    scenario, outcomes = load_scenario("cn-2023"), pd.DataFrame({"violations": [60_000.0] * 16})
    assert needed_for_parts(scenario, outcomes, "harm") == 17
    assert needed_for_parts(scenario, outcomes[:4], "harm") == 17
    assert needed_for_parts(scenario, pd.concat([outcomes, outcomes[:1]]), "harm") == 0
    assert needed_for_parts(scenario, pd.DataFrame({"violations": [0.0] * 4}), "harm") > 4
    assert needed_for_parts(scenario, outcomes, "cases_opened") == 0


@pytest.mark.parametrize(
    ("scenario", "by_turnover"), [("cn-2023", False), ("turnover-fines", True), ("cn-reform-2026", True)]
)
def test_fines_by_turnover_are_few_large_parts(scenario: str, by_turnover: bool) -> None:
    loaded, outcomes = load_scenario(scenario), pd.DataFrame({"fines_imposed": [40.0] * 20, "fines": [1e6] * 20})
    assert fines_by_turnover(loaded) is by_turnover
    assert needed_for_parts(loaded, outcomes, "fines") == (100 if by_turnover else 0)


def test_a_market_on_one_supporter_hangs_on_its_sanction() -> None:
    tenth = {"population.scale": 0.1}
    failing, whole = load_scenario("supporter-failure", tenth), load_scenario("cn-2023")
    outcomes = pd.DataFrame({"exits": [4.0] * 20, "supporter_sanctions": [0.0] * 18 + [1.0, 1.0]})
    for metric in ("exits", "exits_small", "active_end"):
        # One of 20 supporters serves more than 150 providers, and two of 1,672 do.
        assert needed_for_parts(failing, outcomes, metric) == 36 * 10
        assert needed_for_parts(whole, outcomes, metric) == 54 * 10
        assert needed_for_parts(load_scenario("cn-2023", tenth), outcomes, metric) == 0
    assert needed_for_parts(whole, outcomes, "cases_opened") == 0
    assert share_of_large(whole) == pytest.approx(1.5 / 8.0, abs=0.002)
    assert share_of_large(whole.changed({"supporters.count": 0})) == 0.0


def test_a_change_may_bring_fines_by_turnover() -> None:
    plain = load_scenario("cn-2022-draft")
    step = next(n for n, each in enumerate(plain.policy.ladder) if each.fine is not None)
    change = {"title": "By turnover", "day": 100, "set": {f"policy.ladder.{step}.fine.turnover_share": 0.05}}
    assert not fines_by_turnover(plain)
    assert fines_by_turnover(plain.changed({"changes": [change]}))


def test_an_amount_that_is_mostly_zero_has_to_be_seen() -> None:
    scenario = load_scenario("cn-2023")
    outcomes = pd.DataFrame({"wait_mean": [0.0] * 16 + [0.1] * 4, "complaints": [0.0] * 19 + [1.0]})
    outcomes["wrongful_share"] = outcomes["utilisation"] = outcomes["wait_mean"] * 10.0
    outcomes.loc[18:, "wrongful_share"] = 0.5
    assert replications_needed(scenario, outcomes, "wrongful_share") == 50, "two replications are off the bounds"
    assert replications_needed(scenario, outcomes, "utilisation") == 0, "none is"
    assert replications_needed(scenario, outcomes, "wait_mean") == 25
    assert replications_needed(scenario, outcomes[:17], "wait_mean") == 85
    assert replications_needed(scenario, outcomes[15:], "wait_mean") == 7
    assert replications_needed(scenario, outcomes[16:], "wait_mean") == 0, "it is never zero"
    assert replications_needed(scenario, outcomes[:16], "wait_mean") == 0, "it is always zero"
    assert replications_needed(scenario, outcomes, "complaints") == 0, "a count has an interval for rare events"


def test_a_market_that_begins_empty_hides_what_deters_it() -> None:
    small, whole = load_scenario("cn-2023", SMALL), load_scenario("cn-2023")
    full = small.changed({"population.arrivals": [[0, 1.0]]})
    assert [begins_sparse(each) for each in (small, whole, full)] == [True, False, False]
    assert not begins_sparse(small.changed({"response.model": "fixed"}))
    outcomes = pd.DataFrame(
        {"deterred_peers": [3.0] * 20, "compliance_small": [0.7] * 20, "compliance_large": [0.97] * 20}
    )
    assert replications_needed(small, outcomes, "violations") > 20
    assert replications_needed(small, outcomes, "compliance_small") > 20
    assert replications_needed(small, outcomes, "compliance_large") == 0
    assert replications_needed(full, outcomes, "violations") == 0
    assert replications_needed(small, outcomes.assign(deterred_peers=0.0), "violations") == 0


def test_a_rate_is_that_of_all_replications_together() -> None:
    """One replication with a sanction on its only violation must not decide the rate of a thousand violations."""
    parts, wholes = np.array([10.0, 12.0, 1.0]), np.array([1000.0, 1100.0, 1.0])
    values = rate_values(parts, wholes)
    assert values.mean() == pytest.approx(23.0 / 2101.0)
    assert np.ptp(values) < 0.05
    assert np.isnan(rate_values(np.zeros(3), np.zeros(3))).all()
    only = rate_values(np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    assert np.isnan(only[0])
    assert only[1] == 0.5


def test_rates_of_a_run_are_sums_over_sums(market: Run) -> None:
    sanctions = market.providers.groupby("size_class", observed=False)["sanctions"].sum()
    violations = market.series[["violations_small", "violations_giant"]].sum()
    rates = [sanctions[name] / violations[f"violations_{name}"] for name in ("small", "giant")]
    assert market.summary.loc["sanction_rate_small", "mean"] == pytest.approx(100.0 * rates[0])
    assert market.summary.loc["disparity", "mean"] == pytest.approx(rates[0] / rates[1])
    assert pooled({}) == {}


def test_no_difference_so_far_is_not_exactly_none(market: Run) -> None:
    other = simulate(load_scenario("cn-2023", SMALL | {"policy.staff.inspectors": 40}), 12, 3, engine="compiled")
    table = compare(market, other).table.set_index("metric")
    never = table[(table["difference"] == 0.0) & (table["median_hi95"] == 0.0) & (table["mean_a"] == 0.0)]
    assert len(never)
    assert set(never["interval_of"]) == {"median"}
    assert math.isnan(table.loc["harm", "lo_all"])
    same = compare(market, market).table
    assert (same[["lo95", "hi95"]].dropna() == 0.0).all(axis=None)
    assert "harm" in set(same.loc[same["interval_of"] == "mean", "metric"]), "the same runs differ by exactly zero"


def test_runs_without_frames_of_classes_are_summed_up() -> None:
    assert counted_run().summary.loc["disparity", "mean"] == 11.0


def test_precision_goes_on_until_the_mean_has_an_interval() -> None:
    scenario = load_scenario("cn-2023", {"population.scale": 0.02, "horizon": 200})
    run, (found,) = converge(scenario, 0.9, ["harm"], most=12, engine="compiled")
    assert run.replications == found.replications == 12
    assert found.relative == math.inf
    # As many as it takes for a million violations.
    assert found.wanted == math.ceil(1_000_000 * 12 / run.outcomes["violations"].sum())


def test_the_commands_name_what_they_show_an_interval_of() -> None:
    small = ("--set", "population.scale=0.02", "--set", "horizon=300", "-n", "6")
    harm = json.loads(shenhe("simulate", "cn-2023", *small, "--json").stdout)["metrics"]["harm"]
    assert harm["interval_of"] == "median"
    assert harm["lo95"] is None
    assert harm["median_lo95"] <= harm["median"] <= harm["median_hi95"]
    shown = " ".join(shenhe("simulate", "cn-2023", *small).stdout.split())
    assert "(median)" in shown
    assert "too few replications for an interval of the mean of:" in shown
    pair = ("compare", "cn-2022-draft", "cn-2023", *small)
    row = json.loads(shenhe(*pair, "--json").stdout)["metrics"]["harm"]
    assert row["interval_of"] == "median"
    assert row["lo95"] is row["lo_all"] is None


@pytest.mark.costly
def test_what_is_shown_covers() -> None:
    """The sample that guards ``docs/interval-coverage.md``: 95 % of 150 runs is 95 ± 3.5 %, for some eighty outcomes."""
    run = simulate(load_scenario("cn-2023", {"population.scale": 0.1}), 250, 20261201, engine="compiled")
    table = coverage(run, runs=150, seed=1, sizes=(20,))
    shown = table["mean 20"].where(table["given 20"] >= 0.5, table["median 20"])
    low = table.loc[shown < 0.87, "metric"].tolist()
    assert not low
    assert shown.mean() > 0.945
    found = dict(summed_up(table))
    assert len(found["of those of the median, the mean's would have covered, too"]) <= 6
