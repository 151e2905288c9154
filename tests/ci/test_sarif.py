"""SARIF for code scanning: whole commands, open failures, rules from the rulebook, stable fingerprints."""

from __future__ import annotations

import jsonschema
import pytest

from shenhe.conformance.report import Report
from shenhe.reports.formats.sarif import sarif
from shenhe.rulebook import Rule, Source

from ..factories import (
    CONSENT,
    LABELLED,
    REAL_NAME,
    check,
    finding,
    hostile_provider,
    mixed,
    passing,
    report,
    rule,
)
from .forms import BOOK

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
