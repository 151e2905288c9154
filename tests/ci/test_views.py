"""What CI systems and auditors take from a report: well-formed, at the right line, the same every time, and inert."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.conformance.report import Report
from shenhe.core.text import fenced, markdown, one_line, visible
from shenhe.reports.formats.github import step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import har
from shenhe.reports.formats.issue import issues
from shenhe.reports.formats.oscal import assessment_results
from shenhe.reports.formats.sarif import sarif

from ..factories import (
    CONSENT,
    HOSTILE,
    LABELLED,
    REAL_NAME,
    check,
    finding,
    hostile_provider,
    mixed,
    passing,
    report,
    rule,
    step,
)
from .forms import BOOK, GITHUB_MARKDOWN, SHA

EVERY: dict[str, Callable[[Report], Any]] = {
    "sarif": lambda made: sarif(made, BOOK),
    "gitlab": code_quality,
    "har": har,
    "oscal": lambda made: assessment_results(made, SHA),
    "github-annotations": workflow_commands,
    "github-summary": step_summary,
}


def strings(data: Any) -> list[str]:
    """Every text in JSON data, keys included."""
    if isinstance(data, dict):
        return [text for key, value in data.items() for text in (key, *strings(value))]
    if isinstance(data, list):
        return [text for value in data for text in strings(value)]
    return [data] if isinstance(data, str) else []


@pytest.mark.parametrize("form", EVERY)
def test_the_same_report_gives_the_same_bytes(form: str) -> None:
    assert json.dumps(EVERY[form](mixed())) == json.dumps(EVERY[form](mixed()))


@pytest.mark.parametrize("form", EVERY)
def test_no_invisible_character_comes_through(form: str) -> None:
    """No escape sequence, no bidirectional override, no NUL; line feeds and tabs only inside longer texts."""
    for text in strings(EVERY[form](hostile_provider())):
        odd = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}}
        assert odd <= {"\n", "\t"}, text


@pytest.mark.parametrize("form", EVERY)
@pytest.mark.parametrize("made", [passing(), report([], [])], ids=["passing", "empty"])
def test_without_failures_no_issue_is_listed(form: str, made: Report) -> None:
    rendered = EVERY[form](made)
    assert "text_output_is_labelled" not in json.dumps(rendered)
    assert form != "github-annotations" or rendered == ""
    assert form != "gitlab" or rendered == []


def test_issues_point_to_the_line_of_the_deciding_request() -> None:
    found = {(issue.rule.rule, issue.verdict): issue.place for issue in issues(mixed())}
    assert found[LABELLED[0], "fail"] == found[LABELLED[1], "fail"]
    place = found[LABELLED[0], "fail"]
    assert place is not None
    assert (place.path, place.line) == ("conformance/my provider.yaml", 41)
    nearby = found[CONSENT, "inconclusive"]
    assert nearby is not None
    assert (nearby.path, nearby.line) == (
        "conformance/my provider.yaml",
        1,
    ), "no request: the first line of the binding"


def test_the_binding_s_place_in_the_repository_may_be_given() -> None:
    places = [issue.place for issue in issues(mixed(), "ci/b.yaml")]
    assert {place.path for place in places if place} == {"ci/b.yaml"}
    assert {place.line for place in places if place} == {1, 41}


@pytest.mark.parametrize(
    "origin", ["", "nowhere", "binding.yaml:", "binding.yaml:0", "binding.yaml:x", f"binding.yaml:{'9' * 40}"]
)
def test_an_origin_without_a_place_gives_none(origin: str) -> None:
    result = check("c", "fail", REAL_NAME, finding=finding(steps=[step(origin=origin)]))
    made = report([rule(REAL_NAME, "fail", "c")], [result])
    assert [issue.place for issue in issues(made)] == [None]
    assert "locations" not in sarif(made, BOOK)["runs"][0]["results"][0]
    assert code_quality(made)[0]["location"] == {"path": "binding.yaml", "lines": {"begin": 1}}
    assert workflow_commands(made).startswith("::error title=")


def test_a_line_and_column_is_a_place() -> None:
    result = check("c", "fail", REAL_NAME, finding=finding(steps=[step(origin="./b.yaml:7:3")]))
    (issue,) = issues(report([rule(REAL_NAME, "fail", "c")], [result]))
    assert issue.place is not None
    assert (issue.place.path, issue.place.line) == ("b.yaml", 7)


GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)."},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}


@pytest.mark.parametrize("made", [mixed(), passing(), hostile_provider()], ids=["mixed", "passing", "hostile"])
def test_gitlab_code_quality(made: Report) -> None:
    found = code_quality(made)
    jsonschema.validate(found, GITLAB)
    assert len({issue["fingerprint"] for issue in found}) == len(found)


def test_gitlab_severities() -> None:
    assert [issue["severity"] for issue in code_quality(mixed())] == [
        "blocker",
        "critical",
        "critical",
        "minor",
        "major",
        "info",
    ]


@given(st.text())
def test_one_line_is_one_line_of_its_length(text: str) -> None:
    line = one_line(text, 40)
    assert len(line) <= 40
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in line)


@given(st.text(alphabet=st.sampled_from("`~\n <a#*_[]()!|\\&;=-+1.@:/hx\t"), max_size=60))
def test_markdown_of_any_text_renders_as_that_text(text: str) -> None:
    *_, inline, _ = GITHUB_MARKDOWN.parse(f"x {markdown(text)} x")
    assert inline.type == "inline"
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    assert "".join(child.content for child in inline.children or ()) == f"x {one_line(text)} x"


@given(st.text(alphabet=st.sampled_from("`~\n <a#*"), max_size=60))
def test_only_its_end_closes_a_fence(text: str) -> None:
    tokens = GITHUB_MARKDOWN.parse(fenced(text))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == visible(text) + "\n"


def test_invisible_characters_are_written_out() -> None:
    assert visible("a\x00\u202e\U000e0041\ud800\n\tb") == "a\\x00\\u202e\\U000e0041\\ud800\n\tb"
    assert "\x1b" not in visible(HOSTILE)
