"""Pictures in HEVC: whole, in tiles, turned; and hostile ones, which are refused before or by the decoder."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from shenhe.labels import LabelWriteError, Limits, read_labels, write_label
from shenhe.labels.findings import Findings

from .. import media, perceivable
from ..media import Coded, box

pytestmark = pytest.mark.skipif(
    find_spec("av") is None or find_spec("rapidocr") is None, reason="the media extra is not installed"
)

_TRANSPOSE = Image.Transpose
#: How the coded picture lies -> the properties that set it upright.
LYING = {
    "a quarter to the left": (_TRANSPOSE.ROTATE_90, [box(b"irot", b"\3")]),
    "upside down": (_TRANSPOSE.ROTATE_180, [box(b"irot", b"\2")]),
    "a quarter to the right": (_TRANSPOSE.ROTATE_270, [box(b"irot", b"\1")]),
    "left for right": (_TRANSPOSE.FLIP_LEFT_RIGHT, [box(b"imir", b"\1")]),
    "top for bottom": (_TRANSPOSE.FLIP_TOP_BOTTOM, [box(b"imir", b"\0")]),
    "turned, then mirrored": (_TRANSPOSE.TRANSPOSE, [box(b"irot", b"\1"), box(b"imir", b"\0")]),
}


def labelled(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with a label at 8 % of its shortest side, below to the right."""
    return perceivable.stamped(
        perceivable.ground("photo", np.random.default_rng(2), size), "AI生成", 0.08, "light", "br"
    )[0]


def is_seen(data: bytes) -> None:
    reading = read_labels(data, depth="all")
    assert (reading.media_type, reading.refused) == ("image/heif", ())
    assert [label.scheme for label in reading.explicit] == ["visible"], reading
    assert reading.explicit[0].conformant, reading.explicit[0].detail
    assert reading.explicit[0].fields["position"] == "lower right corner"
    assert reading.decided


@pytest.mark.costly
def test_a_label_is_seen_in_a_picture_by_libheif() -> None:
    is_seen(media.heic_by_libheif(perceivable.encoded(labelled(), "JPEG", quality=95)))
    # Odd sizes are cut out of a larger picture.
    is_seen(media.heic_by_libheif(perceivable.encoded(labelled((641, 479)), "JPEG", quality=95)))


def test_a_label_is_seen_across_tiles() -> None:
    is_seen(media.heif([media.coded(labelled())]))
    is_seen(media.heif(media.tiles(labelled(), 128), grid=(4, 5, 640, 480)))


@pytest.mark.parametrize("lying", LYING)
def test_a_label_is_seen_where_the_picture_is_set_upright(lying: str) -> None:
    how, turned = LYING[lying]
    is_seen(media.heif([media.coded(labelled().transpose(how))], turned=turned))


def test_a_turned_grid_is_put_together_before_it_is_turned() -> None:
    lying = labelled().transpose(_TRANSPOSE.ROTATE_90)
    is_seen(media.heif(media.tiles(lying, 256), grid=(3, 2, 480, 640), turned=[box(b"irot", b"\3")]))


def test_cropped_content_is_not_read() -> None:
    """A clean aperture of the upper three quarters, and the whole."""
    picture = media.coded(labelled())
    upper = box(b"clap", struct.pack(">IIIIiIiI", 640, 1, 360, 1, 0, 1, -60, 1))
    reading = read_labels(media.heif([picture], turned=[upper]), depth="all")
    assert (reading.explicit, reading.refused) == ((), ())
    assert Image.open(io.BytesIO(reading.glimpse or b"")).size == (480, 270)
    is_seen(media.heif([picture], turned=[box(b"clap", struct.pack(">IIIIiIiI", 640, 1, 480, 1, 0, 1, 0, 1))]))


@pytest.mark.skipif(shutil.which("heif-convert") is None, reason="libheif's tools are not installed")
@pytest.mark.parametrize("lying", LYING)
def test_libheif_decodes_the_same_picture(lying: str, tmp_path: Path) -> None:
    from shenhe.labels.perceived import heic

    how, turned = LYING[lying]
    image = labelled((300, 200)).transpose(how)
    columns, rows = -(-image.width // 64), -(-image.height // 64)
    data = media.heif(media.tiles(image, 64), grid=(rows, columns, *image.size), turned=turned)
    (tmp_path / "a.heic").write_bytes(data)
    subprocess.run(["heif-convert", str(tmp_path / "a.heic"), str(tmp_path / "a.png")], check=True, capture_output=True)
    ours, theirs = heic.load_heic(data, Findings(Limits())), Image.open(tmp_path / "a.png").convert("RGB")
    assert ours.size == theirs.size == (300, 200)
    assert max(ImageStat.Stat(ImageChops.difference(ours, theirs)).mean) < 3
    assert max(ImageStat.Stat(ImageChops.difference(ours, labelled((300, 200)))).mean) < 6


def test_a_visible_label_is_not_drawn_into_heic() -> None:
    with pytest.raises(LabelWriteError, match="use PNG, JPEG or WebP"):
        write_label(media.heif([media.coded(labelled())]), None, explicit=True)


def _patched(data: bytes, kind: bytes, content: bytes, at: int = 4) -> bytes:
    """``data`` with ``content`` in its first box of ``kind``, ``at`` bytes behind the type."""
    place = data.index(kind) + 4 + at
    return data[:place] + content + data[place + len(content) :]


def _grid(picture: Coded, **options: object) -> bytes:
    return media.heif([picture] * 4, **{"grid": (2, 2, 128, 128), **options})  # type: ignore[arg-type]


HOSTILE: dict[str, tuple[Callable[[Coded], bytes], str]] = {
    "a size of 2^64 pixels": (lambda p: _patched(media.heif([p]), b"ispe", b"\xff" * 8), "more than 50,000,000 pixels"),
    "a size of 80 million pixels": (
        lambda p: media.heif([p._replace(size=(10_000, 8_000))]),
        "more than 50,000,000 pixels",
    ),
    "no pixels": (lambda p: media.heif([p._replace(size=(0, 64))]), "no pixels"),
    "a stream larger than its size": (lambda p: media.heif([p._replace(size=(2, 2))]), "64x64 was decoded where 2x2"),
    "a stream far larger than its size": (
        lambda _: media.heif([media.coded(labelled())._replace(size=(64, 64))]),
        "the decoder of HEVC refuses it",
    ),
    "a stream smaller than its size": (
        lambda p: media.heif([p._replace(size=(512, 512))]),
        "64x64 was decoded where 512x512",
    ),
    "a grid of 65535 x 65535": (lambda p: _grid(p, grid=(2, 2, 65_535, 65_535)), "more than 50,000,000 pixels"),
    "a grid that its tiles do not fill": (lambda p: _grid(p, grid=(2, 2, 129, 128)), "do not fill"),
    "a grid of 256 x 256 tiles": (lambda p: _grid(p, grid=(256, 256, 128, 128)), "but 4 are named"),
    "a grid made of itself": (lambda p: _grid(p, named=[5, 5, 5, 5]), "not alike"),
    "a grid of tiles that are not there": (lambda p: _grid(p, named=[1, 2, 3, 900]), "not alike"),
    "tiles outside the file": (
        lambda p: _patched(_grid(p), b"iloc", struct.pack(">I", 1 << 30), 16),
        "outside the file",
    ),
    "an item larger than the file": (
        lambda p: _patched(media.heif([p]), b"iloc", b"\x7f\xff\xff\xff", 20),
        "outside the file",
    ),
    "an item of no bytes": (lambda p: _patched(media.heif([p]), b"iloc", b"\0\0\0\0", 20), "outside the file"),
    "a setup that is cut short": (
        lambda p: media.heif([p._replace(setup=p.setup[:40])]),
        "the decoder of HEVC refuses it",
    ),
    "no setup": (lambda p: media.heif([p._replace(setup=b"")]), "the decoder of HEVC refuses it"),
    "a picture that breaks off": (
        lambda p: media.heif([p._replace(picture=p.picture[: len(p.picture) // 2])]),
        "the decoder of HEVC refuses it",
    ),
    "noise for a picture": (
        lambda p: media.heif([p._replace(picture=b"\xa5" * 900)]),
        "the decoder of HEVC refuses it",
    ),
    "an essential property that is not known": (
        lambda p: media.heif([p], turned=[box(b"lsel", b"\0\1")]),
        "'lsel' is not understood",
    ),
    "an aperture outside": (
        lambda p: media.heif([p], turned=[box(b"clap", struct.pack(">8I", 65, 1, 64, 1, 0, 1, 0, 1))]),
        "outside the image",
    ),
    "an aperture over nothing": (lambda p: media.heif([p], turned=[box(b"clap", b"\0" * 32)]), "boxes are broken"),
    "an empty turn": (lambda p: media.heif([p], turned=[box(b"irot")]), "boxes are broken"),
    "properties that are not there": (
        lambda p: _patched(media.heif([p]), b"ipma", b"\2\xff\xff", 10),
        "boxes are broken",
    ),
    "properties without end": (lambda p: _patched(media.heif([p]), b"ipma", b"\xff\xff\xff\xff", 4), "not decoded"),
    "a property of two megabytes": (
        lambda p: media.heif([p], turned=[box(b"irot", b"\0" * (2 << 20))]),
        "a property has 2,097,152 bytes",
    ),
    "another code": (lambda p: media.heif([p], kind=b"j2k1"), "'j2k1' are not decoded here"),
    "a primary picture that is not there": (
        lambda p: _patched(media.heif([p]), b"pitm", b"\2\2"),
        "not among its items",
    ),
    "no primary picture": (lambda p: media.heif([p]).replace(b"pitm", b"free"), "without pitm"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_pictures_are_refused_in_words_and_never_decided(case: str) -> None:
    make, why = HOSTILE[case]
    picture = media.coded(perceivable.ground("photo", np.random.default_rng(1), (64, 64)))
    began = time.monotonic()
    reading = read_labels(make(picture), depth="all")
    assert time.monotonic() - began < 60  # not a measure: without bounds some of these never end
    assert why in " ".join(refusal.why for refusal in reading.refused), reading
    assert reading.explicit == ()
    assert not reading.decided
