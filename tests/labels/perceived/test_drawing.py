"""Visible labels in every kind of picture: depth, transparency, colours, orientation and frames stay."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

import shenhe.labels
from shenhe.labels import Deviation, read_labels, write_label
from shenhe.sample.media import marking, pictures

from .. import media

SIZE = (320, 240)


def picture(mode: str) -> Image.Image:
    """A gradient with colours in every mode."""
    draws = np.random.default_rng(3)
    red = np.tile(np.linspace(0, 255, SIZE[0]), (SIZE[1], 1))
    green = np.tile(np.linspace(0, 255, SIZE[1])[:, None], (1, SIZE[0]))
    noise = draws.integers(0, 40, (SIZE[1], SIZE[0]))
    image = Image.fromarray(np.stack([red, green, noise], axis=2).astype(np.uint8))
    if mode in ("RGBA", "LA", "PA"):
        image.putalpha(Image.fromarray(green.astype(np.uint8)))
    return image.convert(mode)


def encoded(mode: str, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture(mode).save(stream, form, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def png_of(samples: NDArray[np.uint16], colour: int) -> bytes:
    """A PNG of 16 bits per channel."""
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"gAMA", struct.pack(">I", 45455)), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(media.png_chunk(*each) for each in chunks)


def samples_of(data: bytes, channels: int) -> NDArray[np.uint16]:
    """Decoded by hand: only files whose rows are filtered by nothing, or by the row above."""
    at, parts = 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            parts.append(data[at + 8 : at + 8 + length])
        at += 12 + length
    width, height = struct.unpack_from(">II", data, 16)
    rows = np.frombuffer(zlib.decompress(b"".join(parts)), np.uint8).reshape(height, 1 + width * channels * 2)
    assert set(rows[:, 0]) <= {0, 2}
    plain = np.zeros((height, rows.shape[1] - 1), np.uint8)
    for number, row in enumerate(rows):
        plain[number] = row[1:] + (plain[number - 1] if row[0] == 2 and number else 0)
    return plain.view(">u2").astype(np.uint16).reshape(height, width, channels)


FILES: dict[str, tuple[bytes, bool]] = {
    "png rgb": (encoded("RGB", "PNG"), True),
    "png rgba": (encoded("RGBA", "PNG"), True),
    "png la": (encoded("LA", "PNG"), True),
    "png grey": (encoded("L", "PNG"), True),
    "png palette": (encoded("P", "PNG"), True),
    "png bilevel": (encoded("1", "PNG"), True),
    "png colour key": (encoded("RGB", "PNG", transparency=(255, 255, 255)), True),
    "jpeg": (encoded("RGB", "JPEG", quality=90), False),
    "jpeg progressive": (encoded("RGB", "JPEG", quality=90, progressive=True), False),
    "jpeg grey": (encoded("L", "JPEG", quality=90), False),
    "jpeg cmyk": (encoded("CMYK", "JPEG", quality=90), False),
    "webp lossless": (encoded("RGB", "WEBP", lossless=True), True),
    "webp alpha": (encoded("RGBA", "WEBP", quality=90), False),
    "webp": (encoded("RGB", "WEBP", quality=90), False),
    "avif": (encoded("RGB", "AVIF", quality=90), False),
    "gif": (encoded("RGB", "GIF"), True),
    "tiff rgb": (encoded("RGB", "TIFF"), True),
    "tiff rgba": (encoded("RGBA", "TIFF"), True),
    "tiff lzw": (encoded("RGB", "TIFF", compression="tiff_lzw"), True),
    "tiff jpeg": (encoded("RGB", "TIFF", compression="jpeg"), True),
    "tiff cmyk": (encoded("CMYK", "TIFF"), True),
    "tiff palette": (encoded("P", "TIFF"), True),
    "tiff bilevel": (encoded("1", "TIFF", compression="group4"), True),
    "tiff 16 bits": (encoded("I;16", "TIFF"), True),
    "big tiff": (encoded("RGB", "TIFF", big_tiff=True), True),
}


@pytest.mark.parametrize("name", FILES)
def test_a_label_changes_only_its_corner(name: str) -> None:
    data, lossless = FILES[name]
    labelled = write_label(data, media.FIELDS, explicit=True)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(labelled))
    assert before.format == after.format
    assert before.size == after.size
    assert before.has_transparency_data == after.has_transparency_data
    mode = "I;16" if before.mode == "I;16" else "RGBA"
    old, new = (np.asarray(each.convert(mode)).astype(int) for each in (before, after))
    away = np.ones(old.shape[:2], bool)
    away[SIZE[1] * 3 // 5 :, SIZE[0] * 2 // 5 :] = False
    difference = np.abs(old - new)[away]
    assert difference.max() == 0 if lossless else difference.mean() < 3
    corner = np.abs(old - new)[~away]
    assert corner.max() > 100
    assert len(read_labels(labelled).aigc) == 1


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_stay(colour: int, channels: int) -> None:
    draws = np.random.default_rng(4)
    samples = draws.integers(0, 65_536, (120, 200, channels)).astype(np.uint16)
    labelled = write_label(png_of(samples, colour), media.FIELDS, explicit=True)
    assert labelled[24] == 16
    after = samples_of(labelled, channels)
    assert after.shape == samples.shape
    assert (after[:60] == samples[:60]).all()
    assert (after[60:, 150:] != samples[60:, 150:]).any()
    assert b"gAMA" in labelled


ORIENTED: dict[str, Callable[[int], bytes]] = {
    "JPEG": lambda number: encoded("RGB", "JPEG", quality=95, exif=exif(number)),
    "PNG": lambda number: encoded("RGB", "PNG", exif=exif(number)),
    "WEBP": lambda number: encoded("RGB", "WEBP", lossless=True, exif=exif(number)),
    "TIFF": lambda number: encoded("RGB", "TIFF", tiffinfo={274: number}),
    "16-bit PNG": lambda number: _with_exif(
        png_of(np.full((120, 200, 3), 40_000, np.uint16), 2), Image.Exif.tobytes(exif(number))
    ),
}


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    return made


def _with_exif(data: bytes, block: bytes) -> bytes:
    return data[:33] + media.png_chunk(b"eXIf", block.removeprefix(b"Exif\0\0")) + data[33:]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ORIENTED)
def test_the_label_is_upright_in_the_displayed_corner(form: str, orientation: int) -> None:
    data = ORIENTED[form](orientation)
    labelled = write_label(data, media.FIELDS, explicit=True)
    before, after = (ImageOps.exif_transpose(Image.open(io.BytesIO(each))).convert("L") for each in (data, labelled))
    assert before.size == after.size
    difference = np.abs(np.asarray(before).astype(int) - np.asarray(after).astype(int)) > 60
    rows, columns = np.nonzero(difference)
    assert rows.min() > before.height / 2
    assert columns.min() > before.width * 0.3
    assert np.ptp(columns) > 1.5 * np.ptp(rows), "the words run from left to right"


def frames_of(data: bytes) -> list[tuple[bytes, float]]:
    image = Image.open(io.BytesIO(data))
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        box = (0, 0, SIZE[0] * 2 // 5, SIZE[1])
        found.append((image.convert("RGBA").crop(box).tobytes(), float(image.info.get("duration") or 0)))
    return found


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("transparent", [False, True])
def test_every_frame_of_an_animation_is_labelled(form: str, transparent: bool) -> None:
    frames = []
    for number in range(5):
        frame = Image.new("RGBA", SIZE, (0, 0, 0, 0) if transparent else (200, 30, 30, 255))
        frame.paste((30, 200, 20 * number, 255), (10 * number, 20, 10 * number + 60, 120))
        frames.append(frame)
    stream = io.BytesIO()
    options: dict[str, object] = {"lossless": True} if form == "WEBP" else {"disposal": 2} if form == "GIF" else {}
    durations = [100, 200, 100, 300, 100]
    frames[0].save(
        stream,
        form,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=3,
        **options,  # type: ignore[arg-type]
    )
    data = stream.getvalue()
    labelled = write_label(data, media.FIELDS, explicit=True)
    assert frames_of(labelled) == frames_of(data)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(labelled))
    assert after.info.get("loop") == before.info.get("loop")
    for number in range(5):
        after.seek(number)
        corner = np.asarray(after.convert("RGBA").crop((SIZE[0] // 2, SIZE[1] // 2, *SIZE)))
        assert corner[:, :, :3].max() == 255, "white words"


def test_data_of_cameras_behind_a_jpeg_stays() -> None:
    data = encoded("RGB", "JPEG") + b"MotionPhoto" + b"\0" * 40
    assert write_label(data, media.FIELDS, explicit=True).endswith(b"MotionPhoto" + b"\0" * 40)


def test_other_pages_of_a_tiff_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture("RGB").save(path, save_all=True, append_images=[picture("L"), picture("CMYK")])
    labelled = Image.open(io.BytesIO(write_label(path.read_bytes(), media.FIELDS, explicit=True)))
    with Image.open(path) as before:
        for number in (1, 2):
            before.seek(number)
            labelled.seek(number)
            assert before.tobytes() == labelled.tobytes()


def test_no_verdict_depends_on_the_fonts_of_the_machine() -> None:
    """Labels are drawn from strokes and read by a model: no code that draws or reads them loads a font."""
    package = Path(shenhe.labels.__file__).parents[1]
    sources = [path for room in ("labels", "sample", "conformance") for path in (package / room).rglob("*.py")]
    assert len(sources) > 100
    loading = [path.name for path in sources if re.search(r"ImageFont|truetype|\.text\(\(", path.read_text("utf-8"))]
    assert not loading


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="the media extra is not installed")
@pytest.mark.parametrize("number", [1, 15])
def test_letters_that_are_too_small_are_not_called_faint(number: int) -> None:
    """Twelve pixels on a plate: the smallest label drawn, in the two scenes of the sample with the least contrast."""
    from shenhe.labels.perceived.measure import size_deviation
    from shenhe.labels.perceived.visible import look

    picture = pictures._scene(number, marking.PictureLabel(height=0.03), False)
    (sighting,) = look(picture).labels
    assert sighting.contrast > 2
    assert size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED) is not None
