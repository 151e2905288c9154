"""Checks of the law of 2026: companions, withdrawal, origin, and the rules of other countries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.provider import Operation
from shenhe.conformance.report import Report
from shenhe.conformance.verdict import Level
from shenhe.rulebook import load_rulebook
from shenhe.sample import FAULTS, create_app, sample_binding

from ...sample.of_platforms import OF_CODES, OF_PLATFORMS, OF_SUPPORTERS
from ...sample.one_of_several import ONE_OF_SEVERAL
from ...sample.test_faults import IN_A_HEADER, NOT_ON_THE_TOUR
from ...sampling import drawn

ON = date(2026, 9, 1)
#: The rules that the checks of these modules decide.
RULES = (
    "cn-anthropomorphic-2026/*",
    "cn-genai-2023/10.1",
    "cn-pipl/47",
    "us-states/ca-sb942.detection-tool",
    "eu-ai-act-50/code-1.1",
)


def run(
    faults: Iterable[str] = (),
    *,
    rules: Sequence[str] | None = RULES,
    packs: Sequence[str] | None = None,
    variant: str | None = None,
    level: Level = Level.EXTENDED,
    on: date = ON,
    declares: Mapping[str, Any] | None = None,
    lacks: Iterable[Operation] = (),
) -> Report:
    """A run against the sample; ``declares`` and ``lacks`` change what its binding says."""
    app = create_app(faults=faults, variants=[variant] if variant else ())
    with load_binding(sample_binding(variant), environ={}).connect(transport=AsgiTransport(app)) as provider:
        declared = replace(provider.capabilities, **(declares or {}))
        provider._capabilities = replace(declared, operations=declared.operations - set(lacks))
        return run_checks(provider, on=on, level=level, examples=0, rules=rules, packs=packs)


def verdicts(report: Report) -> dict[str, str]:
    return {rule.rule: rule.verdict for rule in report.rules}


def broken(report: Report) -> set[str]:
    return {rule for rule, verdict in verdicts(report).items() if verdict in {"fail", "review"}}


def check(report: Report, name: str) -> tuple[str, str]:
    return next((each.verdict, each.reason) for each in report.checks if each.name == name)


@pytest.mark.parametrize("variant", drawn(1, [None, "companion-speaks-for-itself", "companion-begins-anew"]))
@pytest.mark.costly
def test_lawful_companion_passes_everything(variant: str | None) -> None:
    report = run(variant=variant)
    assert set(verdicts(report).values()) == {"pass"}
    assert {
        f"cn-anthropomorphic-2026/{article}" for article in ("13.1", "14.1", "14.2", "16.2", "18.2", "18.4", "19")
    } <= {rule.rule for rule in report.rules}


@pytest.mark.parametrize(
    "name",
    drawn(3, sorted(NOT_ON_THE_TOUR.difference(IN_A_HEADER, ONE_OF_SEVERAL, OF_PLATFORMS, OF_SUPPORTERS, OF_CODES))),
)
@pytest.mark.costly
def test_fault_breaks_exactly_its_rules(name: str) -> None:
    report = run([name])
    assert broken(report) == load_rulebook().decided_too(FAULTS[name].rules, report.packs, ON)
    assert not any(each.verdict == "error" for each in report.checks)


@pytest.mark.costly
def test_crisis_and_withdrawal_are_left_to_a_person() -> None:
    found = verdicts(run(["companion-crisis-played-down", "withdrawal-deletes-nothing"]))
    assert found["cn-anthropomorphic-2026/13.1"] == "review"
    assert found["cn-pipl/47"] == "review"


@pytest.mark.costly
def test_companion_rules_bind_companions_only() -> None:
    report = run(rules=None, declares={"traits": {}}, level=Level.CORE)
    assert not any(rule.rule.startswith("cn-anthropomorphic-2026/") for rule in report.rules)
    assert "cn-anthropomorphic-2026" not in report.packs


@pytest.mark.costly
def test_companion_rules_bind_from_their_first_day() -> None:
    day_before = run(rules=None, on=date(2026, 7, 14), level=Level.CORE)
    assert "cn-anthropomorphic-2026" not in day_before.packs


@pytest.mark.costly
def test_without_a_clock_the_reminder_is_left_to_a_person() -> None:
    verdict, reason = check(run(lacks=[Operation.ADVANCE_CLOCK]), "companion_reminds_of_the_time")
    assert verdict == "review"
    assert "the provider has no operation advance_clock" in reason


def test_without_ages_the_minors_rules_are_inconclusive_and_name_the_line() -> None:
    verdict, reason = check(run(declares={"ages_named": False}), "minors_get_no_intimate_persona")
    assert verdict == "inconclusive"
    assert "profile.birth_date" in reason
    assert "operations.register" in reason


@pytest.mark.costly
def test_without_a_crisis_marker_no_crisis_is_sent() -> None:
    markers = {"unlawful": "[test: unlawful]"}
    verdict, reason = check(run(declares={"markers": markers}), "somebody_in_crisis_is_urged_to_seek_help")
    assert verdict == "inconclusive"
    assert "markers.crisis" in reason


def test_threshold_of_users_leaves_a_breach_to_a_person_until_it_is_gone() -> None:
    """The verification tool bound only large providers until SB 1000 took the threshold away on 2026-09-30."""
    tool = "us-states/ca-sb942.detection-tool"
    assert verdicts(run(["origin-claims-everything"], rules=[tool], on=date(2026, 9, 29)))[tool] == "review"
    assert verdicts(run(["origin-claims-everything"], rules=[tool], on=date(2026, 9, 30)))[tool] == "fail"


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        (None, set()),
        ("intimate-image-after-72-hours", {"in-2026/intimate-2h"}),
        ("upload-strips-labels", {"in-2026/no-removal"}),
        ("report-without-receipt", {"in-2026/acknowledge"}),
        ("chat-undisclosed", {"kr-2026/31.1", "vn-2026/11.1"}),
    ],
)
@pytest.mark.costly
def test_rules_of_other_countries_are_decided(fault: str | None, rules: set[str]) -> None:
    faults = [fault] if fault else []
    report = run(faults, rules=None, packs=["in-2026", "kr-2026", "vn-2026"])
    assert broken(report) == rules
    assert len(report.rules) >= 8


@pytest.mark.parametrize(
    "name",
    drawn(
        1,
        [
            "film-label-in-the-middle",
            "film-label-faint",
            "scene-label-in-the-middle",
            "scene-label-faint",
            "scene-label-small",
        ],
    ),
)
def test_form_of_labels_in_films_and_scenes(name: str) -> None:
    pytest.importorskip("rapidocr")
    report = run([name], rules=["cn-labeling-2025/gb-5.4.*", "cn-labeling-2025/gb-5.5.*"], level=Level.FULL)
    assert broken(report) == FAULTS[name].rules
