"""Text that makes a regular expression take forever: every pattern of the project on texts made against it."""

from __future__ import annotations

import re

from .patterns import Used, patterns, slow_text

#: Patterns that take more than linear time and cannot be made to: what they are used on is short, and why.
BOUNDED = {
    "conformance/bindings/doctor/diagnosis.py": "messages of ours, which repeat at most 600 characters of a response",
    "labels/": "members of files and texts, cut to their limits before they are read",
    "reports/formats/issue.py": "places in a binding, one line each",
    "sample/": "texts of the sample itself",
}


def test_no_pattern_takes_more_than_linear_time() -> None:
    places: dict[Used, str] = {}
    for place, used in patterns().items():
        if not place.startswith(tuple(BOUNDED)):
            places.setdefault(used, place)
    found = {place: slow for used, place in places.items() if (slow := slow_text(used)) is not None}
    assert found == {}


def test_slow_patterns_are_found() -> None:
    for text in (r"(a+)+b", r"\s*\n", r"\{\{(.*?)\}\}", r"(a|aa)+$", r"\$\{\w+(?::-[^}]*)?\}"):
        assert slow_text(Used(re.compile(text), "search")), text
    for text in (r"a+", r"\d{1,6}x", r"\{[^{}]*\}"):
        assert slow_text(Used(re.compile(text), "search")) is None, text
