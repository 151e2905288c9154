"""The sanction ladder, targeting, evidence, appeals and the world they act on, as one frozen table of numbers.

Both engines read this table and nothing else of a scenario. Arrays are indexed by size class, behaviour, step, store
or platform in the scenario's order. Rates are per day here (scenarios give them per year of 365 days).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shenhe.rulebook import Behaviour
from shenhe.simulator.scenario.market import scaled

from ..scenario.policy import PolicyRules, Sanction, covers
from ..scenario.schema import Scenario
from .formulas import mean_fine

YEAR = 365.0
CLOCKS = {"continuous": 0.0, "daily": 1.0, "weekly": 7.0}

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Bits of Table.step_sanctions, and columns of every count by rung. Only ever appended.
SANCTIONS = tuple(Sanction)
WARNING, RECTIFY, FINE, SUSPEND_UPDATES, SUSPEND_REGISTRATION, SUSPEND_SERVICE, APP_REMOVAL, REVOCATION = (
    1 << code for code in range(len(SANCTIONS))
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One scenario as numbers. Shapes: C size classes, B behaviours, L steps, S stores, P platforms, A authorities (one
    at least).
    """

    providers: int
    horizon: float

    # the world, by size class
    class_activity: Floats  # (C,)
    class_gain: Floats  # (C,) RMB
    class_rectifies: Floats  # (C,)
    class_exits: Floats  # (C,)

    # the world, by behaviour
    behaviour_rate: Floats  # (B,) per day
    behaviour_severity: Floats  # (B,) harm per user and day
    behaviour_serious: Floats  # (B,)
    behaviour_serious_factor: Floats  # (B,)
    behaviour_lifetime: Floats  # (B,) days
    behaviour_spreads: Floats  # (B,)
    behaviour_complained: Floats  # (B,)
    behaviour_seen: Floats  # (B,)
    behaviour_cumulative: Floats  # (B,) cumulative share of occasions
    occasion_rate: float  # per day, of all behaviours together
    filing: int  # index of the behaviour `filing`, or -1

    exit_rate: float  # per day
    complaint_delay: float
    false_complaint_rate: float  # per provider and day, of the stream that they are thinned from
    updates_factor: float
    registration_factor: float
    initial_belief: float
    own_weight: float
    peer_weight: float
    belief_memory: float
    rectification_gain: float

    # stores and platforms
    store_share: Floats  # (S,)
    store_review: Floats
    store_monitors: Floats
    store_delay: Floats
    store_obeys: Floats
    store_relisting: Floats
    store_relists: Floats
    platform_cumulative: Floats  # (P,)
    platform_lag: Floats
    platform_misses: Floats
    platform_fades: Floats

    # the registry
    reviewers: int  # of all authorities together
    review_days: float
    supplement_probability: float
    supplement_days: float
    preparation_days: float
    grace_days: float
    limit_days: float
    publication_interval: float

    # the policy
    inspection_rate: float  # per provider and day
    inspection_ceiling: float  # per provider and day
    taken_up: float
    store_taken_up: float
    merge: bool
    target_per_strike: float
    target_cap: int
    target_class: Floats  # (C,)
    sensitivity: float
    specificity: float
    inspectors: int  # of one pool; see authority_inspectors for those of several authorities
    investigation_days: float
    investigation_phases: int
    by_severity: bool
    fine_on_first: bool
    step_sanctions: Integers  # (L,) bits
    step_fine_low: Floats  # (L,) RMB
    step_fine_high: Floats
    step_turnover: Floats
    step_deadline: Floats  # (L,) days
    step_updates: Floats
    step_registration: Floats
    step_service: Floats
    step_removal: Floats
    step_appealable: Integers
    strike_memory: float
    forgiveness: float
    guilty_appeal: float
    innocent_appeal: float
    appeal_days: float
    overturned_guilty: float
    overturned_innocent: float
    suspensive: bool
    checks_filing: float
    removes_unfiled: bool

    # effort, filters, and what else providers do; by size class first
    class_exempt: Floats  # (C,)
    class_compliance_cost: Floats  # (C,) RMB a year at full effort
    class_reenters: Floats  # (C,)
    class_abroad: Floats  # (C,)
    class_hides: Floats  # (C,)
    class_records: Floats  # (C,)
    class_certifies: Floats  # (C,)
    decision_days: float
    strictness_scale: float
    lawful_blocked: float
    handles: float
    handling_days: float
    account_measures: float
    reentry_days: float

    # users and rumours
    behaviour_misused: Floats  # (B,)
    behaviour_claimed: Floats  # (B,)
    behaviour_award: Floats  # (B,) RMB
    real_name: int  # index of the behaviour `real-name`, or -1
    rumour: int  # index of the behaviour `rumour-refutation`, or -1
    migrates: float
    returns: float
    anonymity: float
    rumour_rate: float  # episodes a day
    rumour_reach: float
    claim_days: float

    # technical supporters
    supporter_cumulative: Floats  # (K,)
    used_by: float
    traced: float
    supporter_days: float
    failure_day: Floats  # (F,)
    failure_days: Floats  # (F,)
    failure_supporter: Integers  # (F,)
    failure_factor: Floats  # (F,)

    # further levers
    store_diligence: Floats  # (S,)
    store_over_removes: Floats  # (S,)
    audit_days: float
    store_limit: float
    neglect_fine: float
    store_learns: float
    platform_found: float
    platform_fine: float
    platform_learns: float
    target_per_complaint: float
    target_complaint_cap: int
    group_weight: float
    group_back: float
    lots: int
    focus_days: float
    focus_weight: float
    without_records: float
    step_per_violation: Floats  # (L,) RMB
    self_report: float
    self_report_discount: float
    safe_harbour: bool
    safe_harbour_gain: float
    safe_harbour_factor: float
    publicity: float
    referral: float
    authority_inspectors: Integers  # (A,)
    authority_of: Integers  # (C * B,) the authority with jurisdiction
    staff_cost: float  # RMB a day of one inspector or reviewer
    authority_reviewers: Integers  # (A,) or (1,): one pool where no authority has reviewers of its own
    registry_of: Integers  # (C,) the pool of reviewers that filings of a size class wait for
    authority_budget: Floats  # (A,) RMB a year, inf for none
    case_cost: float  # RMB of one investigation
    class_capital: Floats  # (C,) RMB, inf for none
    destinations: int  # providers among which the users who leave one spread
    false_complaint_chance: float  # share of the stream of false complaints that is made
    clock_step: float  # days, 0 for continuous time
    foresight: float  # days that a provider looks ahead, 0 for no further than the next step

    def feared(self) -> tuple[Floats, Floats, Floats]:
        """What providers reckon each step of the ladder with, (L,) each: RMB of a fine, share of a year's turnover,
        days off.
        """
        fines = np.array(
            [
                mean_fine(low, high) + each
                for low, high, each in zip(
                    self.step_fine_low, self.step_fine_high, self.step_per_violation, strict=True
                )
            ]
        )
        turnover = self.step_turnover.copy()
        if not self.fine_on_first:
            # A first breach that is not serious is not fined yet, so there is no such fine to fear.
            fines[0] = turnover[0] = 0.0
        return fines, turnover, self.step_service + self.step_removal * float(self.store_share.sum())


def table(scenario: Scenario) -> Table:
    """The numbers of a scenario."""
    population, policy, registry = scenario.population, scenario.policy, scenario.registry
    classes, risks, steps = population.classes, scenario.behaviours, policy.ladder
    detection, targeting, staff, appeals = policy.detection, policy.targeting, policy.staff, policy.appeals
    rates = np.array([risk.rate / YEAR for risk in risks])
    total = float(np.add.accumulate(rates)[-1])
    cumulative = np.add.accumulate(rates) / total if total else np.ones(len(rates))
    behaviours = [risk.name for risk in risks]

    public = scenario.public
    stream = public.false_complaint_ceiling or public.false_complaints

    def column(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    return Table(
        providers=population.simulated,
        horizon=float(scenario.horizon),
        class_activity=column([item.activity for item in classes]),
        class_gain=column([item.gain for item in classes]),
        class_rectifies=column([item.rectifies for item in classes]),
        class_exits=column([item.exits_after_suspension for item in classes]),
        behaviour_rate=rates,
        behaviour_severity=column([risk.severity for risk in risks]),
        behaviour_serious=column([risk.serious for risk in risks]),
        behaviour_serious_factor=column([risk.serious_factor for risk in risks]),
        behaviour_lifetime=column([risk.lifetime for risk in risks]),
        behaviour_spreads=column([risk.spreads for risk in risks]),
        behaviour_complained=column([risk.complained for risk in risks]),
        behaviour_seen=column([risk.seen_in_store for risk in risks]),
        behaviour_cumulative=cumulative,
        occasion_rate=total,
        filing=behaviours.index(Behaviour.FILING) if Behaviour.FILING in behaviours else -1,
        exit_rate=population.exit_rate / YEAR,
        complaint_delay=scenario.public.complaint_delay,
        false_complaint_rate=stream / YEAR,
        updates_factor=scenario.response.updates_factor,
        registration_factor=scenario.response.registration_factor,
        initial_belief=scenario.response.initial_belief,
        own_weight=scenario.response.own_weight,
        peer_weight=scenario.response.peer_weight,
        belief_memory=scenario.response.memory,
        rectification_gain=scenario.response.rectification_gain,
        store_share=column([store.share for store in scenario.stores]),
        store_review=column([store.review_days for store in scenario.stores]),
        store_monitors=column([store.monitors for store in scenario.stores]),
        store_delay=column([store.monitor_delay for store in scenario.stores]),
        store_obeys=column([store.obeys_after for store in scenario.stores]),
        store_relisting=column([store.relisting_days for store in scenario.stores]),
        store_relists=column([store.relists for store in scenario.stores]),
        platform_cumulative=np.add.accumulate(column([platform.share for platform in scenario.platforms])),
        platform_lag=column([platform.takedown_lag for platform in scenario.platforms]),
        platform_misses=column([platform.misses for platform in scenario.platforms]),
        platform_fades=column([platform.fades_after for platform in scenario.platforms]),
        reviewers=sum(_reviewers(scenario)),
        review_days=registry.review_days,
        supplement_probability=registry.supplement_probability,
        supplement_days=registry.supplement_days,
        preparation_days=registry.preparation_days,
        grace_days=registry.grace_days,
        limit_days=registry.limit_days,
        publication_interval=registry.publication_interval,
        inspection_rate=detection.inspection_rate / YEAR,
        inspection_ceiling=detection.inspection_ceiling / YEAR,
        taken_up=detection.complaints_taken_up,
        store_taken_up=detection.store_reports_taken_up,
        merge=detection.merge_open_cases,
        target_per_strike=targeting.per_strike,
        target_cap=targeting.strike_cap,
        target_class=column([targeting.classes.get(item.name, 1.0) for item in classes]),
        sensitivity=policy.evidence.sensitivity,
        specificity=policy.evidence.specificity,
        inspectors=scaled(staff.inspectors, population.scale),
        investigation_days=staff.investigation_days,
        investigation_phases=staff.investigation_phases,
        by_severity=staff.triage == "severity",
        fine_on_first=policy.fine_on == "first-violation",
        step_sanctions=np.array(
            [sum(1 << SANCTIONS.index(sanction) for sanction in step.sanctions) for step in steps], dtype=np.int64
        ),
        step_fine_low=column([step.fine.low if step.fine else 0.0 for step in steps]),
        step_fine_high=column([step.fine.high if step.fine else 0.0 for step in steps]),
        step_turnover=column([step.fine.turnover_share if step.fine else 0.0 for step in steps]),
        step_deadline=column([step.deadline for step in steps]),
        step_updates=column([step.updates_days for step in steps]),
        step_registration=column([step.registration_days for step in steps]),
        step_service=column([step.service_days for step in steps]),
        step_removal=column([step.removal_days for step in steps]),
        step_appealable=np.array([int(step.appealable) for step in steps], dtype=np.int64),
        strike_memory=policy.strikes.memory_days,
        forgiveness=policy.strikes.forgiveness,
        guilty_appeal=appeals.guilty_appeal,
        innocent_appeal=appeals.innocent_appeal,
        appeal_days=appeals.days,
        overturned_guilty=appeals.overturned_guilty,
        overturned_innocent=appeals.overturned_innocent,
        suspensive=appeals.suspensive,
        checks_filing=policy.stores.checks_filing,
        removes_unfiled=policy.stores.removes_unfiled,
        class_exempt=column([item.exempt for item in classes]),
        class_compliance_cost=column([item.compliance_cost for item in classes]),
        class_reenters=column([item.reenters for item in classes]),
        class_abroad=column([item.abroad for item in classes]),
        class_hides=column([item.hides for item in classes]),
        class_records=column([item.keeps_records for item in classes]),
        class_certifies=column([item.certifies for item in classes]),
        decision_days=scenario.response.review_days,
        strictness_scale=scenario.response.strictness_scale,
        lawful_blocked=scenario.response.lawful_blocked,
        handles=scenario.response.handles,
        handling_days=scenario.response.handling_days,
        account_measures=scenario.response.account_measures,
        reentry_days=scenario.response.reentry_days,
        behaviour_misused=column([risk.misused for risk in risks]),
        behaviour_claimed=column([risk.claimed for risk in risks]),
        behaviour_award=column([risk.award for risk in risks]),
        real_name=behaviours.index(Behaviour.REAL_NAME) if Behaviour.REAL_NAME in behaviours else -1,
        rumour=behaviours.index(Behaviour.RUMOUR_REFUTATION) if Behaviour.RUMOUR_REFUTATION in behaviours else -1,
        migrates=scenario.public.migrates,
        returns=scenario.public.returns,
        anonymity=scenario.public.anonymity,
        rumour_rate=scenario.public.rumours / YEAR,
        rumour_reach=scenario.public.rumour_reach,
        claim_days=scenario.public.claim_days,
        supporter_cumulative=_zipf(scenario.supporters.simulated(population.scale)),
        used_by=scenario.supporters.used_by if scenario.supporters.count else 0.0,
        traced=scenario.supporters.traced,
        supporter_days=scenario.supporters.service_days,
        failure_day=column([item.day for item in scenario.failures]),
        failure_days=column([item.days for item in scenario.failures]),
        failure_supporter=np.array([item.supporter for item in scenario.failures], dtype=np.int64),
        failure_factor=column([item.compliance_factor for item in scenario.failures]),
        store_diligence=column([store.diligence for store in scenario.stores]),
        store_over_removes=column([store.over_removes for store in scenario.stores]),
        audit_days=policy.stores.audit_days,
        store_limit=policy.stores.limit_days,
        neglect_fine=policy.stores.neglect_fine,
        store_learns=policy.stores.learns,
        platform_found=policy.platforms.found,
        platform_fine=policy.platforms.fine,
        platform_learns=policy.platforms.learns,
        target_per_complaint=targeting.per_complaint,
        target_complaint_cap=targeting.complaint_cap,
        group_weight=targeting.group_weight,
        group_back=targeting.group_back,
        lots=targeting.lots,
        focus_days=targeting.focus_days,
        focus_weight=targeting.focus_weight,
        without_records=policy.evidence.without_records,
        step_per_violation=column([step.fine.per_violation if step.fine else 0.0 for step in steps]),
        self_report=policy.self_report.probability,
        self_report_discount=policy.self_report.discount,
        safe_harbour=policy.safe_harbour.offered,
        safe_harbour_gain=policy.safe_harbour.gain,
        safe_harbour_factor=policy.safe_harbour.inspection_factor,
        publicity=policy.publicity,
        referral=policy.referral,
        authority_inspectors=np.array(
            [scaled(staff.inspectors, population.scale * item.share) for item in policy.authorities]
            or [scaled(staff.inspectors, population.scale)],
            dtype=np.int64,
        ),
        authority_of=np.array(
            [_authority(policy, item.name, name) for item in classes for name in behaviours], dtype=np.int64
        ),
        staff_cost=staff.cost / YEAR,
        authority_reviewers=np.array(_reviewers(scenario), dtype=np.int64),
        registry_of=np.array([_registry(policy, item.name) for item in classes], dtype=np.int64),
        authority_budget=column(
            [math.inf if item.budget is None else item.budget * population.scale for item in policy.authorities]
            or [math.inf]
        ),
        case_cost=staff.case_cost,
        class_capital=column([math.inf if item.capital is None else item.capital for item in classes]),
        destinations=public.destinations,
        false_complaint_chance=public.false_complaints / stream if stream else 0.0,
        clock_step=CLOCKS[scenario.clock],
        foresight=scenario.response.foresight,
    )


def _zipf(count: int) -> Floats:
    """Cumulative shares of ``count`` entities with weights 1, 1/2, 1/3, …"""
    if not count:
        return np.empty(0)
    cumulative = np.add.accumulate(1.0 / np.arange(1.0, count + 1.0))
    shares: Floats = cumulative / cumulative[-1]
    return shares


def _authority(policy: PolicyRules, size: str, behaviour: Behaviour) -> int:
    for number, item in enumerate(policy.authorities):
        if covers(item, size, behaviour):
            return number
    return 0


def _reviewers(scenario: Scenario) -> list[int]:
    """People in each pool of reviewers: one for each authority that has any, an empty place for one that has none."""
    count, scale = scenario.registry.reviewers, scenario.population.scale
    if not any(item.reviewers for item in scenario.policy.authorities):
        return [scaled(count, scale)]
    return [scaled(count, scale * item.reviewers) if item.reviewers else 0 for item in scenario.policy.authorities]


def _registry(policy: PolicyRules, size: str) -> int:
    if not any(item.reviewers for item in policy.authorities):
        return 0
    return _authority(policy, size, Behaviour.FILING)


def regimes(scenario: Scenario) -> list[tuple[float, Table]]:
    """The tables that hold, each from its day on; the first from day 0. They differ in policy and behaviour, not in
    shape.
    """
    return [(day, table(regime)) for day, regime in scenario.regimes()]
