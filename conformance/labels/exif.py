"""TIFF structures: EXIF blocks inside other formats, and TIFF files themselves. A bounded walk over their
directories.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import xmp
from .findings import BeyondLimitError, Findings

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
}
_TEXTS = {
    IMAGE_DESCRIPTION: "ImageDescription",
    USER_COMMENT: "UserComment",
    XP_COMMENT: "XPComment",
    XP_TITLE: "XPTitle",
    XP_KEYWORDS: "XPKeywords",
    XP_SUBJECT: "XPSubject",
    SOFTWARE: "Software",
    ARTIST: "Artist",
}


class Entry(NamedTuple):
    """One directory entry: tag, type, where its value lies in the TIFF structure, and how many bytes it
    takes.
    """

    tag: int
    kind: int
    offset: int
    length: int


def entries(data: bytes, start: int, end: int, found: Findings) -> Iterator[Entry]:
    """Entries of every directory that ``data[start:end]`` links to; offsets are absolute. Stops at broken
    links.
    """
    order = data[start : start + 2]
    if order not in (b"II", b"MM"):
        return
    mark = "<" if order == b"II" else ">"
    magic = struct.unpack_from(f"{mark}H", data, start + 2)[0] if end - start >= 8 else 0
    if magic == 42:
        head, count_format, entry_size, link = 4, "H", 12, "I"
    elif magic == 43 and end - start >= 16:
        head, count_format, entry_size, link = 8, "Q", 20, "Q"
    else:
        return
    link_size, count_size = struct.calcsize(link), struct.calcsize("=" + count_format)
    row = struct.Struct(f"{mark}HH{link}{link}")
    waiting = [(struct.unpack_from(mark + link, data, start + head)[0], 0)]
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
        count = struct.unpack_from(mark + count_format, data, position)[0]
        position += count_size
        for _ in range(count):
            if position + entry_size > end:
                break
            found.step()
            tag, kind, number, offset = row.unpack_from(data, position)
            length = number * _SIZES.get(kind, 0)
            where = position + 4 + link_size if length <= link_size else start + offset
            position += entry_size
            if length and where + length <= end:
                yield Entry(tag, kind, where, length)
                if tag in (EXIF_IFD, SUB_IFDS, GPS_IFD) and kind in (4, 13, 18) and length <= 64:
                    size = _SIZES[kind]
                    form = mark + ("Q" if size == 8 else "I")
                    waiting += [(struct.unpack_from(form, data, at)[0], depth + 1) for at in range(where, where + length, size)]
        if position + link_size <= end:
            waiting.append((struct.unpack_from(mark + link, data, position)[0], depth))


def read(data: bytes, start: int, end: int, carrier: str, found: Findings) -> None:
    """Reports what ``data[start:end]``, a TIFF structure, says of AI generation."""
    big_endian = data[start : start + 2] == b"MM"
    for entry in entries(data, start, end, found):
        span = (entry.offset, entry.offset + entry.length)
        if entry.tag == XMP:
            xmp.read(bytes(data[span[0] : span[1]]), carrier, span, found)
        elif entry.tag in _TEXTS:
            name = _TEXTS[entry.tag]
            where = f"{carrier}/{name}"
            value = bytes(data[span[0] : span[1]])
            if not found.within(value, where):
                continue
            if not found.field(value, where, span, name=None, big_endian=big_endian):
                found.generator(value.removeprefix(b"UNICODE\0").replace(b"\0", b"").decode("utf-8", "replace"), where)


def read_file(data: bytes, found: Findings) -> None:
    """A TIFF file."""
    read(data, 0, len(data), "tiff", found)


def write_file(data: bytes, value: str, found: Findings) -> bytes:
    """A TIFF file with the XMP property: the first directory is written anew at the end, everything else
    stays in place.
    """
    mark = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{mark}H", data, 2)[0] == 43
    count_format, link, entry_size, head = ("Q", "Q", 20, 8) if big else ("H", "I", 12, 4)
    directory = struct.unpack_from(mark + link, data, head)[0]
    count_size, link_size = struct.calcsize("=" + count_format), struct.calcsize("=" + link)
    count = struct.unpack_from(mark + count_format, data, directory)[0]
    start = directory + count_size
    stop = start + count * entry_size
    if count > found.limits.parts or stop + link_size > len(data):
        raise ValueError("the first directory of the TIFF file is broken")
    rows = [data[at : at + entry_size] for at in range(start, stop, entry_size)]
    present = [e for e in entries(data, 0, len(data), found) if e.tag == XMP]
    packet = xmp.with_property(data[present[0].offset : present[0].offset + present[0].length], value) if present else xmp.new_packet(value)
    rows = [row for row in rows if struct.unpack_from(f"{mark}H", row)[0] != XMP]
    body = data + b"\0" * (-len(data) % 8)
    packet_at = len(body)
    body += packet + b"\0" * (-len(packet) % 8)
    rows.append(struct.pack(f"{mark}HH{link}{link}", XMP, 7, len(packet), packet_at))
    rows.sort(key=lambda row: int(struct.unpack_from(f"{mark}H", row)[0]))
    new_directory = len(body)
    if not big and new_directory + len(rows) * entry_size >= 1 << 32:
        raise ValueError("the file would grow beyond what TIFF can address (4 GiB)")
    body += struct.pack(mark + count_format, len(rows)) + b"".join(rows) + data[stop : stop + link_size]
    return body[:head] + struct.pack(mark + link, new_directory) + body[head + link_size :]
