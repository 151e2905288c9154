"""Labels that are seen: text recognised in a picture, measured against GB 45438-2025, 5.2.

Looked for along the lower and upper edge first, where nearly all labels stand, then in the whole picture.
What "height" means is not settled (ink, type size or box), and no measurement is exact, so that both ink and
box are given and a height near 5 % of the shortest side is left undecided rather than called.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..findings import Findings, without_addresses
from ..meaning.wording import has_elements
from ..model import Deviation, Label

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

#: Ink height by the shortest side: at least this passes, below the other fails, between them nothing is
#: decided.
PASSES, FAILS = 0.055, 0.045
#: The recogniser's boxes are between so and so much higher than the ink inside (measured: plates, 320 to 1,080 pixels).
_BOX_OVER_INK = (1.02, 3.0)
#: Where only one of the two ways to measure finds letters, they may be so much lower or higher than it says.
_ALONE = (1.18, 1.125)
#: Letters stand in at least this share of the columns of their box.
_LETTERS_SPREAD = 0.4
#: The shortest label has four characters: what is wider than this share of its line is letters run together, or, where
#: it fills more than this share of the rectangle around it, a plate behind them.
_WIDEST_LETTER, _FILLED = 0.5, 0.5
#: Strokes are thinner than this share of the box, and differ by this much from what is beside them (of 255).
_STROKE_REACH, _FAINTEST = 0.26, 12.0
_WORKING_SIDE = 1080
_WHOLE_SIDE = 800
_EDGE_STRIP = 0.22
_EDGE_REACH = 0.15
_CORNER_REACH = 0.35
_LOW_CONTRAST = 1.5
_DENIED = ("非AI", "不是AI", "非人工智能", "不是人工智能")


@dataclass(frozen=True, slots=True)
class Line:
    """One recognised line: text, box in pixels of the picture it was seen in, least score of its parts."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    score: float
    part_height: float

    def moved(self, x: float, y: float, scale: float) -> Line:
        return Line(
            self.text,
            self.left * scale + x,
            self.top * scale + y,
            self.right * scale + x,
            self.bottom * scale + y,
            self.score,
            self.part_height * scale,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A label seen in one picture, in the picture's own pixels; ratios are by its shortest side.

    ``ink`` is 0 where letters and ground could not be told apart; it lies between ``least`` and ``most``.
    """

    line: Line
    ink: float
    least: float
    most: float
    box: float
    contrast: float
    position: str


@cache
def _recogniser() -> Any:
    """The recogniser with bounds: its defaults blow narrow pictures up to gigabytes."""
    import logging

    from rapidocr import RapidOCR

    logging.disable(logging.CRITICAL)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.max_side_len": 1280,
            "Det.limit_type": "max",
            "Det.limit_side_len": 1280,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
        }
    )


def recognise(pixels: Pixels) -> list[Line]:
    """Lines of text in ``pixels`` of shape (height, width, 3), neighbours on one line joined."""
    result = _recogniser()(pixels[:, :, ::-1], use_cls=False)
    if result.boxes is None or result.txts is None:
        return []
    parts = []
    for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        corners = np.asarray(box)
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        parts.append(
            Line(text, float(left), float(top), float(right), float(bottom), float(score), float(bottom - top))
        )
    return _joined(parts)


def _joined(parts: list[Line]) -> list[Line]:
    """Recognisers split "AI 生成" at its space: parts at one height and close together are one line."""
    lines: list[Line] = []
    for part in sorted(parts, key=lambda p: (p.left, p.top)):
        for index, line in enumerate(lines):
            height = min(line.bottom - line.top, part.bottom - part.top)
            overlap = min(line.bottom, part.bottom) - max(line.top, part.top)
            gap = part.left - line.right
            if overlap > 0.5 * height and -0.5 * height <= gap <= 1.3 * height:
                lines[index] = Line(
                    f"{line.text} {part.text}",
                    line.left,
                    min(line.top, part.top),
                    part.right,
                    max(line.bottom, part.bottom),
                    min(line.score, part.score),
                    max(line.part_height, part.part_height),
                )
                break
        else:
            lines.append(part)
    return lines


def load(data: bytes, media_type: str, found: Findings) -> Image:
    """The picture (of an animation, its first frame) in RGB on white. Raises ValueError beyond the limits."""
    from PIL import Image, ImageOps

    if media_type == "image/heif":
        from . import heic

        return heic.load(data, found)
    Image.MAX_IMAGE_PIXELS = found.limits.pixels
    kind = media_type.rpartition("/")[2].upper()
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        if image.width * image.height > found.limits.pixels:
            raise ValueError(f"{image.width}x{image.height} are more than {found.limits.pixels:,} pixels")
        image.draft("RGB", (2 * _WORKING_SIDE, 2 * _WORKING_SIDE))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            white = Image.new("RGBA", upright.size, (255, 255, 255, 255))
            return Image.alpha_composite(white, upright).convert("RGB")
        return upright.convert("RGB")


def shrunk(image: Image, side: int) -> Image:
    """``image`` with its shortest side at most ``side`` and its longest at most four times that."""
    factor = min(side / min(image.size), 4 * side / max(image.size), 1.0)
    if factor >= 1:
        return image
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))))


def look(image: Image, notes: list[str], *, whole: bool = True) -> list[Sighting]:
    """Labels seen in ``image``: at the lower edge, else at the upper, else (``whole``) anywhere."""
    small = shrunk(image, _WORKING_SIDE)
    pixels = np.asarray(small, np.uint8)
    for strip in _strips(small.width, small.height):
        left, top, right, bottom = strip
        seen = [line.moved(left, top, 1) for line in _tiled(pixels[top:bottom, left:right])]
        labels = _labels(seen, pixels, notes)
        if labels:
            return labels
    if not whole:
        return []
    again = shrunk(small, _WHOLE_SIDE)
    scale = small.width / again.width
    seen = [line.moved(0, 0, scale) for line in _tiled(np.asarray(again, np.uint8))]
    return _labels(seen, pixels, notes)


def _strips(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Lower and upper edge; of a very flat picture one strip is the whole."""
    depth = max(round(min(width, height) * _EDGE_STRIP), 48)
    if depth * 2 >= height:
        yield 0, 0, width, height
        return
    yield 0, height - depth, width, height
    yield 0, 0, width, depth


def _tiled(pixels: Pixels) -> list[Line]:
    """Recognised piece by piece where a picture is so long that shrinking it would lose the letters."""
    height, width = pixels.shape[:2]
    longest, shortest = max(height, width), min(height, width)
    if longest <= 1280 or (shortest * 3 > longest and longest <= 1600):
        return recognise(pixels)
    lines = []
    step = 960
    for at in range(0, longest, step):
        piece = pixels[:, at : at + 1280] if width >= height else pixels[at : at + 1280]
        if min(piece.shape[:2]) < 8:
            continue
        lines += [
            line.moved(at if width >= height else 0, 0 if width >= height else at, 1) for line in recognise(piece)
        ]
        if at + 1280 >= longest:
            break
    return lines


def _labels(lines: list[Line], pixels: Pixels, notes: list[str]) -> list[Sighting]:
    labels = []
    for line in lines:
        squeezed = line.text.replace(" ", "")
        if any(denied in squeezed for denied in _DENIED):
            notes.append(f"near miss: the picture says {line.text[:40]!r}")
        elif has_elements(line.text):
            labels.append(measured(line, pixels))
        elif len(squeezed) <= 12 and ("AI" in squeezed or "人工智能" in squeezed):
            notes.append(f"near miss: the picture says {line.text[:40]!r}, which lacks the generation element")
    return labels


def measured(line: Line, pixels: Pixels) -> Sighting:
    """``line`` with its heights, contrast and position in ``pixels``."""
    height, width = pixels.shape[:2]
    shortest = min(height, width)
    measures, contrast = _ink(line, pixels)
    box = line.part_height
    if len(measures) == 2:
        least, most = min(measures), max(measures)
    elif measures:
        least, most = measures[0] / _ALONE[0], measures[0] * _ALONE[1]
    else:
        least, most = 0.0, box
    ink = min(measures, default=0.0)
    position = _position(line, width, height)
    return Sighting(line, ink / shortest, least / shortest, most / shortest, box / shortest, contrast, position)


def _position(line: Line, width: int, height: int) -> str:
    shortest = min(width, height)
    across = {"left": line.left, "right": width - line.right}
    down = {"upper": line.top, "lower": height - line.bottom}
    side, level = min(across, key=lambda k: across[k]), min(down, key=lambda k: down[k])
    near_side, near_level = across[side] <= _EDGE_REACH * shortest, down[level] <= _EDGE_REACH * shortest
    if near_level and across[side] <= _CORNER_REACH * shortest:
        return f"{level} {side} corner"
    if near_level:
        return f"{level} edge"
    return f"{side} edge" if near_side else "inside"


def _ink(line: Line, pixels: Pixels) -> tuple[list[float], float]:
    """(rows of ink in pixels, measured in at most two ways; contrast ratio as in WCAG).

    One way parts bright from dark, which finds letters on a plate or on even ground; the other looks for strokes that
    stand out from what is beside them, which finds letters on a photo. Each alone may take something else for letters.
    """
    margin = max(2, round(0.15 * line.part_height))
    top, bottom = max(0, int(line.top) - margin), int(line.bottom) + margin + 1
    left, right = max(0, int(line.left) - margin), int(line.right) + margin + 1
    region = pixels[top:bottom, left:right].astype(np.float32)
    light = region @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    inner = light[margin:-margin, margin:-margin]
    if inner.size < 20:
        return [], 1.0
    bright = light > _otsu(inner)
    if bright.all() or not bright.any():
        return [], 1.0
    high, low = float(light[bright].mean()), float(light[~bright].mean())
    contrast = (_relative(high) + 0.05) / (_relative(low) + 0.05)
    found = [_parted(bright, line), _outstanding(light, inner, line)]
    plausible = line.part_height / _BOX_OVER_INK[1], line.part_height / _BOX_OVER_INK[0]
    return [rows for rows in found if plausible[0] <= rows <= plausible[1]], contrast


def _parted(bright: NDArray[np.bool_], line: Line) -> float:
    """Rows of ink where letters are brighter or darker than everything beside them; 0 where there are none."""
    both = [_Letters.of(mask, line) for mask in (bright, ~bright)]
    spread = max(letters.spread for letters in both)
    if spread < _LETTERS_SPREAD:
        return 0.0
    # Letters with a rim of another colour are measured without it.
    return min(letters.rows for letters in both if letters.spread >= 0.8 * spread)


def _outstanding(light: NDArray[np.float32], inner: NDArray[np.float32], line: Line) -> float:
    """Rows of ink where letters are strokes that stand out from what is beside them (white and black top-hat); 0 where
    there are none.
    """
    from scipy.ndimage import grey_opening

    width = max(3, round(_STROKE_REACH * line.part_height))
    best: tuple[float, float] | None = None
    for sign in (1, -1):
        signed = light * sign
        hat = signed - grey_opening(signed, (width, width), mode="nearest")
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
        from scipy.ndimage import find_objects, label

        numbers, _ = label(mask, np.ones((3, 3)))
        height, width = mask.shape
        widest = _WIDEST_LETTER * (line.right - line.left)
        least = max(3.0, 0.004 * line.part_height**2)
        parts = []
        for number, (rows, columns) in enumerate(find_objects(numbers), start=1):
            if rows.start == 0 or rows.stop == height or columns.start == 0 or columns.stop == width:
                continue
            area = int((numbers[rows, columns] == number).sum())
            across = columns.stop - columns.start
            is_plate = across > widest and area > _FILLED * across * (rows.stop - rows.start)
            if not is_plate and area >= least:
                parts.append((number, rows, columns))
        tallest = max((rows.stop - rows.start for _, rows, _ in parts), default=0)
        kept = [part for part in parts if part[1].stop - part[1].start >= 0.3 * tallest]
        if not kept:
            return cls(0.0, 0.0, np.zeros_like(mask))
        filled = np.zeros(width, bool)
        for _, _, columns in kept:
            filled[columns] = True
        reach = max(rows.stop for _, rows, _ in kept) - min(rows.start for _, rows, _ in kept)
        return cls(float(filled.mean()), float(reach), np.isin(numbers, [number for number, _, _ in kept]))


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


def size_deviation(sighting: Sighting, too_small: Deviation, undecided: Deviation) -> Deviation | None:
    """What the heights of a label amount to: nothing is decided unless its least and its greatest agree."""
    if sighting.least >= PASSES:
        return None
    return too_small if sighting.most < FAILS else undecided


def read_picture(data: bytes, media_type: str, _demuxer: str, found: Findings) -> None:
    """Adds the visible labels of a still picture."""
    try:
        image = load(data, media_type, found)
    except Exception as error:
        if isinstance(error, MemoryError | ImportError):
            raise
        found.refuse("visible", f"the picture is not decoded: {without_addresses(error)}")
        return
    notes: list[str] = []
    small = shrunk(image, _WORKING_SIDE)
    for sighting in look(small, notes)[:4]:
        deviations = [Deviation.NOT_AT_EDGE] if sighting.position == "inside" else []
        size = size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)
        deviations += [size] if size else []
        if sighting.contrast < _LOW_CONTRAST:
            deviations.append(Deviation.LOW_CONTRAST)
        found.add(visible_label(sighting, tuple(deviations), small, f"{media_type.rpartition('/')[2]}:pixels"))
    if not found.labels:
        found.glimpse = glimpse_of(small)
    for note in dict.fromkeys(notes):
        found.note(note)


def visible_label(
    sighting: Sighting, deviations: tuple[Deviation, ...], image: Image, carrier: str, **more: float | str
) -> Label:
    """A label with its measures and the crop that decided."""
    fields = {
        "text": sighting.line.text,
        "position": sighting.position,
        "ink_height": round(sighting.ink, 4) or None,
        "ink_bounds": [round(sighting.least, 4), round(sighting.most, 4)],
        "box_height": round(sighting.box, 4),
        "contrast": round(sighting.contrast, 2),
        "score": round(sighting.line.score, 3),
        **more,
    }
    undecided = any(d in (Deviation.SIZE_UNDECIDED, Deviation.VIDEO_SIZE_UNDECIDED) for d in deviations)
    ink = f"ink {sighting.ink:.1%}" if sighting.ink else "ink that cannot be told from the ground"
    detail = (
        f"{sighting.line.text!r} at the {sighting.position}, {ink} and box {sighting.box:.1%} of the shortest side."
    )
    sentences = " ".join([detail, *(d.sentence for d in deviations)])
    crop = crop_of(image, sighting.line)
    return Label(
        "visible", "explicit", carrier, fields, deviations, None, sighting.line.text, sentences, undecided, crop
    )


def glimpse_of(image: Image) -> bytes:
    """The whole as a JPEG of at most 480 pixels a side."""
    stream = io.BytesIO()
    shrunk(image, 480 * min(image.size) // max(image.size) or 1).save(stream, "JPEG", quality=75)
    return stream.getvalue()


def crop_of(image: Image, line: Line) -> bytes:
    """The label with some ground around it, as PNG at most 480 pixels wide; small ones are enlarged to be seen."""
    margin = line.part_height
    box = (
        max(0, int(line.left - margin)),
        max(0, int(line.top - margin)),
        min(image.width, int(line.right + margin) + 1),
        min(image.height, int(line.bottom + margin) + 1),
    )
    crop = image.crop(box)
    crop.thumbnail((480, 480))
    if (times := 360 // max(crop.size)) > 1:
        crop = crop.resize((crop.width * times, crop.height * times), 0)
    stream = io.BytesIO()
    crop.save(stream, "PNG")
    return stream.getvalue()
