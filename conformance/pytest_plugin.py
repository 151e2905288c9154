"""A pytest plugin: one item a rule. Inert unless ``--shenhe BINDING`` is given.

::

    pytest --shenhe binding.yaml --shenhe-level extended -n 4

Rules that share checks are decided by one run, made when the first of their items runs. With pytest-xdist each
worker makes the runs of the items it was given; ``--dist loadgroup`` gives items of one run to one worker. The
provider is not emptied first, since other tests may be using it, and nothing runs beside checks that let time pass.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .engine.selection import Together
    from .report import CheckResult, Report, RuleResult

_OPTION = "--shenhe"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; nothing else of shenhe is imported unless the first is given."""
    group = parser.getgroup("shenhe", "conformance of a provider of synthetic media")
    group.addoption(
        _OPTION, metavar="BINDING", default=None, help="Probe the provider of this binding, one item a rule."
    )
    group.addoption(
        "--shenhe-base-url",
        metavar="URL",
        default=None,
        help="Where the provider is, instead of the binding's base_url.",
    )
    group.addoption("--shenhe-level", default="core", choices=("core", "extended", "full"), help="How much is checked.")
    group.addoption(
        "--shenhe-rules", metavar="PATTERN", action="append", default=None, help="Only these rules. Repeatable."
    )
    group.addoption("--shenhe-seed", type=int, default=0, help="The same seed asks the same.")
    group.addoption("--shenhe-examples", type=int, default=25, help="Cases that each check draws after its fixed ones.")
    group.addoption(
        "--shenhe-lenient", action="store_true", default=False, help="Skip, not fail, what could not be verified."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the provider's rules besides what pytest collects anyway."""
    if config.getoption(_OPTION):
        config.pluginmanager.register(_Plugin(), "shenhe-conformance")


class _Plugin:
    """Present only where the option is given."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Beside what pytest has collected, and before it selects by ``-k`` and ``-m``."""
        provider: ProviderUnderTest = ProviderUnderTest.from_parent(session, name="shenhe", nodeid="shenhe")
        items.extend(provider.collect())


class ProviderUnderTest(pytest.Collector):
    """The provider of a binding: its items are the rules that its checks decide."""

    def collect(self) -> Iterator[RuleItem]:
        """An item for each rule, known without anything being asked of the provider."""
        from .engine.selection import decidable

        option = self.config.getoption
        with _binding(self.config).connect(base_url=option("--shenhe-base-url")) as provider:
            groups = decidable(provider.capabilities, level=option("--shenhe-level"), rules=option("--shenhe-rules"))
        distributed = self.config.pluginmanager.hasplugin("xdist")
        for number, together in enumerate(groups):
            run = _Run(self.config, together)
            for rule in together.rules:
                item: RuleItem = RuleItem.from_parent(self, name=rule, nodeid=f"shenhe::{rule}")
                item.run = run
                if distributed:
                    item.add_marker(pytest.mark.xdist_group(f"shenhe-{number}"))
                yield item


class RuleItem(pytest.Item):
    """One rule: fails where it is broken, or not verified unless ``--shenhe-lenient``; skipped where not applicable."""

    run: _Run

    def runtest(self) -> None:
        """Run the checks that decide the rule, and conclude."""
        report = self.run.report()
        found = next((rule for rule in report.rules if rule.rule == self.name), None)
        if found is None:
            reason = next((rule.reason for rule in report.undecided if rule.rule == self.name), "not decided")
            pytest.skip(reason)
        if found.verdict == "not applicable":
            pytest.skip(found.reason)
        if found.verdict == "pass":
            return
        if found.verdict in ("review", "inconclusive") and self.config.getoption("--shenhe-lenient"):
            pytest.skip(f"{found.verdict}: {found.reason}")
        raise RuleBroken(found, [check for check in report.checks if self.name in check.rules])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was expected and seen, and how to see it again; a traceback through shenhe would tell nobody
        anything.
        """
        if isinstance(excinfo.value, RuleBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The binding, and the rule."""
        return Path(self.config.getoption(_OPTION)), None, f"shenhe: {self.name}"


class RuleBroken(AssertionError):
    """A rule that is not kept, or could not be verified."""

    def __init__(self, rule: RuleResult, checks: list[CheckResult]) -> None:
        lines = [f"{rule.verdict}: {rule.rule} {rule.title.en}", f"  {rule.text.en}"]
        for check in checks:
            if check.verdict in ("pass", "not applicable"):
                continue
            lines += [f"{check.name}: {check.verdict}", f"  expected: {check.title}"]
            if check.finding is None:
                lines.append(f"  {check.reason}")
            else:
                lines += [f"  case: {check.finding.case}", f"  seen: {check.finding.seen}"]
                lines += [f"  {line}" for line in check.finding.curl.splitlines()]
        super().__init__("\n".join(lines))


class _Run:
    """The run that decides some rules, made when the first of them is asked for."""

    def __init__(self, config: pytest.Config, together: Together) -> None:
        self._config = config
        self._together = together
        self._report: Report | None = None

    def report(self) -> Report:
        """Its report; one a process."""
        if self._report is None:
            from .engine.runner import run_checks

            option = self._config.getoption
            with (
                _binding(self._config).connect(base_url=option("--shenhe-base-url")) as provider,
                _turn(self._config, alone=self._together.waits),
            ):
                self._report = run_checks(
                    provider,
                    level=option("--shenhe-level"),
                    rules=self._together.rules,
                    seed=option("--shenhe-seed"),
                    examples=option("--shenhe-examples"),
                    reset=False,
                )
        return self._report


@contextmanager
def _turn(config: pytest.Config, *, alone: bool) -> Iterator[None]:
    """Keep the workers of pytest-xdist out of each other's way: where time passes, it passes for all of them."""
    run = getattr(config, "workerinput", {}).get("testrunuid")
    try:
        import fcntl
    except ImportError:
        run = None
    if run is None:
        yield
        return
    with (Path(tempfile.gettempdir()) / f"shenhe-{run}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def _binding(config: pytest.Config) -> Any:
    from .bindings import BindingError, load_binding

    path = Path(config.getoption(_OPTION))
    try:
        return load_binding(path, environ=os.environ)
    except (BindingError, OSError) as error:
        raise pytest.UsageError(f"{_OPTION} {path}: {error}") from None
