"""What a reader of a page sees of its words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Elements without an end tag.
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
#: Elements whose text no browser shows.
_SILENT = frozenset({"script", "style", "template", "noscript", "head"})
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|;|$)|opacity\s*:\s*0(?:\.0*)?(?:;|$)",
    re.IGNORECASE,
)
#: Elements that may be open in one another; a page that nests deeper is not judged.
_DEPTH = 1000


def is_hidden(page: str, words: str) -> bool:
    """Whether a page of HTML has these words in elements that are hidden by their own style, and nowhere else."""
    wanted = "".join(words.split())
    if not wanted:
        return False
    reader = _Reader()
    try:
        reader.feed(page)
        reader.close()
    except _TooDeepError:
        return False
    seen, unseen = ("".join("".join(parts).split()) for parts in (reader.seen, reader.unseen))
    return wanted not in seen and wanted in unseen


class _TooDeepError(Exception):
    """Elements nest deeper than any page that people read."""


class _Reader(HTMLParser):
    """Collects the words of a page, those that are seen and those that are not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.unseen: list[str] = []
        #: The open elements, and whether each is hidden.
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        if len(self._open) >= _DEPTH:
            raise _TooDeepError
        named = dict(attrs)
        hidden = tag in _SILENT or "hidden" in named or bool(_UNSEEN.search(named.get("style") or ""))
        self._open.append((tag, hidden or (bool(self._open) and self._open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, -1, -1):
            if self._open[number][0] == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        (self.unseen if self._open and self._open[-1][1] else self.seen).append(data)
