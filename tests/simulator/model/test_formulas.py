"""Each formula: its closed form, its limits, and the same bits from CPython and numba."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable

import numba
import numpy as np
import pytest

from shenhe.simulator.kernel import formulas

ARGUMENTS: dict[str, Callable[[np.random.Generator], tuple[float, ...]]] = {
    "users_of": (lambda r: (r.uniform(1, 1e6), r.uniform(0, 3), r.random() + 1e-9, r.random())),
    "strikes_remembered": (lambda r: (int(r.integers(0, 9)), r.uniform(0, 3000), r.uniform(1, 900))),
    "belief_remembered": (lambda r: (r.random(), r.random(), r.uniform(0, 1000), r.uniform(1, 900))),
    "belief_raised": (lambda r: (r.random(), r.random())),
    "mean_fine": (lambda r: (r.uniform(1, 9e4), r.uniform(9e4, 9e5))),
    "belief_lowered": (lambda r: (r.random(), r.random())),
    "belief_beside": (lambda r: (r.random(), r.uniform(-1, 1), r.uniform(0, 900), r.uniform(1, 900))),
    "share_acted_on": (lambda r: (r.random(), r.uniform(0, 9), r.uniform(9, 90), r.uniform(0, 900), r.uniform(1, 900))),
    "repetition_weight": (lambda r: (r.random(), r.random() * 0.01, r.uniform(1, 900))),
    "cost_ahead": (
        lambda r: (
            int(r.integers(0, 4)),
            r.random(),
            r.random(),
            *(r.uniform(0, 1e5, (3, 4)) * [[1.0], [1e-6], [1e-3]]),
            (r.random(4) < 0.2).astype(float),
            r.random(4),
            r.uniform(0, 1e8),
            r.uniform(0, 1e8),
            r.random(),
            r.random(),
        )
    ),
    "reach_of": (lambda r: (r.random(), r.uniform(0, 3), r.random(), r.random())),
    "complaint_chance": (lambda r: (r.random(), r.uniform(0, 1e7), r.choice([0.0, 1000.0]), r.uniform(0.1, 1))),
    "obeying_days": (lambda r: (r.uniform(0, 9), r.uniform(0, 9), r.uniform(0, 1e6), r.uniform(0, 1e6))),
    "violation_chance": (lambda r: (r.random(), r.random(), r.uniform(0, 1e6), r.uniform(1, 1e6))),
    "fine_amount": (
        lambda r: (r.random(), r.uniform(1, 9e4), r.uniform(9e4, 9e5), r.random() * 0.05, r.uniform(0, 1e8))
    ),
    "compliance_after_rectification": (lambda r: (r.random(), r.random())),
    "inspection_chance": (
        lambda r: (r.random(), r.uniform(1, 9), r.random(), int(r.integers(0, 9)), int(r.integers(0, 5)), r.random())
    ),
    "step_on_ladder": (lambda r: (int(r.integers(0, 9)), bool(r.integers(0, 2)), int(r.integers(1, 9)))),
    "inspection_emphasis": (
        lambda r: (
            r.uniform(0, 9),
            int(r.integers(0, 9)),
            r.random(),
            int(r.integers(0, 5)),
            r.uniform(0, 9),
            r.random(),
        )
    ),
    "complies_looking_ahead": (
        lambda r: (bool(r.integers(0, 2)), *r.uniform(0, 9, 5).tolist(), *r.uniform(0, 2, 2).tolist())
    ),
    "certificate_counts": (
        lambda r: (int(r.integers(0, 2)), r.uniform(0, 900), float(r.choice([0.0, r.uniform(1, 900)])))
    ),
    "best_effort": (lambda r: (r.random(), r.uniform(0, 1e6), r.uniform(0, 30), r.uniform(0, 1e7))),
    "compliance_at": (lambda r: (r.random(), r.random(), r.random())),
    "filter_strictness": (lambda r: (r.uniform(0, 1e6), r.uniform(0, 1e6))),
    "misuse_chance": (lambda r: (r.random(), r.uniform(1, 9), bool(r.integers(0, 2)))),
    "fine_for_all": (lambda r: (r.uniform(0, 1e6), r.uniform(0, 1e6), int(r.integers(0, 9)))),
    "whole_steps": (lambda r: (r.uniform(0, 4000), float(r.choice([0.0, 1.0, 7.0])))),
    "cases_affordable": (lambda r: (r.uniform(-1e4, 1e6), r.uniform(0, 1e5), int(r.integers(-3, 30)))),
    "outlays": (lambda r: (*r.uniform(0, 1e6, 4).tolist(), r.uniform(0, 900))),
    "next_publication": (lambda r: (r.uniform(0, 4000), r.uniform(1, 90))),
}


def test_every_formula_is_compared() -> None:
    names = {name for name, _ in inspect.getmembers(formulas, inspect.isfunction)}
    assert names == set(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_numba_gives_the_same_bits(name: str) -> None:
    function = getattr(formulas, name)
    compiled: Callable[..., float] = numba.njit(function)
    generator = np.random.default_rng(7)
    for _ in range(500):
        arguments = ARGUMENTS[name](generator)
        assert compiled(*arguments) == function(*arguments), arguments


def test_strikes_lapse_one_by_one() -> None:
    assert [formulas.strikes_remembered(3, since, 100.0) for since in (0, 99, 100, 250, 300, 9000)] == [
        3,
        3,
        2,
        1,
        0,
        0,
    ]
    assert formulas.strikes_remembered(0, 50.0, 100.0) == 0


def test_belief_fades_to_its_floor_and_rises_towards_one() -> None:
    assert formulas.belief_remembered(0.8, 0.1, 0.0, 100.0) == pytest.approx(0.8)
    assert formulas.belief_remembered(0.8, 0.1, 100.0, 100.0) == pytest.approx(0.1 + 0.7 / math.e)
    assert formulas.belief_raised(0.5, 0.4) == pytest.approx(0.7)
    assert formulas.belief_raised(1.0, 0.4) == 1.0


def test_deterrence_is_beckers() -> None:
    assert formulas.violation_chance(0.2, 0.0, 1e9, 1.0) == pytest.approx(0.8)
    assert formulas.violation_chance(0.0, 0.3, 50_000, 40_000) == pytest.approx(math.exp(-0.375))
    assert formulas.violation_chance(1.0, 0.0, 0.0, 1.0) == 0.0


def test_fines_stay_in_their_range_and_have_the_mean_of_a_log_uniform() -> None:
    uniforms = (np.arange(20_000) + 0.5) / 20_000
    fines = [formulas.fine_amount(float(u), 10_000, 100_000, 0.0, 0.0) for u in uniforms]
    assert min(fines) >= 10_000
    assert max(fines) <= 100_000
    assert np.mean(fines) == pytest.approx(90_000 / math.log(10), rel=1e-4)
    assert formulas.mean_fine(10_000, 100_000) == pytest.approx(90_000 / math.log(10))
    assert formulas.mean_fine(5.0, 5.0) == 5.0
    one = ([1000.0], [0.05], [10.0], [0.0], [0.0])
    assert formulas.cost_ahead(0, 0.0, 0.0, *one, 365_000.0, 0.0, 1.0, 0.0) == 18_250 + 10_000
    assert formulas.fine_amount(0.5, 10_000, 100_000, 0.05, 1e9) == 5e7


def test_next_publication_lies_ahead() -> None:
    assert formulas.next_publication(0.0, 61.0) == 61.0
    assert formulas.next_publication(61.0, 61.0) == 61.0
    assert formulas.next_publication(100.0, 61.0) == pytest.approx(22.0)


def test_a_clock_of_steps_rounds_up_and_knows_no_half_days() -> None:
    assert [formulas.whole_steps(delay, 1.0) for delay in (0.0, 0.2, 1.0, 1.1, 30.0)] == [0.0, 1.0, 1.0, 2.0, 30.0]
    assert [formulas.whole_steps(delay, 7.0) for delay in (0.0, 0.2, 7.0, 30.0)] == [0.0, 7.0, 7.0, 35.0]
    assert formulas.whole_steps(math.pi, 0.0) == math.pi
    assert formulas.whole_steps(math.inf, 1.0) == math.inf
    assert formulas.whole_steps(1e300, 7.0) == 1e300


def test_a_budget_pays_for_whole_cases_and_no_more_than_there_are_hands_for() -> None:
    assert [formulas.cases_affordable(left, 100.0, 3) for left in (-50.0, 0.0, 99.0, 100.0, 250.0, 900.0)] == [
        0,
        0,
        0,
        1,
        2,
        3,
    ]
    assert formulas.cases_affordable(0.0, 0.0, 3) == 3
    assert formulas.cases_affordable(1000.0, 100.0, -2) == -2  # more at work than there are posts: none is added


def test_outlays_count_the_revenue_of_days_without_service() -> None:
    assert formulas.outlays(10.0, 5.0, 1.0, 3650.0, 2.0) == 36.0


def test_effort_minimises_its_cost_and_expected_sanctions() -> None:
    belief, cost, breaches, effort_cost = 0.2, 50_000.0, 8.0, 60_000.0
    chosen = formulas.best_effort(belief, cost, breaches, effort_cost)

    def total(effort: float) -> float:
        return effort_cost * effort**2 + belief * cost * breaches * (1 - effort)

    assert 0 < chosen < 1
    assert total(chosen) <= min(total(k / 1000) for k in range(1001)) + 1e-9
    assert formulas.best_effort(belief, cost, breaches, 1.0) == 1.0
    assert formulas.best_effort(0.0, cost, breaches, effort_cost) == 0.0
    assert formulas.best_effort(belief, cost, breaches, 0.0) == 0.0


def test_neutral_formulas_change_no_bit() -> None:
    for base in (0.1, 0.3, 0.7, 1 / 3):
        assert formulas.compliance_at(base, 0.0, 1.0) == base
        assert formulas.misuse_chance(base, 1.0, False) == base
        assert formulas.misuse_chance(base, 9.0, True) == base
        assert formulas.fine_for_all(base, 0.0, 7) == base
    assert formulas.inspection_emphasis(1.0, 5, 0.0, 3, 1.0, 1.0) == 1.0
    assert formulas.filter_strictness(1e6, 0.0) == 0.0


def test_filters_are_stricter_the_more_is_feared() -> None:
    strict = [formulas.filter_strictness(expected, 10_000.0) for expected in (0, 100, 1_000, 1e5)]
    assert strict[0] == 0.0
    assert strict == sorted(strict)
    assert formulas.filter_strictness(10_000.0, 10_000.0) == pytest.approx(1 - 1 / math.e)
    assert strict[-1] < 1.0


def test_effort_and_failure_move_compliance() -> None:
    assert formulas.compliance_at(0.6, 0.5, 1.0) == pytest.approx(0.8)
    assert formulas.compliance_at(0.6, 0.5, 0.25) == pytest.approx(0.2)
    assert formulas.misuse_chance(0.6, 3.0, False) == pytest.approx(0.2)
