"""Every command checks all its inputs before its first expensive step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shenhe.cli import main

from .command_line import shenhe
from .factories import mixed

#: The expensive steps: each is replaced by a failure of the test.
EXPENSIVE = (
    "shenhe.conformance.engine.runner.run_checks",
    "shenhe.conformance.fleet.running.run_fleet",
    "shenhe.simulator.runs.run.in_memory",
    "shenhe.simulator.runs.convergence.in_memory",
    "shenhe.simulator.runs.run._into_folder",
    "shenhe.simulator.study.running.run_study",
    "shenhe.simulator.estimation.calibration.calibrate",
    "shenhe.simulator.estimation.forecast.forecast",
    "shenhe.simulator.validation.suite.validate",
    "shenhe.simulator.validation.claims.judge",
    "shenhe.sample.server.SampleServer.__enter__",
)

#: One wrong input per command: the words, with {file} for an existing file and {report} for a report.json.
WRONG: dict[str, tuple[str, ...]] = {
    "attest": ("{report}", "--key", "nothere.pem", "--out", "{file}/x"),
    "baseline": ("create", "{report}", "--out", "{file}/x"),
    "calibrate": ("cn-2023", "--out", "{file}/page.html"),
    "chain": ("nothere.yaml",),
    "check": ("sample", "--out", "{file}"),
    "claims": ("nothere",),
    "compare": ("cn-2023", "nothere"),
    "demo": ("--out", "{file}"),
    "doctor": ("nothere.yaml",),
    "engines": ("nothere",),
    "explain": ("nothere",),
    "explore": ("nothere",),
    "export": ("sarif", "{report}", "--out", "{file}/x"),
    "fleet": ("{folder}", "--out", "{file}"),
    "forecast": ("{report}", "--out", "{file}/page.html"),
    "init": ("--openapi", "nothere.yaml", "--out", "{file}/x"),
    "label": ("read", "nothere.png"),
    "levers": ("nothere",),
    "lint": ("nothere.yaml",),
    "replay": ("{report}", "nothere"),
    "report": ("{report}", "--out", "{file}/page.html"),
    "rules": ("show", "nothere"),
    "sample": ("serve", "--fault", "nothere"),
    "scope": ("nothere.yaml",),
    "simulate": ("cn-2023", "--out", "{file}"),
    "study": ("nothere", "--out", "{folder}/x"),
    "validate": ("--out", "{file}/page.html"),
    "verify": ("nothere.json", "--key", "nothere.pem"),
}


def stopped(name: str) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        pytest.fail(f"{name} ran before every input was checked")

    return fail


def test_the_walk_covers_every_command() -> None:
    commands = {command.name for command in main.app.registered_commands} | {
        group.name for group in main.app.registered_groups
    }
    assert commands == WRONG.keys()


@pytest.mark.parametrize("command", WRONG)
def test_a_wrong_input_ends_a_command_before_it_computes(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "report.json").write_text(mixed().model_dump_json())
    (tmp_path / "folder").mkdir()
    for name in EXPENSIVE:
        monkeypatch.setattr(name, stopped(name))
    monkeypatch.chdir(tmp_path)
    values = {"file": tmp_path / "file", "report": tmp_path / "report.json", "folder": tmp_path / "folder"}
    done = shenhe(command, *(word.format(**values) for word in WRONG[command]))
    assert done.exit_code == 2, done.output
    assert done.stderr.strip(), "says why"
    assert done.stdout == ""
