"""Every command checks all its inputs before its first expensive step."""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.main import get_command

from shenhe.cli import main
from shenhe.sample import sample_binding

from .command_line import shenhe
from .factories import mixed

#: The expensive steps: each is replaced by a failure of the test. Whatever simulates ends up in one of the two
#: functions that replicate; whatever compiles, in one of those that warm.
EXPENSIVE = (
    "shenhe.conformance.engine.runner._Run",
    "shenhe.conformance.fleet.running.run_fleet",
    "shenhe.simulator.reference.engine.replicate",
    "shenhe.simulator.compiled.replicate",
    "shenhe.simulator.runs.run.warm",
    "shenhe.simulator.study.running.warm",
    "shenhe.simulator.estimation.forecast.warm",
    "shenhe.simulator.estimation.calibration.calibrate",
    "shenhe.simulator.estimation.forecast.forecast",
    "shenhe.simulator.validation.suite.validate",
    "shenhe.simulator.validation.claims.judge",
    "shenhe.sample.server.SampleServer.__enter__",
)

#: Seconds of processor time within which a wrong input is refused, once everything is imported. The slowest reads a
#: whole study or rulebook; the cheapest expensive step of the list above takes several times as long.
SOON = 3.0

#: Wrong inputs of every command, each beside right ones, and a part of the message. {file} is an existing file that is
#: no folder, {folder} an empty folder, {report} a report.json, {study} a study file that is wrong in one place.
WRONG: tuple[tuple[str, str], ...] = (
    ("attest {report} --key nothere.pem --out {folder}/x", "nothere.pem"),
    ("attest {report} --key {file} --out {file}/x", "expected a folder"),
    ("baseline write {report} --reason known --expires 2099-01-01 --out {file}/x", "expected a folder"),
    ("baseline write {report} --reason known --expires soon", "--expires"),
    ("baseline apply {report} nothere.yaml", "nothere.yaml"),
    ("calibrate cn-2023 --out {file}/page.html", "expected a folder"),
    ("calibrate nothere", "nothere"),
    ("check sample --out {file}", "expected a folder"),
    ("check sample --fault nothere", "nothere"),
    ("check sample --base-url http://127.0.0.1:9 --rules nothere/*", "nothere"),
    ("check nothere.yaml", "nothere.yaml"),
    ("claims nothere", "nothere"),
    ("compare cn-2023 nothere", "nothere"),
    ("compare cn-2023 cn-2023 --price nothere=1", "nothere"),
    ("compare cn-2023 cn-2023 --set-b horizon=100", "horizon"),
    ("compare cn-2023 cn-2023 --precision 2% --watch nothere", "nothere"),
    ("compare cn-2023 cn-2023 --out {file}", "expected a folder"),
    ("demo --out {file}", "expected a folder"),
    ("doctor nothere.yaml", "nothere.yaml"),
    ("engines nothere", "nothere"),
    ("explain nothere", "nothere"),
    ("export sarif {report} --out {file}/x", "expected a folder"),
    ("export nothere {report}", "nothere"),
    ("fleet {folder} --out {file}", "expected a folder"),
    ("forecast {report} --out {file}/page.html", "expected a folder"),
    ("forecast {report} --scenario nothere", "nothere"),
    ("forecast nothere.json", "nothere.json"),
    ("init --openapi nothere.yaml --out {folder}/x", "nothere.yaml"),
    ("label read nothere.png", "nothere.png"),
    ("label judge nothere.png", "nothere.png"),
    ("label write nothere.png --out {folder}/x.png", "nothere.png"),
    ("label audit {folder}/nothere", "nothere"),
    ("label diff nothere.png {file}", "nothere.png"),
    ("levers nothere", "nothere"),
    ("chain nothere.yaml", "nothere.yaml"),
    ("explore nothere", "nothere"),
    ("lint nothere.yaml", "nothere.yaml"),
    ("replay {report} --rule nothere", "nothere"),
    ("report {report} --out {file}/page.html", "expected a folder"),
    ("rules list --on someday", "someday"),
    ("rules matrix --on someday", "someday"),
    ("rules show nothere", "nothere"),
    ("rules diff --from nothere", "nothere"),
    ("rules calendar --on someday", "someday"),
    ("rules schema --nothere", "nothere"),
    ("sample serve --fault nothere", "nothere"),
    ("sample faults --nothere", "nothere"),
    ("sample variants --nothere", "nothere"),
    ("sample binding --variant nothere", "nothere"),
    ("scope nothere.yaml", "nothere.yaml"),
    ("simulate cn-2023 --out {file}", "expected a folder"),
    ("simulate cn-2023 --set nothere=1", "nothere"),
    ("simulate cn-2023 --precision 5% --watch nothere", "nothere"),
    ("simulate cn-2023 --engine nothere", "nothere"),
    ("simulate {folder} --until 100", "run.json"),
    ("study run nothere --out {folder}/x", "nothere"),
    ("study run first-look --out {file}", "expected a folder"),
    ("study run first-look --out {folder}/x --executor nothere", "nothere"),
    ("study run {study} --out {folder}/x", "study.yaml:9"),
    ("study list --nothere", "nothere"),
    ("study analyse compare {folder}", "run.json"),
    ("study search first-look --out {folder}/x", "section `search`"),
    ("study search levers --out {file}", "expected a folder"),
    ("validate --out {file}/page.html", "expected a folder"),
    ("verify nothere.json --key nothere.pem", "nothere"),
)

#: Commands that write results, with valid inputs.
WRITING = (
    "attest {report} --key {key} --out {folder}/x.json",
    "baseline write {report} --reason known --expires 2099-01-01 --out {folder}/x.yaml",
    "calibrate cn-2023 --out {folder}/x.html",
    "chain {chain} --html {folder}/x.html",
    "check sample --out {folder}/x",
    "check sample --report {folder}/x.json",
    "check sample --junit {folder}/x.xml",
    "check sample --html {folder}/x.html",
    "compare cn-2023 cn-2022-draft --out {folder}/x",
    "demo --out {folder}/x",
    "export sarif {report} --out {folder}/x.sarif",
    "fleet {bindings} --out {folder}/x",
    "forecast {report} --out {folder}/x.html",
    "report {report} --out {folder}/x.html",
    "simulate cn-2023 --out {folder}/x",
    "study run first-look --out {folder}/x",
    "study search levers --out {folder}/x",
    "validate --out {folder}/x.html",
)

STUDY = """name: wrong
title: A study with a misspelt metric
scenario: cn-2023
set: {population.scale: 0.02}
arms:
  - {name: as-enacted}
replications: 2
objectives:
  - {metric: harmm}
"""


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """Import what the commands need, so that the clock measures the commands."""
    for name in (*EXPENSIVE, "shenhe.reports.pages.study", "shenhe.labels"):
        pkgutil.resolve_name(name)


def stopped(name: str) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        pytest.fail(f"{name} ran before every input was checked")

    return fail


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that does something, by its words."""
    if not getattr(command, "commands", None):
        yield " ".join(path)
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, (*path, name))


def test_the_walk_covers_every_command() -> None:
    commands = set(leaves(get_command(main.app)))
    reached = {name for name in commands if any(words.startswith(f"{name} ") for words, _ in WRONG)}
    assert commands - reached == set()


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_wrong_input_ends_a_command_before_it_computes(
    words: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "report.json").write_text(mixed().model_dump_json())
    (tmp_path / "folder").mkdir()
    for name in EXPENSIVE:
        monkeypatch.setattr(name, stopped(name))
    monkeypatch.chdir(tmp_path)
    values = {name: tmp_path / name for name in ("file", "folder")}
    values |= {"report": tmp_path / "report.json", "study": tmp_path / "study.yaml"}
    began = time.process_time()
    done = shenhe(*(word.format(**values) for word in words.split()))
    spent = time.process_time() - began
    assert spent < SOON, f"refused after {spent:.1f} s of processor time"
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.stderr.replace("│", " ").split()), done.stderr
    assert done.stdout == ""
    assert not any((tmp_path / "folder").iterdir()), "nothing is left behind"


@pytest.mark.parametrize("words", WRITING)
def test_a_full_disk_ends_a_command_before_it_computes(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.json").write_text(mixed().model_dump_json())
    (tmp_path / "chain.yaml").write_text("")
    (tmp_path / "bindings").mkdir()
    (tmp_path / "bindings" / "one.yaml").write_text(sample_binding().read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "key.pem").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for name in EXPENSIVE:
        monkeypatch.setattr(name, stopped(name))
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=10**9, used=10**9, free=0))
    monkeypatch.chdir(tmp_path)
    values = {name: tmp_path / name for name in ("folder", "bindings")}
    values |= {"report": tmp_path / "report.json", "chain": tmp_path / "chain.yaml", "key": tmp_path / "key.pem"}
    done = shenhe(*(word.format(**values) for word in words.split()))
    assert done.exit_code == 2, done.output
    assert "is full" in " ".join(done.stderr.replace("│", " ").split()), done.stderr
    assert not any((tmp_path / "folder").iterdir()), "nothing is left behind"
