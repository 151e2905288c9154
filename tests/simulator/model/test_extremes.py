"""The ends of what a scenario may say: every formula stays finite there, and every lever is run or refused in words."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.compiled.machine.cache import caching
from shenhe.simulator.kernel import formulas
from shenhe.simulator.kernel.sameness import differing_fields
from shenhe.simulator.kernel.table import Floats
from shenhe.simulator.reference.engine import replicate
from shenhe.simulator.scenario.schema import MAX_OCCASIONS
from shenhe.simulator.scenario.values import LARGEST, MOST_USERS, SMALLEST, ScenarioError

from ...sampling import one_in

Strategy = st.SearchStrategy[Any]

QUANTITY = st.one_of(
    st.sampled_from([0.0, SMALLEST, 1.0, LARGEST]),
    st.floats(0, LARGEST).map(lambda value: value if value >= SMALLEST else 0.0),
)
POSITIVE = QUANTITY.map(lambda value: value or SMALLEST)
WIDE = st.one_of(QUANTITY, st.floats(0, 1e60), st.just(1e60))
"""Products of a few quantities, as the engines make them: revenue, what closure costs, rates of all behaviours."""
SHARE = st.one_of(st.sampled_from([0.0, 5e-324, 2.2e-242, 1 - 2**-53, 1.0]), st.floats(0, 1))
UNIFORM = st.integers(0, 2**52 - 1).map(lambda number: (number + 0.5) * 2.0**-52)
SPREAD = st.floats(0, 5)
TIME = st.floats(0, 36_500)
COUNT = st.one_of(st.sampled_from([0, 1, 1_000_000]), st.integers(0, 1_000_000))
FLAG = st.booleans()


@st.composite
def ladders(draw: Callable[[Strategy], Any]) -> tuple[Any, ...]:
    steps = draw(st.integers(1, 16))

    def column(each: Strategy) -> Floats:
        values: list[float] = draw(st.lists(each, min_size=steps, max_size=steps))
        return np.array(values)

    closes = column(st.sampled_from([0.0, 1.0]))
    columns = (column(QUANTITY), column(SHARE), column(QUANTITY), closes, column(SHARE))
    numbers = (draw(WIDE), draw(WIDE), draw(SHARE), draw(SHARE))
    return (draw(st.integers(0, steps - 1)), draw(SHARE), draw(SHARE), *columns, *numbers)


@st.composite
def ranges(draw: Callable[[Strategy], Any]) -> tuple[float, float]:
    """The ends of a fine: rising, neighbours among them."""
    low = draw(POSITIVE)
    high = draw(st.one_of(POSITIVE, st.just(math.nextafter(low, math.inf))))
    return min(low, high), max(low, high)


ARGUMENTS: dict[str, Strategy] = {
    "users_of": st.tuples(POSITIVE, SPREAD, UNIFORM, UNIFORM),
    "strikes_remembered": st.tuples(COUNT, TIME, POSITIVE),
    "belief_remembered": st.tuples(SHARE, SHARE, TIME, POSITIVE),
    "belief_raised": st.tuples(SHARE, SHARE),
    "mean_fine": ranges(),
    "belief_lowered": st.tuples(SHARE, SHARE),
    "belief_beside": st.tuples(SHARE, st.floats(-1, 1), TIME, POSITIVE),
    "share_acted_on": st.tuples(SHARE, QUANTITY, QUANTITY, TIME, POSITIVE),
    "repetition_weight": st.tuples(WIDE, st.floats(1 / (LARGEST * 365), 1 / (SMALLEST * 365)), POSITIVE),
    "cost_ahead": ladders(),
    "reach_of": st.tuples(st.floats(SMALLEST, 1), SPREAD, UNIFORM, UNIFORM),
    "complaint_chance": st.tuples(SHARE, WIDE, QUANTITY, st.floats(SMALLEST, 1)),
    "obeying_days": st.tuples(QUANTITY, QUANTITY, QUANTITY, QUANTITY),
    "violation_chance": st.tuples(SHARE, SHARE, WIDE, POSITIVE),
    "fine_amount": st.tuples(UNIFORM, ranges(), SHARE, WIDE).map(lambda a: (a[0], *a[1], *a[2:])),
    "compliance_after_rectification": st.tuples(SHARE, SHARE),
    "inspection_chance": st.tuples(QUANTITY, QUANTITY, QUANTITY, COUNT, COUNT, QUANTITY),
    "step_on_ladder": st.tuples(COUNT, FLAG, st.integers(1, 16)),
    "inspection_emphasis": st.tuples(QUANTITY, COUNT, QUANTITY, COUNT, QUANTITY, SHARE),
    "complies_looking_ahead": st.tuples(FLAG, WIDE, *[QUANTITY] * 2, *[WIDE] * 2, QUANTITY, QUANTITY),
    "certificate_counts": st.tuples(COUNT, TIME, QUANTITY),
    "best_effort": st.tuples(SHARE, WIDE, WIDE, QUANTITY),
    "compliance_at": st.tuples(SHARE, SHARE, SHARE),
    "filter_strictness": st.tuples(WIDE, QUANTITY),
    "misuse_chance": st.tuples(SHARE, st.floats(1, 1000), FLAG),
    "fine_for_all": st.tuples(WIDE, QUANTITY, COUNT),
    "whole_steps": st.tuples(st.one_of(WIDE, st.just(math.inf)), st.sampled_from([0.0, 1.0, 7.0])),
    "cases_affordable": st.tuples(st.one_of(WIDE, st.just(math.inf)), QUANTITY, st.integers(-100, 100_000)),
    "outlays": st.tuples(WIDE, WIDE, WIDE, WIDE, TIME),
    "next_publication": st.tuples(TIME, POSITIVE),
}
DENORMAL = st.one_of(st.sampled_from([0.0, 5e-324, 3.2e-270, 1e300]), st.floats(0, 1e300))
"""Numbers that no scenario admits, but that a policy in Python may pass to the formulas."""


@cache
def compiled(name: str) -> Callable[..., float]:
    """A formula as machine code, kept beside that of the engine: compiling takes longer than three hundred calls."""
    with caching() as cached:
        function: Callable[..., float] = numba.njit(cache=cached)(getattr(formulas, name))
    return function


def test_every_formula_is_tried() -> None:
    assert {name for name, _ in inspect.getmembers(formulas, inspect.isfunction)} == set(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@pytest.mark.costly
def test_a_formula_is_finite_and_the_same_in_both_engines(name: str) -> None:
    @given(arguments=ARGUMENTS[name])
    @settings(max_examples=300, deadline=None, database=None)
    def holds(arguments: tuple[Any, ...]) -> None:
        value = getattr(formulas, name)(*arguments)
        assert math.isfinite(value) or math.inf in arguments, (arguments, value)
        assert compiled(name)(*arguments) == value, arguments

    holds()


@given(st.tuples(DENORMAL, DENORMAL, DENORMAL, DENORMAL))
@settings(max_examples=300, deadline=None, database=None)
def test_obeying_takes_no_longer_than_without_a_limit_whatever_the_numbers(arguments: tuple[float, ...]) -> None:
    days = formulas.obeying_days(*arguments)
    assert 0.0 <= days <= arguments[0]
    assert compiled("obeying_days")(*arguments) == days


def test_a_ratio_too_small_for_a_float_makes_no_complaint() -> None:
    assert formulas.complaint_chance(0.5, 5e-324, 2.0, 1.0) == 0.0
    assert compiled("complaint_chance")(0.5, 5e-324, 2.0, 1.0) == 0.0


def test_a_vanishing_number_is_refused_in_words() -> None:
    with pytest.raises(ScenarioError, match=r"limit_days=.*: found 2\.19e-242, expected 0 or at least 1e-09"):
        load_scenario("cn-2023", {"policy.stores.limit_days": 2.19e-242})


@pytest.mark.parametrize(
    "path",
    [
        "response.review_days",
        "registry.publication_interval",
        "policy.stores.audit_days",
        "policy.stores.sweep_days",
        "public.rumours",
    ],
)
def test_endless_repetition_is_refused(path: str) -> None:
    value = LARGEST if path == "public.rumours" else SMALLEST
    with pytest.raises(ScenarioError, match="events per replication, expected at most 1e"):
        load_scenario("cn-2023", {path: value})


def test_more_users_than_people_are_refused_in_words() -> None:
    path = "population.classes.giant.users"
    with pytest.raises(
        ScenarioError, match=r"users=.*: found 1e\+15 users, expected at most 10,000,000,000: there are no"
    ):
        load_scenario("cn-2023", {path: 1e15})
    assert dict(load_scenario("cn-2023", {path: MOST_USERS}).parameters())[path] == MOST_USERS


def tiny(**changes: Any) -> Scenario:
    few = {
        "population.providers": 6,
        "population.arrivals": [[0, 1.0]],
        "horizon": 40.0,
        "policy.staff.inspectors": 2,
        "registry.reviewers": 2,
    }
    return load_scenario("cn-2023", {**few, **changes}, check_rules=False)


def _ends() -> Iterator[tuple[str, float]]:
    for path, value in tiny().parameters():
        if isinstance(value, float):
            yield from ((path, end) for end in (0.0, SMALLEST, LARGEST) if end != value)


@pytest.mark.parametrize("part", one_in(3, range(3)))
@pytest.mark.costly
def test_every_number_at_its_ends_is_run_or_refused_in_words(part: int) -> None:
    ran, refused = 0, 0
    for path, end in islice(_ends(), part, None, 3):
        try:
            scenario = tiny(**{path: end})
        except ScenarioError:
            refused += 1
            continue
        if scenario.expected_occasions > 20_000 or max(count for _, count in scenario._repetitions()) > 20_000:
            assert scenario.expected_occasions <= MAX_OCCASIONS
            continue
        replication = replicate(scenario, 1, 0)
        assert np.isfinite(replication.extras).all(), (path, end)
        assert np.isfinite([row[-1] for row in replication.rows]).all(), (path, end)
        assert np.isfinite([replication.backlog_area, replication.wait_total, replication.staff_cost]).all()
        ran += 1
    assert ran > 50
    assert refused > 33


def test_the_engines_agree_with_everything_at_its_largest() -> None:
    from shenhe.simulator.compiled import replicate as replicate_compiled

    ends = {
        "population.classes.giant.users": MOST_USERS,
        "population.classes.giant.revenue_per_user": LARGEST,
        "public.audience": LARGEST,
    }
    for path, end in ends.items():
        scenario = tiny(**{path: end, "policy.ladder.2.fine.turnover_share": 1.0, "horizon": 400.0})
        assert differing_fields(replicate(scenario, 1, 0), replicate_compiled(scenario, 1, 0)) == []
