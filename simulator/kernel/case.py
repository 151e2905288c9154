"""A case: one suspected violation under investigation."""

from __future__ import annotations

CLOSED_DISMISSED, CLOSED_SANCTIONED, CLOSED_LAPSED = range(3)

# Draws of one case that recur: at each step of the ladder, for each phase of an investigation.
STEPS, PHASES = 16, 32


class Case:
    """One suspected violation under investigation."""

    __slots__ = (
        "authority", "behaviour", "founded", "number", "opened", "overturned", "provider", "self_reported", "serious",
    )  # fmt: skip

    def __init__(
        self,
        provider: int,
        number: int,
        behaviour: int,
        founded: bool,
        serious: bool,
        opened: float,
        authority: int,
        self_reported: bool,
    ) -> None:
        self.provider = provider
        self.number = number
        self.behaviour = behaviour
        self.founded = founded
        self.serious = serious
        self.opened = opened
        self.overturned = False
        self.authority = authority
        self.self_reported = self_reported
