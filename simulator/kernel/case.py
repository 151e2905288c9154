"""A case: one suspected violation under investigation, and how cases and their draws are numbered."""

from __future__ import annotations

CLOSED_DISMISSED, CLOSED_SANCTIONED, CLOSED_LAPSED = range(3)

# How an event's kind, provider and case share one sorting key.
CASE_BITS = 31
PROVIDER_BITS = 20

FIRST_RUMOUR = 1 << 24  # rumours are numbered after all occasions that a provider can meet
ATTEMPTS = 4096  # draws of one life of a provider at the registry, and of one removal from a store
MEASURES = 4  # warned, limited, suspended, closed; from the third on, what the user made is taken down

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
