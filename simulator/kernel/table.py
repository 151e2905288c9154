"""The sanction ladder, targeting, evidence, appeals and the world they act on, as one frozen table of numbers.

Both engines read this table and nothing else of a scenario. Arrays are indexed by size class, behaviour, step, store
or platform in the scenario's order. Rates are per day here (scenarios give them per year of 365 days).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..scenario.policy import Sanction

YEAR = 365.0
CLOCKS = {"continuous": 0.0, "daily": 1.0, "weekly": 7.0}

MODELS = ("fixed", "adaptive", "rational", "salience")
FIXED, ADAPTIVE, RATIONAL, SALIENCE = range(len(MODELS))
"""How providers form beliefs: ``response.model``."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Bits of Table.step_sanctions, and columns of every count by rung. Only ever appended.
SANCTIONS = tuple(Sanction)
(
    WARNING, RECTIFY, FINE, SUSPEND_UPDATES, SUSPEND_REGISTRATION, SUSPEND_SERVICE, APP_REMOVAL, REVOCATION,
    STAFF_FINE, CONFISCATION, PUBLIC_NOTICE,
) = (1 << code for code in range(len(SANCTIONS)))  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ClassNumbers:
    """Size classes: arrays of shape (C,)."""

    activity: Floats
    gain: Floats  # RMB
    rectifies: Floats
    exits: Floats
    exempt: Floats
    compliance_cost: Floats  # RMB per year at full effort
    reenters: Floats
    abroad: Floats
    hides: Floats
    records: Floats
    certifies: Floats
    capital: Floats  # RMB, inf for none
    target: Floats
    closure: Floats  # years of revenue that closure costs
    breaches: Floats  # a day, without effort


@dataclass(frozen=True, slots=True, eq=False)
class BehaviourNumbers:
    """Behaviours: arrays of shape (B,)."""

    rate: Floats  # per day
    severity: Floats  # harm per user and day
    serious: Floats
    serious_factor: Floats
    lifetime: Floats  # days
    spreads: Floats
    complained: Floats
    seen: Floats
    misused: Floats
    claimed: Floats
    award: Floats  # RMB
    reach: Floats  # mean share of users
    first_step: Integers  # of its ladder among all steps
    after_step: Integers
    effort_share: Floats  # of the cost of effort; adds up to 1 over behaviours with occasions
    cumulative: Floats  # cumulative share of occasions


@dataclass(frozen=True, slots=True, eq=False)
class StepNumbers:
    """Steps of the ladder: arrays of shape (L,)."""

    sanctions: Integers  # bits
    fine_low: Floats  # RMB
    fine_high: Floats
    turnover: Floats
    deadline: Floats  # days
    updates: Floats
    registration: Floats
    service: Floats
    removal: Floats
    appealable: Integers
    per_violation: Floats  # RMB
    at_once: Integers  # 1 where a fine is imposed on a first breach that is not serious too
    place: Integers  # within its ladder
    ends: Integers  # 1 at the last step of a ladder
    staff_low: Floats  # RMB
    staff_high: Floats
    confiscates: Floats  # share of the gain of a breach
    publicity: Floats  # factor, 1 where there is no notice
    # What providers reckon a step with.
    feared_fine: Floats  # RMB
    feared_turnover: Floats  # share of a year's revenue
    feared_days: Floats  # of revenue lost
    closes: Floats  # 1 where the step closes the provider
    refusals: Floats  # discount factor of the next step where the order is not met, 0 where there is none


@dataclass(frozen=True, slots=True, eq=False)
class StoreNumbers:
    """App stores: arrays of shape (S,)."""

    share: Floats
    review: Floats
    monitors: Floats
    delay: Floats
    obeys: Floats
    relisting: Floats
    relists: Floats
    diligence: Floats
    over_removes: Floats
    handling: Floats  # days of staff that one order to remove takes, 0 where none waits for staff


@dataclass(frozen=True, slots=True, eq=False)
class PlatformNumbers:
    """Propagation platforms: arrays of shape (P,)."""

    cumulative: Floats
    lag: Floats
    misses: Floats
    fades: Floats
    handling: Floats  # days of staff that one report takes, 0 where none waits for staff


@dataclass(frozen=True, slots=True, eq=False)
class FailureNumbers:
    """Failures of technical supporters: arrays of shape (F,)."""

    day: Floats
    days: Floats
    supporter: Integers
    factor: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SupporterNumbers:
    """Technical supporters, K of them."""

    cumulative: Floats  # (K,)
    used_by: float
    traced: float
    days: float


@dataclass(frozen=True, slots=True, eq=False)
class AuthorityNumbers:
    """Authorities, A of them (at least one), and what each is responsible for."""

    inspectors: Integers  # (A,)
    reviewers: Integers  # (A,) or (1,): one pool unless an authority has reviewers
    budget: Floats  # (A,) RMB per year, inf for none
    jurisdiction: Integers  # (C * B,) the authority with jurisdiction
    registry: Integers  # the pool of reviewers that filings of a size class wait for


@dataclass(frozen=True, slots=True, eq=False)
class PublicNumbers:
    """Complaints, claims, rumours, and users who leave."""

    complaint_delay: float
    false_complaint_rate: float  # per provider and day, of the stream that they are thinned from
    false_complaint_chance: float  # share of the stream of false complaints that is made
    false_evidence: float
    migrates: float
    returns: float
    destinations: int  # providers among which the users who leave one spread
    anonymity: float
    rumour_rate: float  # episodes a day
    rumour_reach: float
    claim_days: float
    reach_spread: float
    audience: float
    audience_exponent: float


@dataclass(frozen=True, slots=True, eq=False)
class ResponseNumbers:
    """How providers react to sanctions."""

    model: int  # of MODELS
    impunity_seen: float
    generalises: float
    discount: float  # a day
    updates_factor: float
    registration_factor: float
    initial_belief: float
    own_weight: float
    peer_weight: float
    memory: float
    rectification_gain: float
    review_days: float
    strictness_scale: float
    lawful_blocked: float
    handles: float
    handling_days: float
    account_measures: float
    reentry_days: float
    foresight: float  # days that a provider looks ahead, 0 for no further than the next step


@dataclass(frozen=True, slots=True, eq=False)
class RegistryNumbers:
    """The filing registry."""

    reviewers: int  # of all authorities together
    review_days: float
    supplement_probability: float
    supplement_days: float
    preparation_days: float
    grace_days: float
    limit_days: float
    publication_interval: float


@dataclass(frozen=True, slots=True, eq=False)
class DetectionNumbers:
    """How suspicions arise."""

    inspection_rate: float  # per provider and day
    inspection_ceiling: float  # per provider and day
    taken_up: float
    store_taken_up: float
    merge: bool


@dataclass(frozen=True, slots=True, eq=False)
class TargetingNumbers:
    """Targeting of inspections."""

    per_strike: float
    strike_cap: int
    per_complaint: float
    complaint_cap: int
    group_weight: float
    group_back: float
    lots: int
    focus_days: float
    focus_weight: float


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceNumbers:
    """How often a verdict is right."""

    sensitivity: float
    specificity: float
    without_records: float


@dataclass(frozen=True, slots=True, eq=False)
class StaffNumbers:
    """Inspectors and their time."""

    inspectors: int  # of one pool; see authority_inspectors for those of several authorities
    investigation_days: float
    investigation_phases: int
    by_severity: bool
    cost: float  # RMB per day of one inspector or reviewer
    case_cost: float  # RMB of one investigation


@dataclass(frozen=True, slots=True, eq=False)
class StrikeNumbers:
    """How long a sanction counts."""

    memory: float
    forgiveness: float


@dataclass(frozen=True, slots=True, eq=False)
class AppealNumbers:
    """Who appeals, and with what success."""

    guilty_appeal: float
    innocent_appeal: float
    days: float
    overturned_guilty: float
    overturned_innocent: float
    suspensive: bool


@dataclass(frozen=True, slots=True, eq=False)
class StoreDutyNumbers:
    """Duties of app stores."""

    checks_filing: float
    removes_unfiled: bool
    audit_days: float
    limit_days: float
    neglect_fine: float
    learns: float
    sweep_days: float
    sweep_finds: float
    sweep_removal_days: float


@dataclass(frozen=True, slots=True, eq=False)
class PlatformDutyNumbers:
    """Duties of propagation platforms."""

    found: float
    fine: float
    learns: float
    limit_days: float


@dataclass(frozen=True, slots=True, eq=False)
class SelfReportNumbers:
    """Providers that report their own violations."""

    probability: float
    discount: float


@dataclass(frozen=True, slots=True, eq=False)
class SafeHarbourNumbers:
    """Certified conformance."""

    offered: bool
    gain: float
    inspection_factor: float
    false_share: float
    selection: float
    valid_days: float  # 0 for good
    lost_on_sanction: bool


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One scenario as numbers, in groups named like those of a scenario file.

    Shapes: C size classes, B behaviours, L steps, S stores, P platforms, F failures, K supporters, A authorities.
    """

    providers: int
    horizon: float
    occasion_rate: float  # per day, of all behaviours together
    filing: int  # index of the behaviour `filing`, or -1
    real_name: int  # index of the behaviour `real-name`, or -1
    rumour: int  # index of the behaviour `rumour-refutation`, or -1
    exit_rate: float  # per day
    clock_step: float  # days, 0 for continuous time
    publicity: float
    referral: float

    classes: ClassNumbers
    behaviours: BehaviourNumbers
    steps: StepNumbers
    stores: StoreNumbers
    platforms: PlatformNumbers
    failures: FailureNumbers
    supporters: SupporterNumbers
    authorities: AuthorityNumbers
    public: PublicNumbers
    response: ResponseNumbers
    registry: RegistryNumbers
    detection: DetectionNumbers
    targeting: TargetingNumbers
    evidence: EvidenceNumbers
    staff: StaffNumbers
    strikes: StrikeNumbers
    appeals: AppealNumbers
    store_duty: StoreDutyNumbers
    platform_duty: PlatformDutyNumbers
    self_report: SelfReportNumbers
    safe_harbour: SafeHarbourNumbers
