"""What comes of a fleet, as data: a result for each provider, and ``fleet.json``."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shenhe.core.files import write_whole

from ..report import Report, Target, Timing
from ..verdict import VerdictName

#: How a provider's turn ended. ``checked``: to its end. ``cut short``: a bound that the run was given was reached.
#: ``gone``: the provider stopped answering, or never did. ``not usable``: its binding cannot be used. ``stopped``: the
#: process did not end in its time. ``broken``: the process ended without a result. ``not run``: the fleet was
#: interrupted. A process that was ended leaves a report with the checks that it had finished.
Outcome = Literal["checked", "cut short", "gone", "not usable", "stopped", "broken", "not run"]
_OPEN = ("review", "inconclusive")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Options(_Model):
    """The options of every run of a fleet, as for :func:`~shenhe.conformance.engine.runner.run_checks`.

    ``on`` is the day whose law applies; none is the day of the run. ``max_seconds`` bounds the requests; the process
    may last ``LAST_WORDS`` longer.
    """

    level: Literal["core", "extended", "full"] = "core"
    packs: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    on: date | None = None
    seed: int = 0
    examples: int = 25
    max_seconds: float = 1800.0
    max_requests: int | None = None
    max_generations: int | None = None


class Result(_Model):
    """The result of one provider in short; ``report.json`` has the rest.

    ``behaviours`` counts rules by behaviour and verdict. ``failed`` (verdicts fail and error) and ``unverified``
    (review and inconclusive) are ids of rules in the order of the report; ``judged`` counts the cases behind
    all verdicts.
    """

    outcome: Outcome
    detail: str = Field(
        default="", description="the reason, in a sentence, if the outcome is not `checked` or no rule was decided"
    )
    target: Target | None = None
    report_exit_code: int | None = None
    on: str = ""
    packs: list[str] = []
    counts: dict[VerdictName, int] = {}
    behaviours: dict[str, dict[VerdictName, int]] = {}
    failed: list[str] = []
    unverified: list[str] = []
    judged: int = 0
    requests: int = 0
    report_sha256: str = ""
    timing: Timing | None = None

    @property
    def decided(self) -> int:
        """How many rules passed or failed."""
        return self.counts.get("pass", 0) + self.counts.get("fail", 0)

    @property
    def applicable(self) -> int:
        """How many rules applied, decided or not."""
        return sum(number for verdict, number in self.counts.items() if verdict != "not applicable")


class BaselineCounts(_Model):
    """The result of a report under a baseline, in numbers of problems and entries."""

    baseline: str
    new: int
    accepted: int
    stale: int
    expired: int


class FleetRow(Result):
    """One provider of a fleet. ``rank`` counts from 1 and equals share one. A provider of which no rule was decided has
    none.

    ``exit_code`` is that of ``shenhe check`` for this provider, with its baseline where there is one. ``key`` is a hash
    of all that the report depends on; ``report`` is its path from the folder of ``fleet.json``.
    """

    name: str
    binding: str
    binding_sha256: str
    key: str
    rank: int | None
    exit_code: int
    baseline: BaselineCounts | None = None
    report: str | None = None


class Fleet(_Model):
    """``fleet.json``: the providers of a folder in the order of their rank, then those that could not be ranked."""

    format: Literal["shenhe-fleet"] = "shenhe-fleet"
    format_version: Literal[1] = 1
    shenhe_version: str
    rulebook_sha256: str
    options: Options
    on: str = Field(
        description="the requested date of the law, ISO 8601; a kept report may be older if the law is the same"
    )
    exit_code: int = Field(description="the gravest of the providers': 1, then 2, then 3, then 0")
    providers: list[FleetRow]

    def write(self, path: Path) -> None:
        """Write as indented UTF-8 JSON with a final newline, by way of a temporary file in the same folder."""
        write_whole(path, self.model_dump_json(indent=1) + "\n")


def fleet_schema() -> dict[str, Any]:
    """The schema of ``fleet.json``; the published copy (``conformance/fleet.schema.json``) is tested to equal it."""
    schema = Fleet.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:shenhe:schema:fleet:1", **schema}


def summary_of(report: Report, outcome: Outcome, detail: str, data: bytes) -> Result:
    """The result of a report; ``data`` is the report as written."""
    behaviours: dict[str, dict[VerdictName, int]] = {}
    for rule in report.rules:
        tally = behaviours.setdefault(rule.behaviour, {})
        tally[rule.verdict] = tally.get(rule.verdict, 0) + 1
    return Result(
        outcome=outcome,
        detail=detail,
        target=report.target,
        report_exit_code=report.summary.exit_code,
        on=report.on,
        packs=report.packs,
        counts=report.summary.counts,
        behaviours=behaviours,
        failed=[rule.rule for rule in report.rules if rule.verdict in ("fail", "error")],
        unverified=[rule.rule for rule in report.rules if rule.verdict in _OPEN],
        judged=report.summary.probes.decided,
        requests=report.summary.requests,
        report_sha256=hashlib.sha256(data).hexdigest(),
        timing=report.timing,
    )
