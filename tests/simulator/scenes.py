"""Scenarios for the tests: shipped ones made small, and random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shenhe.simulator import Scenario, load_scenario

SMALL: dict[str, Any] = {
    "population.providers": 60,
    "horizon": 500,
    "population.arrivals": [[0, 1.0]],
    "policy.staff.inspectors": 8,
    "registry.reviewers": 10,
}


def small(name: str = "cn-2023", **changes: Any) -> Scenario:
    """A shipped scenario with 60 providers from the first day and 500 days; ``a__b`` in a keyword is ``a.b``."""
    return load_scenario(name, {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}})


def overrides() -> st.SearchStrategy[dict[str, Any]]:
    """Changes that reach every process of the model, within what a scenario may say."""
    share = st.floats(0, 1)
    return st.fixed_dictionaries(
        {
            "population.providers": st.integers(1, 40),
            "horizon": st.floats(1, 700),
            "population.exit_rate": st.floats(0, 2),
            "population.compliance_spread": share,
            "public.complaint_delay": st.floats(0, 30),
            "public.false_complaints": st.floats(0, 20),
            "response.initial_belief": share,
            "response.own_weight": share,
            "response.peer_weight": share,
            "response.rectification_gain": share,
            "policy.detection.inspection_rate": st.floats(0, 0.2),
            "policy.detection.complaints_taken_up": share,
            "policy.detection.store_reports_taken_up": share,
            "policy.detection.merge_open_cases": st.booleans(),
            "policy.evidence.sensitivity": share,
            "policy.evidence.specificity": share,
            "policy.staff.inspectors": st.integers(1, 5),
            "policy.staff.investigation_days": st.floats(0, 40),
            "policy.staff.investigation_phases": st.integers(1, 4),
            "policy.staff.triage": st.sampled_from(["arrival", "severity"]),
            "policy.fine_on": st.sampled_from(["first-violation", "refusal-or-serious"]),
            "policy.strikes.memory_days": st.floats(1, 2000),
            "policy.strikes.forgiveness": share,
            "policy.appeals.guilty_appeal": share,
            "policy.appeals.innocent_appeal": share,
            "policy.appeals.days": st.floats(0, 100),
            "policy.appeals.overturned_guilty": share,
            "policy.appeals.overturned_innocent": share,
            "policy.appeals.suspensive": st.booleans(),
            "policy.stores.checks_filing": share,
            "policy.stores.removes_unfiled": st.booleans(),
            "registry.reviewers": st.integers(1, 3),
            "registry.review_days": st.floats(0, 30),
            "stores.store-a.relists": share,
            "stores.store-a.obeys_after": st.floats(0, 30),
            "platforms.platform-a.misses": share,
        }
    )
