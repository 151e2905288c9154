"""The compiled engine gives every bit of what SimPy gives: for every shipped scenario, and in what no scenario
shows.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from shenhe import scenarios
from shenhe.simulator import Scenario, compiled, load_scenario, reference
from shenhe.simulator.compiled.machine import compilation
from shenhe.simulator.compiled.machine.cache import ROOMS
from shenhe.simulator.kernel.eventlog import Kind
from shenhe.simulator.kernel.replication import BIN, Replication
from shenhe.simulator.kernel.sameness import differing_fields
from shenhe.simulator.reference.engine import replicate as on_simpy
from shenhe.simulator.runs import engines
from shenhe.simulator.runs.engines import Engine, choose

from ..scenes import SMALL, small

SERVICE_RESTORED = int(Kind.SERVICE_RESTORED)
QUICK = {"population.providers": 40}


def agree(scenario: Scenario, seed: int = 1, **options: Any) -> Replication:
    mine, yours = on_simpy(scenario, seed, 0, **options), compiled.replicate(scenario, seed, 0, **options)
    assert differing_fields(mine, yours) == []
    return mine


@pytest.mark.parametrize("name", scenarios.names())
@pytest.mark.parametrize("clock", ["continuous", "daily", "weekly"])
def test_shipped_scenarios_agree(name: str, clock: str) -> None:
    result = agree(load_scenario(name, {**QUICK, "clock": clock}))
    assert len(result.log.time) > 100


def test_without_a_log_only_the_log_is_missing() -> None:
    with_log, without = compiled.replicate(small(), 1, 0), compiled.replicate(small(), 1, 0, keep_log=False)
    assert differing_fields(with_log, without) == ["log"]
    assert agree(small(), keep_log=False).rows == []


def test_both_engines_start_from_the_prepared_state() -> None:
    def prepare(world: Any) -> None:
        world.state.compliance[:] = [0.5] * len(world.state.compliance)
        world.state.belief[:] = [0.3] * len(world.state.belief)
        world.state.entry[3] = 100.0

    assert differing_fields(agree(small(), prepare=prepare), agree(small())) != []


def test_another_replication_is_another_world() -> None:
    first, second = compiled.replicate(small(), 1, 0), compiled.replicate(small(), 1, 1)
    assert first.rows != second.rows


@pytest.mark.parametrize("clock", ["continuous", "daily", "weekly"])
def test_suspensions_among_occasions_of_the_same_moment(clock: str) -> None:
    """Occasions counted ahead are put right when a service is interrupted, also on a day on which a bin ends."""
    crowded = {
        "clock": clock,
        "behaviours.labeling.rate": 400.0,
        "behaviours.takedown.rate": 200.0,
        "policy.ladder": [{"sanctions": ["suspend-service"], "penalty": "cn-penalties/csl-69@2017", "service_days": 3}],
        "policy.staff.investigation_days": 1.0,
    }
    result = agree(load_scenario("cn-2023", {**SMALL, **crowded}))
    assert result.kinds[-1][SERVICE_RESTORED] > 150
    assert result.state.occasions.sum() > 20_000


def test_no_moment_before_the_end_of_a_bin_is_counted_after_it() -> None:
    ends = BIN * np.arange(1, 1300)
    assert (np.nextafter(ends, 0.0) / BIN < np.arange(1, 1300)).all()


def test_replications_are_independent() -> None:
    """What is made once for the replications of a scenario is the same after each of them."""
    scenario = small()
    alone = compiled.replicate(small(), 1, 1)
    compiled.replicate(scenario, 1, 0)
    assert differing_fields(compiled.replicate(scenario, 1, 1), alone) == []


def test_a_horizon_within_the_first_bin_and_at_its_end() -> None:
    for days in (0.5, 30.0, 60.0):
        agree(small(horizon=days))


def test_more_pending_than_there_was_room_for() -> None:
    """The agenda, the log and the records of cases grow while the world runs."""
    crowded = {
        "population.providers": 900,
        "horizon": 200.0,
        "policy.staff.inspectors": 1,
        "population.arrivals": [[0, 1.0]],
    }
    result = agree(load_scenario("cn-2023", crowded))
    assert result.pending > 2048
    assert len(result.log.time) > 8192


def test_the_cache_knows_every_module_that_compiled_code_rests_on() -> None:
    """numba itself does not: a constant changed there would leave old code in use."""
    folder = Path(compiled.__file__).parent
    named = {
        node.module.partition(".")[0]
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 2 + (path.parent != folder) and node.module
    }
    assert "kernel" in named
    assert named <= set(ROOMS)


def test_every_actor_has_a_twin_of_the_same_name() -> None:
    def files(engine: ModuleType) -> set[str]:
        room = Path(engine.__file__ or "").parent
        modules = (path.relative_to(room).with_suffix("") for path in room.rglob("*.py"))
        return {module.as_posix() for module in modules if module.parts[0] != "machine"}

    here, there = files(compiled), files(reference)
    assert here - there == {"events"}
    assert there - here == {"clock", "hook"}
    described = set(re.findall(r"^``(\w+)``  ", compiled.__doc__ or "", re.MULTILINE))
    assert described == {Path(module).name for module in here & there} - {"__init__"}


def test_the_reason_for_not_running_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numba

    assert compiled.refusal() is None
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    reason = compiled.refusal()
    assert reason is not None
    assert "NUMBA_DISABLE_JIT" in reason
    engines._say_once.cache_clear()
    for _ in range(2):
        assert choose("auto", [(small(), 10_000_000)]) is Engine.SIMPY
    told = capsys.readouterr().err
    assert told.count("NUMBA_DISABLE_JIT") == 1
    assert "SimPy" in told


def test_on_an_untried_numba_the_plain_way_is_used_and_proven(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Compiling plainly takes minutes, so the tuned code stands in for it: what is tested is what happens around it."""
    import numba

    monkeypatch.setattr(numba, "__version__", "0.99.0")
    monkeypatch.setattr(compilation, "TUNED", False)
    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    assert choose("auto", [(small(), 10_000_000)]) is Engine.COMPILED
    engines._say_once.cache_clear()
    engines._prove.cache_clear()
    engines.warm(Engine.COMPILED)
    assert "numba 0.99.0" in capsys.readouterr().err
    assert (tmp_path / "agrees-with-simpy").exists()


def test_an_engine_that_disagrees_with_simpy_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    true = compiled.replicate

    def wrong(scenario: Scenario, seed: int, number: int, **options: Any) -> Replication:
        return true(scenario, seed + 1, number, **options)

    monkeypatch.setattr(compilation, "TUNED", False)
    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiled, "replicate", wrong)
    engines._prove.cache_clear()
    with pytest.raises(engines.EngineError, match="does not agree with the SimPy engine"):
        engines.replicate_on(Engine.COMPILED, small(), 1, 0)
    assert list(tmp_path.iterdir()) == []
    engines._prove.cache_clear()


def test_a_cold_start_reports_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    compiled.warm()
    assert compiled.is_cached()
    capsys.readouterr()
    compiled.warm()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(compiled, "is_cached", lambda: False)
    compiled.warm()
    assert "compiling" in capsys.readouterr().err
