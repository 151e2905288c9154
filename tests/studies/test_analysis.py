"""The analyses, each against something whose answer is known."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.core.errors import MissingExtraError
from shenhe.simulator import study
from shenhe.simulator.analysis import KINDS, analyse, overview
from shenhe.simulator.analysis.contrasts import compare_arms, holm, mean_over_worlds
from shenhe.simulator.analysis.discovery import Box, prim, quasi_p_values
from shenhe.simulator.analysis.robustness import regret
from shenhe.simulator.analysis.selection import kim_nelson
from shenhe.simulator.analysis.sensitivity import indices, share_of_chance, switching_values, title_of
from shenhe.simulator.analysis.tipping import tipping
from shenhe.simulator.runs.executors import Inline
from shenhe.simulator.scenario.designs import Parameter, unit_points
from shenhe.simulator.study import StudyError
from tests.chinese import english_left

from .small import small_study


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> study.StudyRun:
    """Three arms in 32 worlds."""
    changed = small_study(worlds=small_study()["worlds"] | {"size": 32}, replications=4)
    return study.run_study(changed, tmp_path_factory.mktemp("run") / "wide", Inline())


# -- comparison


def test_intervals_cover_as_often_as_they_say() -> None:
    """Worlds with draws of their own, means and variances that differ: 95 % of 95 % intervals hold the truth."""
    dice = np.random.default_rng(1)
    centres, spreads = dice.normal(size=6), dice.uniform(0.2, 3.0, size=6)
    covered = 0
    for _ in range(2000):
        values = centres[:, None] + spreads[:, None] * dice.normal(size=(6, 5))
        estimate = mean_over_worlds(values, common=False)
        covered += abs(estimate.mean - centres.mean()) <= estimate.half_width(0.95)
    assert covered / 2000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 2000))


def test_intervals_on_common_draws_cover_too() -> None:
    """Draws common to all worlds make worlds err together: strata would be far too sure of themselves."""
    dice = np.random.default_rng(2)
    covered = wrongly = 0
    for _ in range(2000):
        values = dice.normal(size=(1, 8)) + 0.1 * dice.normal(size=(6, 8))
        estimate = mean_over_worlds(values, common=True)
        covered += abs(estimate.mean) <= estimate.half_width(0.95)
        strata = mean_over_worlds(values, common=False)
        wrongly += abs(strata.mean) <= strata.half_width(0.95)
    assert covered / 2000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 2000))
    assert wrongly / 2000 < 0.75


def test_means_pass_over_what_is_missing() -> None:
    values = np.array([[1.0, math.nan, 3.0], [math.nan] * 3, [5.0, 5.0, 8.0]])
    estimate = mean_over_worlds(values, common=False)
    assert estimate.mean == pytest.approx((2 + 6) / 2)
    assert estimate.n == 5
    assert mean_over_worlds(np.zeros((2, 4)), common=False).p == 1.0
    assert mean_over_worlds(np.ones((2, 4)), common=False).p == 0.0


def test_holm_keeps_the_error_of_the_whole_family() -> None:
    dice = np.random.default_rng(3)
    false_alarms = sum(min(holm(dice.uniform(size=20).tolist())) < 0.05 for _ in range(4000))
    assert false_alarms / 4000 < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 4000)
    assert holm([0.001, 0.5, 0.01]) == pytest.approx([0.003, 0.5, 0.02])


def test_an_arm_that_changes_nothing_differs_by_exactly_nothing(run: study.StudyRun) -> None:
    table = compare_arms(run, ["violations", "harm"]).table.set_index(["arm", "metric"])
    same = table.loc[("the-same", "violations")]
    assert same["difference"] == same["lo_all"] == same["hi_all"] == 0
    assert same["p_holm"] == 1
    more = table.loc[("inspect-more", "violations")]
    assert more["lo_all"] < more["lo95"] < more["difference"] < more["hi95"] < more["hi_all"]
    inspections = compare_arms(run, ["inspections"]).table.set_index("arm").loc["inspect-more"]
    assert inspections["difference"] > 0
    assert inspections["p_holm"] < 0.001


def test_a_difference_that_few_large_parts_decide_is_named(run: study.StudyRun) -> None:
    """Harm of some hundred violations, whatever the sample looks like; not where the arms do the same."""
    (note,) = [text for text in compare_arms(run, ["harm"]).notes if text.startswith("A few replications decide")]
    assert "harm of inspect-more" in note
    assert "the-same" not in note


# -- selection


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_the_best_is_selected_as_often_as_promised(correlation: float) -> None:
    """Five normal arms, the best better by exactly delta: the least favourable case; also when arms share their
    luck.
    """
    wrong, used = 0, 0
    for trial in range(400):
        dice = np.random.default_rng(trial)
        means, spread = np.array([0.0, 0.5, 0.5, 0.5, 0.5]), np.array([1.0, 1.0, 2.0, 0.5, 1.5])

        def observe(k: int, dice: Any = dice, means: Any = means, spread: Any = spread) -> Any:
            own, shared = dice.normal(size=5), dice.normal()
            return means + spread * (math.sqrt(1 - correlation) * own + math.sqrt(correlation) * shared)

        selection = kim_nelson(observe, 5, delta=0.5, alpha=0.1)
        wrong += selection.best != 0
        used += selection.used
    assert wrong / 400 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)
    assert used / 400 < 400


def test_selection_says_when_it_ran_out() -> None:
    dice = np.random.default_rng(0)
    table = dice.normal(size=(12, 3))
    selection = kim_nelson(lambda k: table[k] if k < 12 else None, 3, delta=0.01)
    assert selection.best is None
    assert selection.used == 12
    with pytest.raises(ValueError, match="delta > 0"):
        kim_nelson(lambda k: table[k], 3, delta=0)


def test_rank_names_the_best_arm_and_its_guarantee(run: study.StudyRun) -> None:
    answer = analyse("rank", run, metric="inspections", delta=5.0)
    assert answer.table["status"].tolist().count("best") == 1
    assert answer.table["arm"].iloc[0] in ("as-enacted", "the-same")
    assert "at least 95 %" in answer.notes[0]


# -- sensitivity


def ishigami(unit: Any) -> Any:
    """Ishigami and Homma 1990, with a = 7 and b = 0.1 on [-pi, pi]^3."""
    x = math.pi * (2 * unit - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


NAMES = ["a", "b", "c"]
FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0}
TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437}


def test_sobol_indices_of_ishigami() -> None:
    points = unit_points("saltelli", 3, 2048, 1)
    assert len(points) == 2048 * 5
    table = indices("saltelli", NAMES, points, ishigami(points)).set_index("parameter")
    for name in NAMES:
        assert table.loc[name, "first"] == pytest.approx(FIRST[name], abs=0.03)
        assert table.loc[name, "total"] == pytest.approx(TOTAL[name], abs=0.03)


@pytest.mark.parametrize("kind", ["sobol", "latin-hypercube"])
def test_random_balance_on_space_filling_designs(kind: str) -> None:
    points = unit_points(kind, 3, 2048, 1)
    table = indices(kind, NAMES, points, ishigami(points)).set_index("parameter")
    for name in NAMES:
        assert table.loc[name, "first"] == pytest.approx(FIRST[name], abs=0.06)


def test_morris_effects_of_a_straight_line_are_its_slopes() -> None:
    points = unit_points("morris", 3, 20, 1)
    table = indices("morris", NAMES, points, points @ np.array([3.0, -1.0, 0.0])).set_index("parameter")
    assert table["mu_star"].to_dict() == pytest.approx({"a": 3.0, "b": 1.0, "c": 0.0})
    assert table["mu"]["b"] == pytest.approx(-1.0)
    assert table["sigma"].max() == pytest.approx(0, abs=1e-9)


def test_a_missing_extra_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'shenhe\[studies\]'"):
        unit_points("saltelli", 2, 8, 1)


# -- discovery


def test_prim_finds_the_box_it_was_hidden_in() -> None:
    dice = np.random.default_rng(5)
    x = pd.DataFrame({name: dice.uniform(size=4000) for name in "abcd"})
    hidden = ((x["a"] > 0.7) & (x["b"] < 0.4)).to_numpy()
    box = prim(x, hidden).best()
    assert set(box.bounds) == {"a", "b"}
    assert box.bounds["a"][0] == pytest.approx(0.7, abs=0.03)
    assert box.bounds["b"][1] == pytest.approx(0.4, abs=0.03)
    assert box.density > 0.93
    assert box.coverage > 0.9
    assert box.mass == pytest.approx(0.12, abs=0.02)


def test_prim_sees_through_noise_and_doubts_bounds_that_mean_nothing() -> None:
    dice = np.random.default_rng(6)
    x = pd.DataFrame({name: dice.uniform(size=1000) for name in "ab"})
    y = dice.uniform(size=1000) < np.where(x["a"] > 0.6, 0.9, 0.1)
    box = prim(x, y, mass=0.1).best()
    assert box.bounds["a"][0] == pytest.approx(0.6, abs=0.05)
    assert quasi_p_values(x, y, box)["a"] < 1e-10
    nothing = Box({"b": (0.0, 0.97)})
    assert quasi_p_values(x, y, nothing)["b"] > 0.05


def test_prim_peels_values_that_have_no_order() -> None:
    dice = np.random.default_rng(7)
    x = pd.DataFrame({"kind": dice.choice(["red", "green", "blue", "grey"], size=800), "u": dice.uniform(size=800)})
    y = x["kind"].isin(["red", "blue"]).to_numpy()
    box = prim(x, y).best()
    assert box.bounds == {"kind": frozenset({"red", "blue"})}
    assert (box.density, box.coverage) == (1.0, 1.0)


def test_peeling_is_patient_and_pasting_takes_back_too_much() -> None:
    """Each step takes about a twentieth; what lies inside is never more mass than before it, but for the last, pasted
    one.
    """
    dice = np.random.default_rng(8)
    x = pd.DataFrame({name: dice.uniform(size=2000) for name in "ab"})
    y = np.exp(-8 * ((x["a"] - 0.3) ** 2 + (x["b"] - 0.6) ** 2)).to_numpy()
    frame = prim(x, y).frame()
    steps = frame["mass"].to_numpy()
    peeled = steps[1:-1] / steps[:-2]
    assert ((peeled > 0.93) & (peeled < 0.97)).all()
    assert frame["density"].iloc[:-1].is_monotonic_increasing
    assert steps[-2] >= 0.05
    for bad in ({"peel": 0.0}, {"mass": 1.0}):
        with pytest.raises(ValueError, match="expected more than 0 and less than 1"):
            prim(x, y, **bad)
    with pytest.raises(ValueError, match="the same value at all points"):
        prim(x, np.ones(2000))


def test_the_box_of_a_study_holds_what_it_says(run: study.StudyRun) -> None:
    answer = analyse("discover", run, metric="violations")
    points = answer.details["points"]
    inside, interesting = points["inside"], points["interesting"]
    assert (inside & interesting).sum() / interesting.sum() == pytest.approx(answer.facts["coverage"])
    assert (inside & interesting).sum() / inside.sum() == pytest.approx(answer.facts["density"])
    with pytest.raises(StudyError, match="in none of the worlds"):
        analyse("discover", run, metric="violations", threshold=1e12)


@pytest.mark.parametrize("kind", ["discover", "tree"])
def test_a_difference_that_never_changes_its_sign_is_described_by_its_worst_quarter(
    kind: str, run: study.StudyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = dict(enumerate(np.linspace(-5.0, -1.0, len(run.worlds))))
    lower = SimpleNamespace(means=means, sign=1.0, baseline="other", limit=None, words="the difference", facts={})
    monkeypatch.setattr("shenhe.simulator.analysis.discovery.subject_of", lambda *_: lower)
    answer = analyse(kind, run)
    assert answer.notes[0].startswith("No world has a difference above 0")
    assert answer.facts["threshold"] == pytest.approx(-2.0)
    with pytest.raises(StudyError, match="in none of the worlds, which lie between -5 and -1"):
        analyse(kind, run, threshold=0.0)


# -- several objectives, regret, tipping


def test_regret_is_against_the_best_of_the_same_world() -> None:
    costs = pd.DataFrame({"a": [1.0, 5.0], "b": [3.0, 4.0]})
    assert regret(costs).to_dict("list") == {"a": [0.0, 1.0], "b": [2.0, 0.0]}


def test_regret_of_a_study_counts_more_as_better_where_it_is(run: study.StudyRun) -> None:
    answer = analyse("robust", run, metric="compliance")
    long = answer.details["regret"]
    best = long.groupby("world")["value"].transform("max")
    assert np.allclose(long["regret"], best - long["value"])
    assert answer.table["regret_max"].is_monotonic_increasing
    assert answer.table["best_worlds"].sum() == pytest.approx(1.0)


def histories(starts: Any, feedback: float, steps: int, seed: int) -> Any:
    """Histories of a share of compliers that copies the majority (feedback above one: two equilibria), with noise."""
    dice = np.random.default_rng(seed)
    noise = 0.02 * dice.normal(size=(steps, 30))
    state = np.repeat(np.asarray(starts)[:, None], 30, axis=1)
    for row in noise:
        state = np.clip(0.5 + 0.5 * np.tanh(feedback * 2 * (state - 0.5)) + row, 0, 1)
    return state


def test_two_equilibria_are_told_from_one() -> None:
    starts = np.linspace(0.05, 0.95, 10)
    two = tipping(starts, histories(starts, 1.8, 60, 1))
    assert two["lo95"] > 0.5
    assert two["threshold"] == pytest.approx(0.5, abs=0.06)
    assert two["steepness"] > 0.5
    one = tipping(starts, histories(starts, 0.5, 60, 1))
    assert abs(one["gap"]) < 1e-6
    slow = tipping(
        starts, 0.3 * np.repeat(starts[:, None], 30, axis=1) + 0.01 * np.random.default_rng(1).normal(size=(10, 30))
    )
    assert slow["p"] < 0.001
    assert slow["steepness"] < 0.2


def test_tipping_points_of_a_study(tmp_path: Path) -> None:
    grid = {
        "design": "grid",
        "draws": "common",
        "parameters": [
            {"path": "response.initial_belief", "name": "belief", "values": [0.01, 0.9]},
            {"path": "policy.staff.inspectors", "name": "inspectors", "values": [1, 2]},
        ],
    }
    asked = {"start": "belief", "along": "inspectors", "end": "compliance_early"}
    changed = small_study(scenario="cn-2022-draft", worlds=grid, replications=5, tipping=asked)
    run = study.run_study(changed, tmp_path / "tip", Inline())
    answer = analyse("tipping", run)
    assert len(answer.table) == 3 * 2
    assert (answer.table["gap"] > 0).all(), "who fears more complies more at first"
    assert len(answer.details["ends"]) == 12


@pytest.mark.parametrize(
    ("sizes", "halves", "title"),
    [
        ([0.73, 0.08, -0.05], [0.85, 0.3, 0.2], "No parameter visibly moves harm"),
        ([0.73, 0.60, -0.05], [0.10, 0.1, 0.2], "a and b move harm most; their intervals overlap"),
        ([0.73, 0.08, -0.05], [0.10, 0.1, 0.2], "a moves harm most"),
    ],
)
def test_only_a_parameter_that_its_interval_sets_apart_is_called_the_most_important(
    sizes: list[float], halves: list[float], title: str
) -> None:
    table = pd.DataFrame({"parameter": ["a", "b", "c"], "total": sizes, "total_conf": halves})
    assert title_of(table, "total", "harm").startswith(title)


def test_a_negative_index_is_explained(run: study.StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("SALib")

    def found(lowest: float) -> str:
        table = pd.DataFrame({"parameter": ["gain", "sensitivity"], "first": [0.9, lowest], "first_conf": [0.1, 0.1]})
        monkeypatch.setattr("shenhe.simulator.analysis.sensitivity.indices", lambda *_: table)
        return " ".join(analyse("sensitivity", run).notes)

    assert "An index cannot be negative" in found(-0.05)
    assert "negative" not in found(0.05)


# -- differences between arms


@pytest.mark.parametrize("common", [True, False])
def test_the_share_of_chance_is_the_variance_of_what_no_parameter_explains(common: bool) -> None:
    """Worlds with variance 4, replications that move all worlds alike with variance 25, and interaction of variance 1."""
    dice = np.random.default_rng(7)
    worlds, replications = 400, 8
    shared = (
        dice.normal(scale=5.0, size=(1, replications))
        if common
        else dice.normal(scale=5.0, size=(worlds, replications))
    )
    values = dice.normal(scale=2.0, size=(worlds, 1)) + shared + dice.normal(size=(worlds, replications))
    noise = 1.0 / replications if common else 26.0 / replications
    assert share_of_chance(values, common=common) == pytest.approx(noise / (4.0 + noise), rel=0.15)
    assert math.isnan(share_of_chance(values[:, :1], common=common))


def test_a_difference_switches_where_it_crosses_zero() -> None:
    parameters = [
        Parameter.model_validate({"path": "a", "low": 0.0, "high": 10.0}),
        Parameter.model_validate({"path": "b", "low": 0.0, "high": 1.0}),
    ]
    points = unit_points("sobol", 2, 64, 5)
    values = 4.0 * (points[:, 0] - 0.3) + 0.1 * (points[:, 1] - 0.5)
    table, explained = switching_values(pd.DataFrame({"parameter": ["b", "a"]}), parameters, points, values)
    at = dict(zip(table["parameter"], table["switches_at"], strict=True))
    assert at["a"] == pytest.approx(3.0)
    assert math.isnan(at["b"])
    assert explained == pytest.approx(1.0)


def test_sensitivity_and_discovery_of_a_difference_use_paired_replications(run: study.StudyRun) -> None:
    pytest.importorskip("SALib")
    values = run.values("violations")
    paired = (values["inspect-more"] - values["as-enacted"]).mean(axis=1)
    found = analyse("sensitivity", run, metric="violations", arm="inspect-more", baseline="as-enacted")
    assert "the difference in violations of inspect-more from as-enacted" in found.title
    assert "switches_at" in found.table
    box = analyse(
        "discover",
        run,
        metric="violations",
        arm="inspect-more",
        baseline="as-enacted",
        threshold=float(paired.median()),
    )
    assert box.details["points"]["value"].to_numpy() == pytest.approx(paired.to_numpy())
    with pytest.raises(StudyError, match="the same in all worlds"):
        analyse("sensitivity", run, metric="violations", arm="the-same", baseline="as-enacted")


def test_worlds_are_enough_once_the_sign_is_clear(run: study.StudyRun) -> None:
    found = analyse("worlds", run, metric="inspections", arm="inspect-more")
    assert (
        found.title == "32 worlds determine the sign of the difference in inspections of inspect-more from as-enacted"
    )
    assert found.table["worlds"].tolist() == [4, 8, 16, 32]
    none = analyse("worlds", run, metric="inspections", arm="the-same")
    assert "do not determine the sign" in none.title
    assert none.table["mean"].tolist() == [0.0] * 4


def test_an_option_that_does_not_apply_is_refused(run: study.StudyRun) -> None:
    for kind, option in (
        ("rank", {"baseline": "as-enacted"}),
        ("compare", {"along": ["gain"]}),
        ("sensitivity", {"threshold": 1.0}),
        ("robust", {"delta": 1.0}),
    ):
        with pytest.raises(StudyError, match=f"found --{next(iter(option))} for {kind}"):
            analyse(kind, run, **option)
    with pytest.raises(StudyError, match="expected two different arms"):
        analyse("sensitivity", run, arm="as-enacted", baseline="as-enacted")


# -- all of them


def test_unknown_questions_and_options_are_told(run: study.StudyRun) -> None:
    with pytest.raises(StudyError, match=f"expected one of: {', '.join(KINDS)}"):
        analyse("guess", run)
    with pytest.raises(StudyError, match="expected one of: as-enacted"):
        analyse("sensitivity", run, arm="as-enacted-2")
    with pytest.raises(StudyError, match="no section `tipping`"):
        analyse("tipping", run)


def test_the_page_has_every_answer_and_asks_for_nothing(run: study.StudyRun) -> None:
    from shenhe.reports.pages.study import render_study_page

    answers = overview(run)
    assert [answer.kind for answer in answers] == ["compare", "rank", "pareto", "robust", "sensitivity", "discover"]
    page = render_study_page(run, answers)
    for answer in answers:
        assert f'id="{answer.kind}-data"' in page
    assert "default-src &#39;none&#39;" in page
    assert "http://" not in page.split("<script>")[0]
    assert "<script src" not in page
    chinese = render_study_page(run, answers, "zh")
    assert english_left(chinese, run.study.title, *(arm.title for arm in run.study.arms if arm.title)) == []


def test_a_hostile_title_is_only_text(tmp_path: Path) -> None:
    from shenhe.reports.pages.study import render_study_page

    hostile = "</script><script>alert(1)</script>"
    run = study.run_study(small_study(title=hostile, worlds=None, replications=2), tmp_path / "h", Inline())
    page = render_study_page(run, overview(run))
    assert "<script>alert" not in page


# -- what no mean can be


@pytest.mark.parametrize("kind", ["dose", "heat", "compare"])
def test_intervals_of_shares_stay_between_their_bounds(
    kind: str, run: study.StudyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value of the study is 0 or 1, so that intervals without bounds would go beyond."""
    values = {arm: (frame.rank() % 2).astype(np.float64) for arm, frame in run.values("compliance").items()}
    monkeypatch.setattr(study.StudyRun, "values", lambda _, metric: values)
    answer = analyse(kind, run, metric="compliance")
    for table in (answer.table, *answer.details.values()):
        ends = table[[name for name in table.columns if name in ("lo95", "hi95", "lo_all", "hi_all")]].to_numpy()
        assert np.nanmin(ends, initial=0.0) >= (-1.0 if kind == "compare" else 0.0)
        assert np.nanmax(ends, initial=0.0) <= 1.0
