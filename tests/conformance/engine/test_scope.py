"""Which checks a run includes: what a target declares, which packs are in force, and which rules are chosen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shenhe.conformance.checks import all_checks
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.engine.selection import NothingToCheck
from shenhe.conformance.provider import Operation, ReadyMade, Refused
from shenhe.conformance.verdict import ExitCode
from shenhe.rulebook import RulebookError, Service, load_rulebook

from .stubs import ON, AcceptsAll, RefusesAll, capabilities, results


def test_an_undeclared_option_is_not_applicable() -> None:
    provider = AcceptsAll(edit_scopes=(), renditions=("original",), surfaces=())
    verdicts = {name: result.verdict for name, result in results(run_checks(provider, on=ON, examples=0)).items()}
    for name in ("edit_needs_consent", "anonymous_cannot_publish", "unlabelled_copy_needs_agreement"):
        assert verdicts[name] == "not applicable", name
    assert verdicts["text_output_is_labelled"] == "fail"


def test_rules_for_services_that_are_not_offered_do_not_concern() -> None:
    provider = AcceptsAll(services=(Service.TEXT,), media={Service.TEXT: ("text/plain",)}, edit_scopes=())
    report = run_checks(provider, on=ON, examples=0)
    assert "cn-dsp-2023/14.2" not in {rule.rule for rule in (*report.rules, *report.undecided)}


def test_a_required_but_unbound_operation_is_inconclusive() -> None:
    few = frozenset({Operation.GENERATE})
    report = run_checks(AcceptsAll(operations=few), on=ON, examples=0)
    found = results(report)
    assert found["edit_needs_consent"].verdict == "inconclusive"
    assert "no operation edit" in found["edit_needs_consent"].reason
    assert found["identity_number_must_be_valid"].verdict == "inconclusive"
    assert report.summary.exit_code != ExitCode.PASSED


def test_a_declared_but_absent_operation_fails() -> None:
    class NoAgreement(AcceptsAll):
        def answer(self, name: str) -> Any:
            return Refused(404, "not found") if name == "disclosures" else super().answer(name)

    found = results(run_checks(NoAgreement(), on=ON, examples=0, rules=["cn-labeling-2025/8"]))
    assert found["agreement_explains_labels"].verdict == "fail"
    assert "404" in found["agreement_explains_labels"].reason


def test_a_provider_that_takes_intimate_requests_cannot_opt_out_by_silence() -> None:
    report = run_checks(AcceptsAll(report_kinds=("illegal",)), on=ON, examples=0, rules=["us-take-it-down/*"])
    assert results(report)["intimate_image_gone_in_48_hours"].verdict == "inconclusive"


def test_an_operation_that_is_declared_and_no_method_is_a_mistake() -> None:
    class Empty:
        capabilities = capabilities()
        ready_made = ReadyMade()

    with pytest.raises(TypeError, match=r"declares .*publish.* and has no such method"):
        run_checks(Empty(), on=ON)  # type: ignore[arg-type]


def test_packs_follow_from_market_and_day() -> None:
    european = run_checks(RefusesAll(markets=("eu",)), on=ON, examples=0)
    assert set(european.packs) == {"eu-ai-act-50", "eu-dsa"}
    early = run_checks(RefusesAll(markets=("cn",)), on=date(2024, 1, 1), examples=0)
    assert "cn-dsp-2023" in early.packs
    assert "cn-labeling-2025" not in early.packs


def test_a_draft_is_applied_only_by_name() -> None:
    assert "cn-dsp-2022-draft" not in run_checks(RefusesAll(), on=ON, examples=0).packs


def test_rule_patterns_select_checks() -> None:
    report = run_checks(RefusesAll(), on=ON, examples=0, rules=["cn-dsp-2023/9.*"])
    assert {rule.rule for rule in report.rules} == {"cn-dsp-2023/9.1", "cn-dsp-2023/9.2"}
    assert {result.behaviour for result in report.checks} == {"real-name"}


def test_a_mistyped_rule_is_a_mistake_that_names_the_closest() -> None:
    with pytest.raises(RulebookError, match=r"cn-dsp-2023/14\.2"):
        run_checks(RefusesAll(), on=ON, rules=["cn-dsp-2023/14.22"])


def test_rules_that_no_check_decides_are_a_mistake() -> None:
    with pytest.raises(NothingToCheck):
        run_checks(RefusesAll(), on=ON, rules=["cn-dsp-2023/20"])


def test_every_rule_of_the_packs_is_decided_or_listed_as_open_with_its_reason() -> None:
    report = run_checks(RefusesAll(), on=ON, examples=0)
    decided, undecided = {r.rule for r in report.rules}, {r.rule for r in report.undecided}
    assert not decided & undecided
    assert all(rule.reason for rule in report.undecided)
    document = [rule for rule in report.undecided if rule.seen_by == "document"]
    assert document
    book = load_rulebook()
    assert all(book.rule(rule).seen_by.value == "probe" for rule in decided)


def test_every_rule_that_a_check_names_exists_and_is_seen_by_a_probe() -> None:
    book = load_rulebook()
    for check in all_checks():
        for rule in check.rules:
            assert book.rule(rule).seen_by.value == "probe", (check.name, rule)
