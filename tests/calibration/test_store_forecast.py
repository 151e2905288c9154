"""The forecast of a store: its report sets parameters of a simulated store, with the uncertainty of its counts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shenhe.simulator import load_scenario
from shenhe.simulator.estimation.forecast import TYPICAL
from shenhe.simulator.estimation.measured import ForecastError, read_measured
from shenhe.simulator.estimation.stores import (
    LIMIT,
    PARAMETERS,
    _outcomes,
    drawn_parameters,
    forecast_store,
)
from shenhe.simulator.kernel.eventlog import Kind

ORDERS, FILINGS, REPORTS = (
    checks[0] for _, checks in (PARAMETERS[name] for name in ("obeys_after", "diligence", "over_removes"))
)


def report(tmp_path: Path, checks: dict[str, dict[str, Any]], roles: tuple[str, ...] = ("store",)) -> Path:
    path = tmp_path / "report.json"
    listed = [{"name": name, "behaviour": "takedown", "rules": [], **check} for name, check in checks.items()]
    document = {"format": "shenhe-report", "format_version": 1, "on": "2026-09-01"}
    path.write_text(
        json.dumps({**document, "target": {"name": "S", "roles": roles}, "checks": listed}), encoding="utf-8"
    )
    return path


def sampled(failures: int, reviews: int = 0, judged: int = 60) -> dict[str, Any]:
    verdict = "fail" if failures else "review" if reviews else "pass"
    return {"verdict": verdict, "sample": {"judged": judged, "failures": failures, "reviews": reviews}}


SCENARIO = load_scenario("cn-2023")


def means(tmp_path: Path, checks: dict[str, dict[str, Any]], link: str = "as-probed") -> dict[str, float]:
    drawn = drawn_parameters(read_measured(report(tmp_path, checks)), SCENARIO, link, 2000, 1)
    return {name: float(np.median(values)) for name, values in drawn.items()}


def test_more_late_orders_mean_a_longer_lag(tmp_path: Path) -> None:
    lags = [means(tmp_path, {ORDERS: sampled(failures)})["obeys_after"] for failures in (0, 6, 30, 54)]
    assert lags == sorted(lags)
    assert lags[2] == pytest.approx(LIMIT / math.log(2), rel=0.1)


def test_more_listed_flaws_mean_less_diligence_and_all_refused_the_full_duty(tmp_path: Path) -> None:
    shares = [means(tmp_path, {FILINGS: sampled(failures)})["diligence"] for failures in (0, 20, 50)]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    asked = SCENARIO.policy.stores.checks_filing
    assert shares[1] == pytest.approx((1 - 20 / 60) / asked, rel=0.05)


def test_over_removals_put_to_review_count_as_failures(tmp_path: Path) -> None:
    assert means(tmp_path, {REPORTS: sampled(0, reviews=30)})["over_removes"] == pytest.approx(0.5, abs=0.03)
    assert means(tmp_path, {REPORTS: sampled(0)})["over_removes"] < 0.02


def test_links_order_the_parameters(tmp_path: Path) -> None:
    checks = {ORDERS: sampled(10), REPORTS: sampled(10)}
    rare, probed, hard = (means(tmp_path, checks, link) for link in ("edges-are-rare", "as-probed", "field-is-harder"))
    assert rare["obeys_after"] < probed["obeys_after"] < hard["obeys_after"]
    assert rare["over_removes"] < probed["over_removes"] < hard["over_removes"]


def test_what_the_report_does_not_measure_is_left_to_the_scenario(tmp_path: Path) -> None:
    assert means(tmp_path, {ORDERS: sampled(0)}).keys() == {"obeys_after"}


def test_outcomes_of_one_store_are_read_from_the_log() -> None:
    removal, gone, other = int(Kind.APP_REMOVAL), int(Kind.DELISTED), int(Kind.OVER_REMOVED)
    rows = [
        (10.0, removal, 1, 7, 0, 30.0),
        (10.5, gone, 1, 7, -1, 0.0),
        (13.0, gone, 1, 7, -1, 1.0),
        (20.0, removal, 2, 8, 0, 30.0),
        (23.0, gone, 2, 8, -1, 0.0),
        (30.0, other, 3, 9, -1, 0.0),
        (30.0, gone, 3, 9, -1, 0.0),
        (31.0, int(Kind.LISTING_REFUSED), 4, 0, -1, 0.0),
        (32.0, int(Kind.STORE_FINED), 4, 0, -1, 5000.0),
        (33.0, int(Kind.STORE_FINED), 4, 1, -1, 9000.0),
    ]
    found = _outcomes(rows, 0, 0.0)
    assert found["removed"] == 2
    assert found["lag"] == pytest.approx((0.5 + 3.0) / 2)
    assert found["late"] == 0.5
    assert found["over_removed"] == found["refused"] == 1
    assert found["fines"] == 5000.0
    assert _outcomes(rows, 0, 25.0)["removed"] == 0


@pytest.mark.slow
def test_a_forecast_differs_from_the_scenario_by_the_measured_store_only(tmp_path: Path) -> None:
    small = SCENARIO.model_copy(update={"population": SCENARIO.population.model_copy(update={"scale": 0.01})})
    always = read_measured(report(tmp_path, {REPORTS: sampled(60)}))
    found = forecast_store(always, small, days=200.0, replications=2)
    assert [each.name for each in found.futures][-1] == TYPICAL
    assert found.in_place_of == max(small.stores, key=lambda each: each.share).name
    assert found.unmeasured == ["diligence", "obeys_after"]
    probed = next(each for each in found.futures if each.name == "as-probed")
    typical = found.futures[-1]
    assert probed.mean("over_removed")[0] > typical.mean("over_removed")[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"store": "store-z"}, "expected one of: store-a"),
        ({"link": "guess"}, "expected one of: edges-are-rare"),
        ({"days": 0.0}, "more than 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match=message):
        forecast_store(read_measured(report(tmp_path, {ORDERS: sampled(0)})), SCENARIO, **options)


def test_a_report_without_a_measured_parameter_is_refused(tmp_path: Path) -> None:
    measured = read_measured(report(tmp_path, {"listing_rules_are_published": sampled(0)}))
    with pytest.raises(ForecastError, match="expected one"):
        forecast_store(measured, SCENARIO)
