"""Telling the container of a file from its bytes: a name or a declared media type is only a second opinion.

The row found decides which reader sees a file and which demuxer a film is forced to, so that a playlist or session
description served as a film is never handed to a library that would open what it names.
"""

from __future__ import annotations

import re

from ..bytes.pages import Source
from .table import CONTAINERS, UNKNOWN, Container

# By the first byte, because one look-up is cheaper than thirty comparisons; then those without one at the beginning.
_BY_FIRST_BYTE: dict[bytes, list[tuple[bytes, Container]]] = {}
_LATER: list[tuple[int, bytes, Container]] = []
for _row in CONTAINERS:
    for _offset, _bytes in _row.magic:
        if _offset == 0:
            _BY_FIRST_BYTE.setdefault(_bytes[:1], []).append((_bytes, _row))
        else:
            _LATER.append((_offset, _bytes, _row))
_WITHOUT_MAGIC = [row for row in CONTAINERS if not row.magic and not row.text and row.accepts is not None]
_TEXTS = {row.media_type: row for row in CONTAINERS if row.text}
_BEGINNINGS = [row for row in CONTAINERS if row.begins is not None]
_JSON, _SVG, _HTML, _MARKDOWN, _TEXT = (
    _TEXTS[name] for name in ("application/json", "image/svg+xml", "text/html", "text/markdown", "text/plain")
)
#: Text whose lines mean something to a program, such as source code, or that may be that.
STRUCTURED = "text/x-structured"
_STRUCTURED = _TEXTS[STRUCTURED]


def sniff(data: Source, media_type: str | None = None) -> Container:
    """The container of ``data``; ``media_type`` only distinguishes text formats, which have no magic number."""
    head = data[:4096]
    for magic, row in _BY_FIRST_BYTE.get(head[:1], ()):
        if head.startswith(magic) and (row.accepts is None or row.accepts(data)):
            return row
    for offset, magic, row in _LATER:
        if head[offset : offset + len(magic)] == magic and (row.accepts is None or row.accepts(data)):
            return row
    for row in _WITHOUT_MAGIC:
        if row.accepts is not None and row.accepts(data):
            return row
    return _text(head, media_type)


def _decoded(head: bytes) -> str | None:
    """The beginning of a text in whatever encoding it has; None for what is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if b"\0" in head:
        return None
    sample = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if sample.count("\ufffd") <= 1 + len(sample) // 20:
        return sample
    sample = head.decode("gb18030", "replace")
    if sample.count("\ufffd") > 1 + len(sample) // 20 or any(c < " " and c not in "\t\r\n\f\x1b" for c in sample):
        return None
    return sample


def _text(head: bytes, media_type: str | None) -> Container:
    declared = (media_type or "").partition(";")[0].strip().lower()
    sample = _decoded(head)
    if sample is None:
        return UNKNOWN
    stripped = sample.lstrip("\ufeff \t\r\n")
    first = stripped[:1]
    if first == "<" and (page := _page(stripped)) is not None:
        return page
    # Most texts begin with letters, and few of the kinds that are recognised by their beginning do.
    for row in _BEGINNINGS if first.isascii() else ():
        if row.begins is None or not row.begins.match(stripped):
            continue
        if row.media_type != "application/xml" or declared not in _TEXTS:
            return row
    if declared == STRUCTURED:
        return _JSON if _BEGINS_JSON.match(stripped) else _STRUCTURED
    start = stripped[:16].lower()
    if start.startswith(("{", "[")) and declared in ("", "application/json", "application/octet-stream", "text/plain"):
        return _JSON if declared != "text/plain" else _TEXT
    if start.startswith(("---\n", "---\r\n")):
        return _MARKDOWN
    if start.startswith("#!"):
        return _STRUCTURED
    if declared.endswith("+json"):
        return _JSON
    if declared.endswith("+xml"):
        return _TEXTS["application/xml"]
    return _TEXTS.get(declared) or (_STRUCTURED if declared.startswith("text/") else _TEXT)


#: A JSON text, as opposed to the sections and tables of configuration files.
_BEGINS_JSON = re.compile(r"""\{\s*["}]|\[\s*(?:[{"\d\]-]|\[\s*[\d"\[])""")
#: What may stand in front of the root of an XML document or a page, and the name of the root.
_ROOT = re.compile(
    r"(?>\s+|<!--.{0,2000}?-->|<!doctype\b[^>\[]*(?:\[[^\]]*\]\s*)?>|<\?[^>]*>)*+<(?:[\w.-]+:)?([\w.-]+)",
    re.IGNORECASE | re.DOTALL,
)


def _page(text: str) -> Container | None:
    """HTML or SVG; None for other XML, and for what is neither."""
    start = text.lower()
    root = _ROOT.match(text)
    name = root[1].lower() if root else ""
    if start.startswith("<!doctype html") or name == "html":
        return _HTML
    if name == "svg":
        return _SVG
    if start.startswith("<?xml") and name:
        return None
    if not name and "<svg" in start and "<html" not in start:
        return _SVG
    return _HTML if any(tag in start for tag in ("<html", "<!doctype html", "<head", "<body")) else None
