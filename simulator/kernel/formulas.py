"""The formulas of the model, each written once as a pure function of numbers.

Both engines call them: CPython as they stand, the compiled engine through numba. They therefore use ``math`` and plain
arithmetic only, whose results agree to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

# A double from 2 ** 52 on has no fraction, and may not fit into the integer that rounding makes of it.
_WHOLE = 2.0**52


def users_of(median: float, spread: float, first: float, second: float) -> float:
    """Users of a provider: lognormal about ``median``, rounded down, one at least. ``first`` and ``second`` are uniform
    draws, of which Box and Muller (1958) make a normal one.
    """
    normal = math.sqrt(2.0 * -math.log(first)) * math.cos(2.0 * math.pi * second)
    users = median * math.exp(spread * normal)
    return math.floor(users) + 1.0 if users < _WHOLE else users


def strikes_remembered(strikes: int, since: float, memory: float) -> int:
    """Strikes that still count ``since`` days after the last sanction: one lapses after each ``memory`` days."""
    if strikes == 0:
        return 0
    lapsed = since / memory
    return strikes - int(lapsed) if lapsed < strikes else 0


def belief_remembered(belief: float, floor: float, since: float, memory: float) -> float:
    """A belief that fades to ``floor`` with time constant ``memory`` (days)."""
    return floor + (belief - floor) * math.exp(-since / memory)


def belief_raised(belief: float, weight: float) -> float:
    """A belief moved towards certainty by one sanction seen: exponential smoothing."""
    return belief + weight * (1.0 - belief)


def mean_fine(low: float, high: float) -> float:
    """The mean of a log-uniform fine on [low, high], in RMB: (high - low) / log(high / low)."""
    if high > low:
        ratio = math.log(high / low)
        # Two neighbouring doubles may have a ratio of exactly 1.
        return (high - low) / ratio if ratio > 0.0 else low
    return low


def belief_lowered(belief: float, weight: float) -> float:
    """A belief moved towards zero by one breach that went unpunished."""
    return belief - weight * belief


def belief_beside(pooled: float, own: float, since: float, memory: float) -> float:
    """The belief of one whose own experience lies ``own`` above (or below) that of its class, ``pooled``: the distance
    fades with time constant ``memory``.
    """
    belief = pooled
    # A provider without its own experience needs no exponential: adding nothing gives the same bits.
    if own != 0.0:
        belief += own * math.exp(-since / memory)
    if belief < 0.0:
        return 0.0
    return belief if belief < 1.0 else 1.0


def share_acted_on(initial: float, acted: float, resolved: float, since: float, memory: float) -> float:
    """The share of breaches that led to a sanction: ``acted`` of ``resolved``, both fading with time constant
    ``memory``, and ``initial`` counted as one more breach.
    """
    kept = math.exp(-since / memory)
    return (acted * kept + initial) / (resolved * kept + 1.0)


def repetition_weight(sanctions: float, discount: float, memory: float) -> float:
    """What the next sanction counts for today if it comes while this one is remembered: the expected discount factor.

    Sanctions come at ``sanctions`` a day, a record lapses after ``memory`` days on the mean, money loses ``discount`` a
    day: s / (s + discount + 1 / memory).
    """
    return sanctions / (sanctions + discount + 1.0 / memory)


def cost_ahead(
    step: int,
    serious: float,
    referral: float,
    fines: Sequence[float],
    turnovers: Sequence[float],
    days: Sequence[float],
    closes: Sequence[float],
    refusals: Sequence[float],
    revenue: float,
    closure: float,
    rectifies: float,
    repetition: float,
) -> float:
    """RMB that a sanction at ``step`` of the ladder would cost, with all that follows from it.

    What a step costs at once is the greater of its mean fine and its share of turnover, the revenue of the days without
    service, and ``closure`` where it closes the provider. An order is not met with probability 1 - ``rectifies``, and
    then the next step follows, discounted by ``refusals``: so B(s) = C(s) + (1 - rectifies) * refusals(s) * B(s + 1). A
    sanction also leaves a record, which makes each later sanction one step harder while it lasts. With the weight r =
    ``repetition`` of the next sanction, that of the one after it r ** 2 and so on, the difference between the two
    ladders is the sum of r ** n * (B(s + n) - B(s + n - 1)), so that F(s) = (1 - r) * B(s) + r * F(s + 1): computed
    backwards from the last step, which repeats itself, or from one that closes, which nothing follows.

    A breach is ``serious`` with that probability, which is one step more, and may be referred to prosecution.
    """
    bundle = ahead = above = 0.0
    s = len(fines) - 1
    while s >= step:
        above = ahead
        fine = fines[s]
        share = turnovers[s] * revenue
        if share > fine:
            fine = share
        cost = fine + revenue / 365.0 * days[s]
        if closes[s] > 0.0:
            bundle = cost + closure
            ahead = bundle
        elif s == len(fines) - 1:
            bundle = cost
            ahead = bundle
        else:
            bundle = cost + (1.0 - rectifies) * refusals[s] * bundle
            ahead = (1.0 - repetition) * bundle + repetition * ahead
        s -= 1
    if step == len(fines) - 1:
        above = ahead
    feared = ahead + serious * (above - ahead)
    return feared + serious * referral * closure


def reach_of(mean: float, spread: float, first: float, second: float) -> float:
    """The share of users that a breach reaches: lognormal of that mean, at most 1. ``first`` and ``second`` are uniform
    draws, of which Box and Muller (1958) make a normal one.
    """
    normal = math.sqrt(2.0 * -math.log(first)) * math.cos(2.0 * math.pi * second)
    share = mean * math.exp(spread * normal - spread * spread / 2.0)
    return share if share < 1.0 else 1.0


def complaint_chance(complained: float, people: float, audience: float, exponent: float) -> float:
    """Probability of a complaint about a breach that reached ``people``: ``complained`` if they number ``audience``,
    saturating; independent of their number if ``audience`` is 0.
    """
    if audience == 0.0 or complained >= 1.0:
        return complained
    ratio = people / audience
    # The ratio of a few people and a large audience may be too small for a float.
    if ratio <= 0.0 or complained == 0.0:
        return 0.0
    times = math.exp(exponent * math.log(ratio))
    return 1.0 - math.exp(times * math.log(1.0 - complained))


def obeying_days(days: float, limit: float, fine: float, hurry_cost: float) -> float:
    """Mean days in which a store obeys: what is cheapest where each whole period of ``limit`` days that passes costs
    ``fine`` RMB, and obeying k times as fast as in ``days`` costs (k - 1) * ``hurry_cost`` RMB.

    Lags are exponential, so a store that obeys in m days on the mean expects 1 / (exp(limit / m) - 1) fines. With y =
    limit / m, the cost is least where hurry_cost * days / (fine * limit) = exp(y) / (exp(y) - 1) ** 2, found here by
    bisection. A tighter limit or a higher fine never makes it slower.
    """
    if hurry_cost <= 0.0 or days <= 0.0 or fine * limit <= 0.0:
        return days
    wanted = hurry_cost * days / (fine * limit)
    low, high = 1e-6, 700.0
    for _ in range(200):
        y = (low + high) / 2.0
        e = math.exp(y)
        if e / ((e - 1.0) * (e - 1.0)) > wanted:
            low = y
        else:
            high = y
    chosen = limit / low
    return chosen if chosen < days else days


def violation_chance(compliance: float, belief: float, cost: float, gain: float) -> float:
    """Probability that an occasion becomes a violation: Becker (1968) with exponential gains of mean ``gain``.

    An occasion that is not averted by compliance is taken when its gain exceeds the expected sanction
    ``belief * cost``, which has probability exp(-belief * cost / gain).
    """
    return (1.0 - compliance) * math.exp(-belief * cost / gain)


def fine_amount(uniform: float, low: float, high: float, turnover_share: float, revenue: float) -> float:
    """A fine in whole RMB: log-uniform on [low, high], or the share of turnover where that is more."""
    fine = low
    if high > low:
        fine = low * math.exp(uniform * math.log(high / low))
    share = turnover_share * revenue
    if share > fine:
        fine = share
    return float(math.floor(fine + 0.5)) if fine < _WHOLE else fine


def compliance_after_rectification(compliance: float, gain: float) -> float:
    """A met order removes the share ``gain`` of what was missing to full compliance."""
    return compliance + gain * (1.0 - compliance)


def inspection_chance(
    rate: float, ceiling: float, per_strike: float, strikes: int, cap: int, class_weight: float
) -> float:
    """Probability that a candidate inspection of the fixed stream takes place: the thinning of targeting."""
    if ceiling == 0.0:
        return 0.0
    counted = strikes if strikes < cap else cap
    return rate * (1.0 + per_strike * counted) * class_weight / ceiling


def step_on_ladder(strikes: int, serious: bool, steps: int) -> int:
    """The step imposed: one up for each strike remembered, one more for a serious breach, at most the last."""
    step = strikes + (1 if serious else 0)
    return step if step < steps else steps - 1


def complies_looking_ahead(
    in_second: bool,
    cost: float,
    first_rate: float,
    second_rate: float,
    first_fine: float,
    second_fine: float,
    release_rate: float,
    discount: float,
) -> bool:
    """Whether one that looks ahead complies in its group: the best response of Harrington (1988) in continuous time.

    ``cost`` is RMB per year that compliance forgoes; rates are per year: detections of one that violates in the first
    and in the second group, releases from the second of one that complies there; ``discount`` is per year, 0 for the
    average cost. With L = rate * fine in either group, one complies in the first where cost < L1, and in the second
    where cost < L2 + release_rate / (discount + first_rate) * (L2 - L1), the limit of Harrington's discounted threshold
    as its periods get short. As in the paper, the second group is taken to be the worse one, L1 <= L2.
    """
    first, second = first_rate * first_fine, second_rate * second_fine
    if cost < first:
        return True
    if not in_second:
        return False
    return (second - cost) * (discount + first_rate) + release_rate * (second - first) > 0.0


def inspection_emphasis(
    group_weight: float, complaints: int, per_complaint: float, cap: int, focus_weight: float, certified_factor: float
) -> float:
    """What multiplies the chance of an inspection beyond strikes and size: the group or lot that a provider is in,
    complaints since the last inspection, a certificate of conformance. All neutral: exactly 1."""
    counted = complaints if complaints < cap else cap
    return group_weight * (1.0 + per_complaint * counted) * focus_weight * certified_factor


def certificate_counts(certified: int, since: float, valid_days: float) -> bool:
    """Whether a certificate still counts ``since`` days after its provider entered; 0 valid days: for good."""
    return certified != 0 and (valid_days == 0.0 or since < valid_days)


def best_effort(belief: float, cost: float, breaches: float, effort_cost: float) -> float:
    """Effort in [0, 1] that minimises ``effort_cost * e**2 + belief * cost * breaches * (1 - e)`` RMB per year.

    ``breaches`` is what a year would bring without effort. A provider weighs what compliance costs, with rising
    marginal cost, against the sanctions it expects.
    """
    if effort_cost <= 0.0:
        return 0.0
    effort = belief * cost * breaches / (2.0 * effort_cost)
    return effort if effort < 1.0 else 1.0


def compliance_at(base: float, effort: float, factor: float) -> float:
    """Chance that an occasion is averted: ``effort`` removes that share of what is missing, ``factor`` below one is a
    failure of the technical supporter."""
    compliance = base
    if effort > 0.0:
        compliance = 1.0 - (1.0 - base) * (1.0 - effort)
    return compliance * factor


def filter_strictness(expected: float, scale: float) -> float:
    """Strictness in [0, 1) of a provider's filter, which rises with the sanction that it expects for a breach, in RMB:
    1 - exp(-expected / scale).
    """
    if scale <= 0.0:
        return 0.0
    return 1.0 - math.exp(-expected / scale)


def misuse_chance(chance: float, anonymity: float, anonymous: bool) -> float:
    """Chance that users' misuse becomes a violation. Without real names, misuse is ``anonymity`` times as frequent.

    The rates of a scenario are those without real names; they are thinned where real names are required.
    """
    return chance if anonymous else chance / anonymity


def fine_for_all(fine: float, per_violation: float, violations: int) -> float:
    """A fine with an amount on top for each violation that is live, in RMB."""
    return fine + per_violation * violations


def whole_steps(delay: float, step: float) -> float:
    """Days until what is due in ``delay`` days happens, on a clock that only shows every ``step`` days (0:
    continuous).
    """
    if step == 0.0 or delay >= _WHOLE:
        return delay
    return float(math.ceil(delay / step)) * step


def cases_affordable(left: float, cost: float, hands: int) -> int:
    """How many more investigations at ``cost`` RMB each ``left`` RMB of a budget pays for, at most ``hands``."""
    if cost <= 0.0 or left >= cost * hands:
        return hands
    return int(left / cost) if left > 0.0 else 0


def outlays(fines: float, claims: float, compliance_cost: float, revenue: float, downtime: float) -> float:
    """RMB that enforcement has cost a provider: fines, damages, effort at compliance, and the revenue of the days
    without its service. ``revenue`` is RMB per year.
    """
    return fines + claims + compliance_cost + revenue / 365.0 * downtime


def next_publication(now: float, interval: float) -> float:
    """Days until the next published batch of filings, strictly after now."""
    batches = now / interval
    return (math.floor(batches) + 1.0) * interval - now if batches < _WHOLE else interval
