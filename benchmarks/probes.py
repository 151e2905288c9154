"""What a probe costs next to the same request sent by bare httpx, measured side by side in one run.

    python benchmarks/probes.py [requests a round] [rounds]

A provider of one operation runs in a process of its own on the loopback interface. Each round sends the same number of requests in each
way, in turn; the figures are medians over the rounds, so that a busy machine disturbs all of them alike. CPU is this process's own.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import uvicorn

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.provider import Accepted, Account, GenerationRequest
from shenhe.rulebook import Service

BINDING = """
target: {name: Benchmark, base_url: "http://127.0.0.1:1", environment: test, services: {text: [text/plain]}}
auth: {type: bearer, token: "{{ account.credentials.token }}"}
operations:
  generate:
    path: /v1/generations
    json: {prompt: "{{ request.prompt }}", kind: "{{ request.service }}", labelled: "{{ request.labelled }}"}
    extract: {id: asset.id}
    media: {text: asset.text}
    reason: error.code
"""
ANSWER = '{"asset": {"id": "a-1234567890", "text": "【AI生成】春风又绿江南岸。", "format": "text/plain"}}'.encode()
BODY = {"prompt": "写一句关于春天的话", "kind": "text", "labelled": True}


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    """Read the request, answer the same JSON to all."""
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def serve(port: int) -> None:
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", access_log=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measured(send: Callable[[], object], count: int) -> tuple[float, float]:
    """Wall and CPU milliseconds a request."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        send()
    return (time.perf_counter() - wall) / count * 1000, (time.process_time() - cpu) / count * 1000


def main(count: int = 500, rounds: int = 7) -> None:
    port = free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.post(url + "/v1/generations", json=BODY, trust_env=False)
            break
        except httpx.ConnectError:
            time.sleep(0.05)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "binding.yaml"
        path.write_text(BINDING)
        binding = load_binding(path)
    account = Account("a", {"token": "0123456789abcdef"})
    request = GenerationRequest(Service.TEXT, "text/plain", "写一句关于春天的话")
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
            "bare httpx, in process": lambda: inner.post("http://in-process/v1/generations", json=BODY, headers=headers).json(),
            "binding, in process": lambda: within.generate(account, request),
        }
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for send in ways.values():
            measured(send, 50)
        for _ in range(rounds):
            for name, send in ways.items():
                results[name].append(measured(send, count))
                provider.log.clear()
                within.log.clear()
    server.terminate()
    server.join()
    print(f"{count} requests a round, median of {rounds} rounds")
    print(f"{'':24}{'per second':>12}{'ms wall':>10}{'ms CPU':>10}{'rate to bare':>14}")
    for name, rows in results.items():
        bare = results["bare httpx, " + name.partition(", ")[2]]
        ratio = statistics.median(base[0] / row[0] for base, row in zip(bare, rows, strict=True))
        wall, cpu = (statistics.median(row[at] for row in rows) for at in (0, 1))
        print(f"{name:24}{1000 / wall:12.0f}{wall:10.2f}{cpu:10.2f}{ratio:14.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
