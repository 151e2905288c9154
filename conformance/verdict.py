"""What a check concludes. Verdicts are ordered and can only be raised, so that nothing seen later hides what was seen
before.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal, cast

VerdictName = Literal["not applicable", "pass", "review", "inconclusive", "fail", "error"]


class Verdict(IntEnum):
    """``not applicable < pass < review < inconclusive < fail < error``."""

    NOT_APPLICABLE = 0
    PASS = 1
    REVIEW = 2
    INCONCLUSIVE = 3
    FAIL = 4
    ERROR = 5

    @property
    def title(self) -> VerdictName:
        """The verdict in lower-case words, as a report has it."""
        return cast(VerdictName, self.name.lower().replace("_", " "))

    @classmethod
    def titled(cls, title: VerdictName) -> Verdict:
        """The verdict for a word of a report."""
        return cls[title.replace(" ", "_").upper()]


class Level(StrEnum):
    """How much is checked: the four behaviours; all behaviours; all behaviours with what only the eye can see."""

    CORE = "core"
    EXTENDED = "extended"
    FULL = "full"

    def includes(self, other: Level) -> bool:
        """Whether a check of level ``other`` belongs to a run of this level."""
        order = list(Level)
        return order.index(other) <= order.index(self)


class ExitCode(IntEnum):
    """The exit codes of a run."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    NOT_VERIFIED = 3
