"""Compares a labelled file with the original: apart from the label, nothing may differ. A difference raises, and
nothing is written.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..containers.table import Container, pillow_format
from ..findings import UnsuitableFileError
from ..model import ImplicitFields, Label, Labels, Limits
from .packets import Part, inserted

#: Parts that an explicit label changes, because people perceive them.
_PERCEIVED = {"picture", "sound", "film and sound", "format of the sound", "header of the sound", "header", "text"}
_TABLES = ("moov.trak", "moov.mvhd", "moov.iods", "positions in moov", "item ", "meta.", "reference ", "box ")
#: Formats of which Pillow decodes every picture, so that one it does not decode is broken.
_ALWAYS_DECODED = {"png", "jpeg", "gif", "webp"}
_FRAMES = 200


def parts(kind: Container, data: bytes) -> list[tuple[str, bytes]]:
    """(name, digest) of each part of a file but the label. Raises UnsuitableFileError where the file is broken."""
    if kind.content is None:
        return []
    try:
        found: Iterator[Part] = kind.content(data)
        return [(name, hashlib.blake2b(part, digest_size=16).digest()) for name, part in found if len(part)]
    except UnsuitableFileError:
        raise
    # What a broken structure leads to: slices that are too short, numbers too large, names that are no text.
    except Exception as error:
        raise UnsuitableFileError("its structure is broken") from error


def same_parts(kind: Container, before: bytes, after: bytes, *, explicit: bool) -> None:
    """Raises UnsuitableFileError unless ``after`` holds every part of ``before``."""
    if kind.text:
        _same_text(before, after, explicit=explicit)
    old, new = parts(kind, before), parts(kind, after)
    if explicit:
        lost = Counter(each for each in old if not _is_perceived(kind, each[0]))
        lost.subtract(each for each in new if not _is_perceived(kind, each[0]))
        missing = next((name for (name, _), count in lost.items() if count > 0), "")
        if missing:
            raise UnsuitableFileError(f"the {missing} would change")
        return
    if old == new:
        return
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            raise UnsuitableFileError(f"the {one[0]} would change (part {number + 1})")
    raise UnsuitableFileError("parts of the file would be lost or added")


def _is_perceived(kind: Container, name: str) -> bool:
    """Whether a part is what people perceive, or says where that lies. A film is written again, with all its tables."""
    return kind.main_type == "video" or name in _PERCEIVED or name.startswith(_TABLES)


def _same_text(before: bytes, after: bytes, *, explicit: bool) -> None:
    added = inserted(before, after)
    if added is None and not explicit:
        raise UnsuitableFileError("the text would change")


def same_reading(before: Labels, after: Labels, fields: ImplicitFields | None) -> None:
    """Raises UnsuitableFileError unless ``after`` reads as ``before`` did, with the label once and conforming."""
    if fields is not None:
        own = [label for label in after.aigc if dict(label.fields) == fields.as_dict()]
        if len(after.aigc) != 1 or len(own) != 1 or not own[0].conformant:
            raise UnsuitableFileError("the label that was written is not read back")
    new_refusals = [refusal for refusal in after.refused if refusal not in before.refused]
    if new_refusals:
        raise UnsuitableFileError(f"part of the file could no longer be read ({new_refusals[0].why})")
    kept = Counter(map(_identity, after.labels))
    # What a content credential says may change with the file: that was asked for.
    kept.subtract(_identity(label) for label in before.labels if label.scheme != "c2pa")
    if any(count < 0 for count in kept.values()):
        raise UnsuitableFileError("a label that was in the file would be lost")
    new_notes = [note for note in after.notes if note not in before.notes and "cut short" in note]
    if new_notes:
        raise UnsuitableFileError(f"the file would be torn ({new_notes[0]})")


def _identity(label: Label) -> tuple[str, str, str]:
    return label.scheme, label.kind, label.raw


class _Frames:
    """The decoded frames of a picture: mode, size, and a digest and duration of each; or why there are none."""

    def __init__(self, kind: Container, data: bytes, limits: Limits) -> None:
        from PIL import Image

        self.frames: list[tuple[Any, ...]] = []
        self.broken = ""
        form = pillow_format(kind.media_type)
        try:
            with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=[form]) as image:
                count, pixels = getattr(image, "n_frames", 1), image.width * image.height
                budget = limits.pixels
                for number in range(min(count, _FRAMES)):
                    budget -= pixels
                    if budget < 0:
                        break
                    image.seek(number)
                    image.load()
                    digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
                    self.frames.append((image.mode, image.size, image.info.get("duration"), digest))
                self.frames.append((count,))
        # Pillow raises whatever a broken file leads it to.
        except Exception:
            self.broken = "the picture cannot be decoded"


def same_pixels(kind: Container, before: bytes, after: bytes, limits: Limits) -> None:
    """Raises UnsuitableFileError unless Pillow decodes the same frames from both, if it knows the format.

    A picture that Pillow should decode and does not is broken.
    """
    if kind.main_type != "image" or kind.text or kind.media_type == "image/heif":
        return
    old = _Frames(kind, before, limits)
    if old.broken:
        if kind.name in _ALWAYS_DECODED:
            raise UnsuitableFileError(old.broken)
        return
    new = _Frames(kind, after, limits)
    if old.frames != new.frames:
        raise UnsuitableFileError(new.broken or "the picture would not decode to the same pixels")
