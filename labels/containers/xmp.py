"""XMP packets: read with a bounded, event-based parser, and changed by inserting one property, never
rewritten.

The property is ``<TC260:AIGC>`` in http://www.tc260.org.cn/ns/AIGC/1.0/ (practice guides to GB 45438-2025).
No entity is ever declared or resolved: a DOCTYPE refuses the packet.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from itertools import islice
from xml.parsers import expat

from ..bytes.pages import Source
from ..findings import Findings, Span, UnsuitableFileError
from ..meaning import aigc
from ..model import FIELD_KEYS, Deviation

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DEPTH = 64
#: Properties in which writers put a remark, a generator's name or, misplaced, the field.
_REMARKS = {
    *("CreatorTool", "Credit", "description", "UserComment", "Software", "ImageDescription", "title", "Headline"),
    "Instructions",
}
#: The properties of IPTC Photo Metadata 2025.1 on generative AI.
_AI_PROPERTIES = {"AISystemUsed", "AISystemVersionUsed", "AIPromptInformation", "AIPromptWriterName"}
#: What IPTC's digital source type was called until 2008.
_OLD_SOURCE = "DigitalSourceFileType"
#: A property of any name that holds the field holds this key.
_PRODUCER = "ContentProducer"
#: A packet with a relevant property contains one of these, or ``aigc`` in any case: a name can be written in no other
#: way, except by an entity.
_TELLING = (
    b"<!DOCTYPE",
    _PRODUCER.encode(),
    *(name.encode() for name in ("DigitalSource", "AISystem", "AIPrompt", *sorted(_REMARKS - {"ImageDescription"}))),
)


def _role_of(name: str) -> tuple[str, str, str]:
    """(namespace, local name, role) of a name as expat joins it. The role is ``field``, ``part`` of it, ``source``,
    ``old source``, ``ai``, ``remark`` or nothing.
    """
    namespace, _, local = name.rpartition(" ")
    if aigc.is_name(local):
        return namespace, local, "field"
    if local in FIELD_KEYS and "tc260" in namespace.casefold():
        return namespace, local, "part"
    if local == "DigitalSourceType":
        return namespace, local, "source"
    if local == _OLD_SOURCE:
        return namespace, local, "old source"
    return namespace, local, "ai" if local in _AI_PROPERTIES else "remark" if local in _REMARKS else ""


# Packets repeat a few dozen names; long ones are a file's own and not worth keeping.
_known_role = lru_cache(2048)(_role_of)


class _RefusedError(Exception):
    """The packet needs something that the reader refuses, named in the message."""


class _Packet:
    """Collects the few relevant properties by local name, whatever their prefix."""

    def __init__(self, *, looks_everywhere: bool) -> None:
        #: Whether the field may be in a property whose name says nothing of it.
        self._looks_everywhere = looks_everywhere
        self._property = ""
        self.fields: list[tuple[str, str, bool, str]] = []  # local name, namespace, written as attribute, value
        self.structures: list[tuple[str, str, list[tuple[str, str]]]] = []
        #: The keys of the field, each a separate property in the field's namespace.
        self.parts: list[tuple[str, str]] = []
        self.source_types: list[str] = []
        self.old_source_types: list[str] = []
        self.ai: dict[str, str] = {}
        self.remarks: list[tuple[str, str]] = []
        self._has_child = False
        # Counted from where the first element was seen, so that it may fall below nothing.
        self._depth = 0
        self._inside: tuple[str, str, int] | None = None
        self._text: list[str] = []
        self._pairs: list[tuple[str, str]] = []

    def holds_field(self) -> bool:
        """Whether the field, or a text that may be it, is among the properties."""
        in_remarks = any(_PRODUCER in value for _, value in self.remarks)
        return bool(self.fields or self.structures or self.parts or in_remarks)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _RefusedError(f"elements nested deeper than {_DEPTH}")
        self._has_child = False
        namespace, local, role = _known_role(name) if len(name) < 128 else _role_of(name)
        if self._inside is not None:
            self._pairs += [
                (key.rpartition(" ")[2], value) for key, value in attributes.items() if " " in key and RDF not in key
            ]
            self._text.clear()
            return
        for key, value in attributes.items():
            attribute_namespace, attribute, meaning = _known_role(key) if len(key) < 128 else _role_of(key)
            if meaning == "field":
                self.fields.append((attribute, attribute_namespace, True, value))
            elif meaning:
                self._take(attribute, meaning, [value])
            elif self._looks_everywhere and _PRODUCER in value:
                self.remarks.append((attribute, value))
        if self._looks_everywhere:
            self._text.clear()
            if namespace != RDF:
                self._property = local
        if role and namespace != RDF:
            self._inside = (local, namespace, self._depth)
            self._text.clear()
            self._pairs = [
                (key.rpartition(" ")[2], value) for key, value in attributes.items() if " " in key and RDF not in key
            ]
            resource = attributes.get(f"{RDF} resource")
            if role in ("source", "old source") and resource:
                self._take(local, role, [resource])

    def text(self, characters: str) -> None:
        if self._inside is not None or self._looks_everywhere:
            self._text.append(characters)

    def end(self, name: str) -> None:
        depth = self._depth
        self._depth -= 1
        is_leaf, self._has_child = not self._has_child, True
        if self._inside is None:
            if self._looks_everywhere and is_leaf and _PRODUCER in (content := "".join(self._text)):
                self.remarks.append((self._property, content))
            return
        local, namespace, opened = self._inside
        content = "".join(self._text)
        if depth > opened:
            outer, _, inner = name.rpartition(" ")
            # An element without text is a value that is empty, not one that is missing.
            if content.strip() or (is_leaf and outer != RDF):
                self._pairs.append((inner, content.strip()))
            self._text.clear()
            return
        self._inside = None
        role = _known_role(name)[2] if len(name) < 128 else _role_of(name)[2]
        if role != "field":
            self._take(local, role, [content] if content.strip() else [value for _, value in self._pairs] or [""])
        elif self._pairs and not content.strip():
            self._structure(local, namespace)
        else:
            self.fields.append((local, namespace, False, content))

    def _take(self, local: str, role: str, values: list[str]) -> None:
        """Keeps the values of a property that is not the field."""
        if role == "part":
            self.parts.append((local, values[0].strip()))
        elif role == "ai":
            self.ai.setdefault(local, values[0])
        elif role == "remark":
            self.remarks += [(local, value) for value in values[:16] if value.strip()]
        elif role in ("source", "old source"):
            kept = self.source_types if role == "source" else self.old_source_types
            kept += [value for value in values[:16] if value.strip()]

    def _structure(self, local: str, namespace: str) -> None:
        items = [value for key, value in self._pairs if key == "li"]
        if items:  # an array or language alternative around the one string
            self.fields.extend((local, namespace, False, value) for value in items[:8])
        else:
            self.structures.append((local, namespace, list(self._pairs[:64])))


def read_range(data: Source, span: Span, carrier: str, found: Findings) -> None:
    """``read`` of the packet at ``span`` of ``data``, which is fetched only if it is small enough to be looked at."""
    if found.within(span[1] - span[0], carrier):
        _read(data[span[0] : span[1]], carrier, span, found)


def read(packet: bytes, carrier: str, span: Span | None, found: Findings) -> None:
    """Reports the AIGC property, the IPTC source type and generator traces of one packet to ``found``."""
    if found.within(len(packet), carrier):
        _read(packet, carrier, span, found)


def _first_telling(packet: bytes) -> int:
    """Where the first name that matters may stand, or -1 where none can."""
    places = [packet.lower().find(b"aigc"), *map(packet.find, _TELLING)]
    return min((place for place in places if place >= 0), default=-1)


def _read(packet: bytes, carrier: str, span: Span | None, found: Findings) -> None:
    plain, body = _as_utf8(packet), _trimmed(packet)
    first = _first_telling(body if plain is packet else plain)
    if first < 0:
        return
    try:
        collected = _collected(body, first if plain is packet else 0, looks_everywhere=False)
        if _PRODUCER.encode() in plain and not collected.holds_field():
            collected = _collected(body, 0, looks_everywhere=True)
    except _RefusedError as error:
        found.refuse(carrier, f"XMP packet: {error}")
        return
    except (expat.ExpatError, ValueError, LookupError) as error:
        _read_broken(plain, carrier, span, found, str(error))
        return
    for local, namespace, is_attribute, value in collected.fields:
        standing = _namespace_deviations(namespace)
        if is_attribute:
            standing.append(Deviation.ATTRIBUTE_FORM)
        found.field(value, f"{carrier}/xmp", span, name=local, standing=standing)
    for local, namespace, pairs in collected.structures:
        found.structure(pairs, f"{carrier}/xmp", span, name=local, standing=_namespace_deviations(namespace))
    if collected.parts and not collected.fields and not collected.structures:
        found.structure(collected.parts[:64], f"{carrier}/xmp", span, name=aigc.NAME)
    for value in collected.source_types:
        found.source_type(value, f"{carrier}/xmp", span)
    for value in collected.old_source_types:
        found.note(
            f"{carrier}/xmp: {_OLD_SOURCE} {value.strip()[:120]!r}, which IPTC has replaced by DigitalSourceType"
        )
    if collected.ai:
        found.system_used(collected.ai, f"{carrier}/xmp", span)
    for local, value in collected.remarks:
        found.remark(value, f"{carrier}/xmp/{local}", span)


def _collected(body: bytes, first: int, *, looks_everywhere: bool) -> _Packet:
    """The properties of a packet in which nothing before ``first`` matters. Raises what the parser raises."""
    collected = _Packet(looks_everywhere=looks_everywhere)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    try:
        # Elements before the first relevant name are parsed, too: only they show which prefix means which
        # namespace. Handling each of them here would take longer than all the rest.
        before = max(body.rfind(b"<", 0, first), 0)
        if before:
            parser.Parse(body[:before], False)
        parser.StartElementHandler = collected.start
        parser.EndElementHandler = collected.end
        parser.CharacterDataHandler = collected.text
        parser.Parse(body[before:] if before else body, True)
    finally:
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    return collected


def _namespace_deviations(namespace: str) -> list[Deviation]:
    return [] if namespace == aigc.NAMESPACE else [Deviation.NAMESPACE]


def _refuse_doctype(name: str, system: str | None, public: str | None, has_subset: bool) -> None:
    raise _RefusedError("holds a DOCTYPE, which XMP has no use for")


def _trimmed(packet: bytes) -> bytes:
    return packet.strip(b"\0 \t\r\n")


def _as_utf8(packet: bytes) -> bytes:
    if packet[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return packet.decode("utf-16", "replace").encode("utf-8", "replace")
    if packet[:1] == b"<" and packet[1:2] == b"\0":
        return packet.decode("utf-16-le", "replace").encode("utf-8", "replace")
    return packet


_BROKEN_ELEMENT = re.compile(r"<(?:\w{1,20}:)?(AIGC)\b[^<>]{0,200}>", re.IGNORECASE)
_BROKEN_ATTRIBUTE = re.compile(r"""\b(?:\w{1,20}:)?(AIGC)\s{0,20}=\s{0,20}(["'])""", re.IGNORECASE)


def _read_broken(packet: bytes, carrier: str, span: Span | None, found: Findings, error: str) -> None:
    """Read what can be read of a packet that is not XML: values are cut at their end mark by searching, never by
    backtracking.
    """
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        found.refuse(carrier, "XMP packet: holds a DOCTYPE, which XMP has no use for")
        return
    text = packet.decode("utf-8", "replace")
    seen = False
    for match in islice(_BROKEN_ELEMENT.finditer(text), 4):
        end = text.find("</", match.end())
        value = text[match.end() : end if end >= 0 else match.end() + 65_536]
        value = value.removeprefix("<![CDATA[").removesuffix("]]>")
        standing = [Deviation.MALFORMED_XML]
        seen |= found.field(html.unescape(value), f"{carrier}/xmp", span, name=match[1], standing=standing)
    for match in () if seen else islice(_BROKEN_ATTRIBUTE.finditer(text), 4):
        end = text.find(match[2], match.end())
        value = html.unescape(text[match.end() : end if end >= 0 else match.end() + 65_536])
        standing = [Deviation.MALFORMED_XML, Deviation.ATTRIBUTE_FORM]
        seen |= found.field(value, f"{carrier}/xmp", span, name=match[1], standing=standing)
    if not seen:
        found.refuse(carrier, f"XMP packet is not well-formed XML: {error}")


def property_element(value: str) -> str:
    return f"<TC260:AIGC>{html.escape(value, quote=False)}</TC260:AIGC>"


def new_packet(value: str) -> bytes:
    """A packet with only this property."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{new_element(value)}</x:xmpmeta>\n'
        '<?xpacket end="w"?>'
    ).encode()


def new_element(value: str) -> str:
    """An rdf:RDF element with only this property."""
    return f'<rdf:RDF xmlns:rdf="{RDF}">{_description(value, "rdf", "")}</rdf:RDF>'


def _description(value: str, prefix: str, about: str) -> str:
    return (
        f'<{prefix}:Description {prefix}:about="{about}"'
        f' xmlns:TC260="{aigc.NAMESPACE}">{property_element(value)}</{prefix}:Description>'
    )


def with_property(packet: bytes, value: str) -> bytes:
    """``packet`` with the property inserted and otherwise unchanged. Raises ValueError if it has no RDF to insert
    it into.
    """
    if packet[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in packet[:8]:
        raise UnsuitableFileError("the XMP packet in the file is UTF-16; only UTF-8 packets are changed")
    text = packet.rstrip(b"\0").decode("utf-8")
    about = re.search(r"""\b\w+:about\s*=\s*["']([^"'<]*)["']""", text)
    closings = list(re.finditer(r"</(\w+):RDF\s*>", text))
    if closings:
        closing = closings[-1]
        inserted = _description(value, closing[1], about[1] if about else "")
        changed = text[: closing.start()] + inserted + text[closing.start() :]
    else:
        empty = re.search(r"<(\w+):RDF\b([^<>]*)/>", text)
        if empty is None:
            raise UnsuitableFileError("the XMP packet in the file has no rdf:RDF element that the label could join")
        whole = f"<{empty[1]}:RDF{empty[2]}>{_description(value, empty[1], '')}</{empty[1]}:RDF>"
        changed = text[: empty.start()] + whole + text[empty.end() :]
    return changed.encode()


def without_padding(packet: bytes) -> bytes:
    """``packet`` without the padding that writers leave before the closing instruction."""
    before, end, after = packet.partition(b"<?xpacket end")
    kept = before.rstrip()
    return kept + b"\n" + end + after if end and len(before) - len(kept) >= 64 else packet
