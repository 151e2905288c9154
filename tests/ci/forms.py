"""What the tests of several output formats share."""

from __future__ import annotations

from markdown_it import MarkdownIt

from shenhe.rulebook import load_rulebook

BOOK = load_rulebook().rules


SHA = "ee" * 32


#: GitHub's Markdown, as near as a parser here comes: CommonMark with tables and links made of bare addresses.
GITHUB_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
