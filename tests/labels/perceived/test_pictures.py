"""Labels in pictures: place, height, plates, limits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shenhe.labels import Deviation, LabelWriteError, write_label
from shenhe.labels.perceived.lines import Line
from shenhe.labels.perceived.measure import measured, size_deviation

from ...sampling import drawn
from .. import media, perceivable
from ..perceivable import encoded
from .stamps import ground, needs_recogniser, seen, stamped

D = Deviation


@needs_recogniser
@pytest.mark.parametrize(
    "look", drawn(2, [f"{kind} {form}" for kind in ("gradient", "photo", "noise") for form in ("PNG", "JPEG", "WEBP")])
)
def test_a_label_we_draw_is_seen_measured_and_kept(look: str) -> None:
    kind, form = look.split()
    labelled = write_label(encoded(ground(kind), form), media.FIELDS, explicit=True)
    reading = seen(labelled)
    assert reading.decided
    visible = [label for label in reading.explicit if label.scheme == "visible"]
    assert len(visible) == 1
    assert visible[0].conformant, visible[0].detail
    assert visible[0].fields["position"] == "lower right corner"
    assert 0.065 <= visible[0].fields["ink_height"] <= 0.095
    assert visible[0].fields["contrast"] > 4
    assert Image.open(io.BytesIO(visible[0].evidence or b"")).width > 40


@needs_recogniser
@pytest.mark.parametrize(
    "case",
    [
        *drawn(1, [(0.10, each, set()) for each in ("lower left", "upper right", "upper middle", "inner left")]),
        (0.10, "inner middle", {D.NOT_AT_EDGE}),
        *drawn(1, [(0.03, "lower right", {D.TOO_SMALL}), (0.048, "lower right", {D.SIZE_UNDECIDED})]),
    ],
)
def test_place_and_height_are_judged(case: tuple[float, str, set[Deviation]]) -> None:
    share, place, expected = case
    reading = seen(encoded(stamped(ground("gradient", (1024, 768)), share, place)))
    assert len(reading.explicit) == 1, reading
    assert set(reading.explicit[0].deviations) == expected, reading.explicit[0].detail
    assert reading.decided is (D.SIZE_UNDECIDED not in expected)


@needs_recogniser
@pytest.mark.skipif(not perceivable.FACES, reason="no font with Chinese letters is installed")
@pytest.mark.parametrize("around", drawn(1, [0.08, 0.25, 0.6]))
@pytest.mark.costly
def test_a_plate_behind_a_small_label_is_not_measured_with_it(around: float) -> None:
    """Letters of 3 to 4.7 % on a black plate that would measure 5 to 10 % with it, in pictures as small as films may
    be.
    """
    for share, size in ((0.03, (320, 568)), (0.042, (568, 320)), (0.042, (320, 568)), (0.042, (480, 854))):
        for text in ("AI生成", "本视频由AI生成"):
            image, true = perceivable.stamped(ground("photo", size), text, share, "light", "br", plate=(255, around))
            assert true < 0.05
            for label in seen(encoded(image)).explicit:
                assert {D.TOO_SMALL, D.SIZE_UNDECIDED} & set(label.deviations), (size, text, label.detail)
                assert not label.conformant


@needs_recogniser
def test_pictures_without_a_label_have_none() -> None:
    image = ground("photo")
    ImageDraw.Draw(image).text((20, 20), "AI STUDIO", fill=(255, 255, 255), font_size=48)
    reading = seen(encoded(image))
    assert reading.explicit == ()
    assert reading.decided
    assert "lacks the generation element" in " ".join(reading.notes)
    assert seen(encoded(ground("noise"))).explicit == ()


@needs_recogniser
def test_pictures_beyond_the_limits_are_refused_before_they_are_decoded() -> None:
    huge = encoded(Image.new("1", (9000, 9000)))
    assert "more than" in seen(huge).refused[0].why
    assert "not decoded" in seen(media.picture("PNG")[:60]).refused[0].why
    narrow = seen(encoded(Image.new("RGB", (100, 3_000), "white")))
    assert narrow.decided


@needs_recogniser
def test_a_second_visible_label_is_refused_where_pixels_are_looked_at() -> None:
    labelled = write_label(encoded(ground("gradient")), None, explicit=True)
    with pytest.raises(LabelWriteError, match="already holds an explicit label"):
        write_label(labelled, None, explicit=True, look_first=True)


def test_letters_of_a_third_of_their_box_are_measured_and_not_the_plate() -> None:
    """The recogniser's box may be more than three times as high as letters on a plate with wide margins."""
    pixels = np.full((568, 320, 3), 150, np.uint8)
    pixels[510:556, 235:320] = 0  # the plate reaches the edge of the picture
    for left in (252, 266, 280, 294):
        pixels[526:539, left : left + 9] = 255
        pixels[529:536, left + 3 : left + 6] = 0
    corners = np.array([[246, 512], [310, 512], [310, 553], [246, 553]], np.float64)
    sighting = measured(Line("AI生成", corners, 0.99, 41.0, "across"), pixels)
    assert sighting.ink * 320 == 13
    assert size_deviation(sighting, D.TOO_SMALL, D.SIZE_UNDECIDED) is not None
