"""The film studio: a shape that drifts for a few seconds, as JPEG frames in an AVI file (no codec is needed), with
the label in its frames.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from hashlib import blake2b

from PIL import Image, ImageDraw

from shenhe.labels.containers.media.riff import riff_chunk

from ..domain.refusal import Refusal
from . import pictures
from .marking import PictureLabel

RATE = 4
FRAMES = 12
_SHORT_LABEL = 4
_SCENES = 8


def draw(prompt: str, number: str, label: PictureLabel | None) -> bytes:
    """A film of three seconds for ``prompt``, without metadata. No two numbers give the same bytes."""
    scene = blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0] % _SCENES
    return avi([*_frames(scene, label)], number)


@lru_cache(maxsize=2 * _SCENES)
def _frames(scene: int, label: PictureLabel | None) -> tuple[bytes, ...]:
    ground, _ = pictures.opened(pictures.draw(f"film {scene}", "", "image/png", None))
    frames = []
    for index in range(FRAMES):
        frame = ground.copy()
        left = 20 + index * 18
        ImageDraw.Draw(frame).ellipse((left, 120, left + 60, 180), fill=(240, 220, 120))
        shown = label is not None and not (label.brief and index >= _SHORT_LABEL) and not (label.late and index < 2)
        frames.append(pictures.encoded(pictures.labelled(frame, label) if label and shown else frame, "image/jpeg"))
    return tuple(frames)


def avi(frames: list[bytes], name: str) -> bytes:
    """Frames of one size as a motion-JPEG AVI; ``name`` goes into its padding."""
    with Image.open(io.BytesIO(frames[0])) as first:
        width, height = first.size
    largest = max(map(len, frames))
    header = struct.pack(
        "<14I", 1_000_000 // RATE, largest * RATE, 0, 0x10, len(frames), 0, 1, largest, width, height, 0, 0, 0, 0
    )
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIiI4H", 0, 0, 0, 0, 1, RATE, 0, len(frames), largest, -1, 0, 0, 0, width, height
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    heading = (
        b"hdrl"
        + riff_chunk(b"avih", header)
        + riff_chunk(b"LIST", b"strl" + riff_chunk(b"strh", stream) + riff_chunk(b"strf", picture))
    )
    index, film = b"", b"movi"
    for frame in frames:
        index += b"00dc" + struct.pack("<III", 0x10, len(film), len(frame))
        film += riff_chunk(b"00dc", frame)
    body = (
        b"AVI "
        + riff_chunk(b"LIST", heading)
        + riff_chunk(b"JUNK", name.encode())
        + riff_chunk(b"LIST", film)
        + riff_chunk(b"idx1", index)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def first_frame(data: bytes) -> bytes:
    """The start frame of a film of this form, as a JPEG file.

    Raises:
        Refusal: 422, ``source_unreadable``.
    """
    for name, start, end in _chunks(data):
        if name == b"LIST" and data[start : start + 4] == b"movi":
            size = int.from_bytes(data[start + 8 : start + 12], "little")
            frame = data[start + 12 : min(end, start + 12 + size)]
            pictures.opened(frame)
            return frame
    raise Refusal(422, "source_unreadable", "无法读取视频。 The film could not be read.")


def reencoded(data: bytes) -> bytes:
    """The same frames in a file without metadata."""
    kept = [
        data[start - 8 : end + (end & 1)]
        for name, start, end in _chunks(data)
        if not (name == b"LIST" and data[start : start + 4] == b"INFO")
    ]
    body = b"AVI " + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """(name, start, end) of the payload of each chunk of the file."""
    found, position = [], 12
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        found.append((data[position : position + 4], position + 8, min(len(data), position + 8 + size)))
        position += 8 + size + (size & 1)
    return found
