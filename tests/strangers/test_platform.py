"""A foreign platform whose faults were written from the law alone: each is found, and the lawful one fails nothing."""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..sampling import only
from .running import ON, failures
from .styles import HERE
from .wharf import FAULTS, Wharf
from .wharf_desk import desk

REMOVAL, APPEALS, DATA, NAMES = "cn-algorithm-2022/9.2", "eu-dsa/20", "cn-pipl/51", "cn-penalties/csl-identity"
#: The rule that each fault breaks, of several the one that few checks decide.
BREAKS = {
    **dict.fromkeys(FAULTS, DATA),
    **dict.fromkeys(("labels-unread", "jpegs-unread", "stream-silent"), "cn-labeling-2025/6.1.1"),
    **dict.fromkeys(("members-only-notice", "certain-called-possible"), "cn-labeling-2025/6.1.1"),
    "heads-only": "cn-labeling-2025/6.1.1",
    "sounds-heard-briefly": "cn-labeling-2025/6.1.3",
    "declared-sounds-refused": "cn-labeling-2025/6.1.4",
    **dict.fromkeys(("declared-silent", "declared-notes-silent"), "cn-labeling-2025/6.1.2"),
    **dict.fromkeys(("second-berths-silent", "long-captions-silent", "pins-silent"), "cn-labeling-2025/6.1.1"),
    "leaves-hide-notices": "cn-labeling-2025/6.1.1",
    **dict.fromkeys(("suspected-as-certain", "second-looks-bare"), "cn-labeling-2025/6.2"),
    "notes-tidied": "cn-labeling-2025/10.2",
    "anyone-pins": NAMES,
    "removed-echoed": REMOVAL,
    "traces-unsought": "cn-labeling-2025/6.1.3",
    "no-reminder": "cn-labeling-2025/6.1.4",
    **dict.fromkeys(("fields-unwritten", "one-number", "declared-unmarked"), "cn-labeling-2025/6.2"),
    **dict.fromkeys(("producer-replaced", "echoes-stripped", "large-stripped"), "cn-labeling-2025/10.2"),
    "weak-labels-stripped": "cn-labeling-2025/10.2",
    **dict.fromkeys(("anyone-berths", "anyone-echoes"), NAMES),
    **dict.fromkeys(("search-keeps", "echoes-stay", "files-stay", "stream-stays", "unlogged"), REMOVAL),
    "claims-by-members": "eu-dsa/16.1",
    **dict.fromkeys(("claims-forgotten", "strangers-forgotten"), "eu-dsa/16.5"),
    "process-unpublished": "cn-algorithm-2022/22",
    "no-confirmation": "eu-dsa/16.4",
    **dict.fromkeys(("claims-always-right", "many-claims-right"), "eu-dsa/16.6"),
    "no-grounds": "eu-dsa/17",
    **dict.fromkeys(("no-pleas", "pleas-close", "pleas-in-words", "pleas-without-grounds"), APPEALS),
    "intimate-slow": "us-take-it-down/3.b",
    "intimate-twins-stay": "us-take-it-down/3.c",
    "intimate-by-members": "us-take-it-down/3.a",
    "orders-slow": "in-2026/order-3h",
    "phones-shown": "cn-pipl/25",
}
#: Of these a person is asked: a cooling-off period may explain a key that still works, the law does not say in so many
#: words how a user is reminded, some services let everyone who knows the address of a file show it, a board may take no
#: generated sounds at all, and no law says how closely traces are looked for.
REVIEWED = {
    "keys-outlive-members",
    "no-reminder",
    "crates-of-others",
    "declared-sounds-refused",
    "sounds-heard-briefly",
}
#: What is put to a person of the lawful board: removed files may be brought once more, and works outlive accounts.
OPEN = {
    "deleted_account_leaves_nothing_public",
    "removed_content_does_not_return",
    "removed_file_does_not_return",
}
#: What the binding does not say: by which words the board recognises prohibited titles.
UNBOUND = {"cn-dsp-2023/6.1", "cn-dsp-2023/6.2"}


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "wharf.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Wharf(frozenset(faults))))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


@pytest.mark.costly
def test_a_lawful_platform_that_generates_nothing_is_decided() -> None:
    report = run()
    assert failures(report) == {}
    assert {each.name for each in report.checks if each.verdict == "review"} == OPEN
    assert {each.rule for each in report.rules if each.verdict == "inconclusive"} == UNBOUND
    assert sum(each.verdict == "pass" for each in report.rules) > 25


@pytest.mark.parametrize(
    "name", only(("anyone-echoes", "pleas-close", "large-stripped", "crates-of-others"), sorted(FAULTS))
)
def test_a_fault_of_a_foreign_platform_is_found(name: str) -> None:
    report = run(name, rules=[BREAKS[name]])
    if name in REVIEWED:
        assert {each.name for each in report.checks if each.verdict == "review"} - OPEN
    else:
        assert failures(report)
