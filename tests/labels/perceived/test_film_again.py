"""A film that is encoded again for its visible label keeps everything else: tracks, times, shape, colours, chapters."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from shenhe.labels import LabelWriteError, read_labels, write_label

from .. import media

av = pytest.importorskip("av")

SIZE = (320, 240)
Prepare = Callable[[Any, Any], None]


def film(
    form: str = "mp4",
    prepare: Prepare = lambda container, stream: None,
    *,
    steps: tuple[int, ...] = (4,),
    codec: str = "libx264",
) -> bytes:
    """Two seconds of film with sound; frames are so many fortieths of a second apart."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        picture = container.add_stream(codec, rate=10)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        picture.codec_context.time_base = Fraction(1, 40)
        sound = container.add_stream("aac" if form != "webm" else "libopus", rate=48_000)
        prepare(container, picture)
        at = 0
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), 5 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 40)
            at += steps[number % len(steps)]
            container.mux(picture.encode(frame))
        for number in range(90):
            tone = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            tone.sample_rate, tone.pts = 48_000, 1024 * number
            container.mux(sound.encode(tone))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))
    return out.getvalue()


def _shape(_container: Any, stream: Any) -> None:
    stream.codec_context.sample_aspect_ratio = Fraction(4, 3)


def _colours(_container: Any, stream: Any) -> None:
    stream.codec_context.color_primaries = stream.codec_context.color_trc = stream.codec_context.colorspace = 1
    stream.codec_context.color_range = 1


def _turn(_container: Any, stream: Any) -> None:
    stream.set_display_rotation(90)


def _chapters(container: Any, _stream: Any) -> None:
    base = Fraction(1, 1000)
    container.set_chapters([{"id": 1, "start": 0, "end": 900, "time_base": base, "metadata": {"title": "one"}}])


@pytest.mark.parametrize("form", ["mp4", "matroska"])
@pytest.mark.parametrize("prepare", [_shape, _colours, _turn, _chapters])
def test_how_a_film_is_shown_stays(form: str, prepare: Prepare) -> None:
    before = film(form, prepare)
    after = write_label(before, None, explicit=True)
    with av.open(io.BytesIO(before)) as old, av.open(io.BytesIO(after)) as new:
        first, second = next(old.decode(video=0)), next(new.decode(video=0))
        assert first.rotation == second.rotation
        assert (prepare is _turn) == (second.rotation != 0)
        one, other = (each.streams.video[0] for each in (old, new))
        assert one.sample_aspect_ratio == other.sample_aspect_ratio
        assert one.codec_context.colorspace == other.codec_context.colorspace
        assert len(old.chapters()) == len(new.chapters()) == (1 if prepare is _chapters else 0)
        # The label is in the corner as the picture is shown.
        shown = second.to_image().rotate(second.rotation, expand=True)
        assert shown.crop((shown.width - 40, shown.height - 30, shown.width, shown.height)).getextrema() != (
            shown.crop((0, 0, 40, 30)).getextrema()
        )


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_frames_that_are_no_even_distance_apart_keep_their_times(form: str) -> None:
    before = film(form, steps=(3, 9, 1))

    def times(data: bytes) -> list[float]:
        with av.open(io.BytesIO(data)) as container:
            return [round(frame.time, 2) for frame in container.decode(video=0)]

    assert times(before) == times(write_label(before, None, explicit=True))


def test_unpreservable_parts_are_named() -> None:
    def transparent(_container: Any, stream: Any) -> None:
        stream.metadata["alpha_mode"] = "1"

    with pytest.raises(LabelWriteError, match="transparency"):
        write_label(film("webm", transparent, codec="libvpx-vp9"), None, explicit=True)


def test_sound_beside_a_track_of_chapters_is_lengthened() -> None:
    """Audiobooks keep the titles of their chapters in a second track."""
    stream = io.BytesIO()
    with av.open(io.BytesIO(media.track("ipod", "aac"))) as source, av.open(stream, "w", format="ipod") as target:
        copy = target.add_stream_from_template(source.streams.audio[0])
        _chapters(target, copy)
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    assert stream.getvalue().count(b"trak") == 2
    after = write_label(stream.getvalue(), None, explicit=True)
    with av.open(io.BytesIO(after)) as container:
        assert [each["metadata"]["title"] for each in container.chapters()] == ["one"]
    assert [label.scheme for label in read_labels(after, depth="all").explicit] == ["rhythm"]


def test_files_that_no_label_can_be_drawn_on_are_refused_in_words() -> None:
    wav = bytearray(media.sound())
    wav[20:22], wav[34:36] = b"\2\0", b"\4\0"
    for data, why in (
        (media.track("matroska", "flac"), "the file holds no moving picture"),
        (bytes(wav), "WAV of format 2, 1 channels, 4 bits, 8000 Hz is not decoded here; convert it to PCM"),
    ):
        with pytest.raises(LabelWriteError, match=why):
            write_label(data, None, explicit=True)
