"""The forecast of a platform: its report sets lag and misses of a simulated platform, and over-removals from the log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.reports.pages.actor_forecast import actor_summary, render_actor_page
from shenhe.reports.terminal.store_forecast import forecast_notes, outcome_rows, parameter_rows
from shenhe.simulator import load_scenario
from shenhe.simulator.estimation.actors import ActorForecast, ActorFuture
from shenhe.simulator.estimation.forecast import LINKS, TYPICAL
from shenhe.simulator.estimation.measured import ForecastError, read_measured
from shenhe.simulator.estimation.platforms import (
    LIMITS,
    MISSING,
    OVER_REMOVING,
    PLATFORM_OUTCOMES,
    PLATFORM_ROLE,
    drawn_platform_parameters,
    forecast_platform,
    platform_outcomes,
)
from shenhe.simulator.kernel.draws import Purpose, compiled
from shenhe.simulator.kernel.eventlog import Kind

from ..chinese import english_left
from ..command_line import shenhe
from .test_store_forecast import report, sampled

SCENARIO = load_scenario("cn-2023")
TWO_DAYS, THREE_HOURS = "intimate_image_gone_in_48_hours", "order_carried_out_in_3_hours"


def measured(tmp_path: Path, checks: dict[str, dict[str, Any]]) -> Any:
    return read_measured(report(tmp_path, checks, ("platform",)))


def medians(tmp_path: Path, checks: dict[str, dict[str, Any]], link: str = "as-probed") -> dict[str, float]:
    drawn = drawn_platform_parameters(measured(tmp_path, checks), link, 2000, 1)
    return {name: float(np.median(values)) for name, values in drawn.items()}


def test_more_late_removals_mean_a_longer_lag(tmp_path: Path) -> None:
    lags = [medians(tmp_path, {TWO_DAYS: sampled(failures)})["takedown_lag"] for failures in (0, 6, 30, 54)]
    assert lags == sorted(lags)
    assert lags[2] == pytest.approx(2.0 / np.log(2), rel=0.1)


def test_the_slowest_failing_check_sets_the_lag_or_else_the_tightest_limit(tmp_path: Path) -> None:
    both_pass = medians(tmp_path, {TWO_DAYS: sampled(0), THREE_HOURS: sampled(0)})["takedown_lag"]
    assert both_pass == pytest.approx(medians(tmp_path, {THREE_HOURS: sampled(0)})["takedown_lag"], rel=1e-9)
    one_fails = medians(tmp_path, {TWO_DAYS: sampled(30), THREE_HOURS: sampled(0)})["takedown_lag"]
    assert one_fails > 1.0 > both_pass


def test_the_weakest_check_sets_misses_and_review_counts_for_over_removal(tmp_path: Path) -> None:
    checks = {MISSING[0]: sampled(0), MISSING[2]: sampled(30), OVER_REMOVING[0]: sampled(0, reviews=15)}
    found = medians(tmp_path, checks)
    assert found["misses"] == pytest.approx(0.5, abs=0.03)
    assert found["over_removes"] == pytest.approx(0.25, abs=0.03)
    assert "takedown_lag" not in found


def test_outcomes_of_one_platform_are_read_from_the_log() -> None:
    seed, draw = 7, compiled().uniform
    share = SCENARIO.platforms[0].share
    first = next(k for k in range(100) if draw(seed, 3, Purpose.PLATFORM, k) < share)
    other = next(k for k in range(100) if draw(seed, 3, Purpose.PLATFORM, k) >= share)
    spread, removed, faded = int(Kind.COPIES_SPREAD), int(Kind.COPIES_REMOVED), int(Kind.COPIES_FADED)
    rows = [
        (10.0, spread, 3, first << 3, 0, 1.0),
        (11.0, spread, 3, other << 3, 0, 1.0),
        (12.0, int(Kind.COMPLAINT), 3, first << 3, 0, 1.0),
        (13.0, int(Kind.COMPLAINT), 4, 2, 0, 0.0),
        (14.0, removed, 3, first << 3, 0, 1.0),
        (15.0, int(Kind.PLATFORM_FINED), 3, 0, -1, 500.0),
        (15.0, int(Kind.PLATFORM_FINED), 3, 1, -1, 900.0),
        (31.0, faded, 3, other << 3, 0, 1.0),
    ]
    found = platform_outcomes(rows, SCENARIO, 0, seed, 0.0, over_removes=0.5)
    assert found == {
        "copies": 1.0,
        "taken_down": 1.0,
        "life": 4.0,
        "over_removed": pytest.approx(0.5 * share),
        "fines": 500.0,
    }
    second = platform_outcomes(rows, SCENARIO, 1, seed, 0.0)
    assert (second["copies"], second["taken_down"], second["life"]) == (1.0, 0.0, 20.0)
    assert platform_outcomes(rows, SCENARIO, 0, seed, 20.0)["copies"] == 0


def forecast_of(tmp_path: Path) -> ActorForecast:
    """A forecast with invented outcomes, for its page."""
    found = measured(tmp_path, {TWO_DAYS: sampled(6), MISSING[0]: sampled(20), OVER_REMOVING[0]: sampled(3)})
    futures = [
        ActorFuture(name, pd.DataFrame({outcome: [1.0 + place, 2.0] for outcome in PLATFORM_OUTCOMES}))
        for place, name in enumerate((*LINKS, TYPICAL))
    ]
    ends = {"takedown_lag": (0.9, 0.7, 1.1), "misses": (0.3, 0.2, 0.4), "over_removes": (0.05, 0.01, 0.1)}
    parameters = dict.fromkeys(LINKS, ends)
    return ActorForecast(
        PLATFORM_ROLE, found, SCENARIO, "platform-a", 365.0, "as-probed", 1, 2, parameters, tuple(futures)
    )


def test_a_forecast_is_written_as_tables_and_as_a_page(tmp_path: Path) -> None:
    found = forecast_of(tmp_path)
    assert [row[0] for row in parameter_rows(found).rows] == [title for title, _ in found.titles.values()]
    assert len(outcome_rows(found).rows) == len(PLATFORM_OUTCOMES)
    assert forecast_notes(found)
    page = render_actor_page(found, "platform", "shenhe forecast platform.json")
    for words in (
        "What was measured",
        "What follows",
        "Share of reported copies that stay",
        "6 of 60",
        "random sample",
    ):
        assert words in page
    assert "a copy stays" in actor_summary(found, "platform")
    assert "<script src" not in page


def test_shares_of_a_forecast_end_at_one_and_notes_are_plain(tmp_path: Path) -> None:
    found = forecast_of(tmp_path)
    shares = pd.DataFrame({outcome: [1.0, 1.0, 1.0, 0.0] for outcome in PLATFORM_OUTCOMES})
    found = found._replace(futures=tuple(each._replace(runs=shares) for each in found.futures))
    removed = next(row for row in outcome_rows(found).rows if row[0] == "Of these taken down")
    assert removed[2].endswith("to 100 %")
    missing = found._replace(parameters={name: {"misses": (0.3, 0.2, 0.4)} for name in LINKS})
    notes = " ".join(forecast_notes(missing))
    assert "so as in the scenario: Mean days from report to removal" in notes
    assert "`" not in notes
    assert english_left(render_actor_page(missing, "platform", "shenhe forecast", "zh"), "shenhe", "platform-a") == []


def test_a_name_in_a_report_is_escaped_on_the_page(tmp_path: Path) -> None:
    found = forecast_of(tmp_path)
    found = found._replace(measured=found.measured._replace(name="<img src=x onerror=alert(1)>"))
    assert "<img src=x" not in render_actor_page(found, "platform", "shenhe")


@pytest.mark.slow
def test_a_forecast_differs_from_the_scenario_by_the_measured_platform_only(tmp_path: Path) -> None:
    small = SCENARIO.model_copy(update={"population": SCENARIO.population.model_copy(update={"scale": 0.01})})
    found = forecast_platform(measured(tmp_path, {MISSING[0]: sampled(60)}), small, days=200.0, replications=2)
    assert [each.name for each in found.futures][-1] == TYPICAL
    assert found.in_place_of == max(small.platforms, key=lambda each: each.share).name
    assert found.unmeasured == ["takedown_lag", "over_removes"]
    probed = next(each for each in found.futures if each.name == "as-probed")
    typical = found.futures[-1]
    assert probed.mean("taken_down")[0] < typical.mean("taken_down")[0]
    assert probed.mean("life")[0] > typical.mean("life")[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"platform": "platform-z"}, "expected one of: platform-a"),
        ({"link": "guess"}, "expected one of: edges-are-rare"),
        ({"days": 0.0}, "more than 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match=message):
        forecast_platform(measured(tmp_path, {TWO_DAYS: sampled(0)}), SCENARIO, **options)


def test_a_report_without_a_measured_parameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match="expected one"):
        forecast_platform(measured(tmp_path, {"rules_are_published": sampled(0)}), SCENARIO)


def test_the_checks_of_the_parameters_exist() -> None:
    from shenhe.conformance.checks import all_checks

    assert {*LIMITS, *MISSING, *OVER_REMOVING} <= {check.name for check in all_checks()}


def test_a_forecast_is_of_a_store_or_of_a_platform(tmp_path: Path) -> None:
    path = report(tmp_path, {TWO_DAYS: sampled(0)}, ("platform",))
    both = shenhe("forecast", str(path), "--store", "store-a", "--platform", "platform-a")
    assert both.exit_code == 2
    assert "--store" in both.stderr
    assert json.loads(path.read_text(encoding="utf-8"))["target"]["roles"] == ["platform"]
