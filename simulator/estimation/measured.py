"""What one report.json measured: how often each check failed in independent draws."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from shenhe.core.document import shown, worded
from shenhe.core.errors import ShenheError
from shenhe.core.files import read_up_to
from shenhe.core.strict_json import parse_json, place_of

#: As in the module that reads whole reports, which this half of the project does not import.
MAX_REPORT_BYTES = 64 * 1024 * 1024
MOST_CHECKS = 5_000


class ForecastError(ShenheError, ValueError):
    """A report that cannot be read, or a forecast that cannot be made; the text says what was found and what is
    expected.
    """


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Probes(_Part):
    decided: int = 0


class _Sample(_Part):
    judged: int
    failures: int
    reviews: int = 0


class _Check(_Part):
    name: str
    title: str = ""
    behaviour: str
    rules: list[str]
    verdict: str
    probes: _Probes = _Probes()
    sample: _Sample | None = None


class _Target(_Part):
    name: str
    roles: list[str] = []


class _Report(_Part):
    format: Literal["shenhe-report"]
    format_version: Literal[1]
    on: str
    target: _Target
    checks: list[_Check]


class Evidence(NamedTuple):
    """What a report says of one check: ``failures`` among ``judged`` cases, and whether these were drawn
    independently.
    """

    check: str
    title: str
    behaviour: str
    rules: tuple[str, ...]
    failures: int
    judged: int
    independent: bool

    @property
    def posterior(self) -> tuple[float, float]:
        """The parameters of the Beta posterior of the failure rate."""
        return posterior(self.failures, self.judged)


class Measured(NamedTuple):
    """One target as its report shows it. ``unmeasured``: checks that decided nothing, which a forecast leaves out."""

    name: str
    on: str
    evidence: tuple[Evidence, ...]
    unmeasured: tuple[str, ...]
    roles: tuple[str, ...] = ("provider",)

    @property
    def failing(self) -> tuple[Evidence, ...]:
        return tuple(each for each in self.evidence if each.failures)


def posterior(failures: int, judged: int) -> tuple[float, float]:
    """Beta(failures + 1/2, judged - failures + 1/2)."""
    return failures + 0.5, judged - failures + 0.5


def read_measured(path: Path) -> Measured:
    """The failure counts of a ``report.json``.

    A check with a sample of independent draws counts these. Without one, a check that passed counts its decided cases,
    at most :data:`INDEPENDENT`; one that failed counts a single failure, since the search ends there and its other
    cases say little about how often.

    Raises :class:`ForecastError` for a file that is no such report, or in which nothing was decided.
    """
    try:
        data = read_up_to(path, MAX_REPORT_BYTES)
    except OSError as error:
        raise ForecastError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(data) > MAX_REPORT_BYTES:
        raise ForecastError(f"{path}: found more than {MAX_REPORT_BYTES:,} bytes, expected a report.json")
    try:
        # Not by `model_validate_json`: each of its errors holds a copy of the part of the document that it is about.
        report = _Report.model_validate(parse_json(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ForecastError(
            f"{path}: {place_of(first['loc'])}: {worded(first)}; expected a report.json of shenhe check"
        ) from None
    except ValueError as error:
        raise ForecastError(f"{path}: cannot be read as JSON: {error}; expected a report of shenhe check") from None
    if len(report.checks) > MOST_CHECKS:
        raise ForecastError(f"{path}: found {len(report.checks):,} checks, expected at most {MOST_CHECKS:,}")
    try:
        date.fromisoformat(report.on)
    except ValueError:
        raise ForecastError(f"{path}: on: found {shown(report.on)}, expected a date such as 2026-01-31") from None
    evidence, unmeasured = [], []
    for check in report.checks:
        counted = _counted(check, reviewed=STORE in report.target.roles or report.target.roles == [PLATFORM])
        if counted is None:
            unmeasured.append(check.name)
        else:
            evidence.append(Evidence(check.name, check.title, check.behaviour, tuple(check.rules), *counted))
    if not evidence:
        raise ForecastError(f"{path}: found no check that passed or failed, expected at least one")
    return Measured(
        report.target.name, report.on, tuple(evidence), tuple(unmeasured), tuple(report.target.roles) or ("provider",)
    )


STORE = "store"
"""The role of an app store in a report."""
PLATFORM = "platform"
"""The role of a propagation platform in a report."""


def _counted(check: _Check, *, reviewed: bool) -> tuple[int, int, bool] | None:
    """Failures, judged cases, and whether these are independent. ``reviewed``: what a person must review counts as a
    failure, as over-removal by a store or a platform does.
    """
    failing = ("fail", "review") if reviewed else ("fail",)
    if check.sample is not None and check.sample.judged > 0:
        if not 0 <= check.sample.failures <= check.sample.judged:
            raise ForecastError(
                f"checks.{check.name}.sample: found {check.sample.failures} failures of {check.sample.judged}"
            )
        # The sample can miss what the search for failures found.
        found = check.sample.failures + (check.sample.reviews if reviewed else 0)
        failures = min(max(found, 1 if check.verdict in failing else 0), check.sample.judged)
        return failures, check.sample.judged, True
    if check.verdict in failing:
        return 1, 1, False
    if check.verdict == "pass" and check.probes.decided > 0:
        return 0, min(check.probes.decided, INDEPENDENT), False
    return None


INDEPENDENT = 20
"""The cases of one check are alike: where no sample of independent draws was made, at most so many of them count."""
