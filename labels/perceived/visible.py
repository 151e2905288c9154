"""Visible labels: text recognised in a picture and judged by the same rules of wording as text.

A line is a label if the whole line reads as one and its neighbours do not make it part of something else, such as a
headline of two lines, a row of buttons or a page of text. Other lines that mention AI generation become notes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..containers.table import pillow_format
from ..findings import Findings, library_words
from ..meaning.wording import REASONS, Medium, Phrase, Sense, as_read, grammar, judge
from ..model import Deviation, Label
from .candidates import Effort
from .lines import EFFORT, Line, Reading, corners_of, read_lines
from .measure import Sighting, measured, position_of, size_deviation
from .recognition import Pixels, TextBox, detect

if TYPE_CHECKING:
    from PIL.Image import Image

#: Shortest sides at which a picture is looked at: as a whole, along its edges for what is small, and for letters as
#: high as the picture. Measured is at `WORKING_SIDE`.
WORKING_SIDE = 1080
_WHOLE_SIDE, _LARGE_SIDE = 512, 192
#: The look for letters as high as the picture reads boxes from this share of its shortest side on.
_LARGE = 0.12
_EDGE_STRIP = 0.22
#: A longer picture is looked at in pieces of so many times its shortest side.
_LONGEST, _PIECE, _STEP = 2.6, 2.0, 1.6
_LOW_CONTRAST = 1.5
#: Of "AI", faint letters below one another may lose the thin one.
_WITHOUT_I = re.compile(r"(?<![A-Za-z])A[^A-Za-z\u4e00-\u9fff]{0,2}[生合]成")
_LEFT_OUT = "of the lines too small for a label, only those nearest to the edges were read"
_CHINESE = re.compile("[\u4e00-\u9fff]")
#: Lines of about one size and this near, by their height, belong together.
_SAME_SIZE, _NEAR = 1.35, 0.9
#: A heading is so much larger than the other lines of its picture, and at least so high.
_HEADING, _HEADING_HEIGHT = 1.6, 0.07


@dataclass(frozen=True, slots=True)
class Seen:
    """The result for one picture: labels, statements in other words, and near misses as notes."""

    labels: tuple[Sighting, ...] = ()
    others: tuple[tuple[Sighting, Phrase], ...] = ()
    notes: tuple[str, ...] = ()


def load(data: bytes, media_type: str, found: Findings) -> Image:
    """Decode a picture, or the first frame of an animation, to RGB on white. Raises ValueError beyond the limits."""
    from PIL import Image, ImageOps

    if media_type == "image/heif":
        from . import heic

        return heic.load_heic(data, found)
    Image.MAX_IMAGE_PIXELS = found.limits.pixels
    kind = pillow_format(media_type)
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        if image.width * image.height > found.limits.pixels:
            raise ValueError(f"{image.width}x{image.height} are more than {found.limits.pixels:,} pixels")
        image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            white = Image.new("RGBA", upright.size, (255, 255, 255, 255))
            return Image.alpha_composite(white, upright).convert("RGB")
        return _eight_bits(upright).convert("RGB")


def _eight_bits(image: Image) -> Image:
    """Scale 16 or 32 bits per channel down to 8. Pillow's conversion would clip at 255 instead."""
    if image.mode not in ("I", "I;16", "I;16B", "I;16L", "F"):
        return image
    from PIL import Image

    values = np.asarray(image, np.float64)
    most = 65_535.0 if image.mode.startswith("I") and values.max(initial=0) > 255 else max(values.max(initial=0), 1.0)
    return Image.fromarray((values * 255 / most).clip(0, 255).astype(np.uint8))


def shrunk(image: Image, side: int) -> Image:
    """``image`` with its shortest side at most ``side`` and its longest at most twelve times that."""
    factor = min(side / min(image.size), 12 * side / max(image.size), 1.0)
    if factor >= 1:
        return image
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))))


def look(image: Image, *, medium: Medium = "picture", thorough: bool = True) -> Seen:
    """Find labels in ``image``. The first look covers the whole picture. If it finds none and ``thorough`` is set,
    later looks search the edges for small or faint labels, and the whole for letters as high as the picture.
    """
    small = shrunk(image, WORKING_SIDE)
    pixels = np.asarray(small, np.uint8)
    others: tuple[tuple[Sighting, Phrase], ...] = ()
    notes: list[str] = []
    earlier: list[Line] = []
    settled: list[Line] = []
    for reading in _passes(pixels, thorough, settled, medium):
        # What a closer look cuts off or a coarser one overlooks was seen before.
        fresh = [line for line in reading.lines if not any(_covers(other, line) for other in settled)]
        seen = judged(fresh, pixels, medium, earlier)
        earlier += fresh
        settled += [line for line in fresh if _is_settled(line, medium)]
        others = others or seen.others
        notes += [note for note in seen.notes if note not in notes]
        if reading.left_out and _LEFT_OUT not in notes:
            notes.append(_LEFT_OUT)
        if seen.labels:
            return Seen(seen.labels, others, tuple(notes))
    return Seen((), others, tuple(notes))


def _passes(pixels: Pixels, thorough: bool, settled: Sequence[Line], medium: Medium) -> Iterator[Reading]:
    """Each look at ``pixels``. Lines that are ``settled`` when a look begins are not read again, because reading costs
    more than everything else.
    """
    height, width = pixels.shape[:2]
    effort = Effort(EFFORT)
    first = _read_at(pixels, _WHOLE_SIDE, settled, effort, medium)
    yield first
    if not thorough:
        return
    doubtful = [line for line in first.lines if _WITHOUT_I.search(line.text)]
    if doubtful:
        yield Reading([line for each in doubtful for line in _read_again(pixels, each, medium)])
    for left, top, right, bottom in _strips(width, height):
        piece = _stretched(pixels[top:bottom, left:right])
        boxes = [box for box in detect(piece) if not _is_settled_box(box.moved(left, top, 1), settled)]
        reading = read_lines(piece, boxes, effort=effort, shortest=min(width, height), medium=medium)
        yield Reading([line.moved(left, top, 1) for line in reading.lines], reading.left_out)
    yield _read_at(pixels, _LARGE_SIDE, settled, effort, medium, _LARGE)


def _read_again(pixels: Pixels, line: Line, medium: Medium) -> list[Line]:
    """Read the region of ``line`` again, with its contrast raised."""
    height, width = pixels.shape[:2]
    pad = round(line.cell / 2)
    left, top = max(0, round(line.left) - pad), max(0, round(line.top) - pad)
    right, bottom = min(width, round(line.right) + pad), min(height, round(line.bottom) + pad)
    found = read_lines(_stretched(pixels[top:bottom, left:right]), medium=medium)
    return [each.moved(left, top, 1) for each in found.lines]


def _stretched(piece: Pixels) -> Pixels:
    """``piece`` with its contrast raised locally."""
    # The lightness of LAB serves no better, and OpenCV takes 0.1 s to set up its tables.
    turned = cv2.cvtColor(piece, cv2.COLOR_RGB2YCrCb)
    turned[:, :, 0] = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(turned[:, :, 0])
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_YCrCb2RGB), np.uint8)


def _strips(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of the lower and the upper edge. In a very flat picture one strip is the whole."""
    depth = max(round(min(width, height) * _EDGE_STRIP), 48)
    if depth * 2 >= height:
        yield 0, 0, width, height
        return
    yield 0, height - depth, width, height
    yield 0, 0, width, depth


def _read_at(
    pixels: Pixels, side: int, settled: Sequence[Line], effort: Effort, medium: Medium, least: float = 0.0
) -> Reading:
    """The lines of ``pixels`` as seen with the shortest side at most ``side``, in pieces where the picture is long.
    None of them is ``settled``, and their boxes are at least ``least`` of the shortest side deep.
    """
    height, width = pixels.shape[:2]
    shortest, longest = min(height, width), max(height, width)
    factor = min(1.0, side / shortest)
    lines: list[Line] = []
    left_out = 0
    reach, step = longest, longest
    if longest > _LONGEST * shortest:
        # Short sides of a few dozen pixels would make hundreds of pieces.
        reach, step = (round(max(shortest, 320) * share) for share in (_PIECE, _STEP))
    for at in range(0, max(1, longest - reach + step), step):
        piece = pixels[:, at : at + reach] if width >= height else pixels[at : at + reach]
        if min(piece.shape[:2]) < 8:
            continue
        # Lines are found in a shrunken picture, which is cheap, and read in the whole one, which is certain.
        size = max(1, round(piece.shape[1] * factor)), max(1, round(piece.shape[0] * factor))
        shrunken = cv2.resize(piece, size, interpolation=cv2.INTER_AREA) if factor < 1 else piece
        scale = piece.shape[1] / size[0]
        x, y = (at, 0) if width >= height else (0, at)
        boxes = [box.moved(0, 0, scale) for box in detect(np.asarray(shrunken, np.uint8))]
        boxes = [box for box in boxes if 2 * box.half_depth >= least * shortest]
        boxes = [box for box in boxes if not _is_settled_box(box.moved(x, y, 1), settled)]
        found = read_lines(piece, boxes, effort=effort, shortest=shortest, medium=medium)
        lines += [line for line in (each.moved(x, y, 1) for each in found.lines) if not _is_known(line, lines)]
        left_out += found.left_out
        if at + reach >= longest:
            break
    return Reading(lines, left_out)


def _is_known(line: Line, lines: list[Line]) -> bool:
    """Whether two pieces that overlap show the same line."""
    return any(
        other.text == line.text and abs(other.left - line.left) < line.cell and abs(other.top - line.top) < line.cell
        for other in lines
    )


def _is_settled(line: Line, medium: Medium) -> bool:
    """Whether another look would read the line the same way."""
    if _WITHOUT_I.search(line.text):
        return False
    return line.score >= 0.92 or judge(as_read(line.text), medium) is not None


def _is_settled_box(box: TextBox, settled: Sequence[Line]) -> bool:
    line = Line("", corners_of(box, 1), 0.0, 2 * box.half_depth)
    return any(_covers(other, line) for other in settled)


def _covers(seen: Line, line: Line) -> bool:
    """Whether ``seen`` covers most of the area of ``line``."""
    across = min(seen.right, line.right) - max(seen.left, line.left)
    down = min(seen.bottom, line.bottom) - max(seen.top, line.top)
    area = (line.right - line.left) * (line.bottom - line.top)
    return across > 0 and down > 0 and across * down > 0.6 * area


def judged(lines: list[Line], pixels: Pixels, medium: Medium, earlier: Sequence[Line] = ()) -> Seen:
    """Judge the lines of one picture. Lines read ``earlier`` count as neighbours."""
    every = [*lines, *earlier]
    height, width = pixels.shape[:2]
    labels: list[tuple[Line, Phrase]] = []
    others: list[tuple[Line, Phrase]] = []
    notes: list[str] = []
    for line in lines:
        text = as_read(line.text)
        phrase = judge(text, medium)
        quoted = line.text.strip()[:40]
        if phrase is None:
            if _mentions_ai(text):
                notes.append(f"near miss: the picture says {quoted!r}, which lacks the generation element")
        elif phrase.sense in REASONS:
            notes.append(f"near miss: the picture says {quoted!r}: {REASONS[phrase.sense]}")
        elif phrase.sense is Sense.MARK:
            notes.append(f"near miss: the picture says {quoted!r}, which lacks the generation element")
        elif reason := _part_of_something_else(line, phrase, every, medium):
            notes.append(f"near miss: the picture says {quoted!r}, {reason}")
        elif phrase.is_label:
            labels.append((line, phrase))
        else:
            lacks = " ".join(deviation.sentence for deviation in phrase.missing)
            notes.append(f"near miss: the picture says {quoted!r}. {lacks}")
            others.append((line, phrase))
    labels, heading_notes = _without_headings(labels, every, (width, height))
    notes += heading_notes
    return Seen(
        tuple(measured(line, pixels) for line, _ in labels),
        tuple((measured(line, pixels), phrase) for line, phrase in others),
        tuple(dict.fromkeys(notes)),
    )


def _mentions_ai(text: str) -> bool:
    squeezed = text.replace(" ", "")
    return len(squeezed) <= 12 and ("AI" in squeezed or "人工智能" in squeezed)


def _part_of_something_else(line: Line, phrase: Phrase, lines: list[Line], medium: Medium) -> str:
    """The reason why neighbours of the same size make a line part of other text; empty if it is a label."""
    words = grammar()
    for other in lines:
        if other is line or max(other.cell, line.cell) > _SAME_SIZE * min(other.cell, line.cell):
            continue
        before = _is_before(other, line)
        after = _is_before(line, other)
        if not (before or after):
            continue
        text = as_read(other.text).replace(" ", "")
        whole = text + as_read(line.text) if before else as_read(line.text) + text
        if text in as_read(line.text).replace(" ", "") or as_read(line.text).replace(" ", "") in text:
            continue
        together = judge(whole, medium)
        if together is not None and together.sense in (Sense.LABEL, Sense.OTHER_WORDS):
            continue
        if together is not None and together.sense in (Sense.DENIED, Sense.QUESTION):
            return f"and beside it {text[:20]!r}: {REASONS[together.sense]}"
        if words.about.search(text) and len(text) <= 24:
            return f"and beside it {text[:20]!r}: {REASONS[Sense.SPEAKS_OF_IT]}"
        if phrase.plain and _CHINESE.search(text) and not text.startswith(("@", "©")):
            return f"with {text[:20]!r} beside it: part of a headline or of running text"
    return ""


def _is_before(first: Line, second: Line) -> bool:
    """Whether ``second`` continues ``first``: on the same line, or on the next one of the same block."""
    height = max(first.cell, second.cell)
    if first.way != second.way:
        return False
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    if shared > 0.5 * height and first.way in ("across", "over"):
        return -0.5 * height <= second.left - first.right <= 1.6 * height
    overlap = min(first.right, second.right) - max(first.left, second.left)
    narrower = min(first.right - first.left, second.right - second.left)
    return overlap > 0.5 * narrower and -0.6 * height <= second.top - first.bottom <= _NEAR * height


def _without_headings(
    labels: list[tuple[Line, Phrase]], lines: list[Line], size: tuple[int, int]
) -> tuple[list[tuple[Line, Phrase]], list[str]]:
    """(labels, notes): labels without headings, buttons and menu entries, and a note for each of those."""
    kept, notes = [], []
    objects = {as_read(line.text) for line, phrase in labels if phrase.plain and phrase.names_object}
    for line, phrase in labels:
        others = [each for each in lines if each is not line and _is_apart(each, line)]
        reason = ""
        if phrase.plain and phrase.names_object and len(objects) > 1:
            reason = "an entry of a menu"
        elif phrase.plain and len(others) >= 2 and position_of(line, *size) == "inside":
            reason = "a heading or a button"
        elif phrase.plain and len(others) >= 2:
            usual = float(np.median([each.cell for each in others]))
            is_high = line.cell > _HEADING * usual and line.cell > _HEADING_HEIGHT * min(size)
            if is_high and not position_of(line, *size).endswith("corner"):
                reason = "a heading"
        if reason:
            notes.append(f"near miss: the picture says {line.text.strip()[:40]!r}, written as {reason}")
        else:
            kept.append((line, phrase))
    return kept, notes


def _is_apart(a: Line, b: Line) -> bool:
    """Whether two lines do not overlap, so that one is not another reading of the other."""
    return a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top


def read_picture(data: bytes, media_type: str, _demuxer: str, found: Findings) -> None:
    """Add the visible labels of a still picture to ``found``."""
    try:
        image = load(data, media_type, found)
    except Exception as error:
        if isinstance(error, MemoryError | ImportError):
            raise
        found.refuse("visible", f"the picture is not decoded: {library_words(error)}")
        return
    small = shrunk(image, WORKING_SIDE)
    carrier = f"{media_type.rpartition('/')[2]}:pixels"
    seen = look(small)
    for sighting in seen.labels[:4]:
        found.add(visible_label(sighting, tuple(_still_deviations(sighting)), small, carrier))
    for sighting, phrase in seen.others[:4]:
        deviations = (*phrase.missing, *_still_deviations(sighting))
        found.state(visible_label(sighting, deviations, small, carrier, language=phrase.language))
    if not seen.labels:
        found.glimpse = glimpse_of(small)
    for note in seen.notes:
        found.note(note)


def _still_deviations(sighting: Sighting) -> Iterator[Deviation]:
    if sighting.position == "inside":
        yield Deviation.NOT_AT_EDGE
    size = size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)
    if size:
        yield size
    if sighting.contrast < _LOW_CONTRAST:
        yield Deviation.LOW_CONTRAST


def visible_label(
    sighting: Sighting, deviations: tuple[Deviation, ...], image: Image, carrier: str, **more: object
) -> Label:
    """The label for a sighting, with its measurements and the crop that shows it."""
    fields = {
        "text": sighting.line.text,
        "position": sighting.position,
        "direction": sighting.line.way,
        "ink_height": round(sighting.ink, 4) or None,
        "ink_bounds": [round(sighting.least, 4), round(sighting.most, 4)],
        "box_height": round(sighting.box, 4),
        "contrast": round(sighting.contrast, 2),
        "score": round(sighting.line.score, 3),
        **more,
    }
    undecided = any(d in (Deviation.SIZE_UNDECIDED, Deviation.VIDEO_SIZE_UNDECIDED) for d in deviations)
    ink = f"ink {sighting.ink:.1%}" if sighting.ink else "text without contrast to its background"
    where = f"at the {sighting.position}" if sighting.position != "inside" else "inside the picture"
    detail = f"{sighting.line.text!r} {where}, {ink} and box {sighting.box:.1%} of the shortest side."
    sentences = " ".join([detail, *(d.sentence for d in deviations)])
    crop = crop_of(image, sighting.line)
    return Label(
        "visible", "explicit", carrier, fields, deviations, None, sighting.line.text, sentences, undecided, crop
    )


def glimpse_of(image: Image) -> bytes:
    """The whole picture as a JPEG of at most 480 pixels per side."""
    stream = io.BytesIO()
    shrunk(image, 480 * min(image.size) // max(image.size) or 1).save(stream, "JPEG", quality=75)
    return stream.getvalue()


def crop_of(image: Image, line: Line) -> bytes:
    """The label and its surroundings as a PNG at most 480 pixels wide. Small labels are enlarged."""
    margin = line.cell
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
