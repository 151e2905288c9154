"""Mutated files by the million: no exception, no hang, bounded memory.

`python -m tests.labels.fuzz --count 1000000 --decoders 20000` in the checkout: so many files for the walkers over
metadata, and so many whose pixels, frames, sound, credentials and objects are decoded in the confined worker. The same
seed mutates the same files on every machine that has the same encoders. The test suite runs a small sample of both
streams.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec

from shenhe.labels import Labels, Limits, read_labels
from shenhe.labels.read import Depth

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


def mutated(seed: int, index: int, origins: dict[str, Entry] | None = None) -> tuple[str, bytes, str | None]:
    """The file at ``index`` of the stream: (name of its origin, bytes, declared media type)."""
    draw = random.Random(f"{seed}:{index}")
    origins = files() if origins is None else origins
    names = sorted(origins)
    name = draw.choice(names)
    data, media_type = origins[name]
    data = data if media_type is None and len(data) < 4096 else data[: 64 * 1024]
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        data = _once(data, draw, names, origins)
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


def stream(seed: int, count: int, workers: int, depth: Depth) -> Outcome:
    """One stream over several processes, told as it goes."""
    piece = 2_000 if depth == "metadata" else 100
    starts = range(0, count, piece)
    total = Outcome(0, 0, 0, 0, 0.0, 0.0, [])
    began = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        sizes = [min(piece, count - start) for start in starts]
        for each in pool.map(run, [seed] * len(sizes), starts, sizes, [depth] * len(sizes)):
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
        f"{total.count:,} mutated files at the depth {depth} in {time.perf_counter() - began:.0f} s: {total.labelled:,}"
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
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    failures = stream(options.seed, options.count, options.workers, "metadata").failures if options.count else []
    if options.decoders and find_spec("av") is None:
        print("nothing was decoded: pip install 'shenhe[media]'")
    elif options.decoders:
        failures += stream(options.seed, options.decoders, options.workers, "all").failures
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
