"""Providers: they enter, file or do not, meet occasions to breach a rule, and react to sanctions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from .clock import Due
from .draws import Purpose
from .eventlog import Kind, Stream, case_number
from .formulas import (
    belief_raised,
    belief_remembered,
    compliance_after_rectification,
    feared_cost,
    mean_fine,
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
AHEAD = 32  # occasions drawn at a time
STANDING = case_number(Stream.STANDING, 0)


class Providers:
    """All providers of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self.seed = world.seed
        self.uniform, self.exponential, self.uniforms, self.exponentials = world.draws
        self.behaviours = world.behaviours
        table = world.table
        self.cumulative = table.behaviour_cumulative.tolist()
        self.severity = table.behaviour_severity.tolist()
        self.serious = table.behaviour_serious.tolist()
        self.serious_factor = table.behaviour_serious_factor.tolist()
        self.lifetime = table.behaviour_lifetime.tolist()
        self.spreads = table.behaviour_spreads.tolist()
        self.gain = table.class_gain.tolist()
        self.fine = [mean_fine(low, high) for low, high in zip(table.step_fine_low, table.step_fine_high, strict=True)]
        self.turnover = table.step_turnover.tolist()
        if not table.fine_on_first:
            # A first breach that is not serious is not fined yet, so there is no such fine to fear.
            self.fine[0] = self.turnover[0] = 0.0
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
        """One provider from entry to exit: its fixed stream of occasions to breach a rule.

        Most are averted by compliance; the others it is tempted by. Nine in ten events of a run pass through this
        loop, which is why it looks everything up beforehand.
        """
        world, state, clock = self.world, self.state, self.world.clock
        yield clock.after(state.entry[p], ENTERED, p, 0)
        self.enter(p)
        c = state.size_class[p]
        rate = world.table.occasion_rate * world.table.class_activity.item(c)
        if rate == 0.0:
            return
        mean = 1.0 / rate
        env, key, seed, cumulative = clock.env, clock.key(OCCASION, p, 0), self.seed, self.cumulative
        status, suspended, compliance = state.status, state.suspended, state.compliance
        occasions, class_occasions = state.occasions, world.class_occasions
        service, first = p * FUNCTIONS + SERVICE, p * self.behaviours
        k = 0
        while True:
            # Draws are keyed, so taking some that will not be needed changes nothing.
            gaps = self.exponentials(seed, p, CANDIDATE_GAP, k, AHEAD).tolist()
            behaviours = self.uniforms(seed, p, CANDIDATE_BEHAVIOUR, k, AHEAD).tolist()
            decisions = self.uniforms(seed, p, CANDIDATE_ACCEPTED, k, AHEAD).tolist()
            for gap, behaviour, u in zip(gaps, behaviours, decisions, strict=True):
                yield Due(env, gap * mean, key + k)
                if status[p] != ACTIVE:
                    return
                if not suspended[service]:
                    occasions[p] += 1
                    class_occasions[c] += 1
                    b = bisect_right(cumulative, behaviour)
                    if u < 1.0 - compliance[first + b]:
                        self.tempt(p, b, k, u)
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
            self.world.accrue(p)

    def tempt(self, p: int, b: int, k: int, u: float) -> None:
        """An occasion that compliance does not avert: forgone for fear of sanctions, or taken.

        ``u`` is the draw that decides; it has been found below 1 - compliance, which is the chance without fear.
        """
        world, state = self.world, self.state
        c = state.size_class[p]
        chance = violation_chance(
            state.compliance[p * self.behaviours + b], self.belief(p), self.fear(p), self.gain[c]
        )
        if state.suspended[p * FUNCTIONS + UPDATES]:
            chance *= world.table.updates_factor
        if state.suspended[p * FUNCTIONS + REGISTRATION]:
            chance *= world.table.registration_factor
        if u < chance:
            state.violations[p] += 1
            world.class_violations[c] += 1
            self.violate(p, b, k)

    def violate(self, p: int, b: int, k: int) -> None:
        """Occasion ``k`` becomes a violation: it lasts, is noticed or not, and spreads."""
        world, state, seed = self.world, self.state, self.seed
        case = k << 3 | OCCASIONS
        serious = self.uniform(seed, p, SERIOUS, k) < self.serious[b]
        severity = self.severity[b] * self.serious_factor[b] if serious else self.severity[b]
        own = severity * (1.0 - self.spreads[b])
        self.begin_violation(p, b, case, own)
        delay = self.exponential(seed, p, LIFETIME, k) * self.lifetime[b]
        epoch = state.live_epoch[p * self.behaviours + b]
        world.clock.call(delay, VIOLATION_ENDED, p, case, self.end_violation, (p, b, case, own, epoch))
        reported = world.public.notice(p, b, k, serious)
        world.app_stores.notice(p, b, k, serious)
        if self.spreads[b] > 0.0:
            world.platforms.spread(p, b, k, severity * self.spreads[b], reported)
        world.accrue(p)

    def belief(self, p: int) -> float:
        """The probability of a sanction that a provider reckons with: from its own past, or from its peers'."""
        state, table, now = self.state, self.world.table, self.world.env.now
        own = belief_remembered(state.belief[p], table.initial_belief, now - state.believed[p], table.belief_memory)
        c = state.size_class[p]
        peers = belief_remembered(self.peer_belief[c], 0.0, now - self.peer_believed[c], table.belief_memory)
        return own + peers - own * peers

    def fear(self, p: int) -> float:
        """What the next step of the ladder would cost this provider, in RMB."""
        step = step_on_ladder(self.strikes(p), False, self.world.steps)
        return feared_cost(self.fine[step], self.turnover[step], self.state.revenue[p], self.without_service[step])

    def strikes(self, p: int) -> int:
        """Sanctions that still count against a provider."""
        strikes: int = self.state.strikes[p]
        if not strikes:
            return 0
        return strikes_remembered(strikes, self.world.env.now - self.state.struck[p], self.world.table.strike_memory)

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
        """A violation is live from now on. The caller accrues harm when it has changed all there is to change."""
        state, place = self.state, p * self.behaviours + b
        state.live[place] += 1
        state.live_all[p] += 1
        state.live_severity[place] += severity
        state.severity[p] += severity
        self.world.violations_live += 1
        self.world.log(VIOLATION, p, case, b, severity)

    def end_violation(self, event: Any) -> None:
        p, b, case, severity, epoch = event._value
        state, place = self.state, p * self.behaviours + b
        if state.live_epoch[place] != epoch:
            return
        # Exactly zero when none is left, so that rounding leaves no trace of harm.
        state.live[place] -= 1
        state.live_severity[place] = state.live_severity[place] - severity if state.live[place] else 0.0
        state.live_all[p] -= 1
        state.severity[p] = state.severity[p] - severity if state.live_all[p] else 0.0
        self.world.violations_live -= 1
        self.world.log(VIOLATION_ENDED, p, case, b, severity)
        self.world.accrue(p)

    def end_all(self, p: int, b: int) -> None:
        """Every live violation of one rule ends at once: the cause has been removed, or the provider is gone."""
        state, place = self.state, p * self.behaviours + b
        live = state.live[place]
        state.live_all[p] -= live
        state.severity[p] = state.severity[p] - state.live_severity[place] if state.live_all[p] else 0.0
        state.live[place] = 0
        state.live_severity[place] = 0.0
        state.live_epoch[place] += 1
        self.world.violations_live -= live

    def rectify(self, p: int, b: int, case: int) -> None:
        """An order is met: live violations of the rule end, and compliance with it rises."""
        world = self.world
        place = p * world.behaviours + b
        compliance = world.state.compliance[place]
        world.state.compliance[place] = compliance_after_rectification(compliance, world.table.rectification_gain)
        self.end_all(p, b)
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
        world.log(kind, p, case, rule, 0.0)
        world.accrue(p)

    def revoke(self, p: int, case: int, penalty: int) -> None:
        self.close(p, REVOKED, REVOCATION, case, penalty)
