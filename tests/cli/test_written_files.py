"""Options for results refuse what cannot be written, or what could not be opened, before anything is computed."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import typer.main

from shenhe.cli.main import app
from tests.command_line import shenhe

from ..docs.test_help import leaves

COMMANDS = dict(leaves(typer.main.get_command(app)))
#: How the help of an option for results begins.
_RESULTS = ("Write", "Also write", "Folder for", "File to write", "Result file")
#: Its value is a folder or a file by another option, so that the command looks itself.
_BY_THE_COMMAND = {("export", "out")}


def results() -> list[tuple[str, Any]]:
    return [
        (name, parameter)
        for name, command in COMMANDS.items()
        for parameter in command.params
        if (getattr(parameter, "help", None) or "").startswith(_RESULTS) and not getattr(parameter, "is_flag", False)
    ]


def callback_of(parameter: Any) -> str:
    return inspect.unwrap(parameter.callback).__name__ if parameter.callback is not None else "none"


def test_every_option_for_results_is_looked_at_first() -> None:
    found = {(name, each.name): callback_of(each) for name, each in results()}
    assert len(found) > 25
    unchecked = {
        key
        for key, callback in found.items()
        if callback not in ("writable_file", "writable_folder", "page_file") and key not in _BY_THE_COMMAND
    }
    assert unchecked == set()


def test_pages_end_in_html() -> None:
    pages = {(name, each.name): callback_of(each) for name, each in results() if ".html" in str(each.metavar)}
    assert len(pages) >= 7
    assert set(pages.values()) == {"page_file"}


@pytest.mark.parametrize(
    "words",
    [
        "forecast report.json --scenario cn-2023 --out page",
        "validate --quick --out page.txt",
        "check sample --html page",
        "scope --market cn --service text --html page",
        "label audit . --page page",
        "report report.json --out page",
    ],
)
def test_a_page_by_another_name_is_refused(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    done = shenhe(*words.split())
    assert done.exit_code == 2
    assert "has no ending of a page: write page" in " ".join(done.stderr.replace("│", " ").split()), done.output


@pytest.mark.parametrize("words", ["label audit . --out no/file", "label audit . --page no/file.html"])
def test_a_place_that_is_a_file_is_refused(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no").write_text("", encoding="utf-8")
    done = shenhe(*words.split())
    assert done.exit_code == 2
    assert "is a file, expected a folder" in " ".join(done.stderr.replace("│", " ").split()), done.output


def test_a_decision_page_is_no_markdown(tmp_path: Path) -> None:
    done = shenhe("report", tmp_path, tmp_path, "--decision", "--format", "md")
    assert done.exit_code == 2
    assert "the decision page is HTML or PDF" in done.stderr
