"""How ``--help`` looks: flags without a type, since they take no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer import Typer


def _without_types_of_flags(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_bool_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


class HelpCommand(TyperCommand):
    """A command whose help shows no type for flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))


class HelpGroup(TyperGroup):
    """A group whose help shows no type for flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types_of_flags(super().get_params(ctx))


def use_plain_help(app: Typer) -> None:
    """Give every command of ``app``, and of the groups in it, the classes above."""
    for command in app.registered_commands:
        command.cls = HelpCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            if not issubclass(group.typer_instance.info.cls or TyperGroup, HelpGroup):
                group.typer_instance.info.cls = HelpGroup
            use_plain_help(group.typer_instance)
