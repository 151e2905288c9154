"""Conformance reports of one provider or several, side by side, as a page shows them: clause by clause, with each
failure's evidence.

Everything here is text made visible and cut to a size that a page can hold. The full text is in
``report.json``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shenhe.conformance.report import CheckResult, Evidence, Finding, Probes, Report, RuleResult, Step
from shenhe.core.errors import ShenheError
from shenhe.core.text import cut, one_line, visible

#: Verdicts in the order of the page.
VERDICTS = ("pass", "fail", "error", "inconclusive", "review", "not applicable")

MARKS = {
    "pass": "complies",
    "fail": "violates the rule",
    "error": "the check itself failed",
    "inconclusive": "could not be verified",
    "review": "needs a person to decide",
    "not applicable": "does not apply to this provider",
}
"""The meaning of each verdict, as a page explains it."""

#: Providers side by side on one page; more columns than these cannot be read.
MAX_PROVIDERS = 6
#: Rules, findings and steps that a page holds; a real report has far fewer, a hostile one may have any number.
MAX_RULES = 1500
MAX_FINDINGS = 96
MAX_STEPS = 40
#: Characters on a page for the evidence of all findings together, and for the words of all rules together.
EVIDENCE_ROOM = 500_000
RULE_ROOM = 500_000
#: What is shown when the room is used up: so many characters of a text, so many steps of a finding.
SHORT_TEXT = 120
FEW_STEPS = 3
STEP_MARKUP = 900
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PICTURE_LIMIT = 200_000


class PageError(ShenheError, ValueError):
    """What was given does not make a page."""


@dataclass(frozen=True)
class Subject:
    """One provider probed: its name on this page and what the run said of it as a whole."""

    name: str
    report: Report
    counts: tuple[tuple[str, int], ...]
    #: One row a behaviour: its name, then the number of rules for each verdict of ``counts``.
    behaviours: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class RuleCell:
    """What one provider's run says of one rule."""

    verdict: str
    reason: str
    probes: Probes
    checks: tuple[str, ...]
    #: The anchor of the finding that shows a failure, if the page holds one.
    finding: str = ""


@dataclass(frozen=True)
class RuleRow:
    """One rule, with a cell for each provider; ``None`` where the rule was not in that run."""

    rule: str
    anchor: str
    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    behaviour: str
    keyword: str
    obligors: str
    verification: str
    cells: tuple[RuleCell | None, ...]

    @property
    def kept(self) -> bool:
        """Whether every provider that the rule applies to kept it."""
        return all(cell is None or cell.verdict in ("pass", "not applicable") for cell in self.cells)


@dataclass(frozen=True)
class PackSection:
    """The rules of one pack."""

    pack: str
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True)
class Undecided:
    """A rule that no run on the page decides, and why."""

    rule: str
    title_en: str
    title_zh: str
    behaviour: str
    seen_by: str
    reason: str


@dataclass(frozen=True)
class Picture:
    """Evidence to look at: a ``data:`` address of checked media type and alphabet, or a text."""

    title: str
    source: str = ""
    text: str = ""


@dataclass(frozen=True)
class Shown:
    """One check that did not pass, for one provider."""

    anchor: str
    verdict: str
    title: str
    name: str
    behaviour: str
    rules: tuple[RuleRow, ...]
    reason: str
    probes: Probes
    finding: Finding | None = None
    evidence: tuple[Picture, ...] = ()
    steps_left_out: int = 0
    causes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The line of the binding by which the request that shows the failure was sent; empty where none is known."""
        origins = [step.origin for step in self.finding.steps if step.origin] if self.finding else []
        return origins[-1] if origins else ""


@dataclass(frozen=True)
class Cause:
    """Why checks have no verdict, and which they are."""

    text: str
    checks: tuple[Shown, ...]


@dataclass(frozen=True)
class Matrix:
    """All of it. ``findings``, ``open`` and ``causes`` hold a list for each provider."""

    subjects: tuple[Subject, ...]
    sections: tuple[PackSection, ...]
    findings: tuple[tuple[Shown, ...], ...]
    open: tuple[tuple[Shown, ...], ...]
    undecided: tuple[tuple[str, tuple[Undecided, ...]], ...]
    causes: tuple[tuple[Cause, ...], ...] = ()
    rules_left_out: int = 0
    findings_left_out: int = 0


@dataclass
class _Room:
    """How many characters are left on the page. Once it is full, texts are cut short rather than left out."""

    left: int

    def text(self, text: str, limit: int) -> str:
        limit = min(limit, max(SHORT_TEXT, self.left))
        self.left -= min(len(text), limit)
        return visible(cut(text, limit))

    def line(self, text: str, limit: int) -> str:
        words = one_line(text, min(limit, max(SHORT_TEXT, self.left)))
        self.left -= len(words)
        return words

    def steps(self, steps: Sequence[Step]) -> Sequence[Step]:
        """The last of these, for which the page has room."""
        taken = steps[-(MAX_STEPS if self.left > 0 else FEW_STEPS) :]
        self.left -= STEP_MARKUP * len(taken)
        return taken


def matrix(reports: Sequence[Report]) -> Matrix:
    """The clause matrix of 1 to ``MAX_PROVIDERS`` reports.

    Raises :class:`PageError` for more.
    """
    if len(reports) > MAX_PROVIDERS:
        raise PageError(f"found {len(reports)} reports, expected at most {MAX_PROVIDERS} on a page")
    subjects = tuple(_subject(name, report) for name, report in zip(_names(reports), reports, strict=True))
    room = _Room(EVIDENCE_ROOM)
    anchors = _anchors(reports)
    rows = _rows(reports, anchors)
    by_rule = {row.rule: row for section in rows for row in section.rows}
    findings, still_open = [], []
    for place, report in enumerate(reports):
        shown = [
            _shown(check, anchors[place].get(check.name, f"open-{place + 1}-{number}"), by_rule, room)
            for number, check in enumerate(report.checks[:MAX_RULES])
            if check.verdict in ("inconclusive", "review") or check.name in anchors[place]
        ]
        findings.append(tuple(item for item in shown if item.verdict in ("fail", "error")))
        still_open.append(tuple(item for item in shown if item.verdict in ("inconclusive", "review")))
    failures = sum(check.verdict in ("fail", "error") for report in reports for check in report.checks)
    return Matrix(
        subjects,
        rows,
        tuple(findings),
        tuple(still_open),
        _undecided(reports),
        tuple(_causes(group) for group in still_open),
        rules_left_out=max(0, len({rule.rule for report in reports for rule in report.rules}) - len(by_rule)),
        findings_left_out=failures - sum(len(group) for group in findings),
    )


def _causes(shown: Sequence[Shown]) -> tuple[Cause, ...]:
    """Checks without a verdict by their first cause, the most frequent first. Each check is listed once."""
    groups: dict[str, list[Shown]] = {}
    for item in shown:
        cause = next(iter(item.causes), item.reason) or "The check gave no reason."
        groups.setdefault(cause, []).append(item)
    ranked = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(Cause(text, tuple(items)) for text, items in ranked)


def _names(reports: Sequence[Report]) -> list[str]:
    names: list[str] = []
    for report in reports:
        base = name = one_line(report.target.name, 60) or "provider"
        number = 1
        while name in names:
            number += 1
            name = f"{base} ({number})"
        names.append(name)
    return names


def _subject(name: str, report: Report) -> Subject:
    tally = Counter(rule.verdict for rule in report.rules)
    counts = tuple((verdict, tally[verdict]) for verdict in VERDICTS if tally[verdict])  # type: ignore[index]
    by_behaviour: dict[str, Counter[str]] = {}
    for rule in report.rules:
        by_behaviour.setdefault(one_line(rule.behaviour, 40), Counter())[rule.verdict] += 1
    rows = [(key, tuple(found[verdict] for verdict, _ in counts)) for key, found in by_behaviour.items()]
    return Subject(name, report, counts, tuple(rows[:20]))


def _anchors(reports: Sequence[Report]) -> list[dict[str, str]]:
    """For each report, the failed checks that the page shows in full, by name, with their anchors."""
    anchors: list[dict[str, str]] = []
    left = MAX_FINDINGS
    for place, report in enumerate(reports):
        failed = [check.name for check in report.checks if check.verdict in ("fail", "error")][:left]
        left -= len(failed)
        anchors.append({name: f"finding-{place + 1}-{number}" for number, name in enumerate(failed, start=1)})
    return anchors


def _rows(reports: Sequence[Report], anchors: Sequence[dict[str, str]]) -> tuple[PackSection, ...]:
    first: dict[str, RuleResult] = {}
    for report in reports:
        for rule in report.rules:
            if len(first) < MAX_RULES:
                first.setdefault(rule.rule, rule)
    room = _Room(RULE_ROOM)
    cells = [
        {rule.rule: _cell(rule, found, room) for rule in report.rules}
        for report, found in zip(reports, anchors, strict=True)
    ]
    packs: dict[str, list[RuleRow]] = {}
    for number, rule in enumerate(first.values(), start=1):
        packs.setdefault(rule.pack, []).append(
            RuleRow(
                rule=one_line(rule.rule, 80),
                anchor=f"rule-{number}",
                title_en=room.line(rule.title.en, 200),
                title_zh=room.line(rule.title.zh, 200),
                text_en=room.text(rule.text.en, 1500),
                text_zh=room.text(rule.text.zh, 1500),
                behaviour=one_line(rule.behaviour, 40),
                keyword=one_line(rule.keyword, 20),
                obligors=one_line(", ".join(rule.obligors[:10]), 120),
                verification=one_line(rule.verification, 40),
                cells=tuple(found.get(rule.rule) for found in cells),
            )
        )
    return tuple(PackSection(one_line(pack, 60), tuple(rows)) for pack, rows in packs.items())


def _cell(rule: RuleResult, anchors: dict[str, str], room: _Room) -> RuleCell:
    failed = rule.verdict in ("fail", "error")
    finding = next((anchors[check] for check in rule.checks if failed and check in anchors), "")
    checks = tuple(one_line(check, 80) for check in rule.checks[:12])
    return RuleCell(rule.verdict, room.line(rule.reason, 500), rule.probes, checks, finding)


def _shown(check: CheckResult, anchor: str, rows: dict[str, RuleRow], room: _Room) -> Shown:
    shown = Shown(
        anchor=anchor,
        verdict=check.verdict,
        title=one_line(check.title, 200),
        name=one_line(check.name, 80),
        behaviour=one_line(check.behaviour, 40),
        rules=tuple(rows[name] for name in check.rules[:30] if name in rows),
        reason=room.text(check.reason, 1500),
        probes=check.probes,
        causes=tuple(one_line(cause, 400) for cause in check.causes[:3]),
    )
    if check.finding is None:
        return shown
    finding = check.finding
    steps = room.steps(finding.steps)
    cleaned = Finding(
        expected=room.text(finding.expected, 2000),
        seen=room.text(finding.seen, 2000),
        case=room.text(finding.case, 1000),
        difference=room.text(finding.difference, 1000),
        steps=[_step(step, room) for step in steps],
        wrong_step=_kept_number(finding, len(steps)),
        curl=room.text(finding.curl, 12_000),
        pytest=room.text(finding.pytest, 12_000),
    )
    pictures = tuple(_picture(evidence, room) for evidence in finding.evidence[:8])
    return replace(shown, finding=cleaned, evidence=pictures, steps_left_out=len(finding.steps) - len(steps))


def _kept_number(finding: Finding, kept: int) -> int | None:
    """The number of the wrong step among the last ``kept`` ones."""
    number = (finding.wrong_step or 0) - (len(finding.steps) - kept)
    return number if 0 < number <= kept else None


def _step(step: Step, room: _Room) -> Step:
    return Step(
        role=step.role,
        operation=one_line(step.operation, 60),
        method=one_line(step.method, 12),
        url=room.text(" ".join(step.url.split()), 500),
        request_headers=_headers(step.request_headers, room),
        request_body=room.text(step.request_body, 3000),
        status=step.status,
        response_headers=_headers(step.response_headers, room),
        response_body=room.text(step.response_body, 3000),
        error=None if step.error is None else room.text(step.error, 500),
        origin=one_line(step.origin, 120),
    )


def _headers(headers: dict[str, str], room: _Room) -> dict[str, str]:
    return {one_line(name, 60): room.text(" ".join(value.split()), 300) for name, value in list(headers.items())[:30]}


_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def _picture(evidence: Evidence, room: _Room) -> Picture:
    """Text as text; a picture as a ``data:`` address if it is one that a page may show; else a note of what it is."""
    title = one_line(evidence.title, 200)
    media_type = evidence.media_type.strip().lower()
    if media_type.startswith("text/"):
        return Picture(title, text=room.text(evidence.data, 3000))
    data = evidence.data
    usable = media_type in PICTURES and len(data) <= min(PICTURE_LIMIT, room.left) and _BASE64.fullmatch(data)
    if usable and len(data) % 4 == 0:
        room.left -= len(data)
        return Picture(title, source=f"data:{media_type};base64,{data}")
    try:
        size = f"{len(base64.b64decode(data, validate=True)):,} bytes"
    except (binascii.Error, ValueError):
        size = "not readable as base64"
    return Picture(title, text=f"{one_line(media_type, 60)}, {size}: not shown here, see report.json")


def _undecided(reports: Sequence[Report]) -> tuple[tuple[str, tuple[Undecided, ...]], ...]:
    """Rules that some run lists as not decided and none decides, by pack."""
    decided = {rule.rule for report in reports for rule in report.rules}
    packs: dict[str, dict[str, Undecided]] = {}
    count = 0
    for report in reports:
        for rule in report.undecided:
            if rule.rule in decided or count >= MAX_RULES:
                continue
            group = packs.setdefault(one_line(rule.pack, 60), {})
            if rule.rule not in group:
                count += 1
                group[rule.rule] = Undecided(
                    one_line(rule.rule, 80),
                    one_line(rule.title.en, 200),
                    one_line(rule.title.zh, 200),
                    one_line(rule.behaviour, 40),
                    rule.seen_by,
                    one_line(rule.reason, 400),
                )
    return tuple((pack, tuple(group.values())) for pack, group in packs.items())
