"""Every example in `--help` is a command line that shenhe accepts, and every command has one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from shenhe.cli.main import app

from .desk import parse
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
