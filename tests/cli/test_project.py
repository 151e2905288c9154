"""Settings of a project in ``pyproject.toml`` and ``shenhe.toml``: defaults that the command line overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from shenhe.cli.project import project_settings

from ..command_line import shenhe

FEW = 'rules = ["cn-labeling-2025/4.1.1"]'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_settings_are_defaults_of_options(project: Path) -> None:
    (project / "pyproject.toml").write_text(f'[tool.shenhe]\ntarget = "sample"\nlevel = "extended"\n{FEW}\n')
    done = shenhe("check", "--examples", "0")
    assert done.exit_code == 0, done.output
    assert "level extended" in done.stdout
    assert "1 pass" in done.stdout


def test_the_command_line_wins(project: Path) -> None:
    (project / "shenhe.toml").write_text(f'target = "nothere.yaml"\nlevel = "full"\n{FEW}\n')
    done = shenhe("check", "sample", "--level", "core", "--examples", "0")
    assert done.exit_code == 0, done.output
    assert "level core" in done.stdout


def test_the_baseline_is_for_the_target_of_the_project_only(project: Path) -> None:
    (project / "shenhe.toml").write_text(f'target = "binding.yaml"\nbaseline = "nothere.yaml"\n{FEW}\n')
    assert shenhe("check", "sample", "--examples", "0").exit_code == 0
    done = shenhe("check")
    assert done.exit_code == 2
    assert "nothere.yaml" in done.stderr


def test_other_commands_ignore_the_settings(project: Path) -> None:
    (project / "shenhe.toml").write_text("levle = 1")
    assert shenhe("rules", "show", "cn-dsp-2023/17.2").exit_code == 0


def test_a_project_without_settings(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.other]\nlevel = 1\n")
    assert project_settings() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('levle = "core"', "unknown setting 'levle'; did you mean level?"),
        ("colour = 1", "unknown setting 'colour'; expected one of: target, packs, rules, level, baseline"),
        ('level = "high"', "level: found 'high', expected one of: core, extended, full"),
        ('packs = "cn-dsp-2023"', "packs: found 'cn-dsp-2023', expected a list of texts"),
        ("target = 3", "target: found 3, expected a text"),
        ('env = ["a b"]', "env: found ['a b'], expected a list of names of variables"),
        ("level = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_an_error_with_its_file(project: Path, text: str, message: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.shenhe]\n{text}\n")
    done = shenhe("check", "sample")
    assert done.exit_code == 2
    printed = " ".join(done.stderr.replace("│", " ").split())
    assert message in printed
    assert "pyproject.toml" in printed
