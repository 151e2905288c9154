"""Matroska and WebM: the label is a ``SimpleTag`` named ``AIGC`` in the segment's tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from ...meaning.aigc import is_name

SEGMENT, CLUSTER, TAGS, TAG, SIMPLE_TAG = 0x18538067, 0x1F43B675, 0x1254C367, 0x7373, 0x67C8
TAG_NAME, TAG_STRING, TAG_BINARY, TARGETS = 0x45A3, 0x4487, 0x4485, 0x63C0
SEEK_HEAD, SEEK, SEEK_ID, SEEK_POSITION, CUES, VOID = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC, 0x1C53BB6B, 0xEC
_TOP_OF_SEGMENT = {CLUSTER, TAGS, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0xEC}
_SIMPLE_BLOCK = 0xA3
_BLOCKS_A_PART = 25
#: Elements with the titles of the film, of its tracks and of its chapters.
_TITLES = {0x1549A966: "Info", 0x1654AE6B: "Tracks", 0x1043A770: "Chapters"}


class Element(NamedTuple):
    """One EBML element: its id, where it starts, where its content starts, where it ends, whether it named
    a size, and whether that size reaches beyond what it is in.
    """

    name: int
    start: int
    body: int
    end: int
    sized: bool
    cut: bool = False


def element(data: Source, position: int, end: int) -> Element | None:
    """The element at ``position``, or None where the bytes are none."""
    if position >= end or data[position] == 0:
        return None
    length = 9 - data[position].bit_length()
    if length > 4 or position + length >= end:
        return None
    name = int.from_bytes(data[position : position + length], "big")
    at = position + length
    if data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    if at + width > end:
        return None
    size = int.from_bytes(data[at : at + width], "big") & ((1 << (7 * width)) - 1)
    body = at + width
    if size == (1 << (7 * width)) - 1:
        return Element(name, position, body, end, False)
    return Element(name, position, body, min(body + size, end), True, body + size > end)


def children(data: Source, start: int, end: int, found: Findings) -> Iterator[Element]:
    position = start
    while position < end:
        found.step()
        each = element(data, position, end)
        if each is None:
            return
        yield each
        position = _end_of_unsized(data, each, end, found) if not each.sized and each.name == CLUSTER else each.end


def _end_of_unsized(data: Source, cluster: Element, end: int, found: Findings) -> int:
    """A live recording's cluster ends where an element of the segment begins."""
    position = cluster.body
    while True:
        found.step()
        for _ in range(_BLOCKS_A_PART):
            position = _behind_block(data, position, end)
            inner = element(data, position, end)
            if inner is None:
                return end
            if inner.name in _TOP_OF_SEGMENT:
                return position
            position = inner.end


def _behind_block(data: Source, position: int, end: int) -> int:
    """The end of the block at ``position``, or ``position`` where another element is: of these, films have many."""
    if position + 9 <= end and data[position] == _SIMPLE_BLOCK and data[position + 1]:
        width = 9 - data[position + 1].bit_length()
        size = int.from_bytes(data[position + 1 : position + 1 + width], "big") & ((1 << (7 * width)) - 1)
        if size < (1 << (7 * width)) - 1:
            return min(position + 1 + width + size, end)
    return position


def segment_of(data: Source) -> Element:
    """The segment behind the EBML header. Raises ValueError where there is none."""
    header = element(data, 0, len(data))
    segment = element(data, header.end, len(data)) if header is not None else None
    if segment is None or segment.name != SEGMENT:
        raise UnsuitableFileError("no segment follows the EBML header")
    return segment


def read(data: Source, found: Findings) -> None:
    segment = segment_of(data)
    for each in children(data, segment.body, segment.end, found):
        if each.name == TAGS:
            for tag in children(data, each.body, each.end, found):
                if tag.name == TAG:
                    _read_tag(data, tag, found, 0)
        elif each.name in _TITLES:
            found.stray_at(data, (each.body, each.end), f"matroska:{_TITLES[each.name]}")


def _read_tag(data: Source, tag: Element, found: Findings, depth: int) -> None:
    if depth > found.limits.depth:
        raise BeyondLimitError(f"tags nested deeper than {found.limits.depth}")
    for simple in children(data, tag.body, tag.end, found):
        if simple.name != SIMPLE_TAG:
            continue
        name = ""
        value: Element | None = None
        for part in children(data, simple.body, simple.end, found):
            if part.name == TAG_NAME:
                name = bytes(data[part.body : min(part.end, part.body + 256)]).decode("utf-8", "replace").rstrip("\0")
            elif part.name in (TAG_STRING, TAG_BINARY):
                value = part
            elif part.name == SIMPLE_TAG:
                _read_tag(data, simple, found, depth + 1)
        if value is None or not found.within(value.end - value.body, "matroska:SimpleTag"):
            continue
        content = bytes(data[value.body : value.end])
        if is_name(name):
            found.field(content, "matroska:SimpleTag", (value.body, value.end), name=name)
        else:
            found.remark(content, f"matroska:SimpleTag/{name[:40]}", (value.body, value.end))


def packed(name: int, content: bytes) -> bytes:
    """An element with an eight-byte size."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (len(content) | 1 << 56).to_bytes(8, "big") + content


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Add the tag. The segment's tags move to its end, because nothing in front may grow, and the seek head is updated.

    Without room in the seek head, a reader that does not read to the end will not find them.
    """
    segment = segment_of(data)
    simple = packed(SIMPLE_TAG, packed(TAG_NAME, b"AIGC") + packed(TAG_STRING, value.encode()))
    own = packed(TAG, packed(TARGETS, b"") + simple)
    if not segment.sized:
        return _before_the_first_cluster(data, segment, packed(TAGS, own), found)
    if segment.end < len(data) and element(data, segment.end, len(data)) is not None:
        raise UnsuitableFileError("another element follows the segment")
    inside = list(children(data, segment.body, segment.end, found))
    _must_be_whole(data, segment, inside, found)
    old = [each for each in inside if each.name == TAGS]
    # A checksum over the tags that were there is left out.
    kept = [tag for each in old for tag in children(data, each.body, each.end, found) if tag.name == TAG]
    tags = packed(TAGS, b"".join(data[tag.start : tag.end] for tag in kept) + own)
    whole = bytearray(data)
    for each in old:
        if each.end - each.start < 2:
            raise UnsuitableFileError("the tags in the file are broken")
        whole[each.start : each.end] = _void(each.end - each.start)
    seek = next((i for i, each in enumerate(inside) if each.name == SEEK_HEAD), None)
    if seek is not None:
        head = inside[seek]
        after = inside[seek + 1] if seek + 1 < len(inside) else None
        room = (after.end if after is not None and after.name == VOID else head.end) - head.start
        updated = _seek_head(data, head, segment.end - segment.body, found)
        if len(updated) == room or len(updated) + 2 <= room:
            whole[head.start : head.start + room] = updated + (
                _void(room - len(updated)) if room > len(updated) else b""
            )
    size = segment.end - segment.body + len(tags)
    width = segment.body - segment.start - 4
    if size >= (1 << (7 * width)) - 1:
        width = 8
    named = data[segment.start : segment.start + 4] + (size | 1 << (7 * width)).to_bytes(width, "big")
    return bytes(whole[: segment.start] + named + whole[segment.body : segment.end] + tags + whole[segment.end :])


def _must_be_whole(data: bytes, segment: Element, inside: list[Element], found: Findings) -> None:
    """Raise :class:`UnsuitableFileError` where an element is broken: a player looks for the next sound one by its place
    in the file, and would play the same film otherwise when it has a tag more.
    """
    if not inside or inside[-1].end != segment.end or any(each.cut for each in inside):
        raise UnsuitableFileError("the segment holds bytes that are no whole element")
    for cluster in inside:
        if cluster.name != CLUSTER or not cluster.sized:
            continue
        position = cluster.body
        while position < cluster.end:
            found.step()
            for _ in range(_BLOCKS_A_PART):
                if position >= cluster.end:
                    break
                inner = element(data, position, cluster.end)
                if inner is None or inner.cut or not inner.sized:
                    raise UnsuitableFileError("a cluster holds bytes that are no whole element")
                position = inner.end


def _before_the_first_cluster(data: bytes, segment: Element, tags: bytes, found: Findings) -> bytes:
    """Puts the tags of a live recording where players still look, unless an index leads to what would be moved."""
    inside = list(children(data, segment.body, segment.end, found))
    first = next((each for each in inside if each.name == CLUSTER), None)
    if first is None or any(each.name == CUES for each in inside):
        return data + tags
    for head in inside:
        if head.name == SEEK_HEAD and any(place >= first.start - segment.body for place in _places(data, head, found)):
            return data + tags
    return data[: first.start] + tags + data[first.start :]


def _places(data: bytes, head: Element, found: Findings) -> Iterator[int]:
    """The positions that a seek head names, counted from the segment's content."""
    for seek in children(data, head.body, head.end, found):
        for each in children(data, seek.body, seek.end, found) if seek.name == SEEK else ():
            if each.name == SEEK_POSITION:
                yield int.from_bytes(data[each.body : each.end], "big")


def _void(length: int) -> bytes:
    """An element of exactly ``length`` bytes (at least 2) that means nothing."""
    if length < 9:
        return b"\xec" + bytes((0x80 | (length - 2),)) + b"\0" * (length - 2)
    return b"\xec" + (length - 9 | 1 << 56).to_bytes(8, "big") + b"\0" * (length - 9)


def _short(name: int, content: bytes) -> bytes:
    """An element with a size of one or two bytes, as seek heads have little room."""
    size = len(content)
    sized = bytes((0x80 | size,)) if size < 127 else (size | 1 << 14).to_bytes(2, "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + sized + content


def _seek_head(data: bytes, head: Element, position: int, found: Findings) -> bytes:
    """The seek head with the tags at ``position``, counted from the segment's content."""
    entries = []
    for seek in children(data, head.body, head.end, found):
        if seek.name != SEEK:
            continue
        parts = {each.name: each for each in children(data, seek.body, seek.end, found)}
        target = parts.get(SEEK_ID)
        if target is not None and data[target.body : target.end] == TAGS.to_bytes(4, "big"):
            continue
        entries.append(data[seek.start : seek.end])
    where = position.to_bytes(max(1, (position.bit_length() + 7) // 8), "big")
    entries.append(_short(SEEK, _short(SEEK_ID, TAGS.to_bytes(4, "big")) + _short(SEEK_POSITION, where)))
    return _short(SEEK_HEAD, b"".join(entries))
