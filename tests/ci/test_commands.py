"""The commands that turn a report into something else, as a shell calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shenhe.cli.export import Format
from shenhe.rulebook import load_rulebook

from ..command_line import shenhe
from ..factories import HOSTILE, LABELLED, hostile_provider, mixed, passing
from ..hostile.consistent import TARGET, consistent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with reports and a pair of keys."""
    hostile_target = TARGET.model_copy(update={"name": HOSTILE, "environment": HOSTILE})
    reports = {
        "mixed": mixed(),
        "passing": passing(),
        "hostile": hostile_provider(),
        "all-passed": consistent(),
        "one-failed": consistent({"text_output_is_labelled": "fail"}),
        "hostile-target": consistent(otherwise="review", text=HOSTILE, target=hostile_target),
    }
    for name, made in reports.items():
        made.write(tmp_path / f"{name}.json")
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(public)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHENHE_KEY_PASSPHRASE", raising=False)
    return tmp_path


def told(*arguments: str) -> tuple[int, str]:
    """Exit code and standard error of the command."""
    done = shenhe(*arguments)
    return done.exit_code, done.stderr


@pytest.mark.parametrize("form", [form for form in Format if form not in {Format.ARAZZO, Format.SCRIPTS}])
def test_every_format_of_every_report(folder: Path, form: Format) -> None:
    for name in ("mixed", "passing", "hostile"):
        printed = shenhe("export", form, f"{name}.json")
        assert printed.exit_code == 0, printed.output
        done = shenhe("export", form, f"{name}.json", "--out", "out")
        assert done.exit_code == 0
        written = (folder / "out").read_bytes()
        assert printed.stdout.encode() == written
        assert done.stdout == ""
        if form in {Format.SARIF, Format.GITLAB, Format.HAR, Format.OSCAL}:
            json.loads(written)
        elif form is Format.JUNIT:
            ElementTree.fromstring(written)
    assert not list(folder.glob("*.part"))


def test_scripts_are_written_to_a_folder(folder: Path) -> None:
    for name in ("mixed", "passing", "hostile"):
        done = shenhe("export", "scripts", f"{name}.json", "--out", name)
        assert done.exit_code == 0, done.output
    assert not (folder / "passing").exists()
    for found in (folder / "mixed").iterdir():
        assert {path.name for path in found.iterdir()} == {"replay.sh", "test_replay.py"}
    assert told("export", "scripts", "mixed.json")[0] == 2
    (folder / "file").write_text("")
    assert told("export", "scripts", "mixed.json", "--out", "file")[0] == 2


def test_a_har_of_one_rule(folder: Path) -> None:
    archive = json.loads(shenhe("export", "har", "mixed.json", "--only", LABELLED[0]).stdout)
    assert [page["id"] for page in archive["log"]["pages"]] == ["text_output_is_labelled"]
    code, message = told("export", "har", "mixed.json", "--only", "nothing")
    assert code == 2
    assert "text_output_is_labelled" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("{}", "shenhe_version: found no value"),
        ('{"format": "shenhe-report", "format_version": 2}', "format_version"),
    ],
)
def test_a_file_that_is_not_a_report_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "bad.json").write_text(text)
    for arguments in (["export", "sarif", "bad.json"], ["attest", "bad.json", "--key", "key.pem", "--out", "a"]):
        code, said = told(*arguments)
        assert code == 2
        assert "bad.json: " + message in said
        assert "a report.json written by `shenhe check`" in said


def test_a_missing_file_is_reported(folder: Path) -> None:
    code, said = told("export", "sarif", "nowhere.json")
    assert code == 2
    assert "nowhere.json" in said
    assert told("verify", "nowhere.json", "--key", "public.pem")[0] == 2


def test_an_attestation_goes_from_one_hand_to_the_other(folder: Path) -> None:
    done = shenhe("attest", "one-failed.json", "--key", "key.pem", "--out", "attestation.json")
    assert done.exit_code == 0, done.output
    done = shenhe("verify", "attestation.json", "--key", "public.pem", "--report", "one-failed.json")
    assert done.exit_code == 0, done.output
    for said in (
        "FAILED: ",
        "example, environment test",
        "level full",
        "pkg:pypi/shenhe@",
        load_rulebook().hash,
        "cd" * 32,
    ):
        assert said in done.stdout
    statement = json.loads(shenhe("verify", "attestation.json", "--key", "public.pem", "--json").stdout)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"


def test_a_tampered_byte_is_refused_in_a_sentence(folder: Path) -> None:
    shenhe("attest", "all-passed.json", "--key", "key.pem", "--out", "attestation.json")
    path = folder / "attestation.json"
    data = path.read_bytes()
    path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    done = shenhe("verify", "attestation.json", "--key", "public.pem")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "attestation.json: refused: " in done.stderr


def test_another_report_is_refused(folder: Path) -> None:
    shenhe("attest", "all-passed.json", "--key", "key.pem", "--out", "attestation.json")
    assert shenhe("verify", "attestation.json", "--key", "public.pem", "--report", "one-failed.json").exit_code == 1


def test_passed_may_be_required(folder: Path) -> None:
    for name, code in (("all-passed", 0), ("one-failed", 1)):
        shenhe("attest", f"{name}.json", "--key", "key.pem", "--out", "attestation.json")
        assert shenhe("verify", "attestation.json", "--key", "public.pem", "--require-passed").exit_code == code


def test_a_wrong_key_is_reported_without_its_content(folder: Path) -> None:
    secret = (folder / "key.pem").read_text().splitlines()[1]
    (folder / "cut.pem").write_text((folder / "key.pem").read_text()[:60])
    shenhe("attest", "all-passed.json", "--key", "key.pem", "--out", "attestation.json")
    for arguments in (
        ["attest", "all-passed.json", "--key", "cut.pem", "--out", "a"],
        ["attest", "all-passed.json", "--key", "public.pem", "--out", "a"],
        ["attest", "all-passed.json", "--key", "passing.json", "--out", "a"],
        ["verify", "attestation.json", "--key", "key.pem"],
        ["verify", "attestation.json", "--key", "passing.json"],
    ):
        done = shenhe(*arguments)
        assert done.exit_code == 2
        assert not any(secret[start : start + 8] in done.output for start in range(len(secret) - 8))
    assert not (folder / "a").exists()


def test_the_traceback_of_a_wrong_key_shows_nothing_of_it(folder: Path) -> None:
    secret = (folder / "key.pem").read_text().splitlines()[1]
    shenhe("attest", "all-passed.json", "--key", "key.pem", "--out", "attestation.json")
    words = ["--debug", "verify", "attestation.json", "--key", "key.pem"]
    command = [sys.executable, "-P", "-c", "from shenhe.cli.main import run; run()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert not any(secret[start : start + 8] in done.stderr + done.stdout for start in range(len(secret) - 8))


def test_hostile_names_do_not_reach_the_terminal_of_verify(folder: Path) -> None:
    shenhe("attest", "hostile-target.json", "--key", "key.pem", "--out", "attestation.json")
    done = shenhe("verify", "attestation.json", "--key", "public.pem")
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert len(done.stdout.splitlines()) == 13


def test_a_baseline_is_drafted_applied_and_expires(folder: Path) -> None:
    done = shenhe(
        "baseline",
        "write",
        "mixed.json",
        "--reason",
        "until the release",
        "--expires",
        "2036-03-31",
        "--out",
        "baseline.yaml",
    )
    assert done.exit_code == 0, done.output
    assert "decision_gives_reasons" in done.stderr, "a broken check is named, not accepted"
    done = shenhe("baseline", "apply", "mixed.json", "baseline.yaml", "--on", "2036-03-31")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "new         error: eu-dsa/17 (decision_gives_reasons)"
    assert done.stdout.splitlines()[-1] == "Baseline: 1 new, 0 expired, 0 stale, 0 unobserved, 5 accepted"
    late = json.loads(shenhe("baseline", "apply", "mixed.json", "baseline.yaml", "--on", "2036-04-01", "--json").stdout)
    assert late["exit_code"] == 1
    assert [entry["line"] for entry in late["expired"]] == [5, 11, 17, 22]


def test_a_baseline_is_not_written_over(folder: Path) -> None:
    (folder / "baseline.yaml").write_text("entries: []\n")
    done = shenhe(
        "baseline", "write", "mixed.json", "--reason", "known", "--expires", "2036-03-31", "--out", "baseline.yaml"
    )
    assert done.exit_code == 2
    assert (folder / "baseline.yaml").read_text() == "entries: []\n"


@pytest.mark.parametrize(("reason", "expires"), [("known", "soon"), ("known", "2026-02-30"), ("", "2036-03-31")])
def test_a_reason_and_a_day_are_needed(folder: Path, reason: str, expires: str) -> None:
    assert shenhe("baseline", "write", "mixed.json", "--reason", reason, "--expires", expires).exit_code == 2


def test_a_faulty_baseline_is_reported_by_line(folder: Path) -> None:
    (folder / "baseline.yaml").write_text(
        "entries:\n  - rule: a\n    verdict: pass\n    reason: known\n    expires: 2026-03-31\n"
    )
    code, said = told("baseline", "apply", "mixed.json", "baseline.yaml")
    assert code == 2
    assert "baseline.yaml:3:14: entries[0].verdict: found 'pass'" in said
