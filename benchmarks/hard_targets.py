"""How a run does against targets that are slow, far away or restart: the sample in a separate process.

    python -P benchmarks/hard_targets.py [slow] [far] [restart]

* slow: 2 s per generation and edit, one to eight workers: the share of workers that have one under way, on average.
* far: 300 ms of network, and 429 above 20 requests a second: verdicts, and how many requests were turned away.
* restart: a provider that loses all that it knew after 300 requests: verdicts.

Waiting takes no processor, so that a busy machine changes little as long as it answers within a fraction of a second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

import httpx
import uvicorn

from shenhe.conformance.bindings import load_binding
from shenhe.conformance.engine.probing.session import PAID
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.sample import create_app, sample_binding

ON = date(2026, 9, 1)
GENERATION, LATENCY, RATE, RESTART_AFTER = 2.0, 0.3, 20, 300


class Hard:
    """The sample, with what makes a target hard."""

    def __init__(self, generation: float = 0.0, latency: float = 0.0, rate: int = 0, restart_after: int = 0) -> None:
        self.app = create_app()
        self.generation, self.latency, self.rate, self.restart_after = generation, latency, rate, restart_after
        self.requests = 0
        self.seconds = Counter[int]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        if self.requests == self.restart_after:
            self.app = create_app(seed=1)
        await asyncio.sleep(self.latency)
        now = int(time.monotonic())
        self.seconds[now] += 1
        if self.rate and self.seconds[now] > self.rate:
            await send({"type": "http.response.start", "status": 429, "headers": [(b"retry-after", b"1")]})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["path"] in ("/v1/generations", "/v1/edits"):
            await asyncio.sleep(self.generation)
        await self.app(scope, receive, send)


def serve(port: int, options: dict[str, Any]) -> None:
    uvicorn.run(Hard(**options), host="127.0.0.1", port=port, log_level="critical", lifespan="off", access_log=False)


@contextmanager
def served(**options: Any) -> Iterator[str]:
    """The address of a target in a separate process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port, options), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            with suppress(httpx.TransportError):
                httpx.get(url, trust_env=False)
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.join()


def judged(workers: int, **options: Any) -> tuple[Report, int, int, float]:
    """The report of a run at level core, the paid calls and the requests turned away, and the seconds that it took."""
    with served(**options) as url, load_binding(sample_binding(), environ={}).connect(url) as provider:
        began = time.monotonic()
        report = run_checks(provider, on=ON, salt="hard", workers=workers)
        seconds = time.monotonic() - began
        paid = sum(each.operation in PAID for each in provider.log)
        limited = sum(each.response is not None and each.response.status == 429 for each in provider.log)
    return report, paid, limited, seconds


def slow() -> None:
    print(f"{GENERATION:g} s per generation and edit, level core")
    print("| workers | seconds | paid calls | under way on average | share of workers | verdicts |")
    print("|---|---|---|---|---|---|")
    for workers in (1, 2, 4, 8):
        report, paid, _, seconds = judged(workers, generation=GENERATION)
        under_way = paid * GENERATION / seconds
        cells = (workers, f"{seconds:.1f}", paid, f"{under_way:.1f}", f"{under_way / workers:.0%}", _verdicts(report))
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


def far() -> None:
    report, _, limited, seconds = judged(8, latency=LATENCY, rate=RATE)
    served_per_second = (report.summary.requests - limited) / seconds
    print(f"{LATENCY * 1000:g} ms of network, {RATE} requests a second, 8 workers: {_verdicts(report)}")
    print(f"{limited} requests were turned away, {served_per_second:.1f} a second served")


def restart() -> None:
    report, *_ = judged(1, restart_after=RESTART_AFTER)
    print(f"all is lost after {RESTART_AFTER} requests: {_verdicts(report)}")
    for check in report.checks:
        if check.verdict not in ("pass", "not applicable"):
            print(f"  {check.name}: {check.verdict}: {check.reason[:160]}")


def _verdicts(report: Report) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in report.summary.counts.items() if count)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["slow", "far", "restart"]:
        {"slow": slow, "far": far, "restart": restart}[name]()
