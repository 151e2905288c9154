"""A notice may come before the action that it belongs to; a response without it decides nothing until then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.checks.identity.consent import is_prose

from .running import check, run
from .test_false_failures import EDITS, PAGES
from .town import Town

TALKS = {"target.markets": ["eu"], "target.dialogue": True, "operations.generate.notice": "notice"}
SILENT = "unlabelled"


def _talk(folder: Path, *quirks: str, topics: list[str]) -> Any:
    changes = {**PAGES, **TALKS, "target.disclosure_topics": topics}
    report = run("json", Town(SILENT, *quirks), folder, changes, rules=["eu-ai-act-50/50.1"])
    return check(report, "first_answer_discloses_ai")


def _edit(folder: Path, *quirks: str, topics: list[str]) -> Any:
    changes = {**PAGES, **EDITS, "target.disclosure_topics": topics}
    report = run("json", Town("curt", *quirks), folder, changes, rules=["cn-dsp-2023/14.2"])
    return check(report, "refusal_prompts_for_consent")


@pytest.mark.parametrize(("ask", "topic"), [(_talk, "conversation"), (_edit, "editing")])
def test_a_notice_given_before_need_not_be_repeated(ask: Any, topic: str, tmp_path: Path) -> None:
    assert ask(tmp_path, "informs-before", topics=[topic]).verdict == "pass"


@pytest.mark.parametrize(("ask", "topic"), [(_talk, "conversation"), (_edit, "editing")])
def test_a_notice_that_comes_neither_before_nor_after_fails(ask: Any, topic: str, tmp_path: Path) -> None:
    result = ask(tmp_path, topics=[topic])
    assert result.verdict == "fail"
    assert f"the page `{topic}` before" in result.reason


@pytest.mark.parametrize(("ask", "topic"), [(_talk, "conversation"), (_edit, "editing")])
def test_an_undeclared_page_before_leaves_the_question_to_a_person(ask: Any, topic: str, tmp_path: Path) -> None:
    result = ask(tmp_path, "informs-before", topics=["complaints"])
    assert result.verdict == "review"
    assert f"disclosure_topics: [{topic}]" in result.reason


def test_the_page_is_read_before_the_action(tmp_path: Path) -> None:
    changes = {**PAGES, **TALKS, "target.disclosure_topics": ["conversation"]}
    report = run("json", Town(SILENT), tmp_path, changes, rules=["eu-ai-act-50/50.1"])
    finding = check(report, "first_answer_discloses_ai").finding
    assert finding is not None
    operations = [step.operation for step in finding.steps]
    assert operations.index("disclosures") < operations.index("generate")


@pytest.mark.parametrize(
    ("words", "prose"),
    [
        ("Ask the person for consent first.", True),
        ("请先取得本人同意", True),
        ("consent_required", False),
        ("https://studio.example/problems/consent", False),
        ("NO_CONSENT", False),
        ("", False),
    ],
)
def test_a_code_is_no_word_to_the_user(words: str, prose: bool) -> None:
    assert is_prose(words) is prose
