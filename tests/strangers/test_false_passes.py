"""Nothing passes for behaviour that was not observed. Each lawful stranger stands beside one that only looks lawful."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import check, failures, rule, run
from .town import Town

REMOVAL, REPORTS, PUBLISHING = "cn-dsp-2023/10.4", "cn-dsp-2023/12.1", "cn-dsp-2023/9.2"
#: Accepts a response of any kind: what is taken for the ticket is whatever comes back.
ANY_RESPONSE = {
    "operations.report.follow_redirects": True,
    "operations.report.extract": {"id": {"text": True}},
    "operations.report_status.path": "/reports/{{ ticket.id | urlencode }}",
}


@pytest.mark.parametrize("style", ["json", "rpc", "headers", "actions"])
def test_refusing_all_requests_is_not_a_removal(style: str, tmp_path: Path) -> None:
    changes = {"target.settling_seconds": 0.2}
    report = run(style, Town("bars-everybody"), tmp_path, changes, rules=[REMOVAL], level="core")
    assert rule(report, REMOVAL).verdict != "pass"


@pytest.mark.parametrize("style", ["json", "rpc", "headers", "actions"])
def test_a_removal_passes_while_other_content_is_visible(style: str, tmp_path: Path) -> None:
    report = run(style, Town(), tmp_path, rules=[REMOVAL], level="core")
    assert rule(report, REMOVAL).verdict == "pass", rule(report, REMOVAL).reason


@pytest.mark.parametrize("style", ["json", "rpc", "headers"])
def test_content_that_is_never_removed_fails(style: str, tmp_path: Path) -> None:
    changes = {"target.settling_seconds": 0.2}
    report = run(style, Town("removes-nothing"), tmp_path, changes, rules=[REMOVAL], level="core")
    assert rule(report, REMOVAL).verdict == "fail"


@pytest.mark.parametrize("style", ["json", "forms"])
def test_a_report_that_ends_at_a_sign_in_page_is_not_accepted(style: str, tmp_path: Path) -> None:
    changes = {"json": ANY_RESPONSE, "forms": {}}[style]
    report = run(style, Town("sign-in-page"), tmp_path, changes, rules=[REPORTS])
    assert check(report, "anyone_can_report").verdict != "pass"


@pytest.mark.parametrize("style", ["json", "rpc", "headers"])
def test_a_report_that_is_read_back_is_accepted(style: str, tmp_path: Path) -> None:
    report = run(style, Town(), tmp_path, rules=[REPORTS])
    assert check(report, "anyone_can_report").verdict == "pass"


@pytest.mark.parametrize("style", ["json", "rpc", "headers", "actions"])
def test_a_claim_that_is_never_sent_is_open_and_names_the_line(style: str, tmp_path: Path) -> None:
    result = check(run(style, Town(), tmp_path, rules=[PUBLISHING]), "verification_cannot_be_claimed")
    assert result.verdict == "inconclusive"
    assert any("{{ profile.verified | default(omit) }}` under operations.register" in cause for cause in result.causes)


SENT = {
    "operations.register.json": {
        "username": "{{ profile.username }}",
        "verified": "{{ profile.verified | default(omit) }}",
        "real_name_verified": "{{ profile.real_name_verified | default(omit) }}",
        "role": "{{ profile.role | default(omit) }}",
    }
}


def test_a_claim_that_is_sent_and_believed_fails(tmp_path: Path) -> None:
    report = run("json", Town("believes-profiles"), tmp_path, SENT, rules=[PUBLISHING])
    assert "verification_cannot_be_claimed" in failures(report)


def test_a_claim_that_is_sent_and_ignored_passes(tmp_path: Path) -> None:
    report = run("json", Town(), tmp_path, SENT, rules=[PUBLISHING])
    assert check(report, "verification_cannot_be_claimed").verdict == "pass"


def test_a_claim_is_not_the_cause_where_anybody_publishes(tmp_path: Path) -> None:
    report = run("json", Town("anybody-publishes"), tmp_path, SENT, rules=[PUBLISHING])
    assert "unverified_cannot_publish" in failures(report)
    for name in ("verification_cannot_be_claimed", "verification_cannot_be_borrowed"):
        assert check(report, name).verdict == "inconclusive"
        assert "without" in check(report, name).reason


def test_a_strict_provider_refuses_claims_from_everybody(tmp_path: Path) -> None:
    report = run("json", Town("strict-requests"), tmp_path, SENT, rules=[PUBLISHING])
    for name in ("verification_cannot_be_claimed", "verification_cannot_be_borrowed"):
        assert check(report, name).verdict == "pass", check(report, name).reason


def test_a_strict_provider_that_believes_one_parameter_fails(tmp_path: Path) -> None:
    report = run("json", Town("strict-requests", "believes-queries"), tmp_path, SENT, rules=[PUBLISHING])
    assert "verified=true" in failures(report)["verification_cannot_be_claimed"]


def test_a_refutation_of_another_publication_is_none(tmp_path: Path) -> None:
    for quirks, verdict in (
        (("refutes-nothing", "lists-all-refutations"), "fail"),
        (("lists-all-refutations",), "pass"),
    ):
        report = run("json", Town(*quirks), tmp_path, RUMOURS, rules=["cn-dsp-2023/11"])
        assert rule(report, "cn-dsp-2023/11").verdict == verdict, quirks


RUMOURS = {
    "target.report_kinds": ["illegal", "rumour"],
    "target.markers": {"unlawful": "[bad]", "rumour": "[rumour]"},
    "operations.refutations": {
        "path": "/posts/{{ publication.id }}/refutations",
        "auth": {"type": "none"},
        "extract": {"items": "refutations", "publication": "post", "text": "text"},
    },
}


def test_a_rule_that_no_case_decided_does_not_pass(tmp_path: Path) -> None:
    """Every check of the rule is left open: verification never works."""
    report = run("json", Town("verifies-nobody"), tmp_path, rules=[PUBLISHING])
    assert rule(report, PUBLISHING).verdict == "inconclusive"
    assert rule(report, PUBLISHING).probes.controls == 0
