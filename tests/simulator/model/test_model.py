"""The model: reproducible, independent of the order of replications, and true to what its scenario says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from shenhe.simulator import Run, Scenario, ScenarioError, compare, load_scenario, simulate
from shenhe.simulator.kernel.eventlog import ACTORS, Kind
from shenhe.simulator.kernel.tabulation import table
from shenhe.simulator.reference.clock import CASE_BITS, PROVIDER_BITS, Clock
from shenhe.simulator.reference.engine import replicate
from shenhe.simulator.runs.outcomes import metrics
from shenhe.simulator.scenario.market import MAX_PROVIDERS
from shenhe.simulator.validation.audit import discrepancies
from shenhe.simulator.validation.oracles import stripped

from ..scenes import FINED_AT_ONCE, small


def test_same_seed_same_rows_another_seed_other_rows() -> None:
    scenario = small()
    first, again, other = (replicate(scenario, seed, 0).rows for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_replications_differ_and_do_not_depend_on_each_other() -> None:
    scenario = small()
    alone = replicate(scenario, 3, 1).rows
    run = simulate(scenario, 2, 3)
    assert run.events[run.events["replication"] == 1]["time"].tolist() == [row[0] for row in alone]
    assert run.events[run.events["replication"] == 0]["time"].tolist() != [row[0] for row in alone]


def test_time_never_runs_back_and_stops_before_the_horizon() -> None:
    rows = replicate(small(), 1, 0).rows
    times = [row[0] for row in rows]
    assert times == sorted(times)
    assert max(row[0] for row in rows if row[1] != Kind.OCCASION) < 500


def test_outcomes_are_the_same_without_a_log() -> None:
    scenario = small()
    with_log, without = replicate(scenario, 1, 0), replicate(scenario, 1, 0, keep_log=False)
    assert without.rows == []
    assert np.array_equal(with_log.extras, without.extras)
    assert np.array_equal(with_log.kinds, without.kinds)
    assert np.array_equal(with_log.state.harm, without.state.harm)


def test_providers_outside_enforcement_are_never_sanctioned() -> None:
    everybody = {f"population__classes__{name}__exempt": 1.0 for name in ("small", "medium", "large", "giant")}
    run = simulate(small(**everybody), 2, 3)
    assert (run.outcomes["cases_opened"] == 0).all()
    assert run.outcomes["harm_outside"].tolist() == pytest.approx(run.outcomes["harm"].tolist())
    assert run.outcomes["harm"].min() > 0


def test_moving_users_are_conserved() -> None:
    """All users of closed services go somewhere or nowhere: what one gains another lost."""
    run = simulate(
        small(
            public__migrates=1.0,
            public__returns=1.0,
            policy__ladder__0__sanctions=["suspend-service"],
            policy__ladder__0__service_days=20.0,
            policy__ladder__0__deadline=0.0,
        ),
        1,
        3,
    )
    moved = run.events[run.events["kind"] == "users-moved"]
    assert (moved["value"] > 0).any()
    assert moved["value"].sum() <= 1e-6
    present = run.providers.set_index("provider")["users"].add(moved.groupby("provider")["value"].sum(), fill_value=0)
    assert present.min() >= -1e-6


def test_a_campaign_ends() -> None:
    campaign = {"title": "x", "day": 100.0, "until": 160.0, "set": {"policy.detection.inspection_rate": 0.25}}
    scenario = small(policy__detection__inspection_rate=0.0).changed({"changes": [campaign]})
    run = simulate(scenario, 2, 3)
    days = run.events[run.events["kind"] == "inspection"]["time"]
    assert len(days) > 0
    assert days.between(100, 160).all()
    assert run.events[run.events["kind"] == "policy-changed"]["time"].tolist() == [100, 160, 100, 160]


def test_a_change_to_the_same_value_has_no_effect_and_is_logged() -> None:
    base = small()
    change = {"title": "x", "day": 100.0, "set": {"policy.staff.inspectors": base.policy.staff.inspectors}}
    run, other = simulate(base, 2, 3), simulate(base.changed({"changes": [change]}), 2, 3)
    told = other.events[other.events["kind"] != "policy-changed"].reset_index(drop=True)
    pd.testing.assert_frame_equal(run.events, told, check_categorical=False)
    # costs are added up in two parts
    np.testing.assert_allclose(run.outcomes.to_numpy(float), other.outcomes.to_numpy(float), rtol=1e-12)


def test_several_authorities_each_take_their_own_cases() -> None:
    """With nobody for one behaviour's cases but a pool that never finishes, only those wait for ever."""
    authorities = [
        {"name": "slow", "tier": "provincial", "share": 0.5, "behaviours": ["consent"]},
        {"name": "other", "tier": "national", "share": 0.5},
    ]
    scenario = small(policy__staff__inspectors=8, policy__staff__investigation_days=1.0).changed(
        {"policy.authorities": authorities}
    )
    one, two = simulate(small(policy__staff__investigation_days=1.0), 2, 3), simulate(scenario, 2, 3)
    assert two.outcomes["wait_mean"].mean() >= one.outcomes["wait_mean"].mean()
    assert (two.outcomes["cases_opened"] > 0).all()


def with_authorities(*authorities: dict[str, Any], **changes: Any) -> Scenario:
    return small(**changes).changed({"policy.authorities": [{"tier": "national", **item} for item in authorities]})


def test_filings_wait_for_the_authority_over_their_provider() -> None:
    """One reviewer for small providers and many for the others: only filings of small ones are slow."""
    offices = (
        {"name": "small", "share": 0.5, "classes": ["small"], "reviewers": 0.02},
        {"name": "others", "share": 0.5, "reviewers": 0.98},
    )
    run = simulate(with_authorities(*offices, registry__reviewers=100, registry__review_days=20.0), 2, 3)
    decided = run.events[run.events["kind"] == "filing-decided"].merge(
        run.providers[["replication", "provider", "size_class"]], on=["replication", "provider"]
    )
    slow = decided["size_class"] == "small"
    assert decided[slow]["value"].median() > 3 * decided[~slow]["value"].median()
    assert discrepancies(run) == []


def test_authorities_with_equal_shares_act_as_one_pool() -> None:
    """An authority with all inspectors and reviewers changes nothing."""
    run, other = (
        simulate(small(), 2, 3),
        simulate(with_authorities({"name": "all", "share": 1.0, "reviewers": 1.0}), 2, 3),
    )
    pd.testing.assert_frame_equal(run.events, other.events)


def test_a_budget_limits_the_cases_per_year() -> None:
    """Each year of 365 days ends with the cases it paid for; those of the other authority go on."""
    poor = {"name": "poor", "share": 0.5, "classes": ["small", "medium"], "budget": 4e4}
    scenario = with_authorities(poor, {"name": "rich", "share": 0.5}, policy__staff__case_cost=1e4, horizon=800)
    run = simulate(scenario, 2, 3)
    taken = run.events[run.events["kind"] == "investigation"].merge(
        run.providers[["replication", "provider", "size_class"]], on=["replication", "provider"]
    )
    of_poor = taken["size_class"].isin(["small", "medium"])
    for number in range(2):
        mine = of_poor & (taken["replication"] == number)
        yearly = (taken[mine]["time"] // 365).value_counts()
        assert yearly.max() == yearly.min() == 4
        assert ((taken["replication"] == number) & ~of_poor).sum() > 0
    assert run.outcomes["spent_poor"].tolist() == [12e4, 12e4]
    assert (run.outcomes["unfunded_poor"] > 200).all()
    assert run.outcomes["unfunded_rich"].tolist() == [0.0, 0.0]
    assert (run.outcomes["regulator_cost"] > run.outcomes["spent_poor"] + run.outcomes["spent_rich"]).all()
    assert discrepancies(run) == []


def test_a_sufficient_budget_changes_only_the_cost() -> None:
    ample = with_authorities({"name": "all", "share": 1.0, "budget": 1e12}, policy__staff__case_cost=1e4)
    run, other = simulate(small(), 2, 3), simulate(ample, 2, 3)
    told = other.events[other.events["kind"] != "budget-renewed"].reset_index(drop=True)
    pd.testing.assert_frame_equal(run.events, told)
    cases = (run.events["kind"] == "investigation").groupby(run.events["replication"]).sum()
    assert other.outcomes["spent_all"].tolist() == (1e4 * cases).tolist()


def test_a_provider_closes_when_it_has_paid_more_than_it_has() -> None:
    classes = ("small", "medium", "large", "giant")
    poor: dict[str, Any] = {f"population__classes__{name}__capital": 50_000.0 for name in classes}
    rich: dict[str, Any] = {f"population__classes__{name}__capital": 1e15 for name in classes}
    base, closed, spared = (simulate(small(**FINED_AT_ONCE, **more), 2, 3) for more in ({}, poor, rich))
    gone = closed.events[closed.events["kind"] == "insolvent"]
    assert len(gone) > 5
    assert (gone["value"] > 50_000).all()
    # each of them exits at that very moment, and for good
    after = closed.events[closed.events["kind"].isin(["exited", "reentered"])]
    both = gone.merge(after, on=["replication", "provider"], suffixes=("", "_exit"))
    assert (both["time"] == both["time_exit"]).all()
    assert len(both) == len(gone)
    assert closed.outcomes["insolvencies"].sum() == len(gone)
    assert sum(closed.outcomes[f"insolvencies_{name}"].sum() for name in classes) == len(gone)
    assert discrepancies(closed) == []
    pd.testing.assert_frame_equal(base.events, spared.events)


def test_users_spread_over_several_destinations() -> None:
    moves: dict[str, Any] = {
        "public__migrates": 1.0,
        "public__returns": 1.0,
        "policy__ladder__0__sanctions": ["suspend-service"],
        "policy__ladder__0__service_days": 20.0,
        "policy__ladder__0__deadline": 0.0,
        "supporters__traced": 0.0,
    }
    # nobody gives up at the moment that a suspension ends, so each moment is one provider's
    moves |= {f"population__classes__{name}__exits_after_suspension": 0.0 for name in ("small", "medium", "large")}
    one, many = (simulate(small(**moves, public__destinations=d), 2, 3) for d in (1, 4))

    def gained(run: Run) -> int:
        moved = run.events[run.events["kind"] == "users-moved"]
        moved = moved[moved["case"] == len(run.scenario.stores)]  # for want of the service, not of one store's listing
        return int((moved["value"] > 0).groupby([moved["replication"], moved["time"]]).sum().max())

    assert gained(one) == 1
    assert gained(many) == 4
    moved = many.events[many.events["kind"] == "users-moved"]
    assert moved.groupby("replication")["value"].sum().max() <= 1e-6
    assert discrepancies(many) == []


def test_unfounded_complaints_rise_during_a_change() -> None:
    surge = {"title": "x", "day": 200.0, "until": 300.0, "set": {"public.false_complaints": 10.0}}
    ceiling = {"public__false_complaints": 1.0, "public__false_complaint_ceiling": 10.0}
    scenario = small(**ceiling).changed({"changes": [surge]})
    calm, run = simulate(small(**ceiling), 4, 3), simulate(scenario, 4, 3)

    def complaints(made: Run, begin: float, end: float) -> int:
        events = made.events
        return int(
            ((events["kind"] == "complaint") & (events["value"] == 0.0) & events["time"].between(begin, end)).sum()
        )

    # 60 providers, 4 replications, 100 days at 10 a year: 658 on the mean, less what exits take
    assert 450 < complaints(run, 200, 300) < 750
    assert complaints(run, 0, 200) == complaints(calm, 0, 200)
    with pytest.raises(ScenarioError, match="no public.false_complaint_ceiling"):
        small().changed({"changes": [surge]})


@pytest.mark.parametrize(("clock", "step"), [("daily", 1.0), ("weekly", 7.0)])
def test_a_clock_of_steps_has_no_other_times_and_the_same_occasions(clock: str, step: float) -> None:
    run, base = simulate(small(clock=clock), 4, 3), simulate(small(), 4, 3)
    times = run.events[run.events["kind"] != "occasion"]["time"]
    assert (times % step == 0).all()
    # streams are rounded event by event, so their rate is the same up to what lies about the horizon
    ratio = run.outcomes["occasions"].sum() / base.outcomes["occasions"].sum()
    assert ratio == pytest.approx(1.0, abs=0.05)
    assert discrepancies(run) == []


def test_stores_that_check_list_only_filed_providers() -> None:
    run = simulate(small(policy__stores__checks_filing=1.0), 1, 3)
    listed = run.events[run.events["kind"] == "listed"]
    # not the providers' own column, from which a cancelled filing is gone
    filed = run.events[run.events["kind"] == "filed"].set_index("provider")["time"]
    assert len(listed) > 10
    assert (filed.loc[listed["provider"]].to_numpy() <= listed["time"].to_numpy()).all()
    lax = simulate(small(policy__stores__checks_filing=0.0), 1, 3)
    assert lax.events[lax.events["kind"] == "listed"]["time"].median() < listed["time"].median() / 2


def test_scaling_providers_and_staff_together_keeps_rates() -> None:
    """Twice the market with twice the staff has the same sanctions per provider, within error."""
    one = simulate(small(population__providers=100, policy__staff__inspectors=2, registry__reviewers=5), 10, 3)
    two = simulate(small(population__providers=200, policy__staff__inspectors=4, registry__reviewers=10), 10, 4)
    for metric in ("violations", "cases_opened", "warnings", "complaints"):
        a, b = one.outcomes[metric] / 100, two.outcomes[metric] / 200
        error = np.sqrt(a.var() / 10 + b.var() / 10)
        assert abs(a.mean() - b.mean()) < 4 * error, metric


@pytest.mark.costly
def test_scale_is_providers_inspectors_and_reviewers_together() -> None:
    full = load_scenario("cn-2023")
    tenth = load_scenario("cn-2023", {"population.scale": 0.1})
    assert table(full).providers == full.population.providers > 6000
    numbers = table(tenth)
    assert (numbers.providers, numbers.staff.inspectors, numbers.registry.reviewers) == (718, 8, 10)
    by_hand = load_scenario(
        "cn-2023", {"population.providers": 718, "policy.staff.inspectors": 8, "registry.reviewers": 10}
    )
    assert replicate(tenth, 1, 0).rows == replicate(by_hand, 1, 0).rows
    assert table(load_scenario("cn-2023", {"population.scale": 1e-6})).providers == 1


def test_no_enforcement_means_no_sanctions() -> None:
    run = simulate(small("no-enforcement"), 2, 1)
    assert run.outcomes["violations"].min() > 0
    for metric in ("cases_opened", "warnings", "fines", "downtime", "delistings"):
        assert (run.outcomes[metric] == 0).all()


def test_fines_lie_in_the_range_of_the_provision_that_imposes_them() -> None:
    fines = simulate(small("cn-2022-draft"), 4, 1).events.query("kind == 'fine'")
    own = fines[fines["rule"] == "cn-dsp-2022-draft/penalty-22.1"]
    assert len(own) > 20
    assert own["value"].between(10_000, 100_000).all()
    assert set(fines["rule"]) <= {"cn-dsp-2022-draft/penalty-22.1", "cn-penalties/csl-69@2017"}
    assert fines[fines["rule"] == "cn-penalties/csl-69@2017"]["value"].between(100_000, 500_000).all()


def test_press_reading_fines_more_first_breaches_than_the_text_of_the_draft() -> None:
    text, press = (
        simulate(small(name), 3, 1).outcomes["fines"].sum() for name in ("cn-2022-draft", "cn-2022-draft-press")
    )
    assert press > text > 0


def test_a_violation_names_a_rule_and_every_actor_acts() -> None:
    run = simulate(load_scenario("cn-2023", {"population.providers": 200}), 1, 1)
    events = run.events
    rules = {risk.rule for risk in run.scenario.behaviours}
    assert set(events[events["kind"] == "violation"]["rule"]) == rules
    assert {"provider", "public", "regulator", "app-store", "platform", "registry"} <= set(events["actor"])


def test_every_kind_has_an_actor_and_codes_are_consecutive() -> None:
    assert set(ACTORS) == set(Kind)
    assert sorted(int(kind) for kind in Kind) == list(range(len(Kind)))
    assert (Kind.VIOLATION, Kind.FINE, Kind.RELISTING_REFUSED, Kind.SANCTIONED) == (2, 17, 40, 43)


def test_keys_of_ties_fit_the_largest_world() -> None:
    assert MAX_PROVIDERS < 2**PROVIDER_BITS
    assert (len(Kind) << PROVIDER_BITS + CASE_BITS) < 2**62


def test_ties_are_decided_by_kind_provider_and_case() -> None:
    import simpy

    env = simpy.Environment()
    clock = Clock(env)
    order: list[tuple[int, int, int]] = []
    for key in [(3, 1, 0), (2, 9, 0), (2, 1, 5), (2, 1, 4), (1, 2**20 - 1, 2**31 - 1)]:
        clock.call(1.0, *key, order.append, key)
    env.run(until=2)
    assert order == sorted(order)


def test_an_event_at_the_horizon_is_left_out() -> None:
    scenario = stripped({"horizon": 30.0, "population": {"providers": 3, "arrivals": [[30, 0.0], [31, 1.0]]}})
    run = simulate(scenario, 1, 1)
    assert len(run.events) == 0
    assert run.outcomes["active_end"].tolist() == [0.0]
    assert run.series["end"].tolist() == [30.0]


@pytest.mark.parametrize("horizon", [29.0, 30.0, 31.0, 90.0])
def test_bins_cover_the_horizon(horizon: float) -> None:
    run = simulate(small(horizon=horizon), 1, 1)
    assert run.series["end"].iloc[-1] == horizon
    assert run.series["start"].tolist() == [0.0, *run.series["end"].tolist()[:-1]]


def test_columns_are_those_promised() -> None:
    scenario = small()
    run = simulate(scenario, 2, 1)
    assert list(run.outcomes.columns) == ["replication", *metrics(scenario)]
    assert list(run.events.columns) == ["replication", "time", "kind", "provider", "case", "actor", "rule", "value"]
    assert run.events.dtypes.astype(str).tolist() == [
        "int32",
        "float64",
        "category",
        "int32",
        "int32",
        "category",
        "category",
        "float64",
    ]
    assert list(run.summary.columns) == [
        *("title", "unit", "mean", "lo95", "hi95", "n", "median", "median_lo95", "median_hi95", "interval_of")
    ]
    assert len(run.providers) == 2 * 60


def test_the_population_follows_the_scenario() -> None:
    run = simulate(small(population__providers=4000, horizon=1), 1, 5)
    shares = run.providers["size_class"].value_counts(normalize=True)
    for item in run.scenario.population.classes:
        error = np.sqrt(item.share * (1 - item.share) / 4000)
        assert abs(shares[item.name] - item.share) < 4 * error
        members = run.providers[run.providers["size_class"] == item.name]
        logs = np.log(members["users"])
        assert abs(logs.mean() - np.log(item.users)) < 4 * item.spread / np.sqrt(len(members)) + 0.01


def test_filed_providers_waited_for_a_batch() -> None:
    run = simulate(small(), 1, 2)
    filed = run.providers["filed"].dropna()
    assert len(filed) > 10
    batches = filed / run.scenario.registry.publication_interval
    assert np.allclose(batches, batches.round())


def test_unknown_scenario_objects_are_not_taken() -> None:
    with pytest.raises(ValueError):
        Scenario.model_validate({"name": "x"})


def test_the_price_of_harm_avoided_is_that_of_the_means(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody, somebody = simulate(small("no-enforcement"), 6, 1), simulate(small(policy__staff__inspectors=16), 6, 1)
    compared = compare(nobody, somebody)
    price, low, high = compared.cost_per_harm_avoided
    table = compared.table.set_index("metric")["difference"]
    assert table["regulator_cost"] > 0, "enforcement is not free"
    if table["harm"] < 0:
        assert price == pytest.approx(table["regulator_cost"] / -table["harm"])
        assert np.isnan([low, high]).all(), "so few violations give harm no interval"
        monkeypatch.setattr("shenhe.simulator.runs.tails.PARTS", {})
        price, low, high = compared.cost_per_harm_avoided
        assert low <= price <= high
    back = compare(somebody, nobody).cost_per_harm_avoided
    assert np.isnan(price) != np.isnan(back[0])
