"""``shenhe fleet``: what a person types, reads and gets written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.fleet import Fleet, fleet_schema

from ..command_line import Done, shenhe
from .providers import RULE, echo, hang, labelled, of_process, serving, small, unlabelled, wait_for, workers

FEW = ["--on", "2026-09-01", "--examples", "0", "--rules", RULE]
HOSTILE = "<script>alert(1)</script> [red]x[/red] \x1b[31m \u202eevil"


def run(*args: str | Path) -> Done:
    return shenhe("fleet", *args)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Any]]:
    """A folder of three bindings, the results of one fleet, and what it said."""
    folder, out = tmp_path_factory.mktemp("bindings"), tmp_path_factory.mktemp("results")
    with serving(labelled) as lawful, serving(unlabelled) as faulty:
        small(folder, "lawful", lawful, title="Lantern Studio")
        small(folder, "faulty", faulty, title=HOSTILE)
        (folder / "misspelt.yaml").write_text("target: {nme: x}\n")
        yield folder, out, run(folder, "--out", out, *FEW)


@pytest.mark.costly
def test_the_table_ranks_and_names_those_without_a_rank(done: tuple[Path, Path, Any]) -> None:
    result = done[2]
    assert result.exit_code == 1, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert next(line for line in lines if "Lantern" in line)[0] == "1."
    assert next(line for line in lines if line[:1] == ["2."])[-5:-4] == ["failed"]
    assert "not ranked" in result.stdout
    assert "misspelt.yaml  unusable binding" in result.stdout
    assert RULE in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_progress_and_files_are_reported_on_stderr(done: tuple[Path, Path, Any]) -> None:
    _, out, result = done
    assert "3/3  " in result.stderr
    assert f"written: {out / 'index.html'}" in result.stderr
    assert "written" not in result.stdout


def test_no_name_reaches_the_terminal_as_an_escape(done: tuple[Path, Path, Any]) -> None:
    result = done[2]
    for text in (result.stdout, result.stderr):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_each_provider_with_a_report_has_its_page(done: tuple[Path, Path, Any]) -> None:
    _, out, _ = done
    assert sorted(
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() and path.name != ".lock"
    ) == [
        "fleet.json",
        "index.html",
        "providers/faulty/outcome.json",
        "providers/faulty/report.html",
        "providers/faulty/report.json",
        "providers/lawful/outcome.json",
        "providers/lawful/report.html",
        "providers/lawful/report.json",
        "providers/misspelt/outcome.json",
    ]


def test_the_same_command_sends_no_request_again(done: tuple[Path, Path, Any]) -> None:
    folder, out, first = done
    before = {path: path.stat().st_mtime_ns for path in out.rglob("report.*")}
    again = run(folder, "--out", out, *FEW, "--json")
    assert again.exit_code == 1
    assert again.stderr.count("finished by an earlier run") == 2
    assert {path: path.stat().st_mtime_ns for path in out.rglob("report.*")} == before
    assert Fleet.model_validate_json(again.stdout) == Fleet.model_validate_json(
        (out / "fleet.json").read_text(encoding="utf-8")
    )
    assert first.exit_code == again.exit_code


@pytest.mark.costly
def test_accepted_failures_decide_the_exit_code_and_are_reported(done: tuple[Path, Path, Any], tmp_path: Path) -> None:
    folder, out, _ = done
    chosen, results = tmp_path / "b", tmp_path / "results"
    shutil.copytree(folder, chosen)
    (chosen / "misspelt.yaml").unlink()
    shutil.copytree(out, results)
    baselines = tmp_path / "baselines"
    baselines.mkdir()
    entry = "format: shenhe-baseline\nentries:\n  - {{rule: {rule}, verdict: fail, reason: known, expires: {day}}}\n"
    (baselines / "faulty.yaml").write_text(entry.format(rule=RULE, day="2099-01-01"))
    (baselines / "nobody.yaml").write_text("format: shenhe-baseline\nentries: []\n")
    result = run(chosen, "--out", results, *FEW, "--baseline-dir", baselines)
    assert result.exit_code == 0, result.output
    assert "finished by an earlier run" in result.stderr, "a baseline asks nobody again"
    assert "accepted" in result.stdout
    assert "nobody.yaml" in result.stderr
    (baselines / "faulty.yaml").write_text(entry.format(rule=RULE, day="2020-01-01"))
    assert run(chosen, "--out", results, *FEW, "--baseline-dir", baselines).exit_code == 1


@pytest.mark.costly
def test_shared_variables_are_reported_and_a_folder_separates_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, secrets = tmp_path / "b", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    # The bindings are the user's own: they are in the working folder.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARED_KEY", "canary-of-all")
    heard: list[bytes] = []

    def handle(connection: Any, request: bytes) -> None:
        heard.append(request)
        labelled(connection, request)

    auth = '{type: header, name: X-Key, value: "${SHARED_KEY}"}'
    with serving(handle) as url:
        small(folder, "one", url, auth=auth)
        small(folder, "two", url, auth=auth)
        result = run(folder, "--out", tmp_path / "x", *FEW)
        assert result.exit_code == 0
        assert "several bindings read SHARED_KEY: one.yaml, two.yaml" in result.stderr
        assert any(b"canary-of-all" in request for request in heard)
        heard.clear()
        (secrets / "one.env").write_text("SHARED_KEY=mine-alone\n")
        result = run(folder, "--out", tmp_path / "y", *FEW, "--env-dir", secrets)
    assert result.exit_code == 2
    assert "several bindings read" not in result.stderr
    assert heard
    assert all(b"X-Key: mine-alone" in request for request in heard)


def test_a_failing_page_does_not_affect_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shenhe.cli import fleet as module

    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(module, "LARGEST_SHOWN", 10)
    with serving(labelled) as url:
        small(folder, "one", url)
        result = run(folder, "--out", out, *FEW)
    assert result.exit_code == 0
    assert "no page for one: its report has" in result.stderr
    assert "report.html" not in (out / "index.html").read_text(encoding="utf-8")


def test_the_schema_is_printed() -> None:
    result = run("--schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == fleet_schema()


def test_mistakes_are_reported_before_any_request(tmp_path: Path) -> None:
    assert run().exit_code == 2
    assert "holds no binding" in run(tmp_path).stderr
    small(tmp_path, "one", "http://127.0.0.1:9")
    assert run(tmp_path, "--on", "tomorrow").exit_code == 2
    assert run(tmp_path, "--baseline-dir", tmp_path / "nowhere").exit_code == 2
    assert "nowhere" in run(tmp_path, "--env-dir", tmp_path / "nowhere").stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.costly
def test_a_fleet_that_is_ended_takes_its_processes_with_it(tmp_path: Path, sent: signal.Signals) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    with serving(hang) as url, serving(labelled) as lawful:
        small(folder, "a-lawful", lawful)
        small(folder, "b-hanging", url, timeout=300)
        command = [
            sys.executable,
            "-c",
            "from shenhe.cli.main import run; run()",
            "fleet",
            str(folder),
            "--out",
            str(out),
            *FEW,
        ]
        process = subprocess.Popen(
            [*command, "--at-once", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_for(lambda: (out / "providers" / "b-hanging").exists() and bool(workers(process.pid)))
        asked = workers(process.pid)
        os.kill(process.pid, sent)
        output, _ = process.communicate(timeout=60)
        wait_for(lambda: not any(of_process(each, "cmdline") for each in asked))
        if sent is signal.SIGINT:
            assert process.returncode == 130
            assert "not run" in output
            assert (
                Fleet.model_validate_json((out / "fleet.json").read_text(encoding="utf-8")).providers[0].name
                == "a-lawful"
            )
        (folder / "b-hanging.yaml").unlink()
        again = run(folder, "--out", out, *FEW)
    assert again.exit_code == 0
    assert "1/1  a-lawful  finished by an earlier run" in again.stderr


def test_a_returned_secret_is_in_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    monkeypatch.setenv("API_KEY", "canary-5d81c390fe27")
    with serving(echo) as url:
        small(folder, "one", url, auth='{type: header, name: X-Key, value: "${API_KEY}"}')
        result = run(folder, "--env", "API_KEY", "--out", out, *FEW)
    assert result.exit_code == 1
    page = (out / "providers" / "one" / "report.html").read_text(encoding="utf-8")
    assert "You said" in page
    assert "X-Key: ${API_KEY}" in page
    assert "canary" not in result.stdout + result.stderr
    assert not [path for path in out.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
