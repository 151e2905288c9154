"""The picture studio: shapes on a gradient, different for every prompt, each with a visible label in a
corner.
"""

from __future__ import annotations

import colorsys
import io
from functools import lru_cache
from hashlib import blake2b

from PIL import Image, ImageDraw, ImageOps

from shenhe.labels.drawing.glyphs import draw_label, words

from ..domain.refusal import Refusal
from .marking import PictureLabel

SIDE = 320
THUMBNAIL_SIDE = 160
SMALLEST_SIDE, LARGEST_SIDE, NARROWEST_SIDE = 128, 512, 80
MOST_PIXELS = 4_000_000
_SCENES = 48
_FAINT = 24

_PILLOW_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG"}


#: The side of one grain, in pixels.
_GRAIN = 8


def draw(prompt: str, number: str, media_type: str, label: PictureLabel | None) -> bytes:
    """A picture for ``prompt``, as a file without metadata. No two numbers give the same bytes."""
    scene = int.from_bytes(blake2b(prompt.encode("utf-8", "replace"), digest_size=2).digest()) % _SCENES
    picture = _scene(scene, label, media_type == "image/png").copy()
    # A row of grain, like a film's edge marking, distinguishes two pictures of one scene.
    inks = (0, 1) if picture.mode == "P" else ((250, 250, 250), (20, 20, 20))
    marks = ImageDraw.Draw(picture)
    for place, bit in enumerate(grain(number)):
        left = place * _GRAIN
        marks.rectangle((left, 0, left + _GRAIN - 1, _GRAIN - 1), fill=inks[bit])
    return encoded(picture, media_type)


def grain(number: str) -> tuple[int, ...]:
    """The row of grain of the picture with a number: light is 0 and dark is 1."""
    return tuple(byte >> bit & 1 for byte in blake2b(number.encode(), digest_size=20).digest() for bit in range(2))


def grain_in(picture: Image.Image) -> tuple[int, ...]:
    """The row of grain that a picture shows, whatever became of its metadata."""
    grey, middle = picture.convert("L"), _GRAIN // 2
    places = range(min(40, grey.width // _GRAIN))
    return tuple(int(grey.getpixel((place * _GRAIN + middle, middle)) < 128) for place in places)  # type: ignore[operator]


@lru_cache(maxsize=4 * _SCENES)
def _scene(scene: int, label: PictureLabel | None, palette: bool) -> Image.Image:
    hue = scene / _SCENES
    near, far, shape = (
        _colour(hue, 0.55, 0.95),
        _colour(hue + 0.12, 0.65, 0.45),
        _colour(hue + 0.5, 0.6, 0.9),
    )
    ramp = Image.linear_gradient("L").resize((SIDE, SIDE)).rotate(90 * (scene % 4))
    picture = Image.composite(Image.new("RGB", ramp.size, near), Image.new("RGB", ramp.size, far), ramp)
    artist = ImageDraw.Draw(picture)
    x, y, size = 40 + scene * 37 % 120, 50 + scene * 53 % 90, 60 + scene * 29 % 80
    match scene % 3:
        case 0:
            artist.ellipse((x, y, x + size, y + size), fill=shape)
        case 1:
            artist.polygon([(x, y + size), (x + size // 2, y), (x + size, y + size)], fill=shape)
        case _:
            artist.rounded_rectangle((x, y, x + size, y + size * 2 // 3), radius=12, fill=shape)
    if label:
        picture = labelled(picture, label)
    if not palette:
        return picture
    quantized = picture.quantize(colors=62, dither=Image.Dither.NONE)
    colours = quantized.getpalette() or []
    # The first two places of the palette are the inks of the grain.
    shifted = quantized.point([min(place + 2, 255) for place in range(256)])
    shifted.putpalette([250, 250, 250, 20, 20, 20, *colours])
    return shifted


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def labelled(picture: Image.Image, label: PictureLabel) -> Image.Image:
    """A copy with ``AI生成`` in its lower right corner, or in its midst."""
    if label.faint or not label.plate:
        return _without_plate(picture, label)
    if label.in_corner:
        return draw_label(picture, share=label.height)
    box = (picture.width // 6, picture.height // 4, picture.width * 5 // 6, picture.height * 3 // 5)
    midst = picture.crop(box)
    copy = picture.copy()
    copy.paste(draw_label(midst, share=label.height * min(picture.size) / min(midst.size)), box[:2])
    return copy


def _without_plate(picture: Image.Image, label: PictureLabel) -> Image.Image:
    """A copy with only the words in its lower right corner: in white, or a little lighter than the ground."""
    mask = words(round(min(picture.size) * label.height))
    left, top = picture.width - mask.width - 8, picture.height - mask.height - 8
    copy = picture.copy()
    ground = picture.crop((left, top, left + mask.width, top + mask.height))
    if label.faint:
        copy.paste(ground.point(lambda value: min(255, value + _FAINT)), (left, top), mask)
    else:
        copy.paste((255, 255, 255), (left, top), mask)
    return copy


def edited(source: bytes, prompt: str) -> tuple[Image.Image, str]:
    """The picture in ``source`` with the face it shows changed as ``prompt`` wishes, and its media type.

    Raises:
        Refusal: 422, ``source_unreadable``; 413, ``source_too_large``.
    """
    picture, media_type = opened(source)
    longest, shortest = max(picture.size), min(picture.size)
    scale = min(LARGEST_SIDE / longest, max(1.0, SMALLEST_SIDE / shortest))
    # A label needs some room, so what is far longer than wide is made wider.
    size = (
        max(NARROWEST_SIDE, round(picture.width * scale)),
        max(NARROWEST_SIDE, round(picture.height * scale)),
    )
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    strength = blake2b(prompt.encode("utf-8", "replace"), digest_size=1).digest()[0]
    return ImageOps.solarize(ImageOps.mirror(picture), threshold=64 + strength // 2), media_type


def thumbnail(data: bytes) -> tuple[Image.Image, str]:
    """A small square copy and its media type. Raises as :func:`edited` does."""
    picture, media_type = opened(data)
    return ImageOps.pad(picture, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), color=(236, 236, 236)), media_type


def reencoded(data: bytes) -> bytes:
    """The same pixels in a new file without metadata. Raises as :func:`edited` does."""
    picture, media_type = opened(data)
    return encoded(picture, media_type)


def opened(data: bytes) -> tuple[Image.Image, str]:
    """The pixels of a PNG or JPEG file in RGB, and its media type. Raises as :func:`edited` does."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refusal(413, "source_too_large", f"图片过大。 A picture may have {MOST_PIXELS:,} pixels.")
            media_type = "image/png" if picture.format == "PNG" else "image/jpeg"
            return picture.convert("RGB"), media_type
    # Pillow answers broken files with many exceptions (SyntaxError, struct.error, DecompressionBombError
    # among them).
    except Refusal:
        raise
    except Exception:
        raise Refusal(422, "source_unreadable", "无法读取图片。 The picture could not be read.") from None


def encoded(picture: Image.Image, media_type: str) -> bytes:
    """A picture as a file without metadata."""
    file = io.BytesIO()
    options = {"compress_level": 1} if media_type == "image/png" else {"quality": 88}
    picture.save(file, _PILLOW_NAMES[media_type], **options)
    return file.getvalue()
