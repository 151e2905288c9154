"""SVG (an RDF packet in ``metadata``) and HTML (``<meta name="AIGC">``), with the words that a page shows."""

from __future__ import annotations

import html
import re
from itertools import islice

from ...bytes.encodings import editable
from ...findings import BeyondLimitError, Findings, Span, UnsuitableFileError
from ...meaning.aigc import is_name
from ...meaning.passages import disguise
from ...model import Deviation
from .. import xmp
from . import text as documents

_METADATA = re.compile(rb"<(?:\w{1,20}:)?metadata\b[^<>]{0,400}>")
_METADATA_END = re.compile(rb"</(?:\w{1,20}:)?metadata\s{0,20}>")
_RDF = re.compile(rb"<(\w{1,20}):RDF\b")
_TEXTS = re.compile(r"<(?:\w{1,20}:)?(?:text|tspan|title|desc)\b[^<>]{0,1000}>([^<]{1,4096})")
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|;|$)|opacity\s*:\s*0(?:;|$)", re.IGNORECASE
)
# A tag with its attributes: quoted values may hold anything, unquoted text ends at the next bracket.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>]{0,60}|!)((?>[^<>"']+|"[^"]{0,65536}"|'[^']{0,65536}')*+)>""")
_TOKEN = re.compile(f"<!--|{_TAG.pattern}")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]{1,60})(?:\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]{1,4096})))?""")
_META = re.compile(r"<meta\b", re.IGNORECASE)
# What an English page must hold somewhere for its words to be a label or a near miss; tags may split the words.
_AI_ALONE = re.compile(r"ai(?<![a-z0-9_]ai)(?![a-z0-9_])")
_HIDING_REFERENCE = re.compile("&(?:#|shy;|zw|lrm;|rlm;)")
_AI_WITH_TAGS_BETWEEN = re.compile(r"(?<![a-z0-9_])a(?:<[^<>]{0,200}>){1,8}i(?![a-z0-9_])")
_REFERENCE = re.compile(r"&(?!(?:amp|nbsp|lt|gt|quot|copy);)")
_CLOSINGS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
#: Names of meta elements with a remark or a generator in them.
_REMARKS = {"generator", "description", "keywords", "og:description", "dc.description", "og:title", "comment"}
_DISCLOSURE = "ai-disclosure"
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "section", "article", "footer", "header", "td", "main"}


def _metadata(data: bytes) -> list[tuple[int, int]]:
    """Ranges inside the first four ``metadata`` elements; each end is searched for once, behind its
    beginning.
    """
    ranges = []
    for begin in islice(_METADATA.finditer(data), 4):
        end = _METADATA_END.search(data, begin.end())
        if end is None:
            break
        ranges.append((begin.end(), end.start()))
    return ranges


def _rdf(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The range of the RDF element between two places."""
    begin = _RDF.search(data, start, end)
    if begin is None:
        return None
    closing = b"</" + begin[1] + b":RDF"
    stop = data.find(closing, begin.end(), end)
    stop = data.find(b">", stop, end) + 1 if stop >= 0 else 0
    return (begin.start(), stop) if stop else None


def read_svg(data: bytes, found: Findings) -> None:
    if b"<!ENTITY" in data[:4096]:
        found.refuse("svg", "declares entities, which are never resolved")
        return
    for start, end in _metadata(data):
        span = _rdf(data, start, end)
        if span is not None:
            if found.within(span[1] - span[0], "svg:metadata"):
                xmp.read(_with_namespaces(data[span[0] : span[1]], data), "svg:metadata", span, found)
        elif found.within(end - start, "svg:metadata"):
            _plain_metadata(data[start:end], (start, end), found)
    text = documents.decoded(data[: found.limits.value_bytes])
    for each in islice(_TEXTS.finditer(text), 256):
        documents.read_words(html.unescape(each[1]), "svg:text", found)


def _plain_metadata(inner: bytes, span: tuple[int, int], found: Findings) -> None:
    text = inner.decode("utf-8", "replace").strip()
    named = re.match(r"<(?:\w{1,20}:)?(\w{0,20}AIGC\w{0,20})\b[^<>]{0,400}>", text, re.IGNORECASE)
    value = text[named.end() : text.rfind("</")] if named else text
    value = html.unescape(value.removeprefix("<![CDATA[").removesuffix("]]>"))
    standing = [Deviation.UNUSUAL_PLACE]
    found.field(value, "svg:metadata", span, name=named[1] if named else None, standing=standing)


def _with_namespaces(packet: bytes, data: bytes) -> bytes:
    """Prefixes that the picture's root declares and the packet uses, declared again to make the
    packet complete.
    """
    used = set(re.findall(rb"<(\w{1,20}):|\s(\w{1,20}):\w", packet))
    prefixes = {a or b for a, b in used} - {b"xml", b"xmlns"}
    declared = set(re.findall(rb"xmlns:(\w{1,20})\s*=", packet))
    added = b""
    for prefix in sorted(prefixes - declared)[:32]:
        outer = re.search(rb"xmlns:" + re.escape(prefix) + rb"""\s*=\s*["']([^"'<>]{0,300})["']""", data[:65_536])
        if outer is not None:
            added += b" xmlns:" + prefix + b'="' + outer[1] + b'"'
    head = re.match(rb"<\w{1,20}:RDF\b", packet)
    return packet[: head.end()] + added + packet[head.end() :] if head and added else packet


class _Page:
    """Meta elements and the words a page shows; hidden elements, scripts and styles show none."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.fields: list[tuple[str, str, Span]] = []
        self.comments: list[tuple[str, Span]] = []
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self._unseen: list[str] = []

    def walk(self, text: str, stop: int) -> None:
        """One pass over tags and the text between them, up to the first that ends behind ``stop``. Browsers read
        broken pages otherwise; labels stand in sound ones.
        """
        position = 0
        while position < stop:
            for token in _TOKEN.finditer(text, position):
                start, end = token.span()
                if start > position:
                    self._text(text[position:start])
                position = end
                closes, name, _ = token.groups()
                if name is None:
                    after = text.find("-->", position)
                    self._comment(text, position, after if after >= 0 else len(text))
                    position = after + 3 if after >= 0 else len(text)
                    break
                name = name.lower()
                if closes:
                    self._end(name)
                elif name in _CLOSINGS:
                    self._start(name, token)
                    closing = _CLOSINGS[name].search(text, position)
                    position = closing.start() if closing else len(text)
                    break
                elif name != "!":
                    self._start(name, token)
                if position > stop:
                    return
            else:
                self._text(text[position:])
                return

    def _start(self, tag: str, match: re.Match[str]) -> None:
        values: dict[str, str] = {}
        if match[3] and not match[3].isspace():
            values = {
                m[1].lower(): _unescaped(m[2] or m[3] or m[4] or "") for m in islice(_ATTRIBUTE.finditer(match[3]), 64)
            }
        if tag == "meta":
            name = values.get("name") or values.get("property") or values.get("itemprop") or ""
            if is_name(name):
                self.found.step()
                self.fields.append((name.rpartition(":")[2], values.get("content", ""), match.span()))
            elif name.lower() in _REMARKS:
                self.found.remark(values.get("content", ""), f"html:meta/{name.lower()}", None)
            elif name.lower() == _DISCLOSURE:
                self._disclosure(values.get("content", ""), "the page")
            return
        if _DISCLOSURE in values:
            self._disclosure(values[_DISCLOSURE], f"<{tag[:20]}>")
        if tag in _BLOCKS:
            self.shown.append("\n")
        if tag in _VOID:
            return
        unseen = tag in ("pre", "code", "script", "style", "template", "noscript", "head") or "hidden" in values
        if self._unseen or unseen or ("style" in values and _UNSEEN.search(values["style"])):
            self._unseen.append(tag)
            if len(self._unseen) > 4096:
                raise BeyondLimitError("elements nested deeper than 4,096")

    def _disclosure(self, value: str, of_what: str) -> None:
        """The form that the W3C's community group on AI content disclosure proposes."""
        self.found.note(f"html: {_DISCLOSURE} of {of_what} is {value.strip()[:60]!r}; it is no AIGC field")

    def _end(self, tag: str) -> None:
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.shown.append("\n")

    def _comment(self, text: str, start: int, end: int) -> None:
        if end - start <= self.found.limits.value_bytes and "aigc" in text[start:end].lower():
            self.found.step()
            self.comments.append((text[start:end], (start, end)))

    def _text(self, text: str) -> None:
        text = _unescaped(text)
        if not self._unseen:
            self.shown.append(text)
        elif self._unseen[0] not in ("script", "style", "head"):
            self.hidden.append(text)


def _last_meta(text: str, lowered: str) -> int:
    """Where the last ``meta`` element begins, or -1."""
    if len(lowered) == len(text):
        return lowered.rfind("<meta")
    # Some letters are two in lower case, which moves what is behind them.
    return max((match.start() for match in _META.finditer(text)), default=-1)


def _unescaped(text: str) -> str:
    """``html.unescape``, which for the one reference that JSON in an attribute is full of takes ten times as long."""
    if "&" not in text:
        return text
    plain = text.replace("&quot;", '"')
    return plain if "&" not in plain else html.unescape(text)


def _may_say_something(text: str, lowered: str) -> bool:
    """Whether the words of a page can be a label or a near miss, found by a search over the whole, which is
    far faster than a walk. It searches for single characters only, because tags may separate any two.
    """
    if "artificial" in lowered or "generat" in lowered or "synthes" in lowered or _HIDING_REFERENCE.search(lowered):
        return True
    if "ai" in lowered and _AI_ALONE.search(lowered):
        return True
    if "a<" in lowered and _AI_WITH_TAGS_BETWEEN.search(lowered):
        return True
    return not text.isascii() and _may_say_something_in_chinese(text)


def _may_say_something_in_chinese(text: str) -> bool:
    """Whether the characters of 生成 or 合成, 人工智能, 虚拟 or 数字人 are there, or look-alikes of letters."""
    if "成" in text and ("生" in text or "合" in text):
        return True
    if "智" in text or "虚" in text or ("数" in text and "字" in text):
        return True
    if "&" in text and _REFERENCE.search(text):
        return True
    # Beyond the first 65,536 characters lie alphabets that look like letters.
    return disguise().search(text) is not None or len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)


def read_html(data: bytes, found: Findings) -> None:
    text = documents.decoded(data)
    page = _Page(found)
    lowered = text.lower()
    marked = max(_last_meta(text, lowered), lowered.rfind("aigc"), lowered.rfind(_DISCLOSURE))
    page.walk(text, len(text) if _may_say_something(text, lowered) else marked + 1)
    for name, value, (start, end) in page.fields:
        found.field(value, "html:meta", documents.byte_span(data, text, start, end), name=name)
    for comment, (start, end) in page.comments[:8]:
        documents.read_comment(comment, "html:comment", found, documents.byte_span(data, text, start, end))
    documents.read_words(documents.stripped_lines("".join(page.shown)), "html", found)
    if page.hidden:
        inner = Findings(found.limits)
        documents.read_words("".join(page.hidden), "", inner)
        for label in inner.explicit_labels():
            found.note(f"near miss: the words {label.raw[:40]!r} are in an element that is not shown")


_CHARSET = re.compile(r"<meta\b[^<>]{0,300}\bcharset\b[^<>]{0,300}>", re.IGNORECASE)


def _without_comments(text: str) -> str:
    """``text`` with blanks for its comments."""
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept += [text[at:start], " " * (end + 3 - start)]
        at = end + 3
    return "".join([*kept, text[at:]])


def write_html(data: bytes, value: str, found: Findings) -> bytes:
    """One ``meta`` element at the start of the head, behind the one that names the encoding, which must come early."""
    file = editable(data)
    text = file.text
    bare = _without_comments(text)
    element = f'<meta name="AIGC" content="{html.escape(value)}"/>'
    # The tags of the root and the head may be left out of a page, but a page has at least one of them or its type.
    tags = (r"<head\b[^>]*>", r"<html\b[^>]*>", r"\A\s*<!doctype\s+html\b[^>]*>")
    head = next((match for tag in tags if (match := re.search(tag, bare, re.IGNORECASE))), None)
    if head is None:
        raise UnsuitableFileError("the file is a piece of a page: it has neither a head, an html element nor a doctype")
    at = head.end()
    if head[0].lower().startswith("<html"):
        element = f"<head>{element}</head>"
    else:
        charset = _CHARSET.search(bare, at, at + 1024)
        at = charset.end() if charset is not None else at
    return file.bytes_of(text[:at] + element + text[at:])


def write_svg(data: bytes, value: str, found: Findings) -> bytes:
    """An RDF packet in the picture's ``metadata``, joined to the one that is there."""
    file = editable(data)
    if file.encoding.startswith("utf-16"):
        raise UnsuitableFileError("the picture is UTF-16 text; convert it to UTF-8 first")
    for start, end in _metadata(data):
        span = _rdf(data, start, end)
        if span is not None:
            return data[: span[0]] + xmp.with_property(data[span[0] : span[1]], value) + data[span[1] :]
    root = re.search(r"<(?:\w{1,40}:)?svg\b[^<>]*>", file.text)
    if root is None:
        raise UnsuitableFileError("the file has no svg element")
    if root[0].endswith("/>"):
        raise UnsuitableFileError("the svg element is empty")
    element = f'<metadata xmlns="http://www.w3.org/2000/svg">{xmp.new_element(value)}</metadata>'
    return file.bytes_of(file.text[: root.end()] + element + file.text[root.end() :])
