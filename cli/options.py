"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import os
import shutil
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shenhe.conformance.verdict import Level

from . import completion

#: The exit code of a command that was interrupted, as shells expect it.
INTERRUPTED = 130

#: Panels of ``shenhe check --help`` and ``shenhe fleet --help``.
TARGET, SCOPE, BUDGET, OUTPUT = "Target", "Scope", "Budget", "Output"

# -- callbacks


def writable_folder(value: Path | None) -> Path | None:
    """Callback of an option: refuse a folder for results that cannot be made, before anything is computed for it."""
    if value is not None:
        if value.exists() and not value.is_dir():
            raise typer.BadParameter(f"{value} is a file, expected a folder")
        _refuse_unwritable(value, value)
    return value


def writable_file(value: Path | None) -> Path | None:
    """Callback of an option: refuse a file for results that cannot be written, before anything is computed for it."""
    if value is not None:
        if value.is_dir():
            raise typer.BadParameter(f"{value} is a folder, expected a file")
        if value.exists() and not os.access(value, os.W_OK):
            raise typer.BadParameter(f"{value} cannot be written: permission denied")
        _refuse_unwritable(value, value.absolute().parent)
    return value


def page_file(value: Path | None) -> Path | None:
    """Callback of an option: like :func:`writable_file`, and refuse a name that a browser would show as plain text."""
    if value is not None and not value.is_dir() and value.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{value} has no ending of a page: write {value}.html")
    return writable_file(value)


def _refuse_unwritable(value: Path, folder: Path) -> None:
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise typer.BadParameter(f"{value} cannot be written: {nearest} is a file, expected a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{value} cannot be written: no permission for {nearest}")
    space = shutil.disk_usage(nearest)
    if space.total and not space.free:
        raise typer.BadParameter(f"{value} cannot be written: the disk of {nearest} is full")


# -- pages


class PageLanguage(StrEnum):
    """A language of a page."""

    ENGLISH = "en"
    CHINESE = "zh"


PageLang = Annotated[PageLanguage, typer.Option("--lang", help="Language of the page.")]


def lang_words(language: PageLanguage) -> list[str]:
    """The option in a command that makes a page again."""
    return [] if language is PageLanguage.ENGLISH else ["--lang", language.value]


# -- commands that run checks

AtLevel = Annotated[
    Level,
    typer.Option("--level", rich_help_panel=SCOPE, help="How many rules to cover. Higher levels send more requests."),
]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--packs",
        metavar="ID",
        autocompletion=completion.packs,
        rich_help_panel=SCOPE,
        help="Check these rule packs instead of those in force. Repeatable; see `shenhe rules list`.",
    ),
]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        metavar="PATTERN",
        autocompletion=completion.rules,
        rich_help_panel=SCOPE,
        help="Check only matching rules, such as 'cn-labeling-2025/*'. Repeatable.",
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="DATE", rich_help_panel=SCOPE, help="Apply the law of this date (YYYY-MM-DD). Default: today."
    ),
]
TakenReadings = Annotated[
    list[str] | None,
    typer.Option(
        "--reading",
        metavar="ID=READING",
        rich_help_panel=SCOPE,
        help="Take another reading of a rule; see `shenhe rules show`. Repeatable.",
    ),
]
CheckSeed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        rich_help_panel=SCOPE,
        help="Random seed. The same seed sends the same requests.",
    ),
]
CheckSalt = Annotated[
    str | None,
    typer.Option(
        "--salt",
        metavar="TEXT",
        rich_help_panel=SCOPE,
        help="Make invented names, people and prompts from this text. Default: a fresh one, printed with the result.",
    ),
]
Strength = Annotated[
    int | None,
    typer.Option(
        "--strength",
        metavar="N",
        min=1,
        max=3,
        rich_help_panel=SCOPE,
        help="How many values (prompt, option, channel) the listed cases combine. Default: 1 at level core, else 2.",
    ),
]
Examples = Annotated[
    int,
    typer.Option(
        "--examples", metavar="N", min=0, rich_help_panel=SCOPE, help="Random cases per check, after its listed cases."
    ),
]

# -- commands that simulate

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one parameter, such as policy.staff.inspectors=12. Repeatable.",
    ),
]
Replications = Annotated[int, typer.Option("--replications", "-n", metavar="N", min=1, help="Number of replications.")]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="Random seed. The same seed gives the same results.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        help="Worker processes (default: chosen automatically). Does not affect results.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="auto|simpy|compiled",
        help="Simulation engine. `auto` picks the one expected to finish first. Does not affect results.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a summary.")]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE.html", callback=page_file, rich_help_panel=OUTPUT, help="Write an HTML page here."
    ),
]
PageFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE.html", callback=page_file, help="Write an HTML page with figures and tables."),
]


def chosen_readings(values: list[str] | None) -> dict[str, str]:
    """``ID=READING`` pairs of ``--reading``. Raises :class:`~shenhe.rulebook.RulebookError` for anything else."""
    from shenhe.rulebook import RulebookError

    found = {}
    for value in split(values) or ():
        name, _, reading = value.rpartition("=")
        if not name or not reading:
            raise RulebookError(f"--reading: found {value!r}, expected ID=READING, as in cn-pack/1.2=strict")
        found[name] = reading
    return found


def day_of(text: str | None) -> date | None:
    """The date in ``text``, or ``None`` without one. Raises ``typer.BadParameter``."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}, expected a date such as 2026-01-31", param_hint="--on") from None


def split(values: list[str] | None) -> list[str] | None:
    """The values of a repeatable option; each may itself be a comma-separated list."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()] if values else None
