"""What there is in the market of a scenario file: providers, users, stores, platforms, supporters, the registry.

Money is in RMB, time in days, rates are per year of 365 days.
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from shenhe.rulebook import Behaviour

from .values import (
    Contradiction,
    Count,
    Line,
    Name,
    NonNegative,
    NotVanishing,
    Number,
    Part,
    People,
    Positive,
    Probability,
    distinct,
)

MAX_PROVIDERS = 2**20 - 1
MAX_STORES = 8
MAX_DESTINATIONS = 8


def scaled(count: int, scale: float) -> int:
    """``count`` people or providers of the whole market in a market of ``scale`` times its size: at least one."""
    number = math.floor(count * scale + 0.5)
    return number if number > 1 else 1


class SizeClass(Part):
    """Providers of one size: their share of the population and what describes each of them.

    ``users`` is the median of a lognormal with standard deviation ``spread`` of its logarithm; ``revenue_per_user``
    in RMB per year; ``activity`` multiplies the rate at which occasions to breach a rule arise; ``gain`` is the mean
    benefit in RMB of one breach; ``rectifies`` the probability that an order is met within its deadline;
    ``exits_after_suspension`` the probability that a suspended service does not come back. ``compliance`` maps a
    behaviour to the probability that an occasion does not become a violation when no sanction is feared.

    Further, all 0 (1 for ``keeps_records``) unless given: ``exempt`` is the share outside enforcement (state bodies,
    say); ``compliance_cost`` RMB per year of full effort; ``reenters`` the probability that a provider closed by a
    sanction comes back under another name; ``abroad`` that one which would give up goes on from abroad; ``hides`` that
    an inspection of a provider sanctioned before finds nothing of what is live; ``keeps_records`` that evidence is
    kept; ``certifies`` that it joins a safe harbour where the policy offers one. ``capital`` is what a provider of the
    class can lose, in RMB, without limit where none is given: when fines less those given back, damages, the cost of
    effort and the revenue of days without its service come to more, it closes for good.
    """

    name: Name
    share: Probability
    users: People
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
    scale: Annotated[float, Strict(), Field(gt=0, le=1000, allow_inf_nan=False), NotVanishing] = 1.0
    arrivals: list[tuple[Number, Probability]] = Field(min_length=1)
    compliance_spread: Probability
    exit_rate: NonNegative
    classes: list[SizeClass] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(item.share for item in self.classes)
        if abs(total - 1) > 1e-9:
            raise Contradiction(
                f"found shares of the size classes that add up to {total:g}, expected 1: set the other shares as well",
                "classes",
            )
        distinct([item.name for item in self.classes], "size class")
        days = [day for day, _ in self.arrivals]
        shares = [share for _, share in self.arrivals]
        if any(a >= b for a, b in itertools.pairwise(days)) or shares != sorted(shares) or shares[-1] != 1:
            raise Contradiction(
                "found arrivals out of order, expected rising days and shares, the last share 1", "arrivals"
            )
        if self.providers * self.scale > MAX_PROVIDERS:
            raise Contradiction(
                f"found {self.providers} providers at scale {self.scale:g}, expected at most {MAX_PROVIDERS:,}"
                " together",
                "providers",
            )
        return self

    @property
    def simulated(self) -> int:
        """How many providers are simulated: ``providers`` at ``scale``."""
        return scaled(self.providers, self.scale)

    @property
    def members(self) -> list[int]:
        """How many providers of each size class are simulated: apportioned by largest remainder, not drawn."""
        exact = [item.share * self.simulated for item in self.classes]
        counts = [math.floor(share + 1e-9) for share in exact]
        by_remainder = sorted(range(len(exact)), key=lambda c: (counts[c] - exact[c], c))
        for c in by_remainder[: self.simulated - sum(counts)]:
            counts[c] += 1
        return counts

    @property
    def notices(self) -> list[str]:
        """A sentence per size class that has less than one member at this scale.

        Such a class has no member, or one that counts for more than its share: its outcomes say little.
        """
        found = []
        for item, count in zip(self.classes, self.members, strict=True):
            expected = item.share * self.simulated
            if 0.0 < expected < 1.0 - 1e-9:
                found.append(
                    f"{item.name}: {expected:.2g} providers at this scale, simulated as {count or 'none'}. A class with"
                    f" less than one member says little; set population.scale to {self.scale / expected:.2g} or more"
                )
        return found


class BehaviourRisk(Part):
    """How one behaviour goes wrong: which rule it breaks, how often, how badly, and how it is noticed.

    ``rate`` counts occasions per provider and year (0 for ``filing``, which is a standing breach until the provider has
    filed); ``severity`` is harm per user and day; ``serious`` the probability that a breach is a serious one, which
    multiplies its severity by ``serious_factor``; ``lifetime`` the mean days it lasts without intervention; ``spreads``
    the share of its harm that comes from copies on propagation platforms; ``complained`` the probability of a
    complaint; ``seen_in_store`` the weight with which a store's monitoring notices it; ``misused`` the share of
    occasions that are misuse by users; ``claimed`` the probability that the person depicted sues, for ``award`` RMB on
    the mean. ``reach`` is the mean share of the provider's users that one breach reaches; ``effort_weight`` the share
    of the cost of compliance that goes into this behaviour, relative to the others. ``ladder`` names one of
    ``policy.ladders``, under which it is sanctioned instead of under the common ladder.
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
    reach: Annotated[float, Strict(), Field(gt=0, le=1), NotVanishing] = 1.0
    effort_weight: NonNegative = 1.0
    claimed: Probability = 0.0
    award: NonNegative = 0.0
    ladder: str | None = None


class PublicConfig(Part):
    """``complaint_delay``: mean days from a violation to a complaint. ``false_complaints``: unfounded ones, per
    provider and year, drawn to providers by their users; ``false_complaint_ceiling`` is the rate of the fixed stream
    that they are thinned from, to be given where ``changes`` raise them (else it is the rate itself, which is then
    fixed). ``false_evidence`` is the share of unfounded complaints that bring evidence which looks sound; without it no
    store removes anything unasked.

    ``migrates`` is the share of users who move to other providers (``destinations`` of them, drawn by size) when a
    service is suspended, removed from their store or closed, and ``returns`` the share of these who come back with it.
    ``anonymity`` says how many times as frequent misuse by users is where real names are not asked for. ``rumours``
    counts episodes a year that reach each provider with probability ``rumour_reach`` and must be refuted.
    ``claim_days``: mean days until a claim is decided.

    The share of users that a breach reaches varies from breach to breach: lognormal about ``behaviours.*.reach`` with
    standard deviation ``reach_spread`` of its logarithm, at most all of them. Where ``audience`` is given (0: not),
    ``behaviours.*.complained`` is the probability of a complaint about a breach that reaches so many people, and the
    chance for another number of people n is ``1 - (1 - complained) ** ((n / audience) ** audience_exponent)``.
    """

    complaint_delay: NonNegative
    false_complaints: NonNegative
    false_complaint_ceiling: NonNegative = 0.0
    false_evidence: Probability = 1.0
    migrates: Probability = 0.0
    destinations: Annotated[int, Strict(), Field(ge=1, le=MAX_DESTINATIONS)] = 1
    returns: Probability = 0.0
    anonymity: Annotated[float, Strict(), Field(ge=1, le=1000)] = 1.0
    rumours: NonNegative = 0.0
    rumour_reach: Probability = 0.0
    claim_days: NonNegative = 0.0
    reach_spread: Annotated[float, Strict(), Field(ge=0, le=5)] = 0.0
    audience: NonNegative = 0.0
    audience_exponent: Annotated[float, Strict(), Field(gt=0, le=1), NotVanishing] = 1.0

    @model_validator(mode="after")
    def _within_ceiling(self) -> Self:
        if 0.0 < self.false_complaint_ceiling < self.false_complaints:
            raise Contradiction(
                f"found false_complaints {self.false_complaints:g}, expected at most false_complaint_ceiling = "
                f"{self.false_complaint_ceiling:g}, the rate of the stream that they are thinned from",
                "false_complaints",
            )
        return self


class Response(Part):
    """How providers react to sanctions.

    ``model`` says how a provider forms its belief about the chance that a breach of a behaviour leads to a sanction.
    All start at ``initial_belief``.

    - ``adaptive``: the provider learns from its own breaches and those of its size class, impunity included. Each
      own breach that ends in a sanction moves its belief towards 1 by ``own_weight``, each that ends without one
      moves it towards 0 by the same. The belief of its class moves likewise, by ``peer_weight`` for a breach of each
      member (``policy.publicity`` multiplies what sanctions teach, ``impunity_seen`` what impunity teaches), and what
      the class believes about other behaviours by ``generalises`` times as much. What a provider's own experience adds
      to the belief of its class fades with time constant ``memory / peer_weight``.
    - ``rational``: the provider knows the share of breaches in its size class that led to a sanction, over ``memory``.
    - ``salience``: only sanctions count, its own by ``own_weight`` and those of its class by ``peer_weight``; what they
      taught fades to 0 with ``memory``.
    - ``fixed``: as ``salience``, but belief fades to ``initial_belief``, which no impunity lowers, and a provider fears
      no more than the fine and the days off of the next step.

    In every model but ``fixed`` a provider fears the whole ladder ahead: see ``cost_ahead`` in
    :mod:`..kernel.formulas`. ``closure_years`` is the years of revenue that closure would cost; its inverse is the rate
    at which providers discount. ``updates_loss`` and ``registration_loss`` are the shares of revenue lost while updates
    or registration are suspended.

    ``rectification_gain`` is the share of remaining non-compliance that a met order removes.
    ``updates_factor`` multiplies the chance of a violation while information updates are suspended, and
    ``registration_factor`` while no new accounts may be opened.

    Every ``review_days`` (0: never) a provider reviews its effort at compliance and the strictness of its filter, in
    view of the sanctions it expects: see ``best_effort`` and ``filter_strictness`` in :mod:`..kernel.formulas`. At full
    strictness the share ``lawful_blocked`` of lawful use is refused; ``strictness_scale`` is the expected sanction, in
    RMB, at which strictness is 63 percent. ``handles`` is the probability that a provider itself takes down what was
    complained of, ``handling_days`` the mean time that takes; ``account_measures`` the probability that a user who
    misused the service is warned, limited, suspended or closed; ``reentry_days`` the mean time until a closed provider
    is back under another name.

    ``staff_weight`` is how many RMB a provider would pay to spare the person responsible a fine of one RMB.

    ``foresight`` (0: none) is the number of days after which a provider weighs what comes 63 percent less. With it, a
    provider knows the two groups of targeting and how often each is inspected, and complies where that is cheaper in
    the long run than the group it would be in otherwise: see ``complies_looking_ahead`` in :mod:`..kernel.formulas`.
    """

    model: Literal["adaptive", "rational", "salience", "fixed"] = "fixed"
    initial_belief: Probability
    impunity_seen: Probability = 1.0
    generalises: Probability = 0.0
    closure_years: Positive = 5.0
    staff_weight: NonNegative = 1.0
    updates_loss: Probability = 0.0
    registration_loss: Probability = 0.0
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


class SupporterConfig(Part):
    """Technical supporters: ``count`` of them, on which a provider builds with probability ``used_by``; the first has
    most providers (weights 1, 1/2, 1/3, …). ``traced`` is the probability that a sanctioned breach is traced to the
    supporter, who is then sanctioned itself: every provider built on it is suspended for ``service_days``.
    """

    count: Annotated[int, Strict(), Field(ge=0, le=10_000)] = 0
    used_by: Probability = 0.0
    traced: Probability = 0.0
    service_days: NonNegative = 0.0

    def simulated(self, scale: float) -> int:
        """How many there are in a market of that scale."""
        return scaled(self.count, scale) if self.count else 0


class Failure(Part):
    """From ``day`` on, for ``days``, one supporter fails (number from 0): its providers keep only ``compliance_factor``
    of their compliance.
    """

    day: NonNegative
    days: Positive
    supporter: Count
    compliance_factor: Probability


class Store(Part):
    """An app store: the share of users reached through it, and how it reviews, watches, obeys and relists.

    ``diligence`` (1) multiplies the duty to check filings; ``over_removes`` (0) is the probability that an unfounded
    complaint with evidence (``public.false_evidence``) makes it remove the app unasked. ``hurry_cost`` is RMB per
    removal that it would cost the store to obey in half the time that it takes without a limit; where it is given, the
    store chooses how fast to obey in view of the fine for being late (see ``obeying_days`` in
    :mod:`..kernel.formulas`). 0: the store does not react to limits. ``removals_per_day`` is how many orders to remove
    its staff can handle at ``population.scale`` 1, one after the other: more at once wait. 0: no limit.
    """

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
    hurry_cost: NonNegative = 0.0
    removals_per_day: NonNegative = 0.0


class Platform(Part):
    """A propagation platform: its share of copies, the lag of takedown after a report, the share it misses, and the
    mean days after which an unreported copy fades.

    ``takedowns_per_day`` is how many reported copies its staff can handle at ``population.scale`` 1, one after the
    other: more at once wait. 0: no limit. ``hurry_cost`` is RMB per takedown that it would cost the
    platform to act in half the time; where it is given, the platform chooses how fast to act in view of the fine for
    being late, as a store does (``obeying_days`` in :mod:`..kernel.formulas`). 0: it does not react to limits.
    """

    name: Name
    share: Probability
    takedown_lag: NonNegative
    misses: Probability
    fades_after: Positive
    takedowns_per_day: NonNegative = 0.0
    hurry_cost: NonNegative = 0.0


class RegistryConfig(Part):
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
