"""Unfounded reports share the content that they are about: what one of them removes is blamed on no other, and the
one that removes it is found.
"""

from __future__ import annotations

from datetime import date

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.sample import create_app, sample_binding

RULE = "eu-dsa/16.6"


def judged(*faults: str, salt: str = "shared") -> dict[str, str]:
    """What each rule gets where the check of unfounded reports runs after the ones that share its content."""
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app(faults=list(faults)))) as provider:
        rules = [RULE, "eu-dsa/16.1", "eu-dsa/16.4"]
        report = run_checks(provider, on=date(2026, 9, 1), examples=25, rules=rules, level="core", salt=salt)
    return {rule.rule: rule.verdict for rule in report.rules}


@pytest.mark.parametrize("salt", ["a", "b"])
@pytest.mark.costly
def test_a_kind_of_report_that_removes_every_copy_is_found(salt: str) -> None:
    assert judged("reported-infringement-removes", salt=salt)[RULE] == "fail"


def test_a_lawful_target_passes_with_shared_content() -> None:
    assert judged()[RULE] == "pass"
