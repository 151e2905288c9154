"""Text that makes a regular expression take forever: every pattern of the project on texts made against it."""

from __future__ import annotations

import re

import pytest

from .patterns import Used, patterns, slow_text


@pytest.mark.costly
def test_no_pattern_takes_more_than_linear_time() -> None:
    places: dict[Used, str] = {}
    for place, used in patterns().items():
        places.setdefault(used, place)
    found = {place: slow for used, place in places.items() if (slow := slow_text(used)) is not None}
    assert found == {}


def test_slow_patterns_are_found() -> None:
    for text in (r"(a+)+b", r"\s*\n", r"\{\{(.*?)\}\}", r"(a|aa)+$", r"\$\{\w+(?::-[^}]*)?\}"):
        assert slow_text(Used(re.compile(text), "search")), text
    for text in (r"a+", r"\d{1,6}x", r"\{[^{}]*\}"):
        assert slow_text(Used(re.compile(text), "search")) is None, text
