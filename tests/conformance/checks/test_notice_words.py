"""Which notices name AI and generation, and which of the three cases of the Labeling Measures they state."""

import pytest

from shenhe.conformance.checks.labels.exposure import names_ai_and_generation
from shenhe.conformance.checks.labels.propagation import tier


@pytest.mark.parametrize(
    ("notice", "case"),
    [
        ("本内容由人工智能生成", "1"),
        ("AI合成，请注意甄别", "1"),
        ("AI-generated", "1"),
        ("Synthetic media (AI)", "1"),
        ("Created with artificial intelligence", "1"),
        ("可能由AI生成", "2"),
        ("This may be AI-generated content", "2"),
        ("疑似人工智能生成", "3"),
        ("Suspected AI-generated content", "3"),
    ],
)
def test_notice_states_one_of_three_cases(notice: str, case: str) -> None:
    assert names_ai_and_generation(notice)
    assert tier(notice) == case


@pytest.mark.parametrize("notice", ["", "AI", "生成", "Generated on the 3rd of May", "MAIN produced by hand"])
def test_notice_without_both_words_states_nothing(notice: str) -> None:
    assert not names_ai_and_generation(notice)
    assert tier(notice) is None
