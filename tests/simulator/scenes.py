"""Scenarios for the tests: shipped ones made small, and random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shenhe.simulator import Scenario, load_scenario
from shenhe.simulator.scenario.values import SMALLEST

SMALL: dict[str, Any] = {
    "population.providers": 60,
    "horizon": 500,
    "population.arrivals": [[0, 1.0]],
    "policy.staff.inspectors": 8,
    "registry.reviewers": 10,
}

#: A fine at the first violation, with the warning and the order to rectify.
FINED_AT_ONCE: dict[str, Any] = {
    "policy__fine_on": "first-violation",
    "policy__ladder__0__sanctions": ["warning", "order-to-rectify", "fine"],
    "policy__ladder__0__fine": {"low": 10_000, "high": 100_000},
}


def small(name: str = "cn-2023", **changes: Any) -> Scenario:
    """A shipped scenario with 60 providers from the first day and 500 days; ``a__b`` in a keyword is ``a.b``."""
    return load_scenario(name, {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}})


def number(low: float, high: float) -> st.SearchStrategy[float]:
    """A quantity that a scenario may give: between ``low`` and ``high``, and 0 or not smaller than the smallest."""
    return st.floats(low, high).map(lambda value: value if value >= SMALLEST else low)


def overrides() -> st.SearchStrategy[dict[str, Any]]:
    """Changes that reach every process of the model, within what a scenario may say."""
    share = st.floats(0, 1)
    return st.fixed_dictionaries(
        {
            "population.providers": st.integers(1, 40),
            "horizon": number(1, 700),
            "population.exit_rate": number(0, 2),
            "population.compliance_spread": share,
            "public.complaint_delay": number(0, 30),
            "public.false_complaints": number(0, 20),
            "response.initial_belief": share,
            "response.own_weight": share,
            "response.peer_weight": share,
            "response.rectification_gain": share,
            "policy.detection.inspection_rate": number(0, 0.2),
            "policy.detection.complaints_taken_up": share,
            "policy.detection.store_reports_taken_up": share,
            "policy.detection.merge_open_cases": st.booleans(),
            "policy.evidence.sensitivity": share,
            "policy.evidence.specificity": share,
            "policy.staff.inspectors": st.integers(1, 5),
            "policy.staff.investigation_days": number(0, 40),
            "policy.staff.investigation_phases": st.integers(1, 4),
            "policy.staff.triage": st.sampled_from(["arrival", "severity"]),
            "policy.fine_on": st.sampled_from(["first-violation", "refusal-or-serious"]),
            "policy.strikes.memory_days": number(1, 2000),
            "policy.strikes.forgiveness": share,
            "policy.appeals.guilty_appeal": share,
            "policy.appeals.innocent_appeal": share,
            "policy.appeals.days": number(0, 100),
            "policy.appeals.overturned_guilty": share,
            "policy.appeals.overturned_innocent": share,
            "policy.appeals.suspensive": st.booleans(),
            "policy.stores.checks_filing": share,
            "policy.stores.removes_unfiled": st.booleans(),
            "registry.reviewers": st.integers(1, 3),
            "registry.review_days": number(0, 30),
            "stores.store-a.relists": share,
            "stores.store-a.obeys_after": number(0, 30),
            "platforms.platform-a.misses": share,
        }
    )


TWO_AUTHORITIES: list[dict[str, Any]] = [
    {"name": "national", "tier": "national", "share": 0.4, "classes": ["large", "giant"]},
    {"name": "provincial", "tier": "provincial", "share": 0.6},
]
POOR_AUTHORITIES: list[dict[str, Any]] = [
    {"name": "public-security", "tier": "national", "share": 0.2, "behaviours": ["real-name"], "budget": 0.0},
    {
        "name": "national",
        "tier": "national",
        "share": 0.3,
        "classes": ["large", "giant"],
        "reviewers": 0.3,
        "budget": 2e4,
    },
    {"name": "provincial", "tier": "provincial", "share": 0.5, "reviewers": 0.7, "budget": 1e4},
]


def further() -> st.SearchStrategy[dict[str, Any]]:
    """Changes of everything that is neutral unless given."""
    share = st.floats(0, 1)
    campaign = st.fixed_dictionaries(
        {
            "title": st.just("campaign"),
            "day": number(0, 300),
            "until": number(301, 600),
            "set": st.fixed_dictionaries(
                {
                    "policy.detection.inspection_rate": number(0, 0.1),
                    "policy.staff.inspectors": st.integers(1, 9),
                    "policy.publicity": number(0, 100),
                    "response.lawful_blocked": share,
                    "registry.reviewers": st.integers(1, 3),
                    "registry.limit_days": number(1, 60),
                    "behaviours.consent.complained": share,
                }
            ),
        }
    )
    classes = {
        f"population.classes.{size}.{field}": value
        for size in ("small", "giant")
        for field, value in {
            "exempt": number(0, 0.5),
            "compliance_cost": number(0, 1e6),
            "reenters": share,
            "abroad": share,
            "exits_after_suspension": share,
            "hides": share,
            "keeps_records": share,
            "certifies": share,
        }.items()
    }
    return st.fixed_dictionaries(
        {
            **classes,
            "horizon": number(400, 800),
            "response.review_days": st.sampled_from([0.0, 60.0, 90.0]),
            "response.strictness_scale": number(0, 1e5),
            "response.lawful_blocked": share,
            "response.handles": share,
            "response.handling_days": number(0, 9),
            "response.account_measures": share,
            "response.reentry_days": number(0, 90),
            "public.migrates": share,
            "public.returns": share,
            "public.anonymity": number(1, 9),
            "public.rumours": st.sampled_from([0.0, 6.0]),
            "public.rumour_reach": number(0, 0.3),
            "public.claim_days": number(0, 90),
            "behaviours.prohibited-content.misused": share,
            "behaviours.consent.claimed": share,
            "behaviours.consent.award": number(0, 1e5),
            "supporters": st.fixed_dictionaries(
                {
                    "count": st.integers(1, 5),
                    "used_by": share,
                    "traced": share,
                    "service_days": number(0, 60),
                }
            ),
            "failures": st.sampled_from([[], [{"day": 30.0, "days": 90.0, "supporter": 0, "compliance_factor": 0.2}]]),
            "stores.store-a.diligence": share,
            "stores.store-a.over_removes": share,
            "policy.stores.audit_days": st.sampled_from([0.0, 45.0]),
            "policy.stores.limit_days": number(0, 3),
            "policy.stores.neglect_fine": number(0, 1e6),
            "policy.stores.learns": share,
            "policy.platforms": st.fixed_dictionaries(
                {"found": share, "fine": number(0, 1e6), "learns": share, "limit_days": number(0, 3)}
            ),
            "platforms.platform-b.takedowns_per_day": st.one_of(st.just(0.0), number(0.01, 10)),
            "public.false_evidence": share,
            "policy.targeting.per_complaint": number(0, 0.2),
            "policy.targeting.complaint_cap": st.integers(0, 3),
            "policy.targeting.group_weight": number(0, 1.2),
            "policy.targeting.group_back": share,
            "policy.targeting.lots": st.integers(1, 4),
            "policy.targeting.focus_weight": number(0, 1.2),
            "policy.detection.inspection_rate": number(0, 0.1),
            "policy.evidence.without_records": share,
            "policy.self_report": st.fixed_dictionaries({"probability": number(0, 0.5), "discount": share}),
            "policy.safe_harbour": st.fixed_dictionaries(
                {"offered": st.booleans(), "gain": share, "inspection_factor": share}
            ),
            "policy.publicity": number(0, 100),
            "policy.referral": share,
            "policy.ladder.2.fine.per_violation": number(0, 1e5),
            "policy.staff.cost": number(0, 1e6),
            "policy.staff.case_cost": number(1, 1e4),
            "policy.authorities": st.sampled_from([[], TWO_AUTHORITIES, POOR_AUTHORITIES]),
            "population.classes.small.capital": st.one_of(st.none(), number(0, 1e6)),
            "population.classes.large.capital": st.one_of(st.none(), number(0, 1e6)),
            "public.destinations": st.integers(1, 4),
            "public.false_complaint_ceiling": st.sampled_from([0.0, 20.0]),
            "clock": st.sampled_from(["continuous", "daily", "weekly"]),
            "changes": st.lists(campaign, max_size=2),
        }
    )
