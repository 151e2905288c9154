from __future__ import annotations

import datetime
import json
import math
from typing import Any

import pytest

from shenhe.reports.figures.drawing import Figure
from shenhe.reports.figures.figures import CONTRASTS, MAX_RUNS, RUNGS, figures, names
from shenhe.reports.quantities import quantity
from shenhe.simulator import Run, compare, load_scenario, simulate

from ..factories import run

T95 = 4.302652729911275
"""The 97.5 % quantile of Student's t with two degrees of freedom: three replications."""


def drawn(figure: Figure) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(figure.spec)
    return made


def named(*runs: Run, paired: bool = True) -> dict[str, Figure]:
    first, *others = runs
    comparisons = [compare(first, other) for other in others] if paired else []
    return {figure.name: figure for figure in figures(runs, comparisons)}


def test_every_figure_has_a_title_a_caption_and_the_same_numbers_as_a_table() -> None:
    made = named(run(), run(name="cn-2022-draft", factor=2.0))
    assert list(made) == [
        "difference-cn-2022-draft",
        "sanctions",
        "backlog",
        "compliance",
        "harm",
        "removals",
    ]
    for figure in made.values():
        assert figure.title
        assert figure.caption
        assert figure.numbers.rows
        assert all(len(row) == len(figure.numbers.heads) for row in figure.numbers.rows)
        assert drawn(figure)["data"]
        assert "title" not in drawn(figure)["layout"], "the title is text of the page, not of the drawing"


def test_the_backlog_is_the_mean_with_its_interval() -> None:
    band, line = drawn(named(run())["backlog"])["data"]
    assert line["y"] == [1.0, 2.0, 3.0]
    # Replications 0, 1, 2 give a deviation of 1 at every moment.
    half = T95 / math.sqrt(3)
    assert band["y"] == pytest.approx([1 + half, 2 + half, 3 + half, max(0, 3 - half), 0.0, 0.0], abs=1e-3)
    start = run().scenario.start
    assert line["x"] == [(start + datetime.timedelta(days=30 * month)).isoformat() for month in (1, 2, 3)]


def test_the_backlog_title_names_the_highest_mean() -> None:
    made = named(run(), run(name="no-enforcement", factor=0.0))
    assert made["backlog"].title == "Cases waiting for an inspector: at most 3 under cn-2023 and 0 under no-enforcement"


def test_sanctions_are_stacked_by_rung_for_each_policy() -> None:
    data = drawn(named(run(), run(name="cn-2022-draft", factor=2.0))["sanctions"])["data"]
    bars = [trace for trace in data if trace["type"] == "bar"]
    assert [trace["name"] for trace in bars] == [*RUNGS.values()] * 2
    assert all(trace["y"] == [1.0, 2.0, 3.0] for trace in bars[: len(RUNGS)])
    assert all(trace["y"] == [2.0, 4.0, 6.0] for trace in bars[len(RUNGS) :])
    whiskers = [trace for trace in data if "error_y" in trace]
    # All eight rungs move together here, so their sum has eight times the deviation of one.
    assert whiskers[0]["error_y"]["array"] == pytest.approx([8 * T95 / math.sqrt(3)] * 3, rel=1e-4)


def test_removals_are_counted_up() -> None:
    line = drawn(named(run())["removals"])["data"][-1]
    assert line["y"] == [1.0, 3.0, 6.0]


def test_compliance_is_shown_by_size_class() -> None:
    (trace,) = drawn(named(run())["compliance"])["data"]
    assert trace["text"] == [item.name for item in run().scenario.population.classes]
    assert trace["x"] == pytest.approx([61, 66, 71, 76])
    assert named(run())["compliance"].title == "Compliance is lowest among small providers: 61 % under cn-2023"


def test_the_difference_is_paired_and_in_per_cent_of_the_first() -> None:
    figure = named(run(), run(name="cn-2022-draft", factor=2.0))["difference-cn-2022-draft"]
    beyond, chance, unknown = drawn(figure)["data"]
    # Harm that 33 violations did has no interval of its mean.
    assert unknown["y"] == ["Harm"]
    assert unknown["error_x"]["array"] == [0.0]
    known = [words for words in CONTRASTS.values() if words != "Harm"]
    assert beyond["y"] == known
    assert beyond["x"] == pytest.approx([100.0] * len(known))
    assert beyond["error_x"]["array"] == pytest.approx([100 * T95 / math.sqrt(3) / 11] * len(known), rel=1e-4)
    assert chance["y"] == []


def test_a_change_without_effect_shows_no_difference() -> None:
    (figure,) = [figure for name, figure in named(run(), run()).items() if name.startswith("difference")]
    assert figure.title == f"cn-2023 (2) against cn-2023: 0 of {len(CONTRASTS)} outcomes differ beyond chance"
    beyond, chance = drawn(figure)["data"]
    assert beyond["x"] == []
    assert chance["x"] == [0.0] * len(CONTRASTS)


def test_one_replication_has_no_band_and_no_whiskers() -> None:
    made = named(run(replications=1))
    assert len(drawn(made["backlog"])["data"]) == 1
    assert not [trace for trace in drawn(made["sanctions"])["data"] if "error_y" in trace]
    assert all(row[-1] == "–" for row in made["backlog"].numbers.rows)


def test_policies_that_start_on_other_days_are_drawn_by_day() -> None:
    made = named(run(), run(name="cn-2022-draft", start=datetime.date(2025, 1, 1)), paired=False)
    assert drawn(made["backlog"])["data"][-1]["x"] == [30.0, 60.0, 90.0]
    assert "by day since the start of each" in drawn(made["backlog"])["layout"]["annotations"][0]["text"]


def test_runs_of_one_scenario_get_distinct_names() -> None:
    assert names([run(), run(), run(name="no-enforcement"), run()]) == [
        "cn-2023",
        "cn-2023 (2)",
        "no-enforcement",
        "cn-2023 (3)",
    ]
    many = named(*[run() for _ in range(MAX_RUNS)])
    assert len(many) == 5 + MAX_RUNS - 1, "an anchor each"
    lines = [trace for trace in drawn(many["backlog"])["data"] if trace.get("name")]
    assert len({(trace["line"]["color"], trace["line"]["dash"]) for trace in lines}) == MAX_RUNS


def test_colours_are_names_that_the_page_resolves() -> None:
    for figure in named(run(), run(name="cn-2022-draft")).values():
        assert "#" not in figure.spec
        assert "rgba(0,0,0,0)" in figure.spec


def test_no_sanction_is_shown_as_none() -> None:
    figure = named(run(name="no-enforcement", factor=0.0))["sanctions"]
    assert figure.title == "Sanctions imposed: none"
    assert [row[1] for row in figure.numbers.rows] == ["0"] * len(RUNGS)


def test_a_run_of_the_model_itself_is_drawn() -> None:
    changes = {"population.providers": 100, "horizon": 900, "population.arrivals": [[0, 1.0]]}
    made = simulate(load_scenario("cn-2023", changes), replications=2, seed=3)
    figure = named(made)["sanctions"]
    told = {row[0].removeprefix("cn-2023: "): row[1] for row in figure.numbers.rows}
    assert told["Interview or warning"] == quantity(made.outcomes["warnings"].mean())
    imposed = sum(float(made.outcomes[key].mean()) for key in RUNGS)
    bars = [trace for trace in drawn(figure)["data"] if trace["type"] == "bar"]
    stretches = drawn(figure)["data"][-1]["x"]
    # Bars are rates per 30 days over stretches of equal length but the last, which takes what is left of the time.
    assert len(stretches) == len(bars[0]["y"])
    assert sum(sum(trace["y"]) for trace in bars) * 900 / 30 / len(stretches) == pytest.approx(imposed, rel=0.15)
