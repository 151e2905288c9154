"""Text that hides, reorders or commands: every character of Unicode, in every output that shows foreign text."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenhe.core.text import HIDDEN, UNSEEN, fenced, markdown, one_line, visible
from shenhe.labels import read_text_labels
from shenhe.labels.model import Deviation

ROOT = Path(__file__).parents[3]
EVERY_CHARACTER = [chr(code) for code in range(0x110000)]
#: Categories of characters that are not drawn, or that a program obeys.
UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def code_points(ranges: str) -> set[str]:
    """The characters of a list of code point ranges as the Unicode Character Database writes it."""
    found: set[str] = set()
    for span in ranges.split():
        first, _, last = span.partition("..")
        found |= {chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)}
    return found


#: Default_Ignorable_Code_Point of DerivedCoreProperties.txt, which Python's unicodedata does not carry.
DEFAULT_IGNORABLE = code_points(
    "00AD 034F 061C 115F..1160 17B4..17B5 180B..180F 200B..200F 202A..202E 2060..206F 3164 FE00..FE0F FEFF FFA0 "
    "FFF0..FFF8 1BCA0..1BCA3 1D173..1D17A E0000..E0FFF"
)
NONCHARACTERS = code_points("FDD0..FDEF") | {chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)}


def test_every_invisible_character_is_written_out() -> None:
    unseen = {c for c in EVERY_CHARACTER if unicodedata.category(c) in UNSEEN_CATEGORIES} - {"\t", "\n"}
    left = {c for c in unseen | DEFAULT_IGNORABLE | NONCHARACTERS if not re.fullmatch(r"\\[xuU][0-9a-f]+", visible(c))}
    assert {f"{ord(c):04x}" for c in left} == set()


def test_every_other_character_of_unicode_stays() -> None:
    seen = [
        c
        for c in EVERY_CHARACTER
        if unicodedata.category(c) not in UNSEEN_CATEGORIES | {"Cn"} and c not in DEFAULT_IGNORABLE | {"\u2800"}
    ]
    text = "".join(seen)
    assert visible(text) == text


def test_written_out_characters_name_their_code_point() -> None:
    for character in EVERY_CHARACTER:
        shown = visible(character)
        if shown != character:
            assert chr(int(shown[2:], 16)) == character


@given(st.text(), st.text())
def test_text_is_made_visible_character_by_character(first: str, second: str) -> None:
    shown = visible(first + second)
    assert shown == visible(first) + visible(second) == visible(shown)
    assert UNSEEN.search(shown) is None
    shown.encode()


@given(st.text())
def test_no_output_contains_an_invisible_character(text: str) -> None:
    for shown in (one_line(text), markdown(text), fenced(text)):
        assert UNSEEN.search(shown) is None
    assert "\n" not in one_line(text) + markdown(text)


def test_text_safety_is_defined_once() -> None:
    """A second definition drifts from the first, and text that one of them lets through can hide."""
    rooms = ("core", "conformance", "reports", "labels", "cli", "sample", "simulator", "rulebook")
    texts = {path: path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py")}
    defining = [
        str(path.relative_to(ROOT)) for path, text in texts.items() if re.search(r"def (visible|one_line)\(", text)
    ]
    assert defining == ["core/text.py"]
    own = [str(p.relative_to(ROOT)) for p, text in texts.items() if re.search(r"\\u200b-|\\x1b-|\\u2028-\\u202", text)]
    assert own == ["core/text.py"]


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u00ad", "\u2062", "\U000e0041", "\U000e0101", "\u180e", "\u206a", "\u3164", "\u061c"]
)
def test_characters_hidden_inside_a_label_are_reported(hidden: str) -> None:
    assert HIDDEN.match(hidden)
    (label,) = read_text_labels(f"由AI生{hidden}成")
    assert Deviation.HIDDEN_CHARACTERS in label.deviations


def test_an_emoji_style_is_not_a_hidden_character() -> None:
    (label,) = read_text_labels("❤\ufe0f\nAI生成")
    assert Deviation.HIDDEN_CHARACTERS not in label.deviations
