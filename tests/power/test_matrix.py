"""A sample of the kill matrix, small enough for every run of the tests; ``make power`` makes the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from shenhe.conformance.verdict import Level
from shenhe.sample import FAULTS
from shenhe.sample.faults.fault import Reach

from ..sampling import drawn, only
from . import matrix

#: One of each reach and of some behaviours, none of which needs pixels.
SAMPLED = (
    "consent-of-the-account",
    "page-cached",
    "text-unlabelled-in-parts",
    "filing-number-malformed",
)
SHOWN = {name: fault for name, fault in FAULTS.items() if name not in matrix.HIDDEN_BEHIND[None]}
DRAWN = [name for name, fault in SHOWN.items() if fault.reach is Reach.DRAWN]
SEQUENCES = [name for name, fault in SHOWN.items() if fault.reach is Reach.SEQUENCE]


def test_there_are_enough_of_each() -> None:
    assert len(FAULTS) >= 100
    assert len(SEQUENCES) >= 15
    assert len(DRAWN) >= 7


@pytest.mark.parametrize("name", drawn(1, SAMPLED))
@pytest.mark.costly
def test_a_fault_is_caught_by_exactly_its_rules(name: str) -> None:
    found = matrix.kill(name)
    assert found.exact, found


@pytest.mark.parametrize(
    "name", only(["named-account-publishes"], ["consent-of-the-account", "named-account-publishes"])
)
@pytest.mark.costly
def test_a_fault_is_caught_by_exactly_its_rules_of_a_draft(name: str) -> None:
    found = matrix.kill(name, packs=["cn-dsp-2022-draft"])
    assert found.exact, found
    assert all(rule.startswith("cn-dsp-2022-draft/") for rule in found.caught)


def test_packs_say_which_of_its_rules_a_fault_breaks() -> None:
    assert matrix.broken_rules("consent-borrowed") == {"cn-dsp-2023/14.2"}
    assert matrix.broken_rules("consent-borrowed", ["cn-dsp-2022-draft", "cn-pipl"]) == {"cn-dsp-2022-draft/12.2"}
    assert matrix.broken_rules("consent-for-any-scope", ["cn-pipl"]) == {"cn-pipl/14.2"}
    assert matrix.broken_rules("copies-survive", ["cn-dsp-2022-draft"]) == frozenset()


@pytest.mark.parametrize("name", only([name for name in DRAWN if name in SAMPLED], DRAWN))
def test_what_is_drawn_escapes_every_enumerated_case(name: str) -> None:
    report = matrix.examine([name], level=FAULTS[name].level, examples=0, rules=sorted(matrix.broken_rules(name)))
    assert matrix.failed(report) == frozenset()


@pytest.mark.parametrize("name", only([name for name in SEQUENCES if name in SAMPLED], SEQUENCES))
def test_a_sequence_takes_three_requests_and_more(name: str) -> None:
    report = matrix.examine([name], level=FAULTS[name].level, examples=4, rules=sorted(matrix.broken_rules(name)))
    findings = [check.finding for check in report.checks if check.finding is not None]
    assert findings
    for finding in findings:
        assert sum(step.method in ("POST", "DELETE") for step in finding.steps) >= 3, finding.steps


@pytest.mark.costly
def test_seeds_are_counted_and_tables_written(tmp_path: Path) -> None:
    power = matrix.measure(
        ["filing-number-missing"], ["phone-only"], levels=[Level.CORE], packs=["cn-dsp-2023"], seeds=2, workers=1
    )
    assert power.sound
    assert power.shares == {"filing-number-missing": 1.0}
    matrix.write(power, tmp_path)
    assert "filing-number-missing,extended,request,True" in (tmp_path / "power.csv").read_text(encoding="utf-8")
    assert "phone-only,core," in (tmp_path / "variants.csv").read_text(encoding="utf-8")
    assert "| phone-only | core |" in (tmp_path / "power.md").read_text(encoding="utf-8")
