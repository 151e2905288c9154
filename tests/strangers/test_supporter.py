"""A foreign model gateway whose faults were written from the law alone: each is found, and the lawful one fails nothing."""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..sampling import only
from .foundry import FAULTS, Foundry
from .foundry_desk import desk
from .running import ON, check, failures
from .styles import HERE

PRODUCER, FIELD, DATA = "cn-labeling-2025/gb-e.content-producer", "cn-labeling-2025/5.1", "cn-pipl/51"
CONSENT, REVIEW, MEASURES = "cn-dsp-2023/14.2", "cn-dsp-2023/10.1", "cn-dsp-2023/10.5"
#: The rule that each fault breaks, of several the one that few checks decide.
BREAKS = {
    **dict.fromkeys(FAULTS, DATA),
    **dict.fromkeys(("own-name", "first-merchant", "second-of-batch", "edits-unnamed", "voices-unnamed"), PRODUCER),
    **dict.fromkeys(("same-prompt", "export-unnamed"), PRODUCER),
    **dict.fromkeys(("export-bare", "no-metadata"), FIELD),
    "unseen": "cn-labeling-2025/4.1.3",
    "texts-bare": "cn-labeling-2025/gb-5.1.b",
    "voices-silent": "cn-labeling-2025/4.1.2",
    **dict.fromkeys(("consents-shared", "consent-any-person", "consent-any-scope", "consent-not-asked"), CONSENT),
    "withdrawal-in-vain": "cn-pipl/15.1",
    **dict.fromkeys(("old-merchants-trusted", "second-merchant-unreviewed", "pictures-unreviewed"), REVIEW),
    **dict.fromkeys(("all-suspended", "never-suspended"), MEASURES),
    "copies-unasked": "cn-labeling-2025/9.1",
    "copies-not-logged": "cn-labeling-2025/9.2",
    "no-filing-number": "cn-dsp-2023/19.3",
    "labels-unexplained": "cn-labeling-2025/8",
}
#: Faults of which a person is asked: a voice that may speak its label, and what the law does not say in so many words.
REVIEWED = {"voices-silent", "labels-unexplained", "works-signed-out", "closed-goes-on"}
#: Faults that hide behind others: with all tenants suspended only a run of more rules has a tenant served before.
TOGETHER = {"all-suspended": [PRODUCER, REVIEW]}
#: What is put to a person of the lawful gateway: times that only a clock could pass, and what happens to edited works.
OPEN = {"withdrawal_deletes_what_was_made", "unlabelled_copies_are_recorded", "upload_urls_expire"}


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "foundry.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Foundry(frozenset(faults))))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


def reviewed(report: Report) -> set[str]:
    return {each.name for each in report.checks if each.verdict == "review"}


def test_a_lawful_gateway_keeps_its_tenants_apart() -> None:
    report = run(rules=[DATA])
    assert failures(report) == {}
    names = (
        "uploads_serve_the_tenant_that_began_them",
        "tenants_cannot_reach_works_of_others",
        "records_are_kept_apart",
    )
    assert {check(report, name).verdict for name in names} == {"pass"}


@pytest.mark.slow
def test_a_lawful_gateway_in_another_style_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert reviewed(report) == OPEN
    decided = {each.name for each in report.checks if each.verdict == "pass"}
    assert {"label_names_the_tenant", "archives_hold_works_of_one_tenant", "callbacks_are_signed"} <= decided
    assert "uploads_serve_the_tenant_that_began_them" in decided


@pytest.mark.parametrize("fault", only(("second-of-batch", "journal-by-name", "archive-of-all"), FAULTS))
def test_each_fault_of_a_foreign_gateway_is_found(fault: str) -> None:
    report = run(fault, rules=[BREAKS[fault], *TOGETHER.get(fault, ())])
    if fault in REVIEWED | TOGETHER.keys():
        assert failures(report) or reviewed(report) - OPEN
    else:
        assert failures(report)
