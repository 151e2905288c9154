"""Platforms handle reports with the staff they have, and stores remove unasked only on evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shenhe.simulator import Run, load_scenario, simulate
from shenhe.simulator.kernel.tabulation import table

SMALL: dict[str, Any] = {
    "population.scale": 0.02,
    "population.arrivals": [[0, 1.0]],
    "horizon": 400.0,
    "platforms": [{"name": "one", "share": 1.0, "takedown_lag": 0.0, "misses": 0.0, "fades_after": 1e6}],
    "behaviours.labeling.spreads": 0.5,
    "behaviours.labeling.complained": 0.5,
    "public.audience": 10.0,
}


def run(**changes: Any) -> Run:
    named = {path.replace("__", "."): value for path, value in changes.items()}
    return simulate(load_scenario("cn-2023", SMALL | named), 1, seed=5)


def moments(done: Run, kind: str) -> np.ndarray:
    return done.events.loc[done.events["kind"] == kind, "time"].to_numpy()


@pytest.fixture(scope="module")
def crowded() -> Run:
    return run(
        platforms__one__takedowns_per_day=0.25 / 0.02,
        policy__platforms={"found": 1.0, "fine": 1000.0, "learns": 0.0, "limit_days": 10.0},
    )


def test_staff_takes_down_one_reported_copy_after_the_other(crowded: Run) -> None:
    gaps = np.diff(moments(crowded, "copies-removed"))
    assert len(gaps) > 20
    assert gaps.min() >= 4.0 - 1e-9
    assert np.median(gaps) == pytest.approx(4.0)
    unlimited = run()
    assert len(moments(unlimited, "copies-removed")) > len(gaps) + 1


def test_each_whole_limit_that_passes_costs_a_fine(crowded: Run) -> None:
    fines = crowded.events[crowded.events["kind"] == "platform-fined"]
    removed = set(moments(crowded, "copies-removed"))
    assert set(fines["time"]) <= removed
    assert (fines["value"] % 1000.0 == 0.0).all()
    assert fines["value"].max() > 2000.0
    assert crowded.outcomes["platform_fines"].iloc[0] == fines["value"].sum()


def test_a_platform_hurries_where_delay_is_dear() -> None:
    def lag(**changes: float) -> float:
        duty = {"found": 1.0, "fine": 1e6, "learns": 0.0} | changes
        paths = {"policy.platforms": duty, "platforms.one.takedown_lag": 20.0, "platforms.one.hurry_cost": 100.0}
        return float(table(load_scenario("cn-2023", SMALL | paths)).platforms.lag[0])

    assert lag() == 20.0
    assert lag(limit_days=1.0) < lag(limit_days=3.0) < 20.0
    assert lag(limit_days=1.0, found=0.0) == 20.0


def test_queues_do_not_depend_on_the_scale() -> None:
    paths = {"platforms.one.takedowns_per_day": 100.0, "stores.store-a.removals_per_day": 10.0}
    whole, tenth = (table(load_scenario("cn-2023", SMALL | paths | {"population.scale": s})) for s in (1.0, 0.1))
    assert tenth.platforms.handling[0] == pytest.approx(10.0 * whole.platforms.handling[0])
    assert tenth.stores.handling[0] == pytest.approx(10.0 * whole.stores.handling[0]) == pytest.approx(1.0)


def test_stores_remove_unasked_only_on_evidence() -> None:
    eager = {"stores.store-a.over_removes": 1.0, "stores.store-b.over_removes": 1.0}

    def over_removals(share: float) -> int:
        done = simulate(load_scenario("cn-2023", SMALL | eager | {"public.false_evidence": share}), 1, seed=5)
        return int(done.outcomes["over_removals"].iloc[0])

    assert over_removals(0.0) == 0 < over_removals(0.3) < over_removals(1.0)
