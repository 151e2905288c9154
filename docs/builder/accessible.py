"""What the theme leaves out for readers who use a keyboard or a screen reader, added to the pages that were built.

Each change answers a rule of axe-core: ``aria-required-attr``, ``landmark-unique``, ``scrollable-region-focusable``,
``empty-table-header`` and ``page-has-heading-one``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_CHANGES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # A heading needs its level.
    (re.compile(r'(<p class="caption") role="heading"(?! aria-level)'), r'\1 role="heading" aria-level="2"'),
    # Two regions of a kind need names.
    (re.compile(r'<aside class="sidebar-drawer">'), '<aside class="sidebar-drawer" aria-label="Site">'),
    (re.compile(r'<aside class="toc-drawer">'), '<aside class="toc-drawer" aria-label="On this page">'),
    # What scrolls must be reached by keyboard.
    (re.compile(r"<pre>"), '<pre tabindex="0">'),
    (re.compile(r'(<div class="table-wrapper[^">]*")>'), r'\1 tabindex="0">'),
    # A corner of a table is no header.
    (re.compile(r"<th\b[^>]*>\s*(?:<p>\s*</p>)?\s*</th>"), "<td></td>"),
    # A page needs a heading: the one of the search has none, and its script writes the results into this place.
    (re.compile(r'(?<!</h1>)<div id="search-results">'), '<h1>Search</h1><div id="search-results">'),
)


def make_accessible(page: str) -> str:
    """The HTML of a page with these changes; a page that has them stays as it is.

    >>> make_accessible('<th class="head"><p></p></th><pre>a</pre>')
    '<td></td><pre tabindex="0">a</pre>'
    """
    for found, changed in _CHANGES:
        page = found.sub(changed, page)
    return page


def make_all_accessible(folder: Path) -> None:
    """Change every HTML page below a folder. Pages that a second build leaves alone have the changes already."""
    for path in sorted(folder.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if (changed := make_accessible(page)) != page:
            path.write_text(changed, encoding="utf-8")
