"""A budget goes where it decides most rules, and the report names the rules that a larger one would decide."""

from __future__ import annotations

from dataclasses import replace

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.engine.budgeting import beyond_budget, by_worth
from shenhe.conformance.engine.probing.session import Bounds
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample import create_app, sample_binding

from ...factories import check, rule
from ...power.matrix import ON

RULES = ["cn-labeling-2025/4.1.1", "cn-dsp-2023/12.2", "cn-labeling-2025/8"]


def run(limit: int | None) -> Report:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        return run_checks(provider, on=ON, examples=3, salt="budget", rules=RULES, max_requests=limit)


def test_cheap_rules_are_decided_before_dear_ones() -> None:
    report = run(12)
    decided = {each.rule for each in report.rules if each.verdict == "pass"}
    assert {"cn-dsp-2023/12.2", "cn-labeling-2025/8"} <= decided
    assert report.stopped is not None
    assert set(report.stopped.rules) == {each.rule for each in report.rules} - decided
    assert report.stopped.rules


def test_order_does_not_change_what_a_whole_run_says() -> None:
    whole, limited = run(None), run(10_000)
    assert limited.stopped is None
    assert [(each.rule, each.verdict) for each in whole.rules] == [(each.rule, each.verdict) for each in limited.rules]


def test_a_bound_on_paid_calls_names_the_rules_that_a_larger_one_would_decide() -> None:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, salt="budget", rules=RULES, max_generations=3)
    assert report.stopped is not None
    assert report.stopped.reason == "3 generations were sent, the maximum of this run"
    assert report.stopped.rules == ["cn-labeling-2025/4.1.1"]
    assert {each.rule for each in report.rules if each.verdict == "pass"} == {"cn-dsp-2023/12.2", "cn-labeling-2025/8"}


def test_rules_that_share_outputs_come_before_one_that_shares_none() -> None:
    names = ["cn-labeling-2025/gb-5.6", "cn-labeling-2025/gb-e.b", "cn-labeling-2025/gb-e.c", "cn-labeling-2025/gb-e.j"]
    rules = {name: load_rulebook().rule(name) for name in names}
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        capabilities = replace(provider.capabilities, strength=1)
    core = [each for each in all_checks() if each.level is Level.CORE]
    tasks = [(number, each) for number, each in enumerate(core) if any(map(each.decides, rules.values()))]
    order = [each.name for _, each in by_worth(tasks, rules, capabilities, Bounds(generations=50))]
    assert order.index("implicit_label_has_prescribed_form") < order.index("conversation_discloses_ai")


def test_every_check_keeps_its_place_once() -> None:
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        capabilities = provider.capabilities
    tasks = list(enumerate(all_checks()))
    rules = {name: load_rulebook().rule(name) for name in RULES}
    assert sorted(number for number, _ in by_worth(tasks, rules, capabilities)) == [number for number, _ in tasks]


def test_rules_that_are_open_for_another_reason_are_not_promised() -> None:
    spent, unbound = "40 requests were sent", "not bound"
    results = [
        check("a", "inconclusive", "p/1", causes=[spent]),
        check("b", "inconclusive", "p/2", causes=[unbound]),
        check("c", "inconclusive", "p/1", "p/2", causes=[spent]),
    ]
    rules = [rule("p/1", "inconclusive", "a", "c"), rule("p/2", "inconclusive", "b", "c")]
    assert beyond_budget(rules, results, spent) == ["p/1"]
