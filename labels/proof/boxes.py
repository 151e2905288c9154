"""The parts of MP4, MOV and M4A, HEIF and AVIF files.

Whatever such a file points at by position is compared by the box and the place inside it that the position leads to, so
that a position that was not moved along with its target shows.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..findings import UnsuitableFileError
from .packets import Part, in_letters, properties

_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra", b"edts", b"udta", b"meta", b"mvex"}
_PADDING = {b"free", b"skip", b"wide"}
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_CANON_RAW = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CUT_SHORT = "the file is cut short"
_DEPTH = 12


class _Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


def _boxes(data: bytes, start: int, end: int, *, top: bool = False) -> Iterator[_Box]:
    position = start
    while position + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if size == 1:
            size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        elif size == 0 and top:
            size = end - position
        elif size == 0 and kind == b"\0\0\0\0":
            return  # the zeros that may end a list of boxes
        if size < body - position or position + size > end:
            raise UnsuitableFileError(
                _CUT_SHORT if top else f"the box {in_letters(kind)} does not fit into the box around it"
            )
        yield _Box(kind, position, body, position + size)
        position += size
    if position < end and bytes(data[position:end]).strip(b"\0"):
        raise UnsuitableFileError(_CUT_SHORT if top else "a box holds bytes that belong to none of its boxes")


class _File:
    """The boxes at the top of a file, and where positions lead."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.top = list(_boxes(data, 0, len(data), top=True))
        self._starts = [each.start for each in self.top]
        #: Where the XMP packets of a picture file lie, which may fill a whole box.
        self.packets: set[tuple[int, int]] = set()
        for each in self.top:
            if each.kind == b"meta":
                inner = {box.kind: box for box in _boxes(data, each.body + 4, each.end)}
                self.packets |= set(_packets(data, inner))

    def place(self, position: int) -> tuple[int, int]:
        """(number of the box, place inside it) that a position leads to; padding and metadata are not counted."""
        number = bisect_right(self._starts, position) - 1
        if number < 0 or position > len(self.data):
            raise UnsuitableFileError("a position in the file leads outside of it")
        box = self.top[number]
        counted = sum(1 for each in self.top[:number] if each.kind not in _PADDING)
        if box.kind in (b"moov", b"meta", b"moof"):
            return counted, -1 if position > box.start else 0
        return counted, position - box.start


def content(data: bytes) -> Iterator[Part]:
    file = _File(data)
    if not any(each.kind in (b"moov", b"meta", b"moof") for each in file.top):
        raise UnsuitableFileError("the file has neither a moov nor a meta box")
    for box in file.top:
        yield from _top(file, box)


def _top(file: _File, box: _Box) -> Iterator[Part]:
    data, name = file.data, box.kind.decode("latin-1")
    if box.kind in _PADDING:
        return
    if box.kind == b"meta":
        yield from _meta(file, box, "meta")
    elif box.kind in _HOLDERS:
        yield from _inside(file, box, name, 0)
    elif box.kind == b"uuid" and data[box.body : box.body + 16] == _XMP_UUID:
        yield from _xmp(data[box.body + 16 : box.end])
    elif box.kind == b"sidx":
        yield "index of the film", _index(file, box)
    elif box.kind == b"mdat" and (box.body, box.end) in file.packets:
        return
    elif box.kind == b"mdat":
        yield "film and sound", memoryview(data)[box.body : box.end]
    else:
        yield f"box {name}", memoryview(data)[box.body : box.end]


def _xmp(packet: bytes) -> Iterator[Part]:
    kept = properties(packet)
    if kept != b"[]":
        yield "metadata in XMP", kept


def _inside(file: _File, parent: _Box, path: str, depth: int) -> Iterator[Part]:
    if depth > _DEPTH:
        raise UnsuitableFileError(f"the boxes of the file are nested deeper than {_DEPTH}")
    data = file.data
    base = None
    for box in _boxes(data, parent.body, parent.end):
        where = f"{path}.{in_letters(box.kind)}"
        if box.kind in _PADDING:
            continue
        if box.kind == b"meta":
            yield from _meta(file, box, where)
        elif box.kind in _HOLDERS:
            yield from _inside(file, box, where, depth + 1)
        elif box.kind in (b"stco", b"co64"):
            yield f"positions in {where}", _chunks(file, box)
        elif box.kind == b"tfhd":
            base = bool(data[box.body + 3] & 1)
            at = box.body + 8
            place = file.place(int.from_bytes(data[at : at + 8], "big")) if base else ()
            yield where, data[box.body : at] + repr(place).encode() + data[at + (8 if base else 0) : box.end]
        elif box.kind == b"tfra":
            yield f"positions in {where}", _random_access(file, box)
        elif box.kind == b"uuid" and data[box.body : box.body + 16] == _CANON_RAW:
            raise UnsuitableFileError(
                "the file is a camera's raw picture, whose own index of positions is not known here"
            )
        else:
            yield where, memoryview(data)[box.body : box.end]


def _chunks(file: _File, box: _Box) -> bytes:
    data = file.data
    form, size = (">I", 4) if box.kind == b"stco" else (">Q", 8)
    count = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
    if box.body + 8 + count * size > box.end:
        raise UnsuitableFileError("the table of positions in the file is cut short")
    offsets = struct.unpack_from(f">{count}{form[1]}", data, box.body + 8)
    return repr([file.place(each) for each in offsets]).encode()


def _random_access(file: _File, box: _Box) -> bytes:
    data, wide, sizes = file.data, file.data[box.body], file.data[box.body + 11]
    row = (16 if wide else 8) + (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3) + 3
    count = int.from_bytes(data[box.body + 12 : box.body + 16], "big")
    rows = []
    for at in range(box.body + 16, min(box.body + 16 + count * row, box.end - row + 1), row):
        half = 8 if wide else 4
        position = int.from_bytes(data[at + half : at + 2 * half], "big")
        rows.append((data[at : at + half], file.place(position), data[at + 2 * half : at + row]))
    return repr(rows).encode()


def _index(file: _File, box: _Box) -> bytes:
    """A segment index counts from its own end to the first segment."""
    data = file.data
    wide = data[box.body] > 0
    at = box.body + (20 if wide else 16)
    width = 8 if wide else 4
    first = box.end + int.from_bytes(data[at : at + width], "big")
    return data[box.body : at] + repr(file.place(first)).encode() + data[at + width : box.end]


# Boxes of metadata.


def _meta(file: _File, meta: _Box, where: str) -> Iterator[Part]:
    data = file.data
    body = meta.body if data[meta.body + 4 : meta.body + 8] in (b"hdlr", b"keys", b"ilst") else meta.body + 4
    parts = {box.kind: box for box in _boxes(data, body, meta.end)}
    if b"iloc" in parts:
        yield from _items(file, parts, where)
    elif b"keys" in parts and b"ilst" in parts:
        yield from _keyed(data, parts, where)
    else:
        for box in parts.values():
            if box.kind not in _PADDING:
                yield f"{where}.{in_letters(box.kind)}", memoryview(data)[box.body : box.end]


def _keyed(data: bytes, parts: dict[bytes, _Box], where: str) -> Iterator[Part]:
    """The entries of a list with keys, the label left out."""
    names = [data[each.start + 4 : each.end] for each in _boxes(data, parts[b"keys"].body + 8, parts[b"keys"].end)]
    others = False
    for item in _boxes(data, parts[b"ilst"].body, parts[b"ilst"].end):
        number = int.from_bytes(item.kind, "big")
        name = names[number - 1] if 0 < number <= len(names) else item.kind
        if name != b"mdtaAIGC":
            others = True
            yield (
                f"{where} entry {in_letters(name[4:] if name.startswith(b'mdta') else name)}",
                data[item.body : item.end],
            )
    if others or any(name != b"mdtaAIGC" for name in names):
        for kind in sorted(parts.keys() - {b"keys", b"ilst", *_PADDING}):
            yield f"{where}.{in_letters(kind)}", memoryview(data)[parts[kind].body : parts[kind].end]


def _number(data: bytes, position: list[int]) -> Callable[[int], int]:
    def read(size: int) -> int:
        value = int.from_bytes(data[position[0] : position[0] + size], "big")
        position[0] += size
        return value

    return read


def _locations(data: bytes, iloc: _Box) -> dict[int, tuple[int, list[tuple[int, int]]]]:
    """item -> (how it is located, [(position, length)])."""
    version = data[iloc.body]
    sizes = int.from_bytes(data[iloc.body + 4 : iloc.body + 6], "big")
    position = [iloc.body + 6]
    number = _number(data, position)
    found = {}
    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(sizes >> 4 & 15)
        extents = []
        for _ in range(number(2)):
            number(sizes & 15 if version in (1, 2) else 0)
            offset = number(sizes >> 12)
            extents.append((base + offset, number(sizes >> 8 & 15)))
            if position[0] > iloc.end:
                raise UnsuitableFileError("the list of places of the file's items is cut short")
        found[item] = method, extents
    return found


def _items(file: _File, parts: dict[bytes, _Box], where: str) -> Iterator[Part]:
    data = file.data
    locations = _locations(data, parts[b"iloc"])
    own: set[int] = set()
    if b"iinf" in parts:
        for item, rest, version in _entries(data, parts[b"iinf"]):
            stored = _stored(file, parts, locations.get(item, (0, [])))
            if _is_packet(rest):
                own.add(item)
                yield from _xmp(stored)
                continue
            yield f"item {item}", repr((version, rest, locations.get(item, (0,))[0])).encode()
            yield f"item {item}", stored
    for box in parts.values():
        if box.kind == b"iref":
            yield from _references(data, box, own)
        elif box.kind not in {b"iloc", b"iinf", *_PADDING}:
            yield f"{where}.{in_letters(box.kind)}", memoryview(data)[box.body : box.end]


def _stored(file: _File, parts: dict[bytes, _Box], location: tuple[int, list[tuple[int, int]]]) -> bytes:
    method, extents = location
    if method not in (0, 1):
        return repr(extents).encode()
    pieces = []
    for offset, length in extents:
        start = offset + (parts[b"idat"].body if method == 1 and b"idat" in parts else 0)
        if start + length > len(file.data):
            raise UnsuitableFileError(_CUT_SHORT)
        pieces.append(file.data[start : start + length] if length else b"")
    return b"".join(pieces)


def _packets(data: bytes, parts: dict[bytes, _Box]) -> Iterator[tuple[int, int]]:
    """(start, end) of the XMP packets among the items that lie in one piece."""
    if b"iloc" not in parts or b"iinf" not in parts:
        return
    locations = _locations(data, parts[b"iloc"])
    for item, rest, _ in _entries(data, parts[b"iinf"]):
        method, extents = locations.get(item, (0, []))
        if _is_packet(rest) and method == 0 and len(extents) == 1:
            yield extents[0][0], sum(extents[0])


def _is_packet(entry: bytes) -> bool:
    return entry[:4] == b"mime" and b"rdf+xml" in entry


def _entries(data: bytes, iinf: _Box) -> Iterator[tuple[int, bytes, bytes]]:
    """(item, its type and names, version and flags) of each item."""
    for entry in _boxes(data, iinf.body + (6 if data[iinf.body] == 0 else 8), iinf.end):
        wide = data[entry.body] >= 3
        at = entry.body + 4
        item = int.from_bytes(data[at : at + (4 if wide else 2)], "big")
        yield item, data[at + (6 if wide else 4) : entry.end], data[entry.body : at]


def _references(data: bytes, iref: _Box, own: set[int]) -> Iterator[Part]:
    """References between items, those of XMP packets left out."""
    width = 4 if data[iref.body] else 2
    for box in _boxes(data, iref.body + 4, iref.end):
        item = int.from_bytes(data[box.body : box.body + width], "big")
        if item not in own:
            yield f"reference {in_letters(box.kind)}", data[box.body : box.end]
