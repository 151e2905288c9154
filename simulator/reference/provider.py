"""Providers: they enter, file or do not, meet occasions to breach a rule, and react to sanctions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..kernel.draws import Purpose
from ..kernel.eventlog import Kind, Stream, case_number
from ..kernel.formulas import (
    belief_raised,
    belief_remembered,
    best_effort,
    compliance_after_rectification,
    compliance_at,
    complies_looking_ahead,
    feared_cost,
    filter_strictness,
    misuse_chance,
    outlays,
    step_on_ladder,
    strikes_remembered,
    violation_chance,
    whole_steps,
)
from ..kernel.state import (
    ABROAD,
    ACTIVE,
    EXEMPT,
    EXITED,
    FUNCTIONS,
    NOT_ENTERED,
    REGISTRATION,
    REVOKED,
    SERVICE,
    UPDATES,
)
from .clock import Course, run

if TYPE_CHECKING:
    from ..kernel.table import Table
    from .model import World

# Plain integers: an enum member costs an attribute look-up and a call each time an event is handled.
ENTERED, EXIT, OCCASION, UNFILED = int(Kind.ENTERED), int(Kind.EXITED), int(Kind.OCCASION), int(Kind.UNFILED)
VIOLATION, VIOLATION_ENDED, REVOCATION = int(Kind.VIOLATION), int(Kind.VIOLATION_ENDED), int(Kind.REVOCATION)
CANDIDATE_GAP, CANDIDATE_BEHAVIOUR = Purpose.CANDIDATE_GAP, Purpose.CANDIDATE_BEHAVIOUR
CANDIDATE_ACCEPTED, SERIOUS, LIFETIME = Purpose.CANDIDATE_ACCEPTED, Purpose.SERIOUS, Purpose.LIFETIME
OCCASIONS = int(Stream.OCCASION)
DETERRED, EFFORT, STRICTNESS = int(Kind.DETERRED), int(Kind.EFFORT), int(Kind.STRICTNESS)
TAKEN_DOWN, SELF_REPORTED, CLAIM = int(Kind.TAKEN_DOWN), int(Kind.SELF_REPORTED), int(Kind.CLAIM)
REENTERED, ACCOUNT_MEASURE, INSOLVENT = int(Kind.REENTERED), int(Kind.ACCOUNT_MEASURE), int(Kind.INSOLVENT)
BY_ITSELF, BY_PEERS = 1, 2
DETERRED_OWN, DETERRED_PEERS = 0, 1  # of model.TOTALS
MEASURES = 4  # warned, limited, suspended, closed; from the third on, what the user made is taken down
AHEAD = 32  # occasions drawn at a time
STANDING = case_number(Stream.STANDING, 0)
NEVER = math.nan


class Providers:
    """All providers of one replication."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.state
        self.seed = world.seed
        self.uniform, self.exponential = world.draws.uniform, world.draws.exponential
        self.uniforms, self.exponentials = world.draws.uniforms, world.draws.exponentials
        self.behaviours = world.behaviours
        table = world.table
        self.cumulative = table.behaviours.cumulative
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
        self.severity = table.behaviours.severity.tolist()
        self.serious = table.behaviours.serious.tolist()
        self.serious_factor = table.behaviours.serious_factor.tolist()
        self.lifetime = table.behaviours.lifetime.tolist()
        self.spreads = table.behaviours.spreads.tolist()
        self.gain = table.classes.gain.tolist()
        self.misused = table.behaviours.misused.tolist()
        self.claimed = table.behaviours.claimed.tolist()
        self.award = table.behaviours.award.tolist()
        self.real_name = table.real_name
        steps = table.steps
        self.fine, self.turnover = steps.feared_fine.tolist(), steps.feared_turnover.tolist()
        self.without_service = steps.feared_days.tolist()

    def start(self) -> None:
        for p in range(self.world.table.providers):
            entry = self.world.state.entry[p]
            if entry < self.world.table.horizon:
                self.world.clock.call(entry, ENTERED, p, 0, self.enter, p)

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

    def enter(self, event: Any) -> None:
        p, world = event._value, self.world
        state, table, draws, seed = world.state, world.table, world.draws, world.seed
        state.status[p] = ACTIVE
        state.believed[p] = state.harm_at[p] = world.env.now
        state.effort_at[p] = world.env.now
        world.log(ENTERED, p, state.size_class[p], -1, state.users[p])
        if state.outside[p]:
            world.log(int(Kind.EXEMPT), p, 0, -1, 0.0)
        if state.certified[p]:
            world.log(int(Kind.CERTIFIED), p, 0, -1, 0.0)
        if table.exit_rate > 0.0:
            delay = draws.exponential(seed, p, Purpose.EXIT_TIME, 0) / table.exit_rate
            world.clock.call(delay, EXIT, p, 0, self.leave, p)
        if table.response.review_days > 0.0:
            world.clock.call(table.response.review_days, EFFORT, p, 0, self.review, p)
        self.begin(p)
        rate = table.occasion_rate * table.classes.activity.item(state.size_class[p])
        if rate > 0.0:
            run(world.env, self.operate(p, 1.0 / rate))

    def begin(self, p: int) -> None:
        """Ask the stores for listing, and file or not."""
        world = self.world
        state, table = world.state, world.table
        world.app_stores.apply(p)
        if table.filing < 0:
            return
        life = state.lives[p]
        compliance = state.compliance[p * world.behaviours + table.filing]
        if world.draws.uniform(world.seed, p, Purpose.FILES, life) < compliance:
            world.registry.submit(p)
        else:
            world.clock.call(table.registry.grace_days, UNFILED, p, STANDING, self.stay_unfiled, (p, life))

    def stay_unfiled(self, event: Any) -> None:
        """The standing breach of a provider that lets the time to file pass."""
        p, life = event._value
        state = self.world.state
        if state.status[p] == ACTIVE and not state.applied[p] and state.lives[p] == life:
            self.begin_violation(p, self.world.table.filing, STANDING, self.severity[self.world.table.filing])
            self.world.accrue(p)

    def tempt(self, p: int, b: int, k: int, u: float) -> None:
        """An occasion that compliance does not avert: forgone for fear of sanctions, or taken.

        ``u`` is the draw that decides; it has been found below 1 - compliance, which is the chance without fear.
        """
        world, state = self.world, self.state
        c = state.size_class[p]
        compliance, gain = state.compliance[p * self.behaviours + b], self.gain[c]
        inside = not state.outside[p]
        fear = self.fear(p) if inside else 0.0
        # Where nothing is feared, what is believed of it matters to nothing.
        own, peers = self.beliefs(p) if fear > 0.0 else (0.0, 0.0)
        chance = self.thinned(p, violation_chance(compliance, own + peers - own * peers, fear, gain))
        misused = self.misused[b] > 0.0 and self.uniform(self.seed, p, Purpose.MISUSED, k) < self.misused[b]
        if misused:
            chance = self.thinned_by_names(p, chance)
        ahead = inside and world.table.response.foresight > 0.0 and self.complies_ahead(p)
        if u < chance and not ahead:
            state.violations[p] += 1
            world.class_violations[c] += 1
            self.violate(p, b, k, misused=misused)
        elif fear > 0.0 or ahead:
            fearless = self.thinned(p, violation_chance(compliance, 0.0, fear, gain))
            alone = self.thinned(p, violation_chance(compliance, own, fear, gain))
            if misused:
                fearless, alone = self.thinned_by_names(p, fearless), self.thinned_by_names(p, alone)
            if u < fearless:
                by_peers = u < alone and not ahead
                world.totals[DETERRED_PEERS if by_peers else DETERRED_OWN] += 1.0
                world.log(DETERRED, p, k << 3 | OCCASIONS, b, float(BY_PEERS if by_peers else BY_ITSELF))

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
        own = severity * (1.0 - self.spreads[b])
        self.begin_violation(p, b, case, own)
        delay, kind = world.clock.whole(self.exponential(seed, p, LIFETIME, k) * self.lifetime[b]), VIOLATION_ENDED
        epoch = state.live_epoch[p * self.behaviours + b]
        reported = world.public.notice(p, b, k, serious)
        if reported >= 0.0:
            handled = self.handled(p, k, misused)
            if handled >= 0.0 and reported + handled < delay:
                delay, kind = reported + handled, TAKEN_DOWN
        elif misused:
            self.handled(p, k, misused)
        world.clock.call(delay, kind, p, case, self.end_violation, (p, b, case, own, epoch, kind, delay - reported))
        world.app_stores.notice(p, b, k, serious)
        if self.spreads[b] > 0.0:
            world.platforms.spread(p, b, k, severity * self.spreads[b], reported)
        world.accrue(p)
        table = world.table
        if self.claimed[b] > 0.0 and self.uniform(seed, p, Purpose.CLAIMED, k) < self.claimed[b]:
            decided = self.exponential(seed, p, Purpose.CLAIM_TIME, k) * table.public.claim_days
            world.clock.call(decided, CLAIM, p, case, self.pay_claim, (p, b, k))
        if (
            table.self_report.probability > 0.0
            and not state.outside[p]
            and self.uniform(seed, p, Purpose.SELF_REPORTED, k) < table.self_report.probability
        ):
            own_case = case_number(Stream.SELF_REPORT, k)
            world.log(SELF_REPORTED, p, own_case, b, 0.0)
            world.regulator.suspect(p, b, own_case, True, serious, self_reported=True)

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

    def pay_claim(self, event: Any) -> None:
        """The person depicted is awarded damages, where the provider can still be reached by a court."""
        p, b, k = event._value
        state = self.world.state
        if state.status[p] == ACTIVE and state.outside[p] != ABROAD:
            award = self.exponential(self.seed, p, Purpose.AWARD, k) * self.award[b]
            state.claims[p] += award
            self.world.log(CLAIM, p, k << 3 | OCCASIONS, b, award)
            self.settle(p, k << 3 | OCCASIONS)

    def review(self, event: Any) -> None:
        """Choose effort and the strictness of the filter in view of the sanctions now expected."""
        p = event._value
        world = self.world
        state, table = world.state, world.table
        c = state.size_class[p]
        if state.status[p] == ACTIVE and self.capital[c] < math.inf:
            self.book_effort(p)
            self.settle(p, 0)
        if state.status[p] == ACTIVE and state.outside[p] != EXEMPT:
            own, peers = self.beliefs(p)
            belief = own + peers - own * peers if not state.outside[p] else 0.0
            fear = self.fear(p)
            first, breaches = p * self.behaviours, 0.0
            for b in range(self.behaviours):
                breaches += self.rates[b] * (1.0 - state.base[first + b])
            effort = best_effort(belief, fear, breaches * self.activity[c], self.effort_cost[c])
            if effort != state.effort[p]:
                self.book_effort(p)
                state.effort[p] = effort
                self.refresh_compliance(p)
                world.log(EFFORT, p, 0, -1, effort)
            strictness = filter_strictness(belief, fear, table.response.strictness_scale)
            if strictness != state.strictness[p]:
                state.strictness[p] = strictness
                world.log(STRICTNESS, p, 0, -1, strictness)
                world.accrue(p)
        elif state.status[p] != ACTIVE and self.reenters[c] == 0.0:
            return
        world.clock.call(table.response.review_days, EFFORT, p, 0, self.review, p)

    def book_effort(self, p: int) -> None:
        """Add up the cost of the present effort until now."""
        state, now = self.state, self.world.env.now
        effort = state.effort[p]
        if effort and state.status[p] == ACTIVE:
            yearly = self.effort_cost[state.size_class[p]] * effort * effort
            state.compliance_cost[p] += yearly * (now - state.effort_at[p]) / 365.0
        state.effort_at[p] = now

    def refresh_compliance(self, p: int) -> None:
        """Compliance as effort and the state of the supporter make it."""
        state = self.state
        for place in range(p * self.behaviours, (p + 1) * self.behaviours):
            state.compliance[place] = compliance_at(state.base[place], state.effort[p], state.failing[p])

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
        p, b, case, severity, epoch, kind, since_report = event._value
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
        state = world.state
        state.base[place] = compliance_after_rectification(state.base[place], world.table.response.rectification_gain)
        state.compliance[place] = compliance_at(state.base[place], state.effort[p], state.failing[p])
        self.end_all(p, b)
        world.log(int(Kind.RECTIFIED), p, case, b, 0.0)
        world.accrue(p)
        if b == world.table.filing:
            world.registry.submit(p)

    def leave(self, event: Any) -> None:
        p = event._value
        if self.world.state.status[p] == ACTIVE:
            self.close(p, EXITED, EXIT, 0, -1, driven_out=False)

    def close(self, p: int, status: int, kind: int, case: int, rule: int, *, driven_out: bool) -> None:
        """The end of a provider, by its own decision (``EXITED``) or the regulator's (``REVOKED``).

        One that a sanction drove out may come back under another name.
        """
        world = self.world
        state = world.state
        world.suspensions.end_downtime(p)
        self.book_effort(p)
        state.status[p] = status
        state.ended[p] = world.env.now
        state.exits[p] += 1 if status == EXITED else 0
        for b in range(world.behaviours):
            self.end_all(p, b)
        world.log(kind, p, case, rule, 0.0)
        world.accrue(p)
        world.registry.cancel(p)
        world.public.move_away(p, world.app_stores.count, 1.0, case)
        if driven_out and self.uniform(self.seed, p, Purpose.REENTRY, case) < self.reenters[state.size_class[p]]:
            away = self.exponential(self.seed, p, Purpose.REENTRY_TIME, case) * world.table.response.reentry_days
            world.clock.call(away, REENTERED, p, case, self.reenter, p)

    def paid(self, p: int) -> float:
        """What enforcement has cost a provider as far as it is booked, in RMB: a suspension under way is not."""
        state = self.state
        return outlays(state.fines[p], state.claims[p], state.compliance_cost[p], state.revenue[p], state.downtime[p])

    def settle(self, p: int, case: int) -> None:
        """A provider whose capital does not cover what enforcement has cost it closes, and does not come back."""
        state, capital = self.state, self.capital[self.state.size_class[p]]
        if capital == math.inf or state.status[p] != ACTIVE:
            return
        paid = self.paid(p) - state.written_off[p]
        if paid > capital:
            state.insolvent[p] += 1
            self.world.log(INSOLVENT, p, case, -1, paid)
            self.close(p, EXITED, EXIT, case, -1, driven_out=False)

    def reenter(self, event: Any) -> None:
        """Back under another name: nobody remembers its strikes, and it has neither filing nor listing."""
        p = event._value
        world = self.world
        state = world.state
        if state.status[p] in (NOT_ENTERED, ACTIVE):
            return
        first = p * FUNCTIONS
        for function in range(FUNCTIONS):
            state.suspended[first + function] = 0
            state.suspension_epoch[first + function] += 1
        state.lives[p] += 1
        state.status[p] = ACTIVE
        state.strikes[p] = state.applied[p] = state.group[p] = state.complained[p] = 0
        state.ended[p] = NEVER
        state.effort_at[p] = world.env.now
        state.written_off[p] = self.paid(p)
        world.log(REENTERED, p, 0, -1, 0.0)
        world.app_stores.forget(p)
        world.accrue(p)
        self.begin(p)

    def move_abroad(self, p: int, case: int) -> None:
        """Out of reach of the regulator and of the stores, but not of users who come without one."""
        state = self.world.state
        state.outside[p] = ABROAD
        self.world.log(int(Kind.MOVED_ABROAD), p, case, -1, self.world.app_stores.direct)
        self.world.app_stores.forget(p)
        self.world.accrue(p)

    def revoke(self, p: int, case: int, penalty: int) -> None:
        self.close(p, REVOKED, REVOCATION, case, penalty, driven_out=True)
