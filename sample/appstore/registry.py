"""What the sample store verifies against: the filings and assessments that it knows, and the developers it knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class RegisteredFiling:
    """A filing in the public list: of which entity, and whether it was cancelled."""

    entity: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """A security assessment: of which entity, and until when it holds."""

    entity: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by their token. ``entity`` is the unified social credit code of a developer."""

    id: str
    entity: str = ""
    authority: bool = False


STUDIO, RIVAL = "91110108MA0000011E", "91310115MA0000028N"

FILINGS: Mapping[str, RegisteredFiling] = {
    "网信算备110108000000001240011号": RegisteredFiling(STUDIO),
    "网信算备110108000000002240019号": RegisteredFiling(STUDIO),
    "网信算备110108000000003240015号": RegisteredFiling(STUDIO, cancelled=True),
    "网信算备310115000000001240017号": RegisteredFiling(RIVAL),
}
ASSESSMENTS: Mapping[str, Assessment] = {
    "AQPG-2026-0001": Assessment(STUDIO, datetime(2028, 1, 1, tzinfo=UTC)),
    "AQPG-2024-0007": Assessment(STUDIO, datetime(2026, 3, 1, tzinfo=UTC)),
    "AQPG-2026-0100": Assessment(RIVAL, datetime(2028, 1, 1, tzinfo=UTC)),
}
CALLERS: Mapping[str, Caller] = {
    "studio-token": Caller("dev-studio", STUDIO),
    "rival-token": Caller("dev-rival", RIVAL),
    "reader-token": Caller("user-reader"),
    "authority-token": Caller("authority", authority=True),
}

WELL_FORMED = re.compile(r"网信算备\d{21}号")
