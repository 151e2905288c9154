"""``report.json``: the one result of a conformance run. Every other output is a view of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shenhe.core.document import shown, worded
from shenhe.core.errors import ShenheError
from shenhe.core.files import read_up_to, write_whole
from shenhe.core.strict_json import parse_json, place_of
from shenhe.core.text import visible

from .verdict import VerdictName


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Model):
    """The same words in English and Chinese."""

    en: str
    zh: str


class Probes(_Model):
    """The evidence behind a verdict in numbers. ``decided`` counts the cases that a property judged, ``controls`` the
    accepted controls.

    ``sent`` counts the requests of the cases themselves, each once. ``shared`` counts the requests that a verdict also
    rests on: set-ups, and what is made once per run for several checks.
    """

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unavailable: int = 0
    controls: int = 0
    shared: int = 0
    decided: int = 0
    enumerated: int = 0
    generated: int = 0


class Step(_Model):
    """One exchange of a finding, redacted. Bodies are text where they are text, else a description with size and
    hash.
    """

    role: Literal["set-up", "control", "probe", "observation"]
    operation: str
    method: str
    url: str
    request_headers: dict[str, str] = {}
    request_body: str = ""
    status: int | None = None
    response_headers: dict[str, str] = {}
    response_body: str = ""
    error: str | None = None
    origin: str = ""


class Evidence(_Model):
    """Something that a person can look at: the excerpt or picture that decided. ``data`` is base64 where ``media_type``
    is not text.
    """

    title: str
    media_type: str = "text/plain"
    data: str


class Attachment(_Model):
    """A file beside the scripts of a finding. ``data`` is base64."""

    name: str
    data: str

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return base64.b64decode(self.data)


class Finding(_Model):
    """A failure that explains itself: what was expected, what was seen, and the smallest sequence that shows it."""

    expected: str
    seen: str
    case: str = ""
    difference: str = Field(default="", description="how the case differs from one of the same kind that passes")
    steps: list[Step]
    wrong_step: int | None = Field(
        default=None, ge=1, description="the step, counted from 1, whose response the verdict rests on"
    )
    evidence: list[Evidence] = []
    curl: str
    pytest: str
    files: list[Attachment] = Field(
        default=[], description="media of the requests, which the scripts read from files of these names beside them"
    )
    invented: list[str] = Field(
        default=[],
        description="numbers and names of invented people in the requests; scripts and replays make new ones",
    )
    variables: list[str] = Field(
        default=[], description="environment variables that stand in the steps as ${NAME}; a replay fills in no others"
    )

    @property
    def wrong_at(self) -> str:
        """The step whose response the verdict rests on, in words; empty where the report does not say."""
        if self.wrong_step is None or self.wrong_step > len(self.steps):
            return ""
        step = self.steps[self.wrong_step - 1]
        answer = step.status if step.status is not None else "no response"
        return f"step {self.wrong_step} of {len(self.steps)}: {step.operation} → {answer}"


class Sample(_Model):
    """A fixed number of independent draws, all judged: how often a check can fail at most among such cases.

    ``upper95`` is the one-sided Clopper–Pearson bound at 95 %; undecided draws and those that a person must review
    count as failures.
    """

    drawn: int
    judged: int
    failures: int
    undecided: int
    reviews: int = 0
    upper95: float
    excludes: str


class Said(_Model):
    """A verdict hidden by a graver one, and its reason."""

    verdict: VerdictName
    reason: str


class CheckResult(_Model):
    """One check: its verdict, why, and how many probes it was reached on.

    ``also`` are findings that the verdict does not show since a graver one does; ``causes`` say why cases are open.
    ``docs`` is the place in the documentation that describes the check, relative to its root.
    """

    name: str
    title: str
    level: Literal["core", "extended", "full"]
    behaviour: str
    rules: list[str]
    verdict: VerdictName
    reason: str = ""
    also: list[Said] = []
    causes: list[str] = []
    probes: Probes = Probes()
    finding: Finding | None = None
    sample: Sample | None = None
    docs: str = ""


class RuleResult(_Model):
    """One rule: the gravest verdict of the checks that decide it, and what else they found (``also``).

    ``docs`` is the place in the documentation that describes the rule, relative to its root.
    """

    rule: str
    pack: str
    title: Words
    text: Words
    behaviour: str
    obligors: list[str]
    keyword: str
    verification: str
    verdict: VerdictName
    reason: str = ""
    also: list[Said] = []
    checks: list[str]
    probes: Probes = Probes()
    docs: str = ""


class Cause(_Model):
    """Why checks could not decide: the obstacle and its remedy, once for all rules it blocks."""

    reason: str
    checks: list[str]
    rules: list[str]


class UndecidedRule(_Model):
    """A rule that this run does not decide, and why: only a document shows it, a higher level does, or nothing yet."""

    rule: str
    pack: str
    title: Words
    behaviour: str
    seen_by: Literal["probe", "document", "nobody"]
    reason: str


class Target(_Model):
    """Who was probed. ``binding_sha256`` is the hash of the binding file as read; secrets never enter it.

    ``edit_scopes`` and ``traits`` are what the target declares that decides which rules reach it.
    """

    name: str
    environment: str
    transport: str
    binding_sha256: str = ""
    services: list[str]
    operations: list[str]
    markets: list[str]
    roles: list[str]
    edit_scopes: list[str] = []
    traits: dict[str, bool] = {}
    media_hosts: list[str] = Field(default=[], description="other hosts, from which media may be fetched")


class LeftOutRule(_Model):
    """A rule that applies to the target and that a check decides, but not in this run: its pack was not chosen, no
    pattern of ``--rules`` matches it, or only checks of a higher level decide it.
    """

    rule: str
    by: Literal["packs", "rules", "level"]
    level: Literal["core", "extended", "full"] = Field(description="the lowest level that decides the rule")


class Selection(_Model):
    """What the run was asked to cover, and the applicable rules that it left out.

    ``packs`` and ``rules`` are absent where the run was not narrowed by them. ``decided_elsewhere`` names checks that
    did not run because other checks decide their rules for this target.
    """

    packs: list[str] | None = None
    rules: list[str] | None = None
    sample: int = 0
    strength: int = 2
    max_requests: int | None = None
    max_seconds: float | None = None
    max_generations: int | None = None
    left_out: list[LeftOutRule] = []
    decided_elsewhere: list[str] = []


class Summary(_Model):
    """Rules by verdict, and the exit code that follows."""

    counts: dict[VerdictName, int]
    exit_code: int
    requests: int
    probes: Probes


class Combinations(_Model):
    """How many of the possible combinations of some factors the judged cases covered, and the first that none did."""

    factors: list[str]
    covered: int
    possible: int
    missing: list[list[str]] = []


class CaseCoverage(_Model):
    """What the judged cases of a run varied: how often each value of a factor occurred, and which values met."""

    strength: int = Field(description="so many values of different factors are combined by the listed cases")
    cases: int
    factors: dict[str, dict[str, int]]
    combinations: list[Combinations]


class Stopped(_Model):
    """Why a run ended before all of its checks did.

    ``interrupted``: by the user (Ctrl-C). ``gone``: the provider no longer responds. ``budget``: the requests or the
    time that the run was given are used up.
    """

    kind: Literal["interrupted", "gone", "budget"]
    reason: str
    rules: list[str] = Field(default=[], description="the rules that a larger budget would decide")


class Timing(_Model):
    """The only part of a report that differs between equal runs, next to ids that the server made."""

    started: str
    seconds: float


def _a_date(text: str) -> str:
    """Raises ``ValueError`` for a text that is no date of the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"found {shown(visible(text))}, expected a date such as 2026-01-31") from None
    return text


class Report(_Model):
    """The whole of a run."""

    format: Literal["shenhe-report"] = "shenhe-report"
    format_version: Literal[1] = 1
    shenhe_version: str
    rulebook_sha256: str
    packs: list[str]
    on: Annotated[str, AfterValidator(_a_date)] = Field(description="the date whose law was applied, ISO 8601")
    target: Target
    level: Literal["core", "extended", "full"]
    seed: int
    salt: str = Field(default="", description="makes names, people and prompts unique; `--salt` repeats a run")
    examples: int
    selection: Selection = Selection()
    summary: Summary
    rules: list[RuleResult]
    checks: list[CheckResult]
    undecided: list[UndecidedRule]
    coverage: CaseCoverage | None = None
    causes: list[Cause] = []
    stopped: Stopped | None = None
    unused: list[str] = Field(
        default=[], description="what the binding declares and no check of this run asked for, each with its line"
    )
    timing: Timing

    def write(self, path: Path) -> None:
        """Write as indented UTF-8 JSON with a final newline, by way of a temporary file in the same folder."""
        write_whole(path, self.model_dump_json(indent=1) + "\n")


#: No report that a run writes comes near this many bytes.
MAX_REPORT_BYTES = 64 * 1024 * 1024
#: Nor near so many of these. Every reader of a report costs memory and time in proportion to them.
MOST_CHECKS = MOST_RULES = 5_000
MOST_STEPS = 10_000
MOST_HEADERS = 100_000


class ReportError(ShenheError, ValueError):
    """A file that is not a report of this version."""


def read_report(path: Path) -> Report:
    """Read a ``report.json``.

    Raises :class:`ReportError` naming the file, the path inside it and what is wrong there, and ``OSError`` for a file
    that cannot be read.
    """
    return parse_report(read_report_bytes(path), str(path))


def read_report_bytes(path: Path) -> bytes:
    """The bytes of a report, for callers that also need their hash. Raises :class:`ReportError` for more than a report
    can be.
    """
    data = read_up_to(path, MAX_REPORT_BYTES)
    if len(data) > MAX_REPORT_BYTES:
        raise ReportError(f"{path}: found more than {MAX_REPORT_BYTES:,} bytes, expected a report of `shenhe check`")
    return data


def report_schema() -> dict[str, Any]:
    """The schema of ``report.json``; the published copy (``conformance/report.schema.json``) is tested to equal it."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:shenhe:schema:report:1", **schema}


def parse_report(data: bytes, source: str) -> Report:
    """The report that ``data`` holds; ``source`` is what messages call it. Raises :class:`ReportError`."""
    try:
        document = parse_json(data)
    except ValueError as error:
        raise ReportError(
            f"{source}: cannot be read as JSON: {error}; expected a report.json written by `shenhe check` of this"
            " version"
        ) from None
    if isinstance(document, dict) and (version := document.get("format_version", 1)) != 1:
        raise ReportError(
            f"{source}: format_version: found {shown(version)}, expected 1: a report.json written by `shenhe"
            " check` of this version"
        )
    try:
        # Not by `model_validate_json`: each of its errors holds a copy of the part of the document that it is about.
        report = Report.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        lines = [f"{source}: {place_of(fault['loc'])}: {worded(fault, Report)}" for fault in faults[:5]]
        if len(faults) > 5:
            lines.append(f"{source}: and {len(faults) - 5} more")
        lines.append("expected a report.json written by `shenhe check` of this version")
        raise ReportError("\n".join(lines)) from None
    for what, found, most in _sizes(report):
        if found > most:
            raise ReportError(f"{source}: found {found:,} {what}, expected at most {most:,}")
    return report


def _sizes(report: Report) -> Iterator[tuple[str, int, int]]:
    """What is counted in a report: its name, how many there are and how many there may be."""
    yield "checks", len(report.checks), MOST_CHECKS
    yield "rules", len(report.rules) + len(report.undecided) + len(report.selection.left_out), MOST_RULES
    findings = [check.finding for check in report.checks if check.finding is not None]
    yield "steps in findings", sum(len(finding.steps) for finding in findings), MOST_STEPS
    steps = [step for finding in findings for step in finding.steps]
    headers = sum(len(step.request_headers) + len(step.response_headers) for step in steps)
    yield "headers in findings", headers, MOST_HEADERS
    yield "pieces of evidence", sum(len(finding.evidence) + len(finding.files) for finding in findings), MOST_STEPS
