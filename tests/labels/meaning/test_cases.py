"""Small files from other people's tools, each with what must be read from it or what writing into it must do.

`cases/cases.json` describes every file in words; the tables here say the same in code. A case that does not pass yet is
listed in `NOT_YET`, and a test asserts that it still fails: whoever makes it pass removes its line.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import wave
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps

from shenhe.labels import Deviation, Labels, LabelWriteError, read_labels, write_label
from shenhe.labels.read import Depth
from shenhe.labels.record import media_type_of, read_file

from .. import media

FOLDER = Path(__file__).parents[1] / "cases"
D = Deviation
AUDIO_START = 44

#: Cases that do not pass yet, by file.
NOT_YET: set[str] = set()

Check = Callable[[Labels], bool]


@cache
def described() -> dict[str, dict[str, str]]:
    return {case["file"]: case for case in json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))}


def reading(name: str) -> Labels:
    depth: Depth = "metadata" if "--metadata" in described()[name]["command"] else "all"
    return read_file(FOLDER / name, depth=depth)[1]


def said(labels: Labels) -> str:
    """Every note and sentence of a reading."""
    return " | ".join([*labels.notes, *(label.detail for label in labels.labels)]).lower()


def has(scheme: str, *deviations: Deviation) -> Check:
    """A label of the scheme with exactly these departures, where any are named."""
    return lambda labels: any(
        label.scheme == scheme and (not deviations or set(label.deviations) == set(deviations))
        for label in labels.labels
    )


def conforms(scheme: str) -> Check:
    return lambda labels: any(label.scheme == scheme and label.conformant for label in labels.labels)


def no_label(*words: str) -> Check:
    """No label at all, and a note that holds each of the words."""
    return lambda labels: not labels.labels and all(word.lower() in said(labels) for word in words)


def either(*checks: Check) -> Check:
    return lambda labels: any(check(labels) for check in checks)


def both(*checks: Check) -> Check:
    return lambda labels: all(check(labels) for check in checks)


def read_whole(labels: Labels) -> bool:
    return not labels.refused


def _decided(labels: Labels) -> bool:
    return all(not label.undecided for label in labels.explicit)


def _only_an_input(labels: Labels) -> bool:
    return not any("parent manifest" in label.detail for label in labels.labels) and "input" in said(labels)


READ: dict[str, Check] = {
    "vis_rot90_ccw.png": has("visible"),
    "vis_rot270_cw.png": has("visible"),
    "vis_vertical_ai.png": has("visible"),
    "vis_vertical_zh.png": both(has("visible"), _decided),
    "vis_english_made.png": no_label("near miss"),
    "vis_traditional.png": either(has("visible"), no_label("near miss")),
    "vis_huge.png": conforms("visible"),
    "vis_neg_summit.png": no_label(),
    "vis_neg_refuse.png": no_label(),
    "vis_neg_question.png": no_label(),
    "vis_neg_course.png": no_label(),
    "vis_vertical_small.png": lambda labels: any(D.TOO_SMALL in label.deviations for label in labels.explicit),
    "created_algorithmicMedia.jpg": no_label(),
    "input_ai.jpg": _only_an_input,
    "created_trainedAlgorithmicData.jpg": has("c2pa"),
    "capture_tampered.jpg": lambda labels: "no longer matches" in said(labels) or "mismatch" in said(labels),
    "sidecar.c2pa": both(read_whole, lambda labels: bool(labels.labels or labels.notes)),
    "sidecar.jpg": either(has("c2pa"), lambda labels: "sidecar.c2pa" in said(labels)),
    "dst_algorithmicallyEnhanced.jpg": no_label(),
    "dst_name.jpg": either(
        has("iptc"), lambda labels: bool(labels.notes) and "does not say that the content is ai" not in said(labels)
    ),
    "iptc2025_ai.jpg": lambda labels: bool(labels.labels or labels.notes),
    "dst_filetype_only.jpg": lambda labels: bool(labels.notes),
    "m_mkv_comment.mkv": has("gb45438", D.UNUSUAL_PLACE),
    "m_mp3_comment.mp3": has("gb45438", D.UNUSUAL_PLACE),
    "x_dc_description.jpg": has("gb45438", D.UNUSUAL_PLACE),
    "exif_imgdesc_utf8type.jpg": has("gb45438"),
    "webp_xmp_fourcc.webp": has("gb45438"),
    "xmp_structured.jpg": either(has("gb45438"), lambda labels: bool(labels.notes)),
    "xmp_resource.jpg": lambda labels: any(
        D.STRUCTURED_FORM in label.deviations and D.MISSING_KEY not in label.deviations for label in labels.aigc
    ),
    "x_rawprofile_app1.png": has("gb45438"),
    "html_comment.html": lambda labels: bool(labels.labels or labels.notes),
    "md_toml.md": has("gb45438"),
    "txt_header.txt": lambda labels: bool(labels.labels or labels.notes),
    "jsonl.jsonl": both(has("gb45438"), read_whole),
    "exif_make_comfy.jpg": no_label("generator parameters"),
    "x_nextcloud.jpg": no_label("Artificial Intelligence"),
    "md_code.md": no_label(),
    "docx_words.docx": either(has("text"), lambda labels: bool(labels.notes)),
    "text_0.txt": has("text"),
    "text_2.txt": no_label("near miss"),
    "text_4.txt": no_label("near miss"),
    "sidecar.xmp": has("gb45438"),
}


def written(name: str, *, explicit: bool = False) -> bytes:
    """The file with the label. Raises LabelWriteError where that is refused."""
    path = FOLDER / name
    return write_label(path.read_bytes(), media.FIELDS, media_type=media_type_of(path), explicit=explicit)


def refused(name: str, *words: str) -> bool:
    """Whether writing is refused with a sentence that holds the words, and without a word of Python's."""
    try:
        written(name)
    except LabelWriteError as error:
        return all(word in str(error) for word in words) and not any(
            term in str(error) for term in ("Error", "codec", "object", "byte 0x")
        )
    return False


def readable(data: bytes) -> bool:
    labels = read_labels(data)
    return len(labels.aigc) == 1 and labels.aigc[0].strict and not labels.refused


def _wav(name: str) -> bool:
    """Refused, or readable with every sample in its place."""
    if refused(name):
        return True
    original, labelled = (FOLDER / name).read_bytes(), written(name)
    with wave.open(io.BytesIO(labelled)) as sound:
        frames = sound.readframes(1 << 24)
    return readable(labelled) and frames == original[AUDIO_START:]


def _avif() -> bool:
    if refused("avif_sequence_exif.avif"):
        return True
    labelled = written("avif_sequence_exif.avif")
    before, after = (Image.open(io.BytesIO(d)) for d in ((FOLDER / "avif_sequence_exif.avif").read_bytes(), labelled))
    frames = getattr(before, "n_frames", 1)
    if frames != getattr(after, "n_frames", 1):
        return False
    for number in range(frames):
        before.seek(number)
        after.seek(number)
        if before.tobytes() != after.tobytes():
            return False
    return readable(labelled)


def _m4a() -> bool:
    if refused("m4a_itunes_padding.m4a"):
        return True
    labelled = written("m4a_itunes_padding.m4a")
    return readable(labelled) and not _said_by_ffprobe(labelled)


def _said_by_ffprobe(data: bytes) -> bytes:
    """The complaints of an independent reader, where one is installed."""
    if shutil.which("ffprobe") is None:
        return b""
    return subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-"], input=data, capture_output=True, check=False
    ).stderr


def _upright() -> bool:
    """The label is drawn upright in the lower right corner of the picture as it is shown."""
    original, labelled = (
        (FOLDER / "photo_orientation6.jpg").read_bytes(),
        written("photo_orientation6.jpg", explicit=True),
    )
    before, after = (ImageOps.exif_transpose(Image.open(io.BytesIO(d))).convert("L") for d in (original, labelled))
    changed = ImageChops.difference(before, after).point(lambda level: 255 * (level > 80)).getbbox()
    if changed is None or before.size != after.size:
        return False
    left, top, right, bottom = changed
    lower_right = left > after.width / 2 and top > after.height / 2
    return lower_right and right - left > bottom - top and find_spec("rapidocr") is not None and _seen(labelled)


def _seen(data: bytes) -> bool:
    return conforms("visible")(read_labels(data, depth="all"))


def _sixteen_bits() -> bool:
    labelled = written("rgb16.png", explicit=True)
    return labelled[24] == 16 and readable(labelled)


WRITE: dict[str, Callable[[], bool]] = {
    "wav_stream_size0.wav": lambda: _wav("wav_stream_size0.wav"),
    "wav_riff_size_36.wav": lambda: _wav("wav_riff_size_36.wav"),
    "avif_sequence_exif.avif": _avif,
    "m4a_itunes_padding.m4a": _m4a,
    "photo_orientation6.jpg": _upright,
    "c2pa_ai_valid.jpg": lambda: refused("c2pa_ai_valid.jpg", "credential"),
    "empty.png": lambda: refused("empty.png", "empty"),
    "captions.srt": lambda: refused("captions.srt", "subtitle"),
    "gbk.html": lambda: refused("gbk.html") or readable(written("gbk.html")),
    "rgb16.png": _sixteen_bits,
    "sidecar.xmp": lambda: refused("sidecar.xmp", "only one"),
}

_NEEDS_MEDIA = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("rapidocr", "c2pa", "av")), reason="the media extra is not installed"
)


def passes(name: str) -> bool:
    """Whether the file is read, and written into, as its case expects."""
    read, write = READ.get(name), WRITE.get(name)
    try:
        return (read is None or read(reading(name))) and (write is None or write())
    except (LabelWriteError, ValueError, EOFError, wave.Error):  # what is refused, and what no longer decodes
        return False


def test_every_case_has_a_check() -> None:
    assert READ.keys() | WRITE.keys() == described().keys()
    assert all((FOLDER / name).exists() for name in described())


@_NEEDS_MEDIA
@pytest.mark.parametrize("name", sorted((READ.keys() | WRITE.keys()) - NOT_YET))
def test_a_case_comes_out_as_expected(name: str) -> None:
    assert passes(name), (described()[name], reading(name))


@_NEEDS_MEDIA
@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_a_case_that_does_not_pass_yet_still_fails(name: str) -> None:
    assert not passes(name), f"{name} passes now: remove it from NOT_YET"
