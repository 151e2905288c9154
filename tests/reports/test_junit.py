from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from shenhe.reports.formats.junit import junit, write_junit

from ..factories import CODE, CONSENT, LABELLED, REAL_NAME, REPORTS, TAKEDOWN, hostile, mixed, passing

#: The shape that the JUnit schemas of Jenkins and the Ant task share: attributes that must be there, and children in
#: order.
SHAPE: dict[str, tuple[set[str], list[str]]] = {
    "testsuites": ({"tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
        ["properties", "testcase"],
    ),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "classname", "time"}, ["skipped", "error", "failure"]),
    "skipped": (set(), []),
    "error": ({"type"}, []),
    "failure": ({"type"}, []),
}


def assert_shaped(element: Element) -> None:
    wanted, children = SHAPE[element.tag]
    assert wanted <= set(element.attrib), element.tag
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places), element.tag
    if element.tag in ("testsuite", "testsuites"):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[attribute]) == len(list(element.iter(tag)))
    for child in element:
        assert_shaped(child)


def outcomes(data: bytes) -> dict[str, str]:
    root = fromstring(data)
    return {case.attrib["name"].split()[0]: next((child.tag for child in case), "") for case in root.iter("testcase")}


def test_every_verdict_has_its_element() -> None:
    data = junit(mixed())
    assert_shaped(fromstring(data))
    expected = {
        LABELLED[0]: "failure",
        LABELLED[1]: "failure",
        CODE: "failure",
        CONSENT: "error",
        TAKEDOWN: "skipped",
        REAL_NAME: "",
        REPORTS: "skipped",
        "eu-dsa/17": "error",
    }
    assert outcomes(data) == expected


def test_a_failure_carries_rule_observation_and_sequence() -> None:
    failure = next(fromstring(junit(mixed())).iter("failure"))
    assert failure.attrib["message"] == "fail: a text without a label: hello"
    assert failure.text is not None
    for words in (f"Text of {LABELLED[0]}.", "a text that carries a label", "curl -X POST"):
        assert words in failure.text


def test_a_lawful_run_has_neither_failure_nor_error() -> None:
    root = fromstring(junit(passing()))
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("1", "0", "0")


def test_characters_that_xml_forbids_do_not_come_through() -> None:
    data = junit(hostile())
    assert_shaped(fromstring(data))
    (failure,) = fromstring(data).iter("failure")
    assert failure.text is not None
    assert "</script><script>alert(1)</script>" in failure.text, "markup is text"
    assert "\\x1b[2J" in failure.text, "escapes are written out"


def test_a_huge_text_is_bounded() -> None:
    assert len(junit(hostile("&" * 1_000_000))) < 200_000


def test_it_is_written_whole_and_the_same_every_time(tmp_path: Path) -> None:
    write_junit(mixed(), tmp_path / "junit.xml")
    assert (tmp_path / "junit.xml").read_bytes() == junit(mixed())
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]
