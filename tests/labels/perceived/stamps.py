"""Pictures with a label, and what tests of the eye and the ear need to run."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from shenhe.labels import Labels, read_labels
from shenhe.labels.drawing.glyphs import draw_label, words

from .. import perceivable


def ground(kind: str, size: tuple[int, int] = (640, 480)) -> Image.Image:
    return perceivable.ground(kind, np.random.default_rng(1), size)


def stamped(image: Image.Image, share: float, place: str = "lower right", *, plain: bool = True) -> Image.Image:
    """The words at ``share`` of the shortest side, white with a dark rim where ``plain``."""
    mask = words(max(8, round(min(image.size) * share)))
    width, height = image.size
    margin = round(min(image.size) * 0.03)
    left = {"right": width - mask.width - margin, "left": margin, "middle": (width - mask.width) // 2}[place.split()[1]]
    top = {"lower": height - mask.height - margin, "upper": margin, "inner": (height - mask.height) // 2}[
        place.split()[0]
    ]
    if not plain:
        return draw_label(image, share=share)
    image = image.copy()
    rim = 2
    for dx in (-rim, 0, rim):
        for dy in (-rim, 0, rim):
            image.paste((20, 20, 20), (left + dx, top + dy), mask)
    image.paste((255, 255, 255), (left, top), mask)
    return image


needs_recogniser = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the media extra is not installed")
needs_films = pytest.mark.skipif(find_spec("av") is None, reason="the media extra is not installed")
needs_credentials = pytest.mark.skipif(find_spec("c2pa") is None, reason="the media extra is not installed")


def seen(data: bytes, **options: object) -> Labels:
    return read_labels(data, depth="all", **options)  # type: ignore[arg-type]
