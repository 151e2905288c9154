"""The vocabulary of the rulebook in Chinese."""

import re
from enum import StrEnum

import pytest

from shenhe.cli.law_words import heads, word
from shenhe.rulebook import vocabulary
from shenhe.rulebook.calendar import Occasion
from shenhe.rulebook.changes import Kind

from ..command_line import shenhe

SHOWN = (
    vocabulary.Behaviour,
    vocabulary.Keyword,
    vocabulary.Service,
    vocabulary.Modality,
    vocabulary.SeenBy,
    vocabulary.Verification,
    vocabulary.CourtState,
    vocabulary.Market,
    Occasion,
    Kind,
)


@pytest.mark.parametrize("terms", SHOWN, ids=lambda terms: terms.__name__)
def test_every_term_has_a_chinese_equivalent(terms: type[StrEnum]) -> None:
    chinese = [word(term, "zh") for term in terms]
    assert all(re.search(r"[\u3400-\u9fff]", each) for each in chinese), chinese
    assert len(set(chinese)) == len(chinese)
    assert [word(term, "en") for term in terms] == [term.value for term in terms]


def test_heads_of_tables_are_translated_or_kept() -> None:
    assert heads(("rule", "title"), "zh") == ("规则", "标题")
    assert heads(("rule", "title"), "en") == ("rule", "title")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--packs", "cn-labeling-2025"),
        ("show", "cn-anthropomorphic-2026"),
        ("show", "cn-labeling-2025/4.1.3"),
        ("calendar", "--on", "2026-11-29", "--days", "400"),
    ],
    ids=" ".join,
)
def test_chinese_output_uses_no_english_vocabulary(arguments: tuple[str, ...]) -> None:
    shown = shenhe("rules", *arguments, "--lang", "zh").stdout
    terms = {term.value for terms in SHOWN for term in terms if len(term.value) > 3}
    # Citations and notes are in one language only.
    shown = "\n".join(line for line in shown.splitlines() if not re.match(r" +(来源|备注|检测局限)", line))
    left = {term for term in terms if re.search(rf"(?<![\w/-]){re.escape(term)}(?![\w/-])", shown)}
    assert not left


def test_changes_are_listed_in_chinese() -> None:
    shown = shenhe(
        "rules", "diff", "--from", "2025-12-31", "--to", "2026-01-02", "--market", "cn", "--lang", "zh"
    ).stdout
    table = shown.partition("\n\n")[0].splitlines()
    assert table[0].split() == ["变动", "事项", "编号", "标题"]
    assert {line.split()[0] for line in table[1:]} <= {"施行", "废止", "修正"}
