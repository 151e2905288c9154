"""HTML and XML of responses: parsed within bounds, and searched by CSS selectors.

Nothing is fetched and no entity is expanded. A page of more than :data:`MOST_CHARACTERS` or :data:`MOST_ELEMENTS` is
refused, so that no selector runs for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from .response import NoPageError, Response, ResponseError

MOST_CHARACTERS = 4_000_000
MOST_ELEMENTS = 30_000

_HIDDEN = frozenset({"script", "style", "template", "noscript", "head"})
#: Elements that stand in a line of text; every other one separates words.
# fmt: off
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "u", "var", "wbr",
})
# fmt: on
#: Fields that a browser sends only when they are clicked or chosen.
_NOT_SENT = frozenset({"submit", "button", "image", "reset", "file"})


def document_of(response: Response) -> Any:
    """The root element of the page in a response. Raises :class:`ResponseError` for a body that is no page."""
    kept = response.__dict__.get("markup")
    if kept is None:
        kept = response.__dict__["markup"] = _parse(response)
    return kept


def _parse(response: Response) -> Any:
    text = response.text
    if len(text) > MOST_CHARACTERS:
        raise ResponseError(f"found a page of {len(text):,} characters, expected at most {MOST_CHARACTERS:,}")
    if not text.strip() or "\0" in text[:1000]:
        raise NoPageError(f"found a body of {len(response.body):,} bytes that is no page, expected HTML or XML")
    is_xml = response.media_type.endswith("xml") and not response.media_type.endswith("xhtml+xml")
    limits = {"huge_tree": False, "remove_comments": True, "remove_pis": True}
    parser: Any = (
        etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, **limits)
        if is_xml
        else etree.HTMLParser(no_network=True, recover=True, encoding="utf-8", **limits)
    )
    data = text.encode("utf-8", "replace")
    try:
        if is_xml:
            # The declaration may name the charset of the bytes as they came.
            data = data[data.find(b"?>") + 2 :] if data.lstrip().startswith(b"<?xml") else data
        parser.feed(data)
        root = parser.close()
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise NoPageError(f"found a body of {len(response.body):,} bytes that is no page, expected HTML or XML")
    for count, element in enumerate(root.iter(), start=1):
        if count > MOST_ELEMENTS:
            raise ResponseError(f"found a page of more than {MOST_ELEMENTS:,} elements, expected less")
        if is_xml and isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def text_of_element(element: Any) -> str:
    """The text that a reader sees in an element, white space joined; of a script, its source."""
    if element.tag in _HIDDEN:
        return "".join(element.itertext()).strip()
    return " ".join("".join(_visible_text(element)).split())


def _visible_text(element: Any) -> Iterator[str]:
    """The pieces of text inside an element in reading order, without recursion: pages may nest deeply."""
    if element.text:
        yield element.text
    skipped = 0
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if each is element:
            continue
        concealed = not isinstance(each.tag, str) or each.tag in _HIDDEN
        if each.tag not in _INLINE and not skipped:
            yield " "
        if event == "start":
            skipped += concealed
            if not skipped and each.text:
                yield each.text
        else:
            skipped -= concealed
            if not skipped and each.tail:
                yield each.tail


def fields_of_form(form: Any) -> dict[str, str]:
    """The names and values that a browser would send for an untouched form."""
    fields: dict[str, str] = {}
    for control in form.iter("input", "select", "textarea"):
        name = control.get("name")
        kind = (control.get("type") or "text").lower()
        if not name or control.get("disabled") is not None or (control.tag == "input" and kind in _NOT_SENT):
            continue
        if control.tag == "textarea":
            fields[name] = "".join(control.itertext())
        elif control.tag == "select":
            options = list(control.iter("option"))
            chosen = next(
                (each for each in options if each.get("selected") is not None), options[0] if options else None
            )
            if chosen is not None:
                fields[name] = chosen.get("value") or "".join(chosen.itertext()).strip()
        elif kind in {"checkbox", "radio"}:
            if control.get("checked") is not None:
                fields[name] = control.get("value") or "on"
        else:
            fields[name] = control.get("value") or ""
    return fields
