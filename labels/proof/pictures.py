"""The parts of PNG, JPEG, GIF, WebP and TIFF files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from ..containers.pictures.exif import OF_THE_PIXELS
from ..findings import UnsuitableFileError
from .packets import Part, in_letters, properties

_CUT_SHORT = "the file is cut short"
_MANY = 1 << 20


def png(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise UnsuitableFileError("the file does not begin with the header of a PNG")
    position, seen = 8, set()
    while True:
        if position + 12 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        length, kind = struct.unpack_from(">I4s", data, position)
        start, end = position + 8, position + 8 + length
        if end + 4 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        payload, sum_ = view[start:end], int.from_bytes(data[end : end + 4], "big")
        position = end + 4
        seen.add(kind)
        if zlib.crc32(kind + payload) != sum_:
            raise UnsuitableFileError(f"the checksum of a {in_letters(kind)} chunk does not match its content")
        if kind == b"iTXt" and bytes(payload[:18]) == b"XML:com.adobe.xmp\0":
            kept = properties(_international_text(bytes(payload)))
            if kept != b"[]":
                yield "metadata in XMP", kept
        else:
            yield from _chunk(kind, payload)
        if kind == b"IEND":
            break
    if b"IDAT" not in seen:
        raise UnsuitableFileError("the file holds no picture")
    yield "data behind the picture", view[position:]


#: Chunks of the pixels, and of the palette that a picture with a label may no longer have.
_OF_THE_PICTURE = {b"IDAT", b"fdAT", b"IHDR", b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT", b"sPLT"}


def _chunk(kind: bytes, payload: memoryview) -> Iterator[Part]:
    if kind == b"fcTL":  # how long a frame is shown, and apart from it how its pixels are laid on
        yield "length of a frame", payload[20:24]
        yield "picture", bytes(payload[:20]) + bytes(payload[24:])
    else:
        yield "picture" if kind in _OF_THE_PICTURE else f"{in_letters(kind)} chunk", payload


def _international_text(payload: bytes) -> bytes:
    compressed = payload[18:19] == b"\1"
    parts = payload[20:].split(b"\0", 2)
    text = parts[2] if len(parts) == 3 else b""
    if not compressed:
        return text
    try:
        return zlib.decompressobj().decompress(text, 1 << 22)
    except zlib.error as error:
        raise UnsuitableFileError("the XMP packet in the file cannot be inflated") from error


_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"


def jpeg(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    position, more = 2, []
    while True:
        if position + 4 > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if data[position] != 0xFF:
            raise UnsuitableFileError("a segment of the JPEG file does not begin with a marker")
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            raise UnsuitableFileError("the file holds no picture")
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        start, end = position + 4, position + 2 + length
        if length < 2 or end > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if marker == 0xDA:
            break
        if marker == 0xE1 and data.startswith(_XMP_MARK, start):
            kept = properties(data[start + len(_XMP_MARK) : end])
            if kept != b"[]":
                yield "metadata in XMP", kept
        elif marker == 0xE2 and data.startswith(b"MPF\0", start):
            more = list(_further_pictures(data, start + 4, end))
        else:
            # Adobe's segment states how the colours are coded.
            is_coding = marker < 0xE0 or (marker == 0xEE and data.startswith(b"Adobe", start))
            yield "picture" if is_coding else f"segment {marker:02X}", view[start:end]
        position = end
    end = _end_of_scans(data, position)
    yield "picture", view[position:end]
    yield "data behind the picture", view[end:]
    for start, size in more:
        # Pillow states too large a size for all but the second picture.
        if start >= len(data):
            raise UnsuitableFileError("a further picture in the file is missing")
        yield "further picture in the file", view[start : start + size]


def _end_of_scans(data: bytes, position: int) -> int:
    """The position of the mark that ends the scans beginning at ``position``."""
    while (position := data.find(b"\xff", position)) >= 0 and position + 1 < len(data):
        marker = data[position + 1]
        if marker == 0xD9:
            return position + 2
        position += 1 if marker == 0xFF else 2
        if not (marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD7):
            position += int.from_bytes(data[position : position + 2], "big")
    raise UnsuitableFileError(_CUT_SHORT)


def _further_pictures(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """(start, length) of the pictures that a multi-picture index names; the first is the file's own."""
    order = "<" if data[start : start + 2] == b"II" else ">"
    directory = start + struct.unpack_from(f"{order}I", data, start + 4)[0]
    if not start <= directory <= end - 2:
        raise UnsuitableFileError("the index of pictures in the file is broken")
    for number in range(struct.unpack_from(f"{order}H", data, directory)[0]):
        row = directory + 2 + 12 * number
        if row + 12 > end:
            raise UnsuitableFileError("the index of pictures in the file is broken")
        tag, _, count, offset = struct.unpack_from(f"{order}HHII", data, row)
        if tag != 0xB002:
            continue
        for at in range(start + offset, min(start + offset + count, end - 15), 16):
            _, size, place, _ = struct.unpack_from(f"{order}IIII", data, at)
            if place:
                yield start + place, size


def gif(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    if len(data) < 14:
        raise UnsuitableFileError(_CUT_SHORT)
    position = 13 + _colours(data[10])
    yield "picture", view[6:position]
    while True:
        if position >= len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        start, kind = position, data[position]
        if kind == 0x3B:
            yield "data behind the picture", view[position + 1 :]
            return
        if kind == 0x21:
            label, position = data[position + 1] if position + 1 < len(data) else 0, position + 2
        elif kind == 0x2C and position + 10 < len(data):
            label, position = 0x2C, position + 11 + _colours(data[position + 9])
        else:
            raise UnsuitableFileError("a block of the GIF file is of no known kind")
        inner = position
        while position < len(data) and data[position]:
            position += data[position] + 1
        position += 1
        if position > len(data):
            raise UnsuitableFileError(_CUT_SHORT)
        if label == 0xFF and data.startswith(b"XMP DataXMP", inner + 1):
            kept = properties(_gif_packet(data, inner + 12, position))
            if kept != b"[]":
                yield "metadata in XMP", kept
        else:
            yield "picture" if label in (0x2C, 0xF9) else f"block {label:02X}", view[start:position]


def _gif_packet(data: bytes, start: int, end: int) -> bytes:
    if data[start : start + 1] == b"<":
        packet = data[start : max(start, end - 256)]
        return packet[: packet.rfind(b">") + 1]
    parts = []
    while start < end and data[start]:
        parts.append(data[start + 1 : start + 1 + data[start]])
        start += data[start] + 1
    return b"".join(parts)


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def webp(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise UnsuitableFileError(_CUT_SHORT)
    position, picture = 12, False
    while position + 8 <= stop:
        name, size = struct.unpack_from("<4sI", data, position)
        start, end = position + 8, position + 8 + size
        if end > stop:
            raise UnsuitableFileError(_CUT_SHORT)
        position = end + (size & 1)
        if name in (b"XMP ", b"XMP\0"):
            kept = properties(data[start:end])
            if kept != b"[]":
                yield "metadata in XMP", kept
        elif name == b"VP8X":
            # A simple file becomes an extended one; what its header adds follows from the picture.
            flags = data[start] & ~0x04
            if flags & ~0x10:
                yield "header", bytes((flags,)) + data[start + 4 : end]
        else:
            picture |= name in (b"VP8 ", b"VP8L", b"ANMF")
            yield (
                "picture" if name in (b"VP8 ", b"VP8L", b"ANMF", b"ALPH", b"ANIM") else f"{in_letters(name)} chunk",
                view[start:end],
            )
    if not picture:
        raise UnsuitableFileError("the file holds no picture")
    yield "data behind the picture", view[stop:]


_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_DIRECTORIES = {0x014A, 0x8769, 0x8825, 0xA005}
_PLACES = {0x0111: 0x0117, 0x0144: 0x0145}  # strips and tiles: where they lie, how long they are


def tiff(data: bytes) -> Iterator[Part]:
    """Every directory in the chain with its values, and the pixels that each points at."""
    order = "<" if data[:2] == b"II" else ">"
    large = len(data) >= 16 and struct.unpack_from(f"{order}H", data, 2)[0] == 43
    count_form, link_form, row_size, head = ("Q", "Q", 20, 8) if large else ("H", "I", 12, 4)
    count_size, link_size = struct.calcsize("=" + count_form), struct.calcsize("=" + link_form)
    if len(data) < head + link_size:
        raise UnsuitableFileError(_CUT_SHORT)
    waiting = [struct.unpack_from(order + link_form, data, head)[0]]
    seen: set[int] = set()
    while waiting:
        directory = waiting.pop(0)
        if not directory:
            continue
        if directory in seen or len(seen) > 10_000 or directory + count_size > len(data):
            raise UnsuitableFileError("the directories of the TIFF file are broken")
        seen.add(directory)
        count = struct.unpack_from(order + count_form, data, directory)[0]
        start = directory + count_size
        stop = start + count * row_size
        if count > _MANY or stop + link_size > len(data):
            raise UnsuitableFileError("the directories of the TIFF file are broken")
        numbers: dict[int, list[int]] = {}
        for row in range(start, stop, row_size):
            tag, kind, many = struct.unpack_from(f"{order}HH{link_form}", data, row)
            size = many * _SIZES.get(kind, 0)
            place = row + 4 + link_size
            at = place if size <= link_size else struct.unpack_from(order + link_form, data, place)[0]
            if at + size > len(data):
                raise UnsuitableFileError(_CUT_SHORT)
            if tag == 0x02BC:
                kept = properties(data[at : at + size])
                if kept != b"[]":
                    yield "metadata in XMP", kept
                continue
            name = "picture" if tag in OF_THE_PIXELS else f"tag {tag}"
            if tag not in _PLACES:
                yield name, struct.pack(">HHQ", tag, kind, many) + data[at : at + size]
            if (tag in _DIRECTORIES or tag in (*_PLACES, *_PLACES.values())) and kind in _NUMBERS:
                form = _NUMBERS[kind]
                numbers[tag] = list(struct.unpack_from(f"{order}{many}{form}", data, at))
        for places, sizes in _PLACES.items():
            for at, size in zip(numbers.get(places, []), numbers.get(sizes, []), strict=False):
                if at + size > len(data):
                    raise UnsuitableFileError(_CUT_SHORT)
                yield "picture", memoryview(data)[at : at + size]
        for tag in sorted(_DIRECTORIES & numbers.keys()):
            waiting += numbers[tag]
        waiting.append(struct.unpack_from(order + link_form, data, stop)[0])
    if not seen:
        raise UnsuitableFileError("the TIFF file has no directory")
