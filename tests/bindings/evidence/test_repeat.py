"""A failure of a report sent again: to the same provider, to a mended one, to one that is gone, and to one that answers
otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.evidence.own import remember
from shenhe.conformance.evidence.resend import RepeatError, base_of, failure_of, repeat
from shenhe.conformance.report import Report, Step
from shenhe.sample import SampleServer, create_app, sample_binding

from ...command_line import shenhe

RULE, LABEL = "cn-dsp-2023/9.2", "cn-labeling-2025/4.1.1"
FAULTS = ("publish-unverified", "text-unlabelled")


def made(rules: list[str]) -> Report:
    with load_binding(sample_binding()).connect(transport=AsgiTransport(create_app(faults=FAULTS))) as provider:
        return run_checks(provider, rules=rules, examples=1)


@pytest.fixture(scope="module")
def report() -> Report:
    return made([RULE, LABEL])


@pytest.fixture
def broken() -> Iterator[str]:
    with SampleServer(faults=FAULTS) as server:
        yield server.url


@pytest.fixture
def lawful() -> Iterator[str]:
    with SampleServer() as server:
        yield server.url


def test_the_failure_shows_again(report: Report, broken: str) -> None:
    for rule in (RULE, LABEL):
        _, finding = failure_of(report, rule)
        done = repeat(finding, broken, {})
        assert (done.outcome, done.reason) == ("shows again", "every answer is as it was")
        assert len(done.steps) == len(finding.steps) > 1


def test_a_replay_passes_on_the_repaired_provider(report: Report, lawful: str) -> None:
    done = repeat(failure_of(report, RULE)[1], lawful, {})
    assert done.outcome == "no longer shows"
    assert "was answered 201, and is answered 403 now" in done.reason


def test_other_content_is_left_to_the_check(report: Report, lawful: str) -> None:
    done = repeat(failure_of(report, LABEL)[1], lawful, {})
    assert done.outcome == "cannot tell"
    assert "got a response with different content" in done.reason


def test_a_failed_set_up_decides_nothing(report: Report) -> None:
    async def away(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    done = repeat(failure_of(report, RULE)[1], "http://127.0.0.1:9", {}, transport=AsgiTransport(away))
    assert done.outcome == "cannot tell"
    assert "only prepares the case, and was answered 503, not 201" in done.reason
    assert len(done.steps) == 1


def test_an_unreachable_provider_decides_nothing(report: Report) -> None:
    done = repeat(failure_of(report, RULE)[1], "http://127.0.0.1:1", {})
    assert done.outcome == "cannot tell"
    assert "not at all (could not connect" in done.reason


def changed(report: Report, **changes: Any) -> Any:
    _, finding = failure_of(report, RULE)
    steps = [finding.steps[0].model_copy(update=changes), *finding.steps[1:]]
    return finding.model_copy(update={"steps": steps})


@dataclass
class Refusing:
    """Notes that something was sent."""

    asked: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += scope["type"] == "http"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"request_body": "(1,234 bytes, not text, sha256 ab)"}, "was not kept whole"),
        ({"request_body": "x" * 100 + "\n… (9,999 bytes in all)"}, "was not kept whole"),
        ({"url": "call:register"}, "a call from Python"),
        (
            {"request_headers": {"X": "${SOME_SECRET}"}},
            "does not name among its variables",
        ),
    ],
)
def test_altered_requests_are_not_resent(report: Report, changes: dict[str, Any], words: str) -> None:
    app = Refusing()
    with pytest.raises(RepeatError, match=words):
        repeat(changed(report, **changes), "http://127.0.0.1:9", {}, transport=AsgiTransport(app))
    assert app.asked == 0


def test_no_request_leaves_for_another_host(report: Report) -> None:
    _, finding = failure_of(report, RULE)
    app = Refusing()
    for method, words in (("POST", r"goes to http://evil\.example, which is not the provider"), ("GET", "HOME")):
        stray = Step(role="probe", operation="fetch", method=method, url="http://evil.example/?k=${HOME}", status=200)
        with pytest.raises(RepeatError, match=words):
            repeat(
                finding.model_copy(update={"steps": [*finding.steps, stray]}),
                "http://127.0.0.1:9",
                {},
                transport=AsgiTransport(app),
            )
    assert app.asked == 0


def test_redacted_values_come_from_the_environment(tmp_path: Path) -> None:
    step = Step(
        role="probe",
        operation="generate",
        method="POST",
        url="http://127.0.0.1:9/g?k=${KEY}",
        request_headers={
            "Authorization": "Basic JHtVU0VSfToke1BBU1N9",
            "Content-Type": "application/json",
            "X": "a ${KEY}",
        },
        request_body='{"k":"${KEY}"}',
        status=200,
        response_body='{"id":"1"}',
    )
    finding = failure_of(made([RULE]), RULE)[1].model_copy(
        update={"steps": [step], "variables": ["KEY", "USER", "PASS"]}
    )
    from ..apps import Recorder

    app = Recorder()
    done = repeat(
        finding, "http://127.0.0.1:9", {"KEY": "k/1", "USER": "us", "PASS": "pw"}, transport=AsgiTransport(app)
    )
    assert done.outcome == "shows again"
    (asked,) = app.asked
    assert (asked["query"], asked["headers"]["x"], asked["body"]) == ("k=k%2F1", "a k/1", b'{"k":"k/1"}')
    assert asked["headers"]["authorization"] == "Basic dXM6cHc="


def test_an_unknown_rule_is_reported_with_the_known_ones(report: Report) -> None:
    with pytest.raises(RepeatError, match=f"it has: .*{LABEL}"):
        failure_of(report, "cn-dsp-2023/99")


# --- the command
# -------------------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_result_and_sets_the_exit_code(
    report: Report, tmp_path: Path, broken: str, lawful: str
) -> None:
    path = tmp_path / "report.json"
    report.write(path)
    remember(path.read_bytes())

    def run(*arguments: str) -> Any:
        return shenhe("replay", str(path), *arguments)

    # The report was made in process, so that it names no place where the provider is.
    assert base_of(failure_of(report, RULE)[1]) == "http://in-process"
    assert run("--rule", RULE).exit_code == 2
    assert run("--rule", RULE, "--base-url", broken).exit_code == 1
    mended = run("--rule", RULE, "--base-url", lawful)
    assert mended.exit_code == 0
    assert "≠" in mended.stdout
    assert "no longer shows" in mended.stdout
    told = run("--rule", LABEL, "--base-url", lawful, "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["outcome"] == "cannot tell"


def test_with_a_binding_the_check_runs_again(report: Report, tmp_path: Path, broken: str, lawful: str) -> None:
    path, binding = tmp_path / "report.json", tmp_path / "binding.yaml"
    report.write(path)
    binding.write_text(sample_binding().read_text(encoding="utf-8"), encoding="utf-8")
    for url, code, word in ((broken, 1, "fail"), (lawful, 0, "pass")):
        told = shenhe("replay", str(path), "--rule", LABEL, "--binding", str(binding), "--base-url", url)
        assert told.exit_code == code, told.output
        assert told.stdout.startswith(f"{word}: {LABEL}")
