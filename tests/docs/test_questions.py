"""The studies of docs/questions.md give the answers that the page promises, in a small market."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shenhe.simulator import study
from shenhe.simulator.runs.executors import Inline
from tests.command_line import shenhe

from ..sampling import drawn
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
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The folder of a study of the page, run with fewer providers, worlds and replications when first asked for; a word
    that is no folder of the page stays as it is.
    """

    @cache
    def folder(word: str) -> str:
        if (document := STUDIES.get(word.removeprefix("runs/"))) is None:
            return word
        worlds = document["worlds"] | ({"size": 32} if "size" in document["worlds"] else {})
        out = tmp_path_factory.mktemp(document["name"]) / "study"
        study.run_study(document | {"set": SMALL, "replications": 2, "worlds": worlds}, out, Inline())
        return str(out)

    return folder


def test_every_study_of_the_page_is_asked_something() -> None:
    assert len(STUDIES) == 3
    assert {words[3] for words in ASKED} == {f"runs/{name}" for name in STUDIES}


@pytest.mark.parametrize("words", drawn(2, ASKED), ids=" ".join)
def test_an_analysis_of_the_page_answers(
    words: tuple[str, ...], folder_of: Callable[[str], str], tmp_path: Path
) -> None:
    figure = [str(tmp_path / "figure.html")] if "--figure" in words else []
    given = [folder_of(word) for word in words if word != words[-1] or not figure] + figure
    done = shenhe(*given)
    # In a market as small as this, two policies may not differ at all: that is an answer too.
    if done.exit_code == 2:
        assert "in none of the worlds" in done.stderr or "the same in all" in done.stderr, done.output
    else:
        assert done.exit_code == 0, done.output
        assert len(done.stdout.splitlines()) > 2
    assert not figure or (tmp_path / "figure.html").stat().st_size > 1000
