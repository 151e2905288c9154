"""Growth curves of the functions that work on text of others, the size of a run with long tokens, and memory peaks.

    python -m benchmarks.growth [--tokens]

Each function gets texts of doubling size that are made against it. The exponent is the slope of a line through the
logarithms of size and time over the last three sizes: 1 is linear, 2 quadratic. With ``--tokens`` the sample is checked
with short tokens and with tokens of 1.5 kB, in turn.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable

from shenhe.conformance.bindings.language.responses.response import Response
from shenhe.conformance.evidence.export import as_curl, as_pytest
from shenhe.conformance.evidence.redaction import Redactor
from shenhe.conformance.exchange import KEPT_TEXT, Exchange, ReceivedResponse, SentRequest, to_step
from shenhe.core.text import fenced, markdown, one_line, visible
from shenhe.labels.meaning.passages import read_text_labels

SIZES = (8_000, 16_000, 32_000, 64_000, 128_000)


def _redactor() -> Redactor:
    redactor = Redactor({"KEY": "sk-0123456789-abcdefghij", "NUMBER": "110101199003070011", "LONG": "a" * 1500})
    for number in range(100):
        redactor.learn("token", base64.urlsafe_b64encode(f"{number}-{number * number}-token".encode() * 20).decode())
    return redactor


def _exchange(text: str) -> Exchange:
    body = json.dumps({"id": "x", "text": text}).encode()
    return Exchange("generate", SentRequest("POST", "http://127.0.0.1/a", (), body, len(body)), None)


def functions() -> dict[str, tuple[Callable[[str], object], str]]:
    """The ten hottest functions on text of others, each with what is repeated to slow it down."""
    redactor = _redactor()
    return {
        "redaction, text": (redactor.text, "eyJhbGciOiJIUzI1NiJ9."),
        "redaction, one token": (redactor.text, "a"),
        "redaction, escapes": (redactor.text, "%25&#43;\\u002b"),
        "redaction, excerpt": (redactor.excerpt, "it's "),
        "redaction, kept body": (lambda text: redactor.captured(text.encode(), KEPT_TEXT), "${x}"),
        "visible": (visible, "\u202ea"),
        "one line, markdown, fence": (lambda text: (one_line(text), markdown(text), fenced(text)), "`<|\n"),
        "reading JSON": (lambda text: Response(200, {}, json.dumps([text] * 4).encode()).json, '"\\'),
        "step of a report": (
            lambda text: to_step(Exchange("x", SentRequest("GET", "http://h/"), _response(text)), "probe"),
            "\x1b",
        ),
        "curl and pytest": (lambda text: (as_curl([_exchange(text)]), as_pytest([_exchange(text)])), "'$("),
        "labels in text": (read_text_labels, "由AI 生成 "),
    }


def _response(text: str) -> ReceivedResponse:
    body = text.encode()
    return ReceivedResponse(200, (), body, len(body))


def seconds(work: Callable[[], object]) -> float:
    """The least of three times."""
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def slope(sizes: tuple[int, ...], times: list[float]) -> float:
    """The exponent of the growth over the last three sizes."""
    x, y = [math.log(size) for size in sizes[-3:]], [math.log(max(each, 1e-6)) for each in times[-3:]]
    return statistics.linear_regression(x, y).slope


def print_growth() -> None:
    print(f"{'function':<28}" + "".join(f"{size // 1000:>8} kB" for size in SIZES) + "   exponent")
    for name, (work, unit) in functions().items():
        times = []
        for size in SIZES:
            text = unit * (size // len(unit))
            times.append(seconds(lambda work=work, text=text: work(text)))  # type: ignore[misc]
        row = "".join(f"{1000 * each:>8.1f} ms" for each in times)
        print(f"{name:<28}{row}   {slope(SIZES, times):.2f}")


def print_memory() -> None:
    print("\nmemory peak of reading a JSON body")
    bodies = {
        "18 MB of empty lists": b"[" + b"[]," * 6_000_000 + b"[]]",
        "18 MB in one text": b'"' + b"a" * 18_000_000 + b'"',
        "18 MB in 90,000 objects": json.dumps([{"id": number, "text": "x" * 180} for number in range(85_000)]).encode(),
    }
    for name, body in bodies.items():
        tracemalloc.start()
        _ = Response(200, {}, body).is_json
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:<28}{peak / 1e6:>8.0f} MB = {peak / len(body):.1f} x the body")


def print_tokens() -> None:
    """A core run of the sample with short tokens and with tokens of 1.5 kB."""
    from shenhe.conformance.bindings import load_binding
    from shenhe.conformance.engine.runner import run_checks
    from shenhe.sample import SampleServer, sample_binding
    from shenhe.sample.domain.store import Store

    spent: dict[str, list[float]] = {"short": [], "1.5 kB": []}
    original = Store.new_name

    def long_name(self: Store, prefix: str, length: int = 16) -> str:
        return original(self, prefix, 1500 if prefix == "tok" else length)

    for _ in range(3):
        for name, times in spent.items():
            Store.new_name = original if name == "short" else long_name  # type: ignore[method-assign]
            with SampleServer() as server, load_binding(sample_binding()).connect(server.url) as provider:
                start = time.process_time()
                report = run_checks(provider, seed=1, examples=5)
                times.append(time.process_time() - start)
                assert report.summary.probes.decided
    Store.new_name = original  # type: ignore[method-assign]
    short, long_ = min(spent["short"]), min(spent["1.5 kB"])
    times_more = f"{long_ / short:.2f} x"
    print(f"\ncore run of the sample: {short:.2f} s with short tokens, {long_:.2f} s with 1.5 kB: {times_more}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", action="store_true", help="Also check the sample with short and long tokens.")
    chosen = parser.parse_args()
    print_growth()
    print_memory()
    if chosen.tokens:
        print_tokens()


if __name__ == "__main__":
    main()
