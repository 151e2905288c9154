"""Faults and lawful variants of a platform that generates nothing, and of a model gateway with tenants.

`python -m tests.power.matrix --variant forms-platform` (or `supporter`) tries every fault that breaks one of its rules.
"""

from __future__ import annotations

import pytest

from shenhe.conformance.verdict import Level
from shenhe.sample import FAULTS
from shenhe.sample.variants import OF_STYLE, VariantName

from ..sample.of_platforms import OF_PLATFORMS, OF_SUPPORTERS
from ..sampling import only
from . import matrix

PLATFORM, SUPPORTER = VariantName.FORMS_PLATFORM, VariantName.SUPPORTER
#: Whom the rules mean by these roles; what binds users is seen at the target that serves them.
OBLIGORS = {PLATFORM: {"platform", "user"}, SUPPORTER: {"provider", "technical-supporter", "user"}}
#: One of each kind, for every run of the tests.
SAMPLED = (
    "second-reposts-stripped",
    "feed-without-notice",
    "platform-field-misspelt",
    "reposts-survive",
    "first-tenant-named",
    "records-of-all-tenants",
    "deletion-takes-other-tenants",
)
#: Rules that each lawful variant of a role is held against.
RULES = {
    PLATFORM: ["cn-labeling-2025/6.1.2", "cn-labeling-2025/6.2", "cn-labeling-2025/10.2", "cn-algorithm-2022/9.2"],
    SUPPORTER: [
        "cn-labeling-2025/gb-e.content-producer",
        "cn-labeling-2025/gb-6.1.c",
        "cn-pipl/51",
        "cn-dsp-2023/14.2",
    ],
}
VARIANTS_OF = {role: [name.value for name, of in OF_STYLE.items() if of == role] for role in RULES}


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param(role, name, marks=[] if name in SAMPLED else pytest.mark.slow)
        for role, names in ((PLATFORM, OF_PLATFORMS), (SUPPORTER, OF_SUPPORTERS))
        for name in names
    ],
)
def test_a_fault_of_a_role_is_caught_by_exactly_its_rules(role: VariantName, name: str) -> None:
    broken = binding(role, name)
    report = matrix.examine([name], variant=role, level=Level.EXTENDED, examples=0, rules=sorted(broken))
    judged = {rule.rule for rule in report.rules if rule.verdict in ("pass", "fail", "review")}
    assert matrix.failed(report) == broken & judged
    assert matrix.failed(report)


def binding(role: VariantName, name: str) -> frozenset[str]:
    """The rules that a fault breaks and that bind a role."""
    book = matrix.load_rulebook()
    packs = [pack.id for pack in book.in_force(matrix.ON, ["cn", "eu", "us", "in"] if role is PLATFORM else ["cn"])]
    broken = book.decided_too(FAULTS[name].rules, packs, matrix.ON)
    return frozenset(rule for rule in broken if OBLIGORS[role] & {each.value for each in book.rules[rule].obligors})


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param(role, name, marks=[] if name in ("reposts-are-links", "tenants-by-name") else pytest.mark.slow)
        for role, names in VARIANTS_OF.items()
        for name in names
    ],
)
def test_lawful_variants_of_a_role_are_clean(role: VariantName, name: str) -> None:
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=0, rules=RULES[role])
    verdicts = {rule.rule: rule.verdict for rule in report.rules if rule.rule in RULES[role]}
    assert verdicts == dict.fromkeys(RULES[role], "pass")
    assert report.summary.exit_code == 0


def test_there_are_enough_of_each() -> None:
    assert len(OF_PLATFORMS) >= 30
    assert all(len(names) >= 5 for names in VARIANTS_OF.values())


@pytest.mark.parametrize("name", only((), [PLATFORM.value, SUPPORTER.value]))
def test_a_lawful_role_is_fully_decided(name: str) -> None:
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=matrix.FEW_EXAMPLES)
    counts = report.summary.counts
    assert counts["pass"] > 25
    assert counts["fail"] == counts["inconclusive"] == counts["review"] == 0
