"""The parts of Matroska, FLV and AVI files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from ..findings import UnsuitableFileError
from .packets import Part

_CUT_SHORT = "the file is cut short"
_SEGMENT, _CLUSTER, _TAGS, _SEEK_HEAD, _CUES, _VOID = (
    0x18538067,
    0x1F43B675,
    0x1254C367,
    0x114D9B74,
    0x1C53BB6B,
    0xEC,
)
_SEEK, _SUM = 0x4DBB, 0xBF
_TOP = {_CLUSTER, _TAGS, _SEEK_HEAD, _CUES, 0x1549A966, 0x1654AE6B, 0x1941A469, 0x1043A770, _VOID}


class _Element(NamedTuple):
    name: int
    start: int
    body: int
    end: int
    sized: bool


def _element(data: bytes, position: int, end: int) -> _Element:
    lead = data[position]
    length = 9 - lead.bit_length()
    at = position + length
    if not lead or length > 4 or at >= end or not data[at]:
        raise UnsuitableFileError("an element of the Matroska file is broken")
    width = 9 - data[at].bit_length()
    name = int.from_bytes(data[position:at], "big")
    size = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    body = at + width
    if size == (1 << 7 * width) - 1:
        return _Element(name, position, body, end, False)
    if body + size > end:
        raise UnsuitableFileError(_CUT_SHORT)
    return _Element(name, position, body, body + size, True)


#: Elements of a Matroska file that are looked at; no film within the limits has so many.
_MOST_ELEMENTS = 1_000_000


class _Walk:
    """The elements of a Matroska file, up to so many in all."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._left = _MOST_ELEMENTS

    def element(self, position: int, end: int) -> _Element:
        self._left -= 1
        if self._left < 0:
            raise UnsuitableFileError(f"the Matroska file has more than {_MOST_ELEMENTS:,} elements")
        return _element(self.data, position, end)

    def children(self, start: int, end: int) -> Iterator[_Element]:
        position = start
        while position < end:
            each = self.element(position, end)
            if not each.sized and each.name == _CLUSTER:
                each = each._replace(end=self._end_of_cluster(each.body, end))
            yield each
            position = each.end

    def _end_of_cluster(self, position: int, end: int) -> int:
        """A live recording's cluster ends where an element of the segment begins."""
        while position < end:
            inner = self.element(position, end)
            if inner.name in _TOP:
                break
            position = inner.end
        return position


def matroska(data: bytes) -> Iterator[Part]:
    head = _element(data, 0, len(data))
    yield "header", data[: head.end]
    if head.end >= len(data):
        raise UnsuitableFileError(_CUT_SHORT)
    segment = _element(data, head.end, len(data))
    if segment.name != _SEGMENT:
        raise UnsuitableFileError("no segment follows the header of the Matroska file")
    walk = _Walk(data)
    inside = list(walk.children(segment.body, segment.end))
    # Positions count from the segment's content; an element is named by its number among those of its kind.
    there: dict[int, tuple[int, int]] = {}
    numbers: dict[int, int] = {}
    for each in inside:
        there[each.start - segment.body] = each.name, numbers.setdefault(each.name, 0)
        numbers[each.name] += 1
    for each in inside:
        if each.name == _TAGS:
            continue
        if each.name == _SEEK_HEAD:
            yield from _seeks(walk, each, there)
        elif each.name == _CUES:
            yield "index of the film", _cues(walk, each, there)
        elif each.name != _VOID:
            yield (
                "film and sound" if each.name == _CLUSTER else f"element {each.name:X}",
                memoryview(data)[each.body : each.end],
            )
    # The label may have moved the tags behind everything else.
    for each in inside:
        if each.name == _TAGS:
            yield from _tags(walk, each)
    if _CLUSTER not in numbers:
        raise UnsuitableFileError("the Matroska file holds no film and no sound")
    yield "data behind the film", data[segment.end :]


def _tags(walk: _Walk, tags: _Element) -> Iterator[Part]:
    data = walk.data
    for tag in walk.children(tags.body, tags.end):
        if tag.name == _VOID:
            continue
        if tag.name == _SUM:
            if zlib.crc32(data[tag.end : tags.end]) != int.from_bytes(data[tag.body : tag.end], "little"):
                raise UnsuitableFileError("the checksum of the tags does not match them")
            continue
        kept = []
        ours = False
        for part in walk.children(tag.body, tag.end):
            if part.name == 0x67C8 and b"\x45\xa3" in data[part.body : part.body + 2]:
                name = _element(data, part.body, part.end)
                if data[name.body : name.end].rstrip(b"\0") == b"AIGC":
                    ours = True
                    continue
            kept.append(data[part.start : part.end])
        if not ours or len(kept) > 1:
            yield "tag", b"".join(kept)


def _seeks(walk: _Walk, head: _Element, there: dict[int, tuple[int, int]]) -> Iterator[Part]:
    data = walk.data
    for seek in walk.children(head.body, head.end):
        if seek.name != _SEEK:
            continue
        parts = {each.name: data[each.body : each.end] for each in walk.children(seek.body, seek.end)}
        name, position = parts.get(0x53AB, b""), int.from_bytes(parts.get(0x53AC, b""), "big")
        target = there.get(position)
        if int.from_bytes(name, "big") == _TAGS:
            if target is not None and target[0] != _TAGS:
                raise UnsuitableFileError("the index of the Matroska file leads to the wrong place")
        else:
            yield "place in the index", repr((name, target)).encode()


def _cues(walk: _Walk, cues: _Element, there: dict[int, tuple[int, int]]) -> bytes:
    data = walk.data
    rows = []
    for point in walk.children(cues.body, cues.end):
        if point.name != 0xBB:
            continue
        for part in walk.children(point.body, point.end):
            if part.name != 0xB7:
                rows.append((part.name, data[part.body : part.end]))
                continue
            for each in walk.children(part.body, part.end):
                value = data[each.body : each.end]
                place = there.get(int.from_bytes(value, "big")) if each.name == 0xF1 else value
                rows.append((each.name, repr(place).encode()))
    return repr(rows).encode()


def flv(data: bytes) -> Iterator[Part]:
    yield "header", data[:9]
    position = int.from_bytes(data[5:9], "big") + 4
    starts: dict[int, int] = {}
    scripts = []
    number = 0
    while position < len(data):
        if position + 15 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        size = int.from_bytes(data[position + 1 : position + 4], "big")
        end = position + 11 + size
        if end + 4 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if data[position] & 31 == 18:
            scripts.append((position + 11, end))
        else:
            starts[position] = number
            number += 1
            yield "film and sound", memoryview(data)[position:end]
        position = end + 4
    if not starts:
        raise UnsuitableFileError("the file holds no film and no sound")
    for start, end in scripts:
        yield from _script(data, start, end, starts)


def _script(data: bytes, start: int, end: int, starts: dict[int, int]) -> Iterator[Part]:
    from ..containers.media.flv import script_values
    from ..findings import Findings
    from ..model import Limits

    rows = []
    for path, kind, a, b in script_values(data, start, end, Findings(Limits(parts=1 << 20))):
        if path[-1:] == ("AIGC",) or path[-1:] == ("filesize",):
            continue
        value: object = data[a:b]
        if kind == 0 and path[-1:] == ("filepositions",):
            position = int(struct.unpack(">d", data[a:b])[0])
            value = starts.get(position, "nowhere" if position else 0)
        rows.append((path, kind, value))
    with_text = [row for row in rows if row[0] != ("",)]
    if with_text:
        yield "metadata of the film", repr(with_text).encode()


def avi(data: bytes) -> Iterator[Part]:
    position = 0
    film = False
    while data[position : position + 4] == b"RIFF":
        stop = position + 8 + int.from_bytes(data[position + 4 : position + 8], "little")
        if stop > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        for path, start, end in _chunks(data, position + 12, stop, ""):
            if path.endswith(("INFO/AIGC", "/JUNK")) or path == "JUNK":
                continue
            if path == "movi":
                film = True
                # Indexes may count from the beginning of the file.
                yield "place of the film", str(start).encode()
            yield "film and sound" if path == "movi" else path, memoryview(data)[start:end]
        position = stop + (stop & 1)
    if not film:
        raise UnsuitableFileError("the file holds no film")
    rest = data[position:]
    if rest.strip(b"\0"):
        yield "data behind the film", rest


def _chunks(data: bytes, start: int, end: int, path: str) -> Iterator[tuple[str, int, int]]:
    position = start
    while position + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, position)
        body, stop = position + 8, position + 8 + size
        if stop > end:
            raise UnsuitableFileError(_CUT_SHORT)
        if name == b"LIST" and data[body : body + 4] == b"movi":
            yield "movi", body + 4, stop
        elif name == b"LIST":
            inner = data[body : body + 4].decode("latin-1")
            yield from _chunks(data, body + 4, stop, f"{path}{inner}/")
        else:
            yield path + name.decode("latin-1"), body, stop
        position = stop + (size & 1)
