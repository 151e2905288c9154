"""TIFF structures: EXIF blocks inside other formats, and TIFF files themselves. A bounded walk over their
directories.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from .. import xmp

MAKE, MODEL, COPYRIGHT = 0x010F, 0x0110, 0x8298
IMAGE_DESCRIPTION, SOFTWARE, ARTIST, XMP, EXIF_IFD, GPS_IFD = 0x010E, 0x0131, 0x013B, 0x02BC, 0x8769, 0x8825
SUB_IFDS, USER_COMMENT, XP_COMMENT, XP_TITLE, XP_KEYWORDS, XP_SUBJECT = (
    0x014A,
    0x9286,
    0x9C9C,
    0x9C9B,
    0x9C9E,
    0x9C9F,
)
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
    129: 1,  # text in UTF-8, since EXIF 3.0
}
_TEXTS = {
    IMAGE_DESCRIPTION: "ImageDescription",
    USER_COMMENT: "UserComment",
    XP_COMMENT: "XPComment",
    XP_TITLE: "XPTitle",
    XP_KEYWORDS: "XPKeywords",
    XP_SUBJECT: "XPSubject",
    MAKE: "Make",
    MODEL: "Model",
    COPYRIGHT: "Copyright",
    SOFTWARE: "Software",
    ARTIST: "Artist",
}


#: Texts of any tag; IPTC's records and Photoshop's image resources, in which captions are.
_ASCII, _UTF_8, _SHORTEST = 2, 129, 40
_RECORDS = {0x83BB: "IPTC", 0x8649: "Photoshop"}
_LINKS = frozenset((EXIF_IFD, SUB_IFDS, GPS_IFD))
_LOOKED_AT = _LINKS | frozenset((XMP, *_TEXTS, *_RECORDS))
_BYTE_ORDERS: dict[bytes, tuple[str, Literal["little", "big"]]] = {b"II": ("<", "little"), b"MM": (">", "big")}
_ROWS = {mark: struct.Struct(f"{mark}HHII") for mark in "<>"}
_LARGE_ROWS = {mark: struct.Struct(f"{mark}HHQQ") for mark in "<>"}
_ROWS_AT_ONCE = 64


class Entry(NamedTuple):
    """One directory entry: tag, type, where its value lies in the TIFF structure, and how many bytes it
    takes.
    """

    tag: int
    kind: int
    offset: int
    length: int


def entries(data: Source, start: int, end: int, found: Findings) -> Iterator[Entry]:
    """Entries that may say something of AI generation (``_LOOKED_AT``, and longer texts), of every directory that
    ``data[start:end]`` links to; offsets are absolute. Stops at broken links.
    """
    header = data[start : min(start + 16, end)]
    order = _BYTE_ORDERS.get(header[:2])
    if order is None or len(header) < 8:
        return
    mark, byte_order = order
    magic = int.from_bytes(header[2:4], byte_order)
    if magic == 42:
        head, count_size, link_size, row = 4, 2, 4, _ROWS[mark]
    elif magic == 43 and len(header) == 16:
        head, count_size, link_size, row = 8, 8, 8, _LARGE_ROWS[mark]
    else:
        return
    waiting = [(int.from_bytes(header[head : head + link_size], byte_order), 0)]
    seen: set[int] = set()
    while waiting:
        directory, depth = waiting.pop(0)
        position = start + directory
        if directory == 0 or directory in seen or position + count_size > end:
            continue
        if depth > found.limits.depth:
            raise BeyondLimitError(f"directories nested deeper than {found.limits.depth}")
        seen.add(directory)
        found.step()
        left = int.from_bytes(data[position : position + count_size], byte_order)
        position += count_size
        left = min(left, (end - position) // row.size)
        while left > 0:
            at_once = min(left, _ROWS_AT_ONCE)
            found.step(at_once)
            block = data[position : position + at_once * row.size]
            for number, (tag, kind, count, offset) in enumerate(row.iter_unpack(block)):
                if tag not in _LOOKED_AT and not (count >= _SHORTEST and kind in (_ASCII, _UTF_8)):
                    continue
                length = count * _SIZES.get(kind, 0)
                inline = position + number * row.size + 4 + link_size
                where = inline if length <= link_size else start + offset
                if not length or where + length > end:
                    continue
                if tag not in _LINKS:
                    yield Entry(tag, kind, where, length)
                elif kind in (4, 13, 18) and length <= 64:
                    size = _SIZES[kind]
                    links = data[where : where + length]
                    waiting += [
                        (int.from_bytes(links[at : at + size], byte_order), depth + 1) for at in range(0, length, size)
                    ]
            position += at_once * row.size
            left -= at_once
        if position + link_size <= end:
            waiting.append((int.from_bytes(data[position : position + link_size], byte_order), depth))


def read(data: Source, start: int, end: int, carrier: str, found: Findings) -> None:
    """Reports what ``data[start:end]``, a TIFF structure, says of AI generation."""
    big_endian = data[start : start + 2] == b"MM"
    for entry in entries(data, start, end, found):
        span = (entry.offset, entry.offset + entry.length)
        if entry.tag == XMP:
            xmp.read_range(data, span, carrier, found)
        elif entry.tag in _TEXTS:
            name = _TEXTS[entry.tag]
            where = f"{carrier}/{name}"
            if not found.within(entry.length, where):
                continue
            value = data[span[0] : span[1]]
            found.remark(value, where, span, standing=(), big_endian=big_endian)
        else:
            found.stray_at(data, span, f"{carrier}/{_RECORDS.get(entry.tag) or f'tag {entry.tag}'}")


def read_tiff(data: Source, found: Findings) -> None:
    """A TIFF file."""
    read(data, 0, len(data), "tiff", found)


class _FirstDirectory:
    """The first directory of a TIFF file, to be written again at the end."""

    def __init__(self, data: bytes, found: Findings) -> None:
        self.data = data
        self.mark = "<" if data[:2] == b"II" else ">"
        self.big = len(data) > 16 and struct.unpack_from(f"{self.mark}H", data, 2)[0] == 43
        self.count_form, self.link, row_size, self.head = ("Q", "Q", 20, 8) if self.big else ("H", "I", 12, 4)
        count_size, link_size = struct.calcsize("=" + self.count_form), struct.calcsize("=" + self.link)
        if len(data) < self.head + link_size:
            raise UnsuitableFileError("the TIFF file is cut short")
        directory = struct.unpack_from(self.mark + self.link, data, self.head)[0]
        if directory + count_size > len(data):
            raise UnsuitableFileError("the first directory of the TIFF file is broken")
        count = struct.unpack_from(self.mark + self.count_form, data, directory)[0]
        start = directory + count_size
        stop = start + count * row_size
        if count > found.limits.parts or stop + link_size > len(data):
            raise UnsuitableFileError("the first directory of the TIFF file is broken")
        self.rows = {
            struct.unpack_from(f"{self.mark}H", data, at)[0]: data[at : at + row_size]
            for at in range(start, stop, row_size)
        }
        self.next = data[stop : stop + link_size]
        self.body = bytearray(data + b"\0" * (-len(data) % 8))

    def appended(self, content: bytes) -> int:
        """Puts ``content`` behind the file and returns where it lies."""
        at = len(self.body)
        self.body += content + b"\0" * (-len(content) % 8)
        return at

    def set(self, tag: int, kind: int, count: int, place: int) -> None:
        """An entry whose value lies at ``place``."""
        self.rows[tag] = struct.pack(f"{self.mark}HH{self.link}{self.link}", tag, kind, count, place)

    def set_numbers(self, tag: int, kind: int, numbers: list[int]) -> None:
        """An entry with numbers of 16 or 32 bits (kinds 3 and 4)."""
        packed = struct.pack(f"{self.mark}{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        room = 8 if self.big else 4
        if len(packed) > room:
            self.set(tag, kind, len(numbers), self.appended(packed))
        else:
            head = struct.pack(f"{self.mark}HH{self.link}", tag, kind, len(numbers))
            self.rows[tag] = head + packed.ljust(room, b"\0")

    def file(self) -> bytes:
        """The file with this directory as its first."""
        rows = [self.rows[tag] for tag in sorted(self.rows)]
        at = len(self.body)
        if not self.big and at + len(rows) * 12 >= 1 << 32:
            raise UnsuitableFileError("the file would grow beyond what TIFF can address (4 GiB)")
        self.body += struct.pack(self.mark + self.count_form, len(rows)) + b"".join(rows) + self.next
        struct.pack_into(self.mark + self.link, self.body, self.head, at)
        return bytes(self.body)


def write_file(data: bytes, value: str, found: Findings) -> bytes:
    """A TIFF file with the XMP property: the first directory is written again at the end, all else stays in place."""
    directory = _FirstDirectory(data, found)
    present = [e for e in entries(data, 0, len(data), found) if e.tag == XMP]
    packet = (
        xmp.with_property(data[present[0].offset : present[0].offset + present[0].length], value)
        if present
        else xmp.new_packet(value)
    )
    directory.set(XMP, 1, len(packet), directory.appended(packet))
    return directory.file()


#: Tags that say how the pixels of a directory are coded and where they lie.
OF_THE_PIXELS = frozenset(
    (256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 338, 339, 347,
     512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532)
)  # fmt: skip


def with_strip(
    data: bytes, pixels: bytes, strips: int, described: dict[int, tuple[int, list[int]]], found: Findings
) -> bytes:
    """``data`` with other pixels in its first directory: one strip, which the entries ``described`` describe."""
    directory = _FirstDirectory(data, found)
    for tag in OF_THE_PIXELS & directory.rows.keys():
        del directory.rows[tag]
    for tag, (kind, numbers) in described.items():
        directory.set_numbers(tag, kind, numbers)
    at = directory.appended(pixels)
    if at >= 1 << 32:
        raise UnsuitableFileError("the file would grow beyond what TIFF can address (4 GiB)")
    directory.set_numbers(strips, 4, [at])
    return directory.file()
