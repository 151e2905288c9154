"""How well perceived labels are found: recall and false alarms per medium with 95 % intervals, and the time
a file takes.

Run: python benchmarks/labels_quality.py [--quick]. Pictures use an installed font with Chinese letters
where there is one (a writer that is not ours), else our own strokes. Speech is synthetic, bursts of harmonics
and hisses, and where espeak-ng is installed its sentences in English and Mandarin too. The same files are made on
every machine that has the same fonts and the same espeak-ng.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import time
import wave
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import beta

from shenhe.conformance.labels import read_labels
from shenhe.conformance.labels.glyphs import words
from shenhe.conformance.labels.rhythm import find, tones
from shenhe.conformance.labels.sandbox import _worker

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)
TEXTS = ("AI生成", "本内容由AI生成", "人工智能合成")
HARD = ("MAIN 生成", "人工湖", "合成橡胶", "AI", "即梦AI", "AI播客", "人工智能", "生成", "CAI生成", "SAMPLE 2026", "虚拟主播", "AI绘画")


def interval(hits: int, n: int) -> str:
    """Share with its exact (Clopper-Pearson) 95 % interval."""
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return f"{hits:4d}/{n:<4d} = {hits / n:.3f}  [{low:.3f}, {high:.3f}]"


def ground(kind: str, draws: np.random.Generator, side: int = 1024) -> Image.Image:
    if kind == "gradient":
        ramp = np.linspace(draws.integers(0, 100), draws.integers(150, 256), side)
        return Image.fromarray(np.repeat(np.tile(ramp, (side, 1))[:, :, None], 3, 2).astype(np.uint8))
    if kind == "noise":
        return Image.fromarray(draws.integers(0, 256, (side, side, 3), dtype=np.uint8))
    patches = draws.integers(0, 256, (side // 64 + 2, side // 64 + 2, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((side, side), Image.Resampling.BICUBIC)


def stamped(image: Image.Image, text: str, share: float, style: str, place: str) -> tuple[Image.Image, float]:
    """(picture, true ink height by the shortest side)."""
    height = min(image.size) * share
    font = next((each for each in FONTS if Path(each).exists()), None)
    if font is None:
        mask = words(round(height))
    else:
        face = ImageFont.truetype(font, round(height / 0.92))
        box = face.getbbox(text)
        mask = Image.new("L", (int(box[2] - box[0]), int(box[3] - box[1])))
        ImageDraw.Draw(mask).text((-box[0], -box[1]), text, font=face, fill=255)
    color, alpha = {"light": (255, 255), "dark": (0, 255), "half": (255, 140)}[style]
    margin = round(min(image.size) * 0.03)
    left = {"l": margin, "r": image.width - mask.width - margin, "c": (image.width - mask.width) // 2}[place[1]]
    top = {"t": margin, "b": image.height - mask.height - margin}[place[0]]
    image = image.copy()
    image.paste(Image.new("RGB", mask.size, (color,) * 3), (left, top), mask.point(lambda v: v * alpha // 255))
    return image, mask.height / min(image.size)


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def worker_cpu() -> float:
    """CPU seconds the warm worker has used (Linux)."""
    process = _worker._process
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def pictures(repeats: int) -> None:
    draws = np.random.default_rng(1)
    read_labels(png(ground("gradient", draws, 128)), depth="all")
    print("\nPictures of 1024 x 1024: label found")
    sums: dict[str, list[int]] = {"readable grounds, 5 % and more": [0, 0]}
    errors: list[float] = []
    cost: list[float] = []
    for kind in ("gradient", "photo", "noise"):
        for share in (0.03, 0.05, 0.08):
            hits = n = 0
            for text in TEXTS:
                for style in ("light", "dark", "half"):
                    for place in ("br", "bl", "tr", "tl", "bc")[: 2 + repeats]:
                        image, true = stamped(ground(kind, draws), text, share, style, place)
                        data = png(image)
                        began = worker_cpu()
                        reading = read_labels(data, depth="all")
                        cost.append(worker_cpu() - began)
                        seen = [x for x in reading.explicit if x.scheme == "visible"]
                        hits += bool(seen)
                        n += 1
                        if seen and kind != "noise":
                            errors.append(seen[0].fields["ink_height"] / true)
                        if kind != "noise" and share >= 0.05:
                            sums["readable grounds, 5 % and more"][0] += bool(seen)
                            sums["readable grounds, 5 % and more"][1] += 1
            print(f"  {kind:9s} {share:.0%}  {interval(hits, n)}")
    for name, (hits, n) in sums.items():
        print(f"  {name}: {interval(hits, n)}")
    print(f"  ink height over true: median {np.median(errors):.2f}, 5-95 %: {np.percentile(errors, 5):.2f}-{np.percentile(errors, 95):.2f}")
    print(f"  CPU of the warm worker: median {np.median(cost) * 1e3:.0f} ms, 95 %: {np.percentile(cost, 95) * 1e3:.0f} ms")
    alarms = 0
    cost.clear()
    negatives = 40 + 160 * repeats
    for number in range(negatives):
        image = ground(("gradient", "photo")[number % 2], draws)
        if number % 5:
            text = HARD[number % len(HARD)]
            image, _ = stamped(image, text, 0.06, ("light", "dark")[number % 2], ("br", "tl", "bc")[number % 3])
        data = png(image)
        began = worker_cpu()
        reading = read_labels(data, depth="all")
        cost.append(worker_cpu() - began)
        alarms += bool(reading.explicit)
    print(f"  false alarms on {negatives} without a label (4 of 5 with hard text): {interval(alarms, negatives)}")
    print(f"  CPU of the warm worker: median {np.median(cost) * 1e3:.0f} ms, 95 %: {np.percentile(cost, 95) * 1e3:.0f} ms")


def speech(seconds: float, rate: int, draws: np.random.Generator) -> NDArray[np.float64]:
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
    scale = 440 * 2 ** (draws.integers(-12, 13, size=5) / 12)
    parts = []
    for _ in range(30):
        instant = np.arange(int(draws.choice([0.125, 0.25, 0.25, 0.5]) * rate)) / rate
        tone = sum(np.sin(2 * np.pi * scale[draws.integers(5)] * h * instant) / h for h in (1, 2, 3))
        parts.append(0.2 * tone * np.minimum(1, instant / 0.01) * np.exp(-instant * draws.choice([0, 3, 8])))
        if draws.random() < 0.2:
            parts.append(np.zeros(rate // 8))
    return np.concatenate(parts)


def sounds(repeats: int) -> None:
    draws = np.random.default_rng(2)
    rates = (8_000, 16_000, 22_050, 44_100, 48_000)
    n = 60 * repeats
    print("\nRhythm: found beside speech, by level against it")
    talks = shutil.which("espeak-ng") is not None
    for place in ("start", "end") if talks else ():
        hits = 0
        for number in range(n):
            voice, rate = spoken(number)
            level = float(np.sqrt((voice**2).mean() * 2)) * 10 ** ((-20, -10, 0, 10)[number % 4] / 20)
            label = tones(rate, unit=draws.uniform(0.07, 0.2), frequency=draws.uniform(500, 1800), level=min(level, 0.9))
            pause = np.zeros(int(0.3 * rate))
            parts = [label, pause, voice] if place == "start" else [voice, label]
            hits += bool(find(np.concatenate(parts).astype(np.float32), rate))
        print(f"  {place:7s} {interval(hits, n)}  espeak-ng")
    for place in ("start", "end", "middle"):
        hits = 0
        for number in range(n):
            rate = rates[number % len(rates)]
            voice = speech(5, rate, draws)
            level = float(np.sqrt((voice**2).mean() * 2)) * 10 ** ((-20, -10, 0, 10)[number % 4] / 20)
            label = tones(rate, unit=draws.uniform(0.07, 0.2), frequency=draws.uniform(500, 1800), level=min(level, 0.9))
            pause = np.zeros(int(0.3 * rate))
            parts = {"start": [label, pause, voice], "end": [voice, label], "middle": [voice, label, pause, voice]}[place]
            hits += bool(find(np.concatenate(parts).astype(np.float32), rate))
        print(f"  {place:7s} {interval(hits, n)}")
    makers: tuple[tuple[str, Callable[[], NDArray[np.float64]]], ...] = (
        ("speech", lambda: speech(10, 16_000, draws)),
        ("melodies", lambda: melody(16_000, draws)),
    )
    for name, make in makers:
        alarms = sum(bool(find(make().astype(np.float32), 16_000)) for _ in range(200 * repeats))
        print(f"  false alarms on {name}: {interval(alarms, 200 * repeats)}")
    if talks:
        alarms = 0
        for number in range(200):
            voice, rate = spoken(number)
            alarms += bool(find(voice.astype(np.float32), rate))
        print(f"  false alarms on espeak-ng, English and Mandarin: {interval(alarms, 200)}")
    else:
        print("  espeak-ng is not installed: its rows are left out")
    ten = speech(10, 44_100, draws).astype(np.float32)
    find(ten, 44_100)
    began = time.process_time()
    for _ in range(10):
        find(ten, 44_100)
    print(f"  {(time.process_time() - began) * 100:.1f} ms CPU for 10 s at 44.1 kHz")


def clips() -> Iterator[tuple[str, bytes, bool]]:
    import av

    draws = np.random.default_rng(3)
    for codec, container in (("libx264", "mp4"), ("libx265", "mp4"), ("libvpx-vp9", "webm")):
        for size in ((1280, 720), (720, 1280)):
            for labelled in (True, False):
                plain = ground("photo", draws).resize(size)
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


def films() -> None:
    print("\nFilms of 2.6 s: label found, and none invented")
    right = n = 0
    for name, data, labelled in clips():
        began = worker_cpu()
        reading = read_labels(data, depth="all")
        used = worker_cpu() - began
        seen = [x for x in reading.explicit if x.scheme == "visible"]
        good = (bool(seen) and seen[0].conformant) if labelled else not seen
        right += good
        n += 1
        print(f"  {name:24s} {'labelled' if labelled else 'plain':9s} {'right' if good else 'WRONG'}  {used * 1e3:.0f} ms CPU")
    print(f"  right: {interval(right, n)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a third of the cases")
    repeats = 1 if parser.parse_args().quick else 3
    sounds(repeats)
    if find_spec("rapidocr") is None or find_spec("av") is None:
        print("\nPictures and films were not measured: pip install 'shenhe[media]'")
        return
    films()
    pictures(repeats)


if __name__ == "__main__":
    main()
