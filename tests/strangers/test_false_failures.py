"""A lawful stranger never fails, whatever its binding leaves out; its faulty twin does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..sampling import only
from .running import STYLES, check, failures, rule, run
from .town import Town

LABELS, REMOVAL = "cn-labeling-2025/4.1.1", "cn-dsp-2023/10.4"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.costly
def test_a_lawful_stranger_does_not_fail(style: str, tmp_path: Path) -> None:
    assert failures(run(style, Town(), tmp_path)) == {}


def test_a_text_that_labels_itself_needs_no_notice(tmp_path: Path) -> None:
    report = run("chat", Town(), tmp_path)
    for name in ("conversation_discloses_ai", "first_answer_discloses_ai", "text_output_is_labelled"):
        assert check(report, name).verdict == "pass", name


def test_an_unbound_notice_is_not_missing(tmp_path: Path) -> None:
    report = run("chat", Town("unlabelled"), tmp_path, {"target.dialogue": True})
    assert check(report, "text_output_is_labelled").verdict == "fail"
    result = check(report, "conversation_discloses_ai")
    assert result.verdict == "inconclusive"
    assert "bind operations.generate.notice" in result.reason


def test_an_empty_bound_notice_fails(tmp_path: Path) -> None:
    changes = {"target.dialogue": True, "operations.generate.notice": "notice"}
    report = run("chat", Town("unlabelled"), tmp_path, changes)
    assert check(report, "conversation_discloses_ai").verdict == "fail"


@pytest.mark.parametrize(("dialogue", "verdict"), [(False, "not applicable"), (None, "inconclusive")])
def test_the_binding_says_whether_a_text_service_is_a_dialogue(
    dialogue: bool | None, verdict: str, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {} if dialogue is None else {"target.dialogue": dialogue}
    report = run("json", Town("unlabelled"), tmp_path, changes, rules=["cn-labeling-2025/gb-5.6"])
    assert check(report, "conversation_discloses_ai").verdict == verdict


PAGES = {
    "operations.disclosures": {"path": "/pages/{{ topic }}", "auth": {"type": "none"}},
    "target.disclosure_topics": ["complaints"],
}


def test_an_undeclared_page_is_not_judged(tmp_path: Path) -> None:
    report = run("json", Town(), tmp_path, PAGES, rules=["cn-labeling-2025/8", "cn-dsp-2023/12.2"])
    assert check(report, "agreement_explains_labels").verdict == "inconclusive"
    assert check(report, "complaint_process_is_published").verdict == "pass"


def test_other_words_on_a_page_are_put_to_a_person(tmp_path: Path) -> None:
    changes = {**PAGES, "target.disclosure_topics": ["agreement"]}
    for quirks, verdict in (((), "pass"), (("plain-words",), "review")):
        report = run("json", Town(*quirks), tmp_path, changes, rules=["cn-labeling-2025/8"])
        assert check(report, "agreement_explains_labels").verdict == verdict


@pytest.mark.parametrize("style", ["json", "headers"])
@pytest.mark.costly
def test_a_removal_may_take_a_moment(style: str, tmp_path: Path) -> None:
    report = run(style, Town("takes-a-moment"), tmp_path, rules=[REMOVAL])
    assert rule(report, REMOVAL).verdict == "pass"


def test_a_failed_removal_says_how_long_was_waited(tmp_path: Path) -> None:
    changes = {"target.settling_seconds": 0.2}
    report = run("json", Town("removes-nothing"), tmp_path, changes, rules=[REMOVAL], level="core")
    assert rule(report, REMOVAL).verdict == "fail"
    assert "0.2 seconds later" in rule(report, REMOVAL).reason


def test_reports_of_one_post_may_share_a_ticket(tmp_path: Path) -> None:
    """What two reporters see is then the same, so neither reads anything of the other."""
    report = run("json", Town("one-ticket-per-post"), tmp_path, rules=["cn-pipl/51"])
    assert check(report, "tickets_are_read_by_their_owners").verdict != "fail"


APPEALS = {
    "operations.appeal": {"method": "POST", "path": "/posts/{{ publication.id }}/appeals", "extract": {"id": "id"}},
    "target.settling_seconds": 0.2,
}


@pytest.mark.parametrize("seed", range(3))
def test_a_restored_publication_may_be_visible_again(seed: int, tmp_path: Path) -> None:
    report = run("json", Town("restores-on-appeal"), tmp_path, APPEALS, rules=[REMOVAL], examples=10, seed=seed)
    assert failures(report) == {}


EDITS = {
    "target.services": {"text": ["text/plain"], "biometric-image-video": ["image/png"]},
    "target.edit_scopes": ["face"],
    "operations.grant_consent": {
        "path": "/consents",
        "json": {"subject": "{{ subject.id }}", "scope": "{{ scope }}"},
        "extract": {"id": "id"},
    },
    "operations.revoke_consent": {"method": "DELETE", "path": "/consents/{{ consent.id }}"},
    "operations.edit": {
        "path": "/edits",
        "json": {
            "consent": "{{ request.consent.id if request.consent else omit }}",
            "scope": "{{ request.scope }}",
            "subject": "{{ request.subject.id }}",
        },
        "extract": {"id": "id"},
        "media": {"base64": "data"},
        "reason": "error",
    },
    "operations.generate": {
        "path": "/generate",
        "json": {"prompt": "{{ request.prompt }}", "kind": "{{ 'text' if request.service == 'text' else 'picture' }}"},
        "extract": {"id": "id"},
        "reason": "error",
        "variants": [
            {"when": {"service": "text"}, "media": {"text": "text"}},
            {"when": {"service": "biometric-image-video"}, "media": {"base64": "data"}},
        ],
    },
}
CONSENT = ["cn-dsp-2023/14.2", "cn-pipl/15.1"]


def test_an_edit_without_a_subject_cannot_test_another_person(tmp_path: Path) -> None:
    nameless = {**EDITS, "operations.edit": {**EDITS["operations.edit"]}}
    nameless["operations.edit"]["json"] = {
        name: value for name, value in EDITS["operations.edit"]["json"].items() if name != "subject"
    }
    report = run("json", Town(), tmp_path, nameless, rules=CONSENT)
    assert failures(report) == {}
    result = check(report, "consent_binds_subject")
    assert result.verdict == "inconclusive"
    assert "{{ request.subject.id }}" in result.reason


def test_an_edit_that_names_the_person_is_judged(tmp_path: Path) -> None:
    report = run("json", Town(), tmp_path, EDITS, rules=CONSENT)
    assert check(report, "consent_binds_subject").verdict == "pass"


MARKED = {**EDITS, "target.edit_scopes": [], "target.markers": {"unlawful": "[bad]", "prohibited": "[prohibited]"}}
PROHIBITED = ["cn-dsp-2023/6.1", "cn-dsp-2023/10.1"]


def _marked(**more: Any) -> dict[str, Any]:
    return {**MARKED, "target.markers": {"unlawful": "[bad]", "prohibited": {"phrase": "[prohibited]", **more}}}


def test_a_phrase_is_not_assumed_to_be_recognised_everywhere(tmp_path: Path) -> None:
    """This stranger recognises it at the start of prompts for texts only."""
    assert failures(run("json", Town(), tmp_path, MARKED, rules=PROHIBITED, examples=6)) == {}


def test_a_phrase_is_used_where_the_binding_says(tmp_path: Path) -> None:
    declared = _marked(place="start", services=["text"], **{"in": ["prompt"]})
    report = run("json", Town(), tmp_path, declared, rules=PROHIBITED, examples=6)
    assert check(report, "prohibited_prompt_is_refused").verdict == "pass"
    assert check(report, "prohibited_title_is_not_published").verdict == "not applicable"


def test_a_phrase_that_is_declared_and_ignored_fails(tmp_path: Path) -> None:
    for changes, quirks in (
        (_marked(place="start", services=["text"]), ("writes-anything",)),
        (_marked(place="anywhere", services=["text", "biometric-image-video"]), ()),
    ):
        report = run("json", Town(*quirks), tmp_path, changes, rules=PROHIBITED)
        assert check(report, "prohibited_prompt_is_refused").verdict == "fail"


COPIES = {
    "target.renditions": ["original", "unlabelled"],
    "operations.generate.json": {
        "prompt": "{{ request.prompt }}",
        "labelled": "{{ request.labelled }}",
        "agreed": "{{ request.agreed }}",
    },
}


def test_an_agreement_may_last(tmp_path: Path) -> None:
    report = run("json", Town("agreement-lasts"), tmp_path, COPIES, rules=["cn-labeling-2025/9.1"], examples=8)
    assert failures(report) == {}
    assert check(report, "unlabelled_copy_needs_agreement").verdict == "pass"


def test_a_binding_that_cannot_ask_for_an_unlabelled_copy_decides_nothing(tmp_path: Path) -> None:
    changes = {"target.renditions": ["original", "unlabelled"]}
    result = check(
        run("json", Town(), tmp_path, changes, rules=["cn-labeling-2025/9.1"]), "unlabelled_copy_needs_agreement"
    )
    assert result.verdict == "inconclusive"
    assert "{{ request.labelled }}" in result.reason


@pytest.mark.parametrize("style", only(["json", "rpc"], ["json", "rpc", "headers", "actions"]))
@pytest.mark.costly
def test_a_second_run_gives_the_same_verdicts(style: str, tmp_path: Path) -> None:
    """The target keeps its data, and signing up is signing in."""
    town = Town("sign-up-is-sign-in")
    rules = ["cn-dsp-2023/9.*", "cn-dsp-2023/10.4", "cn-dsp-2023/12.1"]
    first, second = (run(style, town, tmp_path, rules=rules) for _ in range(2))
    assert failures(first) == failures(second) == {}
    assert {each.rule: each.verdict for each in first.rules} == {each.rule: each.verdict for each in second.rules}
    assert first.salt != second.salt


def test_the_same_salt_repeats_a_run(tmp_path: Path) -> None:
    sent: list[list[str]] = []
    for salt in ("one", "one", "two"):
        town = Town()
        run("json", town, tmp_path, rules=[LABELS], salt=salt)
        sent.append(town.calls)
    assert sent[0] == sent[1] != sent[2]
