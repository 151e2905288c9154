"""JPEG: XMP and extended XMP, EXIF, comments and bare application segments; writing the XMP property."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...model import Deviation
from .. import xmp
from . import exif

_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_MARK = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF_MARK = b"Exif\0\0"
_PHOTOSHOP_MARK = b"Photoshop 3.0\0"
_INDEX_MARK = b"MPF\0"
_ENTRIES_OF_INDEX = 0xB002
_COMMENT, _APP0, _APP1, _APP2, _START_OF_SCAN = 0xFE, 0xE0, 0xE1, 0xE2, 0xDA


def segments(data: Source, found: Findings) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's payload before the first scan."""
    position, size = 2, len(data)
    while position + 4 <= size:
        head = data[position : position + 4]
        if head[0] != 0xFF:
            return
        marker = head[1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 2
            continue
        if marker in (0xD9, _START_OF_SCAN):
            return
        found.step()
        length = head[2] << 8 | head[3]
        start, end = position + 4, position + 2 + length
        if length < 2 or end > size:
            found.cut("jpeg: a segment is cut short")
            return
        yield marker, start, end
        position = end


def read(data: Source, found: Findings) -> None:
    extended: dict[bytes, dict[int, tuple[int, bytes]]] = {}
    for marker, start, end in segments(data, found):
        if not is_metadata(marker):
            continue
        payload = bytes(data[start:end])
        carrier = "jpeg:COM" if marker == _COMMENT else f"jpeg:APP{marker - _APP0}"
        if payload.startswith(_XMP_MARK):
            xmp.read(payload[len(_XMP_MARK) :], carrier, (start, end), found)
        elif payload.startswith(_EXTENDED_MARK) and len(payload) > len(_EXTENDED_MARK) + 40:
            at = len(_EXTENDED_MARK)
            guid, (_, offset) = payload[at : at + 32], struct.unpack_from(">II", payload, at + 32)
            extended.setdefault(guid, {})[offset] = (start, payload[at + 40 :])
        elif payload.startswith(_EXIF_MARK):
            exif.read(data, start + len(_EXIF_MARK), end, f"{carrier}/exif", found)
        elif payload.startswith(_PHOTOSHOP_MARK):
            found.stray(payload, f"{carrier}/photoshop", start)  # IPTC's captions are among the image resources
        elif marker == 0xE2:
            continue  # colour profiles hold no labels
        elif b"AIGC" in payload[:64].upper() or marker == _COMMENT:
            _bare(payload, carrier, start, end, found)
    for parts in extended.values():
        _extended(parts, found)


def _bare(payload: bytes, carrier: str, start: int, end: int, found: Findings) -> None:
    """A comment, or a segment that holds nothing but ``AIGC{...}`` without any of the registered marks."""
    standing = [Deviation.UNUSUAL_PLACE]
    text = payload.lstrip(b"\0 ")
    if text[:4].upper() == b"AIGC":
        rest = text[4:].lstrip(b"\0 :=")
        found.field(rest, carrier, (start, end), name=text[:4].decode("ascii"), standing=standing)
    else:
        found.remark(payload, carrier, (start, end))


def _extended(parts: dict[int, tuple[int, bytes]], found: Findings) -> None:
    """Extended XMP comes in numbered pieces; they are joined only where they lie end to end."""
    packet = b""
    for offset, (_, piece) in sorted(parts.items()):
        if offset != len(packet):
            found.refuse("jpeg:APP1/extended", "pieces of the extended XMP packet are missing or overlap")
            return
        packet += piece
        if not found.within(len(packet), "jpeg:APP1/extended"):
            return
    starts = [start for start, _ in parts.values()]
    last_start, last = max(parts.values())
    span = (min(starts), last_start + len(_EXTENDED_MARK) + 40 + len(last))
    xmp.read(bytes(packet), "jpeg:APP1/extended", span, found)


def segment(marker: int, payload: bytes) -> bytes:
    if len(payload) > 65_533:
        raise UnsuitableFileError("the XMP packet grows beyond what one JPEG segment holds (65,533 bytes)")
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Joins the property to the file's XMP packet, or puts a new one behind the JFIF and EXIF segments.
    Pixels stay as they are.
    """
    insert_at = 2
    for marker, start, end in segments(data, found):
        payload = data[start:end]
        if marker == _APP1 and payload.startswith(_XMP_MARK):
            joined = xmp.with_property(payload[len(_XMP_MARK) :], value)
            if len(joined) + len(_XMP_MARK) > 65_533:
                joined = xmp.without_padding(joined)
            new = segment(_APP1, _XMP_MARK + joined)
            return with_index_put_right(data, data[: start - 4] + new + data[end:], found)
        if marker == _APP0 or (marker == _APP1 and payload.startswith(_EXIF_MARK)):
            insert_at = end
    new = segment(_APP1, _XMP_MARK + xmp.new_packet(value))
    return with_index_put_right(data, data[:insert_at] + new + data[insert_at:], found)


def with_index_put_right(before: bytes, after: bytes, found: Findings) -> bytes:
    """``after`` with its index of further pictures (MPF) put right, where its first picture is longer or shorter than
    in ``before``. Places in the index count from the index; what lies behind the first picture is the same.
    """
    old, new = _index(before, found), _index(after, found)
    if old is None or new is None:
        return after
    old_end, new_end = end_of_picture(before), end_of_picture(after)
    start, end = new
    moved = (new_end - start) - (old_end - old[0])
    order = "<" if after[start : start + 2] == b"II" else ">"
    whole = bytearray(after)
    directory = start + struct.unpack_from(f"{order}I", after, start + 4)[0]
    for number in range(struct.unpack_from(f"{order}H", after, directory)[0]):
        tag, _, count, offset = struct.unpack_from(f"{order}HHII", after, directory + 2 + 12 * number)
        if tag != _ENTRIES_OF_INDEX:
            continue
        for at in range(start + offset, min(start + offset + count, end - 15), 16):
            size, place = struct.unpack_from(f"{order}II", after, at + 4)
            if place:
                struct.pack_into(f"{order}I", whole, at + 8, place + moved)
            elif size:
                struct.pack_into(f"{order}I", whole, at + 4, size + new_end - old_end)
    return bytes(whole)


def _index(data: bytes, found: Findings) -> tuple[int, int] | None:
    """The position of the index of further pictures."""
    for marker, start, end in segments(data, found):
        if marker == _APP2 and data[start:end].startswith(_INDEX_MARK):
            return start + len(_INDEX_MARK), end
    return None


def end_of_picture(data: bytes) -> int:
    """Where the first picture of the file ends; cameras put further pictures and films behind it."""
    position = 2
    while position + 2 <= len(data):
        if data[position] != 0xFF:
            position = data.find(b"\xff", position)
            if position < 0:
                break
            continue
        marker = data[position + 1]
        if marker == 0xD9:
            return position + 2
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return len(data)


def is_metadata(marker: int) -> bool:
    """Application segments and comments, as against tables and frame headers."""
    return marker == _COMMENT or 0xE0 <= marker <= 0xEF
