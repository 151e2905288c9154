"""A foreign store whose faults were written from the law alone: each is found, and the lawful store is clean."""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..sampling import only
from .bazaar import FAULTS, Bazaar
from .bazaar_desk import desk
from .running import ON, failures
from .styles import HERE

FILING, ORDERS, MANAGEMENT = "cn-dsp-2023/13.1", "cn-dsp-2023/13.2", "cn-dsp-2023/13.3"
LABELS, COMPANIONS, RECORDS = "cn-labeling-2025/7", "cn-anthropomorphic-2026/25", "cn-penalties/csl-50.2"
#: The rule that each fault breaks, of several the one that few checks decide.
BREAKS = {
    **dict.fromkeys(FAULTS, FILING),
    **dict.fromkeys(("no-label-material", "believes-no"), LABELS),
    **dict.fromkeys(("companion-for-all", "companion-unassessed"), COMPANIONS),
    **dict.fromkeys(("one-market", "package-stays", "search-stays", "updates-slip", "update-revives"), ORDERS),
    **dict.fromkeys(("warning-kept", "takes-a-week", "relists-itself", "deaf"), ORDERS),
    **dict.fromkeys(("no-grounds", "whole-shelf", "anyone-orders", "stays-down", "trigger-happy"), MANAGEMENT),
    "appeal-in-vain": MANAGEMENT,
    "forgets-orders": RECORDS,
}


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "bazaar.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Bazaar(*faults)))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


@pytest.mark.parametrize("rules", [[LABELS, RECORDS], pytest.param(None, marks=pytest.mark.slow)])
def test_each_check_passes_a_lawful_store_in_another_style(rules: list[str] | None) -> None:
    report = run(rules=rules)
    assert {
        check.name: check.reason for check in report.checks if check.verdict not in ("pass", "not applicable")
    } == {}
    assert {rule.verdict for rule in report.rules} <= {"pass", "not applicable"}


@pytest.mark.parametrize("fault", only(("one-market-unchecked", "anyone-orders"), FAULTS))
def test_each_fault_of_a_foreign_store_is_found(fault: str) -> None:
    report = run(fault, rules=[BREAKS[fault]])
    if BREAKS[fault] == MANAGEMENT:  # what looks wrong there is put to a person
        assert any(check.verdict == "review" for check in report.checks)
    else:
        assert failures(report)
