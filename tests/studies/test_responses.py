"""Analyses of differences from a baseline, and responses to parameters, each against something whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.reports.figures.study import figure_of
from shenhe.simulator import study
from shenhe.simulator.analysis import Analysis, analyse, overview
from shenhe.simulator.analysis.tree import DEEPEST, Leaf, Split, classification_tree, leaf_regions
from shenhe.simulator.runs.executors import Inline
from shenhe.simulator.study import StudyError

from .small import small_study

GRID: dict[str, Any] = {
    "design": "grid",
    "draws": "common",
    "parameters": [
        {"path": "policy.detection.inspection_rate", "name": "inspections", "values": [0.0, 0.5, 1.0]},
        {"path": "policy.staff.inspectors", "name": "inspectors", "values": [1, 3]},
    ],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> study.StudyRun:
    """Inspections and inspectors in a grid, and an arm that changes nothing."""
    arms = [
        {"name": "as-enacted"},
        {"name": "the-same", "set": {"policy.staff.inspectors": 1}},
        {"name": "harsher", "set": {"policy.evidence.sensitivity": 1.0}},
    ]
    changed = small_study(worlds=GRID, replications=4, arms=arms)
    return study.run_study(changed, tmp_path_factory.mktemp("run") / "grid", Inline())


# -- differences from a baseline


def test_an_arm_without_effect_differs_by_exactly_zero_in_every_analysis(run: study.StudyRun) -> None:
    pareto = analyse("pareto", run, baseline="as-enacted").table.set_index("arm")
    robust = analyse("robust", run, metric="violations", baseline="as-enacted").table.set_index("arm")
    dose = analyse("dose", run, metric="violations", arm="the-same", baseline="as-enacted").table
    for arm in ("as-enacted", "the-same"):
        assert pareto.loc[arm, ["violations", "violations_conf", "inspections"]].tolist() == [0.0, 0.0, 0.0]
    assert robust.loc["the-same", ["difference", "worst_case", "best_case", "clearly_better"]].tolist() == [0.0] * 4
    assert dose[["mean", "lo95", "hi95"]].to_numpy().tolist() == [[0.0, 0.0, 0.0]] * 3


def test_robustness_against_a_baseline_orders_cases_from_best_to_worst(run: study.StudyRun) -> None:
    found = analyse("robust", run, metric="cases_sanctioned", baseline="as-enacted")
    row = found.table.set_index("arm").loc["harsher"]
    cases = [row[name] for name in ("best_case", "p10", "median", "p90", "worst_case")]
    assert cases == sorted(cases), "fewer sanctions are better"
    values = run.values("cases_sanctioned")
    means = (values["harsher"] - values["as-enacted"]).mean(axis=1)
    assert row["worst_case"] == pytest.approx(means.max())
    assert row["worst_world"] == int(means.to_numpy().argmax())
    assert row["difference"] == pytest.approx(means.mean())


def test_pareto_differences_are_those_of_the_levels(run: study.StudyRun) -> None:
    level = analyse("pareto", run).table.set_index("arm")["violations"]
    paired = analyse("pareto", run, baseline="harsher").table.set_index("arm")["violations"]
    assert (level - level["harsher"]).to_dict() == pytest.approx(paired.to_dict())


def test_tipping_of_a_difference_is_that_of_the_subtracted_histories(tmp_path: Path) -> None:
    worlds = {
        "design": "grid",
        "draws": "common",
        "parameters": [{"path": "initial.belief", "name": "belief", "values": [0.0, 1.0]}],
    }
    arms = [{"name": "as-enacted"}, {"name": "the-same", "set": {"policy.staff.inspectors": 1}}]
    changed = small_study(worlds=worlds, arms=arms, replications=4, tipping={"start": "belief"})
    tried = study.run_study(changed, tmp_path / "tipping", Inline())
    found = analyse("tipping", tried, baseline="as-enacted")
    assert found.table["arm"].tolist() == ["the-same"]
    assert found.table["gap"].tolist() == [0.0]
    with pytest.raises(StudyError, match="beside the baseline"):
        analyse("tipping", tried, arm="as-enacted", baseline="as-enacted")


# -- responses


def test_a_dose_response_has_the_mean_of_the_worlds_at_each_dose(run: study.StudyRun) -> None:
    found = analyse("dose", run, metric="inspections", arm="as-enacted")
    assert found.table["inspections"].tolist() == [0.0, 0.5, 1.0]
    assert found.table["worlds"].tolist() == [2, 2, 2]
    means = run.values("inspections")["as-enacted"].mean(axis=1).groupby(run.worlds["inspections"].to_numpy()).mean()
    assert found.table["mean"].tolist() == pytest.approx(means.tolist())
    assert found.table["mean"].is_monotonic_increasing
    assert found.table["mean"].iloc[0] == 0.0


def test_a_heat_map_has_a_cell_for_each_pair_of_values(run: study.StudyRun) -> None:
    found = analyse("heat", run, metric="violations", along=["inspectors", "inspections"])
    assert list(found.table.columns[:2]) == ["inspectors", "inspections"]
    assert len(found.table) == 6
    assert set(found.table["worlds"]) == {1}
    assert (found.table["lo95"] <= found.table["mean"]).all()


def test_many_values_are_grouped_into_equally_many_worlds(tmp_path: Path) -> None:
    worlds = small_study()["worlds"] | {"size": 32}
    wide = study.run_study(small_study(worlds=worlds, replications=2), tmp_path / "wide", Inline())
    found = analyse("dose", wide, along=["gain"], arm="as-enacted")
    assert found.table["worlds"].tolist() == [4] * 8
    assert found.table["gain"].is_monotonic_increasing


def test_a_grid_study_is_analysed_without_being_asked(run: study.StudyRun) -> None:
    kinds = [answer.kind for answer in overview(run)]
    assert kinds[-2:] == ["dose", "heat"]


def test_unknown_or_missing_parameters_are_refused(run: study.StudyRun, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="found --along guess"):
        analyse("dose", run, along=["guess"])
    with pytest.raises(StudyError, match="expected 1"):
        analyse("dose", run, along=["inspections", "inspectors"])
    alone = study.run_study(small_study(worlds=None, replications=2), tmp_path / "alone", Inline())
    with pytest.raises(StudyError, match="expected 1"):
        analyse("dose", alone)


# -- trees


def test_a_tree_finds_a_hidden_corner_and_says_where_it_is_safe() -> None:
    dice = np.random.default_rng(5)
    x = pd.DataFrame({"a": dice.random(300), "b": dice.random(300), "c": dice.choice(["u", "v"], 300)})
    tree, accuracy = classification_tree(x, (x["a"] > 0.6) & (x["c"] == "u"))
    assert accuracy > 0.97
    regions = dict(leaf_regions(tree))
    worst = max(regions, key=lambda region: regions[region].share)
    assert regions[worst].share > 0.95
    assert "c is u" in worst
    assert "a ≥ 0.599" in worst
    assert sum(leaf.worlds for leaf in regions.values()) == 300


@pytest.mark.costly
def test_a_tree_of_noise_has_no_branch() -> None:
    dice = np.random.default_rng(6)
    branched = 0
    for _ in range(20):
        x = pd.DataFrame(dice.random((100, 4)), columns=list("abcd"))
        tree, _ = classification_tree(x, dice.random(100) < 0.3)
        branched += isinstance(tree, Split)
    assert branched <= 6
    assert DEEPEST >= 2
    assert leaf_regions(Leaf(0.5, 3)) == [("all worlds", Leaf(0.5, 3))]


def test_a_study_is_divided_by_a_tree(run: study.StudyRun) -> None:
    found = analyse("tree", run, metric="inspections", threshold=0.5, arm="as-enacted")
    assert found.table["worlds"].sum() == len(run.worlds)
    assert found.table["coverage"].sum() == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["dose", "heat", "tree", "pareto", "robust"])
def test_every_answer_has_a_figure(run: study.StudyRun, kind: str) -> None:
    options: dict[str, Any] = {"threshold": 0.5, "metric": "inspections"} if kind == "tree" else {}
    drawn = figure_of(analyse(kind, run, **options))
    assert drawn is not None
    assert len(drawn.numbers.rows) >= 1


@pytest.mark.parametrize(
    ("metric", "unit", "lowest", "highest"), [("violations", "", -100.0, 900.0), ("compliance", "share", -100.0, 25.0)]
)
def test_relative_intervals_of_a_study_end_where_outcomes_do(
    metric: str, unit: str, lowest: float, highest: float
) -> None:
    """Ends of ± 7.2 around a mean of 0.8 are 900 per cent of it."""
    row = {"arm": "b", "metric": metric, "title": "", "unit": unit, "mean_baseline": 0.8, "mean": 0.8, "n": 2}
    row |= {"difference": 0.0, "lo95": -1.0, "hi95": 1.0, "lo_all": -7.2, "hi_all": 7.2, "p": 1.0, "p_holm": 1.0}
    drawn = figure_of(Analysis("compare", "", pd.DataFrame([row]), facts={"baseline": "a"}))
    assert drawn is not None
    bars = json.loads(drawn.spec)["data"][0]["error_x"]
    assert -bars["arrayminus"][0] == pytest.approx(lowest)
    assert bars["array"][0] == pytest.approx(highest)
