"""What is seen is not lost: to numbers that are used up, to a check that is open, or to one thing out of order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.doctor.doctor import examine
from shenhe.conformance.engine.conclusions import by_rule
from shenhe.conformance.engine.events import Event, RunStarted
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import CheckResult
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook

from .running import ON, binding, check, failures, rule, run
from .styles import app
from .test_false_failures import EDITS
from .town import Town

IDENTITY, PUBLISHING = "cn-dsp-2023/9.1", "cn-dsp-2023/9.2"


@pytest.mark.parametrize("style", ["json", "rpc", "headers", "actions"])
def test_a_number_that_is_used_up_does_not_hide_a_failure(style: str, tmp_path: Path) -> None:
    report = run(style, Town("takes-any-number-once"), tmp_path, rules=[IDENTITY])
    assert rule(report, IDENTITY).verdict == "fail"


def test_a_provider_that_takes_real_names_only_is_judged_on_personal_data(tmp_path: Path) -> None:
    names = {**EDITS, "operations.grant_consent.json": {"subject": "{{ subject.id }}", "scope": "{{ scope }}"}}
    report = run("json", Town("strict-names"), tmp_path, names, rules=["cn-pipl/25"])
    assert check(report, "public_pages_tell_nothing_of_people").verdict == "pass"


PICTURES = {
    "target.services": {"biometric-image-video": ["image/png"], "text": ["text/plain"]},
    "target.media_hosts": ["cdn.stranger.invalid"],
    "operations.generate": {
        "path": "/generate",
        "json": {"prompt": "{{ request.prompt }}", "kind": "{{ 'text' if request.service == 'text' else 'picture' }}"},
        "extract": {"id": "id"},
        "reason": "error",
        "variants": [
            {"when": {"service": "text"}, "media": {"text": "text"}},
            {"when": {"service": "biometric-image-video"}, "media": {"url": "url"}},
        ],
    },
}


def test_a_host_of_media_that_is_down_leaves_the_rest_judged(tmp_path: Path) -> None:
    report = run("json", Town("dead-host"), tmp_path, PICTURES, rules=["cn-dsp-2023/*", "cn-labeling-2025/4.1.*"])
    assert report.stopped is None
    for name in ("text_output_is_labelled", "anonymous_cannot_publish", "upheld_report_removes_everywhere"):
        assert check(report, name).verdict == "pass", check(report, name).reason
    assert failures(report) == {}


def test_one_service_that_refuses_leaves_the_rest_judged(tmp_path: Path) -> None:
    changes: dict[str, Any] = {**EDITS, "target.edit_scopes": []}
    report = run("json", Town("no-text"), tmp_path, changes, rules=["cn-dsp-2023/9.*", "cn-dsp-2023/10.4"])
    for name in ("anonymous_cannot_publish", "upheld_report_removes_everywhere"):
        assert check(report, name).verdict == "pass", check(report, name).reason


def test_rules_that_ask_for_no_identity_are_decided_without_verification(tmp_path: Path) -> None:
    changes = {"target.markets": ["eu"], "operations.verify_identity": None, "target.identity_methods": []}
    report = run("json", Town("anybody-publishes"), tmp_path, changes, rules=["eu-dsa/16.*"])
    assert {each.rule: each.verdict for each in report.rules if each.rule != "eu-dsa/16.1"} == dict.fromkeys(
        ("eu-dsa/16.4", "eu-dsa/16.5", "eu-dsa/16.6"), "pass"
    )


@pytest.mark.costly
def test_consent_rules_do_not_vanish_with_their_service(tmp_path: Path) -> None:
    changes = {**EDITS, "target.services": {"text": ["text/plain"]}}
    report = run("json", Town(), tmp_path, changes)
    assert "cn-dsp-2023/14.2" in {each.rule for each in report.rules}


def test_a_service_without_account_deletion_can_pass(tmp_path: Path) -> None:
    from .test_false_passes import SENT

    report = run("json", Town(), tmp_path, SENT, rules=[PUBLISHING])
    assert check(report, "deleted_account_cannot_publish").verdict == "not applicable"
    assert rule(report, PUBLISHING).verdict == "pass"


def test_one_cause_is_reported_once(tmp_path: Path) -> None:
    report = run("chat", Town(), tmp_path)
    publishing = [cause for cause in report.causes if "operation publish:" in cause.reason]
    assert len(publishing) == 1
    assert len(publishing[0].checks) > 5
    reasons = [cause.reason for cause in report.causes]
    assert len(reasons) == len(set(reasons))


def test_a_run_says_first_what_the_binding_cannot_decide(tmp_path: Path) -> None:
    town, seen = Town(), []

    def listen(event: Event) -> None:
        if isinstance(event, RunStarted):
            seen.append((len(town.calls), [cause.reason for cause in event.foreseen]))

    with load_binding(binding("chat", tmp_path), environ={}).connect(transport=AsgiTransport(app("chat", town))) as it:
        run_checks(it, on=ON, examples=0, listen=listen)
    ((sent, reasons),) = seen
    assert sent == 0
    assert "the binding has no operation publish: describe it under operations.publish" in reasons


def test_a_review_and_an_open_check_are_both_shown() -> None:
    book = load_rulebook()
    rules = {IDENTITY: book.rule(IDENTITY)}

    def result(name: str, verdict: Any) -> CheckResult:
        return CheckResult(
            name=name,
            title=name,
            level="core",
            behaviour="real-name",
            rules=[IDENTITY],
            verdict=verdict,
            reason=verdict,
        )

    (decided,), _ = by_rule(rules, [result("a", "review"), result("b", "inconclusive")], Level.CORE)
    assert decided.verdict == "inconclusive"
    assert [(said.verdict, said.reason) for said in decided.also] == [("review", "a: review")]


# --- before a run --------------------------------------------------------------------------------------------


def diagnoses(town: Town, folder: Path, changes: dict[str, Any] | None = None) -> dict[str, tuple[str, str]]:
    with load_binding(binding("json", folder, changes), environ={}).connect(
        transport=AsgiTransport(app("json", town))
    ) as provider:
        loaded = load_binding(binding("json", folder, changes), environ={})
        return {
            f"{each.operation} {each.detail}".strip(): (each.state, each.message) for each in examine(loaded, provider)
        }


def test_doctor_reports_a_valid_identity_that_verifies_no_account(tmp_path: Path) -> None:
    assert diagnoses(Town(), tmp_path)["verify_identity id-card"][0] == "works"
    state, message = diagnoses(Town("verifies-nobody", "anybody-publishes"), tmp_path)["verify_identity id-card"]
    assert state == "faulty"
    assert message == 'a valid identity was accepted, and the account is not verified, and said: {"verified":false}'


def test_doctor_reports_media_of_another_type(tmp_path: Path) -> None:
    pictures: dict[str, Any] = {**EDITS, "target.edit_scopes": []}
    told = diagnoses(Town(), tmp_path, pictures)
    assert told["generate biometric-image-video image/png"][0] == "works"
    pictures["target.services"] = {"text": ["text/plain"], "biometric-image-video": ["image/jpeg"]}
    state, message = diagnoses(Town(), tmp_path, pictures)["generate biometric-image-video image/jpeg"]
    assert state == "faulty"
    assert "the bytes are not image/jpeg" in message


def test_an_appeal_without_a_removal_is_not_a_failure(tmp_path: Path) -> None:
    appeal = {
        "method": "POST",
        "path": "/posts/{{ publication.id }}/appeals",
        "extract": {"id": "id"},
        "reason": "error",
    }
    changes = {"operations.appeal": appeal, "target.markers": {}}
    assert diagnoses(Town(), tmp_path, changes)["appeal"][0] == "refused"


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        ("blank-texts", "the media are empty (8 bytes"),
        ("empty-texts", "operations.generate.media.text: found an empty text"),
    ],
)
def test_doctor_reports_media_without_content(quirk: str, words: str, tmp_path: Path) -> None:
    state, message = diagnoses(Town(quirk), tmp_path)["generate text text/plain"]
    assert state == "faulty"
    assert words in message


@pytest.mark.parametrize("kinds", [["refuted", "removed"], None])
def test_doctor_asks_for_kinds_of_record_that_checks_read(kinds: list[str] | None, tmp_path: Path) -> None:
    records = {"path": "/records/{{ kind }}", "extract": {"items": "records", "subject": "post"}}
    tried = diagnoses(Town(), tmp_path, {"operations.records": records, "target.record_kinds": kinds})
    assert [name for name in tried if name.startswith("records ")] == [
        f"records {kind}" for kind in kinds or ["unlabelled-copy"]
    ]
