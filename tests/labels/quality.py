"""How well perceived labels are found: recall and false alarms per medium with 95 % intervals, and the time
a file takes.

Run: make label-quality, or python -m tests.labels.quality [--quick] in the checkout. What is looked at and listened to
is made by ``perceivable``, ``scenes`` and ``wordings``.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import beta

from shenhe.labels import Deviation, read_labels, read_text_labels
from shenhe.labels.bytes.sandbox import _worker
from shenhe.labels.perceived.rhythm import find, tones

from . import scenes, wordings
from .crowds import crowded
from .perceivable import clips, ground, melody, speech, spoken, stamped

if TYPE_CHECKING:
    from shenhe.labels.perceived.measure import Sighting
    from shenhe.labels.perceived.visible import Seen


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
        print(f"  CPU, models loaded, {what} ({len(seconds)}): median {median:.0f} ms, 95 %: {most:.0f} ms")


def size_deviation(sighting: Sighting, too_small: Deviation, undecided: Deviation) -> Deviation | None:
    from shenhe.labels.perceived import measure

    return measure.size_deviation(sighting, too_small, undecided)


def looked_at(image: Image.Image) -> tuple[Seen, float]:
    """(what was seen, CPU seconds it took)."""
    from shenhe.labels.perceived import visible

    began = time.process_time()
    return visible.look(image), time.process_time() - began


def pictures(repeats: int) -> None:
    """Recall by height, by direction and by look, and what the heights were called."""
    looked_at(ground("gradient", np.random.default_rng(1), (128, 128)))
    print("\nPictures with a label: seen, by true height of ink, direction and look")
    cost: list[float] = []
    rows: dict[str, list[int]] = {}
    called: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    bands = ((0.028, 0.046, "2.8-4.6 %"), (0.056, 0.1, "5-10 %"), (0.1, 0.32, "10-32 %"))
    for low, high, name in bands:
        for number in range(160 * repeats):
            scene = scenes.labelled(number + int(low * 1e6), low, high)
            if scene is None:
                continue
            seen, seconds = looked_at(scene.image)
            cost.append(seconds)
            way, look = scene.kind.split()
            keys = [f"height {name}"]
            if scene.height >= 0.05:
                keys += ["5 % and more", f"direction {way}", f"look {look}"]
            for key in keys:
                row = rows.setdefault(key, [0, 0])
                row[0] += bool(seen.labels)
                row[1] += 1
            if not seen.labels and scene.height >= 0.05:
                missed.append(f"{scene.words!r} {scene.kind} {scene.image.size} {scene.height:.3f}")
            for sighting in seen.labels[:1]:
                found = size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)
                true = "below 4.5 %" if scene.height < 0.045 else "4.5-5 %" if scene.height < 0.05 else "5 % and more"
                called[true, "pass" if found is None else found.value] += 1
    for name, (hits, n) in sorted(rows.items()):
        print(f"  {name:24s} {interval(hits, n)}")
    for true in ("below 4.5 %", "4.5-5 %", "5 % and more"):
        verdicts = ", ".join(f"{name} {called[true, name]}" for name in ("pass", "too-small", "size-undecided"))
        print(f"  true height {true}: {verdicts}")
    for line in missed[:10]:
        print(f"  missed: {line}")
    times("with a label", cost)
    for name, texts in (("traditional", wordings.TRADITIONAL), ("English", wordings.ENGLISH)):
        hits = n = 0
        for number in range(30 * repeats):
            scene = scenes.labelled(number + 900_000, 0.056, 0.1, texts)
            if scene is not None:
                seen, _ = looked_at(scene.image)
                hits += bool(seen.labels or seen.others)
                n += 1
        print(f"  {name:24s} {interval(hits, n)}")


def talk(repeats: int) -> None:
    """False alarms on what only speaks of AI, in pictures and texts, apart for the half that nothing was tuned on."""
    print("\nWords that only speak of AI: labels that were invented")
    counted: dict[str, list[int]] = {}
    cost: list[float] = []
    for number, scene in enumerate(scenes.unlabelled()):
        if repeats == 1 and number % 3:
            continue
        seen, seconds = looked_at(scene.image)
        cost.append(seconds)
        alarm = bool(seen.labels or seen.others)
        if alarm:
            print(f"  false: {scene.kind} {scene.words!r} {[each.line.text for each in seen.labels]}")
        for key in ("pictures", f"pictures: {scene.kind}", *(["pictures, held out"] * wordings.held_out(scene.words))):
            row = counted.setdefault(key, [0, 0])
            row[0] += alarm
            row[1] += 1
    for _, text in wordings.texts():
        row = counted.setdefault("texts", [0, 0])
        row[0] += bool(read_text_labels(text))
        row[1] += 1
    for name, (alarms, n) in sorted(counted.items()):
        print(f"  {name:24s} {interval(alarms, n)}")
    times("without a label", cost)
    draws = np.random.default_rng(1)
    alarms = n = 0
    for number in range(40 * repeats):
        image = ground(("gradient", "photo", "noise")[number % 3], draws)
        seen, _ = looked_at(image)
        alarms += bool(seen.labels or seen.others)
        n += 1
    print(f"  {'pictures without words':24s} {interval(alarms, n)}")


def crowds(repeats: int) -> None:
    """Recall among dozens of other lines, by kind of picture."""
    print("\nLabels in pictures full of other words: seen")
    counted: dict[str, list[int]] = {}
    cost: list[float] = []
    for scene in crowded(100 * repeats):
        seen, seconds = looked_at(scene.image)
        cost.append(seconds)
        row = counted.setdefault(scene.kind, [0, 0])
        row[0] += bool(seen.labels)
        row[1] += 1
    for name, (hits, n) in sorted(counted.items()):
        print(f"  {name:24s} {interval(hits, n)}")
    times("full of words", cost)


def heights(repeats: int) -> None:
    """What the measured height amounts to, against the true one, in small pictures and films and on plates."""
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
                    for sighting in looked_at(image)[0].labels[:1]:
                        found = size_deviation(sighting, Deviation.TOO_SMALL, Deviation.SIZE_UNDECIDED)
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
    parser.add_argument(
        "--only", choices=["sounds", "talk", "pictures", "crowds", "heights", "films"], help="one table"
    )
    given = parser.parse_args()
    repeats = 1 if given.quick else 3
    tables: dict[str, Callable[[], None]] = {
        "sounds": lambda: sounds(repeats),
        "talk": lambda: talk(repeats),
        "pictures": lambda: pictures(repeats),
        "crowds": lambda: crowds(repeats),
        "heights": lambda: heights(repeats),
        "films": films,
    }
    if given.only:
        tables[given.only]()
        return
    sounds(repeats)
    if find_spec("rapidocr") is None or find_spec("av") is None:
        print("\nPictures and films were not measured: python -m pip install 'shenhe[media]'")
        return
    talk(repeats)
    pictures(repeats)
    crowds(repeats)
    heights(repeats)
    films()


if __name__ == "__main__":
    main()
