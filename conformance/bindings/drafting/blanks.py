"""What a document does not say: a draft has a blank in its place, and is refused until it is filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..language.template import BLANK


@dataclass(frozen=True)
class Blank:
    """Something that the document does not say. It is written as ``${FILL_IN_…}``, which no reader takes for a
    value.
    """

    name: str
    hint: str = ""

    @property
    def text(self) -> str:
        return "${" + BLANK + re.sub(r"[^A-Z0-9]+", "_", self.name.upper()).strip("_") + "}"


class Blanks:
    """The blanks of a draft, in the order in which they were found."""

    def __init__(self) -> None:
        self.found: list[Blank] = []

    def __call__(self, name: str, hint: str = "") -> Blank:
        """A new one; ``hint`` says to a person what belongs there."""
        blank = Blank(name, hint)
        self.found.append(blank)
        return blank


def can_stand(value: Any) -> bool:
    """Whether a value of the document can stand in the draft as it is: nothing in it is a template or a variable."""
    return value is not None and not (
        isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value or "${" in value)
    )
