"""What the explorer computes agrees with the outcomes of the runs, and its tables with each other."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pandas as pd
import pytest

from shenhe.reports.explorer.charts import difference_figure, heat_map, life, time_figures
from shenhe.reports.explorer.series import SERIES, happenings
from shenhe.reports.explorer.work import (
    Request,
    Result,
    Stopped,
    Workshop,
    explore,
    heat,
    packed,
    provider_table,
    run_tables,
    scenario_file,
    timeline,
)
from shenhe.simulator import Run, compare

from .conftest import quietly


@pytest.fixture(scope="module")
def run(shop: Workshop, request_made: Request, result: Result) -> Run:
    return shop.run(request_made.scenarios[0], request_made.replications, request_made.seed, quietly)


TOTALS = {
    "violations": "violations",
    "wrongful": "wrongful_sanctions",
    "exits": "exits",
    "removals": "delistings",
    "complaints": "complaints",
}


@pytest.mark.parametrize("outcome", TOTALS)
def test_curves_add_up_to_the_outcome(result: Result, run: Run, outcome: str) -> None:
    for breakdown in SERIES[outcome]:
        total = sum(curve.mean.sum() for curve in result.arms[0].lines[outcome, breakdown].values())
        assert total == pytest.approx(run.outcomes[TOTALS[outcome]].mean()), breakdown


def test_sanctions_add_up_to_those_of_the_providers(result: Result, run: Run) -> None:
    for breakdown in SERIES["sanctions"]:
        total = sum(curve.mean.sum() for curve in result.arms[0].lines["sanctions", breakdown].values())
        assert total == pytest.approx(run.providers["sanctions"].sum() / run.replications)


def test_the_backlog_is_that_of_the_model(result: Result, run: Run) -> None:
    expected = run.series.groupby("bin")["backlog"].mean().to_numpy()
    assert expected.max() > 0
    for breakdown in SERIES["backlog"]:
        found = sum(curve.mean for curve in result.arms[0].lines["backlog", breakdown].values())
        assert np.allclose(found, expected), breakdown


def test_harm_is_that_of_the_model(result: Result, run: Run) -> None:
    assert result.arms[0].lines["harm", "all"][""].mean.sum() == pytest.approx(run.outcomes["harm"].mean())


def test_differences_are_those_of_compare(result: Result, shop: Workshop, request_made: Request, run: Run) -> None:
    other = shop.run(request_made.scenarios[1], request_made.replications, request_made.seed, quietly)
    table = compare(run, other).table.set_index("metric")
    row = table.loc["violations"]
    found = result.arms[1].differences["violations"]
    assert (found.mean, found.low, found.high) == (row["difference"], row["lo95"], row["hi95"])
    assert found.beyond == (row["lo_all"] > 0 or row["hi_all"] < 0)
    assert result.arms[0].differences == {}


def test_equal_policies_differ_by_exactly_nothing(shop: Workshop, request_made: Request) -> None:
    same = Request((request_made.scenarios[0],) * 2, request_made.replications, request_made.seed)
    found = explore(shop, same, quietly)
    assert found.arms[1].differences["violations"] == (0.0, 0.0, 0.0, False)


def test_only_what_changed_is_run_again(shop: Workshop, request_made: Request, result: Result) -> None:
    steps: list[tuple[int, int]] = []
    explore(shop, request_made, lambda done, total: steps.append((done, total)))
    assert {done for done, _ in steps} == {0, request_made.replications, 2 * request_made.replications}


def test_work_stops_between_replications(request_made: Request) -> None:
    def stop(done: int, total: int) -> None:
        if done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        explore(Workshop(engine="simpy"), request_made, stop)


def test_a_heat_map_is_blank_where_no_scenario_can_be(shop: Workshop, request_made: Request) -> None:
    base = request_made.scenarios[0]
    axes = (("policy.detection.inspection_rate", (0.1, 5.0)), ("policy.evidence.specificity", (0.95, 1.0)))
    found = heat(shop, base, axes, "violations", (2, 1), quietly)
    assert all(math.isnan(row[1][0]) for row in found.cells)  # above the ceiling of inspections
    assert "inspection_ceiling" in found.reasons[0]
    assert math.isfinite(found.cells[0][0][0])
    drawn = heat_map(found, ("x", "y"), "en", "light")
    assert drawn.data[0].z[0][1] is None


def test_a_heat_map_holds_zero_where_nothing_is_moved(shop: Workshop, request_made: Request) -> None:
    base = request_made.scenarios[0]
    axes = (("policy.evidence.specificity", (0.95, 0.5)), ("policy.referral", (0.002,)))
    found = heat(shop, base, axes, "wrongful_sanctions", (2, 1), quietly)
    assert found.cells[0][0] == (0.0, 0.0, 0.0)
    assert found.cells[0][1][0] > 0


def test_providers_behind_a_point_had_that_event_then(run: Run) -> None:
    happened = happenings(run, "sanctions")
    first = happened.replication == 0
    until = 30.0 * math.ceil(happened.time[first][0] / 30.0)
    table = provider_table(run, 0, outcome="sanctions", until=until)
    inside = first & (happened.time > until - 30.0) & (happened.time <= until)
    assert {row["provider"] for row in table.rows} == set(happened.provider[inside])


def test_a_timeline_has_the_events_of_one_provider(run: Run) -> None:
    table = provider_table(run, 0, sort="sanctions")
    worst = table.rows[0]
    assert table.total == run.scenario.population.simulated
    found = timeline(run, 0, worst["provider"])
    kinds = [event["kind"] for event in found.events]
    assert kinds.count("sanctioned") == worst["sanctions"]
    assert [event["time"] for event in found.events] == sorted(event["time"] for event in found.events)
    assert sum(len(trace.x) for trace in life(found, "2023-01-10", "zh", "dark").data) > 0
    with pytest.raises(ValueError, match="no provider"):
        timeline(run, 0, 10**6)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_have_colours_of_their_own(result: Result, language: str, theme: str) -> None:
    figures = [figure for _, figure in time_figures(result, "sanctions", "size", language, theme, "AB")]  # type: ignore[arg-type]
    figures.append(difference_figure(result, "size", "sanctions", language, theme, "AB"))  # type: ignore[arg-type]
    for figure in figures:
        text = figure.to_json()
        assert "var(--" not in text, "a colour of the page is lost in a saved picture"
        assert "Noto Sans CJK SC" in text


def test_tables_come_in_every_format(shop: Workshop, request_made: Request, run: Run) -> None:
    pytest.importorskip("xlsxwriter")
    frames = run_tables([run, shop.run(request_made.scenarios[1], 3, 1, quietly)], "AB")
    assert set(frames) == {"outcomes", "series", "differences", "by-size", "by-behaviour", "levers"}
    assert list(frames["levers"]["path"]) == ["policy.staff.inspectors"]
    with zipfile.ZipFile(io.BytesIO(packed(frames, "parquet"))) as archive:
        again = pd.read_parquet(io.BytesIO(archive.read("outcomes.parquet")))
    assert again["mean"].equals(frames["outcomes"]["mean"])
    with zipfile.ZipFile(io.BytesIO(packed(frames, "csv"))) as archive:
        assert len(pd.read_csv(archive.open("differences.csv"))) == len(frames["differences"])
    with zipfile.ZipFile(io.BytesIO(packed(frames, "xlsx"))) as book:
        sheets = book.read("xl/workbook.xml").decode()
        assert all(f'name="{name}"' in sheets for name in frames)


def test_a_scenario_file_is_the_scenario(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    from shenhe.simulator import load_scenario

    path = tmp_path_factory.mktemp("saved") / "policy-A.yaml"
    path.write_bytes(scenario_file(run.scenario))
    assert load_scenario(path).hash == run.scenario.hash
