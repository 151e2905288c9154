"""The studies of docs/questions.md give the answers that the page promises, in a small market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.simulator import study
from shenhe.simulator.runs.executors import Inline
from tests.command_line import shenhe

from .pages import COMMANDS, FILES, blocks, commands

PAGE = "docs/questions.md"
SMALL: dict[str, Any] = {
    "population.providers": 20,
    "population.scale": 1.0,
    "population.arrivals": [[0, 1.0]],
    "horizon": 240.0,
    "policy.detection.inspection_ceiling": 48.0,
    "policy.staff.inspectors": 2,
}
STUDIES = {
    document["name"]: document
    for block in blocks(PAGE)
    if block.language in FILES
    for document in [yaml.safe_load(block.text)]
}
ASKED = [
    command.words[1:]
    for block in blocks(PAGE)
    if block.language in COMMANDS
    for command in commands(block)
    if command.words[:3] == ("shenhe", "study", "analyse")
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each study of the page with fewer providers, worlds and replications, by the folder that the page gives it."""
    found = {}
    for name, document in STUDIES.items():
        worlds = document["worlds"] | ({"size": 32} if "size" in document["worlds"] else {})
        small = document | {"set": SMALL, "replications": 2, "worlds": worlds}
        found[f"runs/{name}"] = tmp_path_factory.mktemp(name) / "study"
        study.run_study(small, found[f"runs/{name}"], Inline())
    return found


def test_every_study_of_the_page_is_asked_something() -> None:
    assert len(STUDIES) == 3
    assert {words[3] for words in ASKED} == {f"runs/{name}" for name in STUDIES}


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_an_analysis_of_the_page_answers(words: tuple[str, ...], folders: dict[str, Path], tmp_path: Path) -> None:
    figure = [str(tmp_path / "figure.html")] if "--figure" in words else []
    given = [str(folders.get(word, word)) for word in words if word != words[-1] or not figure] + figure
    done = shenhe(*given)
    # In a market as small as this, one policy may never do worse than the other: that is an answer too.
    if done.exit_code == 2:
        assert (
            "in none of the worlds" in done.stderr
            or "in all of the worlds" in done.stderr
            or "the same in all" in done.stderr
        ), done.output
    else:
        assert done.exit_code == 0, done.output
        assert len(done.stdout.splitlines()) > 2
    assert not figure or (tmp_path / "figure.html").stat().st_size > 1000
