"""Which lines of a picture are read, and in which order.

Reading a line costs more than everything else, and most lines of a page, a screen or a circuit board cannot be labels:
a label is short and stands alone. Nothing here depends on time, so that a busy machine reads the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .recognition import TextBox

#: A line this many times longer than deep is long. So many long lines of one size below one another are running text,
#: of which the first and the last can be labels only.
_LONG, _LEAST_IN_BLOCK = 10.0, 5
#: Lines of one block differ in depth by at most this factor and stand at most so many depths apart.
_BLOCK_SIZE, _LEADING = 1.35, 1.0
#: A box this short for its depth holds two characters. It is part of a label only with a neighbour within so many
#: depths of it.
_SHORT, _REACH = 1.9, 1.5
#: Boxes from this share of the shortest side on can hold a label of the required height (5 % of ink).
_HIGH = 0.036


@dataclass(slots=True)
class Effort:
    """What may still be spent on lines that cannot be labels of the required height, in columns of the recogniser."""

    columns: int

    @property
    def is_spent(self) -> bool:
        return self.columns <= 0

    def spend(self, columns: int) -> None:
        self.columns -= columns


@dataclass(frozen=True, slots=True)
class Choice:
    """The boxes of one look. ``first`` are always read, ``then`` while effort is left, both in this order. ``ends``
    maps the first and the last line of running text to the line inside that is next to it; ``inside`` are not read.
    """

    first: tuple[TextBox, ...]
    then: tuple[TextBox, ...]
    ends: tuple[tuple[TextBox, TextBox], ...]
    inside: tuple[TextBox, ...]


def choose(boxes: Sequence[TextBox], size: tuple[int, int], shortest: int) -> Choice:
    """Choose among ``boxes`` in a piece of ``size`` (width, height); ``shortest`` is the picture's shortest side."""
    width, height = size

    def from_edge(box: TextBox) -> float:
        x, y = box.centre
        return float(min(x, y, width - x, height - y))

    blocks = list(_running_text(boxes))
    inside = {id(box): box for block in blocks for box in block[1:-1]}
    ends = tuple((end, inner) for block in blocks for end, inner in ((block[0], block[1]), (block[-1], block[-2])))
    first, then = [], []
    for box in sorted(boxes, key=from_edge):
        if id(box) in inside:
            continue
        is_high = 2 * box.half_depth >= _HIGH * shortest
        if is_high:
            first.append(box)
        elif not _is_lone(box, boxes):
            then.append(box)
    return Choice(tuple(first), tuple(then), ends, tuple(inside.values()))


def _running_text(boxes: Sequence[TextBox]) -> Iterator[list[TextBox]]:
    """Blocks of long level lines of one size below one another, from the top."""
    rest = sorted((box for box in boxes if _is_long(box)), key=lambda box: float(box.centre[1]))
    while rest:
        block = [rest.pop(0)]
        for box in list(rest):
            if _continues(block[-1], box):
                block.append(box)
                rest.remove(box)
        if len(block) >= _LEAST_IN_BLOCK:
            yield block


def _is_long(box: TextBox) -> bool:
    return not box.is_steep and abs(float(box.along[1])) < 0.1 and box.half_length >= _LONG * box.half_depth


def _continues(above: TextBox, below: TextBox) -> bool:
    if max(above.half_depth, below.half_depth) > _BLOCK_SIZE * min(above.half_depth, below.half_depth):
        return False
    gap = float(below.centre[1] - above.centre[1]) - above.half_depth - below.half_depth
    depth = above.half_depth + below.half_depth
    shared = _reach(above)[1] + _reach(below)[1] - abs(float(above.centre[0] - below.centre[0]))
    return -0.5 * depth <= gap <= _LEADING * depth and shared > min(above.half_length, below.half_length)


def _reach(box: TextBox) -> tuple[float, float]:
    """Half the (height, width) of the upright rectangle around ``box``."""
    along, across = abs(box.along) * box.half_length, abs(box.along[::-1]) * box.half_depth
    return float(along[1] + across[1]), float(along[0] + across[0])


def _is_lone(box: TextBox, boxes: Sequence[TextBox]) -> bool:
    """Whether ``box`` holds two characters at most and no other box is near."""
    if box.half_length >= _SHORT * box.half_depth:
        return False
    high, wide = _reach(box)
    limit = _REACH * 2 * box.half_depth
    for other in boxes:
        if other is box:
            continue
        other_high, other_wide = _reach(other)
        across = abs(float(other.centre[0] - box.centre[0])) - wide - other_wide
        down = abs(float(other.centre[1] - box.centre[1])) - high - other_high
        if max(across, down) <= limit:
            return False
    return True
