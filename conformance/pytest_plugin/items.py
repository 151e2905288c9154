"""A binding as a test file: its tests are the rules that checks decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .rules import RuleNotKept, RuleUnderTest, marks_of, rules_under_test
from .settings import Settings
from .target import TargetUnderTest

_SECTION = re.compile(rb"^(?:target|operations):", re.MULTILINE)
_MOST = 1_000_000


def is_binding(path: Path) -> bool:
    """Whether a YAML file has the sections of a binding."""
    with path.open("rb") as stream:
        return len(set(_SECTION.findall(stream.read(_MOST)))) == 2


class BindingTests(pytest.File):
    """A binding. A node id such as ``binding.yaml::cn-dsp-2023/9.2`` runs one of its rules again."""

    def collect(self) -> Iterator[RuleItem]:
        """One test per rule; nothing is sent to the target."""
        target = TargetUnderTest(Settings.of(self.config, {}, self.path.parent), binding=self.path)
        for rule in rules_under_test(self.config, target):
            item: RuleItem = RuleItem.from_parent(self, name=rule.id)
            item.rule = rule
            for mark in marks_of(self.config, rule):
                item.add_marker(mark)
            yield item


class RuleItem(pytest.Item):
    """One rule of a binding."""

    rule: RuleUnderTest

    def runtest(self) -> None:
        """Decide the rule."""
        self.rule.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence, without a traceback through shenhe."""
        if isinstance(excinfo.value, RuleNotKept):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The binding, and the rule."""
        return self.path, None, f"shenhe: {self.name}"
