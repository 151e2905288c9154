"""The parts of a media file by their names, as the formats call them: where metadata would be, if there were any.

Names only, never the bytes of a part. Of a format without named parts, or a broken file, nothing is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

#: Parts that are listed; the rest is not counted.
_MOST = 40
#: Segments of JPEG by their second byte.
_SEGMENTS = {0xC0: "SOF0", 0xC2: "SOF2", 0xC4: "DHT", 0xDA: "SOS", 0xDB: "DQT", 0xDD: "DRI", 0xFE: "COM"}


def parts_of(data: bytes) -> list[str]:
    """The names of the parts, in their order; of several in a row with one name, the first.

    >>> parts_of(b"RIFF" + (20).to_bytes(4, "little") + b"WAVEfmt " + bytes(4) + b"data" + bytes(4))
    ['fmt', 'data']
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        names = _sized(data, 8, order="big", name_first=False, more=12)
    elif data[:4] in (b"RIFF", b"RIFX"):
        names = _sized(data, 12, order="little" if data[3:4] == b"F" else "big", name_first=True, more=8, even=True)
    elif data[4:8] == b"ftyp":
        names = _sized(data, 0, order="big", name_first=False, more=0)
    elif data.startswith(b"\xff\xd8"):
        names = _segments(data)
    else:
        return []
    found: list[str] = []
    for name in islice(names, 10 * _MOST):
        if not found or found[-1] != name:
            found.append(name)
        if len(found) == _MOST:
            return [*found, "…"]
    return found


def _sized(data: bytes, position: int, *, order: str, name_first: bool, more: int, even: bool = False) -> Iterator[str]:
    """The names of parts that begin with a size and a name of four bytes each; ``more`` bytes are not in the size."""
    while position + 8 <= len(data):
        first, second = data[position : position + 4], data[position + 4 : position + 8]
        name, size = (first, second) if name_first else (second, first)
        yield "".join(chr(byte) if 0x20 < byte < 0x7F else "" for byte in name) or "?"
        length = int.from_bytes(size, "little" if order == "little" else "big") + more
        position += max(8, length + (length % 2 if even else 0))


def _segments(data: bytes) -> Iterator[str]:
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        kind = data[position + 1]
        yield f"APP{kind - 0xE0}" if 0xE0 <= kind <= 0xEF else _SEGMENTS.get(kind, f"{kind:02X}")
        if kind == 0xDA:
            return
        position += 2 + max(2, int.from_bytes(data[position + 2 : position + 4], "big"))
