"""The words that people read in a package: pages of OOXML and ODF documents and the chapters of a book."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from xml.parsers import expat

from shenhe.core.archives import opened

from ...findings import Findings
from .text import read_words, stripped_lines

#: Parts that hold words, by kind of package, in the order in which they are read.
_PARTS = {
    "ooxml": re.compile(
        r"word/(?:document|header\d*|footer\d*|footnotes)\.xml|ppt/slides/slide\d+\.xml|xl/(?:sharedStrings|worksheets/sheet\d+)\.xml"
    ),
    "odf": re.compile(r"content\.xml|styles\.xml"),
    "epub": re.compile(r".*\.x?html?", re.IGNORECASE),
}
#: Elements that end a line of text, by local name: paragraphs, breaks and cells of both families.
_LINES = {"p", "br", "cr", "h", "tab", "si", "line-break", "tc", "table-cell"}
#: Of OOXML, only these hold words; everything in an ODF page does.
_TEXTS = {"t"}
_UNSEEN = {"del", "delText", "instrText", "annotation", "tracked-changes", "script", "style", "head"}
_DEPTH = 256
_MOST_PARTS = 64


class _TooDeepError(Exception):
    """Elements are nested deeper than any document needs."""


def read(package: zipfile.ZipFile, kind: str, found: Findings) -> None:
    """Adds the labels in the words of a package, part by part and within the limit for inflated bytes."""
    wanted = _PARTS.get(kind)
    if wanted is None:
        return
    left = found.limits.inflated_bytes
    names = sorted((n for n in package.namelist() if wanted.fullmatch(n)), key=_natural)
    for number, name in enumerate(names):
        if number >= _MOST_PARTS or left <= 0:
            found.note(f"{kind}: the words of {len(names) - number} more parts were not looked at")
            return
        info = package.getinfo(name)
        if info.flag_bits & 1:
            continue
        try:
            with opened(package, info) as stream:
                content = stream.read(left + 1)
        except NotImplementedError as error:
            found.note(f"{kind}:{name}: its words were not looked at; {error}")
            continue
        if len(content) > left:
            found.note(f"{kind}:{name}: its words were not looked at; it inflates to more than {left:,} bytes")
            return
        left -= len(content)
        found.spent.unpack(len(content))
        text = "".join(_pieces(content, kind)).strip()
        if text:
            read_words(stripped_lines(text), f"{kind}:{name}", found)


def _natural(name: str) -> tuple[str | int, ...]:
    """``slide10`` behind ``slide9``."""
    parts = re.split(r"(\d+)", name)
    return tuple(f"{part:0>9}" if part.isdigit() else part for part in parts)


def _pieces(content: bytes, kind: str) -> Iterator[str]:
    """The text of one part, with a line feed behind each paragraph; what comes before a fault, where it is broken."""
    pieces: list[str] = []
    start, end, text = _handlers(pieces, kind)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = _refuse_doctype if kind != "epub" else None
    parser.EntityDeclHandler = _refuse_entity
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, _TooDeepError):
        pieces.append("\n")
    finally:
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    yield from pieces


_Start = Callable[[str, dict[str, str]], None]
_Text = Callable[[str], None]


def _handlers(pieces: list[str], kind: str) -> tuple[_Start, _Text, _Text]:
    open_elements: list[str] = []
    unseen = 0

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal unseen
        local = name.rpartition(" ")[2]
        open_elements.append(local)
        if len(open_elements) > _DEPTH:
            raise _TooDeepError
        unseen += local in _UNSEEN
        if local in _LINES and kind != "ooxml":
            pieces.append("\n")

    def end(_name: str) -> None:
        nonlocal unseen
        local = open_elements.pop()
        unseen -= local in _UNSEEN
        if local in _LINES or (kind == "epub" and local in ("div", "li", "h1", "h2", "h3", "td", "title")):
            pieces.append("\n")

    def text(characters: str) -> None:
        if not unseen and (kind != "ooxml" or (open_elements and open_elements[-1] in _TEXTS)):
            pieces.append(characters)

    return start, end, text


def _refuse_doctype(_name: str, _system: str | None, _public: str | None, _has_subset: bool) -> None:
    raise _TooDeepError


def _refuse_entity(*_arguments: object) -> None:
    raise _TooDeepError
