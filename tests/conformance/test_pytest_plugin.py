"""The pytest plugin: one item a rule, nothing at all unless asked, and the same under pytest-xdist."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shenhe.sample import SampleServer, sample_binding

PLUGIN = ["-p", "shenhe.conformance.pytest_plugin"]
FEW = ["--shenhe-examples", "2", "--shenhe-rules", "cn-labeling-2025/4.1.1", "--shenhe-rules", "cn-dsp-2023/9.*"]


@functools.cache
def _plugin_options() -> list[str]:
    """Options that load the plugin where no installed entry point does."""
    command = [sys.executable, "-m", "pytest", "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tempfile.gettempdir()).stdout
    return [] if "--shenhe-level" in known else PLUGIN


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """pytest in a separate process, with the plugin as its entry point would load it."""
    (folder / "test_own.py").write_text("def test_something_of_their_own():\n    pass\n")
    plugin = _plugin_options()
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", "-q", "-rA", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=dict(os.environ))


@pytest.fixture
def binding(tmp_path: Path) -> Path:
    path = tmp_path / "binding.yaml"
    path.write_text(sample_binding().read_text())
    return path


def test_a_rule_is_an_item_and_a_broken_one_fails_with_its_sequence(tmp_path: Path, binding: Path) -> None:
    with SampleServer(faults=["publish-anonymous"]) as server:
        done = run(tmp_path, "--shenhe", str(binding), "--shenhe-base-url", server.url, *FEW)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"PASSED .*cn-labeling-2025/4\.1\.1", done.stdout)
    assert re.search(r"FAILED .*cn-dsp-2023/9\.2", done.stdout)
    assert re.search(r"PASSED .*cn-dsp-2023/9\.1", done.stdout)
    assert "test_own.py::test_something_of_their_own" in done.stdout
    assert "a request without credentials published" in done.stdout
    assert "curl" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_plugin_is_inactive_by_default(tmp_path: Path) -> None:
    done = run(tmp_path, "--co")
    assert "1 test collected" in done.stdout
    assert "cn-dsp" not in done.stdout


def test_workers_of_xdist_conclude_the_same(tmp_path: Path, binding: Path) -> None:
    pytest.importorskip("xdist")
    chosen = ("cn-dsp-2023/14.2", "eu-dsa/16.1", "eu-dsa/17")
    rules = [word for rule in chosen for word in ("--shenhe-rules", rule)] + ["--shenhe-examples", "0"]
    verdicts = []
    with SampleServer(faults=["decision-without-reasons", "edit-without-consent"]) as server:
        for more in ([], ["-n", "2", "--dist", "loadgroup"]):
            done = run(tmp_path, "--shenhe", str(binding), "--shenhe-base-url", server.url, *rules, *more)
            verdicts.append(
                sorted(
                    re.findall(
                        r"^(PASSED|FAILED|SKIPPED|ERROR) .*?((?:cn|eu)-[\w-]+/[\w.]+)", done.stdout, re.MULTILINE
                    )
                )
            )
    assert verdicts[0] == verdicts[1]
    assert ("FAILED", "eu-dsa/17") in verdicts[0]
    assert ("FAILED", "cn-dsp-2023/14.2") in verdicts[0]
    assert ("PASSED", "eu-dsa/16.1") in verdicts[0]


def test_a_mistake_in_the_binding_is_a_usage_error(tmp_path: Path) -> None:
    done = run(tmp_path, "--shenhe", str(tmp_path / "none.yaml"))
    assert done.returncode == 4
    assert "none.yaml" in done.stdout + done.stderr
