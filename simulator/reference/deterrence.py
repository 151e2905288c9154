"""What providers expect of enforcement, what they learn from it, and the effort that they choose in view of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..kernel.eventlog import Kind
from ..kernel.formulas import (
    belief_raised,
    belief_remembered,
    best_effort,
    complies_looking_ahead,
    feared_cost,
    filter_strictness,
    step_on_ladder,
    strikes_remembered,
)
from ..kernel.state import ACTIVE, EXEMPT

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
        # What a size class has seen of sanctions on its members, and when that was last brought up to date.
        self.peer_belief = [0.0] * len(sizes)
        self.peer_believed = [0.0] * len(sizes)
        self.reenters = table.classes.reenters.tolist()
        self.effort_cost = table.classes.compliance_cost.tolist()
        self.capital = table.classes.capital.tolist()
        self.rates = (table.behaviours.rate * 365.0).tolist()
        self.activity = table.classes.activity.tolist()
        self.adopt(table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        self.lifetime = table.behaviours.lifetime.tolist()
        self.gain = table.classes.gain.tolist()
        steps = table.steps
        self.fine, self.turnover = steps.feared_fine.tolist(), steps.feared_turnover.tolist()
        self.without_service = steps.feared_days.tolist()

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
            self.cost_of_step(p, lower),
            self.cost_of_step(p, lower + 1),
            visits * table.targeting.group_weight * table.evidence.specificity * table.targeting.group_back,
            365.0 / table.response.foresight,
        )

    def review(self, p: int) -> None:
        """Choose effort and the strictness of the filter in view of the sanctions now expected."""
        world = self.world
        state, table = world.state, world.table
        c = state.size_class[p]
        if state.status[p] == ACTIVE and self.capital[c] < math.inf:
            self.world.lives.book_effort(p)
            self.world.lives.settle(p, 0)
        if state.status[p] == ACTIVE and state.outside[p] != EXEMPT:
            own, peers = self.beliefs(p)
            belief = own + peers - own * peers if not state.outside[p] else 0.0
            fear = self.fear(p)
            first, breaches = p * self.behaviours, 0.0
            for b in range(self.behaviours):
                breaches += self.rates[b] * (1.0 - state.base[first + b])
            effort = best_effort(belief, fear, breaches * self.activity[c], self.effort_cost[c])
            if effort != state.effort[p]:
                self.world.lives.book_effort(p)
                state.effort[p] = effort
                self.world.lives.refresh_compliance(p)
                world.log(EFFORT, p, 0, -1, effort)
            strictness = filter_strictness(belief, fear, table.response.strictness_scale)
            if strictness != state.strictness[p]:
                state.strictness[p] = strictness
                world.log(STRICTNESS, p, 0, -1, strictness)
                world.accrue(p)
        elif state.status[p] != ACTIVE and self.reenters[c] == 0.0:
            return
        world.clock.call(table.response.review_days, EFFORT, p, 0, self.review, p)

    def beliefs(self, p: int) -> tuple[float, float]:
        """The probability of a sanction that a provider reckons with: from its own past, and from its peers'."""
        state, table, now = self.state, self.world.table, self.world.env.now
        own = belief_remembered(
            state.belief[p], table.response.initial_belief, now - state.believed[p], table.response.memory
        )
        c = state.size_class[p]
        peers = belief_remembered(self.peer_belief[c], 0.0, now - self.peer_believed[c], table.response.memory)
        return own, peers

    def fear(self, p: int) -> float:
        """What the next step of the ladder would cost this provider, in RMB."""
        return self.cost_of_step(p, self.strikes(p))

    def cost_of_step(self, p: int, strikes: int) -> float:
        """What the step of the ladder that follows so many strikes would cost this provider, in RMB."""
        step = step_on_ladder(strikes, False, self.world.steps)
        return feared_cost(self.fine[step], self.turnover[step], self.state.revenue[p], self.without_service[step])

    def strikes(self, p: int) -> int:
        """Sanctions that still count against a provider."""
        strikes: int = self.state.strikes[p]
        if not strikes:
            return 0
        return strikes_remembered(strikes, self.world.env.now - self.state.struck[p], self.world.table.strikes.memory)

    def learn(self, p: int) -> None:
        """A sanction on ``p``: it fears the next one more, and so, a little, does every provider of its size."""
        world = self.world
        state, table, now = world.state, world.table, world.env.now
        own = belief_remembered(
            state.belief[p], table.response.initial_belief, now - state.believed[p], table.response.memory
        )
        state.belief[p] = belief_raised(own, table.response.own_weight)
        state.believed[p] = now
        c = state.size_class[p]
        peers = belief_remembered(self.peer_belief[c], 0.0, now - self.peer_believed[c], table.response.memory)
        taught = min(1.0, table.response.peer_weight * table.publicity / self.peers[c])
        self.peer_belief[c] = belief_raised(peers, taught)
        self.peer_believed[c] = now
