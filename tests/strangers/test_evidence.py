"""A finding reproduces: ids in headers, cookies and locations are taken from the new responses."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.evidence.resend import base_of, failure_of, repeat
from shenhe.conformance.report import Finding

from .running import run, serving
from .styles import app
from .town import Town

PUBLISHING = "cn-dsp-2023/9.2"


def found(style: str, folder: Path, town: Town | None = None) -> Finding:
    still = {"target.settling_seconds": 0}
    report = run(style, town or Town("anybody-publishes"), folder, still, rules=[PUBLISHING], level="core", examples=0)
    return failure_of(report, PUBLISHING)[1]


@pytest.mark.parametrize("style", ["json", "rpc", "headers", "forms", "actions"])
def test_a_finding_shows_again_on_the_same_provider(style: str, tmp_path: Path) -> None:
    finding = found(style, tmp_path)
    done = repeat(finding, base_of(finding), {}, transport=AsgiTransport(app(style, Town("anybody-publishes"))))
    assert done.outcome == "shows again", (done.reason, done.steps)


@pytest.mark.costly
def test_a_finding_shows_again_whatever_its_tokens_begin_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cookie or a form says before a token must not be taken for an escape that is part of it."""
    hexadecimal = secrets.token_hex
    for number in (code for code in range(0x30, 0x7B, 2) if chr(code).isalnum()):
        town = Town("anybody-publishes")
        with monkeypatch.context() as patched:
            patched.setattr(secrets, "token_hex", lambda size, n=number: f"{n:02x}{chr(n)}" + hexadecimal(size)[3:])
            finding = found("forms", tmp_path, town)
        again = AsgiTransport(app("forms", Town("anybody-publishes")))
        done = repeat(finding, base_of(finding), {}, transport=again)
        assert done.outcome == "shows again", (number, done.reason, finding.variables)


@pytest.mark.parametrize("style", ["json", "headers"])
def test_a_repaired_provider_no_longer_fails(style: str, tmp_path: Path) -> None:
    finding = found(style, tmp_path)
    done = repeat(finding, base_of(finding), {}, transport=AsgiTransport(app(style, Town())))
    assert done.outcome == "no longer shows", (done.reason, done.steps)


@pytest.mark.parametrize("style", ["headers", "forms"])
def test_every_exchange_is_in_a_sequence_once(style: str, tmp_path: Path) -> None:
    finding = found(style, tmp_path)
    assert len({step.model_dump_json() for step in finding.steps}) == len(finding.steps)


@pytest.mark.parametrize("style", ["headers", "forms", "actions"])
@pytest.mark.costly
def test_the_commands_run_as_printed(style: str, tmp_path: Path) -> None:
    """As curl and as a pytest, against a server that has never seen the ids of the report."""
    finding = found(style, tmp_path)
    (tmp_path / "test_it.py").write_text(finding.pytest, encoding="utf-8")
    with serving(app(style, Town("anybody-publishes"))) as url:
        environ = {**os.environ, "SHENHE_BASE_URL": url}
        shell = subprocess.run(
            ["bash", "-e", "-c", finding.curl], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        test = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_it.py")],
            env=environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert shell.returncode == 0, shell.stderr
    assert "403" not in shell.stdout
    assert "404" not in shell.stdout, (finding.curl, shell.stdout)
    assert test.returncode == 0, test.stdout[-3000:]


def test_secrets_that_no_binding_reads_are_in_no_report(tmp_path: Path) -> None:
    town = Town("anybody-publishes")
    report = run("json", town, tmp_path, rules=[PUBLISHING], level="core", examples=0).model_dump_json()
    assert town.secrets
    assert [secret for secret in town.secrets if secret in report] == []
    assert "is required" in report
