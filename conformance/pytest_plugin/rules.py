"""Rules as tests: which there are, the runs that decide them, and what a verdict means to pytest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from shenhe.core.errors import ShenheError

from .settings import Settings, existing
from .target import TargetUnderTest, turn

if TYPE_CHECKING:
    from ..engine.selection import Together
    from ..evidence.baseline import BaselineOutcome
    from ..report import CheckResult, Report, RuleResult


class RuleNotKept(AssertionError):
    """A rule failed, or could not be verified. The text holds the evidence; ``rule`` and ``checks`` are results."""

    #: Tracebacks and pytest's summary then print the bare name of the class, which leaves room for the rule.
    __module__ = "builtins"

    def __init__(self, rule: RuleResult, checks: list[CheckResult]) -> None:
        lines = [f"{rule.verdict}: {rule.rule} {rule.title.en}", f"  {rule.text.en}"]
        for check in checks:
            lines += [f"{check.name}: {check.verdict}", f"  expected: {check.title}"]
            if check.finding is None:
                lines.append(f"  {check.reason}")
            else:
                lines += [f"  case: {check.finding.case}", f"  seen: {check.finding.seen}"]
                if check.finding.wrong_at:
                    lines.append(f"  where: {check.finding.wrong_at}")
                if check.finding.difference:
                    lines.append(f"  what makes the difference: {check.finding.difference}")
                lines += [f"  {line}" for line in check.finding.curl.splitlines()]
        super().__init__("\n".join(lines))
        self.rule = rule
        self.checks = checks


@dataclass
class SharedRun:
    """The run that decides rules which share checks, made when the first of them is asked for, once per process."""

    config: pytest.Config
    target: TargetUnderTest
    together: Together
    _report: Report | None = field(default=None, init=False)
    _outcome: BaselineOutcome | None = field(default=None, init=False)

    def use(self, app: Any) -> None:
        """Run against this application."""
        self.target.app = app

    def report(self) -> Report:
        """Its report."""
        if self._report is None:
            __tracebackhide__ = True
            try:
                with turn(self.config, alone=self.together.waits and self.target.remote):
                    self._report = self.target.report(self.together.rules)
            except (ShenheError, OSError) as error:
                pytest.fail(f"shenhe: {error}", pytrace=False)
        return self._report

    def outcome(self) -> BaselineOutcome | None:
        """The outcome of the report under the baseline; ``None`` without a baseline."""
        if self._outcome is None and (baseline := self.target.baseline()) is not None:
            from ..evidence.baseline import apply_baseline

            self._outcome = apply_baseline(self.report(), baseline, date.today())
        return self._outcome


@dataclass
class RuleUnderTest:
    """One rule of one target. ``id`` is the rule's, such as ``cn-dsp-2023/9.2``."""

    id: str
    run: SharedRun

    @property
    def result(self) -> RuleResult | None:
        """The rule in the report; ``None`` where no check reached it. Runs the checks at first use."""
        return next((rule for rule in self.run.report().rules if rule.rule == self.id), None)

    def check(self) -> None:
        """Pass where the rule is kept.

        Skips where it does not apply, or is lenient about what could not be verified. Reports accepted failures as
        xfailed. Raises :class:`RuleNotKept` otherwise.
        """
        __tracebackhide__ = True
        report, result = self.run.report(), self.result
        if result is None:
            pytest.skip(next((rule.reason for rule in report.undecided if rule.rule == self.id), "not decided"))
        checks = [check for check in report.checks if self.id in check.rules]
        self._apply_baseline(result, {check.name for check in checks})
        if result.verdict == "pass":
            return
        if result.verdict == "not applicable":
            pytest.skip(result.reason)
        if result.verdict in ("review", "inconclusive") and self.run.target.settings.lenient:
            pytest.skip(f"{result.verdict}: {result.reason}")
        raise RuleNotKept(result, [check for check in checks if check.verdict not in ("pass", "not applicable")])

    def _apply_baseline(self, result: RuleResult, checks: set[str]) -> None:
        __tracebackhide__ = True
        outcome = self.run.outcome()
        if outcome is None:
            return
        source = self.run.target.settings.baseline
        gone = [entry for entry in outcome.stale if entry.rule == self.id or entry.check in checks]
        if gone:
            lines = [f"{source}:{entry.line}: {entry.name} is kept now; delete the entry" for entry in gone]
            pytest.fail("\n".join(lines), pytrace=False)
        open_ones = [problem for problem in outcome.new if problem.rule == self.id]
        accepted = [entry for problem, entry in outcome.accepted if problem.rule == self.id]
        if accepted and not open_ones:
            entry = accepted[0]
            pytest.xfail(f"{result.verdict}, accepted until {entry.expires}: {entry.reason}")


def rules_under_test(config: pytest.Config, target: TargetUnderTest) -> Iterator[RuleUnderTest]:
    """The rules that checks decide for a target. Nothing is sent to it.

    Raises:
        pytest.UsageError: for a target that cannot be used, or where no check is chosen.
    """
    from ..engine.selection import decidable

    settings = target.settings
    try:
        with target.open(sending=False) as provider:
            groups = decidable(provider.capabilities, level=settings.level, packs=settings.packs, rules=settings.rules)
    except (ShenheError, OSError) as error:
        raise pytest.UsageError(f"shenhe: {error}") from None
    for together in groups:
        run = SharedRun(config, target, together)
        for rule in together.rules:
            yield RuleUnderTest(rule, run)


def marks_of(config: pytest.Config, rule: RuleUnderTest) -> list[pytest.MarkDecorator]:
    """The markers of a rule's test: rules of one run go to one worker of pytest-xdist under ``--dist loadgroup``."""
    marks = [pytest.mark.shenhe]
    if config.pluginmanager.hasplugin("xdist"):
        marks.append(pytest.mark.xdist_group(f"shenhe-{rule.run.together.rules[0]}"))
    return marks


def parameters_of(metafunc: pytest.Metafunc) -> list[Any]:
    """The parameters of a test function that takes ``shenhe_rule``, by its marker ``shenhe``."""
    where = f"{metafunc.definition.nodeid}"
    marker = metafunc.definition.get_closest_marker("shenhe")
    given = dict(marker.kwargs) if marker is not None else {}
    binding = given.pop("binding", metafunc.config.getoption("shenhe"))
    app, provider = given.pop("app", None), given.pop("provider", None)
    if marker is not None and marker.args:
        raise pytest.UsageError(
            f"{where}: shenhe(…): found a positional argument, expected binding=, app= or provider="
        )
    if (binding is None) == (provider is None):
        raise pytest.UsageError(
            f"{where}: expected the target of the rules: @pytest.mark.shenhe(binding='binding.yaml'), with app= for an"
            " application in this process, or @pytest.mark.shenhe(provider=MyProvider)"
        )
    folder = metafunc.definition.path.parent
    settings = Settings.of(metafunc.config, given, folder)
    try:
        path = None if binding is None else existing(binding, (folder, metafunc.config.rootpath))
    except FileNotFoundError as error:
        raise pytest.UsageError(f"{where}: binding: {error}") from None
    target = TargetUnderTest(settings, path, app, provider)
    return [
        pytest.param(rule, id=rule.id, marks=marks_of(metafunc.config, rule))
        for rule in rules_under_test(metafunc.config, target)
    ]
