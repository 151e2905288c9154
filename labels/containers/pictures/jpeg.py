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
        elif payload.startswith(_PHOTOSHOP_MARK) or marker == 0xE2:
            continue  # image resources and colour profiles hold rights and colours, not labels
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
    index: tuple[int, int] | None = None
    for marker, start, end in segments(data, found):
        payload = data[start:end]
        if marker == _APP1 and payload.startswith(_XMP_MARK):
            joined = xmp.with_property(payload[len(_XMP_MARK) :], value)
            if len(joined) + len(_XMP_MARK) > 65_533:
                joined = xmp.without_padding(joined)
            new = segment(_APP1, _XMP_MARK + joined)
            head = _with_index_moved(data[: start - 4], index, len(new) - (end - start + 4))
            return head + new + data[end:]
        if marker == _APP2 and payload.startswith(_INDEX_MARK):
            index = start + len(_INDEX_MARK), end
        if marker == _APP0 or (marker == _APP1 and payload.startswith(_EXIF_MARK)):
            insert_at = end
    new = segment(_APP1, _XMP_MARK + xmp.new_packet(value))
    head = _with_index_moved(data[:insert_at], index if index and index[0] < insert_at else None, len(new))
    return head + new + data[insert_at:]


def _with_index_moved(head: bytes, index: tuple[int, int] | None, delta: int) -> bytes:
    """``head`` with the positions in its index of further pictures (MPF), which count from the index, put right."""
    if index is None:
        return head
    start, end = index
    order = "<" if head[start : start + 2] == b"II" else ">"
    whole = bytearray(head)
    directory = start + struct.unpack_from(f"{order}I", head, start + 4)[0]
    for number in range(struct.unpack_from(f"{order}H", head, directory)[0]):
        tag, _, count, offset = struct.unpack_from(f"{order}HHII", head, directory + 2 + 12 * number)
        if tag != _ENTRIES_OF_INDEX:
            continue
        for at in range(start + offset, min(start + offset + count, end - 15), 16):
            place = struct.unpack_from(f"{order}I", head, at + 8)[0]
            if place:
                struct.pack_into(f"{order}I", whole, at + 8, place + delta)
    return bytes(whole)


def end_of_picture(data: bytes) -> int:
    """Where the first picture of the file ends; cameras put further pictures and films behind it."""
    position = 2
    while position + 4 <= len(data):
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
