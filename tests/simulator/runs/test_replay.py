"""The log against the outcomes: on every run they agree, and a log that was tampered with is found out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shenhe.simulator import Run, load_scenario, simulate
from shenhe.simulator.validation.audit import discrepancies

from ..scenes import further, overrides, small


@pytest.mark.parametrize("name", ["cn-2022-draft", "cn-2023", "no-enforcement"])
def test_the_log_alone_gives_every_outcome(name: str) -> None:
    run = simulate(load_scenario(name, {"population.providers": 150}), 2, 11)
    assert discrepancies(run) == []


@given(changes=overrides(), seed=st.integers(0, 2**40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@pytest.mark.costly
def test_any_scenario_conserves(changes: dict[str, Any], seed: int) -> None:
    run = simulate(load_scenario("cn-2023", changes, check_rules=False), 1, seed)
    assert discrepancies(run) == []


@given(changes=overrides(), more=further(), seed=st.integers(0, 2**40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@pytest.mark.costly
def test_any_scenario_of_all_levers_conserves(changes: dict[str, Any], more: dict[str, Any], seed: int) -> None:
    run = simulate(load_scenario("cn-2023", {**changes, **more}, check_rules=False), 1, seed)
    assert discrepancies(run) == []


@pytest.fixture(scope="module")
def sound() -> Run:
    return simulate(small(), 1, 3)


def tampered(run: Run, events: pd.DataFrame) -> list[str]:
    copy = dataclasses.replace(run)
    copy.__dict__["events"] = events.reset_index(drop=True)
    return discrepancies(copy)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("warning", "warnings is"),
        ("fine", "fines is"),
        ("case-closed", "cases_open is"),
        ("case-opened", "which no row before it began"),
        ("violation-ended", "harm is"),
        ("investigation", "backlog_mean is"),
        ("listed", "harm is"),
        ("occasion", "occasions is"),
    ],
)
def test_a_missing_row_is_found(sound: Run, kind: str, words: str) -> None:
    assert tampered(sound, sound.events) == []
    row = sound.events.index[sound.events["kind"] == kind][0]
    assert any(words in line for line in tampered(sound, sound.events.drop(index=row)))


def test_rows_out_of_order_are_found(sound: Run) -> None:
    last = len(sound.events) - 1
    swapped = sound.events.iloc[[*range(200), last, *range(200, last)]]
    assert any("time runs back" in line for line in tampered(sound, swapped))


def test_a_case_closed_twice_is_found(sound: Run) -> None:
    closing = sound.events[sound.events["kind"] == "case-closed"].iloc[[0]]
    found = tampered(sound, pd.concat([sound.events, closing.assign(time=1e9)]))
    assert any("which no row before it began" in line for line in found)


def test_a_case_opened_twice_is_found(sound: Run) -> None:
    opening = sound.events[sound.events["kind"] == "case-opened"].iloc[[0]]
    found = tampered(sound, pd.concat([sound.events, opening.assign(time=1e9)]))
    assert any("is opened twice" in line for line in found)


def test_a_change_on_the_first_day_holds_from_the_beginning() -> None:
    first = {"title": "first", "day": 0.0, "until": 200.0}
    values = {"response.lawful_blocked": 0.0, "registry.limit_days": 1.0}
    scenario = small(
        response__review_days=30.0,
        response__strictness_scale=1000.0,
        response__lawful_blocked=0.5,
        changes=[{**first, "set": values}],
    )
    run = simulate(scenario, 1, 5)
    assert float(run.outcomes["lawful_blocked"].iloc[0]) > 0
    assert float(run.outcomes["late_filings"].iloc[0]) > 0
    assert discrepancies(run) == []
