"""ISO base media files: MP4, MOV and M4A, HEIF and AVIF.

Films keep the label as the key ``AIGC`` of ``moov.udta.meta`` (handler ``mdta``, boxes ``keys`` and
``ilst``), pictures as an XMP item of the file's ``meta`` box; both may hold an XMP packet in a ``uuid``
box.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings
from ...meaning.aigc import is_name
from ...model import Deviation
from .. import xmp
from ..pictures import exif
from . import minimized

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_USUAL = "moov.udta.meta"
_HEADER = struct.Struct(">I4s")


class Box(NamedTuple):
    """One box: its type, where it starts, where its content starts and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: Source, start: int, end: int, found: Findings) -> Iterator[Box]:
    position = start
    while position + 8 <= end:
        found.step()
        size, kind = _HEADER.unpack(data[position : position + 8])
        body = position + 8
        if size == 1:
            size = int.from_bytes(data[body : body + 8], "big")
            body += 8
        elif size == 0 and (end < len(data) or kind == b"\0\0\0\0"):
            # Inside another box a size of zero is the zeros that may end a list, or padding.
            return
        elif size == 0:
            size = end - position
        if size < body - position:
            found.note(f"bmff: the box {kind.decode('latin-1')!r} names an impossible size")
            return
        if position + size > end:
            if kind != b"mdat":
                found.cut(f"bmff: the box {kind.decode('latin-1')!r} is cut short")
            yield Box(kind, position, body, end)
            return
        yield Box(kind, position, body, position + size)
        position += size


def read(data: Source, found: Findings) -> None:
    _walk(data, 0, len(data), "", found, 0)


def _walk(data: Source, start: int, end: int, path: str, found: Findings, depth: int) -> None:
    if depth > found.limits.depth:
        raise BeyondLimitError(f"boxes nested deeper than {found.limits.depth}")
    for box in boxes(data, start, end, found):
        name = box.kind.decode("latin-1")
        where = f"{path}.{name}".lstrip(".")
        if box.kind in (b"moov", b"moof", b"trak", b"udta", b"traf"):
            _walk(data, box.body, box.end, where, found, depth + 1)
        elif box.kind == b"meta":
            _meta(data, box, where, found)
        elif box.kind == b"mini":
            minimized.read(data, box.body, box.end, found)
        elif box.kind == b"uuid" and data[box.body : box.body + 16] == XMP_UUID:
            xmp.read_range(data, (box.body + 16, box.end), f"mp4:{where}", found)
        elif box.kind == b"XMP_":
            xmp.read_range(data, (box.body, box.end), f"mp4:{where}", found)
        elif path.endswith("udta") and (is_name(name) or box.kind[:1] == b"\xa9"):
            _user_data(data, box, where, found)
        elif path.endswith("udta"):
            found.stray_at(data, (box.body, box.end), f"mp4:{where}")


def _user_data(data: Source, box: Box, where: str, found: Findings) -> None:
    """A classic QuickTime user-data text: two bytes of length, two of language, then the text."""
    if not found.within(box.end - box.body, f"mp4:{where}"):
        return
    value = bytes(data[box.body : box.end])
    if value[:1] == b"\0" or len(value) - 4 == int.from_bytes(value[:2], "big"):
        value = value[4:]
    name = box.kind.decode("latin-1")
    chosen = name if is_name(name) else None
    if chosen is None:
        found.remark(value, f"mp4:{where}", (box.body, box.end))
    else:
        standing = [Deviation.UNUSUAL_PLACE]
        found.field(value, f"mp4:{where}", (box.body, box.end), name=chosen, standing=standing)


def inner_start(data: Source, box: Box) -> int:
    """Where the boxes inside ``meta`` begin: behind a version in ISO files, at once in QuickTime's."""
    return box.body if data[box.body + 4 : box.body + 8] in (b"hdlr", b"keys", b"ilst") else box.body + 4


def _meta(data: Source, meta: Box, where: str, found: Findings) -> None:
    parts = {box.kind: box for box in boxes(data, inner_start(data, meta), meta.end, found)}
    if b"iloc" in parts and b"iinf" in parts:
        for kind, start, packet, contiguous in metadata_items(data, parts, found):
            span = (start, start + len(packet)) if contiguous else None
            if kind == b"Exif":
                offset = 4 + int.from_bytes(packet[:4], "big")
                if contiguous:
                    exif.read(data, start + offset, start + len(packet), "heif:Exif", found)
                else:
                    exif.read(packet, offset, len(packet), "heif:Exif", found)
            else:
                xmp.read(packet, "heif:mime", span, found)
    if b"ilst" in parts:
        names = _keys(data, parts[b"keys"], found) if b"keys" in parts else []
        _list(data, parts[b"ilst"], names, where, found)


def _keys(data: Source, box: Box, found: Findings) -> list[str]:
    names = []
    position = box.body + 8
    while position + 8 <= box.end:
        found.step()
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8 or position + size > box.end:
            break
        names.append(bytes(data[position + 8 : position + min(size, 264)]).decode("utf-8", "replace"))
        position += size
    return names


def _list(data: Source, ilst: Box, names: list[str], where: str, found: Findings) -> None:
    for item in boxes(data, ilst.body, ilst.end, found):
        index = int.from_bytes(item.kind, "big")
        keyed = 1 <= index <= len(names)
        name = names[index - 1] if keyed else item.kind.decode("latin-1")
        value: Box | None = None
        for part in boxes(data, item.body, item.end, found):
            if part.kind == b"name" and item.kind == b"----":
                name = bytes(data[part.body + 4 : min(part.end, part.body + 260)]).decode("utf-8", "replace")
            elif part.kind == b"data" and value is None:
                value = part
        if value is None or value.end - value.body < 8:
            continue
        label = "keys" if keyed else "freeform" if item.kind == b"----" else "ilst"
        carrier = f"mp4:{where}/{label}"
        span = (value.body + 8, value.end)
        if not found.within(span[1] - span[0], carrier):
            continue
        content = bytes(data[span[0] : span[1]])
        # QuickTime's own place for a list with names is directly in the film.
        usual = keyed and (where == _USUAL or (where == "moov.meta" and data[8:12] == b"qt  "))
        if is_name(name):
            standing = [] if usual else [Deviation.UNUSUAL_PLACE]
            found.field(content, carrier, span, name=name.removeprefix("com.apple.quicktime."), standing=standing)
        else:
            found.remark(content, carrier, span)


# Items of pictures.


class Extent(NamedTuple):
    """A piece of an item: counted from the beginning of the file (``method`` 0) or of the box ``idat`` (1)."""

    method: int
    offset: int
    length: int


def item_types(data: Source, iinf: Box, found: Findings) -> dict[int, tuple[bytes, bytes]]:
    """item id -> (item type, content type)."""
    version = data[iinf.body]
    start = iinf.body + (6 if version == 0 else 8)
    types = {}
    for box in boxes(data, start, iinf.end, found):
        if box.kind != b"infe" or data[box.body] < 2:
            continue
        wide = data[box.body] >= 3
        at = box.body + 4
        item = int.from_bytes(data[at : at + (4 if wide else 2)], "big")
        at += (4 if wide else 2) + 2
        kind = bytes(data[at : at + 4])
        rest = bytes(data[at + 4 : min(box.end, at + 400)]).split(b"\0")
        types[item] = (kind, rest[1] if len(rest) > 1 else b"")
    return types


def item_locations(data: Source, iloc: Box, found: Findings) -> dict[int, list[Extent]]:
    """item id -> the pieces it is made of, in their order."""
    version = data[iloc.body]
    sizes = int.from_bytes(data[iloc.body + 4 : iloc.body + 6], "big")
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    position = iloc.body + 6

    def number(size: int) -> int:
        nonlocal position
        value = int.from_bytes(data[position : position + size], "big")
        position += size
        return value

    count = number(4 if version == 2 else 2)
    locations: dict[int, list[Extent]] = {}
    for _ in range(count):
        found.step()
        if position >= iloc.end:
            break
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        extents = []
        for _ in range(number(2)):
            found.step()
            if position >= iloc.end:
                break
            number(index_size)
            offset = number(offset_size)
            extents.append(Extent(method, base + offset, number(length_size)))
        locations[item] = extents
    return locations


def primary_item(data: Source, pitm: Box) -> int:
    """The id of the item that is the picture."""
    return int.from_bytes(data[pitm.body + 4 : pitm.body + (6 if data[pitm.body] == 0 else 8)], "big")


def metadata_items(data: Source, parts: dict[bytes, Box], found: Findings) -> Iterator[tuple[bytes, int, bytes, bool]]:
    """(type, start, content, whether it lies in one piece) of the metadata items."""
    types = item_types(data, parts[b"iinf"], found)
    locations = item_locations(data, parts[b"iloc"], found)
    for item, (kind, content_type) in types.items():
        if kind != b"Exif" and not (kind == b"mime" and b"rdf+xml" in content_type):
            continue
        extents = locations.get(item, [])
        total = sum(extent.length for extent in extents)
        if not extents or total > found.limits.value_bytes:
            if extents:
                found.refuse("heif:meta", f"a metadata item of {total:,} bytes is larger than allowed")
            continue
        found.step(1 + total // 4096)
        pieces = []
        starts = []
        for method, offset, length in extents:
            start = offset + (parts[b"idat"].body if method == 1 and b"idat" in parts else 0)
            starts.append(start)
            pieces.append(bytes(data[start : start + length]))
        yield kind, starts[0], b"".join(pieces), len(pieces) == 1


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
