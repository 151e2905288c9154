"""Providers: they enter, file or do not, meet occasions to breach a rule, and react to sanctions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from .draws import Purpose
from .eventlog import Kind, Stream, case_number
from .formulas import (
    belief_raised,
    belief_remembered,
    compliance_after_rectification,
    feared_cost,
    step_on_ladder,
    strikes_remembered,
    violation_chance,
)
from .state import ACTIVE, EXITED, FUNCTIONS, REGISTRATION, REVOKED, SERVICE, UPDATES

if TYPE_CHECKING:
    from .model import World

# Plain integers: an enum member costs an attribute look-up and a call each time an event is handled.
ENTERED, EXIT, OCCASION, UNFILED = int(Kind.ENTERED), int(Kind.EXITED), int(Kind.OCCASION), int(Kind.UNFILED)
VIOLATION, VIOLATION_ENDED, REVOCATION = int(Kind.VIOLATION), int(Kind.VIOLATION_ENDED), int(Kind.REVOCATION)
CANDIDATE_GAP, CANDIDATE_BEHAVIOUR = Purpose.CANDIDATE_GAP, Purpose.CANDIDATE_BEHAVIOUR
CANDIDATE_ACCEPTED, SERIOUS, LIFETIME = Purpose.CANDIDATE_ACCEPTED, Purpose.SERIOUS, Purpose.LIFETIME
OCCASIONS = int(Stream.OCCASION)
STANDING = case_number(Stream.STANDING, 0)


class Providers:
    """All providers of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        table = world.table
        self.cumulative = table.behaviour_cumulative.tolist()
        self.severity = table.behaviour_severity.tolist()
        self.serious = table.behaviour_serious.tolist()
        self.serious_factor = table.behaviour_serious_factor.tolist()
        self.lifetime = table.behaviour_lifetime.tolist()
        self.spreads = table.behaviour_spreads.tolist()
        self.gain = table.class_gain.tolist()
        self.fine_low = table.step_fine_low.tolist()
        self.fine_high = table.step_fine_high.tolist()
        self.turnover = table.step_turnover.tolist()
        if not table.fine_on_first:
            # A first breach that is not serious is not fined yet, so there is no such fine to fear.
            self.fine_low[0] = self.fine_high[0] = self.turnover[0] = 0.0
        self.without_service = (table.step_service + table.step_removal * float(table.store_share.sum())).tolist()
        sizes = [0] * len(table.class_gain)
        for c in world.state.size_class:
            sizes[c] += 1
        self.peers = [max(1, size) for size in sizes]
        # What a size class has seen of sanctions on its members, and when that was last brought up to date.
        self.peer_belief = [0.0] * len(sizes)
        self.peer_believed = [0.0] * len(sizes)

    def start(self) -> None:
        for p in range(self.world.table.providers):
            if self.world.state.entry[p] < self.world.table.horizon:
                self.world.env.process(self.operate(p))

    def operate(self, p: int) -> Generator[Any, Any, None]:
        """One provider from entry to exit: its fixed stream of occasions, thinned by what it makes of them."""
        world = self.world
        state, table, clock = world.state, world.table, world.clock
        yield clock.after(state.entry[p], ENTERED, p, 0)
        self.enter(p)
        rate = table.occasion_rate * table.class_activity.item(state.size_class[p])
        if rate == 0.0:
            return
        mean = 1.0 / rate
        exponential, seed = world.draws.exponential, world.seed
        k = 0
        while True:
            yield clock.after(exponential(seed, p, CANDIDATE_GAP, k) * mean, OCCASION, p, k)
            if state.status[p] != ACTIVE:
                return
            if not state.suspended[p * FUNCTIONS + SERVICE]:
                self.occasion(p, k)
            k += 1

    def enter(self, p: int) -> None:
        world = self.world
        state, table, draws, seed = world.state, world.table, world.draws, world.seed
        state.status[p] = ACTIVE
        state.believed[p] = state.harm_at[p] = world.env.now
        world.log(ENTERED, p, state.size_class[p], -1, state.users[p])
        if table.exit_rate > 0.0:
            delay = draws.exponential(seed, p, Purpose.EXIT_TIME, 0) / table.exit_rate
            world.clock.call(delay, EXIT, p, 0, self.leave, p)
        world.app_stores.apply(p)
        if table.filing < 0:
            return
        compliance = state.compliance[p * world.behaviours + table.filing]
        if draws.uniform(seed, p, Purpose.FILES, 0) < compliance:
            world.registry.submit(p)
        else:
            world.clock.call(table.grace_days, UNFILED, p, STANDING, self.stay_unfiled, p)

    def stay_unfiled(self, event: Any) -> None:
        """The standing breach of a provider that lets the time to file pass."""
        p = event._value
        if self.world.state.status[p] == ACTIVE and not self.world.state.applied[p]:
            self.begin_violation(p, self.world.table.filing, STANDING, self.severity[self.world.table.filing])

    def occasion(self, p: int, k: int) -> None:
        """One occasion to breach a rule: averted by compliance, forgone for fear of sanctions, or taken."""
        world = self.world
        state, uniform, seed = world.state, world.draws.uniform, world.seed
        b = bisect_right(self.cumulative, uniform(seed, p, CANDIDATE_BEHAVIOUR, k))
        c = state.size_class[p]
        state.occasions[p] += 1
        world.class_occasions[c] += 1
        chance = violation_chance(
            state.compliance[p * world.behaviours + b], self.belief(p), self.fear(p), self.gain[c]
        )
        if state.suspended[p * FUNCTIONS + UPDATES]:
            chance *= world.table.updates_factor
        if state.suspended[p * FUNCTIONS + REGISTRATION]:
            chance *= world.table.registration_factor
        if uniform(seed, p, CANDIDATE_ACCEPTED, k) >= chance:
            return
        state.violations[p] += 1
        world.class_violations[c] += 1
        case = k << 3 | OCCASIONS
        serious = uniform(seed, p, SERIOUS, k) < self.serious[b]
        severity = self.severity[b] * self.serious_factor[b] if serious else self.severity[b]
        own = severity * (1.0 - self.spreads[b])
        self.begin_violation(p, b, case, own)
        delay = world.draws.exponential(seed, p, LIFETIME, k) * self.lifetime[b]
        world.clock.call(
            delay, VIOLATION_ENDED, p, case, self.end_violation, (p, b, case, own, state.live_epoch[p * world.behaviours + b])
        )
        reported = world.public.notice(p, b, k, serious)
        world.app_stores.notice(p, b, k, serious)
        if self.spreads[b] > 0.0:
            world.platforms.spread(p, b, k, severity * self.spreads[b], reported)

    def belief(self, p: int) -> float:
        """The probability of a sanction that a provider reckons with: from its own past, or from its peers'."""
        world = self.world
        state, table, now = world.state, world.table, world.env.now
        own = belief_remembered(state.belief[p], table.initial_belief, now - state.believed[p], table.belief_memory)
        c = state.size_class[p]
        peers = belief_remembered(self.peer_belief[c], 0.0, now - self.peer_believed[c], table.belief_memory)
        return own + peers - own * peers

    def fear(self, p: int) -> float:
        """What the next step of the ladder would cost this provider, in RMB."""
        world = self.world
        step = step_on_ladder(self.strikes(p), False, world.steps)
        return feared_cost(
            self.fine_low[step],
            self.fine_high[step],
            self.turnover[step],
            world.state.revenue[p],
            self.without_service[step],
        )

    def strikes(self, p: int) -> int:
        """Sanctions that still count against a provider."""
        state = self.world.state
        return strikes_remembered(state.strikes[p], self.world.env.now - state.struck[p], self.world.table.strike_memory)

    def learn(self, p: int) -> None:
        """A sanction on ``p``: it fears the next one more, and so, a little, does every provider of its size."""
        world = self.world
        state, table, now = world.state, world.table, world.env.now
        own = belief_remembered(state.belief[p], table.initial_belief, now - state.believed[p], table.belief_memory)
        state.belief[p] = belief_raised(own, table.own_weight)
        state.believed[p] = now
        c = state.size_class[p]
        peers = belief_remembered(self.peer_belief[c], 0.0, now - self.peer_believed[c], table.belief_memory)
        self.peer_belief[c] = belief_raised(peers, table.peer_weight / self.peers[c])
        self.peer_believed[c] = now

    def begin_violation(self, p: int, b: int, case: int, severity: float) -> None:
        world = self.world
        state = world.state
        place = p * world.behaviours + b
        state.live[place] += 1
        state.live_severity[place] += severity
        state.severity[p] += severity
        world.violations_live += 1
        world.log(VIOLATION, p, case, b, severity)
        world.accrue(p)

    def end_violation(self, event: Any) -> None:
        p, b, case, severity, epoch = event._value
        world = self.world
        state = world.state
        place = p * world.behaviours + b
        if state.live_epoch[place] != epoch:
            return
        state.live[place] -= 1
        # Exactly zero when none is left, so that rounding leaves no trace of harm.
        state.live_severity[place] = state.live_severity[place] - severity if state.live[place] else 0.0
        self.sum_severity(p)
        world.violations_live -= 1
        world.log(VIOLATION_ENDED, p, case, b, severity)
        world.accrue(p)

    def end_all(self, p: int, b: int) -> None:
        """Every live violation of one rule ends at once: the cause has been removed, or the provider is gone."""
        world = self.world
        place = p * world.behaviours + b
        world.violations_live -= world.state.live[place]
        world.state.live[place] = 0
        world.state.live_severity[place] = 0.0
        world.state.live_epoch[place] += 1

    def sum_severity(self, p: int) -> None:
        state, first = self.world.state, p * self.world.behaviours
        total = 0.0
        for place in range(first, first + self.world.behaviours):
            total += state.live_severity[place]
        state.severity[p] = total

    def rectify(self, p: int, b: int, case: int) -> None:
        """An order is met: live violations of the rule end, and compliance with it rises."""
        world = self.world
        place = p * world.behaviours + b
        compliance = world.state.compliance[place]
        world.state.compliance[place] = compliance_after_rectification(compliance, world.table.rectification_gain)
        self.end_all(p, b)
        self.sum_severity(p)
        world.log(int(Kind.RECTIFIED), p, case, b, 0.0)
        world.accrue(p)
        if b == world.table.filing:
            world.registry.submit(p)

    def leave(self, event: Any) -> None:
        p = event._value
        if self.world.state.status[p] == ACTIVE:
            self.close(p, EXITED, EXIT, 0, -1)

    def close(self, p: int, status: int, kind: int, case: int, rule: int) -> None:
        """The end of a provider, by its own decision (``EXITED``) or the regulator's (``REVOKED``)."""
        world = self.world
        state = world.state
        world.regulator.end_downtime(p)
        state.status[p] = status
        state.ended[p] = world.env.now
        for b in range(world.behaviours):
            self.end_all(p, b)
        self.sum_severity(p)
        world.log(kind, p, case, rule, 0.0)
        world.accrue(p)

    def revoke(self, p: int, case: int, penalty: int) -> None:
        self.close(p, REVOKED, REVOCATION, case, penalty)
