"""Ladders per legal basis: read from the rulebook, changed by its dates, imposed and feared as they stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shenhe.rulebook import load_rulebook
from shenhe.simulator import Run, Scenario, ScenarioError, load_scenario, simulate
from shenhe.simulator.kernel.draws import compiled
from shenhe.simulator.kernel.state import initial_state
from shenhe.simulator.kernel.tabulation import regimes, table
from shenhe.simulator.reference.world import World
from shenhe.simulator.scenario.policy import Step
from shenhe.simulator.validation.audit import discrepancies

from ..scenes import small

REFORM = "cn-reform-2026"


@pytest.fixture(scope="module")
def reform() -> Scenario:
    return load_scenario(REFORM, {"population.scale": 0.02})


def ladder(scenario: Scenario, name: str) -> list[Step]:
    return next(each.steps for each in scenario.policy.ladders if each.name == name)


def test_each_behaviour_is_under_the_penalty_that_its_rule_is_linked_to(reform: Scenario) -> None:
    bases = {str(risk.name): risk.ladder for risk in reform.behaviours}
    assert bases["consent"] == "pipl-66"
    assert bases["real-name"] == "csl-real-name@2017"
    assert bases["prohibited-content"] == "csl-69@2017"
    assert bases["labeling"] is None
    assert {step.penalty for step in reform.policy.ladder} == {"cn-penalties/genai-21"}


def test_amounts_are_those_of_the_rulebook(reform: Scenario) -> None:
    rungs = load_rulebook().penalties["cn-penalties/csl-69@2026"].rungs
    steps = ladder(reform, "csl-69@2026")
    for rung, step in zip(rungs, steps, strict=False):
        assert rung.fine is not None
        assert step.fine is not None
        assert (step.fine.low, step.fine.high) == (rung.fine.minimum, rung.fine.maximum)
        if rung.staff_fine is not None:
            assert step.staff_fine is not None
            assert step.staff_fine.high == rung.staff_fine.maximum
    assert "revocation" in {str(each) for each in steps[-1].sanctions}


def test_a_reform_takes_effect_on_its_day(reform: Scenario) -> None:
    (change,) = reform.changes
    assert change.day == (date(2026, 1, 1) - reform.start).days
    assert set(change.set.values()) == {"csl-69@2026"}
    # The provision on real names was renumbered and is otherwise the same: no reform.
    assert "behaviours.real-name.ladder" not in change.set
    before, after = (regime.policy.reach(regime.behaviours[3].ladder) for _, regime in reform.regimes())
    assert before != after


def test_another_start_finds_the_law_of_its_days() -> None:
    late = load_scenario(REFORM, {"start": date(2026, 2, 1), "horizon": 100.0})
    assert late.changes == []
    assert "csl-69@2026" in {risk.ladder for risk in late.behaviours}


@pytest.mark.parametrize(
    ("penalty", "greatest"),
    [
        ("eu-ai-act-50/penalty-99.4", 15e6 * 7.8),
        ("us-take-it-down/penalty-ftc", 53_088 * 7.2),
        ("kr-2026/penalty-fine", 30e6 * 0.0052),
    ],
)
def test_fines_of_other_markets_are_converted(penalty: str, greatest: float) -> None:
    terms = {"from": "rulebook", "bases": dict.fromkeys(("labeling", "disclosure"), penalty)}
    scenario = load_scenario("eu-ai-act-50", {"policy.ladder": terms, "start": date(2027, 3, 1)})
    (fine,) = [step.fine for step in scenario.policy.steps if step.fine]
    assert fine.high == pytest.approx(greatest)
    assert 0 < fine.low < fine.high


@pytest.mark.parametrize(
    ("ladder", "message"),
    [
        ({"from": "rulebook"}, "found no ladder for the rule cn-dsp-2023/17.1.3; it refers to .*bases.labeling"),
        ({"from": "rulebook", "bases": {"labeling": "cn-penalties/nothing"}}, "no penalty of the rulebook"),
        ({"from": "rulebook", "bases": {"labeling": "cn-dsp-2023/penalty-22"}}, "which has no steps"),
        ({"from": "rulebook", "deadline": -1}, "policy.ladder.deadline: found -1"),
        ({"from": "law"}, "policy.ladder.from"),
        ({"from": "rulebook", "bases": {"labeling": "cn-penalties/csl-69@2017"}}, "not in force between 2030"),
    ],
)
def test_a_penalty_without_a_ladder_is_refused(ladder: dict[str, Any], message: str) -> None:
    start = {"start": date(2030, 1, 1)} if "2030" in message else {}
    with pytest.raises(ScenarioError, match=message):
        load_scenario("cn-2023", {"policy.ladder": ladder, **start})


def test_a_ladder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="found the ladder 'law', expected one of policy.ladders: none"):
        load_scenario("cn-2023", {"behaviours.consent.ladder": "law"})


WARNING: dict[str, Any] = {"sanctions": ["warning"], "penalty": "cn-penalties/genai-21"}
HARSH: dict[str, Any] = {
    "sanctions": ["fine", "staff-fine", "confiscation", "public-notice"],
    "penalty": "cn-penalties/pipl-66",
    "fine": {"low": 50_000.0, "high": 50_000.0},
    "staff_fine": {"low": 10_000.0, "high": 10_000.0},
    "confiscates": 0.5,
    "publicity": 3.0,
}


def two_laws(step: dict[str, Any], **changes: Any) -> Scenario:
    return small(
        policy__ladder=[WARNING],
        policy__ladders=[{"name": "law", "steps": [step]}],
        behaviours__consent__ladder="law",
        behaviours__consent__rate=20.0,
        policy__detection__complaints_taken_up=1.0,
        policy__referral=0.0,
        **changes,
    )


def under_two_laws(step: dict[str, Any], **changes: Any) -> Run:
    return simulate(two_laws(step, **changes), 3, 7)


def test_only_behaviours_with_a_ladder_are_sanctioned_under_it() -> None:
    run = under_two_laws(HARSH)
    events = run.events
    sanctioned = events[events["kind"] == "sanctioned"]
    assert set(sanctioned["rule"]) == {"cn-penalties/genai-21", "cn-penalties/pipl-66"}
    fined = events[events["kind"] == "fine"]
    upheld = events[events["kind"] == "upheld"].set_index(["replication", "provider", "case"])["rule"]
    assert len(fined) > 5
    for row in fined.itertuples():
        assert upheld[(row.replication, row.provider, row.case)] == "cn-dsp-2023/14.2"
    assert discrepancies(run) == []


def test_persons_are_fined_and_gains_confiscated() -> None:
    run = under_two_laws(HARSH)
    kinds = run.events.groupby("kind", observed=True).size()
    assert kinds["fine"] == kinds["staff-fined"] == kinds["confiscated"] == kinds["published"]
    assert run.outcomes["staff_fines"].sum() == pytest.approx(10_000 * kinds["staff-fined"])
    gains = {item.name: item.gain for item in run.scenario.population.classes}
    sizes = run.providers.set_index(["replication", "provider"])["size_class"]
    for row in run.events[run.events["kind"] == "confiscated"].itertuples():
        assert row.value == pytest.approx(0.5 * gains[sizes[(row.replication, row.provider)]])


def feared(step: dict[str, Any], **changes: Any) -> float:
    """What a provider of the first class fears of a sanction for lack of consent."""
    scenario = two_laws(step, **changes)
    draws, numbers = compiled(), regimes(scenario)
    world = World(initial_state(scenario, numbers[0][1], draws, 5), numbers, draws, 5, keep_log=False)
    place = [str(risk.name) for risk in scenario.behaviours].index("consent")
    return world.deterrence.fear(0, place, 0.1)


def test_each_measure_is_feared() -> None:
    without = {key: value for key, value in HARSH.items() if key not in ("staff_fine", "confiscates")}
    fine = {**without, "sanctions": ["fine", "public-notice"]}
    persons = {**fine, "sanctions": ["fine", "staff-fine", "public-notice"], "staff_fine": HARSH["staff_fine"]}
    gains = {**fine, "sanctions": ["fine", "confiscation", "public-notice"], "confiscates": 0.5}
    assert feared(persons) > feared(fine) > 0
    assert feared(gains) > feared(fine)
    assert feared(persons, response__staff_weight=5.0) > feared(persons)
    assert feared(persons, response__staff_weight=0.0) == feared(fine)


def test_a_notice_teaches_others() -> None:
    """With the weight of peers at nothing a notice changes nothing; with some, others know more of the sanction."""
    quiet = {**HARSH, "publicity": 1.0}
    alone = {"response__peer_weight": 0.0}
    assert under_two_laws(HARSH, **alone).outcomes.equals(under_two_laws(quiet, **alone).outcomes)
    loud, calm = (under_two_laws(step).outcomes["violations"].sum() for step in ({**HARSH, "publicity": 40.0}, quiet))
    assert loud < calm


def test_one_ladder_by_name_is_the_common_ladder() -> None:
    """A market in which every behaviour names a copy of the common ladder is the same market."""
    plain = small()
    steps = [step.model_dump(mode="json") for step in plain.policy.ladder]
    named = {f"behaviours__{risk.name}__ladder": "copy" for risk in plain.behaviours}
    copied = small(policy__ladders=[{"name": "copy", "steps": steps}], policy__fine_on="first-violation", **named)
    # Both first steps are without a fine, so that it does not matter from when on it is imposed.
    one, other = (simulate(each, 2, 3).outcomes for each in (plain, copied))
    assert one.equals(other)


def test_places_and_ends_of_steps() -> None:
    numbers = table(load_scenario(REFORM, {"population.scale": 0.02})).steps
    assert int(numbers.ends.sum()) == 6
    assert [int(place) for place in numbers.place[:6]] == [0, 1, 0, 1, 2, 3]
