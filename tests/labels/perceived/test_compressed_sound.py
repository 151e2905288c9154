"""The rhythm in compressed sound: put behind it, found in it, played by others."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from shenhe.labels import LabelWriteError, read_labels, write_label
from shenhe.labels.perceived.rhythm import find, tones

from ...sampling import drawn
from .. import media, perceivable
from .stamps import needs_films, needs_recogniser, seen


def decoded(data: bytes, container: str) -> list[bytes]:
    """The samples of a sound, a chunk a frame."""
    import av

    with av.open(io.BytesIO(data), format=container) as source:
        return [frame.to_ndarray().tobytes() for frame in source.decode(audio=0)]


def packets(data: bytes, container: str) -> list[bytes]:
    import av

    with av.open(io.BytesIO(data), format=container) as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


@needs_films
@pytest.mark.parametrize(
    "case",
    drawn(
        4,
        [
            (*kind, layout)
            for layout in ("mono", "stereo")
            for kind in (
                ("mp3", "libmp3lame", None),
                ("flac", "flac", "s16"),
                ("flac", "flac", "s32"),
                ("ipod", "aac", None),
                ("ogg", "libopus", None),
            )
        ],
    ),
)
def test_the_rhythm_is_put_behind_compressed_sound_and_nothing_else_changes(
    case: tuple[str, str, str | None, str],
) -> None:
    container, codec, sample, layout = case
    demuxer = {"ipod": "mov"}.get(container, container)
    original = write_label(media.track(container, codec, seconds=3.0, layout=layout, sample=sample), media.FIELDS)
    labelled = write_label(original, None, explicit=True)
    reading = read_labels(labelled, depth="sound")
    assert [(label.scheme, label.conformant) for label in reading.labels] == [
        ("gb45438", True),
        ("rhythm", True),
    ], reading
    assert reading.explicit[0].fields["position"] == "end"
    assert not reading.refused
    if container == "flac":
        before, after = decoded(original, demuxer), decoded(labelled, demuxer)
        assert len(b"".join(after)) > len(b"".join(before))
        assert b"".join(after).startswith(b"".join(before)), "FLAC is encoded again without loss"
    else:
        before, after = packets(original, demuxer), packets(labelled, demuxer)
        assert len(after) > len(before) > 50
        assert after[: len(before)] == before, "nothing is encoded again"
    with pytest.raises(LabelWriteError, match="already holds an explicit label"):
        write_label(labelled, None, explicit=True)


@needs_films
@pytest.mark.parametrize(
    "kind", drawn(1, [("a.m4a", "ipod", "aac"), ("a.opus", "ogg", "libopus"), ("a.flac", "flac", "flac")])
)
def test_another_decoder_plays_the_rhythm_to_its_end(kind: tuple[str, str, str], tmp_path: Path) -> None:
    name, container, codec = kind
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / name
    path.write_bytes(write_label(media.track(container, codec, seconds=3.0), None, explicit=True))
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "48000", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    seconds = len(done.stdout) / 2 / 48_000
    assert seconds == pytest.approx(3 + len(tones(48_000)) / 48_000, abs=0.06)
    (rhythm,) = find(np.frombuffer(done.stdout, "<i2").astype(np.float32) / 32768, 48_000)
    assert rhythm.end == pytest.approx(seconds - 0.2, abs=0.08)


@needs_films
def test_sound_that_cannot_be_lengthened_is_refused_in_words() -> None:
    sound = media.track("ipod", "aac")
    at = sound.index(b"esds")
    assert sound.index(b"\x05", at) > at
    place = sound.index(b"\x05", sound.index(b"\x04", at) + 14) + 1
    while sound[place] & 0x80:
        place += 1
    cases = {
        "another kind of AAC": sound[: place + 1] + b"\x2b" + sound[place + 2 :],
        "0 sound tracks": sound.replace(b"soun", b"text"),
        "iTunSMPB": sound.replace(b"Lavf", b"\0\0\0\0").replace(b"SoundHandler", b"iTunSMPB\0\0\0\0"),
        "the table of chunks": sound[: sound.index(b"stco") + 11] + b"\x7f" + sound[sound.index(b"stco") + 12 :],
    }
    for why, data in cases.items():
        with pytest.raises(LabelWriteError, match=why):
            write_label(data, None, explicit=True)
    opus = media.track("ogg", "libopus")
    for why, data in {"one Opus stream": opus.replace(b"OpusHead", b"Opus\0\0\0\0"), "cut short": opus[:-40]}.items():
        with pytest.raises(LabelWriteError, match=why):
            write_label(data, None, explicit=True)


@needs_films
@needs_recogniser
def test_the_sound_track_of_a_film_is_listened_to() -> None:
    reading = seen(perceivable.film_with_sound())
    assert reading.media_type == "video/mp4"
    assert [label.scheme for label in reading.explicit] == ["rhythm"], reading


@needs_films
@pytest.mark.parametrize(
    "kind", drawn(2, [("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus"), ("ipod", "aac")])
)
def test_the_rhythm_is_found_in_compressed_sound(kind: tuple[str, str]) -> None:
    container, codec = kind
    import av

    rate = 48_000
    samples = np.concatenate([0.1 * np.random.default_rng(1).normal(size=4 * rate), tones(rate)]).clip(-1, 1)
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        fifo = av.AudioFifo()
        for each in av.AudioResampler(track.format.name, "mono", rate).resample(frame):
            fifo.write(each)
        while part := fifo.read(track.codec_context.frame_size or 4096, partial=True):
            out.mux(track.encode(part))
        out.mux(track.encode(None))
    reading = read_labels(stream.getvalue(), depth="sound")
    assert [(label.scheme, label.fields["position"]) for label in reading.explicit] == [("rhythm", "end")], reading
