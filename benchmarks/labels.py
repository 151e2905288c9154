"""Reading metadata labels: our rate against `exiftool -j` over the same list of files, as a ratio; memory;
scaling.

Run: python benchmarks/labels.py. Without exiftool on PATH the ratio is left out and said to be. Two corpora, each
labelled by our writer: `bare`, files that hold little but pixels, samples and the label, and `dressed`, pictures
with the EXIF block, colour profile and edit history that cameras and editors leave. Opening the files is part of
both sides. exiftool pays its start once per list, so that its share falls with the list's length: both a short
and a long list are shown. CPU seconds are compared, which other work on the machine disturbs least.
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

from PIL import Image, ImageCms

from shenhe.labels import ImplicitFields, read_labels, read_metadata, write_label

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
        made[f"{size}.mp3"] = write_label(
            b"\xff\xfb\x90\x00" + draw.randbytes(413) + b"\xff\xfb\x90\x00" * (size // 4), FIELDS
        )
        box = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x74moov\0\0\0\x6cmvhd" + b"\0" * 100
        made[f"{size}.mp4"] = write_label(box + (size + 8).to_bytes(4, "big") + b"mdat" + draw.randbytes(size), FIELDS)
    made["page.html"] = write_label(b"<html><head></head><body>" + b"<p>text</p>" * 500 + b"</body></html>", FIELDS)
    made["chinese.html"] = write_label(
        f"<html><head></head><body>{'<p>春天来了，成群的鸟飞回北方。</p>' * 100}</body></html>".encode(), FIELDS
    )
    return made


def dressed() -> dict[str, bytes]:
    """Pictures with 40 EXIF entries, an sRGB profile and an XMP packet of 6 kB with an edit history."""
    draw = random.Random(2)
    exif = Image.Exif()
    for tag, value in {
        271: "Maker",
        272: "Model",
        305: "Editor 1.0",
        306: "2026:01:02 03:04:05",
        315: "Somebody",
        33432: "Rights",
    }.items():
        exif[tag] = value
    inner = exif.get_ifd(0x8769)
    inner.update(
        {
            33434: 0.01,
            33437: 2.8,
            34855: 200,
            36867: "2026:01:02 03:04:05",
            37386: 50.0,
            41986: 0,
            41987: 0,
            42036: "Lens",
        }
    )
    inner.update({0xEA00 + number: f"value {number}" for number in range(26)})
    events = "".join(
        f'<rdf:li stEvt:action="saved" stEvt:instanceID="xmp.iid:{number:032x}" stEvt:when="2026-01-02T03:04:05+08:00"'
        ' stEvt:softwareAgent="Editor 1.0" stEvt:changed="/"/>'
        for number in range(32)
    )
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
        ' xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#">'
        f"<xmpMM:History><rdf:Seq>{events}</rdf:Seq></xmpMM:History></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made: dict[str, bytes] = {}
    for side in (256, 700, 1280):
        image = Image.frombytes("RGB", (side, side), draw.randbytes(side * side * 3))
        for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")):
            stream = io.BytesIO()
            options = {"xmp": packet} if kind != "PNG" else {}
            image.save(stream, kind, exif=exif.tobytes(), icc_profile=profile, **options)
            made[f"dressed-{side}.{suffix}"] = write_label(stream.getvalue(), FIELDS)
    return made


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(paths: list[Path], rounds: int) -> tuple[float, float, list[float]]:
    """(CPU seconds per file with opening it, of ``read_labels`` over bytes at hand, milliseconds of each file)."""
    each = []
    data = [path.read_bytes() for path in paths]
    for path in paths:
        if not read_metadata(path).aigc:
            raise SystemExit(f"{path.name} is labelled and was read as unlabelled")
    alone, opening = [], []
    for _ in range(rounds):
        began = time.process_time()
        for content in data:
            start = time.perf_counter()
            read_labels(content)
            each.append((time.perf_counter() - start) * 1e3)
        alone.append((time.process_time() - began) / len(paths))
        began = time.process_time()
        for path in paths:
            read_metadata(path)
        opening.append((time.process_time() - began) / len(paths))
    return statistics.median(opening), statistics.median(alone), each


def theirs(paths: list[Path]) -> float:
    """CPU seconds per file of `exiftool -j`."""
    before = cpu_of_children()
    subprocess.run(["exiftool", "-j", *map(str, paths)], capture_output=True, check=False)
    return (cpu_of_children() - before) / len(paths)


def compare(name: str, paths: list[Path]) -> None:
    size = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
    opening, alone, each = ours(paths, 15)
    print(
        f"{name}: {len(paths)} labelled files, mean {size:.2f} MB: {opening * 1e6:.0f} us CPU a file with opening it,"
        f" {alone * 1e6:.0f} us from bytes at hand; median {statistics.median(each):.3f} ms, slowest {max(each):.2f} ms"
    )
    if shutil.which("exiftool") is None:
        print("  exiftool is not installed: no ratio")
        return
    for repeats in (1, 10):
        cost = theirs(paths * repeats)
        print(
            f"  exiftool -j, a list of {len(paths) * repeats}: {cost * 1e3:.2f} ms CPU a file:"
            f" {cost / opening:.0f} times ours with opening, {cost / alone:.0f} times without"
        )
    single = sum(theirs([path]) for path in paths[:8]) / 8
    print(
        f"  exiftool -j, started for each file: {single * 1e3:.0f} ms CPU a file: {single / opening:.0f} times ours"
        " with opening"
    )


def memory(folder: Path) -> float:
    """Peak MiB of a process that reads every file, beyond one that only reads their bytes."""
    program = (
        "import sys, pathlib\n"
        "paths = sorted(pathlib.Path(sys.argv[1]).iterdir())\n"
        "if sys.argv[2] == 'read':\n"
        "    from shenhe.labels import read_labels\n"
        "for path in paths:\n"
        "    data = path.read_bytes()\n"
        "    if sys.argv[2] == 'read': read_labels(data)\n"
        # getrusage would count what this process held when it forked.
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)\n"
    )
    peaks = [
        float(
            subprocess.run(
                [sys.executable, "-c", program, folder, what], capture_output=True, text=True, check=True
            ).stdout
        )
        for what in ("bytes", "read")
    ]
    return peaks[1] - peaks[0]


def scaling(paths: list[Path]) -> tuple[float, float]:
    """Reading 1,000 files in one call, with hashes: wall time with one process over that with one a core, and CPU
    time the same way (1 where sharing out the work costs nothing).
    """
    from shenhe.labels.record import read_files

    many = (paths * (1000 // len(paths) + 1))[:1000]

    def cost(workers: int) -> tuple[float, float]:
        began, cpu = time.perf_counter(), cpu_of_children() + time.process_time()
        for _ in read_files(many, depth="metadata", workers=workers):
            pass
        return time.perf_counter() - began, cpu_of_children() + time.process_time() - cpu

    one, shared = cost(1), cost(os.cpu_count() or 1)
    return one[0] / shared[0], one[1] / shared[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (files() | dressed()).items():
            (folder / file).write_bytes(content)
        paths = sorted(folder.iterdir())
        pages = [path for path in paths if path.suffix == ".html"]
        pictures = [path for path in paths if path.name.startswith("dressed")]
        compare("bare", [path for path in paths if path not in pages and path not in pictures])
        compare("dressed", pictures)
        compare("web pages", pages)
        print(f"memory beyond reading the bytes: {memory(folder):.1f} MiB")
        wall, cpu = scaling(paths)
        load = os.getloadavg()[0]
        print(
            f"1,000 files in one call, {os.cpu_count()} processes: {wall:.2f} times the rate of one, CPU {cpu:.2f}"
            f" (load {load:.1f})"
        )


if __name__ == "__main__":
    main()
