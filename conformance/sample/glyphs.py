"""The characters of the visible label, drawn as strokes: a machine without any CJK font must still label its
pictures.

Each glyph is a list of strokes on a grid of 100 by 100, each stroke a row of points that a round brush
follows.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

Stroke = tuple[tuple[float, float], ...]

#: Character -> (advance on the grid, strokes).
GLYPHS: dict[str, tuple[int, tuple[Stroke, ...]]] = {
    "A": (72, (((6, 90), (35, 10), (64, 90)), ((17, 62), (53, 62)))),
    "I": (30, (((15, 10), (15, 90)),)),
    "生": (
        100,
        (
            ((27, 8), (20, 26), (8, 44)),
            ((21, 30), (88, 30)),
            ((18, 59), (84, 59)),
            ((5, 90), (95, 90)),
            ((52, 6), (52, 90)),
        ),
    ),
    "成": (
        100,
        (
            ((15, 27), (94, 27)),
            ((16, 27), (16, 52), (13, 74), (5, 93)),
            ((17, 51), (45, 51), (44, 68), (41, 80), (32, 78)),
            ((55, 6), (57, 32), (63, 58), (74, 80), (88, 92), (94, 73)),
            ((85, 42), (75, 62), (61, 79), (45, 92)),
            ((68, 9), (79, 20)),
        ),
    ),
}
BRUSH = 9
OVERSAMPLING = 4


@lru_cache(maxsize=64)
def lettering(text: str, height: int) -> Image.Image:
    """A mask (mode ``L``) of ``text`` whose ink is ``height`` pixels high, with no margin around it."""
    scale = OVERSAMPLING * height / 90
    width = sum(GLYPHS[character][0] + 8 for character in text)
    canvas = Image.new("L", (round(width * scale) + 1, round(100 * scale) + 1))
    draw = ImageDraw.Draw(canvas)
    radius, left = BRUSH / 2 * scale, 0
    for character in text:
        advance, strokes = GLYPHS[character]
        for stroke in strokes:
            points = [((left + x) * scale, y * scale) for x, y in stroke]
            draw.line(points, fill=255, width=round(2 * radius), joint="curve")
            for x, y in points:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        left += advance + 8
    ink = canvas.crop(canvas.getbbox())
    return ink.resize((max(1, round(ink.width * height / ink.height)), height), Image.Resampling.LANCZOS)
