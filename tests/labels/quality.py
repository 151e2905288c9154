"""How well perceived labels are found: recall and false alarms per medium with 95 % intervals, and the time
a file takes.

Run: make label-quality, or python -m tests.labels.quality [--quick] in the checkout. What is looked at and listened to
is made by ``perceivable``.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import beta

from shenhe.labels import Deviation, read_labels
from shenhe.labels.bytes.sandbox import _worker
from shenhe.labels.perceived.rhythm import find, tones

from .perceivable import FONT, HARD, TEXTS, clips, encoded, ground, melody, speech, spoken, stamped


def interval(hits: int, n: int) -> str:
    """Share with its exact (Clopper-Pearson) 95 % interval."""
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return f"{hits:4d}/{n:<4d} = {hits / n:.3f}  [{low:.3f}, {high:.3f}]"


def worker_cpu() -> float:
    """CPU seconds the warm worker has used (Linux)."""
    process = _worker._process
    if process is None:
        return 0.0
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


def times(what: str, seconds: list[float]) -> None:
    if seconds:
        median, most = np.median(seconds) * 1e3, np.percentile(seconds, 95) * 1e3
        print(f"  CPU of the warm worker, {what} ({len(seconds)}): median {median:.0f} ms, 95 %: {most:.0f} ms")


def edges_decide(image: Image.Image) -> bool:
    """Whether the label is found along the lower and upper edge, so that the whole need not be looked at."""
    from shenhe.labels.perceived import visible

    return bool(visible.look(image, [], whole=False))


def pictures(repeats: int) -> None:
    draws = np.random.default_rng(1)
    read_labels(encoded(ground("gradient", draws, (128, 128))), depth="all")
    print("\nPictures of 1024 x 1024: label found")
    readable = [0, 0]
    errors: list[float] = []
    unmeasured = 0
    cost: dict[bool, list[float]] = {True: [], False: []}
    for kind in ("gradient", "photo", "noise"):
        for share in (0.03, 0.05, 0.08):
            hits = n = 0
            for text, style, place in _labels(repeats):
                image, true = stamped(ground(kind, draws), text, share, style, place)
                data = encoded(image, compress_level=1)
                began = worker_cpu()
                reading = read_labels(data, depth="all")
                cost[edges_decide(image)].append(worker_cpu() - began)
                seen = [x for x in reading.explicit if x.scheme == "visible"]
                hits += bool(seen)
                n += 1
                if seen and seen[0].fields["ink_height"]:
                    errors.append(seen[0].fields["ink_height"] / true)
                unmeasured += bool(seen) and not seen[0].fields["ink_height"]
                if kind != "noise" and share >= 0.05:
                    readable[0] += bool(seen)
                    readable[1] += 1
            print(f"  {kind:9s} {share:.0%}  {interval(hits, n)}")
    print(f"  readable grounds, 5 % and more: {interval(*readable)}")
    parts = np.percentile(errors, [0, 5, 50, 95, 100])
    print(
        f"  ink height over true: median {parts[2]:.2f}, 5-95 %: {parts[1]:.2f}-{parts[3]:.2f}, all: {parts[0]:.2f}-{parts[4]:.2f};"
        f" {unmeasured} of {unmeasured + len(errors)} could not be measured"
    )
    times("where an edge decides", cost[True])
    times("where the whole is looked at", cost[False])
    alarms = 0
    alone: list[float] = []
    negatives = 40 + 160 * repeats
    for number in range(negatives):
        image = ground(("gradient", "photo")[number % 2], draws)
        if number % 5 and FONT:  # our own strokes are those of a label
            text = HARD[number % len(HARD)]
            image, _ = stamped(image, text, 0.06, ("light", "dark")[number % 2], ("br", "tl", "bc")[number % 3])
        data = encoded(image, compress_level=1)
        began = worker_cpu()
        reading = read_labels(data, depth="all")
        alone.append(worker_cpu() - began)
        alarms += bool(reading.explicit)
    print(f"  false alarms on {negatives} without a label (4 of 5 with hard text): {interval(alarms, negatives)}")
    times("without a label", alone)


def _labels(repeats: int) -> Iterator[tuple[str, str, str]]:
    for text in TEXTS:
        for style in ("light", "dark", "half"):
            for place in ("br", "bl", "tr", "tl", "bc")[: 2 + repeats]:
                yield text, style, place


def heights(repeats: int) -> None:
    """What the measured height amounts to, against the true one, in small pictures and films and on plates."""
    from shenhe.labels.perceived import visible

    draws = np.random.default_rng(4)
    plates = (None, *((opacity, around) for opacity in (255, 150) for around in (0.08, 0.25, 0.6)))
    print("\nHeight, without a plate and on black ones: verdict by true ink height")
    for size in ((320, 568), (568, 320), (480, 854), (720, 1280)):
        counted: Counter[tuple[bool, str]] = Counter()
        for share in (0.03, 0.036, 0.042, 0.046, 0.048, 0.055, 0.065, 0.08):
            for plate in plates:
                for number in range(2 * repeats):
                    if size[0] < size[1] and share > 0.07 and number % 2:
                        continue  # the longer text does not fit
                    image, true = stamped(
                        ground(("photo", "gradient")[number // 2 % 2], draws, size),
                        ("AI生成", "本视频由AI生成")[number % 2],
                        share,
                        "light",
                        "br",
                        plate=plate,
                    )
                    for sighting in visible.look(image, [])[:1]:
                        found = visible.size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)
                        counted[true >= 0.05, "pass" if found is None else found.value] += 1
        for enough in (False, True):
            verdicts = ", ".join(f"{name} {counted[enough, name]}" for name in ("pass", "too-small", "size-undecided"))
            print(f"  {size[0]}x{size[1]}, {'5 % and more' if enough else 'less than 5 %'}: {verdicts}")


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
            label = tones(
                rate, unit=draws.uniform(0.07, 0.2), frequency=draws.uniform(500, 1800), level=min(level, 0.9)
            )
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
            label = tones(
                rate, unit=draws.uniform(0.07, 0.2), frequency=draws.uniform(500, 1800), level=min(level, 0.9)
            )
            pause = np.zeros(int(0.3 * rate))
            parts = {"start": [label, pause, voice], "end": [voice, label], "middle": [voice, label, pause, voice]}[
                place
            ]
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
        print(
            f"  {name:24s} {'labelled' if labelled else 'plain':9s} {'right' if good else 'WRONG'}  {used * 1e3:.0f}"
            " ms CPU"
        )
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
    heights(repeats)
    pictures(repeats)


if __name__ == "__main__":
    main()
