"""What a probe costs, measured side by side with other ways to ask the same provider in one run.

    python benchmarks/probes.py [examples] [rounds]

Three things are measured against a provider in a separate process on the loopback interface: one request by the
binding and by bare httpx; drawn cases of a whole run, with labels read and evidence kept, and the same cases sent by
bare Hypothesis and httpx, and by the Schemathesis CLI where there is a ``schemathesis`` on PATH or one is named by
SCHEMATHESIS (it shares no dependency with this project); how busy workers keep a provider that takes its time. Each
round goes through all ways in turn; figures are medians over the rounds, so that a busy machine disturbs all of them
alike. CPU is the client's own.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from shenhe.conformance.bindings import AsgiTransport, HttpProvider, load_binding
from shenhe.conformance.checks.requests import prompts
from shenhe.conformance.engine.cases.examples import explore
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import Account, GenerationRequest
from shenhe.conformance.provider import Accepted
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

BINDING = """
target: {name: Benchmark, base_url: "http://127.0.0.1:1", environment: test, services: {text: [text/plain]}}
auth: {type: bearer, token: "{{ account.credentials.token }}"}
accounts: {verified_adult: {id: a, credentials: {token: "0123456789abcdef"}}}
operations:
  generate:
    path: /v1/generations
    json: {prompt: "{{ request.prompt }}", kind: "{{ request.service }}", labelled: "{{ request.labelled }}"}
    extract: {id: asset.id}
    media: {text: asset.text}
    reason: error.code
"""
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Benchmark", "version": "1"},
    "paths": {
        "/v1/generations": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["prompt", "kind", "labelled"],
                                "properties": {
                                    "prompt": {"type": "string"},
                                    "kind": {"enum": ["text"]},
                                    "labelled": {"type": "boolean"},
                                },
                            }
                        }
                    },
                },
                "responses": {
                    "200": {"description": "made", "content": {"application/json": {"schema": {"type": "object"}}}}
                },
            }
        }
    },
}
ANSWER = '{"asset": {"id": "a-1234567890", "text": "【AI生成】春风又绿江南岸。", "format": "text/plain"}}'.encode()
BODY = {"prompt": "写一句关于春天的话", "kind": "text", "labelled": True}
#: The rule whose one check draws prompts; each is one generation.
RULE = "cn-labeling-2025/4.1.1"
ON = date(2026, 9, 1)
SCHEMATHESIS = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")
SLOW = 0.4


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the request, answer the same JSON to all."""
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


class Slow:
    """The sample provider, which takes its time for what is paid for."""

    def __init__(self) -> None:
        self.app = create_app()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] in ("/v1/generations", "/v1/edits"):
            await asyncio.sleep(SLOW)
        await self.app(scope, receive, send)


def serve(port: int, slow: bool) -> None:
    uvicorn.run(
        Slow() if slow else app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", access_log=False
    )


class Served:
    """A server in a separate process; ``url`` answers once it is entered."""

    def __init__(self, slow: bool = False) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=(port, slow), daemon=True)

    def __enter__(self) -> str:
        self._process.start()
        while True:
            with suppress(httpx.ConnectError):
                httpx.get(self.url, trust_env=False)
                return self.url
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


Cost = tuple[float, float]


def measured(send: Callable[[], object], count: int) -> Cost:
    """Wall and CPU milliseconds a request."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        send()
    return (time.perf_counter() - wall) / count * 1000, (time.process_time() - cpu) / count * 1000


def children_cpu() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table(results: dict[str, list[Cost]], reference: Callable[[str], str]) -> None:
    """Medians a way, and the median ratio of its rate to that of its reference."""
    print(f"{'':32}{'per second':>12}{'ms wall':>10}{'ms CPU':>10}{'rate to bare':>14}")
    for name, rows in results.items():
        ratio = statistics.median(bare[0] / row[0] for bare, row in zip(results[reference(name)], rows, strict=True))
        wall, cpu = (statistics.median(row[at] for row in rows) for at in (0, 1))
        print(f"{name:32}{1000 / wall:12.0f}{wall:10.2f}{cpu:10.2f}{ratio:14.2f}")


def one_request(url: str, folder: Path, count: int, rounds: int) -> None:
    """The binding beside bare httpx."""
    binding = load_binding(folder / "binding.yaml")
    account = Account("a", {"token": "0123456789abcdef"})
    request = GenerationRequest(Service.TEXT, "text/plain", BODY["prompt"])  # type: ignore[arg-type]
    headers = {"Authorization": "Bearer 0123456789abcdef"}
    with (
        httpx.Client(trust_env=False) as client,
        httpx.Client(trust_env=False, transport=AsgiTransport(app)) as inner,
        binding.connect(url) as provider,
        binding.connect(transport=AsgiTransport(app)) as within,
    ):
        assert isinstance(provider.generate(account, request), Accepted)
        ways: dict[str, Callable[[], object]] = {
            "bare httpx, loopback": lambda: client.post(url + "/v1/generations", json=BODY, headers=headers).json(),
            "binding, loopback": lambda: provider.generate(account, request),
            "bare httpx, in process": lambda: inner.post(
                "http://in-process/v1/generations", json=BODY, headers=headers
            ).json(),
            "binding, in process": lambda: within.generate(account, request),
        }
        results: dict[str, list[Cost]] = {name: [] for name in ways}
        for send in ways.values():
            measured(send, 50)
        for _ in range(rounds):
            for name, send in ways.items():
                results[name].append(measured(send, count))
                provider.log.clear()
                within.log.clear()
    print(f"\nOne request ({count} a round, median of {rounds} rounds)")
    table(results, lambda name: "bare httpx, " + name.partition(", ")[2])


def drawn_cases(url: str, folder: Path, count: int, rounds: int) -> None:
    """Drawn cases: a whole run beside bare Hypothesis and httpx, and beside Schemathesis."""
    binding = load_binding(folder / "binding.yaml")
    (folder / "openapi.json").write_text(json.dumps(OPENAPI))

    def run(provider: HttpProvider) -> Cost:
        provider.log.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        report = run_checks(provider, rules=[RULE], examples=count, on=ON)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert report.summary.counts["pass"], report.rules
        return wall / report.summary.requests * 1000, cpu / report.summary.requests * 1000

    def bare(client: httpx.Client, base: str) -> Cost:
        sent = 0

        def ask(prompt: str) -> None:
            nonlocal sent
            sent += 1
            assert (
                "生成" in client.post(base + "/v1/generations", json={**BODY, "prompt": prompt}).json()["asset"]["text"]
            )

        wall, cpu = time.perf_counter(), time.process_time()
        explore(ask, prompts(), seed=0, examples=count)
        return (time.perf_counter() - wall) / sent * 1000, (time.process_time() - cpu) / sent * 1000

    def schemathesis(examples: int) -> Cost:
        command = [
            str(SCHEMATHESIS),
            "run",
            str(folder / "openapi.json"),
            "--url",
            url,
            "--phases",
            "fuzzing",
            "--mode",
            "positive",
        ]
        command += [
            "-n",
            str(examples),
            "--seed",
            "1",
            "--checks",
            "not_a_server_error",
            "--generation-database",
            "none",
            "--no-color",
        ]
        began, before = time.perf_counter(), children_cpu()
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        return (time.perf_counter() - began) * 1000, (children_cpu() - before) * 1000

    def schemathesis_each() -> Cost:
        """Start-up taken off: the difference of two runs."""
        many, one = schemathesis(count), schemathesis(1)
        return (many[0] - one[0]) / (count - 1), (many[1] - one[1]) / (count - 1)

    with (
        httpx.Client(trust_env=False) as client,
        httpx.Client(trust_env=False, transport=AsgiTransport(app)) as inner,
        binding.connect(url) as provider,
        binding.connect(transport=AsgiTransport(app)) as within,
    ):
        ways: dict[str, Callable[[], Cost]] = {
            "Hypothesis + httpx, loopback": lambda: bare(client, url),
            "a run, loopback": lambda: run(provider),
            "Hypothesis + httpx, in process": lambda: bare(inner, "http://in-process"),
            "a run, in process": lambda: run(within),
        }
        if SCHEMATHESIS:
            ways["Schemathesis CLI, loopback"] = schemathesis_each
        results: dict[str, list[Cost]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                results[name].append(way())
    print(f"\nDrawn cases, labels read and evidence kept by the run ({count} a round, median of {rounds} rounds)")
    table(results, lambda name: "Hypothesis + httpx, " + name.partition(", ")[2])
    if SCHEMATHESIS:
        ours, theirs = results["a run, loopback"], results["Schemathesis CLI, loopback"]
        for at, what in ((0, "wall"), (1, "CPU")):
            ratio = statistics.median(b[at] / a[at] for a, b in zip(ours, theirs, strict=True))
            print(f"Schemathesis takes {ratio:.1f} times the {what} of a run")
    else:
        print("Schemathesis is left out: there is none on PATH, and SCHEMATHESIS names none")
    run_loopback, run_within = (
        statistics.median(row[0] for row in results[f"a run, {where}"]) for where in ("loopback", "in process")
    )
    print(f"in process a run is {run_loopback / run_within:.1f} times as fast as over loopback")


def first_result(url: str, folder: Path, rounds: int) -> None:
    """A process from its start to the end of its first check."""
    code = "import sys; from shenhe.cli.main import run; sys.argv[0] = 'shenhe'; run()"
    command = [
        sys.executable,
        "-P",
        "-c",
        code,
        "check",
        "binding.yaml",
        "--base-url",
        url,
        "--rules",
        RULE,
        "--examples",
        "0",
        "--json",
    ]
    took: list[Cost] = []
    for _ in range(rounds):
        began, before = time.perf_counter(), children_cpu()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        took.append((time.perf_counter() - began, children_cpu() - before))
        assert json.loads(done.stdout)["checks"][0]["verdict"] == "pass", done.stderr
    wall, cpu = (statistics.median(row[at] for row in took) for at in (0, 1))
    print(f"\nFirst result: {wall:.2f} s (CPU {cpu:.2f} s) from the start of a process to its end with one check done")


def patience() -> None:
    """A slow provider, by the number of workers: how many generations are under way, of as many as there
    could be.
    """
    print(f"\nThe sample provider with {SLOW} s per generation, level core, 3 drawn cases per check")
    print(f"{'workers':>8}{'s':>8}{'CPU s':>8}{'generations':>13}{'under way':>11}{'of workers':>12}")
    binding = load_binding(sample_binding(), environ={})
    for workers in (1, 2, 4, 8):
        with Served(slow=True) as url, binding.connect(url) as provider:
            began, before = time.perf_counter(), time.process_time()
            report = run_checks(provider, examples=3, workers=workers, on=ON)
            wall, cpu = time.perf_counter() - began, time.process_time() - before
            assert report.summary.exit_code == 0, report.summary
            paid = sum(exchange.operation in ("generate", "edit") for exchange in provider.log)
        print(
            f"{workers:8}{wall:8.1f}{cpu:8.1f}{paid:13}{paid * SLOW / wall:11.1f}{paid * SLOW / wall / workers:12.0%}"
        )


def main(count: int = 500, rounds: int = 7) -> None:
    with tempfile.TemporaryDirectory() as name, Served() as url:
        folder = Path(name)
        (folder / "binding.yaml").write_text(BINDING)
        one_request(url, folder, count, rounds)
        drawn_cases(url, folder, count, rounds)
        first_result(url, folder, rounds)
    patience()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
