"""Reading metadata labels: our rate against `exiftool -j` over the same list of files, as a ratio; memory;
scaling.

Run: python benchmarks/labels.py. Without exiftool on PATH the ratio is left out and said to be.
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

from PIL import Image

from shenhe.conformance.labels import ImplicitFields, read_labels, write_label

FIELDS = ImplicitFields("001191110102MACQD9K64010000", "benchmark-1")
MEBIBYTE = 1 << 20


def files() -> dict[str, bytes]:
    """Labelled files of 10 kB to 5 MB: pictures of noise, sound, a film box with padding, a tagged MP3,
    text.
    """
    draw = random.Random(1)
    made: dict[str, bytes] = {}
    for side in (64, 256, 700, 1280):
        image = Image.frombytes("RGB", (side, side), draw.randbytes(side * side * 3))
        for kind, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("TIFF", "tif"), ("GIF", "gif")):
            if kind == "GIF" and side > 700:
                continue
            stream = io.BytesIO()
            image.save(stream, kind)
            if len(stream.getvalue()) <= 5 * MEBIBYTE:
                made[f"{side}.{suffix}"] = write_label(stream.getvalue(), FIELDS)
    for seconds in (1, 10, 50):
        stream = io.BytesIO()
        with wave.open(stream, "wb") as out:
            out.setparams((1, 2, 44_100, 0, "NONE", ""))
            out.writeframes(draw.randbytes(seconds * 88_200))
        made[f"{seconds}s.wav"] = write_label(stream.getvalue(), FIELDS)
    for size in (100_000, 4_000_000):
        made[f"{size}.mp3"] = write_label(b"\xff\xfb\x90\x00" + draw.randbytes(413) + b"\xff\xfb\x90\x00" * (size // 4), FIELDS)
        box = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x74moov\0\0\0\x6cmvhd" + b"\0" * 100
        made[f"{size}.mp4"] = write_label(box + (size + 8).to_bytes(4, "big") + b"mdat" + draw.randbytes(size), FIELDS)
    made["page.html"] = write_label(b"<html><head></head><body>" + b"<p>text</p>" * 500 + b"</body></html>", FIELDS)
    return made


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(paths: list[Path], rounds: int) -> tuple[float, float, list[float]]:
    """(CPU seconds a file with opening and reading it, without it, milliseconds of each file)."""
    each = []
    data = [path.read_bytes() for path in paths]
    for content in data:
        read_labels(content)
    began = time.process_time()
    for _ in range(rounds):
        for content in data:
            start = time.perf_counter()
            labels = read_labels(content)
            each.append((time.perf_counter() - start) * 1e3)
            if not labels.aigc:
                raise SystemExit("a labelled file was read as unlabelled")
    alone = (time.process_time() - began) / (rounds * len(paths))
    began = time.process_time()
    for _ in range(rounds):
        for path in paths:
            read_labels(path.read_bytes())
    return (time.process_time() - began) / (rounds * len(paths)), alone, each


def memory(folder: Path) -> float:
    """Peak MiB of a process that reads every file, beyond one that only reads their bytes."""
    program = (
        "import sys, pathlib\n"
        "paths = sorted(pathlib.Path(sys.argv[1]).iterdir())\n"
        "if sys.argv[2] == 'read':\n"
        "    from shenhe.conformance.labels import read_labels\n"
        "for path in paths:\n"
        "    data = path.read_bytes()\n"
        "    if sys.argv[2] == 'read': read_labels(data)\n"
        # getrusage would count what this process held when it forked.
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)\n"
    )
    peaks = [
        float(subprocess.run([sys.executable, "-c", program, folder, what], capture_output=True, text=True, check=True).stdout)
        for what in ("bytes", "read")
    ]
    return peaks[1] - peaks[0]


def scaling(paths: list[Path]) -> float:
    """Wall time of 1,000 files in one call with one process over that with one a core."""
    from shenhe.conformance.labels.record import read_files

    many = (paths * (1000 // len(paths) + 1))[:1000]

    def wall(workers: int) -> float:
        began = time.perf_counter()
        for _ in read_files(many, depth="metadata", workers=workers):
            pass
        return time.perf_counter() - began

    return wall(1) / wall(os.cpu_count() or 1)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files().items():
            (folder / file).write_bytes(content)
        paths = sorted(folder.iterdir())
        size = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
        with_opening, alone, each = ours(paths, 20)
        print(f"{len(paths)} labelled files, mean {size:.2f} MB")
        print(f"read_labels: {alone * 1e3:.3f} ms CPU a file, {with_opening * 1e3:.3f} with opening it;"
              f" median {statistics.median(each):.3f} ms")  # fmt: skip
        print(f"memory beyond reading the bytes: {memory(folder):.1f} MiB")
        print(f"1,000 files in one call, {os.cpu_count()} processes: {scaling(paths):.2f} times the rate of one")
        if shutil.which("exiftool") is None:
            print("exiftool is not installed: no ratio")
            return
        for what, chosen in (("pictures, sounds, films", [p for p in paths if p.suffix != ".html"]), ("all", paths)):
            before = cpu_of_children()
            subprocess.run(["exiftool", "-j", *map(str, chosen)], capture_output=True, check=False)
            theirs = (cpu_of_children() - before) / len(chosen)
            with_opening, alone, _ = ours(chosen, 20)
            print(f"exiftool -j over {len(chosen)} files ({what}): {theirs * 1e3:.1f} ms CPU a file; we take"
                  f" {alone * 1e3:.3f}: ratio {theirs / alone:.0f} ({theirs / with_opening:.0f} with opening)")  # fmt: skip
        before = cpu_of_children()
        for path in paths[:8]:
            subprocess.run(["exiftool", "-j", str(path)], capture_output=True, check=False)
        print(f"exiftool -j started for each file: {(cpu_of_children() - before) / 8 * 1e3:.0f} ms CPU a file")


if __name__ == "__main__":
    main()
