"""Files that checks bring to a platform: small, harmless, of many formats, with a label in any of its places.

Formats that need a decoder of the `media` extra are left out where it is not installed.
"""

from __future__ import annotations

import io
import json
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
_DRAWN = {"image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
#: Container and codec of films.
_FILMED = {"video/mp4": ("mp4", "mpeg4"), "video/webm": ("webm", "libvpx"), "video/x-msvideo": ("avi", "mjpeg")}
_PLACES = {"image/png": (PRESCRIBED, TEXT_CHUNK), "image/jpeg": (PRESCRIBED, EXIF)}


def makeable() -> tuple[str, ...]:
    """The media types of which there is a file to upload."""
    films = tuple(_FILMED) if find_spec("av") is not None else ()
    return ("image/png", *_DRAWN, "audio/wav", *films)


def uploadable(capabilities: Capabilities) -> list[str]:
    """The media types to upload to a platform: of those that it takes, or else that it makes; a picture in any case."""
    made = [media_type for service in capabilities.services for media_type in capabilities.media.get(service, ())]
    wanted = capabilities.uploads or made
    return [media_type for media_type in makeable() if media_type in wanted] or ["image/png"]


def places(media_type: str) -> tuple[str, ...]:
    """Where a file of this type may carry its field."""
    return _PLACES.get(media_type, (PRESCRIBED,))


def own_file(media_type: str, colour: Colour, *, large: bool = False) -> Media:
    """A file without any label; ``colour`` makes it unlike every other."""
    width, height = LARGE if large else SMALL
    if media_type == "audio/wav":
        return tone(2.0 if large else 0.5, 220.0 + colour[0] + colour[1] / 256)
    if media_type in _FILMED:
        return Media(_film(media_type, colour), media_type)
    drawn = picture(width, height, colour)
    return Media(_saved(drawn.data, _DRAWN[media_type]), media_type) if media_type in _DRAWN else drawn


def labelled(file: Media, fields: ImplicitFields, place: str = PRESCRIBED) -> Media:
    """A file with the field in one of the places of its format."""
    if place == TEXT_CHUNK:
        return Media(_with_text_chunk(file.data, fields), file.media_type)
    if place == EXIF:
        return Media(_with_exif(file.data, fields), file.media_type)
    return Media(write_label(file.data, fields, media_type=file.media_type), file.media_type)


def _saved(png: bytes, kind: str) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.save(stream, kind)
    return stream.getvalue()


def _film(media_type: str, colour: Colour) -> bytes:
    """A film of one second in which nothing moves."""
    import av
    import numpy
    from PIL import Image

    container, codec = _FILMED[media_type]
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as film:
        track: Any = film.add_stream(codec, rate=8)
        track.width, track.height = SMALL
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        frame = av.VideoFrame.from_ndarray(numpy.asarray(Image.new("RGB", SMALL, colour)))
        for _ in range(8):
            film.mux(track.encode(frame))
        film.mux(track.encode())
    return stream.getvalue()


def _with_text_chunk(png: bytes, fields: ImplicitFields) -> bytes:
    body = b"AIGC\0" + fields.json().encode()
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    header = png.index(b"IHDR") + 4 + 13 + 4
    return png[:header] + chunk + png[header:]


def _with_exif(jpeg: bytes, fields: ImplicitFields) -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + json.dumps({"AIGC": json.loads(fields.json())}).encode()
    payload = exif.tobytes()
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]
