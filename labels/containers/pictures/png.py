"""PNG: text chunks ``iTXt`` (XMP), ``tEXt`` and ``zTXt``, the ``eXIf`` chunk, and writing the XMP property."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from .. import xmp
from . import exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_KEYWORD = b"XML:com.adobe.xmp"
#: In front of a packet in a JPEG segment, which some converters keep whole.
_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
_HEADER = struct.Struct(">I4s")
_TEXT_CHUNKS = (b"iTXt", b"tEXt", b"zTXt", b"eXIf")


def chunks(data: Source, found: Findings) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of each chunk's payload up to IEND; stops and says so where the file is cut short."""
    position, size = len(SIGNATURE), len(data)
    while position + 8 <= size:
        found.step()
        length, kind = _HEADER.unpack(data[position : position + 8])
        start, end = position + 8, position + 8 + length
        if end > size:
            found.cut(f"png: the {kind.decode('latin-1')} chunk is cut short")
            return
        yield kind, start, end
        if kind == b"IEND":
            return
        position = end + 4
    found.cut("png: the file is cut short; its last chunk is missing")


def read(data: Source, found: Findings) -> None:
    for kind, start, end in chunks(data, found):
        if kind not in _TEXT_CHUNKS:
            continue
        if not found.within(end - start, f"png:{kind.decode()}"):
            continue
        payload = bytes(data[start:end])
        if kind == b"eXIf":
            offset = start + (6 if payload.startswith(b"Exif\0\0") else 0)
            exif.read(data, offset, end, "png:eXIf", found)
        else:
            _text(kind, payload, start, end, found)


def _text(kind: bytes, payload: bytes, start: int, end: int, found: Findings) -> None:
    keyword, _, rest = payload.partition(b"\0")
    carrier = f"png:{kind.decode()}"
    compressed = False
    if kind == b"iTXt":
        compressed = rest[:1] == b"\1"
        parts = rest[2:].split(b"\0", 2)
        value = parts[2] if len(parts) == 3 else b""
    elif kind == b"zTXt":
        compressed, value = True, rest[1:]
    else:
        value = rest
    if compressed:
        inflated = inflate(value, found, carrier)
        if inflated is None:
            return
        value = inflated
    name = keyword.decode("latin-1")
    if keyword == _XMP_KEYWORD or (name.casefold().startswith("xml:com.adobe") and value.lstrip()[:1] == b"<"):
        xmp.read(value, carrier, (start, end), found)
    elif is_name(name):
        found.field(value, carrier, (start, end), name=name)
    elif name.startswith("Raw profile type"):
        _raw_profile(name, value, carrier, start, end, found)
    else:
        found.remark(value, f"{carrier}/{name[:40]}", (start, end), standing=(), name=name)


def _raw_profile(name: str, value: bytes, carrier: str, start: int, end: int, found: Findings) -> None:
    """ImageMagick's way to keep a profile in text: a name, a length, then hexadecimal digits."""
    lines = value.strip().split(b"\n", 2)
    if len(lines) != 3:
        return
    try:
        profile = bytes.fromhex(b"".join(lines[2].split()).decode("ascii"))
    except ValueError:
        return
    inner = Findings(found.limits)
    if name.endswith("xmp") or profile.startswith(_XMP_MARK):
        xmp.read(profile.removeprefix(_XMP_MARK), f"{carrier}/raw-profile", (start, end), found)
    elif name.endswith(("exif", "APP1")):
        exif.read(
            profile,
            6 if profile.startswith(b"Exif\0\0") else 0,
            len(profile),
            f"{carrier}/raw-profile",
            inner,
        )
        for label in inner.labels:  # its spans count from the profile, not from the file
            found.add(replace(label, span=(start, end)))
        for note in inner.notes:
            found.note(note)


def inflate(value: bytes, found: Findings, carrier: str) -> bytes | None:
    """``value`` inflated within the limit for one value, or None after saying why not."""
    engine = zlib.decompressobj()
    try:
        result = engine.decompress(value, found.limits.value_bytes + 1)
    except zlib.error as error:
        found.refuse(carrier, f"compressed text cannot be inflated: {error}")
        return None
    if len(result) > found.limits.value_bytes:
        found.refuse(carrier, f"compressed text inflates to more than {found.limits.value_bytes:,} bytes")
        return None
    found.spent.unpack(len(result))
    return result


def end_of_chunks(data: Source, found: Findings) -> int:
    """Where the last chunk ends; anything behind it is no part of the picture."""
    return max((end + 4 for _, _, end in chunks(data, found)), default=len(data))


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Joins the property to the file's XMP packet, or puts a new packet behind the header chunk. Pixels
    stay as they are.
    """
    header_end = 0
    for kind, start, end in chunks(data, found):
        if kind == b"IHDR":
            header_end = end + 4
        if kind == b"iTXt" and data[start:end].startswith(_XMP_KEYWORD + b"\0"):
            compressed, parts = (
                data[start + len(_XMP_KEYWORD) + 1] == 1,
                data[start:end].split(b"\0", 1)[1][2:].split(b"\0", 2),
            )
            packet = inflate(parts[2], found, "png:iTXt") if compressed else parts[2]
            if packet is None:
                raise UnsuitableFileError("the XMP packet in the file cannot be inflated")
            joined = xmp.with_property(packet, value)
            head = _XMP_KEYWORD + (b"\0\1\0" if compressed else b"\0\0\0") + parts[0] + b"\0" + parts[1] + b"\0"
            body = head + (zlib.compress(joined) if compressed else joined)
            return data[: start - 8] + chunk(b"iTXt", body) + data[end + 4 :]
    if not header_end:
        raise UnsuitableFileError("the file has no IHDR chunk")
    packet = chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + xmp.new_packet(value))
    return data[:header_end] + packet + data[header_end:]
