"""Pictures of 16 bits per channel, which Pillow holds in 8: high and low bytes are decoded one after the other."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..containers.pictures import png as png_file
from ..findings import Findings, UnsuitableFileError
from .decoding import drawn_upright, orientation_of
from .glyphs import plate

#: Colour types of PNG: how many channels, whether the last is opacity.
_CHANNELS = {0: (1, False), 2: (3, False), 4: (2, True), 6: (4, True)}
_UP = 2


def png(data: bytes, image: Any, found: Findings) -> bytes:
    """``data``, a PNG of 16 bits per channel that Pillow opened as ``image``, with the label, in the same depth."""
    colour = data[25]
    if colour not in _CHANNELS:
        raise UnsuitableFileError("the PNG states a depth that its kind of colour cannot have")
    channels, opaque = _CHANNELS[colour]
    pixels = _samples(data, image, channels)
    turned = drawn_upright(_Turned(pixels), orientation_of(image), lambda each: each.labelled(opaque))
    height, width = turned.pixels.shape[:2]
    rows = turned.pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    new, drawn = [png_file.chunk(b"IHDR", header)], False
    for kind, start, end in png_file.chunks(data, found):
        if kind == b"IHDR":
            continue
        if kind != b"IDAT":
            new.append(png_file.chunk(kind, data[start:end]))
        elif not drawn:
            new.append(png_file.chunk(b"IDAT", zlib.compress(filtered.tobytes())))
            drawn = True
    return png_file.SIGNATURE + b"".join(new) + data[png_file.end_of_chunks(data, found) :]


def _samples(data: bytes, image: Any, channels: int) -> NDArray[np.uint16]:
    """Samples of shape (height, width, channels)."""
    from PIL import Image

    if channels == 1:
        return np.asarray(image).astype(np.uint16)[:, :, None]
    if channels == 2:
        # Grey and opacity, two bytes each, are unpacked as if they were four channels of one byte.
        four = _decoded_as(Image.open(io.BytesIO(data), formats=["PNG"]), "RGBA", "RGBA").astype(np.uint16)
        return np.stack([four[:, :, 0] << 8 | four[:, :, 1], four[:, :, 2] << 8 | four[:, :, 3]], axis=2)
    mode = "RGB" if channels == 3 else "RGBA"
    high, low = (
        _decoded_as(Image.open(io.BytesIO(data), formats=["PNG"]), mode, f"{mode};16{order}").astype(np.uint16)
        for order in "BL"
    )
    return (high << 8 | low).astype(np.uint16)


def _decoded_as(image: Any, mode: str, raw_mode: str) -> NDArray[np.uint8]:
    """The picture with its bytes unpacked as ``raw_mode``: the high bytes of 16 bits, or the low ones."""
    image._mode = mode
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    image.load()
    return np.asarray(image)


class _Turned:
    """An array that is turned as pictures of Pillow are."""

    def __init__(self, pixels: NDArray[np.uint16]) -> None:
        self.pixels = pixels

    def transpose(self, how: Any) -> _Turned:
        turns = {
            "FLIP_LEFT_RIGHT": lambda a: a[:, ::-1],
            "FLIP_TOP_BOTTOM": lambda a: a[::-1],
            "ROTATE_90": lambda a: np.rot90(a, 1),
            "ROTATE_180": lambda a: np.rot90(a, 2),
            "ROTATE_270": lambda a: np.rot90(a, 3),
            "TRANSPOSE": lambda a: a.transpose(1, 0, 2),
            "TRANSVERSE": lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        }
        return _Turned(turns[how.name](self.pixels))

    def labelled(self, opaque: bool) -> _Turned:
        height, width, channels = self.pixels.shape
        (left, top), ground = plate((width, height))
        ink = np.asarray(ground).astype(np.uint16) * 257
        pixels = self.pixels.copy()
        corner = pixels[top : top + ink.shape[0], left : left + ink.shape[1]]
        corner[:] = ink[:, :, None]
        if opaque:
            corner[:, :, channels - 1] = 65_535
        return _Turned(pixels)
