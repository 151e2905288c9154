"""JPEG XL and JPEG 2000: boxes with an XMP packet, EXIF, and the coded picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.brotli import BrotliError, decompress
from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...model import Limits
from ...proof.packets import Part, in_letters, properties
from .. import xmp
from ..media.bmff import XMP_UUID, Box, box, boxes
from ..pictures import exif

_JXL_HEAD = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
_BARE = b"\xff\x0a"
_HEADER_OF_PICTURE = 4096


def read_jxl(data: Source, found: Findings) -> None:
    if data[:2] == _BARE:
        return  # a bare picture holds no metadata
    for each in boxes(data, 0, len(data), found):
        span = (each.body, each.end)
        if each.kind == b"xml ":
            xmp.read_range(data, span, "jxl:xml", found)
        elif each.kind == b"Exif":
            exif.read(
                data,
                each.body + 4 + int.from_bytes(data[each.body : each.body + 4], "big"),
                each.end,
                "jxl:Exif",
                found,
            )
        elif each.kind == b"brob" and bytes(data[each.body : each.body + 4]) in (b"xml ", b"Exif"):
            _read_compressed(data, each, found)


def _read_compressed(data: Source, each: Box, found: Findings) -> None:
    """A box ``brob``: the type of the original box, then that box's content as a Brotli stream."""
    kind = bytes(data[each.body : each.body + 4])
    if not found.within(each.end - each.body, "jxl:brob"):
        return
    try:
        content = decompress(bytes(data[each.body + 4 : each.end]), found.limits.value_bytes)
    except BrotliError as error:
        found.refuse("jxl:brob", f"the metadata is not read: {error}")
        return
    if kind == b"xml ":
        xmp.read(content, "jxl:brob/xml", None, found)
    else:
        exif.read(content, 4 + int.from_bytes(content[:4], "big"), len(content), "jxl:brob/Exif", found)


def write_jxl(data: bytes, value: str, found: Findings) -> bytes:
    """An ``xml`` box behind the picture. A bare picture is put into the container that may hold one.

    A packet compressed by Brotli is replaced by a plain one with the same properties and the label.
    """
    if data[:2] == _BARE:
        return _JXL_HEAD + box(b"jxlc", data) + box(b"xml ", xmp.new_packet(value))
    data = _ended(data, found)
    for each in boxes(data, 0, len(data), found):
        packet = data[each.body : each.end] if each.kind == b"xml " else _decompressed(data, each)
        if packet is not None:
            joined = box(b"xml ", xmp.with_property(packet, value))
            return data[: each.start] + joined + data[each.end :]
    return data + box(b"xml ", xmp.new_packet(value))


def _decompressed(data: bytes, each: Box) -> bytes | None:
    """The XMP packet in a box ``brob``, or None if the box holds something else.

    Raises UnsuitableFileError if the packet cannot be decompressed.
    """
    if each.kind != b"brob" or data[each.body : each.body + 4] != b"xml ":
        return None
    try:
        return decompress(data[each.body + 4 : each.end], Limits().value_bytes)
    except BrotliError as error:
        raise UnsuitableFileError(f"its XMP packet cannot be changed: {error}") from None


def read_jp2(data: Source, found: Findings) -> None:
    for each in boxes(data, 0, len(data), found):
        if each.kind == b"uuid" and data[each.body : each.body + 16] == XMP_UUID:
            xmp.read_range(data, (each.body + 16, each.end), "jp2:uuid", found)
        elif each.kind == b"xml ":
            xmp.read_range(data, (each.body, each.end), "jp2:xml", found)
        elif each.kind == b"uuid" and data[each.body : each.body + 6] == b"JpgTif":
            exif.read(data, each.body + 16, each.end, "jp2:uuid/exif", found)
        elif each.kind == b"jp2c":
            # A comment belongs to the header of the coded picture.
            found.stray_at(data, (each.body, min(each.end, each.body + _HEADER_OF_PICTURE)), "jp2:jp2c")


def write_jp2(data: bytes, value: str, found: Findings) -> bytes:
    """A ``uuid`` box with the packet behind the picture."""
    data = _ended(data, found)
    for each in boxes(data, 0, len(data), found):
        if each.kind == b"uuid" and data[each.body : each.body + 16] == XMP_UUID:
            joined = box(b"uuid", XMP_UUID + xmp.with_property(data[each.body + 16 : each.end], value))
            return data[: each.start] + joined + data[each.end :]
    return data + box(b"uuid", XMP_UUID + xmp.new_packet(value))


def _ended(data: bytes, found: Findings) -> bytes:
    """``data`` with the size of its last box stated, where it said no more than that it is the last."""
    last = None
    for each in boxes(data, 0, len(data), found):
        last = each
    if last is None or last.end > len(data):
        raise UnsuitableFileError("the file is cut short")
    if data[last.start : last.start + 4] != b"\0\0\0\0":
        return data
    return data[: last.start] + struct.pack(">I", last.end - last.start) + data[last.start + 4 :]


def content(data: bytes) -> Iterator[Part]:
    """Every box but the packet, by name."""
    if data[:2] == _BARE:
        yield "picture", data
        return
    position = 0
    pictures = False
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if size == 1:
            size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        end = position + size if size else len(data)
        if end < body or end > len(data):
            raise UnsuitableFileError("the file is cut short")
        each = Box(kind, position, body, end)
        packet: bytes | None
        if kind == b"xml ":
            packet = data[body:end]
        elif data[body : body + 16] == XMP_UUID:
            packet = data[body + 16 : end]
        else:
            packet = _decompressed(data, each)
        if packet:
            kept = properties(packet)
            if kept != b"[]":
                yield "metadata in XMP", kept
        elif kind not in (b"JXL ", b"ftyp"):
            is_picture = kind in (b"jxlc", b"jxlp", b"jp2c")
            pictures |= is_picture
            yield "picture" if is_picture else f"box {in_letters(kind)}", memoryview(data)[body:end]
        position = end
    if position != len(data):
        raise UnsuitableFileError("the file is cut short")
    if not pictures:
        raise UnsuitableFileError("the file holds no picture")
