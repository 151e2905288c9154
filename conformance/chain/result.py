"""What a chain came to: verdicts as in ``report.json``, each with the hops that it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shenhe.core.files import write_whole

from ..report import CheckResult, Step, Summary, Target, Timing
from ..verdict import VerdictName


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hop(_Model):
    """One step of a file at one target, and how it was judged.

    ``label`` is the AIGC field as found in the file after this step. ``picture`` is the file itself as a data URL,
    where it is a small picture.
    """

    target: str
    step: str
    verdict: VerdictName
    seen: str = ""
    rules: list[str] = []
    media_type: str = ""
    label: dict[str, str] = {}
    notice: str = ""
    picture: str = ""
    exchanges: list[Step] = []


class ChainCheck(_Model):
    """One check of the chain. ``lost_at`` names the hop at which the first failure shows."""

    result: CheckResult
    hops: list[Hop]
    lost_at: str = ""


class ChainReport(_Model):
    """The whole of a run over a chain. ``links`` are the targets in the order in which a file passes them."""

    format: Literal["shenhe-chain"] = "shenhe-chain"
    format_version: Literal[1] = 1
    shenhe_version: str
    name: str
    on: str = Field(description="the date whose law was applied, ISO 8601")
    seed: int
    salt: str = ""
    targets: dict[str, Target]
    links: list[str]
    beside: list[str] = Field(default=[], description="targets that no file passes, such as app stores")
    checks: list[ChainCheck]
    summary: Summary
    timing: Timing

    def write(self, path: Path) -> None:
        """Write as indented UTF-8 JSON with a final newline."""
        write_whole(path, self.model_dump_json(indent=1) + "\n")
