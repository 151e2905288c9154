"""Faults and lawful variants of a platform that generates nothing, and of a model gateway with tenants.

`python -m tests.power.matrix --variant forms-platform` (or `supporter`) tries every fault that breaks one of its rules.
"""

from __future__ import annotations

import random

import pytest

from shenhe.conformance.verdict import Level
from shenhe.sample.variants import OF_STYLE, VariantName

from ..sample.of_platforms import OF_PLATFORMS, OF_SUPPORTERS
from ..sampling import commit, only
from . import matrix, roles

PLATFORM, SUPPORTER = VariantName.FORMS_PLATFORM, VariantName.SUPPORTER
ROLE_OF = {PLATFORM: roles.ROLES["platform"], SUPPORTER: roles.ROLES["supporter"]}
#: One of each kind, for every run of the tests.
SAMPLED = (
    "second-reposts-stripped",
    "feed-without-notice",
    "platform-field-misspelt",
    "reposts-survive",
    "first-tenant-named",
    "records-of-all-tenants",
    "deletion-takes-other-tenants",
    "consents-found-by-person",
    "callbacks-signed-with-one-key",
    "uploads-taken-by-other-tenants",
    "archives-hold-the-last-batch",
)
#: Those of this commit.
QUICK = random.Random(commit()).sample(SAMPLED, 4)
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
        pytest.param(role, name, marks=[] if name in QUICK else pytest.mark.slow)
        for role, names in ((PLATFORM, OF_PLATFORMS), (SUPPORTER, OF_SUPPORTERS))
        for name in names
    ],
)
@pytest.mark.costly
def test_a_fault_of_a_role_is_caught_by_exactly_its_rules(role: VariantName, name: str) -> None:
    found = roles.find(ROLE_OF[role], name, 0)
    assert found.exact, found


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param(role, name, marks=[] if name in ("reposts-are-links", "tenants-by-name") else pytest.mark.slow)
        for role, names in VARIANTS_OF.items()
        for name in names
    ],
)
@pytest.mark.costly
def test_lawful_variants_of_a_role_are_clean(role: VariantName, name: str) -> None:
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=0, rules=RULES[role])
    verdicts = {rule.rule: rule.verdict for rule in report.rules if rule.rule in RULES[role]}
    assert verdicts == dict.fromkeys(RULES[role], "pass")
    assert report.summary.exit_code == 0


def test_there_are_enough_of_each() -> None:
    assert len(OF_PLATFORMS) >= 30
    assert len(OF_SUPPORTERS) >= 30
    assert all(len(names) >= 5 for names in VARIANTS_OF.values())


@pytest.mark.parametrize("name", only((), [PLATFORM.value, SUPPORTER.value]))
def test_a_lawful_role_is_fully_decided(name: str) -> None:
    report = matrix.examine(variant=name, level=Level.EXTENDED, examples=matrix.FEW_EXAMPLES)
    counts = report.summary.counts
    assert counts["pass"] > 25
    assert counts["fail"] == counts["inconclusive"] == counts["review"] == 0
