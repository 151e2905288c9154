"""The engines agree on random scenarios; the scenarios leave no lever out; a fault in an engine is found where it
is.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shenhe.simulator import Scenario, load_scenario, simulate
from shenhe.simulator.kernel.eventlog import Kind
from shenhe.simulator.kernel.replication import Replication
from shenhe.simulator.kernel.sameness import differing_fields
from shenhe.simulator.reference import world
from shenhe.simulator.reference.enforcement import casework
from shenhe.simulator.reference.engine import replicate
from shenhe.simulator.reference.hook import Hook
from shenhe.simulator.runs import engines
from shenhe.simulator.runs.divergence import cut_at, divergence, explained
from shenhe.simulator.runs.engines import Engine, EngineError, choose, expected_events, replicate_on, using
from shenhe.simulator.runs.run import rule_names

from ...command_line import shenhe
from ..engines_agree import one
from ..random_scenarios import random_scenario

SAMPLE = 60


@pytest.mark.parametrize("first", range(0, SAMPLE, 20))
def test_engines_agree_on_a_sample_of_random_scenarios(first: int) -> None:
    compared = [one(number) for number in range(first, first + 20)]
    assert {entry.name: entry.different for entry in compared if entry.different} == {}
    assert sum(entry.rows for entry in compared) > 4000
    assert {entry.clock for entry in compared} == {"continuous", "daily", "weekly"}


@pytest.fixture(scope="module")
def many() -> list[Scenario]:
    return [random_scenario(number) for number in range(300)]


@pytest.mark.costly
def test_random_scenarios_move_every_lever(many: list[Scenario]) -> None:
    values: dict[str, set[str]] = defaultdict(set)
    changed: set[str] = set()
    for scenario in many:
        names = _names(scenario)
        for path, value in scenario.parameters():
            values[_lever(path, names)].add(str(value))
        changed |= {_lever(path, names) for change in scenario.changes for path in change.set}
    fixed = {lever for lever, found in values.items() if len(found) < 2 and not lever.startswith("changes")}
    # Lists without entries and steps without a fine; the date is for people alone.
    empty = {"stores", "platforms", "failures", "policy.authorities", "policy.ladders"}
    without = {"policy.ladder.*.fine", "policy.ladder.*.staff_fine"}
    without |= {path.replace("policy.ladder.", "policy.ladders.*.steps.") for path in without}
    assert fixed == {"start", *empty, *without}
    assert len(changed) > 90


def _names(scenario: Scenario) -> set[str]:
    parts = (
        scenario.population.classes,
        scenario.behaviours,
        scenario.stores,
        scenario.platforms,
        scenario.policy.authorities,
        scenario.policy.ladders,
    )
    return {str(item.name) for part in parts for item in part}


def _lever(path: str, names: set[str]) -> str:
    return ".".join("*" if step in names or step.isdecimal() else step for step in path.split("."))


@pytest.mark.costly
def test_random_scenarios_meet_every_kind_of_event(many: list[Scenario]) -> None:
    met = {row[1] for scenario in many[:150] for row in replicate(scenario, 1, 0).rows}
    # UNFILED is never logged; forgiveness and budgets that are renewed are too rare for every sample.
    assert set(Kind) - met <= {Kind.UNFILED, Kind.FORGIVEN, Kind.BUDGET_RENEWED}


def test_random_scenarios_are_the_same_ones_every_time() -> None:
    assert random_scenario(7).hash == random_scenario(7).hash != random_scenario(8).hash


@pytest.fixture(scope="module")
def market() -> Scenario:
    return load_scenario("cn-2023", {"population.providers": 40, "population.arrivals": [[0, 1.0]], "horizon": 500.0})


def test_a_replication_is_the_beginning_of_a_longer_one(market: Scenario) -> None:
    whole, part = replicate(market, 1, 0), replicate(cut_at(market, 100.0), 1, 0)
    begun = [row for row in whole.rows if row[0] < 100.0]
    assert [row for row in part.rows if row[1] != Kind.OCCASION] == begun
    assert len(begun) > 100


def test_engines_agree_with_changes_failures_and_any_lever() -> None:
    for number in range(40):
        scenario = random_scenario(number)
        horizon = 0.4 * scenario.horizon
        whole, part = replicate(scenario, 1, number), replicate(cut_at(scenario, horizon), 1, number)
        assert [row for row in part.rows if row[1] != Kind.OCCASION] == [
            row for row in whole.rows if row[0] < horizon
        ], number


def test_a_fault_in_an_engine_is_found_at_its_moment(market: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that takes every serious breach for a light one parts at the first serious one that is sanctioned."""

    def sound(horizon: float) -> Replication:
        return replicate(cut_at(market, horizon), 1, 0)

    def faulty(horizon: float) -> Replication:
        with monkeypatch.context() as patch:
            true = casework.step_on_ladder
            patch.setattr(casework, "step_on_ladder", lambda strikes, serious, steps: true(strikes, False, steps))
            return sound(horizon)

    found = divergence(sound, faulty, market)
    assert found is not None
    assert found.row is not None
    rows = sound(market.horizon).rows, faulty(market.horizon).rows
    first = next(place for place, (a, b) in enumerate(zip(*rows, strict=False)) if a != b)
    assert found.row == first
    assert found.day == math.nextafter(rows[0][first][0], math.inf)
    assert found.provider == rows[0][first][2]
    assert found.around[0][first - found.first] == rows[0][first]
    assert found.around[1][first - found.first] == rows[1][first]
    text = explained(found, rule_names(market))
    assert "sanctioned" in text
    assert f"provider {found.provider} at that moment" in text
    assert divergence(sound, sound, market) is None


def test_a_fault_that_no_row_shows_is_found_too(market: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm is a number beside the log: an engine that books it wrongly writes the same rows."""
    true = world.World.accrue

    def wrong(this: world.World, p: int) -> None:
        true(this, p)
        if p == 7 and this.env.now > 200.0:
            this.state.harm[p] += 1.0

    def faulty(horizon: float) -> Replication:
        with monkeypatch.context() as patch:
            patch.setattr(world.World, "accrue", wrong)
            return replicate(cut_at(market, horizon), 1, 0)

    found = divergence(lambda horizon: replicate(cut_at(market, horizon), 1, 0), faulty, market)
    assert found is not None
    assert (found.row, found.provider) == (None, 7)
    assert 200.0 < found.day < 300.0
    assert "harm" in {entry.field for entry in found.differences}


def test_auto_takes_the_compiled_engine_for_little_once_it_has_run(
    market: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_loaded", threading.Event())
    replicate_on(Engine.SIMPY, market, 1, 0)
    assert choose("auto", [(market, 1)]) is Engine.SIMPY
    replicate_on(Engine.COMPILED, market, 1, 0)
    assert choose("auto", [(market, 1)]) is Engine.COMPILED
    assert choose("simpy", [(market, 1)]) is Engine.SIMPY
    assert choose("auto", [(market, 1)], Hook()) is Engine.SIMPY


def test_zero_and_minus_zero_are_not_the_same(market: Scenario) -> None:
    a, b = replicate(market, 1, 0), replicate(market, 1, 0)
    assert differing_fields(a, b) == []
    b.state.fines[0] = -0.0
    a.state.fines[0] = 0.0
    assert differing_fields(a, b) == ["state.fines"]


def test_auto_takes_simpy_for_little_and_the_compiled_engine_for_much(
    market: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_loaded", threading.Event())
    assert choose("auto", [(market, 1)]) is Engine.SIMPY
    assert choose("auto", [(market, 100_000)]) is Engine.COMPILED
    assert choose("simpy", [(market, 100_000)]) is Engine.SIMPY
    assert choose("compiled", [(market, 1)]) is Engine.COMPILED
    with using("simpy"):
        assert choose(None, [(market, 100_000)]) is Engine.SIMPY
        assert choose("compiled", [(market, 1)]) is Engine.COMPILED


def test_a_policy_in_python_runs_only_on_simpy(market: Scenario) -> None:
    assert choose("auto", [(market, 100_000)], Hook()) is Engine.SIMPY
    with pytest.raises(EngineError, match="A policy in Python runs only on the SimPy engine."):
        choose("compiled", [(market, 1)], Hook())


def test_an_unknown_engine_is_reported_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match="found the engine 'fast', expected one of: auto, simpy, compiled"):
        choose("fast", [])


def scenarios() -> Iterator[Scenario]:
    yield from (random_scenario(number) for number in range(40))
    for name in ("cn-2023", "dsa-notices", "eu-ai-act-50", "whack-a-mole"):
        yield load_scenario(name, {"population.scale": 0.01})


@pytest.mark.costly
def test_the_estimated_number_of_events_suffices_to_choose_an_engine() -> None:
    foreseen, made = [], []
    for scenario in scenarios():
        foreseen.append(expected_events(scenario))
        made.append(replicate(scenario, 1, 0, keep_log=False).steps)
    for few, many in zip(made, foreseen, strict=True):
        assert few < 1000 or 0.2 < many / few < 5.0
    assert 0.5 < sum(foreseen) / sum(made) < 2.0


def test_a_run_folder_does_not_show_its_engine_but_in_run_json(market: Scenario, tmp_path: Path) -> None:
    files = []
    for engine in ("simpy", "compiled"):
        with using(engine):
            simulate(market, 2, 5, out=tmp_path / engine)
        assert json.loads((tmp_path / engine / "run.json").read_text())["engine"] == engine
        paths = sorted(path for path in (tmp_path / engine).rglob("*.parquet"))
        files.append(
            {str(path.relative_to(tmp_path / engine)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        )
    assert files[0] == files[1]
    assert len(files[0]) == 2 + 2 * 3 + 3


FEW = ["cn-2023", "--set", "population.providers=40", "--set", "horizon=300"]


def test_the_command_says_that_the_engines_agree() -> None:
    code, told, _ = shenhe("engines", *FEW, "--seed", "3", "--replication", "2")
    assert (code, told.split(":")[0]) == (0, "cn-2023")
    assert "bit for bit (seed 3, replication 2)" in told
    code, told, _ = shenhe("engines", *FEW, "--json")
    assert json.loads(told) == {"agree": True, "divergence": None}


@pytest.mark.costly
def test_the_command_shows_where_they_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readable engine with a fault stands for a compiled one that is wrong."""
    true = casework.step_on_ladder

    def faulty(engine: Engine, *arguments: Any, **named: Any) -> Replication:
        with monkeypatch.context() as patch:
            if engine is Engine.COMPILED:
                patch.setattr(casework, "step_on_ladder", lambda strikes, serious, steps: true(strikes, False, steps))
            return engines.replicate_on(Engine.SIMPY, *arguments, **named)

    monkeypatch.setattr("shenhe.simulator.runs.divergence.replicate_on", faulty)
    market = [
        "cn-2023",
        "--set",
        "population.providers=40",
        "--set",
        "population.arrivals=[[0, 1.0]]",
        "--set",
        "horizon=500",
    ]
    code, told, _ = shenhe("engines", *market)
    assert code == 1
    assert told.startswith("the engines differ from day ")
    assert "\n>" in told.split("\nsimpy\n")[1]
    assert "at that moment" in told
    document = json.loads(shenhe("engines", *market, "--json").stdout)
    assert document["agree"] is False
    assert document["divergence"]["rows"]["simpy"] != document["divergence"]["rows"]["compiled"]


def test_results_do_not_depend_on_the_option_engine() -> None:
    few = [*FEW, "-n", "2", "--json"]
    told = [shenhe("simulate", *few, "--engine", engine).stdout for engine in ("simpy", "compiled", "auto")]
    assert told[0] == told[1] == told[2]
    refused = shenhe("simulate", *few, "--engine", "quick")
    assert refused.exit_code == 2
    assert "found the engine 'quick'" in refused.stderr
