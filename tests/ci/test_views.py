"""What CI systems and auditors take from a report: well-formed, at the right line, the same every time, and inert."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shenhe.conformance.report import Report
from shenhe.core.text import fenced, markdown, one_line, visible
from shenhe.reports.formats.github import PER_KIND, SUMMARY_BYTES, step_summary, workflow_commands
from shenhe.reports.formats.gitlab import code_quality
from shenhe.reports.formats.har import UnknownFindingError, har
from shenhe.reports.formats.issue import issues
from shenhe.reports.formats.oscal import assessment_results, control_id
from shenhe.reports.formats.sarif import sarif
from shenhe.rulebook import Rule, Source, load_rulebook

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

BOOK = load_rulebook().rules
SHA = "ee" * 32

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


# --- all of them -------------------------------------------------------------------------------------------------


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


# --- places ------------------------------------------------------------------------------------------------------


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


# --- SARIF -------------------------------------------------------------------------------------------------------

#: The part of SARIF 2.1.0 that code scanning relies on, written down from the specification.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "fullDescription", "help"],
                                            "properties": {"helpUri": {"type": "string", "pattern": "^https?://"}},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["message", "ruleId"],
                            "properties": {
                                "message": {"required": ["text"], "properties": {"text": {"minLength": 1}}},
                                "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "region": {
                                                        "properties": {"startLine": {"type": "integer", "minimum": 1}}
                                                    },
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {
                                                                "type": "string",
                                                                "pattern": r"^[!#-;=?-Z_a-z~%\[\]]+$",
                                                            }
                                                        }
                                                    },
                                                },
                                            }
                                        },
                                    }
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize(
    "made", [mixed(), passing(), hostile_provider(), report([], [])], ids=["mixed", "passing", "hostile", "empty"]
)
def test_sarif_has_the_form_that_code_scanning_needs(made: Report) -> None:
    log = sarif(made, BOOK)
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["level"] == "none") == (result["kind"] != "fail"), "SARIF 3.27.10"


def test_commands_in_sarif_are_whole() -> None:
    steps = [
        "base=x\n",
        *(f"# {number}. publish answered 200\ncurl -d {'a' * 12_000} {number}end\n" for number in range(1, 31)),
    ]
    script = scripts_of("\n".join(steps))
    commands = [line for line in script.splitlines() if line.startswith("curl")]
    assert 3 < len(commands) < 30
    assert all(command.endswith("end") for command in commands)
    assert f"# {30 - len(commands)} more commands: shenhe export scripts" in script
    assert scripts_of(steps[1]) == steps[1]


def scripts_of(curl: str) -> str:
    """The script that SARIF shows of a finding with this one."""
    result = check("c", "fail", REAL_NAME, finding=finding(curl=curl))
    made = report([rule(REAL_NAME, "fail", "c")], [result])
    shown: str = sarif(made, BOOK)["runs"][0]["results"][0]["properties"]["curl"]
    return shown


def test_sarif_lists_open_failures_and_marks_broken_checks() -> None:
    run = sarif(mixed(), BOOK)["runs"][0]
    told = [(result["ruleId"], result["kind"], result["level"]) for result in run["results"]]
    assert told == [
        (LABELLED[0], "fail", "error"),
        (LABELLED[1], "fail", "error"),
        ("cn-labeling-2025/provider-code", "fail", "warning"),
        (CONSENT, "open", "none"),
        ("us-take-it-down/3.b", "review", "none"),
    ]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [note["associatedRule"]["id"] for note in invocation["toolExecutionNotifications"]] == ["eu-dsa/17"]
    assert sarif(passing(), BOOK)["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_sarif_carries_the_request_and_the_way_to_it() -> None:
    result = sarif(mixed(), BOOK)["runs"][0]["results"][0]
    assert result["webRequest"]["method"] == "POST"
    assert result["webResponse"]["statusCode"] == 200
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [each["location"]["physicalLocation"]["region"]["startLine"] for each in flow]
    assert lines == [12, 41, 41]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "conformance/my%20provider.yaml"


def test_sarif_explains_a_rule_from_the_rulebook() -> None:
    (descriptor,) = [
        each for each in sarif(mixed(), BOOK)["runs"][0]["tool"]["driver"]["rules"] if each["id"] == LABELLED[0]
    ]
    assert BOOK[LABELLED[0]].sources[0].cite in descriptor["help"]["text"]
    assert "official text prevails" in descriptor["help"]["text"]
    assert "helpUri" not in sarif(mixed(), {})["runs"][0]["tool"]["driver"]["rules"][0]


def test_sarif_links_to_a_source_that_has_an_address() -> None:
    known = BOOK[REAL_NAME]
    linked: dict[str, Rule] = {
        REAL_NAME: known.model_copy(
            update={"sources": (Source(cite="Art. 9", url="https://law.example/9", seen_in="there"),)}
        )
    }
    assert sarif(passing(), linked)["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == "https://law.example/9"


def test_fingerprints_stay_and_are_each_their_own() -> None:
    def prints(made: Report) -> list[str]:
        return [
            each["partialFingerprints"]["shenheRuleAndCheck/v1"] for each in sarif(made, BOOK)["runs"][0]["results"]
        ]

    assert prints(mixed()) == prints(mixed("another answer"))
    assert len(set(prints(mixed()))) == len(prints(mixed()))


# --- GitHub ------------------------------------------------------------------------------------------------------

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


#: GitHub's Markdown, as near as a parser here comes: CommonMark with tables and links made of bare addresses.
GITHUB_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
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


# --- GitLab ------------------------------------------------------------------------------------------------------

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


# --- HAR ---------------------------------------------------------------------------------------------------------

NAMED = {"required": ["name", "value"], "properties": {"name": {"type": "string"}, "value": {"type": "string"}}}
HAR = {
    "required": ["log"],
    "properties": {
        "log": {
            "required": ["version", "creator", "entries"],
            "properties": {
                "version": {"const": "1.2"},
                "pages": {"items": {"required": ["startedDateTime", "id", "title", "pageTimings"]}},
                "entries": {
                    "items": {
                        "required": ["startedDateTime", "time", "request", "response", "cache", "timings"],
                        "properties": {
                            "startedDateTime": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                            "timings": {"required": ["send", "wait", "receive"]},
                            "request": {
                                "required": [
                                    "method",
                                    "url",
                                    "httpVersion",
                                    "cookies",
                                    "headers",
                                    "queryString",
                                    "headersSize",
                                    "bodySize",
                                ],
                                "properties": {
                                    "url": {"pattern": r"^[!#-;=?-Z_a-z~%\[\]]+$"},
                                    "headers": {"items": NAMED},
                                    "queryString": {"items": NAMED},
                                    "postData": {"required": ["mimeType", "text"]},
                                },
                            },
                            "response": {
                                "required": [
                                    "status",
                                    "statusText",
                                    "httpVersion",
                                    "cookies",
                                    "headers",
                                    "content",
                                    "redirectURL",
                                    "headersSize",
                                    "bodySize",
                                ],
                                "properties": {
                                    "status": {"type": "integer"},
                                    "headers": {"items": NAMED},
                                    "content": {"required": ["size", "mimeType"]},
                                },
                            },
                        },
                    }
                },
            },
        }
    },
}


@pytest.mark.parametrize("made", [mixed(), passing(), hostile_provider()], ids=["mixed", "passing", "hostile"])
def test_har_has_its_form(made: Report) -> None:
    archive = har(made)
    jsonschema.validate(archive, HAR)
    pages = {page["id"] for page in archive["log"]["pages"]}
    assert {entry["pageref"] for entry in archive["log"]["entries"]} == pages


def test_har_holds_the_requests_of_a_finding_in_their_order() -> None:
    entries = har(mixed(), only=LABELLED[0])["log"]["entries"]
    assert [entry["comment"].split(":")[0] for entry in entries] == ["set-up", "control", "probe"]
    request = entries[2]["request"]
    assert request["queryString"] == [{"name": "page", "value": "2"}, {"name": "q", "value": "a b"}]
    assert request["postData"] == {"mimeType": "application/json", "text": '{"prompt": "hi"}'}
    assert {"name": "authorization", "value": "Bearer ${TOKEN}"} in request["headers"]


def test_har_of_a_finding_that_is_not_there() -> None:
    with pytest.raises(UnknownFindingError, match="text_output_is_labelled"):
        har(mixed(), only=REAL_NAME)


def test_a_request_without_an_answer_has_status_0() -> None:
    result = check(
        "c", "fail", REAL_NAME, finding=finding(steps=[step(status=None, error="timed out", response_body="")])
    )
    (entry,) = har(report([rule(REAL_NAME, "fail", "c")], [result]))["log"]["entries"]
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (0, "timed out")


# --- OSCAL -------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"[^\W\d][\w.-]*\Z|_[\w.-]*\Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def named(data: Any, key: str) -> list[Any]:
    """Every value that stands under ``key``, wherever."""
    if isinstance(data, dict):
        return [value for name, inner in data.items() for value in ([inner] if name == key else []) + named(inner, key)]
    return [value for inner in data for value in named(inner, key)] if isinstance(data, list) else []


@pytest.mark.parametrize(
    "made", [mixed(), passing(), hostile_provider(), report([], [])], ids=["mixed", "passing", "hostile", "empty"]
)
def test_oscal_references_resolve(made: Report) -> None:
    document = assessment_results(made, SHA)
    defined = named(document, "uuid")
    assert all(UUID.match(each) for each in defined)
    assert len(set(defined)) == len(defined)
    for key in ("actor-uuid", "subject-uuid", "component-uuid", "observation-uuid"):
        assert set(named(document, key)) <= set(defined), key
    assert document["assessment-results"]["import-ap"]["href"].removeprefix("#") in defined
    tokens = [*named(document, "control-id"), *named(document, "target-id"), *named(document, "name")]
    assert all(TOKEN.match(token) for token in tokens)
    assert [] not in [
        *named(document, "props"),
        *named(document, "observations"),
        *named(document, "findings"),
    ], "minItems is 1"
    assert all(re.match(r"\S(.*\S)?\Z", value) for value in named(document, "value"))
    assert all("\n" not in title for title in named(document, "title"))


def test_only_passed_rules_are_satisfied_in_oscal() -> None:
    findings = assessment_results(mixed(), SHA)["assessment-results"]["results"][0]["findings"]
    states = {found["target"]["target-id"]: tuple(found["target"]["status"].values()) for found in findings}
    assert states == {
        control_id(LABELLED[0]): ("not-satisfied", "fail"),
        control_id(LABELLED[1]): ("not-satisfied", "fail"),
        "cn-labeling-2025_provider-code": ("not-satisfied", "fail"),
        "cn-dsp-2023_14.2": ("not-satisfied", "other"),
        "us-take-it-down_3.b": ("not-satisfied", "other"),
        "cn-dsp-2023_9.2": ("satisfied", "pass"),
        "eu-dsa_17": ("not-satisfied", "other"),
    }


# --- inert text --------------------------------------------------------------------------------------------------


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
