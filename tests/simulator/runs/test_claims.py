"""Each scenario's story makes a claim; it holds with an interval, and there is a setting within range that refutes
it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shenhe import scenarios
from shenhe.simulator import RunError, ScenarioError, compare, load_scenario, simulate
from shenhe.simulator.runs import comparison
from shenhe.simulator.runs.intervals import mean_interval
from shenhe.simulator.validation.claims import ClaimReading, judge

from ...command_line import shenhe

STORIES = (
    "campaign-2025",
    "cn-2025-labeling",
    "dsa-notices",
    "eu-ai-act-50",
    "exit-abroad",
    "filing-rush-2023",
    "harrington-targeting",
    "inspector-crunch",
    "label-sweep-2025-11",
    "safe-harbour",
    "scandal",
    "small-provider-flood",
    "store-neglect",
    "store-outage",
    "supporter-failure",
    "take-it-down-48h",
    "thin-capital",
    "whack-a-mole",
)

DOCS = Path(__file__).parents[3] / "docs" / "scenarios.md"


def test_every_story_that_makes_a_claim_is_tested() -> None:
    assert [name for name in scenarios.names() if load_scenario(name).claim] == sorted(STORIES)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.costly
def test_the_claim_holds_and_can_be_refuted(name: str) -> None:
    verdict = judge(load_scenario(name))
    assert verdict.holds, verdict.claimed
    assert verdict.can_fail, verdict.refuted


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_the_claim_holds_and_can_be_refuted_for_several_seeds(name: str) -> None:
    verdict = judge(load_scenario(name), replications=12, seeds=(1, 2, 3))
    assert verdict.holds, verdict.claimed
    assert verdict.can_fail, verdict.refuted


@pytest.mark.parametrize("name", STORIES)
def test_the_documentation_states_the_claims(name: str) -> None:
    claim = load_scenario(name).claim
    assert claim is not None
    row = next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |"))
    assert claim.text in row
    assert f"`{claim.metric}`" in row
    assert next(iter(claim.refuted_by)) in row


def test_a_claim_needs_its_whole_interval() -> None:
    claim = load_scenario("campaign-2025").claim
    assert claim is not None

    def shows(low: float, high: float, direction: str, by: float) -> bool:
        return ClaimReading(1, 0.0, 0.0, 0.0, low, high).shows(
            claim.model_copy(update={"direction": direction, "by": by})
        )

    assert shows(0.5, 1.5, "more", 0.4)
    assert not shows(0.5, 1.5, "more", 0.6)
    assert not shows(-0.1, 2.1, "more", 0.0)
    assert not shows(0.0, 0.0, "more", 0.0)
    assert not shows(0.0, 0.0, "less", 0.0)
    assert shows(-1.0, -0.5, "less", 0.4)
    assert not shows(-1.0, -0.3, "less", 0.4)
    assert not shows(float("nan"), float("nan"), "more", 0.0)


def test_a_relative_change_is_a_ratio_of_means_with_its_interval() -> None:
    before, after = np.array([10.0, 12.0, 8.0, 10.0]), np.array([15.0, 18.0, 12.0, 15.0])
    assert comparison._ratio(after - before, before) == pytest.approx((0.5, 0.5, 0.5))
    # Against what does not vary, the jackknife is Student's t of the mean.
    above, constant = np.array([1.0, 2.0, 3.0, 2.0]), np.full(4, 10.0)
    mean, low, high, _ = mean_interval(above / 10.0)
    assert comparison._ratio(above, constant) == pytest.approx((mean, low, high))
    assert np.isnan(comparison._ratio(above, np.zeros(4))).all()
    assert np.isnan(comparison._ratio(above[:1], constant[:1])).all()


def test_no_change_of_nothing_is_zero_and_some_against_none_has_no_ratio() -> None:
    small = {"population.scale": 0.01, "horizon": 600}
    nobody = simulate(load_scenario("no-enforcement", small), 3)
    assert compare(nobody, nobody).relative("fines") == (0.0, 0.0, 0.0)
    assert compare(nobody, nobody).relative("violations") == (0.0, 0.0, 0.0)
    somebody = simulate(load_scenario("cn-2023", small), 3)
    assert np.isnan(compare(nobody, somebody).relative("cases_opened")).all()


def test_a_relative_change_of_a_count_never_falls_below_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm that rests on a few replications gave an interval from -163 %."""
    before, after = np.array([1.0, 1.0, 1.0, 900.0]), np.array([1.0, 1.0, 1.0, 2.0])
    monkeypatch.setattr(comparison.Comparison, "_values", lambda self, metric: (before, after))
    unpaired = object.__new__(comparison.Comparison)
    units = pd.DataFrame({"metric": ["harm", "balance", "compliance"], "unit": ["user-days", "RMB", "share"]})
    object.__setattr__(unpaired, "table", units)
    share, low, high = unpaired.relative("harm")
    assert low == -1.0 <= share <= high
    monkeypatch.setattr(comparison.Comparison, "_values", lambda self, metric: (before, after - 5.0))
    assert unpaired.relative("balance")[1] < -1.0
    shares = np.array([0.7, 0.9, 0.8, 0.8]), np.array([1.0, 1.0, 0.1, 1.0])
    monkeypatch.setattr(comparison.Comparison, "_values", lambda self, metric: shares)
    assert unpaired.relative("compliance")[2] == pytest.approx(0.25)


def test_a_claim_without_an_outcome_is_refused() -> None:
    with pytest.raises(ScenarioError, match="makes no claim"):
        judge(load_scenario("cn-2023"))
    scenario = load_scenario("campaign-2025")
    assert scenario.claim is not None
    wrong = scenario.model_copy(update={"claim": scenario.claim.model_copy(update={"metric": "happiness"})})
    with pytest.raises(ScenarioError, match="'happiness'"):
        judge(wrong)
    with pytest.raises(RunError, match="at least 2"):
        judge(scenario, replications=1)


@pytest.mark.costly
def test_the_command_lists_every_seed_and_fails_for_a_refuted_claim(tmp_path: Path) -> None:
    small = ["--seed", "1", "--seed", "2"]
    good = shenhe("claims", "filing-rush-2023", *small, "--json")
    assert good.exit_code == 0
    (told,) = json.loads(good.stdout)
    assert told["holds"]
    assert told["can_fail"]
    assert [reading["seed"] for reading in told["refuted"]] == [1, 2]
    path = tmp_path / "calm.yaml"
    path.write_text(
        "extends: filing-rush-2023\nname: calm\nclaim: {text: Never so., metric: filing_days, direction: less,"
        " against: {registry.reviewers: 8}, refuted_by: {registry.reviewers: 10}, quick: {population.scale: 0.5}}\n",
        encoding="utf-8",
    )
    bad = shenhe("claims", str(path), *small, "--markdown")
    assert bad.exit_code == 1
    assert "NOT SHOWN" in bad.stdout
