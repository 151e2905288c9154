"""Answers kept in a file and given again: the same verdicts without the provider, and no secret in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.bindings.client.http.cassette import CassetteError
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import GenerationRequest
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

from ...command_line import shenhe
from ..apps import Recorder, bind, talking
from ..client.test_sessions import ENVIRON, GENERATE, OAUTH, REQUEST, TokenServer

RULES = ["cn-dsp-2023/9.2", "cn-labeling-2025/4.1.1", "cn-dsp-2023/14.2"]


def verdicts(report: Any) -> dict[str, str]:
    return {rule.rule: rule.verdict for rule in report.rules}


@pytest.mark.costly
def test_a_replayed_run_reaches_the_same_verdicts_without_the_provider(tmp_path: Path) -> None:
    cassette = tmp_path / "run.cassette"
    binding = load_binding(sample_binding())
    transport = AsgiTransport(create_app(faults=("publish-unverified", "text-unlabelled")))
    with binding.connect(transport=transport, record=cassette) as provider:
        recorded = run_checks(provider, rules=RULES, examples=2)
        log = len(provider.log)
    assert verdicts(recorded) == {
        "cn-dsp-2023/14.2": "pass",
        "cn-dsp-2023/9.2": "fail",
        "cn-labeling-2025/4.1.1": "fail",
    }
    again = []
    for _ in range(2):
        with binding.connect("http://127.0.0.1:1", replay=cassette) as provider:
            again.append(run_checks(provider, rules=RULES, examples=2))
            assert provider.target.transport == "cassette"
            assert provider.loopback
            assert len(provider.log) == log
    assert [verdicts(report) for report in again] == [verdicts(recorded)] * 2
    assert again[0].checks == again[1].checks
    text = cassette.read_text(encoding="utf-8")
    assert len(text.splitlines()) == log + 1
    assert "Bearer" not in text  # headers of requests are not kept at all


def test_an_unrecorded_request_is_not_usable(tmp_path: Path) -> None:
    cassette = tmp_path / "c"
    binding = bind(
        tmp_path, "operations:\n  generate: {path: /g, json: {p: '{{ request.prompt }}'}, extract: {id: id}}\n"
    )
    with talking(binding, Recorder(), record=cassette) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
    with binding.connect(replay=cassette) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
        other = provider.generate(None, GenerationRequest(Service.TEXT, "text/plain", "another"))
    assert isinstance(other, Unavailable)
    assert other.reason == "the cassette has no answer to POST /g"


def test_equal_requests_have_the_answers_they_had_in_their_order(tmp_path: Path) -> None:
    cassette, count = tmp_path / "c", iter(range(10))
    app = Recorder({("GET", "/g"): lambda asked: (500, {}, {}) if (n := next(count)) == 1 else {"id": str(n)}})
    binding = bind(tmp_path, GENERATE)

    def ids(provider: Any, times: int) -> list[str]:
        results = [provider.generate(None, REQUEST) for _ in range(times)]
        return [result.value.id if isinstance(result, Accepted) else str(result.status) for result in results]

    with talking(binding, app, record=cassette) as provider:
        assert ids(provider, 3) == ["0", "500", "2"]
    with binding.connect(replay=cassette) as provider:
        assert ids(provider, 5) == ["0", "500", "2", "2", "2"]


def test_a_failure_of_the_connection_is_replayed_as_one(tmp_path: Path) -> None:
    cassette = tmp_path / "c"
    binding = bind(tmp_path, GENERATE)
    with binding.connect("http://127.0.0.1:1", record=cassette) as provider:
        first = provider.generate(None, REQUEST)
    with binding.connect(replay=cassette) as provider:
        assert provider.generate(None, REQUEST).reason == first.reason == "could not connect: connection refused"


def test_a_cassette_holds_no_secret_and_needs_none(tmp_path: Path) -> None:
    cassette, app = tmp_path / "c", TokenServer()
    text = OAUTH % "" + "operations:\n  generate: {path: /g, query: {k: '${SECRET}'}, extract: {id: id}}\n"
    with talking(bind(tmp_path, text, environ=ENVIRON), app, record=cassette) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)
    kept = cassette.read_text(encoding="utf-8")
    assert "client-secret-of-ours" not in kept
    assert "access-token-number" not in kept
    assert "${access_token_1}" in kept
    with bind(tmp_path, text, environ={"SECRET": "another-secret"}).connect(replay=cassette) as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)


def test_recorded_bytes_come_back_unchanged(tmp_path: Path) -> None:
    cassette = tmp_path / "c"
    data = bytes(range(256)) * 300
    app = Recorder({("GET", "/g"): {"id": "1", "u": "/b"}, ("GET", "/b"): (200, {"content-type": "image/png"}, data)})
    binding = bind(tmp_path, "operations:\n  generate: {path: /g, extract: {id: id}, media: {url: u}}\n")
    for options in ({"transport": AsgiTransport(app), "record": cassette}, {"replay": cassette}):
        with binding.connect(**options) as provider:  # type: ignore[arg-type]
            result = provider.generate(None, REQUEST)
            assert isinstance(result, Accepted)
            assert result.value.media is not None
            assert result.value.media.data == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "c:1:1: found another format, expected a cassette"),
        ("[]\n", "c:1:1: found another format, expected a cassette"),
        (
            '{"format": "shenhe-cassette", "format_version": 2}\n',
            "c:1:1: found another format, expected a cassette of this version",
        ),
        ("HEAD\nnot json\n", "c:2:1: found a line that is no request"),
        (
            'HEAD\n{"method": "GET", "url": "/", "body_sha256": "x"}\n',
            "c:2:1: found a request without a readable answer",
        ),
        (
            'HEAD\n{"method": "GET", "url": "/", "body_sha256": "x", "status": 200, "headers": [["a"]], "text": ""}\n',
            "c:2:1: found a request",
        ),
        (
            'HEAD\n{"method": "GET", "url": "/", "body_sha256": "x", "status": 200, "headers": [], "base64": "!"}\n',
            "c:2:1: found a request",
        ),
    ],
)
def test_a_file_that_is_not_a_cassette_is_reported_by_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "c"
    path.write_text(
        text.replace("HEAD", json.dumps({"format": "shenhe-cassette", "format_version": 1})), encoding="utf-8"
    )
    with pytest.raises(CassetteError) as caught:
        bind(tmp_path, GENERATE).connect(replay=path)
    assert words in str(caught.value)


def test_the_command_records_and_replays(tmp_path: Path) -> None:
    cassette = tmp_path / "c"
    common = ["check", "sample", "--rules", "cn-labeling-2025/4.1.1", "--examples", "1"]
    first = shenhe(*common, "--fault", "text-unlabelled", "--record", str(cassette))
    again = shenhe(*common, "--replay", str(cassette))
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert shenhe(*common, "--replay", str(cassette), "--workers", "2").exit_code == 2
