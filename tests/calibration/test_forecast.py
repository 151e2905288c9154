"""``shenhe forecast``: counts to posteriors, posteriors to a market, and what a repair changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shenhe.simulator import load_scenario
from shenhe.simulator.estimation.forecast import LINKS, TYPICAL, Assumed, drawn_rates, forecast, in_the_field
from shenhe.simulator.estimation.measured import INDEPENDENT, ForecastError, posterior, read_measured

from ..command_line import shenhe


def check(name: str, behaviour: str, verdict: str, decided: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "level": "core",
        "behaviour": behaviour,
        "rules": [f"cn-dsp-2023/{name}"],
        "verdict": verdict,
        "probes": {"decided": decided, "sent": 99},
        **more,
    }


def write(folder: Path, *checks: dict[str, Any], **more: Any) -> Path:
    document = {
        "format": "shenhe-report",
        "format_version": 1,
        "on": "2026-01-01",
        "target": {"name": "P"},
        "checks": checks,
        **more,
    }
    path = folder / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_counts_come_from_the_sample_where_there_is_one(tmp_path: Path) -> None:
    sample = {"drawn": 60, "judged": 58, "failures": 7, "undecided": 2, "upper95": 0.2, "excludes": ""}
    measured = read_measured(
        write(
            tmp_path,
            check("a", "labeling", "fail", 12, sample=sample),
            check("b", "labeling", "pass", 500),
            check("c", "consent", "pass", 3),
            check("d", "consent", "fail", 40),
            check("e", "takedown", "inconclusive", 9),
            check("f", "takedown", "pass", 0),
        )
    )
    counts = {each.check: (each.failures, each.judged, each.independent) for each in measured.evidence}
    assert counts == {"a": (7, 58, True), "b": (0, INDEPENDENT, False), "c": (0, 3, False), "d": (1, 1, False)}
    assert measured.unmeasured == ("e", "f")
    assert [each.check for each in measured.failing] == ["a", "d"]
    assert measured.evidence[0].posterior == posterior(7, 58) == (7.5, 51.5)


def test_a_failure_found_by_the_search_counts_though_the_sample_missed_it(tmp_path: Path) -> None:
    sample = {"drawn": 60, "judged": 60, "failures": 0, "undecided": 0, "upper95": 0.05, "excludes": ""}
    measured = read_measured(write(tmp_path, check("a", "labeling", "fail", 12, sample=sample)))
    assert (measured.evidence[0].failures, measured.evidence[0].judged) == (1, 60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not json", "expected a report of shenhe check"),
        ("{}", "format"),
        (
            '{"format": "shenhe-report", "format_version": 2, "on": "x", "target": {"name": "P"}, "checks": []}',
            "format_version",
        ),
        (
            '{"format": "shenhe-report", "format_version": 1, "on": "2026-01-31", "target": {"name": "P"}, "checks": []}',
            "expected at least one",
        ),
    ],
)
def test_a_forecast_names_the_file_that_is_not_a_report(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(ForecastError, match=expected) as caught:
        read_measured(path)
    assert str(path) in str(caught.value)
    with pytest.raises(ForecastError, match="cannot be read"):
        read_measured(tmp_path / "absent.json")


def test_a_link_multiplies_the_odds() -> None:
    rates = in_the_field(np.array([0.0, 0.2, 0.5]), 3.0)
    assert rates == pytest.approx([0.0, 0.75 / 1.75, 0.75])
    assert in_the_field(rates, 1 / 3.0) == pytest.approx([0.0, 0.2, 0.5])


def test_rates_follow_their_posterior_and_its_reading(tmp_path: Path) -> None:
    sample = {"judged": 100, "failures": 40}
    measured = read_measured(
        write(tmp_path, check("a", "labeling", "fail", 9, sample=sample), check("b", "labeling", "pass", 50))
    )

    def drawn(occasions: str, link: str = "as-probed", repaired: str | None = None) -> Any:
        return drawn_rates(measured, ["labeling", "consent"], Assumed(link, occasions), 4000, (1,), repaired)

    weakest, one = drawn("weakest-check"), drawn("one-check")
    assert set(weakest) == {"labeling"}
    a, b = posterior(40, 100)
    assert weakest["labeling"].mean() == pytest.approx(a / (a + b), abs=0.005)
    assert one["labeling"].mean() == pytest.approx((a / (a + b) + 0.5 / (INDEPENDENT + 1)) / 2, abs=0.005)
    assert (drawn("weakest-check", "edges-are-rare")["labeling"] < weakest["labeling"]).all()
    assert (drawn("weakest-check", repaired="a")["labeling"] <= weakest["labeling"]).all()


@pytest.fixture
def scenario() -> Any:
    """A market where what fails is met with: frequent inspections, and fines at the first breach."""
    return load_scenario(
        "cn-2022-draft",
        {
            "population.scale": 0.02,
            "horizon": 500,
            "policy.detection.inspection_rate": 2.0,
            "policy.detection.inspection_ceiling": 32,
        },
    )


@pytest.mark.costly
def test_failing_is_dearer_than_passing_and_a_repair_saves(tmp_path: Path, scenario: Any) -> None:
    bad = {"sample": {"judged": 50, "failures": 50}}
    good = {"sample": {"judged": 2000, "failures": 0}}
    behaviours = [str(risk.name) for risk in scenario.behaviours if risk.rate]
    passing = [check(f"p{k}", name, "pass", 50, **good) for k, name in enumerate(behaviours)]
    failing = [
        check("text", "labeling", "fail", 50, **bad),
        *[each for each in passing if each["behaviour"] != "labeling"],
    ]
    options: dict[str, Any] = {"days": 400.0, "replications": 8, "size_class": "small"}
    one = forecast(read_measured(write(tmp_path, *passing)), scenario, **options)
    two = forecast(read_measured(write(tmp_path, *failing)), scenario, **options)
    assert one.main.mean("sanctioned")[0] < two.main.mean("sanctioned")[0]
    assert one.main.mean("cost")[0] < two.main.mean("cost")[0]
    assert one.drivers == ()
    (driver,) = two.drivers
    assert driver.evidence.check == "text"
    assert driver.sanctions[1] > 0
    # All that is wrong with it is the one check: without it, it fares as the one that passes.
    assert two.main.mean("sanctions")[0] - driver.sanctions[0] == pytest.approx(one.main.mean("sanctions")[0], abs=0.1)
    assert [future.name for future in two.futures] == [*LINKS, "as-probed, one-check", TYPICAL]


def test_impossible_forecasts_are_refused(tmp_path: Path, scenario: Any) -> None:
    measured = read_measured(write(tmp_path, check("a", "labeling", "pass", 50)))
    for options, message in (
        ({"size_class": "tiny"}, "expected one of: small"),
        ({"link": "hope"}, "as-probed"),
        ({"occasions": "all"}, "weakest-check"),
        ({"days": 501.0}, "horizon"),
    ):
        with pytest.raises(ForecastError, match=message):
            forecast(measured, scenario, **options)


def test_the_command_prints_the_same_forecast_each_time_and_writes_a_page(tmp_path: Path) -> None:
    checks = (
        check("text_<b>", "labeling", "fail", 50),
        check("ok", "consent", "pass", 50),
        check("who", "age-gate", "pass", 5),
    )
    path = write(tmp_path, *checks)
    small = ["--set", "population.scale=0.01", "--set", "horizon=400", "--days", "200", "-n", "2"]
    page = tmp_path / "page.html"
    first = shenhe("forecast", str(path), *small, "--json", "--out", str(page))
    assert first.exit_code == 0
    document = json.loads(first.stdout)
    assert document["futures"]["as-probed"]["sanctions"]["mean"] >= 0
    assert document["rates"]["as-probed"]["labeling"]["lo95"] < document["rates"]["as-probed"]["labeling"]["hi95"]
    assert json.loads(shenhe("forecast", str(path), *small, "--json").stdout) == document
    text = page.read_text(encoding="utf-8")
    assert "text_<b>" not in text
    assert "age-gate" in text
    assert str(tmp_path) not in text
    told = shenhe("forecast", str(path), *small).stdout
    assert "Not measured" in told
    assert "Sanctions" in told
    assert "criminal prosecution" in " ".join(told.split()), "what the cost leaves out"
    assert "criminal prosecution" in text
