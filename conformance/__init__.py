"""Conformance: probing one provider and judging it by the rules that a probe can see.

For a provider's own tests, one function does it::

    from shenhe.conformance import check

    def test_my_provider_keeps_the_law():
        check("binding.yaml")

Nothing heavy is imported before something runs. The rooms, each of which builds on those above it::

    operations, roles       what can be asked of a target, by role
    provider, exchange      a target as checks see it, and one request with its response
    report, verdict         the result of a run
    bindings/               a YAML file that maps one API to operations, and the client that sends them
    evidence/               redaction, baselines, attestations, findings as curl and pytest
    checks/                 properties that decide rules, one module per subject, in rooms by area of duty
    engine/                 selects checks, runs their cases and concludes verdicts
    fleet/                  many targets, one process each
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.runner import run_checks
    from .evidence.baseline import Baseline, BaselineOutcome
    from .provider import Provider
    from .report import Report
    from .verdict import Level

__all__ = ["NotConformantError", "check", "run_checks"]


class NotConformantError(AssertionError):
    """A provider broke a rule, or was not fully verified. ``report`` is the whole result, ``outcome`` that under
    a baseline.
    """

    def __init__(self, report: Report, outcome: BaselineOutcome | None = None) -> None:
        super().__init__(_message(report, outcome))
        self.report = report
        self.outcome = outcome


def check(
    provider: Provider | str | os.PathLike[str],
    *,
    strict: bool = True,
    packs: Sequence[str] | None = None,
    level: Level | str = "core",
    rules: Sequence[str] | None = None,
    seed: int = 0,
    examples: int = 25,
    on: date | None = None,
    environ: Mapping[str, str] | None = None,
    app: Any = None,
    base_url: str | None = None,
    baseline: Baseline | str | os.PathLike[str] | None = None,
) -> Report:
    """Probe a provider (an object, or the path of a binding) and assert that it keeps every rule.

    ``app`` is an ASGI or WSGI application that the binding describes; it is called in this process. ``base_url``
    replaces the binding's. ``baseline`` holds accepted failures, as an object or as the path of its file.
    ``environ`` gives the binding its ``${NAME}``. By default it takes from the process's environment what a binding in
    the working folder names, or what the project allows (``env`` in ``shenhe.toml``).

    Raises :class:`NotConformantError`, an ``AssertionError``, where a rule fails, and, if ``strict``, where one
    is inconclusive or needs a review. Other options and errors are those of
    :func:`~shenhe.conformance.engine.runner.run_checks`.
    """
    __tracebackhide__ = True
    from .engine.runner import run_checks

    accepted = _baseline(baseline)
    with ExitStack() as stack:
        if isinstance(provider, str | os.PathLike):
            from .bindings import app_transport, load_binding

            binding = load_binding(os.fspath(provider), environ=environ)
            transport = None if app is None else app_transport(app)
            provider = stack.enter_context(binding.connect(base_url=base_url, transport=transport))
        report = run_checks(provider, packs=packs, level=level, rules=rules, seed=seed, examples=examples, on=on)
    outcome, exit_code = None, report.summary.exit_code
    if accepted is not None:
        from .evidence.baseline import apply_baseline

        outcome = apply_baseline(report, accepted, date.today())
        exit_code = int(outcome.exit_code)
    if exit_code == 1 or (strict and exit_code != 0):
        raise NotConformantError(report, outcome)
    return report


def _baseline(given: Baseline | str | os.PathLike[str] | None) -> Baseline | None:
    if not isinstance(given, str | os.PathLike):
        return given
    from .evidence.baseline import read_baseline

    return read_baseline(Path(given))


def _message(report: Report, outcome: BaselineOutcome | None) -> str:
    """The checks that did not pass, each with its finding and how to reproduce it; without what a baseline accepts."""
    lines = [f"{report.target.name} does not keep every rule ({report.level}, seed {report.seed})"]
    if outcome is not None:
        lines += [f"\n{entry.name}: {reason}" for _, entry, reason in outcome.unmatched()]
    accepted = set() if outcome is None else {problem.check for problem, _ in outcome.accepted}
    for result in report.checks:
        if result.verdict in ("pass", "not applicable") or result.name in accepted:
            continue
        lines.append(f"\n{result.verdict}: {result.title}")
        lines.append(f"  rules: {', '.join(result.rules)}")
        if result.finding is None:
            lines.append(f"  {result.reason}")
            continue
        lines.append(f"  case: {result.finding.case}")
        if result.finding.difference:
            lines.append(f"  what makes the difference: {result.finding.difference}")
        lines.append(f"  seen: {result.finding.seen}")
        if result.finding.wrong_at:
            lines.append(f"  where: {result.finding.wrong_at}")
        lines.extend(f"  {line}" for line in result.finding.curl.splitlines())
    return "\n".join(lines)


def __getattr__(name: str) -> Any:
    if name == "run_checks":
        from .engine.runner import run_checks

        return run_checks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
