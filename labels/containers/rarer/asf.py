"""ASF (WMA, WMV): the label is an attribute ``AIGC`` of the extended content description."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import Findings, UnsuitableFileError
from ...meaning.aigc import is_name
from ...model import Deviation
from ...proof.packets import Part


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


HEADER = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_DATA = _guid("75B22636-668E-11CF-A6D9-00AA0062CE6C")
_EXTENDED = _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
_DESCRIPTION = _guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
_FILE = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_TEXT = 0


def _objects(data: Source, start: int, end: int, found: Findings) -> Iterator[tuple[bytes, int, int]]:
    """(identifier, start of the content, end) of each object."""
    position = start
    while position + 24 <= end:
        found.step()
        size = int.from_bytes(data[position + 16 : position + 24], "little")
        if size < 24:
            return
        yield bytes(data[position : position + 16]), position + 24, position + size
        position += size


def _header(data: Source) -> tuple[int, int]:
    """(start of the objects in the header, its end)."""
    return 30, int.from_bytes(data[16:24], "little")


def _attributes(data: Source, start: int, end: int, found: Findings) -> Iterator[tuple[str, int, int, int]]:
    """(name, type, start and end of the value) of each attribute."""
    position = start + 2
    for _ in range(int.from_bytes(data[start : start + 2], "little")):
        found.step()
        length = int.from_bytes(data[position : position + 2], "little")
        name = bytes(data[position + 2 : position + 2 + length]).decode("utf-16-le", "replace").rstrip("\0")
        position += 2 + length
        kind, size = (int.from_bytes(data[position + at : position + at + 2], "little") for at in (0, 2))
        if position + 4 + size > end:
            found.note("asf: an attribute is cut short")
            return
        yield name, kind, position + 4, position + 4 + size
        position += 4 + size


def read(data: Source, found: Findings) -> None:
    first, last = _header(data)
    for name, start, end in _objects(data, first, min(last, len(data)), found):
        if name == _EXTENDED:
            for key, kind, a, b in _attributes(data, start, end, found):
                if kind == _TEXT and found.within(b - a, "asf:attribute"):
                    _report(data, key, a, b, f"asf:attribute/{key[:40]}", found)
        elif name == _DESCRIPTION:
            _description(data, start, end, found)
        else:
            found.stray_at(data, (start, end), "asf:object of the header")


def _report(data: Source, key: str, a: int, b: int, carrier: str, found: Findings) -> None:
    text = bytes(data[a:b]).decode("utf-16-le", "replace").rstrip("\0")
    if is_name(key):
        found.field(text, "asf:attribute", (a, b), name=key)
    elif not found.field(text, carrier, (a, b), name=None, standing=[Deviation.UNUSUAL_PLACE]):
        found.generator(text[:4096], carrier)


def _description(data: Source, start: int, end: int, found: Findings) -> None:
    """Title, author, copyright, description and rating, one behind the other."""
    sizes = struct.unpack("<5H", data[start : start + 10])
    position = start + 10
    for name, size in zip(("title", "author", "copyright", "description", "rating"), sizes, strict=True):
        if position + size <= end and found.within(size, f"asf:{name}"):
            _report(data, name, position, position + size, f"asf:{name}", found)
        position += size


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the attribute to the header. Packets are found by their number, so that nothing else has to move."""
    first, last = _header(data)
    if last > len(data) or last < first:
        raise UnsuitableFileError("the file is cut short")
    name = "AIGC\0".encode("utf-16-le")
    text = f"{value}\0".encode("utf-16-le")
    added = struct.pack("<H", len(name)) + name + struct.pack("<HH", _TEXT, len(text)) + text
    count = int.from_bytes(data[24:28], "little")
    for identifier, start, end in _objects(data, first, last, found):
        if identifier == _EXTENDED:
            number = int.from_bytes(data[start : start + 2], "little") + 1
            content = struct.pack("<H", number) + data[start + 2 : end] + added
            inside = data[first : start - 24] + _object(_EXTENDED, content) + data[end:last]
            break
    else:
        count += 1
        inside = data[first:last] + _object(_EXTENDED, struct.pack("<H", 1) + added)
    grown = len(inside) - (last - first)
    head = HEADER + struct.pack("<QI", last + grown, count) + data[28:30]
    return head + _with_file_size(inside, grown, found) + data[last:]


def _object(identifier: bytes, content: bytes) -> bytes:
    return identifier + struct.pack("<Q", len(content) + 24) + content


def _with_file_size(inside: bytes, grown: int, found: Findings) -> bytes:
    """The header's objects, with the size of the whole file that one of them states put right."""
    for identifier, start, _ in _objects(inside, 0, len(inside), found):
        if identifier == _FILE:
            size = int.from_bytes(inside[start + 16 : start + 24], "little")
            if size:
                return inside[: start + 16] + struct.pack("<Q", size + grown) + inside[start + 24 :]
    return inside


def content(data: bytes) -> Iterator[Part]:
    """Every object of the header but the label, and everything behind the header."""
    from ...model import Limits

    found = Findings(Limits())
    first, last = _header(data)
    if last > len(data):
        raise UnsuitableFileError("the file is cut short")
    for identifier, start, end in _objects(data, first, last, found):
        if end > last:
            raise UnsuitableFileError("an object of the file's header is cut short")
        if identifier == _EXTENDED:
            for key, kind, a, b in _attributes(data, start, end, found):
                if key != "AIGC":
                    yield f"attribute {key}", bytes((kind,)) + data[a:b]
        elif identifier == _FILE:
            yield "properties of the file", data[start : start + 16] + data[start + 24 : end]
        else:
            yield "object of the header", data[start:end]
    if data[last : last + 16] != _DATA:
        raise UnsuitableFileError("the file holds no film and no sound")
    yield "film and sound", memoryview(data)[last:]
