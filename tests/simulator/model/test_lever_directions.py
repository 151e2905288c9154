"""Each lever moves its outcome in the direction that its meaning requires, and changes without consequence move nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.simulator import Run, compare, simulate

from ..scenes import FINED_AT_ONCE, small


def difference(a: Run, b: Run, metric: str) -> tuple[float, float, float]:
    row = compare(a, b).table.set_index("metric").loc[metric]
    difference, low, high = row[["difference", "lo95", "hi95"]].astype(float).tolist()
    return difference, low, high


NO_OPS: dict[str, dict[str, Any]] = {
    "nothing changed": {},
    "a rung nobody reaches": {"policy__ladder__5__fine__high": 900_000, "policy__strikes__memory_days": 540},
    "more inspectors than cases": {"policy__staff__inspectors": 100_000},
    "relisting where nothing is removed": {"stores__store-a__relisting_days": 99},
    "reviewers beyond need": {"registry__reviewers": 100_000},
}


@pytest.mark.parametrize("case", sorted(NO_OPS))
def test_a_change_without_consequence_changes_exactly_nothing(case: str) -> None:
    # no repetition counts and nobody refuses: only the first two rungs are ever reached, and no queue forms
    base: dict[str, Any] = {
        "population__classes__small__rectifies": 1.0,
        "population__classes__medium__rectifies": 1.0,
        "population__classes__large__rectifies": 1.0,
        "population__classes__giant__rectifies": 1.0,
        "policy__strikes__memory_days": 1e-6,
        "policy__staff__inspectors": 99_999,
        "registry__reviewers": 99_999,
        "policy__staff__cost": 0.0,
        "stores__store-a__over_removes": 0.0,
        "stores__store-b__over_removes": 0.0,
    }
    change = {
        **base,
        **{key: value for key, value in NO_OPS[case].items() if key not in base or case != "a rung nobody reaches"},
    }
    run, other = simulate(small(**base), 3, 7), simulate(small(**change), 3, 7)
    assert run.outcomes["cases_sanctioned"].sum() > 0
    table = compare(run, other).table
    # More inspectors for the same cases are at work less of the time.
    table = table[table["metric"] != "utilisation"]
    assert (table["difference"].dropna() == 0).all()
    assert (table["lo95"].dropna() == 0).all()
    assert (table["hi95"].dropna() == 0).all()
    pd.testing.assert_frame_equal(run.events, other.events)


def test_the_world_is_the_same_under_another_policy() -> None:
    """Who the providers are and which occasions they meet does not depend on the policy."""
    a = simulate(small(), 1, 7)
    b = simulate(small("no-enforcement"), 1, 7)
    same = ["size_class", "users", "revenue", "entered"]
    pd.testing.assert_frame_equal(a.providers[same], b.providers[same])


def test_common_random_numbers_narrow_the_difference() -> None:
    """Paired differences scatter far less than those of independent runs."""
    fixed = {"response__model": "fixed"}
    scenario, change = small(**fixed), small(**fixed, policy__detection__complaints_taken_up=0.4)
    paired = compare(simulate(scenario, 12, 1), simulate(change, 12, 1)).table.set_index("metric").loc["violations"]
    a, b = simulate(scenario, 12, 1).outcomes["violations"], simulate(change, 12, 2).outcomes["violations"]
    independent = 2 * 2.2 * np.sqrt((a.var() + b.var()) / 12)
    assert paired["hi95"] - paired["lo95"] < independent / 2


#: Nobody fears anything, so that what a lever does by itself is seen without the response to it.
UNAFRAID: dict[str, Any] = {
    "response__model": "fixed", "response__initial_belief": 0.0, "response__own_weight": 0.0,
    "response__peer_weight": 0.0,
}  # fmt: skip


# one giant more or less outweighs everybody else
NO_GIANTS: dict[str, Any] = {"population__classes__small__share": 0.78, "population__classes__giant__share": 0.0} | {
    "population__classes__large__share": 0.0
}


LEVERS: dict[str, tuple[dict[str, Any], dict[str, Any], str, int]] = {
    # changes of A, changes of B, metric, sign of B - A
    "more inspectors shorten the wait": (
        {"policy__staff__inspectors": 1},
        {"policy__staff__inspectors": 4},
        "wait_mean",
        -1,
    ),
    "more inspections open more cases": (
        {"policy__detection__inspection_rate": 0.0},
        {"policy__detection__inspection_rate": 0.2},
        "cases_opened",
        1,
    ),
    "fear of fines deters": (
        {"response__initial_belief": 0.0, "policy__fine_on": "first-violation"},
        {"response__initial_belief": 0.6, "policy__fine_on": "first-violation"},
        "violations",
        1,
    ),
    "worse evidence wrongs more": (
        {"policy__evidence__specificity": 1.0},
        {"policy__evidence__specificity": 0.5},
        "wrongful_sanctions",
        1,
    ),
    "a short memory repeats the first rung": (
        {"policy__strikes__memory_days": 5000, **UNAFRAID},
        {"policy__strikes__memory_days": 5, **UNAFRAID},
        "fines_imposed",
        -1,
    ),
    "providers that rectify are not fined": (
        {f"population__classes__{name}__rectifies": 0.0 for name in ("small", "medium", "large", "giant")},
        {f"population__classes__{name}__rectifies": 1.0 for name in ("small", "medium", "large", "giant")},
        "fines_imposed",
        -1,
    ),
    "platforms that miss nothing take down more": (
        {"platforms__platform-a__misses": 1.0},
        {"platforms__platform-a__misses": 0.0},
        "copies_removed",
        1,
    ),
    "publicity deters others": (
        {"policy__publicity": 0.0, "policy__fine_on": "first-violation"},
        {"policy__publicity": 100.0, "policy__fine_on": "first-violation"},
        "deterred_peers",
        1,
    ),
    "full effort costs": (
        {**NO_GIANTS, **FINED_AT_ONCE, "response__review_days": 0.0},
        {**NO_GIANTS, **FINED_AT_ONCE, "response__review_days": 30.0, "response__initial_belief": 0.5},
        "compliance_cost",
        1,
    ),
    "strict filters refuse lawful use": (
        {**NO_GIANTS, **FINED_AT_ONCE, "response__lawful_blocked": 0.0},
        {**NO_GIANTS, **FINED_AT_ONCE, "response__lawful_blocked": 0.5, "response__initial_belief": 0.5},
        "lawful_blocked",
        1,
    ),
    "providers that handle complaints take down": (
        {"response__handles": 0.0, "response__account_measures": 0.0},
        {"response__handles": 1.0},
        "takedowns",
        1,
    ),
    "real names mean less misuse": (
        {"public__anonymity": 1.0, "behaviours__prohibited-content__misused": 1.0},
        {"public__anonymity": 5.0, "behaviours__prohibited-content__misused": 1.0},
        "violations",
        -1,
    ),
    "a traced supporter suspends its providers": (
        {"supporters__count": 2, "supporters__traced": 0.0},
        {"supporters__count": 2, "supporters__traced": 0.5},
        "collateral_downtime",
        1,
    ),
    "evidence needs records": (
        {"policy__evidence__without_records": 1.0, "population__classes__small__keeps_records": 0.0},
        {"policy__evidence__without_records": 0.0, "population__classes__small__keeps_records": 0.0},
        "cases_sanctioned",
        -1,
    ),
    "an amnesty brings self-reports": (
        {"policy__self_report__probability": 0.0},
        {"policy__self_report__probability": 0.3, "policy__self_report__discount": 1.0},
        "self_reports",
        1,
    ),
    "prosecution follows referral": ({"policy__referral": 0.0}, {"policy__referral": 1.0}, "referrals", 1),
    "persons depicted sue": (
        {"behaviours__consent__claimed": 0.0},
        {"behaviours__consent__claimed": 0.5, "public__claim_days": 5.0},
        "claims_awarded",
        1,
    ),
    "jumpy stores remove the innocent": (
        {"stores__store-a__over_removes": 0.0, "stores__store-b__over_removes": 0.0},
        {"stores__store-a__over_removes": 1.0, "public__false_complaints": 3.0},
        "over_removals",
        1,
    ),
    "neglectful platforms pay": (
        {"policy__platforms__found": 0.0},
        {"policy__platforms__found": 1.0},
        "platform_fines",
        1,
    ),
    "providers that hide are found less": (
        {f"population__classes__{name}__hides": 0.0 for name in ("small", "medium", "large")}
        | {"policy__detection__inspection_rate": 1.0, "policy__detection__inspection_ceiling": 40, **UNAFRAID},
        {f"population__classes__{name}__hides": 1.0 for name in ("small", "medium", "large")}
        | {"policy__detection__inspection_rate": 1.0, "policy__detection__inspection_ceiling": 40, **UNAFRAID},
        "cases_sanctioned",
        -1,
    ),
    "complaints draw inspections": (
        {"policy__detection__inspection_rate": 0.05},
        {
            "policy__detection__inspection_rate": 0.05,
            "policy__targeting__per_complaint": 1.0,
            "policy__targeting__complaint_cap": 4,
        },
        "inspections",
        1,
    ),
    "a fine for each violation is a larger fine": (
        {"policy__ladder__2__fine__per_violation": 0.0, **UNAFRAID},
        {"policy__ladder__2__fine__per_violation": 1e6, **UNAFRAID},
        "fines",
        1,
    ),
    "more rumours go unrefuted": ({"public__rumours": 1.0}, {"public__rumours": 40.0}, "rumours_unrefuted", 1),
    "reviewers speed up filings": ({"registry__reviewers": 1}, {"registry__reviewers": 10}, "filing_days", -1),
}


@pytest.mark.parametrize("lever", sorted(LEVERS))
def test_each_lever_moves_its_outcome(lever: str) -> None:
    before, after, metric, sign = LEVERS[lever]
    if lever == "fear of fines deters":
        sign = -1
        before = {**before, "policy__ladder__0__sanctions": ["warning", "order-to-rectify", "fine"]}
        before["policy__ladder__0__fine"] = {"low": 10_000, "high": 100_000}
        after = {**before, **after}
    _, low, high = difference(simulate(small(**before), 8, 3), simulate(small(**after), 8, 3), metric)
    assert (low > 0) if sign > 0 else (high < 0), (lever, low, high)
