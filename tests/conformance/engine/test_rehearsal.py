"""A plan says what a run will send, and sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from shenhe.cli.main import app
from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.rehearsal import Plan, StandIn, plan_of
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.provider import Capabilities, Operation, ReadyMade
from shenhe.sample import create_app, sample_binding

ON = date(2026, 9, 1)
OPTIONS: dict[str, Any] = {"level": "core", "examples": 5, "on": ON}


@pytest.fixture
def provider() -> Iterator[Any]:
    binding = load_binding(sample_binding(), environ={})
    with binding.connect(transport=AsgiTransport(create_app())) as connected:
        yield connected


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


def test_check_prints_a_plan_with_its_cost() -> None:
    result = CliRunner().invoke(
        app, ["check", "sample", "--rules", "cn-dsp-2023/14.2", "--plan", "--price", "0.5", "--json"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["cost"] == told["paid"] * 0.5 > 0


def test_a_cost_limit_needs_a_price() -> None:
    result = CliRunner().invoke(app, ["check", "sample", "--max-cost", "3"])
    assert result.exit_code == 2
    assert "--price" in result.output
