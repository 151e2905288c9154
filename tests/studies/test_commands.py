"""``shenhe study``: run, analyse, search, list; what it says when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..command_line import shenhe
from .small import small_study


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "small.yaml"
    path.write_text(json.dumps(small_study(worlds=small_study()["worlds"] | {"size": 32}, replications=3)))
    return path


@pytest.fixture(scope="module")
def folder(file: Path) -> Path:
    out = file.parent / "out"
    done = shenhe("study", str(file), "--out", str(out), "--executor", "inline", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["arms"] == ["as-enacted", "inspect-more", "the-same"]
    assert [item["kind"] for item in document["analyses"]][:2] == ["compare", "rank"]
    return out


@pytest.mark.costly
def test_a_run_leaves_a_page_and_the_command_that_makes_it_again(file: Path, folder: Path) -> None:
    note = json.loads((folder / "run.json").read_text())
    assert note["complete"] is True
    assert note["command"] == f"shenhe study {file} --out {folder}"
    assert (folder / "index.html").read_text().startswith("<!doctype html>")
    words = note["command"].split()[1:]
    again = shenhe(*words[:2], "--out", str(folder.parent / "again"), "--executor", "inline")
    assert again.exit_code == 0
    assert (folder / "results.parquet").read_bytes() == (folder.parent / "again" / "results.parquet").read_bytes()


@pytest.mark.parametrize("kind", ["compare", "rank", "robust", "pareto", "sensitivity", "discover"])
def test_each_question_is_answered_as_text_json_and_figure(kind: str, folder: Path, tmp_path: Path) -> None:
    told = shenhe("study", "analyse", kind, str(folder))
    assert told.exit_code == 0, told.output
    assert "violations" in told.stdout.lower()
    figure = tmp_path / "figure.html"
    data = shenhe("study", "analyse", kind, str(folder), "--json", "--figure", str(figure))
    assert json.loads(data.stdout)["kind"] == kind
    assert json.loads(data.stdout)["table"]
    assert f'id="{kind}-data"' in figure.read_text()


def test_what_is_wrong_is_told(folder: Path, tmp_path: Path) -> None:
    for words, told in (
        (("study", "analyse", "guess", str(folder)), "expected one of: compare"),
        (("study", "analyse", "compare", str(tmp_path)), "no study here"),
        (("study", "no-such-study", "--out", str(tmp_path / "x")), "no study is called 'no-such-study'"),
        (("study", "analyse", "compare", str(folder), "--metric", "harms"), "did you mean 'harm'"),
    ):
        done = shenhe(*words)
        assert done.exit_code == 2
        assert told in done.stderr


@pytest.mark.costly
def test_a_long_study_needs_yes_without_a_terminal(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shenhe.cli.study.ASK_SECONDS", 0.0)
    done = shenhe("study", str(file), "--out", str(tmp_path / "long"), "--executor", "inline")
    assert done.exit_code == 2
    assert "pass --yes" in " ".join(done.output.replace("│", " ").split())
    assert shenhe("study", str(file), "--out", str(tmp_path / "long"), "--executor", "inline", "--yes").exit_code == 0


@pytest.mark.costly
def test_help_and_list() -> None:
    assert "analyse" in shenhe("study", "--help").stdout
    assert "first-look" in shenhe("study", "list").stdout
    assert {item["name"] for item in json.loads(shenhe("study", "list", "--json").stdout)} >= {
        "first-look",
        "inspections-or-fines",
    }
