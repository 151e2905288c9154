"""What researchers ask of a run: first sanctions, survival, utilisation, units, going on, figures to restyle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from shenhe.reports.figures.research import analysis_figure, series_figure, survival_figure
from shenhe.simulator import Run, RunError, continue_run, converge_difference, load_scenario, read_run, simulate, study
from shenhe.simulator.analysis import analyse
from shenhe.simulator.analysis.survival import kaplan_meier, share_without, survival
from shenhe.simulator.runs.executors import Inline
from shenhe.simulator.study import StudyError
from tests.command_line import shenhe
from tests.studies.small import small_study

SMALL = {"population.scale": 0.02, "horizon": 500.0}
REMOVAL = {"sanctions": ["app-removal"], "penalty": "cn-penalties/algorithm-31", "removal_days": 60.0}
BUSY = SMALL | {
    "population.arrivals": [[0, 1.0]],
    "policy.detection.complaints_taken_up": 1.0,
    "public.audience": 10.0,
    "policy.ladder": [REMOVAL],
}
"""Many cases, each of which ends with a removal."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulate(load_scenario("cn-2023", BUSY), 2, seed=3, out=tmp_path_factory.mktemp("run") / "run")


# -- the first time


def test_first_sanctions_and_removals_are_those_of_the_log(run: Run) -> None:
    place = ["replication", "provider"]
    events, providers = run.events, run.providers.set_index(place)
    sanctioned = events[events["kind"] == "sanctioned"].groupby(place)["time"].min()
    assert len(sanctioned) > 5
    assert providers["first_sanction"].dropna().to_dict() == sanctioned.to_dict()
    # A provider that is gone is delisted as well, with case 0: that is no removal, though a removal may have case 0.
    delisted = events[events["kind"] == "delisted"]
    removed = delisted[delisted["case"] != 0].groupby(place)["time"].min()
    first = providers["first_removal"].dropna()
    assert len(removed) > 5
    assert set(removed.index) <= set(first.index)
    assert (first[removed.index] <= removed).all()
    assert set(first.items()) <= set(delisted.set_index(place)["time"].items())


def test_utilisation_is_the_share_of_inspectors_at_work(run: Run) -> None:
    crowded = simulate(load_scenario("cn-2023", BUSY | {"policy.staff.investigation_days": 120.0}), 1, seed=3)
    assert 0.0 < run.outcomes["utilisation"].mean() < crowded.outcomes["utilisation"].mean() <= 1.0
    inspectors = crowded.scenario.whole_counts()["policy.staff.inspectors"][1]
    assert crowded.series["investigating"].max() <= inspectors
    assert crowded.series["investigating"].max() > 0


# -- survival


def test_the_curve_of_kaplan_and_meier_is_that_of_their_paper_in_small() -> None:
    """The remission times of Freireich et al. (1963), the 6-MP group, as in every textbook."""
    days = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = kaplan_meier(days, [True] * 9 + [False] * 12)
    assert curve["survival"].round(3).tolist() == [1.0, 0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert curve["at_risk"].tolist() == [21, 21, 17, 15, 12, 11, 7, 6]
    error = (
        curve["survival"]
        * np.sqrt(np.cumsum(curve["events"] / (curve["at_risk"] * (curve["at_risk"] - curve["events"]))))
    ).round(4)
    assert error.tolist()[1:] == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert ((curve["lo95"] <= curve["survival"]) & (curve["survival"] <= curve["hi95"])).all()


def test_survival_counts_from_entry_and_censors_at_the_end(run: Run) -> None:
    curves = survival(run, by=None)
    entered = run.providers["entered"].notna()
    assert curves["at_risk"].iloc[0] == entered.sum()
    assert curves["events"].sum() == run.providers.loc[entered, "first_sanction"].notna().sum()
    assert curves["day"].max() < run.scenario.horizon
    by_class = share_without(survival(run), 365.0)
    assert set(by_class) <= set(run.providers["size_class"].astype(str))
    with pytest.raises(RunError, match="expected one of: first_sanction"):
        survival(run, "first_fine")


# -- units


def test_columns_have_their_units_in_parquet(run: Run) -> None:
    folder = run.folder
    assert folder is not None
    outcomes = pq.read_schema(folder / "outcomes.parquet")
    assert outcomes.field("fines").metadata[b"unit"] == b"RMB"
    assert outcomes.field("fines").metadata[b"title"].startswith(b"Fines")
    assert (
        pq.read_schema(folder / "providers.parquet").field("first_sanction").metadata[b"unit"]
        == b"days since the start"
    )
    assert pq.read_schema(folder / "series.parquet").field("harm").metadata[b"unit"] == b"user-days"
    shard = next((folder / "shards").glob("*.parquet"))
    assert pq.read_schema(shard).field("time").metadata[b"unit"] == b"days since the start"


# -- going on


def test_a_run_goes_on_beyond_its_horizon(run: Run) -> None:
    longer = continue_run(run, 600.0)
    assert longer.replications == run.replications
    assert longer.series["end"].max() == 600.0
    shared = run.series["end"] <= 480.0
    same = longer.series["end"] <= 480.0
    assert run.series[shared].reset_index(drop=True).equals(longer.series[same].reset_index(drop=True))
    with pytest.raises(RunError, match="expected one after that of the run, 500"):
        continue_run(run, 500.0)


def test_the_command_continues_a_run_folder(run: Run, tmp_path: Path) -> None:
    done = shenhe("simulate", str(run.folder), "--until", "520", "--out", str(tmp_path / "longer"))
    assert done.exit_code == 0, done.output
    assert read_run(tmp_path / "longer").scenario.horizon == 520.0
    for words, message in (
        ((str(run.folder),), "pass --until DAY"),
        ((str(run.folder), "--until", "100"), "expected one after that of the run"),
        (("cn-2023", "--until", "2000"), "expected the folder of a finished run"),
        ((str(run.folder), "--until", "600", "--set", "horizon=700"), "omit --set"),
    ):
        refused = shenhe("simulate", *words)
        assert refused.exit_code == 2
        assert message in " ".join(refused.output.replace("│", " ").split())


# -- precision of a difference


def test_a_difference_is_run_until_it_is_precise() -> None:
    a, b = load_scenario("cn-2023", SMALL), load_scenario("cn-2023", SMALL | {"policy.evidence.sensitivity": 0.6})
    first, second, found = converge_difference(a, b, 0.05, ["violations"], first=4, most=16)
    assert first.replications == second.replications == found[0].replications
    assert found[0].relative <= 0.05 or found[0].replications == 16
    same = converge_difference(a, a, 0.01, ["harm"], first=4)[2]
    assert same == [("harm", 4, 0.0, 4)]
    with pytest.raises(RunError, match="found no metric 'guess'"):
        converge_difference(a, b, 0.05, ["guess"])


# -- series of a study, figures, exports


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> study.StudyRun:
    changed = small_study(series=["violations", "backlog"], replications=3)
    return study.run_study(changed, tmp_path_factory.mktemp("study") / "kept", Inline())


def test_a_study_keeps_the_series_it_names(kept: study.StudyRun) -> None:
    values = kept.series("violations")["as-enacted"]
    assert values.columns.tolist() == [30.0 * k for k in range(1, 9)]
    totals = kept.results(["violations"])
    totals = totals[totals["arm"] == "as-enacted"].set_index(["world", "replication"])["violations"]
    assert values.sum(axis=1).to_dict() == totals.to_dict()
    with pytest.raises(StudyError, match="it kept: violations, backlog"):
        kept.series("fines")
    with pytest.raises(StudyError, match=r"series.1.: found 'backlok'.*did you mean 'backlog'"):
        study.load_study(small_study(series=["violations", "backlok"]))


def test_a_series_is_analysed_as_a_difference(kept: study.StudyRun) -> None:
    found = analyse("series", kept, metric="violations", baseline="as-enacted")
    rows = found.table[found.table["arm"] == "the-same"]
    assert rows[["mean", "lo95", "hi95"]].to_numpy().tolist() == [[0.0, 0.0, 0.0]] * 8
    assert set(found.table["arm"]) == {"inspect-more", "the-same"}


def test_results_have_units_and_become_an_xarray_dataset(kept: study.StudyRun) -> None:
    assert pq.read_schema(kept.folder / "results.parquet").field("harm").metadata[b"unit"] == b"user-days"
    pytest.importorskip("xarray")
    dataset = kept.to_xarray()
    assert dict(dataset.sizes) == {"arm": 3, "world": 4, "replication": 3}
    assert dataset["fines"].attrs["units"] == "RMB"
    assert dataset["gain"].dims == ("world",)
    frame = kept.results(["harm"])
    row = frame[(frame["arm"] == "inspect-more") & (frame["world"] == 2) & (frame["replication"] == 1)]
    assert float(dataset["harm"].sel(arm="inspect-more", world=2, replication=1)) == row["harm"].item()


def test_figures_are_plotly_objects_with_colours_of_their_own(run: Run, kept: study.StudyRun) -> None:
    figures = [
        survival_figure(survival(run)),
        series_figure(run, "violations"),
        analysis_figure(analyse("series", kept)),
        analysis_figure(analyse("compare", kept)),
    ]
    for figure in figures:
        assert "var(--" not in figure.to_json()
        assert figure.update_layout(title="Mine").layout.title.text == "Mine"
    with pytest.raises(RunError, match="found no series 'guess'"):
        series_figure(run, "guess")


def test_the_survival_frame_is_tidy(run: Run) -> None:
    frame = survival(run)
    assert isinstance(frame, pd.DataFrame)
    assert frame.groupby("group")["survival"].apply(lambda s: s.is_monotonic_decreasing).all()
