"""AIFF and AIFF-C: the label is an ID3 frame, in a separate chunk, with the content it has in MP3 files."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...model import Deviation
from ...proof.packets import Part, in_letters
from ...proof.sounds import id3_frames
from ..media import id3

_TEXTS = {b"NAME", b"AUTH", b"(c) ", b"ANNO"}


def _chunks(data: Source, found: Findings | None) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk's content; the last may end where the file does."""
    position, stop = 12, min(len(data), 8 + int.from_bytes(data[4:8], "big"))
    while position + 8 <= stop:
        if found is not None:
            found.step()
        name, size = struct.unpack(">4sI", data[position : position + 8])
        yield name, position + 8, position + 8 + size
        position += 8 + size + (size & 1)


def read(data: Source, found: Findings) -> None:
    for name, start, end in _chunks(data, found):
        if name in (b"ID3 ", b"id3 "):
            id3.read_tag(data, start, min(end, len(data)), "aiff:ID3", found)
        elif name in _TEXTS and found.within(end - start, f"aiff:{name.decode()}"):
            carrier = f"aiff:{name.decode().strip()}"
            value = bytes(data[start:end])
            if not found.field(value, carrier, (start, end), name=None, standing=[Deviation.UNUSUAL_PLACE]):
                found.generator(value[:4096].decode("utf-8", "replace"), carrier)


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the frame to the ID3 chunk, or one more chunk behind the sound."""
    stop = 8 + int.from_bytes(data[4:8], "big")
    if stop > len(data) + (len(data) & 1):
        raise UnsuitableFileError("the file is cut short")
    body = data[12:stop] + b"\0" * (stop - len(data))
    for name, start, end in _chunks(data, found):
        if name in (b"ID3 ", b"id3 "):
            tag = id3.write(data[start:end], value, found)
            padded = end + ((end - start) & 1)
            body = data[12 : start - 8] + _chunk(name, tag) + data[padded:stop]
            break
    else:
        body += _chunk(b"ID3 ", id3.write(b"", value, found))
    if len(body) + 4 >= 1 << 32:
        raise UnsuitableFileError("the file would grow beyond what AIFF can name (4 GiB)")
    return data[:4] + struct.pack(">I", len(body) + 4) + data[8:12] + body + data[stop:]


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + content + b"\0" * (len(content) & 1)


def content(data: bytes) -> Iterator[Part]:
    """Every chunk but the label."""
    sound = False
    stop = 8 + int.from_bytes(data[4:8], "big")
    if stop > len(data) + (len(data) & 1):
        raise UnsuitableFileError("the file is cut short")
    for name, start, end in _chunks(data, None):
        if end > len(data):
            raise UnsuitableFileError("the file is cut short")
        if name in (b"ID3 ", b"id3 "):
            yield from id3_frames(data, start, end)
        else:
            sound |= name == b"SSND"
            yield (
                "sound" if name in (b"SSND", b"COMM") else f"chunk {in_letters(name)}",
                memoryview(data)[start:end],
            )
    if not sound:
        raise UnsuitableFileError("the file holds no sound")
    yield "data behind the sound", data[stop:]
