"""A value that an option cannot have is refused in the words of shenhe, whatever library reads it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import typer
from typer.main import get_command

from shenhe.cli import main

#: Words of the libraries that validate values, and Python's own.
FOREIGN = (
    "Value error",
    "Input should",
    "Assertion failed",
    "unable to parse",
    "is not a valid",
    "validation error",
    "<",
)

WRONG = ("no-such-value", "", "-1e9", "\x1b[31m\u202e", "nan", "1" * 5000)


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in getattr(group, "commands", {}).items():
        yield (*words, name), command
        yield from commands(command, (*words, name))


def plain_type(annotation: Any) -> Any:
    """The type of one value: without ``None``, and of a list that of its entries."""
    while get_origin(annotation) in (Union, types.UnionType, list):
        annotation = next(each for each in get_args(annotation) if each is not types.NoneType)
    return annotation


def typed_options() -> Iterator[Any]:
    """Every option of every command whose value is a choice or a number."""
    for words, command in commands(get_command(main.app)):
        if command.callback is None:
            continue
        hints = get_type_hints(command.callback)
        for parameter in command.params:
            kind = plain_type(hints.get(parameter.name))
            is_choice = get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum))
            if parameter.opts[0].startswith("-") and (is_choice or kind in (int, float)):
                yield pytest.param(command, parameter.opts[0], is_choice, id=" ".join([*words, parameter.opts[0]]))


OPTIONS = list(typed_options())


@pytest.mark.parametrize(("command", "option", "is_choice"), OPTIONS)
def test_wrong_value_is_refused_in_our_words(command: Any, option: str, is_choice: bool) -> None:
    refused = 0
    for value in WRONG:
        try:
            command.make_context("command", [option, value])
        except typer.BadParameter as error:
            message = error.format_message()
            if "Missing" in message or option not in message:
                continue
            assert "found" in message, message
            assert "expected" in message, message
            assert not any(word in message for word in FOREIGN), message
            assert len(message) < 400
            refused += 1
    assert refused >= (len(WRONG) if is_choice else 3)


def test_choices_and_numbers_of_all_commands_are_tried() -> None:
    assert len(OPTIONS) > 60
    assert sum(1 for option in OPTIONS if option.values[2]) > 10
