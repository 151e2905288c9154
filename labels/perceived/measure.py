"""How high, how clear and where a line of text is, against GB 45438-2025, 5.2.

What "height" means is not settled (ink, type size or box), and no measurement is exact, so that both ink and box are
given, and a height near 5 % of the shortest side is left undecided rather than called. A line is measured turned
upright, so that the height is that of its characters however it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..model import Deviation
from .lines import Line, upright
from .recognition import Pixels

#: Ink height by the shortest side: at least this passes, below the other fails, between them nothing is decided.
PASSES, FAILS = 0.055, 0.045
#: The recogniser's boxes are between so and so much higher than the ink inside (measured: plates, 320 to 1,080 pixels).
_BOX_OVER_INK = (1.02, 4.0)
#: Where only one of the two ways to measure finds letters, they may be so much lower or higher than it says.
_ALONE = (1.18, 1.125)
#: Letters stand in at least this share of the columns of their box.
_LETTERS_SPREAD = 0.4
#: Letters without their rim stand in at least this share of the columns that they stand in with it.
_RIMLESS = 0.65
#: The shortest label has four characters: what is wider than this share of its line is letters run together, or, where
#: it fills more than this share of the rectangle around it, a plate behind them.
_WIDEST_LETTER, _FILLED = 0.5, 0.5
#: Strokes are thinner than this share of the box, and differ by this much from what is beside them (of 255).
_STROKE_REACH, _FAINTEST = 0.26, 12.0
_EDGE_REACH = 0.15
_CORNER_REACH = 0.35
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A label seen in one picture, in the picture's own pixels; ratios are by its shortest side.

    ``ink`` is 0 where letters and ground could not be separated; it lies between ``least`` and ``most``.
    """

    line: Line
    ink: float
    least: float
    most: float
    box: float
    contrast: float
    position: str


def measured(line: Line, pixels: Pixels) -> Sighting:
    """``line`` with its heights, contrast and position in ``pixels``."""
    height, width = pixels.shape[:2]
    shortest = min(height, width)
    measures, contrast = _ink(line, pixels)
    box = line.cell
    if len(measures) == 2:
        least, most = min(measures), max(measures)
    elif measures:
        least, most = measures[0] / _ALONE[0], measures[0] * _ALONE[1]
    else:
        least, most = 0.0, box
    ink = min(measures, default=0.0)
    position = position_of(line, width, height)
    return Sighting(line, ink / shortest, least / shortest, most / shortest, box / shortest, contrast, position)


def position_of(line: Line, width: int, height: int) -> str:
    """``lower right corner``, ``upper edge``, ``left edge``, ``inside``."""
    shortest = min(width, height)
    across = {"left": line.left, "right": width - line.right}
    down = {"upper": line.top, "lower": height - line.bottom}
    side, level = min(across, key=lambda k: across[k]), min(down, key=lambda k: down[k])
    near_side, near_level = across[side] <= _EDGE_REACH * shortest, down[level] <= _EDGE_REACH * shortest
    if near_level and across[side] <= _CORNER_REACH * shortest:
        return f"{level} {side} corner"
    if near_side and down[level] <= _CORNER_REACH * shortest:
        return f"{level} {side} corner"
    if near_level:
        return f"{level} edge"
    return f"{side} edge" if near_side else "inside"


def size_deviation(sighting: Sighting, too_small: Deviation, undecided: Deviation) -> Deviation | None:
    """What the heights of a label amount to: nothing is decided unless its least and its greatest agree."""
    if sighting.least >= PASSES:
        return None
    return too_small if sighting.most < FAILS else undecided


def _ink(line: Line, pixels: Pixels) -> tuple[list[float], float]:
    """(rows of ink in pixels, measured in at most two ways; contrast ratio as in WCAG).

    One way parts bright from dark, which finds letters on a plate or on even ground; the other looks for strokes that
    stand out from what is beside them, which finds letters on a photo. Either may take something else for letters.
    """
    # A column of upright characters is as wide as they are high: it is measured lying on its side.
    corners = line.corners[[1, 2, 3, 0]] if line.way == "stacked" else line.corners
    margin = max(2, round(0.15 * line.cell))
    region = upright(pixels, corners, margin).astype(np.float32)
    light = region @ _LUMINANCE
    inner = light[margin:-margin, margin:-margin]
    if inner.size < 20:
        return [], 1.0
    bright = light > _otsu(inner)
    if bright.all() or not bright.any():
        return [], 1.0
    high, low = float(light[bright].mean()), float(light[~bright].mean())
    contrast = (_relative(high) + 0.05) / (_relative(low) + 0.05)
    found = [_parted(bright, line), _outstanding(light, inner, line)]
    plausible = line.cell / _BOX_OVER_INK[1], line.cell / _BOX_OVER_INK[0]
    return [rows for rows in found if plausible[0] <= rows <= plausible[1]], contrast


def _parted(bright: NDArray[np.bool_], line: Line) -> float:
    """Rows of ink where letters are brighter or darker than everything beside them; 0 where there are none."""
    both = [_Letters.of(mask, line) for mask in (bright, ~bright)]
    spread = max(letters.spread for letters in both)
    if spread < _LETTERS_SPREAD:
        return 0.0
    # Letters with a rim of another colour are measured without it.
    return min(letters.rows for letters in both if letters.spread >= _RIMLESS * spread)


def _outstanding(light: NDArray[np.float32], inner: NDArray[np.float32], line: Line) -> float:
    """Rows of ink where letters are strokes that stand out from what is beside them (white and black top-hat); 0 where
    there are none.
    """
    width = max(3, round(_STROKE_REACH * line.cell))
    kernel = np.ones((width, width), np.uint8)
    best: tuple[float, float] | None = None
    for sign in (1, -1):
        signed = light * sign
        opened = np.asarray(
            cv2.dilate(
                cv2.erode(signed, kernel, borderType=cv2.BORDER_REPLICATE), kernel, borderType=cv2.BORDER_REPLICATE
            ),
            np.float32,
        )
        hat = signed - opened
        letters = _Letters.of(hat > max(_otsu(hat), _FAINTEST), line)
        if letters.spread < _LETTERS_SPREAD:
            continue
        # How little lies beyond the letters' own light on their side: between two strokes lies ground, as elsewhere.
        beyond = float((inner * sign > float(np.median(signed[letters.mask]))).mean())
        if best is None or beyond < best[0]:
            best = beyond, letters.rows
    return best[1] if best else 0.0


@dataclass(frozen=True, slots=True)
class _Letters:
    """Connected parts of a mask that may be letters or strokes of one: the share of columns they stand in, the rows
    from the top of the highest to the bottom of the lowest, and their pixels.
    """

    spread: float
    rows: float
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: NDArray[np.bool_], line: Line) -> _Letters:
        """Left out is what touches the rim, for that is ground or a plate; a plate whole; and specks."""
        height, width = mask.shape
        count, numbers, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        widest = _WIDEST_LETTER * line.length
        least = max(3.0, 0.004 * line.cell**2)
        parts = []
        for number in range(1, count):
            left, top, across, rows, area = (int(value) for value in facts[number])
            if top == 0 or top + rows == height or left == 0 or left + across == width:
                continue
            is_plate = across > widest and area > _FILLED * across * rows
            if not is_plate and area >= least:
                parts.append((number, left, top, across, rows))
        tallest = max((part[4] for part in parts), default=0)
        kept = [part for part in parts if part[4] >= 0.3 * tallest]
        if not kept:
            return cls(0.0, 0.0, np.zeros_like(mask))
        filled = np.zeros(width, bool)
        for _, left, _, across, _ in kept:
            filled[left : left + across] = True
        reach = max(top + rows for _, _, top, _, rows in kept) - min(top for _, _, top, _, _ in kept)
        return cls(float(filled.mean()), float(reach), np.isin(numbers, [part[0] for part in kept]))


def _otsu(light: NDArray[np.float32]) -> float:
    """The threshold that parts a histogram into two classes of least variance (Otsu 1979)."""
    counts = np.bincount(light.astype(np.uint8).ravel(), minlength=256).astype(np.float64)
    weights = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * weights / weights[-1] - sums) ** 2 / (weights * (weights[-1] - weights))
    return float(np.nanargmax(np.nan_to_num(between)))


def _relative(light: float) -> float:
    """Relative luminance of a grey value of 0 to 255 (WCAG 2.2)."""
    share = light / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
