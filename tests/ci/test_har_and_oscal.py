"""HAR and OSCAL: the published forms, the requests of a finding in order, references that resolve."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

from shenhe.conformance.report import Report
from shenhe.reports.formats.har import UnknownFindingError, har
from shenhe.reports.formats.oscal import assessment_results, control_id

from ..factories import (
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
from .forms import SHA

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
