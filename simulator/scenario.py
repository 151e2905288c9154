"""What a scenario file may say: the world of one simulation and the regulator's policy in it.

A scenario is YAML. ``extends: cn-2023`` starts from another scenario: mappings are merged, lists of named entries
(``behaviours``, ``classes``, ``stores``, ``platforms``) are merged by name, other values are replaced. ``basis`` says for each
parameter whether it is a datum or an assumption, and where it comes from. Money is in RMB, time in days, rates are
per year of 365 days.
"""

from __future__ import annotations

import copy
import difflib
import fnmatch
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from shenhe.rulebook import Behaviour
from shenhe.rulebook.document import DocumentError, Locate, dotted, explain, read_yaml, shown

from .formulas import scaled

MAX_PROVIDERS = 2**20 - 1
MAX_BEHAVIOURS = 16
MAX_STORES = 8
MAX_EXTENDS = 8
MAX_CHANGES = 16
MAX_DESTINATIONS = 8
OPTIONAL_PARTS = ("supporters", "policy.platforms", "policy.self_report", "policy.safe_harbour")
"""Parts that a file may leave out and an override may still reach into."""
CHANGEABLE = ("policy", "public", "response", "registry", "stores", "platforms", "behaviours")
FIXED = (
    "policy.detection.inspection_ceiling",
    "policy.staff.triage",
    "policy.staff.case_cost",
    "policy.authorities*",
    "policy.targeting.lots",
    "policy.targeting.focus_days",
    "policy.stores.audit_days",
    "policy.safe_harbour*",
    "policy.ladder.*.penalty",
    "policy.ladder",
    "public.false_complaint_ceiling",
    "public.destinations",
    "public.rumours",
    "response.review_days",
    "stores.*.share",
    "stores.*.diligence",
    "platforms.*.share",
    "behaviours.*.rate",
    "behaviours.*.rule",
)
"""Paths that decide what processes and streams of draws there are; they hold for the whole of a run."""

Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=1e15, allow_inf_nan=False)]
Positive = Annotated[float, Strict(), Field(gt=0, le=1e15, allow_inf_nan=False)]
Probability = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=2000)]


class ScenarioError(ValueError):
    """A scenario that cannot be simulated; the text is one line a fault, each with file, path and what is allowed."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sanction(StrEnum):
    """What one step of the ladder may impose, mildest first. ``warning`` stands for interview and warning."""

    WARNING = "warning"
    RECTIFY = "order-to-rectify"
    FINE = "fine"
    SUSPEND_UPDATES = "suspend-updates"
    SUSPEND_REGISTRATION = "suspend-registration"
    SUSPEND_SERVICE = "suspend-service"
    APP_REMOVAL = "app-removal"
    REVOCATION = "revocation"


class SizeClass(Part):
    """Providers of one size: their share of the population and what describes each of them.

    ``users`` is the median of a lognormal with standard deviation ``spread`` of its logarithm; ``revenue_per_user``
    in RMB a year; ``activity`` multiplies the rate at which occasions to breach a rule arise; ``gain`` is the mean
    benefit in RMB of one breach; ``rectifies`` the probability that an order is met within its deadline;
    ``exits_after_suspension`` the probability that a suspended service does not come back. ``compliance`` maps a
    behaviour to the probability that an occasion does not become a violation when no sanction is feared.

    Further, all 0 (1 for ``keeps_records``) unless given: ``exempt`` is the share outside enforcement (state bodies, say);
    ``compliance_cost`` RMB a year of full effort; ``reenters`` the probability that a provider closed by a sanction comes back
    under another name; ``abroad`` that one which would give up goes on from abroad; ``hides`` that an inspection of a
    provider sanctioned before finds nothing of what is live; ``keeps_records`` that evidence is kept; ``certifies`` that it
    joins a safe harbour where the policy offers one. ``capital`` is what a provider of the class can lose, in RMB, without
    limit where none is given: when fines less those given back, damages, the cost of effort and the revenue of days without
    its service come to more, it closes for good.
    """

    name: Name
    share: Probability
    users: Positive
    spread: Annotated[float, Strict(), Field(ge=0, le=5)]
    revenue_per_user: NonNegative
    activity: NonNegative
    gain: Positive
    rectifies: Probability
    exits_after_suspension: Probability
    compliance: dict[Behaviour, Probability]
    exempt: Probability = 0.0
    compliance_cost: NonNegative = 0.0
    reenters: Probability = 0.0
    abroad: Probability = 0.0
    hides: Probability = 0.0
    keeps_records: Probability = 1.0
    certifies: Probability = 0.0
    capital: NonNegative | None = None


class Population(Part):
    """Who is simulated. ``arrivals`` is a curve of (day, share of providers that have entered by then).

    ``scale`` makes the whole market smaller or larger: providers, inspectors and reviewers together, so that rates per
    provider stay what they are.
    """

    providers: Annotated[int, Strict(), Field(ge=1, le=MAX_PROVIDERS)]
    scale: Annotated[float, Strict(), Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    arrivals: list[tuple[Number, Probability]] = Field(min_length=1)
    compliance_spread: Probability
    exit_rate: NonNegative
    classes: list[SizeClass] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(item.share for item in self.classes)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"found shares of the size classes that add up to {total:g}, expected 1")
        _distinct([item.name for item in self.classes], "size class")
        days = [day for day, _ in self.arrivals]
        shares = [share for _, share in self.arrivals]
        if any(a >= b for a, b in itertools.pairwise(days)) or shares != sorted(shares) or shares[-1] != 1:
            raise ValueError("found arrivals out of order, expected rising days and shares, the last share 1")
        if self.providers * self.scale > MAX_PROVIDERS:
            raise ValueError(f"found {self.providers} providers at scale {self.scale:g}, expected at most {MAX_PROVIDERS:,}")
        return self

    @property
    def simulated(self) -> int:
        """How many providers are simulated: ``providers`` at ``scale``."""
        return scaled(self.providers, self.scale)


class BehaviourRisk(Part):
    """How one behaviour goes wrong: which rule it breaks, how often, how badly, and how it comes to light.

    ``rate`` counts occasions per provider and year (0 for ``filing``, which is a standing breach until the provider
    has filed); ``severity`` is harm per user and day; ``serious`` the probability that a breach is a serious one,
    which multiplies its severity by ``serious_factor``; ``lifetime`` the mean days it lasts if nobody acts;
    ``spreads`` the share of its harm that comes from copies on propagation platforms; ``complained`` the probability that
    somebody complains; ``seen_in_store`` the weight with which a store's monitoring notices it; ``misused`` the share of
    occasions that are misuse by users; ``claimed`` the probability that the person depicted sues, for ``award`` RMB on the mean.
    """

    name: Behaviour
    rule: Line
    rate: NonNegative
    severity: NonNegative
    serious: Probability
    serious_factor: Annotated[float, Strict(), Field(ge=1, le=1000)]
    lifetime: Positive
    spreads: Probability
    complained: Probability
    seen_in_store: Probability
    misused: Probability = 0.0
    claimed: Probability = 0.0
    award: NonNegative = 0.0


class Public(Part):
    """``complaint_delay``: mean days from a violation to a complaint. ``false_complaints``: unfounded ones, per
    provider and year, drawn to providers by their users; ``false_complaint_ceiling`` is the rate of the fixed stream that they
    are thinned from, to be given where ``changes`` raise them (else it is the rate itself, which is then fixed).

    ``migrates`` is the share of users who move to other providers (``destinations`` of them, drawn by size) when a service is
    suspended, removed from their store or closed, and ``returns`` the share of these who come back with it. ``anonymity`` says
    how many times as frequent misuse by users is where real names are not asked for. ``rumours`` counts episodes a year that
    reach each provider with probability ``rumour_reach`` and must be refuted. ``claim_days``: mean days until a claim is
    decided.
    """

    complaint_delay: NonNegative
    false_complaints: NonNegative
    false_complaint_ceiling: NonNegative = 0.0
    migrates: Probability = 0.0
    destinations: Annotated[int, Strict(), Field(ge=1, le=MAX_DESTINATIONS)] = 1
    returns: Probability = 0.0
    anonymity: Annotated[float, Strict(), Field(ge=1, le=1000)] = 1.0
    rumours: NonNegative = 0.0
    rumour_reach: Probability = 0.0
    claim_days: NonNegative = 0.0

    @model_validator(mode="after")
    def _within_ceiling(self) -> Self:
        if 0.0 < self.false_complaint_ceiling < self.false_complaints:
            raise ValueError(
                f"found false_complaints {self.false_complaints:g}, expected at most false_complaint_ceiling = "
                f"{self.false_complaint_ceiling:g}, the rate of the stream that they are thinned from"
            )
        return self


class Response(Part):
    """How providers react to sanctions.

    Belief is the probability of being sanctioned that a provider reckons with: ``initial_belief``, moved towards one by
    ``own_weight`` at each sanction of its own and by ``peer_weight`` at each in its size class, forgotten with time
    constant ``memory``. ``rectification_gain`` is the share of remaining non-compliance that a met order removes.
    ``updates_factor`` multiplies the chance of a violation while information updates are suspended, and
    ``registration_factor`` while no new accounts may be opened.

    Every ``review_days`` (0: never) a provider reviews its effort at compliance and the strictness of its filter, in view of
    the sanctions it expects: see ``best_effort`` and ``filter_strictness`` in :mod:`.formulas`. At full strictness the share
    ``lawful_blocked`` of lawful use is refused; ``strictness_scale`` is the expected sanction, in RMB, at which strictness is
    63 percent. ``handles`` is the probability that a provider itself takes down what was complained of, ``handling_days`` the
    mean time that takes; ``account_measures`` the probability that a user who misused the service is warned, limited,
    suspended or closed; ``reentry_days`` the mean time until a closed provider is back under another name.

    ``foresight`` (0: none) is the number of days after which a provider weighs what comes 63 percent less. With it, a provider
    knows the two groups of targeting and how often each is inspected, and complies where that is cheaper in the long run than
    the group it would be in otherwise: see ``complies_looking_ahead`` in :mod:`.formulas`.
    """

    initial_belief: Probability
    own_weight: Probability
    peer_weight: Probability
    memory: Positive
    rectification_gain: Probability
    updates_factor: Probability
    registration_factor: Probability
    review_days: NonNegative = 0.0
    strictness_scale: NonNegative = 0.0
    lawful_blocked: Probability = 0.0
    handles: Probability = 0.0
    handling_days: NonNegative = 0.0
    account_measures: Probability = 0.0
    reentry_days: NonNegative = 0.0
    foresight: NonNegative = 0.0


class Supporters(Part):
    """Technical supporters: ``count`` of them, on which a provider builds with probability ``used_by``; the first has most
    providers (weights 1, 1/2, 1/3, …). ``traced`` is the probability that a sanctioned breach is traced to the supporter, who is
    then sanctioned itself: every provider built on it is suspended for ``service_days``."""

    count: Annotated[int, Strict(), Field(ge=0, le=10_000)] = 0
    used_by: Probability = 0.0
    traced: Probability = 0.0
    service_days: NonNegative = 0.0

    def simulated(self, scale: float) -> int:
        """How many there are in a market of that scale."""
        return scaled(self.count, scale) if self.count else 0


class Failure(Part):
    """From ``day`` on, for ``days``, one supporter fails (number from 0): its providers keep only ``compliance_factor`` of their
    compliance."""

    day: NonNegative
    days: Positive
    supporter: Count
    compliance_factor: Probability


class Store(Part):
    """An app store: the share of users reached through it, and how it reviews, watches, obeys and relists.

    ``diligence`` (1) multiplies the duty to check filings; ``over_removes`` (0) is the probability that an unfounded complaint
    makes it remove the app of its own accord."""

    name: Name
    share: Probability
    review_days: NonNegative
    monitors: Probability
    monitor_delay: NonNegative
    obeys_after: NonNegative
    relisting_days: NonNegative
    relists: Probability
    diligence: Probability = 1.0
    over_removes: Probability = 0.0


class Platform(Part):
    """A propagation platform: its share of copies, the mean lag of takedown after a report, the share it misses, and
    the mean days after which an unreported copy fades."""

    name: Name
    share: Probability
    takedown_lag: NonNegative
    misses: Probability
    fades_after: Positive


class Registry(Part):
    """The filing registry: reviewers, mean days of one review, supplement requests, the statutory limit (30 working
    days are 42 days), days between published batches, and how late a provider may begin (``grace_days``)."""

    reviewers: Annotated[int, Strict(), Field(ge=1, le=100_000)]
    review_days: NonNegative
    supplement_probability: Annotated[float, Strict(), Field(ge=0, le=0.99)]
    supplement_days: NonNegative
    preparation_days: NonNegative
    grace_days: NonNegative
    limit_days: Positive
    publication_interval: Positive


class Detection(Part):
    """``inspection_rate``: inspections per provider and year; ``inspection_ceiling`` bounds what targeting may raise it
    to, and is the rate of the fixed stream of candidates that every policy thins. ``complaints_taken_up`` and
    ``store_reports_taken_up`` are probabilities; ``merge_open_cases`` adds a complaint to a case that is open already."""

    inspection_rate: NonNegative
    inspection_ceiling: NonNegative
    complaints_taken_up: Probability
    store_reports_taken_up: Probability
    merge_open_cases: bool


class Targeting(Part):
    """Whom to inspect: the rate is multiplied by ``1 + per_strike * min(strikes, strike_cap)`` and by the weight of the
    provider's size class (1 where none is given). All neutral: inspections are random.

    Complaint-driven: the rate rises by ``per_complaint`` for each complaint since the last inspection, up to
    ``complaint_cap``. Harrington groups: a sanctioned provider is in the bad group, inspected ``group_weight`` times as often,
    until an inspection that finds nothing takes it back with probability ``group_back``. Dynamic concentration: providers
    are in ``lots``, and each ``focus_days`` the lot with most sanctions since is inspected ``focus_weight`` times as often.
    """

    per_strike: NonNegative
    strike_cap: Count
    classes: dict[Name, NonNegative] = Field(default_factory=dict)
    per_complaint: NonNegative = 0.0
    complaint_cap: Count = 0
    group_weight: NonNegative = 1.0
    group_back: Probability = 1.0
    lots: Annotated[int, Strict(), Field(ge=1, le=1000)] = 1
    focus_days: Positive = 180.0
    focus_weight: NonNegative = 1.0


class Evidence(Part):
    """``sensitivity``: a true case is upheld; ``specificity``: an unfounded one is dismissed. ``without_records`` multiplies
    the sensitivity where the provider kept no records."""

    sensitivity: Probability
    specificity: Probability
    without_records: Probability = 1.0


class Staff(Part):
    """``investigation_days`` of one inspector's time on the mean, as a sum of ``investigation_phases`` exponentials (1
    is exponential, many nearly fixed). ``triage`` takes serious cases first, or cases in order of arrival. ``cost`` is RMB a
    year of one inspector or reviewer, ``case_cost`` RMB of one investigation beside the time of its inspector."""

    inspectors: Annotated[int, Strict(), Field(ge=1, le=100_000)]
    investigation_days: NonNegative
    investigation_phases: Annotated[int, Strict(), Field(ge=1, le=32)]
    triage: Literal["arrival", "severity"]
    cost: NonNegative = 0.0
    case_cost: NonNegative = 0.0


class Authority(Part):
    """One of several authorities: its share of the inspectors, and its jurisdiction over size classes and behaviours (all
    where none is named). A case goes to the first authority of the list that has jurisdiction.

    ``reviewers`` is its share of the registry's reviewers, who take the filings of the size classes over whose ``filing`` it has
    jurisdiction; where no authority has any, all filings wait for one pool. ``budget`` is RMB a year of 365 days for the whole
    market (``population.scale`` scales it), without limit where none is given. Each investigation is paid from it
    (``policy.staff.case_cost``); when it does not reach for another, no case is taken up until the new year. What is
    left over lapses.
    """

    name: Name
    tier: Literal["national", "provincial", "local"]
    share: Annotated[float, Strict(), Field(gt=0, le=1)]
    reviewers: Probability = 0.0
    budget: NonNegative | None = None
    classes: list[Name] = Field(default_factory=list)
    behaviours: list[Behaviour] = Field(default_factory=list)


class FineRange(Part):
    """Between ``low`` and ``high``, or ``turnover_share`` of a year's revenue where that is more; log-uniform, since
    published fines are. ``per_violation`` is added for each violation of the rule that is live."""

    low: NonNegative
    high: NonNegative
    turnover_share: Probability = 0.0
    per_violation: NonNegative = 0.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high or (self.low == 0 and self.high > 0):
            raise ValueError(f"found a fine from {self.low:g} to {self.high:g}, expected 0 < low <= high, or 0 and 0")
        return self


class Step(Part):
    """One step of the ladder: the sanctions imposed together, what punishes (``penalty``), and their measures."""

    sanctions: list[Sanction] = Field(min_length=1)
    penalty: Line
    fine: FineRange | None = None
    deadline: NonNegative = 0.0
    updates_days: NonNegative = 0.0
    registration_days: NonNegative = 0.0
    service_days: NonNegative = 0.0
    removal_days: NonNegative = 0.0
    appealable: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(set(self.sanctions)) < len(self.sanctions):
            raise ValueError("found a sanction twice in one step, expected each once")
        wanted: dict[Sanction, tuple[str, bool]] = {
            Sanction.FINE: ("fine", self.fine is not None),
            Sanction.RECTIFY: ("deadline", self.deadline > 0),
            Sanction.SUSPEND_UPDATES: ("updates_days", self.updates_days > 0),
            Sanction.SUSPEND_REGISTRATION: ("registration_days", self.registration_days > 0),
            Sanction.SUSPEND_SERVICE: ("service_days", self.service_days > 0),
            Sanction.APP_REMOVAL: ("removal_days", self.removal_days > 0),
        }
        for sanction, (field, given) in wanted.items():
            if (sanction in self.sanctions) is not given:
                raise ValueError(f"found {sanction} and {field} apart, expected both (above 0) or neither")
        return self


class Strikes(Part):
    """A strike is a sanction remembered: each lapses after ``memory_days`` without another, and a clean inspection
    takes one back with probability ``forgiveness``."""

    memory_days: Positive
    forgiveness: Probability


class Appeals(Part):
    """Who appeals, how long it takes on the mean, how often it succeeds; ``suspensive`` delays what is appealed."""

    guilty_appeal: Probability
    innocent_appeal: Probability
    days: NonNegative
    overturned_guilty: Probability
    overturned_innocent: Probability
    suspensive: bool


class StoreDuty(Part):
    """What the policy asks of stores: ``checks_filing`` is the probability that a listing review verifies the filing;
    ``removes_unfiled`` whether a removal may end only once the provider has filed.

    Neglect: each store is audited every ``audit_days`` (0: never), on one listed app drawn at random; where that has not
    filed, and where an order is obeyed later than ``limit_days`` (0: no limit), the store is fined ``neglect_fine`` and makes up
    the share ``learns`` of what its diligence lacks.
    """

    checks_filing: Probability
    removes_unfiled: bool
    audit_days: NonNegative = 0.0
    limit_days: NonNegative = 0.0
    neglect_fine: NonNegative = 0.0
    learns: Probability = 0.0


class PlatformDuty(Part):
    """``found`` is the probability that a reported copy which a platform misses comes to the regulator's notice; the platform
    is then fined ``fine`` and misses the share ``learns`` less."""

    found: Probability = 0.0
    fine: NonNegative = 0.0
    learns: Probability = 0.0


class SelfReport(Part):
    """``probability`` that a provider reports its own violation; the fine is then cut by ``discount``, and no strike counts:
    an amnesty is a discount of 1 for a while (see ``changes``)."""

    probability: Probability = 0.0
    discount: Probability = 0.0


class SafeHarbour(Part):
    """For providers with a passing conformance report, where ``offered``: their compliance makes up the share ``gain`` of
    what it lacks, and they are inspected ``inspection_factor`` times as often."""

    offered: bool = False
    gain: Probability = 0.0
    inspection_factor: Probability = 1.0


class PolicyRules(Part):
    """The regulator's policy: every lever in one place. ``fine_on``: whether a first breach can already be fined.
    ``publicity`` (1) multiplies what a sanction teaches others; ``referral`` is the probability that a serious case is
    referred to prosecution, which ends the provider; ``authorities`` divide inspectors and reviewers among them."""

    detection: Detection
    targeting: Targeting
    evidence: Evidence
    staff: Staff
    fine_on: Literal["first-violation", "refusal-or-serious"]
    ladder: list[Step] = Field(min_length=1, max_length=16)
    strikes: Strikes
    appeals: Appeals
    stores: StoreDuty
    platforms: PlatformDuty = PlatformDuty()
    self_report: SelfReport = SelfReport()
    safe_harbour: SafeHarbour = SafeHarbour()
    publicity: Annotated[float, Strict(), Field(ge=0, le=100)] = 1.0
    referral: Probability = 0.0
    authorities: list[Authority] = Field(default_factory=list, max_length=16)


class Change(Part):
    """What is different from ``day`` on, until the day ``until`` where that is given: a reform, a campaign, a shock.

    ``set`` maps dotted paths to values, as ``--set`` does, below ``policy``, ``public``, ``response``, ``registry``, ``stores``,
    ``platforms`` or ``behaviours``. What shapes the world's fixed streams cannot change: see :data:`FIXED`.
    """

    title: Line
    day: NonNegative
    until: Positive | None = None
    set: dict[str, Any] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until <= self.day:
            raise ValueError(f"found a change from day {self.day:g} until day {self.until:g}, expected a later day")
        for path, value in self.set.items():
            # A whole part could smuggle in what is fixed; the two exceptions hold nothing of the kind.
            if isinstance(value, dict | list) and not path.endswith((".fine", ".sanctions")):
                raise ValueError(f"found a change of the whole of {path}, expected a path to one of its values")
            if path.split(".")[0] not in CHANGEABLE or any(fnmatch.fnmatch(path, fixed) for fixed in FIXED):
                raise ValueError(
                    f"found a change of {path}, which is fixed while a world runs; "
                    f"expected a path below {', '.join(CHANGEABLE)}, not one of {', '.join(FIXED)}"
                )
        return self


class Basis(Part):
    """Whether a parameter is a ``datum`` or an ``assumption``, and its source or reason."""

    kind: Literal["datum", "assumption"]
    source: Line


class Claim(Part):
    """What the story says of one outcome, in a form that can be tested: this scenario has more (or less) of ``metric`` than
    the same scenario with ``against`` set; with ``refuted_by`` set on both sides it is not so.

    ``quick`` makes both sides small enough for a test.
    """

    text: Line
    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
    direction: Literal["more", "less"]
    against: dict[str, Any] = Field(min_length=1)
    refuted_by: dict[str, Any] = Field(min_length=1)
    quick: dict[str, Any] = Field(default_factory=dict)


class Scenario(Part):
    """One world and one policy. See ``docs/scenarios.md`` for every field with its unit."""

    name: Name
    title: Line
    story: Line
    sources: list[Line] = Field(min_length=1)
    start: date
    horizon: Annotated[float, Strict(), Field(gt=0, le=36_500, allow_inf_nan=False)]
    clock: Literal["continuous", "daily", "weekly"] = "continuous"
    population: Population
    behaviours: list[BehaviourRisk] = Field(min_length=1, max_length=MAX_BEHAVIOURS)
    public: Public
    response: Response
    stores: list[Store] = Field(default_factory=list, max_length=MAX_STORES)
    platforms: list[Platform] = Field(default_factory=list, max_length=16)
    supporters: Supporters = Supporters()
    failures: list[Failure] = Field(default_factory=list, max_length=64)
    registry: Registry
    policy: PolicyRules
    changes: list[Change] = Field(default_factory=list, max_length=MAX_CHANGES)
    claim: Claim | None = None
    basis: dict[str, Basis] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _distinct([item.name for item in self.behaviours], "behaviour")
        _distinct([item.name for item in self.stores], "store")
        _distinct([item.name for item in self.platforms], "platform")
        names = {item.name for item in self.behaviours}
        for item in self.population.classes:
            missing = sorted(names - set(item.compliance))
            if missing:
                raise ValueError(f"found no compliance with {missing[0]} in size class {item.name}, expected one")
            unknown = sorted(set(item.compliance) - names)
            if unknown:
                raise ValueError(
                    f"found compliance with {unknown[0]} in size class {item.name}, "
                    f"expected one of: {', '.join(sorted(names))}"
                )
        classes = [item.name for item in self.population.classes]
        for name in self.policy.targeting.classes:
            if name not in classes:
                raise ValueError(f"found targeting of class {name!r}, expected one of: {', '.join(classes)}")
        total = sum(store.share for store in self.stores)
        if total > 1 + 1e-9:
            raise ValueError(f"found shares of the stores that add up to {total:g}, expected at most 1")
        total = sum(platform.share for platform in self.platforms)
        if self.platforms and abs(total - 1) > 1e-9:
            raise ValueError(f"found shares of the platforms that add up to {total:g}, expected 1")
        if not self.platforms and any(item.spreads for item in self.behaviours):
            raise ValueError("found a behaviour that spreads and no platforms, expected platforms or spreads: 0")
        for risk in self.behaviours:
            if risk.name is Behaviour.FILING and (risk.rate or risk.spreads or risk.complained):
                raise ValueError("found filing with a rate, spreads or complained above 0, expected 0: it is standing")
        fastest = max(self.policy.targeting.classes.get(name, 1.0) for name in classes)
        targeting = self.policy.targeting
        fastest *= 1 + targeting.per_strike * targeting.strike_cap
        fastest *= 1 + targeting.per_complaint * targeting.complaint_cap
        fastest *= max(1.0, targeting.group_weight) * max(1.0, targeting.focus_weight)
        needed = self.policy.detection.inspection_rate * fastest
        if needed > self.policy.detection.inspection_ceiling * (1 + 1e-9):
            raise ValueError(
                f"found inspections of up to {needed:g} per provider and year, "
                f"expected at most policy.detection.inspection_ceiling = {self.policy.detection.inspection_ceiling:g}"
            )
        self._check_authorities(classes)
        self._check_ladder()
        for failure in self.failures:
            number = self.supporters.simulated(self.population.scale)
            if failure.supporter >= number:
                raise ValueError(f"found a failure of supporter {failure.supporter}, expected a number below {number}")
        if self.public.rumours and Behaviour.RUMOUR_REFUTATION not in names:
            raise ValueError("found rumours and no behaviour rumour-refutation, expected one that they breach")
        for change in self.changes:
            if "public.false_complaints" in change.set and not self.public.false_complaint_ceiling:
                raise ValueError(
                    f"found a change of public.false_complaints by {change.title!r} and no public.false_complaint_ceiling, "
                    "expected the highest rate that any change sets: complaints are thinned from a stream of that rate"
                )
            if change.day >= self.horizon:
                raise ValueError(
                    f"found the change {change.title!r} on day {change.day:g}, expected one before the horizon {self.horizon:g}"
                )
        return self

    def _check_authorities(self, classes: list[str]) -> None:
        authorities = self.policy.authorities
        if not authorities:
            return
        _distinct([item.name for item in authorities], "authority")
        total = sum(item.share for item in authorities)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"found shares of the authorities that add up to {total:g}, expected 1")
        for item in authorities:
            if item.budget is not None and not self.policy.staff.case_cost:
                raise ValueError(
                    f"found a budget of authority {item.name} that nothing is paid from, expected policy.staff.case_cost above 0"
                )
            for name in item.classes:
                if name not in classes:
                    raise ValueError(f"found authority {item.name} over class {name!r}, expected one of: {', '.join(classes)}")
        for size in classes:
            for risk in self.behaviours:
                if not any(covers(item, size, risk.name) for item in authorities):
                    raise ValueError(
                        f"found no authority over {risk.name} of {size} providers, expected one with that jurisdiction"
                    )
        reviewing = sum(item.reviewers for item in authorities)
        if not reviewing:
            return
        if abs(reviewing - 1) > 1e-9:
            raise ValueError(f"found shares of the reviewers that add up to {reviewing:g}, expected 1, or none at all")
        if Behaviour.FILING not in {risk.name for risk in self.behaviours}:
            raise ValueError("found authorities with reviewers and no behaviour filing, expected one for them to review")
        for size in classes:
            first = next(item for item in authorities if covers(item, size, Behaviour.FILING))
            if not first.reviewers:
                raise ValueError(f"found no reviewers at {first.name}, expected some: the filings of {size} providers go there")

    def _check_ladder(self) -> None:
        """A step after which nothing can follow makes the steps above it unreachable."""
        for number, step in enumerate(self.policy.ladder[:-1]):
            if Sanction.REVOCATION in step.sanctions:
                raise ValueError(
                    f"found revocation at step {number} of the ladder and a step after it, which nobody can reach; "
                    "expected revocation at the last step alone"
                )

    def changed(self, overrides: Mapping[str, Any]) -> Scenario:
        """This scenario with other values by dotted path; raises :class:`ScenarioError` for one that cannot be."""
        data = self.model_dump(mode="json")
        for path, value in overrides.items():
            _override(data, path, value)
        try:
            return Scenario.model_validate(data)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
            raise ScenarioError(f"{', '.join(overrides)}: {faults}") from None

    def regimes(self) -> list[tuple[float, Scenario]]:
        """What holds from which day on: the scenario itself from day 0, and one entry each day on which something changes."""
        days = sorted({0.0} | {c.day for c in self.changes} | {c.until for c in self.changes if c.until is not None})
        result = []
        for day in days:
            if day >= self.horizon:
                continue
            active = [c for c in self.changes if c.day <= day and (c.until is None or day < c.until)]
            values = {path: value for change in active for path, value in change.set.items()}
            plain = self.model_copy(update={"changes": []})
            result.append((day, plain.changed(values) if values else plain))
        return result

    def canonical(self) -> str:
        """The scenario as JSON with sorted keys, without prose: what its hash is taken over."""
        data = self.model_dump(mode="json", exclude={"title", "story", "sources", "basis", "claim"})
        return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """SHA-256 over :meth:`canonical`."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def parameters(self) -> Iterator[tuple[str, Any]]:
        """Every number and choice as (dotted path, value); entries with a name are addressed by it."""
        data = self.model_dump(mode="json", exclude={"name", "title", "story", "sources", "basis", "claim"})
        yield from _leaves(data, ())

    def basis_of(self, path: str) -> Basis | None:
        """The entry of ``basis`` that covers a parameter: the longest matching one; ``*`` stands for one step."""
        steps = path.split(".")
        best: tuple[int, int] | None = None
        found = None
        for pattern, basis in self.basis.items():
            parts = pattern.split(".")
            matches = len(parts) <= len(steps) and all(a in ("*", b) for a, b in zip(parts, steps, strict=False))
            rank = (len(parts), -parts.count("*"))
            if matches and (best is None or rank > best):
                best, found = rank, basis
        return found


def covers(authority: Authority, size: str, behaviour: Behaviour) -> bool:
    """Whether an authority has jurisdiction over a behaviour of providers of a size."""
    return (not authority.classes or size in authority.classes) and (
        not authority.behaviours or behaviour in authority.behaviours
    )


def _distinct(names: Sequence[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"found the {what} {str(name)!r} twice, expected each once")


def _leaves(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "name" or len(steps) == 0:
                yield from _leaves(item, (*steps, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for position, item in enumerate(value):
            yield from _leaves(item, (*steps, str(item.get("name", position))))
    else:
        yield ".".join(steps), value


def load_scenario(
    name: str | Path, overrides: Mapping[str, Any] | None = None, *, check_rules: bool = True
) -> Scenario:
    """A scenario by the name of a shipped one or by file, with ``overrides`` by dotted path.

    ``overrides={"policy.detection.inspection_rate": 0.1}`` replaces one value; entries of lists are addressed by
    position or by their name (``population.classes.small.users``). Rule and penalty ids are looked up in the rulebook
    unless ``check_rules`` is false.

    Raises :class:`ScenarioError` when the scenario is unknown, malformed or impossible.
    """
    data, locate = _read(name, 0)
    for path, value in (overrides or {}).items():
        _override(data, path, value)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(_explained(error, locate, overrides or {})) from None
    if check_rules:
        _check_rules(scenario, locate)
    try:
        scenario.regimes()
    except ScenarioError as error:
        raise ScenarioError(f"{locate.source_name}: changes: {error}") from None
    return scenario


def parse_override(text: str) -> tuple[str, Any]:
    """``"policy.staff.inspectors=12"`` as a path and a value (read as YAML); raises :class:`ScenarioError`."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip() or not value.strip():
        raise ScenarioError(f"--set {text}: expected PATH=VALUE, such as policy.staff.inspectors=12")
    try:
        parsed, _ = read_yaml(value, f"--set {path.strip()}")
    except DocumentError as error:
        raise ScenarioError(str(error)) from None
    return path.strip(), parsed


def _read(name: str | Path, depth: int) -> tuple[dict[str, Any], Locate]:
    if depth > MAX_EXTENDS:
        raise ScenarioError(f"{name}: found scenarios that extend each other without end")
    from shenhe import scenarios

    text = str(name)
    looks_like_file = text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text
    if not looks_like_file and text not in scenarios.names():
        known = scenarios.names()
        close = difflib.get_close_matches(text, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"shipped are: {', '.join(known)}."
        raise ScenarioError(f"no scenario is called {text!r}; {hint} A scenario of your own is named by its file.")
    origin = Path(text) if looks_like_file else scenarios.path(text)
    source = text if looks_like_file else f"{text}.yaml"
    try:
        data, locate = read_yaml(origin, source)
    except DocumentError as error:
        raise ScenarioError(str(error)) from None
    except OSError as error:
        raise ScenarioError(f"{text}: cannot be read ({error.strerror or error})") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{source}:1:1: found {shown(data)}, expected a mapping with name, population, policy, …")
    parent = data.pop("extends", None)
    if parent is None:
        return dict(data), locate
    if not isinstance(parent, str):
        mark = locate(("extends",))
        message = f"found {shown(parent)}, expected the name of a scenario"
        raise ScenarioError(f"{source}:{mark.line}:{mark.column}: extends: {message}")
    near = origin.parent / parent if looks_like_file and isinstance(origin, Path) else parent
    base, _ = _read(str(near) if parent.endswith((".yaml", ".yml")) else parent, depth + 1)
    base.pop("claim", None)  # a claim is about one scenario, not about those made of it
    return merged(base, data), locate


def merged(base: Any, change: Any) -> Any:
    """``base`` changed by ``change``: mappings key by key, lists of named entries name by name, the rest replaced.

    ``null`` in a mapping takes the key away, ``remove: true`` in a named entry takes the entry away.
    """
    if isinstance(base, dict) and isinstance(change, dict):
        kept = {key: value for key, value in base.items() if key not in change}
        return kept | {key: merged(base.get(key), value) for key, value in change.items() if value is not None}
    if _named(base) and _named(change):
        changes = {item["name"]: item for item in change}
        known = [item["name"] for item in base]
        together = [
            merged(item, changes.get(item["name"], {}))
            for item in base
            if not changes.get(item["name"], {}).get("remove")
        ]
        return together + [item for item in change if item["name"] not in known]
    return copy.deepcopy(change)


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) and "name" in i for i in value)


def _override(data: dict[str, Any], path: str, value: Any) -> None:
    steps = path.split(".")
    place: Any = data
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if isinstance(place, list):
            names = [str(item.get("name", number)) for number, item in enumerate(place) if isinstance(item, dict)]
            names = names or [str(number) for number in range(len(place))]
            key: Any = names.index(step) if step in names else int(step) if step.isdecimal() else -1
            if not 0 <= key < len(place):
                raise _unknown_step(path, step, names)
        elif isinstance(place, dict):
            key = step
            if ".".join(steps[: position + 1]) in OPTIONAL_PARTS and not last:
                place.setdefault(step, {})
            if step not in place and not last:
                raise _unknown_step(path, step, list(place))
        else:
            raise ScenarioError(f"--set {path}: {'.'.join(steps[:position])} is a single value, it has no {step!r}")
        if last:
            if isinstance(place, dict) and isinstance(place.get(key), dict | list) and not isinstance(value, dict | list):
                raise ScenarioError(f"--set {path}: found a single value, expected one of its parts to be set")
            place[key] = value
        else:
            place = place[key]


def _unknown_step(path: str, step: str, known: Sequence[str]) -> ScenarioError:
    close = difflib.get_close_matches(step, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"expected one of: {', '.join(known)}"
    return ScenarioError(f"--set {path}: there is no {step!r}; {hint}")


def _explained(error: ValidationError, locate: Locate, overrides: Mapping[str, Any]) -> str:
    if not overrides:
        return "\n".join(str(fault) for fault in explain(error, locate, Scenario))
    # The place in the file says little about a value that came from the command line: name the option instead.
    lines = []
    details = error.errors(include_url=False)
    for detail in details:
        inside = _by_option(detail["loc"], overrides)
        one = ValidationError.from_exception_data("Scenario", [_line_error(detail)])
        fault = explain(one, locate, Scenario)[0]
        lines.append(f"--set {inside}={overrides[inside]}: {fault.message}" if inside else str(fault))
    return "\n".join(lines)


def _line_error(detail: Any) -> Any:
    """One entry of ``ValidationError.errors()`` in the form that builds such an error again."""
    from pydantic_core import InitErrorDetails, PydanticCustomError

    kind: Any = detail["type"]
    context = detail.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        kind = PydanticCustomError("value_error", "{error}", {"error": str(context.get("error", detail["msg"]))})
        return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"])
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)


def _by_option(location: Sequence[str | int], overrides: Mapping[str, Any]) -> str | None:
    plain = ".".join(str(step) for step in location)
    for path in overrides:
        wanted = path.split(".")
        if plain == path or plain.startswith(path + "."):
            return path
        # by name instead of position: the last step and the depth agree
        if len(wanted) == len(location) and wanted[-1] == str(location[-1]) and wanted[0] == str(location[0]):
            return path
    return None


def _check_rules(scenario: Scenario, locate: Locate) -> None:
    """Refuse a rule or penalty id that the rulebook does not know, naming the closest ones."""
    from shenhe.rulebook import load_rulebook

    book = load_rulebook()
    named = [(("behaviours", k, "rule"), item.rule, book.rules) for k, item in enumerate(scenario.behaviours)]
    steps = enumerate(scenario.policy.ladder)
    penalties: list[Any] = [(("policy", "ladder", k, "penalty"), step.penalty, book.penalties) for k, step in steps]
    faults = []
    for place, identity, known in [*named, *penalties]:
        if identity not in known:
            mark = locate(place)
            close = difflib.get_close_matches(identity, list(known), n=3)
            hint = f"closest: {', '.join(close)}" if close else "see shenhe rules list"
            what = "rule" if place[-1] == "rule" else "penalty"
            where = f"{locate.source_name}:{mark.line}:{mark.column}: {dotted(place)}"
            faults.append(f"{where}: found {identity!r}, which is no {what} of the rulebook; {hint}")
    if faults:
        raise ScenarioError("\n".join(faults))
