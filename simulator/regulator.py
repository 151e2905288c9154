"""The regulator: suspicions become cases, cases wait for an inspector, verdicts climb the ladder, appeals undo some."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from . import policy
from .draws import Purpose
from .eventlog import Kind, Stream, case_number
from .formulas import fine_amount, inspection_chance, step_on_ladder
from .state import ACTIVE, EXITED, FUNCTIONS, REGISTRATION, SERVICE, UPDATES

if TYPE_CHECKING:
    from .model import World

INSPECTION, CASE_OPENED, INVESTIGATION = int(Kind.INSPECTION), int(Kind.CASE_OPENED), int(Kind.INVESTIGATION)
UPHELD, DISMISSED, CASE_CLOSED = int(Kind.UPHELD), int(Kind.DISMISSED), int(Kind.CASE_CLOSED)
WARNING, RECTIFY, FINE, REMOVAL = int(Kind.WARNING), int(Kind.RECTIFY), int(Kind.FINE), int(Kind.APP_REMOVAL)
SUSPEND = (int(Kind.SUSPEND_UPDATES), int(Kind.SUSPEND_REGISTRATION), int(Kind.SUSPEND_SERVICE))
RESTORED = (int(Kind.UPDATES_RESTORED), int(Kind.REGISTRATION_RESTORED), int(Kind.SERVICE_RESTORED))
RECTIFIED, NOT_RECTIFIED, FORGIVEN = int(Kind.RECTIFIED), int(Kind.NOT_RECTIFIED), int(Kind.FORGIVEN)
SANCTIONED = int(Kind.SANCTIONED)
APPEALED, REJECTED, OVERTURNED = int(Kind.APPEALED), int(Kind.APPEAL_REJECTED), int(Kind.APPEAL_UPHELD)

CLOSED_DISMISSED, CLOSED_SANCTIONED, CLOSED_LAPSED = range(3)

# Draws of one case that recur: at each step of the ladder, for each phase of an investigation.
STEPS, PHASES = 16, 32


class Case:
    """One suspected violation under investigation."""

    __slots__ = ("behaviour", "founded", "number", "opened", "overturned", "provider", "serious")

    def __init__(self, provider: int, number: int, behaviour: int, founded: bool, serious: bool, opened: float) -> None:
        self.provider = provider
        self.number = number
        self.behaviour = behaviour
        self.founded = founded
        self.serious = serious
        self.opened = opened
        self.overturned = False


class Imposed:
    """What one step of the ladder set in force, so that an appeal can undo it."""

    __slots__ = ("epochs", "fine", "removal")

    def __init__(self) -> None:
        self.fine = 0.0
        self.removal = False
        self.epochs = [-1] * FUNCTIONS


class Regulator:
    """One authority with a number of inspectors."""

    def __init__(self, world: World) -> None:
        self.world = world
        table = world.table
        self.inspectors: Any = (
            simpy.PriorityResource(world.env, table.inspectors)
            if table.by_severity
            else simpy.Resource(world.env, table.inspectors)
        )
        self.days = (table.step_updates.tolist(), table.step_registration.tolist(), table.step_service.tolist())
        self.sanctions = table.step_sanctions.tolist()
        self.deadline = table.step_deadline.tolist()
        self.removal = table.step_removal.tolist()
        self.low, self.high = table.step_fine_low.tolist(), table.step_fine_high.tolist()
        self.turnover = table.step_turnover.tolist()
        self.appealable = table.step_appealable.tolist()
        self.rectifies = table.class_rectifies.tolist()
        self.exits = table.class_exits.tolist()
        self.target = table.target_class.tolist()

    def start(self) -> None:
        if self.world.table.inspection_ceiling > 0.0:
            self.world.env.process(self.inspect())

    # -- how cases begin

    def inspect(self) -> Generator[Any, Any, None]:
        """Inspections: one fixed stream of candidates for the whole market, thinned by targeting."""
        world = self.world
        table, state, draws, seed = world.table, world.state, world.draws, world.seed
        mean = 1.0 / (table.inspection_ceiling * table.providers)
        uniform = draws.uniform
        a = 0
        while True:
            gap = draws.exponential(seed, 0, Purpose.INSPECTION_GAP, a) * mean
            yield world.clock.after(gap, INSPECTION, 0, a)
            p = int(uniform(seed, 0, Purpose.INSPECTION_TARGET, a) * table.providers)
            if state.status[p] == ACTIVE:
                chance = inspection_chance(
                    table.inspection_rate,
                    table.inspection_ceiling,
                    table.target_per_strike,
                    world.providers.strikes(p),
                    table.target_cap,
                    self.target[state.size_class[p]],
                )
                if uniform(seed, 0, Purpose.INSPECTION_ACCEPTED, a) < chance:
                    self.visit(p, a)
            a += 1

    def visit(self, p: int, a: int) -> None:
        """An inspection opens a case on the gravest live violation, or on a rule that is being kept."""
        world = self.world
        state, first = world.state, p * world.behaviours
        b, gravest = -1, 0.0
        for place in range(world.behaviours):
            if state.live[first + place] and state.live_severity[first + place] >= gravest:
                b, gravest = place, state.live_severity[first + place]
        founded = b >= 0
        case = case_number(Stream.INSPECTION, a)
        if not founded:
            b = int(world.draws.uniform(world.seed, 0, Purpose.INSPECTION_BEHAVIOUR, a) * world.behaviours)
        world.log(INSPECTION, p, case, b, 1.0 if founded else 0.0)
        self.suspect(p, b, case, founded, False)

    def suspect(self, p: int, b: int, number: int, founded: bool, serious: bool) -> None:
        """Open a case, unless the provider is gone or one on the same rule is open already."""
        world = self.world
        state = world.state
        if state.status[p] != ACTIVE or (world.table.merge and state.open_cases[p * world.behaviours + b]):
            return
        state.open_cases[p * world.behaviours + b] += 1
        state.cases[p] += 1
        world.log(CASE_OPENED, p, number, b, 1.0 if founded else 0.0)
        world.env.process(self.handle(Case(p, number, b, founded, serious, world.env.now)))

    # -- a case from its opening to its end

    def handle(self, case: Case) -> Generator[Any, Any, None]:
        """One case: wait for an inspector, investigate, decide, and see an order through."""
        world = self.world
        p = case.provider
        world.queue_changed(1)
        with self.request(case) as turn:
            yield turn
            world.queue_changed(-1)
            if world.state.status[p] != ACTIVE:
                self.close(case, CLOSED_LAPSED)
                return
            world.wait_total += world.env.now - case.opened
            world.log(INVESTIGATION, p, case.number, case.behaviour, world.env.now - case.opened)
            yield world.clock.after(self.investigation_time(case), INVESTIGATION, p, case.number)
        if world.state.status[p] != ACTIVE:
            self.close(case, CLOSED_LAPSED)
            return
        if not self.verdict(case):
            world.log(DISMISSED, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
            self.forgive(case)
            self.close(case, CLOSED_DISMISSED)
            return
        world.log(UPHELD, p, case.number, case.behaviour, 1.0 if case.founded else 0.0)
        world.action_delays.append(world.env.now - case.opened)
        yield from self.climb(case)
        self.close(case, CLOSED_SANCTIONED)

    def request(self, case: Case) -> Any:
        if self.world.table.by_severity:
            return self.inspectors.request(priority=0 if case.serious else 1)
        return self.inspectors.request()

    def investigation_time(self, case: Case) -> float:
        world = self.world
        phases = world.table.investigation_phases
        total = 0.0
        for phase in range(phases):
            index = case.number * PHASES + phase
            total += world.draws.exponential(world.seed, case.provider, Purpose.INVESTIGATION, index)
        return total * world.table.investigation_days / phases

    def verdict(self, case: Case) -> bool:
        """Evidence is imperfect: some true cases are dismissed, some unfounded ones upheld."""
        table = self.world.table
        chance = table.sensitivity if case.founded else 1.0 - table.specificity
        return self.world.draws.uniform(self.world.seed, case.provider, Purpose.VERDICT, case.number) < chance

    def forgive(self, case: Case) -> None:
        """An unfounded case dismissed speaks for a provider: one strike may be taken back."""
        world = self.world
        p = case.provider
        remembered = world.providers.strikes(p)
        if case.founded or not remembered:
            return
        if world.draws.uniform(world.seed, p, Purpose.FORGIVEN, case.number) < world.table.forgiveness:
            world.state.strikes[p] = remembered - 1
            world.state.struck[p] = world.env.now
            world.log(FORGIVEN, p, case.number, case.behaviour, 0.0)

    def climb(self, case: Case) -> Generator[Any, Any, None]:
        """Impose a step; while its order to rectify is not met, impose the next one."""
        world = self.world
        p, uniform = case.provider, world.draws.uniform
        step = step_on_ladder(world.providers.strikes(p), case.serious, world.steps)
        refused = False
        while True:
            self.sanction(case, step, refused)
            deadline = self.deadline[step]
            if deadline == 0.0 or world.state.status[p] != ACTIVE:
                return
            index = case.number * STEPS + step
            if uniform(world.seed, p, Purpose.RECTIFIES, index) < self.rectifies[world.state.size_class[p]]:
                within = deadline * uniform(world.seed, p, Purpose.RECTIFICATION_TIME, index)
                yield world.clock.after(within, RECTIFIED, p, case.number)
                if world.state.status[p] == ACTIVE and not case.overturned:
                    world.providers.rectify(p, case.behaviour, case.number)
                return
            yield world.clock.after(deadline, NOT_RECTIFIED, p, case.number)
            if world.state.status[p] != ACTIVE or case.overturned or step + 1 == world.steps:
                return
            step += 1
            refused = True
            world.log(NOT_RECTIFIED, p, case.number, case.behaviour, float(step))

    def sanction(self, case: Case, step: int, refused: bool) -> None:
        """Impose one step, at once or, where an appeal suspends it, when the appeal has failed."""
        world = self.world
        state, table = world.state, world.table
        p = case.provider
        state.strikes[p] = world.providers.strikes(p) + 1
        state.struck[p] = world.env.now
        state.repeated[p] += 1 if state.sanctions[p] else 0
        state.sanctions[p] += 1
        state.wrongful[p] += 0 if case.founded else 1
        world.providers.learn(p)
        world.log(SANCTIONED, p, case.number, world.penalty_rule(step), float(step))
        index = case.number * STEPS + step
        share = table.guilty_appeal if case.founded else table.innocent_appeal
        appeals = bool(self.appealable[step]) and world.draws.uniform(world.seed, p, Purpose.APPEALED, index) < share
        if appeals:
            world.log(APPEALED, p, case.number, world.penalty_rule(step), 0.0)
            world.appeals_filed += 1
            world.env.process(self.appeal(case, step, refused))
            if table.suspensive:
                return
        imposed = self.impose(case, step, refused)
        if appeals:
            world.imposed[(p, index)] = imposed

    def impose(self, case: Case, step: int, refused: bool) -> Imposed:
        """Set the sanctions of one step in force, mildest first."""
        world = self.world
        p, number, rule = case.provider, case.number, world.penalty_rule(step)
        bits = self.sanctions[step]
        imposed = Imposed()
        if bits & policy.WARNING:
            world.log(WARNING, p, number, rule, float(step))
        if bits & policy.RECTIFY:
            world.log(RECTIFY, p, number, rule, self.deadline[step])
        if bits & policy.FINE and (world.table.fine_on_first or refused or step > 0 or case.serious):
            u = world.draws.uniform(world.seed, p, Purpose.FINE, number * STEPS + step)
            imposed.fine = fine_amount(u, self.low[step], self.high[step], self.turnover[step], world.state.revenue[p])
            world.state.fines[p] += imposed.fine
            world.fines += imposed.fine
            world.fines_gross += imposed.fine
            world.log(FINE, p, number, rule, imposed.fine)
        for function, bit in (
            (UPDATES, policy.SUSPEND_UPDATES),
            (REGISTRATION, policy.SUSPEND_REGISTRATION),
            (SERVICE, policy.SUSPEND_SERVICE),
        ):
            if bits & bit:
                imposed.epochs[function] = self.suspend(case, function, self.days[function][step], rule)
        if bits & policy.APP_REMOVAL:
            imposed.removal = True
            world.log(REMOVAL, p, number, rule, self.removal[step])
            world.app_stores.order_removal(p, self.removal[step], number)
        if bits & policy.REVOCATION:
            world.providers.revoke(p, number, rule)
        return imposed

    # -- suspensions

    def suspend(self, case: Case, function: int, days: float, rule: int) -> int:
        """Suspend one function of a provider; the epoch of the suspension, or -1 where a longer one is in force."""
        world = self.world
        state, now = world.state, world.env.now
        p = case.provider
        place = p * FUNCTIONS + function
        world.log(SUSPEND[function], p, case.number, rule, days)
        if state.suspended[place] and now + days <= state.suspended_until[place]:
            return -1
        if function == SERVICE:
            # A new suspension of another nature begins a new account of downtime.
            self.end_downtime(p)
            world.service_suspended += 1
            state.service_since[p] = now
            state.wrongly[p] = 0 if case.founded else 1
        state.suspended[place] = 1
        state.suspended_until[place] = now + days
        state.suspension_epoch[place] += 1
        epoch: int = state.suspension_epoch[place]
        world.clock.call(days, RESTORED[function], p, case.number, self.expire, (p, function, epoch, case.number))
        if function == SERVICE:
            world.accrue(p)
        return epoch

    def expire(self, event: Any) -> None:
        """A suspension has run its time. Some providers do not come back from one of their service."""
        p, function, epoch, number = event._value
        world = self.world
        if world.state.suspension_epoch[p * FUNCTIONS + function] != epoch:
            return
        self.restore(p, function, number)
        if function == SERVICE and world.state.status[p] == ACTIVE:
            u = world.draws.uniform(world.seed, p, Purpose.EXIT_AFTER_SANCTION, number)
            if u < self.exits[world.state.size_class[p]]:
                world.providers.close(p, EXITED, int(Kind.EXITED), number, -1)

    def restore(self, p: int, function: int, number: int) -> None:
        world = self.world
        state = world.state
        place = p * FUNCTIONS + function
        if function == SERVICE:
            self.end_downtime(p)
        state.suspended[place] = 0
        state.suspension_epoch[place] += 1
        if state.status[p] == ACTIVE:
            world.log(RESTORED[function], p, number, -1, 0.0)
            world.accrue(p)

    def end_downtime(self, p: int) -> None:
        """Book the days of service suspended so far, where it is."""
        world = self.world
        state = world.state
        if not state.suspended[p * FUNCTIONS + SERVICE] or state.status[p] != ACTIVE:
            return
        days = world.env.now - state.service_since[p]
        state.downtime[p] += days
        if state.wrongly[p]:
            state.innocent_downtime[p] += days
        world.service_suspended -= 1

    # -- appeals and the end of a case

    def appeal(self, case: Case, step: int, refused: bool) -> Generator[Any, Any, None]:
        """An appeal against one step: when it succeeds, what was imposed is undone."""
        world = self.world
        table, draws, seed = world.table, world.draws, world.seed
        p, number, index = case.provider, case.number, case.number * STEPS + step
        rule = world.penalty_rule(step)
        delay = draws.exponential(seed, p, Purpose.APPEAL_TIME, index) * table.appeal_days
        yield world.clock.after(delay, REJECTED, p, number)
        chance = table.overturned_guilty if case.founded else table.overturned_innocent
        imposed = world.imposed.pop((p, index), None)
        if draws.uniform(seed, p, Purpose.APPEAL_DECISION, index) >= chance:
            world.appeals_rejected += 1
            world.log(REJECTED, p, number, rule, 0.0)
            if imposed is None and world.state.status[p] == ACTIVE:
                self.impose(case, step, refused)
            return
        world.appeals_upheld += 1
        case.overturned = True
        fine = imposed.fine if imposed else 0.0
        world.state.fines[p] -= fine
        world.fines -= fine
        world.log(OVERTURNED, p, number, rule, fine)
        remembered = world.providers.strikes(p)
        if remembered:
            world.state.strikes[p] = remembered - 1
        if imposed is None or world.state.status[p] != ACTIVE:
            return
        for function, epoch in enumerate(imposed.epochs):
            if epoch >= 0 and world.state.suspension_epoch[p * FUNCTIONS + function] == epoch:
                self.restore(p, function, number)
        if imposed.removal:
            world.app_stores.reinstate(p, number)

    def close(self, case: Case, outcome: int) -> None:
        world = self.world
        world.closed[outcome] += 1
        world.state.open_cases[case.provider * world.behaviours + case.behaviour] -= 1
        world.log(CASE_CLOSED, case.provider, case.number, case.behaviour, float(outcome))
