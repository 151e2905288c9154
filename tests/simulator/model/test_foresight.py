"""Providers that look ahead to the group that a sanction would put them in: Harrington's best response."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from shenhe.simulator import simulate
from shenhe.simulator.kernel.formulas import complies_looking_ahead
from shenhe.simulator.validation.oracles import stripped

PAIRS = tuple(itertools.product((False, True), repeat=2))


def long_run_costs(
    choice: tuple[bool, bool],
    cost: float,
    rates: tuple[float, float],
    fines: tuple[float, float],
    release: float,
    discount: float,
) -> npt.NDArray[np.float64]:
    """Discounted cost of beginning in either group, for ever complying in the first and the second as ``choice``
    says.
    """
    out = 0.0 if choice[0] else rates[0]
    back = release if choice[1] else 0.0
    flows = [cost if complies else rate * fine for complies, rate, fine in zip(choice, rates, fines, strict=True)]
    return np.linalg.solve([[discount + out, -out], [-back, discount + back]], flows)


def test_one_that_looks_ahead_makes_the_best_of_the_two_groups() -> None:
    generator = np.random.default_rng(11)
    chosen = set()
    for _ in range(500):
        first_rate, release, discount = generator.uniform(0.1, 3.0, 3).tolist()
        rates = first_rate, first_rate * float(generator.uniform(1.0, 4.0))
        fine = float(generator.uniform(0.0, 2.0))
        fines = fine, fine + float(generator.uniform(0.0, 2.0))
        cost = float(generator.uniform(0.0, 2.0 * rates[1] * fines[1]))
        best = tuple(
            complies_looking_ahead(second, cost, *rates, *fines, release, discount) for second in (False, True)
        )
        values = {pair: long_run_costs(pair, cost, rates, fines, release, discount) for pair in PAIRS}
        assert (values[best] <= np.min(list(values.values()), axis=0) + 1e-9).all(), (
            cost,
            rates,
            fines,
            release,
            discount,
        )
        chosen.add(best)
    assert chosen == {(True, True), (False, True), (False, False)}


def two_groups(**changes: Any) -> Any:
    """Six inspections per year of the bad group, two of the good one, in which a breach is fined at the second sanction
    only.
    """
    return stripped(
        {
            "horizon": 3650.0,
            "population": {
                "providers": 20,
                "classes": [{"name": "all", "gain": changes.pop("gain", 40_000.0), "compliance": {"labeling": 0.0}}],
            },
            "behaviours": [{"name": "labeling", "rate": 12.0, "lifetime": 60.0}],
            "response": {"foresight": changes.pop("foresight", 0.0)},
            "policy": {
                "detection": {"inspection_rate": 2.0, "inspection_ceiling": 8.0},
                "targeting": {"group_weight": 3.0, "group_back": 0.3},
                "ladder": [
                    {"sanctions": ["order-to-rectify"], "penalty": "cn-penalties/genai-21", "deadline": 1.0},
                    {
                        "sanctions": ["order-to-rectify", "fine"],
                        "penalty": "cn-penalties/genai-21",
                        "deadline": 1.0,
                        "fine": {"low": 100_000.0, "high": 100_000.0},
                    },
                ],
            },
            **changes,
        }
    )


def test_in_the_middle_it_violates_in_the_good_group_and_complies_in_the_bad_one() -> None:
    """A year of compliance costs 480,000 RMB; violating in the bad group 6 fines a year at most, 600,000."""
    blind = simulate(two_groups(), 3, 5).outcomes
    ahead = simulate(two_groups(foresight=1e6), 3, 5)
    assert (blind["compliance"] == 0.0).all()
    assert ahead.outcomes["compliance"].between(0.2, 0.8).all()
    events = ahead.events
    deterred = events[events["kind"] == "deterred"]
    assert (deterred["value"] == 1.0).all()
    assert len(deterred) == ahead.outcomes["deterred_own"].sum()


def test_compliance_ends_beyond_the_threshold_which_foresight_raises() -> None:
    assert (simulate(two_groups(foresight=1e6, gain=120_000.0), 2, 5).outcomes["compliance"] == 0.0).all()
    middle = 65_000.0
    assert (simulate(two_groups(foresight=1e6, gain=middle), 2, 5).outcomes["compliance"] > 0.2).all()
    assert (simulate(two_groups(foresight=60.0, gain=middle), 2, 5).outcomes["compliance"] == 0.0).all()
