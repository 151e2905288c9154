"""The snippets of README and docs/, and the commands in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

#: Pages whose snippets are executed here. docs/first-use.md has a test that also compares every line of output.
PAGES = tuple(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "first-use.md"
)

#: Languages of fenced blocks: executed as commands, executed as Python, read as files, and shown output.
COMMANDS, PYTHON, FILES, OUTPUT = {"sh"}, {"python"}, {"yaml", "toml"}, {"text", "perl"}


@dataclass(frozen=True)
class Block:
    """One fenced block: the page, the line of its fence, its language and its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command line. ``output`` is the file that its standard output goes to, if any."""

    words: tuple[str, ...]
    output: str = ""
    appends: bool = False

    def __str__(self) -> str:
        return shlex.join(self.words)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.finditer(r"^( *)```(\S*)[^\n]*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [
        Block(page, text.count("\n", 0, each.start()) + 1, each[2], re.sub(f"^{each[1]}", "", each[3], flags=re.M))
        for each in found
    ]


def command_of(line: str) -> Command:
    """A command line without its comment, split as a shell would."""
    words = shlex.split(line, comments=True)
    for sign in (">>", ">"):
        if sign in words:
            at = words.index(sign)
            return Command(tuple(words[:at]), words[at + 1], sign == ">>")
    return Command(tuple(words))


def commands(block: Block) -> list[Command]:
    """The commands of a block of shell lines. A backslash continues a line."""
    lines = re.sub(r"\\\n\s*", " ", block.text).splitlines()
    return [command_of(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
