"""The state of the explorer: what it may be, how a link holds it, and the command that says the same."""

from __future__ import annotations

import base64
import itertools
import json
import shlex
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shenhe.cli.main import app
from shenhe.core.errors import ShenheError
from shenhe.reports.explorer.state import (
    MAX_DOCUMENT,
    Policy,
    State,
    StateError,
    changed_scenarios,
    from_json,
    from_link,
)
from shenhe.simulator import ScenarioError, load_scenario


def packed(data: Any) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode().rstrip("=")


def test_a_link_holds_the_whole_state(state: State) -> None:
    again = from_link(state.link())
    assert again.policies == state.policies
    assert [each.hash for each in again.checked()] == [each.hash for each in state.checked()]


def test_a_link_holds_a_scenario_that_does_not_ship() -> None:
    own = load_scenario("cn-2023", {"policy.staff.inspectors": 30}).model_copy(update={"name": "mine"})
    state = State((Policy("mine"), Policy("cn-2023")), documents={"mine": own.model_dump(mode="json")})
    again = from_link(state.link())  # on another machine, where no such file was opened
    assert again.scenario(0).policy.staff.inspectors == 30
    assert len(state.link()) < 10_000


def test_a_link_of_another_version_is_noticed(state: State) -> None:
    data = state.to_json() | {"hashes": {"cn-2023": "0" * 12}}
    assert changed_scenarios(from_json(data)) == ["cn-2023"]
    assert changed_scenarios(from_link(state.link())) == []


@given(st.text(max_size=300))
def test_no_text_of_a_link_does_harm(text: str) -> None:
    with pytest.raises(StateError):
        from_link(text)


BAD: list[Any] = [
    None,
    [],
    {"policies": []},
    {"policies": [{"scenario": "cn-2023", "set": {}}] * 5},
    {"policies": [{"scenario": "../../etc/passwd", "set": {}}]},
    {"policies": [{"scenario": "/etc/passwd.yaml", "set": {}}]},
    {"policies": [{"scenario": "cn-2023", "set": {"policy.staff.inspectors": {"a": 1}}}]},
    {"policies": [{"scenario": "cn-2023", "set": {str(k): 1 for k in range(201)}}]},
    {"policies": [{"scenario": "cn-2023", "set": {}}], "replications": 10**9},
    {"policies": [{"scenario": "cn-2023", "set": {}}], "size": 1000},
    {"policies": [{"scenario": "cn-2023", "set": {}}], "seed": -1},
]


@pytest.mark.parametrize("data", BAD)
def test_states_that_cannot_be_are_refused(data: Any) -> None:
    with pytest.raises(StateError):
        from_link(packed(data))


def test_a_link_that_unpacks_to_much_is_refused() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * (MAX_DOCUMENT * 50))).decode()
    assert len(bomb) < 64_000
    with pytest.raises(StateError, match="at most"):
        from_link(bomb)


def test_a_document_in_a_link_reads_no_file(tmp_path: Path) -> None:
    """``extends`` of a scenario file names another file; inside a link it is no field of a scenario."""
    other = tmp_path / "other.yaml"
    other.write_text("name: x", encoding="utf-8")
    document = load_scenario("cn-2023").model_dump(mode="json") | {"extends": str(other)}
    state = from_link(packed({"policies": [{"scenario": "mine", "set": {}}], "documents": {"mine": document}}))
    with pytest.raises(ScenarioError, match="extends"):
        state.scenario(0)


def test_a_lever_moved_back_is_no_change(state: State) -> None:
    moved = state.changed(0, "policy.referral", 0.5)
    assert dict(moved.policies[0].changes) == {"policy.referral": 0.5}
    assert moved.changed(0, "policy.referral", 0.002) == state


def test_a_lever_that_would_be_rounded_is_refused(state: State) -> None:
    with pytest.raises(ScenarioError, match="rounded"):
        state.changed(1, "policy.staff.inspectors", 81).checked()


def test_runs_without_bounds_are_refused() -> None:
    with pytest.raises(StateError, match="smaller market"):
        State((Policy("cn-2023"), Policy("cn-2023")), size=1.0, replications=200).checked()


def test_the_command_makes_the_same_scenarios(state: State) -> None:
    words = shlex.split(state.commands()[0])
    assert words[:2] == ["shenhe", "compare"]
    result = CliRunner().invoke(app, [*words[1:], "--replications", "2", "--engine", "simpy", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [told["a"]["scenario_hash"], told["b"]["scenario_hash"]] == [each.hash for each in state.checked()]


def test_the_command_of_one_policy_simulates_it() -> None:
    state = State((Policy("cn-2023", {"policy.staff.triage": "severity", "policy.appeals.suspensive": True}),))
    words = shlex.split(state.commands()[0])
    assert words[:3] == ["shenhe", "simulate", "cn-2023"]
    sets = dict(text.split("=") for word, text in itertools.pairwise(words) if word == "--set")
    assert sets == {
        "population.scale": "0.1",
        "policy.staff.triage": '"severity"',
        "policy.appeals.suspensive": "true",
    }


def test_policies_come_and_go(state: State) -> None:
    three = state.with_one_more(1)
    assert three.policies[2] == state.policies[1]
    assert three.without(2) == state
    with pytest.raises(ShenheError):
        replace(state, policies=())
