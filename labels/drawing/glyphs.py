"""The words ``AI生成`` as strokes, so that a label can be drawn where no Chinese font is installed, and alike
on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..findings import UnsuitableFileError

if TYPE_CHECKING:
    from PIL.Image import Image

Stroke = tuple[tuple[float, float], ...]

#: Advance width and strokes of each character: polylines in units of the character's height, y downwards.
_CHARACTERS: tuple[tuple[float, tuple[Stroke, ...]], ...] = (
    # A
    (0.88, (((0.05, 1.0), (0.40, 0.06), (0.46, 0.06), (0.81, 1.0)), ((0.18, 0.67), (0.68, 0.67)))),
    # I
    (0.34, (((0.13, 0.05), (0.13, 1.0)),)),
    # 生: the falling stroke, three level ones, the upright
    (
        1.06,
        (
            ((0.26, 0.05), (0.20, 0.22), (0.07, 0.44)),
            ((0.19, 0.26), (0.90, 0.26)),
            ((0.14, 0.60), (0.86, 0.60)),
            ((0.03, 0.97), (0.97, 0.97)),
            ((0.51, 0.02), (0.51, 0.96)),
        ),
    ),
    # 成: level, left fall, the inner hook, the long slanting hook, right fall, dot
    (
        1.06,
        (
            ((0.17, 0.22), (0.94, 0.22)),
            ((0.17, 0.22), (0.17, 0.55), (0.13, 0.80), (0.03, 0.98)),
            ((0.19, 0.46), (0.47, 0.46), (0.45, 0.74), (0.41, 0.80), (0.29, 0.78)),
            (
                (0.57, 0.02),
                (0.60, 0.34),
                (0.66, 0.62),
                (0.77, 0.86),
                (0.88, 0.97),
                (0.94, 0.92),
                (0.97, 0.74),
            ),
            ((0.88, 0.38), (0.80, 0.58), (0.67, 0.77), (0.44, 0.97)),
            ((0.72, 0.04), (0.86, 0.13)),
        ),
    ),
)
_SUPERSAMPLING = 4
_DARK, _WHITE = 24, 255


def words(height: int) -> Image:
    """``AI生成`` as a mask (mode L, white on black) whose ink is ``height`` pixels high."""
    from PIL import Image, ImageDraw

    scale = height * _SUPERSAMPLING
    pen = max(2, round(scale * 0.088))
    # Strokes are drawn around their line: the outermost ones are set in by half the pen, so that ink fills
    # the height.
    inner = scale - pen
    width = sum(advance for advance, _ in _CHARACTERS)
    mask = Image.new("L", (round(inner * width) + pen, scale), 0)
    draw = ImageDraw.Draw(mask)
    left = pen / 2
    for advance, strokes in _CHARACTERS:
        for stroke in strokes:
            points = [(left + x * inner, pen / 2 + y * inner) for x, y in stroke]
            draw.line(points, fill=255, width=pen, joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
        left += advance * inner
    size = (max(1, mask.width // _SUPERSAMPLING), height)
    return mask.resize(size, Image.Resampling.LANCZOS)


def plate(size: tuple[int, int], share: float = 0.08) -> tuple[tuple[int, int], Image]:
    """(upper left corner, picture in mode L) of the label for a picture of ``size``: white words on a dark plate.

    ``share`` is the characters' height by the shortest side; GB 45438-2025, 5.2 e) asks for 5 %. Raises
    UnsuitableFileError where the picture is too narrow for the words.
    """
    from PIL import Image

    width, height = size
    shortest = min(size)
    letters = max(12, round(shortest * share))
    mask = words(letters)
    pad = max(2, round(letters * 0.5))
    ground = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad), _DARK)
    if ground.width > width or ground.height > height:
        raise UnsuitableFileError(f"the picture has {width}x{height} pixels, too few for the words AI生成")
    ground.paste(_WHITE, (pad, pad, pad + mask.width, pad + mask.height), mask)
    margin = max(0, min(round(shortest * 0.02), width - ground.width, height - ground.height))
    return (width - ground.width - margin, height - ground.height - margin), ground


def in_mode(ground: Image, mode: str) -> Image:
    """A picture in mode L as one in RGB, RGBA, LA or CMYK, opaque. Raises UnsuitableFileError for other modes."""
    from PIL import Image, ImageChops

    opaque = Image.new("L", ground.size, 255)
    if mode == "L":
        return ground
    if mode == "RGB":
        return Image.merge("RGB", (ground,) * 3)
    if mode == "RGBA":
        return Image.merge("RGBA", (ground, ground, ground, opaque))
    if mode == "LA":
        return Image.merge("LA", (ground, opaque))
    if mode == "CMYK":
        nothing = Image.new("L", ground.size, 0)
        return Image.merge("CMYK", (nothing, nothing, nothing, ImageChops.invert(ground)))
    raise UnsuitableFileError(f"no label can be drawn on pictures in the colour mode {mode}")


def draw_label(image: Image, *, share: float = 0.08) -> Image:
    """A copy of ``image`` (RGB, RGBA, L, LA or CMYK) with ``AI生成`` in its lower right corner.

    ``share`` as for ``plate``, which see for what is raised.
    """
    corner, ground = plate(image.size, share)
    result = image.copy()
    result.paste(in_mode(ground, image.mode), corner)
    return result
