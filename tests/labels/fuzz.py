"""Mutated files by the million: no exception, no hang, bounded memory.

`python -m tests.labels.fuzz --count 1000000 --decoders 20000` in the checkout: so many files for the walkers over
metadata, and so many whose pixels, frames, sound, credentials and objects are decoded in the confined worker. The same
seed mutates the same files on every machine that has the same encoders. The test suite runs a small sample of both
streams.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import resource
import sys
import time
import warnings
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from PIL import Image

from shenhe.labels import Labels, LabelWriteError, Limits, read_labels, write_label
from shenhe.labels.containers.sniff import sniff
from shenhe.labels.read import Depth

from . import media
from .corpus import Entry, decoded, files

#: A mutated file is a few kilobytes: whatever takes longer than this has found a loop, not a slow machine.
SLOWEST_SECONDS = 5.0
_LIMITS = Limits(parts=5_000, value_bytes=1 << 18, inflated_bytes=1 << 20)
_STOPPED = ("stopped after", "processor time", "MiB of memory", "killed by signal", "stopped answering", "worker ended")
_NUMBERS = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\1",
    b"\1" + b"\0" * 7,
)
_WORDS = (
    b"AIGC",
    b'{"AIGC":',
    b'{"Label":"1"',
    b"[" * 64,
    b"\\u0000",
    b"&quot;",
    b"<!DOCTYPE a>",
    b"TC260:AIGC=",
    b"\xff\xfe",
    b"]]>",
)


@dataclass
class Outcome:
    """What a stretch of a stream came to; ``failures`` are (index, file, what happened), ``stopped`` counts files whose
    decoder was ended at a limit on time or memory, or by a signal.
    """

    count: int
    labelled: int
    refused: int
    stopped: int
    slowest: float
    peak_mebibytes: float
    failures: list[tuple[int, str, str]]


def mutated(
    seed: int, index: int, origins: dict[str, Entry] | None = None, *, gentle: bool = False
) -> tuple[str, bytes, str | None]:
    """The file at ``index`` of the stream: (name of its origin, bytes, declared media type). With ``gentle`` most files
    are changed once, and early, where the headers are.
    """
    draw = random.Random(f"{seed}:{index}")
    origins = files() if origins is None else origins
    names = sorted(origins)
    name = draw.choice(names)
    data, media_type = origins[name]
    data = data if media_type is None and len(data) < 4096 else data[: 64 * 1024]
    for _ in range(draw.choice((0, 1, 1, 1, 2) if gentle else (1, 1, 2, 3, 8))):
        # Behind the first kilobytes of most files lie pixels and samples.
        head = min(len(data), draw.choice((64, 512, 4096))) if gentle and draw.random() < 0.7 else len(data)
        data = _once(data[:head], draw, names, origins) + data[head:]
    return name, data, media_type


def _once(data: bytes, draw: random.Random, names: list[str], origins: dict[str, Entry]) -> bytes:
    if not data:
        return draw.randbytes(8)
    at = draw.randrange(len(data))
    kind = draw.randrange(9)
    if kind == 0:
        return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        number = draw.choice(_NUMBERS)
        return data[:at] + number + data[at + len(number) :]
    if kind == 3:
        return data[:at] + data[draw.randrange(len(data)) :]
    if kind == 4:
        size = draw.randrange(1, 257)
        return data[:at] + data[at : at + size] * draw.choice((2, 3, 200)) + data[at + size :]
    if kind == 5:
        return data[:at] + draw.choice(_WORDS) + data[at:]
    if kind == 6:
        other = origins[draw.choice(names)][0]
        return data[:at] + other[draw.randrange(len(other)) :]
    if kind == 7:
        return data[:at] + draw.randbytes(draw.randrange(1, 33)) + data[at:]
    size = draw.randrange(1, 65)
    return data[:at] + data[at + size :]


def run(seed: int, start: int, count: int, depth: Depth = "metadata") -> Outcome:
    """Reads ``count`` mutated files from ``start``, at the depth ``all`` of those that are decoded."""
    outcome = Outcome(count, 0, 0, 0, 0.0, 0.0, [])
    origins, limits = (files(), _LIMITS) if depth == "metadata" else (decoded(), Limits())
    for index in range(start, start + count):
        name, data, media_type = mutated(seed, index, origins)
        began = time.process_time()
        try:
            labels = read_labels(data, media_type=media_type, limits=limits, depth=depth)
        except Exception as error:
            outcome.failures.append((index, name, f"{type(error).__name__}: {error}"))
            continue
        elapsed = time.process_time() - began
        outcome.slowest = max(outcome.slowest, elapsed)
        if elapsed > SLOWEST_SECONDS:
            outcome.failures.append((index, name, f"took {elapsed:.1f} s"))
        problem = inconsistent(labels, data)
        if problem:
            outcome.failures.append((index, name, problem))
        outcome.labelled += bool(labels.labels)
        outcome.refused += bool(labels.refused)
        outcome.stopped += any(word in refusal.why for refusal in labels.refused for word in _STOPPED)
    outcome.peak_mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return outcome


def inconsistent(labels: Labels, data: bytes) -> str:
    """What must hold of every reading, whatever the bytes; an empty string where it does."""
    for label in labels.labels:
        if label.span is not None and not 0 <= label.span[0] <= label.span[1] <= len(data):
            return f"the span {label.span} of {label.carrier} lies outside the file"
        if label.scheme == "gb45438" and label.conformant:
            required = ("Label", "ContentProducer", "ProduceID")
            if any(not label.fields.get(key) for key in required) or label.fields["Label"] not in ("1", "2", "3"):
                return f"{label.carrier} is called conformant with {dict(label.fields)}"
    if len(labels.aigc) > 1 and any(label.conformant for label in labels.aigc):
        return "one of two labels is called conformant"
    return ""


#: What no refusal may hold: the names and sentences of Python's own exceptions.
_PYTHON = re.compile(
    r"Error\b|Exception|codec|NoneType|object is|object has|index out of|out of range|unpack|Traceback|not subscriptable"
    r"|invalid literal|substring|positional argument|buffer of|must be str|expected \w+ bytes| 0x[0-9a-f]{6,}"
)
#: A label, its packet and what has to be made room for take a few kilobytes.
_GROWTH = 64 * 1024
_WRITER_SECONDS = 3.0


def writable() -> dict[str, Entry]:
    """Files without a label that the writer takes: the small ones of every dialect, and one of each format."""
    from pathlib import Path

    from shenhe.labels.record import media_type_of

    from . import dialects

    found: dict[str, Entry] = {}
    for name, data in ((name, dialects.made(name)) for name in dialects.names()):
        if 0 < len(data) <= 48 * 1024:
            found[name] = data, media_type_of(Path(name))
    return found | {name: entry for name, entry in files().items() if name.startswith("plain ")}


def run_writer(seed: int, start: int, count: int) -> Outcome:
    """Writes the label into ``count`` mutated files from ``start``. A file that comes out must be read back, decode as
    before by libraries that are not ours, and be little larger.
    """
    outcome = Outcome(count, 0, 0, 0, 0.0, 0.0, [])
    origins = writable()
    for index in range(start, start + count):
        name, data, media_type = mutated(seed, index, origins, gentle=True)
        began = time.process_time()
        try:
            labelled = write_label(data, media.FIELDS, media_type=media_type)
        except LabelWriteError as error:
            outcome.refused += 1
            if _PYTHON.search(str(error)):
                outcome.failures.append((index, name, f"refused in words of Python: {error}"))
            labelled = None
        except Exception as error:
            outcome.failures.append((index, name, f"{type(error).__name__}: {error}"))
            continue
        elapsed = time.process_time() - began
        outcome.slowest = max(outcome.slowest, elapsed)
        if elapsed > _WRITER_SECONDS:
            outcome.failures.append((index, name, f"took {elapsed:.1f} s"))
        if labelled is None:
            continue
        outcome.labelled += 1
        problem = damaged(data, labelled, media_type)
        if problem:
            outcome.failures.append((index, name, problem))
    outcome.peak_mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return outcome


def damaged(before: bytes, after: bytes, media_type: str | None) -> str:
    """What is wrong with a file that was written; an empty string where nothing is."""
    labels = read_labels(after, media_type=media_type)
    if len(labels.aigc) != 1 or not labels.aigc[0].conformant or dict(labels.aigc[0].fields) != media.FIELDS.as_dict():
        return "the label is not read back"
    if len(after) > len(before) + _GROWTH:
        return f"grew from {len(before):,} to {len(after):,} bytes"
    kind = labels.media_type.partition("/")[0]
    if kind == "image" and labels.media_type != "image/svg+xml":
        return _pixels_differ(before, after)
    if kind in ("video", "audio"):
        return _packets_differ(before, after, sniff(after).demuxer)
    if labels.media_type == "application/zip":
        return _entries_differ(before, after)
    return ""


def _pixels_differ(before: bytes, after: bytes) -> str:
    def frames(data: bytes) -> list[bytes]:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > 4_000_000:
                return []
            found = []
            for number in range(min(getattr(image, "n_frames", 1), 20)):
                image.seek(number)
                found.append(image.tobytes())
            return found

    try:
        old = frames(before)
    except Exception:
        return ""  # broken as it was
    try:
        return "" if frames(after) == old else "the pixels differ"
    except Exception as error:
        return f"no longer decodes: {error}"


def _packets_differ(before: bytes, after: bytes, demuxer: str) -> str:
    """By PyAV, without decoding; nothing where it is not installed or does not open the file as it was."""
    try:
        import av
    except ImportError:
        return ""

    def packets(data: bytes) -> list[tuple[int, bytes]]:
        with av.open(io.BytesIO(data), format=demuxer) as container:
            perceived = [stream for stream in container.streams if stream.type in ("video", "audio")]
            return [(packet.stream_index, bytes(packet)) for packet in container.demux(perceived) if packet.size]

    try:
        old = packets(before)
    except Exception:
        return ""
    # A broken table may take the metadata for film.
    if not old or any(
        mark in packet for _, packet in old for mark in (b"moov", b"moof", b"mfra", b"udta", b"onMetaData")
    ):
        return ""
    try:
        new = packets(after)
    except Exception as error:
        return f"no longer opens: {error}"
    return "" if new == old else f"the packets differ ({len(old)} and {len(new)})"


def _entries_differ(before: bytes, after: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        if new.testzip() is not None:
            return "an entry is broken"
        metadata = ("[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "meta.xml")
        for name in old.namelist():
            if name not in metadata and not name.endswith(".opf") and old.read(name) != new.read(name):
                return f"the entry {name} differs"
    return ""


def stream(seed: int, count: int, workers: int, depth: Depth | Literal["writer"]) -> Outcome:
    """One stream over several processes, told as it goes."""
    piece = {"metadata": 2_000, "writer": 500}.get(depth, 100)
    starts = range(0, count, piece)
    total = Outcome(0, 0, 0, 0, 0.0, 0.0, [])
    began = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        sizes = [min(piece, count - start) for start in starts]
        seeds = [seed] * len(sizes)
        outcomes = (
            pool.map(run_writer, seeds, starts, sizes)
            if depth == "writer"
            else pool.map(run, seeds, starts, sizes, [depth] * len(sizes))
        )
        for each in outcomes:
            total.count += each.count
            total.labelled += each.labelled
            total.refused += each.refused
            total.stopped += each.stopped
            total.slowest = max(total.slowest, each.slowest)
            total.peak_mebibytes = max(total.peak_mebibytes, each.peak_mebibytes)
            total.failures += each.failures
            print(f"\r{total.count:,} files, {len(total.failures)} failures", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(
        f"{total.count:,} mutated files, {depth}, in {time.perf_counter() - began:.0f} s: {total.labelled:,}"
        f" with labels, {total.refused:,} refused in part, {total.stopped:,} stopped at a limit, slowest"
        f" {total.slowest * 1e3:.0f} ms, peak {total.peak_mebibytes:.0f} MiB, {len(total.failures)} failures",
        flush=True,
    )
    for index, name, problem in total.failures[:20]:
        print(f"  {seed}:{index} from {name!r}: {problem}")
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="files whose metadata is read")
    parser.add_argument("--decoders", type=int, default=20_000, help="files that are decoded in the confined worker")
    parser.add_argument("--writer", type=int, default=100_000, help="files that the label is written into")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    failures = stream(options.seed, options.count, options.workers, "metadata").failures if options.count else []
    if options.writer:
        failures += stream(options.seed, options.writer, options.workers, "writer").failures
    if options.decoders and find_spec("av") is None:
        print("nothing was decoded: python -m pip install 'shenhe[media]'")
    elif options.decoders:
        failures += stream(options.seed, options.decoders, options.workers, "all").failures
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
