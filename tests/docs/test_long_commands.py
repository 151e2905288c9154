"""Documented commands that take minutes: what they name exists, and the analyses of a study answer from a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.simulator import load_scenario, study
from shenhe.simulator.runs.executors import Inline
from tests.command_line import shenhe

from .pages import COMMANDS, PAGES, ROOT, Command, blocks, commands
from .test_help import COMMANDS as HELPED
from .test_help import examples
from .test_questions import PAGE as QUESTIONS
from .test_questions import SMALL

SHIPPED = {path.stem: path for path in (ROOT / "scenarios" / "studies").glob("*.yaml")}
#: Options that are followed by a value, of the commands below.
_WITH_VALUE = {
    "--out",
    "--set",
    "--seed",
    "--replication",
    "--replications",
    "--open",
    "--lang",
    "--metric",
    "--arm",
    "--baseline",
    "--along",
    "--figure",
    "--executor",
    "--scheduler",
    "--scenario-out",
}
#: Commands whose arguments are scenarios.
_OF_SCENARIOS = {"explore", "calibrate", "claims", "engines"}


def documented() -> Iterator[Command]:
    """Every `shenhe` command of the pages and of `--help`, once."""
    seen = set()
    pages = [page for page in PAGES if page != QUESTIONS]
    shown = [each for page in pages for block in blocks(page) if block.language in COMMANDS for each in commands(block)]
    for command in (*shown, *(each for helped in HELPED.values() for each in examples(helped))):
        if command.words[0] == "shenhe" and str(command) not in seen:
            seen.add(str(command))
            yield command


def named(words: tuple[str, ...]) -> Iterator[str]:
    """The arguments among the words of a command line, without those that are files of the reader."""
    takes_value = False
    for word in words:
        if not takes_value and not word.startswith("-") and not word.endswith((".yaml", "/")):
            yield word
        takes_value = word in _WITH_VALUE


SCENARIOS = sorted({name for each in documented() if each.words[1] in _OF_SCENARIOS for name in named(each.words[2:])})
STUDIES = sorted(
    {
        word
        for each in documented()
        if each.words[1] == "study"
        for word in [next(named(tuple(word for word in each.words[2:] if word not in {"run", "search"})), "list")]
        if word not in {"list", "analyse"}
    }
)
ASKED = [each.words[1:] for each in documented() if each.words[1:3] == ("study", "analyse")]


def test_scenarios_of_long_commands_exist() -> None:
    assert SCENARIOS
    for name in SCENARIOS:
        load_scenario(name)


def test_studies_of_long_commands_exist() -> None:
    assert STUDIES
    for name in STUDIES:
        study.load_study(name)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The folder of a shipped study, run with fewer providers and replications when first asked for."""

    @cache
    def folder(word: str) -> str:
        if not word.startswith("runs/"):
            return word
        document: dict[str, Any] = yaml.safe_load(SHIPPED[word.removeprefix("runs/")].read_text(encoding="utf-8"))
        out = tmp_path_factory.mktemp(document["name"]) / "study"
        study.run_study(document | {"set": document["set"] | SMALL, "replications": 2}, out, Inline())
        return str(out)

    return folder


@pytest.mark.costly
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_documented_analysis_answers(
    words: tuple[str, ...], folder_of: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = shenhe(*map(folder_of, words))
    # In a market as small as this, two policies may not differ at all: that is an answer too.
    if done.exit_code == 2:
        assert "in none of the worlds" in done.stderr or "the same in all" in done.stderr, done.output
    else:
        assert done.exit_code == 0, done.output
        assert len(done.stdout.splitlines()) > 2
