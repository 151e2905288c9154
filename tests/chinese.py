"""What a Chinese page still says in English."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

ENGLISH = re.compile(r"[A-Za-z][a-z’']+ (?:[a-z]+ )*?[a-z’']{2,}")
"""Two words of prose. Names, hashes and identifiers are none."""
_QUOTED = frozenset({"script", "style", "code", "pre"})
_VOID = frozenset({"meta", "link", "br", "img", "input", "use", "path", "circle", "hr"})
_SEEN = frozenset({"name", "text", "x", "y", "ticktext", "categoryarray"})


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = [False]
        self.texts: list[str] = []
        self.drawn = ""
        self.in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.in_data = tag == "script" and found.get("type") == "application/json"
        self.texts += [text for key in ("aria-label", "data-label", "alt", "title") if (text := found.get(key))]
        if tag not in _VOID:
            self.open.append(self.open[-1] or tag in _QUOTED or found.get("lang") == "en")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and len(self.open) > 1:
            self.open.pop()
        self.in_data = False

    def handle_data(self, data: str) -> None:
        if self.in_data:
            self.texts += _drawn(json.loads(data), "")
        elif not self.open[-1]:
            self.texts.append(" ".join(data.split()))


def _drawn(value: Any, key: str) -> list[str]:
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in _drawn(item, name)]
    if isinstance(value, list):
        return [text for item in value for text in _drawn(item, key)]
    return [value] if isinstance(value, str) and key in _SEEN else []


def english_left(page: str, *quoted: str) -> list[str]:
    """The texts of a page with English prose, code and passages marked as English apart; ``quoted`` are allowed too."""
    assert '<html lang="zh-Hans">' in page
    read = _Page()
    read.feed(page)
    for words in sorted(quoted, key=len, reverse=True):
        read.texts = [text.replace(" ".join(words.split()), "") for text in read.texts]
    plain = (re.sub(r"`[^`]*`|<[^>]*>", "", text) for text in read.texts)
    return sorted({text for text in plain if ENGLISH.search(text)})
