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


def draw_label(image: Image, *, share: float = 0.08) -> Image:
    """A copy of ``image`` (RGB, RGBA, L or LA) with ``AI生成`` in its lower right corner, white on a dark
    plate.

    ``share`` is the characters' height by the shortest side; GB 45438-2025, 5.2 e) asks for 5 %. Raises
    ValueError where the picture is too narrow for the words.
    """
    from PIL import Image

    shortest = min(image.size)
    height = max(12, round(shortest * share))
    mask = words(height)
    pad = max(2, round(height * 0.5))
    plate = (mask.width + 2 * pad, mask.height + 2 * pad)
    margin = max(0, min(round(shortest * 0.02), image.width - plate[0], image.height - plate[1]))
    if plate[0] > image.width or plate[1] > image.height:
        raise UnsuitableFileError(f"the picture has {image.width}x{image.height} pixels, too few for the words AI生成")
    corner = (image.width - plate[0] - margin, image.height - plate[1] - margin)
    result = image.copy()
    dark: tuple[int, ...]
    white: tuple[int, ...]
    if image.mode in ("L", "LA"):
        dark, white = ((24, 255), (255, 255)) if image.mode == "LA" else ((24,), (255,))
    else:
        dark, white = ((24, 24, 24, 255), (255,) * 4) if image.mode == "RGBA" else ((24,) * 3, (255,) * 3)
    background = Image.new(image.mode, plate, dark)
    ink = Image.new(image.mode, mask.size, white)
    background.paste(ink, (pad, pad), mask)
    result.paste(background, corner)
    return result
