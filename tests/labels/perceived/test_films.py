"""Labels in films: in which frames, for how long, and drawn by us."""

from __future__ import annotations

import functools
import io

import pytest

from shenhe.labels import Deviation, write_label

from ...sampling import drawn
from .. import media
from .stamps import ground, needs_films, needs_recogniser, seen, stamped

D = Deviation


@functools.cache
def clip(
    codec: str, container: str, *, labelled: tuple[float, float], seconds: float = 2.75, share: float = 0.1
) -> bytes:
    """A film of 8 frames a second that shows the words between two times."""
    import av

    try:
        av.Codec(codec, "w")
    except Exception:
        pytest.skip(f"PyAV has no encoder {codec}")
    plain = ground("gradient", (640, 360))
    marked = stamped(plain, share)
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=8)
        track.width, track.height, track.pix_fmt, track.bit_rate = 640, 360, "yuv420p", 2_000_000
        if codec == "libx265":
            track.options = {"x265-params": "log-level=none"}
        for number in range(int(seconds * 8)):
            image = marked if labelled[0] <= number / 8 < labelled[1] else plain
            out.mux(track.encode(av.VideoFrame.from_image(image)))
        out.mux(track.encode(None))
    return stream.getvalue()


@needs_films
@needs_recogniser
@pytest.mark.parametrize(
    "case",
    [
        *drawn(
            1,
            [
                ("libx264", "mp4", (0, 9), set()),
                ("libx265", "mp4", (0, 2.25), set()),
                ("libvpx-vp9", "webm", (0, 9), set()),
            ],
        ),
        ("mpeg4", "avi", (0, 1.0), {D.TOO_SHORT}),
        ("mpeg4", "matroska", (0.75, 9), {D.NOT_IN_START_FRAME}),
    ],
)
def test_films_are_judged_by_their_first_frames(
    case: tuple[str, str, tuple[float, float], set[Deviation]],
) -> None:
    codec, container, labelled, expected = case
    reading = seen(clip(codec, container, labelled=labelled))
    assert reading.refused == ()
    assert len(reading.explicit) == 1, reading
    assert set(reading.explicit[0].deviations) == expected, reading.explicit[0].detail
    assert reading.explicit[0].fields["first_seen"] == pytest.approx(labelled[0], abs=0.26)


@needs_films
@needs_recogniser
@pytest.mark.parametrize(
    "case",
    drawn(
        2,
        [
            (*kind, *times)
            for kind in (("libx264", "mp4"), ("mpeg4", "matroska"), ("mpeg4", "avi"))
            for times in (((0, 60), (0, 12)), ((0, 5), (0, 5)), ((6, 60), (6, 12)))
        ],
    ),
)
def test_the_duration_of_a_film_label_is_reported(
    case: tuple[str, str, tuple[float, float], tuple[float, float]],
) -> None:
    codec, container, labelled, shown = case
    reading = seen(clip(codec, container, labelled=labelled, seconds=12))
    assert len(reading.explicit) == 1, reading
    spans = reading.explicit[0].fields["shown"]
    # Later frames are sampled a second apart, or as far apart as the film's key frames.
    assert spans[0][0] == pytest.approx(shown[0], abs=2.6)
    assert spans[-1][1] == pytest.approx(shown[1], abs=2.6)
    assert (D.NOT_IN_START_FRAME in reading.explicit[0].deviations) is (labelled[0] > 0)
    assert any("film: looked at" in note and "12.0 s" in note for note in reading.notes), reading.notes


@needs_films
@needs_recogniser
@pytest.mark.parametrize("kind", drawn(1, [("libx264", "mp4"), ("mpeg4", "matroska"), ("libvpx-vp9", "webm")]))
@pytest.mark.costly
def test_a_label_drawn_into_a_film_is_seen_and_its_metadata_kept(kind: tuple[str, str]) -> None:
    codec, container = kind
    original = clip(codec, container, labelled=(9, 9))
    both = write_label(original, media.FIELDS, explicit=True)
    later = write_label(write_label(original, media.FIELDS), None, explicit=True)
    for labelled in (both, later):
        reading = seen(labelled)
        assert [label.scheme for label in reading.labels] == ["gb45438", "visible"], reading
        assert all(label.conformant for label in reading.labels), reading


@needs_films
@needs_recogniser
def test_a_film_without_a_label_has_none() -> None:
    reading = seen(clip("mpeg4", "mp4", labelled=(9, 9)))
    assert (reading.explicit, reading.refused) == ((), ())
