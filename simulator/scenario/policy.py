"""The regulator's policy in a scenario file: every lever, each with its meaning and its range.

Money is in RMB, time in days, rates are per year of 365 days. :mod:`..kernel.table` makes the numbers of it that the
engines read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from shenhe.rulebook import Behaviour

from .values import Contradiction, Count, Line, Name, NonNegative, Part, Positive, Probability

MAX_STEPS, MAX_ALL_STEPS = 16, 64
"""Steps of one ladder, and of all ladders of a policy together."""


class Sanction(StrEnum):
    """What one step of the ladder may impose, mildest first. ``warning`` covers interview and warning."""

    WARNING = "warning"
    RECTIFY = "order-to-rectify"
    FINE = "fine"
    SUSPEND_UPDATES = "suspend-updates"
    SUSPEND_REGISTRATION = "suspend-registration"
    SUSPEND_SERVICE = "suspend-service"
    APP_REMOVAL = "app-removal"
    REVOCATION = "revocation"
    STAFF_FINE = "staff-fine"
    CONFISCATION = "confiscation"
    PUBLIC_NOTICE = "public-notice"


class Detection(Part):
    """``inspection_rate``: inspections per provider and year; ``inspection_ceiling`` bounds what targeting may raise it
    to, and is the rate of the fixed stream of candidates that every policy thins. ``complaints_taken_up`` and
    ``store_reports_taken_up`` are probabilities; ``merge_open_cases`` adds a complaint to a case that is open already.
    """

    inspection_rate: NonNegative
    inspection_ceiling: NonNegative
    complaints_taken_up: Probability
    store_reports_taken_up: Probability
    merge_open_cases: bool


class TargetingRules(Part):
    """Targeting of inspections: the rate is multiplied by ``1 + per_strike * min(strikes, strike_cap)`` and by the
    weight of the provider's size class (1 where none is given). All neutral: inspections are random.

    Complaint-driven: the rate rises by ``per_complaint`` for each complaint since the last inspection, up to
    ``complaint_cap``. Harrington groups: a sanctioned provider is in the bad group, inspected ``group_weight`` times as
    often, until an inspection that finds nothing takes it back with probability ``group_back``. Dynamic concentration:
    providers are in ``lots``, and each ``focus_days`` the lot with most sanctions since is inspected ``focus_weight``
    times as often.
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


class EvidenceRules(Part):
    """``sensitivity``: a true case is upheld; ``specificity``: an unfounded one is dismissed. ``without_records``
    multiplies the sensitivity where the provider kept no records.
    """

    sensitivity: Probability
    specificity: Probability
    without_records: Probability = 1.0


class Staff(Part):
    """``investigation_days`` of one inspector's time on the mean, as a sum of ``investigation_phases`` exponentials (1
    is exponential, many nearly fixed). ``triage`` takes serious cases first, or cases in order of arrival. ``cost`` is
    RMB per year of one inspector or reviewer, ``case_cost`` RMB of one investigation beside the time of its inspector.
    """

    inspectors: Annotated[int, Strict(), Field(ge=1, le=100_000)]
    investigation_days: NonNegative
    investigation_phases: Annotated[int, Strict(), Field(ge=1, le=32)]
    triage: Literal["arrival", "severity"]
    cost: NonNegative = 0.0
    case_cost: NonNegative = 0.0


class Authority(Part):
    """One of several authorities: its share of the inspectors, and its jurisdiction over size classes and behaviours
    (all where none is named). A case goes to the first authority of the list that has jurisdiction.

    ``reviewers`` is its share of the registry's reviewers, who take the filings of the size classes over whose
    ``filing`` it has jurisdiction; where no authority has any, all filings wait for one pool. ``budget`` is RMB per
    year of 365 days for the whole market (``population.scale`` scales it), without limit where none is given. Each
    investigation is paid from it (``policy.staff.case_cost``); when it does not reach for another, no case is taken up
    until the new year. What is left over lapses.
    """

    name: Name
    tier: Literal["national", "provincial", "local"]
    share: Annotated[float, Strict(), Field(gt=0, le=1)]
    reviewers: Probability = 0.0
    budget: NonNegative | None = None
    classes: list[Name] = Field(default_factory=list)
    behaviours: list[Behaviour] = Field(default_factory=list)


def covers(authority: Authority, size: str, behaviour: Behaviour) -> bool:
    """Whether an authority has jurisdiction over a behaviour of providers of a size."""
    return (not authority.classes or size in authority.classes) and (
        not authority.behaviours or behaviour in authority.behaviours
    )


class Amounts(Part):
    """Between ``low`` and ``high``, log-uniform, since published fines are."""

    low: NonNegative
    high: NonNegative

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high or (self.low == 0 and self.high > 0):
            raise ValueError(f"found a fine from {self.low:g} to {self.high:g}, expected 0 < low <= high, or 0 and 0")
        return self


class FineRange(Amounts):
    """Between ``low`` and ``high``, or ``turnover_share`` of a year's revenue where that is more; log-uniform, since
    published fines are. ``per_violation`` is added for each violation of the rule that is live."""

    turnover_share: Probability = 0.0
    per_violation: NonNegative = 0.0


class Step(Part):
    """One step of the ladder: the sanctions imposed together, what punishes (``penalty``), and their measures.

    ``staff_fine`` is imposed on the person responsible, who fears it as ``response.staff_weight`` says; ``confiscates``
    is the share of what a breach brings its provider that is taken away; ``publicity`` multiplies what a sanction
    teaches others, as ``policy.publicity`` does, where it is announced (``public-notice``).
    """

    sanctions: list[Sanction] = Field(min_length=1)
    penalty: Line
    fine: FineRange | None = None
    deadline: NonNegative = 0.0
    updates_days: NonNegative = 0.0
    registration_days: NonNegative = 0.0
    service_days: NonNegative = 0.0
    removal_days: NonNegative = 0.0
    appealable: bool = False
    staff_fine: Amounts | None = None
    confiscates: Probability = 0.0
    publicity: NonNegative = 0.0

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
            Sanction.STAFF_FINE: ("staff_fine", self.staff_fine is not None),
            Sanction.CONFISCATION: ("confiscates", self.confiscates > 0),
            Sanction.PUBLIC_NOTICE: ("publicity", self.publicity > 0),
        }
        for sanction, (field, given) in wanted.items():
            if sanction in self.sanctions and not given:
                raise Contradiction(
                    f"found the sanction {str(sanction)!r} without its measure, expected {field!r} above 0", "sanctions"
                )
            if given and sanction not in self.sanctions:
                raise Contradiction(
                    f"found a measure {field!r} without the sanction {str(sanction)!r}, expected both or neither", field
                )
        return self


class Ladder(Part):
    """The steps under one legal basis, for behaviours that name it (``behaviours.*.ladder``). A fine at its first step
    is imposed on a first breach, whatever ``policy.fine_on`` says of the common ladder.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}(@[0-9]{4})?$")]
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS)


class Strikes(Part):
    """A strike is a sanction remembered: each lapses after ``memory_days`` without another, and a clean inspection
    takes one back with probability ``forgiveness``."""

    memory_days: Positive
    forgiveness: Probability


class AppealRules(Part):
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

    Neglect: each store is audited every ``audit_days`` (0: never), on one listed app drawn at random. Where that has
    not filed, the store is fined ``neglect_fine``. It is also fined so much for each whole period of ``limit_days`` (0:
    no limit) that passes before it obeys an order. After a fine it makes up the share ``learns`` of what its diligence
    lacks.

    A sweep looks through the stores for apps without a filing every ``sweep_days`` (0: never). It finds each with
    probability ``sweep_finds``, and all that it finds are ordered out of the stores at once, for
    ``sweep_removal_days`` at least. A provider that is found files with the probability that it meets an order.
    """

    checks_filing: Probability
    removes_unfiled: bool
    audit_days: NonNegative = 0.0
    limit_days: NonNegative = 0.0
    neglect_fine: NonNegative = 0.0
    learns: Probability = 0.0
    sweep_days: NonNegative = 0.0
    sweep_finds: Probability = 0.0
    sweep_removal_days: NonNegative = 30.0


class PlatformDuty(Part):
    """``found`` is the probability that a reported copy which a platform misses, or takes down later than
    ``limit_days`` after the report (0: no limit), is noticed by the regulator. The platform is then fined ``fine``,
    for a late takedown once for each whole period of ``limit_days`` that passed, and misses the share ``learns`` less.
    """

    found: Probability = 0.0
    fine: NonNegative = 0.0
    learns: Probability = 0.0
    limit_days: NonNegative = 0.0


class SelfReport(Part):
    """``probability`` that a provider reports its own violation; the fine is then cut by ``discount``, and no strike
    counts: an amnesty is a discount of 1 for a while (see ``changes``).
    """

    probability: Probability = 0.0
    discount: Probability = 0.0


class SafeHarbour(Part):
    """For providers with a passing conformance report, where ``offered``: their compliance makes up the share ``gain``
    of what it lacks, and they are inspected ``inspection_factor`` times as often.

    It can be gamed. ``false_share`` of the reports are false: nothing is improved behind them. With ``selection`` above
    0 those join who comply less than others of their size, who have more to hide (1: almost only those), below 0 those
    who comply more. A report is good for ``valid_days`` from the day on which its provider enters the market (0: for
    good), and where ``lost_on_sanction`` it is lost with the first sanction.
    """

    offered: bool = False
    gain: Probability = 0.0
    inspection_factor: Probability = 1.0
    false_share: Probability = 0.0
    selection: Annotated[float, Strict(), Field(ge=-1, le=1)] = 0.0
    valid_days: NonNegative = 0.0
    lost_on_sanction: bool = False


class PolicyRules(Part):
    """The regulator's policy: every lever in one place. ``fine_on``: whether a first breach can already be fined.
    ``publicity`` (1) multiplies what a sanction teaches others; ``referral`` is the probability that a serious case is
    referred to prosecution, which ends the provider; ``authorities`` divide inspectors and reviewers among them.
    ``ladder`` holds for every behaviour that does not name one of the ``ladders``.
    """

    detection: Detection
    targeting: TargetingRules
    evidence: EvidenceRules
    staff: Staff
    fine_on: Literal["first-violation", "refusal-or-serious"]
    ladder: list[Step] = Field(min_length=1, max_length=MAX_STEPS)
    ladders: list[Ladder] = Field(default_factory=list, max_length=MAX_STEPS)
    strikes: Strikes
    appeals: AppealRules
    stores: StoreDuty
    platforms: PlatformDuty = PlatformDuty()
    self_report: SelfReport = SelfReport()
    safe_harbour: SafeHarbour = SafeHarbour()
    publicity: Annotated[float, Strict(), Field(ge=0, le=100)] = 1.0
    referral: Probability = 0.0
    authorities: list[Authority] = Field(default_factory=list, max_length=16)

    @property
    def steps(self) -> list[Step]:
        """The steps of all ladders, one after the other: the common one, then those with a name."""
        return [*self.ladder, *(step for ladder in self.ladders for step in ladder.steps)]

    def reach(self, ladder: str | None) -> tuple[int, int]:
        """Where the steps of a ladder begin among all :attr:`steps`, and where they end. Raises :class:`KeyError`."""
        first, after = 0, len(self.ladder)
        for other in self.ladders:
            if ladder is None:
                break
            first, after = after, after + len(other.steps)
            if other.name == ladder:
                return first, after
        if ladder is not None:
            raise KeyError(ladder)
        return first, after
