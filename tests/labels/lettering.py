"""Words in type: in the fonts with Chinese letters that are installed, else in the one that OpenCV 5 carries.

A face is the path of a font file or ``uni``, the name OpenCV gives to WenQuanYi Micro Hei. ``FACES`` is empty where
there is neither.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

try:
    import cv2
except ImportError:  # the media extra is not installed
    cv2 = None  # type: ignore[assignment]

_CARRIED = "uni"
_NOTO = tuple(
    f"/usr/share/fonts/opentype/noto/{name}.ttc"
    for name in ("NotoSansCJK-Regular", "NotoSansCJK-Bold", "NotoSerifCJK-Regular", "NotoSerifCJK-Bold")
)
_OTHERS = ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "/System/Library/Fonts/PingFang.ttc")


def _faces() -> tuple[str, ...]:
    if noto := tuple(path for path in _NOTO if Path(path).exists()):
        return noto
    installed = next((path for path in _OTHERS if Path(path).exists()), None)
    if installed is not None:
        return (installed,)
    return (_CARRIED,) if hasattr(cv2, "FontFace") else ()


#: All faces of Noto that are installed, or one other.
FACES = _faces()


def ink_of(text: str, face: str, size: int, *, stacked: bool = False) -> Image.Image:
    """``text`` at a type size of ``size`` pixels, white on black (mode L) and cut to its ink. With ``stacked`` its
    characters are below one another.
    """
    if stacked:
        return _column([ink_of(character, face, size) for character in text if not character.isspace()], size)
    canvas = _carried(text, size)[0] if face == _CARRIED else _installed(text, face, size)
    return _cut(canvas)


def write(image: Image.Image, place: tuple[float, float], text: str, face: str, size: int, fill: object) -> None:
    """Write ``text`` into ``image``. ``place`` is the upper left corner of its first line of type, in pixels."""
    if face != _CARRIED:
        ImageDraw.Draw(image).text(place, text, font=_font(face, size), fill=fill)  # type: ignore[arg-type]
        return
    canvas, (left, top) = _carried(text, size)
    image.paste(Image.new(image.mode, canvas.size, fill), (round(place[0]) - left, round(place[1]) - top), canvas)  # type: ignore[arg-type]


def _cut(canvas: Image.Image) -> Image.Image:
    return canvas.crop(canvas.getbbox() or (0, 0, 1, 1))


def _column(cells: list[Image.Image], size: int) -> Image.Image:
    gap = max(1, round(size * 0.12))
    canvas = Image.new("L", (max(c.width for c in cells), sum(c.height + gap for c in cells)))
    top = 0
    for cell in cells:
        canvas.paste(cell, ((canvas.width - cell.width) // 2, top))
        top += cell.height + gap
    return _cut(canvas)


def _installed(text: str, face: str, size: int) -> Image.Image:
    font = _font(face, size)
    left, top, right, bottom = (int(v) for v in font.getbbox(text))
    canvas = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(canvas).text((1 - left, 1 - top), text, font=font, fill=255)
    return canvas


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size)


def _carried(text: str, size: int) -> tuple[Image.Image, tuple[int, int]]:
    """``text`` with room around it, and where the upper left corner of its line of type is."""
    left, ascent = size // 2, round(1.16 * size)
    canvas = np.zeros((2 * size + 8, round(1.2 * size * (len(text) + 1)) + 8, 3), np.uint8)
    # OpenCV draws a square character of size 40 on 42.5 pixels.
    cv2.putText(canvas, text, (left, ascent + size // 4), (255, 255, 255), _carried_font(), round(size / 1.0625))
    return Image.fromarray(canvas[:, :, 0]), (left, size // 4)


@cache
def _carried_font() -> Any:
    return cv2.FontFace(_CARRIED)
