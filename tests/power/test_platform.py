"""Faults and lawful variants of a platform that generates nothing, behind its forms and pages.

`python -m tests.power.matrix --variant forms-platform` tries every fault that breaks one of its rules.
"""

from __future__ import annotations

import pytest

from shenhe.conformance.verdict import Level
from shenhe.sample import FAULTS
from shenhe.sample.variants import OF_STYLE, VariantName

from ..sample.of_platforms import OF_PLATFORMS
from ..sampling import only
from . import matrix

PLATFORM = "forms-platform"
#: One of each kind, for every run of the tests.
SAMPLED = ("second-reposts-stripped", "feed-without-notice", "platform-field-misspelt", "reposts-survive")


@pytest.mark.parametrize("name", only(SAMPLED, OF_PLATFORMS))
def test_a_fault_of_a_platform_is_caught_by_exactly_its_rules(name: str) -> None:
    broken = _binding_platforms(matrix.load_rulebook().decided_too(FAULTS[name].rules, _packs(), matrix.ON))
    report = matrix.examine([name], variant=PLATFORM, level=Level.EXTENDED, examples=0, rules=sorted(broken))
    judged = {rule.rule for rule in report.rules if rule.verdict in ("pass", "fail", "review")}
    assert matrix.failed(report) == broken & judged
    assert matrix.failed(report)


def _binding_platforms(rules: frozenset[str]) -> frozenset[str]:
    known = matrix.load_rulebook().rules
    return frozenset(rule for rule in rules if {"platform", "user"} & {each.value for each in known[rule].obligors})


def _packs() -> list[str]:
    return [pack.id for pack in matrix.load_rulebook().in_force(matrix.ON, ["cn", "eu", "us", "in"])]


@pytest.mark.parametrize("name", only([VariantName.REPOSTS_ARE_LINKS.value], [each.value for each in OF_STYLE]))
def test_lawful_variants_of_a_platform_are_clean(name: str) -> None:
    rules = [
        "cn-labeling-2025/6.1.2",
        "cn-labeling-2025/6.2",
        "cn-labeling-2025/10.2",
        "cn-algorithm-2022/9.2",
        "eu-dsa/20",
    ]
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=0, rules=rules)
    assert {rule.verdict for rule in report.rules if rule.rule in rules} <= {"pass", "not applicable"}
    assert report.summary.exit_code == 0


def test_there_are_enough_of_each() -> None:
    assert len(OF_PLATFORMS) >= 30
    assert len(OF_STYLE) >= 5
