"""Explicit labels that are drawn and sounded: the rest of the file is kept, and the rhythm is found again."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops

from shenhe.labels import Deviation, Label, LabelWriteError, read_labels, write_label
from shenhe.labels.perceived.rhythm import find, tones

from .. import media
from ..perceivable import speech


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("position", ["start", "end", "middle"])
@pytest.mark.parametrize("decibel", [-20, 0, 10])
def test_the_rhythm_is_found_beside_speech(rate: int, position: str, decibel: int) -> None:
    voice = speech(4, rate, np.random.default_rng(decibel + 40))
    level = float(np.sqrt((voice**2).mean() * 2) * 10 ** (decibel / 20))
    label = np.concatenate([tones(rate, level=level), np.zeros(int(0.3 * rate))])
    parts = {"start": [label, voice], "end": [voice, label], "middle": [voice, label, voice]}[position]
    found = find(np.concatenate(parts).astype(np.float32), rate)
    assert len(found) == 1
    assert not found[0].contiguous
    assert found[0].unit == pytest.approx(0.12, abs=0.02)
    assert found[0].frequency == pytest.approx(900, abs=70)


def test_speech_alone_has_no_rhythm() -> None:
    assert [
        seed for seed in range(40) if find(speech(5, 16_000, np.random.default_rng(seed)).astype(np.float32), 16_000)
    ] == []


def morse(pattern: str, rate: int = 16_000, unit: float = 0.12) -> NDArray[np.float32]:
    parts = [np.zeros(int(0.5 * rate))]
    for sign in pattern:
        length = {".": 1, "-": 3, " ": 0}[sign] * unit
        time = np.arange(int(length * rate)) / rate
        parts += [
            0.4 * np.sin(2 * np.pi * 800 * time),
            np.zeros(int(unit * (2 if sign == " " else 1) * rate)),
        ]
    return np.concatenate([*parts, np.zeros(int(0.5 * rate))]).astype(np.float32)


@pytest.mark.parametrize(
    "pattern", ["..-.", "-...", "--", "...", ".--.", "-..-", "... --- ...", "- . -", ".-", "....", ".- .. .-"]
)
def test_other_patterns_are_not_taken_for_it(pattern: str) -> None:
    assert find(morse(pattern), 16_000) == []


@pytest.mark.parametrize(
    ("pattern", "written"), [(".. .-", "·· ·–"), (".- -.", "·– –·"), ("-. ..", "–· ··"), (".- .-", "·– ·–")]
)
def test_a_rhythm_in_another_order_is_named(pattern: str, written: str) -> None:
    label = heard(morse(pattern))
    assert (label.raw, label.conformant) == (written, False)
    assert label.deviations == (Deviation.WRONG_RHYTHM,)


def test_a_rhythm_in_order_beside_another_one_counts() -> None:
    both = np.concatenate([morse(".. .-"), morse(".- ..")])
    assert [each.written for each in find(both, 16_000)] == ["·– ··"]


def test_speech_alone_has_no_rhythm_in_another_order() -> None:
    words = [speech(5, 16_000, np.random.default_rng(seed)).astype(np.float32) for seed in range(40, 60)]
    assert [find(each, 16_000) for each in words] == [[]] * len(words)


@pytest.mark.parametrize(("level", "quiet"), [(0.002, True), (0.05, False)])
def test_a_rhythm_far_below_the_content_is_too_quiet(level: float, quiet: bool) -> None:
    voice = speech(4, 16_000, np.random.default_rng(3))
    parts = [tones(16_000, level=level), np.zeros(8_000), voice]
    label = heard(np.concatenate(parts).astype(np.float32))
    assert (Deviation.TOO_QUIET in label.deviations) is quiet
    assert label.conformant is not quiet


def test_a_quiet_rhythm_in_a_quiet_file_is_heard() -> None:
    """What is quiet throughout is turned up."""
    voice = 0.01 * speech(4, 16_000, np.random.default_rng(3))
    parts = [tones(16_000, level=0.005), np.zeros(8_000), voice]
    assert heard(np.concatenate(parts).astype(np.float32)).conformant


@pytest.mark.parametrize(("over", "position"), [(True, "over the content"), (False, "start")])
def test_a_rhythm_mixed_over_the_content_is_at_neither_end(over: bool, position: str) -> None:
    rhythm, hum = tones(16_000, level=0.4), 0.1 * np.sin(2 * np.pi * 180 * np.arange(64_000) / 16_000)
    voice = hum + 0.3 * speech(4, 16_000, np.random.default_rng(3))
    if over:
        voice[: len(rhythm)] += rhythm
    else:
        voice = np.concatenate([rhythm, np.zeros(8_000), voice])
    label = heard(voice.astype(np.float32))
    assert label.fields["position"] == position
    assert (Deviation.OVER_THE_CONTENT in label.deviations) is over
    assert label.conformant


def heard(samples: NDArray[np.float32]) -> Label:
    """The one rhythm that is read in samples at 16 kHz."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    (label,) = read_labels(stream.getvalue(), depth="sound").explicit
    return label


def test_the_contiguous_form_is_accepted_and_noted() -> None:
    assert [r.contiguous for r in find(morse(".-.."), 16_000)] == [True]
    assert [r.contiguous for r in find(morse(".- .."), 16_000)] == [False]
    assert Deviation.CONTIGUOUS.weight == "note"


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_audible_label_is_found_behind_the_untouched_samples(width: int, channels: int) -> None:
    voice = speech(2, 16_000, np.random.default_rng(3))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setparams((channels, width, 16_000, 0, "NONE", ""))
        whole = np.repeat(voice, channels) * (2 ** (8 * width - 1) - 1)
        raw = (whole + 128).astype(np.uint8).tobytes() if width == 1 else whole.astype("<i4").tobytes()
        if width in (2, 3):
            raw = np.frombuffer(raw, np.uint8).reshape(-1, 4)[:, :width].tobytes()
        out.writeframes(raw)
    original = stream.getvalue()
    labelled = write_label(original, media.FIELDS, explicit=True)
    labels = read_labels(labelled, depth="sound")
    assert [(label.scheme, label.conformant) for label in labels.labels] == [
        ("gb45438", True),
        ("rhythm", True),
    ]
    rhythm = labels.explicit[0]
    assert (rhythm.fields["position"], rhythm.fields["rhythm"]) == ("end", "·– ··")
    assert Image.open(io.BytesIO(rhythm.evidence or b"")).format == "PNG"
    with wave.open(io.BytesIO(original)) as before, wave.open(io.BytesIO(labelled)) as after:
        assert after.readframes(before.getnframes()) == raw
    with pytest.raises(LabelWriteError, match="already holds an explicit label"):
        write_label(labelled, None, explicit=True)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_drawing_into_a_png_changes_one_corner_and_keeps_its_chunks(mode: str) -> None:
    image = Image.linear_gradient("L").resize((400, 300)).convert(mode)
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(72, 72))
    base = stream.getvalue()
    original = base[:33] + media.png_chunk(b"tEXt", b"Title\0kept") + base[33:]
    labelled = write_label(original, None, explicit=True)
    assert b"Title\0kept" in labelled
    assert b"pHYs" in labelled
    before, after = (Image.open(io.BytesIO(each)).convert("RGBA") for each in (original, labelled))
    box = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
    assert box is not None
    assert box[0] > 200
    assert box[1] > 220


def test_drawing_into_a_jpeg_keeps_its_metadata() -> None:
    with pytest.raises(LabelWriteError, match="too few"):
        write_label(media.picture("JPEG", (30, 30)), None, explicit=True)
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((400, 300)).convert("RGB").save(stream, "JPEG", quality=90)
    big = stream.getvalue()
    block = media.exif_block({0x010E: (2, b"a cat\0")})
    original = big[:2] + b"\xff\xe1" + (len(block) + 8).to_bytes(2, "big") + b"Exif\0\0" + block + big[2:]
    labelled = write_label(original, media.FIELDS, explicit=True)
    image = Image.open(io.BytesIO(labelled))
    image.load()
    assert image.getexif()[0x010E] == "a cat"
    assert image.quantization == Image.open(io.BytesIO(original)).quantization
    assert read_labels(labelled).aigc[0].conformant


def test_a_spoken_notice_is_judged_by_the_recogniser_a_user_brings() -> None:
    from shenhe.labels.perceived.spoken import read_spoken_notice

    def says(words: dict[str, str]):  # type: ignore[no-untyped-def]
        order = iter(("start", "end", "middle"))
        return lambda samples, rate: words.get(next(order), "")

    long = media.sound(25.0)
    for position in ("start", "end", "middle"):
        labels = read_spoken_notice(long, says({position: "本音频由人工智能合成"}))
        assert [(x.scheme, x.fields["position"], x.conformant) for x in labels] == [("spoken", position, True)]
    assert read_spoken_notice(long, says({"start": "今天天气很好"})) == ()
    english = read_spoken_notice(long, says({"start": "this is AI generated"}))
    assert not english[0].conformant
    with pytest.raises(ValueError, match="only WAV"):
        read_spoken_notice(b"text", says({}))
