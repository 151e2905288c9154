"""Occasions to breach a rule: averted, forgone for fear of sanctions, or taken; and the violations they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.case import MEASURES
from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.formulas import misuse_chance, reach_of, violation_chance, whole_steps
from ..kernel.replication import BY_ITSELF, BY_PEERS, DETERRED_OWN, DETERRED_PEERS
from ..kernel.state import ABROAD, ACTIVE, FUNCTIONS, REGISTRATION, SERVICE, UPDATES
from .clock import Course

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .world import World

# Plain integers: an enum member costs an attribute look-up and a call each time an event is handled.
OCCASION, VIOLATION_ENDED, TAKEN_DOWN = int(Kind.OCCASION), int(Kind.VIOLATION_ENDED), int(Kind.TAKEN_DOWN)
DETERRED, SELF_REPORTED, CLAIM = int(Kind.DETERRED), int(Kind.SELF_REPORTED), int(Kind.CLAIM)
ACCOUNT_MEASURE = int(Kind.ACCOUNT_MEASURE)
CANDIDATE_GAP, CANDIDATE_BEHAVIOUR = Purpose.CANDIDATE_GAP, Purpose.CANDIDATE_BEHAVIOUR
CANDIDATE_ACCEPTED, SERIOUS, LIFETIME = Purpose.CANDIDATE_ACCEPTED, Purpose.SERIOUS, Purpose.LIFETIME
OCCASIONS = int(Stream.OCCASION)
AHEAD = 32  # occasions drawn at a time


class Occasions:
    """The fixed stream of occasions of every provider, and the violations among them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self.seed = world.seed
        self.uniform, self.exponential = world.draws.uniform, world.draws.exponential
        self.uniforms, self.exponentials = world.draws.uniforms, world.draws.exponentials
        self.behaviours = world.behaviours
        self.cumulative = world.table.behaviours.cumulative
        self.reenters = world.table.classes.reenters.tolist()
        self.adopt(world.table)

    def adopt(self, table: Table) -> None:
        """Read the numbers of another regime."""
        behaviours = table.behaviours
        self.severity = behaviours.severity.tolist()
        self.serious = behaviours.serious.tolist()
        self.serious_factor = behaviours.serious_factor.tolist()
        self.lifetime = behaviours.lifetime.tolist()
        self.spreads = behaviours.spreads.tolist()
        self.misused = behaviours.misused.tolist()
        self.claimed = behaviours.claimed.tolist()
        self.reach: list[float] = behaviours.reach.tolist()
        self.award = behaviours.award.tolist()
        self.gain = table.classes.gain.tolist()
        self.real_name = table.real_name

    def operate(self, p: int, mean: float) -> Course:
        """One provider from its entry on: its fixed stream of occasions to breach a rule, ``mean`` days apart.

        Most are averted by compliance; the others it is tempted by. Half of all events of a run pass through this
        loop, which is why it looks everything up beforehand.
        """
        wait = yield
        world, state, clock = self.world, self.state, self.world.clock
        c = state.size_class[p]
        env, key, seed = clock.env, clock.key(OCCASION, p, 0), self.seed
        status, suspended, compliance = state.status, state.suspended, state.compliance
        occasions, class_occasions = state.occasions, world.class_occasions
        service, first = p * FUNCTIONS + SERVICE, p * self.behaviours
        may_reenter = self.reenters[c] > 0.0
        k, step, arrival = 0, clock.step, env.now
        while True:
            # Draws are keyed, so taking some that will not be needed changes nothing.
            gaps = self.exponentials(seed, p, CANDIDATE_GAP, k, AHEAD).tolist()
            drawn = self.uniforms(seed, p, CANDIDATE_BEHAVIOUR, k, AHEAD)
            behaviours = self.cumulative.searchsorted(drawn, side="right").tolist()
            decisions = self.uniforms(seed, p, CANDIDATE_ACCEPTED, k, AHEAD).tolist()
            for gap, b, u in zip(gaps, behaviours, decisions, strict=True):
                delay = gap * mean
                if step:
                    arrival += delay
                    delay = whole_steps(arrival, step) - env.now
                wait(delay, key + k)
                yield
                if status[p] != ACTIVE:
                    if not may_reenter:
                        yield  # for good
                elif not suspended[service]:
                    occasions[p] += 1
                    class_occasions[c] += 1
                    if u < 1.0 - compliance[first + b]:
                        self.tempt(p, b, k, u)
                k += 1

    def tempt(self, p: int, b: int, k: int, u: float) -> None:
        """An occasion that compliance does not avert: forgone for fear of sanctions, or taken.

        ``u`` is the draw that decides; it has been found below 1 - compliance, which is the chance without fear.
        """
        world, state = self.world, self.state
        c = state.size_class[p]
        compliance, gain = state.compliance[p * self.behaviours + b], self.gain[c]
        inside = not state.outside[p]
        own, peers = world.deterrence.beliefs(p, b) if inside else (0.0, 0.0)
        belief = own + peers - own * peers
        fear = world.deterrence.fear(p, b, belief) if belief > 0.0 else 0.0
        chance = self.thinned(p, violation_chance(compliance, belief, fear, gain))
        misused = self.misused[b] > 0.0 and self.uniform(self.seed, p, Purpose.MISUSED, k) < self.misused[b]
        if misused:
            chance = self.thinned_by_names(p, chance)
        ahead = inside and world.table.response.foresight > 0.0 and self.world.deterrence.complies_ahead(p)
        if u < chance and not ahead:
            state.violations[p] += 1
            world.class_violations[c] += 1
            self.violate(p, b, k, misused=misused)
        elif fear > 0.0 or ahead:
            fearless = self.thinned(p, violation_chance(compliance, 0.0, fear, gain))
            own_chance = self.thinned(p, violation_chance(compliance, own, fear, gain))
            if misused:
                fearless, own_chance = self.thinned_by_names(p, fearless), self.thinned_by_names(p, own_chance)
            if u < fearless:
                by_peers = u < own_chance and not ahead
                world.totals[DETERRED_PEERS if by_peers else DETERRED_OWN] += 1.0
                world.log(DETERRED, p, k << 3 | OCCASIONS, b, float(BY_PEERS if by_peers else BY_ITSELF))

    def thinned(self, p: int, chance: float) -> float:
        """Suspended updates and registration leave fewer occasions."""
        suspended, table = self.state.suspended, self.world.table
        if suspended[p * FUNCTIONS + UPDATES]:
            chance *= table.response.updates_factor
        if suspended[p * FUNCTIONS + REGISTRATION]:
            chance *= table.response.registration_factor
        return chance

    def thinned_by_names(self, p: int, chance: float) -> float:
        """Users misuse less where their names are known, which is so unless that very rule is being broken."""
        anonymous = self.real_name >= 0 and self.state.live[p * self.behaviours + self.real_name] > 0
        return misuse_chance(chance, self.world.table.public.anonymity, anonymous)

    def violate(self, p: int, b: int, k: int, *, misused: bool) -> None:
        """Occasion ``k`` becomes a violation: it lasts, is noticed or not, and spreads."""
        world, state, seed = self.world, self.state, self.seed
        case = k << 3 | OCCASIONS
        serious = self.uniform(seed, p, SERIOUS, k) < self.serious[b]
        severity = self.severity[b] * self.serious_factor[b] if serious else self.severity[b]
        reach = self.reached(p, b, k)
        severity *= reach
        own = severity * (1.0 - self.spreads[b])
        self.world.lives.begin_violation(p, b, case, own)
        delay, kind = world.clock.whole(self.exponential(seed, p, LIFETIME, k) * self.lifetime[b]), VIOLATION_ENDED
        epoch = state.live_epoch[p * self.behaviours + b]
        reported = world.public.notice(p, b, k, serious, state.present[p] * reach)
        if reported >= 0.0:
            handled = self.handled(p, k, misused)
            if handled >= 0.0 and reported + handled < delay:
                delay, kind = reported + handled, TAKEN_DOWN
        elif misused:
            self.handled(p, k, misused)
        world.clock.call(delay, kind, p, case, self.end_violation, p, b, case, own, epoch, kind, delay - reported)
        world.app_stores.notice(p, b, k, serious)
        if self.spreads[b] > 0.0:
            world.platforms.spread(p, b, k, severity * self.spreads[b], reported)
        world.accrue(p)
        table = world.table
        if self.claimed[b] > 0.0 and self.uniform(seed, p, Purpose.CLAIMED, k) < self.claimed[b]:
            decided = self.exponential(seed, p, Purpose.CLAIM_TIME, k) * table.public.claim_days
            world.clock.call(decided, CLAIM, p, case, self.pay_claim, p, b, k)
        if (
            table.self_report.probability > 0.0
            and not state.outside[p]
            and self.uniform(seed, p, Purpose.SELF_REPORTED, k) < table.self_report.probability
        ):
            own_case = case_number(Stream.SELF_REPORT, k)
            world.log(SELF_REPORTED, p, own_case, b, 0.0)
            world.docket.suspect(p, b, own_case, True, serious, self_reported=True)

    def reached(self, p: int, b: int, k: int) -> float:
        """The share of the provider's users that occasion ``k`` reaches."""
        spread = self.world.table.public.reach_spread
        if spread == 0.0:
            return self.reach[b]
        first = self.uniform(self.seed, p, Purpose.REACH, k)
        return reach_of(self.reach[b], spread, first, self.uniform(self.seed, p, Purpose.REACH_SECOND, k))

    def handled(self, p: int, k: int, misused: bool) -> float:
        """Days that the provider itself takes to act on a complaint, or -1 where it does not.

        A user who misused the service may lose the account, and what was made with it goes too.
        """
        world, table, seed = self.world, self.world.table, self.seed
        acts = table.response.handles > 0.0 and self.uniform(seed, p, Purpose.HANDLED, k) < table.response.handles
        if misused and table.response.account_measures > 0.0:
            u = self.uniform(seed, p, Purpose.ACCOUNT_MEASURE, k)
            if u < table.response.account_measures:
                measure = 1 + int(MEASURES * u / table.response.account_measures)
                world.log(ACCOUNT_MEASURE, p, k << 3 | OCCASIONS, -1, float(measure))
                acts = acts or measure > MEASURES // 2
        if not acts:
            return -1.0
        return world.clock.whole(self.exponential(seed, p, Purpose.HANDLING_TIME, k) * table.response.handling_days)

    def pay_claim(self, p: int, b: int, k: int) -> None:
        """The person depicted is awarded damages, where the provider can still be reached by a court."""
        state = self.world.state
        if state.status[p] == ACTIVE and state.outside[p] != ABROAD:
            award = self.exponential(self.seed, p, Purpose.AWARD, k) * self.award[b]
            state.claims[p] += award
            self.world.log(CLAIM, p, k << 3 | OCCASIONS, b, award)
            self.world.lives.settle(p, k << 3 | OCCASIONS)

    def end_violation(
        self, p: int, b: int, case: int, severity: float, epoch: int, kind: int, since_report: float
    ) -> None:
        state, place = self.state, p * self.behaviours + b
        if state.live_epoch[place] != epoch:
            return
        # Exactly zero when none is left, so that rounding leaves no trace of harm.
        state.live[place] -= 1
        state.live_severity[place] = state.live_severity[place] - severity if state.live[place] else 0.0
        state.live_all[p] -= 1
        state.severity[p] = state.severity[p] - severity if state.live_all[p] else 0.0
        self.world.violations_live -= 1
        if kind == TAKEN_DOWN:
            self.world.takedown_delays.append(since_report)
        self.world.log(kind, p, case, b, severity)
        if state.punished[place]:
            state.punished[place] -= 1
        elif not state.open_cases[place]:
            self.world.deterrence.get_away(p, b)
        self.world.accrue(p)
