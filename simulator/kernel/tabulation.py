"""From a scenario to the numbers that both engines read.

Rates are per year of 365 days in a scenario and per day in the table; money is in RMB and times are in days in both.
"""

from __future__ import annotations

import math

import numpy as np

from shenhe.rulebook import Behaviour

from ..scenario.market import SizeClass, scaled
from ..scenario.policy import PolicyRules, Sanction, covers
from ..scenario.schema import Scenario
from .formulas import mean_fine, obeying_days
from .table import (
    CLOCKS,
    MODELS,
    SANCTIONS,
    YEAR,
    AppealNumbers,
    AuthorityNumbers,
    BehaviourNumbers,
    ClassNumbers,
    DetectionNumbers,
    EvidenceNumbers,
    FailureNumbers,
    Floats,
    PlatformDutyNumbers,
    PlatformNumbers,
    PublicNumbers,
    RegistryNumbers,
    ResponseNumbers,
    SafeHarbourNumbers,
    SelfReportNumbers,
    StaffNumbers,
    StepNumbers,
    StoreDutyNumbers,
    StoreNumbers,
    StrikeNumbers,
    SupporterNumbers,
    Table,
    TargetingNumbers,
)


def table(scenario: Scenario) -> Table:
    """The numbers of a scenario, grouped as :class:`.table.Table` describes them. A column has one entry per size
    class, behaviour, step, store, platform or authority, in the order of the scenario.

    A scenario that was loaded is valid, and nothing is raised.
    """
    population, policy, registry = scenario.population, scenario.policy, scenario.registry
    classes, risks = population.classes, scenario.behaviours
    detection, targeting, staff, appeals = policy.detection, policy.targeting, policy.staff, policy.appeals
    rates = np.array([risk.rate / YEAR for risk in risks])
    total = float(np.add.accumulate(rates)[-1])
    cumulative = np.add.accumulate(rates) / total if total else np.ones(len(rates))
    behaviours = [risk.name for risk in risks]

    public = scenario.public
    stream = public.false_complaint_ceiling or public.false_complaints

    return Table(
        providers=population.simulated,
        horizon=float(scenario.horizon),
        occasion_rate=total,
        filing=behaviours.index(Behaviour.FILING) if Behaviour.FILING in behaviours else -1,
        real_name=behaviours.index(Behaviour.REAL_NAME) if Behaviour.REAL_NAME in behaviours else -1,
        rumour=behaviours.index(Behaviour.RUMOUR_REFUTATION) if Behaviour.RUMOUR_REFUTATION in behaviours else -1,
        exit_rate=population.exit_rate / YEAR,
        clock_step=CLOCKS[scenario.clock],
        publicity=policy.publicity,
        referral=policy.referral,
        classes=ClassNumbers(
            activity=_column([item.activity for item in classes]),
            gain=_column([item.gain for item in classes]),
            rectifies=_column([item.rectifies for item in classes]),
            exits=_column([item.exits_after_suspension for item in classes]),
            exempt=_column([item.exempt for item in classes]),
            compliance_cost=_column([item.compliance_cost for item in classes]),
            reenters=_column([item.reenters for item in classes]),
            abroad=_column([item.abroad for item in classes]),
            hides=_column([item.hides for item in classes]),
            records=_column([item.keeps_records for item in classes]),
            certifies=_column([item.certifies for item in classes]),
            capital=_column([math.inf if item.capital is None else item.capital for item in classes]),
            target=_column([targeting.classes.get(item.name, 1.0) for item in classes]),
            closure=_column([_closure(scenario, item) for item in classes]),
            breaches=_column([_breaches(scenario, item) for item in classes]),
        ),
        behaviours=BehaviourNumbers(
            rate=rates,
            severity=_column([risk.severity for risk in risks]),
            serious=_column([risk.serious for risk in risks]),
            serious_factor=_column([risk.serious_factor for risk in risks]),
            lifetime=_column([risk.lifetime for risk in risks]),
            spreads=_column([risk.spreads for risk in risks]),
            complained=_column([risk.complained for risk in risks]),
            seen=_column([risk.seen_in_store for risk in risks]),
            misused=_column([risk.misused for risk in risks]),
            claimed=_column([risk.claimed for risk in risks]),
            award=_column([risk.award for risk in risks]),
            reach=_column([risk.reach for risk in risks]),
            first_step=np.array([policy.reach(risk.ladder)[0] for risk in risks], dtype=np.int64),
            after_step=np.array([policy.reach(risk.ladder)[1] for risk in risks], dtype=np.int64),
            effort_share=_effort_shares(scenario),
            cumulative=cumulative,
        ),
        steps=_steps(scenario),
        stores=StoreNumbers(
            share=_column([store.share for store in scenario.stores]),
            review=_column([store.review_days for store in scenario.stores]),
            monitors=_column([store.monitors for store in scenario.stores]),
            delay=_column([store.monitor_delay for store in scenario.stores]),
            obeys=_column(
                [
                    obeying_days(
                        store.obeys_after, policy.stores.limit_days, policy.stores.neglect_fine, store.hurry_cost
                    )
                    for store in scenario.stores
                ]
            ),
            relisting=_column([store.relisting_days for store in scenario.stores]),
            relists=_column([store.relists for store in scenario.stores]),
            diligence=_column([store.diligence for store in scenario.stores]),
            over_removes=_column([store.over_removes for store in scenario.stores]),
            handling=_column([_handling(scenario, store.removals_per_day) for store in scenario.stores]),
        ),
        platforms=PlatformNumbers(
            cumulative=np.add.accumulate(_column([platform.share for platform in scenario.platforms])),
            lag=_column(
                [
                    obeying_days(
                        platform.takedown_lag,
                        policy.platforms.limit_days,
                        policy.platforms.found * policy.platforms.fine,
                        platform.hurry_cost,
                    )
                    for platform in scenario.platforms
                ]
            ),
            misses=_column([platform.misses for platform in scenario.platforms]),
            fades=_column([platform.fades_after for platform in scenario.platforms]),
            handling=_column([_handling(scenario, platform.takedowns_per_day) for platform in scenario.platforms]),
        ),
        failures=FailureNumbers(
            day=_column([item.day for item in scenario.failures]),
            days=_column([item.days for item in scenario.failures]),
            supporter=np.array([item.supporter for item in scenario.failures], dtype=np.int64),
            factor=_column([item.compliance_factor for item in scenario.failures]),
        ),
        supporters=SupporterNumbers(
            cumulative=_zipf(scenario.supporters.simulated(population.scale)),
            used_by=scenario.supporters.used_by if scenario.supporters.count else 0.0,
            traced=scenario.supporters.traced,
            days=scenario.supporters.service_days,
        ),
        authorities=AuthorityNumbers(
            inspectors=np.array(
                [scaled(staff.inspectors, population.scale * item.share) for item in policy.authorities]
                or [scaled(staff.inspectors, population.scale)],
                dtype=np.int64,
            ),
            reviewers=np.array(_reviewers(scenario), dtype=np.int64),
            budget=_column(
                [math.inf if item.budget is None else item.budget * population.scale for item in policy.authorities]
                or [math.inf]
            ),
            jurisdiction=np.array(
                [_authority(policy, item.name, name) for item in classes for name in behaviours], dtype=np.int64
            ),
            registry=np.array([_registry(policy, item.name) for item in classes], dtype=np.int64),
        ),
        public=PublicNumbers(
            complaint_delay=scenario.public.complaint_delay,
            false_complaint_rate=stream / YEAR,
            false_complaint_chance=public.false_complaints / stream if stream else 0.0,
            false_evidence=public.false_evidence,
            migrates=scenario.public.migrates,
            returns=scenario.public.returns,
            destinations=public.destinations,
            anonymity=scenario.public.anonymity,
            rumour_rate=scenario.public.rumours / YEAR,
            rumour_reach=scenario.public.rumour_reach,
            claim_days=scenario.public.claim_days,
            reach_spread=scenario.public.reach_spread,
            audience=scenario.public.audience,
            audience_exponent=scenario.public.audience_exponent,
        ),
        response=ResponseNumbers(
            model=MODELS.index(scenario.response.model),
            impunity_seen=scenario.response.impunity_seen,
            generalises=scenario.response.generalises,
            discount=1.0 / (scenario.response.closure_years * YEAR),
            updates_factor=scenario.response.updates_factor,
            registration_factor=scenario.response.registration_factor,
            initial_belief=scenario.response.initial_belief,
            own_weight=scenario.response.own_weight,
            peer_weight=scenario.response.peer_weight,
            memory=scenario.response.memory,
            rectification_gain=scenario.response.rectification_gain,
            review_days=scenario.response.review_days,
            strictness_scale=scenario.response.strictness_scale,
            lawful_blocked=scenario.response.lawful_blocked,
            handles=scenario.response.handles,
            handling_days=scenario.response.handling_days,
            account_measures=scenario.response.account_measures,
            reentry_days=scenario.response.reentry_days,
            foresight=scenario.response.foresight,
        ),
        registry=RegistryNumbers(
            reviewers=sum(_reviewers(scenario)),
            review_days=registry.review_days,
            supplement_probability=registry.supplement_probability,
            supplement_days=registry.supplement_days,
            preparation_days=registry.preparation_days,
            grace_days=registry.grace_days,
            limit_days=registry.limit_days,
            publication_interval=registry.publication_interval,
        ),
        detection=DetectionNumbers(
            inspection_rate=detection.inspection_rate / YEAR,
            inspection_ceiling=detection.inspection_ceiling / YEAR,
            taken_up=detection.complaints_taken_up,
            store_taken_up=detection.store_reports_taken_up,
            merge=detection.merge_open_cases,
        ),
        targeting=TargetingNumbers(
            per_strike=targeting.per_strike,
            strike_cap=targeting.strike_cap,
            per_complaint=targeting.per_complaint,
            complaint_cap=targeting.complaint_cap,
            group_weight=targeting.group_weight,
            group_back=targeting.group_back,
            lots=targeting.lots,
            focus_days=targeting.focus_days,
            focus_weight=targeting.focus_weight,
        ),
        evidence=EvidenceNumbers(
            sensitivity=policy.evidence.sensitivity,
            specificity=policy.evidence.specificity,
            without_records=policy.evidence.without_records,
        ),
        staff=StaffNumbers(
            inspectors=scaled(staff.inspectors, population.scale),
            investigation_days=staff.investigation_days,
            investigation_phases=staff.investigation_phases,
            by_severity=staff.triage == "severity",
            cost=staff.cost / YEAR,
            case_cost=staff.case_cost,
        ),
        strikes=StrikeNumbers(
            memory=policy.strikes.memory_days,
            forgiveness=policy.strikes.forgiveness,
        ),
        appeals=AppealNumbers(
            guilty_appeal=appeals.guilty_appeal,
            innocent_appeal=appeals.innocent_appeal,
            days=appeals.days,
            overturned_guilty=appeals.overturned_guilty,
            overturned_innocent=appeals.overturned_innocent,
            suspensive=appeals.suspensive,
        ),
        store_duty=StoreDutyNumbers(
            checks_filing=policy.stores.checks_filing,
            removes_unfiled=policy.stores.removes_unfiled,
            audit_days=policy.stores.audit_days,
            limit_days=policy.stores.limit_days,
            neglect_fine=policy.stores.neglect_fine,
            learns=policy.stores.learns,
            sweep_days=policy.stores.sweep_days,
            sweep_finds=policy.stores.sweep_finds,
            sweep_removal_days=policy.stores.sweep_removal_days,
        ),
        platform_duty=PlatformDutyNumbers(
            found=policy.platforms.found,
            fine=policy.platforms.fine,
            learns=policy.platforms.learns,
            limit_days=policy.platforms.limit_days,
        ),
        self_report=SelfReportNumbers(
            probability=policy.self_report.probability,
            discount=policy.self_report.discount,
        ),
        safe_harbour=SafeHarbourNumbers(
            offered=policy.safe_harbour.offered,
            gain=policy.safe_harbour.gain,
            inspection_factor=policy.safe_harbour.inspection_factor,
            false_share=policy.safe_harbour.false_share,
            selection=policy.safe_harbour.selection,
            valid_days=policy.safe_harbour.valid_days,
            lost_on_sanction=policy.safe_harbour.lost_on_sanction,
        ),
    )


def _steps(scenario: Scenario) -> StepNumbers:
    policy = scenario.policy
    steps, response = policy.steps, scenario.response

    fines = [step.fine for step in steps]
    feared_fine = [mean_fine(fine.low, fine.high) + fine.per_violation if fine else 0.0 for fine in fines]
    feared_turnover = [fine.turnover_share if fine else 0.0 for fine in fines]
    if policy.fine_on != "first-violation":
        # A first breach that is not serious is not fined yet, so there is no such fine to fear.
        feared_fine[0] = feared_turnover[0] = 0.0
    for number, step in enumerate(steps):
        if step.staff_fine:
            feared_fine[number] += response.staff_weight * mean_fine(step.staff_fine.low, step.staff_fine.high)
    reached = float(_column([store.share for store in scenario.stores]).sum())
    service, removal = _column([step.service_days for step in steps]), _column([step.removal_days for step in steps])
    lost = np.zeros(len(steps))
    if response.model != "fixed":
        lost += response.updates_loss * _column([step.updates_days for step in steps])
        lost += response.registration_loss * _column([step.registration_days for step in steps])
    return StepNumbers(
        sanctions=np.array(
            [sum(1 << SANCTIONS.index(sanction) for sanction in step.sanctions) for step in steps], dtype=np.int64
        ),
        fine_low=_column([step.fine.low if step.fine else 0.0 for step in steps]),
        fine_high=_column([step.fine.high if step.fine else 0.0 for step in steps]),
        turnover=_column([step.fine.turnover_share if step.fine else 0.0 for step in steps]),
        deadline=_column([step.deadline for step in steps]),
        updates=_column([step.updates_days for step in steps]),
        registration=_column([step.registration_days for step in steps]),
        service=_column([step.service_days for step in steps]),
        removal=_column([step.removal_days for step in steps]),
        appealable=np.array([int(step.appealable) for step in steps], dtype=np.int64),
        per_violation=_column([step.fine.per_violation if step.fine else 0.0 for step in steps]),
        at_once=np.array([int(number > 0 or policy.fine_on == "first-violation") for number in range(len(steps))]),
        place=np.array(_places(policy), dtype=np.int64),
        ends=np.array([int(number in _ends(policy)) for number in range(len(steps))]),
        staff_low=_column([step.staff_fine.low if step.staff_fine else 0.0 for step in steps]),
        staff_high=_column([step.staff_fine.high if step.staff_fine else 0.0 for step in steps]),
        confiscates=_column([step.confiscates for step in steps]),
        publicity=_column([step.publicity or 1.0 for step in steps]),
        feared_fine=_column(feared_fine),
        feared_turnover=_column(feared_turnover),
        feared_days=service + removal * reached + lost,
        closes=_column([float(Sanction.REVOCATION in step.sanctions) for step in steps]),
        refusals=_column(
            [math.exp(-step.deadline / (response.closure_years * YEAR)) if step.deadline else 0.0 for step in steps]
        ),
    )


def _places(policy: PolicyRules) -> list[int]:
    """The place of each of all steps within its ladder."""
    return [
        place for steps in (policy.ladder, *(ladder.steps for ladder in policy.ladders)) for place in range(len(steps))
    ]


def _ends(policy: PolicyRules) -> set[int]:
    """Places of the last steps of all ladders among all steps."""
    return {policy.reach(name)[1] - 1 for name in (None, *(ladder.name for ladder in policy.ladders))}


def _closure(scenario: Scenario, size: SizeClass) -> float:
    """Years of revenue that closure costs a provider of a class; one that comes back under another name loses the time
    in between.
    """
    years, away = scenario.response.closure_years, scenario.response.reentry_days / YEAR
    return (1.0 - size.reenters) * years + size.reenters * min(years, away)


def _breaches(scenario: Scenario, size: SizeClass) -> float:
    """Breaches a day of a provider of a class that makes no effort and fears nothing."""
    rates = [risk.rate / YEAR * (1.0 - size.compliance[risk.name]) for risk in scenario.behaviours]
    return size.activity * math.fsum(rates)


def _effort_shares(scenario: Scenario) -> Floats:
    """Shares of the cost of effort by behaviour, among those that occasions arise for."""
    weights = _column([risk.effort_weight if risk.rate > 0.0 else 0.0 for risk in scenario.behaviours])
    total = float(weights.sum())
    return weights / total if total else weights


def _column(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _handling(scenario: Scenario, per_day: float) -> float:
    """Days of staff that one of ``per_day`` takes in a market of that scale; 0 where there is staff for all."""
    return 1.0 / (per_day * scenario.population.scale) if per_day else 0.0


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
    """The tables that hold, each with the day from which it does, in order; the first is (0.0, table). They differ in
    policy and behaviour, not in shape.

    Raises :class:`..scenario.values.ScenarioError` where a change makes the scenario impossible.
    """
    return [(day, table(regime)) for day, regime in scenario.regimes()]
