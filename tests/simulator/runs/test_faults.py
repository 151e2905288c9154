"""A scenario or study that is not valid is refused in sentences, wherever it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shenhe.core.errors import ShenheError
from shenhe.simulator import load_scenario
from shenhe.simulator.runs.continuation import longer_scenario
from shenhe.simulator.runs.identity import model_hash
from shenhe.simulator.runs.run import read_run
from shenhe.simulator.study.plan import load_study
from shenhe.simulator.study.results import read_study
from tests.factories import run
from tests.studies.small import small_study

FOREIGN = ("Value error", "Input should", "Assertion failed", "validation error", "pydantic", "input_value")


def continued(_: Path) -> None:
    longer_scenario(replace(run(), model=model_hash()), 1e9)


def from_folder(folder: Path) -> None:
    scenario = load_scenario("cn-2023").model_dump(mode="json") | {"horizon": -1.0}
    (folder / "run.json").write_text(json.dumps({"complete": True, "scenario": scenario}))
    read_run(folder)


def study_from_folder(folder: Path) -> None:
    note = {"complete": True, "study_hash": "x", "study": {"name": "A b", "arms": 3}, "scenarios": []}
    (folder / "run.json").write_text(json.dumps(note))
    (folder / "results.parquet").touch()
    read_study(folder)


def from_mapping(_: Path) -> None:
    load_study(small_study(name="No Name", replications="many"))


def in_a_world(_: Path) -> None:
    study = small_study()
    study["worlds"]["parameters"][0] |= {"path": "policy.evidence.sensitivity", "low": 0.5, "high": 3.0}
    load_study(study)


@pytest.mark.parametrize("refused", [continued, from_folder, study_from_folder, from_mapping, in_a_world])
def test_invalid_scenario_or_study_is_refused_in_sentences(refused: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(ShenheError) as caught:
        refused(tmp_path)
    message = str(caught.value)
    assert "found" in message
    assert "expected" in message
    assert not any(word in message for word in FOREIGN), message
