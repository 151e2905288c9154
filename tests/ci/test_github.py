"""Annotations and summaries for GitHub: one command per line, foreign markup escaped, within GitHub's limits."""

from __future__ import annotations

import re

import pytest

from shenhe.conformance.report import Report
from shenhe.reports.formats.github import PER_KIND, SUMMARY_BYTES, step_summary, workflow_commands

from ..factories import (
    CONSENT,
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
from .forms import GITHUB_MARKDOWN

COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:\r\n]*)(?:,[a-z]+=[^,:\r\n]*)*)::([^\r\n]+)\Z")


def unescaped(text: str) -> str:
    """What the runner makes of a message or property."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


@pytest.mark.parametrize("made", [mixed(), hostile_provider()], ids=["mixed", "hostile"])
def test_annotations_are_one_command_per_line(made: Report) -> None:
    lines = workflow_commands(made).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 5, "one for each open check"
    for line in lines:
        assert COMMAND.match(line), line


def test_annotations_follow_how_strongly_a_rule_speaks() -> None:
    told = [COMMAND.match(line) for line in workflow_commands(mixed()).splitlines()]
    kinds = [(match[1], re.search("title=([^,]*)", match[2])[1]) for match in told if match]  # type: ignore[index]
    assert kinds == [
        ("error", "error%3A decision_gives_reasons"),
        ("error", "fail%3A text_output_is_labelled"),
        ("warning", "fail%3A provider_code_is_well_formed"),
        ("warning", "inconclusive%3A edit_needs_consent"),
        ("notice", "review%3A intimate_image_gone_in_48_hours"),
    ]


def test_annotations_escape_what_the_runner_unescapes() -> None:
    result = check(
        "c", "fail", REAL_NAME, finding=finding(seen="100%\n%0A::error::x", steps=[step(origin="a,b%0A:1/c.yaml:9")])
    )
    line = workflow_commands(report([rule(REAL_NAME, "fail", "c")], [result])).strip()
    match = COMMAND.match(line)
    assert match
    assert unescaped(match[3]).endswith("Seen: 100% %0A::error::x")
    properties = dict(part.split("=", 1) for part in match[2].split(","))
    assert unescaped(properties["file"]) == "a,b%0A:1/c.yaml"
    assert properties["line"] == "9"


def test_no_more_annotations_than_are_shown() -> None:
    names = [f"c{position}" for position in range(PER_KIND + 5)]
    made = report(
        [rule(f"eu-dsa/{name}", "fail", name) for name in names],
        [check(name, "fail", f"eu-dsa/{name}", finding=finding()) for name in names],
    )
    lines = workflow_commands(made).splitlines()
    assert len(lines) == PER_KIND
    assert lines[-1] == "::error title=shenhe::6 more; the summary of this job lists them all"


OURS = {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}


def test_foreign_markup_in_a_summary_is_escaped() -> None:
    tokens = GITHUB_MARKDOWN.parse(step_summary(hostile_provider()))
    blocks = {token.type for token in tokens if token.nesting >= 0}
    assert blocks <= {
        "heading_open",
        "inline",
        "paragraph_open",
        "table_open",
        "thead_open",
        "tbody_open",
        "tr_open",
        "th_open",
        "td_open",
        "html_block",
        "fence",
    }
    for token in tokens:
        if token.type == "html_block":
            assert set(re.findall(r"<[^>]*>", token.content)) <= OURS, token.content
        for child in token.children or ():
            assert child.type in {"text", "softbreak", "html_inline", "text_special"}, (child.type, child.content)
            assert child.type != "html_inline" or child.content in OURS, child.content


def test_addresses_and_names_in_a_summary_are_code() -> None:
    """GitHub makes links of bare addresses and mentions of @names in running text, but not in code."""
    text = step_summary(hostile_provider())
    outside = re.sub(r"(?s)^(`{3,})[a-z]*\n.*?^\1$", "", text, flags=re.M)
    assert "evil" in text
    for live in ("://", "@team", "#1 ", "javascript:", "<script", "<img"):
        assert live not in outside, live


def test_a_summary_lists_failures_and_how_to_reproduce_them() -> None:
    text = step_summary(mixed())
    assert text.startswith("## shenhe: At least one rule failed.\n")
    assert "❌ fail 3" in text
    assert "curl -X POST" in text
    assert "the control was refused" in text
    assert "4 rules are not decided by this run" in text


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (passing(), "Every rule was decided and passed."),
        (report([rule(CONSENT, "inconclusive")], []), "Not fully verified"),
        (report([rule(CONSENT, "not applicable")], []), "No rule was decided."),
        (report([], []), "No rule was decided."),
    ],
)
def test_a_summary_begins_with_the_outcome(made: Report, said: str) -> None:
    assert said in step_summary(made).splitlines()[0]


def test_a_summary_fits_the_limit_of_github() -> None:
    names = [f"c{position}" for position in range(200)]
    large = "界" * 20_000
    made = report(
        [rule(f"eu-dsa/{name}", "fail", name) for name in names],
        [check(name, "fail", f"eu-dsa/{name}", finding=finding(large)) for name in names],
    )
    text = step_summary(made)
    assert len(text.encode()) <= SUMMARY_BYTES
    assert "more findings are in report.json" in text
