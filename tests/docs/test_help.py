"""Every command has an example in `--help`, and the examples run."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from shenhe.cli.main import app
from shenhe.sample import SampleServer
from tests.command_line import shenhe

from .desk import only_parsed, parse, run
from .pages import Command, command_of


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))
    if not getattr(command, "commands", {}):
        yield " ".join(path), command


COMMANDS = dict(leaves(typer.main.get_command(app)))


def examples(command: Any) -> list[Command]:
    paragraphs = re.split(r"\n\s*\n", f"{command.help or ''}\n\n{command.epilog or ''}")
    texts = [" ".join(paragraph.split()) for paragraph in paragraphs]
    return [command_of(text.removeprefix("Example: ")) for text in texts if text.startswith("Example: ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_accepted(name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = examples(COMMANDS[name])
    assert found, f"shenhe {name} has no example"
    for command in found:
        if command.words[0] == "shenhe":
            parse(command.words[1:])
        else:
            assert command.words[0] in {"curl", "openssl"}
    short = name.removesuffix(" run")  # `shenhe study run FILE` is written `shenhe study FILE`
    assert any(" ".join(command.words[1:]).startswith(short) for command in found)


#: Examples that exit with another code than 0, by the start of their line.
EXIT_CODES = {
    "shenhe check sample --fault": 1,
    "shenhe doctor binding.yaml": 2,  # the example's address is not that of the server here
    "shenhe label judge picture.png": 1,  # it has no label
    "shenhe replay results/report.json": 1,  # the failure occurs again
    "shenhe verify attestation.json": 1,  # the run here is of level core, the example requires extended
}

#: Examples that cannot run here, and why.
NOT_RUN = {"shenhe scope --ask": "asks questions"}

#: Commands that take more than a second.
SLOW = {"check", "compare", "simulate", "forecast", "replay"}


def runnable() -> Iterator[Any]:
    for name, command in COMMANDS.items():
        for example in examples(command):
            if example.words[0] == "shenhe" and not only_parsed(example) and str(example) not in NOT_RUN:
                marks = [pytest.mark.slow] if example.words[1] in SLOW else []
                yield pytest.param(example, id=f"{name}: {example}", marks=marks)


@pytest.fixture
def failing_report(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A report with a failure, and the provider that still fails."""
    with SampleServer(["publish-unverified"]) as server:
        monkeypatch.setenv("SHENHE_SAMPLE_URL", server.url)
        options = ("--rules", "cn-dsp-2023/9.2", "--report", "results/report.json", "--examples", "0")
        assert shenhe("check", "binding.yaml", *options).exit_code == 1
        yield


def prepare(example: Command, desk: Path) -> None:
    """What the examples of other commands would have left in the folder."""
    match example.words[1]:
        case "init":
            (desk / "binding.yaml").unlink()
        case "baseline" if example.words[2] == "apply":
            assert run(examples(COMMANDS["baseline write"])[0], desk).exit_code == 0
        case "attest" | "verify":
            if shutil.which("openssl") is None:
                pytest.skip("openssl is not installed")
            for command in examples(COMMANDS["attest"]):
                if command.words[0] == "openssl":
                    subprocess.run(command.words, check=True, capture_output=True)
            assert shenhe("attest", "report.json", "--key", "key.pem", "--out", "attestation.json").exit_code == 0


@pytest.mark.parametrize("example", list(runnable()))
@pytest.mark.costly
def test_examples_run(example: Command, desk: Path, request: pytest.FixtureRequest) -> None:
    if example.words[1] == "replay":
        request.getfixturevalue("failing_report")
    prepare(example, desk)
    done = run(example, desk)
    expected = next((code for start, code in EXIT_CODES.items() if str(example).startswith(start)), 0)
    assert done.exit_code == expected, done.output


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(("simulate", "cn-2023", "--years", "5"))


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_explained(name: str) -> None:
    command = COMMANDS[name]
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        assert text, f"shenhe {name}: {parameter.name} has no help"
        assert len(text.split()) > 1 or parameter.metavar, f"shenhe {name}: {text}"


@pytest.mark.parametrize("name", COMMANDS)
def test_flags_show_no_type(name: str) -> None:
    command = COMMANDS[name]
    context = command.make_context(name.split()[-1], [], resilient_parsing=True)
    flags = [each for each in command.get_params(context) if getattr(each, "is_bool_flag", False)]
    assert [each.metavar for each in flags] == [""] * len(flags)
    assert any(each.name == "help" for each in flags)
