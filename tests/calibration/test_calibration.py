"""``shenhe calibrate``: that a fit finds what made the data, says what it cannot find, and tells its failures."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shenhe.simulator import ScenarioError, load_scenario, simulate
from shenhe.simulator.estimation import calibration, filings
from shenhe.simulator.estimation.calibration import (
    INSPECTORS,
    PARAMETERS,
    PRIOR,
    Effort,
    events_of_2025,
    overrides_for,
)
from shenhe.simulator.estimation.campaigns import campaign_changes, sanctioned, windows
from shenhe.simulator.estimation.filings import CURVES, Batch, batches, completed
from shenhe.simulator.estimation.published import RUNGS, START, CalibrationError, figures, yearly, years

from ..command_line import shenhe


def test_batches_are_those_published_and_lie_in_order() -> None:
    found = batches()
    assert sum(batch.filings for batch in found) == 7764
    assert [batch.day for batch in found] == sorted(batch.day for batch in found)
    assert (found[0].day, found[0].filings, found[0].dated) == (161.0, 41, True)
    assert not found[4].dated


def test_unpublished_figures_are_absent_not_zero() -> None:
    table = yearly()
    assert table["fined"] == {2022: 512.0, 2025: 521.0}
    found = figures()
    assert set(found["fines"].by_year) == {2022, 2025}
    assert found["fines"].mean == pytest.approx(math.log(512 / 8608))
    # One year shows no spread between years: that of the other rungs stands in.
    others = [found[rung].spread for rung in ("suspensions", "removals")]
    assert min(others) < found["fines"].spread < max(others)


@pytest.mark.parametrize("curve", list(CURVES))
def test_entry_curves_start_at_zero_and_rise(curve: str) -> None:
    entered = CURVES[curve][0](np.linspace(-50, 1200, 60), 7.0, 0.8, -1.0)
    assert entered[0] == 0.0
    assert (np.diff(entered) >= 0).all()


def test_a_delay_moves_completions() -> None:
    days = np.array([300.0, 700.0])
    at_once = completed("growing", (6.0, 0.3), days, np.zeros(3))
    late = completed("growing", (6.0, 0.3), days, np.full(3, 60.0))
    assert late == pytest.approx(completed("growing", (6.0, 0.3), days - 60.0, np.zeros(3)))
    assert (late < at_once).all()


def test_the_fit_recovers_entry_and_predicts_the_next_year() -> None:
    truth, delays = (8.1, 0.9, -1.2), np.array([5.0, 15.0, 40.0])
    days = np.arange(60.0, 760.0, 60.0)
    made = np.diff(completed("levelling off", truth, np.array([0.0, *days]), delays))
    generator = np.random.default_rng(4)
    data = [
        Batch(k, day, int(generator.poisson(count)), True)
        for k, (day, count) in enumerate(zip(days, made, strict=True))
    ]
    fit = filings._fit_filings("levelling off", data, delays, (720.0, 1080.0), 1, 500)
    for (value, error), true in zip(fit.parameters.values(), truth, strict=True):
        assert abs(value - true) < 4 * error
    actual = np.diff(completed("levelling off", truth, np.array([720.0, 1080.0]), delays))[0]
    assert fit.forecast[1] < actual < fit.forecast[2]
    assert fit.dispersion < 3
    wrong = filings._fit_filings("growing", data, delays, (720.0, 1080.0), 1, 500)
    assert wrong.dispersion > 3 * fit.dispersion


@pytest.mark.costly
def test_simulated_delays_are_those_of_the_registry() -> None:
    delays = filings.filing_delays("cn-2023", 3, providers=400)
    registry = load_scenario("cn-2023").registry
    rounds = 1 / (1 - registry.supplement_probability)
    expected = registry.preparation_days + rounds * registry.review_days + (rounds - 1) * registry.supplement_days
    assert delays.mean() == pytest.approx(expected, rel=0.25)


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A model whose moments are linear in three parameters, and in which the others have no part."""
    slopes = np.zeros((8, 5))
    slopes[:4, :3] = [[-1.0, 0.5, 0.0], [-0.5, 1.0, 0.2], [-0.2, 0.1, 1.5], [0.0, 0.3, -0.4]]
    slopes[4:] = slopes[:4] * 1.1
    observed = figures()
    truth = np.array([0.3, -0.2, 0.4, 0.0, 0.0])
    targets = np.array([*(observed[rung].mean for rung in RUNGS), math.log(0.06 * yearly()["interviews"][2024])])
    base = np.concatenate([targets, targets]) - slopes @ truth
    monkeypatch.setattr(
        calibration, "_simulated", lambda name, theta, seed, effort, events=None: base + slopes @ np.asarray(theta)
    )
    monkeypatch.setattr(calibration, "PRIOR", 50.0)
    return truth


def test_the_fit_recovers_parameters_and_marks_unidentified_ones(linear: np.ndarray) -> None:
    fit, theta = calibration.fit_rungs("cn-2023", 0.06, 1, Effort(1.0, 1, 3), np.zeros(5))
    assert theta == pytest.approx(linear, abs=0.01)
    for moment in fit.moments:
        assert moment.fitted == pytest.approx(moment.observed, abs=0.01)
    learned = [share for _, _, share in fit.parameters.values()]
    assert min(learned[:3]) > 0.9
    assert learned[3:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert fit.parameters["detect"][0] == pytest.approx(1.0)


def test_the_back_test_is_as_wide_as_years_differ(linear: np.ndarray) -> None:
    fit, _ = calibration.fit_rungs("cn-2023", 0.06, 1, Effort(1.0, 1, 2), np.zeros(5))
    for test in fit.back_test:
        assert test.said[1] < test.said[0] < test.said[2]
    removals = next(test for test in fit.back_test if test.name == "removals")
    assert removals.happened == pytest.approx(2133 / 5811)
    assert math.log(removals.said[2] / removals.said[0]) > years().reach(3)
    fines = next(test for test in fit.back_test if test.name == "fines")
    assert math.log(fines.said[2] / fines.said[0]) > years().reach(1) > years().reach(3)


def test_intervals_for_the_next_year_use_only_years_before_2025() -> None:
    found = years()
    assert found.degrees == 6
    suspended = [math.log(count / of) for count, of in ((621, 8608), (453, 10646), (585, 11159))]
    removed = [math.log(count / of) for count, of in ((420, 8608), (259, 10646), (200, 11159))]
    interviews = [math.log(count) for count in (8608, 10646, 11159)]
    squares = [2 * np.var(values, ddof=1) for values in (suspended, removed, interviews)]
    assert found.deviation == pytest.approx(math.sqrt(sum(squares) / 6))
    # Student's t with six degrees of freedom: 2.447.
    assert found.reach(3) == pytest.approx(2.447 * found.deviation * math.sqrt(4 / 3), rel=1e-3)
    assert found.covered[1] == 9
    assert found.naive["removals"]["the last year again"] == pytest.approx(removed[2])
    assert found.naive["removals"]["their trend gone on"] == pytest.approx(np.mean(removed) + (removed[2] - removed[0]))
    assert set(found.naive["fines"]) == {"the mean of the years"}


def test_the_events_of_2025_fall_on_their_dates() -> None:
    twice = [*([0.0] * (len(PARAMETERS) - 1)), math.log(2.0)]
    scenario = load_scenario("cn-2023", overrides_for(load_scenario("cn-2023"), twice))
    told = load_scenario("cn-2023", events_of_2025(scenario))
    days = [(START + datetime.timedelta(days=change.day)).isoformat() for change in told.changes]
    assert days == ["2025-04-01", "2025-11-25"]
    assert told.policy.detection.inspection_ceiling >= 16
    # Three times the inspectors in the campaign, however many the fit has.
    assert [change.set["policy.staff.inspectors"] for change in told.changes] == [480, 480]


def test_both_campaigns_end_on_the_day_of_their_announcement() -> None:
    (begins, ends), (later, end) = windows()
    assert START + datetime.timedelta(days=ends) == datetime.date(2025, 6, 20)
    assert START + datetime.timedelta(days=end) == datetime.date(2026, 7, 6)
    assert ends - begins == end - later == 81.0
    story = load_scenario("campaign-2025")
    halved = campaign_changes({INSPECTORS: story.policy.staff.inspectors // 2})
    assert [entry["day"] for entry in halved["changes"]] == [begins, later]
    assert {entry["set"][INSPECTORS] for entry in halved["changes"]} == {story.changes[0].set[INSPECTORS] // 2}


def test_a_campaign_counts_each_sanctioned_provider_once() -> None:
    changes = {"population.scale": 0.02, "horizon": 400.0, "policy.detection.complaints_taken_up": 1.0}
    run = simulate(load_scenario("cn-2023", changes), 2, 1)
    everybody = run.providers[run.providers["sanctions"] > 0].groupby("replication").size().tolist()
    assert sanctioned(run, 0.0, 400.0) == everybody
    assert sum(sanctioned(run, 0.0, 200.0)) < sum(everybody)


def test_no_factor_is_no_change_of_the_scenario() -> None:
    scenario = load_scenario("cn-2023")
    changed = load_scenario("cn-2023", overrides_for(scenario, [0.0] * len(PARAMETERS)))
    assert changed.policy.detection.complaints_taken_up == pytest.approx(scenario.policy.detection.complaints_taken_up)
    assert changed.population.classes[0].rectifies == pytest.approx(scenario.population.classes[0].rectifies)
    extreme = overrides_for(scenario, [9.0, 3.0, 9.0, 9.0, 3.0])
    assert load_scenario("cn-2023", extreme).policy.detection.complaints_taken_up <= 1.0


def test_a_scenario_of_another_beginning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "later.yaml"
    path.write_text('extends: cn-2023\nname: later\nstart: "2024-01-01"\n', encoding="utf-8")
    with pytest.raises(CalibrationError, match="2023-01-10"):
        calibration.calibrate(str(path))


@pytest.mark.costly
def test_the_command_fits_writes_a_scenario_and_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "QUICK", Effort(0.01, 1, 1))
    fitted, page = tmp_path / "fitted.yaml", tmp_path / "page.html"
    arguments = ["--quick", "--json", "--scenario-out", str(fitted), "--out", str(page)]
    result = shenhe("calibrate", *arguments)
    assert result.exit_code == 0
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["filings"]["happened_2025"] == 2671
    (rung,) = document["rungs"]
    assert rung["share"] == 0.06
    assert len(rung["back_test_2025"]) == len(RUNGS) + 1
    assert all(entry["sd_log"] <= PRIOR + 1e-9 for entry in rung["parameters"].values())
    scenario = load_scenario(str(fitted))
    assert scenario.basis_of("policy.strikes.memory_days") is not None
    assert scenario.population.arrivals[-1][1] == 1.0
    text = page.read_text(encoding="utf-8")
    assert "OUTSIDE" in text
    assert "Not identified" in text
    (campaign,) = document["campaigns_of_2026_over_2025"]
    assert campaign["published_at_least"] == 4.0
    assert campaign["said"][1] <= campaign["said"][0] <= campaign["said"][2]
    assert "Phase 2 of 2026" in text
    assert str(tmp_path) not in text


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(ScenarioError, match="cn-2024"):
        calibration.calibrate("cn-2024")
