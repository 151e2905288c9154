"""FLV: the label is the string ``AIGC`` in the script tag ``onMetaData`` (AMF0)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...bytes.pages import Source
from ...findings import BeyondLimitError, Findings, UnsuitableFileError
from ...meaning.aigc import is_name

_SCRIPT = 18
#: Film data need not be walked to its end: the script tag precedes it.
_TAGS_LOOKED_AT = 2_048


def tags(data: Source) -> Iterator[tuple[int, int, int]]:
    """(type, start, end) of each tag's body."""
    position = int.from_bytes(data[5:9], "big") + 4
    for _ in range(_TAGS_LOOKED_AT):
        if position + 11 > len(data):
            return
        kind = data[position] & 31
        size = int.from_bytes(data[position + 1 : position + 4], "big")
        yield kind, position + 11, min(position + 11 + size, len(data))
        position += 11 + size + 4


class _Reader:
    """AMF0 values, of which only names, strings and their places are kept: (path, kind, start, end)."""

    def __init__(self, data: Source, start: int, end: int, found: Findings) -> None:
        self.data, self.at, self.end, self.found = data, start, end, found
        self.seen: list[tuple[tuple[str, ...], int, int, int]] = []

    def take(self, count: int) -> int:
        start = self.at
        self.at += count
        if self.at > self.end:
            raise UnsuitableFileError("a script value is cut short")
        return start

    def number(self, count: int) -> int:
        start = self.take(count)
        return int.from_bytes(self.data[start : start + count], "big")

    def name(self) -> str:
        length = self.number(2)
        start = self.take(length)
        return bytes(self.data[start : start + min(length, 200)]).decode("utf-8", "replace")

    def value(self, path: tuple[str, ...], depth: int = 0) -> None:
        self.found.step()
        if depth > self.found.limits.depth:
            raise BeyondLimitError(f"script values nested deeper than {self.found.limits.depth}")
        kind = self.number(1)
        if kind in (2, 12):
            length = self.number(2 if kind == 2 else 4)
            start = self.take(length)
            self.seen.append((path, kind, start, start + length))
        elif kind == 0:
            start = self.take(8)
            self.seen.append((path, kind, start, start + 8))
        elif kind in (3, 8):
            if kind == 8:
                self.take(4)
            self.members(path, depth)
        elif kind == 10:
            for _ in range(self.number(4)):
                self.value(path, depth + 1)
        elif kind not in (1, 5, 6, 7, 11):
            raise UnsuitableFileError(f"a script value of unknown type {kind}")
        else:
            self.take({1: 1, 7: 2, 11: 10}.get(kind, 0))

    def members(self, path: tuple[str, ...], depth: int) -> None:
        while self.at < self.end:
            name = self.name()
            if not name and self.data[self.at : self.at + 1] == b"\x09":
                self.at += 1
                return
            self.value((*path, name), depth + 1)


def script_values(data: bytes, start: int, end: int, found: Findings) -> list[tuple[tuple[str, ...], int, int, int]]:
    """(path, AMF0 type, start, end) of the strings and numbers in the script tag whose body is ``data[start:end]``."""
    reader = _Reader(data, start, end, found)
    reader.value(("",))
    reader.value(())
    return reader.seen


def read(data: Source, found: Findings) -> None:
    for kind, start, end in tags(data):
        if kind != _SCRIPT:
            continue
        reader = _Reader(data, start, end, found)
        try:
            reader.value(("",))
            reader.value(())
        except ValueError as error:
            found.note(f"flv: {error}")
        for path, value_kind, a, b in reader.seen:
            if value_kind == 0 or not path or not path[-1] or not found.within(b - a, "flv:onMetaData"):
                continue
            if is_name(path[-1]):
                found.field(bytes(data[a:b]), "flv:onMetaData", (a, b), name=path[-1])
            else:
                found.remark(bytes(data[a:b]), f"flv:onMetaData/{path[-1][:40]}", (a, b))


def write(data: bytes, value: str, found: Findings) -> bytes:
    """Adds the string to ``onMetaData``, or a script tag in front of the film; the index of key frames is
    put right.
    """
    member = b"\0\4AIGC\2" + struct.pack(">H", len(value)) + value.encode("ascii")
    for kind, start, end in tags(data):
        if kind != _SCRIPT:
            continue
        name_length = int.from_bytes(data[start + 1 : start + 3], "big")
        if data[start] != 2 or data[start + 3 : start + 3 + name_length] != b"onMetaData":
            continue
        at = start + 3 + name_length
        if data[at] == 8:
            count = int.from_bytes(data[at + 1 : at + 5], "big") + 1
            head = data[start : at + 1] + struct.pack(">I", count)
            rest_at = at + 5
        elif data[at] == 3:
            head, rest_at = data[start : at + 1], at + 1
        else:
            raise UnsuitableFileError("onMetaData is neither an array nor an object")
        whole = bytearray(data)
        for path, value_kind, a, _ in script_values(data, start, end, found):
            if value_kind == 0 and path and path[-1] in ("filepositions", "filesize"):
                position = struct.unpack_from(">d", data, a)[0]
                if position >= end:
                    struct.pack_into(">d", whole, a, position + len(member))
        body = head + member + bytes(whole[rest_at:end])
        size = len(body).to_bytes(3, "big")
        previous = struct.pack(">I", len(body) + 11)
        return data[: start - 10] + size + data[start - 7 : start] + body + previous + data[end + 4 :]
    at = int.from_bytes(data[5:9], "big") + 4
    body = b"\2\0\x0aonMetaData\x08\0\0\0\1" + member + b"\0\0\x09"
    tag = bytes((_SCRIPT,)) + len(body).to_bytes(3, "big") + b"\0" * 7 + body + struct.pack(">I", len(body) + 11)
    return data[:at] + tag + data[at:]
