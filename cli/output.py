"""Output on terminals and pipes of any encoding."""

from __future__ import annotations

import codecs
import os
import sys

import typer

from shenhe.core.text import UNSEEN, visible

#: Plain replacements for marks that an encoding may lack.
PLAIN = {
    "✓": "+",
    "✗": "x",
    "◐": "~",
    "–": "-",
    "−": "-",
    "…": "...",
    "→": "->",
    "≠": "!=",
    "±": "+/-",
    "×": "x",
    "█": "#",
    "░": ".",
    "·": ".",
    "’": "'",
    "“": '"',
    "”": '"',
    "\u00a0": " ",
}


def plain(error: UnicodeError) -> tuple[str, int]:
    """An error handler for ``str.encode``: a plain form of our marks, and JSON escapes of every other character.

    JSON escapes keep ``--json`` valid whatever the encoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(character) or _escaped(character) for character in text), error.end


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def use_any_encoding() -> None:
    """Let standard output and error print every character, whatever their encoding."""
    codecs.register_error("shenhe.plain", plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="shenhe.plain")


def say(text: str, *, err: bool = False) -> None:
    """Print text that may hold words of others, with every invisible or active character written out."""
    typer.echo(visible(text), err=err)


def echo_json(text: str) -> None:
    """Print a JSON document. Characters that a terminal obeys or does not draw are escaped. Where the encoding is not
    UTF-8, all characters beyond ASCII are.
    """
    text = json_escaped(text)
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        text = "".join(character if character.isascii() else _escaped(character) for character in text)
    typer.echo(text)


def json_escaped(text: str) -> str:
    """A JSON document with the characters that a terminal obeys or does not draw escaped."""
    return UNSEEN.sub(lambda match: _escaped(match[0]), text)


def dim(text: str) -> str:
    """A text dimmed on a terminal; plain where ``NO_COLOR`` is set."""
    return text if os.environ.get("NO_COLOR") else typer.style(text, dim=True)
