"""Targets that are slow, limit their rate, restart in the middle or take long to generate: verdicts stay right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.sample import SampleServer, create_app, sample_binding

from ...power.matrix import ON

#: Rules that need no pixels: sequences, publications, texts, pages.
RULES = ["cn-dsp-2023/9.2", "cn-labeling-2025/4.1.1", "cn-dsp-2023/12.2"]


class Hard:
    """An application that makes every request wait, answers 429 above a rate, and may lose its state once."""

    def __init__(
        self,
        make: Callable[[int], ASGIApp],
        *,
        latency: float = 0.0,
        rate: int | None = None,
        restart_after: int | None = None,
        generation: float = 0.0,
    ) -> None:
        self._make, self._app = make, make(0)
        self.latency, self.rate, self.restart_after, self.generation = latency, rate, restart_after, generation
        self.requests = self.limited = self.busy = 0
        self.busy_seconds = 0.0
        self._second, self._count = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        if self.requests == self.restart_after:
            self._app = self._make(1)
        if self.latency:
            await asyncio.sleep(self.latency)
        if self.rate is not None and not self._within_rate():
            self.limited += 1
            await send({"type": "http.response.start", "status": 429, "headers": [(b"retry-after", b"1")]})
            await send({"type": "http.response.body", "body": b""})
            return
        if self.generation and scope["path"] == "/v1/generations":
            began = time.monotonic()
            await asyncio.sleep(self.generation)
            self.busy_seconds += time.monotonic() - began
        await self._app(scope, receive, send)

    def _within_rate(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= (self.rate or 0)


def new(seed: int) -> ASGIApp:
    """A new provider, which gives other names than one with another seed."""
    return create_app(seed=seed)


def run(app: ASGIApp, **options: Any) -> Report:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(app)) as provider:
        return run_checks(provider, on=ON, examples=2, salt="hard", **{"rules": RULES, **options})


def verdicts(report: Report) -> dict[str, str]:
    return {rule.rule: rule.verdict for rule in report.rules}


def test_rate_limit_changes_no_verdict() -> None:
    rules = ["cn-dsp-2023/12.2", "cn-labeling-2025/8"]
    hard = Hard(new, latency=0.002, rate=2)
    assert set(verdicts(run(hard, rules=rules)).values()) == {"pass"}
    assert hard.limited


def test_restart_that_loses_everything_is_no_failure() -> None:
    hard = Hard(new, restart_after=40)
    report = run(hard)
    assert set(verdicts(report).values()) == {"pass"}, [check.reason for check in report.checks]
    assert hard.requests > 60


def test_restart_hides_no_fault() -> None:
    hard = Hard(lambda seed: create_app(["verified-by-body"], seed), restart_after=40)
    assert verdicts(run(hard, rules=["cn-dsp-2023/9.2"])) == {"cn-dsp-2023/9.2": "fail"}


@pytest.mark.slow
def test_far_target_with_a_rate_limit_is_judged_like_a_near_one() -> None:
    rules = ["cn-dsp-2023/12.2", "cn-labeling-2025/8", "cn-dsp-2023/9.1"]
    hard = Hard(new, latency=0.3, rate=20)
    assert verdicts(run(hard, rules=rules)) == verdicts(run(create_app(), rules=rules))


@pytest.mark.slow
def test_eight_workers_keep_a_slow_generator_busy() -> None:
    hard = Hard(new, generation=2.0)
    with SampleServer(app=hard) as server:
        binding = load_binding(sample_binding(), environ={"SHENHE_SAMPLE_URL": server.url})
        with binding.connect() as provider:
            began = time.monotonic()
            report = run_checks(provider, on=ON, examples=10, salt="busy", workers=8, rules=["cn-labeling-2025/*"])
    assert "fail" not in verdicts(report).values()
    # Never more than eight at once; outside of the first and last seconds, most places are taken.
    assert hard.busy_seconds / (8 * (time.monotonic() - began)) >= 0.5
