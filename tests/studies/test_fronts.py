"""Several objectives at once: fronts of arms and of searches, against fronts that are known."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from shenhe.core.errors import MissingExtraError
from shenhe.simulator import study
from shenhe.simulator.analysis import analyse
from shenhe.simulator.analysis.pareto import pareto_arms, search_policies, undominated
from shenhe.simulator.runs.executors import Inline

from .small import small_study

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> study.StudyRun:
    """Three arms in 8 worlds."""
    changed = small_study(worlds=small_study()["worlds"] | {"size": 8}, replications=4)
    return study.run_study(changed, tmp_path_factory.mktemp("run") / "wide", Inline())


def test_undominated_is_what_no_other_beats() -> None:
    dice = np.random.default_rng(9)
    costs = dice.integers(0, 5, size=(60, 3)).astype(float)
    front = undominated(costs)
    for k, row in enumerate(costs):
        beaten = any((other <= row).all() and (other < row).any() for other in costs)
        assert bool(front[k]) is not beaten


@pytest.fixture(scope="module")
def levers() -> dict[str, Any]:
    search = {
        "levers": [
            {"path": "policy.detection.inspection_rate", "name": "inspections", "low": 0.0, "high": 1.0},
            {"path": "policy.staff.inspectors", "name": "inspectors", "low": 1, "high": 4, "integer": True},
        ],
        "population": 6,
        "generations": 3,
    }
    worlds = small_study()["worlds"] | {"size": 1}
    goals = [{"metric": "violations"}, {"metric": "staff_years"}, {"metric": "wrongful_sanctions"}]
    return small_study(search=search, worlds=worlds, replications=3, objectives=goals)


@pytest.mark.costly
def test_a_search_gives_the_same_front_and_repeats_nothing(
    levers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pymoo")
    plan = study.load_study(levers)
    first, run = search_policies(plan, tmp_path / "one", Inline())
    assert {"inspections", "inspectors", "front"} <= set(first.table.columns)
    assert run.study.seed == plan.study.seed + 1, "the front is judged on fresh draws"
    assert first.table.loc[first.table["front"], "arm"].size >= 1
    made: list[Any] = []
    monkeypatch.setattr("shenhe.simulator.study.ledger.run_job", lambda job: made.append(job))
    again, _ = search_policies(plan, tmp_path / "one", Inline())
    assert made == []
    pd.testing.assert_frame_equal(first.table, again.table)


def test_a_search_without_pymoo_gives_the_command(
    levers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "pymoo"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymoo", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shenhe\[studies\]'"):
        search_policies(study.load_study(levers), tmp_path / "none", Inline())


def test_an_arm_outside_a_limit_is_never_on_the_front(run: study.StudyRun, tmp_path: Path) -> None:
    means = analyse("pareto", run).table.set_index("arm")["inspections"]
    limit = (means["inspect-more"] + means["as-enacted"]) / 2
    objectives = [{"metric": "violations"}, {"metric": "inspections", "limit": float(limit)}]
    changed = small_study(worlds=small_study()["worlds"] | {"size": 8}, replications=4, objectives=objectives)
    table = analyse("pareto", study.run_study(changed, tmp_path / "limited", Inline())).table.set_index("arm")
    assert table["within_limits"].to_dict() == {"as-enacted": True, "the-same": True, "inspect-more": False}
    assert not table.loc["inspect-more", "front"]


def of_two_arms(a: Floats, b: Floats) -> study.StudyRun:
    """Two arms with these values of two objectives, worlds in rows."""
    objectives = [study.Objective(metric="harm"), study.Objective(metric="regulator_cost")]
    fake = SimpleNamespace(
        arms=("a", "b"),
        study=SimpleNamespace(objectives=objectives, worlds=None),
        worlds=range(len(a)),
        metrics={},
        values=lambda _: {"a": pd.DataFrame(a), "b": pd.DataFrame(b)},
    )
    return cast(study.StudyRun, fake)


def test_a_front_that_chance_decides_says_so(run: study.StudyRun) -> None:
    assert not analyse("pareto", run).table["clearly_beaten"].any(), "more inspections cost more and prevent more"
    dice = np.random.default_rng(3)
    harm, other = dice.normal(240.0, 399.0, size=(2, 8, 4))
    chance = pareto_arms(of_two_arms(harm, other))
    assert chance.table["front"].sum() == 1
    assert not chance.table["clearly_beaten"].any()
    assert chance.title.endswith("chance may decide for 1 of the others")
    sure = pareto_arms(of_two_arms(harm, other + 5000.0))
    assert sure.table.set_index("arm")["clearly_beaten"].to_dict() == {"a": False, "b": True}
    assert "chance" not in sure.title


@pytest.mark.costly
def test_a_search_keeps_the_limits_of_its_objectives(levers: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("pymoo")
    free, _ = search_policies(study.load_study(levers), tmp_path / "free", Inline())
    metric = levers["objectives"][1]["metric"]
    limit = float(free.table[metric].median())
    bounded = levers | {"objectives": [levers["objectives"][0], {**levers["objectives"][1], "limit": limit}]}
    found, _ = search_policies(study.load_study(bounded), tmp_path / "bounded", Inline())
    front = found.table[found.table["front"]]
    assert len(front)
    assert (front[metric] <= limit).all()
