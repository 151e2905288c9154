"""Drawing the visible label into the first picture of a TIFF file; everything else stays where it is.

The pixels are put behind the file, and so is a first directory that points at them.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from ..containers.pictures import exif
from ..containers.table import Container
from ..findings import Findings, UnsuitableFileError
from .decoding import open_picture
from .glyphs import draw_label, plate

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 256, 257, 258, 259, 262, 274
_STRIPS, _SAMPLES, _ROWS, _STRIP_SIZES, _PLANES, _EXTRA = 273, 277, 278, 279, 284, 338
_NONE, _DEFLATE = 1, 8
_SHORT, _LONG = 3, 4
# mode -> (photometric interpretation, samples, bits of each, extra samples)
_MODES: dict[str, tuple[int, int, int, int]] = {
    "L": (1, 1, 8, 0),
    "LA": (1, 2, 8, 1),
    "RGB": (2, 3, 8, 0),
    "RGBA": (2, 4, 8, 1),
    "CMYK": (5, 4, 8, 0),
    "I;16": (1, 1, 16, 0),
}


def with_label(_kind: Container, data: bytes, found: Findings) -> bytes:
    """``data`` with the label in the picture that its first directory describes. Depth and transparency stay."""
    image = open_picture("TIFF", data, found)
    image.seek(0)
    bits = image.tag_v2.get(_BITS, (1,))
    compression = image.tag_v2.get(_COMPRESSION, _NONE)
    image.load()
    image = image if image.mode in _MODES else image.convert(_plain_mode(image))
    if max(bits) > 8 and image.mode != "I;16":
        raise UnsuitableFileError(f"the picture has {max(bits)} bits per channel, which would be lost")
    drawn = _deep(image) if image.mode == "I;16" else draw_label(image)
    little = data[:2] == b"II"
    pixels: bytes = drawn.tobytes()
    if image.mode == "I;16" and not little:
        pixels = _swapped(pixels)
    packed = pixels if compression == _NONE else zlib.compress(pixels)
    photometric, samples, depth, extra = _MODES[image.mode]
    entries: dict[int, tuple[int, list[int]]] = {
        _WIDTH: (_LONG, [drawn.width]),
        _HEIGHT: (_LONG, [drawn.height]),
        _BITS: (_SHORT, [depth] * samples),
        _COMPRESSION: (_SHORT, [_NONE if compression == _NONE else _DEFLATE]),
        _PHOTOMETRIC: (_SHORT, [photometric]),
        _ORIENTATION: (_SHORT, [1]),
        _SAMPLES: (_SHORT, [samples]),
        _ROWS: (_LONG, [drawn.height]),
        _STRIP_SIZES: (_LONG, [len(packed)]),
        _PLANES: (_SHORT, [1]),
    }
    if extra:
        entries[_EXTRA] = (_SHORT, [2])
    return exif.with_strip(data, packed, _STRIPS, entries, found)


def _plain_mode(image: Any) -> str:
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    if image.mode in ("1", "I;16B", "I;16L", "I;16N"):
        return "L" if image.mode == "1" else "I;16"
    if image.mode in ("RGBX", "YCbCr"):
        return "RGB"
    if image.mode == "RGBa":
        return "RGBA"
    raise UnsuitableFileError(f"no label can be drawn on TIFF pictures in the colour mode {image.mode}")


def _deep(image: Any) -> Any:
    """A grey picture of 16 bits with the label."""
    import numpy as np
    from PIL import Image

    (left, top), ground = plate(image.size)
    pixels = np.asarray(image).astype(np.uint16).copy()
    pixels[top : top + ground.height, left : left + ground.width] = np.asarray(ground).astype(np.uint16) * 257
    return Image.fromarray(pixels)


def _swapped(pixels: bytes) -> bytes:
    """Samples of 16 bits with their bytes exchanged."""
    count = len(pixels) // 2
    return struct.pack(f">{count}H", *struct.unpack(f"<{count}H", pixels))
