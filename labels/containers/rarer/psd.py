"""PSD and PSB: the label is a property of the XMP packet among the image resources."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...proof.packets import Part, properties
from .. import xmp
from ..pictures import exif

_EXIF, _XMP = 1058, 1060


def _resources(data: Source, found: Findings | None) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """(start of the resources, their end, [(identifier, start of the resource, start and end of its content)])."""
    colours = 26 + 4 + int.from_bytes(data[26:30], "big")
    start = colours + 4
    end = start + int.from_bytes(data[colours : colours + 4], "big")
    if end > len(data):
        raise UnsuitableFileError("the file is cut short")
    rows = []
    position = start
    while position + 12 <= end and data[position : position + 4] in (
        b"8BIM",
        b"8B64",
        b"MeSa",
        b"AgHg",
        b"PHUT",
        b"DCSR",
    ):
        if found is not None:
            found.step()
        number = int.from_bytes(data[position + 4 : position + 6], "big")
        name = data[position + 6] + 1
        at = position + 6 + name + (name & 1)
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + size > end:
            raise UnsuitableFileError("an image resource of the file is cut short")
        rows.append((number, position, at + 4, at + 4 + size))
        position = at + 4 + size + (size & 1)
    return start, end, rows


def read(data: Source, found: Findings) -> None:
    for number, _, start, end in _resources(data, found)[2]:
        if number == _XMP:
            xmp.read_range(data, (start, end), "psd:xmp", found)
        elif number == _EXIF:
            exif.read(data, start, end, "psd:exif", found)
        else:
            found.stray_at(data, (start, end), f"psd:resource {number}")


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Joins the property to the packet, or adds one. Layers and pixels follow as they were."""
    start, end, rows = _resources(data, found)
    for number, _, a, b in rows:
        if number == _XMP:
            packet = xmp.with_property(data[a:b], value)
            stop = b + ((b - a) & 1)
            inside = (
                data[start : a - 4]
                + struct.pack(">I", len(packet))
                + packet
                + b"\0" * (len(packet) & 1)
                + data[stop:end]
            )
            break
    else:
        packet = xmp.new_packet(value)
        head = b"8BIM" + struct.pack(">HHI", _XMP, 0, len(packet))
        inside = data[start:end] + head + packet + b"\0" * (len(packet) & 1)
    return data[: start - 4] + struct.pack(">I", len(inside)) + inside + data[end:]


def content(data: bytes) -> Iterator[Part]:
    """Every resource but the packet, then layers and pixels."""
    start, end, rows = _resources(data, None)
    yield "header", data[: start - 4]
    for number, _, a, b in rows:
        if number == _XMP:
            kept = properties(data[a:b])
            if kept != b"[]":
                yield "metadata in XMP", kept
        else:
            yield f"resource {number}", data[a:b]
    if end + 8 > len(data):
        raise UnsuitableFileError("the file is cut short")
    yield "picture", memoryview(data)[end:]
