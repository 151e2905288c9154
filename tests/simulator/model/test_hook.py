"""A policy in Python: it is asked where the scenario's policy decides, and doing nothing changes nothing."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.simulator import Hook, RunError, View, simulate
from shenhe.simulator.reference.hook import HookError
from shenhe.simulator.validation.audit import discrepancies

from ..scenes import small


class OnlyTheLarge(Hook):
    """Inspect nobody below a million users, fine repeat offenders double, go straight to the second step."""

    def inspection(self, view: View, chance: float) -> float:
        return chance if view.users >= 1e6 else 0.0

    def step(self, view: View, step: int, serious: bool) -> int:
        return step + 1

    def fine(self, view: View, amount: float, founded: bool) -> float:
        return 2 * amount if view.strikes > 1 else amount


class Lottery(Hook):
    """Half of the candidates, by a draw that another policy would see too."""

    def inspection(self, view: View, chance: float) -> float:
        return chance if view.uniform(int(view.day)) < 0.5 else 0.0


def test_an_empty_hook_has_no_effect() -> None:
    scenario = small()
    plain, hooked = simulate(scenario, 2, 5), simulate(scenario, 2, 5, policy=Hook())
    pd.testing.assert_frame_equal(plain.events, hooked.events)
    pd.testing.assert_frame_equal(plain.outcomes, hooked.outcomes)


def test_a_hook_decides_and_the_log_still_gives_every_outcome() -> None:
    scenario = small(policy__detection__inspection_rate=0.25)
    plain, hooked = simulate(scenario, 2, 5), simulate(scenario, 2, 5, policy=OnlyTheLarge())
    assert discrepancies(hooked) == []
    visited = hooked.events[hooked.events["kind"] == "inspection"]["provider"]
    users = hooked.providers[hooked.providers["replication"] == 0].set_index("provider")["users"]
    assert 0 < len(visited) < (plain.events["kind"] == "inspection").sum()
    assert (
        users.loc[
            hooked.events[(hooked.events["kind"] == "inspection") & (hooked.events["replication"] == 0)]["provider"]
        ].min()
        > 3e5
    )
    steps = hooked.events[hooked.events["kind"] == "sanctioned"]["value"]
    assert steps.min() >= 1
    assert (plain.events[plain.events["kind"] == "sanctioned"]["value"] == 0).any()


def test_a_hooks_draws_are_keyed() -> None:
    scenario = small()
    one, again = simulate(scenario, 1, 5, policy=Lottery()), simulate(scenario, 1, 5, policy=Lottery())
    pd.testing.assert_frame_equal(one.events, again.events)
    fewer = (one.events["kind"] == "inspection").sum()
    assert 0 < fewer < (simulate(scenario, 1, 5).events["kind"] == "inspection").sum()


def test_a_hook_runs_in_this_process_and_in_memory(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="in memory and in one process"):
        simulate(small(), 2, 5, policy=Hook(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(RunError, match="in memory and in one process"):
        simulate(small(), 2, 5, workers=2, policy=Hook())


class Misspelt(Hook):
    def inspections(self, view: View, chance: float) -> float:
        return 0.0


class TooFew(Hook):
    def fine(self, view: View) -> float:  # type: ignore[override]
        return 0.0


class WithHelpers(Hook):
    def is_large(self, view: View) -> bool:
        return view.users > 1e6

    def fine(self, view: View, amount: float, founded: bool) -> float:
        return amount if self.is_large(view) else 0.0


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Misspelt(), r"Misspelt.inspections\(\) is never called; did you mean inspection\(\)"),
        (TooFew(), r"TooFew.fine\(\) cannot be called with \(view, amount, founded\)"),
        (Hook, r"found the class Hook as policy; expected an instance: policy=Hook\(\)"),
        ("strict", "found a policy of type str; expected an instance of a subclass of Hook"),
    ],
)
def test_a_policy_that_would_be_ignored_is_refused_before_the_run(policy: Any, message: str) -> None:
    with pytest.raises(HookError, match=message):
        simulate(small(), 2, 5, policy=policy)


def test_helpers_and_numpy_numbers_are_welcome() -> None:
    class Numpy(WithHelpers):
        def inspection(self, view: View, chance: float) -> float:
            return np.float32(0.5)  # type: ignore[return-value]

        def step(self, view: View, step: int, serious: bool) -> int:
            return np.int64(1)  # type: ignore[return-value]

    run = simulate(small(), 1, 5, policy=Numpy())
    assert discrepancies(run) == []


@pytest.mark.parametrize("decided", [math.nan, math.inf, None, "often", [1.0]])
@pytest.mark.parametrize("method", ["inspection", "step", "fine"])
def test_a_hook_that_returns_no_number_is_named(method: str, decided: Any) -> None:
    policy = type("Odd", (Hook,), {method: lambda self, *given: decided})()
    scenario = small(policy__detection__inspection_rate=0.25)
    with pytest.raises(HookError, match=rf"{method}\(\) of the policy in Python returned {re.escape(repr(decided))}"):
        simulate(scenario, 1, 5, policy=policy)
