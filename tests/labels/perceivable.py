"""Pictures, sounds and films for what is seen and heard: grounds, labels drawn into them, speech, melodies.

Pictures use the fonts of ``lettering`` where there are any (writers that are not ours), else our own strokes. Speech is synthetic, bursts of harmonics and hisses, and where espeak-ng is installed its sentences in
English and Mandarin too. The same seed makes the same on every machine that has the same fonts and the same
espeak-ng.
"""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shenhe.labels.drawing.glyphs import words
from shenhe.labels.perceived.rhythm import tones

from .lettering import FACES, ink_of

TEXTS = ("AI生成", "本内容由AI生成", "人工智能合成")
HARD = (
    "MAIN 生成",
    "人工湖",
    "合成橡胶",
    "AI",
    "即梦AI",
    "AI播客",
    "人工智能",
    "生成",
    "CAI生成",
    "SAMPLE 2026",
    "虚拟主播",
    "AI绘画",
)


def ground(kind: str, draws: np.random.Generator, size: tuple[int, int] = (1024, 1024)) -> Image.Image:
    """A ``gradient``, ``noise``, or soft patches like a ``photo``; ``draws`` decides its colours."""
    width, height = size
    if kind == "gradient":
        ramp = np.linspace(draws.integers(0, 100), draws.integers(150, 256), width)
        return Image.fromarray(np.repeat(np.tile(ramp, (height, 1))[:, :, None], 3, 2).astype(np.uint8))
    if kind == "noise":
        return Image.fromarray(draws.integers(0, 256, (height, width, 3), dtype=np.uint8))
    patches = draws.integers(0, 256, (height // 64 + 2, width // 64 + 2, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def stamped(
    image: Image.Image, text: str, share: float, style: str, place: str, *, plate: tuple[int, float] | None = None
) -> tuple[Image.Image, float]:
    """(picture, true ink height by the shortest side) with ``text`` of a height of ``share``.

    ``style`` is ``light``, ``dark`` or ``half`` (55 % light); ``place`` a letter for down (``t``, ``b``) and one for
    across (``l``, ``c``, ``r``); ``plate`` puts black of an opacity of 0 to 255 behind, as wide around as a share of
    the height.
    """
    mask = words_in_type(text, min(image.size) * share)
    color, alpha = {"light": (255, 255), "dark": (0, 255), "half": (255, 140)}[style]
    around = round(mask.height * plate[1]) if plate else 0
    margin = round(min(image.size) * 0.03) + around
    left = {"l": margin, "r": image.width - mask.width - margin, "c": (image.width - mask.width) // 2}[place[1]]
    top = {"t": margin, "b": image.height - mask.height - margin}[place[0]]
    image = image.copy()
    if plate:
        size = (mask.width + 2 * around, mask.height + 2 * around)
        image.paste(Image.new("RGB", size), (left - around, top - around), Image.new("L", size, plate[0]))
    image.paste(Image.new("RGB", mask.size, (color,) * 3), (left, top), mask.point(lambda value: value * alpha // 255))
    rows = np.nonzero((np.asarray(mask) > 100).any(axis=1))[0]
    return image, float(rows[-1] - rows[0] + 1) / min(image.size)


def words_in_type(text: str, height: float) -> Image.Image:
    """``text`` in type as a mask about ``height`` pixels high; without one, our own strokes of
    ``AI生成``.
    """
    if not FACES:
        return words(round(height))
    return ink_of(text, FACES[0], round(height / 0.92))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def speech(seconds: float, rate: int, draws: np.random.Generator) -> NDArray[np.float64]:
    """Something like speech: bursts of harmonics with moving pitch, and hisses."""
    out = np.zeros(int(seconds * rate))
    at = 0
    while at < len(out):
        count = min(int(draws.uniform(0.08, 0.3) * rate), len(out) - at)
        instant = np.arange(count) / rate
        pitch = draws.uniform(90, 240) * (1 + draws.uniform(-0.2, 0.2) * instant / 0.3)
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        voiced = sum(np.sin(h * phase) / h for h in range(1, 14))
        burst = voiced if draws.random() > 0.25 else draws.normal(size=count) * 0.5
        out[at : at + count] = burst * np.hanning(max(count, 2))[:count]
        at += count + int(draws.uniform(0.02, 0.15) * rate)
    return out / np.abs(out).max() * 0.3


SENTENCES = (
    ("en", "The committee met on Tuesday to discuss the harvest, the new bridge and a letter from the harbour master."),
    ("en", "Pat bit a big bitter apple; ten tiny tigers took two taxis to town."),
    ("en", "Turn left, then right, then left again, and stop at the third traffic light."),
    ("en", "Numbers one, three, one, one, and again: one, three, one, one."),
    ("cmn", "春天来了，成群的鸟飞回北方，河边的柳树也绿了。"),
    ("cmn", "他七点起床，八点出门，九点到公司，十点开会。"),
    ("cmn", "请各位旅客带好随身物品，列车马上就要到站了。"),
    ("cmn", "四是四，十是十，十四是十四，四十是四十。"),
)


def spoken(number: int) -> tuple[NDArray[np.float64], int]:
    """(samples, rate) of one of 320 espeak-ng readings: eight sentences, five pitches, eight speeds."""
    language, text = SENTENCES[number % 8]
    pitch, speed = 20 + 15 * (number // 8 % 5), 120 + 15 * (number // 40 % 8)
    command = ["espeak-ng", "-v", language, "-p", str(pitch), "-s", str(speed), "--stdout", text]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(data)) as sound:
        rate = sound.getframerate()
        # The length in the header of a stream is a placeholder.
        samples = np.frombuffer(data[44 : len(data) - len(data) % 2], "<i2").astype(np.float64) / 32768
    return samples, rate


def melody(rate: int, draws: np.random.Generator) -> NDArray[np.float64]:
    """Thirty notes of a scale of five tones, some held, some dying away."""
    scale = 440 * 2 ** (draws.integers(-12, 13, size=5) / 12)
    parts = []
    for _ in range(30):
        instant = np.arange(int(draws.choice([0.125, 0.25, 0.25, 0.5]) * rate)) / rate
        tone = sum(np.sin(2 * np.pi * scale[draws.integers(5)] * h * instant) / h for h in (1, 2, 3))
        parts.append(0.2 * tone * np.minimum(1, instant / 0.01) * np.exp(-instant * draws.choice([0, 3, 8])))
        if draws.random() < 0.2:
            parts.append(np.zeros(rate // 8))
    return np.concatenate(parts)


def clips() -> Iterator[tuple[str, bytes, bool]]:
    """(name, film of 2.6 s, whether it is labelled) in three codecs."""
    import av

    draws = np.random.default_rng(3)
    for codec, container in (("libx264", "mp4"), ("libx265", "mp4"), ("libvpx-vp9", "webm")):
        for size in ((1280, 720), (720, 1280)):
            for labelled in (True, False):
                plain = ground("photo", draws, size)
                picture = stamped(plain, "AI生成", 0.08, "light", "br")[0] if labelled else plain
                stream = io.BytesIO()
                with av.open(stream, "w", format=container) as out:
                    track = out.add_stream(codec, rate=10)
                    track.width, track.height, track.pix_fmt = *size, "yuv420p"
                    if codec == "libx265":
                        track.options = {"x265-params": "log-level=none"}
                    for _ in range(26):
                        out.mux(track.encode(av.VideoFrame.from_image(picture)))
                    out.mux(track.encode(None))
                yield f"{codec} {size[0]}x{size[1]}", stream.getvalue(), labelled


def film_with_sound() -> bytes:
    """A second and a half of one colour in MPEG-4, with the rhythm behind noise in AAC."""
    import av

    rate = 44_100
    samples = np.concatenate([0.1 * np.random.default_rng(1).normal(size=3 * rate), tones(rate)]).clip(-1, 1)
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        picture, sound = out.add_stream("mpeg4", rate=8), out.add_stream("aac", rate=rate, layout="mono")
        picture.width, picture.height, picture.pix_fmt = 96, 64, "yuv420p"
        for _ in range(12):
            out.mux(picture.encode(av.VideoFrame.from_image(Image.new("RGB", (96, 64), (20, 90, 120)))))
        out.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        fifo = av.AudioFifo()
        for each in av.AudioResampler(sound.format.name, "mono", rate).resample(frame):
            fifo.write(each)
        while part := fifo.read(sound.codec_context.frame_size, partial=True):
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return stream.getvalue()
