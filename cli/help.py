"""How commands describe themselves and refuse a value: flags show no type in ``--help``, and an error says what was
found and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer import Typer

#: What Typer, and the library below its older versions, says of a wrong value.
_NO_CHOICE = "' is not one of '"
_NO_NUMBER = re.compile(r"'?(?P<found>.*?)'? is not (?:a |in the )(?P<expected>valid \w+|range .*?)\.?", re.DOTALL)


def _without_types_of_flags(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_bool_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """Say of a value that cannot be read what was found and what was expected. Typer passes on what its validating
    library says, which differs between versions.
    """
    try:
        yield
    except typer.BadParameter as error:
        error.message = _refusal(error)
        raise


def _refusal(error: typer.BadParameter) -> str:
    from pydantic import ValidationError

    from shenhe.core.wording import shown, worded

    message = str(error.message)
    if isinstance(error.__cause__, ValidationError):
        message = worded(dict(error.__cause__.errors(include_url=False)[0]))
    found, is_choice, choices = message.rpartition(_NO_CHOICE)
    if is_choice:
        expected = ", ".join(re.findall(r"'([^']*)'", f"'{choices}"))
        return f"found {shown(found.removeprefix(chr(39)))}, expected one of: {expected}"
    if number := _NO_NUMBER.fullmatch(message):
        return f"found {shown(number['found'])}, expected a {number['expected']}"
    return message


class HelpCommand(TyperCommand):
    """A command whose help shows no type for flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _plain_refusals():
            return super().parse_args(ctx, args)


class HelpGroup(TyperGroup):
    """A group whose help shows no type for flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _plain_refusals():
            return super().parse_args(ctx, args)


def use_plain_help(app: Typer) -> None:
    """Give every command of ``app``, and of the groups in it, the classes above."""
    for command in app.registered_commands:
        command.cls = HelpCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            if not issubclass(group.typer_instance.info.cls or TyperGroup, HelpGroup):
                group.typer_instance.info.cls = HelpGroup
            use_plain_help(group.typer_instance)
