"""``shenhe lint`` and the hooks and hints that rest on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from shenhe.cli.init import EDITOR_HINT
from shenhe.cli.lint import kind_of
from shenhe.sample import sample_binding

from ..command_line import shenhe

ROOT = Path(__file__).parents[2]

SHIPPED = [
    ("binding", ROOT / "conformance" / "bindings" / "ready" / "openai.yaml"),
    ("pack", ROOT / "rulebook" / "packs" / "cn-dsp-2023.yaml"),
    ("scenario", ROOT / "scenarios" / "cn-2023.yaml"),
    ("scenario", ROOT / "scenarios" / "scandal.yaml"),
    ("study", ROOT / "scenarios" / "studies" / "levers.yaml"),
]


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=lambda value: getattr(value, "name", value))
def test_shipped_files_are_known_by_their_keys_and_have_no_fault(kind: str, path: Path) -> None:
    assert kind_of(path) == kind
    done = shenhe("lint", "--strict", path)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"{path}: {kind}, no fault\n"


def test_every_fault_is_printed_with_its_line(tmp_path: Path) -> None:
    binding = sample_binding().read_text(encoding="utf-8")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(binding, encoding="utf-8")
    bad.write_text(binding.replace("extract:", "extrakt:"), encoding="utf-8")
    baseline = tmp_path / "baseline.yaml"
    baseline.write_text("entries:\n  - {check: a, verdict: fail, reason: known}\n", encoding="utf-8")
    done = shenhe("lint", good, bad, baseline)
    assert done.exit_code == 1
    assert "bad.yaml:" in done.stdout
    assert (
        "operations.register.extrakt: found a field 'extrakt' that does not exist here, expected 'extract'"
        in done.stdout
    )
    assert "baseline.yaml:2" in done.stdout
    assert "good.yaml: binding, no fault" in done.stderr


def test_other_files_are_skipped_unless_strict(tmp_path: Path) -> None:
    other = tmp_path / "compose.yaml"
    other.write_text("services: {}\n", encoding="utf-8")
    done = shenhe("lint", other)
    assert done.exit_code == 0
    assert done.stderr.startswith(f"{other}: skipped, because it is not one of these: chain, binding,")
    assert shenhe("lint", "--strict", other).exit_code == 1


def test_a_chain_is_known_by_its_bindings(tmp_path: Path) -> None:
    chain, scraped = tmp_path / "chain.yaml", tmp_path / "prometheus.yaml"
    chain.write_text("name: x\ntargets:\n  a: {binding: a.yaml}\n  b: {bindink: b.yaml}\n", encoding="utf-8")
    scraped.write_text("targets:\n  - host:9090\n", encoding="utf-8")
    assert kind_of(chain) == "chain"
    assert kind_of(scraped) is None
    done = shenhe("lint", chain)
    assert done.exit_code == 1
    assert "bindink" in done.stdout


def test_hooks_name_commands_that_exist_and_extras_that_exist() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks} == {"shenhe-lint", "shenhe-label"}
    for hook in hooks:
        assert hook["language"] == "python"
        assert shenhe(*hook["entry"].split()[1:], "--help").exit_code == 0


def test_a_draft_names_its_schema_for_editors(tmp_path: Path) -> None:
    out = tmp_path / "binding.yaml"
    done = shenhe("init", "--ready", "openai", "--schema", "--out", out)
    assert done.exit_code == 0, done.output
    assert out.read_text(encoding="utf-8").startswith(EDITOR_HINT + "\n")
    named = EDITOR_HINT.partition("$schema=")[2]
    schema = json.loads((tmp_path / named).read_text(encoding="utf-8"))
    assert schema["$id"] == "urn:shenhe:schema:binding:1"
    assert shenhe("init", "--ready", "openai", "--schema").exit_code == 2


def test_a_baseline_cannot_begin_expired(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}", encoding="utf-8")
    done = shenhe("baseline", "write", report, "--reason", "known", "--expires", "2001-12-31")
    assert done.exit_code == 2
    assert "past" in done.stderr
