"""Safe harbours that can be gamed: false reports, reports that run out or are lost, and who joins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shenhe.simulator import Run, simulate
from shenhe.simulator.kernel.draws import compiled
from shenhe.simulator.kernel.state import initial_state
from shenhe.simulator.kernel.table import Floats
from shenhe.simulator.kernel.tabulation import table
from shenhe.simulator.validation.audit import discrepancies

from ..scenes import small


def harbour(**terms: Any) -> dict[str, Any]:
    values = {"offered": True, "gain": 0.66, "inspection_factor": 0.0, **terms}
    changes = {f"policy__safe_harbour__{name}": value for name, value in values.items()}
    certifies = {f"population__classes__{size}__certifies": 0.5 for size in ("small", "medium", "large", "giant")}
    rates = {"policy__detection__inspection_rate": 1.0, "policy__detection__inspection_ceiling": 16.0}
    return {**changes, **certifies, **rates, "population__providers": 400, "population__compliance_spread": 0.2}


def run(**terms: Any) -> Run:
    return simulate(small(**harbour(**terms)), 2, 9)


def compliance(**terms: Any) -> tuple[Floats, Floats]:
    """Mean compliance of those with a report, and of the others, on the first day."""
    scenario = small(**harbour(**terms))
    numbers = table(scenario)
    state = initial_state(scenario, numbers, compiled(), 9)
    each = np.asarray(state.compliance).reshape(numbers.providers, -1).mean(axis=1)
    return each[np.asarray(state.certified) == 1], each[np.asarray(state.certified) == 0]


def test_nothing_is_improved_behind_false_reports() -> None:
    honest, others = compliance()
    false, _ = compliance(false_share=1.0)
    assert honest.mean() > others.mean() + 0.1
    assert abs(false.mean() - others.mean()) < 0.03
    assert len(honest) == len(false)
    assert run(false_share=1.0).outcomes["violations"].sum() > run().outcomes["violations"].sum()


def test_selection_says_who_joins() -> None:
    worse, better = (compliance(gain=0.0, selection=selection)[0].mean() for selection in (1.0, -1.0))
    assert worse < compliance(gain=0.0)[0].mean() < better
    # Who joins changes, how many do not.
    assert len(compliance(selection=1.0)[0]) == pytest.approx(len(compliance()[0]), rel=0.2)


def inspected(result: Run) -> int:
    """Inspections of providers that had a report."""
    events = result.events
    certified = events[events["kind"] == "certified"][["replication", "provider"]]
    inspections = events[events["kind"] == "inspection"]
    return len(inspections.merge(certified, on=["replication", "provider"]))


def test_a_report_spares_inspections_until_it_runs_out() -> None:
    assert inspected(run()) == 0
    late = run(valid_days=200.0)
    assert inspected(late) > 0
    certified = late.events[late.events["kind"] == "certified"]["provider"]
    visits = late.events[(late.events["kind"] == "inspection") & late.events["provider"].isin(certified)]
    first = late.events[late.events["kind"] == "inspection"]["time"].min()
    assert first < 200.0
    assert inspected(run(valid_days=1.0)) > inspected(late)
    assert len(visits) > 0


def test_a_sanction_takes_the_report_away() -> None:
    lost = run(lost_on_sanction=True)
    assert inspected(lost) > 0
    sanctions = lost.events[lost.events["kind"] == "sanctioned"].groupby(["replication", "provider"])["time"].min()
    certified = lost.events[lost.events["kind"] == "certified"].set_index(["replication", "provider"]).index
    for row in lost.events[lost.events["kind"] == "inspection"].itertuples():
        place = (row.replication, row.provider)
        if place in certified:
            assert sanctions[place] <= row.time
    assert discrepancies(lost) == []


def test_terms_of_a_harbour_that_is_not_offered_change_nothing() -> None:
    gamed = {"false_share": 0.5, "selection": 1.0, "valid_days": 30.0, "lost_on_sanction": True}
    one, other = run(offered=False), run(offered=False, **gamed)
    assert one.outcomes.equals(other.outcomes)
