"""What a reader of a page sees of a notice."""

from __future__ import annotations

import pytest

from shenhe.conformance.checks.responses.visible import is_hidden

NOTICE = "本内容由人工智能生成"


@pytest.mark.parametrize(
    "page",
    [
        f'<p style="display: none">{NOTICE}</p>',
        '<div style="visibility:hidden"><p>本内容由<b>人工智能</b>生成</p></div>',
        f"<section hidden><br>{NOTICE}</section><p>A lake.</p>",
        f"<script>'{NOTICE}'</script>",
    ],
)
def test_words_in_hidden_elements_alone_are_hidden(page: str) -> None:
    assert is_hidden(page, NOTICE)


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{NOTICE}</p>",
        f'<p style="display:none">{NOTICE}</p><footer>{NOTICE}</footer>',
        f'<img style="display:none"><p>{NOTICE}</p>',
        f'<div hidden>draft</div><p aria-hidden="true">{NOTICE}</p>',
        "<p>A lake.</p>",
        "<i>" * 2000 + NOTICE,
    ],
)
def test_words_that_are_seen_or_are_not_there_are_not_hidden(page: str) -> None:
    assert not is_hidden(page, NOTICE)
    assert not is_hidden(page, " ")
