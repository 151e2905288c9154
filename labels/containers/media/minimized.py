"""Pictures with minimized metadata: the box ``mini`` of HEIF and AVIF (ISO/IEC 23008-12, MinimizedImageBox).

The box packs into a few bits what a ``meta`` box spells out. The chunks follow: colour profile, picture, then Exif and
XMP at its end. Drafts of the standard differ in two points: whether a size flag means *large* or *few*, and whether a
bit says that Exif and XMP are compressed. The chunks must fill the box exactly, so the reader tries each layout and
takes the one that fits.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from ...bytes.pages import Source
from ...findings import Findings
from .. import xmp
from ..pictures import exif

#: The packed part is 137 bytes at most: every option present, and two sets of light properties.
_HEADER = 160


class Layout(NamedTuple):
    """Which draft a box follows: ``large_flags`` as in the final text, ``compression`` if the bit for it is present."""

    large_flags: bool
    compression: bool


class Metadata(NamedTuple):
    """Where Exif and XMP are in the file (None: absent), and whether they are compressed."""

    exif: tuple[int, int] | None
    xmp: tuple[int, int] | None
    compressed: bool


class _Bits:
    """Reads unsigned numbers of a given number of bits, first bit first. Raises ``EOFError`` at the end."""

    def __init__(self, data: bytes) -> None:
        self.value = int.from_bytes(data, "big")
        self.left = len(data) * 8

    def take(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise EOFError
        return self.value >> self.left & ((1 << count) - 1)

    def flag(self) -> bool:
        return bool(self.take(1))


def _depth(bits: _Bits) -> None:
    if bits.flag():  # floating point
        bits.take(2)
    elif bits.flag():  # more than 8 bits
        bits.take(3)


def _chroma(bits: _Bits, subsampling: int) -> None:
    if subsampling in (1, 2):
        bits.take(1)
    if subsampling == 1:
        bits.take(1)


def _light(bits: _Bits) -> None:
    """The properties of high dynamic range: six flags, then what is present."""
    level, mastering, content, ambient, reference, diffuse = (bits.flag() for _ in range(6))
    bits.take(32 * level + 192 * mastering)
    if content:
        bits.take(2)
        primaries, *luminances = (bits.flag() for _ in range(4))
        bits.take(2 + 192 * primaries + 32 * sum(luminances))
    bits.take(64 * ambient + 128 * reference + 32 * diffuse)


def locate(data: Source, body: int, end: int, layout: Layout) -> Metadata | None:
    """Where the metadata are if the box from ``body`` to ``end`` follows ``layout``; None if its chunks do not fit."""
    head = bytes(data[body : min(end, body + _HEADER)])
    bits = _Bits(head)

    def large() -> bool:
        return bits.flag() is layout.large_flags

    try:
        bits.take(2)
        codecs, floating, _, alpha, cicp, hdr, icc, has_exif, has_xmp = (bits.flag() for _ in range(9))
        subsampling = bits.take(2)
        bits.take(3)
        side = 15 if large() else 7
        bits.take(2 * side)
        _chroma(bits, subsampling)
        if floating:
            bits.take(2)
        elif bits.flag():
            bits.take(3)
        if alpha:
            bits.take(1)
        if cicp:
            bits.take(24 if subsampling else 16)
        if codecs:
            bits.take(64)
        gain_map = second_icc = False
        if hdr:
            gain_map = bits.flag()
            if gain_map:
                bits.take(2 * side + 9)
                _chroma(bits, bits.take(2))
                _depth(bits)
                second_icc = bits.flag()
                if bits.flag():
                    bits.take(25)
            _light(bits)
            if gain_map:
                _light(bits)
        metadata = 20 if (icc or has_exif or has_xmp or gain_map) and large() else 10
        config = 12 if large() else 3
        item = 28 if large() else 15
        chunks = bits.take(metadata) + 1 if icc else 0
        chunks += bits.take(metadata) + 1 if second_icc else 0
        if gain_map:
            chunks += bits.take(metadata)
            gain_size = bits.take(item)
            chunks += gain_size + (bits.take(config) if gain_size else 0)
        chunks += bits.take(config) + bits.take(item) + 1
        if alpha:
            alpha_size = bits.take(item)
            chunks += alpha_size + (bits.take(config) if alpha_size else 0)
        compressed = bits.flag() if layout.compression and (has_exif or has_xmp) else False
        exif_size = bits.take(metadata) + 1 if has_exif else 0
        xmp_size = bits.take(metadata) + 1 if has_xmp else 0
    except EOFError:
        return None
    start = body + len(head) - bits.left // 8
    if start + chunks + exif_size + xmp_size != end:
        return None
    return Metadata(
        (end - xmp_size - exif_size, end - xmp_size) if has_exif else None,
        (end - xmp_size, end) if has_xmp else None,
        compressed,
    )


def read(data: Source, body: int, end: int, found: Findings) -> None:
    """Read Exif and XMP of a ``mini`` box; refuse one that no known layout explains."""
    for large_flags, compression in product((True, False), repeat=2):
        found.step()
        placed = locate(data, body, end, Layout(large_flags, compression))
        if placed is not None:
            break
    else:
        found.refuse("heif:mini", "minimized metadata (mini) in no known layout, or cut short")
        return
    if placed.compressed:
        found.refuse("heif:mini", "compressed Exif and XMP in minimized metadata (mini) are not read")
        return
    if placed.exif is not None:
        start, stop = placed.exif
        # A Exif *item* has an offset in front; the chunk of this box is the TIFF structure itself.
        if bytes(data[start : start + 4]) not in (b"II*\0", b"MM\0*"):
            start += 4 + int.from_bytes(data[start : start + 4], "big")
        exif.read(data, start, stop, "heif:mini/Exif", found)
    if placed.xmp is not None:
        xmp.read_range(data, placed.xmp, "heif:mini/XMP", found)
