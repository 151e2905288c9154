"""Every parameter of a scenario is described once, in both languages, with its unit and range."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shenhe import scenarios
from shenhe.cli.main import app
from shenhe.simulator import load_scenario
from shenhe.simulator.levers import described_levers, groups, lever_of, schema_fields, settings
from shenhe.simulator.scenario.policy import PolicyRules
from shenhe.simulator.scenario.schema import Scenario


def test_every_field_of_the_schema_is_described() -> None:
    fields = [path for path, _ in schema_fields(Scenario)]
    assert [path for path in fields if lever_of(path) is None] == []
    assert set(described_levers()) <= set(fields), "a description of a field that is gone"


def test_the_walk_reaches_every_part_of_the_policy() -> None:
    walked = {path.split(".")[1] for path, _ in schema_fields(Scenario) if path.startswith("policy.")}
    assert walked == set(PolicyRules.model_fields)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_lever_has_words_in_each_language(language: str) -> None:
    for lever in described_levers().values():
        for text in (lever.title[language], lever.meaning[language], lever.unit[language]):
            assert text.strip(), lever.path
            assert any("\u4e00" <= character <= "\u9fff" for character in text) == (language == "zh"), lever.path
    assert all(group.title[language] and group.law[language] for group in groups().values())


def test_every_number_has_a_range() -> None:
    for lever in described_levers().values():
        if lever.kind in ("number", "count"):
            assert lever.low is not None, lever.path
            assert lever.high is not None, lever.path
            low, high = lever.usual or (lever.low, lever.high)
            assert lever.low <= low < high <= lever.high, lever.path
            assert high < 1e12, f"{lever.path}: no slider can cover what the schema allows; give it a usual range"


@pytest.mark.parametrize("name", scenarios.names())
def test_every_parameter_of_a_shipped_scenario_has_a_lever(name: str) -> None:
    scenario = load_scenario(name)
    described = {each.path: each for each in settings(scenario)}
    for path, value in scenario.parameters():
        if value not in (None, []):
            assert path in described, path
    inside = [each for each in described.values() if isinstance(each.value, float) and each.lever.low is not None]
    assert all((each.lever.low or 0) <= each.value <= (each.lever.high or 0) for each in inside)


def test_named_ladders_are_described_as_the_common_one() -> None:
    assert lever_of("policy.ladders.csl-69.steps.0.fine.high") is lever_of("policy.ladder.3.fine.high")
    assert lever_of("policy.no-such-lever") is None


def test_settings_mark_what_differs_and_what_was_taken_away() -> None:
    plain = load_scenario("cn-2023")
    changed = load_scenario("cn-2023", {"policy.staff.inspectors": 120})
    assert [(each.path, each.baseline, each.value) for each in settings(changed, plain) if each.differs] == [
        ("policy.staff.inspectors", 80, 120)
    ]
    assert not any(each.differs for each in settings(plain, plain))
    against = {each.path: each for each in settings(plain, load_scenario("cn-reform-2026"))}
    gone = against["policy.ladders.pipl-66.steps.0.deadline"]
    assert gone.differs
    assert gone.value is None


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["levers", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_terminal_shows_value_basis_and_difference() -> None:
    text = " ".join(run("cn-2023", "--set", "policy.staff.inspectors=120", "--changed").split())
    assert "policy.staff.inspectors = 120 ≠ 80" in text
    assert "assumption: staff on deep synthesis is not published" in text
    assert "policy.staff.cost" not in text


def test_json_lists_every_lever_without_a_scenario() -> None:
    listed = json.loads(run("--all", "--json"))
    assert [each["path"] for each in listed] == list(described_levers())


def test_words_are_found_in_either_language() -> None:
    assert "policy.staff.inspectors" in run("cn-2023", "--find", "检查人员", "--lang", "zh")


@pytest.mark.parametrize("words", [["--changed"], ["cn-2023", "--changed"], ["--group", "nothing"], ["--lang", "fr"]])
def test_options_that_cannot_be_met_are_refused(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["levers", *words]).exit_code == 2
