"""What providers fear and believe: the formulas against enumeration, and beliefs against what happens."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest

from shenhe.simulator.kernel.draws import compiled
from shenhe.simulator.kernel.formulas import (
    complaint_chance,
    cost_ahead,
    obeying_days,
    reach_of,
    repetition_weight,
    share_acted_on,
)
from shenhe.simulator.kernel.state import initial_state
from shenhe.simulator.kernel.tabulation import regimes
from shenhe.simulator.reference.world import World
from shenhe.simulator.validation.oracles import stripped


class Ladder(NamedTuple):
    """A short ladder as ``cost_ahead`` takes it, and who faces it."""

    fines: list[float]
    turnovers: list[float]
    days: list[float]
    closes: list[float]
    refusals: list[float]
    revenue: float
    closure: float
    rectifies: float
    repetition: float

    def feared(self, step: int, serious: float = 0.0, referral: float = 0.0) -> float:
        return cost_ahead(step, serious, referral, *self)


def random_ladder(generator: np.random.Generator, steps: int) -> Ladder:
    closes = [0.0] * (steps - 1) + [float(generator.random() < 0.5)]
    return Ladder(
        generator.uniform(0, 1e5, steps).tolist(),
        generator.uniform(0, 0.05, steps).tolist(),
        generator.uniform(0, 60, steps).tolist(),
        closes,
        generator.uniform(0, 1, steps).tolist(),
        float(generator.uniform(0, 1e7)),
        float(generator.uniform(0, 1e7)),
        float(generator.random()),
        float(generator.uniform(0, 0.6)),
    )


def enumerated_bundle(ladder: Ladder, step: int) -> float:
    """The expected cost of one case that begins at ``step``: every sequence of orders met and refused."""
    last = len(ladder.fines) - 1
    total = 0.0
    for refused in range(last - step + 1):
        # Exactly so many orders in a row are refused, the next one is met or there is none.
        climbed = range(step, step + refused + 1)
        chance, discount, cost, closed = 1.0, 1.0, 0.0, False
        for s in climbed:
            if closed:
                chance = 0.0
            cost += discount * (
                max(ladder.fines[s], ladder.turnovers[s] * ladder.revenue)
                + ladder.revenue / 365 * ladder.days[s]
                + (ladder.closure if ladder.closes[s] else 0.0)
            )
            closed = closed or ladder.closes[s] > 0
            if s < climbed[-1]:
                chance *= 1 - ladder.rectifies
                discount *= ladder.refusals[s]
        if climbed[-1] < last and not closed:
            chance *= ladder.rectifies
        total += chance * cost
    return total


def enumerated_record(ladder: Ladder, step: int, sanctions: int) -> float:
    """The cost of a case and of its record: the difference between two streams of later sanctions, one step apart."""
    last = len(ladder.fines) - 1
    costs = [enumerated_bundle(ladder, s) for s in range(last + 1)]
    after = [costs[min(step + 1 + n, last)] for n in range(sanctions)]
    without = [costs[min(step + n, last)] for n in range(sanctions)]
    weights = [ladder.repetition ** (n + 1) for n in range(sanctions)]
    return costs[step] + sum(w * (a - b) for w, a, b in zip(weights, after, without, strict=True))


def test_cost_ahead_equals_enumeration_of_the_ladder() -> None:
    generator = np.random.default_rng(5)
    for steps, _ in itertools.product(range(1, 6), range(60)):
        ladder = random_ladder(generator, steps)
        for step in range(steps):
            expected = enumerated_record(ladder, step, 200)
            assert ladder.feared(step) == pytest.approx(expected, rel=1e-9)
            graver = enumerated_record(ladder, min(step + 1, steps - 1), 200)
            mixed = 0.7 * expected + 0.3 * graver + 0.3 * 0.1 * ladder.closure
            assert ladder.feared(step, 0.3, 0.1) == pytest.approx(mixed, rel=1e-9)


def test_a_harsher_ladder_is_never_feared_less() -> None:
    generator = np.random.default_rng(6)
    for _ in range(300):
        ladder = random_ladder(generator, 4)
        step, place, more = (
            int(generator.integers(0, 4)),
            int(generator.integers(0, 4)),
            float(generator.uniform(0, 1e5)),
        )
        harsher = ladder.fines.copy()
        harsher[place] += more
        assert ladder._replace(fines=harsher).feared(step) >= ladder.feared(step)
        assert ladder._replace(closure=ladder.closure + more).feared(step) >= ladder.feared(step)
        assert ladder._replace(rectifies=ladder.rectifies / 2).feared(step) >= ladder.feared(step)


def test_closure_frightens_at_least_as_much_as_a_suspension() -> None:
    nothing = [0.0]
    for years in (0.5, 5.0):
        closed = Ladder(nothing, nothing, nothing, [1.0], nothing, 1e6, years * 1e6, 1.0, 0.3)
        suspended = Ladder(nothing, nothing, [60.0], nothing, nothing, 1e6, years * 1e6, 1.0, 0.3)
        assert closed.feared(0) > suspended.feared(0) > 0


def test_a_ladder_that_opens_with_warnings_deters_those_who_look_ahead() -> None:
    zeros = [0.0, 0.0, 0.0]
    ladder = Ladder([0.0, 0.0, 9e4], zeros, zeros, zeros, [1.0, 1.0, 0.0], 1e5, 0.0, 0.8, 0.5)
    assert ladder.feared(0) > 0
    assert ladder._replace(rectifies=1.0, repetition=0.0).feared(0) == 0


def test_the_weight_of_the_next_sanction_is_the_laplace_transform_of_its_time() -> None:
    generator = np.random.default_rng(7)
    rate, discount, memory = 0.01, 0.0005, 540.0
    sanction, lapse = generator.exponential(1 / rate, 400_000), generator.exponential(memory, 400_000)
    simulated = np.where(sanction < lapse, np.exp(-discount * sanction), 0.0).mean()
    assert repetition_weight(rate, discount, memory) == pytest.approx(simulated, rel=5e-3)


def test_reach_has_its_mean_and_stays_below_one() -> None:
    generator = np.random.default_rng(8)
    drawn = [reach_of(0.02, 1.0, *generator.random(2).tolist()) for _ in range(100_000)]
    assert np.mean(drawn) == pytest.approx(0.02, rel=0.03)
    assert max(reach_of(0.9, 2.0, *generator.random(2).tolist()) for _ in range(1000)) == 1.0
    assert reach_of(0.4, 0.0, 0.3, 0.3) == pytest.approx(0.4)


def test_complaints_rise_with_the_audience_and_saturate() -> None:
    assert complaint_chance(0.2, 5e6, 0.0, 1.0) == 0.2
    assert complaint_chance(0.2, 1000.0, 1000.0, 0.5) == pytest.approx(0.2)
    assert complaint_chance(0.2, 2000.0, 1000.0, 1.0) == pytest.approx(1 - 0.8**2)
    assert complaint_chance(0.2, 4000.0, 1000.0, 0.5) == pytest.approx(1 - 0.8**2)
    assert complaint_chance(0.2, 1e12, 1000.0, 0.5) == pytest.approx(1.0)
    assert complaint_chance(0.2, 0.0, 1000.0, 0.5) == 0.0


def test_a_store_obeys_at_the_least_expected_cost() -> None:
    for days, limit, fine, hurry in itertools.product((1.0, 3.0), (0.5, 1.0, 3.0, 10.0), (1e4, 1e6), (1e3, 2e4)):

        def cost(
            mean: float, limit: float = limit, fine: float = fine, days: float = days, hurry: float = hurry
        ) -> float:
            return (days / mean - 1) * hurry + fine / math.expm1(limit / mean)

        chosen = obeying_days(days, limit, fine, hurry)
        assert cost(chosen) <= min(cost(days * k / 400) for k in range(20, 401)) * (1 + 1e-6)


def test_a_tighter_limit_or_a_higher_fine_never_makes_a_store_slower() -> None:
    limits = [obeying_days(3.0, limit, 1e5, 2e4) for limit in (0.1, 0.5, 1, 3, 10, 100)]
    assert limits == sorted(limits)
    assert limits[0] < limits[-1] <= 3.0
    fines = [obeying_days(3.0, 3.0, fine, 2e4) for fine in (0.0, 1e3, 1e4, 1e5, 1e6)]
    assert fines == sorted(fines, reverse=True)
    assert obeying_days(3.0, 1.0, 1e5, 0.0) == 3.0


def test_the_share_acted_on_is_a_mean_that_forgets() -> None:
    assert share_acted_on(0.2, 0.0, 0.0, 50.0, 100.0) == 0.2
    assert share_acted_on(0.2, 300.0, 1000.0, 0.0, 100.0) == pytest.approx(0.3, abs=1e-3)
    assert share_acted_on(0.2, 300.0, 1000.0, 5000.0, 100.0) == pytest.approx(0.2, abs=1e-6)


def learned(model: str, chance: float, **response: float) -> float:
    """The mean belief at the end where each breach is sanctioned with probability ``chance`` at once."""
    scenario = stripped(
        {
            "horizon": 3000.0,
            "population": {"providers": 150, "classes": [{"name": "all", "compliance": {"labeling": 0.5}}]},
            "behaviours": [{"name": "labeling", "rate": 8.0, "complained": chance, "lifetime": 5.0}],
            "response": {"model": model, "initial_belief": 0.2, "memory": 540.0, **response},
            "policy": {"detection": {"complaints_taken_up": 1.0}},
        }
    )
    numbers, draws = regimes(scenario), compiled().for_python()
    world = World(initial_state(scenario, numbers[0][1], draws, 3), numbers, draws, 3, keep_log=False)
    world.start()
    world.env.run(until=scenario.horizon)
    return float(np.mean([world.deterrence.belief(p, 0) for p in range(numbers[0][1].providers)]))


@pytest.mark.parametrize("peer_weight", [0.0, 0.5, 1.0])
def test_belief_vanishes_without_enforcement(peer_weight: float) -> None:
    assert learned("adaptive", 0.0, own_weight=0.3, peer_weight=peer_weight) < 0.002


@pytest.mark.parametrize("chance", [0.1, 0.4])
def test_belief_comes_near_the_realised_hazard(chance: float) -> None:
    belief = learned("adaptive", chance, own_weight=0.1, peer_weight=0.5)
    assert belief == pytest.approx(chance, abs=0.05)


def test_fixed_belief_knows_no_impunity() -> None:
    assert learned("fixed", 0.0, own_weight=0.3, peer_weight=0.5) == pytest.approx(0.2)
