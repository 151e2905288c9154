"""What providers expect of enforcement, what they learn from it, and the effort that they choose in view of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..kernel.eventlog import Kind
from ..kernel.formulas import (
    belief_beside,
    belief_lowered,
    belief_raised,
    belief_remembered,
    best_effort,
    complies_looking_ahead,
    cost_ahead,
    filter_strictness,
    repetition_weight,
    share_acted_on,
    step_on_ladder,
    strikes_remembered,
)
from ..kernel.state import ACTIVE, EXEMPT
from ..kernel.table import ADAPTIVE, FIXED, RATIONAL
from .hook import View

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

EFFORT, STRICTNESS = int(Kind.EFFORT), int(Kind.STRICTNESS)


class Deterrence:
    """The beliefs of all providers, and what they fear."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self.behaviours = world.behaviours
        table = world.table
        sizes = [0] * len(table.classes.gain)
        for c in world.state.size_class:
            sizes[c] += 1
        self.peers = [max(1, size) for size in sizes]
        self.entered = [0] * len(sizes)
        # What a size class has seen of its members' breaches, by behaviour, and when that was last brought up to date.
        places = len(sizes) * self.behaviours
        self.peer_belief = [table.response.initial_belief if table.response.model == ADAPTIVE else 0.0] * places
        self.peer_believed = [0.0] * places
        self.acted = [0.0] * places
        self.resolved = [0.0] * places
        self.reenters = table.classes.reenters.tolist()
        self.effort_cost = table.classes.compliance_cost.tolist()
        self.capital = table.classes.capital.tolist()
        self.rates = (table.behaviours.rate * 365.0).tolist()
        self.activity = table.classes.activity.tolist()
        self.adopt(table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.lifetime = table.behaviours.lifetime.tolist()
        self.serious = table.behaviours.serious.tolist()
        self.effort_share = table.behaviours.effort_share.tolist()
        self.gain = table.classes.gain.tolist()
        self.rectifies = table.classes.rectifies.tolist()
        self.closure = table.classes.closure.tolist()
        self.breaches = table.classes.breaches.tolist()
        steps = table.steps
        self.fine, self.turnover = steps.feared_fine.tolist(), steps.feared_turnover.tolist()
        self.days_lost = steps.feared_days.tolist()
        self.closes, self.refusals = steps.closes.tolist(), steps.refusals.tolist()
        self.confiscates = steps.confiscates.tolist()
        self.ladders = [
            slice(first, after)
            for first, after in zip(
                table.behaviours.first_step.tolist(), table.behaviours.after_step.tolist(), strict=True
            )
        ]
        self.fixed = table.response.model == FIXED

    def join_class(self, p: int) -> None:
        """A provider enters the market. One that learns from its class begins with what the class believes by now."""
        state, response, now = self.state, self.world.table.response, self.world.env.now
        c = state.size_class[p]
        self.entered[c] += 1
        for b in range(self.behaviours):
            place = p * self.behaviours + b
            state.believed[place] = now
            if response.model == ADAPTIVE:
                state.belief[place] -= response.initial_belief

    def complies_ahead(self, p: int) -> bool:
        """Whether complying in its present group of targeting is cheaper in the long run than violating.

        A provider knows how often either group is inspected and what the step before and after a sanction would cost
        it. A violation is found by an inspection that meets it while it is live; unfounded sanctions are left out of
        the reckoning.
        """
        world = self.world
        state, table = world.state, world.table
        c, second, first = state.size_class[p], state.group[p], p * self.behaviours
        breaches = lasting = 0.0
        for b in range(self.behaviours):
            each = self.rates[b] * (1.0 - state.compliance[first + b]) * self.activity[c]
            breaches += each
            lasting += each * self.lifetime[b]
        visits = table.detection.inspection_rate * 365.0 * table.classes.target.item(c)
        found = visits * table.evidence.sensitivity * (1.0 - math.exp(-lasting / 365.0))
        strikes = self.strikes(p)
        lower = strikes - 1 if second and strikes else strikes
        return complies_looking_ahead(
            bool(second),
            breaches * self.gain[c],
            found,
            found * table.targeting.group_weight,
            self.cost_of_step(p, lower, 0, 0.0),
            self.cost_of_step(p, lower + 1, 0, 0.0),
            visits * table.targeting.group_weight * table.evidence.specificity * table.targeting.group_back,
            365.0 / table.response.foresight,
        )

    def review(self, p: int) -> None:
        """Choose effort for each behaviour, and the strictness of the filter, in view of the sanctions now expected."""
        world = self.world
        state, table = world.state, world.table
        c = state.size_class[p]
        if state.status[p] == ACTIVE and self.capital[c] < math.inf:
            world.lives.book_effort(p)
            world.lives.settle(p, 0)
        if state.status[p] == ACTIVE and state.outside[p] != EXEMPT:
            world.lives.book_effort(p)
            first, feared = p * self.behaviours, 0.0
            for b in range(self.behaviours):
                believed = self.belief(p, b) if not state.outside[p] else 0.0
                fear = self.fear(p, b, believed)
                feared += believed * fear * self.effort_share[b]
                breaches = self.rates[b] * (1.0 - state.base[first + b]) * self.activity[c]
                effort = best_effort(believed, fear, breaches, self.effort_cost[c] * self.effort_share[b])
                if effort != state.effort[first + b]:
                    state.effort[first + b] = effort
                    world.log(EFFORT, p, 0, b, effort)
            world.lives.refresh_compliance(p)
            strictness = filter_strictness(feared, table.response.strictness_scale)
            if strictness != state.strictness[p]:
                state.strictness[p] = strictness
                world.log(STRICTNESS, p, 0, -1, strictness)
                world.accrue(p)
        elif state.status[p] != ACTIVE and self.reenters[c] == 0.0:
            return
        world.clock.call(table.response.review_days, EFFORT, p, 0, self.review, p)

    def belief(self, p: int, b: int) -> float:
        """The probability that a provider reckons a breach to be sanctioned with."""
        own, peers = self.beliefs(p, b)
        return own + peers - own * peers

    def beliefs(self, p: int, b: int) -> tuple[float, float]:
        """The two parts of belief, to be taken as independent chances: from a provider's own past, and from its
        peers'. One that learns from both at once has it all in the first part if it was ever sanctioned, else in the
        second.
        """
        state, response, now = self.state, self.world.table.response, self.world.env.now
        place, pooled = p * self.behaviours + b, state.size_class[p] * self.behaviours + b
        if response.model == ADAPTIVE:
            belief = self.remembered(place, pooled)
        elif response.model == RATIONAL:
            since = now - self.peer_believed[pooled]
            belief = share_acted_on(
                response.initial_belief, self.acted[pooled], self.resolved[pooled], since, response.memory
            )
        else:
            floor = response.initial_belief if self.fixed else 0.0
            own = belief_remembered(state.belief[place], floor, now - state.believed[place], response.memory)
            peers = belief_remembered(self.peer_belief[pooled], 0.0, now - self.peer_believed[pooled], response.memory)
            return own, peers
        return (belief, 0.0) if state.sanctions[p] else (0.0, belief)

    def fear(self, p: int, b: int, belief: float) -> float:
        """What a sanction for a breach of ``b`` would cost this provider, in RMB."""
        return self.cost_of_step(p, self.strikes(p), b, belief)

    def cost_of_step(self, p: int, strikes: int, b: int, belief: float) -> float:
        """The cost of a sanction after this many strikes for this provider, in RMB: only of the step in the
        model ``fixed``, else with all that is ahead.
        """
        world, c, revenue = self.world, self.state.size_class[p], self.state.revenue[p]
        table, ladder = world.table, self.ladders[b]
        fines, turnovers = self.fine[ladder], self.turnover[ladder]
        step = step_on_ladder(strikes, False, len(fines))
        if world.hook is not None:
            # What a policy in Python imposes is feared too.
            view = View(world, p)
            step = world.hook.step(view, step, False, len(fines))
            fines = [
                world.hook.fine(view, max(fine, share * revenue), True) if max(fine, share * revenue) else 0.0
                for fine, share in zip(fines, turnovers, strict=True)
            ]
            turnovers = [0.0] * len(fines)
        serious = referral = closure = repetition = 0.0
        rectifies = 1.0
        if not self.fixed:
            serious, referral, closure, rectifies = self.serious[b], table.referral, self.closure[c], self.rectifies[c]
            repetition = repetition_weight(self.breaches[c] * belief, table.response.discount, table.strikes.memory)
        ahead = cost_ahead(
            step,
            serious,
            referral,
            fines,
            turnovers,
            self.days_lost[ladder],
            self.closes[ladder],
            self.refusals[ladder],
            revenue,
            closure * revenue,
            rectifies,
            repetition,
        )
        confiscated: float = self.confiscates[ladder.start + step] * self.gain[c]
        return ahead + confiscated

    def strikes(self, p: int) -> int:
        """Sanctions that still count against a provider."""
        strikes: int = self.state.strikes[p]
        if not strikes:
            return 0
        return strikes_remembered(strikes, self.world.env.now - self.state.struck[p], self.world.table.strikes.memory)

    def learn(self, p: int, b: int, publicity: float) -> None:
        """A sanction on ``p`` for a breach of ``b``: it fears the next one more, and so, a little, does every provider
        of its size, in proportion to its ``publicity``. Providers that learn only from sanctions do not distinguish
        behaviours.
        """
        table, state = self.world.table, self.state
        response = table.response
        c = state.size_class[p]
        members = self.peers[c] if self.fixed else max(1, self.entered[c])
        taught = min(1.0, response.peer_weight * table.publicity * publicity / members)
        if response.model == ADAPTIVE:
            place, pooled = p * self.behaviours + b, c * self.behaviours + b
            experienced = belief_raised(self.remembered(place, pooled), response.own_weight)
            for other in range(c * self.behaviours, (c + 1) * self.behaviours):
                weight = taught if other == pooled else taught * response.generalises
                self.peer_belief[other] = belief_raised(self.peer_belief[other], weight)
            state.belief[place] = experienced - self.peer_belief[pooled]
            state.believed[place] = self.world.env.now
        elif response.model == RATIONAL:
            self.count(c * self.behaviours + b, 1.0)
        else:
            now, floor = self.world.env.now, response.initial_belief if self.fixed else 0.0
            for each in range(self.behaviours):
                place, pooled = p * self.behaviours + each, c * self.behaviours + each
                own = belief_remembered(state.belief[place], floor, now - state.believed[place], response.memory)
                state.belief[place] = belief_raised(own, response.own_weight)
                state.believed[place] = now
                peers = belief_remembered(
                    self.peer_belief[pooled], 0.0, now - self.peer_believed[pooled], response.memory
                )
                self.peer_belief[pooled] = belief_raised(peers, taught)
                self.peer_believed[pooled] = now

    def get_away(self, p: int, b: int) -> None:
        """A breach of ``b`` has ended without a sanction, which its provider notices, and some of its peers."""
        response, state = self.world.table.response, self.state
        if state.outside[p] or state.status[p] != ACTIVE:
            return
        c = state.size_class[p]
        if response.model == ADAPTIVE:
            place, pooled = p * self.behaviours + b, c * self.behaviours + b
            experienced = belief_lowered(self.remembered(place, pooled), response.own_weight)
            taught = min(1.0, response.peer_weight * response.impunity_seen / max(1, self.entered[c]))
            for other in range(c * self.behaviours, (c + 1) * self.behaviours):
                weight = taught if other == pooled else taught * response.generalises
                self.peer_belief[other] = belief_lowered(self.peer_belief[other], weight)
            state.belief[place] = experienced - self.peer_belief[pooled]
            state.believed[place] = self.world.env.now
        elif response.model == RATIONAL:
            self.count(c * self.behaviours + b, 0.0)

    def remembered(self, place: int, pooled: int) -> float:
        """What one that learns from its class believes now."""
        state, response = self.state, self.world.table.response
        since = (self.world.env.now - state.believed[place]) * response.peer_weight
        return belief_beside(self.peer_belief[pooled], state.belief[place], since, response.memory)

    def count(self, pooled: int, acted: float) -> None:
        """One more breach of a size class has ended, with a sanction or without."""
        now = self.world.env.now
        kept = math.exp(-(now - self.peer_believed[pooled]) / self.world.table.response.memory)
        self.acted[pooled] = self.acted[pooled] * kept + acted
        self.resolved[pooled] = self.resolved[pooled] * kept + 1.0
        self.peer_believed[pooled] = now
