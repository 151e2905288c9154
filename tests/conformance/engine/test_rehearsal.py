"""A plan says what a run will send, and sends nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shenhe.cli import plan as plan_command
from shenhe.cli.main import app
from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.rehearsal import Plan, StandIn, plan_of
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.entities import Account, GenerationRequest, ReportRequest
from shenhe.conformance.provider import Accepted, Capabilities, Operation, ReadyMade, Refused
from shenhe.rulebook import Service
from shenhe.sample import create_app, sample_binding

from ...command_line import shenhe

ON = date(2026, 9, 1)
OPTIONS: dict[str, Any] = {"level": "core", "examples": 5, "on": ON}


@pytest.fixture
def provider() -> Iterator[Any]:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app())) as connected:
        yield connected


@pytest.mark.costly
def test_plan_is_close_to_what_a_run_sends(provider: Any) -> None:
    planned = plan_of(provider, provider.target, **OPTIONS)
    assert provider.requests == 0
    report = run_checks(provider, salt="plan", **OPTIONS)
    assert planned.requests == pytest.approx(report.summary.requests, rel=0.2)
    paid = sum(exchange.operation in ("generate", "edit") for exchange in provider.log)
    assert planned.paid == pytest.approx(paid, rel=0.2)


def test_plan_of_a_production_target_sends_nothing_to_it(provider: Any) -> None:
    production = provider.target.model_copy(update={"environment": "production"})
    assert plan_of(provider, production, **OPTIONS, rules=["cn-dsp-2023/9.1"]).requests > 0
    assert provider.requests == 0


def test_plan_counts_paid_calls() -> None:
    assert Plan({"generate": 3, "edit": 2, "publish": 5}).paid == 5
    assert Plan({"generate": 3, "edit": 2, "publish": 5}).requests == 10


def test_stand_in_takes_part_in_every_operation_but_those_of_moderators() -> None:
    missing = {each for each in Operation if not hasattr(StandIn, each.value)}
    assert missing == {Operation.UNPUBLISH, Operation.SHARE, Operation.DECIDE, Operation.DETECT}


def test_stand_in_believes_no_claim(provider: Any) -> None:
    capabilities = replace(Capabilities(frozenset()), operations=frozenset({Operation.PUBLISH}))
    stand_in = StandIn(ReadyMade(), capabilities, provider.target)
    assert stand_in.with_extra({"X-Verified": "true"}, {}) is stand_in


@pytest.mark.costly
def test_check_prints_a_plan_with_its_cost() -> None:
    result = CliRunner().invoke(
        app, ["check", "sample", "--rules", "cn-dsp-2023/14.2", "--plan", "--price", "0.5", "--json"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["cost"] == told["paid"] * 0.5 > 0


def test_a_plan_names_the_limits_that_it_reaches() -> None:
    words = ["check", "sample", "--rules", "cn-labeling-2025/gb-5.6", "--plan", "--price", "1", "--max-cost", "1"]
    words += ["--max-generations", "9"]
    assert json.loads(shenhe(*words, "--max-requests", "2", "--json").stdout)["limits_reached"] == [
        "--max-requests",
        "--max-cost",
    ]
    assert "--max-cost would end the run before that" in shenhe(*words).stdout


def test_a_cost_limit_needs_a_price() -> None:
    result = CliRunner().invoke(app, ["check", "sample", "--max-cost", "3"])
    assert result.exit_code == 2
    assert "--price" in result.output


PRICED = """\
target:
  {name: x, base_url: "http://127.0.0.1:9", environment: test, services: {text: [text/plain]}%s}
limits: {requests_per_second: 2}
accounts: {verified_adult: {id: a}}
operations: {generate: {path: /g, json: {prompt: "{{ request.prompt }}"}, extract: {id: id}, media: {text: text}}}
"""


@pytest.fixture
def priced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A binding in the working folder with more declarations of its target."""
    monkeypatch.chdir(tmp_path)

    def write(more: str) -> Path:
        path = tmp_path / "binding.yaml"
        path.write_text(PRICED % more)
        return path

    return write


def planned(path: Path, *words: str) -> dict[str, Any]:
    done = shenhe("check", path, "--plan", "--json", *words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_binding_declares_what_calls_cost_and_take(priced: Callable[[str], Path]) -> None:
    path = priced(", price: {generate: 0.25}, seconds: {generate: 4}")
    plan = planned(path)
    assert plan["cost"] == plan["paid"] * 0.25 > 0
    assert plan["seconds"] == pytest.approx(plan["paid"] * 4 + (plan["requests"] - plan["paid"]) * 0.2, abs=0.1)
    assert planned(path, "--price", "2")["cost"] == plan["paid"] * 2
    assert planned(path, "--workers", "64")["seconds"] == plan["requests"] / 2, "the rate limit binds"
    assert planned(priced(""))["cost"] is None


def test_a_plan_in_words_says_what_is_assumed(priced: Callable[[str], Path]) -> None:
    assert "declare target.price" in shenhe("check", priced(""), "--plan").stdout
    assert "declare target.seconds" in shenhe("check", priced(", price: 1"), "--plan").stdout
    told = shenhe("check", priced(", price: 1.5, seconds: 2"), "--plan").stdout
    assert "at 1.5 per paid call" in told
    assert "declare" not in told


@pytest.mark.parametrize(
    ("answer", "code", "refused"), [("y\n", 2, False), ("n\n", 1, True), ("", 1, True)], ids=["yes", "no", "nothing"]
)
def test_a_run_that_costs_more_asks_first(
    answer: str, code: int, refused: bool, priced: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens at the target: a run that is allowed ends with its own error, and asks for nothing before."""
    monkeypatch.setattr(plan_command, "_asks", lambda: True)
    done = shenhe("check", priced(", price: 10"), "--max-cost", "20", stdin=answer)
    assert "20 buys 2; run what it buys?" in done.stderr
    assert ("Aborted" in done.stderr) == refused
    assert (done.exit_code == 1) == refused


def test_a_run_without_a_terminal_says_what_it_leaves_out(priced: Callable[[str], Path]) -> None:
    done = shenhe("check", priced(", price: 10"), "--max-cost", "20")
    assert "only 2 are made" in done.stderr


def test_an_upheld_report_of_a_text_leaves_other_texts(provider: Any) -> None:
    account = Account("member")
    ready_made = ReadyMade(accounts={"member": account})
    stand_in = StandIn(ready_made, provider.capabilities, provider.target)
    texts = [GenerationRequest(Service.TEXT, "text/plain", "a lake") for _ in range(2)]
    made = [stand_in.generate(account, text).value for text in texts]
    titles = ["[test: unlawful]", "a lake"]
    reported, other = (stand_in.publish(account, *each).value for each in zip(made, titles, strict=True))
    stand_in.report(None, ReportRequest(reported, "unlawful", "a statement"))
    assert isinstance(stand_in.view(None, reported), Refused)
    assert isinstance(stand_in.view(None, other), Accepted)
