"""Compressed data in a text: unpacked as far as a small multiple of its size."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_MEMORY = 16_000_000
_KINDS: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b\x08", lambda: zlib.decompressobj(31)),
    (b"\x78\x01", zlib.decompressobj),
    (b"\x78\x5e", zlib.decompressobj),
    (b"\x78\x9c", zlib.decompressobj),
    (b"\x78\xda", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
)
MARKED = frozenset(magic[0] for magic, _ in _KINDS)
"""The first bytes of compressed data that says so."""

#: A packed text is unpacked up to this many bytes per packed byte, and up to this many more.
_MULTIPLE, _MORE = 8, 2_000
#: Raw deflate has no mark. Shorter data holds no secret that could not be guessed.
_SHORTEST = 8


def unpacked(data: bytes, *, unmarked: bool) -> bytes | None:
    """What ``data`` holds if it is compressed. ``unmarked`` also tries raw deflate."""
    if len(data) < _SHORTEST:
        return None
    most = _MULTIPLE * len(data) + _MORE
    if data[0] in MARKED:
        for magic, unpacker in _KINDS:
            if data.startswith(magic) and (found := _unpacked(unpacker(), data, most)):
                return found
    # The two bits after the first say how the block is written. A raw block and a reserved kind hold no other text.
    if unmarked and (data[0] >> 1) & 3 in (1, 2):
        return _unpacked(zlib.decompressobj(-15), data, most)
    return None


def _unpacked(unpacker: _Unpacker, data: bytes, most: int) -> bytes | None:
    try:
        return unpacker.decompress(data, most) or None
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return None
