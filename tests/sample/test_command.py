"""``shenhe sample``."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import yaml

from shenhe.sample import FAULTS, VARIANTS

from ..command_line import shenhe


def test_faults_are_listed_for_people() -> None:
    result = shenhe("sample", "faults")
    assert result.exit_code == 0
    for name, fault in FAULTS.items():
        assert name in result.stdout
        assert fault.summary in result.stdout


def test_faults_are_listed_for_programs() -> None:
    listed = json.loads(shenhe("sample", "faults", "--json").stdout)
    assert {entry["name"]: set(entry["rules"]) for entry in listed} == {
        name: set(fault.rules) for name, fault in FAULTS.items()
    }
    assert set(listed[0]) == {"name", "summary", "behaviour", "level", "reach", "rules"}


def test_an_unknown_fault_is_a_usage_error_with_the_closest_name() -> None:
    result = shenhe("sample", "serve", "--fault", "text-unlabeled")
    assert result.exit_code == 2
    assert "text-unlabelled" in result.stderr
    assert result.stdout == ""


def test_variants_are_listed() -> None:
    shown = shenhe("sample", "variants").stdout
    listed = json.loads(shenhe("sample", "variants", "--json").stdout)
    assert [entry["name"] for entry in listed] == list(VARIANTS)
    assert all(entry["summary"] in shown for entry in listed)


def test_the_binding_of_a_variant_is_printed() -> None:
    printed = yaml.safe_load(shenhe("sample", "binding", "--variant", "phone-only").stdout)
    assert printed["target"]["identity_methods"] == ["phone", "email"]
    wrong = shenhe("sample", "binding", "--variant", "phone")
    assert wrong.exit_code == 2
    assert "phone-only" in wrong.stderr


def test_a_taken_port_is_a_usage_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = shenhe("sample", "serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "--port" in result.stderr


def test_the_binding_is_printed_unchanged() -> None:
    printed = yaml.safe_load(shenhe("sample", "binding").stdout)
    assert printed["target"]["environment"] == "test"


def test_the_command_does_not_load_the_provider_before_it_runs() -> None:
    code = (
        "import sys, shenhe.cli.sample; print([name for name in ('starlette', 'uvicorn', 'pydantic', 'numpy') if name"
        " in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
