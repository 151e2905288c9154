"""``shenhe validate``: that its checks can fail, what it prints, and its page."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shenhe import scenarios
from shenhe.simulator.validation import literature, oracles
from shenhe.simulator.validation import suite as validation
from shenhe.simulator.validation.every_lever import ALL_PROPERTIES
from shenhe.simulator.validation.literature import (
    ArmResult,
    Escalation,
    Groups,
    Targeting,
    escalation,
    harrington,
    harrington_choice,
)
from shenhe.simulator.validation.suite import Check, Validation

from ..command_line import Done, shenhe
from ..simulator.mutants import MUTANTS

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


def test_erlang_b_against_known_values() -> None:
    assert oracles.erlang_b(1.0, 1) == pytest.approx(0.5)
    assert oracles.erlang_b(2.0, 2) == pytest.approx(0.4)


def test_a_single_source_never_waits_and_many_wait_like_an_open_queue() -> None:
    assert oracles.finite_source_wait(1, 1, 0.3, 2.0) == 0.0
    many = oracles.finite_source_wait(4000, 2, 1.5 / 4000, 1.0)
    assert many == pytest.approx(oracles.erlang_c_wait(1.5, 1.0, 2), rel=0.01)


@pytest.mark.parametrize(
    ("bound", "measured", "passed"),
    [
        *[("=", 3.0, True), ("=", 5.0, False), ("=", -5.0, False)],
        *[("<=", -50.0, True), ("<=", 5.0, False), (">=", 50.0, True), (">=", -5.0, False)],
    ],
)
def test_a_check_with_error_passes_within_four_of_them(bound: str, measured: float, passed: bool) -> None:
    assert Check("g", "n", "s", 0.0, measured, 1.0, bound).passed is passed


def test_a_check_without_error_is_exact() -> None:
    assert Check("g", "n", "s", 1.0, 1.0).passed
    assert not Check("g", "n", "s", 1.0, 1.0 + 1e-12).passed
    assert math.isnan(Check("g", "n", "s", 1.0, 1.0).z)


def test_nan_passes_no_check() -> None:
    assert not Check("g", "n", "s", 1.0, math.nan).passed
    assert not Check("g", "n", "s", 1.0, math.nan, 1.0).passed


def test_a_quick_validation_measures_again_what_it_cannot_show(monkeypatch: pytest.MonkeyPatch) -> None:
    prop = next(each for each in ALL_PROPERTIES if each.moves)
    efforts = []

    def measured(_: Any, seed: int, effort: float) -> SimpleNamespace:
        efforts.append(effort)
        return SimpleNamespace(away=-4.5 if effort == 1.0 else -2.8)

    monkeypatch.setattr(validation, "ALL_PROPERTIES", (prop,))
    monkeypatch.setattr(validation, "measured", measured)
    (check,) = validation.levers(1, 0.3)
    assert check.passed
    assert (efforts, check.expected) == ([0.3, 1.0], -validation.SURE)
    monkeypatch.setattr(validation, "measured", lambda *_: SimpleNamespace(away=-2.8))
    (check,) = validation.levers(1, 0.3)
    assert not check.passed


#: All levers together take minutes: `make test-all` tries them, `make test` every eleventh.
LEVERS = pytest.param(validation.levers, marks=pytest.mark.slow)


@pytest.mark.parametrize("first", [2])
@pytest.mark.costly
def test_a_sample_of_the_levers_moves_its_outcomes(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "ALL_PROPERTIES", validation.ALL_PROPERTIES[first::11])
    checks = list(validation.levers(11, validation.QUICK))
    assert len(checks) > 10
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    "property_of",
    [LEVERS if each is validation.levers else each for each in validation.METAMORPHOSES],
    ids=lambda each: each.__name__,
)
@pytest.mark.costly
def test_metamorphic_property(property_of: Any) -> None:
    checks = list(property_of(11, validation.QUICK))
    assert checks
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize("name", scenarios.names())
def test_laws_hold_for_shipped_scenario(name: str) -> None:
    assert validation.lawful(name, 5).measured == 0


def test_a_change_with_a_consequence_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The no-operation check does fail when the change has a consequence."""
    original = validation.small
    seen = []

    def meddled(name: str, changes: Any = None, providers: int = validation.PROVIDERS) -> Any:
        seen.append(changes)
        return original(name, {**changes, "policy.evidence.sensitivity": 0.85 - 0.5 * (len(seen) % 2)}, providers)

    monkeypatch.setattr(validation, "small", meddled)
    assert not all(check.passed for check in validation.no_operation(3, 1.0))


# -- Harrington


def test_choice_in_the_groups_follows_the_published_regimes() -> None:
    groups = Groups(first_fine=0.5)
    low, high = groups.first * groups.first_fine, groups.threshold
    assert harrington_choice(groups, 0.9 * low) == (True, True)
    assert harrington_choice(groups, 1.1 * low) == (False, True)
    assert harrington_choice(groups, 0.99 * high) == (False, True)
    assert harrington_choice(groups, 1.01 * high) == (False, False)


@pytest.mark.costly
def test_targeting_gains_over_random_inspections_at_equal_cost() -> None:
    checks = validation.targeting_checks(harrington(7, 0.3))
    assert [check for check in checks if not check.passed] == []
    gain = next(check for check in checks if "gain" in check.name and check.error > 0)
    assert gain.measured > 0.5


@pytest.mark.costly
def test_flat_fines_leave_more_harm_where_the_last_one_deters_and_less_where_it_is_paid() -> None:
    steep, mild = escalation(7, 0.4, 6.0), escalation(7, 0.4, 2.0)
    assert all(check.passed for check in validation.escalation_checks((steep,)))
    assert mild.increase[0] + 2 * mild.increase[1] < 0


def test_where_the_increase_is_the_published_one_lies_between_the_nearest_simulated() -> None:
    def at(steepness: float, increase: float) -> Escalation:
        return Escalation(steepness, 1e4, np.array([[1.0, 1.0], [1.0 + increase] * 2]), np.ones((2, 2)))

    curve = at(6.0, 2.64), at(1.0, 0.0), at(4.0, 0.64), at(2.0, -0.3)
    assert literature.steepness_of_published(curve) == pytest.approx(5.0)
    assert math.isnan(literature.steepness_of_published(curve[1:]))
    assert "+264% at 6" in validation.published_size(curve)


@pytest.mark.costly
def test_no_escalation_is_no_difference() -> None:
    """One fine against the flat fine that raises as much as it does: the same fine, within what chance raises."""
    same = escalation(7, 0.4, 1.0)
    assert same.flat_fine == pytest.approx(literature.FIRST_FINE, rel=0.15)
    assert abs(same.increase[0]) < 0.1


# -- the command and its page


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """One right closed form and nothing else that takes time."""
    monkeypatch.setattr(validation, "ORACLES", (reading(10.1),))
    monkeypatch.setattr(validation, "METAMORPHOSES", ())
    # Of the validation only: the engine looks for a scenario by its name when it is loaded.
    shipped = SimpleNamespace(**{**vars(validation.scenarios), "names": lambda: ["cn-2023"]})
    monkeypatch.setattr(validation, "scenarios", shipped)
    groups = Groups()
    nothing = ArmResult(np.zeros(4), np.zeros(4))
    expected = Targeting(groups, 30.0, (), (), (), nothing, nothing).expected(3.0)[0]
    right = np.full(4, expected) + np.array([-0.01, 0.01, 0.0, 0.002])
    cost = groups.inspections + np.array([0.01, -0.01, 0.02, -0.03])
    arms = tuple(ArmResult(each, cost) for each in (right, right, np.zeros(4)))
    randoms = tuple(ArmResult(np.full(4, level), cost + np.array([0.01, 0.0, 0.0, -0.02])) for level in (1.0, 0.0, 0.0))
    targeting = Targeting(groups, 30.0, (1.0, 3.0, 6.0), arms, randoms, nothing, ArmResult(right, cost))
    monkeypatch.setattr(validation, "harrington", lambda seed, effort: targeting)
    harm, fines = np.array([[10.0, 11, 9, 10], [25.0, 26, 24, 27]]), np.array([[5.0, 6, 4, 5], [5.0, 5, 6, 4]])
    monkeypatch.setattr(
        validation, "escalation", lambda seed, effort, steepness: Escalation(steepness, 1e4, harm, fines)
    )


def reading(measured: float) -> Any:
    return lambda seed, effort: oracles.Reading("right <b>", "a = a", 10.0, measured, 0.1)


def invoke(*arguments: str) -> Done:
    return shenhe("validate", *arguments)


@pytest.mark.usefixtures("tiny")
def test_exit_code_says_whether_a_check_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke().exit_code == 0
    monkeypatch.setattr(validation, "ORACLES", (reading(10.1), reading(11.0)))
    failing = invoke("--json")
    assert failing.exit_code == 1
    document = json.loads(failing.stdout)
    assert document["passed"] is False
    assert [row["passed"] for row in document["checks"] if row["group"] == validation.CLOSED] == [True, False]
    assert document["checks"][1]["z"] == pytest.approx(10.0)
    assert "FAILED" in invoke().stdout


@pytest.mark.usefixtures("tiny")
def test_the_page_lists_every_check_and_keeps_its_policy(tmp_path: Path) -> None:
    page = tmp_path / "validation.html"
    assert invoke("--out", str(page)).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "right &lt;b&gt;" in text
    assert "right <b>" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert 'id="harrington-data"' in text
    assert 'id="escalation-data"' in text
    assert "shenhe validate --seed 2023 --out validation.html" in text
    assert str(tmp_path) not in text


@pytest.mark.slow
def test_everything_passes_at_full_effort() -> None:
    found: Validation = validation.validate(2023)
    assert found.failed == ()
    assert len(found.checks) > 30


def test_the_page_counts_the_checks() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text(encoding="utf-8").splitlines()]
    counts = {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}
    whole = next(row[2] for row in rows if row[:1] == ["metamorphic"])
    assert counts["closed form"] == len(oracles.ORACLES)
    assert counts["law of every run"] == len(scenarios.names())
    assert whole.startswith(
        f"{len(ALL_PROPERTIES)} properties of levers, and {counts['metamorphic'] - len(ALL_PROPERTIES)}"
    )


def test_the_page_lists_every_mutant() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [mutant.name for mutant in MUTANTS if f"| {mutant.name} |" not in text] == []
