"""Each scenario's story makes a claim; it holds with an interval, and there is a setting within range that refutes it."""

from __future__ import annotations

import pytest

from shenhe import scenarios
from shenhe.simulator import ScenarioError, load_scenario
from shenhe.simulator.claims import Reading, judge

STORIES = (
    "campaign-2025", "cn-2025-labeling", "dsa-notices", "eu-ai-act-50", "exit-abroad", "filing-rush-2023",
    "harrington-targeting", "inspector-crunch", "label-sweep-2025-11", "safe-harbour", "scandal", "small-provider-flood",
    "store-neglect", "store-outage", "supporter-failure", "take-it-down-48h", "thin-capital", "turnover-fines", "whack-a-mole",
)  # fmt: skip


def test_every_story_that_makes_a_claim_is_tested() -> None:
    assert [name for name in scenarios.names() if load_scenario(name).claim] == sorted(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_the_claim_holds_and_can_be_refuted(name: str) -> None:
    verdict = judge(load_scenario(name))
    assert verdict.holds, verdict
    assert verdict.can_fail, verdict


def test_a_reading_shows_only_what_its_whole_interval_shows() -> None:
    assert Reading(1.0, 0.5, 1.5).shows("more")
    assert not Reading(1.0, -0.1, 2.1).shows("more")
    assert not Reading(0.0, 0.0, 0.0).shows("more")
    assert not Reading(0.0, 0.0, 0.0).shows("less")
    assert Reading(-1.0, -1.5, -0.5).shows("less")


def test_a_claim_about_nothing_is_refused() -> None:
    with pytest.raises(ScenarioError, match="makes no claim"):
        judge(load_scenario("cn-2023"))
    scenario = load_scenario("campaign-2025")
    assert scenario.claim is not None
    wrong = scenario.model_copy(update={"claim": scenario.claim.model_copy(update={"metric": "happiness"})})
    with pytest.raises(ScenarioError, match="'happiness'"):
        judge(wrong)
