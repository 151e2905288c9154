from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenhe.simulator import simulate

from ..command_line import shenhe
from ..factories import mixed, passing, scenario


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checked").mkdir()
    mixed().write(tmp_path / "checked" / "report.json")
    passing().write(tmp_path / "lawful.json")
    return tmp_path


def test_reports_and_runs_in_any_mix(folder: Path) -> None:
    simulate(scenario(), replications=2, seed=1, out=folder / "run")
    out = folder / "pages" / "page.html"
    done = shenhe(
        "report",
        str(folder / "run"),
        str(folder / "lawful.json"),
        str(folder / "checked"),
        "--out",
        str(out),
    )
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert "example (2)" in page
    assert 'id="sanctions"' in page
    assert "simpy" in page, "the versions of run.json are told"


def test_junit_of_one_report(folder: Path) -> None:
    done = shenhe("report", str(folder / "lawful.json"), "--junit", str(folder / "junit.xml"))
    assert done.exit_code == 0, done.output
    assert b"<testsuites" in (folder / "junit.xml").read_bytes()
    assert not (folder / "report.html").exists()


def test_junit_of_two_reports_is_a_mistake(folder: Path) -> None:
    done = shenhe(
        "report",
        str(folder / "lawful.json"),
        str(folder / "checked"),
        "--junit",
        str(folder / "junit.xml"),
    )
    assert done.exit_code == 2
    assert "found 2 reports" in done.output


@pytest.mark.parametrize("content", ["{", '{"format": "else"}', "[" * 100_000])
def test_a_file_that_is_not_a_report_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    done = shenhe("report", str(path), "--out", str(tmp_path / "page.html"))
    assert done.exit_code == 2
    assert "bad.json" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    done = shenhe("report", str(tmp_path / "nothing.json"))
    assert done.exit_code == 2
    assert "no such file or folder" in " ".join(done.output.replace("│", " ").split())


def test_a_demo_without_a_writable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = shenhe("demo", "--out", str(tmp_path / "file"))
    assert done.exit_code == 2
    assert "is a file, expected a folder" in " ".join(done.output.replace("│", " ").split())


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    done = shenhe("report", str(tmp_path))
    assert "no run here" in done.stderr


@pytest.mark.slow
def test_the_demo_does_the_whole_job(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    done = shenhe("demo", "--out", str(out), "--replications", "2", "--workers", "1")
    assert done.exit_code == 0, done.output
    lawful_code, faulty_code = (
        json.loads((out / name / "report.json").read_text())["summary"]["exit_code"] for name in ("lawful", "faulty")
    )
    assert (lawful_code, faulty_code) == (0, 1)
    failed = {
        rule["behaviour"]
        for rule in json.loads((out / "faulty" / "report.json").read_text())["rules"]
        if rule["verdict"] == "fail"
    }
    assert {"labeling", "consent", "real-name", "takedown"} <= failed
    page = (out / "index.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 3_000_000
    assert "cn-2022-draft" in page
    assert str(out / "index.html") in done.stdout.replace("\n", "")
