"""A failure counts once it is seen again; what repetitions and other cases say of it decides the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.checks import all_checks
from shenhe.conformance.checks.outcome import Case, NeedsReview, Violation
from shenhe.conformance.checks.registry import REGISTRY
from shenhe.conformance.engine.probing.probe import Probe
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import CheckResult
from shenhe.sample import create_app, sample_binding

from .stubs import ON

NAME = "text_output_is_labelled"
SEEN = "no label"


def judged(monkeypatch: pytest.MonkeyPatch, judge: Callable[[str, int], None], *, waits: bool = False) -> CheckResult:
    """What a check gets whose property is called with the facet of a case and how often that was judged before."""
    calls: dict[str, int] = {}

    def property_of(probe: Probe, case: Case) -> None:
        probe.counts.sent += 1
        times = calls[case.facet] = calls.get(case.facet, -1) + 1
        judge(case.facet, times)

    def cases(capabilities: object) -> Iterator[Case]:
        return iter([Case("one"), Case("two")])

    all_checks()
    check = replace(REGISTRY[NAME], judge=property_of, cases=cases, strategy=None, machine=None, waits=waits)
    monkeypatch.setitem(REGISTRY, NAME, check)
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, rules=list(check.rules))
    return next(each for each in report.checks if each.name == NAME)


def test_what_is_seen_again_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(facet: str, times: int) -> None:
        raise Violation(SEEN)

    assert judged(monkeypatch, always).verdict == "fail"


def test_what_one_case_shows_and_no_repetition_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(facet: str, times: int) -> None:
        if facet == "one" and times == 0:
            raise Violation(SEEN)

    found = judged(monkeypatch, once)
    assert (found.verdict, found.reason) == ("inconclusive", f"seen once and not again when repeated: {SEEN}")


def test_what_two_cases_show_fails_although_no_repetition_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def every_second_time(facet: str, times: int) -> None:
        if times == 0:
            raise Violation(SEEN)

    found = judged(monkeypatch, every_second_time)
    assert (found.verdict, found.reason) == ("fail", f"seen in two cases, and not each time: {SEEN}")


def test_two_cases_may_both_have_been_looked_at_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def every_second_time(facet: str, times: int) -> None:
        if times == 0:
            raise Violation(SEEN)

    assert judged(monkeypatch, every_second_time, waits=True).verdict == "inconclusive"


def test_what_a_repetition_leaves_to_a_person_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def near_the_limit(facet: str, times: int) -> None:
        if facet == "one" and times == 0:
            raise Violation(SEEN)
        if facet == "one":
            raise NeedsReview("too close to the limit")

    found = judged(monkeypatch, near_the_limit)
    assert (found.verdict, found.reason) == ("inconclusive", f"seen once and left to a person when repeated: {SEEN}")


def test_what_a_repetition_leaves_to_a_person_is_repeated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def near_the_limit(facet: str, times: int) -> None:
        if facet == "two":
            return
        if times in (1, 2, 3):
            raise NeedsReview("too close to the limit")
        raise Violation(SEEN)

    assert judged(monkeypatch, near_the_limit).verdict == "fail"


def test_measurements_that_differ_show_the_same_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured_once_a_case(facet: str, times: int) -> None:
        if times == 0:
            raise Violation(f"the label measures {3.8 if facet == 'one' else 4} % of the shortest side")

    assert judged(monkeypatch, measured_once_a_case).verdict == "fail"


def test_different_faults_of_two_cases_are_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def another_each_time(facet: str, times: int) -> None:
        if times == 0:
            raise Violation("no label" if facet == "one" else "no producer")

    assert judged(monkeypatch, another_each_time).verdict == "inconclusive"


def test_the_last_repetition_has_the_accounts_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused to who asks once, and given to who asks twice, was seen in one case and never again."""
    asked: set[str] = set()

    def given_to_who_asks_twice(probe: Probe, case: Case) -> None:
        probe.counts.sent += 1
        account = probe.once("who asks", probe.fresh_account).id
        if account in asked:
            raise Violation(SEEN)
        asked.add(account)

    all_checks()
    check = replace(
        REGISTRY[NAME],
        judge=given_to_who_asks_twice,
        cases=lambda capabilities: iter([Case("one"), Case("one")]),
        strategy=None,
        machine=None,
    )
    monkeypatch.setitem(REGISTRY, NAME, check)
    with load_binding(sample_binding(), environ={}).connect(transport=AsgiTransport(create_app())) as provider:
        report = run_checks(provider, on=ON, examples=0, rules=list(check.rules))
    found = next(each for each in report.checks if each.name == NAME)
    assert (found.verdict, found.reason) == ("fail", SEEN)
