"""GIF: the XMP application extension and comments; writing the XMP property."""

from __future__ import annotations

from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from ...model import Deviation
from .. import xmp

_XMP_HEAD = b"\x21\xff\x0bXMP DataXMP"
#: Adobe's closing run: wherever a reader that knows nothing of XMP lands in it, it is led to the terminator.
_XMP_TAIL = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"
_SUB_BLOCKS_A_PART = 50
_FEW, _MANY = 1 << 12, 1 << 20


def _color_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def blocks(data: Source, found: Findings) -> Iterator[tuple[int, int, int, int]]:
    """(label, start of the block, start of its sub-blocks, end of the block); label 0x2C is an image."""
    position = 13 + (_color_table(data[10]) if len(data) > 10 else 0)
    budget = found.limits.parts * _SUB_BLOCKS_A_PART
    stop = len(data)
    while position < stop:
        found.step()
        start = position
        if data[position] == 0x21 and position + 2 < len(data):
            label, position = data[position + 1], position + 2
        elif data[position] == 0x2C and position + 10 < len(data):
            label, position = 0x2C, position + 11 + _color_table(data[position + 9])
        else:
            return
        inner = position
        piece = _FEW
        while position < stop and (size := data[position]):
            if size == 255:
                # Encoders fill all sub-blocks of an image but the last: their sizes stand 256 bytes apart.
                sizes = data[position : position + piece : 256]
                full = len(sizes) - len(sizes.lstrip(b"\xff"))
                piece = min(piece * 4, _MANY) if full == len(sizes) else _FEW
            else:
                full = 1
            position += full * (size + 1)
            budget -= full
            if budget < 0:
                raise BeyondLimitError("more sub-blocks than are looked at in one GIF")
        position += 1
        yield label, start, inner, min(position, len(data))


def end_of_header(data: Source) -> int:
    """Where the first block begins."""
    return 13 + _color_table(data[10])


def _joined(data: Source, start: int, end: int) -> bytes:
    parts = []
    while start < end and data[start]:
        parts.append(data[start + 1 : start + 1 + data[start]])
        start += data[start] + 1
    return b"".join(parts)


def _packet(data: Source, start: int, inner: int, end: int) -> tuple[bytes, int, int]:
    """(packet, its range) of an XMP extension: raw as Adobe has it, or cut into sub-blocks as some writers
    do.
    """
    body = inner + data[inner] + 1
    if data[body : body + 1] == b"<":
        before_tail = data[body : max(body, end - 256)]
        packet = before_tail[: before_tail.rfind(b">") + 1]
        return packet, body, body + len(packet)
    return _joined(data, body, end), body, end


def read(data: Source, found: Findings) -> None:
    for label, start, inner, end in blocks(data, found):
        if label == 0xFF and data[start : start + len(_XMP_HEAD)] == _XMP_HEAD:
            if found.within(end - inner, "gif:XMP"):
                packet, body, stop = _packet(data, start, inner, end)
                xmp.read(packet, "gif:XMP", (body, stop), found)
        elif label == 0xFF and b"AIGC" in data[inner : inner + 12].upper():
            if found.within(end - inner, "gif:application"):
                value = _joined(data, inner + data[inner] + 1, end)
                standing = [Deviation.UNUSUAL_PLACE]
                found.field(value, "gif:application", (inner, end), name="AIGC", standing=standing)
        elif label == 0xFE:
            if not found.within(end - inner, "gif:comment"):
                continue
            value = _joined(data, inner, end)
            found.remark(value, "gif:comment", (inner, end))


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Joins the property to the XMP extension, or puts a new one in front of the first block. Frames stay
    as they are.
    """
    if len(data) < 14:
        raise UnsuitableFileError("the GIF is cut short")
    for label, start, inner, end in blocks(data, found):
        if label == 0xFF and data[start : start + len(_XMP_HEAD)] == _XMP_HEAD:
            packet, _, _ = _packet(data, start, inner, end)
            joined = xmp.with_property(packet, value)
            return data[:start] + _XMP_HEAD + joined + _XMP_TAIL + data[end:]
    at = 13 + _color_table(data[10])
    return b"GIF89a" + data[6:at] + _XMP_HEAD + xmp.new_packet(value) + _XMP_TAIL + data[at:]
