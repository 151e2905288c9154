"""Studies: what a file may say, and the same bytes whatever runs it and however often it is stopped."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from shenhe.simulator import load_scenario, simulate, study
from shenhe.simulator.runs.engines import Engine, using
from shenhe.simulator.runs.executors import Dask, Inline, InlineExecutor, Processes
from shenhe.simulator.study import Estimate, StudyError
from shenhe.simulator.study.jobs import Cell, cut, make_job, run_job
from shenhe.simulator.study.ledger import Ledger
from shenhe.simulator.study.running import precise

from . import chaos
from .small import COMMAND, digests, results, small_study


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> study.StudyRun:
    """The small study, run in this process."""
    return study.run_study(small_study(), tmp_path_factory.mktemp("run") / "small", Inline())


# -- what comes out


def test_results_have_a_row_for_each_world_arm_and_replication_in_order(run: study.StudyRun) -> None:
    frame = run.results(["violations"])
    assert len(frame) == 4 * 3 * 10
    codes = frame["arm"].map({name: k for k, name in enumerate(run.arms)}).astype(int)
    order = list(zip(frame["world"], codes, frame["replication"], strict=True))
    assert order == sorted(order)
    assert run.metrics["harm"].unit == "user-days"


def test_a_row_is_what_simulate_gives_for_the_same_scenario_and_draws(run: study.StudyRun) -> None:
    plan = run.plan
    values = plan.worlds.iloc[2]
    overrides = small_study()["set"] | {"response.initial_belief": float(values["response.initial_belief"])}
    base = load_scenario("cn-2023")
    overrides |= {
        f"population.classes.{item.name}.gain": item.gain * float(values["gain"]) for item in base.population.classes
    }
    alone = simulate(load_scenario("cn-2023", overrides), replications=3, seed=plan.world_seed(2)).outcomes
    frame = run.results()
    rows = frame[(frame["world"] == 2) & (frame["arm"] == "as-enacted")].head(3)
    shared = [name for name in alone.columns if name in rows.columns and name != "replication"]
    assert len(shared) > 40
    np.testing.assert_array_equal(rows[shared].to_numpy(float), alone[shared].to_numpy(float))


def test_arms_share_draws_and_worlds_do_not(run: study.StudyRun) -> None:
    """A change without consequence has exactly no effect; two worlds differ even in what their parameters leave
    alone.
    """
    values = run.values("complaints")
    assert values["the-same"].equals(values["as-enacted"])
    assert run.plan.world_seed(0) != run.plan.world_seed(1)
    common = study.load_study(small_study(worlds=small_study()["worlds"] | {"draws": "common"}))
    assert common.world_seed(0) == common.world_seed(3) == common.study.seed


def test_early_and_late_compliance_bracket_the_whole(run: study.StudyRun) -> None:
    frame = run.results(["compliance", "compliance_early", "compliance_late", "staff_years"])
    assert frame["staff_years"].nunique() == 1
    late = frame["compliance_late"].dropna()
    assert ((late >= 0) & (late <= 1)).all()
    low = frame[["compliance_early", "compliance_late"]].min(axis=1)
    high = frame[["compliance_early", "compliance_late"]].max(axis=1)
    assert ((low <= frame["compliance"]) & (frame["compliance"] <= high)).mean() > 0.5


def test_reading_back_gives_the_same_study(run: study.StudyRun) -> None:
    again = study.read_study(run.folder)
    assert again.plan.hash == run.plan.hash
    assert again.results().equals(run.results())
    assert again.worlds.equals(run.worlds)


def test_a_metric_that_no_result_has_is_answered_with_the_closest(run: study.StudyRun) -> None:
    with pytest.raises(StudyError, match="did you mean 'violations'"):
        run.results(["violatons"])


# -- the same bytes


@pytest.mark.costly
def test_processes_and_this_process_write_the_same_files(run: study.StudyRun, tmp_path: Path) -> None:
    study.run_study(small_study(), tmp_path / "two", Processes(2))
    assert results(tmp_path / "two") == results(run.folder)


@pytest.mark.costly
def test_both_engines_write_the_same_files_and_shards(
    run: study.StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenhe.simulator.study.running.job_size", lambda estimate: 40)
    for engine in ("simpy", "compiled"):
        with using(engine):
            study.run_study(small_study(), tmp_path / engine, Inline())
        assert json.loads((tmp_path / engine / "run.json").read_text())["engine"] == engine
    assert digests(tmp_path / "compiled") == digests(tmp_path / "simpy")
    assert results(tmp_path / "compiled") == results(run.folder)


def test_both_engines_begin_with_the_same_fear(tmp_path: Path) -> None:
    worlds = {
        "design": "grid",
        "draws": "common",
        "parameters": [{"path": "initial.belief", "name": "belief", "values": [0.0, 1.0]}],
    }
    feared = small_study(scenario="cn-2022-draft", worlds=worlds, replications=4)
    done = [study.run_study(feared, tmp_path / engine, Inline(), engine=engine) for engine in ("simpy", "compiled")]
    assert results(tmp_path / "compiled") == results(tmp_path / "simpy")
    early = done[0].cells("compliance_early").groupby("world")["mean"].mean()
    assert early[1] > early[0] + 0.02


def test_staff_is_that_of_the_market_simulated_through_all_regimes(tmp_path: Path) -> None:
    people = {"policy.staff.inspectors": 4, "registry.reviewers": 2}
    change = {"title": "a campaign", "day": 120.0, "set": {"policy.staff.inspectors": 8}}
    arms = [
        {"name": "whole", "set": people},
        {"name": "half", "set": {**people, "population.scale": 0.5}},
        {"name": "more-in-the-second-half", "set": {**people, "changes": [change]}},
    ]
    done = study.run_study(small_study(arms=arms, worlds=None, replications=1), tmp_path / "study", Inline())
    found = done.cells("staff_years").set_index("arm")["mean"] * 365 / 240
    assert found.tolist() == pytest.approx([6.0, 3.0, 8.0])


def test_how_jobs_are_cut_does_not_show(run: study.StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shenhe.simulator.study.running.job_size", lambda estimate: 7)
    monkeypatch.setattr("shenhe.simulator.study.merging.ROW_GROUP", 32_768)
    study.run_study(small_study(), tmp_path / "sevens", Inline())
    assert len(list((tmp_path / "sevens" / "shards").iterdir())) == 18
    assert results(tmp_path / "sevens") == results(run.folder)


@pytest.mark.slow
def test_dask_and_processes_write_the_same_files(run: study.StudyRun, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    study.run_study(small_study(), tmp_path / "dask", Dask(2))
    assert results(tmp_path / "dask") == results(run.folder)


@pytest.mark.costly
def test_a_study_is_resumed_without_running_anything_twice(
    run: study.StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenhe.simulator.study.running.job_size", lambda estimate: 7)
    out = tmp_path / "resumed"
    done = 0

    def stop(finished: int, wanted: int) -> None:
        nonlocal done
        done = finished
        if finished >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.run_study(small_study(), out, Inline(), stop)
    kept = {path.name for path in (out / "shards").iterdir()}
    assert 0 < len(kept) < 18
    with pytest.raises(StudyError, match="was not finished"):
        study.read_study(out)
    made = []
    real = run_job
    monkeypatch.setattr("shenhe.simulator.study.ledger.run_job", lambda job: made.append(job.key) or real(job))
    study.run_study(small_study(), out, Inline())
    assert len(made) == 18 - len(kept)
    assert results(out) == results(run.folder)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found in /proc")
def test_killed_drivers_and_workers_do_not_change_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "storm.yaml"
    path.write_text(json.dumps(chaos.STUDY | {"replications": 12, "precision": None}))
    tally = chaos.chaos(path, tmp_path, kills=2, seed=5)
    assert (tally.drivers, tally.workers) == (1, 1)
    assert tally.finished >= 1
    assert tally.different == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.costly
def test_ctrl_c_keeps_what_was_finished_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "storm.yaml"
    path.write_text(json.dumps(chaos.STUDY | {"replications": 400, "precision": None}))
    command = [
        *COMMAND,
        "study",
        str(path),
        "--out",
        str(tmp_path / "out"),
        "--executor",
        "inline",
        "--engine",
        "simpy",
        "--yes",
    ]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    shards = tmp_path / "out" / "shards"
    for _ in range(600):
        if driver.poll() is not None or (shards.is_dir() and any(shards.glob("*.parquet"))):
            break
        time.sleep(0.1)
    driver.send_signal(signal.SIGINT)
    _, told = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert b"repeat the command to resume from" in told
    assert not list(shards.glob(".*.part"))


# -- when things break


class Poisoned(Inline):
    """An executor in which one job always fails."""

    def __init__(self, key: str) -> None:
        self.key = key

    def start(self) -> Any:
        key = self.key

        class Failing(InlineExecutor):
            def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
                def refuse(job: Any) -> bytes:
                    raise MemoryError("no room for it")

                return super().submit(refuse if args[0].key == key else fn, *args, **kwargs)

        return Failing()


def test_a_poison_job_is_named_the_rest_finish_and_the_next_run_heals(
    run: study.StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenhe.simulator.study.running.job_size", lambda estimate: 30)
    plan = study.load_study(small_study())
    cells = [Cell(world, arm, 0, 10) for world in range(4) for arm in range(3)]
    jobs = [make_job(plan, part, Engine.SIMPY) for part in cut(cells, 30)]
    ill = study.run_study(plan, tmp_path / "ill", Poisoned(jobs[1].key))
    assert list(ill.quarantined) == [str(jobs[1])]
    assert "MemoryError: no room for it" in ill.quarantined[str(jobs[1])]
    assert len(ill.results(["violations"])) == 120 - 30
    assert not json.loads((tmp_path / "ill" / "run.json").read_text())["complete"]
    with pytest.raises(StudyError, match="no room for it"):
        study.read_study(tmp_path / "ill")
    study.run_study(plan, tmp_path / "ill", Inline())
    assert results(tmp_path / "ill") == results(run.folder)


@pytest.mark.costly
def test_a_full_disk_is_told_and_the_study_goes_on_later(
    run: study.StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenhe.simulator.study.running.job_size", lambda estimate: 30)
    real, written = Path.write_bytes, 0

    def write(self: Path, data: bytes) -> int:
        nonlocal written
        written += self.name.count(".parquet")
        if written > 2 and ".parquet" in self.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(StudyError, match="the disk is full; make room: finished work is kept"):
        study.run_study(small_study(), tmp_path / "full", Inline())
    monkeypatch.setattr(Path, "write_bytes", real)
    assert len(list((tmp_path / "full" / "shards").glob("*.parquet"))) == 2
    assert not list((tmp_path / "full" / "shards").glob(".*"))
    study.run_study(small_study(), tmp_path / "full", Inline())
    assert results(tmp_path / "full") == results(run.folder)


@pytest.mark.costly
def test_a_damaged_shard_is_made_again(run: study.StudyRun, tmp_path: Path) -> None:
    out = tmp_path / "damaged"
    study.run_study(small_study(), out, Inline())
    before = digests(out)
    victim = sorted((out / "shards").glob("*.parquet"))[0]
    victim.write_bytes(victim.read_bytes()[:100])
    with pytest.raises(StudyError, match="was damaged and is removed"):
        study.run_study(small_study(), out, Inline())
    study.run_study(small_study(), out, Inline())
    assert digests(out) == before


def test_one_driver_at_a_time(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    plan = study.load_study(small_study())
    with Ledger(tmp_path / "one", plan, None), pytest.raises(StudyError, match="another process is running this study"):
        study.run_study(plan, tmp_path / "one", Inline())


def test_a_folder_with_something_else_is_left_alone(run: study.StudyRun, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="is not empty and holds no study"):
        study.run_study(small_study(), tmp_path, Inline())
    with pytest.raises(StudyError, match="holds another study"):
        study.run_study(small_study(seed=2), run.folder, Inline())
    simulate(load_scenario("cn-2023", small_study()["set"]), 1, out=tmp_path / "run")
    with pytest.raises(StudyError, match="holds a run that is not a study"):
        study.run_study(small_study(), tmp_path / "run", Inline())


def test_workers_with_another_model_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(study.load_study(small_study()), [Cell(0, 0, 0, 1)], Engine.SIMPY)
    monkeypatch.setattr("shenhe.simulator.study.jobs.model_hash", lambda: "another")
    with pytest.raises(StudyError, match="another version of shenhe"):
        run_job(job)


# -- how much to run


@pytest.mark.costly
def test_replications_go_on_until_the_difference_is_known(tmp_path: Path) -> None:
    wanted = {"metric": "violations", "half_width": 0.02, "of": "difference", "most": 80}
    run = study.run_study(small_study(precision=wanted), tmp_path / "precise", Inline())
    counts = run.results(["violations"]).groupby(["world", "arm"], observed=True).size().unstack()
    assert counts.nunique(axis=1).eq(1).all(), "the arms of a world are replicated alike"
    assert set(counts.iloc[:, 0]) <= {10, 20, 40, 80}
    assert counts.iloc[:, 0].max() > 10
    for world, row in counts.iterrows():
        values = np.array([frame.loc[world].dropna().to_numpy() for frame in run.values("violations").values()])
        assert row.iloc[0] == 80 or precise(values, study.Precision(**wanted))


@pytest.mark.costly
def test_worlds_with_common_draws_get_equally_many(tmp_path: Path) -> None:
    wanted = {"metric": "violations", "half_width": 0.1, "of": "mean", "most": 40}
    changed = small_study(precision=wanted, worlds=small_study()["worlds"] | {"draws": "common"})
    run = study.run_study(changed, tmp_path / "common", Inline())
    assert run.results(["violations"]).groupby(["world", "arm"], observed=True).size().nunique() == 1


def test_nothing_long_begins_unasked(tmp_path: Path) -> None:
    asked: list[Estimate] = []
    with pytest.raises(StudyError, match="not started"):
        study.run_study(
            small_study(), tmp_path / "asked", Inline(), agree=lambda estimate: bool(asked.append(estimate))
        )
    assert asked[0].replications == 120
    assert asked[0].disk > 0
    assert asked[0].wall > 0
    assert not list((tmp_path / "asked" / "shards").iterdir())


def test_a_study_that_cannot_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(StudyError, match="MB free, and the study may take"):
        study.run_study(small_study(), tmp_path / "tight", Inline())


def test_shards_carry_no_trace_of_who_made_them(run: study.StudyRun) -> None:
    for path in [run.folder / "results.parquet", *(run.folder / "shards").glob("*.parquet")]:
        schema = pq.read_schema(path)
        assert not {key for key in (schema.metadata or {}) if key != b"ARROW:schema"}


# -- what a file may say


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("replications: 10", "study.yaml:14:15: replications: found 'ten'"),
        ("  - {name: b}", "study.yaml:1:1: found the arm 'a' twice"),
        ("response.initial_belief", "study.yaml:11:7: worlds.parameters[0]: found 'response.initial_beliefs'"),
        ("size: 4", "found the design sobol with no size"),
        ("low: 0.01", "expected low above 0"),
        ("high: 0.3", "is not a valid scenario"),
        ("scenario: cn-2023", "no scenario is called 'cn-2033'; did you mean 'cn-2023'"),
        (
            "metric: harm",
            "study.yaml:16:14: objectives[0].metric: found 'harms', which no result has; did you mean 'harm'",
        ),
        ("name: file", "found a field 'nam' that does not exist here, expected 'name'"),
        ("inspectors: 3", "study.yaml:6:5: arms[1]: "),
    ],
)
def test_a_bad_file_is_answered_with_place_and_advice(tmp_path: Path, edit: str, told: str) -> None:
    good = """name: file
title: From a file
scenario: cn-2023
arms:
  - {name: a}
  - {name: b, set: {policy.staff.inspectors: 3}}
worlds:
  design: sobol
  size: 4
  parameters:
    - {path: response.initial_belief, low: 0.01, high: 0.3, scale: log}
    - {path: response.memory, values: [365.0, 730.0]}
seed: 3
replications: 10
objectives:
  - {metric: harm}
"""
    bad = {
        "replications: 10": good.replace("replications: 10", "replications: ten"),
        "  - {name: b}": good.replace("{name: b,", "{name: a,"),
        "response.initial_belief": good.replace("response.initial_belief", "response.initial_beliefs"),
        "size: 4": good.replace("  size: 4\n", ""),
        "low: 0.01": good.replace("low: 0.01", "low: 0"),
        "high: 0.3": good.replace("high: 0.3", "high: 3"),
        "scenario: cn-2023": good.replace("cn-2023", "cn-2033"),
        "metric: harm": good.replace("harm", "harms"),
        "name: file": good.replace("name: file", "nam: file"),
        "inspectors: 3": good.replace("inspectors: 3", "inspectors: -3"),
    }[edit]
    path = tmp_path / "study.yaml"
    path.write_text(good)
    assert len(study.load_study(path).worlds) == 4
    path.write_text(bad)
    with pytest.raises(StudyError) as error:
        study.load_study(path)
    assert told in str(error.value).replace(str(path), "study.yaml")
    assert str(path) in str(error.value) or "no scenario" in str(error.value)


@pytest.mark.costly
def test_shipped_studies_load() -> None:
    assert {"first-look", "inspections-or-fines"} <= set(study.names())
    plan = study.load_study("inspections-or-fines")
    assert (len(plan.arms), len(plan.worlds), plan.study.replications) == (13, 256, 32)
    for name in study.names():
        study.load_study(name)
    with pytest.raises(StudyError, match="shipped are: first-look"):
        study.load_study("no-such-study")


def test_a_study_file_finds_its_scenario_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: cn-2023\nname: mine\ntitle: Mine\nhorizon: 100\n")
    (tmp_path / "s.yaml").write_text("name: s\ntitle: S\nscenario: mine.yaml\narms: [{name: a}]\nreplications: 1\n")
    assert study.load_study(tmp_path / "s.yaml").scenarios[0].horizon == 100
