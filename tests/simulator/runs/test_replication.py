"""Many replications: the same bytes however they are made, kept when interrupted, resumed, and refused when unfit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from shenhe.simulator import RunError, compare, converge, read_run, simulate
from shenhe.simulator.runs import identity
from shenhe.simulator.runs import run as module

from ..scenes import small

FILES = ("outcomes.parquet", "providers.parquet", "series.parquet")


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in a run folder but run.json."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "run.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "one"
    simulate(small(), 4, 9, workers=1, out=folder, command="shenhe simulate x")
    return folder


@pytest.mark.costly
def test_two_workers_write_the_bytes_of_one(finished: Path, tmp_path: Path) -> None:
    simulate(small(), 4, 9, workers=2, out=tmp_path / "two")
    assert contents(tmp_path / "two") == contents(finished)
    assert len(list((finished / "shards").iterdir())) == 4


def test_memory_and_disk_give_the_same_frames(finished: Path) -> None:
    on_disk, in_memory = read_run(finished), simulate(small(), 4, 9)
    for name in ("outcomes", "providers", "series"):
        pd.testing.assert_frame_equal(getattr(on_disk, name), getattr(in_memory, name))
    pd.testing.assert_frame_equal(on_disk.events, in_memory.events)
    pd.testing.assert_frame_equal(on_disk.summary, in_memory.summary)
    assert on_disk.scenario == in_memory.scenario


def test_files_do_not_contain_engine_host_or_time(finished: Path) -> None:
    for path in finished.rglob("*.parquet"):
        metadata = pq.read_metadata(path).metadata or {}
        assert set(metadata) <= {b"ARROW:schema"}
        assert b"pandas" not in path.read_bytes()
    note = json.loads((finished / "run.json").read_text())
    assert note["command"] == "shenhe simulate x"
    assert note["complete"] is True
    assert {"scenario", "scenario_hash", "seed", "replications", "engine", "versions", "host", "rulebook_hash"} <= set(
        note
    )


def test_every_column_keeps_its_dictionary(finished: Path) -> None:
    """Parquet gives up a dictionary with a value twice, and then writes text for each row."""
    for path in (finished / "shards").iterdir():
        group = pq.ParquetFile(path).metadata.row_group(0)
        for k in range(group.num_columns):
            assert "RLE_DICTIONARY" in group.column(k).encodings


def test_a_run_resumes_and_ends_with_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "resumed"
    simulate(small(), 2, 9, out=folder)
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "shards").iterdir()}
    simulate(small(), 4, 9, out=folder)
    after = {path.name: path.stat().st_mtime_ns for path in (folder / "shards").iterdir()}
    assert {name: after[name] for name in before} == before
    assert contents(folder) == contents(finished)


def test_a_missing_part_is_made_again(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    simulate(small(), 4, 9, out=folder)
    next((folder / "shards").iterdir()).unlink()
    next((folder / "parts").iterdir()).unlink()
    (folder / "outcomes.parquet").unlink()
    simulate(small(), 4, 9, out=folder)
    assert contents(folder) == contents(finished)


def test_another_run_is_not_overwritten(finished: Path) -> None:
    before = contents(finished)
    for scenario, seed in ((small(), 10), (small(policy__staff__inspectors=3), 9)):
        with pytest.raises(RunError, match="another scenario or seed"):
            simulate(scenario, 4, seed, out=finished)
    assert contents(finished) == before


def test_the_hash_of_the_model_covers_what_the_model_imports() -> None:
    code = (
        "import sys, shenhe.simulator.reference.engine, shenhe.simulator.runs.outcomes\n"
        "print(*sorted(name for name in sys.modules if name.startswith('shenhe.simulator.')))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    hashed = {f"shenhe.simulator.{name.removesuffix('.py').replace('/', '.')}" for name in identity.MODEL}
    outside = [name for name in found if not any(f"{name}.".startswith(f"{room}.") for room in hashed)]
    assert outside == ["shenhe.simulator.runs"]  # the package itself: a docstring


DOCUMENTED = '''"""A module."""

LIMIT = 3  # days
"""What the limit is for."""


def wait(days):
    """Wait."""
    return f"#{days}" if days < LIMIT else """a
b # no comment"""
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("A module.", "Another text", True),
        ("What the limit is for.", "Days.\n", True),
        ("Wait.", "Waits.\n\n    Twice.\n    ", True),
        ("# days", "# hours, 'more' or \"less\"", True),
        ("\n\n\ndef", "\ndef", True),
        ("LIMIT = 3", "LIMIT = 4", False),
        ("#{days}", "# {days}", False),
        ("b # no comment", "b # no", False),
        ("a\nb", "a\n\nb", False),
        ("<", "<=", False),
    ],
)
def test_only_code_counts_for_the_version_of_the_model(old: str, new: str, same: bool) -> None:
    changed = DOCUMENTED.replace(old, new)
    assert changed != DOCUMENTED
    assert (identity.code_of(changed) == identity.code_of(DOCUMENTED)) is same


def test_a_run_of_another_model_is_not_mixed_in(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "model_hash", lambda: "0" * 64)
    with pytest.raises(RunError, match="another version of the model"):
        simulate(small(), 4, 9, out=finished)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="is a file"):
        simulate(small(), 1, 1, out=tmp_path / "file")
    with pytest.raises(RunError, match="holds no run"):
        simulate(small(), 1, 1, out=tmp_path)
    with pytest.raises(RunError, match="cannot be written"):
        simulate(small(), 1, 1, out="/proc/nowhere")
    with pytest.raises(RunError, match="no run here"):
        read_run(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"complete": true}', '{"complete": true, "scenario": {}}'])
def test_a_damaged_run_json_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError):
        read_run(tmp_path)


def test_damaged_parquet_is_reported(finished: Path, tmp_path: Path) -> None:
    simulate(small(), 1, 9, out=tmp_path / "run")
    (tmp_path / "run" / "outcomes.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(RunError, match="cannot be read"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize("arguments", [(0, 1, 1), (1, -1, 1), (1, 2**63, 1), (1, 1, 0)])
def test_arguments_out_of_range(arguments: tuple[int, int, int]) -> None:
    replications, seed, workers = arguments
    with pytest.raises(RunError, match=r"found .* expected"):
        simulate(small(), replications, seed, workers)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.costly
def test_interrupted_runs_keep_finished_shards(tmp_path: Path, workers: int) -> None:
    """Ctrl-C ends with code 130 and a sentence, leaves whole shards only, and the run can go on."""
    folder = tmp_path / "run"
    script = tmp_path / "run.py"
    # The command as `shenhe` runs it, without waiting for its other commands to be imported.
    script.write_text(
        "import sys, typer\n"
        "from shenhe.cli.simulate import simulate\n"
        "app = typer.Typer()\n"
        "app.command()(simulate)\n"
        "if __name__ == '__main__':\n"
        "    app()\n"
    )
    arguments = ["cn-2023", "-n", "500", "--workers", str(workers), "--out", str(folder)]
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(600):
            if (folder / "shards").is_dir() and len(list((folder / "shards").glob("r*.parquet"))) >= 2:
                break
            time.sleep(0.1)
        if workers > 1:
            # What a worker leaves that is ended in the middle of writing.
            (folder / "shards" / ".r00499.parquet.part").touch()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "stopped after" in err
    assert "Traceback" not in err
    assert out == ""
    shards = list((folder / "shards").iterdir())
    assert len(shards) >= 2
    assert all(path.suffix == ".parquet" and path.name.startswith("r") for path in shards)
    for path in shards:
        assert pq.read_metadata(path).num_rows > 0
    with pytest.raises(RunError, match="not finished"):
        read_run(folder)


def test_comparison_wants_the_same_seed() -> None:
    with pytest.raises(RunError, match="same seed"):
        compare(simulate(small(), 1, 1), simulate(small(), 1, 2))


def test_comparison_pairs_common_replications() -> None:
    a, b = simulate(small(), 3, 1), simulate(small(policy__staff__inspectors=1), 2, 1)
    table = compare(a, b).table.set_index("metric")
    assert table.loc["violations", "n"] == 2
    expected = (b.outcomes["violations"] - a.outcomes["violations"][:2]).mean()
    assert table.loc["violations", "difference"] == pytest.approx(expected)
    assert list(compare(a, b).table.columns) == [
        "metric", "title", "unit", "mean_a", "mean_b", "difference", "lo95", "hi95", "lo_all", "hi_all", "n", "skewed",
        "median", "median_lo95", "median_hi95", "interval_of",
    ]  # fmt: skip


@pytest.mark.costly
def test_converge_stops_when_the_interval_is_narrow_enough() -> None:
    scenario = small(horizon=200)
    run, found = converge(scenario, 0.05, ("violations",), seed=3, first=3)
    assert found[0].relative <= 0.05
    assert run.replications == found[0].replications > 3
    values = run.outcomes["violations"]
    half = (run.summary.loc["violations", "hi95"] - run.summary.loc["violations", "lo95"]) / 2
    assert half <= 0.05 * values.mean()
    # the same replications as asked for outright: convergence decides how many, never which
    plain = simulate(scenario, run.replications, 3)
    assert plain.outcomes["violations"].tolist() == values.tolist()


def test_converge_reports_missed_precision() -> None:
    run, found = converge(small(horizon=200), 0.0001, ("violations",), seed=3, first=2, most=4)
    assert run.replications == 4
    assert found[0].relative > 0.0001
    assert found[0].wanted > 4


@pytest.mark.parametrize(
    ("precision", "metric", "words"),
    [
        (0.0, "violations", "above 0"),
        (1.5, "violations", "below 1"),
        (0.05, "joy", "no metric 'joy'"),
        (0.05, "revocations", "mean is 0"),
    ],
)
def test_converge_refuses_impossible_precision(precision: float, metric: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        converge(small("no-enforcement", horizon=60), precision, (metric,), first=2)
