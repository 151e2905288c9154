"""What reports show of labels: the picture, the strip, the metadata as they stand in the file."""

from __future__ import annotations

import base64
import io
from importlib.util import find_spec

import pytest
from PIL import Image

from shenhe.conformance.entities import Media
from shenhe.conformance.evidence import exhibits
from shenhe.labels import read_labels, write_label

from .. import media

needs_recogniser = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the media extra is not installed")


def picture(shown: list[exhibits.Evidence]) -> Image.Image:
    (only,) = shown
    image = Image.open(io.BytesIO(base64.b64decode(only.data)))
    assert image.get_format_mimetype() == only.media_type  # type: ignore[attr-defined]
    return image


def test_a_field_is_shown_with_its_place_and_departures() -> None:
    data = media.png_itxt(media.xmp_attribute(media.VALUE.replace('"Label":"1"', '"Label":1')))
    (label,) = read_labels(data).aigc
    shown = exhibits.field(label)
    assert label.span is not None
    assert f"png:iTXt/xmp, bytes {label.span[0]} to {label.span[1]}" in shown.title
    assert media.CODE in shown.data
    assert "number-for-string (must)" in shown.data


def test_a_missing_field_shows_near_misses_and_the_parts_of_the_file() -> None:
    secret = "token-0123456789-abcdefghij"
    data = media.png_with((b"tEXt", b"parameters\0a cat\nSteps: 20, Sampler: Euler a, " + b"x" * 215 + secret.encode()))
    others, parts = exhibits.carriers(read_labels(data), Media(data, "image/png"))
    assert "Stable Diffusion web UI" in others.data
    assert parts.data == "Its parts: IHDR, tEXt, IDAT, IEND."
    assert "token-" not in others.data


def test_a_sound_is_shown_as_a_spectrogram_with_and_without_a_label() -> None:
    plain = media.sound(8.0)
    reading = read_labels(plain, depth="sound")
    assert "no label" in exhibits.unlabelled(reading)[0].title
    assert picture(exhibits.unlabelled(reading)).width > 200
    labelled = read_labels(write_label(plain, None, explicit=True), depth="sound")
    assert exhibits.unlabelled(labelled) == []
    strip = picture(exhibits.seen(labelled.explicit[0])).convert("L")
    # The tone at 900 Hz: a row near the bottom is bright where it sounds and dark between.
    assert max(strip.getextrema()) == 255


@needs_recogniser
def test_a_picture_is_shown_small_and_its_label_large_enough_to_be_seen() -> None:
    plain = media.picture("PNG", (1600, 900))
    shown = picture(exhibits.unlabelled(read_labels(plain, depth="all")))
    assert max(shown.size) <= 480
    labelled = read_labels(write_label(media.picture("PNG", (320, 200)), None, explicit=True), depth="all")
    assert labelled.glimpse is None
    assert picture(exhibits.seen(labelled.explicit[0])).width >= 150
