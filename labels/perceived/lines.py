"""Lines of text in a picture: read in all four directions and set vertically, and joined where they were split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np

from ..meaning.wording import Medium, as_read, judge
from .candidates import Effort, choose
from .recognition import Pixels, Points, TextBox, columns_of, detect, recognise

#: How a line runs: as usual or slanted, turned so that it reads downwards or upwards, upside down, or with upright
#: characters below one another.
Way = Literal["across", "down", "up", "over", "stacked"]

#: Less certain than this, a line is read the other way round too; less certain than that, it is no text.
_SURE, _LEAST = 0.85, 0.5
#: Lines steeper than this may hold upright characters below one another.
_PLUMB = 0.96
#: One look reads at most so many lines.
MOST_LINES = 64
#: Columns that may be spent on lines too small to be labels of the required height: some 40 short words or ten lines.
EFFORT = 4_000
_MOST_STEEP = 16
#: Boxes are at least so many times longer than deep to be read against their direction. The shortest label, four
#: characters, is at least 2.1 times longer.
_REVERSIBLE = 1.7


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One recognised line, equal only to itself.

    ``corners`` are those of its box in the picture it was seen in, in reading order: upper left, upper right, lower
    right and lower left of the line as it is read. ``cell`` is the height of its characters' boxes.
    """

    text: str
    corners: Points
    score: float
    cell: float
    way: Way = "across"

    @property
    def left(self) -> float:
        return float(self.corners[:, 0].min())

    @property
    def top(self) -> float:
        return float(self.corners[:, 1].min())

    @property
    def right(self) -> float:
        return float(self.corners[:, 0].max())

    @property
    def bottom(self) -> float:
        return float(self.corners[:, 1].max())

    @property
    def length(self) -> float:
        """Along the line, or down the column."""
        first = self.corners[3] if self.way == "stacked" else self.corners[1]
        return float(np.linalg.norm(first - self.corners[0]))

    def moved(self, x: float, y: float, scale: float) -> Line:
        return replace(self, corners=self.corners * scale + (x, y), cell=self.cell * scale)


@dataclass(slots=True)
class Reading:
    """One look at a picture: ``lines`` that were read, joined where they were split, and how many were left out."""

    lines: list[Line]
    left_out: int = 0


def read_lines(
    pixels: Pixels,
    boxes: list[TextBox] | None = None,
    *,
    effort: Effort | None = None,
    shortest: int | None = None,
    medium: Medium = "picture",
) -> Reading:
    """Read the lines in ``pixels``, a piece of a picture whose shortest side is ``shortest``.

    The lines inside running text are in the result without their words. Lines that can be labels of the required
    height come first; ``effort`` bounds what is spent on the others.
    """
    boxes = detect(pixels) if boxes is None else boxes
    height, width = pixels.shape[:2]
    reader = _Reader(pixels, effort or Effort(EFFORT))
    choice = choose(boxes, (width, height), shortest or min(height, width))
    read: dict[int, Line | None] = {id(box): reader.read(box) for box in choice.first[:MOST_LINES]}
    left_out = len(choice.first[MOST_LINES:])
    for number, box in enumerate(choice.then):
        if reader.effort.is_spent or number >= MOST_LINES:
            left_out += len(choice.then) - number
            break
        read[id(box)] = reader.read(box)
    for end, inner in choice.ends:
        line = read.get(id(end))
        if line is not None and judge(as_read(line.text), medium) is not None:
            read[id(inner)] = reader.read(inner)
    unread = [
        Line("", corners_of(box, 1), 1.0, 2 * box.half_depth) for box in choice.inside if read.get(id(box)) is None
    ]
    return Reading(_in_columns(_joined([line for line in read.values() if line is not None])) + unread, left_out)


@dataclass(slots=True)
class _Reader:
    """Reads boxes of one look, and counts what that costs."""

    pixels: Pixels
    effort: Effort
    steep: int = 0

    def read(self, box: TextBox) -> Line | None:
        """The most certain reading of one box."""
        self.steep += box.is_steep
        best: Line | None = None
        for way, line, cost in _readings(self.pixels, box, self.steep <= _MOST_STEEP):
            self.effort.spend(cost)
            if best is None or line.score > best.score + 0.02:
                best = line
            if way == "across" and best.score >= _SURE:
                break
        return best if best is not None and best.score >= _LEAST and best.text.strip() else None


def _readings(pixels: Pixels, box: TextBox, in_all_ways: bool) -> Iterator[tuple[Way, Line, int]]:
    """(direction, line read in it, columns it took) per direction worth trying."""
    ways: tuple[Way, Way] = ("down", "up") if box.is_steep else ("across", "over")
    signs = (1, -1) if box.half_length >= _REVERSIBLE * box.half_depth else (1,)
    for way, sign in zip(ways, signs, strict=False):
        corners = corners_of(box, sign)
        crop = upright(pixels, corners, 0)
        text, score = recognise(crop)
        yield way, Line(text, corners, score, 2 * box.half_depth, way), columns_of(crop)
        if not in_all_ways:
            return
    if box.is_steep and abs(box.along[1]) >= _PLUMB:
        down = corners_of(box, 1)
        column = np.array([down[3], down[0], down[1], down[2]])  # upper left first, in the orientation of the column
        crop = upright(pixels, column, 0)
        for cells in _cuts(crop):
            level = _side_by_side(crop, cells)
            text, score = recognise(level)
            yield "stacked", Line(text, column, score, 2 * box.half_depth, "stacked"), columns_of(level)


def corners_of(box: TextBox, sign: int) -> Points:
    """The corners of ``box`` in reading order, for a line that runs along it or, with -1, against it."""
    along = box.along * sign * box.half_length
    across = np.array([-box.along[1], box.along[0]]) * sign * box.half_depth
    return np.array(
        [
            box.centre - along - across,
            box.centre + along - across,
            box.centre + along + across,
            box.centre - along + across,
        ]
    )


def upright(pixels: Pixels, corners: Points, margin: float) -> Pixels:
    """The piece of ``pixels`` inside ``corners`` and ``margin`` around it, turned so that it reads level."""
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    length, depth = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if length < 1 or depth < 1:
        return np.zeros((1, 1, 3), np.uint8)
    along, down = along / length, down / depth
    start = corners[0] - margin * along - margin * down
    width, height = max(1, round(length + 2 * margin)), max(1, round(depth + 2 * margin))
    quarter = next((number for number, axis in enumerate(_AXES) if float(along @ axis) > 0.9997), None)
    if quarter is not None:  # level or plumb: cut out and turned, so that no pixel is mixed with its neighbours
        reach = np.array([start, start + along * width, start + along * width + down * height, start + down * height])
        left, top = (round(float(value)) for value in reach.min(axis=0))
        width, height = (height, width) if quarter % 2 else (width, height)
        piece = pixels[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
        missing = (
            (max(0, -top), max(0, top + height - pixels.shape[0])),
            (
                max(0, -left),
                max(0, left + width - pixels.shape[1]),
            ),
        )
        if not piece.size:
            return np.zeros((1, 1, 3), np.uint8)
        piece = np.pad(piece, (*missing, (0, 0)), mode="edge") if any(map(any, missing)) else piece
        return np.ascontiguousarray(np.rot90(piece, quarter))
    source = np.array([start, start + along * width, start + down * height], np.float32)
    target = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    turned = cv2.warpAffine(
        pixels,
        cv2.getAffineTransform(source, target),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(turned, np.uint8)


#: Along the line: level, downwards, upside down, upwards. So many quarter turns to the left set a line level.
_AXES = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])

Cells = list[tuple[int, int]]


def _cuts(column: Pixels) -> Iterator[Cells]:
    """Ways to cut a column into characters: between rows without ink, else evenly."""
    height, width = column.shape[:2]
    found = ink_cells(column)
    if 2 <= len(found) <= 24:
        yield found
    count = max(2, round(height / max(width, 1) * 1.15))
    for number in {count, max(2, round(height / max(width, 1)))}:
        if number <= 24 and number != len(found):
            edges = np.linspace(0, height, number + 1).astype(int)
            yield [(int(a), int(b)) for a, b in pairwise(edges)]


def ink_cells(column: Pixels) -> Cells:
    """Rows of each character of a column, separated by the rows without ink between them."""
    ink = ink_mask(column)
    rows = ink.sum(axis=1) > max(1, 0.02 * ink.shape[1])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    across = np.flatnonzero(ink.any(axis=0))
    if not runs or not across.size:
        return []
    widest = int(across[-1] - across[0] + 1)
    cells: Cells = []
    for start, stop in runs:
        if cells and stop - cells[-1][0] <= 1.12 * widest:
            cells[-1] = (cells[-1][0], stop)  # strokes of one character
        else:
            cells.append((start, stop))
    return cells


def ink_mask(piece: Pixels) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """The pixels of the smaller of two classes of brightness, without what touches the rim."""
    grey = cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY)
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = (bright == 1) if bright.mean() < 0.5 else (bright == 0)
    return np.asarray(mask, np.bool_)


def _side_by_side(column: Pixels, cells: Cells) -> Pixels:
    """The characters of a column set one beside the other."""
    ink = ink_mask(column)
    size = max(stop - start for start, stop in cells)
    ground = np.median(column.reshape(-1, 3), axis=0).astype(np.uint8)
    parts = []
    for start, stop in cells:
        columns = np.flatnonzero(ink[start:stop].any(axis=0))
        left, right = (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, column.shape[1])
        pad = max(1, round(0.06 * size))
        piece = column[max(0, start - pad) : stop + pad, max(0, left - pad) : right + pad]
        canvas = np.empty((size + 2 * pad, piece.shape[1], 3), np.uint8)
        canvas[:] = ground
        top = (canvas.shape[0] - piece.shape[0]) // 2
        canvas[top : top + piece.shape[0]] = piece[: canvas.shape[0]]
        parts.append(canvas)
    deepest = max(part.shape[0] for part in parts)
    return np.concatenate([part[:deepest] for part in parts], axis=1)


def _joined(lines: list[Line]) -> list[Line]:
    """Detectors split "AI 生成" at its space: level parts at one height and close together are one line."""
    level = sorted((line for line in lines if line.way == "across" and _is_level(line)), key=lambda p: (p.left, p.top))
    joined: list[Line] = []
    for part in level:
        for index, line in enumerate(joined):
            height = min(line.bottom - line.top, part.bottom - part.top)
            overlap = min(line.bottom, part.bottom) - max(line.top, part.top)
            gap = part.left - line.right
            alike = max(line.cell, part.cell) <= 1.7 * min(line.cell, part.cell)
            if overlap > 0.5 * height and -0.5 * height <= gap <= 1.3 * height and alike:
                joined[index] = _together(line, part, f"{line.text} {part.text}", "across")
                break
        else:
            joined.append(part)
    return joined + [line for line in lines if line.way != "across" or not _is_level(line)]


def _is_level(line: Line) -> bool:
    along = line.corners[1] - line.corners[0]
    return bool(abs(along[1]) < 0.1 * abs(along[0]))


def _together(a: Line, b: Line, text: str, way: Way) -> Line:
    left, top, right, bottom = min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return Line(text, corners, min(a.score, b.score), max(a.cell, b.cell), way)


def _in_columns(lines: list[Line]) -> list[Line]:
    """Columns whose characters were found one by one, added as separate lines."""

    def is_short(line: Line) -> bool:
        return line.way == "across" and line.right - line.left <= 1.7 * (line.bottom - line.top)

    def may_be_in_column(line: Line) -> bool:
        return is_short(line) or line.way in ("stacked", "down")

    rest = sorted(filter(may_be_in_column, lines), key=lambda line: line.top)
    columns = []
    while rest:
        column = [rest.pop(0)]
        for line in list(rest):
            above = column[-1]
            width = min(above.right - above.left, line.right - line.left)
            shared = min(above.right, line.right) - max(above.left, line.left)
            if shared > 0.6 * width and line.top - above.bottom < 0.7 * max(above.cell, line.cell):
                column.append(line)
                rest.remove(line)
        if len(column) > 1:
            whole = column[0]
            for line in column[1:]:
                whole = _together(whole, line, whole.text + line.text, "stacked")
            columns.append(replace(whole, cell=max(line.right - line.left for line in column)))
    return lines + columns
