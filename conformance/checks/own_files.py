"""Files that checks bring to a platform: small, harmless, of many formats, with a label in any of its places.

Formats that need a decoder of the `media` extra are left out where it is not installed.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from importlib.util import find_spec
from typing import Any

from shenhe.labels import ImplicitFields, write_label

from ..entities import Media
from ..provider import Capabilities
from .requests import picture, tone

Colour = tuple[int, int, int]

PRESCRIBED, TEXT_CHUNK, EXIF = "the prescribed place", "a text chunk", "the EXIF comment"
#: Sides of a small and of a large picture, in pixels.
SMALL, LARGE = (160, 120), (1280, 960)
#: Rows of noise in a large picture or film, so that the file has more than 64 KiB. They lie across the middle, away
#: from the edges where labels are.
_NOISY_ROWS = 96
_DRAWN = {"image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
#: Container and codec of films.
_FILMED = {"video/mp4": ("mp4", "mpeg4"), "video/webm": ("webm", "libvpx"), "video/x-msvideo": ("avi", "mjpeg")}
#: Container and codec of sounds.
_ENCODED = {
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/mp4": ("mp4", "aac"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/flac": ("flac", "flac"),
}
#: Sides of a large film, the samples of a second of sound, and what keeps times and random numbers out of containers.
_FILM, _RATE, _REPEATABLE = (640, 480), 48_000, {"fflags": "+bitexact"}
_PLACES = {"image/png": (PRESCRIBED, TEXT_CHUNK), "image/jpeg": (PRESCRIBED, EXIF)}


def makeable() -> tuple[str, ...]:
    """The media types of which there is a file to upload."""
    coded = (*_ENCODED, *_FILMED) if find_spec("av") is not None else ()
    return ("image/png", *_DRAWN, "audio/wav", *coded)


def uploadable(capabilities: Capabilities) -> list[str]:
    """The media types to upload to a platform: of those that it takes, or else that it makes; a picture in any case."""
    made = [media_type for service in capabilities.services for media_type in capabilities.media.get(service, ())]
    wanted = capabilities.uploads or made
    return [media_type for media_type in makeable() if media_type in wanted] or ["image/png"]


def places(media_type: str) -> tuple[str, ...]:
    """Where a file of this type may carry its field."""
    return _PLACES.get(media_type, (PRESCRIBED,))


def own_file(media_type: str, colour: Colour, *, large: bool = False) -> Media:
    """A file without any label; ``colour`` makes it unlike every other. A large one has at least 64 KiB."""
    if media_type.startswith("audio/"):
        hertz = 220.0 + colour[0] + colour[1] / 256
        if media_type == "audio/wav":
            return tone(5.0 if large else 0.5, hertz)
        return Media(_sound(media_type, hertz, 8.0 if large else 0.5), media_type)
    if media_type in _FILMED:
        return Media(_film(media_type, colour, large=large), media_type)
    drawn = picture(*(LARGE if large else SMALL), colour)
    if not large and media_type not in _DRAWN:
        return drawn
    return Media(_saved(drawn.data, _DRAWN.get(media_type, "PNG"), colour if large else None), media_type)


def labelled(file: Media, fields: ImplicitFields, place: str = PRESCRIBED) -> Media:
    """A file with the field in one of the places of its format."""
    if place == TEXT_CHUNK:
        return Media(_with_text_chunk(file.data, fields), file.media_type)
    if place == EXIF:
        return Media(_with_exif(file.data, fields), file.media_type)
    return Media(write_label(file.data, fields, media_type=file.media_type), file.media_type)


def _saved(png: bytes, kind: str, noise: Colour | None) -> bytes:
    """The picture in another format, with noise across its middle that depends on ``noise`` alone."""
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        if noise is not None:
            image.paste(_noise(image.width, noise), (0, (image.height - _NOISY_ROWS) // 2))
        image.save(stream, kind)
    return stream.getvalue()


def _noise(width: int, seed: Colour) -> Any:
    from PIL import Image

    drawn = random.Random(repr(seed)).randbytes(width * _NOISY_ROWS)
    return Image.frombytes("L", (width, _NOISY_ROWS), drawn).convert("RGB")


def _sound(media_type: str, hertz: float, seconds: float) -> bytes:
    """One tone, encoded."""
    import av
    import numpy

    container, codec = _ENCODED[media_type]
    wave = 12_000 * numpy.sin(numpy.arange(round(seconds * _RATE)) * 2 * numpy.pi * hertz / _RATE)
    stream = io.BytesIO()
    with av.open(stream, "w", format=container, options=_REPEATABLE) as sound:
        track: Any = sound.add_stream(codec, rate=_RATE)
        frame = av.AudioFrame.from_ndarray(wave.astype(numpy.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = _RATE
        sound.mux(track.encode(frame))
        sound.mux(track.encode())
    return stream.getvalue()


def _film(media_type: str, colour: Colour, *, large: bool) -> bytes:
    """A film of one second in which nothing moves, except noise across the middle of a large one."""
    import av
    import numpy
    from PIL import Image

    container, codec = _FILMED[media_type]
    width, height = _FILM if large else SMALL
    image, stream = Image.new("RGB", (width, height), colour), io.BytesIO()
    with av.open(stream, "w", format=container, options=_REPEATABLE) as film:
        track: Any = film.add_stream(codec, rate=8)
        track.width, track.height = width, height
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if large:
            track.bit_rate = 1_000_000
        for number in range(8):
            if large:
                image.paste(_noise(width, (*colour[:2], colour[2] + number)), (0, (height - _NOISY_ROWS) // 2))
            film.mux(track.encode(av.VideoFrame.from_ndarray(numpy.asarray(image))))
        film.mux(track.encode())
    return stream.getvalue()


def _with_text_chunk(png: bytes, fields: ImplicitFields) -> bytes:
    body = b"AIGC\0" + fields.json().encode()
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    end = png.rindex(b"IEND") - 4
    return png[:end] + chunk + png[end:]


def _with_exif(jpeg: bytes, fields: ImplicitFields) -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + json.dumps({"AIGC": json.loads(fields.json())}).encode()
    payload = exif.tobytes()
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]
