"""Known failures: what a team has accepted for now, why, and until when.

A baseline is a YAML file beside a binding::

    format: shenhe-baseline
    entries:
      - check: text_output_is_labelled
        verdict: fail
        signature: 3f0c9a51d2e47b88
        reason: the label service is rolled out in March
        expires: 2026-03-31

It never lets a failure pass unseen: a failure that no entry accepts breaks the build, and so does an entry
that has expired, or that accepts something which is no longer there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from shenhe.core.document import DocumentError, Fault, Limits, Readable, read_yaml, validate
from shenhe.core.text import one_line

from ..report import CheckResult, Report
from ..verdict import ExitCode, Verdict, VerdictName

AcceptedVerdict = Literal["fail", "review", "inconclusive"]
_OPEN = frozenset({"fail", "error", "review", "inconclusive"})
_LIMITS = Limits(size=1024 * 1024, depth=6, values=50_000)
_PLAIN = re.compile(r"[a-z][a-z0-9_./-]*\Z|[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_VARYING = re.compile(r"[0-9a-fA-F]{6,}|[0-9]+")


class Entry(BaseModel):
    """One accepted verdict: of a ``rule`` by whatever check, or of a ``check`` for all its rules.

    ``expires`` is the last day it holds. With a ``signature``, only the failure of that signature is
    accepted. ``found_by`` says whether the failing case is tried on every run or was generated at random:
    not to see a random one again proves nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    check: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    verdict: AcceptedVerdict
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]
    expires: date
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    found_by: Literal["enumerated", "generated"] = "enumerated"
    _line: int = PrivateAttr(0)

    @property
    def line(self) -> int:
        """The line of the entry in its file; 0 for one that was made in memory."""
        return self._line

    @property
    def name(self) -> str:
        """The rule or check it is about."""
        return self.rule or self.check or ""

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        if (self.rule is None) == (self.check is None):
            found = "both a rule and a check" if self.rule else "neither a rule nor a check"
            raise ValueError(f"found {found}, expected one of them")
        return self

    def accepts(self, problem: Problem) -> bool:
        """Whether this entry is about that problem, whatever the day."""
        named = problem.rule == self.rule if self.rule is not None else problem.check == self.check
        return named and problem.verdict == self.verdict and self.signature in (None, problem.signature)


class Baseline(BaseModel):
    """The entries of one file; ``source`` is what messages call it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["shenhe-baseline"] = "shenhe-baseline"
    format_version: Literal[1] = 1
    entries: tuple[Entry, ...] = Field(default=(), max_length=5000)
    _source: str = PrivateAttr("baseline")

    @property
    def source(self) -> str:
        return self._source


@dataclass(frozen=True)
class Problem:
    """A rule that a check did not find kept. ``check`` is empty where no check reached the rule;
    ``signature`` where there is no finding.
    """

    rule: str
    check: str
    verdict: VerdictName
    signature: str = ""


@dataclass(frozen=True)
class BaselineOutcome:
    """The outcome of a report under a baseline.

    ``new`` are problems that no entry accepts, ``accepted`` the others with their entries. ``stale``
    entries accept what this run found kept; ``expired`` ones are past their day; ``unobserved`` ones are
    about what this run did not decide, or about a random case that did not come up again, and break
    nothing.
    """

    exit_code: ExitCode
    new: tuple[Problem, ...]
    accepted: tuple[tuple[Problem, Entry], ...]
    stale: tuple[Entry, ...]
    expired: tuple[Entry, ...]
    unobserved: tuple[Entry, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many problems and entries there are of each kind, in the order of output."""
        return {kind: len(getattr(self, kind)) for kind in ("new", "expired", "stale", "unobserved", "accepted")}

    def unmatched(self) -> Iterator[tuple[str, Entry, str]]:
        """Each entry that accepts nothing: its kind, the entry, and the reason in a few words."""
        for entry in self.expired:
            yield "expired", entry, f"expired on {entry.expires}; fix the failure, or renew the entry with a new date"
        for entry in self.stale:
            yield "stale", entry, "is kept now; delete the entry"
        for entry in self.unobserved:
            yield "unobserved", entry, "was not seen, and not shown to be kept either"


def read_baseline(origin: Readable | str, source: str | None = None) -> Baseline:
    """Read a baseline from a file or from text.

    Raises :class:`~shenhe.core.document.DocumentError` with file, line, path inside, what was found and
    what was expected.
    """
    data, locate = read_yaml(origin, source, limits=_LIMITS)
    baseline = validate(Baseline, {} if data is None else data, locate)
    baseline._source = locate.source_name
    first: dict[tuple[str | None, str | None, str, str | None], int] = {}
    for position, entry in enumerate(baseline.entries):
        mark = locate(("entries", position))
        entry._line = mark.line
        key = (entry.rule, entry.check, entry.verdict, entry.signature)
        if key in first:
            message = f"found {entry.name!r} again (first on line {first[key]}), expected it once"
            raise DocumentError([Fault(locate.source_name, mark, ("entries", position), message)])
        first[key] = entry.line
    return baseline


def apply_baseline(report: Report, baseline: Baseline, today: date) -> BaselineOutcome:
    """Judge a report once more, with what is accepted.

    Exit codes: 1 for a new failure, a broken check, a stale or an expired entry; else 3 for anything to
    review or inconclusive that no unexpired entry accepts; else 0. A report that fails for a reason that
    is in none of its rules keeps its exit code.
    """
    found = list(problems(report))
    valid = [entry for entry in baseline.entries if entry.expires >= today]
    expired = tuple(entry for entry in baseline.entries if entry.expires < today)
    new, accepted = [], []
    for problem in found:
        entry = next((entry for entry in valid if entry.accepts(problem)), None)
        if entry is None:
            new.append(problem)
        else:
            accepted.append((problem, entry))
    unused = [entry for entry in valid if not any(entry.accepts(problem) for problem in found)]
    stale = tuple(entry for entry in unused if entry.found_by == "enumerated" and _kept(entry, report))
    unobserved = tuple(entry for entry in unused if entry not in stale)
    if stale or expired or any(problem.verdict in {"fail", "error"} for problem in new):
        code = ExitCode.FAILED
    elif new:
        code = ExitCode.NOT_VERIFIED
    elif found:
        code = ExitCode.PASSED
    else:
        code = ExitCode(report.summary.exit_code)
    return BaselineOutcome(code, tuple(new), tuple(accepted), stale, expired, unobserved)


def problems(report: Report) -> Iterator[Problem]:
    """Every rule that is not kept, once for each check that says so, in the order of the report."""
    checks = {check.name: check for check in report.checks}
    for rule in report.rules:
        if rule.verdict not in _OPEN:
            continue
        said = [checks[name] for name in rule.checks if name in checks and checks[name].verdict in _OPEN]
        for check in said:
            yield Problem(rule.rule, check.name, milder(check.verdict, rule.verdict), signature(check))
        if not said:
            yield Problem(rule.rule, "", rule.verdict)


def signature(check: CheckResult) -> str:
    """What a failure is known again by: 16 hexadecimal digits, empty for a check without a finding.

    Over the check, what was expected, and the operations and statuses of the smallest sequence; not over
    what differs between runs of the same failure (generated values, ids and times of the server, bodies).
    """
    if check.finding is None:
        return ""
    steps = [[step.role, step.operation, step.status] for step in check.finding.steps]
    known = [check.name, _VARYING.sub("#", check.finding.expected), steps]
    return hashlib.sha256(json.dumps(known, ensure_ascii=False).encode()).hexdigest()[:16]


def milder(one: VerdictName, other: VerdictName) -> VerdictName:
    """The less grave of two verdicts. A rule may be judged less gravely than its check: a provisional one
    is left to review.
    """
    return min(one, other, key=Verdict.titled)


def draft_baseline(report: Report, reason: str, expires: date) -> str:
    """A baseline that accepts what is open in a report, as YAML with the rules of each check in comments.

    Broken checks (``error``) are left out: they decide nothing, so there is nothing to accept.
    """
    lines = [
        "# Failures that are accepted for now, each with a reason and an expiry date. Give each entry its own reason.",
        "format: shenhe-baseline",
    ]
    rules: dict[tuple[str, str, VerdictName, str], list[str]] = {}
    for problem in problems(report):
        if problem.verdict != "error":
            about = ("check", problem.check) if problem.check else ("rule", problem.rule)
            rules.setdefault((*about, problem.verdict, problem.signature), []).append(problem.rule)
    generated = {check.name for check in report.checks if check.verdict == "fail" and check.probes.generated}
    lines.append("entries:" if rules else "entries: []")
    for (kind, name, verdict, mark), named in rules.items():
        fields = {
            kind: name,
            "verdict": verdict,
            "signature": mark,
            "found_by": "generated" if name in generated else "",
        }
        fields |= {"reason": " ".join(reason.split()), "expires": expires.isoformat()}
        written = [f"{field}: {_scalar(value)}" for field, value in fields.items() if value]
        lines += [f"  # decides {one_line(', '.join(named), 2000)}"] if kind == "check" else []
        lines += [f"  - {written[0]}", *(f"    {line}" for line in written[1:])]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """``text`` as YAML: plain where that is safe, else double-quoted, with what is not seen as escapes."""
    if _PLAIN.match(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def _kept(entry: Entry, report: Report) -> bool:
    """Whether this run found kept what the entry accepts: it was decided, and nothing about it is open."""
    if entry.rule is not None:
        verdicts = [rule.verdict for rule in report.rules if rule.rule == entry.rule]
    else:
        verdicts = [check.verdict for check in report.checks if check.name == entry.check]
    return bool(verdicts) and not _OPEN.intersection(verdicts)
